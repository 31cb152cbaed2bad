"""The circuit of a department's line: tables of what a call proves, and properties over any order of calls."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budayang.rules.connectors import (
    CallClass,
    Circuit,
    CircuitPolicy,
    CircuitState,
    after_call,
    line_is_up,
    may_call,
)

NOW = datetime(2026, 1, 7, 4, 0, tzinfo=UTC)
POLICY = CircuitPolicy(failures=3, open_s=30, longest_s=100, trial_s=20)
OPEN = Circuit(CircuitState.OPEN, 3, 1, NOW + timedelta(seconds=30), "timeout", "C")


def s(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("how", "counts"),
    [
        (CallClass.TIMEOUT, True),
        (CallClass.CUT, True),
        (CallClass.ERROR, True),
        (CallClass.UNREADABLE, True),
        (CallClass.KEY_REFUSED, True),
        (CallClass.NO_CONNECTION, True),
        (CallClass.ANSWERED, False),
        (CallClass.CLOSED, False),
        (CallClass.REFUSED, False),
        (CallClass.CONFLICT, False),
        (CallClass.NOT_CALLED, False),
    ],
)
def test_what_counts_against_a_line(how: CallClass, counts: bool) -> None:
    assert after_call(Circuit(), how, "A", POLICY, NOW).failures == int(counts)


def test_the_same_case_counts_once_unless_the_line_itself_is_gone() -> None:
    one = after_call(Circuit(), CallClass.ERROR, "A", POLICY, NOW)
    assert after_call(one, CallClass.ERROR, "A", POLICY, NOW).failures == 1
    assert after_call(one, CallClass.ERROR, "B", POLICY, NOW).failures == 2
    assert after_call(one, CallClass.NO_CONNECTION, "A", POLICY, NOW).failures == 2


def test_an_answer_forgets_the_failures_before_it() -> None:
    failing = Circuit(CircuitState.CLOSED, 2, 0, None, "", "A")
    assert after_call(failing, CallClass.ANSWERED, "B", POLICY, NOW) == Circuit()
    assert after_call(failing, CallClass.CLOSED, "B", POLICY, NOW) == failing


def test_the_pause_doubles_up_to_the_longest() -> None:
    circuit, pauses = Circuit(CircuitState.CLOSED, 2, 0, None, "", "A"), []
    at = NOW
    for _ in range(4):
        circuit = after_call(circuit, CallClass.TIMEOUT, "B", POLICY, at)
        assert circuit.until is not None
        pauses.append((circuit.until - at).total_seconds())
        at = circuit.until
        circuit = may_call(circuit, POLICY, at).circuit
        assert circuit.state is CircuitState.HALF_OPEN
    assert pauses == [30, 60, 100, 100]


def test_one_trial_at_a_time_and_a_lost_trial_is_given_up() -> None:
    assert not may_call(OPEN, POLICY, s(29)).allowed
    trial = may_call(OPEN, POLICY, s(30))
    assert trial.allowed
    assert not may_call(trial.circuit, POLICY, s(49)).allowed
    assert may_call(trial.circuit, POLICY, s(50)).allowed


@pytest.mark.parametrize("how", [CallClass.ANSWERED, CallClass.REFUSED, CallClass.CLOSED, CallClass.CONFLICT])
def test_a_department_that_speaks_ends_the_trial_well(how: CallClass) -> None:
    trial = may_call(OPEN, POLICY, s(30)).circuit
    assert after_call(trial, how, "D", POLICY, s(31)) == Circuit()


def test_a_question_without_a_case_opens_nothing_and_may_be_the_trial() -> None:
    almost = Circuit(CircuitState.CLOSED, 2, 0, None, "", "A")
    assert after_call(almost, CallClass.TIMEOUT, "", POLICY, NOW) == almost
    trial = may_call(OPEN, POLICY, s(30)).circuit
    assert after_call(trial, CallClass.TIMEOUT, "", POLICY, s(31)).state is CircuitState.OPEN
    assert after_call(trial, CallClass.ANSWERED, "", POLICY, s(31)) == Circuit()


def test_a_wrong_person_holds_at_once_and_time_does_not_release() -> None:
    held = after_call(Circuit(), CallClass.WRONG_PERSON, "A", POLICY, NOW)
    assert held.state is CircuitState.HELD
    assert not may_call(held, POLICY, s(10**7)).allowed
    assert after_call(held, CallClass.ANSWERED, "B", POLICY, s(1)) == held
    assert not line_is_up(True, held, s(10**7))


def test_a_line_is_up_when_health_is_good_and_no_pause_runs() -> None:
    assert line_is_up(True, Circuit(), NOW)
    assert not line_is_up(False, Circuit(), NOW)
    assert not line_is_up(True, OPEN, s(29))
    assert line_is_up(True, OPEN, s(30))


@given(st.lists(st.tuples(st.sampled_from(list(CallClass)), st.sampled_from("ABC"), st.integers(0, 200)), max_size=60))
def test_in_any_order_of_calls_the_circuit_stays_whole(calls: list[tuple[CallClass, str, int]]) -> None:
    circuit, at = Circuit(), NOW
    for how, number, wait_s in calls:
        at += timedelta(seconds=wait_s)
        permit = may_call(circuit, POLICY, at)
        circuit = after_call(permit.circuit, how if permit.allowed else CallClass.NOT_CALLED, number, POLICY, at)
        assert (circuit.until is None) == (circuit.state in (CircuitState.CLOSED, CircuitState.HELD))
        if circuit.state is CircuitState.CLOSED:
            assert circuit.failures < POLICY.failures
        if circuit.state is CircuitState.OPEN and circuit.until is not None:
            assert circuit.until <= at + timedelta(seconds=POLICY.longest_s)
