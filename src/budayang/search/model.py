"""What goes into the index."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SearchItem:
    """``aliases``: other words people use. ``words``: weaker hints (department, materials)."""

    item_code: str
    name: str
    aliases: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    rank: int = 0
    """Higher comes first among equals, e.g. how often the item is asked for."""
