"""How many answers are needed, and what a share of them says."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budayang.rules.evaluation import LEVELS
from budayang.rules.evaluation.surveys import (
    GROUPS,
    QUESTIONS,
    by_group,
    by_question,
    half_of,
    needed,
    share_of,
    sheet_problem,
)
from budayang.rules.scorecards import Z, wilson

LEVEL_CODES = [one.code for one in LEVELS]


@pytest.mark.parametrize(
    ("population", "margin", "count"),
    # the textbook's 385 and 97 for endless populations at 5 % and 10 %, 278 of a thousand
    [(0, 0.1, 0), (10**9, 0.05, 385), (10**9, 0.1, 97), (1000, 0.05, 278), (100, 0.05, 80), (5, 0.1, 5), (1, 0.1, 1)],
)
def test_the_sample_that_is_needed(population: int, margin: float, count: int) -> None:
    assert needed(population, margin) == count


@pytest.mark.parametrize("margin", [0, 1, -0.1, 2])
def test_a_margin_is_a_part_of_one(margin: float) -> None:
    with pytest.raises(ValueError, match="margin"):
        needed(100, margin)


@given(st.integers(1, 10**6), st.floats(0.02, 0.3))
def test_what_is_needed_is_enough_and_not_more_than_there_are(population: int, margin: float) -> None:
    count = needed(population, margin)
    assert 1 <= count <= population
    if count < population:  # the margin of the worst share, with the correction for a finite population
        error = Z * (0.25 / count * (population - count) / (population - 1)) ** 0.5
        assert error <= margin + 1e-9
    assert count <= needed(population + 1, margin)


def test_no_answer_is_not_a_share_of_zero() -> None:
    found = share_of([])
    assert (found.value, found.low, found.high) == (None, None, None)
    assert share_of(["wonderful"]).total == 0


@given(st.lists(st.sampled_from(LEVEL_CODES), min_size=1, max_size=60))
def test_a_share_lies_within_its_interval(levels: list[str]) -> None:
    found = share_of(levels)
    assert found.value is not None
    assert found.low is not None
    assert found.high is not None
    assert found.low <= found.value <= found.high
    assert (found.low, found.high) == wilson(found.good, found.total)


def test_a_sheet_counts_once_in_a_group_and_its_worst_answer_decides() -> None:
    sheets = [
        {"way": "very_satisfied", "machine": "unsatisfied", "clean": "satisfied"},
        {"way": "satisfied"},
        {"access": "very_unsatisfied"},
    ]
    found = by_group(sheets)
    assert {key: (one.good, one.total) for key, one in found.items()} == {
        "service": (1, 2),
        "environment": (1, 1),
        "access": (0, 1),
    }
    assert by_question(sheets)["machine"].value == 0.0
    assert by_question(sheets)["help"].value is None


def test_every_question_belongs_to_a_group() -> None:
    assert {one.group for one in QUESTIONS} == set(GROUPS)


@pytest.mark.parametrize(
    ("answers", "problem"),
    [
        ({"way": "satisfied"}, ""),
        ({}, "请至少回答一项。"),
        ({"way": "good"}, "有一项回答不在可选的范围内，请重新选。"),
        ({"nothing": "satisfied"}, "有一项回答不在可选的范围内，请重新选。"),
    ],
)
def test_a_sheet_that_cannot_be(answers: dict[str, str], problem: str) -> None:
    assert sheet_problem(answers) == problem


def test_halves_of_a_year() -> None:
    assert half_of(date(2026, 6, 30)) == (date(2026, 1, 1), date(2026, 6, 30))
    assert half_of(date(2026, 7, 1)) == (date(2026, 7, 1), date(2026, 12, 31))
