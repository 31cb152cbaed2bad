"""Plane geometry of a plan: segments, boxes, angles. Millimetres and degrees; y goes down, angles clockwise.

Everything here gives the same answer after a turn, a shift or an exchange of ends; TOUCH_MM is how near counts as
touching.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

Spot = tuple[float, float]
TOUCH_MM = 1e-6


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle about ``at``: ``width`` across and ``depth`` along the direction ``facing``."""

    at: Spot
    width: float
    depth: float
    facing: float

    def corners(self) -> tuple[Spot, Spot, Spot, Spot]:
        """Its four corners in a row."""
        along, across = direction(self.facing), right_of_reader(self.facing)
        a, b = self.depth / 2, self.width / 2
        return (
            shifted(shifted(self.at, along, a), across, -b),
            shifted(shifted(self.at, along, a), across, b),
            shifted(shifted(self.at, along, -a), across, b),
            shifted(shifted(self.at, along, -a), across, -b),
        )

    def sides(self) -> tuple[tuple[Spot, Spot], ...]:
        """Its four edges."""
        one, two, three, four = self.corners()
        return ((one, two), (two, three), (three, four), (four, one))

    def inside(self, spot: Spot, margin: float = 0.0) -> bool:
        """Whether the spot lies in it, by more than ``margin``."""
        return (
            abs(along_of(self.at, spot, direction(self.facing))) < self.depth / 2 - margin
            and abs(along_of(self.at, spot, right_of_reader(self.facing))) < self.width / 2 - margin
        )


def direction(degrees: float) -> Spot:
    """The unit vector of an angle; exact at right angles, so that a quarter turn changes no answer."""
    exact = {0: (1.0, 0.0), 90: (0.0, 1.0), 180: (-1.0, 0.0), 270: (0.0, -1.0)}
    found = exact.get(int(degrees) % 360) if degrees == int(degrees) else None
    return found or (math.cos(math.radians(degrees)), math.sin(math.radians(degrees)))


def right_of_reader(facing: float) -> Spot:
    """What is to the right for somebody who stands before a face that looks in the direction ``facing``."""
    x, y = direction(facing)
    return (y, -x)


def shifted(spot: Spot, along: Spot, by: float) -> Spot:
    """The spot moved by so many millimetres in a direction."""
    return (spot[0] + along[0] * by, spot[1] + along[1] * by)


def along_of(origin: Spot, spot: Spot, along: Spot) -> float:
    """How far the spot lies from the origin in a direction."""
    return (spot[0] - origin[0]) * along[0] + (spot[1] - origin[1]) * along[1]


def distance(a: Spot, b: Spot) -> float:
    """Between two points."""
    return math.hypot(a[0] - b[0], a[1] - b[1])


def point_to_segment(spot: Spot, start: Spot, end: Spot) -> float:
    """The least distance of a point from a segment; a segment without length is a point."""
    length = distance(start, end)
    if length < TOUCH_MM:
        return distance(spot, start)
    along = ((end[0] - start[0]) / length, (end[1] - start[1]) / length)
    at = min(max(along_of(start, spot, along), 0.0), length)
    return distance(spot, shifted(start, along, at))


def crossing(a: Spot, b: Spot, c: Spot, d: Spot) -> float | None:
    """Where the segment a-b crosses c-d, as a share of a-b; touching counts. None: nowhere, or the two are parallel."""
    ab, cd = (b[0] - a[0], b[1] - a[1]), (d[0] - c[0], d[1] - c[1])
    turn = ab[0] * cd[1] - ab[1] * cd[0]
    if abs(turn) <= 1e-9 * max(1.0, math.hypot(*ab) * math.hypot(*cd)):
        return None
    ac = (c[0] - a[0], c[1] - a[1])
    t, u = (ac[0] * cd[1] - ac[1] * cd[0]) / turn, (ac[0] * ab[1] - ac[1] * ab[0]) / turn
    slack_t, slack_u = TOUCH_MM / max(1.0, math.hypot(*ab)), TOUCH_MM / max(1.0, math.hypot(*cd))
    return t if -slack_t <= t <= 1 + slack_t and -slack_u <= u <= 1 + slack_u else None


def segment_to_segment(a: Spot, b: Spot, c: Spot, d: Spot) -> float:
    """The least distance of two segments; 0 where they cross."""
    if crossing(a, b, c, d) is not None:
        return 0.0
    return min(
        point_to_segment(a, c, d), point_to_segment(b, c, d), point_to_segment(c, a, b), point_to_segment(d, a, b)
    )


def through_box(a: Spot, b: Spot, box: Box) -> tuple[float, float] | None:
    """From which share of a-b to which it runs inside the box; None where it stays outside or only touches."""
    low, high = 0.0, 1.0
    for along, half in ((direction(box.facing), box.depth / 2), (right_of_reader(box.facing), box.width / 2)):
        first, last = along_of(box.at, a, along), along_of(box.at, b, along)
        if abs(last - first) < TOUCH_MM:
            if abs(first) >= half - TOUCH_MM:
                return None
            continue
        one, two = (-half - first) / (last - first), (half - first) / (last - first)
        low, high = max(low, min(one, two)), min(high, max(one, two))
    return (low, high) if high - low > TOUCH_MM / max(1.0, distance(a, b)) else None


def angle_to_face(at: Spot, facing: float, seen_from: Spot) -> float:
    """Degrees between the face of a sign and the line to its reader: 90 straight on, 0 along it, below 0 from
    behind.
    """
    length = distance(at, seen_from)
    if length < TOUCH_MM:
        return 90.0
    ahead = along_of(at, seen_from, direction(facing)) / length
    return math.degrees(math.asin(min(1.0, max(-1.0, ahead))))


def left_out(start: Spot, end: Spot, holes: list[tuple[Spot, Spot]], near: float) -> list[tuple[Spot, Spot]]:
    """What remains of a segment without the parts beside the holes (openings within ``near`` of its line)."""
    length = distance(start, end)
    if length < TOUCH_MM:
        return []
    along = ((end[0] - start[0]) / length, (end[1] - start[1]) / length)
    spans = []
    for one, two in holes:
        if _off_line(start, along, one) <= near and _off_line(start, along, two) <= near:
            first, last = sorted((along_of(start, one, along), along_of(start, two, along)))
            spans.append((max(0.0, first), min(length, last)))
    kept, at = [], 0.0
    for first, last in sorted(spans):
        if last <= first:
            continue
        if first > at + TOUCH_MM:
            kept.append((at, first))
        at = max(at, last)
    if length > at + TOUCH_MM:
        kept.append((at, length))
    return [(shifted(start, along, first), shifted(start, along, last)) for first, last in kept]


def _off_line(start: Spot, along: Spot, spot: Spot) -> float:
    """How far a point lies beside the line through ``start`` in the direction ``along``."""
    return abs(along_of(start, spot, (-along[1], along[0])))
