"""Makes the index from a catalogue and from the tables of this package. Only this module needs pypinyin."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import StringIO
from typing import cast

from pypinyin import Style, lazy_pinyin, load_phrases_dict

from budayang.rules.search import OUTSIDE
from budayang.search.index import Index
from budayang.search.lexicon import OFFICE, Lexicon, Word
from budayang.search.model import Contents, Entry, Saying, SearchItem
from budayang.search.plain import plain
from budayang.search.shortening import short_names

_JOIN = "、"
_SAME_NAME = 0.75
"""An item of an imported catalogue whose name is this near to a shipped item's takes over its sayings."""


# Words of this field that pypinyin reads by their usual characters.
_READ_AS = {
    "重名": "chóng míng", "重置": "chóng zhì", "重办": "chóng bàn", "重打": "chóng dǎ", "重开": "chóng kāi",
    "还款": "huán kuǎn", "借还": "jiè huán", "长住": "cháng zhù", "长居": "cháng jū", "调档": "diào dàng",
    "大夫": "dài fu", "没收入": "méi shōu rù", "没收到": "méi shōu dào", "多重": "duō zhòng",
}  # fmt: skip
load_phrases_dict({word: [[syllable] for syllable in reading.split()] for word, reading in _READ_AS.items()})


@dataclass(frozen=True)
class _Told:
    """What people call a shipped item. ``sayings`` in the order of the table."""

    item_code: str
    name: str
    sayings: tuple[Saying, ...]


def build_index(items: Iterable[SearchItem]) -> Index:
    """The index of ``items``, in their order. Sayings of the package join an item by its code and name, else by the
    nearest name; the item's own aliases come first. An item without gets short names made from its own.
    """
    words = shipped_words()
    lexicon = Lexicon(words)
    told = list(_joined(list(items)))
    taken = {text for item, shipped in told for text, _kind in _sayings(item, shipped)}
    entries = tuple(
        Entry(
            item.item_code,
            item.name,
            item.rank,
            _sayings(item, shipped or _made_short(item.name, taken)),
            _offices(item, lexicon),
        )
        for item, shipped in told
    )
    outside = _still_outside([plain(item.name) for item, shipped in told if not shipped])
    texts = [text for entry in entries for text, _kind in entry.sayings]
    texts += [text for some in outside.values() for text in some]
    texts += [word.text for word in words]
    sounds = sound_table()
    of = {char: syllable for syllable, chars in sounds.items() for char in chars}
    readings = {
        text: reading
        for text in dict.fromkeys(texts)
        if (reading := spell(text)) != tuple(of.get(char, char) for char in text)
    }
    return Index(Contents(entries, words, outside, sounds, readings))


def _sayings(item: SearchItem, shipped: tuple[Saying, ...]) -> tuple[Saying, ...]:
    said: dict[str, str] = {plain(item.name): "name"}
    for alias in item.aliases:
        said.setdefault(plain(alias), "common")
    for text, kind in shipped:
        said.setdefault(text, kind)
    return tuple((text, kind) for text, kind in said.items() if text)


def _still_outside(new: list[str]) -> dict[str, tuple[str, ...]]:
    """The shipped sayings of what is not ours, without those that shorten the name of an item that is new here: their
    signs stand in the name, in the same order (危化品 in 危险化学品经营许可证核发).
    """
    return {
        kind: tuple(text for text in texts if not any(_shortens(text, name) for name in new))
        for kind, texts in shipped_outside().items()
    }


def _shortens(text: str, name: str) -> bool:
    left = iter(name)
    return all(char in left for char in text)


def _made_short(name: str, taken: set[str]) -> tuple[Saying, ...]:
    """Short names for an item that nobody has written sayings for, but for those that mean another item."""
    return tuple((text, "short") for text in short_names(name) if text not in taken)


def _offices(item: SearchItem, lexicon: Lexicon) -> tuple[str, ...]:
    found = (
        word.concept
        for text in item.words
        for _piece, word in lexicon.cut(plain(text))
        if word is not None and word.sort == OFFICE
    )
    return tuple(dict.fromkeys(found))


