"""Writes of incidents. They are opened, hung below each other and closed by what the facts say (`judging`); what
settles their bucket is in `settling`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from budayang.center.maintenance import clocks
from budayang.center.maintenance.models import FINAL_ORDER_STATES, Incident, WorkOrder
from budayang.center.maintenance.order_actions import close_if_proven, open_order, step
from budayang.center.platform.actions import Refused, emit_many
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Transition
from budayang.rules.causes import Bucket, IncidentKind, Severity
from budayang.rules.evidence import Line

WAITING = ("terminal_silent", "department_link_down", "department_probe_failed", "machine_probe_failed")
"""Kinds whose order waits for what the neighbours say."""
PARENT_PAUSE = "power_or_network"
OUR_JOBS = "maintenance."
"""How the names of this room's jobs begin, as an order's events keep them; a person's begin otherwise."""


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
    terminal: str = ""
    """Its code, as news names it."""
    bucket: Bucket | None = None
    """In place of the kind's own bucket, where evidence is at hand already."""
    evidence: tuple[Line, ...] = ()
    order_due_at: datetime | None = None
    """When its order is to be written; None: at once."""
    severity: Severity | None = None
    """In place of the kind's own, where a person judged it."""

    @property
    def key(self) -> tuple[str, str]:
        return self.subject, self.kind.code

    @property
    def grave(self) -> str:
        """How grave it is: as a person judged it, else as its kind is."""
        return (self.severity or self.kind.severity).value


def open_incident(actor: Actor, found: NewIncident, *, cause: Incident | None, now: datetime) -> Incident:
    """Open an incident, or return the open one of the same subject and kind.

    Without `cause` it is a cause of its own and gets a work order; below a `cause` it is a symptom and stays silent.
    """
    same = Incident.objects.filter(subject=found.subject, kind=found.kind.code, state="open")
    already = same.first()
    if already is not None:
        return already
    try:
        with transaction.atomic():
            (incident,) = open_many(actor, [(found, cause)], now)
    except IntegrityError:
        # Another process judged the same fact at the same time: its row stands (maintenance_incident_one_open).
        return same.get()
    return incident


@transaction.atomic
def open_many(actor: Actor, found: Sequence[tuple[NewIncident, Incident | None]], now: datetime) -> list[Incident]:
    """Open incidents of which none is open, each below its cause or, without one, with an order (now or when due).

    The caller holds what keeps rivals away (judging's lock on the area); raises IntegrityError otherwise.
    """
    policies = clocks.policies_now({(new.grave, new.place_path) for new, _cause in found}, now)
    rows = Incident.objects.bulk_create(
        _row(new, cause, policies[new.grave, new.place_path], now) for new, cause in found
    )
    news = zip(rows, found, strict=True)
    emit_many([news_of("opened", row, new.opened_at, now, terminal=new.terminal) for row, (new, _cause) in news])
    for row in rows:
        if row.cause_id is None and row.order_due_at is None:
            open_order(actor, row, now)
    return rows


def _row(new: NewIncident, cause: Incident | None, policy: Mapping[str, object], now: datetime) -> Incident:
    return Incident(
        kind=new.kind.code,
        subject=new.subject,
        title=new.title or new.kind.title,
        component=new.component,
        place_path=new.place_path,
        area_id=new.area_id,
        terminal_id=new.terminal_id,
        department=new.department,
        owner_id=new.owner_id,
        vendor_id=new.vendor_id,
        cause=cause,
        severity=new.grave,
        bucket=(new.bucket or new.kind.bucket).value,
        policy={"responsible_id": new.responsible_id, **policy},
        alarm_s=new.alarm_s,
        opened_at=new.opened_at,
        noticed_at=now,
        evidence=[line.plain() for line in new.evidence],
        order_due_at=new.order_due_at if cause is None else None,
    )


def hang_below(actor: Actor, incident: Incident, cause: Incident | None, now: datetime) -> None:
    """Make an open incident the symptom of `cause`, or, with None, a cause of its own again."""
    hang_many(actor, [(incident, cause)], now)


@transaction.atomic
def hang_many(
    actor: Actor,
    moves: Iterable[tuple[Incident, Incident | None]],
    now: datetime,
    *,
    order_due_at: datetime | None = None,
) -> int:
    """Hang incidents below their causes, or free them; returns how many moved.

    The clocks of a symptom's order stand still: nobody is measured against what the parent makes impossible. What is
    freed gets an order, at `order_due_at` when it is a silence that may end by itself.
    """
    moved = [(row, cause) for row, cause in moves if row.cause_id != (cause.pk if cause else None)]
    if not moved:
        return 0
    orders = _active_orders([row for row, _cause in moved])
    for row, cause in moved:
        row.cause = cause
        waits = cause is None and row.pk not in orders and row.kind in WAITING
        row.order_due_at = order_due_at if waits else None
    Incident.objects.bulk_update([row for row, _cause in moved], ["cause", "order_due_at"], batch_size=200)
    emit_many([news_of("hung" if cause else "freed", row, now, now) for row, cause in moved])
    for row, cause in moved:
        order = orders.get(row.pk)
        if order is not None and cause is not None:
            # An order that nobody accepted yet has nothing to stop; its time is told by its events. One that a person
            # paused already stays his.
            with contextlib.suppress(Refused):
                step(actor, order, "paused", reason=PARENT_PAUSE, at=now, now=now)
        elif order is not None and _paused_by_us(order):
            with contextlib.suppress(Refused):
                step(actor, order, "resumed", at=now, now=now)
        elif order is None and cause is None and row.order_due_at is None:
            open_order(actor, row, now)
    return len(moved)


