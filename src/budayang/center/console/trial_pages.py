"""What the pages and the Excel file of trials show; the words are those of the standard room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from budayang.center.console.listing import State
from budayang.center.console.standard_words import TONES
from budayang.center.platform import exports
from budayang.center.platform.models import Work
from budayang.center.standard.models import Trial
from budayang.center.standard.trial_queries import ON_THE_WAY, Told
from budayang.center.standard.trial_words import (
    HOUR_US,
    ClauseLine,
    areas_of,
    asked_of,
    assumed_of,
    buckets_of,
    caution_of,
    clauses_of,
    facts_of,
    left_of,
    share,
)
from budayang.rules.standard.trial_results import AreaResult

SHOWN = 60
"""Clauses that a page lists; all are in the file."""


def state_of(row: Trial) -> State:
    """Where a trial stands, its long work included."""
    work = row.work.state if row.work else ""
    if work in ON_THE_WAY:
        return State("hand", _("正在计算"))
    if row.made_at is not None:
        return State("ok", _("已算出"))
    return State("ask", _("已取消") if work == Work.State.CANCELLED else _("没有算成"))


@dataclass(frozen=True, slots=True)
class Shown:
    """A line of clauses with its answers by word and shape."""

    line: ClauseLine
    before: State
    after: State


def _shown(lines: Sequence[ClauseLine]) -> list[Shown]:
    return [
        Shown(one, _state(one.change.before, one.before), _state(one.change.after, one.after)) for one in lines[:SHOWN]
    ]


def _state(code: str, word: str) -> State:
    return State(TONES[code] if code else "ask", word)  # type: ignore[arg-type]


def context_of(told: Told) -> dict[str, Any]:
    """Everything of a trial's page but what the reader may do."""
    row, work = told.row, told.row.work
    busy = work is not None and work.state in ON_THE_WAY
    found: dict[str, Any] = {
        "row": row, "state": state_of(row), "busy": busy, "work": work if busy else None,
        "waiting": work is not None and work.state == Work.State.WAITING,
        "failed": work is not None and work.state == Work.State.FAILED, "asked": asked_of(row),
        "assumed": assumed_of(row), "result": told.result, "old_form": row.made_at is not None and told.result is None,
    }  # fmt: skip
    if told.result is not None:
        turned, numbers = (clauses_of(told.result, turned=one) for one in (True, False))
        found |= {
            "facts": facts_of(told),
            "buckets": buckets_of(told.result),
            "areas": areas_of(told.result),
            "clauses": _shown(turned),
            "more_clauses": max(0, len(turned) - SHOWN),
            "numbers": _shown(numbers),
            "number_count": len(numbers),
            "more_numbers": max(0, len(numbers) - SHOWN),
            "caution": caution_of(told.result),
            "left": left_of(told.result),
            "turned_label": _("结论会变的条款"),
            "numbers_label": _("数变了、结论没有变的条款"),
        }
    return found


def sheets_of(told: Told) -> list[exports.Sheet]:
    """The Excel file: what was set, figures, causes, areas, clauses, what is assumed."""
    result = told.result
    assert result is not None, "there is a result"
    row = told.row
    head = [(_("名称"), row.title), (_("哪里"), row.place.name), (_("月份"), "、".join(result.months))]
    return [
        exports.Sheet(_("试算"), [_("项目"), _("内容")], [*head, *asked_of(row)]),
        exports.Sheet(
            _("结果"), [_("项目"), _("原来"), _("试算"), _("说明")],
            [[one.title, one.before, one.after, one.note] for one in facts_of(told)],
        ),
        exports.Sheet(_("时间"), [_("归到哪里"), _("原来（小时）"), _("试算（小时）"), _("差")], buckets_of(result)),
        exports.Sheet(_("自助区"), area_heads(), [_area_cells(one) for one in result.areas]),
        exports.Sheet(
            _("条款"),
            [
                _("自助区"), _("月份"), _("条款"), _("指标"), _("原来"), _("试算"), _("原来的数"), _("试算的数"),
                _("要求"), _("样本"),
            ],
            [
                [
                    one.area.name, one.change.month, one.change.clause, one.metric, one.before, one.after,
                    one.number_before, one.number_after, one.asked, one.sample,
                ]
                for one in clauses_of(result)
            ],
        ),
        exports.Sheet(
            _("没有重算的条款"), [_("条款"), _("为什么")],
            [[code, why] for why, codes in left_of(result) for code in codes],
        ),
        exports.Sheet(
            _("假设"), [_("关于"), _("假设")], [[name, line] for name, lines in assumed_of(row) for line in lines]
        ),
    ]  # fmt: skip


def area_heads() -> Sequence[str]:
    """Heads of the sheet of areas; words are asked for with each file."""
    return [
        _("自助区"), _("终端"), _("承诺（小时）"), _("原来可用"), _("试算可用"), _("原来可用率"), _("试算可用率"),
        _("不让开始"), _("开始了没办成"), _("本可不白跑的"), _("估计会多办"), _("工单"), _("不会有的工单"),
        _("修得更快的工单"),
    ]  # fmt: skip


def _area_cells(one: AreaResult) -> list[object]:
    people, orders = one.refusals, one.orders
    return [
        one.name, one.terminals, round(one.before.promised / HOUR_US, 2), round(one.before.usable / HOUR_US, 2),
        round(one.after.usable / HOUR_US, 2), share(one.before), share(one.after), people.refused, people.wasted,
        people.all_avoided, people.more, orders.seen, orders.gone, orders.sooner,
    ]  # fmt: skip
