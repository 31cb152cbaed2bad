"""Finds items and areas for what a person typed, by the same index that the terminals ask."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from budayang.center.areas import queries as areas
from budayang.center.services import publishing, queries
from budayang.search import Index

FRESH_S = 60.0


@dataclass(slots=True)
class _Kept:
    """The index of the whole catalogue, made anew after a minute: an import shows without a restart."""

    lock: Lock = field(default_factory=Lock)
    index: Index | None = None
    made_at: float = 0.0
    made_of: tuple[int, str] = (0, "")


_kept = _Kept()


def catalogue_index() -> Index:
    rows = list(queries.items())
    made_of = (len(rows), rows[-1].code if rows else "")
    with _kept.lock:
        if _kept.index is None or _kept.made_of != made_of or time.monotonic() - _kept.made_at > FRESH_S:
            _kept.index = Index.from_json(publishing.index_of(rows))
            _kept.made_at, _kept.made_of = time.monotonic(), made_of
        return _kept.index


def find_items(query: str, limit: int = 12) -> list[Any]:
    """Items for a query, best first."""
    codes = [hit.item_code for hit in catalogue_index().find(query, limit=limit)]
    rows = {row.code: row for row in queries.items().filter(code__in=codes)}
    return [rows[code] for code in codes if code in rows]


def find_areas(query: str) -> list[Any]:
    """Areas whose name, region or address holds the query."""
    text = query.strip()
    if not text:
        return []
    found = [area for area in areas.list_public() if text in area.name or text in area.address]
    return found or [area for area in areas.list_public() if _core(area.name).startswith(text[:2]) and len(text) >= 2]


def _core(name: str) -> str:
    return name.replace("政务服务中心", "")
