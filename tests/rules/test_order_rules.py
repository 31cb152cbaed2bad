"""The order's state machine."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budayang.rules.orders import (
    EVENT_NAMES,
    ORDER_STATES,
    TRANSITIONS,
    IllegalTransition,
    OrderEvent,
    allowed_events,
    next_state,
    state_after,
    time_in_states,
)

START = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)


def at(minute: float) -> datetime:
    return START + timedelta(minutes=minute)


def events(*rows: tuple[str, float] | tuple[str, float, str]) -> list[OrderEvent]:
    return [OrderEvent(row[0], at(row[1]), *row[2:]) for row in rows]


def test_the_way_of_an_order() -> None:
    steps = [
        "accepted",
        "arrived",
        "paused",
        "resumed",
        "repaired",
        "rejected",
        "repaired",
        "verified",
        "closed",
        "reopened",
    ]
    state, seen = "reported", []
    for step in steps:
        state = next_state(state, step)
        seen.append(state)
    assert seen == [
        "accepted",
        "on_site",
        "on_site_paused",
        "on_site",
        "repaired",
        "on_site",
        "repaired",
        "verified",
        "closed",
        "reported",
    ]


def test_the_table_names_only_known_states_and_events_and_reaches_them_all() -> None:
    assert {s for s, _ in TRANSITIONS} | set(TRANSITIONS.values()) == set(ORDER_STATES)
    assert {e for _, e in TRANSITIONS} | {"reported"} == set(EVENT_NAMES)
    assert allowed_events("cancelled") == ()
    reached, todo = {"reported"}, ["reported"]
    while todo:
        for event in allowed_events(state := todo.pop()):
            after = TRANSITIONS[(state, event)]
            if after not in reached:
                reached.add(after)
                todo.append(after)
    assert reached == set(ORDER_STATES)


@pytest.mark.parametrize(
    ("state", "event"), [("reported", "closed"), ("repaired", "closed"), ("closed", "accepted"), ("on_site", "resumed")]
)
def test_nothing_closes_without_acceptance(state: str, event: str) -> None:
    with pytest.raises(IllegalTransition, match="工单现在是"):
        next_state(state, event)


def test_the_first_event_must_be_the_report() -> None:
    with pytest.raises(IllegalTransition):
        state_after(events(("accepted", 0)))
    assert state_after([]) == ""


@st.composite
def histories(draw: st.DrawFn) -> list[OrderEvent]:
    """A legal life of an order."""
    out, state, when = [OrderEvent("reported", at(0))], "reported", 0
    for _ in range(draw(st.integers(0, 9))):
        choices = allowed_events(state)
        if not choices:
            break
        event = draw(st.sampled_from(choices))
        when += draw(st.integers(0, 300))
        out.append(
            OrderEvent(event, at(when), draw(st.sampled_from(["no_access", "lunch"])) if event == "paused" else "")
        )
        state = next_state(state, event)
    return out


@given(histories(), st.integers(0, 4000))
def test_time_in_states_adds_up_to_the_whole_life(history: Sequence[OrderEvent], minute: int) -> None:
    spent = time_in_states(history, at(minute))
    assert sum(spent.values()) == pytest.approx(60 * minute)
    assert set(spent) <= set(ORDER_STATES)
    assert all(s >= 0 for s in spent.values())
