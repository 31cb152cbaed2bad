"""Reads of a span of time for reports: what consumables were used, filled and taken from stock."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models import Count, Sum

from budayang.center.terminals.models import StockMovement, SupplyCount, SupplyFill


def units_used(supply_ids: Collection[int], start: datetime, end: datetime) -> dict[int, float]:
    """Units counted in [start, end) by supply; those of which nothing was counted are missing."""
    rows = SupplyCount.objects.filter(supply_id__in=list(supply_ids), hour_at__gte=start, hour_at__lt=end)
    return {pk: float(used or 0) for pk, used in rows.order_by().values_list("supply_id").annotate(n=Sum("amount"))}


def fills_made(supply_ids: Collection[int], start: datetime, end: datetime) -> dict[int, int]:
    """How often each supply was filled in [start, end)."""
    rows = SupplyFill.objects.filter(supply_id__in=list(supply_ids), at__gte=start, at__lt=end)
    return dict(rows.order_by().values_list("supply_id").annotate(n=Count("pk")))


def fills_between(supply_ids: Collection[int], start: datetime, end: datetime) -> dict[int, list[tuple[datetime, int]]]:
    """(when, units afterwards) of each fill in [start, end) by supply, oldest first; one query."""
    rows = SupplyFill.objects.filter(supply_id__in=list(supply_ids), at__gte=start, at__lt=end).order_by("at", "pk")
    found: dict[int, list[tuple[datetime, int]]] = {}
    for pk, at, units in rows.values_list("supply_id", "at", "after"):
        found.setdefault(pk, []).append((at, units))
    return found


def counts_between(
    supply_ids: Collection[int], start: datetime, end: datetime
) -> dict[int, list[tuple[datetime, float]]]:
    """(hour, units) that were counted in [start, end) by supply, oldest first; one query."""
    rows = SupplyCount.objects.filter(supply_id__in=list(supply_ids), hour_at__gte=start, hour_at__lt=end)
    found: dict[int, list[tuple[datetime, float]]] = {}
    for pk, hour, units in rows.order_by("hour_at").values_list("supply_id", "hour_at", "amount"):
        found.setdefault(pk, []).append((hour, units))
    return found


def issued(place_path: str, start: datetime, end: datetime) -> dict[str, int]:
    """Units taken out of the stocks of a place in [start, end) by consumable."""
    rows = StockMovement.objects.filter(stock__area__place__path__startswith=place_path, kind="out")
    rows = rows.filter(at__gte=start, at__lt=end).order_by()
    return {code: -int(n or 0) for code, n in rows.values_list("stock__consumable").annotate(n=Sum("amount"))}
