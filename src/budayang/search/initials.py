"""Finds sayings by the initials of their syllables: ``gjjtq`` is 公积金提取."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from math import log

from budayang.search.frozen import Groups, Texts
from budayang.search.matching import Match

_SAYING_HAS_MORE = 0.4
_LEAST_SHARED = 0.4
LONGEST = 14


class Initials:
    """``sayings``: item, number of the term, initials, and how much equal initials count (0 to 1); a term may stand
    several times, with its fillers and without, whole and in part.
    """

    def __init__(self, sayings: list[tuple[int, int, str, float]]) -> None:
        self._items = array("H", [item for item, _term, _letters, _trust in sayings])
        self._terms = array("H", [term for _item, term, _letters, _trust in sayings])
        self._letters = Texts(letters for _item, _term, letters, _trust in sayings)
        self._trust = array("d", [trust for _item, _term, _letters, trust in sayings])
        self._where = Groups((gram, number) for number, letters in enumerate(self._letters) for gram in _grams(letters))
        self._equal = Groups((letters, number) for number, letters in enumerate(self._letters))
        self._unheard = log(1 + len(sayings))
        self._weight = array("d", [sum(map(self._gain, _grams(letters))) for letters in self._letters])

    def _gain(self, gram: str) -> float:
        """What a run of letters weighs: the more, the fewer sayings have it."""
        numbers = self._where.get(gram)
        return len(gram) * (log(1 + len(self._items) / len(numbers)) if numbers else self._unheard)

    def equal(self, letters: str) -> Iterator[Match]:
        """Every saying with just these initials."""
        for number in self._equal.get(letters):
            yield Match(self._trust[number], self._items[number], self._terms[number], 1.0)

    def nearest(self, letters: str) -> list[Match]:
        """The items with the nearest initials, best first; equal initials score their trust."""
        whole = 0.0
        held: dict[int, float] = {}
        for gram in _grams(letters):
            gain = self._gain(gram)
            whole += gain
            for number in self._where.get(gram):
                held[number] = held.get(number, 0.0) + gain
        best: dict[int, Match] = {}
        for number, both in held.items():
            if both < whole * _LEAST_SHARED:
                continue
            item = self._items[number]
            score = (
                1.0
                if self._letters[number] == letters
                else both / (whole + _SAYING_HAS_MORE * (self._weight[number] - both))
            )
            score *= self._trust[number]
            if item not in best or score > best[item].score:
                best[item] = Match(score, item, self._terms[number], both / whole)
        return sorted(best.values(), key=lambda match: (-match.score, match.item))


def first_letters(reading: Iterable[str]) -> str:
    return "".join(syllable[0] for syllable in reading)


def _grams(letters: str) -> list[str]:
    """Runs of two to four letters, each once, always in the same order; the beginning counts as a letter."""
    marked = "^" + letters
    return list(dict.fromkeys(marked[at : at + n] for n in (2, 3, 4) for at in range(len(marked) - n + 1)))
