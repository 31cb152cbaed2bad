"""Hand-over between shifts (交班): a note with the open orders, to the next on duty, who says that it is taken."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from budayang.center.maintenance.duty_queries import read_roster
from budayang.center.maintenance.models import FINAL_ORDER_STATES, Handover, WorkOrder
from budayang.center.maintenance.order_actions import DOERS
from budayang.center.platform import queries as platform
from budayang.center.platform.actions import Refused, record
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.models import Organization, Place, Staff
from budayang.center.platform.queries import scope_q

JOB = Actor.job("maintenance.handover")
AHEAD = timedelta(days=2)
MOST_ORDERS = 200


def handovers_visible_to(actor: Actor) -> QuerySet[Handover]:
    """Hand-overs in the actor's places; bodies' people see those of their body, everybody his own."""
    mine = scope_q(actor, "place__path", ("organization_id",))
    own = Q(giver_id=actor.staff_id) | Q(taker_id=actor.staff_id) if actor.staff_id else Q(pk__in=[])
    return Handover.objects.filter(mine | own).select_related("organization", "place", "giver", "taker")


def waiting_for(actor: Actor) -> list[Handover]:
    """What this person was given and did not take yet."""
    rows = handovers_visible_to(actor).filter(taker_id=actor.staff_id, taken_at__isnull=True)
    return list(rows) if actor.staff_id else []


def next_on_duty(organization_id: int, place_path: str, now: datetime, but: int | None) -> int | None:
    """The person whose duty begins next, or who is on duty now beside the giver; None without a roster."""
    _shifts, duties, _zone = read_roster(organization_id, place_path, now, now + AHEAD)
    coming = sorted(one for one in duties if one.person != but and one.end > now)
    later = [one for one in coming if one.start > now]
    return (later or coming)[0].person if coming else None


def open_orders(organization: Organization, place: Place) -> tuple[list[WorkOrder], int]:
    """What is not done at a place and below it, newest first, as tonight's is what the next one does not know: the
    orders of a body, for the managing unit everybody's, as it watches over them. Then how many older ones are left out.
    """
    rows = WorkOrder.objects.filter(place_path__startswith=place.path)
    if organization.kind != Organization.Kind.MANAGER:
        rows = rows.filter(organization=organization)
    rows = rows.exclude(state__in=FINAL_ORDER_STATES).select_related(
        "incident__terminal", "incident__area", "organization", "assignee"
    )
    found = list(rows.order_by("-opened_at", "-pk")[:MOST_ORDERS])
    return found, rows.count() - len(found) if len(found) == MOST_ORDERS else 0


@transaction.atomic
def hand_over(
    actor: Actor, *, organization: Organization, place: Place, taker: Staff, note: str, now: datetime
) -> Handover:
    """Leave a note and the list of open orders to somebody. Refused without words: the list alone tells no story."""
    actor.require(*DOERS, place_path=place.path, organizations=(organization.pk,))
    if actor.staff_id is None or taker.pk == actor.staff_id:
        raise Refused(_("请选择接班的人，不能交给自己。"))
    if not note.strip():
        raise Refused(_("请写几句要交代的事；没有特别的事就写“无异常”。"))
    orders, left_out = open_orders(organization, place)
    row = Handover.objects.create(
        organization=organization,
        place=place,
        giver_id=actor.staff_id,
        taker=taker,
        note=note.strip()[:600],
        orders=_listed(orders),
        left_out=left_out,
        given_at=now,
    )
    _record(actor, "maintenance.hand_over", row, now)
    return row


def _listed(orders: Sequence[WorkOrder]) -> list[dict[str, str]]:
    return [
        {
            "number": one.number,
            "title": one.incident.title,
            "where": (one.incident.terminal.name if one.incident.terminal else "")
            or (one.incident.area.name if one.incident.area else ""),
            "state": one.state,
        }
        for one in orders
    ]


@transaction.atomic
def take_over(actor: Actor, handover: Handover, *, answer: str, now: datetime) -> Handover:
    """接班: the one to whom it was given says that he has read it."""
    if actor.staff_id is None or actor.staff_id != handover.taker_id:
        raise Refused(_("只有接班人本人可以确认接班。"))
    taken = Handover.objects.filter(pk=handover.pk, taken_at__isnull=True)
    if not taken.update(taken_at=now, answer=answer.strip()[:300]):
        raise Refused(_("已经确认过接班。"))
    handover.refresh_from_db()
    _record(actor, "maintenance.take_over", handover, now)
    return handover


def _record(actor: Actor, word: str, row: Handover, now: datetime) -> None:
    record(
        actor, word, subject=f"handover:{row.pk}", place_path=row.place.path,
        details={"organization": row.organization.code, "orders": [one["number"] for one in row.orders]}, at=now,
    )  # fmt: skip


def people_for(organization: Organization, place: Place, but: int | None) -> list[Staff]:
    """Who can take over there: the body's people, for the managing unit keepers and supervisors, without the giver."""
    own = Q(grants__organization=organization)
    if organization.kind == Organization.Kind.MANAGER:
        own |= Q(grants__role__in=[Role.AREA_KEEPER.value, Role.SUPERVISOR.value])
    people = platform.staff_visible_to(JOB).filter(
        own, is_active=True, grants__place__path__in=platform.place_chain(place.path)
    )
    return list(people.exclude(pk=but or 0).order_by("name", "pk").distinct())
