"""Reads of the maintenance room. Lists start at `..._visible_to(actor)`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case, Count, IntegerField, Prefetch, Q, QuerySet, Value, When

from budayang.center.maintenance.models import FINAL_ORDER_STATES, Incident, WorkOrder, WorkOrderEvent
from budayang.center.maintenance.responsibility import attributed as attributed
from budayang.center.maintenance.responsibility import usable as usable
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Place
from budayang.center.platform.queries import scope_q
from budayang.rules.maintenance import (
    EVENT_NAMES,
    Clock,
    ClockPolicy,
    Clocks,
    OrderEvent,
    Severity,
    get_cause,
)
from budayang.rules.maintenance import order_clocks as judge_clocks

GRAVITY = {Severity.URGENT.value: 0, Severity.SERIOUS.value: 1, Severity.GENERAL.value: 2}
CLOCK_NAMES = {"respond": "响应", "arrive": "到场", "repair": "修复"}
AFFECTS = {
    "terminal": "整台不能用",
    "printing": "不能打印",
    "identity": "不能读身份证",
    "items": "该部门事项办不了",
    "entry": "进不了门",
    "camera": "摄像头不能用",
}
INCIDENT_ORGANIZATIONS = ("owner_id", "vendor_id")
ORDER_ORGANIZATIONS = ("organization_id", "incident__owner_id", "incident__vendor_id")


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


def orders_visible_to(actor: Actor) -> QuerySet[WorkOrder]:
    """Orders in the actor's places; bodies' people see those they are to do and those on their own machines."""
    mine = scope_q(actor, "place_path", ORDER_ORGANIZATIONS)
    return WorkOrder.objects.filter(mine).select_related(
        "incident__terminal", "incident__area", "organization", "assignee"
    )


def get_order(actor: Actor, number: str) -> WorkOrder:
    """Raises WorkOrder.DoesNotExist, also for an order outside the actor's scope."""
    return orders_visible_to(actor).get(number=number)


def events_of(order: WorkOrder) -> list[WorkOrderEvent]:
    """What happened to an order, oldest first."""
    return sorted(order.events.all(), key=lambda row: (row.at, row.pk))


def rule_events(rows: Iterable[WorkOrderEvent]) -> list[OrderEvent]:
    """The rows that move the order, as the rules read them."""
    return [OrderEvent(row.event, row.at, row.reason) for row in rows if row.event in EVENT_NAMES]


def policy_of(order: WorkOrder) -> ClockPolicy:
    """The limits that were in force when the order opened."""
    kept = order.policy
    return ClockPolicy(
        respond_s=kept["respond_s"],
        arrive_s=kept["arrive_s"],
        repair_s=kept["repair_s"],
        stopping_reasons=frozenset(kept["stopping_reasons"]),
        repair_from=kept["repair_from"],
    )


def order_clocks(order: WorkOrder, now: datetime) -> Clocks:
    """Respond, arrive and repair as of `now`. Clocks run day and night: WH-21 asks the same of days off."""
    return judge_clocks(rule_events(events_of(order)), policy_of(order), None, now)


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


def open_incident_count(actor: Actor) -> int:
    """Open causes (symptoms left out) that the actor sees."""
    return Incident.objects.filter(
        scope_q(actor, "place_path", INCIDENT_ORGANIZATIONS), state="open", cause__isnull=True
    ).count()


def _gravest_first(incidents: QuerySet[Incident]) -> QuerySet[Incident]:
    gravity = Case(
        *(When(severity=word, then=Value(rank)) for word, rank in GRAVITY.items()),
        default=Value(9),
        output_field=IntegerField(),
    )
    return incidents.annotate(gravity=gravity).order_by("gravity", "-opened_at", "pk")


def open_incidents(actor: Actor, limit: int = 8, *, now: datetime) -> Sequence[IncidentNow]:
    """Open causes, gravest and newest first, with who is on each and the clock that runs."""
    active = WorkOrder.objects.exclude(state__in=FINAL_ORDER_STATES).select_related("organization", "assignee")
    rows = _gravest_first(incidents_visible_to(actor).filter(state="open", cause__isnull=True))
    rows = rows.annotate(symptom_count=Count("symptoms", filter=Q(symptoms__state="open"))).prefetch_related(
        Prefetch("orders", queryset=active.prefetch_related("events"), to_attr="active_orders")
    )
    found = list(rows[:limit])
    # Only what has no area (a department's system) is told by its region: no query while there is none.
    paths = {row.place_path for row in found if row.area is None}
    regions = dict(Place.objects.filter(path__in=paths).values_list("path", "name")) if paths else {}
    return [_incident_now(row, regions, now) for row in found]


def _incident_now(row: Incident, regions: Mapping[str, str], now: datetime) -> IncidentNow:
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
        symptoms=row.symptom_count,  # type: ignore[attr-defined]  # annotated above
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
    """Every order opened under a place in a period, judged as of `now`; cancelled ones are left out."""
    rows = WorkOrder.objects.filter(place_path__startswith=place_path, opened_at__gte=start, opened_at__lt=end)
    rows = rows.exclude(state="cancelled").prefetch_related("events").order_by("opened_at")
    return [_order_facts(row, now) for row in rows]


def _order_facts(order: WorkOrder, now: datetime) -> OrderFacts:
    clocks = order_clocks(order, now)
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


def terminals_in_trouble(terminal_ids: Sequence[int], at: datetime) -> set[int]:
    """Which of these terminals had, at a moment, an incident that takes something from people (YJ-08)."""
    rows = Incident.objects.filter(terminal_id__in=list(terminal_ids), opened_at__lte=at).filter(
        Q(closed_at__isnull=True) | Q(closed_at__gt=at)
    )
    return {row.terminal_id for row in rows if row.terminal_id is not None and get_cause(row.kind).affects}
