"""The right sign at the right place: an area without faults, twelve planted ones, and each rule at its bound."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.rules.signs_area import DAY, FACTS, KINDS, PLANTED, VALUES, found_in, planted, told, with_sign

from budayang.data.demo_plan import demo_drawing, demo_facts, demo_plan
from budayang.rules.signs.drawing import Door, Drawing, PlacedSign, Point, Thing, Wall, read
from budayang.rules.signs.facts import AreaFacts, TerminalFact
from budayang.rules.signs.findings import FAULT_NAMES, SEVERITY_NAMES, Fault, Severity
from budayang.rules.signs.kinds import FACT_NAMES, Mounting
from budayang.rules.signs.requiring import list_requirements, list_spots


def test_the_demonstrations_area_is_as_large_as_it_says_and_has_no_fault() -> None:
    plan = demo_plan()
    assert plan.width_mm * plan.depth_mm == 200_000_000
    assert sum(one.kind == "terminal" for one in plan.things) == 20
    assert len(plan.signs) == 60
    assert found_in(plan) == []


def test_it_can_be_had_with_fewer_terminals_of_other_codes() -> None:
    codes = ["KBS-01", "KBS-02", "KBS-03"]
    plan = read(demo_drawing(codes))
    assert [one.code for one in plan.things if one.kind == "terminal"] == codes
    assert found_in(plan, demo_facts(DAY, codes)) == []
    with pytest.raises(ValueError, match="20"):
        demo_drawing([str(number) for number in range(21)])


@pytest.mark.parametrize("name", PLANTED)
def test_each_planted_fault_is_found_and_nothing_else(name: str) -> None:
    assert told(planted(name)) == {PLANTED[name][1]}


def test_all_twelve_are_found_together_and_nothing_else() -> None:
    assert len(PLANTED) == 12
    assert sorted(told(planted(*PLANTED))) == sorted(expected for _plant, expected in PLANTED.values())


@settings(max_examples=25, deadline=None)
@given(st.sets(st.sampled_from(sorted(PLANTED))))
def test_any_of_them_together_are_found_and_nothing_else(names: set[str]) -> None:
    assert told(planted(*sorted(names))) == {PLANTED[name][1] for name in names}


def _turned(point: Point) -> Point:
    return -point[1], point[0]


def _moved(plan: Drawing, quarter_turns: int, by: Point) -> Drawing:
    """The whole plan turned by right angles and shifted: what is true of it stays true."""

    def place(point: Point) -> Point:
        for _turn in range(quarter_turns):
            point = _turned(point)
        return point[0] + by[0], point[1] + by[1]

    def facing(degrees: int) -> int:
        return (degrees + 90 * quarter_turns) % 360

    return replace(
        plan,
        walls=tuple(replace(one, start=place(one.start), end=place(one.end)) for one in plan.walls),
        doors=tuple(replace(one, start=place(one.end), end=place(one.start)) for one in plan.doors),
        things=tuple(replace(one, at=place(one.at), facing=facing(one.facing)) for one in plan.things),
        signs=tuple(
            replace(
                one,
                at=place(one.at),
                facing=facing(one.facing),
                seen_from=None if one.seen_from is None else place(one.seen_from),
            )
            for one in plan.signs
        ),
        path=tuple(place(one) for one in plan.path),
        turns=tuple(place(one) for one in plan.turns),
        measured={},
    )


@settings(max_examples=15, deadline=None)
@given(
    st.sets(st.sampled_from(sorted(PLANTED))),
    st.integers(0, 3),
    st.tuples(st.integers(-50_000, 50_000), st.integers(-50_000, 50_000)),
)
def test_a_turn_or_a_shift_of_the_whole_plan_changes_no_finding(names: set[str], turns: int, by: Point) -> None:
    plan = replace(planted(*sorted(names)), measured={})
    assert [one.words for one in found_in(_moved(plan, turns, by))] == [one.words for one in found_in(plan)]


SIGN = PlacedSign("s", "no_smoking", (0, 0), 90, 1900, 175, 175, Mounting.WALL, (0, 6000), edition="2025")


def _alone(sign: PlacedSign = SIGN, **rest: object) -> list[tuple[Fault, str]]:
    """Findings about one sign in an empty hall; what the hall lacks is left out."""
    drawing = replace(Drawing(20_000, 20_000), signs=(sign,), **rest)  # type: ignore[arg-type]  # fields by name
    return [(one.fault, one.severity) for one in found_in(drawing, AreaFacts(DAY)) if one.element == sign.id]


def test_one_good_sign_in_an_empty_hall() -> None:
    assert _alone() == []


@pytest.mark.parametrize(
    ("distance", "size", "small"),
    [
        (2500, 70, False),
        (2500, 69, True),
        (2501, 70, True),
        (4000, 110, False),
        (6300, 175, False),
        (6301, 175, True),
        (10_000, 280, False),
        (16_000, 450, False),
        (16_000, 449, True),
        (16_001, 2000, True),
    ],
)
def test_sizes_follow_the_distance_and_their_bounds_belong_to_the_smaller(
    distance: int, size: int, small: bool
) -> None:
    sign = replace(SIGN, seen_from=(0, distance), width_mm=size, height_mm=size)
    assert _alone(sign) == ([(Fault.SMALL, Severity.FAULT)] if small else [])


@pytest.mark.parametrize(
    ("kind", "needed"), [("warn_slip", 220), ("no_smoking", 175), ("first_aid", 160), ("exit", 160)]
)
def test_each_shape_has_a_size_of_its_own(kind: str, needed: int) -> None:
    right = replace(SIGN, kind=kind, width_mm=needed, height_mm=needed + 40)
    assert _alone(right) == []
    assert _alone(replace(right, width_mm=needed - 1)) == [(Fault.SMALL, Severity.FAULT)]


@pytest.mark.parametrize(
    ("facing", "right"), [(90, True), (75, True), (105, True), (74, False), (106, False), (270, False), (0, False)]
)
def test_the_angle_to_the_reader_is_at_least_75_degrees(facing: int, right: bool) -> None:
    assert _alone(replace(SIGN, facing=facing)) == ([] if right else [(Fault.ANGLE, Severity.FAULT)])


def test_a_sign_that_looks_away_is_told_so() -> None:
    words = [one.words for one in found_in(with_sign(demo_plan(), "s-complaint", facing=90))]
    assert words == ["“监督投诉电话”背对观察点"]


@pytest.mark.parametrize("clear", [True, False])
def test_a_wall_hides_and_glass_does_not(clear: bool) -> None:
    wall = Wall("w", (-1000, 3000), (1000, 3000), clear)
    assert _alone(walls=(wall,)) == ([] if clear else [(Fault.HIDDEN, Severity.FAULT)])


def test_a_wall_beside_the_line_or_behind_the_sign_hides_nothing() -> None:
    assert _alone(walls=(Wall("w", (200, 3000), (1000, 3000)), Wall("v", (-1000, 0), (1000, 0)))) == []
    assert _alone(walls=(Wall("w", (70, 3000), (1000, 3000)),)) == []
    edge = Wall("w", (40, 1000), (1000, 1000))  # hides the right edge only
    assert _alone(walls=(edge,)) == [(Fault.HIDDEN, Severity.FAULT)]


def test_a_sign_is_seen_through_a_door() -> None:
    wall, door = Wall("w", (-4000, 3000), (4000, 3000)), Door("d", (-500, 3000), (500, 3000), "inner", 900)
    assert _alone(walls=(wall,), doors=(door,)) == []
    beside = replace(door, start=(1500, 3000), end=(2500, 3000))
    assert _alone(walls=(wall,), doors=(beside,)) == [(Fault.HIDDEN, Severity.FAULT)]


@pytest.mark.parametrize(("height", "hides"), [(1690, False), (1691, True)])
def test_a_thing_hides_what_its_top_reaches(height: int, hides: bool) -> None:
    """The line rises from 1500 at the eye to 1900 at the face, 6 m away; it enters the thing at 2.85 m, 1690 high."""
    thing = Thing("o", "obstacle", "", (0, 3050), 400, 200, height)
    assert bool(_alone(things=(thing,))) is hides


def test_a_thing_lower_than_the_eye_hides_a_plate_behind_it_and_one_beside_the_line_by_its_edge() -> None:
    plate = replace(SIGN, kind="complaint", bottom_mm=1250, height_mm=210)
    desk = Thing("o", "obstacle", "", (0, 400), 400, 200, 1400)
    assert _alone(plate, things=(desk,)) == [(Fault.HIDDEN, Severity.FAULT)]
    assert _alone(plate, things=(replace(desk, at=(0, 5000)),)) == []  # near the eye the line is still above it
    long = Thing("o", "obstacle", "", (2000, 3000), 4100, 200, 2500)
    assert _alone(things=(long,)) == [(Fault.HIDDEN, Severity.FAULT)]
    assert _alone(things=(replace(long, at=(2200, 3000)),)) == []


def test_the_machine_that_carries_a_sign_does_not_hide_it() -> None:
    machine = Thing("t", "terminal", "A", (0, -300), 800, 600, 2500)
    on_it = replace(SIGN, kind="low_desk", mounting=Mounting.MACHINE, about="t", at=(0, -300))
    assert _alone(on_it, things=(machine,)) == []
    elsewhere = replace(machine, id="u", at=(0, 3000))
    assert _alone(on_it, things=(machine, elsewhere)) == [(Fault.HIDDEN, Severity.FAULT)]


@pytest.mark.parametrize("mounting", [Mounting.HUNG, Mounting.POST])
@pytest.mark.parametrize(("bottom", "low"), [(2000, False), (1999, True)])
def test_what_hangs_or_stands_has_its_edge_two_metres_up(mounting: Mounting, bottom: int, low: bool) -> None:
    sign = replace(SIGN, mounting=mounting, bottom_mm=bottom)
    assert _alone(sign) == ([(Fault.LOW, Severity.FAULT)] if low else [])


def test_a_measured_height_wins_over_the_drawn_one() -> None:
    sign = replace(SIGN, mounting=Mounting.HUNG, bottom_mm=2200)
    assert _alone(sign, measured={"s.bottom_mm": 1950}) == [(Fault.LOW, Severity.FAULT)]
    assert _alone(replace(sign, bottom_mm=1000), measured={"s.bottom_mm": 2050}) == []


def test_the_middle_of_a_plate_is_advice() -> None:
    plate = replace(SIGN, kind="complaint", bottom_mm=1300, height_mm=210)
    assert _alone(plate) == []
    assert _alone(replace(plate, bottom_mm=1700)) == [(Fault.HEIGHT, Severity.ADVICE)]
    assert _alone(replace(plate, bottom_mm=1000)) == [(Fault.HEIGHT, Severity.ADVICE)]


def test_a_wall_sign_on_the_line_of_a_door_hangs_on_its_leaf() -> None:
    door = Door("d", (-500, 0), (500, 0), "inner", 900)
    assert _alone(doors=(door,)) == [(Fault.MOVING, Severity.FAULT)]
    above = replace(SIGN, bottom_mm=2100)
    assert _alone(above, doors=(door,)) == []
    assert _alone(replace(SIGN, kind="glass_strip", bottom_mm=1200, mounting=Mounting.MOVING)) == []


def test_another_way_of_fixing_is_advice() -> None:
    assert _alone(replace(SIGN, mounting=Mounting.FLOOR, bottom_mm=0)) == [(Fault.MOUNTING, Severity.ADVICE)]


def test_without_a_viewing_point_nothing_is_said_to_be_right() -> None:
    assert _alone(replace(SIGN, seen_from=None)) == [(Fault.NO_VIEW, Severity.UNMEASURED)]
    assert _alone(replace(SIGN, kind="steps", mounting=Mounting.MACHINE, bottom_mm=1200, seen_from=None)) == []


ORDERED = ("warn_slip", "no_smoking", "hold_handrail", "first_aid")


@given(st.permutations(ORDERED), st.sampled_from([0, 90, 180, 270]), st.booleans())
@settings(max_examples=40, deadline=None)
def test_a_board_is_in_order_when_its_kinds_are(order: list[str], facing: int, beside: bool) -> None:
    """From left to right as its reader sees it, wherever it looks; above each other, from top to bottom."""
    right = {0: (0, -1), 90: (1, 0), 180: (0, 1), 270: (-1, 0)}[facing]
    signs = tuple(
        PlacedSign(
            f"s{n}", kind, (right[0] * 300 * n * beside, right[1] * 300 * n * beside), facing, 1900 - 300 * n, 220, 220,
            Mounting.WALL, group="g", edition="2025",
        )
        for n, kind in enumerate(order)
    )  # fmt: skip
    found = [one for one in found_in(Drawing(9000, 9000, signs=signs), AreaFacts(DAY)) if one.fault is Fault.ORDER]
    in_order = all(ORDERED.index(a) < ORDERED.index(b) for a, b in pairwise(order))
    assert len(found) == (0 if in_order else 1)


def test_signs_at_one_point_follow_their_place() -> None:
    signs = tuple(replace(SIGN, id=kind, kind=kind, group="g", place=-n) for n, kind in enumerate(ORDERED))
    faults = [one for one in found_in(Drawing(9000, 9000, signs=signs), AreaFacts(DAY)) if one.fault is Fault.ORDER]
    assert [one.words for one in faults] == ["“请扶扶手”应排在“急救箱”之前"]


@pytest.mark.parametrize(
    ("chosen", "on", "made", "old"),
    [
        (0, date(2026, 2, 28), "2008", False),
        (0, date(2026, 3, 1), "2008", True),
        (0, date(2026, 3, 1), "2025", False),
        (0, date(2026, 2, 28), "2025", True),
        (2025, date(2025, 1, 1), "2025", False),
        (2008, date(2026, 11, 26), "2008", False),
    ],
)
def test_the_edition_changes_with_the_day_or_as_the_parameter_says(
    chosen: float, on: date, made: str, old: bool
) -> None:
    drawing = Drawing(9000, 9000, signs=(replace(SIGN, edition=made),))
    found = [one for one in found_in(drawing, AreaFacts(on), sign_edition=chosen) if one.fault is Fault.EDITION]
    assert [one.element for one in found] == (["s"] if old else [])


def test_signs_of_no_told_edition_are_counted_in_one_finding() -> None:
    plan = with_sign(with_sign(demo_plan(), "s-slip", edition=""), "s-call", edition="")
    (found,) = found_in(plan)
    assert (found.severity, found.value, found.words) == (
        Severity.UNMEASURED,
        2,
        "2 块安全标志没有写明按 GB 2894 哪一版制作",
    )


def test_terminals_that_came_or_went_are_told() -> None:
    came = replace(FACTS, terminals=(*FACTS.terminals, TerminalFact("TY-21")))
    assert [one.words for one in found_in(demo_plan(), came)] == ["终端 TY-21 没有画在平面图上，它的标志没有判断"]
    went = replace(FACTS, terminals=FACTS.terminals[:-1])
    assert [one.words for one in found_in(demo_plan(), went)] == ["平面图上的终端 TY-20 已不在这个自助区"]


def test_a_terminal_taken_off_the_plan_leaves_its_signs_behind() -> None:
    plan = demo_plan()
    plan = replace(plan, things=tuple(one for one in plan.things if one.id != "t-20"))
    assert told(plan, replace(FACTS, terminals=FACTS.terminals[:-1])) == {
        ("gone", "BS-02", "s-20-steps", "fault"),
        ("gone", "BS-04", "s-20-board", "fault"),
    }


def test_one_board_answers_for_card_telephone_and_code() -> None:
    plan = demo_plan()
    without = replace(plan, signs=tuple(one for one in plan.signs if one.id != "s-05-board"))
    assert {(one.kind, one.element) for one in found_in(without)} == {
        ("terminal_card", "t-05"),
        ("keeper_phone", "t-05"),
        ("rating_code", "t-05"),
    }
    assert found_in(without)[0].words == "终端 TY-05缺“设备管理卡”"


def test_a_sign_that_belongs_to_nothing_serves_the_nearest_place_within_two_metres() -> None:
    door_a, door_b = Door("a", (0, 0), (1000, 0), "exit"), Door("b", (5000, 0), (6000, 0), "exit")
    sign = replace(SIGN, kind="exit", about="", at=(1800, 0))
    drawing = Drawing(9000, 9000, doors=(door_a, door_b), signs=(sign,))

    def served(at: Point) -> dict[str, tuple[str, ...]]:
        moved = replace(drawing, signs=(replace(sign, at=at),))
        return {x.about: x.signs for x in list_requirements(moved, AreaFacts(DAY), KINDS) if x.kind == "exit"}

    assert served((1800, 0)) == {"a": ("s",), "b": ()}
    assert served((4000, 0)) == {"a": (), "b": ("s",)}
    assert served((500, 2001)) == {"a": (), "b": ()}


@pytest.mark.parametrize("fact", FACT_NAMES)
def test_every_fact_asks_for_a_sign(fact: str) -> None:
    empty = Drawing(9000, 9000)
    before, after = found_in(empty, AreaFacts(DAY)), found_in(empty, AreaFacts(DAY, present=frozenset({fact})))
    added = [one for one in after if one not in before]
    assert added
    assert {one.fault for one in added} == {Fault.MISSING}


def test_a_facility_that_is_not_drawn_asks_for_one_sign_and_each_drawn_one_for_its_own() -> None:
    water = AreaFacts(DAY, facilities=frozenset({"water"}))
    drawn = tuple(Thing(f"f{n}", "facility", "water", (n * 1000, 0), 300, 300, 900) for n in range(2))
    assert list_spots("facility:water", Drawing(9000, 9000), water) == ("",)
    assert list_spots("facility:water", Drawing(9000, 9000, things=drawn), water) == ("f0", "f1")
    assert list_spots("facility:water", Drawing(9000, 9000), AreaFacts(DAY)) == ()
    with pytest.raises(ValueError, match="moon"):
        list_spots("each_moon", Drawing(9000, 9000), water)


def test_what_is_known_of_a_machine_wins_over_what_is_drawn() -> None:
    thing = Thing("t", "terminal", "A", (0, 0), 800, 600, 1400, low=True)
    assert AreaFacts(DAY).is_low(thing)
    assert AreaFacts(DAY, terminals=(TerminalFact("A"),)).is_low(thing)
    assert not AreaFacts(DAY, terminals=(TerminalFact("A", False),)).is_low(thing)
    assert AreaFacts(DAY, terminals=(TerminalFact("A", True),)).is_low(replace(thing, low=False))
    assert not AreaFacts(DAY).is_low(replace(thing, kind="obstacle"))


def test_every_number_is_needed_and_every_word_has_a_name() -> None:
    assert set(FAULT_NAMES) == set(Fault)
    assert set(SEVERITY_NAMES) == set(Severity)
    numbers = {**VALUES, "sign_bottom_mm": 2300.0}
    assert [one.element for one in found_in(demo_plan(), **numbers)] == ["s-exit"]
