"""The evidence report for revision as a document: clause by clause, what the areas' months say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from django.conf import settings

from budayang.center.platform.actors import Actor
from budayang.center.platform.printed import Heading as Column
from budayang.center.standard.models import Edition, Project
from budayang.center.standard.revising_queries import ClauseEvidence, evidence
from budayang.center.standard.writing_blocks import Block, Heading, Paragraph, TableBlock, Written
from budayang.center.standard.writing_standard import MARK
from budayang.rules.standard.revising import ADVICE_NAMES, ADVICE_WHY

COLUMNS = (
    Column("条款", 7), Column("代码", 8), Column("要求值", 13), Column("判定版本", 12), Column("符合/判定", 9),
    Column("最低", 9), Column("中位", 9), Column("最高", 9), Column("看法", 10),
)  # fmt: skip
FIRST_SAID = ("out_of_reach", "low", "apart")


def write_evidence(
    actor: Actor, edition: Edition, first: date, last: date, *, project: Project | None = None,
    tick: Callable[[], None] = lambda: None,
) -> Written:  # fmt: skip
    """The report over the months from `first` to `last`, both included, of the areas that the reader sees; `tick` as in
    :func:`evidence`.
    """
    found = list(evidence(actor, edition, first, last, project=project, tick=tick).values())
    lines = [f"{edition.title}（{edition.code}）", f"{first.year}年{first.month}月至{last.year}年{last.month}月"]
    if edition.is_reference:
        lines.insert(0, f"文本为{MARK}")
    if judges := _judges(found):
        lines.append(f"各月按当时的版本判定：{'、'.join(judges)}")
    blocks: list[Block] = [
        Paragraph(
            "每个自助区每月对每条的结论来自平台的记录。自助区只计一次：有一个月不符合就算不符合。最低、中位、最高是各区各月的"
            "数值。没有接入或没有证据的条款不下结论。"
        )
    ]
    for key in FIRST_SAID:
        rows = [one for one in found if one.spread.advice == key]
        blocks.append(Heading(f"{ADVICE_NAMES[key]}（{len(rows)} 条）", level=2))
        blocks.append(Paragraph(f"{ADVICE_WHY[key]}。"))
        blocks += [Paragraph(f"{one.number}（{one.code}）{one.text}") for one in rows]
    blocks += [*_new(found), *_changed(found)]
    judged = [one for one in found if one.spread.judged]
    blocks.append(Heading(f"各条明细（{len(judged)} 条有结论，{len(found) - len(judged)} 条没有证据）", level=2))
    if judged:
        blocks.append(TableBlock("", COLUMNS, tuple(_cells(one) for one in judged)))
    return Written("条款实施证据报告", tuple(blocks), lines=tuple(lines), demo=settings.BUDAYANG.demo)


def _judges(found: Sequence[ClauseEvidence]) -> list[str]:
    """The editions by which the areas were judged, each with its standing."""
    codes = {code for one in found for code in one.judged_by}
    rows = Edition.objects.filter(code__in=codes).order_by("pk")
    return [f"{one.title}（{one.code}{'，参照版' if one.is_reference else ''}）" for one in rows]


def _new(found: Sequence[ClauseEvidence]) -> list[Block]:
    rows = [one for one in found if one.spread.advice == "new"]
    if not rows:
        return []
    return [
        Heading(f"{ADVICE_NAMES['new']}（{len(rows)} 条）", level=2),
        Paragraph(f"{ADVICE_WHY['new']}。"),
        *(Paragraph(f"{one.number}（{one.code}）{one.text}") for one in rows),
    ]


def _changed(found: Sequence[ClauseEvidence]) -> list[Block]:
    """Where the areas were asked something else than the text asks now: their answers are to that."""
    rows = [one for one in found if one.asked_then]
    if not rows:
        return []
    said = [
        Paragraph(f"{one.number}（{one.code}）判定时的要求（{code}）：{text}")
        for one in rows
        for code, text in one.asked_then.items()
    ]
    return [Heading(f"要求改过的条款（{len(rows)} 条）", level=2), *said]


def _cells(one: ClauseEvidence) -> tuple[str, ...]:
    found = one.spread
    return (
        one.number, one.code, "、".join(one.thresholds) or "—", "、".join(one.judged_by), f"{found.met}/{found.judged}",
        one.said(found.least) or "—",
        one.said(found.middle) or "—", one.said(found.most) or "—", ADVICE_NAMES[found.advice],
    )  # fmt: skip
