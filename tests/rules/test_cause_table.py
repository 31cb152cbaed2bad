"""The table of causes: whole in every column, and nothing that is a fault falls through it."""

from __future__ import annotations

import pytest

from budayang.rules.causes import AFFECTS, BUCKETS, CAUSES, TELLS, IncidentKind, NodeLevel, Source, cause_of
from budayang.rules.terminals import KINDS, Level

PROOFS = {"test_print", "card_read", "heartbeat", "probe", "state", "person", "round"}
# Faults that another row tells already, or that are nobody's order: the terminal's own link is its silence.
ELSEWHERE = {
    ("terminal", "link", "silent"),
    ("terminal", "liveness", "suspended"),
    ("ups", "battery", "critical"),  # ups.supply low says it
    ("camera", "room", "inop"),  # the room's lens serves no item
}


def test_there_are_at_least_thirty_kinds_and_codes_are_unique() -> None:
    assert len(CAUSES) >= 30
    assert len({one.code for one in CAUSES}) == len(CAUSES)


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.code)
def test_every_column_is_filled(cause: IncidentKind) -> None:
    assert cause.title
    assert cause.tells
    assert set(cause.tells) <= TELLS.keys()
    assert set(cause.affects) <= AFFECTS.keys()
    assert cause.proof in PROOFS
    assert cause.bucket in BUCKETS
    assert cause.open_after_s >= 0
    assert cause.clear_after_s >= 0
    assert not cause.affects or cause.citizen, "what people lose, people are told"
    assert len(cause.code) <= 40
    assert len(cause.title) <= 80


def test_every_fault_of_the_vocabulary_has_a_cause() -> None:
    for kind in KINDS.values():
        for prop in kind.properties:
            for state in prop.states:
                here = (kind.kind, prop.name, state.state)
                if state.level is Level.FAULT and here not in ELSEWHERE:
                    assert cause_of(*here), here


def test_a_state_with_a_row_of_its_own_is_not_taken_by_the_row_for_all() -> None:
    printer, lamp = cause_of("printer", "device", "offline"), cause_of("lights", "device", "offline")
    assert printer is not None
    assert lamp is not None
    assert (printer.code, lamp.code) == ("printer_offline", "part_down")


def test_a_planned_stop_explains_what_machines_tell_and_nothing_that_people_or_their_money_tell() -> None:
    loud = {one.code for one in CAUSES if not one.hushable}
    people = {"emergency", "emergency_late", "paid_without_output", "make_good", "manual", "report_urgent"}
    assert people | {"site_smoke", "terminal_cloned", "round_found_urgent", "safety_test_failed"} <= loud
    assert {one.code for one in CAUSES if one.bucket == "damage"} <= loud, "a break-in is nobody's plan"
    elsewhere = {one.code for one in CAUSES if one.hushable and one.source in (Source.ELSEWHERE, Source.MESSAGE)}
    assert elsewhere == {"department_probe_failed"}, "a department's planned stop explains that its items fail"
    assert {"door_locked", "power_lost", "terminal_silent", "area_power", "paper_out"} <= {
        one.code for one in CAUSES if one.hushable
    }


def test_only_what_belongs_to_the_area_is_inferred_there() -> None:
    inferred = {one.code for one in CAUSES if one.source is Source.INFERENCE and one.at_area}
    assert inferred == {"area_power", "area_network", "area_silent"}
    assert {one.level for one in CAUSES if one.source is Source.LINK} == {NodeLevel.TERMINAL}
