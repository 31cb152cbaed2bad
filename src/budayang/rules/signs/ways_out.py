"""The way out on foot (撤离路线): from where somebody stands at a terminal, round walls and things, to an exit.

A grid of points on the floor where a passage of a width finds room; one search outwards from all exits at once; then
the line is drawn tight. A passage of the width is always found, one narrower by a step and a half of the grid never.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import heappop, heappush
from itertools import pairwise

from budayang.rules.signs.access import front_of
from budayang.rules.signs.drawing import Door, Drawing, Thing
from budayang.rules.signs.geometry import (
    Box,
    Spot,
    crossing,
    direction,
    distance,
    point_to_segment,
    segment_to_segment,
    shifted,
)
from budayang.rules.signs.seeing import box_of, wall_parts

EXITS = frozenset({"exit", "emergency"})
STEP_MM, WIDE_STEP_MM = 100, 200
POINTS_MOST = 250_000
"""Of a larger floor (50 m by 50 m) the grid is the wider one."""
GIVE = 0.2
"""By so many steps a line between two points with room may come nearer to what stands there than they do: as a knight's
move of the least grid past a corner does.
"""
BESIDE = 1.5
"""Steps from a spot to the points of the grid that count as beside it."""
MOVES = tuple(
    (right, down, (right * right + down * down) ** 0.5)
    for right in range(-2, 3)
    for down in range(-2, 3)
    if abs(right) + abs(down) in (1, 3) or abs(right) == abs(down) == 1
)
"""Sixteen directions: eight neighbours and the knight's moves between them."""


class NoWayOut(ValueError):
    """The message names the terminal from which no exit can be reached, for people."""


def exits_of(drawing: Drawing) -> list[Door]:
    """The doors by which one leaves: exits and emergency exits; of a hall that has neither, its entrances. A door
    inside leads to another room, never out.
    """
    outs = [door for door in drawing.doors if door.kind in EXITS]
    return outs or [door for door in drawing.doors if door.kind == "entrance"]


def ways_out(drawing: Drawing, way_mm: float) -> dict[str, tuple[Spot, ...]]:
    """Of each terminal, by its id, the shortest way: from the middle of its front to the middle of an exit door.

    way_mm: how wide a passage has to be, at least 500. Raises NoWayOut.
    """
    terminals = [thing for thing in drawing.things if thing.kind == "terminal"]
    if not terminals:
        return {}
    outs = exits_of(drawing)
    if not outs:
        raise NoWayOut("平面图上没有出口，撤离路线画不出来")
    floor = _Floor(drawing, way_mm, outs)
    return {thing.id: floor.way_from(thing) for thing in terminals}


