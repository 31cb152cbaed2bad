"""Which signs an area must have, and which sign on the plan answers for each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from budayang.rules.signs.drawing import Drawing, PlacedSign
from budayang.rules.signs.facts import AreaFacts
from budayang.rules.signs.geometry import Spot, distance, point_to_segment
from budayang.rules.signs.kinds import SignKind

NEAR_MM = 2_000
"""A sign that says of nothing that it belongs to it serves the nearest place within this distance."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """One sign that has to be there. ``about``: id of the door or thing, "" for the area. ``signs``: ids of those on
    the plan that answer for it, none where it is missing.
    """

    kind: str
    about: str
    signs: tuple[str, ...]


def list_requirements(drawing: Drawing, facts: AreaFacts, kinds: Mapping[str, SignKind]) -> tuple[Requirement, ...]:
    """Every sign that the catalogue asks for in this area, in the order of the catalogue and of the drawing."""
    found = []
    for kind in kinds.values():
        spots = list_spots(kind.where, drawing, facts)
        if spots:
            able = [sign for sign in drawing.signs if _answers_for(kinds.get(sign.kind), kind.code)]
            served = [(sign.id, _serves(sign, drawing, spots)) for sign in able]
            found += [
                Requirement(kind.code, spot, tuple(id_ for id_, place in served if place == spot)) for spot in spots
            ]
    return tuple(found)


def list_spots(where: str, drawing: Drawing, facts: AreaFacts) -> tuple[str, ...]:
    """Ids of the elements at which a kind with this rule is required, "" for the area itself. Raises ValueError for a
    rule that nobody knows.
    """
    rule, _colon, name = where.partition(":")
    match rule:
        case "":
            return ()
        case "once":
            return ("",)
        case "each_terminal":
            return tuple(one.id for one in drawing.things if one.kind == "terminal")
        case "each_low":
            return tuple(one.id for one in drawing.things if facts.is_low(one))
        case "each_entrance" | "each_exit" | "each_emergency":
            return tuple(door.id for door in drawing.doors if door.kind == rule.removeprefix("each_"))
        case "facility":
            drawn = tuple(one.id for one in drawing.things if (one.kind, one.code) == ("facility", name))
            return drawn or (("",) if name in facts.facilities else ())
        case "when":
            return ("",) if name in facts.present else ()
    raise ValueError(f"unknown rule of the catalogue: {where}")


def _answers_for(kind: SignKind | None, code: str) -> bool:
    return kind is not None and (kind.code == code or code in kind.serves)


def _serves(sign: PlacedSign, drawing: Drawing, spots: tuple[str, ...]) -> str | None:
    """Which of the spots a sign answers for; None: none of them."""
    if spots == ("",):
        return ""
    if sign.about:
        return sign.about if sign.about in spots else None
    reach, spot = min((_from_spot(sign.at, drawing, spot), spot) for spot in spots)
    return spot if reach <= NEAR_MM else None


def _from_spot(at: Spot, drawing: Drawing, spot: str) -> float:
    doors = [point_to_segment(at, door.start, door.end) for door in drawing.doors if door.id == spot]
    return min(doors + [distance(at, thing.at) for thing in drawing.things if thing.id == spot])
