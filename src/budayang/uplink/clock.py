"""Where the terminal reads the time: one seam, so that a test can hold it in its hand."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Protocol

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Clock(Protocol):
    """Wall time for people and papers, monotonic time for durations."""

    def now(self) -> datetime:
        """The wall clock, aware, UTC. It may jump."""

    def monotonic(self) -> float:
        """Seconds that never go back while the machine runs, the same for all its processes."""


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


class ManualClock:
    """A clock that moves only when it is told to. For tests and drills."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._monotonic = 1000.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass on both clocks."""
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds


@lru_cache(maxsize=1)
def boot_id() -> str:
    """Names the run of the machine: monotonic readings of two runs cannot be compared. Empty where unknown."""
    try:
        return BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def milliseconds(at: datetime) -> int:
    """Unix time in whole milliseconds."""
    return int(at.timestamp() * 1000)
