"""The consumables that a trial of restocking reads: capacity, fills, and what was counted."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from budayang.center.standard.measuring.gathered import JOB
from budayang.center.terminals import month_queries, supply_queries
from budayang.rules.hours import micros
from budayang.rules.standard.trials import Chosen, Supply

LEAST_D = 1.0
LOOK_BACK = timedelta(days=92)
"""How far before the period a fill may lie from which the level is counted."""


def supplies_of(
    terminal_ids: Collection[int], start: datetime, end: datetime, chosen: Sequence[Chosen]
) -> Mapping[int, Mapping[str, Supply]]:
    """By terminal and consumable, only those that are to be restocked; three queries, none when nothing is.

    Of two components with the same consumable (two printers) the one that is filled and counted most speaks for both.
    """
    wanted = {str(one.values["consumable"]) for one in chosen if one.code == "restock"}
    if not wanted or not terminal_ids or start >= end:
        return {}
    mine = supply_queries.supplies_visible_to(JOB).filter(terminal_id__in=list(terminal_ids), consumable__in=wanted)
    rows = list(mine.order_by("pk"))
    ids = [one.pk for one in rows]
    fills = month_queries.fills_between(ids, start - LOOK_BACK, end)
    uses = month_queries.counts_between(ids, start - LOOK_BACK, end)
    found: dict[int, dict[str, Supply]] = {}
    for row in sorted(rows, key=lambda one: len(uses.get(one.pk, ()))):
        counted = uses.get(row.pk, [])
        since = None if row.counted_since is None else max(row.counted_since, start)
        days = (end - since).total_seconds() / 86400 if since is not None else 0.0
        used = sum(units for at, units in counted if since is not None and since <= at < end)
        found.setdefault(row.terminal_id, {})[row.consumable] = Supply(
            row.consumable,
            row.capacity,
            used / days if days >= LEAST_D else None,
            tuple((micros(at), float(units)) for at, units in fills.get(row.pk, ())),
            tuple((micros(at), units) for at, units in counted),
        )
    return found
