from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budayang.terminal.journey import (
    FORGETTING,
    IDLE_SHARE,
    RESTING,
    TRANSITIONS,
    Event,
    Person,
    Prefs,
    State,
    idle_limits,
    move,
)
from budayang.terminal.printing import PAPER_TRANSITIONS, PaperEvent, PaperState


def reachable(start: State) -> set[State]:
    found, edge = {start}, [start]
    while edge:
        here = edge.pop()
        for (state, _), target in TRANSITIONS.items():
            if state is here and target not in found:
                found.add(target)
                edge.append(target)
    return found


@pytest.mark.parametrize("state", State)
def test_every_state_is_reached_and_leads_back_to_the_beginning(state: State) -> None:
    assert state in reachable(State.ATTRACT)
    assert State.ATTRACT in reachable(state)


@pytest.mark.parametrize("state", [s for s in State if s not in RESTING])
def test_everybody_can_leave_from_everywhere(state: State) -> None:
    assert move(state, Event.EXIT) is State.CLEAR


@pytest.mark.parametrize("state", [s for s in State if s not in RESTING | {State.SUBMIT}])
def test_every_state_that_waits_for_a_person_ends_by_itself(state: State) -> None:
    assert move(state, Event.IDLE) is State.CLEAR
    for warn_s, clear_s in ((30, 5), (60, 15), (90, 30)):
        limits = idle_limits(state, Prefs(), warn_s, clear_s)
        cared = idle_limits(state, Prefs(care=True), warn_s, clear_s)
        assert limits is not None
        assert limits == (warn_s * IDLE_SHARE[state], warn_s * IDLE_SHARE[state] + clear_s)
        assert cared == (2 * limits[0], 2 * limits[1])


def test_nothing_is_submitted_without_consent_and_identity() -> None:
    """Every way to `submit` passes consent and identity since the last state that forgets."""
    for missing in (State.CONSENT, State.IDENTITY, State.CONFIRM):
        edge, seen = list(FORGETTING), set(FORGETTING)
        while edge:
            here = edge.pop()
            for (state, event), target in TRANSITIONS.items():
                if state is not here or target in seen or target is missing:
                    continue
                if missing is State.CONFIRM and event is Event.REPRINT:
                    continue  # what is printed again was confirmed when it was first handed in
                seen.add(target)
                edge.append(target)
        assert State.SUBMIT not in seen, missing


def test_home_is_not_offered_while_paper_or_case_are_under_way() -> None:
    for state in (State.SUBMIT, State.PRINT, State.TAKE, State.RATE):
        assert move(state, Event.HOME) is None


@given(st.lists(st.sampled_from(list(Event)), max_size=60))
def test_any_order_of_events_stays_in_the_table(events: list[Event]) -> None:
    state = State.ATTRACT
    for event in events:
        state = move(state, event) or state
        assert state in State


@given(st.lists(st.sampled_from(list(PaperEvent)), max_size=30))
def test_a_paper_is_confirmed_only_after_it_was_sent_and_taken_is_the_end(events: list[PaperEvent]) -> None:
    state, sent = PaperState.ENTITLED, False
    for event in events:
        following = PAPER_TRANSITIONS.get((state, event))
        if following is None:
            continue
        assert state is not PaperState.TAKEN
        sent = sent or following is PaperState.SENT
        assert sent or following not in {PaperState.CONFIRMED, PaperState.TAKEN}
        state = following


@pytest.mark.parametrize(("name", "value"), [("care", "yes"), ("theme", "on"), ("lang", "fr"), ("", "")])
def test_unknown_prefs_are_refused(name: str, value: str) -> None:
    with pytest.raises(ValueError):
        Prefs().changed(name, value)


def test_prefs_toggle() -> None:
    prefs = Prefs().changed("care", "toggle").changed("lang", "en")
    assert (prefs.care, prefs.lang) == (True, "en")
    assert not prefs.changed("care", "toggle").care


def test_a_person_in_a_log_line_is_nobody() -> None:
    assert "测试" not in repr(Person("测试甲", "999999199003070012", "resident"))
