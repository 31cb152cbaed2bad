"""One word for one thing: finds words that chapter 3 discourages, with the term to write instead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from budayang.rules.standard.edition_text import Term


@dataclass(frozen=True, slots=True)
class SecondWord:
    """A discouraged word in a text: its line (from 1) and column (from 1), and the term that is meant."""

    line: int
    column: int
    word: str
    term: str


def second_words(text: str, terms: Iterable[Term]) -> Iterator[SecondWord]:
    """Every discouraged word of a text, in its order. A word inside a longer term is that term and no second word:
    where 故障公告 is discouraged, a term 故障公告栏 would still be allowed.
    """
    found = list(terms)
    allowed = [one.term for one in found]
    words = [(word, one.term) for one in found for word in one.discouraged]
    for number, line in enumerate(text.splitlines(), start=1):
        covered = _spans(line, allowed)
        hits = [
            SecondWord(number, at + 1, word, term)
            for word, term in words
            for at in _places(line, word)
            if not any(start <= at and at + len(word) <= end for start, end in covered)
        ]
        yield from sorted(hits, key=lambda one: one.column)


def _spans(line: str, words: Iterable[str]) -> list[tuple[int, int]]:
    return [(at, at + len(word)) for word in words for at in _places(line, word)]


def _places(line: str, word: str) -> Iterator[int]:
    at = line.find(word)
    while at >= 0:
        yield at
        at = line.find(word, at + 1)
