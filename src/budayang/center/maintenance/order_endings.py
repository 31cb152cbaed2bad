"""How an order ends: accepted with its proof, called off, merged into another, and opened again."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from budayang.center.maintenance.incident_actions import close_incident
from budayang.center.maintenance.models import FINAL_ORDER_STATES, Incident, WorkOrder
from budayang.center.maintenance.order_actions import ACCEPTERS, DOERS, close_order, require, step, write
from budayang.center.maintenance.order_proving import merged_into, missing_proof, standing
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.wording import words
from budayang.rules.maintenance import get_cause
from budayang.rules.order_proofs import DOWNTIME_REASONS, PROOF_NAMES, likely_downtime_reason, only_people_see

CALLERS_OFF = (Role.SUPERVISOR, Role.AREA_KEEPER)
"""Who may call an order off. Neither the body that has to do it, nor its vendor."""


@transaction.atomic
def verify(actor: Actor, order: WorkOrder, *, now: datetime, note: str = "", downtime_reason: str = "") -> WorkOrder:
    """验收通过 by a person, and close. Refused while a fault stands, or a proof is lacking, which it names.

    `downtime_reason`: a key of DOWNTIME_REASONS; empty takes what the facts suggest.
    """
    require(actor, order, ACCEPTERS)
    if downtime_reason and downtime_reason not in DOWNTIME_REASONS:
        raise Refused(_("请选择停机原因。"))
    for row in standing(order):
        raise Refused(_("终端仍报告“%(title)s”，还不能验收。") % {"title": row.title})
    lacking = missing_proof(order)
    if lacking:
        wanted = "、".join(words(PROOF_NAMES[one]) for one in lacking)
        raise Refused(_("还缺验收的凭据，有其中一样才能关闭：%(wanted)s。") % {"wanted": wanted})
    likely = likely_downtime_reason(order.incident.bucket, get_cause(order.incident.kind).affects)
    also = {"downtime_reason": downtime_reason or likely}
    step(actor, order, "verified", note=note, at=now, now=now, also=also)
    close_order(actor, order, now=now)
    _end_what_people_saw(actor, order, now)
    return order


def _end_what_people_saw(actor: Actor, order: WorkOrder, now: datetime) -> None:
    """What no machine tells of ends when it was repaired, with the acceptance of its order."""
    repaired = order.events.filter(event="repaired").order_by("-at").first()
    for one in (order, *merged_into(order)):
        incident = Incident.objects.get(pk=one.incident_id)
        if incident.state == "open" and only_people_see(get_cause(incident.kind).proof):
            close_incident(actor, incident, closed_at=repaired.at if repaired else now, now=now)


@transaction.atomic
def call_off(actor: Actor, order: WorkOrder, *, reason: str, now: datetime) -> WorkOrder:
    """撤销, with the reason: it was no fault. Refused while a machine reports one: then nobody would mend it."""
    require(actor, order, CALLERS_OFF)
    if not reason.strip():
        raise Refused(_("请写明为什么撤销，例如“误报，现场正常”。"))
    for row in standing(order):
        raise Refused(_("终端仍报告“%(title)s”，撤销后就没人处理。请转派或合并。") % {"title": row.title})
    step(actor, order, "cancelled", note=reason, at=now, now=now)
    _end_what_people_saw(actor, order, now)
    return order


@transaction.atomic
def reopen(actor: Actor, order: WorkOrder, *, reason: str, now: datetime) -> WorkOrder:
    """重新打开, with the reason. What was proven before proves nothing any more."""
    require(actor, order, ACCEPTERS)
    if not reason.strip():
        raise Refused(_("请写明为什么重新打开，例如“又卡纸了”。"))
    try:
        with transaction.atomic():
            step(actor, order, "reopened", note=reason, at=now, now=now, also={"downtime_reason": ""})
    except IntegrityError as error:
        order.refresh_from_db()
        raise Refused(_("同一故障已有一张没结束的工单，请在那一张上处理。")) from error
    return order


def mergeable(order: WorkOrder) -> list[WorkOrder]:
    """Open orders of the same terminal, or of the same area without one, into which this one may be merged."""
    incident = order.incident
    same = Q(incident__terminal_id=incident.terminal_id) if incident.terminal_id else Q(place_path=order.place_path)
    rows = WorkOrder.objects.filter(same, closed_at__isnull=True).exclude(pk=order.pk)
    # Sorted here: asked for the first fifty, a database would walk through all open orders instead of the terminal's.
    found = rows.select_related("incident", "organization", "assignee").order_by()
    return sorted(found, key=lambda one: (one.opened_at, one.pk))[:50]


@transaction.atomic
def merge(actor: Actor, order: WorkOrder, into: WorkOrder, *, reason: str, now: datetime) -> WorkOrder:
    """合并: `into` stays and closes only when the faults of both are gone; this one ends and points to it. Its history
    and its clocks, which stop here, stay as they are.
    """
    require(actor, order, DOERS)
    require(actor, into, DOERS)
    # Of two people who merge a pair crosswise at once, one waits here, and finds the other's order ended.
    locked = WorkOrder.objects.select_for_update().filter(pk__in=[order.pk, into.pk]).order_by("pk")
    states = dict(locked.values_list("pk", "state"))
    if states[into.pk] in FINAL_ORDER_STATES:
        raise Refused(_("工单 %(number)s 已经结束，不能并入它。") % {"number": into.number})
    if into.pk not in {one.pk for one in mergeable(order)}:
        raise Refused(_("只能并入同一终端或同一自助区没结束的工单。"))
    also = {"merged_into_id": into.pk}
    note = _("并入 %(number)s。%(reason)s") % {"number": into.number, "reason": reason.strip()}
    step(actor, order, "merged", note=note, at=now, now=now, details={"order": into.number}, also=also)
    words_of = _("%(number)s “%(title)s”并入本单") % {"number": order.number, "title": order.incident.title}
    write(actor, into, "absorbed", note=words_of, at=now, now=now, details={"order": order.number})
    return order
