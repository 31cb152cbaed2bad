"""A printer by Printer-MIB (RFC 3805) and Host Resources MIB (RFC 2790), in XFS4IoT's words.

Bits of hrPrinterDetectedErrorState count from the most significant one: bit 0 is 0x80 of the first octet.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from budayang.relay.errors import NoResult
from budayang.relay.sources.snmp.client import Agent
from budayang.relay.sources.table import Meter, Plan, Said
from budayang.uplink.clock import Clock

ERROR_STATE = "1.3.6.1.2.1.25.3.5.1.2"
PRINTER_STATUS = "1.3.6.1.2.1.25.3.5.1.1"
LIFE_COUNT = "1.3.6.1.2.1.43.10.2.1.4"
SUPPLY_CLASS = "1.3.6.1.2.1.43.11.1.1.4"
SUPPLY_TYPE = "1.3.6.1.2.1.43.11.1.1.5"
SUPPLY_MAX = "1.3.6.1.2.1.43.11.1.1.8"
SUPPLY_LEVEL = "1.3.6.1.2.1.43.11.1.1.9"
TONER = frozenset({3, 5, 6, 21})  # toner, ink, inkCartridge, tonerCartridge of prtMarkerSuppliesType
CONSUMED = 3  # supplyThatIsConsumed of prtMarkerSuppliesClass
LOW = 0.2

(LOW_PAPER, NO_PAPER, LOW_TONER, NO_TONER, DOOR_OPEN, JAMMED, OFFLINE, SERVICE, TRAY_MISSING, _OUT_MISSING,
 SUPPLY_MISSING, OUT_NEAR_FULL, OUT_FULL, TRAY_EMPTY, OVERDUE) = range(15)  # fmt: skip


def bits(octets: bytes) -> frozenset[int]:
    """The numbers of the bits that are set."""
    return frozenset(
        8 * place + bit for place, octet in enumerate(octets[:4]) for bit in range(8) if octet & (0x80 >> bit)
    )


def words(error: frozenset[int], toner: float | None) -> dict[str, str]:
    """Property → state. `toner`: the lowest share of the supplies that are used up, None when it tells none."""
    device = "online"
    if SERVICE in error:
        device = "hardwareError"
    elif error & {DOOR_OPEN, TRAY_MISSING, SUPPLY_MISSING}:
        device = "userError"
    elif OFFLINE in error:
        device = "offline"
    paper = "full"
    if error & {NO_PAPER, TRAY_EMPTY}:
        paper = "out"
    elif JAMMED in error:
        paper = "jammed"
    elif TRAY_MISSING in error:
        paper = "unknown"
    elif LOW_PAPER in error:
        paper = "low"
    ink = "unknown" if toner is None else "out" if toner <= 0 else "low" if toner < LOW else "full"
    if error & {NO_TONER, SUPPLY_MISSING}:
        ink = "out"
    elif LOW_TONER in error and ink != "out":
        ink = "low"
    tray = "full" if OUT_FULL in error else "high" if OUT_NEAR_FULL in error else "ok"
    return {"device": device, "paper.upper": paper, "toner": ink, "x-printer.outputBin": tray}


class Printer:
    """States a check, and the page counter as a meter."""

    def __init__(self, plan: Plan) -> None:
        self.meters: list[Meter] = []
        self._plan = plan
        self._agent = Agent(plan)

    async def check(self) -> list[Said]:
        # Walked, not got: agents differ in the index of their printer, and some answer only a walk here.
        errors = list((await self._agent.walk(ERROR_STATE)).values())
        if not errors:
            raise NoResult("no printer among the devices of this agent")
        status = [int(one) for one in (await self._agent.walk(PRINTER_STATUS)).values()]
        toner = lowest(
            await self._agent.walk(SUPPLY_CLASS), await self._agent.walk(SUPPLY_TYPE),
            await self._agent.walk(SUPPLY_MAX), await self._agent.walk(SUPPLY_LEVEL),
        )  # fmt: skip
        pages = [int(one) for one in (await self._agent.walk(LIFE_COUNT)).values()]
        self.meters = [Meter(self._plan.subject, "pages", max(pages))] if pages else []
        octets = bytes(errors[0])
        found = words(bits(octets), toner)
        raw = f"status {status[0] if status else '?'} errors {octets.hex() or '0'}"
        if toner is not None:
            raw += f" toner {toner:.0%}"
        return [self._plan.said(state, raw, prop) for prop, state in found.items()]

    async def close(self) -> None:
        await self._agent.close()


def lowest(
    classes: Mapping[str, Any], kinds: Mapping[str, Any], most: Mapping[str, Any], now: Mapping[str, Any]
) -> float | None:
    """The lowest share of the supplies that are used up. Levels below zero say "unknown" or "some" and count as nothing
    known.
    """
    shares = []
    for oid, level in now.items():
        index = oid.removeprefix(SUPPLY_LEVEL)
        if int(kinds.get(SUPPLY_TYPE + index, 3)) not in TONER:
            continue
        if int(classes.get(SUPPLY_CLASS + index, CONSUMED)) != CONSUMED:
            continue
        capacity = int(most.get(SUPPLY_MAX + index, 0))
        if int(level) >= 0 and capacity > 0:
            shares.append(min(int(level) / capacity, 1.0))
    return min(shares, default=None)


def make(plan: Plan, clock: Clock) -> Printer:
    """The source of a plan."""
    return Printer(plan)
