"""A trial as a paper: Word and PDF of the same blocks, in Chinese, like the other documents of the standard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import override

from budayang.center.platform.printed import DOCX
from budayang.center.platform.printed import Heading as Column
from budayang.center.standard.trial_queries import Told
from budayang.center.standard.trial_words import (
    ClauseLine,
    areas_of,
    asked_of,
    assumed_of,
    buckets_of,
    caution_of,
    clauses_of,
    facts_of,
    left_of,
)
from budayang.center.standard.writing_blocks import Block, Heading, Item, Paragraph, TableBlock, Written
from budayang.center.standard.writing_pdf import pdf_document
from budayang.center.standard.writing_standard import MARK
from budayang.center.standard.writing_word import word_document
from budayang.rules.standard.trial_results import Result

MEDIA: dict[str, str] = {"pdf": "application/pdf", "docx": DOCX}
MOST_CLAUSES, MOST_AREAS = 200, 150
"""Rows that a paper shows; the Excel file has all."""
SET = (Column("项目", 20), Column("内容", 70))
FIGURES = (Column("项目", 24), Column("原来", 13), Column("试算", 13), Column("说明", 50))
TIME = (
    Column("归到哪里", 30), Column("原来（小时）", 20, number=True), Column("试算（小时）", 20, number=True),
    Column("差", 20, number=True),
)  # fmt: skip
CLAUSES = (
    Column("自助区", 20), Column("月份", 11), Column("条款", 9), Column("指标", 24), Column("原来", 16),
    Column("试算", 16), Column("要求", 14, number=True), Column("样本", 8, number=True),
)  # fmt: skip
AREAS = (
    Column("自助区", 26), Column("终端", 8, number=True), Column("可用率", 22), Column("多出（小时）", 14, number=True),
    Column("不让开始", 12, number=True), Column("本可不白跑的", 14, number=True), Column("工单", 14, number=True),
    Column("会变的条款", 12, number=True),
)  # fmt: skip
LEFT = (Column("为什么没有重算", 45), Column("条款", 55))


def paper(told: Told, form: str, *, demo: bool, now: datetime) -> bytes:
    """The file of a form of `MEDIA`. Raises KeyError for another form. The trial has a result."""
    if form not in MEDIA:
        raise KeyError(form)
    with override("zh-hans"):
        written = written_trial(told, demo=demo)
    return word_document(written) if form == "docx" else pdf_document(written, at=now)


def written_trial(told: Told, *, demo: bool) -> Written:
    """What was tried, what comes out, what is assumed and what nobody can know."""
    result, row = told.result, told.row
    assert result is not None, "there is a result"
    made = datetime.fromisoformat(result.made_at).astimezone(ZoneInfo(row.place.zone))
    months = result.months[0] if len(result.months) == 1 else f"{result.months[0]}至{result.months[-1]}"
    lines = [f"{row.place.name}　{months}　按{made:%Y-%m-%d %H:%M}的记录", f"提交：{row.asked_by}"]
    if row.in_force is not None:
        standing = f"（{MARK}）" if row.in_force.is_reference else ""
        lines.append(f"按《{row.in_force.title}》判断{standing}")
    blocks: list[Block] = [
        Paragraph("把下面的措施或草案放回已经过去的月份，用同样的记录和同样的判断规则重算，没有改动任何记录。"),
        Heading("试什么", number="1"),
        TableBlock("", SET, tuple((name, value) for name, value in asked_of(row))),
        Heading("会怎样", number="2"),
        TableBlock("", FIGURES, tuple((one.title, one.before or "—", one.after, one.note) for one in facts_of(told))),
        Heading("时间归到哪里（终端·小时）", number="3"),
        TableBlock("", TIME, tuple(buckets_of(result))),
        Heading("条款", number="4"),
        *_clauses(result),
        Heading("各自助区", number="5"),
        *_areas(result),
        Heading("假设和不知道的", number="6"),
    ]
    for name, said in assumed_of(row):
        blocks.append(Heading(name, level=2))
        blocks += [Item(f"{number})", line) for number, line in enumerate(said, start=1)]
    return Written(f"试算：{row.title}", tuple(blocks), demo=demo, lines=tuple(lines))


def _clauses(result: Result) -> Iterator[Block]:
    turned, numbers = (clauses_of(result, turned=one) for one in (True, False))
    yield Paragraph(f"比较了 {result.judged:,} 个结论（{len(result.areas)} 个自助区，{len(result.months)} 个月）。")
    if caution := caution_of(result):
        yield Paragraph(caution)
    yield Heading(f"结论会变的（{len(turned)}）", level=2)
    yield from _lines(turned, "没有一条的结论会变。")
    yield Heading(f"数变了、结论没有变的（{len(numbers)}）", level=2)
    yield from _lines(numbers, "没有。")
    if result.left:
        yield Heading("没有随措施重算的", level=2)
        yield TableBlock("", LEFT, tuple((why, "、".join(codes)) for why, codes in left_of(result)))


def _lines(lines: Sequence[ClauseLine], nothing: str) -> Iterator[Block]:
    if not lines:
        yield Paragraph(nothing)
        return
    yield TableBlock("", CLAUSES, tuple(_cells(one) for one in lines[:MOST_CLAUSES]))
    if len(lines) > MOST_CLAUSES:
        yield Paragraph(f"另有 {len(lines) - MOST_CLAUSES} 条，都在 Excel 文件里。")


def _cells(one: ClauseLine) -> tuple[str, ...]:
    return (
        one.area.name, one.change.month, one.change.clause, one.metric, f"{one.before}\n{one.number_before}",
        f"{one.after}\n{one.number_after}", one.asked, one.sample,
    )  # fmt: skip


def _areas(result: Result) -> Iterator[Block]:
    lines = areas_of(result)
    rows = tuple(
        (
            one.area.name, str(one.area.terminals), f"{one.share_before} → {one.share_after}", one.won,
            str(one.area.refusals.refused), str(one.area.refusals.all_avoided), one.orders,
            str(one.turned),
        )
        for one in lines[:MOST_AREAS]
    )  # fmt: skip
    if rows:
        yield TableBlock("", AREAS, rows)
    else:
        yield Paragraph("这里没有自助区。")
    if len(lines) > MOST_AREAS:
        yield Paragraph(f"另有 {len(lines) - MOST_AREAS} 个自助区，都在 Excel 文件里。")
