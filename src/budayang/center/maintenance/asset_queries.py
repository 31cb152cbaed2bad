"""Reads of assets: what the actor may see, where a thing was, and what its orders, parts and downtime come to."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet, Sum

from budayang.center.maintenance.models import Asset, AssetFile, AssetStay, Contract, Incident, OrderPart, WorkOrder
from budayang.center.maintenance.queries import orders_visible_to
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Organization
from budayang.center.platform.queries import NOTHING, place_chain, scope_q
from budayang.center.platform.sealing import CannotOpen, open_field
from budayang.rules.assets import AT_A_TERMINAL, Warranty, warranty
from budayang.rules.intervals import maybe, total_s

FILE_TABLE = "asset_file"
BEFORE_D = 36_500
"""A thing that is written down later had its faults before: all of them count."""
ORGANIZATIONS = ("owner_id", "terminal__vendor_id", "contract__organization_id")


@dataclass(frozen=True, slots=True)
class Totals:
    """What a thing has cost and how long it stood still: orders, lines of parts that count, fen, seconds of faults."""

    orders: int
    parts: int
    cost_fen: int
    down_s: float


def assets_visible_to(actor: Actor) -> QuerySet[Asset]:
    """Assets of the actor's places; owner units see their own, vendors those that they look after."""
    rows = Asset.objects.filter(scope_q(actor, "area__place__path", ORGANIZATIONS))
    return rows.select_related("area__place", "terminal", "owner", "contract__organization")


def get_asset(actor: Actor, asset_id: int) -> Asset:
    """Raises Asset.DoesNotExist, also outside the actor's scope."""
    return assets_visible_to(actor).get(pk=asset_id)


def contracts_for(place_path: str, owner_id: int) -> QuerySet[Contract]:
    """Contracts that may be named on an asset: of bodies there or above, of owner units only the asset's own."""
    rows = Contract.objects.filter(organization__place__path__in=place_chain(place_path))
    theirs = ~Q(organization__kind=Organization.Kind.OWNER) | Q(organization_id=owner_id)
    return rows.filter(theirs).select_related("organization").order_by("organization__name", "-starts_at")


def today(asset: Asset, now: datetime) -> date:
    """The day at the asset's place."""
    return now.astimezone(ZoneInfo(asset.area.place.zone)).date()


def warranty_of(asset: Asset, now: datetime) -> Warranty:
    """Whether the supplier still answers for it today."""
    return warranty(asset.warranty_until, today(asset, now))


def _faults_q(asset: Asset, stays: Sequence[AssetStay], column: str) -> Q:
    """Incidents of a thing, as a filter over rows whose incident is at `column` ("" or "incident__"): those of its
    terminal or part while it was there, and those of its own days.
    """
    found = Q(**{f"{column}subject__in": [f"due:{pk}" for pk in asset.due_things.values_list("pk", flat=True)]})
    for stay in stays:
        if stay.terminal_id is None or asset.kind not in AT_A_TERMINAL:
            continue
        here = Q(**{f"{column}terminal_id": stay.terminal_id, f"{column}opened_at__gte": stay.since_at})
        if stay.component:
            here &= Q(**{f"{column}component": stay.component})
        if stay.until_at is not None:
            here &= Q(**{f"{column}opened_at__lt": stay.until_at})
        found |= here
    return found


def incidents_of(asset: Asset) -> QuerySet[Incident]:
    """Every incident of a thing, the newest first. The caller has found the asset among those that the reader sees."""
    rows = Incident.objects.filter(_faults_q(asset, list(asset.stays.all()), ""))
    tied = Incident.objects.filter(orders__tied_assets__asset=asset)
    return (rows | tied).distinct().order_by("-opened_at", "-pk")


def orders_of(actor: Actor, asset: Asset) -> QuerySet[WorkOrder]:
    """Orders on a thing that the actor sees, the newest first."""
    mine = _faults_q(asset, list(asset.stays.all()), "incident__") | Q(tied_assets__asset=asset)
    return orders_visible_to(actor).filter(mine).distinct().order_by("-opened_at", "-pk")


def assets_of_order(actor: Actor, order: WorkOrder) -> list[Asset]:
    """The things that an order is about: the part, else the terminal, that stood there when it began; those of whose
    day it is; and those that a person tied to it.
    """
    incident = order.incident
    mine = Q(tied_orders__order=order)
    subject, _colon, number = incident.subject.partition(":")
    if subject == "due" and number.isdecimal():
        mine |= Q(due_things__pk=int(number))
    mine |= (
        Q(pk__in=_standing_there(incident, incident.terminal_id).values("asset_id"))
        if incident.terminal_id
        else NOTHING
    )
    return list(assets_visible_to(actor).filter(mine).distinct().order_by("-component", "code"))


def _standing_there(incident: Incident, terminal_id: int) -> QuerySet[AssetStay]:
    stays = AssetStay.objects.filter(
        Q(until_at__isnull=True) | Q(until_at__gt=incident.opened_at),
        terminal_id=terminal_id,
        since_at__lte=incident.opened_at,
    )
    return stays.filter(component__in={"", incident.component})


def totals_of(actor: Actor, asset: Asset, now: datetime) -> Totals:
    """Sums over the whole life of a thing, of the orders that the actor sees. Overlapping faults count once."""
    orders = orders_of(actor, asset)
    ids = list(orders.values_list("pk", flat=True))
    parts = OrderPart.objects.filter(order_id__in=ids, taken_back_at__isnull=True)
    return Totals(
        orders=len(ids),
        parts=parts.count(),
        cost_fen=parts.aggregate(sum=Sum("cost_fen"))["sum"] or 0,
        down_s=down_s(asset, asset.registered_at - timedelta(days=BEFORE_D), now),
    )


def down_s(asset: Asset, start: datetime, end: datetime) -> float:
    """Seconds of [start, end) in which a fault of the thing was open; days that fell due are no fault of it."""
    faults = incidents_of(asset).filter(cause__isnull=True, opened_at__lt=end).exclude(subject__startswith="due:")
    spans = [part for one in faults for part in maybe(max(one.opened_at, start), min(one.closed_at or end, end))]
    return total_s(spans)


def read_file(row: AssetFile) -> bytes | None:
    """The content, or None when its time is over or its key is not here."""
    if row.content_sealed is None:
        return None
    try:
        return b64decode(open_field(FILE_TABLE, row.ref, "content", bytes(row.content_sealed)))
    except CannotOpen:
        return None


def contracts_seen_by(actor: Actor) -> QuerySet[Contract]:
    """Contracts that the actor may name on a new asset: those that it sees, and those of bodies that repair for all."""
    mine = scope_q(actor, "organization__place__path", ("organization_id",))
    paths = [one for grant in actor.grants for one in place_chain(grant.place_path)]
    repairers = Q(organization__place__path__in=paths) & ~Q(organization__kind=Organization.Kind.OWNER)
    rows = Contract.objects.filter(mine | repairers).select_related("organization")
    return rows.order_by("organization__name", "-starts_at")
