"""Whether a text sounds like what people ask of us or like what they ask of others.

The nearest saying compares nouns; this compares the manner: 多少钱, 哪家好, 能不能吃 are asked beside any noun, and
丢了, 打一份, 到期 of ours. Each character, pair and triple speaks by how much oftener it stands in our sayings than
in those of what is not ours (a logarithm, naive Bayes).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from math import log, sqrt

from budayang.rules.search import Manner

_SMOOTH = 0.5
_MOST = 3.0  # no sign alone decides


class Manners:
    """``ours`` and ``others``: plain texts."""

    def __init__(self, ours: Iterable[str], others: Iterable[str]) -> None:
        in_ours, all_ours = _counted(ours)
        in_others, all_others = _counted(others)
        scale = log(max(all_others, 1) / max(all_ours, 1))
        # A triple that stands once in ours and nowhere else says next to nothing, and most do.
        self._speaks = {
            sign: log((in_ours[sign] + _SMOOTH) / (in_others[sign] + _SMOOTH)) + scale
            for sign in sorted(in_ours.keys() | in_others.keys())
            if len(sign) < 3 or in_ours[sign] + in_others[sign] > 1 or sign in in_others
        }

    def of(self, text: str, length: int) -> Manner:
        """``length``: how many signs it has without fillers."""
        signs = _signs(text)
        told = [self._speaks[sign] for sign in signs if sign in self._speaks]
        return Manner(length, sum(max(-_MOST, min(_MOST, one)) for one in told) / sqrt(len(signs)))


def _counted(texts: Iterable[str]) -> tuple[Counter[str], int]:
    counts: Counter[str] = Counter()
    number = 0
    for text in texts:
        counts.update(_signs(text))
        number += 1
    return counts, number


def _signs(text: str) -> set[str]:
    """Its characters, pairs and triples; beginning and end count as characters."""
    marked = f"^{text}$"
    return {*text, *(marked[at : at + n] for n in (2, 3) for at in range(len(marked) - n + 1))}
