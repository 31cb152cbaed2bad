"""试算: history is intervals, so a measure that was not taken is replayed over it: intervals in, changed intervals out.

A measure may only take away from what troubled a machine, never add to it; who then holds a moment is decided by
:func:`budayang.rules.hours.divide`, as ever. So usable time can never become less, and the parts stay the whole. Times
are microseconds since 1970.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from budayang.rules.consumables import told_by
from budayang.rules.hours import BUCKET_ORDER, Claim, Span, merge, micros, outside
from budayang.rules.incident_kinds import Bucket

SECOND = 1_000_000
MINUTE, HOUR, DAY = 60 * SECOND, 3600 * SECOND, 86400 * SECOND
SILENCES = frozenset({"terminal_silent", "area_silent"})
"""Causes that say no more than that a machine was not heard: with its power or network back, it would have been."""
Values = Mapping[str, float | str]
"""What a person set for a measure, by the names of its :class:`Ask`."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """A claim with what it is. ``cause``: code of the table of causes, "" when it is none of them. ``part`` and
    ``prop``: kind and property of the peripheral that it takes away; empty: the whole machine.
    """

    claim: Claim
    cause: str = ""
    part: str = ""
    prop: str = ""

    @property
    def bucket(self) -> Bucket:
        return BUCKET_ORDER[self.claim.bucket]

    @property
    def span(self) -> Span:
        return self.claim.start, self.claim.end


Troubles = Mapping[int, Sequence[Trouble]]
"""What troubled the machines of one area, by terminal."""


@dataclass(frozen=True, slots=True)
class Supply:
    """A consumable of a machine. ``fills``: (when, units afterwards), ``uses``: (hour, units), both sorted.

    ``per_day``: what it uses on a day; None: nobody counts it.
    """

    consumable: str
    capacity: int
    per_day: float | None
    fills: tuple[tuple[int, float], ...] = ()
    uses: tuple[tuple[int, float], ...] = ()

    def level(self, at: int) -> float | None:
        """What was there at a moment by fill and count; None while no fill is known or nothing is counted."""
        before = [one for one in self.fills if one[0] <= at]
        if not before or self.per_day is None:
            return None
        filled_at, units = before[-1]
        return max(0.0, units - sum(n for hour, n in self.uses if filled_at <= hour < at))


@dataclass(frozen=True, slots=True)
class Ground:
    """What measures read beside the troubles: the replayed period, the area's clock, the machines' consumables."""

    start: int
    end: int
    zone: str = "Asia/Shanghai"
    supplies: Mapping[int, Mapping[str, Supply]] | None = None

    def supply(self, terminal: int, consumable: str) -> Supply | None:
        return (self.supplies or {}).get(terminal, {}).get(consumable)


Change = Callable[[Troubles, Values, Ground], Troubles]


@dataclass(frozen=True, slots=True)
class Chosen:
    """A measure with what a person set."""

    code: str
    values: Values


# Taking away ---------------------------------------------------------------------------------------------------------


def spared(trouble: Trouble, spans: Sequence[Span]) -> list[Trouble]:
    """The trouble without these spans (sorted, disjoint); what is left keeps its reference."""
    left = outside([trouble.span], spans)
    if left == [trouble.span]:
        return [trouble]
    return [replace(trouble, claim=trouble.claim._replace(start=start, end=end)) for start, end in left]


def without(
    troubles: Sequence[Trouble], spans: Sequence[Span], buckets: frozenset[Bucket], *, silences: bool = False
) -> list[Trouble]:
    """Troubles of these buckets without the spans. ``silences``: and those that only say that nobody heard it."""
    out: list[Trouble] = []
    for one in troubles:
        touched = one.bucket in buckets or (silences and one.cause in SILENCES)
        out += spared(one, spans) if touched else [one]
    return out


def spans_in(troubles: Sequence[Trouble], buckets: frozenset[Bucket]) -> list[Span]:
    """When a machine had any trouble of these buckets."""
    return merge(one.span for one in troubles if one.bucket in buckets)


# Measures ------------------------------------------------------------------------------------------------------------

POWER, NETWORK = frozenset({Bucket.POWER}), frozenset({Bucket.NETWORK})
MACHINE = frozenset({Bucket.DEVICE, Bucket.SOFTWARE, Bucket.DAMAGE})
STOCK = frozenset({Bucket.CONSUMABLES})


def battery(cuts: Sequence[Span], holds: int, recharge: int) -> list[Span]:
    """What a battery that holds so long bridges of power cuts; between them it charges, from empty in ``recharge``."""
    out: list[Span] = []
    charge, last = float(holds), None
    for start, end in cuts:
        if last is not None:
            charge = min(holds, charge + (holds * (start - last) / recharge if recharge else holds))
        used = min(int(charge), end - start)
        if used > 0:
            out.append((start, start + used))
        charge, last = charge - used, end
    return out


def bridge_power(troubles: Troubles, values: Values, ground: Ground) -> Troubles:
    """A UPS: ``minutes`` of each cut, as far as its battery is charged; ``recharge_h`` from empty to full."""
    holds, recharge = int(float(values["minutes"]) * MINUTE), int(float(values["recharge_h"]) * HOUR)
    out = {}
    for terminal, rows in troubles.items():
        spans = battery(spans_in(rows, POWER), holds, recharge) if holds else []
        out[terminal] = without(rows, spans, POWER, silences=True)
    return out


def second_line(troubles: Troubles, values: Values, ground: Ground) -> Troubles:
    """A backup line: takes over ``switch_s`` after the break and carries at most ``minutes``."""
    after, lasts = int(float(values["switch_s"]) * SECOND), int(float(values["minutes"]) * MINUTE)
    out = {}
    for terminal, rows in troubles.items():
        cuts = spans_in(rows, NETWORK)
        spans = [(start + after, min(end, start + after + lasts)) for start, end in cuts if start + after < end]
        out[terminal] = without(rows, merge(spans), NETWORK, silences=True)
    return out


def cap_repair(troubles: Troubles, values: Values, ground: Ground) -> Troubles:
    """No fault of machine or program lasts longer than ``hours``; 0: not set."""
    most = int(float(values["hours"]) * HOUR)
    wanted = frozenset({Bucket.DEVICE, Bucket.SOFTWARE})
    out = {}
    for terminal, rows in troubles.items():
        kept: list[Trouble] = []
        for one in rows:
            start, end = one.span
            late = most and one.bucket in wanted and end - start > most
            kept += spared(one, [(start + most, end)]) if late else [one]
        out[terminal] = kept
    return out


def spare_machine(troubles: Troubles, values: Values, ground: Ground) -> Troubles:
    """``count`` spare machines of the area: one stands in ``hours`` after a machine broke, until it is repaired;
    then it is free for the next. Who broke first gets one first.
    """
    count, after = int(float(values["count"])), int(float(values["hours"]) * HOUR)
    broken = sorted(
        (start, end, terminal) for terminal, rows in troubles.items() for start, end in spans_in(rows, MACHINE)
    )
    free = [ground.start - DAY * 3660] * count
    stands: dict[int, list[Span]] = {}
    for start, end, terminal in broken:
        if not free:
            break
        slot = min(range(len(free)), key=lambda n: free[n])
        begins = max(start + after, free[slot])
        if begins < end:
            stands.setdefault(terminal, []).append((begins, end))
            free[slot] = end
    return {terminal: without(rows, merge(stands.get(terminal, ())), MACHINE) for terminal, rows in troubles.items()}


def visits(ground: Ground, weekdays: frozenset[int], at: time) -> list[int]:
    """The moments of a weekly visit in the period, by the area's clock (0: Monday)."""
    zone, out = ZoneInfo(ground.zone), []
    on = _day(ground.start, zone)
    while micros(moment := datetime.combine(on, at, zone)) < ground.end:
        if on.weekday() in weekdays and micros(moment) >= ground.start:
            out.append(micros(moment))
        on += timedelta(days=1)
    return out


