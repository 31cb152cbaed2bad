"""The item index, as it is asked by terminal, public page and help desk.

The center builds it with :func:`budayang.search.building.build_index` and ships it as JSON. That door is not offered
here: it loads the pinyin tables (50 MB), and who only asks must not.
"""

from __future__ import annotations

from budayang.search.index import Index
from budayang.search.model import Answer, Entry, Hit, SearchItem

__all__ = ["Answer", "Entry", "Hit", "Index", "SearchItem"]
