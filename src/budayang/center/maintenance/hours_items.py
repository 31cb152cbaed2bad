"""Hours of items: when an item was promised on a terminal, and when it could be done there.

Promised: the area is open by its promise, the terminal offers the item, and its department confirmed hours that hold
(or says that it may be handed in at any time). Hours that no department confirmed promise nothing. Usable: nothing that
this item needs is missing: its own peripherals, the terminal, power, network, site and, where it must answer, its
department's system. A broken camera costs an item nothing that needs none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta

from django.db import transaction

from budayang.center.areas import queries as areas
from budayang.center.maintenance import hours_ledger
from budayang.center.maintenance.hours_actions import BATCH, JOB, bounds, last_of
from budayang.center.maintenance.hours_ledger import Ledger
from budayang.center.maintenance.models import Divided, HoursClosing, HoursItemMonth, HoursItemsDue
from budayang.center.services.promise_queries import Offered, offered
from budayang.center.terminals.history_queries import promised_after
from budayang.rules.hours import Piece, Span, Tally, overlap, spans_of, tally

AREAS_AT_ONCE = 20


def promised_and_live(one: Offered, opening: list[Span]) -> tuple[list[Span], list[Span] | None]:
    """When the item is promised during the terminal's own promise, and when its department must answer (None: always
    while it is promised).
    """
    if one.windows is None:
        return [], None
    windows = spans_of(one.windows)
    promised = opening if one.hands_in else overlap(opening, windows)
    if not one.live:
        return promised, []
    return promised, windows if one.hands_in else None


def item_pieces(ledger: Ledger, one: Offered) -> list[Piece]:
    """The promised time of an item on a terminal, divided."""
    promised, live = promised_and_live(one, ledger.promise_of(one.terminal_id))
    if not promised:
        return []
    return ledger.item_pieces(one.terminal_id, promised, one.needs, one.department, live)


def item_tallies(ledger: Ledger, found: Iterable[Offered]) -> dict[tuple[int, int], Tally]:
    """Figures by (terminal, item). Items that need the same are counted once."""
    known: dict[object, Tally] = {}
    out: dict[tuple[int, int], Tally] = {}
    for one in found:
        if one.terminal_id not in ledger.machines:
            continue
        alike = (one.terminal_id, one.department, one.needs, one.windows, one.hands_in, one.live)
        if alike not in known:
            known[alike] = tally(item_pieces(ledger, one))
        out[one.terminal_id, one.item_id] = known[alike]
    return out


def compute_item_months(area_ids: Collection[int], month: date, now: datetime) -> int:
    """Compute every item of these areas for the closed days of a month; returns how many rows stand afterwards."""
    closed = dict(HoursClosing.objects.filter(area__in=list(area_ids)).values_list("area_id", "next_on"))
    rows = list(areas.visible_to(JOB).filter(pk__in=list(closed)).order_by("place__zone", "pk"))
    made: list[HoursItemMonth] = []
    # Areas of one zone with the same closed days are one period: nearly always all of them.
    groups: dict[tuple[str, date], list[int]] = {}
    paths: dict[int, str] = {}
    for area in rows:
        last = min(last_of(month), closed[area.pk] - timedelta(days=1))
        paths[area.pk] = area.place.path
        if last >= month:
            groups.setdefault((area.place.zone, last), []).append(area.pk)
    for (zone, last), here in groups.items():
        made += _items_of(here, paths, month, last, zone, now)
    with transaction.atomic():
        HoursItemMonth.objects.filter(area__in=list(area_ids), month=month).delete()
        HoursItemMonth.objects.bulk_create(made, batch_size=BATCH)
    return len(made)


def _items_of(
    area_ids: Collection[int], paths: dict[int, str], month: date, last: date, zone: str, now: datetime
) -> list[HoursItemMonth]:
    start, end = bounds(month, zone)[0], min(bounds(last, zone)[1], now)
    here = promised_after(start).filter(area__in=list(area_ids))
    machines = dict(here.order_by("pk").values_list("pk", "area_id"))
    ledger = hours_ledger.load(machines, start, end)
    sums: dict[tuple[int, int], tuple[Tally, int]] = {}
    everything = [one for rows in offered(list(machines), start, end).values() for one in rows]
    for (terminal_id, item_id), found in item_tallies(ledger, everything).items():
        total, count = sums.setdefault((machines[terminal_id], item_id), (Tally(), 0))
        total.add(found)
        sums[machines[terminal_id], item_id] = (total, count + 1)
    return [
        HoursItemMonth(
            area_id=area_id,
            item_id=item_id,
            place_path=paths[area_id],
            month=month,
            terminals=count,
            through_on=last,
            computed_at=now,
            **Divided.columns_of(total),
        )
        for (area_id, item_id), (total, count) in sums.items()
    ]


def compute_due_items(now: datetime) -> int:
    """Compute the items of the areas that are due, the oldest mark first; returns how many areas."""
    due = HoursItemsDue.objects.filter(due_at__lte=now).order_by("due_at", "pk")
    rows = list(due[:AREAS_AT_ONCE])
    if not rows:
        return 0
    rows = [one for one in rows if one.month == rows[0].month]
    with transaction.atomic():
        # The mark goes first: one that is set while we compute is a new row and stays.
        HoursItemsDue.objects.filter(pk__in=[one.pk for one in rows]).delete()
        compute_item_months([one.area_id for one in rows], rows[0].month, now)
    return len(rows)
