"""Reads letters (pinyin, initials, both mixed with characters) and wrong characters of the same sound as the words
that people use here: a small input method whose vocabulary is the catalogue's own.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from budayang.search.frozen import Groups, Texts, Values
from budayang.search.plain import has_letters, is_chinese
from budayang.search.sounds import Sounds, near

# Costs of the cheapest way through a text. A word costs as much as one known character, so long words win; each
# character that is read as another one of the same sound costs more than keeping two characters apart would save.
_WORD, _KNOWN, _STRANGE, _LETTER = 1.0, 1.0, 1.7, 2.2
_MISWRITTEN, _NEARLY, _INITIAL, _RARE, _UNFINISHED = 0.75, 0.1, 0.35, 0.5, 0.5
_MISSHAPEN, _EXCHANGED, _IN_USE = 0.9, 0.75, 1.6
_NEVER = 1e9
_LONGEST_INITIALS = 8
_CANDIDATES = 6
_CHOICES = 16
_AHEAD = 12
_SHORT_RUN = re.compile(r"[a-z]{2,5}")


class Decoder:
    """``words``: the most used first. ``uses``: how often they are used. ``readings``: words whose reading in context
    differs from the table's (重庆: chong qing). ``spelled_out``: words that nobody shortens to their initials.
    """

    def __init__(
        self,
        words: Texts,
        uses: Sequence[float],
        readings: Mapping[str, tuple[str, ...]],
        sounds: Sounds,
        spelled_out: frozenset[str] = frozenset(),
    ) -> None:
        self._sounds = sounds
        self._words = words
        self._use = Values(zip(words, uses, strict=True), "d")
        self._chars = {char for word in words for char in word}
        # One table after the other, from the words anew: all that is heard at once would take ten times their memory.
        self._by_sound = Groups(("".join(reading), number) for number, reading in self._heard(readings))
        self._by_near = Groups((near("".join(reading)), number) for number, reading in self._heard(readings))
        self._by_initials = Groups(
            ("".join(syllable[0] for syllable in reading), number)
            for number, reading in self._heard(readings)
            if len(reading) > 1 and self._words[number] not in spelled_out
        )
        self._keys = Texts(sorted({"".join(reading) for _number, reading in self._heard(readings)}))
        self._near_keys = Texts(sorted({near(key) for key in self._keys}))
        self._with_gaps = self._gaps(uses)

    def _heard(self, readings: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[int, tuple[str, ...]]]:
        """The numbers of the words with how they are read, the usual way first."""
        for number, word in enumerate(self._words):
            usual = self._sounds.spell(word)
            yield number, usual
            other = readings.get(word)
            if other is not None and other != usual:
                yield number, other

    def read(self, text: str) -> tuple[str, float]:
        """The likeliest reading, and the share of its signs that are taken for initials. What is not understood stays
        as it is.
        """
        sounds = [self._sounds.of(char) for char in text]
        letters = [char.isascii() and char.isalpha() for char in text]
        n = len(text)
        mended = self._mended(text)
        best: list[tuple[float, int, str]] = [(0.0, 0, ""), *[(_NEVER, 0, "")] * n]
        for begin in range(n):
            so_far = best[begin][0]
            char = text[begin]
            alone = so_far + (_LETTER if letters[begin] else _KNOWN if char in self._chars else _STRANGE)
            if alone < best[begin + 1][0]:
                best[begin + 1] = (alone, begin, char)
            for end, word, toll in mended.get(begin, ()):
                price = self._price(word) + toll
                if so_far + price < best[end][0]:
                    best[end] = (so_far + price, begin, word)
            key, pure = "", True
            for end in range(begin + 1, n + 1):
                key += sounds[end - 1]
                pure = pure and letters[end - 1]
                near_key = near(key)
                if not self._begins_a_word(near_key) and not (pure and end - begin < _LONGEST_INITIALS):
                    break
                price, word = self._word(text[begin:end], key, near_key, pure=pure)
                if not word and pure and end == n:
                    price, word = self._unfinished(key)
                if so_far + price < best[end][0]:
                    best[end] = (so_far + price, begin, word)
        pieces, end, brief = [], n, 0
        while end:
            _cost, begin, piece = best[end]
            pieces.append(piece)
            brief += end - begin if 1 < len(piece) == end - begin and letters[begin] else 0
            end = begin
        return "".join(pieces[::-1]), brief / n

    def _begins_a_word(self, near_key: str) -> bool:
        at = bisect_left(self._near_keys, near_key)
        return at < len(self._near_keys) and self._near_keys[at].startswith(near_key)

    def _mended(self, text: str) -> dict[int, list[tuple[int, str, float]]]:
        """Words written with a slip that sound does not explain: by where they begin, where they end, the word and its
        toll. Of three to six characters one that nobody uses here (招骋会), or two neighbours exchanged (草奖原补).
        """
        found: dict[int, list[tuple[int, str, float]]] = defaultdict(list)
        strange = {at for at, char in enumerate(text) if char not in self._chars and is_chinese(char)}
        for begin in range(len(text) - 1):
            for end in range(begin + 2, min(begin + 6, len(text)) + 1):
                piece = text[begin:end]
                wrong = strange.intersection(range(begin, end))
                if not wrong and piece not in self._use:
                    found[begin] += [(end, word, _EXCHANGED) for word in self._exchanged(piece)]
                elif len(wrong) == 1 and len(piece) > 2:
                    (at,) = wrong
                    number = self._with_gaps.get(f"{text[begin:at]}_{text[at + 1 : end]}")
                    if number is not None:
                        found[begin].append((end, self._words[int(number)], _MISSHAPEN))
        return found

    def _exchanged(self, piece: str) -> Iterator[str]:
        """Used words of which two neighbouring characters stand the other way round."""
        for at in range(len(piece) - 1):
            word = f"{piece[:at]}{piece[at + 1]}{piece[at]}{piece[at + 2 :]}"
            if (self._use.get(word) or 0.0) >= _IN_USE:
                yield word

    def _gaps(self, uses: Sequence[float]) -> Values:
        """Used words without one of their characters to the most used of them."""
        gaps: dict[str, int] = {}
        for number, (word, use) in enumerate(zip(self._words, uses, strict=True)):
            if use < _IN_USE or not 3 <= len(word) <= 6:
                continue
            for at in range(len(word)):
                gaps.setdefault(f"{word[:at]}_{word[at + 1 :]}", number)
        return Values(gaps.items(), "I")

    def choices(self, text: str) -> Iterator[str]:
        """Readings of a text of characters with one short run of letters, when the run is taken for initials: which of
        them is meant (社保卡gs: 公司, 挂失) only the catalogue can tell.
        """
        run = _SHORT_RUN.search(text)
        if run is not None and not has_letters(text[: run.start()] + text[run.end() :]):
            for number in self._by_initials.get(run[0])[:_CHOICES]:
                yield text[: run.start()] + self._words[number] + text[run.end() :]

    def _unfinished(self, key: str) -> tuple[float, str]:
        """The most used word that begins with what is typed so far (dianf: 电费)."""
        at = bisect_left(self._keys, key)
        near_by = [self._keys[one] for one in range(at, min(at + _AHEAD, len(self._keys)))]
        words = [self._words[self._by_sound.get(one)[0]] for one in near_by if one.startswith(key)]
        if len(key) < 3 or not words:
            return _NEVER, ""
        best = max(words, key=lambda one: self._use[one])
        return self._price(best) + _UNFINISHED, best

    def _word(self, written: str, key: str, near_key: str, *, pure: bool) -> tuple[float, str]:
        """The best word for a piece of the text and its price. ``pure``: the piece is letters only."""
        if written in self._use:
            return self._price(written), written
        price, found = _NEVER, ""
        for numbers, toll in ((self._by_sound.get(key), 0.0), (self._by_near.get(near_key), _NEARLY)):
            for word in [self._words[number] for number in numbers[:_CANDIDATES]]:
                if pure:
                    asked = self._price(word) + toll
                elif len(word) < 2:
                    continue  # one character for another of its sound says nothing
                else:
                    asked = self._price(word) + _differing(written, word) * (_MISWRITTEN + toll)
                if asked < price:
                    price, found = asked, word
        if pure and len(written) > 1:
            for word in [self._words[number] for number in self._by_initials.get(written)[:2]]:
                asked = self._price(word) + _INITIAL * len(written)
                if asked < price:
                    price, found = asked, word
        return price, found

    def _price(self, word: str) -> float:
        return _WORD + _RARE / (1.0 + self._use[word])


def _differing(written: str, word: str) -> int:
    if has_letters(written):
        return 1
    return sum(1 for one, other in zip(written, word, strict=False) if one != other)
