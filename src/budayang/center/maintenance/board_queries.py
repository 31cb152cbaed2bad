"""What the overview and the wall ask of this room: counts of what is open, who is on duty. Each is a
fixed number of queries, whatever the number of terminals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q

from budayang.center.areas import queries as areas
from budayang.center.maintenance import duty_queries
from budayang.center.maintenance.models import DutyChange, DutyShift, Incident
from budayang.center.maintenance.queries import INCIDENT_ORGANIZATIONS
from budayang.center.platform import queries as platform
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Organization, Place, Staff
from budayang.center.platform.queries import scope_q
from budayang.center.services.queries import calendar_days
from budayang.rules import duty as rules
from budayang.rules.intervals import Interval

LOOK_AHEAD = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class OpenCounts:
    """Open causes by severity ("urgent", "serious", "general"), and the symptoms that they hold down."""

    by_severity: Mapping[str, int]
    symptoms: int

    @property
    def causes(self) -> int:
        return sum(self.by_severity.values())


@dataclass(frozen=True, slots=True)
class DutyNow:
    """One roster now: who is on duty, and when within a day nobody is although somebody should be (None: never).

    `gap_goes_on`: nobody is there at the end of that day either, so that the end of `gap` is not the end of the gap.
    """

    body: Organization
    place: Place
    people: tuple[Staff, ...]
    until_at: datetime | None
    gap: Interval | None
    gap_goes_on: bool


@dataclass(frozen=True, slots=True)
class DutyBoard:
    """The first rosters of the actor's places, and how many there are in all."""

    rosters: tuple[DutyNow, ...]
    count: int


def open_counts(actor: Actor) -> OpenCounts:
    """One query."""
    rows = Incident.objects.filter(scope_q(actor, "place_path", INCIDENT_ORGANIZATIONS), state="open").order_by()
    by_severity: dict[str, int] = {}
    symptoms = 0
    for severity, is_symptom, count in (
        rows.annotate(hangs=Q(cause__isnull=False)).values_list("severity", "hangs").annotate(count=Count("pk"))
    ):
        if is_symptom:
            symptoms += count
        else:
            by_severity[severity] = count
    return OpenCounts(by_severity, symptoms)


def open_by_place(actor: Actor) -> list[tuple[str, str, int]]:
    """(place path, severity, open causes) within the actor's scope, one query."""
    rows = Incident.objects.filter(
        scope_q(actor, "place_path", INCIDENT_ORGANIZATIONS), closed_at__isnull=True, cause__isnull=True
    )
    return list(rows.order_by().values_list("place_path", "severity").annotate(count=Count("pk")))


def duty_board(actor: Actor, now: datetime, limit: int = 4) -> DutyBoard:
    """Who is on duty now in the first `limit` rosters (the widest places first) and the next gap of each within a day.

    A place that is an area wants somebody during its promised hours, a region around the clock.
    """
    alive = duty_queries.shifts_visible_to(actor).filter(Q(ends_on__isnull=True) | Q(ends_on__gte=now.date()))
    pairs = list(
        alive.order_by("place__path", "organization__code")
        .prefetch_related(None)
        .select_related(None)
        .values_list("organization_id", "place_id", "place__path", "organization__code")
        .distinct()[: 10 * limit + 1]
    )
    shown = [(body, place) for body, place, _path, _code in pairs[:limit]]
    if not shown:
        return DutyBoard((), 0)
    wanted = Q()
    for body, place in shown:
        wanted |= Q(organization_id=body, place_id=place)
    rows = list(alive.filter(wanted))
    changes = DutyChange.objects.filter(wanted, withdrawn_at__isnull=True).filter(
        Q(on__gte=(now - timedelta(days=2)).date()) | Q(ends_at__gt=now)
    )
    by_roster: dict[tuple[int, int], list[DutyShift]] = {}
    for row in rows:
        by_roster.setdefault((row.organization_id, row.place_id), []).append(row)
    changed: dict[tuple[int, int], list[rules.Change]] = {}
    for change in changes:
        changed.setdefault((change.organization_id, change.place_id), []).append(duty_queries.change_of(change))
    within, table = Interval(now, now + LOOK_AHEAD), calendar_days()
    promised = _promised([row.place for row in rows], within)
    expanded = {
        key: rules.expand(
            [duty_queries.shift_of(row) for row in mine], changed.get(key, []), within,
            zone=mine[0].place.zone, table=table,
        )
        for key, mine in by_roster.items()
    }  # fmt: skip
    here = {key: [d for d in rules.on_duty(found, now) if d.post in rules.ON_DUTY] for key, found in expanded.items()}
    wanted_ids = {duty.person for found in here.values() for duty in found}
    people = platform.staff_visible_to(duty_queries.JOB).filter(is_active=True).in_bulk(wanted_ids)
    rosters = []
    for key in shown:
        first = by_roster[key][0]
        gap = next(iter(rules.gaps(expanded[key], promised.get(first.place_id, [within]), within)), None)
        rosters.append(
            DutyNow(
                body=first.organization,
                place=first.place,
                people=tuple(people[d.person] for d in here[key] if d.person in people),
                until_at=max((d.end for d in here[key]), default=None),
                gap=gap,
                gap_goes_on=gap is not None and gap.end >= within.end,
            )
        )
    return DutyBoard(tuple(rosters), len(pairs))


def _promised(places: list[Place], within: Interval) -> dict[int, list[Interval]]:
    """place id → promised hours of the places that are areas."""
    ids = [one.pk for one in places if one.kind == Place.Kind.AREA]
    found = dict(areas.visible_to(duty_queries.JOB).filter(place__in=ids).values_list("pk", "place_id"))
    hours = areas.promised_by_area(list(found), within.start, within.end)
    return {found[area_id]: list(windows) for area_id, windows in hours.items()}
