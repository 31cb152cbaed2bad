"""The catalogue of sign kinds that ships, and the geometry and colours of its symbols."""

from __future__ import annotations

import math
from collections import Counter
from importlib.resources import files
from xml.etree import ElementTree

import pytest
from tests.rules.signs_area import DAY

from budayang.center.areas.models import Facility
from budayang.data.sign_kinds import SYMBOL_MARK, sign_kinds, symbol
from budayang.rules.signs import kinds
from budayang.rules.signs.drawing import Drawing
from budayang.rules.signs.facts import AreaFacts
from budayang.rules.signs.kinds import COLOURS, SHAPE_OF, Category, Edition, Mounting, Shape, SignKind, size_needed
from budayang.rules.signs.requiring import list_spots

KINDS = sign_kinds()
DRAWN = [kind for kind in KINDS.values() if kind.symbol]
SVG = "{http://www.w3.org/2000/svg}"
ELEMENTS = {"svg", "title", "desc", "g", "rect", "circle", "polygon", "path", "line"}
ATTRIBUTES = {
    "viewBox", "x", "y", "width", "height", "rx", "cx", "cy", "r", "x1", "y1", "x2", "y2", "points", "d", "transform",
    "fill", "stroke", "stroke-width", "stroke-linecap", "stroke-linejoin",
}  # fmt: skip


def _picture(kind: SignKind) -> ElementTree.Element:
    return ElementTree.fromstring(symbol(kind.symbol))


def _figures(kind: SignKind) -> list[ElementTree.Element]:
    return [one for one in _picture(kind) if one.tag not in (f"{SVG}title", f"{SVG}desc")]


def _numbers(one: ElementTree.Element, *names: str) -> list[float]:
    return [float(one.attrib[name]) for name in names]


def _corners(one: ElementTree.Element) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in (pair.split(",") for pair in one.attrib["points"].split())]


def test_every_category_has_its_kinds_and_each_has_the_shape_of_its_category() -> None:
    assert len(KINDS) >= 45
    assert set(Counter(kind.category for kind in KINDS.values())) == set(Category)
    for kind in KINDS.values():
        assert kind.shape in SHAPE_OF[kind.category], kind.code
        assert kind.message, kind.code
        assert kind.english, kind.code
        assert kind.mountings, kind.code
        assert min(kind.width_mm, kind.height_mm) > 0, kind.code
        assert kind.basis, kind.code
        assert kind.clause.startswith(("BS-", "JB-")), kind.code
        assert kind.grade, kind.code
        assert set(kind.serves) <= set(KINDS), kind.code
        assert kind.sized == (kind.shape is not Shape.PLATE), kind.code
        assert (Mounting.MOVING in kind.mountings) == (kind.code in {"glass_strip", "fire_door_closed"}), kind.code
        if kind.middle_mm:
            assert kind.middle_mm[0] < kind.middle_mm[1], kind.code
    assert len({kind.message for kind in KINDS.values()}) == len(KINDS)


def test_every_rule_of_where_is_known_and_names_a_facility_or_fact_that_exists() -> None:
    for kind in KINDS.values():
        list_spots(kind.where, Drawing(1, 1), AreaFacts(DAY))
        rule, _colon, name = kind.where.partition(":")
        if rule == "facility":
            assert name in Facility.Kind.values, kind.code
        elif rule == "when":
            assert name in kinds.FACT_NAMES, kind.code


def test_what_the_clauses_name_is_in_the_catalogue() -> None:
    for code in ("entrance", "exit", "information", "toilet", "accessible", "drinking_water", "charging", "no_smoking"):
        assert KINDS[code].clause in {"BS-09", "BS-10"}
    for clause, code in (
        ("BS-01", "door_head"), ("BS-01", "open_hours"), ("BS-02", "steps"), ("BS-03", "keeper_phone"),
        ("BS-04", "terminal_card"), ("BS-05", "fault_notice"), ("BS-06", "rating_code"), ("BS-07", "complaint"),
        ("BS-07", "opinion_box"), ("BS-09", "emergency_call"), ("BS-09", "emergency_exit"),
        ("BS-18", "evacuation_plan"), ("BS-19", "privacy_notice"), ("BS-24", "braille_plan"), ("JB-30", "video_notice"),
    ):  # fmt: skip
        assert KINDS[code].clause == clause


@pytest.mark.parametrize("edition", Edition)
def test_sizes_are_those_of_the_clause_and_grow_with_the_distance(edition: Edition) -> None:
    asked = [(2.5, 70), (4, 110), (6.3, 175), (10, 280), (16, 450)]
    assert [size_needed(Shape.CIRCLE, metres * 1000, edition) for metres, _size in asked] == [x for _m, x in asked]
    for shape in Shape:
        sizes = [size_needed(shape, metres * 1000, edition) or 0 for metres, _size in asked]
        assert sizes == sorted(sizes)
    assert size_needed(Shape.CIRCLE, 16_001, edition) is None
    assert size_needed(Shape.PLATE, 16_001, edition) == 0


