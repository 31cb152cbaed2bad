"""Tables that are made once and then only asked, in a few bytes an entry: a terminal has little memory, and a dict of
strings takes a hundred bytes for each.

They hold the hash of a text instead of the text. Two of a hundred thousand texts have the same 64 bits once in four
billion times; then, and when somebody asks for just such a text, one is taken for the other.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

Code = Literal["H", "I", "d"]


def digest(text: str) -> int:
    """Of its UTF-8: the hash of a str is that of its memory, which is the same for 浩 and for "im"."""
    return hash(text.encode("utf-8", "surrogatepass"))


PARTS = 8
"""What is counted of all sayings is counted in so many parts, one after the other, to hold fewer strings at once."""


def part_of(text: str) -> int:
    """The part that counts it: by its first character."""
    return ord(text[0]) % PARTS


class Texts(Sequence[str]):
    """Strings one behind the other."""

    __slots__ = ("_all", "_ends")

    def __init__(self, texts: Iterable[str]) -> None:
        found = list(texts)
        self._all = "".join(found)
        self._ends = array("I", [0])
        for text in found:
            self._ends.append(self._ends[-1] + len(text))

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, number: int) -> str:  # type: ignore[override]  # no slices
        return self._all[self._ends[number] : self._ends[number + 1]]


class Values:
    """Text → number. ``code``: how a number is held, a code of :mod:`array`."""

    __slots__ = ("_digests", "_values")

    def __init__(self, entries: Iterable[tuple[str, float]], code: Code) -> None:
        digests, values = array("q"), array(code)
        for text, value in entries:
            digests.append(digest(text))
            values.append(value)  # type: ignore[arg-type]  # whole numbers, where the code asks for them
        self._digests, self._values = array("q"), array(code)
        for at in _in_order(digests):
            self._digests.append(digests[at])
            self._values.append(values[at])

    def __len__(self) -> int:
        return len(self._digests)

    def __contains__(self, text: str) -> bool:
        return self.get(text) is not None

    def __getitem__(self, text: str) -> float:
        found = self.get(text)
        if found is None:
            raise KeyError(text)
        return found

    def get(self, text: str) -> float | None:
        """None for a text that is not there."""
        at = _place(self._digests, text)
        return None if at is None else self._values[at]


class Groups:
    """Text → some numbers, in the order in which they came."""

    __slots__ = ("_digests", "_ends", "_numbers")

    def __init__(self, pairs: Iterable[tuple[str, int]]) -> None:
        digests, numbers = array("q"), array("I")
        for text, number in pairs:
            digests.append(digest(text))
            numbers.append(number)
        self._digests, self._ends, self._numbers = array("q"), array("I"), array("I")
        for at in _in_order(digests):
            if not self._digests or self._digests[-1] != digests[at]:
                self._digests.append(digests[at])
                self._ends.append(len(self._numbers))
            self._numbers.append(numbers[at])
        self._ends.append(len(self._numbers))

    def get(self, text: str) -> array[int]:
        """Nothing for a text that is not there."""
        at = _place(self._digests, text)
        return self._numbers[:0] if at is None else self._numbers[self._ends[at] : self._ends[at + 1]]


def _in_order(digests: array[int]) -> Iterator[int]:
    """Where the digests stand, the least first, equal ones as they came: an eighth of them at a time, because a sorted
    list takes ten times an array's memory.
    """
    for eighth in range(-4, 4):
        yield from sorted((at for at, one in enumerate(digests) if one >> 61 == eighth), key=digests.__getitem__)


def _place(digests: array[int], text: str) -> int | None:
    own = digest(text)
    at = bisect_left(digests, own)
    return at if at < len(digests) and digests[at] == own else None


def gathered(of: array[int], numbers: array[int], count: int) -> tuple[array[int], array[int]]:
    """``numbers`` put together by ``of``, a number from 0 to ``count`` - 1 for each, each group in the order in which
    its numbers came. Returns where the groups begin (and the last one ends), and the numbers.
    """
    ends = array("I", bytes(4 * (count + 1)))
    for one in of:
        ends[one + 1] += 1
    for at in range(count):
        ends[at + 1] += ends[at]
    following, found = array("I", ends), array(numbers.typecode, numbers)
    for one, number in zip(of, numbers, strict=True):
        found[following[one]] = number
        following[one] += 1
    return ends, found
