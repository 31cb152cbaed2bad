"""Reads of the maintenance room. Lists start at `..._visible_to(actor)`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache

from django.db.models import Case, Count, IntegerField, OuterRef, Prefetch, Q, QuerySet, Subquery, Value, When

from budayang.center.maintenance.models import FINAL_ORDER_STATES, Incident, WorkOrder, WorkOrderEvent
from budayang.center.maintenance.order_limits import events_of as events_of
from budayang.center.maintenance.order_limits import policy_of as policy_of
from budayang.center.maintenance.order_limits import read_clocks
from budayang.center.maintenance.order_limits import rule_events as rule_events
from budayang.center.maintenance.responsibility import attributed as attributed
from budayang.center.maintenance.responsibility import attributed_many as attributed_many
from budayang.center.maintenance.responsibility import usable as usable
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Place
from budayang.center.platform.queries import scope_q
from budayang.center.services.queries import calendar_days as calendar_days
from budayang.rules.calendars import DayKind
from budayang.rules.maintenance import (
    AFFECTS,
    Clock,
    Clocks,
    Severity,
    get_cause,
)

order_clocks = read_clocks
GRAVITY = {Severity.URGENT.value: 0, Severity.SERIOUS.value: 1, Severity.GENERAL.value: 2}
CLOCK_NAMES = {"respond": "响应", "arrive": "到场", "repair": "修复"}
INCIDENT_ORGANIZATIONS = ("owner_id", "vendor_id")
ORDER_ORGANIZATIONS = ("organization_id", "owner_id", "vendor_id")


@dataclass(frozen=True, slots=True)
class IncidentNow:
    """An open cause as the overview tells it: what, where, what it takes from people, who is on it, by when."""

    id: int
    url_path: str
    title: str
    severity: str
    place: str
    affects: str
    who: str
    due_at: datetime | None
    due_word: str
    overdue: bool
    opened_at: datetime
    symptoms: int


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """An order's numbers for the clauses: each None while it cannot be judged yet."""

    number: str
    responded_in_time: bool | None
    repaired_in_time: bool | None
    loop_closed: bool | None


def incidents_visible_to(actor: Actor) -> QuerySet[Incident]:
    """Incidents in the actor's places; owner units and vendors see those of their own machines and systems."""
    mine = scope_q(actor, "place_path", INCIDENT_ORGANIZATIONS)
    return Incident.objects.filter(mine).select_related("terminal", "area", "owner", "vendor", "cause")


def with_symptom_count(rows: QuerySet[Incident]) -> QuerySet[Incident]:
    """Adds `symptom_count`; counted row by row, so that a page pays for its own rows only."""
    below = Incident.objects.filter(cause=OuterRef("pk")).order_by().values("cause")
    return rows.annotate(symptom_count=Subquery(below.annotate(count=Count("pk")).values("count")))


def orders_visible_to(actor: Actor) -> QuerySet[WorkOrder]:
    """Orders in the actor's places; bodies' people see those they are to do and those on their own machines."""
    mine = scope_q(actor, "place_path", ORDER_ORGANIZATIONS)
    return WorkOrder.objects.filter(mine).select_related(
        "incident__terminal", "incident__area", "organization", "assignee"
    )


def incidents_of_terminal(actor: Actor, terminal_id: int, since: datetime, limit: int) -> list[Incident]:
    """Incidents of one terminal that stood at or after a moment, the oldest of the newest `limit` first."""
    rows = incidents_visible_to(actor).filter(terminal_id=terminal_id)
    rows = rows.filter(Q(closed_at__isnull=True) | Q(closed_at__gt=since)).order_by("-opened_at", "-pk")
    return list(rows[:limit])[::-1]


def incidents_during(area_id: int, terminal_id: int, start: datetime, end: datetime) -> list[Incident]:
    """What stood at a terminal, or in its area as a whole, at any moment of [start, end], oldest first.

    For rooms above, which joins it to what people said of that time; who may see it is theirs to check.
    """
    mine = Q(terminal_id=terminal_id) | Q(area_id=area_id, terminal__isnull=True)
    rows = Incident.objects.filter(mine, opened_at__lte=end).filter(Q(closed_at__isnull=True) | Q(closed_at__gte=start))
    return list(rows.select_related("terminal", "area", "cause").order_by("opened_at", "pk")[:50])