def test_every_symbol_is_there_and_none_is_left_over() -> None:
    folder = files("budayang.data").joinpath("symbols")
    assert {one.name for one in folder.iterdir()} == {f"{kind.symbol}.svg" for kind in DRAWN}
    for kind in KINDS.values():
        assert bool(kind.symbol) == (kind.shape is not Shape.PLATE) or kind.code == "video_notice", kind.code
    for name in ("nothing", "../sign_kinds", "entrance.svg", ""):
        with pytest.raises(KeyError):
            symbol(name)


@pytest.mark.parametrize("kind", DRAWN, ids=lambda kind: kind.code)
def test_a_symbol_is_plain_and_says_that_it_is_no_official_artwork(kind: SignKind) -> None:
    """Only drawn figures: no script, no text, no style, nothing from elsewhere; all inside its square."""
    picture = _picture(kind)
    assert picture.attrib == {"viewBox": "0 0 100 100"}
    assert [one.text for one in picture.iter(f"{SVG}title")] == [kind.message]
    assert [one.text for one in picture.iter(f"{SVG}desc")] == [SYMBOL_MARK]
    for one in picture.iter():
        assert one.tag.removeprefix(SVG) in ELEMENTS
        assert set(one.attrib) <= ATTRIBUTES
    assert "url(" not in symbol(kind.symbol)
    assert "<!" not in symbol(kind.symbol)


@pytest.mark.parametrize("kind", DRAWN, ids=lambda kind: kind.code)
def test_a_symbol_has_no_colours_but_those_of_its_class(kind: SignKind) -> None:
    colours = COLOURS[kind.shape]
    used = {one.attrib[name] for one in _picture(kind).iter() for name in ("fill", "stroke") if name in one.attrib}
    assert used <= {colours.ground, colours.edge, colours.figure, "none", kinds.WHITE}
    assert {colours.ground, colours.edge, colours.figure} <= used


@pytest.mark.parametrize(
    ("category", "ground"),
    [
        (Category.WARNING, kinds.YELLOW),
        (Category.PROHIBITION, kinds.WHITE),
        (Category.MANDATORY, kinds.BLUE),
        (Category.CONDITION, kinds.GREEN),
        (Category.PUBLIC, kinds.WHITE),
    ],
)
def test_the_four_classes_have_their_colours(category: Category, ground: str) -> None:
    (shape,) = SHAPE_OF[category]
    assert COLOURS[shape].ground == ground
    assert (COLOURS[shape].edge == kinds.RED) == (category is Category.PROHIBITION)


@pytest.mark.parametrize("kind", [one for one in DRAWN if one.shape is Shape.TRIANGLE], ids=lambda kind: kind.code)
def test_a_warning_is_an_upright_triangle_of_equal_sides(kind: SignKind) -> None:
    edge, ground = _figures(kind)[:2]
    assert (edge.attrib["fill"], ground.attrib["fill"]) == (kinds.BLACK, kinds.YELLOW)
    for figure in (edge, ground):
        top, right, left = _corners(figure)
        assert top[0] == 50
        assert right[1] == left[1] > top[1]
        sides = [math.dist(top, right), math.dist(right, left), math.dist(left, top)]
        assert max(sides) - min(sides) < 0.2
    assert _corners(ground)[0][1] > _corners(edge)[0][1]


@pytest.mark.parametrize("kind", [one for one in DRAWN if one.shape is Shape.BARRED_CIRCLE], ids=lambda kind: kind.code)
def test_a_prohibition_is_a_red_ring_with_a_bar_from_upper_left_at_45_degrees(kind: SignKind) -> None:
    ring, *_figure, bar = _figures(kind)
    x, y, r = _numbers(ring, "cx", "cy", "r")
    assert (ring.tag, x, y) == (f"{SVG}circle", 50, 50)
    assert (ring.attrib["fill"], ring.attrib["stroke"]) == (kinds.WHITE, kinds.RED)
    x1, y1, x2, y2 = _numbers(bar, "x1", "y1", "x2", "y2")
    assert (bar.tag, bar.attrib["stroke"]) == (f"{SVG}line", kinds.RED)
    assert math.degrees(math.atan2(y2 - y1, x2 - x1)) == 45
    for spot in ((x1, y1), (x2, y2)):
        assert abs(math.dist(spot, (50, 50)) - r) < float(ring.attrib["stroke-width"]) / 2, "the bar ends in the ring"


@pytest.mark.parametrize("kind", DRAWN, ids=lambda kind: kind.code)
def test_the_outer_shape_is_that_of_the_class_and_fills_the_square(kind: SignKind) -> None:
    outer = _figures(kind)[0]
    if kind.shape in (Shape.CIRCLE, Shape.BARRED_CIRCLE):
        assert outer.tag == f"{SVG}circle"
        radius = float(outer.attrib["r"]) + float(outer.attrib.get("stroke-width", 0)) / 2
        assert 48 <= radius <= 50
    elif kind.shape is Shape.TRIANGLE:
        assert outer.tag == f"{SVG}polygon"
    else:
        assert outer.tag == f"{SVG}rect"
        assert _numbers(outer, "x", "y", "width", "height") == [1.5, 1.5, 97, 97]
        assert outer.attrib["fill"] == COLOURS[kind.shape].ground
