"""Scorecards of owner units and vendors: what each figure is, when it is one, and how sure it is.

Below its minimum a figure is not shown: three orders say nothing about a body. A share of counted things carries the
Wilson score interval at 95 % (Wilson 1927; Brown, Cai and DasGupta 2001, Statistical Science 16), a median the
distribution-free interval by order statistics (David and Nagaraja 2003, section 7.1). Hours are no sample but all of
them: they carry none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from math import sqrt
from statistics import median

from budayang.rules.causes import BUCKETS, Bucket

Z = 1.959963984540054
"""Of the normal distribution, 97.5 %."""


class Unit(StrEnum):
    """What a figure is made of: yes and no; hours of each; usable and lost time."""

    SHARE = "share"
    MEDIAN = "median"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Figure:
    """One column of the card. ``minimum``: so many rows make it a figure. ``rows``: what its rows are."""

    code: str
    title: str
    definition: str
    unit: Unit
    minimum: int
    rows: str


FIGURES: tuple[Figure, ...] = (
    Figure("respond", "按时响应", "时间段内开的工单里，响应时限已有结果的，按时的占多少。", Unit.SHARE, 10, "工单"),
    Figure("arrive", "按时到场", "时间段内开的工单里，到场时限已有结果的，按时的占多少。", Unit.SHARE, 10, "工单"),
    Figure("repair", "按时修复", "时间段内开的工单里，修复时限已有结果的，按时的占多少。", Unit.SHARE, 10, "工单"),
    Figure("repair_time", "修复用时（小时，中位数）", "已修复的工单按时限规则计入的时间，暂停不算。", Unit.MEDIAN, 10,
           "工单"),
    Figure("first_time", "一次修好", "已修复的工单里，没有被退回也没有重开的占多少。", Unit.SHARE, 10, "工单"),
    Figure("rounds", "按时巡查", "派给本单位、已经有结果的巡查里，按时完成的占多少。", Unit.SHARE, 10, "巡查"),
    Figure("clean_days", "没有因本单位停用的天", "终端·天里，没有一刻因本单位的原因不可用的占多少。", Unit.SHARE, 28,
           "终端·天"),
    Figure("hours", "因本单位损失后的可用率",
           "可用时间 ÷（可用时间 + 因本单位的原因不可用的时间）。全数，不是抽样，不给区间。", Unit.TIME, 28, "终端·天"),
)  # fmt: skip
BY_CODE: dict[str, Figure] = {one.code: one for one in FIGURES}


@dataclass(frozen=True, slots=True)
class Fact:
    """One row behind a figure. ``ok`` for shares; ``value`` hours for a median; ``usable`` and ``lost`` for time.

    ``body``: whose figure it is; ``ref``: where a reader finds it ("order:…", "round:…", "day:CODE/2026-11-23").
    """

    figure: str
    body: int
    ref: str
    at: datetime
    ok: bool = True
    value: float = 0.0
    usable: int = 0
    lost: int = 0


@dataclass(frozen=True, slots=True)
class Score:
    """``value`` None: too few rows. ``low`` and ``high`` None: no interval. Shares 0 to 1, medians in hours."""

    figure: Figure
    rows: int
    value: float | None = None
    low: float | None = None
    high: float | None = None


def wilson(hits: int, total: int) -> tuple[float, float]:
    """The Wilson score interval of a share. Raises ValueError without rows."""
    if total <= 0 or not 0 <= hits <= total:
        raise ValueError("a share needs rows, and no more hits than rows")
    share, spread = hits / total, Z * Z / total
    middle = share + spread / 2
    width = Z * sqrt(share * (1 - share) / total + spread / (4 * total))
    low, high = (middle - width) / (1 + spread), (middle + width) / (1 + spread)
    return (low if hits else 0.0), (high if hits < total else 1.0)  # exactly so; rounding would leave 1e-17


MANY = 2000
"""Rows from which on the binomial is taken as normal: there both give the same rank, give or take one."""


def median_ranks(total: int) -> tuple[int, int] | None:
    """Ranks (from 1) of the smallest symmetric interval that covers the median with 95 %; None when none does."""
    if total >= MANY:
        rank = int((total + 1 - Z * sqrt(total)) / 2)
        return rank, total + 1 - rank
    below, rank, term = 0, 0, 1  # term: the binomial of (total, rank); all whole numbers, for 2**total is no float
    while 40 * (below + term) <= 2**total:
        below += term
        term = term * (total - rank) // (rank + 1)
        rank += 1
    return (rank, total + 1 - rank) if rank else None


def score(figure: Figure, facts: Sequence[Fact]) -> Score:
    """The figure of some rows, all of one body."""
    count = len(facts)
    if count < figure.minimum:
        return Score(figure, count)
    if figure.unit is Unit.SHARE:
        hits = sum(one.ok for one in facts)
        return Score(figure, count, hits / count, *wilson(hits, count))
    if figure.unit is Unit.MEDIAN:
        values = sorted(one.value for one in facts)
        ranks = median_ranks(count)
        low, high = (values[ranks[0] - 1], values[ranks[1] - 1]) if ranks else (None, None)
        return Score(figure, count, median(values), low, high)
    usable, lost = sum(one.usable for one in facts), sum(one.lost for one in facts)
    return Score(figure, count, usable / (usable + lost) if usable + lost else None)


def card(facts: Iterable[Fact], body: int) -> list[Score]:
    """Every figure of a body, in the order of the table."""
    mine: dict[str, list[Fact]] = {one.code: [] for one in FIGURES}
    for one in facts:
        if one.body == body:
            mine[one.figure].append(one)
    return [score(figure, mine[figure.code]) for figure in FIGURES]


def answers(bucket: Bucket, owner: int, vendor: int | None) -> int | None:
    """Whose score a bucket of a terminal touches: its owner, its vendor, or None: nobody's of these two. What the
    vendor answers for is the owner's where there is no vendor."""
    who = BUCKETS[bucket].answers
    if who == "vendor":
        return vendor if vendor is not None else owner
    return owner if who == "owner" else None


def holder_at(holders: Sequence[tuple[datetime, int]], at: datetime) -> int:
    """Who had an order at a moment: (since, body), oldest first. Whoever takes it at that very moment has it not yet:
    what was late then was late in the other's hands. Raises IndexError without any."""
    held = holders[0][1]
    for since, body in holders:
        if since < at:
            held = body
    return held
