"""How much the terminals of areas are used: days on which somebody did, and what they take off the windows."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models.functions import TruncDate

from budayang.center.platform.queries import place_chain
from budayang.center.services.models import Trip, WindowFigure
from budayang.center.services.window_figures import done_at


@dataclass(frozen=True, slots=True)
class Use:
    """Whole days of machines that run our program, and those of them with a stay in which something was tried."""

    days: int
    used: int


def days_used(machines: Collection[Any], start: datetime, until: datetime, zone: str) -> dict[int, Use]:
    """Area → its use over the local days of [start, until) that are over; one query. A machine counts from the day
    after its enrolment until the day before it was retired; those that only others watch tell of no stays and are left
    out.
    """
    place = ZoneInfo(zone)
    own = {one.pk: one for one in machines if one.kind == "own" and one.enrolled_at is not None}
    first, after = start.astimezone(place).date(), until.astimezone(place).date()
    since = {pk: max(first, one.enrolled_at.astimezone(place).date() + timedelta(days=1)) for pk, one in own.items()}
    gone = {pk: one.retired_at.astimezone(place).date() for pk, one in own.items() if one.retired_at is not None}
    ends = {pk: min(after, gone.get(pk, after)) for pk in own}
    rows = Trip.objects.filter(terminal_id__in=list(own), at__gte=start, at__lt=until)
    seen = rows.annotate(on=TruncDate("at", tzinfo=place)).values_list("terminal_id", "on").order_by().distinct()
    used: dict[int, int] = {}
    for pk, on in seen:
        used[pk] = used.get(pk, 0) + (since[pk] <= on < ends[pk])
    found: dict[int, Use] = {}
    for pk, one in own.items():
        days = max(0, (ends[pk] - since[pk]).days)
        before = found.get(one.area_id, Use(0, 0))
        found[one.area_id] = Use(before.days + days, before.used + used.get(pk, 0))
    return found


def shares_of(paths: Mapping[int, str], first: date, last: date) -> dict[int, tuple[int, int]]:
    """Area → (matters done at terminals, these and the numbers called at windows) on the days [first, last] and for the
    departments of which the windows of its place, or of one above, told; areas of which nobody told are missing.
    """
    chains = {pk: place_chain(path) for pk, path in paths.items()}
    wanted = {one for chain in chains.values() for one in chain}
    told: dict[str, list[tuple[int, date, int]]] = {}
    rows = WindowFigure.objects.filter(on__range=(first, last), place_path__in=wanted)
    for path, department, on, called in rows.values_list("place_path", "department_id", "on", "called"):
        told.setdefault(path, []).append((department, on, called))
    sums: dict[str, tuple[int, int]] = {}
    for path, figures in told.items():
        days: dict[int, list[tuple[str, date]]] = {}
        for department, on, _called in figures:
            days.setdefault(department, []).append((path, on))
        done = sum(done_at(department, pairs) for department, pairs in days.items())
        sums[path] = done, done + sum(called for _department, _on, called in figures)
    found: dict[int, tuple[int, int]] = {}
    for pk, chain in chains.items():
        nearest = next((one for one in sorted(chain, key=len, reverse=True) if one in sums), None)
        if nearest is not None:
            found[pk] = sums[nearest]
    return found