def _day(us: int, zone: ZoneInfo) -> date:
    return datetime.fromtimestamp(us / SECOND, zone).date()


def extra_stock(
    supply: Supply, outages: Sequence[Span], brought: Sequence[int], amount: float, per_day: float
) -> list[Span]:
    """What the extra units of the visits bridge of the times in which it had run out.

    Units that are brought fit up to the capacity, lie until the real ones are used up, and then go at ``per_day``;
    0: nobody knows how fast, so they bridge nothing. A real fill takes the room that they lay in.
    """
    if amount <= 0 or per_day <= 0:
        return []
    moments = [(at, 1) for at in brought] + [(at, 0) for at, _units in supply.fills]
    extra, out = 0.0, []
    edges = sorted(
        {start for start, _end in outages} | {end for _start, end in outages} | {at for at, _kind in moments}
    )
    at_moment: dict[int, list[int]] = {}
    for at, kind in moments:
        at_moment.setdefault(at, []).append(kind)
    ends = {end for _start, end in outages}
    for left, right in pairwise([*edges, edges[-1]] if edges else []):
        running = _inside(outages, left)
        for kind in sorted(at_moment.get(left, ())):
            level = 0.0 if running else supply.level(left)
            if kind == 1 and level is not None:
                extra += min(amount, max(0.0, supply.capacity - level - extra))
            elif kind == 0:
                extra = min(extra, max(0.0, supply.capacity - (supply.level(left) or 0.0)))
        if left in ends and not running and left not in at_moment:
            extra = 0.0  # somebody filled it and nobody wrote it down: then there was room for nothing else
        if running and extra > 0:
            # Compared before it is divided: a use that is next to nothing has no quotient.
            whole = (right - left) * per_day / DAY <= extra
            lasts = right - left if whole else int(extra * DAY / per_day)
            extra = max(0.0, extra - lasts * per_day / DAY)
            if lasts > 0:
                out.append((left, left + lasts))
    return merge(out)


