"""Reads of the hours for pages: roll-ups within the reader's scope, and the exact pieces behind a figure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from heapq import nsmallest
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import ExpressionWrapper, F, FloatField, Max, QuerySet, Sum
from django.db.models.functions import NullIf

from budayang.center.maintenance import hours_items, hours_ledger
from budayang.center.maintenance.hours_actions import bounds
from budayang.center.maintenance.hours_recent import HOUR, hour_of
from budayang.center.maintenance.models import (
    BUCKET_COLUMNS,
    FIGURES,
    HoursClosing,
    HoursCorrection,
    HoursDay,
    HoursHour,
    HoursItemMonth,
    HoursLatest,
    HoursMonth,
    HoursPattern,
    Incident,
)
from budayang.center.platform.actors import Actor
from budayang.center.platform.queries import scope_q
from budayang.center.services.promise_queries import offered
from budayang.rules.causes import Bucket
from budayang.rules.hours import BUCKET_ORDER, UNCOUNTED, Piece, Tally, by_slots, cut, micros, moment
from budayang.rules.patterns import Pattern

BODIES = ("owner_id", "vendor_id")
UNCOUNTED_COLUMNS = tuple(BUCKET_COLUMNS[BUCKET_ORDER[place]] for place in UNCOUNTED)
_SHARE_FIGURES = tuple(Sum(name) for name in ("usable_us", "promised_us", *UNCOUNTED_COLUMNS))


def days_visible_to(actor: Actor) -> QuerySet[HoursDay]:
    """Closed days in the actor's places; owner units and vendors see those of their own machines."""
    return HoursDay.objects.filter(scope_q(actor, "place_path", BODIES))


def months_visible_to(actor: Actor) -> QuerySet[HoursMonth]:
    return HoursMonth.objects.filter(scope_q(actor, "place_path", BODIES))


def items_visible_to(actor: Actor) -> QuerySet[HoursItemMonth]:
    """Hours of items are of an area as a whole: bodies' people, who see their own machines only, see none."""
    return HoursItemMonth.objects.filter(scope_q(actor, "place_path"))


def summed(rows: QuerySet[Any], *keys: str) -> QuerySet[Any]:
    """Rows grouped by `keys`, every figure added up, with `counted` (what is judged), `share` (usable of it, 0 to 1,
    NULL when nothing is judged) and `lost_us` (everything that is judged and was not usable).
    """
    totals = {f"sum_{name}": Sum(name) for name in FIGURES}
    found: QuerySet[Any] = rows.values(*keys).annotate(**totals)
    uncounted = F(f"sum_{UNCOUNTED_COLUMNS[0]}") + F(f"sum_{UNCOUNTED_COLUMNS[1]}")
    found = found.annotate(counted=F("sum_promised_us") - uncounted)
    share = F("sum_usable_us") * 1.0 / NullIf(F("counted"), 0)
    with_share: QuerySet[Any] = found.annotate(
        lost_us=F("counted") - F("sum_usable_us"), share=ExpressionWrapper(share, output_field=FloatField())
    )
    return with_share


def tally_of(row: dict[str, Any]) -> Tally:
    """The figures of a summed row."""
    return Tally(
        int(row["sum_promised_us"] or 0),
        int(row["sum_usable_us"] or 0),
        [int(row[f"sum_{BUCKET_COLUMNS[bucket]}"] or 0) for bucket in BUCKET_ORDER],
    )


def total(rows: QuerySet[Any]) -> Tally:
    """All rows added up, one query."""
    return tally_of(rows.aggregate(**{f"sum_{name}": Sum(name) for name in FIGURES}))


def months_with_hours(actor: Actor) -> list[date]:
    """Months of which something is closed, newest first."""
    return list(months_visible_to(actor).values_list("month", flat=True).distinct().order_by("-month")[:36])


def day_of_terminals(terminal_ids: Iterable[int], on: date) -> dict[int, Tally]:
    """One closed day of many terminals, one query; those of which it is not closed are missing."""
    rows = HoursDay.objects.filter(terminal_id__in=list(terminal_ids), on=on)
    return {
        row.terminal_id: Tally(
            row.promised_us, row.usable_us, [getattr(row, BUCKET_COLUMNS[one]) for one in BUCKET_ORDER]
        )
        for row in rows
    }


def closed_through(actor: Actor) -> tuple[date | None, datetime | None]:
    """(last closed day, when it was last computed) within the actor's scope."""
    last = days_visible_to(actor).aggregate(on=Max("on"))["on"]
    if last is None:
        return None, None
    return last, days_visible_to(actor).filter(on=last).aggregate(at=Max("computed_at"))["at"]


def patterns_of(terminal_ids: Sequence[int]) -> dict[int, list[Pattern]]:
    """The named regularities of terminals, one query; those without one are missing."""
    rows = HoursPattern.objects.filter(terminal__in=list(terminal_ids))
    return {row.terminal_id: [_pattern(one) for one in row.found] for row in rows}


def _pattern(kept: dict[str, Any]) -> Pattern:
    return Pattern(**{**kept, "bucket": Bucket(kept["bucket"])})


@dataclass(frozen=True, slots=True)
class DayRow:
    """One local day of a terminal: its pieces now, its figures, and what was published of it (None: not closed)."""

    on: date
    start: datetime
    end: datetime
    pieces: tuple[Piece, ...]
    tally: Tally
    published: HoursDay | None


