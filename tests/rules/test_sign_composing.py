"""Which rule set counts where and when, and how the texts of a sign stand by it (BS-20 to BS-22)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from budayang.data.composition_rules import rule_sets
from budayang.rules.signs.composing import (
    ENGLISH,
    InForce,
    Language,
    NoComposition,
    Position,
    Run,
    check_choice,
    compose,
    find_in_force,
    lacking,
)

ZH, MN, EN = Language.ZH, Language.MN, Language.EN
DAY = date(2026, 11, 23)
OLD, NEW = rule_sets()["mn_1996"], rule_sets()["zh_2026"]
CITY = InForce(OLD, "/ordos/", date(2020, 1, 1), "文号一", Position.ABOVE, 100)
TEXTS = {ZH: "入口", MN: "x", EN: "Entrance"}


def test_the_sets_that_ship_answer_the_clauses_and_say_why_none_counts() -> None:
    assert {clause for one in rule_sets().values() for clause in one.clauses} == {"BS-20", "BS-21", "BS-22", "BS-23"}
    assert all(one.why for one in rule_sets().values())
    assert find_in_force([], "/ordos/KBS/", DAY) is None


@pytest.mark.parametrize(
    ("rows", "path", "on", "document"),
    [
        ([CITY], "/ordos/KBS/", DAY, "文号一"),
        ([CITY], "/hohhot/", DAY, None),
        ([CITY], "/ordos/", date(2019, 12, 31), None),
        ([CITY], "/ordos/", date(2020, 1, 1), "文号一"),
        ([replace(CITY, document=" ")], "/ordos/", DAY, None),
        ([replace(CITY, ended_on=DAY)], "/ordos/", DAY, None),
        ([replace(CITY, place_path="/ordos/KBS/", document="近"), CITY], "/ordos/KBS/", DAY, "近"),
        ([CITY, replace(CITY, valid_from=DAY, document="新")], "/ordos/", DAY, "新"),
        # The nearest region counts before the newer day.
        (
            [
                replace(CITY, place_path="/ordos/KBS/", document="近"),
                replace(CITY, valid_from=DAY, document="新"),
            ],
            "/ordos/KBS/",
            DAY,
            "近",
        ),
    ],
)
def test_the_nearest_region_and_then_the_newest_day_counts(
    rows: list[InForce], path: str, on: date, document: str | None
) -> None:
    found = find_in_force(rows, path, on)
    assert (found.document if found else None) == document


def test_without_a_rule_there_is_chinese_above_english_and_no_mongolian() -> None:
    above, below = compose(None, TEXTS)
    assert (above.language, below.language) == (ZH, EN)
    assert above.y + above.height <= below.y
    assert below.size == ENGLISH


def test_mongolian_stands_above_before_or_left_as_the_rule_has_it() -> None:
    first, second, third = compose(CITY, TEXTS)
    assert [first.language, second.language, third.language] == [MN, ZH, EN]
    assert first.y < second.y < third.y
    assert first.size == second.size == 1.0
    assert first.downwards
    assert not second.downwards
    front, behind, below = compose(replace(CITY, horizontal=Position.BEFORE), TEXTS)
    assert front.language == MN
    assert front.x + front.width <= behind.x
    assert (front.y, below.language) == (behind.y, EN)
    left, right, _english = compose(CITY, TEXTS, Run.VERTICAL)
    assert (left.language, right.language) == (MN, ZH)
    assert left.x + left.width <= right.x
    assert left.downwards
    assert right.downwards


def test_the_newer_law_puts_chinese_first_and_may_make_the_other_smaller() -> None:
    first, second, _english = compose(InForce(NEW, "/", DAY, "x", Position.ABOVE, 80), TEXTS)
    assert (first.language, second.language, second.size) == (ZH, MN, 0.8)


@pytest.mark.parametrize("run", Run)
@pytest.mark.parametrize("horizontal", [Position.ABOVE, Position.BEFORE])
@pytest.mark.parametrize("texts", [TEXTS, {ZH: "入口"}, {ZH: "入口", MN: "x"}, {ZH: "入口", EN: "In"}])
def test_boxes_lie_inside_the_face_and_not_on_each_other(
    run: Run, horizontal: Position, texts: dict[Language, str]
) -> None:
    boxes = compose(replace(CITY, horizontal=horizontal), texts, run)
    assert {one.language for one in boxes} == set(texts)
    for number, one in enumerate(boxes):
        assert one.x >= 0
        assert one.y >= 0
        assert one.x + one.width <= 1.0001
        assert one.y + one.height <= 1.0001
        for other in boxes[number + 1 :]:
            apart = one.x + one.width <= other.x + 1e-9 or one.y + one.height <= other.y + 1e-9
            assert apart, (one, other)


def test_what_the_rule_wants_and_nobody_wrote_is_told() -> None:
    assert lacking(CITY, {ZH: "入口"}) == (MN,)
    assert lacking(None, {ZH: "入口"}) == ()
    with pytest.raises(NoComposition):
        compose(CITY, {MN: "x"})


@pytest.mark.parametrize(
    ("document", "horizontal", "percent", "says"),
    [("", Position.ABOVE, 100, "文号"), ("x", Position.LEFT, 100, "左"), ("x", Position.ABOVE, 90, "100%")],
)
def test_a_rule_set_is_not_put_in_force_without_document_or_against_itself(
    document: str, horizontal: Position, percent: int, says: str
) -> None:
    with pytest.raises(NoComposition, match=says):
        check_choice(OLD, document, horizontal, percent)
    check_choice(NEW, "x", Position.BEFORE, 80)
