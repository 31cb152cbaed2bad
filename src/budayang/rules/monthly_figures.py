"""The figures of the monthly report, one row each: what it is called, how it is defined, how it is computed.

A new figure is one row of :data:`FIGURES`. Definitions stand beside the figure on pages and papers and in open data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from budayang.rules.hours import Tally
from budayang.rules.monthly import Figure, kept, share_change
from budayang.rules.monthly_facts import MonthFacts
from budayang.rules.scorecards import Fact, median_ranks, wilson
from budayang.rules.trips import WASTED

HOUR_US = 3_600_000_000
GOOD = ("very_satisfied", "satisfied", "basically_satisfied")


@dataclass(frozen=True, slots=True)
class Measure:
    """What a figure comes to. ``hits`` of ``sample`` for shares; ``why``: why there is no value."""

    value: float | None
    sample: int
    low: float | None = None
    high: float | None = None
    hits: int | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class FigureKind:
    """``of``: what the sample is made of. ``opens``: the rows behind it. ``public``: told to everybody."""

    code: str
    section: str
    title: str
    definition: str
    unit: str
    of: str
    compute: Callable[[MonthFacts], Measure]
    opens: str
    public: bool = True


def share(hits: int, total: int) -> Measure:
    """A share with its Wilson interval; without rows none, and why."""
    if not total:
        return Measure(None, 0, why=NOTHING)
    return Measure(hits / total, total, *wilson(hits, total), hits=hits)


def middle(values: Iterable[float]) -> Measure:
    """A median with the interval by order statistics."""
    found = sorted(values)
    if not found:
        return Measure(None, 0, why=NOTHING)
    ranks = median_ranks(len(found))
    low, high = (found[ranks[0] - 1], found[ranks[1] - 1]) if ranks else (None, None)
    return Measure(median(found), len(found), low, high)


def count(number: int) -> Measure:
    return Measure(number, number)


NOTHING = "本月没有可以计算的记录。"
NOT_SETTLED = "本月还没有结算的日子。"


def wasted(facts: MonthFacts) -> tuple[int, int]:
    """(wasted trips, all trips)."""
    return sum(n for key, n in facts.trips.items() if key[1] in WASTED), sum(facts.trips.values())


def hours_of(facts: MonthFacts) -> tuple[Tally, int]:
    """All areas' hours together, and of how many terminal-days."""
    whole, days = Tally(), 0
    for one in facts.hours.values():
        whole.add(one.tally)
        days += one.days
    return whole, days


def _available(facts: MonthFacts) -> Measure:
    whole, days = hours_of(facts)
    return Measure(whole.usable / whole.counted, days) if whole.counted else Measure(None, days, why=NOT_SETTLED)


def _promised(facts: MonthFacts) -> Measure:
    whole, days = hours_of(facts)
    return Measure(whole.promised / HOUR_US, days) if days else Measure(None, 0, why=NOT_SETTLED)


def _usable(facts: MonthFacts) -> Measure:
    whole, days = hours_of(facts)
    return Measure(whole.usable / HOUR_US, days) if days else Measure(None, 0, why=NOT_SETTLED)


def _faults(facts: MonthFacts) -> Measure:
    return count(sum(len(one.minutes) + one.open for one in facts.faults))


def _cost(facts: MonthFacts) -> Measure:
    """Together only when every consumable that was used has a price: a sum that leaves some out would look cheap."""
    spent = [one for one in facts.used if one.used]
    if not spent:
        return Measure(None, 0, why=NOTHING)
    if any(one.price is None for one in spent):
        return Measure(None, len(spent), why="有的耗材没有填单价，算不出总数。")
    return Measure(sum((one.used or 0) * (one.price or 0) for one in spent), len(spent))


def _on_time_rounds(facts: MonthFacts) -> Measure:
    states: dict[str, int] = {}
    for one in facts.rounds:
        for state, n in one.states.items():
            states[state] = states.get(state, 0) + n
    settled = sum(n for state, n in states.items() if state in ("done", "done_late", "missed"))
    return share(states.get("done", 0), settled)


def of_card(facts: Sequence[Fact] | None, code: str) -> Measure:
    """A clock of orders, all bodies together. None: too many orders to compute."""
    if facts is None:
        return Measure(None, 0, why=TOO_MANY)
    mine = [one for one in facts if one.figure == code]
    if code == "repair_time":
        return middle(one.value for one in mine)
    return share(sum(one.ok for one in mine), len(mine))


def _rated(facts: MonthFacts) -> Measure:
    """Of the matters that were asked about in the month those that were rated, also later; so it is a share."""
    return share(facts.ratings.rated_asked, facts.ratings.invited)


TOO_MANY = "工单太多，一份月报算不过来；请看下级地区的月报。"

