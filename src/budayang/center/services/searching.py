"""The one search index of the center: made when the catalogue changed, shipped to the terminals, asked by the public
page and the console.
"""

from __future__ import annotations

import json
from functools import cached_property
from threading import Lock
from typing import Any

from budayang.center.services import queries
from budayang.search import Answer, Index, SearchItem
from budayang.search.building import build_index


class _Made:
    """The index and what it was made of. ``shipped``: as terminals get it."""

    def __init__(self, items: tuple[SearchItem, ...]) -> None:
        self.items = items
        self.index: Index = build_index(items)

    @cached_property
    def shipped(self) -> dict[str, Any]:
        shipped: dict[str, Any] = json.loads(self.index.to_json())
        return shipped


_lock = Lock()
_made: list[_Made] = []


def catalogue_items() -> tuple[SearchItem, ...]:
    """The catalogue as the index takes it, in one read."""
    rows = queries.items().values_list("code", "name", "aliases", "department__name", "office", "driven")
    return tuple(
        SearchItem(code, name, tuple(alias for alias, _kind in aliases), (department, office), int(driven))
        for code, name, aliases, department, office, driven in rows
    )


def _current() -> _Made:
    """Made anew when an item, a name or an alias differs: about a second. Who asks meanwhile waits for the same one."""
    items = catalogue_items()
    with _lock:
        if not _made or _made[0].items != items:
            _made[:] = [_Made(items)]
        return _made[0]


def search_index() -> Index:
    return _current().index


def shipped_index() -> dict[str, Any]:
    """The index for the message "catalogue": the same for every terminal, also for items that it does not offer, so
    that it can say so instead of finding something else.
    """
    return _current().shipped


def ask(query: str, limit: int = 12) -> Answer:
    """What a question finds in the whole catalogue, or why it finds nothing."""
    return search_index().ask(query, limit)
