"""How often somebody may fail: counts in this process, per key, in a sliding window."""

from __future__ import annotations

from collections import deque

MAX_KEYS = 10_000


class Failures:
    """At most `limit` failures a key in `window_s`; success is not counted. Keys that are quiet are forgotten."""

    def __init__(self, limit: int, window_s: float) -> None:
        self.limit, self.window_s = limit, window_s
        self._failed: dict[str, deque[float]] = {}

    def too_many(self, key: str, now_s: float) -> bool:
        failed = self._failed.get(key)
        if failed is None:
            return False
        while failed and failed[0] <= now_s - self.window_s:
            failed.popleft()
        if not failed:
            del self._failed[key]
        return len(failed) >= self.limit

    def count(self, key: str, now_s: float) -> None:
        if len(self._failed) >= MAX_KEYS:
            for one in list(self._failed):
                self.too_many(one, now_s)  # forgets it when it is quiet
        self._failed.setdefault(key, deque(maxlen=self.limit)).append(now_s)
