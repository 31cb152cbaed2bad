"""Writes of the maintenance room. Incidents are opened and closed by what the facts say (`judging`); orders move along
the one table of rules.maintenance, each step by somebody, at a moment, with an audit line."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from budayang.center.maintenance import assigning, clocks
from budayang.center.maintenance.models import FINAL_ORDER_STATES, Incident, WorkOrder, WorkOrderEvent
from budayang.center.platform.actions import Refused, emit, record
from budayang.center.platform.actors import Actor, Role
from budayang.center.terminals import actions as terminal_actions
from budayang.rules.maintenance import (
    PAUSE_REASONS,
    Clock,
    IllegalTransition,
    IncidentKind,
    get_cause,
    next_state,
)

DOERS = (Role.SUPERVISOR, Role.AREA_KEEPER, Role.OWNER_UNIT, Role.VENDOR_ENGINEER)
# Who repaired does not accept his own work (验收): the vendor's engineer leaves it to a test print or to the others.
ACCEPTERS = (Role.SUPERVISOR, Role.AREA_KEEPER, Role.OWNER_UNIT)
NOTE_LENGTH = 300
PARENT_PAUSE = "power_or_network"


@dataclass(frozen=True, slots=True)
class NewIncident:
    """What judging found: which cause, of what, since when, and whose it is."""

    kind: IncidentKind
    subject: str
    component: str
    opened_at: datetime
    place_path: str
    area_id: int | None = None
    terminal_id: int | None = None
    department: str = ""
    owner_id: int | None = None
    vendor_id: int | None = None
    responsible_id: int | None = None
    alarm_s: float | None = None
    title: str = ""
    """In place of the kind's own title, where that would not say what it is (which department)."""


@transaction.atomic
def open_incident(actor: Actor, found: NewIncident, *, cause: Incident | None, now: datetime) -> Incident:
    """Open an incident, or return the open one of the same subject and kind.

    Without `cause` it is a cause of its own and gets a work order; below a `cause` it is a symptom and stays silent.
    """
    same = Incident.objects.filter(subject=found.subject, kind=found.kind.code, state="open").first()
    if same is not None:
        return same
    incident = Incident(
        kind=found.kind.code,
        subject=found.subject,
        title=found.title or found.kind.title,
        component=found.component,
        place_path=found.place_path,
        area_id=found.area_id,
        terminal_id=found.terminal_id,
        department=found.department,
        owner_id=found.owner_id,
        vendor_id=found.vendor_id,
        cause=cause,
        severity=found.kind.severity.value,
        bucket=found.kind.bucket.value,
        policy={
            "responsible_id": found.responsible_id,
            **clocks.policy_now(found.kind.severity.value, found.place_path, now),
        },
        alarm_s=found.alarm_s,
        opened_at=found.opened_at,
        noticed_at=now,
    )
    try:
        with transaction.atomic():
            incident.save()
    except IntegrityError:
        # Another process judged the same fact at the same time: its row stands (maintenance_incident_one_open).
        return Incident.objects.get(subject=found.subject, kind=found.kind.code, state="open")
    _tell_incident("maintenance.incident_opened", incident, found.opened_at, now)
    if cause is None:
        open_order(actor, incident, now)
    return incident


@transaction.atomic
def hang_below(actor: Actor, incident: Incident, cause: Incident | None, now: datetime) -> None:
    """Make an open incident the symptom of `cause`, or, with None, a cause of its own again.

    The clocks of a symptom's order stand still: nobody is measured against what the parent makes impossible.
    """
    if incident.cause_id == (cause.pk if cause else None):
        return
    Incident.objects.filter(pk=incident.pk).update(cause=cause)
    incident.cause = cause
    order = active_order(incident)
    if cause is None and order is None:
        open_order(actor, incident, now)
    elif order is not None:
        event = "paused" if cause else "resumed"
        # An order that nobody accepted yet has nothing to stop; its time is told by its events.
        with contextlib.suppress(Refused):
            step(actor, order, event, reason=PARENT_PAUSE if cause else "", at=now, now=now)


