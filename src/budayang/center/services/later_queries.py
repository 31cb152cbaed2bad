"""Where an item can be done at a later hour: hours, stops and calendar as planned for it, machines as they are now."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from budayang.center.services import judging
from budayang.center.services.places import distance_km, point_of
from budayang.center.services.queries import RETIRED, PlaceWhere, rank

MOST = 2000


def where_at(
    at: datetime,
    now: datetime,
    *,
    item_code: str | None = None,
    area_code: str | None = None,
    from_area: Any | None = None,
) -> list[PlaceWhere]:
    """`queries.where` for a moment to come. Judged anew, not read from what is stored: that is true of now alone."""
    filters: dict[str, Any] = {}
    if item_code is not None:
        filters["item__code"] = item_code
    if area_code is not None:
        filters["terminal__area__code"] = area_code
    offerings = [row for row in judging.active_offerings(**filters)[:MOST] if row.terminal.state != RETIRED]
    if not offerings:
        return []
    facts = judging.Facts.load(offerings, now, at=at)
    start = point_of(from_area.latitude, from_area.longitude) if from_area is not None else None
    found = []
    for row in offerings:
        area = row.terminal.area
        km = distance_km(start, point_of(area.latitude, area.longitude))
        found.append(PlaceWhere(area, row.terminal, judging.judge(row, facts), km, row.item, stale=False))
    return sorted(found, key=rank)
