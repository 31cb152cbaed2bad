"""What states mean, how they roll up, and the hash that both programs compare."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budayang.rules.terminals import KINDS, Code, Level, kind_of, meaning, roll_up, silent_at, state_hash

WELL = {
    ("printer", "device"): "online",
    ("printer", "paper.upper"): "full",
    ("idReader", "device"): "online",
    ("idReader", "security"): "open",
    ("idReader", "media"): "notPresent",
    ("terminal", "application"): "inService",
}


@pytest.mark.parametrize(
    ("change", "level"),
    [
        ({}, Level.OK),
        ({("printer", "paper.upper"): "low"}, Level.WARNING),
        ({("printer", "paper.upper"): "out"}, Level.FAULT),
        ({("printer", "paper.upper"): "out", ("printer", "toner"): "low"}, Level.FAULT),
        ({("printer", "device"): "deviceBusy"}, Level.BUSY),
        ({("printer", "device"): "deviceBusy", ("printer", "toner"): "low"}, Level.WARNING),
        ({("printer", "device"): "x-vendor-42"}, Level.UNKNOWN),
        ({("printer", "paper.lower"): "notSupported"}, Level.OK),
        ({("idReader", "media"): "present"}, Level.OK),
        ({("idReader", "security"): "notReady"}, Level.FAULT),
        ({("terminal", "link"): "silent"}, Level.FAULT),
        ({("ups", "supply"): "powering"}, Level.WARNING),
        ({("ups", "supply"): "low"}, Level.FAULT),
        ({("toaster", "device"): "online"}, Level.UNKNOWN),
    ],
)
def test_roll_up(change: dict[tuple[str, str], str], level: Level) -> None:
    health = roll_up({**WELL, **change})
    assert health.level is level
    assert (health.reasons == ()) is (level is Level.OK)


def test_reasons_run_from_worst_to_best_and_say_what_to_do() -> None:
    health = roll_up({**WELL, ("printer", "paper.upper"): "out", ("printer", "toner"): "low"})
    assert [(r.property, r.level) for r in health.reasons] == [("paper.upper", Level.FAULT), ("toner", Level.WARNING)]
    assert health.reasons[0].text == "打印机缺纸"
    assert health.reasons[0].action == "补充A4打印纸"


def test_no_state_at_all_is_unknown_never_well() -> None:
    assert roll_up({}).level is Level.UNKNOWN


def test_the_reported_kind_beats_the_subjects_name() -> None:
    assert kind_of("printer-2") == "printer"
    assert roll_up({("a4", "paper.upper"): "out"}, kinds={"a4": "printer"}).level is Level.FAULT
    assert roll_up({("a4", "paper.upper"): "out"}).level is Level.UNKNOWN


def test_unknown_words_are_kept_raw() -> None:
    found = meaning("printer", "toner", "magenta-out")
    assert (found.state, found.level) == ("magenta-out", Level.UNKNOWN)
    assert "magenta-out" in found.text


def test_every_fault_and_warning_says_a_text_and_a_repair() -> None:
    for kind in KINDS.values():
        for prop in kind.properties:
            assert len({s.state for s in prop.states}) == len(prop.states)
            for state in prop.states:
                assert state.text
                assert bool(state.action) is (state.level in (Level.FAULT, Level.WARNING, Level.UNKNOWN)), state
                assert bool(state.code) is (state.level in (Level.FAULT, Level.WARNING)), state


def test_the_kinds_of_peripheral_are_all_there() -> None:
    """Every row of the vocabulary that the reference names, and nothing under two names."""
    assert {name for name, kind in KINDS.items() if kind.peripheral} == {
        "idReader", "icCard", "cardDispenser", "scanner", "payment", "camera", "documentCamera", "printer",
        "receiptPrinter", "stamp", "signaturePad", "speaker", "door", "presence", "operator", "ups", "environment",
        "lights",
    }  # fmt: skip
    assert {name for name, kind in KINDS.items() if not kind.peripheral} == {
        "terminal", "network", "department", "reach", "power", "departmentPage",
    }  # fmt: skip
    assert all(name == kind.kind for name, kind in KINDS.items())
    assert len({kind.name for kind in KINDS.values()}) == len(KINDS)


def test_every_property_can_say_that_it_does_not_know() -> None:
    """Unknown is a value; only the link, which ingest itself keeps, is always one of two."""
    for kind in KINDS.values():
        for prop in kind.properties:
            known = {state.state for state in prop.states}
            assert "unknown" in known or (kind.kind, prop.name) == ("terminal", "link"), (kind.kind, prop.name)


def test_one_source_that_watches_a_machine_proves_no_fault_alone() -> None:
    for kind in ("reach", "power"):
        for prop in KINDS[kind].properties:
            assert Level.FAULT not in {state.level for state in prop.states}, (kind, prop.name)
    health = roll_up({("reach", "ping"): "down", ("reach", "http"): "ok", ("power", "load"): "unknown"})
    assert [(r.property, r.level) for r in health.reasons] == [("ping", "warning"), ("load", "unknown")]
    assert health.level is Level.WARNING


def test_the_operators_code_goes_with_the_sentence() -> None:
    health = roll_up({("printer", "device"): "hardwareError", ("printer", "paper.upper"): "out"})
    assert [(r.state, r.code) for r in health.reasons] == [("hardwareError", Code.MAINTENANCE), ("out", Code.CLEAR)]
    assert meaning("idReader", "device", "noDevice").code is Code.CONFIGURATION
    assert meaning("ups", "supply", "powering").code is Code.SUSPEND
    assert meaning("scanner", "scanner", "x-vendor-7").code is Code.NONE, "what is not known tells nobody what to do"


def test_state_hash_is_fixed_for_ever() -> None:
    """Both programs of different releases compare it: this value is part of the wire."""
    states = {"printer": {"paper.upper": "out", "device": "online"}, "idReader": {"device": "online"}}
    assert state_hash(states) == "83a9087a180c7068"
    assert state_hash(dict(reversed(states.items()))) == state_hash(states)
    assert state_hash({**states, "ups": {}}) == state_hash(states)


words = st.text(st.characters(codec="utf-8"), min_size=1, max_size=6)


@given(st.dictionaries(words, st.dictionaries(words, words, min_size=1, max_size=3), min_size=1, max_size=4), words)
def test_state_hash_changes_with_any_state(states: dict[str, dict[str, str]], other: str) -> None:
    before = state_hash(states)
    subject = next(iter(states))
    prop = next(iter(states[subject]))
    changed = {**states, subject: {**states[subject], prop: states[subject][prop] + other}}
    assert len(before) == 16
    assert state_hash(changed) != before


def test_silent_at() -> None:
    seen = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
    assert silent_at(seen, 30, 60) == datetime(2026, 11, 23, 18, 1, 30, tzinfo=UTC)
