"""Scores: the arithmetic of deductions, lifts, bounds, and what is listed apart."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budayang.rules.standard.answers import Answer
from budayang.rules.standard.scoring import Row, by_chapter, score, split

MET, NOT, NONE, NA = Answer.MET, Answer.NOT_MET, Answer.NO_EVIDENCE, Answer.NOT_APPLICABLE


def row(code: str, answer: Answer, weight: float = 1, *, grade: str = "A", chapter: int = 4, **more: bool) -> Row:
    return Row(code, chapter, weight, grade, more.get("template", False), answer, more.get("in_transition", False))


def test_an_example_worked_by_hand() -> None:
    rows = [row("a", MET, 2), row("b", NOT, 1), row("c", NONE, 1), row("d", NA, 5), row("e", NOT, 1)]
    found = score(rows)
    assert found.value == pytest.approx(50.0)  # 2 of 4
    assert found.floor == pytest.approx(40.0)  # 2 of 5
    assert found.ceiling == pytest.approx(60.0)  # 3 of 5
    assert found.coverage == pytest.approx(0.8)
    assert [(one.code, one.points) for one in found.deductions] == [("b", 25.0), ("e", 25.0)]
    # Proving c: 3 of 5 is 60, ten points more; mending b or e: 3 of 4 is 75.
    assert [(one.code, round(one.points, 6)) for one in found.lifts] == [("b", 25.0), ("e", 25.0), ("c", 10.0)]
    assert found.counts == {MET: 1, NOT: 2, NONE: 1, NA: 1}


def test_nothing_judged_is_no_score_and_not_zero() -> None:
    found = score([row("a", NONE), row("b", NA)])
    assert found.value is None
    assert (found.floor, found.ceiling, found.coverage) == (0, 100, 0)
    assert score([]).coverage is None


@pytest.mark.parametrize(
    ("grade", "template", "counted"),
    [
        ("A", False, True), ("B", False, True), ("A/B", False, True), ("A(类推)", False, True), ("A/D", False, False),
        ("B/C", False, False), ("C", False, False), ("D", False, False), ("B", True, False), ("", False, False),
    ],
)  # fmt: skip
def test_which_clauses_count(grade: str, template: bool, counted: bool) -> None:
    one = row("a", MET, grade=grade, template=template)
    assert one.counted is counted
    assert split([one]) == (([one], []) if counted else ([], [one]))


def test_a_clause_in_transition_costs_nothing_and_is_listed() -> None:
    rows = [row("a", MET), row("b", NOT, in_transition=True), row("c", MET, in_transition=True)]
    found = score(rows)
    assert found.value == 100
    assert found.transitions == ("b",), "what is met already is no burden"


def test_chapters_are_scored_by_themselves() -> None:
    rows = [row("a", MET), row("b", NOT), row("c", MET, chapter=7)]
    assert [(number, one.value) for number, one in by_chapter(rows)] == [(4, 50.0), (7, 100.0)]


ROWS = st.lists(
    st.builds(
        Row,
        code=st.text("abcdef", min_size=1, max_size=4),
        chapter=st.integers(4, 8),
        weight=st.floats(0.01, 100),
        grade=st.sampled_from(["A", "B", "A/D", "C"]),
        template=st.booleans(),
        answer=st.sampled_from(list(Answer)),
        in_transition=st.booleans(),
    ),
    max_size=40,
    unique_by=lambda one: one.code,
)


@given(ROWS)
def test_deductions_add_up_to_what_is_missing(rows: list[Row]) -> None:
    found = score(rows)
    if found.value is None:
        assert not found.deductions
        return
    assert sum(one.points for one in found.deductions) == pytest.approx(100 - found.value)
    assert found.floor is not None
    assert found.ceiling is not None
    assert found.floor - 1e-9 <= found.value <= found.ceiling + 1e-9
    assert 0 <= found.floor <= found.ceiling <= 100 + 1e-9


@given(ROWS)
def test_each_lift_is_what_meeting_the_clause_adds(rows: list[Row]) -> None:
    found = score(rows)
    for lift in found.lifts:
        mended = [replace(one, answer=MET) if one.code == lift.code else one for one in rows]
        after = score(mended).value
        assert after is not None
        assert after - (found.value or 0.0) == pytest.approx(lift.points, abs=1e-6)
    points = [round(one.points, 9) for one in found.lifts]
    assert points == sorted(points, reverse=True)


@given(ROWS, st.randoms())
def test_the_order_of_rows_changes_nothing(rows: list[Row], chance: object) -> None:
    shuffled = list(rows)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis' random
    first, second = score(rows), score(shuffled)
    assert first.value == pytest.approx(second.value) if first.value is not None else second.value is None
    assert {one.code for one in first.deductions} == {one.code for one in second.deductions}


@given(ROWS)
def test_what_does_not_apply_never_changes_the_score(rows: list[Row]) -> None:
    without = [one for one in rows if one.answer is not NA]
    a, b = score(rows), score(without)
    assert (a.value, a.floor, a.ceiling, a.coverage) == (b.value, b.floor, b.ceiling, b.coverage)
