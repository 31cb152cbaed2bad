"""Serving an ASGI application on loopback or behind a proxy: uvicorn with httptools and uvloop, two seconds to stop.
For phones in the hall, a second door of the same process that speaks HTTPS.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
import uvloop

from budayang.center.config.table import BadSetting
from budayang.cli.messages import Stop

GRACE_S = 2
LOOK_S = 0.05


@dataclass(frozen=True, slots=True)
class Door:
    """One more address. Without `application` it is the program's own; with `certificate` and `key` it speaks HTTPS."""

    host: str
    port: int
    certificate: Path | None = None
    key: Path | None = None
    application: Any = None


def add_address(parser: argparse.ArgumentParser, port: int) -> None:
    """--host and --port."""
    parser.add_argument("--host", default="127.0.0.1", help="监听地址 / address to listen on")
    parser.add_argument("--port", type=int, default=port, help="端口 / port")


def serve(application: str, host: str, port: int, beside: Sequence[Door] = ()) -> int:
    """Serve the application factory named by `application` until stopped; 0 when stopped on request."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "budayang.center.config.settings")
    try:
        if not beside:
            uvicorn.run(application, factory=True, host=host, port=port, lifespan="on", **_manners())
            return 0
        config = uvicorn.Config(application, factory=True, host=host, port=port, lifespan="on", **_manners())
        # Before the loop runs: making the application asks the database, which nobody may do inside of it.
        config.load()
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            started = runner.run(_serve(config, beside))
    except BadSetting as error:
        raise Stop("设置不对，没有启动。", str(error)) from error
    except KeyboardInterrupt:
        return 0
    return 0 if started else 3


class _Beside(uvicorn.Server):
    """A door beside the first one, which hears the signals for both."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _serve(config: uvicorn.Config, beside: Sequence[Door]) -> bool:
    first = uvicorn.Server(config)
    serving = asyncio.create_task(first.serve())
    while not first.started and not serving.done():
        await asyncio.sleep(LOOK_S)
    if serving.done():
        await serving
        return first.started
    # The first door has started the program; the others lead into the same one.
    others = [_Beside(_config_of(door, config.loaded_app)) for door in beside]
    tasks = [asyncio.create_task(one.serve()) for one in others]
    try:
        while not first.should_exit and not serving.done():
            await asyncio.sleep(LOOK_S)
    finally:
        for one in others:
            one.should_exit = True
    await asyncio.gather(serving, *tasks)
    return first.started


def _config_of(door: Door, own: Any) -> uvicorn.Config:
    return uvicorn.Config(
        door.application or own,
        host=door.host,
        port=door.port,
        lifespan="off",
        ssl_certfile=door.certificate,
        ssl_keyfile=door.key,
        **_manners(),
    )


def _manners() -> dict[str, Any]:
    return {
        "loop": "uvloop",
        "http": "httptools",
        "log_level": "warning",
        "access_log": False,
        "server_header": False,
        "timeout_graceful_shutdown": GRACE_S,
        # Links are made from a setting, never from the Host header or a proxy's word. Who calls is the dispatcher's to
        # say (config/forwarded.py), for this would take the scheme, too.
        "proxy_headers": False,
    }
