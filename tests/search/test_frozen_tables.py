"""Tables in a few bytes an entry: they answer as a dict would, and no text is taken for another."""

from __future__ import annotations

import random
import sys
from collections import defaultdict

from budayang.search.frozen import Groups, Texts, Values
from budayang.search.holders import NONE, Holders

LETTERS = "身份证社保卡gjjab12 "


def some(luck: random.Random, count: int) -> list[str]:
    return ["".join(luck.choices(LETTERS, k=luck.randint(1, 6))) for _n in range(count)]


def test_values_answer_as_a_dict_would() -> None:
    luck = random.Random(20261127)
    known = {text: luck.random() for text in some(luck, 2000)}
    table = Values(known.items(), "d")
    assert len(table) == len(known)
    for text in {*known, *some(luck, 2000)}:
        assert table.get(text) == known.get(text)
        assert (text in table) == (text in known)


def test_texts_whose_memory_is_the_same_are_two() -> None:
    """浩 is kept as the bytes of "im", and CPython hashes the bytes."""
    assert hash("浩") == hash("im") or sys.implementation.name != "cpython"
    table = Values([("im", 1), ("\udc00", 2)], "I")
    assert table.get("浩") is None
    assert (table["im"], table["\udc00"]) == (1, 2)


def test_groups_keep_their_order() -> None:
    luck = random.Random(4)
    pairs = [(text, number) for number, text in enumerate(some(luck, 5000))]
    known: dict[str, list[int]] = defaultdict(list)
    for text, number in pairs:
        known[text].append(number)
    table = Groups(pairs)
    for text in {*known, *some(luck, 500)}:
        assert list(table.get(text)) == known.get(text, [])


def test_texts_are_read_one_by_one() -> None:
    texts = Texts(["身份证", "", "gjj"])
    assert list(texts) == ["身份证", "", "gjj"]
    assert len(texts) == 3


def test_holders_tell_who_says_what() -> None:
    luck = random.Random(7)
    sayings = [(item, set(some(luck, 5))) for item in range(40) for _n in range(luck.randint(0, 4))]
    beside = {"=局": [3, 39], sayings[0][1].copy().pop(): [0, 20]}
    holders = Holders(sayings, beside)
    for text in {*(sign for _item, signs in sayings for sign in signs), *beside}:
        sign = holders.sign(text)
        says = {n: item for n, (item, signs) in enumerate(sayings) if text in signs}
        assert list(holders.items(sign)) == sorted({*says.values(), *beside.get(text, [])})
        assert list(holders.sayings_with(sign)) == list(says)
        for item, pair in zip(holders.items(sign), holders.pairs(sign), strict=True):
            own = [n for n, who in says.items() if who == item]
            assert list(holders.sayings(sign, item)) == own
            assert holders.said(pair) == len(own)
        assert not holders.has(sign, 40)
        assert not holders.sayings(sign, 40)
    assert holders.sign("没有") == NONE
