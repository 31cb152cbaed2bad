"""The sandbox' clock: real time, or a time that was set and runs faster."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta


class Clock:
    """A clock that may be set and accelerated. `factor` sandbox seconds pass in one real second."""

    def __init__(self, *, factor: float = 1.0, start: datetime | None = None) -> None:
        self._factor = 1.0
        self._from = datetime.now(UTC)
        self._mark = time.monotonic()
        self.set(at=start, factor=factor)

    @property
    def factor(self) -> float:
        return self._factor

    def now(self) -> datetime:
        """The sandbox' time, aware UTC."""
        return self._from + timedelta(seconds=(time.monotonic() - self._mark) * self._factor)

    def set(self, *, at: datetime | None = None, factor: float | None = None) -> None:
        """Jump to `at` and run `factor` times as fast from there.

        Raises ValueError for a naive time or a factor outside 0.1..10,000.
        """
        if at is not None and at.tzinfo is None:
            raise ValueError("the clock takes an aware time")
        if factor is not None and not 0.1 <= factor <= 10_000:
            raise ValueError("the factor must be between 0.1 and 10,000")
        self._from = at.astimezone(UTC) if at is not None else self.now()
        self._mark = time.monotonic()
        self._factor = factor if factor is not None else self._factor

    async def sleep(self, seconds: float) -> None:
        """Wait for `seconds` of the sandbox' time."""
        await asyncio.sleep(seconds / self._factor)
