"""Reads of the areas. Hours come out as half-open intervals in UTC; what nobody promised is not there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from budayang.center.areas.models import Area, Facility, HoursException, PlannedStop, PromisedHours
from budayang.center.platform.actors import Actor
from budayang.center.platform.queries import NOTHING, place_chain
from budayang.center.platform.roles import OPERATING_ROLES, Role
from budayang.rules.calendars import DayException, WeeklyWindow, open_windows
from budayang.rules.intervals import Interval, clip, union


@dataclass(frozen=True, slots=True)
class StopFact:
    """A planned stop as other rooms read it. `terminal_id` None and `department` "" mean the whole place."""

    id: int
    start: datetime
    end: datetime
    place_path: str
    terminal_id: int | None
    department: str
    kind: str
    reason: str
    announced_at: datetime


@dataclass(frozen=True, slots=True)
class PromiseNow:
    """Whether the area is promised to be open at a moment, and when that next changes (None: not within 8 days)."""

    open: bool
    until: datetime | None


def visible_to(actor: Actor) -> QuerySet[Area]:
    """Areas inside the actor's places. Bodies' people see the areas of their places: their terminals stand there."""
    areas = Area.objects.select_related("place", "manager", "keeper")
    if actor.sees_all:
        return areas
    allowed = NOTHING
    for grant in actor.grants if actor.kind == "staff" else ():
        if grant.role in OPERATING_ROLES:
            allowed |= Q(place__path__startswith=grant.place_path)
    return areas.filter(allowed)


def get_area(actor: Actor, code: str) -> Area:
    """Raises Area.DoesNotExist, also when the area lies outside the actor's scope."""
    return visible_to(actor).get(code=code)


def list_public() -> QuerySet[Area]:
    """Every area, for pages that anybody reads: name, address, hours and phone are public by duty."""
    return Area.objects.select_related("place", "manager")


def list_facilities(area_id: int) -> QuerySet[Facility]:
    return Facility.objects.filter(area_id=area_id)


def list_hours(area_id: int) -> QuerySet[PromisedHours]:
    """Versions of the promise, newest first, with their windows."""
    return PromisedHours.objects.filter(area_id=area_id).prefetch_related("windows")


def list_exceptions(area_id: int, since: date) -> QuerySet[HoursException]:
    """Days from `since` on that differ."""
    return HoursException.objects.filter(area_id=area_id, on__gte=since)


def stops_visible_to(actor: Actor) -> QuerySet[PlannedStop]:
    """Stops inside the actor's places, and those of a region above that reach down into them."""
    stops = PlannedStop.objects.select_related("place")
    if actor.sees_all:
        return stops
    allowed = NOTHING
    for grant in actor.grants if actor.kind == "staff" else ():
        if grant.role in OPERATING_ROLES:
            allowed |= Q(place__path__startswith=grant.place_path) | Q(place__path__in=place_chain(grant.place_path))
    return stops.filter(allowed)


def promised_windows(area_id: int, start: datetime, end: datetime) -> list[Interval]:
    """The promised opening times of an area within [start, end), by the version in force on each day.

    A window belongs to the day on which it opens: one that runs past midnight into a new version's first day stays
    whole, because each version is asked for its own days only (the days around them are closed by an exception).
    """
    area = Area.objects.select_related("place").get(id=area_id)
    zone = ZoneInfo(area.place.zone)
    first, last = start.astimezone(zone).date() - timedelta(days=1), end.astimezone(zone).date()
    versions = list(list_hours(area_id).filter(valid_from__lte=last).reverse())
    exceptions = [
        _day_exception(row) for row in HoursException.objects.filter(area_id=area_id, on__range=(first, last))
    ]
    found: list[Interval] = []
    for number, version in enumerate(versions):
        day = max(version.valid_from, first)
        after = versions[number + 1].valid_from if number + 1 < len(versions) else last + timedelta(days=1)
        after = min(after, last + timedelta(days=1))
        if day >= after:
            continue
        found += _version_windows(version, exceptions, day, after, area.place.zone)
    return clip(union(found), Interval(start, end))


