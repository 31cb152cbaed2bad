"""Reads of the areas. Hours come out as half-open intervals in UTC; what nobody promised is not there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Q, QuerySet

from budayang.center.areas import occurrences
from budayang.center.areas.models import Area, Facility, HoursException, PlannedStop, PromisedHours
from budayang.center.areas.occurrences import StopFact as StopFact
from budayang.center.areas.promise_queries import promised_by_area as promised_by_area
from budayang.center.areas.promise_queries import promised_windows as promised_windows
from budayang.center.areas.promise_queries import weekly as weekly
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import AuditLine
from budayang.center.platform.queries import NOTHING, place_chain
from budayang.center.platform.roles import OPERATING_ROLES, Role
from budayang.rules.calendars import WeeklyWindow
from budayang.rules.intervals import Interval

COMING = timedelta(days=366)
AHEAD = timedelta(days=8)
# More areas than this are asked for all at once: then every stop in force is read instead of a long list of names.
MOST_NAMED = 200


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


def facility_names() -> dict[str, str]:
    """What each kind of facility is called."""
    return {str(code): str(word) for code, word in Facility.Kind.choices}


def list_facilities(area_id: int) -> QuerySet[Facility]:
    return Facility.objects.filter(area_id=area_id)


def list_facilities_of(area_ids: Sequence[int]) -> QuerySet[Facility]:
    """Facilities of many areas."""
    return Facility.objects.filter(area_id__in=area_ids)


def list_hours(area_id: int) -> QuerySet[PromisedHours]:
    """Versions of the promise, newest first, with their windows."""
    return PromisedHours.objects.filter(area_id=area_id).prefetch_related("windows")


def list_exceptions(area_id: int, since: date) -> QuerySet[HoursException]:
    """Days from `since` on that differ."""
    return HoursException.objects.filter(area_id=area_id, on__gte=since)


def stops_visible_to(actor: Actor) -> QuerySet[PlannedStop]:
    """Stops inside the actor's places, and those of a region above that reach down into them."""
    stops = PlannedStop.objects.select_related("place", "owner")
    if actor.sees_all:
        return stops
    allowed = NOTHING
    for grant in actor.grants if actor.kind == "staff" else ():
        if grant.role in OPERATING_ROLES:
            allowed |= Q(place__path__startswith=grant.place_path) | Q(place__path__in=place_chain(grant.place_path))
    return stops.filter(allowed)


def hours_in_force(area_ids: Sequence[int], on: date) -> dict[int, tuple[WeeklyWindow, ...]]:
    """The weekly windows promised by each area on a day; areas that promise nothing yet are missing. Two queries."""
    found: dict[int, tuple[WeeklyWindow, ...]] = {}
    versions = PromisedHours.objects.filter(area_id__in=area_ids, valid_from__lte=on).prefetch_related("windows")
    for version in versions.order_by("valid_from"):
        found[version.area_id] = weekly(version)
    return found


def promise_now(area_id: int, now: datetime) -> PromiseNow:
    """Whether the area is promised to be open at `now`, and until when that stays so. Raises Area.DoesNotExist."""
    found = promises_now([area_id], now)
    if area_id not in found:
        raise Area.DoesNotExist
    return found[area_id]


def promises_now(area_ids: Iterable[int], now: datetime) -> dict[int, PromiseNow]:
    """The same of many areas, four queries."""
    end = now + AHEAD
    return {area_id: _promise(windows, now, end) for area_id, windows in promised_by_area(area_ids, now, end).items()}


def _promise(windows: Sequence[Interval], now: datetime, end: datetime) -> PromiseNow:
    if not windows:
        return PromiseNow(False, None)
    first = windows[0]
    if first.start > now:
        return PromiseNow(False, first.start)
    return PromiseNow(True, first.end if first.end < end else None)


def _in_force(start: datetime, end: datetime) -> QuerySet[PlannedStop]:
    """Rows with a possible occurrence in [start, end), with what expanding them needs: two queries."""
    rows = PlannedStop.objects.filter(cancelled_at__isnull=True, starts_at__lt=end)
    rows = rows.filter(Q(last_ends_at__isnull=True) | Q(last_ends_at__gt=start))
    return rows.select_related("place").prefetch_related("exceptions")


def planned_stops(
    start: datetime,
    end: datetime,
    *,
    area_id: int | None = None,
    terminal_id: int | None = None,
    department: str | None = None,
) -> list[StopFact]:
    """Occurrences in force that overlap [start, end) and touch any of what is named; all when nothing is named.

    `area_id` finds stops of the whole area or of a region above it; `terminal_id` those of the terminal and, with
    `area_id`, those of a kind of component in the area; `department` those of its services, everywhere or, with
    `area_id`, only where they reach this area. Without `terminal_id` no stop of a mere component is returned; with it,
    ask `rules.areas.covers` what an occurrence covers. A series comes as its single occurrences.
    """
    stops = _in_force(start, end)
    if terminal_id is None:
        stops = stops.filter(subject="", component="")
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
    return occurrences.facts(stops, start, end)


def stops_over(area_ids: Iterable[int], start: datetime, end: datetime) -> dict[int, list[StopFact]]:
    """Every occurrence in [start, end) that reaches each area: of it, of a region above, of its terminals, components
    and departments. Every area asked for has an entry. Three queries, however many areas.

    Ask `rules.areas.covers` what an occurrence covers; those with a `department` cover its items only.
    """
    paths = dict(Area.objects.filter(pk__in=list(area_ids)).values_list("pk", "place__path"))
    chains = {path: place_chain(path) for path in paths.values()}
    reaching = _in_force(start, end)
    if len(paths) <= MOST_NAMED:
        reaching = reaching.filter(place__path__in={one for chain in chains.values() for one in chain})
    by_place: dict[str, list[StopFact]] = {}
    for one in occurrences.facts(reaching, start, end) if paths else ():
        by_place.setdefault(one.place_path, []).append(one)
    found: dict[int, list[StopFact]] = {}
    for area_id, path in paths.items():
        mine = [one for above in chains[path] for one in by_place.get(above, ())]
        found[area_id] = sorted(mine, key=lambda one: (one.start, one.id))
    return found


def find_stop(actor: Actor, stop_id: int) -> PlannedStop | None:
    """A stop inside the actor's scope, with its exceptions."""
    return stops_visible_to(actor).filter(pk=stop_id).prefetch_related("exceptions").first()


def stop_history(stop: PlannedStop) -> list[AuditLine]:
    """Who did what to a stop and to those that it replaced, newest first."""
    chain = [stop]
    while (before := chain[-1].replaces) is not None:
        chain.append(before)
    subjects = [f"stop:{one.pk}" for one in chain]
    actions = ("areas.stop_planned", "areas.stop_changed", "areas.stop_cancelled")
    lines = AuditLine.objects.filter(action__in=actions, subject__in=subjects)
    # The index is by action and time, and nothing was done to it before it was announced. An audit line is written
    # within its action's transaction, a little after the moment that the action was given.
    return list(lines.filter(at__gte=chain[-1].announced_at - timedelta(minutes=1)).order_by("-id")[:200])


def may_edit(actor: Actor, area: Area) -> bool:
    """Whether the actor may change the area's facts; pages ask, actions require."""
    return actor.may(Role.SUPERVISOR, Role.AREA_KEEPER, place_path=area.place.path)
