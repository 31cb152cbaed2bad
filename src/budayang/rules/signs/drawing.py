"""The drawing of an area (平面图) as values: walls, doors, things, signs, a path. Lengths are whole millimetres.

The origin is the upper left corner, x goes right, y goes down; angles are degrees clockwise from the x axis. As JSON it
is what the editor keeps in each version of a plan; `read` refuses what is not a drawing and says where.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from budayang.rules.signs.kinds import Edition, Mounting

Point = tuple[int, int]
SIDE_MOST_MM = 200_000
THINGS_MOST = 2_000
NUMBER_MOST = 999_999_999
NAME_LENGTH = 60
DOOR_KINDS = ("entrance", "exit", "emergency", "inner")
THING_KINDS = ("terminal", "facility", "obstacle")


_GIVEN = re.compile(r"[a-z](\d{1,9})", re.ASCII)


class NotADrawing(ValueError):
    """The message names the element and what is wrong with it, for people."""


@dataclass(frozen=True, slots=True)
class Wall:
    """A straight wall. One of glass (``clear``) hides nothing."""

    id: str
    start: Point
    end: Point
    clear: bool = False


@dataclass(frozen=True, slots=True)
class Door:
    """An opening in a wall. ``kind``: one of DOOR_KINDS. ``clear_mm``: its free width as measured, None until then."""

    id: str
    start: Point
    end: Point
    kind: str
    clear_mm: int | None = None


@dataclass(frozen=True, slots=True)
class Thing:
    """A terminal, a facility or something that stands in the way: a rectangle about ``at``.

    ``code``: of the terminal, or the kind of the facility (`areas.Facility.Kind`). ``facing``: where its user stands.
    ``low``: its touch height suits a wheelchair (of terminals).
    """

    id: str
    kind: str
    code: str
    at: Point
    width_mm: int
    depth_mm: int
    height_mm: int
    facing: int = 90
    low: bool = False


@dataclass(frozen=True, slots=True)
class PlacedSign:
    """A sign on the plan. ``bottom_mm``: lower edge above the floor. ``facing``: where its face looks.

    ``seen_from``: the point from which it has to be read (最远观察点), None where nobody set one. ``about``: id of the
    door or thing that it belongs to, "" for the area. ``group``: signs side by side on one board share it; ``place``:
    their order in it where they stand at one point. ``edition``: of GB 2894 by which a safety sign was made, ""
    unknown.
    """

    id: str
    kind: str
    at: Point
    facing: int
    bottom_mm: int
    width_mm: int
    height_mm: int
    mounting: Mounting
    seen_from: Point | None = None
    about: str = ""
    group: str = ""
    place: int = 0
    edition: str = ""


@dataclass(frozen=True, slots=True)
class Drawing:
    """All that is on a plan. ``path``: the accessible path (无障碍通道), from an entrance on. ``turns``: places where a
    wheelchair turns round. ``measured``: values that somebody measured once, in millimetres, by `measured_key`:
    "<id>.clear_mm" of a door, "<id>.bottom_mm" of a sign, "path.<n>.clear_mm" of the n-th stretch of the path,
    "turn.<n>.clear_mm" of the n-th turning place (diameter), both from 0.
    """

    width_mm: int
    depth_mm: int
    walls: tuple[Wall, ...] = ()
    doors: tuple[Door, ...] = ()
    things: tuple[Thing, ...] = ()
    signs: tuple[PlacedSign, ...] = ()
    path: tuple[Point, ...] = ()
    turns: tuple[Point, ...] = ()
    measured: Mapping[str, int] = field(default_factory=dict)


def measured_key(element: str, name: str = "clear_mm") -> str:
    """Under which name a measured value of an element is kept in `Drawing.measured`."""
    return f"{element}.{name}"


def read(kept: Mapping[str, Any]) -> Drawing:
    """A drawing from its JSON. Raises NotADrawing."""
    width, depth = _length(kept, "width_mm"), _length(kept, "depth_mm")
    sides = {"width_mm": width, "depth_mm": depth}
    rows = {name: _rows(kept, name) for name in ("walls", "doors", "things", "signs")}
    if sum(map(len, rows.values())) > THINGS_MOST:
        raise NotADrawing(f"一张平面图最多 {THINGS_MOST} 个对象")
    ids = [_text(row, "id") for found in rows.values() for row in found]
    if "" in ids or len(set(ids)) != len(ids):
        raise NotADrawing("每个对象要有自己的编号，不能重复")
    last = kept.get("last_number", 0)
    if isinstance(last, bool) or not isinstance(last, int) or not 0 <= last <= NUMBER_MOST:
        raise NotADrawing("last_number 应是用过的最大编号")
    return Drawing(
        **sides,
        walls=tuple(_wall(row) for row in rows["walls"]),
        doors=tuple(_door(row) for row in rows["doors"]),
        things=tuple(_thing(row) for row in rows["things"]),
        signs=tuple(_sign(row) for row in rows["signs"]),
        path=_points(kept, "path"),
        turns=_points(kept, "turns"),
        measured={str(name): _whole(value, f"测量值 {name}") for name, value in _mapping(kept, "measured").items()},
    )


def largest_number(kept: Mapping[str, Any]) -> int:
    """The largest number that the editor gave on this plan: as `last_number` says, or an id as "s12" bears. The next
    object gets a larger one, so that no id comes twice. `kept`: JSON that `read` takes.
    """
    ids = (str(row["id"]) for name in ("walls", "doors", "things", "signs") for row in kept.get(name, []))
    given = (_GIVEN.fullmatch(one) for one in ids)
    return max([int(kept.get("last_number", 0)), *(int(one[1]) for one in given if one)])


def read_new(kept: Mapping[str, Any]) -> Drawing:
    """A drawing that somebody wants to save: `read`, and stricter than it is with versions that stand already. Raises
    NotADrawing.
    """
    drawing = read(kept)
    lines: tuple[Wall | Door, ...] = (*drawing.walls, *drawing.doors)
    for one in lines:
        if one.start == one.end:
            raise NotADrawing(f"对象 {one.id}：起点和终点在同一处，请拉开或删去")
    return drawing


def _wall(row: Mapping[str, Any]) -> Wall:
    return Wall(_text(row, "id"), _point(row, "start"), _point(row, "end"), bool(row.get("clear", False)))


def _door(row: Mapping[str, Any]) -> Door:
    clear = row.get("clear_mm")
    return Door(
        _text(row, "id"),
        _point(row, "start"),
        _point(row, "end"),
        _one_of(row, "kind", DOOR_KINDS),
        None if clear is None else _length(row, "clear_mm"),
    )


def _thing(row: Mapping[str, Any]) -> Thing:
    return Thing(
        _text(row, "id"),
        _one_of(row, "kind", THING_KINDS),
        _text(row, "code"),
        _point(row, "at"),
        _length(row, "width_mm"),
        _length(row, "depth_mm"),
        _length(row, "height_mm"),
        _whole(row.get("facing", 90), _label(row)) % 360,
        bool(row.get("low", False)),
    )


def _sign(row: Mapping[str, Any]) -> PlacedSign:
    return PlacedSign(
        _text(row, "id"),
        _text(row, "kind"),
        _point(row, "at"),
        _whole(row.get("facing", 90), _label(row)) % 360,
        _whole(row.get("bottom_mm"), _label(row)),
        _length(row, "width_mm"),
        _length(row, "height_mm"),
        Mounting(_one_of(row, "mounting", tuple(Mounting))),
        None if row.get("seen_from") is None else _point(row, "seen_from"),
        _text(row, "about"),
        _text(row, "group"),
        _whole(row.get("place", 0), _label(row)),
        _one_of(row, "edition", ("", *Edition)),
    )


def _label(row: Mapping[str, Any]) -> str:
    """What a message calls a row; only the drawing itself has no id."""
    return f"对象 {str(row['id'])[:NAME_LENGTH]}" if "id" in row else "平面图"


def _rows(kept: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = kept.get(name, [])
    if not isinstance(found, list) or not all(isinstance(row, Mapping) for row in found):
        raise NotADrawing(f"{name} 应是对象的列表")
    return found


def _mapping(kept: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = kept.get(name, {})
    if not isinstance(found, Mapping):
        raise NotADrawing(f"{name} 应是名称和数值")
    return found


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name, "")
    if not isinstance(value, str) or len(value) > NAME_LENGTH:
        raise NotADrawing(f"{_label(row)}：{name} 应是不超过 {NAME_LENGTH} 字的文字")
    return value


def _one_of(row: Mapping[str, Any], name: str, known: Sequence[str]) -> str:
    value = _text(row, name)
    if value not in known:
        raise NotADrawing(f"{_label(row)}：{name} 不认识“{value}”")
    return value


def _whole(value: Any, label: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > SIDE_MOST_MM:
        raise NotADrawing(f"{label}：长度应是毫米的整数，不超过 {SIDE_MOST_MM}")
    return value


def _length(row: Mapping[str, Any], name: str) -> int:
    value = _whole(row.get(name), _label(row))
    if value <= 0:
        raise NotADrawing(f"{_label(row)}：{name} 应大于 0")
    return value


def _place(value: Any, label: str) -> Point:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise NotADrawing(f"{label}：位置应是两个数")
    return _whole(value[0], label), _whole(value[1], label)


def _point(row: Mapping[str, Any], name: str) -> Point:
    return _place(row.get(name), _label(row))


def _points(kept: Mapping[str, Any], name: str) -> tuple[Point, ...]:
    found = kept.get(name, [])
    if not isinstance(found, list) or len(found) > THINGS_MOST:
        raise NotADrawing(f"{name} 应是位置的列表")
    return tuple(_place(one, name) for one in found)
