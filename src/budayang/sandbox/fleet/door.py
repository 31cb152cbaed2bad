"""A lean HTTP/1.1 client for a whole fleet: some keep-alive connections that all its terminals share.

A simulated terminal must cost far less than the center that it talks to. A request that failed is never sent again
by itself: its counter may have been used, and a counter used twice is a clone. The terminal makes a new sync.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from urllib.parse import urlsplit

CONNECTIONS = 128
HEAD_END = b"\r\n\r\n"


class DoorError(ConnectionError):
    """The center hung up or answered with something that is not HTTP."""


@dataclass(slots=True)
class _Line:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


class Door:
    """`post` is what SimulatedTerminal takes as `post`. `shut` breaks every connection, as a cut cable does."""

    def __init__(self, center_url: str, connections: int = CONNECTIONS) -> None:
        parts = urlsplit(center_url)
        if parts.scheme != "http" or parts.hostname is None:
            raise ValueError("a fleet is driven against a center on loopback: http://127.0.0.1:PORT")
        self._host, self._port = parts.hostname, parts.port or 80
        self._free = asyncio.Semaphore(connections)
        self._idle: list[_Line] = []

    async def post(self, path: str, body: bytes, timeout_s: float) -> tuple[int, bytes]:
        """POST a JSON body; status and body of the answer. Raises OSError (TimeoutError among them)."""
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        async with self._free, asyncio.timeout(timeout_s):
            line = await self._line()
            try:
                line.writer.write(head.encode("ascii") + body)
                status, answer, keep = await _read(line.reader)
            except BaseException:
                line.writer.close()
                raise
            if keep:
                self._idle.append(line)
            else:
                line.writer.close()
        return status, answer

    def shut(self) -> None:
        while self._idle:
            self._idle.pop().writer.close()

    async def _line(self) -> _Line:
        while self._idle:
            line = self._idle.pop()
            if not line.reader.at_eof() and not line.writer.is_closing():
                return line
            line.writer.close()
        return _Line(*await asyncio.open_connection(self._host, self._port))


async def _read(reader: asyncio.StreamReader) -> tuple[int, bytes, bool]:
    try:
        head = (await reader.readuntil(HEAD_END)).decode("latin-1").lower()
        first, *fields = head.split("\r\n")
        values = dict(field.split(":", 1) for field in fields if ":" in field)
        body = await reader.readexactly(int(values["content-length"]))
        return int(first.split(" ", 2)[1]), body, "close" not in values.get("connection", "")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, KeyError, ValueError, IndexError) as error:
        raise DoorError("the center hung up, or did not answer in HTTP") from error
