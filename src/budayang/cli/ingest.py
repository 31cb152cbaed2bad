"""`budayang ingest`."""

from __future__ import annotations

import argparse

from budayang.cli.serving import add_address, serve


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    add_address(parser, 8800)


def run(arguments: argparse.Namespace) -> int:
    """Serve until stopped."""
    return serve("budayang.center.config.asgi:ingest", arguments.host, arguments.port)
