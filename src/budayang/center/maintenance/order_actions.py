"""Writes of work orders: they move along the one table of rules.maintenance, each step by somebody, at a moment, with
an audit line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from budayang.center.maintenance import assigning, clocks
from budayang.center.maintenance.models import FINAL_ORDER_STATES, Incident, WorkOrder, WorkOrderEvent
from budayang.center.maintenance.order_limits import limits_for
from budayang.center.maintenance.order_proving import proofs_of, standing
from budayang.center.platform.actions import Refused, audit_line, emit_many, record_many
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.models import AuditLine, Transition
from budayang.center.platform.queries import local_day
from budayang.center.terminals import command_actions
from budayang.center.terminals import queries as terminals
from budayang.rules.maintenance import (
    EVENT_NAMES,
    PAUSE_REASONS,
    Clock,
    IllegalTransition,
    get_cause,
    next_state,
)
from budayang.rules.order_proofs import Proof, likely_downtime_reason

DOERS = (Role.SUPERVISOR, Role.AREA_KEEPER, Role.OWNER_UNIT, Role.VENDOR_ENGINEER)
# Who repaired does not accept his own work (验收): the vendor's engineer leaves it to a test print or to the others.
ACCEPTERS = (Role.SUPERVISOR, Role.AREA_KEEPER, Role.OWNER_UNIT)
NOTE_LENGTH = 300
MINUTE_S = 60.0


@transaction.atomic
def open_order(actor: Actor, incident: Incident, now: datetime) -> WorkOrder | None:
    """Write the order of an incident for whoever answers for its bucket. None when no organization could be named."""
    organization_id = incident.policy.get("responsible_id") or incident.owner_id
    if organization_id is None or active_order(incident) is not None:
        return None
    order = WorkOrder.objects.create(
        number=f"~{incident.pk}~{now.timestamp():.6f}"[:24],
        incident=incident,
        organization_id=organization_id,
        owner_id=incident.owner_id,
        vendor_id=incident.vendor_id,
        assignee_id=assigning.find_assignee(organization_id, incident.area_id, incident.place_path),
        place_path=incident.place_path,
        policy=limits_for(incident.policy, organization_id, incident.severity, now),
        opened_at=now,
    )
    order.number = f"GD{local_day(incident.place_path, now):%y%m%d}-{order.pk:05d}"
    order.save(update_fields=["number"])
    write(actor, order, "reported", at=now, now=now, holder=holder_words(order))
    return order


def holder_words(order: WorkOrder) -> str:
    """Who has an order, as its events keep it."""
    return f"{order.organization.name} {order.assignee.name}" if order.assignee else order.organization.name


def active_order(incident: Incident) -> WorkOrder | None:
    """The order of an incident that is not closed or cancelled."""
    return WorkOrder.objects.filter(incident=incident).exclude(state__in=FINAL_ORDER_STATES).first()


@transaction.atomic
def accept_order(
    actor: Actor, order: WorkOrder, *, now: datetime, note: str = "", at: datetime | None = None
) -> WorkOrder:
    """受理. The one who accepts is on it from now on. `at`: when it was, told later."""
    require(actor, order, DOERS)
    holder = f"{order.organization.name} {actor.label or actor.name}" if actor.staff_id is not None else ""
    step(actor, order, "accepted", note=note, at=when(order, at, now), now=now, holder=holder)
    if actor.staff_id is not None:
        WorkOrder.objects.filter(pk=order.pk).update(assignee_id=actor.staff_id)
        order.refresh_from_db()
    return order


@transaction.atomic
def arrive(actor: Actor, order: WorkOrder, *, now: datetime, note: str = "", at: datetime | None = None) -> WorkOrder:
    """到场. After the state recovered by itself it is a note: the clock of the arrival needs no visit any more.
    `at`: when it was, told later.
    """
    return _do(actor, order, "arrived", note or (_("到场") if order.state == "repaired" else ""), now, at)


@transaction.atomic
def repair(actor: Actor, order: WorkOrder, *, note: str, now: datetime, at: datetime | None = None) -> WorkOrder:
    """已补纸、已修复. Says what was done. When the terminal told so first, the words are added to it.
    `at`: when it was, told later.
    """
    if not note.strip():
        raise Refused(_("请写明做了什么，例如“已补 A4 纸一包”。"))
    return _do(actor, order, "repaired", note, now, at)


def _do(actor: Actor, order: WorkOrder, event: str, note: str, now: datetime, at: datetime | None) -> WorkOrder:
    require(actor, order, DOERS)
    moment = when(order, at, now)
    if order.state == "repaired":
        write(actor, order, "note", note=note, at=moment, now=now)
    else:
        step(actor, order, event, note=note, at=moment, now=now)
        if event == "repaired":
            close_if_proven(actor, order, now)
    return order


def when(order: WorkOrder, at: datetime | None, now: datetime) -> datetime:
    """The moment of something that is told now: `at`, or now. Refused in words when it cannot have been then."""
    if at is None:
        return now
    if at > now:
        raise Refused(_("时间还没有到，请填已经发生的时间。"))
    if at < order.opened_at:
        if (order.opened_at - at).total_seconds() < MINUTE_S:
            return order.opened_at  # a person's clock tells minutes
        raise Refused(_("时间早于派单，请核对。"))
    return at


@transaction.atomic
def pause(actor: Actor, order: WorkOrder, *, reason: str, now: datetime, note: str = "") -> WorkOrder:
    """暂停计时, for one of the reasons of rules.maintenance.PAUSE_REASONS."""
    require(actor, order, DOERS)
    if reason not in PAUSE_REASONS:
        raise Refused(_("请选择暂停的原因。"))
    return step(actor, order, "paused", reason=reason, note=note, at=now, now=now)


@transaction.atomic
def resume(actor: Actor, order: WorkOrder, *, now: datetime, note: str = "") -> WorkOrder:
    """恢复计时."""
    require(actor, order, DOERS)
    return step(actor, order, "resumed", note=note, at=now, now=now)


@transaction.atomic
def ask_test_print(actor: Actor, order: WorkOrder, *, now: datetime) -> WorkOrder:
    """Send the terminal the command to print a test page for this order; its answer is the proof of acceptance."""
    require(actor, order, DOERS)
    if order.state in FINAL_ORDER_STATES:
        raise Refused(_("工单已经结束，不用再试打。"))
    if order.incident.terminal_id is None or get_cause(order.incident.kind).proof != "test_print":
        raise Refused(_("这类故障不用试打验收。"))
    machine = terminals.in_service().get(pk=order.incident.terminal_id)
    reason = _("工单 %(number)s 验收") % {"number": order.number}
    command_actions.order(actor, [machine], "test_print", arguments={"order": order.number}, reason=reason, now=now)
    write(actor, order, "test_asked", at=now, now=now)
    return order


@transaction.atomic
def record_test_print(
    actor: Actor, order: WorkOrder, *, ok: bool, reason: str, at: datetime, now: datetime
) -> WorkOrder:
    """The terminal's answer. A good print accepts the order once the fault is gone; a failed one sends it back."""
    word = "test_passed" if ok else "test_failed"
    write(actor, order, word, note="" if ok else reason[:80], at=at, now=now)
    if not ok and order.state == "repaired":
        step(actor, order, "rejected", note=_("试打没有成功"), at=now, now=now)
    close_if_proven(actor, order, now)
    return order


