"""Whether a text sounds like what people ask of us or like what they ask of others.

The nearest saying compares nouns; this compares the manner: 多少钱, 哪家好, 能不能吃 are asked beside any noun, and
丢了, 打一份, 到期 of ours. Each character, pair and triple speaks by how much oftener it stands in our sayings than
in those of what is not ours (a logarithm, naive Bayes).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from math import log, sqrt

from budayang.rules.search import Manner
from budayang.search.frozen import PARTS, Values, part_of

_SMOOTH = 0.5
_MOST = 3.0  # no sign alone decides


class Manners:
    """``ours`` and ``others``: plain texts."""

    def __init__(self, ours: Iterable[str], others: Iterable[str]) -> None:
        self._speaks = Values(_speaking(list(ours), list(others)), "d")

    def of(self, text: str, length: int) -> Manner:
        """``length``: how many signs it has without fillers."""
        signs = _signs(text)
        told = [said for sign in signs if (said := self._speaks.get(sign)) is not None]
        return Manner(length, sum(max(-_MOST, min(_MOST, one)) for one in told) / sqrt(len(signs)))


def _speaking(ours: list[str], others: list[str]) -> Iterator[tuple[str, float]]:
    """Signs with what they say."""
    scale = log(max(len(others), 1) / max(len(ours), 1))
    for part in range(PARTS):
        in_ours, in_others = _counted(ours, part), _counted(others, part)
        for sign in in_ours.keys() | in_others.keys():
            # A triple that stands once in ours and nowhere else says next to nothing, and most do.
            if len(sign) < 3 or in_ours[sign] + in_others[sign] > 1 or sign in in_others:
                yield sign, log((in_ours[sign] + _SMOOTH) / (in_others[sign] + _SMOOTH)) + scale


def _counted(texts: list[str], part: int) -> Counter[str]:
    """In how many texts each sign stands."""
    return Counter(sign for text in texts for sign in _signs(text) if part_of(sign) == part)


def _signs(text: str) -> set[str]:
    """Its characters, pairs and triples; beginning and end count as characters."""
    marked = f"^{text}$"
    return {*text, *(marked[at : at + n] for n in (2, 3) for at in range(len(marked) - n + 1))}
