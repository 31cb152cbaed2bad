"""The machine's own scheduler calls the relay: it runs. Silence proves something only once it has called before."""

from __future__ import annotations

from budayang.relay.errors import NoResult
from budayang.relay.sources.table import Plan, Said
from budayang.uplink.clock import Clock

SLACK = 1.5  # a scheduler of minutes is not punctual
SLACK_S = 15.0


class Heartbeat:
    """Told by the relay's listener of each call. `called_before`: whether an earlier run of the relay heard it."""

    def __init__(self, plan: Plan, clock: Clock) -> None:
        self.called_before = False
        self._plan = plan
        self._clock = clock
        self._since = clock.monotonic()
        self._last: float | None = None

    @property
    def token_hash(self) -> str:
        return str(self._plan.settings["token_hash"])

    def beat(self) -> None:
        """The machine called."""
        self._last = self._clock.monotonic()
        self.called_before = True

    async def check(self) -> list[Said]:
        limit = float(self._plan.settings["every_s"]) * SLACK + SLACK_S
        now = self._clock.monotonic()
        if self._last is not None and now - self._last <= limit:
            return [self._plan.said("ok", f"{now - self._last:.0f} s ago")]
        if not self.called_before:
            raise NoResult("it never called")
        if now - (self._last if self._last is not None else self._since) <= limit:
            raise NoResult("the relay does not listen for long enough yet")
        return [self._plan.said("late", f"more than {limit:.0f} s ago")]

    async def close(self) -> None:
        return


def make(plan: Plan, clock: Clock) -> Heartbeat:
    """The source of a plan."""
    return Heartbeat(plan, clock)
