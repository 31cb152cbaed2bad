"""Five levels, reasons and the six public indicators."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budayang.rules.evaluation import (
    INDICATORS,
    LEVEL_BY_CODE,
    LEVELS,
    REASONS,
    Counts,
    measure_all,
    rating_problem,
    reasons_for,
)


def test_five_levels_of_which_the_last_two_are_negative() -> None:
    assert [(x.name, x.negative) for x in LEVELS] == [
        ("非常满意", False),
        ("满意", False),
        ("基本满意", False),
        ("不满意", True),
        ("非常不满意", True),
    ]
    assert [x.score for x in LEVELS] == [5, 4, 3, 2, 1]


def test_reasons_are_offered_for_negative_levels_only() -> None:
    for level in LEVELS:
        assert bool(reasons_for(level.code)) is level.negative
    assert len(reasons_for("very_unsatisfied")) == len(REASONS)
    assert len(reasons_for("unsatisfied")) < len(REASONS)


@pytest.mark.parametrize(
    ("level", "reasons", "ok"),
    [
        ("very_satisfied", [], True),
        ("very_satisfied", ["other"], False),
        ("unsatisfied", ["no_paper"], True),
        ("unsatisfied", ["no_paper", "other"], True),
        ("unsatisfied", [], False),
        ("unsatisfied", ["privacy"], False),
        ("very_unsatisfied", ["privacy"], True),
        ("six_stars", [], False),
    ],
)
def test_what_can_be_taken(level: str, reasons: list[str], ok: bool) -> None:
    assert (rating_problem(level, reasons) == "") is ok


def test_indicators_of_a_month() -> None:
    counts = Counts(
        done=200,
        asked=198,
        rated={
            "very_satisfied": 80,
            "satisfied": 10,
            "basically_satisfied": 5,
            "unsatisfied": 3,
            "very_unsatisfied": 2,
        },
        active={"very_satisfied": 6, "unsatisfied": 2},
        negative_replied=4,
        visited=4,
        visited_fixed=3,
        visited_fixed_satisfied=2,
    )
    found = {code: (r.numerator, r.denominator) for code, r in measure_all(counts).items()}
    assert found == {
        "good_rate": (95, 100),
        "active_good_rate": (6, 8),
        "unrated_rate": (100, 200),
        "negative_reply_rate": (4, 5),
        "visit_fix_rate": (3, 4),
        "visit_satisfied_rate": (2, 3),
    }


def test_nothing_rated_is_no_rate_not_zero() -> None:
    assert all(r.value is None for r in measure_all(Counts()).values())
    assert len(INDICATORS) == 6
    assert all(x.definition for x in INDICATORS)


level_counts = st.dictionaries(st.sampled_from(list(LEVEL_BY_CODE)), st.integers(0, 50))


@given(level_counts, st.integers(0, 500))
def test_rates_lie_between_nothing_and_all(rated: dict[str, int], done: int) -> None:
    counts = Counts(done=done, rated=rated, active=rated)
    assert counts.good + counts.negative == counts.total
    for ratio in measure_all(counts).values():
        assert ratio.value is None or 0 <= ratio.value <= 1
