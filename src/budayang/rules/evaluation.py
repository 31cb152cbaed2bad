"""好差评: five levels, the reasons of a negative rating, and the six monthly public indicators.

Names of levels and indicators follow the national system (国办发〔2019〕51号; GB/T 39734-2020 appendix B names the
six indicators). Their exact
formulas could not be read: each definition below is ours and says so wherever its figure is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class RatingLevel:
    code: str
    name: str
    score: int
    negative: bool


LEVELS: tuple[RatingLevel, ...] = (
    RatingLevel("very_satisfied", "非常满意", 5, False),
    RatingLevel("satisfied", "满意", 4, False),
    RatingLevel("basically_satisfied", "基本满意", 3, False),
    RatingLevel("unsatisfied", "不满意", 2, True),
    RatingLevel("very_unsatisfied", "非常不满意", 1, True),
)
LEVEL_BY_CODE: dict[str, RatingLevel] = {x.code: x for x in LEVELS}
NEGATIVE_LEVELS: frozenset[str] = frozenset(x.code for x in LEVELS if x.negative)


@dataclass(frozen=True)
class RatingReason:
    """``levels`` are the levels under which it is offered; ``hint`` is the kind of incident that could explain it,
    empty when none could.
    """

    code: str
    name: str
    levels: frozenset[str] = NEGATIVE_LEVELS
    hint: str = ""


REASONS: tuple[RatingReason, ...] = (
    RatingReason("device_broken", "设备坏了或反应慢", hint="device"),
    RatingReason("no_paper", "没有打出来或打印不清", hint="printer"),
    RatingReason("stopped", "该办的时候办不了", hint="department"),
    RatingReason("unclear", "看不懂、找不到要办的事项"),
    RatingReason("too_slow", "等的时间太长"),
    RatingReason("no_help", "没有人帮忙、电话打不通"),
    RatingReason("wrong_result", "结果有错"),
    RatingReason("environment", "环境脏乱、太冷太热、门进不来", hint="site"),
    RatingReason("asked_too_much", "要求提供不该要的材料", frozenset({"very_unsatisfied"})),
    RatingReason("privacy", "担心个人信息被看到", frozenset({"very_unsatisfied"})),
    RatingReason("other", "其他"),
)
REASON_BY_CODE: dict[str, RatingReason] = {x.code: x for x in REASONS}


def reasons_for(level: str) -> tuple[RatingReason, ...]:
    """The reasons to offer for a level; none for a good one."""
    return tuple(r for r in REASONS if level in r.levels)


def rating_problem(level: str, reasons: Collection[str]) -> str:
    """Why a rating cannot be taken, in Chinese; empty when it can. A negative rating needs a reason (PJ-06), a good
    one has none.
    """
    found = LEVEL_BY_CODE.get(level)
    if found is None:
        return "评价只能是五级中的一级"
    offered = {r.code for r in reasons_for(level)}
    unknown = [r for r in reasons if r not in offered]
    if unknown:
        return "选择的原因不在本级可选的原因之内"
    if found.negative and not reasons:
        return "请选择至少一个不满意的原因"
    return ""


@dataclass(frozen=True)
class Counts:
    """Counts of one place and month. Asked: the rating page was shown. Active: the person rated without being asked
    (二维码, 补评).
    """

    done: int = 0
    asked: int = 0
    rated: Mapping[str, int] = field(default_factory=dict)
    active: Mapping[str, int] = field(default_factory=dict)
    negative_replied: int = 0
    visited: int = 0
    visited_fixed: int = 0
    visited_fixed_satisfied: int = 0

    @property
    def total(self) -> int:
        return sum(self.rated.values())

    @property
    def good(self) -> int:
        return sum(n for level, n in self.rated.items() if level in LEVEL_BY_CODE and level not in NEGATIVE_LEVELS)

    @property
    def negative(self) -> int:
        return sum(n for level, n in self.rated.items() if level in NEGATIVE_LEVELS)


@dataclass(frozen=True)
class Ratio:
    """``value`` is None when there is nothing to divide by: no case is not a rate of zero."""

    numerator: int
    denominator: int

    @property
    def value(self) -> float | None:
        return self.numerator / self.denominator if self.denominator else None


def _good_rate(c: Counts) -> Ratio:
    return Ratio(c.good, c.total)


def _active_good_rate(c: Counts) -> Ratio:
    good = sum(n for level, n in c.active.items() if level in LEVEL_BY_CODE and level not in NEGATIVE_LEVELS)
    return Ratio(good, sum(c.active.values()))


def _unrated_rate(c: Counts) -> Ratio:
    # ratings given later than the month of the case may outnumber the month's cases
    return Ratio(max(c.done - c.total, 0), c.done)


def _negative_reply_rate(c: Counts) -> Ratio:
    return Ratio(c.negative_replied, c.negative)


def _visit_fix_rate(c: Counts) -> Ratio:
    return Ratio(c.visited_fixed, c.visited)


def _visit_satisfied_rate(c: Counts) -> Ratio:
    return Ratio(c.visited_fixed_satisfied, c.visited_fixed)


@dataclass(frozen=True)
class Indicator:
    """``definition`` is shown beside the figure."""

    code: str
    name: str
    definition: str
    measure: Callable[[Counts], Ratio]


INDICATORS: tuple[Indicator, ...] = (
    Indicator("good_rate", "好评率", "非常满意、满意、基本满意的评价数 ÷ 全部评价数", _good_rate),
    Indicator("active_good_rate", "主动评价好评率", "主动评价中前三级的评价数 ÷ 主动评价数", _active_good_rate),
    Indicator("unrated_rate", "未评率", "办结后没有评价的办件数 ÷ 办结的办件数", _unrated_rate),
    Indicator("negative_reply_rate", "差评回复率", "已回复的差评数 ÷ 全部差评数", _negative_reply_rate),
    Indicator("visit_fix_rate", "回访整改率", "回访中确认已整改的差评数 ÷ 回访的差评数", _visit_fix_rate),
    Indicator(
        "visit_satisfied_rate",
        "回访整改满意率",
        "回访中对整改满意的差评数 ÷ 回访中确认已整改的差评数",
        _visit_satisfied_rate,
    ),
)


def measure_all(counts: Counts) -> dict[str, Ratio]:
    """All six by code."""
    return {x.code: x.measure(counts) for x in INDICATORS}
