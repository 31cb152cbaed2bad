"""Who stands where in a simulated fleet: areas of some forty machines, each with nine peripherals and an owner unit.

Plain data, the same for the command that registers it in a center and for the driver that plays it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

AREA_SIZE = 40
OWNERS = ("RS", "SW", "YB", "SF")
MANAGER, VENDOR = "FLM", "FLV"

# (subject, kind, properties while all is well): what a one-piece terminal reports, in the words of XFS4IoT.
PERIPHERALS: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...] = (
    (
        "printer",
        "printer",
        (("device", "online"), ("paper.upper", "full"), ("toner", "full"), ("media", "notPresent")),
    ),
    ("receiptPrinter", "receiptPrinter", (("paper.upper", "full"),)),
    ("idReader", "idReader", (("device", "online"), ("security", "open"))),
    ("icCard", "icCard", (("media", "notPresent"),)),
    ("scanner", "scanner", (("device", "online"),)),
    ("camera", "camera", (("device", "online"),)),
    ("documentCamera", "documentCamera", (("device", "online"),)),
    ("door", "door", (("cabinet", "locked"),)),
    ("speaker", "speaker", (("device", "online"),)),
)


@dataclass(frozen=True, slots=True)
class FleetTerminal:
    """`number` counts from 1 within its area; the first watches the area's UPS, the second its entrance."""

    code: str
    area: str
    number: int
    owner: str


@dataclass(frozen=True, slots=True)
class FleetArea:
    code: str
    name: str
    has_ups: bool
    terminals: tuple[FleetTerminal, ...]


@dataclass(frozen=True, slots=True)
class Fleet:
    areas: tuple[FleetArea, ...]

    @property
    def terminals(self) -> tuple[FleetTerminal, ...]:
        return tuple(one for area in self.areas for one in area.terminals)

    def area(self, code: str) -> FleetArea:
        """Raises KeyError."""
        return {area.code: area for area in self.areas}[code]


def lay_out(terminals: int, area_size: int = AREA_SIZE) -> Fleet:
    """`terminals` machines in as few areas of about `area_size` as they need; every other area has a UPS."""
    count = ceil(terminals / area_size)
    sizes = [terminals // count + (number < terminals % count) for number in range(count)]
    return Fleet(tuple(_area(number, size) for number, size in enumerate(sizes, 1)))


def _area(number: int, size: int) -> FleetArea:
    code = f"FL{number:03d}"
    machines = tuple(
        FleetTerminal(f"{code}-{one:02d}", code, one, OWNERS[(one - 1) % len(OWNERS)]) for one in range(1, size + 1)
    )
    return FleetArea(code, f"仿真{number}号自助区", number % 2 == 0, machines)


def states_when_well(area: FleetArea, terminal: FleetTerminal) -> list[tuple[str, str, str, str]]:
    """(subject, kind, property, state) of a machine that has nothing wrong."""
    found = [(subject, kind, prop, state) for subject, kind, props in PERIPHERALS for prop, state in props]
    found.append(("terminal", "terminal", "application", "inService"))
    if terminal.number == 1 and area.has_ups:
        found.append(("ups", "ups", "supply", "powerIn"))
    if terminal.number == 2:
        found.append(("door", "door", "entrance", "closed"))
    return found
