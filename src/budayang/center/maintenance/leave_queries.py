"""Reads about absence: who is away, what compensatory time a person has, who could stand in."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db.models import Q, QuerySet

from budayang.center.maintenance import duty_queries as duty
from budayang.center.maintenance.models import DutyLeave, DutyShift
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Organization, Place, Staff
from budayang.center.platform.queries import parameter, parameters, scope_q
from budayang.center.services.queries import calendar_days
from budayang.rules.duty import Duty
from budayang.rules.duty_time import (
    Balance,
    Candidate,
    LeaveKind,
    Worth,
    balance,
    candidates,
    counted_minutes,
    earned_minutes,
)
from budayang.rules.intervals import Interval, clip

WORTH = ("duty_comp_night", "duty_comp_restday", "duty_comp_holiday", "duty_comp_valid_d")
LOOKED_AT = timedelta(days=14)
"""How far around a shift hours are counted, to say who has had the fewest."""


def leaves_visible_to(actor: Actor) -> QuerySet[DutyLeave]:
    """Absences in the rosters that the actor sees, and the actor's own."""
    mine = scope_q(actor, "place__path", ("organization_id",))
    own = Q(staff_id=actor.staff_id) if actor.staff_id else Q(pk__in=[])
    return DutyLeave.objects.filter(mine | own).select_related("staff", "organization", "place")


def rosters_of(staff_id: int, on: date) -> list[tuple[Organization, Place]]:
    """The rosters in which a person stands, on that day, in some shift that has not ended."""
    alive = Q(ends_on__isnull=True) | Q(ends_on__gte=on)
    rows = DutyShift.objects.filter(alive, members__staff_id=staff_id).select_related("organization", "place")
    found = {(row.organization_id, row.place_id): (row.organization, row.place) for row in rows.order_by("pk")}
    return list(found.values())


def minutes_of(start: datetime, end: datetime, place: Place, now: datetime) -> int:
    """What an absence takes of compensatory time."""
    day_s = float(parameter("duty_day_s", place.path, now))
    return counted_minutes(Interval(start, end), day_s, zone=place.zone)


def balance_of(staff_id: int, place: Place, now: datetime, *, at: datetime | None = None) -> Balance:
    """Compensatory time of a person, by the policy of a place. Earned: every duty that has ended, of every roster.
    Taken: what is granted, also what is still to come. `at`: what will be left then, of what is earned by now.
    """
    held = parameters(WORTH, [(place.path, "")], now)[place.path, ""]
    worth = Worth(*(float(held[name].value) for name in WORTH[:3]))
    valid = timedelta(days=float(held["duty_comp_valid_d"].value))
    table = calendar_days()
    done = [one for one, _shift in duty.my_duties(staff_id, now - 2 * valid, now) if one.end <= now]
    earned = [(one.end, earned_minutes(one, worth, zone=place.zone, table=table)) for one in done]
    taken = DutyLeave.objects.filter(staff_id=staff_id, state="granted", kind=LeaveKind.COMP.value)
    taken = taken.filter(starts_at__gte=now - 2 * valid)
    return balance(earned, list(taken.values_list("starts_at", "minutes")), max(now, at or now), valid)


def touched(leave: DutyLeave) -> list[Duty]:
    """The person's duties that the absence takes away or cut, as they are without it."""
    found = []
    for organization, place in rosters_of(leave.staff_id, leave.starts_at.date()):
        duties = duty.planned_duties(organization.pk, place.path, leave.starts_at, leave.ends_at)
        found += [one for one in duties if one.person == leave.staff_id]
    return sorted(found)


def who_could(shift: DutyShift, when: Interval, now: datetime) -> list[tuple[Staff, Candidate]]:
    """弹性排班: the people of the body's rosters for the place, those against whom nothing speaks first, then those
    with the fewest hours in the fortnight around the shift."""
    start, end = when.start - LOOKED_AT, when.end + LOOKED_AT
    shifts, duties, _zone = duty.read_roster(shift.organization_id, shift.place.path, start, end, below=True)
    people = {person for one in shifts for person in one.people}
    rest_s = float(
        parameters(["duty_rest_s"], [(shift.place.path, "")], now)[shift.place.path, ""]["duty_rest_s"].value
    )
    others = [one for one in duties if one.shift != shift.pk or not clip([one.interval], when)]
    away = duty.absences(people, when.start, when.end)
    found = candidates(people, others, away, when, timedelta(seconds=rest_s))
    staff = {one.pk: one for one in Staff.objects.filter(pk__in=people, is_active=True)}
    return [(staff[one.person], one) for one in found if one.person in staff]
