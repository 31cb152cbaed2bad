"""An access controller (门禁) tells of its door: locked, closed or open, and by what it was opened. It calls; nobody
asks it. What it sends beside the words of rules/doors (card numbers, names, pictures) is dropped unread.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from budayang.relay.errors import NoResult
from budayang.relay.sources.table import Plan, Said
from budayang.rules.doors import DoorSays
from budayang.uplink.clock import Clock

MOST_WAITING = 500


@dataclass(slots=True)
class Door:
    """Told by the relay's listener of each line. `happened`: events that wait to be written, oldest first."""

    plan: Plan
    clock: Clock
    happened: list[tuple[str, Mapping[str, object]]] = field(default_factory=list)
    _state: str = ""
    _told_at: float = 0.0

    @property
    def token_hash(self) -> str:
        return str(self.plan.settings["token_hash"])

    def tell(self, said: DoorSays) -> None:
        """The controller called."""
        if said.state:
            self._state, self._told_at = said.state, self.clock.monotonic()
        for name in ("opened", "refused"):
            way = str(getattr(said, name))
            if way and len(self.happened) < MOST_WAITING:
                self.happened.append((f"door.{name}", {"subject": self.plan.subject, "by": way}))
        if said.pressed and len(self.happened) < MOST_WAITING:
            # The same event as from a terminal's screen: the center makes a call for help of it.
            self.happened.append(("help", {"kind": "button", "step": "", "item": ""}))

    async def check(self) -> list[Said]:
        """What it told last; unknown once that is `keep_s` old. Raises NoResult while it never told anything.

        That it is too old is a result: as none, the watch would count `keep_s` once more before it says unknown.
        """
        if not self._state:
            raise NoResult("the controller told no state yet")
        if self.clock.monotonic() - self._told_at >= self.plan.keep_s:
            return [self.plan.said("unknown", f"no word for {self.plan.keep_s:g} s")]
        return [self.plan.said(self._state)]

    async def close(self) -> None:
        return


def make(plan: Plan, clock: Clock) -> Door:
    """The source of a plan."""
    return Door(plan, clock)
