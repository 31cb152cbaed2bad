"""Rows of the ledgers about things: assets, repairs, supplies. A row is a tuple of texts, one a column of its book."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from django.db.models import Prefetch, Q, QuerySet

from budayang.center.maintenance import asset_queries
from budayang.center.maintenance.models import Asset, AssetAcceptance, AssetEvent, AssetStay, OrderPart, WorkOrder
from budayang.center.maintenance.queries import orders_visible_to
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Place
from budayang.center.terminals import supply_queries
from budayang.rules.assets import FINAL_STATES, FIRST_STATE, KIND_NAMES, STATE_NAMES, WARRANTY_NAMES, warranty
from budayang.rules.cases import yuan
from budayang.rules.causes import SEVERITY_NAMES, Severity
from budayang.rules.consumables import get_consumable
from budayang.rules.intervals import maybe, total_s
from budayang.rules.ledgers import period
from budayang.rules.order_proofs import DOWNTIME_REASONS
from budayang.rules.orders import STATE_NAMES as ORDER_STATE_NAMES

Row = tuple[str, ...]
MOVE_NAMES = {"in": "入库", "out": "出库", "return": "退回", "adjust": "盘点调整"}


@dataclass(frozen=True)
class Scope:
    """Whose eyes, which place with all below it, which days (both in it), in the place's own zone. What goes on at
    `now` counts up to then.
    """

    actor: Actor
    place: Place
    first_on: date
    last_on: date
    now: datetime

    @cached_property
    def span(self) -> tuple[datetime, datetime]:
        """[start, end) in UTC."""
        return period(self.first_on, self.last_on, self.place.zone)

    def day(self, at: datetime | None) -> str:
        return at.astimezone(ZoneInfo(self.place.zone)).strftime("%Y-%m-%d") if at else ""

    def moment(self, at: datetime | None) -> str:
        return at.astimezone(ZoneInfo(self.place.zone)).strftime("%Y-%m-%d %H:%M") if at else ""

    def clock(self, at: datetime | None, beside: datetime) -> str:
        """The time of day, with its day where that differs from the one beside it."""
        text = self.moment(at)
        return text[11:] if text[:10] == self.moment(beside)[:10] else text


def iso(on: date | None) -> str:
    return on.isoformat() if on else ""


def join(*parts: str) -> str:
    """The parts that say something, one a line."""
    return "\n".join(part for part in parts if part)


def asset_rows(scope: Scope) -> Iterator[Row]:
    """设备台账: what was on the books at the end of the period, where and in which state it stood then, with the orders
    and the downtime of the period.
    """
    start, end = scope.span
    last = scope.last_on
    stays = AssetStay.objects.filter(since_at__lt=end).select_related("area__place", "terminal").order_by("-since_at")
    events = AssetEvent.objects.filter(at__lt=end).order_by("-at", "-pk")
    seen = asset_queries.assets_visible_to(scope.actor).filter(
        Q(stays__area__place__path__startswith=scope.place.path), stays__since_at__lt=end, registered_at__lt=end
    )
    rows = Asset.objects.filter(pk__in=seen.values("pk")).select_related("area__place", "owner", "contract")
    rows = rows.prefetch_related(
        Prefetch("stays", stays, to_attr="stays_then"),
        Prefetch("events", events, to_attr="events_then"),
        Prefetch("acceptances", AssetAcceptance.objects.filter(at__lt=end).order_by("-at"), to_attr="accepted_then"),
    )
    for asset in rows.order_by("code"):
        stay = next(iter(asset.stays_then), None)
        event = next(iter(asset.events_then), None)
        if stay is None or not stay.area.place.path.startswith(scope.place.path):
            continue
        if event is not None and event.state in FINAL_STATES and event.at < start:
            continue  # gone before the period began
        accepted = next(iter(asset.accepted_then), None)
        orders = asset_queries.orders_of(scope.actor, asset).filter(opened_at__gte=start, opened_at__lt=end)
        parts = OrderPart.objects.filter(order__in=orders, taken_back_at__isnull=True)
        cost = sum(parts.values_list("cost_fen", flat=True))
        down = round(asset_queries.down_s(asset, start, min(end, scope.now)) / 60)
        where = join(stay.area.name, stay.terminal.code if stay.terminal else "", stay.component, stay.spot)
        yield (
            asset.code,
            join(asset.name, KIND_NAMES[asset.kind]),
            where,
            join(asset.owner.name, asset.contract.number if asset.contract else ""),
            join(asset.make, asset.serial, asset.supplier),
            join(iso(asset.bought_on), iso(accepted.accepted_on) if accepted and accepted.passed else ""),
            join(iso(asset.warranty_until), WARRANTY_NAMES[warranty(asset.warranty_until, last)]),
            iso(asset.life_until),
            STATE_NAMES[event.state if event else FIRST_STATE],
            f"{orders.count()}",
            f"{down}",
            yuan(cost),
        )


def _orders(scope: Scope) -> QuerySet[WorkOrder]:
    start, end = scope.span
    rows = orders_visible_to(scope.actor).filter(
        place_path__startswith=scope.place.path, opened_at__gte=start, opened_at__lt=end
    )
    parts = OrderPart.objects.filter(taken_back_at__isnull=True).order_by("pk")
    return rows.prefetch_related("events", Prefetch("parts", parts, to_attr="parts_used"))


def repair_rows(scope: Scope) -> Iterator[Row]:
    """维修台账: the orders that were opened in the period, with how each went on up to now."""
    for order in _orders(scope).order_by("opened_at", "pk").iterator(chunk_size=500):
        incident = order.incident
        at = {event.event: event for event in sorted(order.events.all(), key=lambda one: (one.at, one.pk))}
        parts = list(order.parts_used)  # type: ignore[attr-defined]  # by the prefetch
        closed = order.closed_at
        reached = [scope.clock(at[name].at, order.opened_at) if name in at else "" for name in ("accepted", "arrived")]
        spans = maybe(incident.opened_at, incident.closed_at) if incident.closed_at else []
        yield (
            order.number,
            scope.moment(order.opened_at),
            join(incident.area.name if incident.area else "", incident.terminal.code if incident.terminal else ""),
            join(incident.title, SEVERITY_NAMES[Severity(incident.severity)]),
            join(order.organization.name, order.assignee.name if order.assignee else ""),
            join(*reached),
            scope.clock(at["repaired"].at, order.opened_at) if "repaired" in at else "",
            join("、".join(f"{one.name} {one.amount} {one.unit}" for one in parts)),
            yuan(sum(one.cost_fen for one in parts)),
            f"{round(total_s(spans) / 60)}" if spans else "",
            join(DOWNTIME_REASONS.get(order.downtime_reason, "")),
            join(ORDER_STATE_NAMES[order.state], scope.moment(closed), at["verified"].by if "verified" in at else ""),
        )


def supply_rows(scope: Scope) -> Iterator[Row]:
    """耗材台账: every line of the stock book in the period."""
    start, end = scope.span
    rows = supply_queries.movements_visible_to(scope.actor).filter(
        stock__area__place__path__startswith=scope.place.path, at__gte=start, at__lt=end
    )
    rows = rows.select_related("stock__area", "stock__organization", "terminal")
    for line in rows.order_by("at", "pk").iterator(chunk_size=500):
        kind = get_consumable(line.stock.consumable)
        numbers = f"{line.first_number}—{line.last_number}" if line.first_number else ""
        yield (
            scope.moment(line.at),
            join(line.stock.area.name, line.stock.organization.name),
            kind.name,
            MOVE_NAMES[line.kind] + ("（更正）" if line.corrects_id else ""),
            f"{line.amount:+d}",
            f"{line.balance}",
            kind.unit,
            line.terminal.code if line.terminal else "",
            numbers,
            line.why,
            line.by,
        )
