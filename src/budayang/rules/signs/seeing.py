"""What stands between a sign and its reader: opaque walls, and things taller than the line of sight.

A door counts as open: whoever shuts one that hides a sign is told so by the audit, not by the plan.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from budayang.rules.signs.drawing import Door, Drawing, PlacedSign, Point, Thing
from budayang.rules.signs.geometry import (
    Box,
    Spot,
    crossing,
    distance,
    left_out,
    point_to_segment,
    right_of_reader,
    shifted,
    through_box,
)
from budayang.rules.signs.kinds import Mounting

OWN_WALL_MM = 100
"""The line ends so far before the face: the wall on which a sign hangs is not in front of it."""
EDGE_SHARE = 0.45
NEAR_WALL_MM = 150
"""A door belongs to the wall whose line is so near."""
LEAF_MM = 2_000
"""So high a leaf of a door is taken to reach; what hangs higher hangs above the door."""


def box_of(thing: Thing) -> Box:
    """The rectangle of a thing on the floor."""
    return Box(thing.at, thing.width_mm, thing.depth_mm, thing.facing)


def wall_parts(drawing: Drawing, *, clear: bool) -> Iterator[tuple[Spot, Spot]]:
    """The walls without their door openings; those of glass only when ``clear``."""
    openings = [(door.start, door.end) for door in drawing.doors]
    for wall in drawing.walls:
        if clear or not wall.clear:
            yield from left_out(wall.start, wall.end, list(openings), NEAR_WALL_MM)


@dataclass(frozen=True, slots=True)
class Obstacles:
    """What can stand in a line of sight on a drawing, worked out once for all its signs: opaque walls without their
    doors, and things with their rectangles and half diagonals.
    """

    walls: tuple[tuple[Spot, Spot], ...]
    things: tuple[tuple[Thing, Box, float], ...]


def obstacles_of(drawing: Drawing) -> Obstacles:
    """The obstacles of a drawing."""
    things = ((thing, box_of(thing), math.hypot(thing.width_mm, thing.depth_mm) / 2) for thing in drawing.things)
    return Obstacles(tuple(wall_parts(drawing, clear=False)), tuple(things))


def hidden_by(sign: PlacedSign, seen_from: Point, bottom_mm: int, obstacles: Obstacles, eye_mm: float) -> str | None:
    """Id of the thing that hides a part of the sign from its reader, "" for a wall; None where it is in full sight.

    Three lines are followed, to the lower edge left, middle and right: they run lowest of all lines to the face.
    """
    blockers: list[tuple[float, str]] = []
    lowest = min(eye_mm, bottom_mm)
    near = [
        (thing, box)
        for thing, box, half in obstacles.things
        if thing.height_mm > lowest
        and not _carries(thing, sign)
        and point_to_segment(box.at, seen_from, sign.at) <= half + sign.width_mm
    ]
    for face in _face(sign):
        length = distance(seen_from, face)
        if length <= OWN_WALL_MM:
            continue
        end = 1 - OWN_WALL_MM / length
        for part in obstacles.walls:
            at = crossing(seen_from, face, *part)
            if at is not None and at < end:
                blockers.append((at, ""))
        for thing, box in near:
            span = through_box(seen_from, face, box)
            if span is not None and span[0] < end and _lowest(span, eye_mm, bottom_mm) < thing.height_mm:
                blockers.append((span[0], thing.id))
    return min(blockers)[1] if blockers else None


def _face(sign: PlacedSign) -> Iterator[Spot]:
    across = right_of_reader(sign.facing)
    for share in (-EDGE_SHARE, 0.0, EDGE_SHARE):
        yield shifted(sign.at, across, share * sign.width_mm)


def _carries(thing: Thing, sign: PlacedSign) -> bool:
    """The machine on which a sign is fixed does not hide it; a sign on the far side fails by its angle."""
    return sign.about == thing.id and sign.mounting is Mounting.MACHINE


def _lowest(span: tuple[float, float], eye_mm: float, bottom_mm: float) -> float:
    """The least height of the line of sight within a span of it."""
    return min(eye_mm + share * (bottom_mm - eye_mm) for share in span)


def on_leaf(sign: PlacedSign, bottom_mm: int, doors: tuple[Door, ...]) -> bool:
    """Whether a sign that is said to hang on a wall hangs on the leaf of a door: on its line and below its top."""
    if sign.mounting is not Mounting.WALL or bottom_mm >= LEAF_MM:
        return False
    return any(_beside(sign.at, door) for door in doors)


def _beside(at: Point, door: Door) -> bool:
    length = distance(door.start, door.end)
    if not length:
        return False
    along = ((door.end[0] - door.start[0]) / length, (door.end[1] - door.start[1]) / length)
    run = (at[0] - door.start[0]) * along[0] + (at[1] - door.start[1]) * along[1]
    off = (at[1] - door.start[1]) * along[0] - (at[0] - door.start[0]) * along[1]
    return 0 < run < length and abs(off) <= OWN_WALL_MM
