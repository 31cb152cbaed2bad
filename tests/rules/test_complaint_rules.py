"""Five steps of a complaint, three of praise; each has one limit; every way ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from budayang.rules.evaluation.complaints import (
    EVENT_NAMES,
    FINAL_STATES,
    KIND_NAMES,
    STATE_NAMES,
    STEPS,
    TRANSITIONS,
    IllegalStep,
    Limits,
    allowed,
    due_of,
    next_state,
    state_name,
)

NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
LIMITS = Limits(*(NOW + timedelta(days=n) for n in (2, 5, 10, 15, 20)))


def walk(kind: str, *events: str) -> str:
    state = "received"
    for event in events:
        state = next_state(kind, state, event)
    return state


def test_a_complaint_goes_all_five_steps_in_their_order() -> None:
    assert walk("complaint", *STEPS) == "filed"
    with pytest.raises(IllegalStep, match="待受理"):
        walk("complaint", "answer")
    with pytest.raises(IllegalStep, match="调查中"):
        walk("complaint", "accept", "answer")


@pytest.mark.parametrize("kind", ["praise", "suggestion"])
def test_praise_is_not_investigated(kind: str) -> None:
    assert walk(kind, "accept", "answer", "file") == "filed"
    with pytest.raises(IllegalStep):
        walk(kind, "accept", "investigate")
    assert state_name(kind, "accepted") == "待反馈"
    assert state_name("complaint", "accepted") == "调查中"


@pytest.mark.parametrize("kind", KIND_NAMES)
def test_every_state_that_can_be_reached_ends_and_has_a_limit(kind: str) -> None:
    seen, todo = {"held"}, ["held"]
    while todo:
        here = todo.pop()
        for event in allowed(kind, here):
            after = next_state(kind, here, event)
            if after not in seen:
                seen.add(after)
                todo.append(after)
    assert seen >= {"filed", "declined", "withdrawn"}
    for state in seen:
        assert (due_of(kind, state, LIMITS) is None) is (state in FINAL_STATES), state


def test_the_table_uses_known_words_only() -> None:
    for (state, event), after in TRANSITIONS.items():
        assert {state, after} <= STATE_NAMES.keys()
        assert event in EVENT_NAMES


def test_the_running_limit_is_that_of_the_next_step() -> None:
    assert due_of("complaint", "received", LIMITS) == LIMITS.accept
    assert due_of("complaint", "accepted", LIMITS) == LIMITS.investigate
    assert due_of("praise", "accepted", LIMITS) == LIMITS.answer
    assert due_of("complaint", "answered", LIMITS) == LIMITS.file