def _version_windows(
    version: PromisedHours, exceptions: Sequence[DayException], day: date, after: date, zone: str
) -> list[Interval]:
    """Windows that open on the days [day, after) of one version, up to a day beyond the last of them."""
    one_day = timedelta(days=1)
    around = {day - one_day, after, after + one_day}
    own = [one for one in exceptions if one.on not in around]
    closed = [DayException(on=on, closed=True) for on in sorted(around)]
    tz = ZoneInfo(zone)
    return open_windows(
        weekly(version),
        [*own, *closed],
        datetime.combine(day, time(), tz),
        datetime.combine(after + one_day, time(), tz),
        zone=zone,
    )


def _day_exception(row: HoursException) -> DayException:
    windows = () if row.closed or row.opens is None or row.closes is None else ((row.opens, row.closes),)
    return DayException(on=row.on, closed=row.closed, windows=windows, reason=row.reason)


def hours_in_force(area_ids: Sequence[int], on: date) -> dict[int, tuple[WeeklyWindow, ...]]:
    """The weekly windows promised by each area on a day; areas that promise nothing yet are missing. Two queries."""
    found: dict[int, tuple[WeeklyWindow, ...]] = {}
    versions = PromisedHours.objects.filter(area_id__in=area_ids, valid_from__lte=on).prefetch_related("windows")
    for version in versions.order_by("valid_from"):
        found[version.area_id] = weekly(version)
    return found


def weekly(version: PromisedHours) -> tuple[WeeklyWindow, ...]:
    """The windows of a version as the rules read them."""
    return tuple(WeeklyWindow(row.weekday, row.opens, row.closes, row.closes_next_day) for row in version.windows.all())


def promise_now(area_id: int, now: datetime) -> PromiseNow:
    """Whether the area is promised to be open at `now`, and until when that stays so."""
    windows = promised_windows(area_id, now, now + timedelta(days=8))
    if not windows:
        return PromiseNow(False, None)
    first = windows[0]
    if first.start > now:
        return PromiseNow(False, first.start)
    return PromiseNow(True, first.end if first.end < now + timedelta(days=8) else None)


def planned_stops(
    start: datetime,
    end: datetime,
    *,
    area_id: int | None = None,
    terminal_id: int | None = None,
    department: str | None = None,
) -> list[StopFact]:
    """Stops in force that overlap [start, end) and touch any of what is named; all of them when nothing is named.

    `area_id` finds stops of the whole area or of a region above it; `terminal_id` those of the terminal; `department`
    those of its services, everywhere or, with `area_id`, only where they reach this area.
    """
    stops = PlannedStop.objects.filter(cancelled_at__isnull=True, starts_at__lt=end, ends_at__gt=start)
    if area_id is not None or terminal_id is not None or department is not None:
        covers = Q()
        wanted = NOTHING
        if area_id is not None:
            path = Area.objects.values_list("place__path", flat=True).get(id=area_id)
            covers = Q(place__path__in=place_chain(path))
            wanted |= covers & Q(terminal_id__isnull=True, department="")
        if terminal_id is not None:
            wanted |= Q(terminal_id=terminal_id)
        if department is not None:
            wanted |= covers & Q(department=department)
        stops = stops.filter(wanted)
    return [
        StopFact(
            id=row.pk,
            start=row.starts_at,
            end=row.ends_at,
            place_path=row.place.path,
            terminal_id=row.terminal_id,
            department=row.department,
            kind=row.kind,
            reason=row.reason,
            announced_at=row.announced_at,
        )
        for row in stops.select_related("place").order_by("starts_at", "id")
    ]


def coming_stops(area: Area, now: datetime) -> QuerySet[PlannedStop]:
    """Stops that run or are to come: of the area, its terminals, and of departments or regions that reach it."""
    above = Q(place__path__in=place_chain(area.place.path), terminal_id__isnull=True)
    stops = PlannedStop.objects.filter(cancelled_at__isnull=True, ends_at__gt=now)
    return stops.filter(above | Q(place=area.place)).select_related("place").order_by("starts_at")


def may_edit(actor: Actor, area: Area) -> bool:
    """Whether the actor may change the area's facts; pages ask, actions require."""
    return actor.may(Role.SUPERVISOR, Role.AREA_KEEPER, place_path=area.place.path)
