"""A code scanner behind a serial-to-network bridge: it sends each code that is held before it, with CR LF behind it."""

from __future__ import annotations

import asyncio
import socket

import structlog

log = structlog.get_logger(__name__)

LONGEST = 64


class PayerScanner:
    """`await start()`, then `port`. `suffix`: what ends a code, as scanners are set; some send none."""

    def __init__(self, listener: socket.socket, *, suffix: bytes = b"\r\n") -> None:
        self.port = int(listener.getsockname()[1])
        self.suffix = suffix
        self.scanned = 0
        self._listener = listener
        self._server: asyncio.Server | None = None
        self._lines: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, sock=self._listener)

    async def stop(self) -> None:
        if self._server is None:
            return
        self._server.close()
        for line in list(self._lines):
            line.close()
        await self._server.wait_closed()

    async def show(self, code: str) -> int:
        """Hold a code before the window; returns how many lines heard it. Raises ValueError: a scanner reads none."""
        if not code or len(code) > LONGEST or not code.isascii() or not code.isprintable():
            raise ValueError("a code is 1 to 64 printable characters")
        for line in list(self._lines):
            line.write(code.encode() + self.suffix)
            await line.drain()
        self.scanned += 1
        return len(self._lines)

    async def _serve(self, incoming: asyncio.StreamReader, outgoing: asyncio.StreamWriter) -> None:
        self._lines.add(outgoing)
        try:
            while await incoming.read(256):
                continue  # a host may send settings; this one has none
        except (ConnectionError, asyncio.CancelledError):
            log.info("payer_scanner_line_closed", port=self.port)
        finally:
            self._lines.discard(outgoing)
            outgoing.close()
