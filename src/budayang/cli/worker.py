"""`budayang worker`: deliveries, due times, the audit seal, long work."""

from __future__ import annotations

import argparse
import signal

from budayang.center.platform.worker import Loop, TaskThread


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No options: what runs is the table in config/wiring.py."""


def run(arguments: argparse.Namespace) -> int:
    """Run until SIGTERM or Ctrl-C; what is at hand is finished."""
    loop, tasks = Loop(), TaskThread()
    for wanted in (signal.SIGTERM, signal.SIGINT):
        signal.signal(wanted, lambda *_: loop.stopping.set())
    tasks.start()
    print("worker ready", flush=True)
    loop.run()
    tasks.stop()
    tasks.join(timeout=5)
    return 0
