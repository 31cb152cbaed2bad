"""What orders and incidents say of the clauses of a standard, for one place and a period."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from django.db.models import Max

from budayang.center.maintenance.models import Incident, WorkOrder, WorkOrderEvent
from budayang.center.maintenance.order_limits import Plain, clocks_of, events_of, in_force, rule_events
from budayang.center.services.queries import calendar_days
from budayang.rules.calendars import DayKind, day_kind
from budayang.rules.causes import Bucket, get_cause
from budayang.rules.maintenance import Clock
from budayang.rules.parameters import STEPS, deadline_name
from budayang.rules.standard.trial_orders import Fate, replayed_order

MAKE_GOOD_KINDS = ("make_good", "paid_without_output")
PUBLIC = (Bucket.POWER.value, Bucket.NETWORK.value, Bucket.SITE.value)
WORKED = (DayKind.WORKDAY, DayKind.MAKEUP)
FOLLOW_WITHIN = timedelta(hours=1)
MAKE_GOOD_WITHIN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class OrderSeen:
    """An order as the clauses read it: each answer None while it cannot be judged yet. `off_hours`: opened outside the
    office hours of a working day. `transfer_s`: from arriving to handing it on, None when it was not.
    """

    number: str
    responded: bool | None
    arrived: bool | None
    repaired: bool | None
    closed: bool | None
    repair_s: float | None
    transfer_s: float | None
    off_hours: bool
    public: bool
    organization_id: int


@dataclass(frozen=True, slots=True)
class Otherwise:
    """What a trial changes for orders: what becomes of incidents, by number; limits in seconds of a draft, by the name
    of the parameter. Limits of a contract stay.
    """

    fates: Mapping[int, Fate] = field(default_factory=dict)
    limits: Mapping[str, float] = field(default_factory=dict)


def orders_seen(
    place_path: str, start: datetime, end: datetime, now: datetime, office: tuple[float, float], zone: str,
    otherwise: Otherwise | None = None,
) -> list[OrderSeen]:  # fmt: skip
    """Every order opened under a place in a period, judged as of `now`; cancelled ones are left out, and duplicates.
    `otherwise`: as a trial would have it; an order that would not have been written is left out.

    `office`: when it opens and closes, in seconds of the day.
    """
    rows = WorkOrder.objects.filter(place_path__startswith=place_path, opened_at__gte=start, opened_at__lt=end)
    rows = rows.exclude(state__in=("cancelled", "merged")).select_related("incident").prefetch_related("events")
    days = cache(calendar_days)
    changed = otherwise or Otherwise()
    seen = [_otherwise(row, _seen(row, now, days, office, zone, changed), now, days, changed)
            for row in rows.order_by("opened_at")]  # fmt: skip
    return [one for one in seen if one is not None]


def _seen(
    order: WorkOrder,
    now: datetime,
    days: Callable[[], Mapping[date, DayKind]],
    office: tuple[float, float],
    zone: str,
    changed: Otherwise,
) -> OrderSeen:
    events = events_of(order)
    clocks = clocks_of(rule_events(events), _stretches(order, events, changed), now, days)
    kinds = {row.event for row in events}
    closed = order.state == "closed" and {"repaired", "verified", "closed"} <= kinds
    return OrderSeen(
        number=order.number,
        responded=_in_time(clocks.respond),
        arrived=_in_time(clocks.arrive),
        repaired=_in_time(clocks.repair),
        closed=closed if closed or clocks.repair.overdue or order.state == "closed" else None,
        repair_s=clocks.repair.used_s if clocks.repair.met_at is not None else None,
        transfer_s=_handed_on(events),
        off_hours=_off_hours(order.opened_at, days(), office, zone),
        public=order.incident.bucket in PUBLIC,
        organization_id=order.organization_id,
    )


def _stretches(order: WorkOrder, events: Sequence[WorkOrderEvent], changed: Otherwise) -> list[tuple[datetime, Plain]]:
    """The limits of an order, a draft's in place of those that the edition had set."""
    found = in_force(order, events)
    if not changed.limits:
        return found
    names = {f"{step}_s": deadline_name(step, order.incident.severity) for step in STEPS}
    own = {key: changed.limits[name] for key, name in names.items() if name in changed.limits}
    return [(since, kept if kept.get("contract") else {**kept, **own}) for since, kept in found]


