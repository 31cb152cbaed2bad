"""A monthly report as PDF, Word and Excel, all of the one structure. Papers are in Chinese, like ledgers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import override

from budayang.center.evaluation.monthly_words import (
    change_line,
    change_words,
    interval_words,
    made_words,
    sample_words,
    title_words,
    value_words,
)
from budayang.center.platform.printed import DOCX, XLSX, Heading
from budayang.center.platform.printed_parts import Part, PartTable, Printing, excel_report, word_report
from budayang.papers import missing_glyphs, render
from budayang.rules.monthly import Change, Figure, Report, Section, Table

MEDIA: dict[str, str] = {"pdf": "application/pdf", "docx": DOCX, "xlsx": XLSX}
NO_GLYPH = "〓"
FIGURE_HEADS = (
    Heading("指标", 22), Heading("本月", 11, number=True), Heading("95 % 区间", 16), Heading("样本", 14),
    Heading("与上月比", 40),
)  # fmt: skip


def paper(
    report: Report, form: str, *, zone: str, published: str, sha256: str, corrections: Sequence[tuple[str, Change]]
) -> tuple[str, bytes]:
    """(name, content) of a form of `MEDIA`. `published`: when and by whom, or that it is a draft; `corrections`: (day
    of the finding, change) of what was found since. Raises KeyError for another form.
    """
    with override("zh-hans"):
        title = title_words(report)
        lines = (made_words(report, zone), published, f"SHA-256 {sha256}")
        found = [f"{day} {change_line(change)}" for day, change in corrections]
        if form == "pdf":
            content = _pdf(report, title, lines, found)
        else:
            make = {"docx": word_report, "xlsx": excel_report}[form]
            content = make(_printing(report, title, lines, found, sheets=form == "xlsx"))
    return f"{title}.{form}", content


def _printing(report: Report, title: str, lines: tuple[str, ...], found: Sequence[str], *, sheets: bool) -> Printing:
    """`sheets`: for Excel, where all figures stand on one sheet, as numbers."""
    parts = [_part(number, section, not sheets) for number, section in enumerate(report.sections, start=1)]
    if sheets:
        parts.insert(0, Part("主要指标", (), (_all_figures(report),)))
    if found:
        rows = [(one,) for one in found]
        told = PartTable("发布后有更正", "更正", (Heading("更正", 80),), ("text",), rows)
        parts.insert(0, Part("发布后有更正", ("正文是发布时的内容，没有改动；下面是后来的记录算出的不同。",), (told,)))
    notes = PartTable("说明", "说明", (Heading("说明", 80),), ("text",), [(one,) for one in (*lines, *report.notes)])
    parts.append(Part("口径和说明", (), (notes,) if sheets else (notes, _definitions(report))))
    return Printing(title, lines, tuple(parts), value_words, report.demo)


def _part(number: int, section: Section, figures: bool) -> Part:
    tables = [_figure_table(section)] if section.figures and figures else []
    tables += [_table(one) for one in section.tables]
    return Part(f"{_ordinal(number)}、{section.title}", (section.note,) if section.note else (), tuple(tables))


def _ordinal(number: int) -> str:
    """一, 二 … 十二."""
    digits = "〇一二三四五六七八九十"
    return digits[number] if number <= 10 else f"十{digits[number - 10]}"


UNIT_NAMES: dict[str, str] = {
    "share": "比例", "count": "个数", "hours": "小时", "minutes": "分钟", "seconds": "秒", "yuan": "元",
}  # fmt: skip
SHEET_HEADS = (
    Heading("章节", 20), Heading("指标", 24), Heading("本月", 9, number=True), Heading("单位", 7),
    Heading("区间下限", 9, number=True), Heading("区间上限", 9, number=True), Heading("样本", 8, number=True),
    Heading("样本是什么", 10), Heading("上月", 9, number=True), Heading("上月样本", 9, number=True),
    Heading("变化区间下限", 10, number=True), Heading("变化区间上限", 10, number=True), Heading("没有数的原因", 24),
    Heading("口径", 60),
)  # fmt: skip


def _all_figures(report: Report) -> PartTable:
    rows, kinds = [], []
    for section in report.sections:
        for one in section.figures:
            rows.append(
                (section.title, one.title, one.value, UNIT_NAMES[one.unit], one.low, one.high, one.sample, one.of,
                 one.before, one.before_sample, one.change_low, one.change_high, one.why, one.definition)
            )  # fmt: skip
            unit = one.unit
            kinds.append(
                ("text", "text", unit, "text", unit, unit, "count", "text", unit, "count", unit, unit, "text", "text")
            )
    return PartTable("主要指标", "主要指标", SHEET_HEADS, ("text",) * len(SHEET_HEADS), rows, row_kinds=kinds)


def _figure_table(section: Section) -> PartTable:
    rows = [
        (one.title, value_words(one.unit, one.value), interval_words(one), sample_words(one), _told(one))
        for one in section.figures
    ]
    return PartTable("主要指标", f"{section.title} 指标"[:28], FIGURE_HEADS, ("text",) * 5, rows)


def _told(figure: Figure) -> str:
    return " ".join(part for part in (figure.why, change_words(figure)) if part)


def _table(table: Table) -> PartTable:
    numbers = tuple(Heading(one.title, one.width, number=one.kind != "text") for one in table.heads)
    kinds = tuple(one.kind for one in table.heads)
    rows = [line.cells for line in table.lines]
    return PartTable(table.title, table.title, numbers, kinds, rows, table.note, table.empty)


def _definitions(report: Report) -> PartTable:
    rows = [(one.title, one.definition) for section in report.sections for one in section.figures]
    return PartTable("口径", "口径", (Heading("指标", 20), Heading("定义", 70)), ("text", "text"), rows)


def _pdf(report: Report, title: str, lines: tuple[str, ...], found: Sequence[str]) -> bytes:
    data: dict[str, Any] = {
        "title": title,
        "place": report.place_name,
        "made": lines[0],
        "published": lines[1],
        "hash": lines[2],
        "sections": [_section(number, one) for number, one in enumerate(report.sections, start=1)],
        "lead": [
            [one.title, value_words(one.unit, one.value), interval_words(one), sample_words(one), _told(one)]
            for one in report.sections[0].figures
        ],
        "corrections": list(found),
        "definitions": [list(row) for row in _definitions(report).rows],
        "notes": list(report.notes),
        "demo": report.demo,
    }
    return render("monthly", _drawable(data), at=datetime.fromisoformat(report.made_at))


def _section(number: int, section: Section) -> dict[str, Any]:
    figures = [] if number == 1 else [[str(cell) for cell in row] for row in _figure_table(section).rows]
    return {
        "title": f"{_ordinal(number)}、{section.title}",
        "figures": figures,
        "tables": [
            {
                "title": table.title,
                "heads": [one.title for one in table.heads],
                "widths": [one.width for one in table.heads],
                "numbers": [place for place, one in enumerate(table.heads) if one.kind != "text"],
                "rows": [
                    [value_words(head.kind, cell) for head, cell in zip(table.heads, line.cells, strict=True)]
                    for line in table.lines
                ],
                "note": table.note,
                "empty": table.empty,
            }
            for table in section.tables
        ],
    }


def _drawable(data: Any) -> Any:
    """What people typed may hold a sign that no font has: it is marked."""
    if isinstance(data, str):
        lacking = missing_glyphs(data)
        return data.translate({ord(one): NO_GLYPH for one in lacking}) if lacking else data
    if isinstance(data, dict):
        return {key: _drawable(one) for key, one in data.items()}
    return [_drawable(one) for one in data] if isinstance(data, list) else data
