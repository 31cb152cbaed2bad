"""What a trial (试算) comes to, as plain data: before and after by area, refusals, clause answers, cost. No time is
lost: usable and all buckets are promised time, before and after.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from budayang.rules.hours import BUCKET_ORDER, Tally

FORM = 2
"""Raised when the structure changes: a result of an older form is not read, and the trial is run again."""
CANNOT_KNOW: tuple[str, ...] = (
    "整台机器停用时来的人没有记录，回放只数有记录的白跑；“估计会多办”是按平时同一钟点的件数推的，不是记录。",
    "多开的时间会不会有更多的人来，回放不知道。",
    "事项的上架、部门的办理时间没有历史，按现在的算。",
    "机器停用时别的零件本来会不会坏、耗材本来会用多少，回放不知道。",
)
"""What no replay can know, as page and file say it."""


@dataclass(slots=True)
class Hours:
    """Microseconds. ``lost`` by bucket; usable plus all that was lost is promised."""

    promised: int = 0
    usable: int = 0
    lost: dict[str, int] = field(default_factory=dict)

    def add(self, other: Tally) -> None:
        self.promised += other.promised
        self.usable += other.usable
        for bucket, us in zip(BUCKET_ORDER, other.lost, strict=True):
            if us:
                self.lost[bucket.value] = self.lost.get(bucket.value, 0) + us

    def plus(self, other: Hours) -> None:
        self.promised += other.promised
        self.usable += other.usable
        for bucket, us in other.lost.items():
            self.lost[bucket] = self.lost.get(bucket, 0) + us


@dataclass(slots=True)
class Refusals:
    """Trips that were recorded as refused, or begun and not finished. ``explained``: the intervals say that the item
    could not be done then; ``avoided``: and with the measures it could have been.

    ``wasted`` and the same of it: begun and not finished. ``more``: how many matters more might have been done, by the
    rate of the same hour of the day; None: too little was done to say.
    """

    refused: int = 0
    explained: int = 0
    avoided: int = 0
    wasted: int = 0
    wasted_explained: int = 0
    wasted_avoided: int = 0
    more: float | None = None

    def plus(self, other: Refusals) -> None:
        for name in ("refused", "explained", "avoided", "wasted", "wasted_explained", "wasted_avoided"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        if other.more is not None:
            self.more = (self.more or 0.0) + other.more

    @property
    def all_avoided(self) -> int:
        return self.avoided + self.wasted_avoided


@dataclass(slots=True)
class Orders:
    """Work orders that were written in the months. ``gone``: would not have been; ``sooner``: would have been repaired
    in less time. ``used_s`` of ``repaired``: what the repairs took, before and after.
    """

    seen: int = 0
    gone: int = 0
    sooner: int = 0
    repaired: int = 0
    used_s: float = 0.0
    repaired_after: int = 0
    used_after_s: float = 0.0

    def plus(self, other: Orders) -> None:
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))


@dataclass(frozen=True, slots=True)
class ClauseChange:
    """A clause whose answer or number reads otherwise. ``before`` and ``after``: answer, "" where the clause is in one
    of two editions only. ``number`` None: nothing could be counted.
    """

    month: str
    clause: str
    before: str
    after: str
    number_before: float | None
    number_after: float | None
    threshold_before: float | None
    threshold_after: float | None
    unit: str
    sample_before: int
    sample: int

    @property
    def turns(self) -> bool:
        """Whether the answer changes, not only its number."""
        return self.before != self.after


@dataclass(slots=True)
class AreaResult:
    """One area over all months. ``items``: hours of the items that are offered there, together."""

    code: str
    name: str
    terminals: int
    before: Hours
    after: Hours
    items_before: Hours
    items_after: Hours
    refusals: Refusals
    clauses: list[ClauseChange]
    orders: Orders = field(default_factory=Orders)

    def plus(self, other: AreaResult) -> None:
        """Another month of the same area. Machines are counted once: as many as stood there in the fullest month."""
        self.terminals = max(self.terminals, other.terminals)
        for name in ("before", "after", "items_before", "items_after"):
            getattr(self, name).plus(getattr(other, name))
        self.refusals.plus(other.refusals)
        self.orders.plus(other.orders)
        self.clauses += other.clauses


@dataclass(slots=True)
class Result:
    """``judged``: how many answers were compared; ``made_at``: ISO moment of the facts. ``replayed``: codes of clauses
    that a measure can change; ``left``: codes of the others by the reason (a key of trial_clauses.WHY_LEFT).
    """

    months: list[str]
    made_at: str
    judged: int
    areas: list[AreaResult]
    replayed: list[str] = field(default_factory=list)
    left: dict[str, list[str]] = field(default_factory=dict)
    form: int = FORM

    @property
    def before(self) -> Hours:
        return total(one.before for one in self.areas)

    @property
    def after(self) -> Hours:
        return total(one.after for one in self.areas)

    @property
    def refusals(self) -> Refusals:
        found = Refusals()
        for one in self.areas:
            found.plus(one.refusals)
        return found

    @property
    def orders(self) -> Orders:
        found = Orders()
        for one in self.areas:
            found.plus(one.orders)
        return found

    @property
    def turned(self) -> list[tuple[AreaResult, ClauseChange]]:
        return [(area, one) for area in self.areas for one in area.clauses if one.turns]


def total(parts: Iterable[Hours]) -> Hours:
    found = Hours()
    for one in parts:
        found.plus(one)
    return found


def plain(result: Result) -> dict[str, Any]:
    """As JSON values."""
    return asdict(result)


def read(kept: Mapping[str, Any]) -> Result | None:
    """A result from its JSON values; None for one of another form."""
    if kept.get("form") != FORM:
        return None
    areas = [
        AreaResult(
            code=one["code"],
            name=one["name"],
            terminals=one["terminals"],
            before=Hours(**one["before"]),
            after=Hours(**one["after"]),
            items_before=Hours(**one["items_before"]),
            items_after=Hours(**one["items_after"]),
            refusals=Refusals(**one["refusals"]),
            clauses=[ClauseChange(**change) for change in one["clauses"]],
            orders=Orders(**one["orders"]),
        )
        for one in kept["areas"]
    ]
    return Result(
        list(kept["months"]), kept["made_at"], kept["judged"], areas, list(kept["replayed"]), dict(kept["left"])
    )


@dataclass(frozen=True, slots=True)
class Cost:
    """Yuan over the months that were replayed. ``each``: per recorded refusal that it would have spared; ``hour``: per
    machine-hour won; None where nothing was won.
    """

    total: float
    each: float | None
    hour: float | None


def cost_of(once: float, monthly: float, months: int, spared: int, won_us: int) -> Cost:
    """What it costs over so many months, the one-off sum wholly counted into them."""
    whole = once + monthly * months
    hours = won_us / 3_600_000_000
    return Cost(whole, whole / spared if spared else None, whole / hours if hours > 0 else None)


def expected_more(
    done: Sequence[int], usable_us: Sequence[int], won_us: Sequence[int], least: int = 20
) -> float | None:
    """Matters that might have been done in the time won, by hour of the day: done ÷ usable time of that hour × time
    won there. None when fewer than ``least`` were done at all: a rate of so few says nothing.
    """
    if sum(done) < least:
        return None
    return sum(n * won / usable for n, usable, won in zip(done, usable_us, won_us, strict=True) if usable > 0)
