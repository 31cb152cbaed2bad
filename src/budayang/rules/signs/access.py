"""The accessible path (无障碍通道) on a plan: widths, turning circles, doors, a low terminal that it reaches.

Figures: GB 55019-2021 as the requirements YJ-19 to YJ-21 and YJ-27 tell them. A value that somebody measured decides;
the drawing alone can show that something is too narrow, never that it is wide enough.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from math import atan2, degrees

from budayang.rules.signs.drawing import Door, Drawing, Point, Thing, measured_key
from budayang.rules.signs.facts import AreaFacts
from budayang.rules.signs.findings import Fault, Finding, Severity
from budayang.rules.signs.geometry import (
    TOUCH_MM,
    Spot,
    along_of,
    crossing,
    direction,
    distance,
    point_to_segment,
    shifted,
)
from budayang.rules.signs.seeing import NEAR_WALL_MM, box_of, wall_parts

BEND_DEG = 30.0
"""Where the path turns by so much or more a wheelchair is turned round; less is a line that was not drawn straight."""
STEP_MM = 50
REACH_MM = 1_000
"""The path reaches a machine when it comes so near to the middle of its front; it begins so near to an entrance."""

Segment = tuple[Spot, Spot]


def judge_access(drawing: Drawing, facts: AreaFacts, numbers: Mapping[str, float]) -> list[Finding]:
    """Findings about the path, its turning places and doors, and the low terminal."""
    found = [*_judge_path(drawing, numbers["access_path_mm"]), *_judge_bends(drawing, numbers["access_turn_mm"])]
    found += _judge_turns(drawing, numbers["access_turn_mm"])
    found += _judge_doors(drawing, numbers["access_door_mm"])
    return [*found, *_judge_low(drawing, facts)]


def clear_width(start: Point, end: Point, drawing: Drawing) -> float:
    """The width of the widest straight strip along a stretch of the path that nothing reaches into, in millimetres; 0
    where the stretch itself runs through a wall or a thing. The wall of a door that it passes does not count: the
    door has a width of its own. A stretch without neighbours is as wide as the hall.
    """
    length = distance(start, end)
    if length < TOUCH_MM:
        return 0.0
    along = ((end[0] - start[0]) / length, (end[1] - start[1]) / length)
    across = (-along[1], along[0])
    left, right = _reach(drawing), _reach(drawing)
    for part in _obstacles(start, end, drawing):
        span = _beside(part, start, along, across, length)
        if span is None:
            continue
        low, high = span
        if low <= TOUCH_MM and high >= -TOUCH_MM:
            return 0.0
        if low > 0:
            right = min(right, low)
        else:
            left = min(left, -high)
    if any(box_of(thing).inside(start) and box_of(thing).inside(end) for thing in drawing.things):
        return 0.0
    return left + right


def bends(path: Sequence[Point]) -> list[int]:
    """The points of the path (from 0) at which it turns by BEND_DEG or more. Points in one place are one."""
    found = []
    for number in range(1, len(path) - 1):
        before = next((one for one in reversed(path[:number]) if distance(one, path[number]) >= TOUCH_MM), None)
        after = path[number + 1]
        if before is None or distance(path[number], after) < TOUCH_MM:
            continue
        came = atan2(path[number][1] - before[1], path[number][0] - before[0])
        goes = atan2(after[1] - path[number][1], after[0] - path[number][0])
        turned = abs(degrees(goes - came)) % 360
        if min(turned, 360 - turned) >= BEND_DEG - 1e-6:
            found.append(number)
    return found


def turning_width(at: Point, drawing: Drawing, wanted: float) -> float:
    """The diameter of the widest circle of free floor at a bend, in millimetres, at most `wanted`: its middle lies
    within half of `wanted` of the bend, with nothing between them. 0 where the bend itself lies in a thing.
    """
    reach = wanted / 2
    parts = [part for part in _all_parts(drawing) if point_to_segment(at, *part) < 2 * wanted]
    boxes = [box_of(one) for one in drawing.things]
    if any(box.inside(at) for box in boxes):
        return 0.0
    best = 0.0
    steps = int(reach // STEP_MM)
    for right in range(-steps, steps + 1):
        for down in range(-steps, steps + 1):
            middle = (at[0] + right * STEP_MM, at[1] + down * STEP_MM)
            if distance(at, middle) > reach or any(crossing(at, middle, *part) is not None for part in parts):
                continue
            best = max(best, 2 * min((point_to_segment(middle, *part) for part in parts), default=wanted))
            if best >= wanted:
                return wanted
    return best


def passes_door(start: Point, end: Point, door: Door) -> bool:
    """Whether a stretch of the path goes through a door."""
    return crossing(start, end, door.start, door.end) is not None


def front_of(thing: Thing) -> Spot:
    """The middle of the front of a machine, where its user stands."""
    return shifted(thing.at, direction(thing.facing), thing.depth_mm / 2)


def _reach(drawing: Drawing) -> float:
    return float(max(drawing.width_mm, drawing.depth_mm))


def _obstacles(start: Point, end: Point, drawing: Drawing) -> Iterator[Segment]:
    passed = [(door.start, door.end) for door in drawing.doors if passes_door(start, end, door)]
    for part in wall_parts(drawing, clear=True):
        if not any(_in_line(part, door) for door in passed):
            yield part
    for thing in drawing.things:
        yield from box_of(thing).sides()


def _in_line(part: Segment, door: tuple[Point, Point]) -> bool:
    """Whether a piece of wall belongs to the wall of a door: cutting the door out of their common line takes nothing
    from the piece but lies on it.
    """
    length = distance(*part)
    along = ((part[1][0] - part[0][0]) / length, (part[1][1] - part[0][1]) / length)
    across = (-along[1], along[0])
    return all(abs(along_of(part[0], spot, across)) <= NEAR_WALL_MM for spot in door)


def _beside(part: Segment, start: Spot, along: Spot, across: Spot, length: float) -> tuple[float, float] | None:
    """Between which distances across the stretch the part lies beside it; None where it lies before or behind it."""
    (u1, v1), (u2, v2) = ((along_of(start, spot, along), along_of(start, spot, across)) for spot in part)
    if u1 > u2:
        u1, v1, u2, v2 = u2, v2, u1, v1
    if u2 <= TOUCH_MM or u1 >= length - TOUCH_MM:
        return None
    if u2 - u1 > TOUCH_MM:
        slope = (v2 - v1) / (u2 - u1)
        if u1 < 0:
            u1, v1 = 0.0, v1 - u1 * slope
        if u2 > length:
            u2, v2 = length, v2 - (u2 - length) * slope
    return min(v1, v2), max(v1, v2)


def _judge_path(drawing: Drawing, needed: float) -> Iterator[Finding]:
    if len(drawing.path) < 2:
        words = "没有画无障碍通道，净宽没有判断"
        yield Finding(Fault.PATH, "YJ-20", "", "", words, Severity.UNMEASURED)
        return
    entrances = [door for door in drawing.doors if door.kind == "entrance"]
    if not any(point_to_segment(drawing.path[0], door.start, door.end) <= REACH_MM for door in entrances):
        yield Finding(Fault.PATH, "YJ-20", "path.0", "", "无障碍通道不是从入口开始")
    for number, (start, end) in enumerate(pairwise(drawing.path)):
        name = f"path.{number}"
        label = f"无障碍通道第 {number + 1} 段"
        yield from _judge_width(
            Fault.PATH,
            "YJ-20",
            name,
            label,
            drawing.measured.get(measured_key(name)),
            clear_width(start, end, drawing),
            needed,
        )


def _judge_turns(drawing: Drawing, needed: float) -> Iterator[Finding]:
    if not drawing.turns:
        words = "没有标轮椅回转处，回转空间没有判断"
        yield Finding(Fault.TURN, "YJ-19", "", "", words, Severity.UNMEASURED)
    parts = _all_parts(drawing)
    for number, at in enumerate(drawing.turns):
        name = f"turn.{number}"
        inside = any(box_of(thing).inside(at) for thing in drawing.things)
        drawn = 0.0 if inside else 2 * min((point_to_segment(at, *part) for part in parts), default=_reach(drawing))
        label = f"第 {number + 1} 处轮椅回转空间"
        yield from _judge_width(
            Fault.TURN, "YJ-19", name, label, drawing.measured.get(measured_key(name)), drawn, needed
        )


def _all_parts(drawing: Drawing) -> list[Segment]:
    """Everything that stands in the way: walls without their doors, and the sides of things."""
    return [*wall_parts(drawing, clear=True), *(side for one in drawing.things for side in box_of(one).sides())]


def _judge_bends(drawing: Drawing, needed: float) -> Iterator[Finding]:
    """Where the path turns there is a turning place: one that is marked there is judged as such, with what was
    measured; without one the drawing decides, and what looks wide enough was not measured.
    """
    for order, number in enumerate(bends(drawing.path), start=1):
        at = drawing.path[number]
        if any(distance(at, turn) <= needed / 2 for turn in drawing.turns):
            continue
        label, drawn = f"无障碍通道第 {order} 个拐弯处", turning_width(at, drawing, needed)
        if drawn < needed - TOUCH_MM:
            words = f"{label}回转空间按图 {int(drawn)} 毫米，应不小于 {needed:.0f} 毫米"
            yield Finding(Fault.TURN, "YJ-19", f"path.{number}", "", words, value=drawn, needed=needed)
        else:
            words = f"{label}没有标轮椅回转处，回转空间没有量过"
            yield Finding(Fault.TURN, "YJ-19", f"path.{number}", "", words, Severity.UNMEASURED, needed=needed)


def _judge_doors(drawing: Drawing, needed: float) -> Iterator[Finding]:
    """Every door to the outside, and those inside that the path passes."""
    for door in drawing.doors:
        passed = any(passes_door(start, end, door) for start, end in pairwise(drawing.path))
        if door.kind != "inner" or passed:
            measured = drawing.measured.get(measured_key(door.id), door.clear_mm)
            drawn = distance(door.start, door.end)
            yield from _judge_width(Fault.DOOR, "YJ-21", door.id, f"门 {door.id} 的", measured, drawn, needed)


def _judge_width(
    fault: Fault, clause: str, element: str, label: str, measured: int | None, drawn: float, needed: float
) -> Iterator[Finding]:
    if measured is not None:
        if measured < needed:
            words = f"{label}净宽量得 {measured} 毫米，应不小于 {needed:.0f} 毫米"
            yield Finding(fault, clause, element, "", words, value=measured, needed=needed)
    elif drawn < needed - TOUCH_MM:
        words = f"{label}净宽按图 {int(drawn)} 毫米，应不小于 {needed:.0f} 毫米"
        yield Finding(fault, clause, element, "", words, value=drawn, needed=needed)
    else:
        words = f"{label}净宽没有量过"
        yield Finding(fault, clause, element, "", words, Severity.UNMEASURED, needed=needed)


def _judge_low(drawing: Drawing, facts: AreaFacts) -> Iterator[Finding]:
    low = [thing for thing in drawing.things if facts.is_low(thing)]
    if not low:
        yield Finding(Fault.LOW_TERMINAL, "YJ-27", "", "", "平面图上没有低位终端，应至少 1 台", value=0, needed=1)
    elif len(drawing.path) >= 2:
        stretches = list(pairwise(drawing.path))
        if not any(point_to_segment(front_of(one), *stretch) <= REACH_MM for one in low for stretch in stretches):
            yield Finding(Fault.LOW_TERMINAL, "YJ-27", low[0].id, "", "无障碍通道没有通到低位终端")
