"""Meter readings: the printer's own meter or our own count, each written once, kept over a restart."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from budayang.terminal.counting import Counting
from budayang.terminal.devices.printer.driver import IppPrinter
from budayang.terminal.errors import DeviceError
from budayang.terminal.outbox import Outbox
from budayang.uplink.clock import SystemClock


class WithMeter:
    """A printer that knows its sheets; `value` None: it has no meter; an error: it is off."""

    def __init__(self, value: int | DeviceError | None) -> None:
        self.value = value

    async def meter(self) -> int | None:
        if isinstance(self.value, DeviceError):
            raise self.value
        return self.value


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Outbox(tmp_path / "outbox.sqlite3", SystemClock())


def told(outbox: Outbox) -> list[int]:
    return [
        one["value"] for event in outbox.unsent() if event.kind == "counts" for one in event.body["counts"]
    ]  # fmt: skip


def tell(counting: Counting) -> None:
    asyncio.run(counting.tell())


def test_a_reading_is_written_when_it_changed(outbox: Outbox) -> None:
    printer = WithMeter(1200)
    counting = Counting(printer, outbox)
    for value in (1200, 1200, 1235):
        printer.value = value
        tell(counting)
    assert told(outbox) == [1200, 1235]
    # A restart says nothing anew; an unreachable printer is not zero, and not our own count either.
    again = Counting(printer, outbox)
    tell(again)
    again.printed(3)
    printer.value = DeviceError("offline", "")
    tell(again)
    assert told(outbox) == [1200, 1235]


def test_without_a_meter_our_own_prints_count(outbox: Outbox) -> None:
    counting = Counting(WithMeter(None), outbox)
    tell(counting)
    counting.printed(2)
    counting.printed(0)
    tell(counting)
    Counting(WithMeter(None), outbox).printed(5)
    asyncio.run(counting.last_word())
    assert told(outbox) == [0, 2, 7]


def test_no_printer_counts_nothing(outbox: Outbox) -> None:
    counting = Counting(None, outbox)
    tell(counting)
    assert told(outbox) == []


def test_a_printer_that_hangs_does_not_hold_up_the_end(outbox: Outbox) -> None:
    class Hanging:
        async def meter(self) -> int | None:
            await asyncio.sleep(3600)
            return None

    asyncio.run(Counting(Hanging(), outbox).last_word())
    assert told(outbox) == []


def test_the_attributes_of_ipp(monkeypatch: pytest.MonkeyPatch) -> None:
    printer = IppPrinter("ipp://127.0.0.1:1/ipp/print")
    answers = iter(
        [
            {"printers": [{"printer-media-sheets-completed": 77, "printer-impressions-completed": 90}]},
            {"printers": [{"printer-impressions-completed": 90}]},
            {"printers": [{"printer-media-sheets-completed": "no-value"}]},
            {"printers": []},
        ]
    )

    async def execute(*_arguments: object, **_more: object) -> object:
        return next(answers)

    monkeypatch.setattr(printer, "_execute", execute)

    async def all_of_them() -> list[int | None]:
        found = [await printer.meter() for _time in range(4)]
        await printer.close()
        return found

    assert asyncio.run(all_of_them()) == [77, 90, None, None]
