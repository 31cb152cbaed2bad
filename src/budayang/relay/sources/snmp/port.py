"""The port of a switch to which the machine is connected: ifOperStatus of its ifIndex (IF-MIB, RFC 2863)."""

from __future__ import annotations

from budayang.relay.errors import NoResult
from budayang.relay.sources.snmp.client import Agent
from budayang.relay.sources.table import Plan, Said
from budayang.uplink.clock import Clock

IF_OPER_STATUS = "1.3.6.1.2.1.2.2.1.8"
WORDS = {1: "up", 2: "down", 6: "down", 7: "down"}  # notPresent and lowerLayerDown carry nothing either


class Port:
    """One GET a check."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._agent = Agent(plan)

    async def check(self) -> list[Said]:
        oid = f"{IF_OPER_STATUS}.{int(self._plan.settings['if_index'])}"
        found = await self._agent.get(oid)
        if oid not in found:
            raise NoResult(f"the switch has no ifIndex {self._plan.settings['if_index']}")
        word = WORDS.get(int(found[oid]))
        if word is None:
            raise NoResult(f"ifOperStatus {int(found[oid])}")
        return [self._plan.said(word, f"ifOperStatus {int(found[oid])}")]

    async def close(self) -> None:
        await self._agent.close()


def make(plan: Plan, clock: Clock) -> Port:
    """The source of a plan."""
    return Port(plan)
