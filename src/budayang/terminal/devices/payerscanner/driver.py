"""A code scanner on a line (USB CDC, serial, TCP, a pty): each code it reads comes as text with CR or LF behind it.

Set the scanner to CDC, never to keyboard mode: a keyboard types into the page of whoever stands there. What is read
while nobody waits for a code is thrown away unseen, and no code reaches a log.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import serial
import structlog

from budayang.terminal.devices.idreader.driver import Port, open_port
from budayang.terminal.devices.table import Reading, States
from budayang.terminal.errors import DeviceError
from budayang.terminal.settings import Settings
from budayang.uplink.clock import Clock

log = structlog.get_logger(__name__)

READ_S = 0.15  # one look at the line; a scanner without a suffix ends its code by a pause as long
LONGEST = 64
AGAIN_S = 2.0
ENDS = b"\r\n\t"


class Codes:
    """Cuts what comes over the line into codes."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, piece: bytes) -> list[str]:
        """Whole codes in `piece` and what came before; an empty `piece` is a pause."""
        found: list[str] = []
        if not piece:
            self._end(found)
        for byte in piece:
            if byte in ENDS:
                self._end(found)
            elif len(self._held) <= LONGEST:
                self._held += bytes([byte])
        return found

    def _end(self, found: list[str]) -> None:
        held, self._held = self._held, b""
        text = held.decode("ascii", "replace").strip()
        if text and len(held) <= LONGEST and text.isprintable():
            found.append(text)


class PayerScanner:
    """The scanner as the terminal sees it."""

    subject = kind = "payment"
    poll_s = 3.0

    def __init__(self, url: str, *, opener: Callable[[str], Port] = open_port) -> None:
        self._url, self._opener = url, opener
        self._port: Port | None = None
        self._why = Reading("starting")
        self._codes: asyncio.Queue[str] = asyncio.Queue()
        self._wanted = 0
        self._closed = False
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="payerscanner")

    async def poll(self) -> States:
        """`device`, and `scanner`: on while somebody waits for a code."""
        if self._port is None:
            return {"device": self._why, "scanner": Reading("unknown")}
        return {"device": Reading("online"), "scanner": Reading("on" if self._wanted else "off")}

    async def run(self) -> None:
        """Read the line for ever."""
        loop = asyncio.get_running_loop()
        codes = Codes()
        while not self._closed:
            try:
                piece = await loop.run_in_executor(self._thread, self._read)
            except DeviceError as error:
                codes, self._why = Codes(), Reading(error.reason, error.detail)
                await asyncio.sleep(AGAIN_S)
                continue
            for code in codes.feed(piece):
                if self._wanted:
                    self._codes.put_nowait(code)

    async def next_code(self) -> str:
        """The next code that is held before the window from now on. Cancel to stop."""
        while not self._codes.empty():
            self._codes.get_nowait()
        self._wanted += 1
        try:
            return await self._codes.get()
        finally:
            self._wanted -= 1

    async def close(self) -> None:
        """Let go of the line."""
        self._closed = True
        await asyncio.get_running_loop().run_in_executor(self._thread, self._shut)
        self._thread.shutdown(wait=False)

    def _read(self) -> bytes:
        """What came within `READ_S`; b"" for a pause. Raises DeviceError."""
        if self._port is None:
            self._port = self._opener(self._url)
        try:
            self._port.timeout = READ_S
            first = self._port.read(1)
            waiting = int(getattr(self._port, "in_waiting", 0)) if first else 0
            return first + (self._port.read(waiting) if waiting else b"")
        except (serial.SerialException, OSError) as error:
            self._shut()
            time.sleep(READ_S)  # a line that breaks at each look is not looked at without a pause
            raise DeviceError("offline", type(error).__name__) from error

    def _shut(self) -> None:
        port, self._port = self._port, None
        if port is None:
            return
        line = getattr(port, "_socket", None)  # pyserial 3.5 leaves a socket open whose other end has gone
        with suppress(OSError):
            port.close()
        if line is not None:
            line.close()


def build(settings: Settings, clock: Clock) -> PayerScanner:
    """The scanner of the settings."""
    return PayerScanner(settings.payer_scanner_url)
