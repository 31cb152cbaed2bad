"""Words that mean the same, and words that mean nothing here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

FILLER = "filler"
OFFICE = "office"
BESIDE = "beside"
"""Words by which a question asks for something else than a matter to be done: opening hours, prices, the way there."""
OBJECT = "object"
"""Words for what a matter is about: a paper, a fund, a bill. Who names one seldom means an item of another."""
# How much a word of this sort counts beside a pair of characters (see matching.py).
SORTS = {"thing": 2.2, OBJECT: 2.2, "act": 0.8, OFFICE: 0.4, "person": 0.8, BESIDE: 2.2, FILLER: 0.0}


@dataclass(frozen=True, slots=True)
class Word:
    """``concept``: what all words of a group stand for (驾照, 驾驶本 and 车本: 驾驶证). ``sort``: a key of SORTS."""

    text: str
    concept: str
    sort: str


Piece = tuple[str, Word | None]


class Lexicon:
    """The words, and how a text falls into them."""

    def __init__(self, words: Iterable[Word]) -> None:
        self.words: dict[str, Word] = {}
        for word in words:
            self.words.setdefault(word.text, word)
        self._longest = max(map(len, self.words), default=1)

    def cut(self, text: str) -> list[Piece]:
        """The text in known words and the single characters between them: few long words before many short ones, and
        a word with a meaning before a filler.
        """
        best: list[tuple[float, int]] = [(0.0, 0)]
        for end in range(1, len(text) + 1):
            found = (best[end - 1][0], end - 1)
            for begin in range(max(0, end - self._longest), end):
                word = self.words.get(text[begin:end])
                if word is not None:
                    gain = best[begin][0] + (end - begin) ** 2 * (0.5 if word.sort == FILLER else 1.0)
                    if gain > found[0]:
                        found = (gain, begin)
            best.append(found)
        pieces: list[Piece] = []
        end = len(text)
        while end:
            begin = best[end][1]
            piece = text[begin:end]
            pieces.append((piece, self.words.get(piece)))
            end = begin
        return pieces[::-1]

    def core(self, text: str) -> tuple[str, list[Word]]:
        """The text without fillers, and the words with a meaning in it. A text of fillers only stays whole."""
        kept: list[str] = []
        words: list[Word] = []
        for piece, word in self.cut(text):
            if word is None or word.sort != FILLER:
                kept.append(piece)
                if word is not None:
                    words.append(word)
        return "".join(kept) or text, words