@transaction.atomic
def close_incident(
    actor: Actor, incident: Incident, *, closed_at: datetime, now: datetime, worse: IncidentKind | None = None
) -> Incident:
    """The fact is gone since `closed_at` (the computed moment). Its order waits for acceptance, never closes itself.

    `worse`: it is gone because it got worse (little paper, then none). Then nobody repaired anything: the order is
    called off, and the worse incident has its own.
    """
    moment = max(closed_at, incident.opened_at)
    moved = Incident.objects.filter(pk=incident.pk, state="open").update(state="closed", closed_at=moment)
    incident.refresh_from_db()
    if not moved:
        return incident
    _tell_incident("maintenance.incident_closed", incident, moment, now)
    order = active_order(incident)
    if order is not None:
        if order.state.endswith("_paused"):
            step(actor, order, "resumed", at=moment, now=now)
        if worse is not None and order.state != "repaired":
            words = _("已加重为“%(title)s”，并入它的工单") % {"title": worse.title}
            step(actor, order, "cancelled", note=words, at=moment, now=now)
        elif order.state != "repaired":
            step(actor, order, "repaired", note=_("状态已恢复正常，等待验收"), at=moment, now=now)
        _close_if_proven(actor, order, now)
    return incident


@transaction.atomic
def open_order(actor: Actor, incident: Incident, now: datetime) -> WorkOrder | None:
    """Write the order of an incident for whoever answers for its bucket. None when no organization could be named."""
    organization_id = incident.policy.get("responsible_id") or incident.owner_id
    if organization_id is None:
        return None
    order = WorkOrder.objects.create(
        number=f"~{incident.pk}~{now.timestamp():.6f}"[:24],
        incident=incident,
        organization_id=organization_id,
        assignee_id=assigning.find_assignee(organization_id, incident.area_id, incident.place_path),
        place_path=incident.place_path,
        policy={name: value for name, value in incident.policy.items() if name != "responsible_id"},
        opened_at=now,
    )
    order.number = f"GD{now:%y%m%d}-{order.pk:05d}"
    order.save(update_fields=["number"])
    _write(actor, order, "reported", at=now, now=now)
    return order


def active_order(incident: Incident) -> WorkOrder | None:
    """The order of an incident that is not closed or cancelled."""
    return WorkOrder.objects.filter(incident=incident).exclude(state__in=FINAL_ORDER_STATES).first()


@transaction.atomic
def accept_order(actor: Actor, order: WorkOrder, *, now: datetime, note: str = "") -> WorkOrder:
    """受理. The one who accepts is on it from now on."""
    _require(actor, order, DOERS)
    step(actor, order, "accepted", note=note, at=now, now=now)
    if actor.staff_id is not None:
        WorkOrder.objects.filter(pk=order.pk).update(assignee_id=actor.staff_id)
        order.refresh_from_db()
    return order


@transaction.atomic
def arrive(actor: Actor, order: WorkOrder, *, now: datetime, note: str = "") -> WorkOrder:
    """到场. After the state recovered by itself it is a note: the clock of the arrival needs no visit any more."""
    return _do(actor, order, "arrived", note or (_("到场") if order.state == "repaired" else ""), now)


@transaction.atomic
def repair(actor: Actor, order: WorkOrder, *, note: str, now: datetime) -> WorkOrder:
    """已补纸、已修复. Says what was done. When the terminal told so first, the words are added to it."""
    if not note.strip():
        raise Refused(_("请写明做了什么，例如“已补 A4 纸一包”。"))
    return _do(actor, order, "repaired", note, now)