FIGURES: tuple[FigureKind, ...] = (
    FigureKind(
        "wasted",
        "lead",
        "白跑率",
        "白跑的趟数 ÷ 全部趟数：门没开、不让开始、开始了没办成都算白跑；不认人。",
        "share",
        "趟",
        lambda one: share(*wasted(one)),
        "trips?wasted=1",
    ),
    FigureKind(
        "outside",
        "lead",
        "非工作时间办件占比",
        "非工作日全天和工作日上班前、下班后收到的办件 ÷ 全部办件；上下班时刻用参数，节假日和调休用平台日历。",
        "share",
        "件",
        lambda one: share(one.matters.outside, one.matters.total),
        "cases?outside=1",
    ),
    FigureKind(
        "holiday",
        "lead",
        "法定节假日办件占比",
        "法定节假日收到的办件 ÷ 全部办件；周末不在内。",
        "share",
        "件",
        lambda one: share(one.matters.holiday, one.matters.total),
        "cases?day=holiday",
    ),
    FigureKind(
        "available",
        "hours",
        "可用率",
        "可用时间 ÷ 应计时间；应计是承诺时间减去计划停用和监测中断。全数，不是抽样，不给区间。",
        "share",
        "终端·天",
        _available,
        "hours?",
    ),
    FigureKind(
        "promised",
        "hours",
        "承诺时间（终端·小时）",
        "各终端在自助区公布的开放时间里的小时数之和。",
        "hours",
        "终端·天",
        _promised,
        "hours?",
    ),
    FigureKind(
        "usable",
        "hours",
        "可用时间（终端·小时）",
        "承诺时间里，终端承诺的事没有一样缺的小时数之和。",
        "hours",
        "终端·天",
        _usable,
        "hours?",
    ),
    FigureKind(
        "matters",
        "matters",
        "办件",
        "本月在自助终端收到的办件。",
        "count",
        "件",
        lambda one: count(one.matters.total),
        "cases?",
    ),
    FigureKind(
        "done",
        "matters",
        "办成或部门收下占比",
        "办结、部门收件、部门受理、待补正的办件 ÷ 全部办件；还在办、没办成、待核、转窗口的不算。",
        "share",
        "件",
        lambda one: share(one.matters.done, one.matters.total),
        "cases?done=1",
    ),
    FigureKind(
        "faults",
        "faults",
        "故障",
        "本月开始的故障；由别的故障引起的只算那一个原因。",
        "count",
        "起",
        _faults,
        "incidents?",
    ),
    FigureKind(
        "fault_minutes",
        "faults",
        "故障持续（分钟，中位数）",
        "本月开始、已经恢复的故障从开始到恢复的时间。",
        "minutes",
        "起",
        lambda one: middle(m for fault in one.faults for m in fault.minutes),
        "incidents?ended=1",
    ),
    FigureKind(
        "help_calls",
        "help",
        "求助呼叫",
        "群众在自助终端上点“呼叫帮办”或“紧急求助”的次数。",
        "count",
        "次",
        lambda one: count(sum(one.help_calls.values())),
        "help?",
    ),
    FigureKind(
        "help_seconds",
        "help",
        "求助按钮测试应答（秒，中位数）",
        "求助按钮的实测里，按下到有人应答的秒数；没有人应答的不在内，看通过率。",
        "seconds",
        "次",
        lambda one: middle(test.seconds for test in one.tests if test.seconds is not None),
        "tests?",
    ),
    FigureKind(
        "help_passed",
        "help",
        "求助按钮测试通过率",
        "在时限内有人应答的测试 ÷ 本月结束的测试。",
        "share",
        "次",
        lambda one: share(sum(test.passed for test in one.tests), len(one.tests)),
        "tests?",
    ),
    FigureKind(
        "cost",
        "stock",
        "耗材费用（元）",
        "各种耗材的用量 × 单价参数；有一种用了而没有单价，就不给总数。",
        "yuan",
        "种",
        _cost,
        "supplies?",
        public=False,
    ),
    FigureKind(
        "respond",
        "orders",
        "按时响应",
        "本月开的工单里，响应时限已有结果的，按时的占多少；撤销和合并的不算。",
        "share",
        "张",
        lambda one: of_card(one.cards, "respond"),
        "orders?",
    ),
    FigureKind(
        "repair",
        "orders",
        "按时修复",
        "本月开的工单里，修复时限已有结果的，按时的占多少；撤销和合并的不算。",
        "share",
        "张",
        lambda one: of_card(one.cards, "repair"),
        "orders?",
    ),
    FigureKind(
        "repair_time",
        "orders",
        "修复用时（小时，中位数）",
        "已修复的工单按时限规则计入的时间，暂停不算。",
        "hours",
        "张",
        lambda one: of_card(one.cards, "repair_time"),
        "orders?",
    ),
    FigureKind(
        "rounds",
        "rounds",
        "按时巡查",
        "本月到点、已经有结果的巡查里，按时完成的占多少。",
        "share",
        "次",
        _on_time_rounds,
        "rounds?",
    ),
    FigureKind(
        "satisfied",
        "ratings",
        "好评率",
        "非常满意、满意、基本满意的评价 ÷ 全部评价；没有评价的不当作好评。",
        "share",
        "件",
        lambda one: share(sum(one.ratings.levels.get(level, 0) for level in GOOD), one.ratings.rated),
        "ratings?",
    ),
    FigureKind("rated", "ratings", "参评率", "作出的评价 ÷ 出现过评价页的办件。", "share", "件", _rated, "ratings?"),
)
BY_CODE: dict[str, FigureKind] = {one.code: one for one in FIGURES}


def figure(kind: FigureKind, now: MonthFacts, before: MonthFacts) -> Figure:
    """A figure of the month beside that of the month before."""
    mine, theirs = kind.compute(now), kind.compute(before)
    change: tuple[float, float] | None = None
    if kind.unit == "share" and mine.hits is not None and theirs.hits is not None:
        change = share_change(mine.hits, mine.sample, theirs.hits, theirs.sample)
    low, high = change or (None, None)
    return Figure(
        kind.code, kind.title, kind.definition, kind.unit, kept(mine.value), mine.sample, kind.of, kept(mine.low),
        kept(mine.high), mine.why, kept(theirs.value), theirs.sample, kept(low), kept(high), kind.opens,
    )  # fmt: skip


def section_figures(code: str, now: MonthFacts, before: MonthFacts) -> tuple[Figure, ...]:
    """The figures of one section, in the order of the table."""
    return tuple(figure(kind, now, before) for kind in FIGURES if kind.section == code)
