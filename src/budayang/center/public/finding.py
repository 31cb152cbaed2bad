"""Finds items and areas for what a person typed, by the same index that the terminals ask."""

from __future__ import annotations

from typing import Any, NamedTuple

from budayang.center.areas import queries as areas
from budayang.center.services import queries, searching
from budayang.search import Answer

SURE = 0.8
"""An item found this surely is meant, even where its words are also in the name of an area."""


class Finding(NamedTuple):
    """``items`` best first; ``area`` when a place is meant. Never both."""

    items: list[Any]
    answer: Answer
    area: Any | None


def find(query: str, limit: int = 8) -> Finding:
    """The items or the area that a query means, or why there is neither."""
    answer = searching.ask(query, limit)
    sure = bool(answer.hits) and answer.hits[0].score >= SURE
    named = next(iter(find_areas(query)), None)
    if named is not None and (not answer.hits or (not sure and query.strip() in named.name)):
        return Finding([], answer, named)
    codes = [hit.item_code for hit in answer.hits]
    rows = {row.code: row for row in queries.items().filter(code__in=codes)}
    return Finding([rows[code] for code in codes if code in rows], answer, None)


def find_areas(query: str) -> list[Any]:
    """Areas whose name, region or address holds the query."""
    text = query.strip()
    if not text:
        return []
    found = [area for area in areas.list_public() if text in area.name or text in area.address]
    return found or [area for area in areas.list_public() if _core(area.name).startswith(text[:2]) and len(text) >= 2]


def _core(name: str) -> str:
    return name.replace("政务服务中心", "")
