"""The index as it is asked: names, other words, pinyin and initials, standard library only.

193 items are few: each question looks at every term, in well under 5 ms. What is looked for is cut into runs of
Chinese and of Latin letters;
``医保ye`` finds 医保余额. A Latin run is tried as letters of the text, as pinyin from a syllable's start, and as
initials.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

VERSION = 1

_DROP = re.compile(r"[^0-9a-z\u3400-\u9fff]")
_RUNS = re.compile(r"[0-9a-z]+|[\u3400-\u9fff]+")

_WEIGHT = {"name": 1.0, "alias": 0.95, "word": 0.5}
_WHY = {"name": "名称", "alias": "别名", "word": "相关词"}


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """Full-width letters made narrow, small letters, everything but letters, digits and Chinese characters removed."""
    return _DROP.sub("", unicodedata.normalize("NFKC", text).lower())


@dataclass(frozen=True)
class Term:
    """``syllables``: one for each character of ``text``."""

    text: str
    syllables: tuple[str, ...]
    kind: str

    @property
    def initials(self) -> str:
        return "".join(s[0] for s in self.syllables)


@dataclass(frozen=True)
class Entry:
    item_code: str
    name: str
    terms: tuple[Term, ...]
    rank: int = 0


@dataclass(frozen=True)
class Hit:
    """``score`` 0 to 1, best first; ``why``: how it was found, in Chinese (名称 · 拼音首字母 …)."""

    item_code: str
    score: float
    why: str


class Index:
    """Ask with :meth:`find`; ship with :meth:`to_json`."""

    def __init__(self, entries: tuple[Entry, ...]) -> None:
        self.entries = entries
        # joined once: pinyin of a whole term, with the position at which each syllable starts
        self._sounds = {
            id(term): ("".join(term.syllables), _starts(term.syllables), term.initials)
            for entry in entries
            for term in entry.terms
        }

    def __len__(self) -> int:
        return len(self.entries)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Index) and self.entries == other.entries

    __hash__ = None  # type: ignore[assignment]

    def find(self, query: str, limit: int = 20) -> list[Hit]:
        """The best items for what was typed; nothing for an empty question or one of signs only."""
        asked = plain(query)
        if not asked:
            return []
        runs = _RUNS.findall(asked)
        hits = []
        for order, entry in enumerate(self.entries):
            score, why = max((self._score(term, asked, runs) for term in entry.terms), default=(0.0, ""))
            if score > 0:
                hits.append((-score, -entry.rank, len(entry.name), order, Hit(entry.item_code, round(score, 4), why)))
        hits.sort(key=lambda h: h[:4])
        return [h[4] for h in hits[:limit]]

    def _score(self, term: Term, asked: str, runs: list[str]) -> tuple[float, str]:
        weight, why = _WEIGHT[term.kind], _WHY[term.kind]
        if term.text == asked:
            return weight, why
        parts = []
        for run in runs:
            found = _chinese(term, run) if run[0] >= "\u3400" else self._latin(term, run)
            if found[0] == 0:
                return 0.0, ""
            parts.append((found[0], found[1], len(run)))
        total = sum(n for _, _, n in parts)
        score = sum(s * n for s, _, n in parts) / total
        ways = "、".join(dict.fromkeys(w for _, w, _ in parts if w))
        return weight * score, f"{why}·{ways}" if ways else why

    def _latin(self, term: Term, run: str) -> tuple[float, str]:
        if run in term.text:
            return 0.9, ""
        joined, starts, initials = self._sounds[id(term)]
        share = min(len(run) / len(joined), 1.0) if joined else 0.0
        at = joined.find(run)
        while at >= 0:
            if at in starts:
                return (0.8 if at == 0 else 0.7) + 0.1 * share, "拼音"
            at = joined.find(run, at + 1)
        if len(run) >= 2 and run in initials:
            share = len(run) / len(initials)
            return (0.65 if initials.startswith(run) else 0.5) + 0.25 * share, "拼音首字母"
        return 0.0, ""

    def to_json(self) -> str:
        rows = [
            [e.item_code, e.name, e.rank, [[t.text, " ".join(t.syllables), t.kind] for t in e.terms]]
            for e in self.entries
        ]
        return json.dumps({"v": VERSION, "items": rows}, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str | bytes | Mapping[str, Any]) -> Index:
        """Raises ValueError for an index of another version or shape."""
        raw = text if isinstance(text, Mapping) else json.loads(text)
        try:
            if raw["v"] != VERSION:
                raise ValueError(f"search index of version {raw['v']}, expected {VERSION}")
            entries = tuple(
                Entry(code, name, tuple(Term(t, tuple(s.split(" ")), k) for t, s, k in terms), rank)
                for code, name, rank, terms in raw["items"]
            )
        except (KeyError, TypeError) as error:
            raise ValueError("search index of an unknown shape") from error
        return cls(entries)


def _starts(syllables: tuple[str, ...]) -> frozenset[int]:
    out, at = set(), 0
    for syllable in syllables:
        out.add(at)
        at += len(syllable)
    return frozenset(out)


def _chinese(term: Term, run: str) -> tuple[float, str]:
    """Whole, or as pieces in order (参保打印 in 参保证明打印), or by the pairs of characters they share (a word more
    or less).
    """
    share = len(run) / len(term.text) if term.text else 0.0
    if run in term.text:
        return (0.8 if term.text.startswith(run) else 0.7) + 0.15 * share, ""
    if len(run) < 2:
        return 0.0, ""
    if _in_order(run, term.text):
        return 0.5 + 0.15 * share, ""
    pairs = {run[i : i + 2] for i in range(len(run) - 1)}
    shared = sum(1 for p in pairs if p in term.text) / len(pairs)
    return (0.6 * shared, "相近") if shared >= 0.5 else (0.0, "")


def _in_order(run: str, text: str) -> bool:
    at = 0
    for char in run:
        at = text.find(char, at) + 1
        if at == 0:
            return False
    return True