def _inside(spans: Sequence[Span], at: int) -> bool:
    return any(start <= at < end for start, end in spans)


def restock(troubles: Troubles, values: Values, ground: Ground) -> Troubles:
    """Weekly visits (``weekdays``, ``at``) that bring up to ``amount`` units of a consumable to each machine.

    ``per_day``: what a machine uses of which nothing is counted; 0: such machines gain nothing.
    """
    weekdays = frozenset(int(one) for one in str(values["weekdays"]).split() if one)
    brought = visits(ground, weekdays, time.fromisoformat(str(values["at"]) or "00:00"))
    wanted, amount = str(values["consumable"]), float(values["amount"])
    out = {}
    for terminal, rows in troubles.items():
        mine = [one for one in rows if one.bucket is Bucket.CONSUMABLES and _consumable_of(one) == wanted]
        supply = ground.supply(terminal, wanted)
        if not mine or supply is None:
            out[terminal] = list(rows)
            continue
        per_day = float(values["per_day"]) if supply.per_day is None else supply.per_day
        spans = extra_stock(supply, merge(one.span for one in mine), brought, amount, per_day)
        out[terminal] = [left for one in rows for left in (spared(one, spans) if one in mine else [one])]
    return out


def _consumable_of(trouble: Trouble) -> str:
    found = told_by(trouble.part, trouble.prop)
    return found.code if found else ""


# Departments' hours ---------------------------------------------------------------------------------------------------


def longer_windows(windows: Sequence[Span], values: Values, ground: Ground) -> list[Span]:
    """A department's hours in the period with its last window of each day open until ``until`` (HH:MM), and, with
    ``saturday`` "yes", on Saturdays as on the day before that it was open. Empty values change nothing.
    """
    zone = ZoneInfo(ground.zone)
    until, saturday = str(values["until"]), str(values["saturday"]) == "yes"
    by_day: dict[date, list[Span]] = {}
    for start, end in merge(windows):
        by_day.setdefault(_day(start, zone), []).append((start, end))
    added: list[Span] = []
    if saturday:
        added += _saturdays(by_day, ground, zone)
        for start, end in added:
            by_day.setdefault(_day(start, zone), []).append((start, end))
    if until:
        for on, mine in by_day.items():
            closes = micros(datetime.combine(on, time.fromisoformat(until), zone))
            last = max(end for _start, end in mine)
            if last < closes:
                added.append((last, closes))
    return merge([*windows, *((max(a, ground.start), min(b, ground.end)) for a, b in added)])


def _saturdays(by_day: Mapping[date, Sequence[Span]], ground: Ground, zone: ZoneInfo) -> list[Span]:
    """Hours of the latest working day before, by the wall's clock; none before the first such day."""
    out: list[Span] = []
    like: Sequence[Span] = ()
    on = _day(ground.start, zone)
    while micros(datetime.combine(on, time(), zone)) < ground.end:
        if on in by_day:
            like = by_day[on]
        elif on.weekday() == 5:
            for start, end in like:
                first, last = (datetime.fromtimestamp(one / SECOND, zone) for one in (start, end))
                ahead = on - first.date()
                out.append((micros(_shift(first, ahead, zone)), micros(_shift(last, ahead, zone))))
        on += timedelta(days=1)
    return out


def _shift(at: datetime, days: timedelta, zone: ZoneInfo) -> datetime:
    return datetime.combine(at.date() + days, at.time(), zone)
