"""Supervision visits: the score, who may not know, and the life of a finding."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budayang.rules.evaluation.supervision import (
    EVENT_NAMES,
    FINDING_NAMES,
    FINDING_TRANSITIONS,
    KIND_NAMES,
    STATE_NAMES,
    TRANSITIONS,
    Score,
    is_hidden,
    next_finding_state,
    score,
)


def test_the_score_counts_what_was_judged() -> None:
    assert score([(True, False), (True, True), (True, False), (False, True)]) == Score(2, 1)
    assert score([(True, False), (True, True), (True, False), (True, False)]).value == 75
    assert score([(False, True)]).value is None


@given(st.lists(st.tuples(st.booleans(), st.booleans())))
def test_the_score_lies_between_all_bad_and_all_well(answers: list[tuple[bool, bool]]) -> None:
    found = score(answers)
    judged = sum(counts for counts, _failed in answers)
    assert found.well + found.failed == judged
    assert found.value is None if not judged else 0 <= (found.value or 0) <= 100


@pytest.mark.parametrize(
    ("kind", "state", "hidden"),
    [
        ("unannounced", "planned", True), ("unannounced", "missed", True), ("unannounced", "cancelled", True),
        ("unannounced", "done", False), ("delegate", "planned", False), ("experience", "planned", False),
    ],
)  # fmt: skip
def test_only_an_unannounced_visit_is_hidden_until_done(kind: str, state: str, hidden: bool) -> None:
    assert is_hidden(kind, state) is hidden


def test_the_tables_lead_only_to_states() -> None:
    assert {state for state, _event in TRANSITIONS} | set(TRANSITIONS.values()) == set(STATE_NAMES)
    assert {state for state, _event in FINDING_TRANSITIONS} | set(FINDING_TRANSITIONS.values()) == set(FINDING_NAMES)
    assert {event for _state, event in FINDING_TRANSITIONS} <= set(EVENT_NAMES)
    assert next_finding_state("closed", "reply") is None
    assert next_finding_state("replied", "return") == "open"
    assert set(KIND_NAMES) == {"delegate", "inspection", "experience", "unannounced"}
