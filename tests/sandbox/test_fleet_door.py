"""The fleet's shared connections: reused while they live, never a request twice."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from budayang.sandbox.fleet.door import Door, DoorError


class SmallServer:
    """Answers each request by its plan: "ok", "close" after the answer, "hang up" without one, or "silent"."""

    def __init__(self, plan: list[str]) -> None:
        self.plan = plan
        self.requests: list[bytes] = []
        self.connections = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                size = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
                self.requests.append(await reader.readexactly(size))
                how = self.plan.pop(0) if self.plan else "ok"
                if how == "silent":
                    await asyncio.sleep(30)
                if how == "hang up":
                    break
                extra = b"Connection: close\r\n" if how == "close" else b""
                writer.write(b"HTTP/1.1 200 OK\r\n" + extra + b"Content-Length: 2\r\n\r\n{}")
                if how == "close":
                    break
        except (asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()


def meet(plan: list[str], story: Callable[[Door, SmallServer], Awaitable[None]], connections: int = 4) -> None:
    async def run() -> None:
        small = SmallServer(plan)
        server = await asyncio.start_server(small.serve, "127.0.0.1", 0)
        door = Door(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", connections)
        try:
            await story(door, small)
        finally:
            door.shut()
            server.close()
            await asyncio.sleep(0.05)

    asyncio.run(run())


def test_a_connection_is_used_again() -> None:
    async def story(door: Door, small: SmallServer) -> None:
        for number in range(5):
            assert await door.post("/wire/v1/sync", b"%d" % number, 5) == (200, b"{}")
        assert small.connections == 1
        assert small.requests == [b"0", b"1", b"2", b"3", b"4"]

    meet([], story)


def test_many_at_once_share_the_connections() -> None:
    async def story(door: Door, small: SmallServer) -> None:
        await asyncio.gather(*(door.post("/", b"x", 5) for _one in range(40)))
        assert len(small.requests) == 40
        assert small.connections <= 4

    meet([], story)


def test_a_connection_that_the_center_ends_is_not_used_again() -> None:
    async def story(door: Door, small: SmallServer) -> None:
        await door.post("/", b"a", 5)
        await door.post("/", b"b", 5)
        assert small.connections == 2

    meet(["close"], story)


def test_a_request_that_failed_is_never_sent_again() -> None:
    async def story(door: Door, small: SmallServer) -> None:
        with pytest.raises(DoorError):
            await door.post("/", b"once", 5)
        assert small.requests == [b"once"]
        await door.post("/", b"next", 5)
        assert small.requests == [b"once", b"next"]

    meet(["hang up"], story)


def test_a_center_that_is_silent_is_a_time_out() -> None:
    async def story(door: Door, small: SmallServer) -> None:
        with pytest.raises(TimeoutError):
            await door.post("/", b"x", 0.1)
        await door.post("/", b"y", 5)
        assert small.connections == 2

    meet(["silent"], story)


@pytest.mark.parametrize("address", ["https://127.0.0.1:1", "nonsense"])
def test_only_plain_http_to_a_host(address: str) -> None:
    with pytest.raises(ValueError, match="loopback"):
        Door(address)
