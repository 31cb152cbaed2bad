"""The helper that opens department pages (docs/mechanisms/launch.md), asked over its unix socket.

What it says of itself is told as a device's state: a machine without the rights for namespaces, without the browser or
its user says `noDevice`, with the reason as the raw word, and items of the kind launch cannot be begun here.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from budayang.terminal.devices.table import Reading, States
from budayang.terminal.errors import DeviceError
from budayang.terminal.settings import Settings
from budayang.uplink.clock import Clock

ASK_S = 8.0  # opening waits for the namespaces and the gate
LONGEST_LINE = 16 * 1024


@dataclass(frozen=True, slots=True)
class PageState:
    """Whether a page is open; `left_s` until its time is over, `idle_s` since somebody touched anything, None where
    the helper cannot see the machine's input devices.
    """

    open: bool
    left_s: float = 0.0
    idle_s: float | None = None


class DepartmentPageWindow:
    """Implements `Device`. `wanted`: a journey has its page open; what is open without one is closed."""

    subject = kind = "departmentPage"
    poll_s = 20.0

    def __init__(self, path: Path) -> None:
        self.wanted = False
        self._path = path
        self._asking = asyncio.Lock()

    async def poll(self) -> States:
        """online, deviceBusy (a page is open), noDevice (it cannot be done here: the raw word says why), offline."""
        try:
            said = await self._ask({"check": True})
            if said.get("open") and not self.wanted:
                await self._ask({"close": True})  # left by a program of ours that was killed
        except DeviceError as error:
            return {"device": Reading("offline", error.reason)}
        if not said.get("able"):
            return {"device": Reading("noDevice", str(said.get("why", ""))[:200])}
        return {"device": Reading("deviceBusy" if said.get("open") and self.wanted else "online")}

    async def open(self, url: str, hosts: Collection[str], *, seconds: float, width: int, height: int) -> None:
        """Open a page between our own strip and our own bar. Raises DeviceError: offline, refused."""
        frame = {"left": 0, "top": STRIP, "width": width, "height": max(1, height - STRIP - BAR)}
        self.wanted = True
        said = await self._ask({"open": url, "hosts": list(hosts), "seconds": seconds, "frame": frame})
        if not said.get("open"):
            raise DeviceError("refused", str(said.get("error", ""))[:120])

    async def state(self) -> PageState:
        """How the page stands. Raises DeviceError."""
        said = await self._ask({})
        left, idle = float(said.get("left_s") or 0.0), said.get("idle_s")
        return PageState(bool(said.get("open")), left, None if idle is None else float(idle))

    async def shut(self) -> None:
        """Close the page with all that it left. Raises DeviceError; its own time closes it then."""
        self.wanted = False
        await self._ask({"close": True})

    async def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        async with self._asking:
            try:
                async with asyncio.timeout(ASK_S):
                    reader, writer = await asyncio.open_unix_connection(self._path, limit=LONGEST_LINE)
                    try:
                        writer.write(json.dumps(question).encode() + b"\n")
                        await writer.drain()
                        line = await reader.readline()
                    finally:
                        writer.close()
                said = json.loads(line)
            except (OSError, TimeoutError, ValueError) as error:
                raise DeviceError("offline", type(error).__name__) from error
        if not isinstance(said, dict):
            raise DeviceError("offline", "no answer")
        return said

    async def close(self) -> None:
        """The program ends: no page outlives it."""
        if self.wanted:
            try:
                await self.shut()
            except DeviceError:
                return  # its time ends it


STRIP, BAR = 96, 168  # pixels of our own screen that stay above the page and below it


def build(settings: Settings, clock: Clock) -> DepartmentPageWindow:
    """The window of the settings."""
    return DepartmentPageWindow(Path(settings.page_helper))
