"""Reads of run-outs against duty: what may run out before somebody is there."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import QuerySet

from budayang.center.maintenance.models import FINAL_ORDER_STATES, RunOutWatch, WorkOrder
from budayang.center.platform.actors import Actor
from budayang.center.platform.queries import scope_q

SOON = timedelta(days=1)


def watches_visible_to(actor: Actor) -> QuerySet[RunOutWatch]:
    """The same scope as the supplies themselves."""
    mine = scope_q(
        actor, "supply__terminal__area__place__path", ("supply__terminal__owner_id", "supply__terminal__vendor_id")
    )
    rows = RunOutWatch.objects.filter(mine).exclude(supply__terminal__state="retired")
    return rows.select_related("supply__terminal__area__place", "incident")


def pressing(actor: Actor, now: datetime) -> QuerySet[RunOutWatch]:
    """What may run out (10 per cent) while nobody is there, and has to be filled within a day. What runs out in three
    weeks, in some night, is not among them: many are on duty before it.
    """
    return watches_visible_to(actor).filter(order_at__lte=now + SOON, early_at__gt=now)


def before_duty(actor: Actor, now: datetime, limit: int) -> list[RunOutWatch]:
    """`pressing`, the earliest first; read from stored, indexed rows."""
    return list(pressing(actor, now).order_by("early_at", "pk")[:limit])


def watches_of(supply_ids: Collection[int]) -> dict[int, RunOutWatch]:
    """By supply."""
    rows = RunOutWatch.objects.filter(supply_id__in=list(supply_ids)).select_related("incident")
    return {row.supply_id: row for row in rows}


def orders_of(incident_ids: Collection[int]) -> dict[int, WorkOrder]:
    """The order that is under way for each incident, by incident."""
    rows = WorkOrder.objects.filter(incident_id__in=list(incident_ids)).exclude(state__in=FINAL_ORDER_STATES)
    return {row.incident_id: row for row in rows}
