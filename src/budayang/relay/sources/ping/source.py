"""ICMP echo by the system's own `ping`: a raw socket needs rights that the relay has not.

The words read are those of iputils and busybox ("3 packets transmitted, 2 received"), with LC_ALL=C.
"""

from __future__ import annotations

import asyncio
import os
import re
from contextlib import suppress

from budayang.relay.errors import NoResult
from budayang.relay.sources.table import Plan, Said
from budayang.uplink.clock import Clock

ANSWER_S = 2
_COUNTS = re.compile(r"(\d+) packets transmitted, (\d+) (?:packets )?received")
_TIMES = re.compile(r"min/avg/max[^=]*= [\d.]+/([\d.]+)/")


class Ping:
    """One round of echoes a check; one that comes back is enough, the raw word says how many were lost."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    async def check(self) -> list[Said]:
        count, host = int(self._plan.settings["count"]), str(self._plan.settings["host"])
        sent, received, average = await ping(host, count)
        raw = f"{sent - received}/{sent} lost" + (f", {average} ms" if average else "")
        return [self._plan.said("ok" if received else "down", raw)]

    async def close(self) -> None:
        return


async def ping(host: str, count: int) -> tuple[int, int, str]:
    """Packets sent, received, and the average time in ms as text. Raises NoResult when ping itself did not work."""
    limit = ANSWER_S + count
    arguments = ("-n", "-q", "-c", str(count), "-W", str(ANSWER_S), "--", host)
    try:
        process = await asyncio.create_subprocess_exec(
            "ping", *arguments, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL, env={"PATH": os.defpath, "LC_ALL": "C"},
        )  # fmt: skip
    except OSError as error:
        raise NoResult(f"no ping on this machine: {error.strerror}") from error
    try:
        async with asyncio.timeout(limit + 3):
            out, _err = await process.communicate()
    except TimeoutError:
        raise NoResult("ping did not end") from None
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    text = out.decode(errors="replace")
    counts, times = _COUNTS.search(text), _TIMES.search(text)
    if counts is None or int(counts[1]) == 0:
        raise NoResult(f"ping said nothing that can be used (exit {process.returncode})")
    return int(counts[1]), int(counts[2]), times[1] if times else ""


def make(plan: Plan, clock: Clock) -> Ping:
    """The source of a plan."""
    return Ping(plan)
