"""Levels, meters and numbered sheets."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budayang.rules.consumables import (
    CONSUMABLES,
    SHEET_TRANSITIONS,
    BadNumbers,
    Grade,
    Sheet,
    Tell,
    consumed_by,
    filled_to,
    gaps,
    get_consumable,
    level_now,
    meter_step,
    span_of,
    spans,
    told_by,
)
from budayang.rules.terminals import KINDS

LEVELS = [
    # filled, used, gap, word → amount, grade, tell, mismatch
    (500, 120, False, "full", 380, Grade.COUNTED, Tell.ENOUGH, False),
    (500, 120, False, "", 380, Grade.COUNTED, Tell.ENOUGH, False),
    (500, 420, False, "", 80, Grade.COUNTED, Tell.LOW, False),
    (500, 420, False, "low", 80, Grade.COUNTED, Tell.LOW, False),
    (500, 120, False, "low", 100, Grade.COUNTED, Tell.LOW, True),
    (500, 120, False, "out", 0, Grade.COUNTED, Tell.OUT, True),
    (500, 470, False, "out", 0, Grade.COUNTED, Tell.OUT, False),
    (500, 620, False, "full", 100, Grade.COUNTED, Tell.ENOUGH, True),
    (500, 620, False, "", 0, Grade.COUNTED, Tell.OUT, False),
    (500, 470, False, "full", 30, Grade.COUNTED, Tell.ENOUGH, False),
    (None, 0, False, "full", None, Grade.WORDS, Tell.ENOUGH, False),
    (None, 0, False, "low", 100, Grade.WORDS, Tell.LOW, False),
    (None, 0, False, "out", 0, Grade.WORDS, Tell.OUT, False),
    (None, 0, False, "", None, Grade.UNKNOWN, Tell.UNKNOWN, False),
    (500, 20, True, "full", None, Grade.WORDS, Tell.ENOUGH, False),
    (500, 20, True, "", None, Grade.UNKNOWN, Tell.UNKNOWN, False),
]


@pytest.mark.parametrize(("filled", "used", "gap", "word", "amount", "grade", "tell", "differs"), LEVELS)
def test_levels(
    filled: int | None, used: float, gap: bool, word: str, amount: int | None, grade: Grade, tell: Tell, differs: bool
) -> None:
    level = level_now(capacity=500, filled=filled, used=used, gap=gap, word=word, low_ratio=0.2)
    assert (level.amount, level.grade, level.tell, bool(level.mismatch)) == (amount, grade, tell, differs)


@given(
    filled=st.none() | st.integers(0, 900),
    used=st.floats(0, 2000),
    gap=st.booleans(),
    word=st.sampled_from(["", "full", "low", "out"]),
)
def test_a_level_is_never_below_nothing_nor_above_the_brim(
    filled: int | None, used: float, gap: bool, word: str
) -> None:
    level = level_now(capacity=500, filled=filled, used=used, gap=gap, word=word, low_ratio=0.2)
    assert level.amount is None or 0 <= level.amount <= 500
    assert word != "out" or level.amount == 0
    assert word != "low" or (level.amount is not None and level.amount <= 100)


def test_every_word_belongs_to_a_component() -> None:
    for one in CONSUMABLES:
        if one.prop:
            known = KINDS[one.device].get_property(one.prop)
            assert known is not None, one.code
            assert {state for state, _word in one.words} <= {meaning.state for meaning in known.states}
            assert told_by(one.device, one.prop) is one
    assert {one.code for one in consumed_by("printer", "pages")} == {"a4", "toner"}


@pytest.mark.parametrize(
    ("before", "value", "minutes", "used", "broken"),
    [
        (None, 12_000, 0, 0, ""),  # the first reading is where counting starts
        (12_000, 12_000, 10, 0, ""),
        (12_000, 12_035, 10, 35, ""),
        (12_000, 3, 10, 0, "reset"),  # a new printer, or a counter that was reset
        (12_000, 95_000, 10, 0, "jump"),  # another printer that has seen more
        (12_000, 30_000, 60 * 24 * 7, 18_000, ""),  # a week offline
    ],
)
def test_meters(before: int | None, value: int, minutes: int, used: int, broken: str) -> None:
    step = meter_step(before=before, value=value, elapsed=timedelta(minutes=minutes))
    assert (step.used, step.broken) == (used, broken)


@given(st.none() | st.integers(0, 2**40), st.integers(0, 2**40), st.integers(-10, 10**6))
def test_a_meter_never_takes_back_nor_gives_more_than_can_be(before: int | None, value: int, seconds: int) -> None:
    step = meter_step(before=before, value=value, elapsed=timedelta(seconds=seconds))
    assert 0 <= step.used <= 200 + 2 * max(seconds, 0)


def test_filling() -> None:
    assert filled_to(before=100, added=350, capacity=500) == 450
    assert filled_to(before=300, added=500, capacity=500) == 500
    assert filled_to(before=None, added=200, capacity=500) == 200
    assert filled_to(before=7, added=None, capacity=500) == 500


def test_numbers_as_they_are_printed() -> None:
    span = span_of("nm0001200", "NM0001299")
    assert (len(span), str(span), span.text(1201)) == (100, "NM0001200—NM0001299", "NM0001201")
    assert str(span_of("NM0001200", "")) == "NM0001200"
    for first, last in (("NM1", "XY2"), ("NM001", "NM0002"), ("NM5", "NM4"), ("？", "1"), ("0", "99999")):
        with pytest.raises(BadNumbers):
            span_of(first, last)


@given(st.sets(st.integers(0, 200)))
def test_stretches_and_gaps_are_a_whole(numbers: set[int]) -> None:
    covered = {n for first, last in spans(numbers) for n in range(first, last + 1)}
    missing = {n for first, last in gaps(numbers) for n in range(first, last + 1)}
    assert covered == numbers
    assert not covered & missing
    assert not numbers or covered | missing == set(range(min(numbers), max(numbers) + 1))


def test_what_was_used_or_void_stays_so() -> None:
    assert not [event for (state, event) in SHEET_TRANSITIONS if state in (Sheet.USED, Sheet.VOID)]
    assert get_consumable("certificate").numbered
