"""Reads of consumables. Lists start at `supplies_visible_to(actor)` and `stocks_visible_to(actor)`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, Q, QuerySet, Subquery

from budayang.center.platform.actors import Actor
from budayang.center.platform.queries import scope_q
from budayang.center.terminals.models import (
    SheetEvent,
    Stock,
    StockMovement,
    StockSheet,
    SupplyCount,
    SupplyFill,
    SupplyLevel,
    Terminal,
)
from budayang.center.terminals.supply_forecasts import profile_of as profile_of
from budayang.rules.consumables import Sheet, Span, Tell, spans
from budayang.rules.run_outs import Forecast, Why


def supplies_visible_to(actor: Actor) -> QuerySet[SupplyLevel]:
    """Supplies of terminals in the actor's places; owner units and vendors see those of their own machines."""
    mine = scope_q(actor, "terminal__area__place__path", ("terminal__owner_id", "terminal__vendor_id"))
    rows = SupplyLevel.objects.filter(mine).exclude(terminal__state=Terminal.State.RETIRED)
    return rows.select_related("terminal__area__place", "terminal__owner", "terminal__vendor")


def get_supply(actor: Actor, supply_id: int) -> SupplyLevel:
    """Raises SupplyLevel.DoesNotExist."""
    return supplies_visible_to(actor).get(pk=supply_id)


def supplies_of(actor: Actor, terminal_id: int) -> list[SupplyLevel]:
    """The supplies of one terminal."""
    return list(supplies_visible_to(actor).filter(terminal_id=terminal_id).order_by("subject", "consumable"))


def running_out(actor: Actor, now: datetime, limit: int) -> list[SupplyLevel]:
    """What may run out first, by the stored forecasts (10 per cent moment, indexed); what is out already is a fault."""
    rows = supplies_visible_to(actor).filter(early_at__isnull=False, early_at__gt=now).exclude(why=Why.OUT.value)
    return list(rows.order_by("early_at", "pk")[:limit])


@dataclass(frozen=True, slots=True)
class SupplyFact:
    """A supply as the maintenance room reads it."""

    id: int
    terminal_id: int
    terminal: str
    name: str
    subject: str
    consumable: str
    owner_id: int
    vendor_id: int | None
    manager_id: int | None
    area_id: int
    place_path: str
    zone: str
    tell: str
    word: str
    fill_at: datetime | None
    fill_source: str
    in_use: bool
    forecast: Forecast


def facts_of(ids: Collection[int]) -> dict[int, SupplyFact]:
    """Supplies by id, with their stored forecasts: one query."""
    rows = SupplyLevel.objects.filter(pk__in=list(ids)).select_related("terminal__area__place")
    return {row.pk: _fact(row) for row in rows}


def _fact(row: SupplyLevel) -> SupplyFact:
    machine = row.terminal
    place = machine.area.place
    return SupplyFact(
        row.pk, machine.pk, machine.code, machine.name, row.subject, row.consumable, machine.owner_id,
        machine.vendor_id, machine.area.manager_id, machine.area_id, place.path, place.zone, row.tell, row.word,
        row.fill_at, row.fill_source, machine.state == Terminal.State.ACTIVE,
        Forecast(row.early_at, row.runs_out_at, row.late_at, Why(row.why), row.per_day),
    )  # fmt: skip


def tells_of(terminal_ids: Collection[int]) -> dict[int, dict[str, str]]:
    """Terminal id -> consumable -> out | low | enough, the best of its components; unknown are left out. One query."""
    rank = {Tell.OUT.value: 0, Tell.LOW.value: 1, Tell.ENOUGH.value: 2}
    found: dict[int, dict[str, str]] = {one: {} for one in terminal_ids}
    rows = SupplyLevel.objects.filter(terminal_id__in=list(found), tell__in=list(rank))
    for terminal_id, consumable, tell in rows.values_list("terminal_id", "consumable", "tell"):
        mine = found[terminal_id]
        if consumable not in mine or rank[tell] > rank[mine[consumable]]:
            mine[consumable] = tell
    return found


def ids_of_places(paths: Collection[str]) -> list[int]:
    """Supplies at or below these places."""
    found: set[int] = set()
    for path in paths:
        rows = SupplyLevel.objects.filter(terminal__area__place__path__startswith=path)
        found |= set(rows.values_list("pk", flat=True))
    return sorted(found)


