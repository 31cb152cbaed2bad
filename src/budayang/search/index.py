"""The index as it is asked, by terminal, public page and help desk alike: standard library only, no network.

A question is compared as it was typed; when that is not near enough, as it may have been meant (pinyin, initials, wrong
characters of the same sound). What is nearer to a matter outside the catalogue than to any item is not found, and what
nobody may do is refused with its reason.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import log
from typing import Any

from budayang.rules.search import (
    OUTSIDE,
    Nearest,
    SearchVerdict,
    find_refusal,
    good_enough,
    is_no_matter,
    surely_outside,
)
from budayang.search.decoding import Decoder
from budayang.search.frozen import PARTS, Texts, Values, part_of
from budayang.search.initials import LONGEST, Initials, first_letters
from budayang.search.lexicon import FILLER, Lexicon
from budayang.search.manner import Manners
from budayang.search.matching import NOT_OURS, Match, Matcher, Term
from budayang.search.model import Answer, Contents, Entry, Hit
from budayang.search.plain import has_letters, is_chinese, plain
from budayang.search.shipping import pack, unpack
from budayang.search.sounds import Sounds

QUERY_LONGEST = 60
_NEAR_ENOUGH = 0.8  # then nobody asks what else may have been meant
_AS_MEANT, _AS_SPELLED, _BY_INITIALS, _ONE_OF_SEVERAL = 0.9, 0.95, 1.0, 0.97
_SELDOM, _PART, _FEW, _SHORTENED = 0.06, 0.9, 3, 4
_BRIEF = 0.55  # words put together from initials are half a guess: so much of the score is taken off
_NOT_WORD_FOR_WORD = 0.98  # beside an item of which just this is said
_TAIL = 0.3  # of the best score: what is further off is not shown
_SINGLE_WORD_USE, _FILLER_USE, _WHOLE_USE = 3.0, 2.0, 1.0
_LONGEST_WORD, _LONGEST_PART = 12, 6
_WHY = {"name": "名称", "common": "别名", "short": "简称", "former": "旧名", "event": "生活说法", "outside": "其他"}
_ADVICE = {one.kind: one.advice for one in OUTSIDE}


@dataclass(frozen=True, slots=True)
class _Found:
    """``how`` and ``read_as``: by what reading of the question; empty when as it was typed."""

    score: float
    match: Match
    how: str
    read_as: str


class Index:
    """Ask with :meth:`ask` or :meth:`find`; ship with :meth:`to_json`. The tables are made at the first question, or
    before it by :meth:`prepare`.
    """

    def __init__(self, contents: Contents) -> None:
        self.contents = contents
        self._codes = [entry.item_code for entry in contents.entries]
        self._outside = list(contents.outside)

    @property
    def entries(self) -> tuple[Entry, ...]:
        return self.contents.entries

    def __len__(self) -> int:
        return len(self.entries)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Index) and self.contents == other.contents

    __hash__ = None  # type: ignore[assignment]

    def to_json(self) -> str:
        return pack(self.contents)

    @classmethod
    def from_json(cls, text: str | bytes | Mapping[str, Any]) -> Index:
        """Raises ValueError for an index of another version or shape."""
        return cls(unpack(text))

    def find(self, query: str, limit: int = 20) -> list[Hit]:
        """The best items; nothing when nothing is found or the question is refused."""
        return list(self.ask(query, limit).hits)

    def ask(self, query: str, limit: int = 20) -> Answer:
        """What was found, or that nothing was, or why it is refused."""
        asked = plain(query)[:QUERY_LONGEST]
        if not asked:
            return Answer(SearchVerdict.NOT_FOUND)
        spelled, brief = self._decoder.read(asked) if has_letters(asked) else (asked, 0.0)
        refusal = find_refusal([asked] if spelled == asked else [asked, spelled])
        if refusal is not None:
            return Answer(SearchVerdict.REFUSED, reason=refusal.reason)
        beside = None if self._is_said_of_ours(spelled) else is_no_matter(spelled)
        if beside is not None:
            return Answer(SearchVerdict.NOT_FOUND, advice=_ADVICE.get(beside, ""))
        of_office = self._matcher.of_offices(spelled)
        if of_office:
            hits = tuple(Hit(self._codes[item], 0.5, "部门") for item in of_office[:limit])
            return Answer(SearchVerdict.FOUND, hits)
        return self._answer(self._look(asked, spelled, 1 - _BRIEF * brief), spelled, limit)

    def _look(self, asked: str, spelled: str, trust: float) -> list[_Found]:
        """All that is near, best first. ``trust``: how far the spelled reading goes."""
        best: dict[int, _Found] = {}

        def take(matches: list[Match], share: float, how: str = "", read_as: str = "") -> None:
            said = self._said.get(read_as or asked)
            for match in matches:
                if said is None:
                    score = match.score * share
                else:
                    score = share if match.item == said else match.score * share * _NOT_WORD_FOR_WORD
                if match.item not in best or score > best[match.item].score:
                    match = match._replace(covered=match.covered * share)
                    best[match.item] = _Found(score, match, how, read_as)

        if has_letters(asked):
            if spelled != asked:
                take(self._matcher.nearest(spelled), _AS_SPELLED * trust, "拼音", spelled)
            if not (asked.isalpha() and asked.isascii()):
                take(self._begun_in_characters(asked), _ONE_OF_SEVERAL, "拼音首字母")
                for choice in self._decoder.choices(asked):
                    take(self._matcher.nearest(choice), _ONE_OF_SEVERAL, "拼音", choice)
                    if max((one.score for one in best.values()), default=0.0) > _AS_MEANT:
                        break
            elif len(asked) <= LONGEST:
                take(self._initials.nearest(asked), _BY_INITIALS, "拼音首字母")
        if not best or asked in self._said:
            take(self._matcher.nearest(asked), 1.0)
            if max((one.score for one in best.values()), default=0.0) < _NEAR_ENOUGH and spelled == asked:
                meant, _brief = self._decoder.read(asked)
                if meant != asked:
                    take(self._matcher.nearest(meant), _AS_MEANT, "同音", meant)
        return sorted(best.values(), key=lambda one: (-round(one.score, 9), -self._rank(one), one.match.item))

    def _begun_in_characters(self, asked: str) -> list[Match]:
        """Sayings that have the characters of the question, and its letters as the initials of the rest (身份证gs)."""
        letters = "".join(self._sounds.of(char)[0] for char in asked)
        return [
            match
            for match in self._initials.equal(letters)
            if len(text := self._terms[match.term].text) == len(asked)
            and all(own == char for own, char in zip(text, asked, strict=True) if not char.isascii())
        ]

    def _rank(self, found: _Found) -> int:
        item = found.match.item
        return self.entries[item].rank if item < len(self.entries) else 0

    def _answer(self, found: list[_Found], spelled: str, limit: int) -> Answer:
        ours = [one for one in found if one.match.item < len(self.entries)]
        others = [one for one in found if one.match.item >= len(self.entries)]
        best, outside = _nearest(ours), _nearest(others)
        read = ours[0].read_as or spelled if ours else ""
        manner = self._manners.of(read, len(self._lexicon.core(read)[0]))
        if not ours or not (self._is_said_of_ours(read) or good_enough(best, outside, manner)):
            kind = self._outside[others[0].match.item - len(self.entries)] if others else ""
            sure = surely_outside(outside, best)
            return Answer(SearchVerdict.NOT_FOUND, advice=_ADVICE.get(kind, "") if sure else "")
        least = ours[0].score * _TAIL
        hits = tuple(
            Hit(self._codes[one.match.item], round(one.score, 4), self._why(one))
            for one in ours[:limit]
            if one.score >= least
        )
        return Answer(SearchVerdict.FOUND, hits, read_as=ours[0].read_as)

    def _why(self, found: _Found) -> str:
        kind = _WHY[self._terms[found.match.term].kind] if found.match.term >= 0 else "相近"
        return f"{kind}·{found.how}" if found.how else kind

    # Tables, made once

    def prepare(self) -> None:
        """Make the tables now (about two seconds) instead of at the first question. The one that needs most while it is
        made comes first: the others then find room in what it leaves.
        """
        _ = self._decoder, self._manners, self._matcher, self._initials

    @cached_property
    def _sounds(self) -> Sounds:
        return Sounds(self.contents.sounds)

    @cached_property
    def _lexicon(self) -> Lexicon:
        return Lexicon(self.contents.words)

    @cached_property
    def _terms(self) -> tuple[Term, ...]:
        return tuple(self._all_terms())

    def _all_terms(self) -> Iterator[Term]:
        for item, entry in enumerate(self.entries):
            for text, kind in entry.sayings:
                yield Term(item, text, kind)
        for item, texts in enumerate(self.contents.outside.values(), len(self.entries)):
            for text in texts:
                yield Term(item, text, NOT_OURS)

    @cached_property
    def _said(self) -> dict[str, int]:
        return {term.text: term.item for term in reversed(self._terms)}

    def _is_said_of_ours(self, text: str) -> bool:
        """Word for word: then nothing is weighed."""
        return self._said.get(text, len(self.entries)) < len(self.entries)

    @cached_property
    def _matcher(self) -> Matcher:
        offices = [frozenset(entry.offices) for entry in self.entries]
        offices += [frozenset()] * len(self.contents.outside)
        return Matcher(self._terms, tuple(offices), self._lexicon, self._sounds)

    @cached_property
    def _manners(self) -> Manners:
        ours = (term.text for term in self._terms if term.kind != NOT_OURS)
        return Manners(ours, (term.text for term in self._terms if term.kind == NOT_OURS))

    @cached_property
    def _initials(self) -> Initials:
        """Of everything that people may shorten: not of whole sentences. Of equal initials those count most whose words
        an item's sayings use most; parts of an official name count less than what people say.
        """
        sayings: list[tuple[int, int, str, float]] = []
        parts: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for number, term in enumerate(self._terms):
            if term.kind == "event" or (term.kind == NOT_OURS and len(term.text) > _SHORTENED):
                continue
            entry = self.entries[term.item] if term.item < len(self.entries) else None
            uses = sum(term.text in text for text, _kind in entry.sayings) if entry else 1
            trust = 1.0 if term.kind == "name" else 1.0 - _SELDOM / uses
            sayings += [(term.item, number, letters, trust) for letters in self._first_letters(term.text)]
            if term.kind == "name":
                for letters in self._parts(term.text):
                    parts[letters].append((term.item, number))
        for letters, holders in parts.items():
            if len(holders) <= _FEW:
                sayings += [(item, number, letters, _PART) for item, number in holders]
        return Initials(sayings)

    def _first_letters(self, text: str) -> list[str]:
        """Of the text and of what it is without fillers."""
        core, _words = self._lexicon.core(text)
        whole = self.contents.readings.get(text) or self._sounds.spell(text)
        readings = [whole] if core == text else [whole, self._sounds.spell(core)]
        return [initials for reading in readings if len(initials := first_letters(reading)) <= LONGEST + 2]

    def _parts(self, name: str) -> set[str]:
        """Initials of the runs of words that a name is made of."""
        words = [piece for piece, _word in self._lexicon.cut(name)]
        runs = ("".join(words[begin:end]) for begin in range(len(words)) for end in range(begin + 1, len(words) + 1))
        return {first_letters(self._sounds.spell(run)) for run in runs if len(run) > 2 and run != name}

    @cached_property
    def _decoder(self) -> Decoder:
        words, uses = self._vocabulary()
        fillers = frozenset(word.text for word in self.contents.words if word.sort == FILLER)
        readings = self._readings(Values(zip(words, uses, strict=True), "d"))
        return Decoder(words, uses, readings, self._sounds, fillers)

    def _vocabulary(self) -> tuple[Texts, array[float]]:
        """The lexicon, and the runs of two to four characters that the sayings use: the most used first, and how often
        they are used.
        """
        found: dict[str, float] = {}
        for length in (2, 3, 4):
            for part in range(PARTS):
                uses = Counter(
                    run
                    for term in self._terms
                    for at in range(len(term.text) - length + 1)
                    if part_of(run := term.text[at : at + length]) == part
                )
                found |= {
                    run: log(1 + count) for run, count in uses.items() if (count > 1 or length == 2) and is_chinese(run)
                }
        for term in self._terms:
            if len(term.text) <= (_LONGEST_PART if term.kind == "event" else _LONGEST_WORD) and is_chinese(term.text):
                found[term.text] = max(found.get(term.text, 0.0), _WHOLE_USE)
        for word in self.contents.words:
            if is_chinese(word.text):
                use = _FILLER_USE if word.sort == FILLER else _SINGLE_WORD_USE
                found[word.text] = max(found.get(word.text, 0.0), use)
        words = sorted(found, key=lambda one: (-found[one], one))
        return Texts(words), array("d", [found[word] for word in words])

    def _readings(self, words: Values) -> dict[str, tuple[str, ...]]:
        """Those that are read otherwise than character by character, in the lexicon or in a saying."""
        told = self.contents.readings
        readings = {word.text: told[word.text] for word in self.contents.words if word.text in told}
        for term in self._terms:
            reading = told.get(term.text, ())
            for length in (2, 3, 4, len(term.text)):
                for at in range(len(reading) - length + 1):
                    run, own = term.text[at : at + length], reading[at : at + length]
                    if run in words and own != self._sounds.spell(run):
                        readings.setdefault(run, own)
        return readings


def _nearest(found: list[_Found]) -> Nearest:
    return Nearest(found[0].score, found[0].match.covered, found[0].match.held) if found else Nearest()
