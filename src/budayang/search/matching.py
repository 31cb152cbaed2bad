"""How near a text is to each item: words of one meaning, pairs of characters, pairs of sounds, single characters.

Each sign (feature) of a text has a weight: its sort's, times its rarity among the items. A question and a saying are as
near as the weight that they share, measured against what the question has more (in full) and the saying has more (in
part): Tversky's index. An item is as near as its nearest saying, mixed with what all its sayings hold of the question,
and less near the less the signs speak for it rather than for others.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable
from math import log
from typing import NamedTuple

from budayang.search.holders import NONE, Holders
from budayang.search.lexicon import BESIDE, OBJECT, OFFICE, SORTS, Lexicon
from budayang.search.sounds import Sounds

# Found on the lists in tests/search/questions: see docs/mechanisms/search.md.
_PAIR, _SINGLE, _SOUND_PAIR = 0.6, 0.6, 0.2
_SAYING_HAS_MORE = 0.6
_ALL_SAYINGS, _IN_FEW_WORDS = 0.6, 0.25
_SMOOTH = 0.5
_LONG, _BEYOND = 14.0, 0.2
_TELLING, _LEAN, _LEAN_IN_FEW_WORDS = 60.0, 0.6, 0.3
_ALONE = log(1 + _TELLING)
_MANY = 110  # sayings beyond these do not make a sign of an item a rarer one
_FEW_WORDS, _A_SENTENCE = 3, 9  # signs: between these the weights go from the one to the other
_BESIDE = 0.5  # left of the score for each word that asks for something beside the matter
_UNIT, _FOR_UNITS, _NO_UNIT = "=单位", 0.5, 0.85  # half of the sayings name a firm, the question does not
_OTHER_OBJECT, _SELDOM = 0.8, 0.1  # left when less than a tenth of the sayings name the object that is asked for
_TILT, _TILT_FROM = 0.2, 9  # who tells a story says first what was, and last what is wanted
_EXACT_BEST = 6  # so many items are scored exactly; the others can only be worse

NOT_OURS = "outside"


class Term(NamedTuple):
    """A saying of the item with number ``item``; ``kind``: name | common | former | event | outside."""

    item: int
    text: str
    kind: str


class Match(NamedTuple):
    """``score`` 0 to 1; ``term``: number of the nearest saying; ``covered``: share of the question (by weight) that it
    holds; ``held``: share that all sayings of the item hold together.
    """

    score: float
    item: int
    term: int
    covered: float
    held: float = 1.0


def _nearness(both: float, missing: float, more: float) -> float:
    """``both`` is shared, ``missing`` is only in the question, ``more`` only in the saying (weights). Who tells a story
    says much that no saying has: beyond the weight of some words it counts less.
    """
    if missing > _LONG:
        missing = _LONG + (missing - _LONG) * _BEYOND
    return both / (both + missing + _SAYING_HAS_MORE * more)


class _Asked:
    """A question taken apart. ``whole``: its weight. ``shared``: what each item holds of it. ``speaking``: how much
    its signs speak for each item. ``known``: its known signs, and their weight. ``beside``: those words of it that ask
    for something else than a matter. ``objects``: its words for what a matter is about.
    ``of_unit``: whether it names a firm. ``sentence``: 0 for a few words to 1 for a sentence.
    """

    def __init__(self, length: int) -> None:
        self.sentence = min(max(length - _FEW_WORDS, 0) / (_A_SENTENCE - _FEW_WORDS), 1.0)
        self.whole = 0.0
        self.shared: dict[int, float] = {}
        self.speaking: dict[int, float] = {}
        self.known: list[tuple[int, float]] = []
        self.beside: list[int] = []
        self.objects: list[int] = []
        self.of_unit = False


class Matcher:
    """``offices``: for each item the offices (concepts) that it belongs to."""

    def __init__(
        self, terms: tuple[Term, ...], offices: tuple[frozenset[str], ...], lexicon: Lexicon, sounds: Sounds
    ) -> None:
        self._lexicon, self._sounds, self._offices = lexicon, sounds, offices
        self._outside = frozenset(term.item for term in terms if term.kind == NOT_OURS)
        counts = Counter(term.item for term in terms)
        self._sayings = {item: min(number, _MANY) for item, number in counts.items()}
        weights: dict[str, float] = {}

        def signs_of(text: str) -> Iterable[str]:
            found = self.signs(text)
            for sign, weight in found.items():
                weights.setdefault(sign, weight)
            return found

        # An office is the item's, not a saying's.
        of_office: dict[str, list[int]] = defaultdict(list)
        for item, concepts in enumerate(offices):
            for concept in sorted(concepts):
                of_office["=" + concept].append(item)
        self._holders = Holders(((term.item, signs_of(term.text)) for term in terms), of_office)
        self._measure(list(weights.values()), len(terms))
        self._speaks = self._speaking()
        self._beside = self._words_of(BESIDE)
        self._objects = self._words_of(OBJECT)
        self._for_units = self._made_for_units()

    def _measure(self, weights: list[float], terms: int) -> None:
        """How rare each sign is, and how much each saying weighs. ``weights``: of the sorts of the signs that stand in
        sayings, in their order.
        """
        count, holders = len(self._offices), self._holders
        self._rarity = array(
            "d", (log(1 + count / (len(holders.pairs(sign)) + _SMOOTH)) for sign in range(len(holders)))
        )
        self._unheard = log(1 + count / _SMOOTH)
        self._weight = array("d", bytes(8 * terms))
        for sign, weight in enumerate(weights):
            gain = weight * self._rarity[sign]
            for number in holders.sayings_with(sign):
                self._weight[number] += gain

    def _speaking(self) -> array[float]:
        """How much a sign speaks for an item that has it, pair by pair, rather than for the others: a logarithm of the
        share of the item's sayings that have the sign, beside that share of all items. Nothing for what is not ours.
        """
        speaks = array("d")
        for sign in range(len(self._holders)):
            shares = [
                0.0 if item in self._outside else self._holders.said(pair) / self._sayings[item]
                for pair, item in zip(self._holders.pairs(sign), self._holders.items(sign), strict=True)
            ]
            usual = sum(shares) or 1.0
            speaks.extend(log(1 + _TELLING * share / usual) for share in shares)
        return speaks

    def _words_of(self, sort: str) -> frozenset[int]:
        concepts = {word.concept for word in self._lexicon.words.values() if word.sort == sort}
        return frozenset(self._holders.sign("=" + one) for one in concepts) - {NONE}

    def _made_for_units(self) -> frozenset[int]:
        """Items of which half the sayings name a firm."""
        unit = self._holders.sign(_UNIT)
        if unit == NONE:
            return frozenset()
        return frozenset(
            item
            for pair, item in zip(self._holders.pairs(unit), self._holders.items(unit), strict=True)
            if self._holders.said(pair) >= _FOR_UNITS * self._sayings[item] and item not in self._outside
        )

    def signs(self, text: str, tilt: float = 0.0) -> dict[str, float]:
        """The signs of a plain text with the weight of their sort. ``tilt``: how much more the end of it counts than
        the beginning.
        """
        core, words = self._lexicon.core(text)
        last = max(len(core) - 1, 1)
        signs: dict[str, float] = {}
        for word in words:
            at = core.find(word.text) + len(word.text) / 2
            signs["=" + word.concept] = SORTS[word.sort] * (1 + tilt * (2 * at / last - 1))
        before = sound_before = ""
        for at, char in enumerate(core):
            here = 1 + tilt * (2 * at / last - 1)
            signs[char] = _SINGLE * here
            sound = self._sounds.near_of(char)
            if before:
                signs[before + char] = _PAIR * here
                signs[f"{sound_before} {sound}"] = _SOUND_PAIR * here
            before, sound_before = char, sound
        return signs

    def of_offices(self, text: str) -> list[int]:
        """Items of an office, when the text names an office and nothing else (税务局); else none."""
        core, words = self._lexicon.core(text)
        if not words or any(word.sort != OFFICE for word in words) or core != "".join(word.text for word in words):
            return []
        named = {word.concept for word in words}
        return [item for item, concepts in enumerate(self._offices) if named <= concepts]

    def nearest(self, text: str) -> list[Match]:
        """The items near a plain text, best first. Items that cannot be among the best are left out."""
        asked = self._asked(text)
        found: list[Match] = []
        bound = 0.0
        for most, item, weight, leaning in self._at_most(asked):
            if most < bound:
                break
            match = self._nearest_saying(item, weight, asked)
            found.append(match._replace(score=match.score * leaning))
            if len(found) >= _EXACT_BEST:
                bound = sorted((match.score for match in found), reverse=True)[_EXACT_BEST - 1]
        found.sort(key=lambda match: (-match.score, match.item))
        return found

    def _at_most(self, asked: _Asked) -> list[tuple[float, int, float, float]]:
        """Items with the score that they can reach, best first: no saying of an item holds more of the question than
        the item does. After the item: what it holds, and how much of its score the question's leaning leaves.
        """
        strongest = max(asked.speaking.values(), default=1.0)
        lean = _LEAN_IN_FEW_WORDS + (_LEAN - _LEAN_IN_FEW_WORDS) * asked.sentence
        found = []
        for item, weight in asked.shared.items():
            leaning = 1.0
            if item not in self._outside:
                leaning -= lean * (1.0 - asked.speaking[item] / strongest)
                leaning *= _BESIDE ** sum(not self._holders.has(sign, item) for sign in asked.beside)
                leaning *= self._about(item, asked.objects)
                if item in self._for_units and not asked.of_unit:
                    leaning *= _NO_UNIT
            found.append((_nearness(weight, asked.whole - weight, 0.0) * leaning, item, weight, leaning))
        found.sort(key=lambda one: (-one[0], one[1]))
        return found

    def _about(self, item: int, objects: list[int]) -> float:
        """What is left of the score of an item that hardly speaks of the objects in the question."""
        if not objects:
            return 1.0
        named = sum(len(self._holders.sayings(sign, item)) for sign in objects) / self._sayings[item]
        return 1.0 if named >= _SELDOM else _OTHER_OBJECT + (1.0 - _OTHER_OBJECT) * named / _SELDOM

    def _asked(self, text: str) -> _Asked:
        asked = _Asked(len(text))
        shared, speaking = asked.shared, asked.speaking
        signs = self.signs(text, _TILT if len(text) >= _TILT_FROM else 0.0)
        for text_of_sign, weight in signs.items():
            sign = self._holders.sign(text_of_sign)
            if sign == NONE:
                asked.whole += weight * self._unheard
                continue
            gain = weight * self._rarity[sign]
            asked.whole += gain
            asked.known.append((sign, gain))
            pairs = self._holders.pairs(sign)
            for item, says in zip(self._holders.items(sign), self._speaks[pairs.start : pairs.stop], strict=True):
                shared[item] = shared.get(item, 0.0) + gain
                speaking[item] = speaking.get(item, 0.0) + weight * says
            if sign in self._beside:
                asked.beside.append(sign)
            elif sign in self._objects:
                asked.objects.append(sign)
        asked.of_unit = _UNIT in signs
        return asked

    def _nearest_saying(self, item: int, weight: float, asked: _Asked) -> Match:
        whole = asked.whole
        held: dict[int, float] = {}
        for sign, gain in asked.known:
            for number in self._holders.sayings(sign, item):
                held[number] = held.get(number, 0.0) + gain
        best, nearest, most = 0.0, -1, 0.0
        for number, both in held.items():
            score = _nearness(both, whole - both, max(self._weight[number] - both, 0.0))
            if score > best:
                best, nearest, most = score, number, both
        score = best
        if item not in self._outside:  # a kind of what is not ours is no matter, only a heap of sayings
            share = _IN_FEW_WORDS + (_ALL_SAYINGS - _IN_FEW_WORDS) * asked.sentence
            score += share * (_nearness(weight, whole - weight, 0.0) - best)
        return Match(score, item, nearest, most / whole, weight / whole)