def _do(actor: Actor, order: WorkOrder, event: str, note: str, now: datetime) -> WorkOrder:
    _require(actor, order, DOERS)
    if order.state == "repaired":
        _write(actor, order, "note", note=note, at=now, now=now)
    else:
        step(actor, order, event, note=note, at=now, now=now)
        if event == "repaired":
            _close_if_proven(actor, order, now)
    return order


@transaction.atomic
def pause(actor: Actor, order: WorkOrder, *, reason: str, now: datetime, note: str = "") -> WorkOrder:
    """暂停计时, for one of the reasons of rules.maintenance.PAUSE_REASONS."""
    _require(actor, order, DOERS)
    if reason not in PAUSE_REASONS:
        raise Refused(_("请选择暂停的原因。"))
    return step(actor, order, "paused", reason=reason, note=note, at=now, now=now)


@transaction.atomic
def resume(actor: Actor, order: WorkOrder, *, now: datetime, note: str = "") -> WorkOrder:
    """恢复计时."""
    _require(actor, order, DOERS)
    return step(actor, order, "resumed", note=note, at=now, now=now)


@transaction.atomic
def ask_test_print(actor: Actor, order: WorkOrder, *, now: datetime) -> WorkOrder:
    """Send the terminal the command to print a test page for this order; its answer is the proof of acceptance."""
    _require(actor, order, DOERS)
    if order.state in FINAL_ORDER_STATES:
        raise Refused(_("工单已经结束，不用再试打。"))
    if order.incident.terminal_id is None or get_cause(order.incident.kind).proof != "test_print":
        raise Refused(_("这类故障不用试打验收。"))
    terminal_actions.send(
        actor, order.incident.terminal_id, "command", {"name": "test_print", "order": order.number}, now
    )
    _write(actor, order, "test_asked", at=now, now=now)
    return order


@transaction.atomic
def record_test_print(
    actor: Actor, order: WorkOrder, *, ok: bool, reason: str, at: datetime, now: datetime
) -> WorkOrder:
    """The terminal's answer. A good print accepts the order once the fault is gone; a failed one sends it back."""
    word = "test_passed" if ok else "test_failed"
    _write(actor, order, word, note="" if ok else reason[:80], at=at, now=now)
    if not ok and order.state == "repaired":
        step(actor, order, "rejected", note=_("试打没有成功"), at=now, now=now)
    _close_if_proven(actor, order, now)
    return order


@transaction.atomic
def verify(actor: Actor, order: WorkOrder, *, now: datetime, note: str = "") -> WorkOrder:
    """验收通过 by a person, for causes that no test print proves, and close. Refused while the fault stands."""
    _require(actor, order, ACCEPTERS)
    if order.incident.state == "open":
        raise Refused(_("终端仍报告“%(title)s”，还不能验收。") % {"title": order.incident.title})
    step(actor, order, "verified", note=note, at=now, now=now)
    return close_order(actor, order, now=now)


@transaction.atomic
def reject(actor: Actor, order: WorkOrder, *, note: str, now: datetime) -> WorkOrder:
    """验收不通过: back to the one who repairs, with the reason."""
    _require(actor, order, ACCEPTERS)
    if not note.strip():
        raise Refused(_("请写明哪里没有修好。"))
    return step(actor, order, "rejected", note=note, at=now, now=now)


@transaction.atomic
def close_order(actor: Actor, order: WorkOrder, *, now: datetime) -> WorkOrder:
    """关闭 an accepted order."""
    if not actor.sees_all and actor.kind != "terminal":
        _require(actor, order, ACCEPTERS)
    return step(actor, order, "closed", at=now, now=now)


