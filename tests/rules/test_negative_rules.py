"""The table of negative ratings: every way leads to an end, clocks are one per state, appeals and re-ratings once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budayang.rules.evaluation.negative import (
    APPEALED,
    CALL_OUTCOMES,
    CLOCK_OF,
    EVENT_NAMES,
    FINAL_STATES,
    RERATE_LEVELS,
    STATE_NAMES,
    TRANSITIONS,
    Dues,
    IllegalStep,
    allowed_events,
    call_event,
    is_late,
    kept,
    may_appeal,
    may_rerate,
    next_look,
    next_state,
    rerate_event,
    running_clock,
    shifted,
)

NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
DUES = Dues(NOW + HOUR, NOW + 2 * HOUR, NOW + 3 * HOUR, NOW + 4 * HOUR)


def test_the_table_uses_known_words_only() -> None:
    for (state, event), after in TRANSITIONS.items():
        assert {state, after} <= STATE_NAMES.keys()
        assert event in EVENT_NAMES


def test_from_every_state_an_end_can_be_reached_and_removal_can_be_undone() -> None:
    for start in STATE_NAMES:
        seen, todo = {start}, [start]
        while todo:
            here = todo.pop()
            for event in allowed_events(here):
                after = next_state(here, event)
                if after not in seen:
                    seen.add(after)
                    todo.append(after)
        assert seen & FINAL_STATES, start
    assert next_state("removed", "restore") == "open"


def test_a_step_that_does_not_fit_says_where_the_case_is() -> None:
    with pytest.raises(IllegalStep, match="待联系核实"):
        next_state("open", "fix")
    with pytest.raises(IllegalStep, match="已办结"):
        next_state("closed", "rerate_good")


@pytest.mark.parametrize("state", STATE_NAMES)
def test_who_owes_a_step_has_one_clock_and_an_end_has_none(state: str) -> None:
    running = running_clock(state, DUES)
    assert (running is not None) is (state in CLOCK_OF)
    if state in FINAL_STATES | {"called_back"}:
        assert running is None, "nobody owes a step"
    if state in APPEALED:
        assert running == ("decide", DUES.decide), "the supervisor owes the decision, the owner unit nothing"


@pytest.mark.parametrize(
    ("state", "after", "late"),
    [("open", 59, False), ("open", 60, True), ("verified", 61, False), ("verified", 120, True), ("closed", 999, False)],
)
def test_late_is_at_the_due_moment(state: str, after: int, late: bool) -> None:
    assert is_late(state, DUES, NOW + timedelta(minutes=after)) is late


@pytest.mark.parametrize(
    ("outcome", "tries", "event"),
    [
        ("unreached", 0, "try_again"),
        ("unreached", 1, "try_again"),
        ("unreached", 2, "call_back"),
        ("not_fixed", 0, "send_back"),
        ("fixed_satisfied", 2, "call_back"),
        ("fixed_unsatisfied", 0, "call_back"),
        ("no_phone", 0, "call_back"),
        ("phone_gone", 0, "call_back"),
    ],
)
def test_what_a_call_leads_to(outcome: str, tries: int, event: str) -> None:
    assert outcome in CALL_OUTCOMES
    assert call_event(outcome, tries, 3) == event


def test_only_not_satisfied_sends_it_back() -> None:
    assert {level: rerate_event(level) for level in RERATE_LEVELS} == {
        "satisfied": "rerate_good",
        "basically_satisfied": "rerate_good",
        "unsatisfied": "rerate_bad",
    }


@pytest.mark.parametrize(
    ("state", "until", "refused", "may"),
    [
        ("open", 1, False, True),
        ("verified", 1, False, True),
        ("fixed", 1, False, False),
        ("open", 0, False, False),
        ("open", 1, True, False),
        ("open_appealed", 1, False, False),
    ],
)
def test_an_appeal_is_once_and_in_time(state: str, until: int, refused: bool, may: bool) -> None:
    assert may_appeal(state, NOW + until * HOUR, refused, NOW) is may


def test_a_rerating_is_once_and_in_time() -> None:
    assert may_rerate("fixed", NOW + HOUR, False, NOW)
    assert may_rerate("called_back", NOW + HOUR, False, NOW)
    assert not may_rerate("called_back", NOW + HOUR, True, NOW)
    assert not may_rerate("called_back", NOW, False, NOW)
    assert not may_rerate("verified", NOW + HOUR, False, NOW)
    assert not may_rerate("fixed", None, False, NOW)


@given(st.integers(0, 10**6))
def test_an_appeal_that_was_refused_gives_its_time_back(seconds: int) -> None:
    pause = timedelta(seconds=seconds)
    after = shifted(DUES, pause)
    assert DUES.verify is not None
    assert DUES.fix is not None
    assert (after.verify, after.fix) == (DUES.verify + pause, DUES.fix + pause)
    assert (after.call_back, after.decide) == (DUES.call_back, DUES.decide)


@given(st.integers(-100, 100), st.integers(0, 50), st.booleans(), st.booleans())
def test_a_clock_is_looked_at_before_its_end_then_at_its_end_then_no_more(
    due_in: int, warn: int, warned: bool, overdue: bool
) -> None:
    due = NOW + timedelta(minutes=due_in)
    look = next_look(due, timedelta(minutes=warn), {"warned": warned, "overdue": overdue}, NOW)
    if overdue:
        assert look is None
    else:
        assert look is not None
        assert look <= due
        assert look == due or (not warned and look > NOW)


def test_without_a_clock_nobody_looks() -> None:
    assert next_look(None, HOUR, {}, NOW) is None


def test_a_clock_is_kept_broken_or_still_open() -> None:
    due, late = NOW + timedelta(hours=1), NOW + timedelta(hours=2)
    assert kept([], None, NOW) is None
    assert kept([], due, NOW) is None
    assert kept([], due, due) is False
    assert kept([(due, due)], None, late) is True
    assert kept([(late, due)], None, late) is False
    assert kept([(NOW, due)], late, due) is None, "sent back: it is owed again"
    assert kept([(late, due)], late + timedelta(days=1), late) is False, "late stays late"
