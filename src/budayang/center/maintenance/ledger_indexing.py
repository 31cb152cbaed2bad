"""The index of an archive: every file with its size and hashes, and what was found missing, as PDF and Excel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from budayang.center.maintenance.models import LedgerArchive
from budayang.center.platform.printed import Heading, Printed, excel_file
from budayang.papers import render
from budayang.rules.ledgers import GAP_NAMES

NOTE = (
    "校验：对每个文件计算 SHA-256 或 SM3（GB/T 32905-2016），应与本目录一致；"
    "本目录和压缩包的校验值在平台归档页和审计链上。归档以后不改写，记录后来有更正的，平台归档页会标明“归档后有变动”。"
)
HEADINGS = (
    Heading("序号", 4, number=True), Heading("文件", 30), Heading("行数", 6, number=True),
    Heading("字节", 8, number=True), Heading("SHA-256", 30), Heading("SM3", 30),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kept:
    """A file of an archive; `rows` None for the index itself."""

    name: str
    content: bytes
    rows: int | None
    sha256: str
    sm3: str


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that is missing: how often, and the first of them in words."""

    key: str
    count: int
    examples: tuple[str, ...]


def index_files(
    title: str, archive: LedgerArchive, kept: Sequence[Kept], gaps: Sequence[Gap], *, at: datetime, demo: bool
) -> list[tuple[str, bytes]]:
    """(name, content) of 目录.pdf and 目录.xlsx."""
    rows = [
        (f"{number}", one.name, f"{one.rows}", f"{len(one.content)}", one.sha256, one.sm3)
        for number, one in enumerate(kept, start=1)
    ]
    rows += [("", gap_words(one), "", "", "", "") for one in gaps]
    figures = (("文件", f"{len(kept)}"), *((GAP_NAMES[one.key], f"{one.count}") for one in gaps))
    made = f"{at.astimezone(ZoneInfo(archive.place.zone)):%Y-%m-%d %H:%M} 归档，归档人 {archive.asked_by}"
    page = Printed(
        title=title, lines=(f"地点：{archive.place.name}　　年份：{archive.year}", made), headings=HEADINGS, rows=rows,
        figures=figures, note=NOTE, signers=("归档人", "审核人"), demo=demo,
    )  # fmt: skip
    data = {
        "title": title, "place": archive.place.name, "period": f"{archive.year}年", "basis": "台账归档目录",
        "made": made,
        "columns": [one.title for one in HEADINGS], "widths": [one.width for one in HEADINGS], "numbers": [0, 2, 3],
        "rows": [list(row) for row in rows], "figures": [list(one) for one in figures], "note": NOTE,
        "signers": list(page.signers), "demo": demo,
    }  # fmt: skip
    return [("00_目录.pdf", render("ledger", data, at=at)), ("00_目录.xlsx", excel_file(page))]


def gap_words(gap: Gap) -> str:
    """缺漏：没有关闭的工单 3（GD-1、GD-2、GD-3）."""
    more = "……" if gap.count > len(gap.examples) else ""
    return f"缺漏：{GAP_NAMES[gap.key]} {gap.count}（{'、'.join(gap.examples)}{more}）"
