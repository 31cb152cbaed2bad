"""The words of a plan for who cannot see it (盲文平面图文字): what is where, from the entrance on, in short sentences.

Text only. It is not braille: cells of Chinese braille follow readings of words that a person has to check, so whoever
makes the plate transcribes it by the standard of national braille; here nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from math import atan2, degrees

from budayang.rules.signs.access import BEND_DEG
from budayang.rules.signs.drawing import Door, Drawing, Point, Thing
from budayang.rules.signs.geometry import Spot, distance

TITLE = "平面图文字（供盲文平面图转写）"
MARK = "这是文字，不是盲文：盲文由制作单位按国家通用盲文转写，并请会摸读的人校对。"
DOOR_NAMES = {"entrance": "另一个入口", "exit": "出口", "emergency": "安全出口", "inner": "里面的门"}
NEAR_M = 0.5
"""Distances are told in half metres: nobody walks more exactly."""


def plan_words(drawing: Drawing, area: str, names: Mapping[str, str]) -> list[str]:
    """Sentences in the order in which they are read. names: what a thing is called, by its code.

    Without an entrance there is no place from which anything could be told; then that is the one sentence.
    """
    entrance = next((one for one in drawing.doors if one.kind == "entrance"), None)
    told = [f"{area}。房间长{_metres(drawing.width_mm)}，宽{_metres(drawing.depth_mm)}。"]
    if entrance is None:
        return [*told, "平面图上没有入口，说不出方向。"]
    here = _middle(entrance)
    ahead = _inwards(entrance, drawing)
    told.append("您在入口，面向里面。下面的前、左、右都从这里说起。")
    told += _way(drawing, ahead)
    things = sorted((one for one in drawing.things if one.kind != "obstacle"), key=lambda one: distance(here, one.at))
    told += [f"{_called(one, names)}：{_where(here, ahead, one.at)}。" for one in things]
    told += [
        f"{DOOR_NAMES[one.kind]}：{_where(here, ahead, _middle(one))}。"
        for one in drawing.doors
        if one is not entrance and one.kind in DOOR_NAMES
    ]
    blocked = sum(one.kind == "obstacle" for one in drawing.things)
    return [*told, f"还有 {blocked} 处柱子、座椅等，走路时请留意。"] if blocked else told


def _called(thing: Thing, names: Mapping[str, str]) -> str:
    return names.get(thing.code, thing.code or thing.id) + ("（低位）" if thing.low else "")


def _middle(door: Door) -> Spot:
    return (door.start[0] + door.end[0]) / 2, (door.start[1] + door.end[1]) / 2


def _inwards(door: Door, drawing: Drawing) -> Spot:
    """The direction, of length 1, across the door's line towards the middle of the hall; of a door without length
    (`read_new` lets none in any more) straight towards that middle.
    """
    at, length = _middle(door), distance(door.start, door.end)
    to_middle = (drawing.width_mm / 2 - at[0], drawing.depth_mm / 2 - at[1])
    if not length:
        away = distance((0, 0), to_middle)
        return (to_middle[0] / away, to_middle[1] / away) if away else (0.0, 1.0)
    across = (-(door.end[1] - door.start[1]) / length, (door.end[0] - door.start[0]) / length)
    inside = to_middle[0] * across[0] + to_middle[1] * across[1]
    return across if inside >= 0 else (-across[0], -across[1])


def _where(here: Spot, ahead: Spot, at: Point | Spot) -> str:
    """In front and to the side, in half metres. To the right of who looks along (x, y) lies (-y, x): y goes down."""
    east, south = at[0] - here[0], at[1] - here[1]
    forward, right = east * ahead[0] + south * ahead[1], -east * ahead[1] + south * ahead[0]
    parts = [("向前", forward), ("向后", -forward), ("向右", right), ("向左", -right)]
    told = [f"{word}{_metres(mm)}" for word, mm in parts if _half(mm) > 0]
    return "，".join(told) or "就在旁边"


def _way(drawing: Drawing, ahead: Spot) -> list[str]:
    """The accessible path as one walks it."""
    if len(drawing.path) < 2:
        return []
    steps: list[str] = []
    facing, walked = degrees(atan2(ahead[1], ahead[0])), 0.0
    for start, end in pairwise(drawing.path):
        goes = degrees(atan2(end[1] - start[1], end[0] - start[0]))
        turn = (goes - facing + 180) % 360 - 180
        if abs(turn) >= BEND_DEG:
            if _half(walked):
                steps.append(f"走{_metres(walked)}")
            steps.append("掉头" if abs(turn) > 150 else ("右转" if turn > 0 else "左转"))
            facing, walked = goes, 0.0
        walked += distance(start, end)
    if _half(walked):
        steps.append(f"走{_metres(walked)}")
    return [f"无障碍通道：{'，'.join(steps)}。"]


def _half(mm: float) -> float:
    """Metres, to half a metre; 0 for what is nearer or lies the other way."""
    return max(0.0, round(mm / 1000 / NEAR_M) * NEAR_M)


def _metres(mm: float) -> str:
    found = _half(mm)
    return f"{found:.0f} 米" if found == int(found) else f"{found:.1f} 米"
