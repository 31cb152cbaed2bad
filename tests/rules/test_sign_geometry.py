"""Plane geometry of a plan: the same answer from either end, turned and shifted."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from budayang.rules.signs.geometry import (
    Box,
    Spot,
    angle_to_face,
    crossing,
    direction,
    distance,
    left_out,
    point_to_segment,
    right_of_reader,
    segment_to_segment,
    through_box,
)

PLACE = st.tuples(st.integers(-9000, 9000), st.integers(-9000, 9000))
ANGLE = st.integers(0, 359)
CLOSE = 1e-3


def _moved(spot: Spot, degrees: float, by: Spot) -> Spot:
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return spot[0] * c - spot[1] * s + by[0], spot[0] * s + spot[1] * c + by[1]


@given(PLACE, PLACE, PLACE, PLACE)
def test_segments_are_as_far_apart_from_either_end_and_side(a: Spot, b: Spot, c: Spot, d: Spot) -> None:
    first = segment_to_segment(a, b, c, d)
    for other in (segment_to_segment(b, a, c, d), segment_to_segment(c, d, a, b), segment_to_segment(a, b, d, c)):
        assert other == pytest.approx(first, abs=CLOSE)


@given(PLACE, PLACE, PLACE, PLACE, ANGLE, PLACE)
def test_distance_stays_when_all_is_turned_and_shifted(
    a: Spot, b: Spot, c: Spot, d: Spot, degrees: int, by: Spot
) -> None:
    turned = [_moved(one, degrees, by) for one in (a, b, c, d)]
    assert segment_to_segment(*turned) == pytest.approx(segment_to_segment(a, b, c, d), abs=0.5)
    assert point_to_segment(*turned[:3]) == pytest.approx(point_to_segment(a, b, c), abs=CLOSE)


@given(PLACE, PLACE, PLACE, PLACE)
def test_where_two_cross_both_say_the_same_place(a: Spot, b: Spot, c: Spot, d: Spot) -> None:
    at, other = crossing(a, b, c, d), crossing(c, d, a, b)
    assert (at is None) == (other is None)
    if at is not None and other is not None:
        one = (a[0] + at * (b[0] - a[0]), a[1] + at * (b[1] - a[1]))
        two = (c[0] + other * (d[0] - c[0]), c[1] + other * (d[1] - c[1]))
        assert distance(one, two) < CLOSE * max(1.0, distance(a, b), distance(c, d))


@pytest.mark.parametrize(
    ("c", "d", "at"),
    [
        ((500, -10), (500, 10), 0.5),
        ((1000, 0), (1000, 50), 1.0),  # touching counts
        ((0, -5), (0, 5), 0.0),
        ((1001, -10), (1001, 10), None),
        ((0, 10), (1000, 10), None),  # parallel
        ((200, 0), (800, 0), None),  # on the same line
        ((500, 1), (500, 10), None),
    ],
)
def test_crossings_of_a_line(c: Spot, d: Spot, at: float | None) -> None:
    assert crossing((0, 0), (1000, 0), c, d) == at


@given(PLACE, ANGLE, PLACE, ANGLE, PLACE)
def test_the_angle_to_a_face_stays_when_all_is_turned(
    at: Spot, facing: int, seen: Spot, degrees: int, by: Spot
) -> None:
    assume(distance(at, seen) > 10)
    before = angle_to_face(at, facing, seen)
    # near 90 degrees the arc of the sine is steep: a thousandth of a degree is what it can tell
    assert angle_to_face(_moved(at, degrees, by), facing + degrees, _moved(seen, degrees, by)) == pytest.approx(
        before, abs=0.01
    )
    assert -90 <= before <= 90


@pytest.mark.parametrize(("facing", "angle"), [(90, 90), (60, 60), (0, 0), (180, 0), (270, -90), (240, -60)])
def test_angles_of_a_face(facing: int, angle: float) -> None:
    assert angle_to_face((0, 0), facing, (0, 5000)) == pytest.approx(angle)


@pytest.mark.parametrize(
    ("facing", "right"), [(90, (1, 0)), (0, (0, -1)), (270, (-1, 0)), (180, (0, 1)), (45, (0.7071, -0.7071))]
)
def test_what_is_right_for_the_reader(facing: int, right: Spot) -> None:
    assert right_of_reader(facing) == pytest.approx(right, abs=1e-4)


@given(ANGLE)
def test_directions_are_of_length_one_and_at_right_angles(degrees: int) -> None:
    (x, y), (u, v) = direction(degrees), right_of_reader(degrees)
    assert math.hypot(x, y) == pytest.approx(1)
    assert x * u + y * v == pytest.approx(0, abs=1e-12)


@given(PLACE, PLACE, PLACE, st.integers(100, 3000), st.integers(100, 3000), ANGLE)
def test_a_line_runs_through_a_box_from_either_end_alike(
    a: Spot, b: Spot, at: Spot, width: int, depth: int, facing: int
) -> None:
    assume(distance(a, b) > 10)
    box = Box(at, width, depth, facing)
    there, back = through_box(a, b, box), through_box(b, a, box)
    assert (there is None) == (back is None)
    if there is not None and back is not None:
        assert there[0] == pytest.approx(1 - back[1], abs=1e-6)
        middle = sum(there) / 2
        assert box.inside((a[0] + middle * (b[0] - a[0]), a[1] + middle * (b[1] - a[1])), -1)
    elif distance(a, at) > 10_000:
        assert not box.inside(a) or not box.inside(b)


def test_a_box_along_its_side_is_only_touched() -> None:
    box = Box((0, 0), 400, 200, 90)
    assert through_box((-1000, 100), (1000, 100), box) is None
    assert through_box((-1000, 99), (1000, 99), box) == pytest.approx((0.4, 0.6))
    assert through_box((0, 0), (10, 0), box) == (0.0, 1.0)
    assert sorted(box.corners()) == [(-200, -100), (-200, 100), (200, -100), (200, 100)]
    assert len(box.sides()) == 4


def test_doors_are_left_out_of_their_wall() -> None:
    wall = ((0, 0), (10_000, 0))
    assert left_out(*wall, [((2000, 0), (3000, 0)), ((9000, 40), (11_000, 40))], 150) == [
        ((0, 0), (2000, 0)),
        ((3000, 0), (9000, 0)),
    ]
    assert left_out(*wall, [((3000, 0), (2000, 0))], 150) == left_out(*wall, [((2000, 0), (3000, 0))], 150)
    assert left_out(*wall, [((2000, 500), (3000, 500))], 150) == [wall]  # a door of another wall
    assert left_out(*wall, [((2000, 0), (2000, 900))], 150) == [wall]  # across it
    assert left_out(*wall, [((-5, 0), (10_005, 0))], 150) == []
    assert left_out((5, 5), (5, 5), [], 150) == []


def test_a_point_is_as_far_from_a_point_as_from_a_segment_without_length() -> None:
    assert point_to_segment((3, 4), (0, 0), (0, 0)) == 5
    assert angle_to_face((0, 0), 12, (0, 0)) == 90
