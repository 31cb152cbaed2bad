"""人证核对: who may be offered the face, how old somebody is, and what a score is kept as."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from budayang.rules.person_check import (
    SCORES,
    WAY_NAMES,
    WHY_NOT,
    Compared,
    Verdict,
    Way,
    age_on,
    offer,
    score_class,
)

TODAY = date(2026, 11, 27)
ADULT = date(1990, 3, 7)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({}, ""),
        ({"born": date(2012, 11, 27)}, ""),
        ({"born": date(2012, 11, 28)}, "child"),
        ({"born": date(2020, 1, 1), "camera": False}, "child"),
        ({"born": None}, "no_picture"),
        ({"picture": False}, "no_picture"),
        ({"camera": False}, "no_camera"),
        ({"acting": True}, "agent"),
        ({"acting": True, "born": date(2020, 1, 1)}, "agent"),
    ],
)
def test_who_may_choose_the_face(change: dict[str, Any], why: str) -> None:
    facts: dict[str, Any] = {"born": ADULT, "acting": False, "picture": True, "camera": True, **change}
    found = offer(today=TODAY, **facts)
    assert (found.face, found.why) == (why == "", why)
    assert not why or WHY_NOT[why]


@pytest.mark.parametrize(
    ("born", "today", "age"),
    [
        (date(2012, 2, 29), date(2026, 2, 28), 13),
        (date(2012, 2, 29), date(2026, 3, 1), 14),
        (date(2012, 11, 27), TODAY, 14),
        (date(2012, 12, 1), TODAY, 13),
    ],
)
def test_full_years(born: date, today: date, age: int) -> None:
    assert age_on(born, today) == age


def test_only_a_living_person_who_is_the_same_passes() -> None:
    for verdict in Verdict:
        for live in (True, False):
            assert Compared(verdict, 0.9, live).passed == (verdict is Verdict.SAME and live)


def test_a_score_is_kept_as_a_class_only() -> None:
    assert [score_class(score) for score in (1.0, 0.85, 0.84, 0.7, 0.69, 0.0)] == [
        "high", "high", "middle", "middle", "low", "low",
    ]  # fmt: skip
    assert set(SCORES) == {"high", "middle", "low"}
    assert set(WAY_NAMES) == set(Way)
