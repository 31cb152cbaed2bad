from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budayang.rules.terminals import PRINTER, Level, meaning
from budayang.terminal.devices.printer.states import NORMAL, ORDER, REASONS, SUFFIXES, absent, stem, translate, trouble

IDLE, PROCESSING, STOPPED = 3, 4, 5


def states(printer_state: int, *reasons: str) -> dict[str, str]:
    return {prop: reading.state for prop, reading in translate(printer_state, reasons).items()}


@pytest.mark.parametrize(
    ("reason", "prop", "state"),
    [
        ("media-low", "paper.upper", "low"),
        ("media-empty", "paper.upper", "out"),
        ("media-needed", "paper.upper", "out"),
        ("media-jam", "media", "jammed"),
        ("media-jam", "paper.upper", "jammed"),
        ("input-tray-missing", "device", "userError"),
        ("toner-low", "toner", "low"),
        ("marker-supply-empty", "toner", "out"),
        ("marker-waste-full", "x-printer.waste", "full"),
        ("cover-open", "device", "userError"),
        ("interlock-open", "device", "userError"),
        ("output-area-full", "x-printer.outputBin", "full"),
        ("shutdown", "device", "offline"),
        ("paused", "x-printer.queue", "paused"),
    ],
)
@pytest.mark.parametrize("suffix", ["", *SUFFIXES])
def test_each_reason_in_xfs_words_whatever_its_suffix(reason: str, prop: str, state: str, suffix: str) -> None:
    assert states(IDLE, reason + suffix)[prop] == state


def test_without_reasons_all_is_well() -> None:
    assert states(IDLE) == NORMAL
    assert states(PROCESSING) == NORMAL


def test_the_worse_of_two_reasons_is_told() -> None:
    assert states(STOPPED, "media-low-warning", "media-empty-error")["paper.upper"] == "out"
    assert states(STOPPED, "media-jam-error", "media-empty-error")["paper.upper"] == "jammed"


def test_stopped_without_a_known_reason_is_a_hardware_error() -> None:
    assert states(STOPPED)["device"] == "hardwareError"
    assert states(STOPPED, "x-vendor-trouble-error")["device"] == "hardwareError"
    assert states(STOPPED, "media-empty-error")["device"] == "online"


@given(st.integers(3, 5), st.lists(st.sampled_from([*REASONS, "none-of-these", "other"])))
def test_every_state_is_a_word_that_the_rules_know(printer_state: int, reasons: list[str]) -> None:
    for prop, state in states(printer_state, *reasons).items():
        assert PRINTER.get_property(prop) is not None
        assert state in ORDER[prop]
        assert any(known.state == state for known in PRINTER.get_property(prop).states)  # type: ignore[union-attr]


def test_a_printer_that_does_not_answer_has_unknown_paper() -> None:
    found = {prop: reading.state for prop, reading in absent("timeout").items()}
    assert found["device"] == "offline"
    assert {meaning("printer", p, s).level for p, s in found.items()} == {Level.FAULT, Level.UNKNOWN}


@pytest.mark.parametrize(
    ("reasons", "word"),
    [
        ((), ""),
        (("media-low-warning",), ""),
        (("media-empty-error",), "paper_out"),
        (("media-jam-error",), "jam"),
        (("cover-open-error",), "cover_open"),
        (("toner-empty-error",), "other"),
        (("output-area-full-error",), "other"),
        (("connecting-to-device",), "offline"),
    ],
)
def test_why_nothing_comes_out(reasons: tuple[str, ...], word: str) -> None:
    assert trouble(translate(PROCESSING, reasons)) == word


def test_stem() -> None:
    assert stem("media-empty-report") == "media-empty"
    assert stem("media-empty") == "media-empty"
