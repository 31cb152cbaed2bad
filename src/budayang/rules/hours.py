"""Honest hours: promised time divided into usable time and exactly one bucket of responsibility each (归因).

Everything is counted in whole microseconds since 1970, so that sums are equal and not nearly equal. :func:`divide` is
the one place that decides whose moment it is; :func:`attribute` says the same with times and words. A sweep over the
edges of the facts with a heap of those that hold: O(n log n) in the facts of one terminal, whatever the period.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import pairwise
from operator import itemgetter
from typing import NamedTuple

from budayang.rules.causes import PRECEDENCE, Bucket
from budayang.rules.intervals import Interval

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
EVER = 1 << 62
"""Later than any time: the end of what has not ended."""

BUCKET_ORDER: tuple[Bucket, ...] = tuple(Bucket)
RANKS: dict[Bucket, int] = {bucket: 2 * place for place, bucket in enumerate(PRECEDENCE)}
YIELDING = RANKS[Bucket.UNDETERMINED] - 1
"""Rank of lost monitoring that a settled cause explains away: a relay without power hears nothing, the cut is known."""
UNSEEN = RANKS[Bucket.UNDETERMINED] + 1
"""Rank of time of which no source says anything: after every fact, before "usable"."""
UNSEEN_REF = "unseen"

Span = tuple[int, int]
"""[start, end) in microseconds."""


class Claim(NamedTuple):
    """A fact as the sweep reads it. Compared as it stands: rank, then the earlier start, then the smaller reference."""

    rank: int
    start: int
    ref: str
    end: int
    bucket: int
    """Place in BUCKET_ORDER."""


Piece = tuple[int, int, Claim | None]
"""[start, end) and the claim that took it; None: usable."""


@dataclass(frozen=True)
class Fact:
    """Something that made the promised thing unusable, from ``start_at`` until ``end_at`` (None: still).

    ``yields``: lost monitoring (of a relay) that takes only what no settled cause explains.
    """

    ref: str
    bucket: Bucket
    start_at: datetime
    end_at: datetime | None = None
    yields: bool = False


@dataclass(frozen=True)
class Attributed:
    """``bucket`` None: usable. ``fact_ref``: the fact that took the time, None when usable."""

    interval: Interval
    bucket: Bucket | None
    fact_ref: str | None


def micros(at: datetime) -> int:
    """Microseconds since 1970 of an aware time, exactly."""
    return (at - EPOCH) // MICROSECOND


def moment(us: int) -> datetime:
    """The aware UTC time of :func:`micros`."""
    return EPOCH + timedelta(microseconds=us)


_PLACES: dict[str, tuple[int, int]] = {one: (RANKS[one], place) for place, one in enumerate(BUCKET_ORDER)}
"""Rank and place by bucket or by its word, which are equal as keys."""


def claim(bucket: Bucket | str, ref: str, start: int, end: int | None, *, yields: bool = False) -> Claim:
    """A claim of a settled or unsettled fact; ``end`` None: it lasts. Raises KeyError for a word that is no bucket."""
    rank, place = _PLACES[bucket]
    return Claim(YIELDING if yields else rank, start, ref, EVER if end is None else end, place)


def spans_of(xs: Iterable[Interval]) -> list[Span]:
    """Intervals as microseconds, sorted, disjoint."""
    return merge((micros(x.start), micros(x.end)) for x in xs)


def merge(spans: Iterable[Span]) -> list[Span]:
    """Every moment that is in any span; touching ones joined."""
    out: list[Span] = []
    for start, end in sorted(spans):
        if start >= end:
            continue
        if out and start <= out[-1][1]:
            if end > out[-1][1]:
                out[-1] = (out[-1][0], end)
        else:
            out.append((start, end))
    return out


def overlap(a: Sequence[Span], b: Sequence[Span]) -> list[Span]:
    """Every moment that is in both; both sorted and disjoint."""
    out: list[Span] = []
    i = j = 0
    while i < len(a) and j < len(b):
        start, end = max(a[i][0], b[j][0]), min(a[i][1], b[j][1])
        if start < end:
            out.append((start, end))
        if a[i][1] < b[j][1]:
            i += 1
        else:
            j += 1
    return out


def outside(within: Sequence[Span], holes: Sequence[Span]) -> list[Span]:
    """Every moment of ``within`` that is not in ``holes``; both sorted and disjoint."""
    out: list[Span] = []
    first = 0
    for start, end in within:
        at = start
        while first < len(holes) and holes[first][1] <= start:
            first += 1
        place = first
        while place < len(holes) and holes[place][0] < end:
            if at < holes[place][0]:
                out.append((at, holes[place][0]))
            at = max(at, holes[place][1])
            place += 1
        if at < end:
            out.append((at, end))
    return out


def unseen(promised: Sequence[Span], seen: Sequence[Span]) -> list[Claim]:
    """Claims for promised time outside ``seen``: nobody can say that it was usable, and nobody is blamed for it."""
    lost = BUCKET_ORDER.index(Bucket.MONITORING_LOST)
    return [Claim(UNSEEN, start, UNSEEN_REF, end, lost) for start, end in outside(promised, seen)]


def divide(promised: Sequence[Span], claims: Iterable[Claim]) -> list[Piece]:
    """Divide promised time (sorted, disjoint): every moment once, in order, usable or the least claim that holds.

    Neighbours that the same claim took are one piece. O((p + n) log n) for p spans and n claims.
    """
    waiting = sorted(claims, key=itemgetter(1))
    out: list[Piece] = []
    holding: list[Claim] = []
    due, count = 0, len(waiting)
    for start, end in promised:
        at = start
        while at < end:
            while due < count and waiting[due][1] <= at:
                if waiting[due][3] > at:
                    heappush(holding, waiting[due])
                due += 1
            while holding and holding[0][3] <= at:
                heappop(holding)
            top = holding[0] if holding else None
            until = end if top is None or top[3] > end else top[3]
            if due < count and waiting[due][1] < until:
                until = waiting[due][1]
            if out and out[-1][1] == at and out[-1][2] is top:
                out[-1] = (out[-1][0], until, top)
            else:
                out.append((at, until, top))
            at = until
    return out


@dataclass(slots=True)
class Tally:
    """Microseconds. ``lost`` by place in BUCKET_ORDER; promised is usable plus all that was lost, exactly."""

    promised: int = 0
    usable: int = 0
    lost: list[int] = field(default_factory=lambda: [0] * len(BUCKET_ORDER))

    def add(self, other: Tally) -> None:
        self.promised += other.promised
        self.usable += other.usable
        self.lost = [mine + more for mine, more in zip(self.lost, other.lost, strict=True)]

    def by_bucket(self) -> dict[Bucket, int]:
        """Only buckets with time in them."""
        return {bucket: us for bucket, us in zip(BUCKET_ORDER, self.lost, strict=True) if us}

    @property
    def counted(self) -> int:
        """Promised time that is judged: planned stops and lost monitoring count for and against nobody."""
        return self.promised - sum(self.lost[place] for place in UNCOUNTED)


UNCOUNTED = (BUCKET_ORDER.index(Bucket.PLANNED), BUCKET_ORDER.index(Bucket.MONITORING_LOST))


def tally(pieces: Iterable[Piece]) -> Tally:
    """Add up pieces."""
    found = Tally()
    lost = found.lost
    usable = 0
    for start, end, by in pieces:
        if by is None:
            usable += end - start
        else:
            lost[by[4]] += end - start
    found.usable = usable
    found.promised = usable + sum(lost)
    return found


def by_slots(pieces: Sequence[Piece], edges: Sequence[int]) -> list[Tally]:
    """Tallies of the slots between neighbouring ``edges`` (sorted): days, hours. Linear in pieces and slots."""
    return [tally(one) for one in cut(pieces, edges)]


def cut(pieces: Sequence[Piece], edges: Sequence[int]) -> list[list[Piece]]:
    """The pieces of each slot between neighbouring ``edges``, cut at the edges."""
    out: list[list[Piece]] = []
    first = 0
    for left, right in pairwise(edges):
        while first < len(pieces) and pieces[first][1] <= left:
            first += 1
        found: list[Piece] = []
        for place in range(first, len(pieces)):
            start, end, by = pieces[place]
            if start >= right or left == right:
                break
            found.append((max(start, left), min(end, right), by))
        out.append(found)
    return out


def attribute(
    promised: Sequence[Interval], facts: Sequence[Fact], seen: Sequence[Interval] | None = None
) -> list[Attributed]:
    """Divide promised time: every moment is usable or in exactly one bucket, sorted, nothing left out and nothing
    twice.

    Of several facts over one moment the bucket first in PRECEDENCE takes it, then the earlier fact, then the smaller
    ref. A fact whose cause is not settled carries UNDETERMINED and takes only what no other explains; nobody is blamed
    by default. ``seen``: when somebody could tell at all; None: always. What lies outside it and under no fact is lost
    monitoring.
    """
    spans = spans_of(promised)
    claims = [
        claim(one.bucket, one.ref, micros(one.start_at), None if one.end_at is None else micros(one.end_at),
              yields=one.yields)
        for one in facts
    ]  # fmt: skip
    if seen is not None:
        claims += unseen(spans, spans_of(seen))
    return [attributed(piece) for piece in divide(spans, claims)]


def attributed(piece: Piece) -> Attributed:
    """A piece with times and words."""
    start, end, by = piece
    interval = Interval(moment(start), moment(end))
    return Attributed(interval, None, None) if by is None else Attributed(interval, BUCKET_ORDER[by[4]], by[2])


@dataclass(frozen=True)
class UsableSummary:
    """Seconds. ``by_bucket`` holds only buckets with time in them; usable_s plus its sum is promised_s."""

    promised_s: float
    usable_s: float
    by_bucket: dict[Bucket, float]

    @property
    def counted_s(self) -> float:
        """Promised time that is judged: announced stops and time in which nobody could look count for and against
        nobody.
        """
        lost = self.by_bucket.get(Bucket.PLANNED, 0.0) + self.by_bucket.get(Bucket.MONITORING_LOST, 0.0)
        return self.promised_s - lost

    @property
    def availability(self) -> float | None:
        """设备正常运行率 (YJ-07): usable ÷ counted; None when nothing was promised."""
        return self.usable_s / self.counted_s if self.counted_s > 0 else None


def summarize(found: Iterable[Attributed]) -> UsableSummary:
    """Add up what :func:`attribute` divided."""
    usable = 0.0
    buckets: dict[Bucket, float] = {}
    for a in found:
        if a.bucket is None:
            usable += a.interval.seconds
        else:
            buckets[a.bucket] = buckets.get(a.bucket, 0.0) + a.interval.seconds
    return UsableSummary(usable + sum(buckets.values()), usable, buckets)


def summary_of(found: Tally) -> UsableSummary:
    """A tally in seconds."""
    buckets = {bucket: us / 1_000_000 for bucket, us in found.by_bucket().items()}
    return UsableSummary(found.promised / 1_000_000, found.usable / 1_000_000, buckets)