def ids_of_terminals(codes: Collection[str]) -> list[int]:
    """Supplies of these terminals."""
    return list(SupplyLevel.objects.filter(terminal__code__in=list(codes)).values_list("pk", flat=True))


def fills_of(supply: SupplyLevel, limit: int = 50) -> list[SupplyFill]:
    """Fills, the newest first."""
    return list(SupplyFill.objects.filter(supply=supply).order_by("-at", "-pk")[:limit])


def uses_between(supply: SupplyLevel, start: datetime, end: datetime) -> list[tuple[datetime, float]]:
    """(hour, units) in order of time."""
    rows = SupplyCount.objects.filter(supply=supply, hour_at__gte=start, hour_at__lt=end).order_by("hour_at")
    return list(rows.values_list("hour_at", "amount"))


# The stock book ------------------------------------------------------------------------------------------------------


def stocks_visible_to(actor: Actor) -> QuerySet[Stock]:
    """Stocks in the actor's places; bodies' people see those of their own body."""
    mine = scope_q(actor, "area__place__path", ("organization_id",))
    return Stock.objects.filter(mine).select_related("organization", "area__place")


def stocks_kept(area_id: int, until: datetime) -> list[int]:
    """Keys of an area's stocks that were begun before a moment: by their first line in the book."""
    rows = Stock.objects.filter(area_id=area_id).annotate(
        begun=Subquery(StockMovement.objects.filter(stock=OuterRef("pk")).order_by("pk").values("at")[:1])
    )
    return list(rows.filter(Q(begun__isnull=True) | Q(begun__lt=until)).values_list("pk", flat=True))


def get_stock(actor: Actor, stock_id: int) -> Stock:
    """Raises Stock.DoesNotExist."""
    return stocks_visible_to(actor).get(pk=stock_id)


def stocks_for(actor: Actor, supply: SupplyLevel) -> list[Stock]:
    """From which stocks the supply of a machine may be filled: those of its owner and vendor in its area."""
    machine = supply.terminal
    rows = stocks_visible_to(actor).filter(
        area_id=machine.area_id,
        consumable=supply.consumable,
        organization_id__in=[one for one in (machine.owner_id, machine.vendor_id) if one],
        balance__gt=0,
    )
    return list(rows.order_by("pk"))


def movements_visible_to(actor: Actor) -> QuerySet[StockMovement]:
    """Lines of the book that the actor may see."""
    mine = scope_q(actor, "stock__area__place__path", ("stock__organization_id",))
    rows = StockMovement.objects.filter(mine)
    return rows.select_related("stock__organization", "stock__area", "terminal", "corrects")


def corrected_of(movements: Sequence[StockMovement]) -> set[int]:
    """Which of these lines a later line takes back."""
    rows = StockMovement.objects.filter(corrects_id__in=[one.pk for one in movements])
    return {one for one in rows.values_list("corrects_id", flat=True) if one is not None}


@dataclass(frozen=True, slots=True)
class SheetRow:
    """An unbroken stretch of sheets that are in one place."""

    state: Sheet
    numbers: str
    count: int
    terminal: str


def sheets_of(stock: Stock) -> list[SheetRow]:
    """All sheets of a stock as stretches, by number: each sheet is in exactly one."""
    found: dict[tuple[str, int, str, str], list[int]] = {}
    rows = StockSheet.objects.filter(stock=stock).order_by("number")
    for series, width, number, state, code in rows.values_list("series", "width", "number", "state", "terminal__code"):
        found.setdefault((series, width, state, code or ""), []).append(number)
    shown = [
        (series, first, SheetRow(Sheet(state), str(Span(series, width, first, last)), last - first + 1, code))
        for (series, width, state, code), numbers in found.items()
        for first, last in spans(numbers)
    ]
    return [row for _series, _first, row in sorted(shown, key=lambda one: one[:2])]


def events_of(stock: Stock, limit: int = 100) -> list[SheetEvent]:
    """What happened to the sheets of a stock, the newest first."""
    return list(SheetEvent.objects.filter(stock=stock).select_related("terminal").order_by("-pk")[:limit])
