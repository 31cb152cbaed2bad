"""What the pages and files of trials show: figures in words, tables before and after, what was set and assumed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from budayang.center.console.listing import State
from budayang.center.console.standard_words import TONES, mark
from budayang.center.platform import exports
from budayang.center.platform.models import Work
from budayang.center.platform.wording import words
from budayang.center.services.queries import department_name
from budayang.center.standard.models import Trial
from budayang.center.standard.trial_queries import ON_THE_WAY, Told, chosen_of
from budayang.rules.causes import BUCKETS, Bucket
from budayang.rules.hours import BUCKET_ORDER, UNCOUNTED
from budayang.rules.standard.answers import ANSWER_NAMES, Answer, show
from budayang.rules.standard.trial_measures import BY_CODE, WEEKDAYS, Ask
from budayang.rules.standard.trial_results import CANNOT_KNOW, AreaResult, ClauseChange, Hours, Result

HOUR_US = 3_600_000_000
SHOWN = 60
"""Clauses that a page lists; all are in the file."""
NOTHING = "—"


@dataclass(frozen=True, slots=True)
class Fact:
    """A figure: what it is, before, after, and what it leaves out. `before` empty: there is no before."""

    title: str
    before: str
    after: str
    note: str


def state_of(row: Trial) -> State:
    """Where a trial stands, its long work included."""
    work = row.work.state if row.work else ""
    if work in ON_THE_WAY:
        return State("hand", _("正在计算"))
    if row.made_at is not None:
        return State("ok", _("已算出"))
    return State("ask", _("已取消") if work == Work.State.CANCELLED else _("没有算成"))


def hours(us: int) -> str:
    return f"{us / HOUR_US:,.1f}"


def share(found: Hours) -> float | None:
    """Usable share of what is judged."""
    counted = found.promised - sum(found.lost.get(BUCKET_ORDER[place].value, 0) for place in UNCOUNTED)
    return found.usable / counted if counted > 0 else None


def share_words(found: Hours) -> str:
    value = share(found)
    return NOTHING if value is None else words(show(value, "ratio"))


def yuan(value: float | None) -> str:
    return NOTHING if value is None else f"{value:,.2f}"


def value_words(ask: Ask, value: float | str) -> str:
    """What was set for a measure, with its unit."""
    match ask.kind:
        case "number":
            return f"{float(value):g} {words(ask.unit)}".strip()
        case "weekdays":
            return "、".join(words(WEEKDAYS[one]) for one in str(value).split()) or NOTHING
        case "choice":
            return words((ask.choices or {}).get(str(value), str(value)))
        case "department":
            return department_name(str(value)) if value else NOTHING
        case _:
            return str(value) or NOTHING


def asked_of(row: Trial) -> list[tuple[str, str]]:
    """(measure or subject, what was set) of a trial."""
    found = []
    for one in chosen_of(row):
        measure = BY_CODE[one.code]
        told = "；".join(f"{words(ask.label)} {value_words(ask, one.values[ask.name])}" for ask in measure.asks)
        found.append((words(measure.name), told))
    if row.edition is not None:
        found.append((_("标准版本"), f"{row.edition.code} {mark(row.edition)}"))
    cost = {"once": yuan(row.once), "monthly": yuan(row.monthly)}
    found.append((_("费用"), _("一次投入 %(once)s 元，每月 %(monthly)s 元") % cost))
    if row.note:
        found.append((_("说明"), row.note))
    return found


def assumed_of(row: Trial) -> list[tuple[str, list[str]]]:
    """(measure, what it assumes), then what no replay can know."""
    found = [(words(BY_CODE[one.code].name), [words(a) for a in BY_CODE[one.code].assumes]) for one in chosen_of(row)]
    if row.edition is not None:
        told = _("两个版本用同样的记录和人工填报来判断；人工填报按条款代码对应。")
        found.append((_("标准版本"), [told]))
    return [*found, (_("回放不知道的"), [words(one) for one in CANNOT_KNOW])]


def facts_of(told: Told) -> list[Fact]:
    """The figures of a result."""
    result, cost = told.result, told.cost
    assert result is not None, "there is a result"
    assert cost is not None, "a result has a cost"
    before, after, people = result.before, result.after, result.refusals
    items = [Hours(), Hours()]
    for one in result.areas:
        items[0].plus(one.items_before)
        items[1].plus(one.items_after)
    met = sum(one.after == "met" for _area, one in result.turned)
    counts = {"n": f"{result.judged:,}", "areas": len(result.areas), "months": len(result.months)}
    sample = {"refused": people.refused, "wasted": people.wasted}
    explained = {"n": people.explained + people.wasted_explained} | sample
    more = _("按每台终端平时同一钟点的办件推算，不是记录；不到 20 件不推")
    return [
        Fact(
            _("终端可用时间（小时）"), hours(before.usable), hours(after.usable),
            _("承诺 %(n)s 小时；多出 %(won)s 小时")
            % {"n": hours(before.promised), "won": hours(after.usable - before.usable)},
        ),
        Fact(_("终端可用率"), share_words(before), share_words(after), _("计划停用和监测中断不计")),
        Fact(
            _("事项能办的时间（事项·小时）"), hours(items[0].usable), hours(items[1].usable),
            _("每台终端每个事项各算各的；承诺 %(before)s → %(after)s 小时")
            % {"before": hours(items[0].promised), "after": hours(items[1].promised)},
        ),
        Fact(
            _("结论会变的条款"), "", f"{len(result.turned)}",
            _("其中变为符合 %(met)d 条；比较了 %(n)s 个结论（%(areas)d 个自助区、%(months)d 个月）")
            % (counts | {"met": met}),
        ),
        Fact(
            _("本可不白跑的（有记录的）"), "", f"{people.all_avoided}",
            _("不让开始 %(refused)d 趟、开始了没办成 %(wasted)d 趟，其中 %(n)d 趟那时事项确实办不了") % explained,
        ),
        Fact(_("估计会多办"), "", NOTHING if people.more is None else f"{people.more:,.1f}", more),
        Fact(_("费用合计（元）"), "", yuan(cost.total), _("一次投入全部计入这些月份")),
        Fact(_("每少一趟白跑（元）"), "", yuan(cost.each), _("费用合计 ÷ 本可不白跑的趟数；没有就不算")),
        Fact(_("每多一小时可用（元）"), "", yuan(cost.hour), _("费用合计 ÷ 终端多出的可用小时")),
    ]  # fmt: skip


def buckets_of(result: Result) -> list[tuple[str, str, str, str]]:
    """(cause, hours before, hours after, difference), usable time first; together they are what was promised."""
    before, after = result.before, result.after
    rows = [(_("可用"), before.usable, after.usable)]
    for bucket in BUCKET_ORDER:
        was, would = before.lost.get(bucket.value, 0), after.lost.get(bucket.value, 0)
        if was or would:
            rows.append((words(BUCKETS[Bucket(bucket)].name), was, would))
    rows.append((_("合计（承诺）"), before.promised, after.promised))
    return [(name, hours(was), hours(would), _signed(would - was)) for name, was, would in rows]


def _signed(us: int) -> str:
    return NOTHING if not us else f"{'+' if us > 0 else '−'}{hours(abs(us))}"


@dataclass(frozen=True, slots=True)
class AreaLine:
    area: AreaResult
    share_before: str
    share_after: str
    won: str
    items_before: str
    items_after: str
    turned: int


def areas_of(result: Result) -> list[AreaLine]:
    """One line an area, most time won first."""
    ranked = sorted(result.areas, key=lambda one: (one.before.usable - one.after.usable, one.code))
    return [
        AreaLine(
            one, share_words(one.before), share_words(one.after), _signed(one.after.usable - one.before.usable),
            hours(one.items_before.usable), hours(one.items_after.usable), sum(c.turns for c in one.clauses),
        )
        for one in ranked
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class ClauseLine:
    area: AreaResult
    change: ClauseChange
    before: State
    after: State
    number_before: str
    number_after: str
    asked: str


def clauses_of(result: Result, *, turned: bool) -> list[ClauseLine]:
    """Clauses whose answer changes, or (`turned` False) all whose number does too."""
    rows = [(area, one) for area in result.areas for one in area.clauses if one.turns or not turned]
    return [_clause_line(area, one) for area, one in rows]


def _clause_line(area: AreaResult, one: ClauseChange) -> ClauseLine:
    was, would = (_asked(value, one.unit) for value in (one.threshold_before, one.threshold_after))
    return ClauseLine(
        area, one, _answer(one.before), _answer(one.after), _number(one.number_before, one.unit),
        _number(one.number_after, one.unit), was if was == would else f"{was} → {would}",
    )  # fmt: skip


def _answer(code: str) -> State:
    if not code:
        return State("ask", _("没有这一条"))
    return State(TONES[code], words(ANSWER_NAMES[Answer(code)]))  # type: ignore[arg-type]


def _number(value: float | None, unit: str) -> str:
    return NOTHING if value is None else words(show(value, unit))


def _asked(value: float | None, unit: str) -> str:
    return NOTHING if value is None else words(show(value, unit))


def context_of(told: Told) -> dict[str, Any]:
    """Everything of a trial's page but what the reader may do."""
    row, work = told.row, told.row.work
    busy = work is not None and work.state in ON_THE_WAY
    found: dict[str, Any] = {
        "row": row, "state": state_of(row), "busy": busy, "work": work if busy else None,
        "failed": work is not None and work.state == Work.State.FAILED, "asked": asked_of(row),
        "assumed": assumed_of(row), "result": told.result, "old_form": row.made_at is not None and told.result is None,
    }  # fmt: skip
    if told.result is not None:
        lines = clauses_of(told.result, turned=True)
        found |= {
            "facts": facts_of(told),
            "buckets": buckets_of(told.result),
            "areas": areas_of(told.result),
            "clauses": lines[:SHOWN],
            "more_clauses": max(0, len(lines) - SHOWN),
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
                _("自助区"), _("月份"), _("条款"), _("原来"), _("试算"), _("原来的数"), _("试算的数"), _("要求"),
                _("样本"),
            ],
            [
                [
                    one.area.name, one.change.month, one.change.clause, one.before.word, one.after.word,
                    one.number_before, one.number_after, one.asked, one.change.sample,
                ]
                for one in clauses_of(result, turned=False)
            ],
        ),
        exports.Sheet(
            _("假设"), [_("关于"), _("假设")], [[name, line] for name, lines in assumed_of(row) for line in lines]
        ),
    ]  # fmt: skip


def area_heads() -> Sequence[str]:
    """Heads of the sheet of areas; words are asked for with each file."""
    return [
        _("自助区"), _("终端"), _("承诺（小时）"), _("原来可用"), _("试算可用"), _("原来可用率"), _("试算可用率"),
        _("不让开始"), _("开始了没办成"), _("本可不白跑的"), _("估计会多办"),
    ]  # fmt: skip


def _area_cells(one: AreaResult) -> list[object]:
    people = one.refusals
    return [
        one.name, one.terminals, round(one.before.promised / HOUR_US, 2), round(one.before.usable / HOUR_US, 2),
        round(one.after.usable / HOUR_US, 2), share(one.before), share(one.after), people.refused, people.wasted,
        people.all_avoided, people.more,
    ]  # fmt: skip
