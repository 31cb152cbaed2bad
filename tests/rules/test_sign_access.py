"""The accessible path: what was measured decides, what was not is never right, and the drawing can only condemn."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rules.signs_area import FACTS, VALUES, found_in, with_door, with_measured

from budayang.data.demo_plan import demo_plan
from budayang.rules.signs.access import STEP_MM, bends, clear_width, judge_access, turning_width
from budayang.rules.signs.drawing import Door, Drawing, Thing, Wall
from budayang.rules.signs.findings import Severity

CORRIDOR = Drawing(20_000, 20_000, walls=(Wall("a", (0, 0), (9000, 0)), Wall("b", (0, 1500), (9000, 1500))))


def _words(drawing: Drawing) -> list[tuple[str, str]]:
    return [(one.words, one.severity) for one in judge_access(drawing, FACTS, VALUES)]


@given(st.integers(1, 1499), st.integers(0, 4000), st.integers(4500, 9000))
def test_a_corridor_is_as_wide_wherever_in_it_the_path_is_drawn(y: int, start: int, end: int) -> None:
    assert clear_width((start, y), (end, y), CORRIDOR) == pytest.approx(1500)
    assert clear_width((end, y), (start, y), CORRIDOR) == pytest.approx(1500)


def test_a_thing_in_the_way_narrows_it_and_on_the_way_closes_it() -> None:
    box = Thing("o", "obstacle", "", (4000, 200), 600, 400, 900)
    assert clear_width((0, 900), (9000, 900), replace(CORRIDOR, things=(box,))) == pytest.approx(1100)
    assert clear_width((5000, 900), (9000, 900), replace(CORRIDOR, things=(box,))) == pytest.approx(1500)
    assert clear_width((0, 300), (9000, 300), replace(CORRIDOR, things=(box,))) == 0
    assert clear_width((3900, 200), (4100, 200), replace(CORRIDOR, things=(box,))) == 0  # wholly inside
    across = Wall("c", (4000, 0), (4000, 1500))
    assert clear_width((0, 700), (9000, 700), replace(CORRIDOR, walls=(*CORRIDOR.walls, across))) == 0


def test_a_slanting_wall_counts_where_it_lies_beside_the_path() -> None:
    slanting = Drawing(20_000, 20_000, walls=(Wall("a", (0, -2000), (4000, 2000)), Wall("b", (0, 3000), (9000, 3000))))
    assert clear_width((2500, 2500), (3000, 2500), slanting) == pytest.approx(1500 + 500)
    other = replace(slanting, walls=(Wall("a", (0, 2000), (4000, -2000)), slanting.walls[1]))
    assert clear_width((2500, 2500), (3000, 2500), other) == pytest.approx(3000 + 500)
    assert clear_width((5000, 2500), (6000, 2500), slanting) == pytest.approx(500 + 20_000)  # past its end


def test_the_wall_of_a_door_does_not_narrow_the_path_through_it() -> None:
    wall, door = Wall("w", (-5000, 0), (5000, 0)), Door("d", (-500, 0), (500, 0), "inner", None)
    hall = Drawing(20_000, 20_000, walls=(wall,), doors=(door,))
    assert clear_width((0, -2000), (0, 2000), hall) == 40_000
    assert clear_width((2000, -2000), (2000, 2000), hall) == 0  # through the wall beside it
    assert clear_width((0, 0), (0, 0), hall) == 0


@pytest.mark.parametrize(
    ("key", "least", "label"),
    [
        ("path.0.clear_mm", 1200, "无障碍通道第 1 段净宽"),
        ("path.1.clear_mm", 1200, "无障碍通道第 2 段净宽"),
        ("turn.0.clear_mm", 1500, "第 1 处轮椅回转空间净宽"),
        ("d-in.clear_mm", 900, "门 d-in 的净宽"),
    ],
)
def test_measured_values_decide_at_their_bound_and_none_is_not_met(key: str, least: int, label: str) -> None:
    plan = with_door(demo_plan(), "d-in", None)
    plan = with_measured(plan, "d-in.clear_mm", 1000)
    assert _words(with_measured(plan, key, least)) == []
    assert _words(with_measured(plan, key, least - 1)) == [
        (f"{label}量得 {least - 1} 毫米，应不小于 {least} 毫米", "fault")
    ]
    assert _words(with_measured(plan, key, None)) == [(f"{label}没有量过", "unmeasured")]


def test_what_is_too_narrow_on_the_drawing_is_a_fault_until_it_is_measured() -> None:
    plan = demo_plan()
    shelf = Thing("o", "obstacle", "", (5200, 11_600), 400, 1000, 800)
    other = Thing("p", "obstacle", "", (5200, 10_300), 400, 1000, 800)
    narrow = replace(plan, things=(*plan.things, shelf, other))
    assert _words(with_measured(narrow, "path.1.clear_mm", None)) == [
        ("无障碍通道第 2 段净宽按图 300 毫米，应不小于 1200 毫米", "fault")
    ]
    assert _words(narrow) == []


def test_a_turning_place_on_the_drawing() -> None:
    plan = with_measured(demo_plan(), "turn.1.clear_mm", None)
    near = Thing("o", "obstacle", "", (6800, 10_000), 400, 400, 800)  # its edge 700 from the centre
    assert _words(replace(plan, things=(*plan.things, near))) == [
        ("第 2 处轮椅回转空间净宽按图 1400 毫米，应不小于 1500 毫米", "fault")
    ]
    inside = replace(near, at=(6800, 10_900))
    assert "净宽按图 0 毫米" in _words(replace(plan, things=(*plan.things, inside)))[-1][0]


def corner(width: int) -> Drawing:
    """Two corridors of a width that meet at a right angle, with the path along their middle."""
    x, half = 4000 + width // 2, width // 2
    walls = (
        Wall("a", (0, 0), (x, 0)), Wall("b", (0, width), (x - width, width)), Wall("c", (x, 0), (x, 6000)),
        Wall("d", (x - width, width), (x - width, 6000)),
    )  # fmt: skip
    return Drawing(20_000, 20_000, walls=walls, path=((0, half), (4000, half), (4000, 6000)))


CORNER = corner(1500)


def _bends(drawing: Drawing) -> list[tuple[str, str]]:
    return [one for one in _words(drawing) if "拐弯处" in one[0]]


def test_where_the_path_turns_a_wheelchair_needs_its_circle() -> None:
    assert bends(CORNER.path) == [1]
    assert bends(((0, 0), (1000, 0), (2000, 200), (2000, 200))) == [], "a line that was not drawn straight is no bend"
    assert bends(((0, 0), (1000, 0), (1000, 0), (1000, 900))) == [2], "two points in one place are one corner"
    assert turning_width((4000, 750), CORNER, 1500) == 1500
    assert _bends(CORNER) == [("无障碍通道第 1 个拐弯处没有标轮椅回转处，回转空间没有量过", "unmeasured")]
    assert _bends(replace(CORNER, turns=((4100, 800),))) == [], "the marked place is judged in its stead, measured"
    # Both stretches are wide enough, and nobody gets round: the widest circle has sqrt(2) / (1 + sqrt(2)) of the width
    # for its radius.
    tight = corner(1200)
    assert clear_width((0, 600), (4000, 600), tight) == pytest.approx(1200)
    width = turning_width((4000, 600), tight, 1500)
    assert 1406 - 2 * STEP_MM < width <= 1406
    assert _bends(tight) == [(f"无障碍通道第 1 个拐弯处回转空间按图 {int(width)} 毫米，应不小于 1500 毫米", "fault")]
    assert not _bends(replace(tight, turns=((4000, 600),)))


def test_the_circle_is_sought_where_one_can_go_from_the_bend() -> None:
    """The line may hug a wall: the free floor beside it counts. What lies behind a wall does not."""
    hugging = replace(CORNER, path=((0, 300), (4400, 300), (4400, 6000)))
    assert turning_width((4400, 300), hugging, 1500) == 1500
    pipe = Drawing(20_000, 20_000, walls=(
        Wall("a", (0, 0), (9000, 0)), Wall("b", (0, 900), (9000, 900)), Wall("c", (5000, 0), (5000, 900))
    ))  # fmt: skip
    assert turning_width((4000, 450), pipe, 1500) == pytest.approx(900)
    assert (
        turning_width(
            (4500, 250), replace(CORNER, things=(Thing("o", "obstacle", "", (4500, 250), 500, 500, 900),)), 1500
        )
        == 0
    )


def test_a_hall_without_a_path_or_turning_place_is_not_measured() -> None:
    plan = replace(demo_plan(), path=(), turns=())
    assert {one.severity for one in found_in(plan)} == {Severity.UNMEASURED}
    assert [one.clause for one in found_in(plan)] == ["YJ-20", "YJ-19"]


def test_the_path_begins_at_an_entrance_and_comes_to_a_low_terminal() -> None:
    plan = demo_plan()
    late = replace(plan, path=((3700, 11_400), (3700, 11_000), (6800, 11_000)))
    assert [one for one, _severity in _words(late)] == ["无障碍通道不是从入口开始"]
    short = replace(plan, path=((3700, 12_500), (3700, 11_000), (5000, 11_000)))
    assert [one for one, _severity in _words(short)] == ["无障碍通道没有通到低位终端"]
    facts = replace(FACTS, terminals=tuple(replace(one, low=False) for one in FACTS.terminals))
    assert [one.words for one in judge_access(plan, facts, VALUES)] == ["平面图上没有低位终端，应至少 1 台"]


def test_doors_inside_count_when_the_path_passes_them() -> None:
    plan = demo_plan()
    wall, door = Wall("w", (5000, 8000), (5000, 12_500)), Door("d-mid", (5000, 10_500), (5000, 11_500), "inner")
    inside = replace(plan, walls=(*plan.walls, wall), doors=(*plan.doors, door))
    assert ("门 d-mid 的净宽没有量过", "unmeasured") in _words(inside)
    aside = replace(inside, path=((3700, 12_500), (3700, 11_000)))
    assert not any("d-mid" in words for words, _severity in _words(aside))
