"""Editions of reasons: which is in force on a day, and that a rating is read in the words of its own."""

from __future__ import annotations

from datetime import date

import pytest

from budayang.rules.evaluation import LEVELS, NEGATIVE_LEVELS
from budayang.rules.evaluation.reason_texts import (
    EDITIONS,
    RatingReason,
    TextEdition,
    edition_on,
    find_edition,
    rating_problem,
    reason_names,
    reasons_for,
)

OLD = TextEdition("甲", date(2026, 1, 1), (RatingReason("slow", "太慢"), RatingReason("gone", "旧原因")))
NEW = TextEdition(
    "乙",
    date(2026, 7, 1),
    (RatingReason("slow", "等的时间太长"), RatingReason("kind", "热情", frozenset({"satisfied"}))),
)
BOTH = (NEW, OLD)


@pytest.mark.parametrize(
    ("on", "code"),
    [
        (date(2025, 1, 1), "甲"),
        (date(2026, 1, 1), "甲"),
        (date(2026, 6, 30), "甲"),
        (date(2026, 7, 1), "乙"),
        (date(2030, 1, 1), "乙"),
    ],
)
def test_the_edition_of_a_day(on: date, code: str) -> None:
    assert edition_on(on, BOTH).code == code


def test_a_rating_is_read_in_the_words_of_its_edition() -> None:
    assert reason_names(["slow", "gone"], "甲", BOTH) == ["太慢", "旧原因"]
    assert reason_names(["slow", "gone"], "乙", BOTH) == ["等的时间太长"], (
        "what this edition never offered has no words"
    )
    assert reason_names([], "甲", BOTH) == []


def test_a_reason_counts_only_in_the_edition_that_offers_it() -> None:
    assert rating_problem("unsatisfied", ["gone"], OLD) == ""
    assert "不在本级" in rating_problem("unsatisfied", ["gone"], NEW)
    assert rating_problem("satisfied", ["kind"], NEW) == ""
    assert rating_problem("satisfied", [], NEW) == "", "a good one needs no reason"


def test_what_ships_is_in_order() -> None:
    assert len({one.code for one in EDITIONS}) == len(EDITIONS)
    assert [one.valid_from for one in EDITIONS] == sorted(one.valid_from for one in EDITIONS)
    assert find_edition("never") is None
    for edition in EDITIONS:
        assert len(edition.code) <= 24
        for level in NEGATIVE_LEVELS:
            assert any(one.code == "other" for one in reasons_for(level, edition)), (
                "nobody is forced into a wrong reason"
            )
        assert {level for one in edition.reasons for level in one.levels} <= {one.code for one in LEVELS}
