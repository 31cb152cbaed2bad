"""A drawing is read whole or refused with the place of its fault."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import pytest

from budayang.data.demo_plan import demo_drawing
from budayang.rules.signs.drawing import SIDE_MOST_MM, THINGS_MOST, NotADrawing, measured_key, read, read_new
from budayang.rules.signs.kinds import Mounting

GOOD: dict[str, Any] = {
    "width_mm": 5000,
    "depth_mm": 4000,
    "walls": [{"id": "w1", "start": [0, 0], "end": [5000, 0], "clear": True}],
    "doors": [{"id": "d1", "start": [100, 0], "end": [1100, 0], "kind": "entrance", "clear_mm": 950}],
    "things": [
        {"id": "t1", "kind": "terminal", "code": "A", "at": [500, 600], "width_mm": 800, "depth_mm": 600,
         "height_mm": 1500, "facing": -90, "low": True}
    ],
    "signs": [
        {"id": "s1", "kind": "exit", "at": [1, 2], "facing": 450, "bottom_mm": 2000, "width_mm": 160, "height_mm": 170,
         "mounting": "hung", "seen_from": [3, 4], "about": "d1", "group": "g", "place": 2, "edition": "2025"}
    ],
    "path": [[600, 0], [600, 900]],
    "turns": [[600, 900]],
    "measured": {"d1.clear_mm": 940},
}  # fmt: skip


def test_all_of_it_is_read() -> None:
    drawing = read(GOOD)
    (wall,), (door,), (thing,), (sign,) = drawing.walls, drawing.doors, drawing.things, drawing.signs
    assert (wall.start, wall.end, wall.clear) == ((0, 0), (5000, 0), True)
    assert (door.kind, door.clear_mm) == ("entrance", 950)
    assert (thing.code, thing.facing, thing.low, thing.height_mm) == ("A", 270, True, 1500)
    assert (sign.mounting, sign.facing, sign.seen_from, sign.about) == (Mounting.HUNG, 90, (3, 4), "d1")
    assert (sign.group, sign.place, sign.edition) == ("g", 2, "2025")
    assert (drawing.path, drawing.turns) == (((600, 0), (600, 900)), ((600, 900),))
    assert drawing.measured[measured_key("d1")] == 940


def test_what_is_left_out_is_empty_or_as_usual() -> None:
    bare = read({"width_mm": 1, "depth_mm": 1})
    assert asdict(bare) == {
        "width_mm": 1, "depth_mm": 1, "walls": (), "doors": (), "things": (), "signs": (), "path": (), "turns": (),
        "measured": {},
    }  # fmt: skip
    kept = copy.deepcopy(GOOD)
    kept["doors"][0].pop("clear_mm")
    for name in ("facing", "seen_from", "about", "group", "place", "edition"):
        kept["signs"][0].pop(name)
    drawing = read(kept)
    assert drawing.doors[0].clear_mm is None
    sign = drawing.signs[0]
    assert (sign.facing, sign.seen_from, sign.about, sign.group, sign.place, sign.edition) == (90, None, "", "", 0, "")


def test_the_shipped_plan_is_a_drawing() -> None:
    assert len(read(demo_drawing()).signs) == 60


def _put(*path: Any, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(kept: dict[str, Any]) -> None:
        for one in path[:-1]:
            kept = kept[one]
        kept[path[-1]] = value

    return change


WRONG: list[tuple[Callable[[dict[str, Any]], None], str]] = [
    (_put("width_mm", value=0), "width_mm 应大于 0"),
    (_put("width_mm", value=None), "应是毫米的整数"),
    (_put("depth_mm", value=12.5), "应是毫米的整数"),
    (_put("depth_mm", value=True), "应是毫米的整数"),
    (_put("depth_mm", value=SIDE_MOST_MM + 1), f"不超过 {SIDE_MOST_MM}"),
    (_put("walls", value={"id": "w"}), "walls 应是对象的列表"),
    (_put("signs", value=["s1"]), "signs 应是对象的列表"),
    (_put("things", value=[{}] * (THINGS_MOST + 1)), f"最多 {THINGS_MOST} 个对象"),
    (_put("walls", 0, "id", value=""), "每个对象要有自己的编号"),
    (_put("walls", 0, "id", value="s1"), "不能重复"),
    (_put("walls", 0, "id", value=7), "id 应是不超过 60 字的文字"),
    (_put("walls", 0, "start", value=[1]), "对象 w1：位置应是两个数"),
    (_put("walls", 0, "start", value="ab"), "对象 w1：位置应是两个数"),
    (_put("walls", 0, "end", value=[1, None]), "对象 w1：长度应是毫米的整数"),
    (_put("doors", 0, "kind", value="window"), "对象 d1：kind 不认识“window”"),
    (_put("doors", 0, "clear_mm", value=-1), "对象 d1：clear_mm 应大于 0"),
    (_put("things", 0, "kind", value="tree"), "对象 t1：kind 不认识“tree”"),
    (_put("things", 0, "code", value="x" * 61), "对象 t1：code 应是不超过 60 字的文字"),
    (_put("things", 0, "height_mm", value=0), "对象 t1：height_mm 应大于 0"),
    (_put("things", 0, "facing", value="up"), "对象 t1"),
    (_put("signs", 0, "mounting", value="nailed"), "对象 s1：mounting 不认识“nailed”"),
    (_put("signs", 0, "bottom_mm", value=None), "对象 s1"),
    (_put("signs", 0, "edition", value="1999"), "对象 s1：edition 不认识“1999”"),
    (_put("signs", 0, "seen_from", value=[1, 2, 3]), "对象 s1：位置应是两个数"),
    (_put("path", value="no"), "path 应是位置的列表"),
    (_put("turns", value=[[0, 0]] * (THINGS_MOST + 1)), "turns 应是位置的列表"),
    (_put("measured", value=[1]), "measured 应是名称和数值"),
    (_put("measured", "d1.clear_mm", value="wide"), "测量值 d1.clear_mm"),
]


@pytest.mark.parametrize(("change", "message"), WRONG, ids=[message for _change, message in WRONG])
def test_each_wrong_thing_is_refused_with_its_place(change: Callable[[dict[str, Any]], None], message: str) -> None:
    kept = copy.deepcopy(GOOD)
    change(kept)
    with pytest.raises(NotADrawing) as refused:
        read(kept)
    assert message in str(refused.value)


@pytest.mark.parametrize("name", ["walls", "doors"])
def test_nothing_without_length_is_saved_any_more_and_what_stands_is_still_read(name: str) -> None:
    kept = copy.deepcopy(GOOD)
    kept[name][0]["end"] = list(kept[name][0]["start"])
    assert read(kept)
    assert read_new(GOOD) == read(GOOD)
    with pytest.raises(NotADrawing, match=f"对象 {kept[name][0]['id']}：起点和终点在同一处"):
        read_new(kept)