def days_of(
    terminal_id: int, first: date, last: date, zone: str, now: datetime, *, item_code: str = ""
) -> list[DayRow]:
    """The days [first, last] of a terminal from the intervals, exactly, up to now; of one item when named.

    A fixed number of queries, whatever the number of days.
    """
    start, end = bounds(first, zone)[0], min(bounds(last, zone)[1], now)
    if start >= end:
        return []
    ledger = hours_ledger.load([terminal_id], start, end)
    if terminal_id not in ledger.machines:
        return []
    pieces = ledger.pieces_of(terminal_id)
    if item_code:
        found = offered([terminal_id], start, end, item_code=item_code).get(terminal_id, [])
        pieces = hours_items.item_pieces(ledger, found[0]) if found else []
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    days = [on for on in days if bounds(on, zone)[0] < end]
    edges = [*(micros(bounds(on, zone)[0]) for on in days), micros(end)]
    published = {row.on: row for row in HoursDay.objects.filter(terminal_id=terminal_id, on__range=(first, last))}
    slots, tallies = cut(pieces, edges), by_slots(pieces, edges)
    return [
        DayRow(on, moment(a), moment(b), tuple(slots[n]), tallies[n], published.get(on))
        for n, (on, a, b) in enumerate(zip(days, edges, edges[1:], strict=False))
    ]


def incidents_behind(pieces: Sequence[Piece]) -> dict[str, Incident]:
    """The incidents that pieces refer to, by reference, one query."""
    numbers = {int(by.ref.partition(":")[2]) for _a, _b, by in pieces if by and by.ref.startswith("incident:")}
    return {f"incident:{row.pk}": row for row in Incident.objects.filter(pk__in=numbers)} if numbers else {}


def corrections_of(terminal_id: int, on: date) -> list[HoursCorrection]:
    """What a day said before, newest first."""
    return list(HoursCorrection.objects.filter(day__terminal_id=terminal_id, day__on=on))


@dataclass(frozen=True, slots=True)
class AreaHours:
    """The last hours of an area's terminals within the reader's scope. `hours`: one tally an hour, oldest first; an
    hour without a promise is empty. `terminal_hours` is promised time in hours of all terminals together.
    """

    area_id: int
    total: Tally
    hours: tuple[Tally, ...]

    @property
    def share(self) -> float | None:
        """Usable share of what is judged."""
        return self.total.usable / self.total.counted if self.total.counted else None


@dataclass(frozen=True, slots=True)
class HoursStrip:
    """Areas × hours for the overview: the worst first, `areas` of them in all. `first_at`: the first hour;
    `computed_at`: how fresh the running hour is, None while nothing was computed.
    """

    first_at: datetime
    rows: tuple[AreaHours, ...]
    areas: int
    computed_at: datetime | None


def area_hours(actor: Actor, now: datetime, *, limit: int = 12, hours: int = 24) -> HoursStrip:
    """The last `hours` hours by area, worst share first: three queries, whatever the number of terminals.

    Which areas are the worst is read from what is added up already (HoursLatest), by as few columns as it takes; only
    theirs are read whole and hour by hour.
    """
    first = hour_of(now) - (hours - 1) * HOUR
    mine = scope_q(actor, "place_path", BODIES)
    latest = HoursLatest.objects.filter(mine, span="day", computed_at__gt=now - hours * HOUR)
    every = list(latest.values_list("area_id").annotate(*_SHARE_FIGURES, Max("computed_at")).order_by())
    ids = [area_id for *_share, area_id in nsmallest(limit, (_by_share(*one[:5]) for one in every))]
    whole = {one["area_id"]: one for one in summed(latest.filter(area_id__in=ids), "area_id").order_by()} if ids else {}
    worst = [whole[one] for one in ids if one in whole]
    rows = HoursHour.objects.filter(mine, hour_at__gte=first, hour_at__lte=now)
    by_area: dict[int, list[Tally]] = {one: [Tally() for _n in range(hours)] for one in ids}
    for row in summed(rows.filter(area_id__in=ids), "area_id", "hour_at").order_by() if ids else ():
        by_area[row["area_id"]][(row["hour_at"] - first) // HOUR] = tally_of(row)
    found = tuple(AreaHours(one["area_id"], tally_of(one), tuple(by_area[one["area_id"]])) for one in worst)
    return HoursStrip(first, found, len(every), max((one[-1] for one in every), default=None))


def _by_share(area_id: int, usable: int, promised: int, planned: int, lost: int) -> tuple[bool, float, int]:
    """Sorts the worst area first, those of which nothing is judged last."""
    counted = promised - planned - lost
    return not counted, usable / counted if counted else 0.0, area_id


def hours_today(actor: Actor, now: datetime) -> dict[int, Tally]:
    """Promised and kept since midnight by area, within the reader's scope: one query of the columns that a share needs,
    so that of the buckets only those are filled in that nobody is judged by.
    """
    rows = HoursLatest.objects.filter(
        scope_q(actor, "place_path", BODIES), span="today", computed_at__gt=now - 24 * HOUR
    )
    found = {}
    for area_id, usable, promised, *uncounted in rows.values_list("area_id").annotate(*_SHARE_FIGURES).order_by():
        found[area_id] = Tally(int(promised), int(usable))
        for place, us in zip(UNCOUNTED, uncounted, strict=True):
            found[area_id].lost[place] = int(us)
    return found


def settled_by(place_path: str, through: date, moment: datetime) -> bool:
    """Whether every day up to and with `through` of the areas at and below a path had been closed by a moment."""
    if HoursClosing.objects.filter(area__place__path__startswith=place_path, next_on__lte=through).exists():
        return False
    last = HoursDay.objects.filter(place_path__startswith=place_path, on=through, version=1)
    return not last.filter(computed_at__gt=moment).exists()


def local_month(now: datetime, zone: str) -> date:
    """The first day of the running month in a zone."""
    return now.astimezone(ZoneInfo(zone)).date().replace(day=1)
