"""The devices' own codes in the words of the table; vectors from the standards and from devices that were tried."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budayang.rules import raw_states
from budayang.rules.raw_states import Told
from budayang.rules.terminals import KINDS, Level, meaning


def words(states: raw_states.States) -> dict[str, str]:
    return {prop: told.state for prop, told in states.items()}


def known(kind: str, states: raw_states.States) -> None:
    """Every word is one that the table of this kind knows."""
    for prop, told in states.items():
        found = KINDS[kind].get_property(prop)
        assert found is not None, (kind, prop)
        assert told.state in {one.state for one in found.states}, (kind, prop, told.state)


@pytest.mark.parametrize(
    ("octets", "prop", "state", "raw"),
    [
        ("80", "paper.upper", "low", "lowPaper"),
        ("40", "paper.upper", "out", "noPaper"),
        ("20", "toner", "low", "lowToner"),
        ("10", "toner", "out", "noToner"),
        ("08", "device", "userError", "doorOpen"),
        ("04", "media", "jammed", "jammed"),
        ("02", "device", "offline", "offline"),
        ("01", "device", "hardwareError", "serviceRequested"),
        ("0080", "paper.upper", "unknown", "inputTrayMissing"),
        ("0040", "device", "userError", "outputTrayMissing"),
        ("0020", "toner", "out", "markerSupplyMissing"),
        ("0010", "x-printer.outputBin", "high", "outputNearFull"),
        ("0008", "x-printer.outputBin", "full", "outputFull"),
        ("0004", "paper.upper", "out", "inputTrayEmpty"),
        ("0002", "x-printer.waste", "high", "overduePreventMaint"),
        ("c0", "paper.upper", "out", "noPaper"),
    ],
)
def test_printer_mib_bits_are_counted_from_the_highest(octets: str, prop: str, state: str, raw: str) -> None:
    assert raw_states.printer_mib(bytes.fromhex(octets))[prop] == Told(state, raw)


@pytest.mark.parametrize(
    ("octets", "printer", "device", "state"),
    [
        ("", 3, 2, "online"),
        ("00", 4, 2, "deviceBusy"),
        ("00", 5, 2, "starting"),
        ("00", 1, 5, "hardwareError"),
        ("40", 1, 5, "online"),
        ("02", 4, 2, "offline"),
    ],
)
def test_printer_status_beside_the_bits(octets: str, printer: int, device: int, state: str) -> None:
    assert raw_states.printer_mib(bytes.fromhex(octets), printer, device)["device"].state == state


@given(st.binary(max_size=4), st.integers(0, 6), st.integers(0, 6))
def test_whatever_a_printer_answers_is_a_word_of_the_table(octets: bytes, printer: int, device: int) -> None:
    known("printer", raw_states.printer_mib(octets, printer, device))


@pytest.mark.parametrize(
    ("level", "capacity", "state"),
    [
        (8, 100, "low"), (20, 100, "low"), (21, 100, "full"), (0, 100, "out"), (0, -2, "out"), (-2, 100, "unknown"),
        (-3, 250, "full"), (40, -2, "full"), (-1, 100, "unknown"),
    ],
)  # fmt: skip
def test_supply_levels(level: int, capacity: int, state: str) -> None:
    assert raw_states.supply_level(level, capacity, 0.2) == Told(state, f"{level}/{capacity}")


@pytest.mark.parametrize(
    ("answers", "device", "paper"),
    [
        ({1: 0x12, 2: 0x12, 3: 0x12, 4: 0x12}, "online", "full"),
        ({1: 0x12, 4: 0x1E}, "online", "low"),
        ({1: 0x1A, 2: 0x32, 4: 0x72}, "online", "out"),
        ({1: 0x1A, 2: 0x16, 4: 0x12}, "userError", "full"),
        ({1: 0x1A, 2: 0x52, 3: 0x32, 4: 0x12}, "hardwareError", "full"),
        ({1: 0x1A, 2: 0x52, 3: 0x16, 4: 0x12}, "userError", "full"),
        ({1: 0x1A, 2: 0x12, 4: 0x12}, "offline", "full"),
        ({1: 0x12, 4: 0xFF}, "online", "unknown"),
        ({1: 0xFF, 4: 0x00}, "offline", "unknown"),
        ({}, "offline", "unknown"),
    ],
)
def test_receipt_printer(answers: dict[int, int], device: str, paper: str) -> None:
    found = words(raw_states.escpos(answers))
    assert (found["device"], found["paper.upper"]) == (device, paper)
    assert raw_states.escpos({1: 0x12, 3: 0x1A})["x-receipt.cutter"].state == "inoperable"


@given(st.dictionaries(st.integers(1, 4), st.integers(0, 255)))
def test_whatever_a_receipt_printer_answers_is_a_word_of_the_table(answers: dict[int, int]) -> None:
    known("receiptPrinter", raw_states.escpos(answers))


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (0x0010, ("online", "notPresent", "noCard")),
        (0x0022, ("online", "present", "online")),
        (0x0220, ("online", "present", "hardwareError")),
        (0x0420, ("online", "present", "poweredOff")),
        (0x00A0, ("online", "present", "busy")),
        (0x0004, ("noDevice", "unknown", "unknown")),
        (0x0008, ("offline", "unknown", "unknown")),
        (0x0000, ("online", "unknown", "unknown")),
    ],
)
def test_card_reader_flags(flags: int, expected: tuple[str, str, str]) -> None:
    found = words(raw_states.pcsc(flags | 0x0003_0000))  # the upper half counts events
    assert (found["device"], found["media"], found["chipPower"]) == expected
    known("icCard", raw_states.pcsc(flags))


@pytest.mark.parametrize(
    ("code", "device"),
    [(0x8010001D, "offline"), (-2146435043, "offline"), (0x80100017, "noDevice"), (0x80100001, "hardwareError")],
)
def test_card_reader_errors(code: int, device: str) -> None:
    found = raw_states.pcsc_error(code)
    assert found["device"].state == device
    assert found["device"].raw.startswith("0x801000")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ((0x30, 0x32, 0x30), ("notPresent", "ok", "ok")),
        ((0x31, 0x31, 0x31), ("present", "low", "full")),
        ((0x32, 0x30, 0x30), ("present", "empty", "ok")),
        ((0x39, 0x41, 0x00), ("unknown", "unknown", "unknown")),
    ],
)
def test_card_dispenser(status: tuple[int, int, int], expected: tuple[str, str, str]) -> None:
    found = raw_states.crt591(*status)
    assert (found["media"].state, found["replenishmentStatus"].state, found["retainBin"].state) == expected
    known("cardDispenser", found)


@pytest.mark.parametrize(
    ("status", "before", "expected"),
    [
        ("OL", "", ("online", "powerIn", "operational")),
        ("OL CHRG", "powering", ("online", "recovered", "operational")),
        ("OB DISCHRG", "powerIn", ("online", "powering", "operational")),
        ("OB DISCHRG LB", "powering", ("online", "low", "low")),
        ("OL RB", "powerIn", ("online", "powerIn", "failure")),
        ("OL LB", "powerIn", ("online", "powerIn", "low")),
        ("FSD OB LB", "low", ("online", "low", "low")),
        ("OFF", "", ("powerOff", "unknown", "unknown")),
        ("OL COMMBAD", "powerIn", ("offline", "unknown", "unknown")),
        ("OL OVER", "", ("userError", "powerIn", "operational")),
        ("WAIT", "", ("unknown", "unknown", "unknown")),
        ("", "", ("unknown", "unknown", "unknown")),
    ],
)
def test_ups(status: str, before: str, expected: tuple[str, str, str]) -> None:
    found = raw_states.nut(status, before)
    assert (found["device"].state, found["supply"].state, found["battery"].state) == expected
    assert found["supply"].raw == status
    known("ups", found)


ROOM = {"cold": 5.0, "hot": 35.0, "margin": 10.0}


@pytest.mark.parametrize(
    ("celsius", "before", "state"),
    [
        (21, "", "ok"), (4.9, "", "cold"), (5.0, "", "ok"), (-5.1, "", "tooCold"), (35.0, "", "hot"),
        (45.0, "", "tooHot"),
        (4.8, "ok", "ok"), (4.4, "ok", "cold"), (5.2, "cold", "cold"), (5.6, "cold", "ok"), (-20, "ok", "tooCold"),
    ],
)  # fmt: skip
def test_temperature_is_told_as_a_band_that_does_not_tremble(celsius: float, before: str, state: str) -> None:
    told = raw_states.temperature(celsius, **ROOM, before=before)
    assert told == Told(state, f"{celsius:.1f} °C")
    assert meaning("environment", "x-env.temperature", told.state).level is not Level.UNKNOWN


@pytest.mark.parametrize(
    ("ratio", "before", "state"), [(0.5, "", "ok"), (0.1, "", "dry"), (0.9, "", "damp"), (0.195, "ok", "ok")]
)
def test_humidity(ratio: float, before: str, state: str) -> None:
    assert raw_states.humidity(ratio, dry=0.2, damp=0.8, before=before).state == state
