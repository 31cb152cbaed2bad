"""Runs the relay's program: logs as JSON lines, a clean end on SIGTERM."""

from __future__ import annotations

import asyncio
import logging
import os
import resource
import signal
import sys

import structlog

from budayang.relay.app import Relay
from budayang.relay.settings import Settings


def run(settings: Settings) -> int:
    """Watch until stopped; 0 after a clean end."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    os.umask(0o077)  # keys and secrets are for this user only
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    return asyncio.run(_run(settings))


async def _run(settings: Settings) -> int:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    relay = Relay(settings)
    working = asyncio.create_task(relay.run(), name="relay")
    await stop.wait()
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    await relay.close()
    return 0