@transaction.atomic
def call_back(actor: Actor, order: WorkOrder, *, works: bool, note: str, now: datetime) -> WorkOrder:
    """回访: somebody who uses the machine was asked whether it works again; `note`: who, and what they said. "No" sends
    a repaired order back.
    """
    require(actor, order, ACCEPTERS)
    if order.state in FINAL_ORDER_STATES:
        raise Refused(_("工单已经结束。要继续处理，请先重新打开。"))
    if not note.strip():
        raise Refused(_("请写明问了谁、怎么说，例如“大厅值班员：已能打印”。"))
    write(actor, order, "called_back", reason="works" if works else "fails", note=note, at=now, now=now)
    if not works and order.state == "repaired":
        step(actor, order, "rejected", note=_("回访说还不能用"), at=now, now=now)
    return order


@transaction.atomic
def reject(actor: Actor, order: WorkOrder, *, note: str, now: datetime) -> WorkOrder:
    """验收不通过: back to the one who repairs, with the reason."""
    require(actor, order, ACCEPTERS)
    if not note.strip():
        raise Refused(_("请写明哪里没有修好。"))
    return step(actor, order, "rejected", note=note, at=now, now=now)


@transaction.atomic
def close_order(actor: Actor, order: WorkOrder, *, now: datetime) -> WorkOrder:
    """关闭 an accepted order."""
    if not actor.sees_all and actor.kind != "terminal":
        require(actor, order, ACCEPTERS)
    return step(actor, order, "closed", at=now, now=now)


@transaction.atomic
def step(
    actor: Actor,
    order: WorkOrder,
    event: str,
    *,
    at: datetime,
    now: datetime,
    reason: str = "",
    note: str = "",
    holder: str = "",
    details: Mapping[str, object] | None = None,
    also: Mapping[str, object] | None = None,
) -> WorkOrder:
    """Move an order by one event of the table. Raises Refused when its state forbids it, or a rival was first.
    `also`: columns that change with it.
    """
    before = order.state
    try:
        after = next_state(before, event)
    except IllegalTransition as error:
        raise Refused(str(error)) from error
    ended = {"closed_at": now if after in FINAL_ORDER_STATES else None, **(also or {})}
    # The state stands in the condition: of two people who press at once only the first moves the order.
    if not WorkOrder.objects.filter(pk=order.pk, state=before).update(state=after, **ended):
        raise Refused(_("这张工单刚刚已被别人处理，请刷新页面再看。"))
    order.refresh_from_db()
    write(actor, order, event, reason=reason, note=note, at=at, now=now, holder=holder, details=details)
    return order


