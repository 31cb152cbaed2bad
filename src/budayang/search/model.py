"""What goes into the index, and what comes out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from budayang.rules.search import SearchVerdict
from budayang.search.lexicon import Word

Saying = tuple[str, str]
"""Text and kind: name | common | short (made from the name) | former | event | outside."""


@dataclass(frozen=True)
class SearchItem:
    """``aliases``: other words people use, beside those that ship with the package. ``words``: its department and
    office, by which a question that names one finds it.
    """

    item_code: str
    name: str
    aliases: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    rank: int = 0
    """Higher comes first among equals, e.g. how often the item is asked for."""


@dataclass(frozen=True)
class Entry:
    """An item in the index. All texts are plain (see plain.py), the name is as people read it."""

    item_code: str
    name: str
    rank: int
    sayings: tuple[Saying, ...]
    offices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Contents:
    """Everything that is shipped. ``outside``: sayings by kind of rules.search.OUTSIDE. ``sounds``: syllable to
    characters. ``readings``: texts that are read differently from character by character.
    """

    entries: tuple[Entry, ...]
    words: tuple[Word, ...]
    outside: Mapping[str, tuple[str, ...]]
    sounds: Mapping[str, str]
    readings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Hit:
    """``score`` 0 to 1, best first; ``why``: how it was found, in Chinese (名称 · 拼音首字母 …)."""

    item_code: str
    score: float
    why: str


@dataclass(frozen=True)
class Answer:
    """``hits`` only with the verdict found. ``reason``: why it is refused. ``advice``: where to go instead.
    ``read_as``: what a spelled or misheard question was taken for. Texts are Chinese.
    """

    verdict: SearchVerdict
    hits: tuple[Hit, ...] = ()
    reason: str = ""
    advice: str = ""
    read_as: str = ""
