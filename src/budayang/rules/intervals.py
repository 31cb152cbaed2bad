"""Half-open intervals of time and their algebra.

Promised hours, stops, faults and pauses are all lists of intervals; every figure of usable time is a chain of the
four operations here.
Lists that go out are always sorted, disjoint and without touching neighbours, so two equal sets of moments compare
equal.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from heapq import merge


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """``[start, end)`` in UTC. Raises ValueError for naive times or when ``start`` is not before ``end``.

    Other zones are turned into UTC at once: two times of one zone compare by their clock faces, which lies when
    summer time ends.
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("an interval needs aware times")
        object.__setattr__(self, "start", self.start.astimezone(UTC))
        object.__setattr__(self, "end", self.end.astimezone(UTC))
        if self.start >= self.end:
            raise ValueError(f"an interval must start before it ends: {self.start} .. {self.end}")

    @property
    def seconds(self) -> float:
        return (self.end - self.start).total_seconds()

    def contains(self, at: datetime) -> bool:
        return self.start <= at < self.end


def maybe(start: datetime, end: datetime) -> list[Interval]:
    """One interval, or none when nothing lies between the two times."""
    return [Interval(start, end)] if start < end else []


def union(xs: Iterable[Interval]) -> list[Interval]:
    """Every moment that is in any of ``xs``."""
    out: list[Interval] = []
    for x in sorted(xs):
        if out and x.start <= out[-1].end:
            if x.end > out[-1].end:
                out[-1] = Interval(out[-1].start, x.end)
        else:
            out.append(x)
    return out


def intersect(a: Iterable[Interval], b: Iterable[Interval]) -> list[Interval]:
    """Every moment that is in both."""
    left, right = union(a), union(b)
    out: list[Interval] = []
    i = j = 0
    while i < len(left) and j < len(right):
        out += maybe(max(left[i].start, right[j].start), min(left[i].end, right[j].end))
        if left[i].end < right[j].end:
            i += 1
        else:
            j += 1
    return out


def subtract(a: Iterable[Interval], b: Iterable[Interval]) -> list[Interval]:
    """Every moment of ``a`` that is not in ``b``."""
    holes = union(b)
    out: list[Interval] = []
    first = 0
    for x in union(a):
        start = x.start
        while first < len(holes) and holes[first].end <= x.start:
            first += 1
        for hole in holes[first:]:
            if hole.start >= x.end:
                break
            out += maybe(start, hole.start)
            start = max(start, hole.end)
        out += maybe(start, x.end)
    return out


def total_s(xs: Iterable[Interval]) -> float:
    """Seconds covered; a moment that several intervals cover counts once."""
    return sum(x.seconds for x in union(xs))


def clip(xs: Iterable[Interval], within: Interval) -> list[Interval]:
    """The part of ``xs`` inside ``within``."""
    return intersect(xs, [within])


def find_at(xs: Sequence[Interval], at: datetime) -> Interval | None:
    """The interval that holds ``at``, or None."""
    return next((x for x in xs if x.contains(at)), None)


def boundaries(*lists: Iterable[Interval]) -> list[datetime]:
    """All starts and ends, sorted, each once."""
    times = merge(*(sorted(t for x in xs for t in (x.start, x.end)) for xs in lists))
    return sorted(set(times))