def _otherwise(
    order: WorkOrder, seen: OrderSeen, now: datetime, days: Callable[[], Mapping[date, DayKind]], changed: Otherwise
) -> OrderSeen | None:
    """The order with what becomes of its fault: how soon somebody answered and came stays as it was."""
    fate = changed.fates.get(order.incident_id)
    if fate is None:
        return seen
    events = events_of(order)
    moved = replayed_order(rule_events(events), fate)
    if moved is None:
        return None
    repair = clocks_of(moved, _stretches(order, events, changed), now, days).repair
    return replace(seen, repaired=_in_time(repair), repair_s=repair.used_s if repair.met_at is not None else None)


def _in_time(clock: Clock) -> bool | None:
    if clock.overdue:
        return False
    return True if clock.met_at is not None else None


def _handed_on(events: Iterable[WorkOrderEvent]) -> float | None:
    arrived: datetime | None = None
    for row in events:
        if row.event == "arrived" and arrived is None:
            arrived = row.at
        if row.event == "transferred" and arrived is not None:
            return (row.at - arrived).total_seconds()
    return None


def _off_hours(at: datetime, days: Mapping[date, DayKind], office: tuple[float, float], zone: str) -> bool:
    here = at.astimezone(ZoneInfo(zone))
    if day_kind(here.date(), days) not in WORKED:
        return True
    second = here.hour * 3600 + here.minute * 60 + here.second
    return not office[0] <= second < office[1]


@dataclass(frozen=True, slots=True)
class IncidentsSeen:
    """Causes of a place and period. `outage_s`: the slowest alarm of power and network, of `outages`. `followed` of
    `judged`: closed, or an order was written; a cause that has just opened is not judged. `made_good` of `make_good`:
    matters that somebody had to make good. `unfollowed`, `waiting`: ids to look at.
    """

    outage_s: float
    outages: int
    followed: int
    judged: int
    made_good: int
    make_good: int
    unfollowed: tuple[int, ...]
    waiting: tuple[int, ...]


def incidents_seen(place_path: str, start: datetime, end: datetime, now: datetime) -> IncidentsSeen:
    """Causes (symptoms left out) that opened in [start, end)."""
    rows = Incident.objects.filter(
        place_path__startswith=place_path, opened_at__gte=start, opened_at__lt=end, cause__isnull=True
    )
    outages = rows.filter(bucket__in=(Bucket.POWER.value, Bucket.NETWORK.value), alarm_s__isnull=False)
    found = rows.annotate(order=Max("orders__pk")).values_list("pk", "kind", "state", "opened_at", "order")
    followed: list[int] = []
    unfollowed: list[int] = []
    made: list[int] = []
    waiting: list[int] = []
    for pk, kind, state, opened_at, order in found.order_by("-opened_at"):
        if kind in MAKE_GOOD_KINDS and (state == "closed" or opened_at <= now - MAKE_GOOD_WITHIN):
            (made if state == "closed" else waiting).append(pk)
        if get_cause(kind).affects and (state == "closed" or order or opened_at <= now - FOLLOW_WITHIN):
            (followed if state == "closed" or order else unfollowed).append(pk)
    return IncidentsSeen(
        outage_s=outages.aggregate(most=Max("alarm_s"))["most"] or 0.0,
        outages=outages.count(),
        followed=len(followed),
        judged=len(followed) + len(unfollowed),
        made_good=len(made),
        make_good=len(made) + len(waiting),
        unfollowed=tuple((unfollowed + followed)[:8]),
        waiting=tuple((waiting + made)[:8]),
    )
