"""What wakes the notices: news of incidents, orders and planned stops, and the moments of escalation and bundles."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from budayang.center.areas import queries as areas
from budayang.center.maintenance import notice_messages as messages
from budayang.center.maintenance import notice_runs as runs
from budayang.center.maintenance.duty_queries import on_duty
from budayang.center.maintenance.models import WorkOrder
from budayang.center.maintenance.notice_people import JOB, Receiver
from budayang.center.maintenance.queries import CLOCK_NAMES, who
from budayang.center.platform import queries as platform
from budayang.center.platform.deliveries import Consumer, Due
from budayang.center.platform.models import Transition
from budayang.center.platform.roles import Role
from budayang.center.terminals import queries as terminals
from budayang.rules.maintenance import Severity
from budayang.rules.notices import Fact

STOP_WORDS = {
    "areas.stop_planned": "新的计划停用",
    "areas.stop_changed": "计划停用有变动",
    "areas.stop_cancelled": "计划停用已取消",
}
STOP_ENDS = ("areas.stop_changed", "areas.stop_cancelled", "areas.stop_ended")


def handle_news(news: Sequence[Transition], now: datetime) -> None:
    """Bring each incident's notices up to date once, whatever the number of messages; tell of late orders and stops."""
    ids: dict[int, None] = {}
    for one in news:
        if one.kind == "maintenance.incident_opened" and one.payload.get("symptom"):
            continue  # a symptom is silent from the start, and when it is freed that is news of its own
        if one.kind.startswith("maintenance.incident_") and "incident" in one.payload:
            ids.setdefault(int(one.payload["incident"]))
    for incident_id in ids:
        runs.reconcile(incident_id, now)
    for one in news:
        if one.kind in ("maintenance.order_warned", "maintenance.order_overdue"):
            _tell_order(one, now)
        elif one.kind == "maintenance.order_transferred":
            _tell_transfer(one, now)
        elif one.kind == "maintenance.incident_settled":
            runs.note_settled(int(one.payload["incident"]), now)
        elif one.kind in STOP_WORDS:
            _tell_stop(one, now)
    for place, department in {
        (n.place_path, str(n.payload.get("department", ""))) for n in news if n.kind in STOP_ENDS
    }:
        runs.recheck_held(place, department, now)


def _order_of(news: Transition) -> WorkOrder | None:
    """The order that the news is about, unless its fault is a symptom, of which nobody is told."""
    rows = WorkOrder.objects.filter(number=str(news.payload.get("order", "")), incident__cause__isnull=True)
    return rows.select_related("incident__area", "incident__terminal", "organization", "assignee").first()


def _fact(order: WorkOrder, note: str) -> Fact:
    return Fact(
        title=f"{order.number} {order.incident.title}",
        where=order.incident.area.name if order.incident.area else "",
        severity=order.incident.severity,
        since=order.opened_at,
        who=who(order),
        note=note,
    )


def _tell_transfer(news: Transition, now: datetime) -> None:
    """An order was handed on: tell the person who has it now, without one whoever of the body is on duty."""
    order = _order_of(news)
    if order is None:
        return
    event = order.events.filter(event="transferred").order_by("-pk").first()
    people = [order.assignee] if order.assignee else on_duty(order.organization_id, order.place_path, now)
    for one in runs.people_of([person for person in people if person.is_active]):
        messages.add_line(
            one,
            kind="order",
            place_path=order.place_path,
            severity=order.incident.severity,
            now=now,
            topic=f"order:{order.number}:transferred:{event.pk if event else ''}"[:60],
            fact=_fact(order, _("转派给您：%(why)s") % {"why": event.note if event else ""}),
        )


def _tell_order(news: Transition, now: datetime) -> None:
    """A clock of an order is about to be broken, or is: tell whoever has it, and of a broken one the supervisors."""
    order = _order_of(news)
    if order is None:
        return
    late = news.kind == "maintenance.order_overdue"
    event = order.events.filter(event="overdue" if late else "warned").order_by("-pk").first()
    clock = CLOCK_NAMES.get(event.reason if event else "", "")
    fact = _fact(order, (_("%(clock)s已超时") if late else _("%(clock)s时限快到了")) % {"clock": clock})
    people = [order.assignee] if order.assignee and order.assignee.is_active else []
    told = runs.people_of(people)
    if late:
        told += _with_role(Role.SUPERVISOR, order.place_path, {one.staff.pk for one in told if one.staff})
    for one in told:
        messages.add_line(
            one,
            kind="order",
            place_path=order.place_path,
            severity=order.incident.severity,
            now=now,
            topic=f"order:{order.number}:{event.event if event else ''}:{event.reason if event else ''}"[:60],
            fact=fact,
        )


def _with_role(role: Role, place_path: str, but: set[int]) -> list[Receiver]:
    people = platform.staff_visible_to(JOB).filter(
        is_active=True, grants__role=role.value, grants__place__path__in=platform.place_chain(place_path)
    )
    return [one for one in runs.people_of(people) if one.staff and one.staff.pk not in but]


def _tell_stop(news: Transition, now: datetime) -> None:
    """A planned stop: the keepers of the place hear of it once, before it begins."""
    raw = news.payload
    starts, ends = datetime.fromisoformat(raw["starts_at"]), datetime.fromisoformat(raw["ends_at"])
    if ends <= now:
        return
    terminal = terminals.visible_to(JOB).filter(pk=raw.get("terminal") or 0).first()
    area = areas.visible_to(JOB).filter(place__path=news.place_path).first()
    place = platform.find_place_by_path(news.place_path)
    fact = Fact(
        title=STOP_WORDS[news.kind],
        where=" ".join(part for part in (place.name if place else "", terminal.name if terminal else "") if part),
        severity=Severity.GENERAL.value,
        since=starts,
        until=ends,
        note=str(raw.get("reason", "")),
    )
    told = runs.people_of([area.keeper] if area and area.keeper and area.keeper.is_active else [])
    told = told or _with_role(Role.AREA_KEEPER, news.place_path, set())
    for one in told:
        messages.add_line(
            one,
            kind="stop",
            place_path=news.place_path,
            severity=Severity.GENERAL.value,
            now=now,
            topic=f"stop:{raw.get('stop')}:{news.kind}:{starts.timestamp():.0f}"[:60],
            fact=fact,
        )


CONSUMERS: tuple[Consumer, ...] = (
    Consumer(
        "maintenance.notices",
        (
            "maintenance.incident_",
            "maintenance.order_warned",
            "maintenance.order_overdue",
            "maintenance.order_transferred",
            *STOP_WORDS,
            "areas.stop_ended",
        ),
        handle_news,
        prompt=True,  # somebody waits for the message; behind thousands of catalogues it came a minute late
        at_once=4,  # some twenty statements each: on SQLite everybody else waits meanwhile
    ),
)
DUES: tuple[Due, ...] = (
    Due("maintenance.bundle", 0.5, messages.bundle),
    Due("maintenance.escalate", 1.0, runs.carry_on),
    Due("maintenance.remind", 10.0, runs.remind),
)
