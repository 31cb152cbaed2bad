"""报修: the chips, what is known of them, and how a report moves."""

from __future__ import annotations

import itertools

import pytest

from budayang.rules.causes import AFFECTS, CAUSE_BY_CODE, get_cause
from budayang.rules.order_proofs import only_people_see
from budayang.rules.orders import ORDER_STATES
from budayang.rules.reports import (
    AREA_KINDS,
    KINDS,
    OPEN_STATES,
    REPORT_CAUSES,
    STATE_NAMES,
    TERMINAL_KINDS,
    TRANSITIONS,
    event_of,
    is_of_area,
    kinds_of,
    knows,
    next_state,
)


def test_each_chip_is_named_once_and_opens_an_incident_that_only_people_end() -> None:
    assert len(KINDS) == len(TERMINAL_KINDS) + len(AREA_KINDS) + 1
    assert len({one.label for one in KINDS.values()}) == len(KINDS)
    for one in KINDS.values():
        cause = get_cause(one.cause)
        assert one.cause in REPORT_CAUSES
        assert only_people_see(cause.proof)
        assert not cause.affects, "what somebody says takes no minute from anybody"
        assert set(one.affects) <= set(AFFECTS)
        assert set(one.knows) <= set(CAUSE_BY_CODE)


def test_what_is_dangerous_is_urgent_and_says_whom_to_call_first() -> None:
    for code in ("danger", "fire"):
        assert KINDS[code].cause == "report_urgent"
        assert "110" in KINDS[code].first
    assert KINDS["money"].cause == "report_urgent"


@pytest.mark.parametrize(
    ("kind", "incident", "same"),
    [
        ("print", "paper_out", True),
        ("print", "toner_out", True),
        ("print", "terminal_silent", True),
        ("print", "id_reader_down", False),
        ("print", "paper_low", False),
        ("print_bad", "toner_low", True),
        ("screen", "terminal_silent", True),
        ("screen", "page_dead", True),
        ("screen", "area_power", True),
        ("id_card", "id_reader_down", True),
        ("card_stuck", "ic_card_stuck", True),
        ("door", "door_locked", True),
        ("door", "paper_out", False),
        ("money", "paid_without_output", True),
        ("light", "area_power", False),
        ("power", "area_power", True),
        ("power", "terminal_silent", True),
        ("power", "page_dead", False),
        ("other", "terminal_silent", False),
    ],
)
def test_what_is_the_same_thing(kind: str, incident: str, same: bool) -> None:
    assert knows(KINDS[kind], incident) is same


def test_an_areas_address_offers_the_areas_chips_and_a_machines_both() -> None:
    assert {one.code for one in kinds_of("area")} == {one.code for one in AREA_KINDS} | {"other"}
    assert {one.code for one in kinds_of("terminal")} == set(KINDS)
    assert is_of_area(KINDS["door"])
    assert not is_of_area(KINDS["print"])


def test_every_state_is_reached_and_what_has_ended_stays() -> None:
    reached = {"held", "received"} | set(TRANSITIONS.values())
    assert reached == set(STATE_NAMES)
    assert {state for state, _event in TRANSITIONS} == OPEN_STATES


@pytest.mark.parametrize(
    ("state", "own", "incident_open", "order", "event"),
    [
        ("received", True, True, "reported", None),
        ("received", True, True, "accepted", "work"),
        ("received", True, True, "on_site_paused", "work"),
        ("working", True, True, "repaired", None),
        ("working", True, True, "verified", "fix"),
        ("working", True, False, "closed", "fix"),
        # the incident of people is over with its order's acceptance, not before
        ("working", True, False, "repaired", None),
        ("working", True, True, "reported", "give_back"),
        ("received", True, False, "cancelled", "find_nothing"),
        ("received", True, True, None, None),
        # a device's incident is over when the device says so
        ("received", False, False, "reported", "fix"),
        ("working", False, True, "closed", "give_back"),
        ("received", False, True, "accepted", "work"),
        ("fixed", True, True, "reported", None),
    ],
)
def test_what_a_report_learns(state: str, own: bool, incident_open: bool, order: str | None, event: str | None) -> None:
    assert event_of(state, own=own, incident_open=incident_open, order_state=order) == event


def test_whatever_it_learns_the_table_has_it() -> None:
    """Never an event that the state forbids, and a second look at the same facts says nothing new."""
    everything = itertools.product(STATE_NAMES, (True, False), (True, False), (None, *ORDER_STATES))
    for state, own, incident_open, order in everything:
        event = event_of(state, own=own, incident_open=incident_open, order_state=order)
        if event is not None:
            after = next_state(state, event)
            assert after is not None
            assert event_of(after, own=own, incident_open=incident_open, order_state=order) is None