def write(
    actor: Actor,
    order: WorkOrder,
    event: str,
    *,
    at: datetime,
    now: datetime,
    reason: str = "",
    note: str = "",
    holder: str = "",
    details: Mapping[str, object] | None = None,
) -> None:
    """The event's row, its audit line, its news, and the moment at which somebody has to be warned next."""
    kept = dict(details or {})
    if event in EVENT_NAMES:
        steps = WorkOrderEvent.objects.filter(order=order, event__in=EVENT_NAMES).order_by("-at")
        last = steps.values_list("at", flat=True).first()
        if last is not None and last > at:
            # A moment that is computed or told late may lie before the last step. The order of steps is kept all the
            # same, and what was said beside it.
            kept["said_at"], at = at.isoformat(), last
    _event(actor, order, event, at=at, now=now, reason=reason, note=note, holder=holder, details=kept).save()
    WorkOrder.objects.filter(pk=order.pk).update(next_due_at=clocks.next_due_at(order, now))
    record_many([_line(actor, order, event, now)])
    emit_many([_news(order, event, at, now)])


def _event(
    actor: Actor,
    order: WorkOrder,
    event: str,
    *,
    at: datetime,
    now: datetime,
    reason: str,
    note: str = "",
    holder: str = "",
    details: Mapping[str, object],
) -> WorkOrderEvent:
    return WorkOrderEvent(
        order=order,
        event=event,
        reason=reason,
        state=order.state,
        at=at,
        told_at=now if at < now else None,
        holder=holder,
        holder_body_id=order.organization_id if holder else None,
        by=actor.label or actor.name,
        note=note.strip()[:NOTE_LENGTH],
        details=dict(details),
    )


def _line(actor: Actor, order: WorkOrder, event: str, now: datetime) -> AuditLine:
    return audit_line(
        actor,
        f"maintenance.order_{event}",
        subject=f"order:{order.number}",
        place_path=order.place_path,
        details={"state": order.state},
        at=now,
    )


def _news(order: WorkOrder, event: str, at: datetime, now: datetime) -> Transition:
    return Transition(
        kind=f"maintenance.order_{event}",
        subject=f"order:{order.number}",
        place_path=order.place_path,
        payload={
            "order": order.number,
            "incident": order.incident_id,
            "kind": order.incident.kind,
            "state": order.state,
            "bears_on": [order.opened_at.isoformat()],
        },
        occurred_at=at,
        recorded_at=now,
    )


def close_if_proven(actor: Actor, order: WorkOrder, now: datetime) -> None:
    """Accept by test print: a page came out well after the fault was gone. Either of the two may be learnt first."""
    incident = Incident.objects.get(pk=order.incident_id)
    if order.state != "repaired" or incident.state != "closed" or get_cause(incident.kind).proof != "test_print":
        return
    if Proof.TEST not in proofs_of(order) or standing(order):
        return
    witness = Actor.job("maintenance.test_print")
    likely = likely_downtime_reason(incident.bucket, get_cause(incident.kind).affects)
    note, also = _("试打成功，自动验收"), {"downtime_reason": likely}
    step(witness, order, "verified", note=note, at=now, now=now, also=also)
    step(witness, order, "closed", at=now, now=now)


def require(actor: Actor, order: WorkOrder, roles: tuple[Role, ...]) -> None:
    """Raises Forbidden unless the actor has one of `roles` for the order's place and one of its bodies."""
    incident = order.incident
    bodies = (order.organization_id, incident.owner_id, incident.vendor_id)
    actor.require(*roles, place_path=order.place_path, organizations=bodies)


@dataclass(frozen=True, slots=True)
class Alarm:
    """A clock of an order is about to be broken ("warned") or is broken ("overdue")."""

    order: WorkOrder
    word: str
    clock_name: str
    clock: Clock


@transaction.atomic(savepoint=False)
def warn(alarms: Sequence[Alarm], now: datetime) -> None:
    """Write it: the event's reason names the clock. Three inserts, however many."""
    actor = Actor.job("maintenance.clocks")
    WorkOrderEvent.objects.bulk_create(
        _event(actor, one.order, one.word, at=now, now=now, reason=one.clock_name, details=_due(one.clock))
        for one in alarms
    )
    record_many([_line(actor, one.order, one.word, now) for one in alarms])
    emit_many([_news(one.order, one.word, now, now) for one in alarms])


def _due(clock: Clock) -> dict[str, object]:
    return {"due_at": clock.due_at.isoformat() if clock.due_at else ""}
