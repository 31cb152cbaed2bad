"""Makes the index. Only this module needs pypinyin."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import cast

from pypinyin import Style, lazy_pinyin

from budayang.search.index import Entry, Index, Term, plain
from budayang.search.model import SearchItem


def _each(run: str) -> list[str]:
    """What has no pinyin stays as it is, character by character: pypinyin takes a list, its stubs know only text."""
    return list(run)


def make_term(text: str, kind: str) -> Term:
    """A text with the pinyin of each character; Latin letters and digits are syllables of their own."""
    shown = plain(text)
    # the whole text at once: pypinyin reads 重庆 and 银行 by their words
    sounds = lazy_pinyin(shown, style=Style.NORMAL, errors=cast("Callable[[str], str]", _each))
    syllables = sounds if len(sounds) == len(shown) else list(shown)
    return Term(shown, tuple(s.lower() for s in syllables), kind)


def build_index(items: Iterable[SearchItem]) -> Index:
    """The index of ``items``, in their order."""
    entries = []
    for item in items:
        terms = [make_term(item.name, "name"), *(make_term(a, "alias") for a in item.aliases)]
        terms += [make_term(w, "word") for w in item.words if w]
        entries.append(Entry(item.item_code, item.name, tuple(terms), item.rank))
    return Index(tuple(entries))
