"""What stands in a person's calendar: shifts, due rounds, visits for own orders. Nothing of other people."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from budayang.center.maintenance import duty_queries as duty
from budayang.center.maintenance.models import (
    FINAL_ORDER_STATES,
    DutyChange,
    DutyFeed,
    DutyShift,
    Round,
    RoundPlan,
    WorkOrder,
)
from budayang.center.maintenance.order_limits import read_clocks
from budayang.center.maintenance.round_queries import plan_of
from budayang.center.platform.actors import Actor
from budayang.center.platform.sealing import lookup_hash
from budayang.center.platform.wording import words
from budayang.center.services.queries import calendar_days
from budayang.rules import duty as duty_rules
from budayang.rules.causes import get_cause
from budayang.rules.duty import POST_NAMES, Duty
from budayang.rules.feeds import AHEAD, BACK, Entry, in_order, uid
from budayang.rules.intervals import Interval
from budayang.rules.rounds import due_rounds

VISIT = timedelta(minutes=30)
"""How long before its limit a visit stands in the calendar: the limit is its end."""


def feeds_of(actor: Actor) -> QuerySet[DutyFeed]:
    """The actor's own addresses."""
    return DutyFeed.objects.filter(staff_id=actor.staff_id) if actor.staff_id else DutyFeed.objects.none()


def hash_of(key: str) -> str:
    """What is kept of an address."""
    return lookup_hash("maintenance.duty_feed", key)


def find_feed(key: str) -> DutyFeed | None:
    """The feed of an address, revoked or not; None for one that never was, or of somebody who left."""
    return DutyFeed.objects.filter(key_hash=hash_of(key), staff__is_active=True).select_related("staff").first()


def entries_of(staff_id: int, now: datetime) -> list[Entry]:
    """The calendar of a person, in order of time."""
    start, end = now - BACK, now + AHEAD
    return in_order([*_shifts(staff_id, start, end), *_rounds(staff_id, start, end), *_visits(staff_id, now)])


def _shifts(staff_id: int, start: datetime, end: datetime) -> list[Entry]:
    """Shifts that the person has, and as cancelled those that were theirs: swapped, given away, cut out by leave, or
    taken over and given back."""
    mine = duty.my_duties(staff_id, start, end)
    seen: dict[tuple[int, object], int] = {}
    found: list[Entry] = []
    for one, shift in mine:
        key = (one.shift, one.on if one.shift else one.start)
        seen[key] = seen.get(key, 0) + 1
        found.append(_shift(one, shift, "" if seen[key] == 1 else str(seen[key])))
    rows = {row.pk: row for row in _shifts_once_of(staff_id)}
    for row in rows.values():
        within = Interval(start, end)
        for one in duty_rules.expand([duty.shift_of(row)], [], within, zone=row.place.zone, table=calendar_days()):
            if one.person == staff_id:
                found.append(_shift(one, row, "", cancelled=True))
    given_back = DutyChange.objects.filter(staff_id=staff_id).select_related("shift__place", "place")
    for change in given_back.filter(Q(on__gte=start.date(), on__lte=end.date()) | Q(starts_at__range=(start, end))):
        found.append(_change(change))
    return found


def _shifts_once_of(staff_id: int) -> list[DutyShift]:
    rows = DutyShift.objects.filter(members__staff_id=staff_id).select_related("place").prefetch_related("members")
    return list(rows.distinct())


def _shift(one: Duty, row: DutyShift | None, part: str, *, cancelled: bool = False) -> Entry:
    name = row.name if row else _("加班")
    key = uid("shift", one.shift, f"{one.on:%Y%m%d}", *([part] if part else []))
    if not one.shift:
        key = uid("extra", f"{one.start:%Y%m%dT%H%M}", *([part] if part else []))
    title = _("值班：%(name)s（%(post)s）") % {"name": name, "post": words(POST_NAMES[one.post])}
    return Entry(key, one.start, one.end, title, url="/console/duty/", cancelled=cancelled)


def _change(change: DutyChange) -> Entry:
    """A change that once gave the person a duty, as cancelled; where it still holds, the duty itself wins."""
    if change.shift is not None and change.on is not None:
        when = duty_rules.span(duty.shift_of(change.shift), change.on, change.shift.place.zone)
        one = Duty(when.start, when.end, 0, change.shift.pk, change.on)
        return _shift(one, change.shift, "", cancelled=True)
    assert change.starts_at is not None
    assert change.ends_at is not None
    one = Duty(change.starts_at, change.ends_at, 0, 0, change.starts_at.date())
    return _shift(one, None, "", cancelled=True)


def _rounds(staff_id: int, start: datetime, end: datetime) -> list[Entry]:
    """Rounds of plans that name the person: those that were opened, and those that will be."""
    plans = list(RoundPlan.objects.filter(person_id=staff_id).select_related("area__place"))
    rows = Round.objects.filter(plan__in=plans, opens_at__gte=start, opens_at__lt=end)
    found = [
        _round(row.plan, row.opens_at, row.closes_at, row.area.name, cancelled=row.state == "cancelled")
        for row in rows.select_related("plan", "area")
    ]
    table = calendar_days()
    for plan in plans:
        if plan.next_at is None:
            continue
        for one in due_rounds(plan_of(plan), max(plan.next_at, start), end, table):
            found.append(_round(plan, one.start, one.end, plan.area.name))
    return found


def _round(plan: RoundPlan, opens: datetime, closes: datetime, area: str, *, cancelled: bool = False) -> Entry:
    key = uid("round", plan.pk, f"{opens:%Y%m%dT%H%M}")
    title = _("巡查：%(name)s") % {"name": plan.name}
    return Entry(key, opens, closes, title, where=area, url="/console/rounds/", cancelled=cancelled)


def _visits(staff_id: int, now: datetime) -> list[Entry]:
    """For each order that the person has: when somebody has to be there; after the arrival, when it was. Cancelled when
    it ended without one."""
    rows = WorkOrder.objects.filter(assignee_id=staff_id, opened_at__gte=now - BACK)
    rows = rows.select_related("incident__terminal", "incident__area").prefetch_related("events")
    found = []
    for order in rows.order_by("pk"):
        arrive = read_clocks(order, now).arrive
        at = arrive.met_at or arrive.due_at
        if at is None:
            continue
        incident = order.incident
        what = words(get_cause(incident.kind).title)
        title = _("到场：%(what)s") % {"what": what}
        where = " ".join(part.name for part in (incident.area, incident.terminal) if part is not None)
        over = order.state in FINAL_ORDER_STATES and arrive.met_at is None
        url = f"/console/orders/{order.number}/"
        found.append(Entry(uid("order", order.number), at - VISIT, at, title, where, order.number, url, cancelled=over))
    return found
