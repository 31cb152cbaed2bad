"""The item index: the center builds it (with pypinyin) and ships it as JSON; terminal, public page and help desk only
ask it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from budayang.search.index import Entry, Hit, Index
from budayang.search.model import SearchItem

if TYPE_CHECKING:
    from budayang.search.building import build_index

__all__ = ["Entry", "Hit", "Index", "SearchItem", "build_index"]


def __getattr__(name: str) -> Any:
    """``build_index`` is loaded only when it is asked for: a terminal that only searches never loads the pinyin
    tables (50 MB).
    """
    if name == "build_index":
        return import_module("budayang.search.building").build_index
    raise AttributeError(name)
