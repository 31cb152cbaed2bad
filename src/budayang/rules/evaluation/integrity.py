"""What looks wrong with ratings: bursts, no journey, staff about, too fast, the same again, a second answer that says
something else. For a person to judge.

A flag is a question, never a verdict: it changes no figure. Thresholds are arguments, so that a place may set them.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

FLAG_KINDS: dict[str, str] = {
    "burst": "短时间集中评价",
    "no_journey": "没有对应的办理过程",
    "staff": "工作人员在场时的非常满意",
    "same_time": "每天同一时刻的非常满意",
    "too_fast": "快得不像人",
    "same_again": "原因完全相同",
    "second": "同一件事又有不同的评价",
}
FLAG_STATES: dict[str, str] = {"open": "待判断", "genuine": "属实，计入", "set_aside": "剔除，不计入"}
BEST = "very_satisfied"


@dataclass(frozen=True)
class Seen:
    """A rating with what is known around it. ``shown_at``: when the page was shown, None: not known. ``journey``:
    whether a visit or a case stands behind it, None: not to be asked (given afterwards, from home).
    """

    key: int
    terminal: str
    level: str
    at: datetime
    reasons: tuple[str, ...] = ()
    shown_at: datetime | None = None
    journey: bool | None = None
    staffed: bool = False


@dataclass(frozen=True)
class Limits:
    """``burst``: so many in ``burst_s`` at one terminal. ``fast_s``: the shortest from page to answer. ``same``: so
    many equal answers a day. ``staffed``: so many best ratings while staff was at the machine. ``days``: so many days
    with one in the same ``minute_s``.
    """

    burst: int = 6
    burst_s: float = 600
    fast_s: float = 1
    same: int = 4
    staffed: int = 3
    days: int = 5
    minute_s: float = 120


@dataclass(frozen=True)
class Flag:
    """``why`` is a sentence for people, in Chinese, with its numbers."""

    key: int
    kind: str
    why: str


USUAL = Limits()


def second_answer(level: str, reasons: Sequence[str]) -> str:
    """What a second, different answer to one matter said. ``level``, ``reasons``: names."""
    return "；".join([f"后来又评了“{level}”", *reasons])


def flags_of(ratings: Iterable[Seen], limits: Limits = USUAL) -> list[Flag]:
    """Everything that looks wrong with these ratings, by kind and time. Ratings of other terminals change nothing."""
    by_terminal: dict[str, list[Seen]] = defaultdict(list)
    for one in ratings:
        by_terminal[one.terminal].append(one)
    found: list[Flag] = []
    for rows in by_terminal.values():
        rows.sort(key=lambda one: (one.at, one.key))
        for rule in RULES:
            found += rule(rows, limits)
    return found


def _bursts(rows: Sequence[Seen], limits: Limits) -> list[Flag]:
    # From home, ratings come when people have time in the evening: many together say nothing.
    here = [one for one in rows if one.journey is not None]
    counts, firsts, first = [], [], 0
    for last, one in enumerate(here):
        while (one.at - here[first].at).total_seconds() >= limits.burst_s:
            first += 1
        counts.append(last - first + 1)
        firsts.append(first)
    minutes, found = limits.burst_s / 60, []
    # The fullest window that holds a rating: a sliding maximum, so that a flood costs no square of itself.
    held: deque[int] = deque()
    last = 0
    for place, one in enumerate(here):
        while last < len(here) and firsts[last] <= place:
            while held and counts[held[-1]] <= counts[last]:
                held.pop()
            held.append(last)
            last += 1
        while held[0] < place:
            held.popleft()
        count = counts[held[0]]
        if count >= limits.burst:
            found.append(Flag(one.key, "burst", f"这台终端 {minutes:g} 分钟里有 {count} 次评价"))
    return found


def _no_journey(rows: Sequence[Seen], limits: Limits) -> list[Flag]:
    return [
        Flag(one.key, "no_journey", "那时这台终端上没有人办理的记录，也没有这个办件")
        for one in rows
        if one.journey is False
    ]


def _too_fast(rows: Sequence[Seen], limits: Limits) -> list[Flag]:
    found = []
    for one in rows:
        if one.shown_at is None:
            continue
        seconds = (one.at - one.shown_at).total_seconds()
        if 0 <= seconds < limits.fast_s:
            found.append(Flag(one.key, "too_fast", f"评价页出现 {seconds:.1f} 秒就提交了"))
    return found


def _same_again(rows: Sequence[Seen], limits: Limits) -> list[Flag]:
    groups: dict[tuple[str, tuple[str, ...], object], list[Seen]] = defaultdict(list)
    for one in rows:
        if len(one.reasons) > 1:  # a single reason may well be many people's
            groups[one.level, tuple(sorted(one.reasons)), one.at.date()].append(one)
    return [
        Flag(one.key, "same_again", f"同一天有 {len(group)} 次评价的等级和几项原因完全相同")
        for group in groups.values()
        if len(group) >= limits.same
        for one in group
    ]


def _staffed(rows: Sequence[Seen], limits: Limits) -> list[Flag]:
    best = [one for one in rows if one.staffed and one.level == BEST]
    if len(best) < limits.staffed:
        return []
    return [Flag(one.key, "staff", f"维修或维护人员在这台终端旁时有 {len(best)} 次“非常满意”") for one in best]


def _same_time(rows: Sequence[Seen], limits: Limits) -> list[Flag]:
    best = sorted((one for one in rows if one.level == BEST and one.journey is not None), key=_second_of_day)
    seconds = [_second_of_day(one) for one in best]
    marked: dict[int, int] = {}
    days: Counter[date] = Counter()
    last = 0
    for first, one in enumerate(best):
        while last < len(best) and seconds[last] - seconds[first] < limits.minute_s:
            days[best[last].at.date()] += 1
            last += 1
        if len(days) >= limits.days:
            for member in best[first:last]:
                marked[member.key] = max(marked.get(member.key, 0), len(days))
        days[one.at.date()] -= 1
        if not days[one.at.date()]:
            del days[one.at.date()]
    minutes = limits.minute_s / 60
    words = "有 {days} 天在同样的 {minutes:g} 分钟里出现“非常满意”"
    return [Flag(key, "same_time", words.format(days=n, minutes=minutes)) for key, n in marked.items()]


def _second_of_day(one: Seen) -> int:
    return one.at.hour * 3600 + one.at.minute * 60 + one.at.second


RULES: tuple[Callable[[Sequence[Seen], Limits], list[Flag]], ...] = (
    _bursts,
    _no_journey,
    _too_fast,
    _same_again,
    _staffed,
    _same_time,
)
