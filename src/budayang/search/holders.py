"""Which sign stands in which sayings of which item."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence

from budayang.search.frozen import Values, gathered

NONE = -1


class Holders:
    """Signs are numbered in the order in which they come, and so are their *pairs*: a sign and an item that has it, by
    item within a sign.

    ``sayings``: the item of each saying (never falling) and its signs. ``beside``: signs that an item has though no
    saying of its own does.
    """

    def __init__(
        self, sayings: Iterable[tuple[int, Iterable[str]]], beside: Mapping[str, Iterable[int]] | None = None
    ) -> None:
        places: dict[str, int] = {}
        owners, signs, numbers = array("H"), array("I"), array("H")
        for number, (item, own) in enumerate(sayings):
            owners.append(item)
            for sign in own:
                signs.append(places.setdefault(sign, len(places)))
                numbers.append(number)
        further = {places.setdefault(sign, len(places)): sorted(items) for sign, items in (beside or {}).items()}
        ends, self._numbers = gathered(signs, numbers, len(places))
        self._places = Values(places.items(), "I")
        self._pairs, self._items, self._runs = array("I", [0]), array("H"), array("I", [0])
        for place in range(len(places)):
            self._add(self._numbers[ends[place] : ends[place + 1]], owners, further.get(place, ()))
            self._pairs.append(len(self._items))

    def _add(self, numbers: Sequence[int], owners: Sequence[int], further: Iterable[int]) -> None:
        begin = self._runs[-1]
        runs = dict.fromkeys(further, 0)
        for number in numbers:
            runs[owners[number]] = runs.get(owners[number], 0) + 1
        for item in sorted(runs):
            begin += runs[item]
            self._items.append(item)
            self._runs.append(begin)

    def __len__(self) -> int:
        """How many signs there are."""
        return len(self._places)

    def sign(self, text: str) -> int:
        """The number of a sign, NONE when nobody has it."""
        found = self._places.get(text)
        return NONE if found is None else int(found)

    def pairs(self, sign: int) -> range:
        """The pairs of a sign."""
        return range(self._pairs[sign], self._pairs[sign + 1])

    def items(self, sign: int) -> array[int]:
        """The items that have a sign, in the order of its pairs."""
        return self._items[self._pairs[sign] : self._pairs[sign + 1]]

    def said(self, pair: int) -> int:
        """How many sayings of the pair's item have the sign."""
        return self._runs[pair + 1] - self._runs[pair]

    def has(self, sign: int, item: int) -> bool:
        return self._at(sign, item) is not None

    def sayings(self, sign: int, item: int) -> array[int]:
        """The numbers of an item's sayings with a sign."""
        pair = self._at(sign, item)
        return self._numbers[:0] if pair is None else self._numbers[self._runs[pair] : self._runs[pair + 1]]

    def sayings_with(self, sign: int) -> array[int]:
        """The numbers of all sayings with a sign."""
        return self._numbers[self._runs[self._pairs[sign]] : self._runs[self._pairs[sign + 1]]]

    def _at(self, sign: int, item: int) -> int | None:
        end = self._pairs[sign + 1]
        pair = bisect_left(self._items, item, self._pairs[sign], end)
        return pair if pair < end and self._items[pair] == item else None
