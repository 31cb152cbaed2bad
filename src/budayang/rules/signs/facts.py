"""What is true of an area apart from its drawing, as far as its signs depend on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from budayang.rules.signs.drawing import Thing
from budayang.rules.signs.kinds import Edition, edition_in_force

NUMBERS = (
    "sign_edition",
    "sign_bottom_mm",
    "sign_angle",
    "sign_eye_mm",
    "access_path_mm",
    "access_turn_mm",
    "access_door_mm",
)
"""The parameters that judging reads; who calls gives them all by name."""


@dataclass(frozen=True, slots=True)
class TerminalFact:
    """A terminal that stands in the area. ``low``: a wheelchair user can work it (YJ-27), None where only the plan
    says so.
    """

    code: str
    low: bool | None = None


@dataclass(frozen=True, slots=True)
class AreaFacts:
    """``facilities``: kinds of `areas.Facility.Kind` that the area has. ``present``: names of `kinds.FACT_NAMES` that
    hold. ``on``: the day for which it is judged.
    """

    on: date
    facilities: frozenset[str] = frozenset()
    terminals: tuple[TerminalFact, ...] = ()
    present: frozenset[str] = frozenset()

    def edition(self, numbers: Mapping[str, float]) -> Edition:
        """The edition of GB 2894 that counts on that day."""
        return edition_in_force(numbers["sign_edition"], self.on)

    def is_low(self, thing: Thing) -> bool:
        """Whether a drawn terminal suits a wheelchair: what is known of the machine wins over what is drawn."""
        if thing.kind != "terminal":
            return False
        known = [one.low for one in self.terminals if one.code == thing.code and one.low is not None]
        return known[0] if known else thing.low
