"""The lines on which an id reader answers: a TCP socket or a pseudo terminal."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pty
import socket
import tty

import structlog

from budayang.sandbox.devices.idreader import IdReader, LineParser, Write

log = structlog.get_logger(__name__)


class TcpLine:
    """A reader behind a serial-to-network bridge: `await start()`, then `port`."""

    def __init__(self, reader: IdReader, listener: socket.socket) -> None:
        self._reader = reader
        self._listener = listener
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        # Kept, as a line that ends with the program is told of after the listener is closed.
        self.port = int(listener.getsockname()[1])

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, sock=self._listener)

    async def stop(self) -> None:
        if self._server is None:
            return
        self._server.close()
        # Python 3.12 waits for open connections as well; end them first.
        for writer in list(self._open):
            writer.close()
        await self._server.wait_closed()

    async def _serve(self, incoming: asyncio.StreamReader, outgoing: asyncio.StreamWriter) -> None:
        parser = LineParser()
        self._open.add(outgoing)
        try:
            while data := await incoming.read(4096):
                for found in parser.feed(data, asyncio.get_running_loop().time()):
                    for write in _answers(self._reader, found):
                        await asyncio.sleep(write.after_s)
                        outgoing.write(write.data)
                        await outgoing.drain()
        except (ConnectionError, asyncio.CancelledError):
            log.info("id_reader_line_closed", port=self.port)
        finally:
            self._open.discard(outgoing)
            outgoing.close()


class PtyLine:
    """A reader on a pseudo terminal: `await start()`, then open `path` like a serial port."""

    def __init__(self, reader: IdReader) -> None:
        self._reader = reader
        self._parser = LineParser()
        self._tasks: set[asyncio.Task[None]] = set()
        self._near = self._far = -1
        self.path = ""

    async def start(self) -> None:
        # The far end stays open here too: else the line hangs up whenever the terminal closes its port.
        self._near, self._far = pty.openpty()
        tty.setraw(self._near)
        tty.setraw(self._far)
        os.set_blocking(self._near, False)
        self.path = os.ttyname(self._far)
        asyncio.get_running_loop().add_reader(self._near, self._readable)

    async def stop(self) -> None:
        asyncio.get_running_loop().remove_reader(self._near)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        os.close(self._near)
        os.close(self._far)

    def _readable(self) -> None:
        with contextlib.suppress(BlockingIOError):
            data = os.read(self._near, 4096)
            for found in self._parser.feed(data, asyncio.get_running_loop().time()):
                task = asyncio.get_running_loop().create_task(self._write(_answers(self._reader, found)))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _write(self, writes: list[Write]) -> None:
        for write in writes:
            await asyncio.sleep(write.after_s)
            left = write.data
            while left:
                try:
                    left = left[os.write(self._near, left) :]
                except BlockingIOError:
                    await asyncio.sleep(0.005)


def _answers(reader: IdReader, found: bytes | int) -> list[Write]:
    return reader.refuse(found) if isinstance(found, int) else reader.writes(found)
