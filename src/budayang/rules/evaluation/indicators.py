"""The six monthly public indicators (GB/T 39734-2020 appendix B names them).

Their exact formulas could not be read: each definition below is ours and says so wherever its figure is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from budayang.rules.evaluation.levels import LEVEL_BY_CODE, NEGATIVE_LEVELS


@dataclass(frozen=True)
class Counts:
    """Counts of one place and month; what was set aside (剔除) is in none of them.

    ``done``: matters done or handed in; ``done_rated``: those of them that were rated up to now, None: not counted one
    by one. ``asked``: those of them of which the rating page was shown at the machine. ``active``: rated without being
    asked there (二维码, 网页). ``visited``: negative ratings whose person was reached by telephone or rated again; the
    last word counts.
    """

    done: int = 0
    done_rated: int | None = None
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
    if c.done_rated is not None:
        return Ratio(c.done - c.done_rated, c.done)
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
    Indicator(
        "active_good_rate",
        "主动评价好评率",
        "主动评价中前三级的评价数 ÷ 主动评价数；主动评价是离开终端后扫回执二维码或上网页评的",
        _active_good_rate,
    ),
    Indicator("unrated_rate", "未评率", "办结的办件中到现在没有评价的 ÷ 办结的办件数", _unrated_rate),
    Indicator("negative_reply_rate", "差评回复率", "已书面答复评价人的差评数 ÷ 全部差评数", _negative_reply_rate),
    Indicator(
        "visit_fix_rate",
        "回访整改率",
        "回访中确认已整改的差评数 ÷ 回访到的差评数；回访是电话接通或本人再评价，以最后一次为准",
        _visit_fix_rate,
    ),
    Indicator(
        "visit_satisfied_rate",
        "回访整改满意率",
        "回访中对整改满意的差评数 ÷ 回访中确认已整改的差评数",
        _visit_satisfied_rate,
    ),
)
LEFT_OUT = "已剔除的评价不计入；一件事只计一次评价；按评价的时间归月，未评率按办结的时间归月"


def measure_all(counts: Counts) -> dict[str, Ratio]:
    """All six by code."""
    return {x.code: x.measure(counts) for x in INDICATORS}