def visible_incident_ids(actor: Actor, ids: Sequence[int]) -> set[int]:
    """Which of these incidents the actor may see."""
    mine = scope_q(actor, "place_path", INCIDENT_ORGANIZATIONS)
    return set(Incident.objects.filter(mine, pk__in=list(ids)).values_list("pk", flat=True))


def department_incidents_during(department: str, start: datetime, end: datetime) -> list[Incident]:
    """What stood at a department's system at any moment of [start, end], oldest first."""
    rows = Incident.objects.filter(department=department, terminal__isnull=True, opened_at__lte=end)
    rows = rows.filter(Q(closed_at__isnull=True) | Q(closed_at__gte=start))
    return list(rows.select_related("terminal", "area", "cause").order_by("opened_at", "pk")[:20])


def on_site_times(terminal_id: int, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """When somebody was at a terminal for an order: from the arrival to the repair, as orders tell it."""
    events = WorkOrderEvent.objects.filter(
        order__incident__terminal_id=terminal_id, event__in=("arrived", "repaired"), at__gte=start, at__lte=end
    )
    spans: list[tuple[datetime, datetime]] = []
    here: dict[int, datetime] = {}
    for order_id, event, at in events.order_by("at", "pk").values_list("order_id", "event", "at"):
        if event == "arrived":
            here.setdefault(order_id, at)
        elif order_id in here:
            spans.append((here.pop(order_id), at))
    return spans


def active_orders_of_terminal(actor: Actor, terminal_id: int) -> list[WorkOrder]:
    """Orders on a terminal's incidents that are not done, oldest first."""
    rows = orders_visible_to(actor).filter(incident__terminal_id=terminal_id).exclude(state__in=FINAL_ORDER_STATES)
    return list(rows.order_by("opened_at", "pk")[:20])


def get_order(actor: Actor, number: str) -> WorkOrder:
    """Raises WorkOrder.DoesNotExist, also for an order outside the actor's scope."""
    return orders_visible_to(actor).get(number=number)


def named_clocks(clocks: Clocks) -> list[tuple[str, Clock]]:
    """("respond" | "arrive" | "repair", clock), in order."""
    return [("respond", clocks.respond), ("arrive", clocks.arrive), ("repair", clocks.repair)]


def next_clock(clocks: Clocks) -> tuple[str, Clock] | None:
    """The clock that has to be met next, or None when all are met or stand still."""
    running = [
        (clock.due_at, name, clock)
        for name, clock in named_clocks(clocks)
        if clock.met_at is None and clock.due_at is not None
    ]
    first = min(running, key=lambda one: one[0], default=None)
    return (first[1], first[2]) if first else None


def open_incident_count(actor: Actor, most: int) -> int:
    """Open causes (symptoms left out) that the actor sees, counted up to `most`."""
    rows = Incident.objects.filter(
        scope_q(actor, "place_path", INCIDENT_ORGANIZATIONS), closed_at__isnull=True, cause__isnull=True
    )
    return rows[:most].count()


def _gravest_first(incidents: QuerySet[Incident]) -> QuerySet[Incident]:
    gravity = Case(
        *(When(severity=word, then=Value(rank)) for word, rank in GRAVITY.items()),
        default=Value(9),
        output_field=IntegerField(),
    )
    return incidents.annotate(gravity=gravity).order_by("gravity", "-opened_at", "pk")


def open_incidents(actor: Actor, limit: int = 8, *, now: datetime, newest: bool = False) -> Sequence[IncidentNow]:
    """Open causes, gravest and then newest first (`newest`: newest first, whatever the gravity), with who is on each
    and the clock that runs.
    """
    active = WorkOrder.objects.exclude(state__in=FINAL_ORDER_STATES).select_related("organization", "assignee")
    rows = incidents_visible_to(actor).filter(state="open", cause__isnull=True)
    rows = rows.order_by("-opened_at", "pk") if newest else _gravest_first(rows)
    rows = rows.prefetch_related(
        Prefetch("orders", queryset=active.prefetch_related("events"), to_attr="active_orders")
    )
    found = list(rows[:limit])
    # Of the few that are shown only: counting by a join would group every open cause of the city.
    symptoms = Incident.objects.filter(cause__in=[row.pk for row in found], state="open").order_by()
    counted = dict(symptoms.values_list("cause").annotate(count=Count("pk")))
    # Only what has no area (a department's system) is told by its region: no query while there is none.
    paths = {row.place_path for row in found if row.area is None}
    regions = dict(Place.objects.filter(path__in=paths).values_list("path", "name")) if paths else {}
    return [_incident_now(row, regions, now, counted.get(row.pk, 0)) for row in found]


def _incident_now(row: Incident, regions: Mapping[str, str], now: datetime, symptoms: int) -> IncidentNow:
    orders: list[WorkOrder] = row.active_orders  # type: ignore[attr-defined]  # to_attr of the prefetch above
    order = orders[0] if orders else None
    running = next_clock(order_clocks(order, now)) if order else None
    return IncidentNow(
        id=row.pk,
        url_path=f"/console/orders/{order.number}/" if order else f"/console/incidents/{row.pk}/",
        title=f"{row.terminal.name} {row.title}" if row.terminal else row.title,
        severity=row.severity,
        place=row.area.name if row.area else regions.get(row.place_path, ""),
        affects=affects_text(row.kind),
        who=who(order) if order else "",
        due_at=running[1].due_at if running else None,
        due_word=CLOCK_NAMES[running[0]] if running else "",
        overdue=bool(running and running[1].overdue),
        opened_at=row.opened_at,
        symptoms=symptoms,
    )


def who(order: WorkOrder) -> str:
    """Organization and person of an order."""
    return f"{order.organization.name} {order.assignee.name}" if order.assignee else order.organization.name


def affects_text(kind: str) -> str:
    """What a person loses by an incident kind, in words; empty when nothing yet."""
    return "、".join(AFFECTS.get(word, word) for word in get_cause(kind).affects)


def slowest_alarm(place_path: str, start: datetime, end: datetime) -> tuple[float, int, str]:
    """(seconds from fact to notice of the slowest, how many incidents, its ref) of a place and period, for WH-14."""
    rows = Incident.objects.filter(
        place_path__startswith=place_path, noticed_at__gte=start, noticed_at__lt=end, alarm_s__isnull=False
    )
    slowest = rows.order_by("-alarm_s").first()
    return (slowest.alarm_s or 0.0, rows.count(), f"incident:{slowest.pk}") if slowest else (0.0, 0, "")


def order_facts(place_path: str, start: datetime, end: datetime, now: datetime) -> list[OrderFacts]:
    """Every order opened under a place in a period, judged as of `now`; cancelled ones are left out,
    and duplicates, which the order tells of into which they were merged."""
    rows = WorkOrder.objects.filter(place_path__startswith=place_path, opened_at__gte=start, opened_at__lt=end)
    rows = rows.exclude(state__in=("cancelled", "merged")).prefetch_related("events").order_by("opened_at")
    days = cache(calendar_days)
    return [_order_facts(row, now, days) for row in rows]


def _order_facts(order: WorkOrder, now: datetime, days: Callable[[], Mapping[date, DayKind]]) -> OrderFacts:
    clocks = order_clocks(order, now, days)
    kinds = {row.event for row in order.events.all()}
    closed = order.state == "closed" and {"repaired", "verified", "closed"} <= kinds
    return OrderFacts(
        number=order.number,
        responded_in_time=_in_time(clocks.respond),
        repaired_in_time=_in_time(clocks.repair),
        loop_closed=closed if closed or clocks.repair.overdue or order.state == "closed" else None,
    )


def _in_time(clock: Clock) -> bool | None:
    if clock.overdue:
        return False
    return True if clock.met_at is not None else None


def terminals_in_trouble(terminal_ids: Sequence[int], at: datetime) -> dict[int, set[int]]:
    """Which of these terminals had, at a moment, an incident that takes something from people (YJ-08), and which."""
    rows = Incident.objects.filter(terminal_id__in=list(terminal_ids), opened_at__lte=at).filter(
        Q(closed_at__isnull=True) | Q(closed_at__gt=at)
    )
    found: dict[int, set[int]] = {}
    for pk, terminal_id, kind in rows.order_by().values_list("pk", "terminal_id", "kind"):
        if terminal_id is not None and get_cause(kind).affects:
            found.setdefault(terminal_id, set()).add(pk)
    return found