class _Floor:
    """The grid: which points are free, and from each how far the nearest exit is and over which point."""

    def __init__(self, drawing: Drawing, way_mm: float, outs: Sequence[Door]) -> None:
        points = (drawing.width_mm // STEP_MM + 1) * (drawing.depth_mm // STEP_MM + 1)
        self.step = STEP_MM if points <= POINTS_MOST else WIDE_STEP_MM
        self.columns, self.rows = drawing.width_mm // self.step + 1, drawing.depth_mm // self.step + 1
        self.way_mm = way_mm
        # Half a step less than half the width: in a passage that is just wide enough a row of points lies free.
        self.room = (way_mm - self.step) / 2
        self.drawing = drawing
        self.walls = [*wall_parts(drawing, clear=True), *((one.start, one.end) for one in _shut(drawing, outs))]
        self.free = bytearray(b"\x01") * (self.columns * self.rows)
        boxes = [box_of(thing) for thing in drawing.things]
        sides = (*self.walls, *(side for box in boxes for side in box.sides()))
        self.parts = [(part, _bounds(*part)) for part in sides]
        self._block(boxes)
        self.ends = [_middle(door) for door in outs]
        self.far: dict[int, float] = {}
        self.after: dict[int, int] = {}
        self._search()

    def way_from(self, thing: Thing) -> tuple[Spot, ...]:
        """The way from a terminal. Raises NoWayOut."""
        front = front_of(thing)
        stands = shifted(thing.at, direction(thing.facing), (thing.depth_mm + self.way_mm) / 2)
        reached = [at for at in self._beside(stands) if at in self.far]
        if not reached or any(crossing(front, stands, *wall) is not None for wall in self.walls):
            raise NoWayOut(
                f"从终端 {thing.code or thing.id} 的正面没有宽 {self.way_mm:.0f} 毫米的路通到出口，撤离路线画不出来"
            )
        at = min(reached, key=lambda one: self.far[one] + distance(stands, self._spot(one)))
        points = [stands, self._spot(at)]
        while (following := self.after[at]) >= 0:
            at = following
            points.append(self._spot(at))
        points.append(self.ends[-1 - following])
        return (front, *self._tight(points))

    def _search(self) -> None:
        """Dijkstra from all exits at once; `after` of the last point before an exit is -1 less the exit's number."""
        waiting: list[tuple[float, int, int]] = []
        for number, end in enumerate(self.ends):
            for at in self._beside(end):
                heappush(waiting, (distance(end, self._spot(at)), at, -1 - number))
        while waiting:
            far, at, over = heappop(waiting)
            if at in self.far:
                continue
            self.far[at], self.after[at] = far, over
            row, column = divmod(at, self.columns)
            for right, down, length in MOVES:
                x, y = column + right, row + down
                if 0 <= x < self.columns and 0 <= y < self.rows:
                    beside = y * self.columns + x
                    if self.free[beside] and beside not in self.far:
                        heappush(waiting, (far + length * self.step, beside, at))

    def _tight(self, points: list[Spot]) -> list[Spot]:
        """The way with each bend left out that nothing asks for, once from either end."""
        for _again in range(2):
            kept, at = [points[0]], 0
            while at < len(points) - 1:
                at = next(
                    (to for to in range(len(points) - 1, at + 1, -1) if self._open(points[at], points[to])), at + 1
                )
                kept.append(points[at])
            points = kept[::-1]
        return points

    def _open(self, start: Spot, end: Spot) -> bool:
        """Whether a straight line keeps its distance from every wall and thing, as a move of the grid does."""
        low = (min(start[0], end[0]) - self.room, min(start[1], end[1]) - self.room)
        high = (max(start[0], end[0]) + self.room, max(start[1], end[1]) + self.room)
        return not any(
            x1 < high[0] and x2 > low[0] and y1 < high[1] and y2 > low[1]
            and segment_to_segment(start, end, *part) < self.room - GIVE * self.step
            for part, (x1, y1, x2, y2) in self.parts
        )  # fmt: skip

    def _spot(self, at: int) -> Spot:
        row, column = divmod(at, self.columns)
        return float(column * self.step), float(row * self.step)

    def _near(self, low: Spot, high: Spot) -> Iterator[int]:
        """The points of the grid in a rectangle."""
        step = self.step
        for row in range(max(0, int(low[1] // step)), min(self.rows - 1, int(high[1] // step)) + 1):
            for column in range(max(0, int(low[0] // step)), min(self.columns - 1, int(high[0] // step)) + 1):
                yield row * self.columns + column

    def _beside(self, spot: Spot) -> list[int]:
        """The free points beside a spot."""
        reach = BESIDE * self.step
        found = self._near((spot[0] - reach, spot[1] - reach), (spot[0] + reach, spot[1] + reach))
        return [at for at in found if self.free[at] and distance(spot, self._spot(at)) <= reach]

    def _block(self, boxes: Sequence[Box]) -> None:
        """No room is within a thing, and too near to its sides or to a wall."""
        for part, (x1, y1, x2, y2) in self.parts:
            for at in self._near((x1 - self.room, y1 - self.room), (x2 + self.room, y2 + self.room)):
                if self.free[at] and point_to_segment(self._spot(at), *part) < self.room:
                    self.free[at] = 0
        for box in boxes:
            x1, y1, x2, y2 = _bounds(*box.corners())
            for at in self._near((x1, y1), (x2, y2)):
                if box.inside(self._spot(at)):
                    self.free[at] = 0


def length_of(way: Sequence[Spot]) -> float:
    """How long a way is, in millimetres."""
    return sum(distance(*stretch) for stretch in pairwise(way))


def _bounds(*spots: Spot) -> tuple[float, float, float, float]:
    xs, ys = zip(*spots, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def _middle(door: Door) -> Spot:
    return (door.start[0] + door.end[0]) / 2, (door.start[1] + door.end[1]) / 2


def _shut(drawing: Drawing, outs: Sequence[Door]) -> list[Door]:
    """Doors to the outside that are no exits: the way does not lead out by them and in again."""
    return [door for door in drawing.doors if door.kind != "inner" and door not in outs]
