"""Commands of the center: a test print, suspension and its end. Each is carried out once, over a restart too."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from budayang.terminal.clock import Clock
from budayang.terminal.devices.printer.jobs import ENDED, JobState
from budayang.terminal.devices.printer.states import trouble
from budayang.terminal.devices.table import States
from budayang.terminal.errors import DeviceError
from budayang.terminal.outbox import MessageRow, Outbox
from budayang.terminal.printing import Printer
from budayang.terminal.testpage import test_page

log = structlog.get_logger(__name__)

TEST_PRINT_S = 90.0
LOOK_S = 0.5


class Commands:
    """Carries out what the outbox holds. `ask` polls the printer, `changed` tells the screens, `wake` the uplink."""

    def __init__(
        self,
        outbox: Outbox,
        printer: Printer | None,
        clock: Clock,
        *,
        ask: Callable[[], Awaitable[States]],
        changed: Callable[[], None],
        wake: Callable[[], None],
        zone: Callable[[], ZoneInfo],
        code: Callable[[], str],
    ) -> None:
        self._outbox = outbox
        self._printer = printer
        self._clock = clock
        self._ask = ask
        self._changed = changed
        self._wake = wake
        self._zone = zone
        self._code = code
        self._news = asyncio.Event()

    def news(self) -> None:
        """A command came."""
        self._news.set()

    async def run(self) -> None:
        """Carry out what is there and what comes, for ever, one after another."""
        while True:
            self._news.clear()
            for row in self._outbox.open_commands():
                await self.carry_out(row)
            await self._news.wait()

    def suspension(self) -> dict[str, Any] | None:
        """The suspension in force: {text, since}."""
        found: dict[str, Any] | None = self._outbox.recall("suspension")
        return found

    async def carry_out(self, row: MessageRow) -> None:
        """Carry out one command. One that is not known is logged and done with: an older program must not stick at
        it.
        """
        name = str(row.body.get("name", ""))
        log.info("command.begun", name=name, id=row.id)
        event: tuple[str, dict[str, Any]] | None = None
        if name == "test_print":
            event = ("test_print", await self._test_print(row))
        elif name == "suspend":
            since = row.body.get("since") or self._clock.now().isoformat(timespec="seconds")
            self._outbox.remember("suspension", {"text": str(row.body.get("text", "")), "since": since})
        elif name == "resume":
            self._outbox.remember("suspension", None)
        else:
            log.warning("command.unknown", name=name, id=row.id)
        self._outbox.finish_command(row.key, event)
        self._changed()
        self._wake()

    async def _test_print(self, row: MessageRow) -> dict[str, Any]:
        reason = await self._print_test_page(str(row.body.get("order") or ""))
        log.info("command.test_print", ok=not reason, reason=reason)
        return {"order": row.body.get("order"), "ok": not reason, "reason": reason}

    async def _print_test_page(self, order: str) -> str:
        """Why it failed; "" when the page is out."""
        if self._printer is None:
            return "no_printer"
        at = self._clock.now().astimezone(self._zone())
        lines = [
            f"Budayang test page  {self._code()}",
            f"{at:%Y-%m-%d %H:%M:%S %Z}",
            f"Work order {order}" if order else "-",
        ]
        try:
            job = await self._printer.print_pdf(f"test/{order or at.strftime('%H%M%S')}", test_page(lines))
            until = self._clock.monotonic() + TEST_PRINT_S
            found = await self._printer.job(job.id)
            while found is not None and found.state not in ENDED and self._clock.monotonic() < until:
                await asyncio.sleep(LOOK_S)
                found = await self._printer.job(job.id)
            if found is not None and found.state is JobState.COMPLETED:
                await self._ask()
                return ""
            if found is not None and found.state not in ENDED:
                await self._printer.cancel(job.id)
        except DeviceError as error:
            return error.reason
        return trouble(await self._ask()) or "aborted"
