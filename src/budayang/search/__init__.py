"""The item index: the center builds it (with pypinyin) and ships it as JSON; terminal, public page and help desk only ask it."""

from __future__ import annotations

from budayang.search.index import Entry, Hit, Index
from budayang.search.model import SearchItem

__all__ = ["Entry", "Hit", "Index", "SearchItem", "build_index"]


def __getattr__(name: str) -> object:
    """``build_index`` is loaded only when it is asked for: a terminal that only searches never loads the pinyin tables (50 MB)."""
    if name == "build_index":
        from budayang.search.building import build_index  # noqa: PLC0415

        return build_index
    raise AttributeError(name)
