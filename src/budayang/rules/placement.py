"""Placement and use (布局与使用建议): which machines hardly anybody uses, what two neighbours both offer in vain, at
which hours people wait, and what is looked for and not there. Counts and thresholds in, suggestions with their
numbers out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

KIND_NAMES: dict[str, str] = {
    "idle": "很少有人用的终端",
    "overlap": "相邻终端重复的事项",
    "queue": "一件接一件、有人等的时段",
    "missing": "有人找、这里没有的事项",
    "unfound": "有人找、目录里没有的事",
}
STATE_NAMES: dict[str, str] = {
    "open": "待看",
    "accepted": "已采纳",
    "aside": "不采纳",
    "snoozed": "以后再看",
    "gone": "不再成立",
}
THRESHOLDS: dict[str, tuple[str, ...]] = {
    "idle": ("few_trips_day", "placement_least_days"),
    "overlap": ("placement_overlap_cases", "placement_overlap_items", "placement_near_m", "placement_least_days"),
    "queue": ("placement_gap_s", "placement_queue_starts", "placement_queue_share"),
    "missing": ("placement_searches",),
    "unfound": ("placement_searches", "search_words_k"),
}
"""What each kind is held against: names of rules.parameters."""
NAMES: tuple[str, ...] = tuple(dict.fromkeys(name for names in THRESHOLDS.values() for name in names))


@dataclass(frozen=True)
class Suggestion:
    """``key`` names it within its area and kind. ``numbers``: what it is made of. ``sample``: how much was looked at
    (days, journeys or searches).
    """

    kind: str
    key: str
    numbers: Mapping[str, float]
    sample: int


@dataclass(frozen=True)
class Machine:
    """One machine over a period. ``days``: whole days on which it was there; ``items``: what it offers, by code;
    ``done``: matters by item; ``near``: codes of machines beside it.
    """

    code: str
    days: int
    trips: int
    items: frozenset[str] = frozenset()
    done: Mapping[str, int] | None = None
    near: frozenset[str] = frozenset()

    def matters(self, item: str) -> int:
        return (self.done or {}).get(item, 0)


class Stay(NamedTuple):
    """One journey at a machine, from its first touch to the clearing. In the order of its fields it sorts by machine
    and time; a city has hundreds of thousands of them, so it is a tuple.
    """

    terminal: str
    start: datetime
    end: datetime


def idle(machines: Sequence[Machine], *, few_a_day: float, least_days: int) -> list[Suggestion]:
    """Machines with fewer trips a day than that; one that came lately is not judged."""
    return [
        Suggestion("idle", one.code, {"trips": one.trips, "days": one.days, "a_day": one.trips / one.days}, one.days)
        for one in machines
        if one.days >= max(1, least_days) and one.trips < few_a_day * one.days
    ]


def overlaps(
    machines: Sequence[Machine], others: Mapping[str, Machine], *, cases: int, items: int, least_days: int
) -> list[Suggestion]:
    """Pairs of neighbours that both offer so many items of each of which both together did so few matters. Each pair
    once, under the machine whose code comes first. ``others``: every machine that a neighbour may be, by code.
    """
    found = []
    for one in machines:
        for code in sorted(one.near):
            other = others.get(code)
            if other is None or code <= one.code or min(one.days, other.days) < max(1, least_days):
                continue
            shared = one.items & other.items
            little = [item for item in shared if one.matters(item) + other.matters(item) <= cases]
            if little and len(little) >= items:
                done = sum(one.matters(item) + other.matters(item) for item in little)
                numbers = {"little": len(little), "shared": len(shared), "done": done}
                found.append(Suggestion("overlap", f"{one.code}|{code}", numbers, min(one.days, other.days)))
    return found


def back_to_back(stays: Sequence[Stay], gap_s: float) -> list[tuple[Stay, bool]]:
    """Each stay, and whether it began within that of the end of the one before at the same machine: somebody probably
    stood and waited. In order of machine and time.
    """
    found: list[tuple[Stay, bool]] = []
    before: Stay | None = None
    for one in sorted(stays):
        same = before is not None and before.terminal == one.terminal
        close = same and before is not None and (one.start - before.end).total_seconds() < gap_s
        found.append((one, close))
        before = one
    return found


def queues(stays: Sequence[Stay], zone: str, *, gap_s: float, starts: int, share: float) -> list[Suggestion]:
    """Hours of the place's clock in which so many journeys began, and such a share of them back to back."""
    place = ZoneInfo(zone)
    every: Counter[int] = Counter()
    close: Counter[int] = Counter()
    for one, follows in back_to_back(stays, gap_s):
        hour = one.start.astimezone(place).hour
        every[hour] += 1
        close[hour] += follows
    return [
        Suggestion("queue", f"{hour:02d}", {"together": close[hour], "starts": n, "share": close[hour] / n}, n)
        for hour, n in sorted(every.items())
        if n >= max(1, starts) and close[hour] >= share * n
    ]


def missing(searches: Mapping[str, int], offered: Collection[str], *, least: int) -> list[Suggestion]:
    """Items that were looked for so often in an area that offers none of them."""
    total = sum(searches.values())
    return [
        Suggestion("missing", item, {"searches": n, "all": total}, total)
        for item, n in sorted(searches.items())
        if n >= max(1, least) and item not in offered
    ]


def unfound(words: Mapping[str, int], *, total: int, least: int) -> list[Suggestion]:
    """Words that were asked so often and meant no item of the catalogue. ``total``: all searches of the area."""
    return [
        Suggestion("unfound", text, {"searches": n, "all": total}, total)
        for text, n in sorted(words.items())
        if n >= max(1, least)
    ]
