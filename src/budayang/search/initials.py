"""Finds sayings by the initials of their syllables: ``gjjtq`` is 公积金提取."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from math import log

from budayang.search.matching import Match

_SAYING_HAS_MORE = 0.4
_LEAST_SHARED = 0.4
LONGEST = 14


class Initials:
    """``sayings``: item, number of the term, initials, and how much equal initials count (0 to 1); a term may stand
    several times, with its fillers and without, whole and in part.
    """

    def __init__(self, sayings: list[tuple[int, int, str, float]]) -> None:
        self._sayings = sayings
        where: dict[str, list[int]] = defaultdict(list)
        for number, (_item, _term, letters, _trust) in enumerate(sayings):
            for gram in _grams(letters):
                where[gram].append(number)
        self._where = dict(where)
        self._equal: dict[str, list[int]] = defaultdict(list)
        for number, (_item, _term, letters, _trust) in enumerate(sayings):
            self._equal[letters].append(number)
        self._unheard = log(1 + len(sayings))
        self._rarity = {gram: len(gram) * log(1 + len(sayings) / len(numbers)) for gram, numbers in where.items()}
        self._weight = [
            sum(self._rarity[gram] for gram in _grams(letters)) for _item, _term, letters, _trust in sayings
        ]

    def equal(self, letters: str) -> Iterator[Match]:
        """Every saying with just these initials."""
        for number in self._equal.get(letters, ()):
            item, term, _own, trust = self._sayings[number]
            yield Match(trust, item, term, 1.0)

    def nearest(self, letters: str) -> list[Match]:
        """The items with the nearest initials, best first; equal initials score their trust."""
        whole = 0.0
        held: dict[int, float] = {}
        for gram in _grams(letters):
            gain = self._rarity.get(gram) or len(gram) * self._unheard
            whole += gain
            for number in self._where.get(gram, ()):
                held[number] = held.get(number, 0.0) + gain
        best: dict[int, Match] = {}
        for number, both in held.items():
            if both < whole * _LEAST_SHARED:
                continue
            item, term, own, trust = self._sayings[number]
            score = 1.0 if own == letters else both / (whole + _SAYING_HAS_MORE * (self._weight[number] - both))
            score *= trust
            if item not in best or score > best[item].score:
                best[item] = Match(score, item, term, both / whole)
        return sorted(best.values(), key=lambda match: (-match.score, match.item))


def first_letters(reading: Iterable[str]) -> str:
    return "".join(syllable[0] for syllable in reading)


def _grams(letters: str) -> list[str]:
    """Runs of two to four letters, each once, always in the same order; the beginning counts as a letter."""
    marked = "^" + letters
    return list(dict.fromkeys(marked[at : at + n] for n in (2, 3, 4) for at in range(len(marked) - n + 1)))
