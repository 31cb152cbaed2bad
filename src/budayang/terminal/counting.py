"""Meter readings for consumables: how many sheets came out of the printer, told to the center as a growing count.

The printer's own meter is the honest one: it also counts what others print and what we print again. A printer that has
none is counted by our own tracked prints, by the sheets that it confirms for each job. Which of the two it is stays as
it was found first; the center sees a jump back as what it is.

A reading is written to the outbox only when it changed, at most every ten minutes and at an orderly end: nothing is
lost over a broken line, and nothing counts twice, because a reading is a total and not a difference.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Protocol, runtime_checkable

import structlog

from budayang.terminal.errors import DeviceError
from budayang.terminal.outbox import Outbox

log = structlog.get_logger(__name__)

EVERY_S = 600.0
LAST_S = 1.0
OWN, METER = "counts.own", "counts.meter"
TOLD = "counts.told"


@runtime_checkable
class Metered(Protocol):
    """A device that knows how much it has used up in its life."""

    async def meter(self) -> int | None:
        """Sheets so far; None when it has no such meter. Raises DeviceError when it cannot be asked now."""


class Counting:
    """Counts for one printer; `device` is None where there is none."""

    def __init__(self, device: object | None, outbox: Outbox, *, every_s: float = EVERY_S) -> None:
        self._device = device
        self._outbox = outbox
        self._every_s = every_s

    def printed(self, sheets: int) -> None:
        """Our own count: a job of ours came out with that many sheets."""
        if sheets > 0:
            self._outbox.remember(OWN, int(self._outbox.recall(OWN) or 0) + sheets)

    async def run(self) -> None:
        """Look for ever, at most every ten minutes."""
        while True:
            await self.tell()
            await asyncio.sleep(self._every_s)

    async def tell(self) -> None:
        """Write a reading when it is another than the last one."""
        value = await self._value()
        if value is None or value == self._outbox.recall(TOLD):
            return
        self._outbox.append("counts", {"counts": [{"subject": "printer", "counter": "pages", "value": value}]})
        self._outbox.remember(TOLD, value)
        log.info("counting.told", pages=value)

    async def last_word(self) -> None:
        """The reading at an orderly end, if the printer gives it at once; the next start gives it otherwise."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.tell(), LAST_S)

    async def _value(self) -> int | None:
        if self._device is None:
            return None
        if isinstance(self._device, Metered) and self._outbox.recall(METER) is not False:
            try:
                value = await self._device.meter()
            except DeviceError:
                return None  # nobody can say now; the own count beside a meter would go back and forth
            self._outbox.remember(METER, value is not None)
            if value is not None:
                return value
        return int(self._outbox.recall(OWN) or 0)
