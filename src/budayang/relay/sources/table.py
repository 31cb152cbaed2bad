"""What a source is, and which module has which kind. A module is loaded when a profile names its kind: SNMP and MQTT
bring libraries that a relay without them must not carry.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol, cast

from budayang.rules.watch_settings import check
from budayang.rules.watching import BY_KIND
from budayang.uplink.clock import Clock


@dataclass(frozen=True, slots=True)
class Said:
    """One property's state, in the words of rules.terminals, and what the source itself said."""

    subject: str
    kind: str
    prop: str
    state: str
    raw: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """One source of a machine as the center wants it. `secret`: the relay's own entry, {} when none is named."""

    terminal: str
    subject: str
    kind: str
    settings: Mapping[str, Any]
    interval_s: float
    keep_s: float
    secret: Mapping[str, str]

    def said(self, state: str, raw: str = "", prop: str = "") -> Said:
        """A word on this source's own property (or another of the same subject)."""
        row = BY_KIND[self.kind]
        return Said(self.subject, row.subject, prop or row.prop, state, raw[:200])


class Source(Protocol):
    """One source at work."""

    async def check(self) -> list[Said]:
        """Look once. Raises NoResult when nothing was learned."""

    async def close(self) -> None:
        """Let go of connections."""


@dataclass(frozen=True, slots=True)
class Meter:
    """A counter that only grows, read beside the states; a source that has some keeps them as `meters`."""

    subject: str
    counter: str
    value: int


MODULES: dict[str, str] = {
    "ping": "budayang.relay.sources.ping.source",
    "tcp": "budayang.relay.sources.tcp.source",
    "http": "budayang.relay.sources.http.source",
    "snmp_printer": "budayang.relay.sources.snmp.printer",
    "snmp_port": "budayang.relay.sources.snmp.port",
    "plug": "budayang.relay.sources.plug.source",
    "heartbeat": "budayang.relay.sources.heartbeat.source",
    "door": "budayang.relay.sources.door.source",
}
assert MODULES.keys() == BY_KIND.keys()


def build(plan: Plan, clock: Clock) -> Source:
    """The source of a plan. Raises BadSettings when the plan cannot work, KeyError for a kind of a newer center."""
    check(plan.kind, plan.settings)
    make = cast("Callable[[Plan, Clock], Source]", import_module(MODULES[plan.kind]).make)
    return make(plan, clock)