@transaction.atomic
def step(
    actor: Actor, order: WorkOrder, event: str, *, at: datetime, now: datetime, reason: str = "", note: str = ""
) -> WorkOrder:
    """Move an order by one event of the table. Raises Refused when its state forbids it, or a rival was first."""
    before = order.state
    try:
        after = next_state(before, event)
    except IllegalTransition as error:
        raise Refused(str(error)) from error
    ended = {"closed_at": now if after in FINAL_ORDER_STATES else None}
    # The state stands in the condition: of two people who press at once only the first moves the order.
    if not WorkOrder.objects.filter(pk=order.pk, state=before).update(state=after, **ended):
        raise Refused(_("这张工单刚刚已被别人处理，请刷新页面再看。"))
    order.refresh_from_db()
    _write(actor, order, event, reason=reason, note=note, at=at, now=now)
    return order


def _write(
    actor: Actor,
    order: WorkOrder,
    event: str,
    *,
    at: datetime,
    now: datetime,
    reason: str = "",
    note: str = "",
    details: Mapping[str, object] | None = None,
) -> None:
    """The event's row, its audit line, its news, and the moment at which somebody has to be warned next."""
    last = WorkOrderEvent.objects.filter(order=order).order_by("-at").values_list("at", flat=True).first()
    WorkOrderEvent.objects.create(
        order=order,
        event=event,
        reason=reason,
        state=order.state,
        # A computed moment may lie before the last press of a button; the order of steps is kept all the same.
        at=max(at, last) if last else at,
        by=actor.label or actor.name,
        note=note.strip()[:NOTE_LENGTH],
        details=dict(details or {}),
    )
    WorkOrder.objects.filter(pk=order.pk).update(next_due_at=clocks.next_due_at(order, now))
    subject = f"order:{order.number}"
    record(
        actor,
        f"maintenance.order_{event}",
        subject=subject,
        place_path=order.place_path,
        details={"state": order.state},
        at=now,
    )
    emit(
        f"maintenance.order_{event}",
        subject=subject,
        place_path=order.place_path,
        payload={
            "order": order.number,
            "incident": order.incident_id,
            "kind": order.incident.kind,
            "state": order.state,
        },
        occurred_at=at,
        now=now,
    )


def _close_if_proven(actor: Actor, order: WorkOrder, now: datetime) -> None:
    """Accept by test print: a page came out well after the fault was gone. Either of the two may be learnt first."""
    incident = Incident.objects.get(pk=order.incident_id)
    if order.state != "repaired" or incident.state != "closed" or get_cause(incident.kind).proof != "test_print":
        return
    proof = WorkOrderEvent.objects.filter(order=order, event="test_passed", at__gte=incident.closed_at).last()
    if proof is None:
        return
    # A print that failed after the good one takes the proof away.
    if WorkOrderEvent.objects.filter(order=order, event="test_failed", at__gt=proof.at).exists():
        return
    witness = Actor.job("maintenance.test_print")
    step(witness, order, "verified", note=_("试打成功，自动验收"), at=now, now=now)
    step(witness, order, "closed", at=now, now=now)


def _require(actor: Actor, order: WorkOrder, roles: tuple[Role, ...]) -> None:
    incident = order.incident
    bodies = (order.organization_id, incident.owner_id, incident.vendor_id)
    actor.require(*roles, place_path=order.place_path, organizations=bodies)


def _tell_incident(kind: str, incident: Incident, at: datetime, now: datetime) -> None:
    emit(
        kind,
        subject=f"incident:{incident.pk}",
        place_path=incident.place_path,
        payload={
            "incident": incident.pk,
            "kind": incident.kind,
            "terminal": incident.terminal.code if incident.terminal else "",
            "department": incident.department,
            "symptom": incident.cause_id is not None,
        },
        occurred_at=at,
        now=now,
    )


@transaction.atomic
def warn(order: WorkOrder, word: str, clock_name: str, clock: Clock, now: datetime) -> None:
    """Write that a clock is about to be broken ("warned") or is broken ("overdue"); `reason` names the clock."""
    due = clock.due_at.isoformat() if clock.due_at else ""
    _write(Actor.job("maintenance.clocks"), order, word, reason=clock_name, at=now, now=now, details={"due_at": due})
