"""The drawing of an area as a picture for its plates (平面示意图、撤离路线图): SVG of walls, doors, named things."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

from budayang.rules.signs.drawing import Door, Drawing, Point, Thing
from budayang.rules.signs.geometry import Spot
from budayang.rules.signs.ways_out import EXITS, ways_out

DOOR_WORDS = {"entrance": "入口", "exit": "出口", "emergency": "安全出口"}
GREEN, BRAND, INK, SOFT = "#00833e", "#0f4c81", "#142235", "#d5dce5"
FONT = "Noto Sans SC"


@dataclass(slots=True)
class _Picture:
    """Elements in the order in which they are painted; `unit` is a thousandth of the picture's longer side."""

    unit: float
    found: list[str] = field(default_factory=list)

    def line(self, start: Point, end: Point, colour: str, width: float) -> None:
        self.found.append(
            f'<line x1="{start[0]}" y1="{start[1]}" x2="{end[0]}" y2="{end[1]}" stroke="{colour}" '
            f'stroke-width="{width * self.unit:.0f}"/>'
        )

    def way(self, points: Sequence[Spot], colour: str, width: float) -> None:
        corners = " ".join(f"{x:.0f},{y:.0f}" for x, y in points)
        self.found.append(
            f'<polyline points="{corners}" fill="none" stroke="{colour}" stroke-width="{width * self.unit:.0f}" '
            f'stroke-linejoin="round" stroke-dasharray="{14 * self.unit:.0f}"/>'
        )

    def words(self, at: tuple[float, float], text: str, colour: str, size: float, anchor: str = "middle") -> None:
        self.found.append(
            f'<text x="{at[0]:.0f}" y="{at[1]:.0f}" fill="{colour}" font-family="{FONT}" text-anchor="{anchor}" '
            f'font-size="{size * self.unit:.0f}" stroke="#ffffff" stroke-width="{size * self.unit / 5:.0f}" '
            f'paint-order="stroke">{escape(text)}</text>'
        )


def plan_svg(drawing: Drawing, names: Mapping[str, str], *, way_out_mm: float | None = None) -> str:
    """The picture. names: what stands beside a thing, by its code; a thing without a name shows its code.
    way_out_mm: of a 撤离路线图: from each terminal the shortest way to an exit through passages of this width.

    Raises NoWayOut.
    """
    longer = max(drawing.width_mm, drawing.depth_mm)
    picture = _Picture(longer / 1000)
    for wall in drawing.walls:
        picture.line(wall.start, wall.end, SOFT if wall.clear else INK, 7)
    if way_out_mm is not None:
        for way in ways_out(drawing, way_out_mm).values():
            picture.way(way, GREEN, 3)
    for door in drawing.doors:
        _door(picture, door, drawing)
    for thing in drawing.things:
        _thing(picture, thing, names.get(thing.code, thing.code))
    edge = 40 * picture.unit
    box = f"{-edge:.0f} {-edge:.0f} {drawing.width_mm + 2 * edge:.0f} {drawing.depth_mm + 2 * edge:.0f}"
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}">{"".join(picture.found)}</svg>'


def _middle(door: Door) -> Point:
    return (door.start[0] + door.end[0]) // 2, (door.start[1] + door.end[1]) // 2


def _door(picture: _Picture, door: Door, drawing: Drawing) -> None:
    colour = GREEN if door.kind in EXITS else BRAND
    picture.line(door.start, door.end, "#ffffff", 9)
    picture.line(door.start, door.end, colour, 4)
    if word := DOOR_WORDS.get(door.kind):
        x, y = _middle(door)
        off = 14 * picture.unit
        # Inside the hall, whichever wall the door is in.
        if abs(door.end[0] - door.start[0]) >= abs(door.end[1] - door.start[1]):
            picture.words((x, y - off if y > drawing.depth_mm / 2 else y + 2.6 * off), word, colour, 26)
        elif x > drawing.width_mm / 2:
            picture.words((x - off, y + off / 2), word, colour, 26, "end")
        else:
            picture.words((x + off, y + off / 2), word, colour, 26, "start")


def _thing(picture: _Picture, thing: Thing, name: str) -> None:
    x, y = thing.at
    colour = BRAND if thing.kind == "terminal" else "#7d97b4"
    # A rectangle about its middle; `facing` 90 looks down the picture.
    picture.found.append(
        f'<rect x="{x - thing.width_mm // 2}" y="{y - thing.depth_mm // 2}" width="{thing.width_mm}" '
        f'height="{thing.depth_mm}" fill="{colour}" transform="rotate({thing.facing - 90} {x} {y})"/>'
    )
    picture.words((x, y + max(thing.width_mm, thing.depth_mm) / 2 + 22 * picture.unit), name, INK, 20)
