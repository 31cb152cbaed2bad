"""How often somebody may try: counts in this process, per key, in a sliding window."""

from __future__ import annotations

from collections import deque


class Attempts:
    """At most `limit` attempts a key in `window_s`. Keys that are quiet are forgotten."""

    def __init__(self, limit: int, window_s: float) -> None:
        self.limit, self.window_s = limit, window_s
        self._tried: dict[str, deque[float]] = {}

    def allowed(self, key: str, now_s: float) -> bool:
        """Whether another attempt is allowed; counts it."""
        tried = self._tried.setdefault(key, deque())
        while tried and tried[0] <= now_s - self.window_s:
            tried.popleft()
        if len(tried) >= self.limit:
            return False
        tried.append(now_s)
        if len(self._tried) > 10_000:
            self._forget(now_s)
        return True

    def _forget(self, now_s: float) -> None:
        for key in [key for key, tried in self._tried.items() if not tried or tried[-1] <= now_s - self.window_s]:
            del self._tried[key]
