"""The way out on the plan: round walls and things, to an exit that can be walked to, as short as it can be."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from heapq import heappop, heappush
from itertools import pairwise
from math import cos, inf, pi, sin

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from budayang.data.demo_plan import demo_plan
from budayang.rules.signs.access import front_of
from budayang.rules.signs.drawing import Door, Drawing, Point, Thing, Wall
from budayang.rules.signs.geometry import Spot, crossing, distance, segment_to_segment, through_box
from budayang.rules.signs.plan_picture import plan_svg
from budayang.rules.signs.seeing import box_of, wall_parts
from budayang.rules.signs.ways_out import STEP_MM, NoWayOut, length_of, ways_out

WIDTH = 900
TERMINAL = Thing("t", "terminal", "KBS-09", (2000, 300), 800, 600, 1600)


def hall(*walls: Wall, doors: Sequence[Door] = (), things: Sequence[Thing] = ()) -> Drawing:
    """A room of 10 m by 8 m with a terminal at its upper left, and an exit below it."""
    around = (
        Wall("n", (0, 0), (10_000, 0)), Wall("e", (10_000, 0), (10_000, 8000)),
        Wall("s", (10_000, 8000), (0, 8000)), Wall("w", (0, 8000), (0, 0)),
    )  # fmt: skip
    given = tuple(doors) or (door("exit"),)
    return Drawing(10_000, 8000, walls=(*around, *walls), doors=given, things=(TERMINAL, *things))


def door(kind: str, x: int = 2000, wide: int = 1200) -> Door:
    """A door in the lower wall about x."""
    return Door(f"d{x}", (x - wide // 2, 8000), (x + wide // 2, 8000), kind)


def way(drawing: Drawing) -> tuple[Spot, ...]:
    """The way of the one terminal, after looking that it goes through nothing."""
    found = ways_out(drawing, WIDTH)["t"]
    assert found[0] == front_of(TERMINAL)
    for start, end in pairwise(found):
        assert all(crossing(start, end, *part) is None for part in wall_parts(drawing, clear=True))
        assert all(through_box(start, end, box_of(thing)) is None for thing in drawing.things)
    return found


def test_it_goes_round_a_wall_and_round_what_stands_there() -> None:
    assert length_of(way(hall())) == pytest.approx(7400), "straight where nothing is in the way"
    across = Wall("a", (0, 4000), (6000, 4000))
    round_wall = length_of(way(hall(across)))
    room = WIDTH / 2  # before the machine, where its user stands, and past the end of the wall
    corner = (6000 + room, 4000)
    reference = room + distance((2000, 600 + room), corner) + distance(corner, (2000, 8000))
    assert 0.97 * reference < round_wall < 1.03 * reference
    glass = replace(across, clear=True)
    assert length_of(way(hall(glass))) == pytest.approx(round_wall), "nobody walks through glass"
    desk = Thing("o", "obstacle", "", (2000, 4000), 3000, 1000, 900)
    assert length_of(way(hall(things=[desk]))) > 7400
    through = hall(across, doors=(door("exit"), Door("i", (3000, 4000), (4200, 4000), "inner")))
    assert length_of(way(through)) < round_wall, "a door inside is walked through, never an end"


def test_the_exit_is_the_one_that_is_nearest_on_foot() -> None:
    pen = (Wall("a", (0, 7000), (4000, 7000)), Wall("b", (4000, 7000), (4000, 8000)))
    shut_in = hall(*pen, doors=(door("exit"), door("emergency", 8000)))
    assert way(shut_in)[-1] == (8000, 8000), "the nearer one lies behind walls"
    assert way(hall(doors=(door("exit"), door("emergency", 8000))))[-1] == (2000, 8000)


def test_a_door_inside_is_no_way_out_and_an_entrance_only_of_a_hall_without_exit() -> None:
    store = door("inner")
    assert way(hall(doors=(store, door("exit", 8000))))[-1] == (8000, 8000)
    assert way(hall(doors=(store, door("entrance", 8000))))[-1] == (8000, 8000)
    assert way(hall(doors=(door("entrance"), door("exit", 8000))))[-1] == (8000, 8000)
    with pytest.raises(NoWayOut, match="平面图上没有出口"):
        ways_out(hall(doors=(store,)), WIDTH)
    assert ways_out(replace(hall(doors=(store,)), things=()), WIDTH) == {}, "without a terminal nobody asks"


@pytest.mark.parametrize(
    "shut",
    [
        hall(Wall("a", (0, 4000), (10_000, 4000))),
        hall(doors=(door("exit", wide=700),)),
        hall(Wall("a", (0, 700), (4000, 700))),
        hall(Wall("a", (0, 4000), (9250, 4000))),
        hall(things=[Thing("o", "obstacle", "", (2000, 7500), 1200, 600, 900)]),
    ],
    ids=["wall", "narrow door", "wall before the machine", "narrow passage", "door blocked"],
)
def test_without_a_way_the_plan_is_refused_by_the_terminal(shut: Drawing) -> None:
    with pytest.raises(NoWayOut, match="KBS-09 的正面没有宽 900 毫米的路"):
        plan_svg(shut, {}, way_out_mm=WIDTH)
    assert "polyline" not in plan_svg(shut, {}), "a plain plan shows no way and is drawn"


@pytest.mark.parametrize("shift", range(0, 100, 13))
def test_a_passage_of_the_width_is_found_wherever_it_lies(shift: int) -> None:
    gap = 5000 + shift
    walls = (Wall("a", (0, 4000), (gap, 4000)), Wall("b", (gap + WIDTH, 4000), (10_000, 4000)))
    assert way(hall(*walls))
    slanted = (Wall("a", (0, 3000), (gap, 4000)), Wall("b", (gap + WIDTH, 4000 + shift), (10_000, 3000)))
    assert way(hall(*slanted))


def test_the_picture_shows_the_ways_of_the_demonstration() -> None:
    plan = demo_plan()
    drawn = re.findall(r'<polyline points="([^"]+)"', plan_svg(plan, {}, way_out_mm=WIDTH))
    assert len(drawn) == sum(one.kind == "terminal" for one in plan.things) == 20
    ends = {line.split()[-1] for line in drawn}
    assert ends == {"12300,12500", "16000,9600"}


SPOTS = st.tuples(st.integers(0, 100), st.integers(12, 70)).map(lambda one: (one[0] * 100, one[1] * 100))


@settings(deadline=None, max_examples=20)
@given(st.lists(st.tuples(SPOTS, SPOTS).filter(lambda one: one[0] != one[1]), min_size=1, max_size=2))
def test_among_random_walls_it_crosses_none_and_is_as_short_as_a_search_over_corners(
    lines: list[tuple[Point, Point]],
) -> None:
    drawing = hall(*(Wall(f"x{number}", *line) for number, line in enumerate(lines)))
    stands, end = (2000.0, 600.0 + WIDTH / 2), (2000.0, 8000.0)
    parts = list(wall_parts(drawing, clear=True))
    wide, least = by_corners(stands, end, parts, WIDTH / 2), by_corners(stands, end, parts, 10)
    try:
        found = length_of(way(drawing)) - WIDTH / 2
    except NoWayOut:
        assert wide == inf, "a way with room to spare is there"
        return
    assume(wide < inf)
    assert 0.99 * least <= found <= 1.03 * wide + STEP_MM


def by_corners(start: Spot, end: Spot, parts: Sequence[tuple[Spot, Spot]], room: float) -> float:
    """The shortest way over points around the ends of the walls that keeps `room` from all of them; inf: none."""
    around = [
        (x + 1.09 * room * cos(turn * pi / 4), y + 1.09 * room * sin(turn * pi / 4))
        for x, y in {spot for part in parts for spot in part}
        for turn in range(8)
    ]

    def keeps(one: Spot, other: Spot) -> bool:
        return all(segment_to_segment(one, other, *part) >= room - 1 for part in parts)

    waiting, done = [(0.0, start)], set()
    left = [spot for spot in (*around, end) if 0 <= spot[0] <= 10_000 and 0 <= spot[1] <= 8000 and keeps(spot, spot)]
    while waiting:
        far, at = heappop(waiting)
        if at == end:
            return far
        if at not in done:
            done.add(at)
            for spot in left:
                if spot not in done and keeps(at, spot):
                    heappush(waiting, (far + distance(at, spot), spot))
    return inf
