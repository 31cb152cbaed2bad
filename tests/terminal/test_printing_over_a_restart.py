"""What becomes of a paper when the terminal is killed in the middle: the printer is asked, nobody guesses."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from terminal_stage import PDF, RECEIPT, HandPrinter

from budayang.terminal.devices.table import States
from budayang.terminal.outbox import Outbox
from budayang.terminal.printing import PaperState, Printing
from budayang.uplink.clock import ManualClock

NUMBER = "KBS01-7Q2M-000017-C"


def play(tmp_path: Path, work: Callable[[Printing, HandPrinter, Callable[[], Printing]], Awaitable[None]]) -> list[str]:
    """Run one scene; gives the paper's events, as the center will hear them."""
    clock = ManualClock(datetime(2026, 11, 23, 18, 14, tzinfo=UTC))
    printer = HandPrinter()
    outbox = Outbox(tmp_path / "outbox.sqlite3", clock)

    async def ask() -> States:
        return await printer.poll()

    def fresh() -> Printing:
        """The program after a restart: the same store, the same printer, no memory."""
        return Printing(printer, outbox, clock, ask)

    async def scene() -> None:
        await work(fresh(), printer, fresh)

    asyncio.run(scene())
    events = [event.body for event in outbox.unsent() if event.kind == "case.paper"]
    outbox.close()
    return [body["state"] + (":" + body["reason"] if "reason" in body else "") for body in events]


async def killed_while_printing(printing: Printing, printer: HandPrinter, documents: tuple[bytes, ...]) -> None:
    running = asyncio.ensure_future(printing.run(printing.entitle(NUMBER, documents)))
    while not printer.documents:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)
    running.cancel()
    await asyncio.wait({running})


def test_the_page_came_out_while_the_terminal_was_dead(tmp_path: Path) -> None:
    async def work(printing: Printing, printer: HandPrinter, fresh: Callable[[], Printing]) -> None:
        printer.slow = True
        await killed_while_printing(printing, printer, (PDF,))
        printer.slow = False
        await printer.job(1)
        assert await fresh().settle(NUMBER, "unknown_after_restart")

    assert play(tmp_path, work) == ["entitled", "sent", "confirmed"]


def test_the_page_still_waits_in_the_printer(tmp_path: Path) -> None:
    async def work(printing: Printing, printer: HandPrinter, fresh: Callable[[], Printing]) -> None:
        printer.slow = True
        await killed_while_printing(printing, printer, (PDF, RECEIPT))
        again = fresh()
        assert await again.settle(NUMBER, "unknown_after_restart")
        assert printer.canceled == [1], "it must not come out before a stranger"
        printer.slow = False
        assert again.may_print(NUMBER)
        assert await again.run(again.entitle(NUMBER, (PDF, RECEIPT)))

    assert play(tmp_path, work) == ["entitled", "sent", "failed:unknown_after_restart", "sent", "confirmed"]


def test_killed_between_the_printers_yes_and_our_note_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(printing: Printing, printer: HandPrinter, fresh: Callable[[], Printing]) -> None:
        printer.slow = True
        take = printer.print_pdf

        async def dies_after_it(name: str, document: bytes) -> object:
            await take(name, document)
            raise asyncio.CancelledError

        monkeypatch.setattr(printer, "print_pdf", dies_after_it)
        with pytest.raises(asyncio.CancelledError):
            await printing.run(printing.entitle(NUMBER, (PDF,)))
        printer.slow = False
        await printer.job(1)  # the printer goes on and puts it out
        assert await fresh().settle(NUMBER, "unknown_after_restart")

    assert play(tmp_path, work) == ["entitled", "sent", "confirmed"]


def test_a_printer_that_is_off_after_the_restart_is_asked_later(tmp_path: Path) -> None:
    async def work(printing: Printing, printer: HandPrinter, fresh: Callable[[], Printing]) -> None:
        printer.slow = True
        await killed_while_printing(printing, printer, (PDF,))
        printer.off = True
        again = fresh()
        assert not await again.settle(NUMBER, "unknown_after_restart")
        printer.off = printer.slow = False
        await printer.job(1)
        assert await again.settle(NUMBER, "unknown_after_restart")

    assert play(tmp_path, work) == ["entitled", "sent", "confirmed"]


def test_entitled_once_however_often_it_is_asked(tmp_path: Path) -> None:
    async def work(printing: Printing, printer: HandPrinter, fresh: Callable[[], Printing]) -> None:
        for _ in range(3):
            fresh().entitle(NUMBER, (PDF,))

    assert play(tmp_path, work) == ["entitled"]


def test_taken_is_the_end(tmp_path: Path) -> None:
    async def work(printing: Printing, printer: HandPrinter, fresh: Callable[[], Printing]) -> None:
        assert await printing.run(printing.entitle(NUMBER, (PDF,)))
        printing.taken(NUMBER)
        printing.taken(NUMBER)
        assert not printing.may_print(NUMBER)
        assert not await printing.run(printing.entitle(NUMBER, (PDF,)))
        assert len(printer.documents) == 1

    assert play(tmp_path, work) == ["entitled", "sent", "confirmed", "taken"]


def test_a_printer_that_died_takes_nothing_and_the_right_stays(tmp_path: Path) -> None:
    async def work(printing: Printing, printer: HandPrinter, fresh: Callable[[], Printing]) -> None:
        printer.off = True
        act = printing.entitle(NUMBER, (PDF,))
        assert not await printing.run(act)
        assert (act.trouble, act.failed) == ("offline", True)
        printer.off = False
        assert await printing.run(act)

    assert play(tmp_path, work) == ["entitled", "sent", "failed:offline", "sent", "confirmed"]


def test_states_are_those_of_the_wire() -> None:
    assert {state.value for state in PaperState} == {"entitled", "sent", "confirmed", "taken", "failed"}
