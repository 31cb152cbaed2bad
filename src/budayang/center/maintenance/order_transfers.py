"""Who has an order, and under which limits: transfer (转派), and limits that change while it is open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from budayang.center.maintenance.assigning import manager_of
from budayang.center.maintenance.models import FINAL_ORDER_STATES, WorkOrder
from budayang.center.maintenance.order_actions import DOERS, holder_words, require, step, write
from budayang.center.maintenance.order_limits import LIMITS, events_of, in_force, limits_for
from budayang.center.platform import queries as platform
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Organization, Staff
from budayang.center.platform.roles import BODY_ROLES, Role

JOB = Actor.job("maintenance.transfers")


@dataclass(frozen=True, slots=True)
class Taker:
    """A body that can be given an order, and those of its people who may do it there."""

    organization: Organization
    people: tuple[Staff, ...]


def takers(order: WorkOrder) -> list[Taker]:
    """Who can be given an order: the bodies that the fault concerns and the managing unit, with their people there."""
    incident = order.incident
    ids = {order.organization_id, incident.owner_id, incident.vendor_id, manager_of(order.place_path)}
    bodies = platform.organizations_visible_to(JOB).filter(pk__in=[one for one in ids if one is not None])
    return [Taker(body, _people(body, order)) for body in bodies.order_by("kind", "code")]


def _people(body: Organization, order: WorkOrder) -> tuple[Staff, ...]:
    """The body's people with a grant there, and for the managing unit the keepers, who stand for no body."""
    own = Q(grants__organization=body, grants__role__in=[role.value for role in BODY_ROLES])
    if body.kind == Organization.Kind.MANAGER:
        own |= Q(grants__role=Role.AREA_KEEPER.value)
    people = platform.staff_visible_to(JOB).filter(
        own, is_active=True, grants__place__path__in=platform.place_chain(order.place_path)
    )
    return tuple(people.order_by("name", "pk").distinct())


@transaction.atomic
def transfer(
    actor: Actor, order: WorkOrder, *, organization_id: int, staff_id: int | None, reason: str, now: datetime
) -> WorkOrder:
    """转派 to another body or person, with the reason. No clock starts anew, the citizen waits all the same; the limits
    of the new body's contract count from now on.
    """
    require(actor, order, DOERS)
    if not reason.strip():
        raise Refused(_("请写明为什么转派，例如“本单位没有备件”。"))
    taker = next((one for one in takers(order) if one.organization.pk == organization_id), None)
    person = next((one for one in taker.people if one.pk == staff_id), None) if taker else None
    if taker is None or (staff_id is not None and person is None):
        raise Refused(_("只能转给这处故障的有关单位和它在这里的人员，请重新选择。"))
    if (organization_id, staff_id) == (order.organization_id, order.assignee_id):
        raise Refused(_("工单本来就在这里，请选另外的单位或人员。"))
    before = order.organization_id
    # Of two who hand one order on at once, the second finds another holder than the one he saw.
    held = WorkOrder.objects.select_for_update().get(pk=order.pk)
    if (held.organization_id, held.assignee_id) != (before, order.assignee_id):
        raise Refused(_("这张工单刚刚已被别人处理，请刷新页面再看。"))
    holder = f"{taker.organization.name} {person.name}" if person else taker.organization.name
    also = {"organization_id": organization_id, "assignee_id": staff_id}
    try:
        with transaction.atomic():
            step(actor, order, "transferred", note=reason, at=now, now=now, holder=holder, also=also)
    except IntegrityError as error:
        # maintenance_order_one_active: that body has an order of this fault already.
        order.refresh_from_db()
        raise Refused(_("这个单位已有同一故障的工单，请合并到那一张。")) from error
    if organization_id != before:
        renew_limits(actor, order, at=now, now=now)
    return order


@transaction.atomic
def renew_limits(actor: Actor, order: WorkOrder, *, at: datetime, now: datetime) -> bool:
    """Note the limits that are in force for an open order since `at`; False when they are those that it has."""
    if order.state in FINAL_ORDER_STATES or at < order.opened_at:
        return False
    fresh = WorkOrder.objects.select_related("incident", "organization", "assignee").get(pk=order.pk)
    _since, before = in_force(fresh, events_of(fresh))[-1]
    after = limits_for(fresh.incident.policy, fresh.organization_id, fresh.incident.severity, at)
    if after == before:
        return False
    contract = after.get("contract")
    note = _("从此按规定的时限，不按合同")
    if contract:
        note = _("从此按合同 %(number)s 的时限") % {"number": contract["number"]}
    write(actor, fresh, LIMITS, note=note, at=at, now=now, holder=holder_words(fresh), details=after)
    return True