def _joined(items: list[SearchItem]) -> Iterator[tuple[SearchItem, tuple[Saying, ...]]]:
    shipped = shipped_sayings()
    by_name = {plain(one.name): one for one in shipped}
    names = [one for one in items if plain(one.name) not in by_name]
    near = _nearest_names(names, shipped) if names else {}
    for item in items:
        own = by_name.get(plain(item.name)) or near.get(item.item_code)
        yield item, own.sayings if own else ()


def _nearest_names(items: list[SearchItem], shipped: tuple[_Told, ...]) -> dict[str, _Told]:
    """Items of another catalogue to the shipped items that their names mean."""
    names = tuple(Entry(one.item_code, one.name, 0, ((plain(one.name), "name"),)) for one in shipped)
    index = Index(Contents(names, shipped_words(), {}, sound_table()))
    of = {one.item_code: one for one in shipped}
    found: dict[str, _Told] = {}
    for item in items:
        hits = index.find(item.name, 2)
        if hits and hits[0].score >= _SAME_NAME and (len(hits) == 1 or hits[1].score < hits[0].score):
            found[item.item_code] = of[hits[0].item_code]
    return found


# The tables of this package


def _rows(name: str) -> Iterator[dict[str, str]]:
    text = files(__package__).joinpath("tables", name).read_text(encoding="utf-8")
    yield from csv.DictReader(StringIO(text, newline=""))


@cache
def shipped_sayings() -> tuple[_Told, ...]:
    """tables/sayings.csv: what people of different ages and places call each item."""
    told: dict[tuple[str, str], dict[str, str]] = {}
    for row in _rows("sayings.csv"):
        said = told.setdefault((row["item_id"], row["name"]), {})
        for text in row["sayings"].split(_JOIN):
            said.setdefault(plain(text), row["kind"])
    return tuple(_Told(code, name, tuple(said.items())) for (code, name), said in told.items())


@cache
def shipped_words() -> tuple[Word, ...]:
    """tables/words.csv: groups of words with one meaning, offices with their former names, fillers."""
    return tuple(
        Word(plain(text), row["concept"], row["sort"])
        for row in _rows("words.csv")
        for text in row["words"].split(_JOIN)
    )


@cache
def shipped_outside() -> dict[str, tuple[str, ...]]:
    """tables/outside.csv: what people ask for and we do not have, by kind. Raises KeyError for an unknown kind."""
    kinds = {one.kind for one in OUTSIDE}
    said: dict[str, tuple[str, ...]] = {}
    for row in _rows("outside.csv"):
        if row["kind"] not in kinds:
            raise KeyError(row["kind"])
        said[row["kind"]] = tuple(dict.fromkeys(plain(text) for text in row["sayings"].split(_JOIN)))
    return said


# Sounds


def _each(run: str) -> list[str]:
    """What has no pinyin stays as it is, character by character: pypinyin takes a list, its stubs know only text."""
    return list(run)


@cache
def spell(text: str) -> tuple[str, ...]:
    """One syllable for each sign of a plain text, words with two sounds read by their context (重庆, 银行)."""
    found = lazy_pinyin(text, style=Style.NORMAL, errors=cast("Callable[[str], str]", _each))
    syllables = found if len(found) == len(text) else list(text)
    return tuple(one.lower().replace("ü", "v") for one in syllables)


@cache
def sound_table() -> dict[str, str]:
    """Syllable to the characters usually read so: those of GB 2312, and the traditional ones of Big5 level 1."""
    table: dict[str, str] = {}
    for char in dict.fromkeys([*_characters("gb2312", 0xB0, 0xF7), *_characters("big5", 0xA4, 0xC6)]):
        (syllable,) = spell(char)
        if syllable != char:
            table[syllable] = table.get(syllable, "") + char
    return table


def _characters(encoding: str, first: int, last: int) -> Iterator[str]:
    """The Chinese characters of a two-byte encoding whose lead byte lies from first to last."""
    for lead in range(first, last + 1):
        for trail in range(0x40, 0xFF):
            char = bytes((lead, trail)).decode(encoding, errors="ignore")
            if len(char) == 1 and "\u3400" <= char <= "\u9fff":
                yield char
