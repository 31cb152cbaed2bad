"""A TCP connection that is opened and closed again: something listens there."""

from __future__ import annotations

import asyncio
import os
import time

from budayang.relay.sources.table import Plan, Said
from budayang.uplink.clock import Clock

CONNECT_S = 5.0


class Tcp:
    """One connection a check."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    async def check(self) -> list[Said]:
        host, port = str(self._plan.settings["host"]), int(self._plan.settings["port"])
        refused, took_s = await connect(host, port, CONNECT_S)
        return [self._plan.said("down", refused) if refused else self._plan.said("ok", f"{took_s * 1000:.1f} ms")]

    async def close(self) -> None:
        return


async def connect(host: str, port: int, limit_s: float) -> tuple[str, float]:
    """Why nothing listens there ("" when it does), and the seconds it took."""
    started = time.monotonic()
    try:
        async with asyncio.timeout(limit_s):
            _reader, writer = await asyncio.open_connection(host, port)
    except TimeoutError:
        return "no answer", limit_s
    except OSError as error:
        return (os.strerror(error.errno) if error.errno else type(error).__name__), time.monotonic() - started
    took = time.monotonic() - started
    writer.transport.abort()  # nothing was said, nothing is waited for
    return "", took


def make(plan: Plan, clock: Clock) -> Tcp:
    """The source of a plan."""
    return Tcp(plan)