def _paused_by_us(order: WorkOrder) -> bool:
    """Whether the last pause is that of `hang_many`: who waits for a part goes on waiting when the power is back."""
    last = order.events.filter(event="paused").order_by("-pk").first()
    return last is not None and last.reason == PARENT_PAUSE and last.by.startswith(OUR_JOBS)


def close_incident(
    actor: Actor, incident: Incident, *, closed_at: datetime, now: datetime, worse: IncidentKind | None = None
) -> Incident:
    """`close_many` of one; returns the row as it is afterwards."""
    close_many(actor, [(incident, closed_at, worse)], now)
    incident.refresh_from_db()
    return incident


@transaction.atomic
def close_many(actor: Actor, closings: Sequence[tuple[Incident, datetime, IncidentKind | None]], now: datetime) -> int:
    """The facts are gone since their moments. An order waits for acceptance, never closes itself.

    The third of each, `worse`: it is gone because it got worse (little paper, then none). Then nobody repaired
    anything: the order is called off, and the worse incident has its own. Returns how many were closed.
    """
    by_moment: dict[datetime, list[int]] = {}
    rows: list[Incident] = []
    for incident, closed_at, _worse in closings:
        by_moment.setdefault(max(closed_at, incident.opened_at), []).append(incident.pk)
    standing = set(
        Incident.objects.select_for_update(of=("self",))
        .filter(pk__in=[incident.pk for incident, _at, _worse in closings], state="open")
        .values_list("pk", flat=True)
    )
    for moment, ids in by_moment.items():
        Incident.objects.filter(pk__in=ids, state="open").update(state="closed", closed_at=moment, order_due_at=None)
    worse_of: dict[int, IncidentKind | None] = {}
    for incident, closed_at, worse in closings:
        if incident.pk in standing:
            incident.state, incident.closed_at = "closed", max(closed_at, incident.opened_at)
            worse_of[incident.pk] = worse
            rows.append(incident)
    emit_many([news_of("closed", row, row.closed_at or now, now) for row in rows])
    orders = _active_orders(rows)
    for row in rows:
        if row.pk in orders:
            _await_acceptance(actor, orders[row.pk], row.closed_at or now, worse_of[row.pk], now)
    return len(rows)


def _await_acceptance(
    actor: Actor, order: WorkOrder, moment: datetime, worse: IncidentKind | None, now: datetime
) -> None:
    if order.state.endswith("_paused"):
        step(actor, order, "resumed", at=moment, now=now)
    if worse is not None and order.state != "repaired":
        words = _("已加重为“%(title)s”，并入它的工单") % {"title": worse.title}
        step(actor, order, "cancelled", note=words, at=moment, now=now)
    elif order.state != "repaired":
        step(actor, order, "repaired", note=_("状态已恢复正常，等待验收"), at=moment, now=now)
    close_if_proven(actor, order, now)


def _active_orders(rows: Sequence[Incident]) -> dict[int, WorkOrder]:
    found = WorkOrder.objects.filter(incident__in=[row.pk for row in rows]).exclude(state__in=FINAL_ORDER_STATES)
    return {one.incident_id: one for one in found.select_related("incident")}


def write_due_orders(now: datetime, limit: int = 200) -> int:
    """Write the orders whose waiting is over; each by whoever takes its moment away first. Returns how many."""
    done = 0
    job = Actor.job("maintenance.orders")
    for row in Incident.objects.filter(order_due_at__lte=now).order_by("order_due_at")[:limit]:
        with transaction.atomic():
            mine = Incident.objects.filter(pk=row.pk, order_due_at=row.order_due_at, state="open", cause__isnull=True)
            if mine.update(order_due_at=None) and open_order(job, row, now) is not None:
                done += 1
    return done


def news_of(what: str, row: Incident, at: datetime, now: datetime, *, terminal: str = "") -> Transition:
    """The news "maintenance.incident_<what>" (opened, closed, hung, freed, settled) of an incident, not saved."""
    code = terminal or (row.subject.partition(":")[2].partition("/")[0] if row.terminal_id else "")
    return Transition(
        kind=f"maintenance.incident_{what}",
        subject=f"incident:{row.pk}",
        place_path=row.place_path,
        payload={
            "incident": row.pk,
            "kind": row.kind,
            "terminal": code,
            "department": row.department,
            "symptom": row.cause_id is not None,
            "severity": row.severity,
            "bucket": row.bucket,
            "bears_on": [row.opened_at.isoformat()],
        },
        occurred_at=at,
        recorded_at=now,
    )
