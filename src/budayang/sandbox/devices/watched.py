"""A department's own machine: the page of its program on a port of its own, and the metering plug in front of it.

The plug answers as a Shelly of the second generation does (`Switch.GetStatus`, power in `apower`), on the box's port,
as it has power of its own. A machine that is off has no open port: whoever asks is refused by the operating system.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from enum import StrEnum
from typing import Any

HEAD_S, MOST_HEAD = 5.0, 16 * 1024
PAGE = """<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>部门专机 · 演示数据</title>
<h1>自助办理</h1><p>演示数据。请刷身份证开始办理。</p></html>
"""


class Power(StrEnum):
    """How the machine stands; what it draws then is in WATTS."""

    ON = "on"
    STANDBY = "standby"
    OFF = "off"


class Page(StrEnum):
    """What the program answers while the machine is on. `down`: the machine runs, the program does not listen."""

    OK = "ok"
    ERROR = "error"
    DOWN = "down"


WATTS = {Power.ON: 61.4, Power.STANDBY: 4.2, Power.OFF: 0.0}
VOLTS = 228.6


class WatchedMachine:
    """One machine: `await start()`, then `port`; `await set(...)` handles it; `await stop()`."""

    def __init__(self, listener: socket.socket) -> None:
        self.power = Power.ON
        self.page = Page.OK
        self.asked = 0
        self.port = int(listener.getsockname()[1])
        self._host = str(listener.getsockname()[0])
        self._listener: socket.socket | None = listener
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    @property
    def listens(self) -> bool:
        """Whether the program's port is open."""
        return self.power is Power.ON and self.page is not Page.DOWN

    async def start(self) -> None:
        """Open the page's port."""
        await self._settle()

    async def stop(self) -> None:
        """Close everything."""
        await self._close()
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    async def set(self, *, power: Power | None = None, page: Page | None = None) -> None:
        """Handle it. Raises OSError when its port was taken while it was closed."""
        self.power, self.page = power or self.power, page or self.page
        await self._settle()

    def plug(self) -> dict[str, Any]:
        """What the plug in front of it tells: it carries the voltage also when nothing is drawn."""
        watts = WATTS[self.power]
        return {
            "id": 0, "source": "init", "output": True, "apower": watts, "voltage": VOLTS, "freq": 50.0,
            "current": round(watts / VOLTS, 3), "temperature": {"tC": 31.5, "tF": 88.7},
        }  # fmt: skip

    async def _settle(self) -> None:
        if not self.listens:
            await self._close()
        elif self._server is None:
            listener, self._listener = self._listener, None
            listener = listener or socket.create_server((self._host, self.port))
            self._server = await asyncio.start_server(self._serve, sock=listener, limit=MOST_HEAD)

    async def _close(self) -> None:
        if self._server is None:
            return
        server, self._server = self._server, None
        server.close()
        for writer in list(self._open):
            writer.transport.abort()  # switched off is no farewell
        await server.wait_closed()

    async def _serve(self, incoming: asyncio.StreamReader, outgoing: asyncio.StreamWriter) -> None:
        self._open.add(outgoing)
        try:
            async with asyncio.timeout(HEAD_S):
                await incoming.readuntil(b"\r\n\r\n")
            self.asked += 1
            status, text = ("200 OK", PAGE) if self.page is Page.OK else ("503 Service Unavailable", "")
            body = text.encode()
            head = (
                f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
                "Connection: close\r\n\r\n"
            )
            outgoing.write(head.encode() + body)
            await outgoing.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            return  # whoever does not ask properly gets no answer
        finally:
            self._open.discard(outgoing)
            outgoing.close()
            with contextlib.suppress(OSError):
                await outgoing.wait_closed()
