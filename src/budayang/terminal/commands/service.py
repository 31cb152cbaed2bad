"""Commands about service and screen: out of and into service, notices, the test print."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from zoneinfo import ZoneInfo

from budayang.terminal.commands.acts import Acts, Outcome
from budayang.terminal.devices.printer.jobs import ENDED, Job, JobState
from budayang.terminal.devices.printer.states import trouble
from budayang.terminal.devices.table import States
from budayang.terminal.errors import DeviceError
from budayang.terminal.outbox import Outbox
from budayang.terminal.printing import Printer
from budayang.terminal.testpage import test_page
from budayang.uplink.clock import Clock
from budayang.wire.commands import Command

TEST_PRINT_S = 90.0
LOOK_S = 0.5


class Service:
    """`ask` polls the printer now, `ask_all` every device; `verdict` is what can be done with an item here."""

    def __init__(
        self,
        outbox: Outbox,
        printer: Printer | None,
        clock: Clock,
        *,
        ask: Callable[[], Awaitable[States]],
        zone: Callable[[], ZoneInfo],
        code: Callable[[], str],
    ) -> None:
        self._outbox = outbox
        self._printer = printer
        self._clock = clock
        self._ask = ask
        self._zone = zone
        self._code = code
        self.printed: Callable[[int], None] = lambda sheets: None
        self.ask_all: Callable[[], Awaitable[dict[str, Any]]] = _nothing
        self.verdict: Callable[[str], dict[str, Any]] = lambda item: {}

    def acts(self) -> Acts:
        """The commands that are carried out here."""
        return {
            "test_print": self._test_print,
            "self_test": self._self_test,
            "out_of_service": self._out_of_service,
            "into_service": self._into_service,
            "show_notice": self._show_notice,
            "clear_notice": self._clear_notice,
        }

    def notices(self) -> list[dict[str, Any]]:
        """The notice by command, as the home page shows it."""
        found = self._outbox.recall("notice")
        return [found] if found else []

    async def _out_of_service(self, command: Command) -> Outcome:
        since = self._clock.now().isoformat(timespec="seconds")
        text = str(command.arguments.get("text") or command.reason)
        return Outcome(facts={"suspension": {"text": text, "since": since}})

    async def _into_service(self, command: Command) -> Outcome:
        return Outcome(facts={"suspension": None})

    async def _show_notice(self, command: Command) -> Outcome:
        text = str(command.arguments.get("text") or "")
        return Outcome(facts={"notice": {"id": f"command-{command.id}", "title": "", "text": text}})

    async def _clear_notice(self, command: Command) -> Outcome:
        return Outcome(facts={"notice": None})

    async def _self_test(self, command: Command) -> Outcome:
        """Ask every device now and judge the item: nothing is printed and nobody is disturbed."""
        item = str(command.arguments.get("item") or "")
        devices = await self.ask_all()
        return Outcome(result={"devices": devices, "item": self.verdict(item) if item else {}})

    async def _test_print(self, command: Command) -> Outcome:
        order = str(command.arguments.get("order") or "")
        return Outcome(await self._print_test_page(command.id, order), {"order": order})

    async def _print_test_page(self, number: int, order: str) -> str:
        """Why it failed; "" when the page is out. A page that came out before a kill is found by its name."""
        if self._printer is None:
            return "no_printer"
        at = self._clock.now().astimezone(self._zone())
        lines = [
            f"Budayang test page  {self._code()}",
            f"{at:%Y-%m-%d %H:%M:%S %Z}",
            f"Work order {order}" if order else "-",
        ]
        name = f"test/{number}"
        try:
            job = await self._printer.find_job(name) or await self._printer.print_pdf(name, test_page(lines))
            found = await self._await_end(job)
            if found is not None and found.state is JobState.COMPLETED:
                self.printed(found.sheets)
                await self._ask()
                return ""
            if found is not None and found.state not in ENDED:
                await self._printer.cancel(job.id)
        except DeviceError as error:
            return error.reason
        return trouble(await self._ask()) or "aborted"

    async def _await_end(self, job: Job) -> Job | None:
        assert self._printer is not None
        until = self._clock.monotonic() + TEST_PRINT_S
        found = await self._printer.job(job.id)
        while found is not None and found.state not in ENDED and self._clock.monotonic() < until:
            await asyncio.sleep(LOOK_S)
            found = await self._printer.job(job.id)
        return found


async def _nothing() -> dict[str, Any]:
    return {}
