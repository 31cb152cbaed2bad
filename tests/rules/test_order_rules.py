"""The order's state machine and its clocks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budayang.rules.intervals import Interval
from budayang.rules.orders import (
    EVENT_NAMES,
    ORDER_STATES,
    TRANSITIONS,
    ClockPolicy,
    IllegalTransition,
    OrderEvent,
    allowed_events,
    next_state,
    order_clocks,
    policy_for,
    state_after,
    time_in_states,
)
from budayang.rules.parameters import BY_NAME

START = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
POLICY = ClockPolicy(respond_s=1800, arrive_s=4 * 3600, repair_s=8 * 3600)


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


def test_clocks_of_an_order_in_time() -> None:
    found = order_clocks(
        events(("reported", 0), ("accepted", 10), ("arrived", 60), ("repaired", 90)), POLICY, None, at(100)
    )
    assert [(c.due_at, c.met_at, c.overdue, c.used_s) for c in (found.respond, found.arrive, found.repair)] == [
        (at(30), at(10), False, 600),
        (at(240), at(60), False, 3600),
        (at(480), at(90), False, 5400),
    ]


@pytest.mark.parametrize(("minute", "overdue"), [(29.9, False), (30, False), (30.1, True)])
def test_exactly_at_the_limit_is_in_time(minute: float, overdue: bool) -> None:
    open_order = order_clocks(events(("reported", 0)), POLICY, None, at(minute))
    met = order_clocks(events(("reported", 0), ("accepted", minute)), POLICY, None, at(999))
    assert open_order.respond.overdue is met.respond.overdue is overdue


def test_a_pause_with_a_reason_moves_the_due_time_and_any_other_does_not() -> None:
    rows = [("reported", 0), ("accepted", 10), ("paused", 60, "no_access"), ("resumed", 120)]
    assert order_clocks(events(*rows), POLICY, None, at(200)).repair.due_at == at(540)
    assert order_clocks(events(*rows), POLICY, None, at(200)).repair.used_s == 140 * 60
    lunch = [("reported", 0), ("accepted", 10), ("paused", 60, "lunch"), ("resumed", 120)]
    assert order_clocks(events(*lunch), POLICY, None, at(200)).repair.due_at == at(480)


def test_while_paused_the_clock_stands_and_is_not_due() -> None:
    rows = events(("reported", 0), ("accepted", 10), ("paused", 60, "spare_part"))
    for minute in (61, 5000, 600_000):
        found = order_clocks(rows, POLICY, None, at(minute)).repair
        assert (found.due_at, found.overdue, found.used_s, found.running) == (None, False, 3600, False)


def test_a_pause_after_the_answer_does_not_move_the_answers_due_time() -> None:
    rows = events(("reported", 0), ("accepted", 10), ("paused", 12, "no_access"))
    assert order_clocks(rows, POLICY, None, at(20)).respond.due_at == at(30)


def test_a_pause_that_begins_at_the_limit_makes_nothing_late() -> None:
    rows = events(("reported", 0), ("accepted", 10), ("paused", 480, "no_access"))
    assert not order_clocks(rows, POLICY, None, at(9999)).repair.overdue


def test_a_pause_does_not_heal_what_was_already_late() -> None:
    rows = events(("reported", 0), ("accepted", 10), ("paused", 500, "no_access"))
    found = order_clocks(rows, POLICY, None, at(900)).repair
    assert found.overdue
    assert found.due_at == at(480)


def test_waiting_for_acceptance_in_vain_does_not_count_but_the_time_before_does() -> None:
    rows = events(("reported", 0), ("accepted", 10), ("repaired", 100), ("rejected", 160), ("repaired", 200))
    found = order_clocks(rows, POLICY, None, at(300)).repair
    assert (found.met_at, found.used_s, found.due_at) == (at(200), 140 * 60, at(540))


def test_reopening_makes_the_repair_open_again() -> None:
    rows = events(("reported", 0), ("repaired", 100), ("verified", 110), ("closed", 120), ("reopened", 1000))
    found = order_clocks(rows, POLICY, None, at(1010))
    assert found.repair.met_at is None
    assert found.repair.used_s == 110 * 60
    assert found.arrive.met_at == at(100)


def test_a_transfer_starts_no_clock_anew() -> None:
    rows = events(("reported", 0), ("transferred", 20), ("accepted", 40))
    found = order_clocks(rows, POLICY, None, at(50)).respond
    assert (found.due_at, found.overdue) == (at(30), True)


def test_calendar_stops_the_clock_at_night() -> None:
    windows = [Interval(at(-60), at(20)), Interval(at(600), at(1200))]
    found = order_clocks(events(("reported", 0)), POLICY, windows, at(300)).respond
    assert (found.used_s, found.due_at, found.overdue) == (1200, at(610), False)
    assert order_clocks(events(("reported", 0)), POLICY, windows, at(611)).respond.overdue
    # the calendar given ends before the limit: nothing can be said of the due time
    assert order_clocks(events(("reported", 0)), POLICY, windows[:1], at(300)).respond.due_at is None


def test_what_lies_in_the_future_is_not_known() -> None:
    found = order_clocks(events(("reported", 0), ("accepted", 10)), POLICY, None, at(5))
    assert found.respond.met_at is None
    assert order_clocks([], POLICY, None, at(5)).respond.due_at is None


def test_repair_may_start_at_acceptance() -> None:
    policy = ClockPolicy(1800, 14400, 28800, repair_from="accepted")
    found = order_clocks(events(("reported", 0), ("accepted", 10)), policy, None, at(70))
    assert (found.repair.used_s, found.repair.due_at) == (3600, at(490))
    assert order_clocks(events(("reported", 0)), policy, None, at(70)).repair.due_at is None


def test_cancelling_stops_the_clocks() -> None:
    rows = events(("reported", 0), ("cancelled", 10))
    found = order_clocks(rows, POLICY, None, at(9999)).repair
    assert (found.overdue, found.used_s, found.running) == (False, 600, False)


def test_policy_for_reads_the_parameters_in_force() -> None:
    policy = policy_for("serious", lambda name: BY_NAME[name].default)
    assert (policy.respond_s, policy.arrive_s, policy.repair_s) == (1800, 7200, 14400)


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


calendars = st.one_of(
    st.none(),
    st.just([Interval(at(-100 + 600 * i), at(200 + 600 * i)) for i in range(20)]),
    st.just([Interval(at(50), at(99999))]),
)


@given(histories(), calendars, st.integers(0, 3000), st.integers(0, 2000))
def test_clocks_never_run_backwards(
    history: Sequence[OrderEvent], windows: list[Interval] | None, minute: int, later: int
) -> None:
    """Between two looks without news, what was used only grows, what is overdue stays overdue, what is met stays so."""
    known = [e for e in history if e.at <= at(minute)]
    before = order_clocks(known, POLICY, windows, at(minute))
    after = order_clocks(known, POLICY, windows, at(minute + later))
    for a, b in ((before.respond, after.respond), (before.arrive, after.arrive), (before.repair, after.repair)):
        assert 0 <= a.used_s <= b.used_s <= a.used_s + 60 * later
        assert b.overdue or not a.overdue
        assert b.met_at == a.met_at
        if a.overdue:
            assert a.used_s > a.limit_s - 1e-6


@given(histories(), calendars, st.integers(0, 3000))
def test_overdue_is_the_same_as_used_more_than_the_limit(
    history: Sequence[OrderEvent], windows: list[Interval] | None, minute: int
) -> None:
    found = order_clocks(history, POLICY, windows, at(minute))
    for clock in (found.respond, found.arrive, found.repair):
        if clock.used_s > clock.limit_s:
            assert clock.overdue
        if clock.used_s < clock.limit_s:
            assert not clock.overdue


@given(histories(), st.integers(0, 4000))
def test_time_in_states_adds_up_to_the_whole_life(history: Sequence[OrderEvent], minute: int) -> None:
    spent = time_in_states(history, at(minute))
    assert sum(spent.values()) == pytest.approx(60 * minute)
    assert set(spent) <= set(ORDER_STATES)
    assert all(s >= 0 for s in spent.values())
