"""Serving an ASGI application on loopback or behind a proxy: uvicorn with httptools and uvloop, two seconds to stop."""

from __future__ import annotations

import argparse
import os

import uvicorn

from budayang.center.config.table import BadSetting
from budayang.cli.messages import Stop

GRACE_S = 2


def add_address(parser: argparse.ArgumentParser, port: int) -> None:
    """--host and --port."""
    parser.add_argument("--host", default="127.0.0.1", help="监听地址 / address to listen on")
    parser.add_argument("--port", type=int, default=port, help="端口 / port")


def serve(application: str, host: str, port: int) -> int:
    """Serve the application factory named by `application` until stopped; 0 when stopped on request."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "budayang.center.config.settings")
    try:
        uvicorn.run(
            application,
            factory=True,
            host=host,
            port=port,
            loop="uvloop",
            http="httptools",
            lifespan="on",
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=GRACE_S,
            # Addresses are made from a setting, never from the Host header or a proxy's word.
            proxy_headers=False,
        )
    except BadSetting as error:
        raise Stop("设置不对，没有启动。", str(error)) from error
    return 0
