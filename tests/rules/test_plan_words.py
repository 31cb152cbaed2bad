"""The words of a plan for a braille plate: the same from whichever side one comes in; nothing of it is braille."""

from __future__ import annotations

import pytest

from budayang.rules.signs.drawing import Door, Drawing, Thing
from budayang.rules.signs.plan_words import MARK, plan_words

DESK = Thing("t1", "terminal", "KBS-01", (4000, 8000), 800, 600, 1600, low=True)
PILLAR = Thing("o1", "obstacle", "", (2000, 2000), 400, 400, 2500)
SOUTH = Door("d1", (4500, 10_000), (5500, 10_000), "entrance", 1000)
EXIT = Door("d2", (0, 4000), (0, 5000), "emergency")


def hall(**more: object) -> Drawing:
    found: dict[str, object] = {"doors": (SOUTH, EXIT), "things": (DESK, PILLAR)}
    return Drawing(10_000, 10_000, **(found | more))  # type: ignore[arg-type]


def test_it_is_told_from_the_entrance_on() -> None:
    told = plan_words(hall(path=((5000, 9800), (5000, 5000), (8000, 5000))), "康巴什区自助区", {"KBS-01": "1号机"})
    assert told == [
        "康巴什区自助区。房间长10 米，宽10 米。",
        "您在入口，面向里面。下面的前、左、右都从这里说起。",
        "无障碍通道：走5 米，右转，走3 米。",
        "1号机（低位）：向前2 米，向左1 米。",
        "安全出口：向前5.5 米，向左5 米。",
        "还有 1 处柱子、座椅等，走路时请留意。",
    ]


@pytest.mark.parametrize(
    ("door", "at", "word"),
    [
        (((4500, 0), (5500, 0)), (4000, 2000), "向前2 米，向右1 米"),  # looking south, west is to the right
        (((0, 4500), (0, 5500)), (2000, 4000), "向前2 米，向左1 米"),  # looking east, north is to the left
        (
            ((10_000, 5500), (10_000, 4500)),
            (8000, 4000),
            "向前2 米，向右1 米",
        ),  # looking west, drawn the other way round
    ],
)
def test_left_and_right_are_those_of_who_comes_in(
    door: tuple[tuple[int, int], tuple[int, int]], at: tuple[int, int], word: str
) -> None:
    entrance = Door("d1", *door, "entrance")
    desk = Thing("t1", "terminal", "A", at, 800, 600, 1600)
    assert f"A：{word}。" in plan_words(Drawing(10_000, 10_000, doors=(entrance,), things=(desk,)), "厅", {})


def test_a_plan_without_an_entrance_says_so_and_nothing_is_braille() -> None:
    assert plan_words(hall(doors=()), "厅", {})[-1] == "平面图上没有入口，说不出方向。"
    told = "".join(plan_words(hall(), "厅", {})) + MARK
    assert not any(0x2800 <= ord(one) <= 0x28FF for one in told), "cells are never guessed"


@pytest.mark.parametrize(
    ("at", "stands", "word"),
    [
        ((5000, 10_000), (5000, 5000), "向前5 米"),
        ((0, 5000), (0, 10_000), "向右5 米"),
        ((5000, 5000), (5000, 5000), "就在旁边"),
    ],
)
def test_an_old_entrance_without_length_looks_to_the_middle(
    at: tuple[int, int], stands: tuple[int, int], word: str
) -> None:
    desk = Thing("t", "terminal", "A", stands, 800, 600, 1500)
    told = plan_words(Drawing(10_000, 10_000, doors=(Door("d", at, at, "entrance"),), things=(desk,)), "厅", {})
    assert f"A：{word}。" in told
