"""Plans are saved on what was opened, older ones come back as new ones, pictures are drawn anew; judging counts."""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from PIL import Image
from tests.center import hall as halls
from tests.center.hall import Hall

from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor, Forbidden
from budayang.center.platform.models import AuditLine
from budayang.center.signage import plan_actions as actions
from budayang.center.signage import queries
from budayang.center.signage.models import PlanVersion, SignPlan
from budayang.center.signage.plan_findings import count_newest, judge_drawing
from budayang.center.signage.sign_queries import planned_signs
from budayang.data.demo_plan import demo_drawing

SMALL: dict[str, Any] = {"width_mm": 6000, "depth_mm": 4000}


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def hall(db: None, now: datetime) -> Hall:
    return halls.build(now)


def picture(mode: str = "RGB", colour: Any = "white", size: tuple[int, int] = (600, 400), kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, colour).save(out, kind)
    return out.getvalue()


def lines(action: str) -> list[dict[str, Any]]:
    return [line.details for line in AuditLine.objects.filter(action=action).order_by("pk")]


def test_a_version_is_saved_on_top_of_the_one_that_was_opened(hall: Hall, now: datetime) -> None:
    lin = hall.actor("lin")
    first = actions.save_version(lin, "KBS", SMALL, base=0, now=now)
    second = actions.save_version(lin, "KBS", {**SMALL, "turns": [[1000, 1000]]}, base=1, now=now, note="加回转处")
    assert (first.number, second.number, second.made_by, second.note) == (1, 2, "lin", "加回转处")
    plan = queries.plans_visible_to(lin).get()
    assert [one.number for one in queries.list_versions(plan)] == [2, 1]
    assert queries.find_version(plan, 1).drawing == SMALL, "an older version stays as it was"  # type: ignore[union-attr]
    assert lines("signage.save_plan") == [{"version": 1}, {"version": 2}]


def test_who_saves_on_an_older_version_is_told_and_nothing_is_written(hall: Hall, now: datetime) -> None:
    actions.save_version(hall.actor("lin"), "KBS", SMALL, base=0, now=now)
    with pytest.raises(actions.SavedMeanwhile) as told:
        actions.save_version(Actor.system(), "KBS", SMALL, base=0, now=now)
    assert told.value.newest is not None
    assert told.value.newest.number == 1
    assert "测试甲" in str(told.value), "the person is named, not the user name"
    assert PlanVersion.objects.count() == 1


def test_of_two_who_save_at_once_one_is_let_through(hall: Hall, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rival's version is written after this one looked: the unique number refuses it."""
    plan = SignPlan.objects.create(area=hall.area, made_at=now)
    PlanVersion.objects.create(plan=plan, number=1, drawing=SMALL, made_at=now, made_by="ou")
    real, looks = queries.find_version, iter([lambda *_args: None])
    monkeypatch.setattr(queries, "find_version", lambda *args: next(looks, real)(*args))
    with pytest.raises(actions.SavedMeanwhile):
        actions.save_version(hall.actor("lin"), "KBS", SMALL, base=0, now=now)
    assert PlanVersion.objects.count() == 1


def test_what_is_no_drawing_is_refused_with_the_element_named(hall: Hall, now: datetime) -> None:
    door = {"id": "d1", "start": [0, 0], "end": [900, 0], "kind": "gate"}
    point = {**door, "kind": "entrance", "end": [0, 0]}
    for wrong in (door, point):
        with pytest.raises(Refused, match="d1"):
            actions.save_version(hall.actor("lin"), "KBS", {**SMALL, "doors": [wrong]}, base=0, now=now)
    big = {**SMALL, "extra": "x" * actions.DRAWING_BYTES}
    with pytest.raises(Refused, match="2 MB"):
        actions.save_version(hall.actor("lin"), "KBS", big, base=0, now=now)
    assert not PlanVersion.objects.exists()


def test_keepers_draw_in_their_places_and_others_read(hall: Hall, now: datetime) -> None:
    actions.save_version(hall.actor("lin"), "KBS", SMALL, base=0, now=now)
    for who in ("ning", "mo", "ren"):
        with pytest.raises(Forbidden):
            actions.save_version(hall.actor(who), "KBS", SMALL, base=1, now=now)
        assert queries.plans_visible_to(hall.actor(who)).count() == 1, "who works there reads the plan"
    assert not queries.plans_visible_to(hall.actor("ou")).exists(), "a keeper of elsewhere sees nothing"
    with pytest.raises(type(hall.area).DoesNotExist):
        actions.save_version(hall.actor("ou"), "KBS", SMALL, base=1, now=now)


def test_an_older_version_comes_back_as_a_new_one(hall: Hall, now: datetime) -> None:
    lin = hall.actor("lin")
    actions.save_version(lin, "KBS", SMALL, base=0, now=now)
    actions.save_version(lin, "KBS", {**SMALL, "width_mm": 9000}, base=1, now=now)
    back = actions.restore_version(lin, "KBS", 1, base=2, now=now)
    assert (back.number, back.drawing) == (3, SMALL)
    assert lines("signage.restore_plan") == [{"version": 3, "restored": 1}]
    for number, base, why in ((3, 3, "现行版"), (9, 3, "没有第 9 版")):
        with pytest.raises(Refused, match=why):
            actions.restore_version(lin, "KBS", number, base=base, now=now)
    with pytest.raises(actions.SavedMeanwhile):
        actions.restore_version(lin, "KBS", 2, base=1, now=now)


def test_no_id_comes_twice_on_a_plan(hall: Hall, now: datetime) -> None:
    """Looks are kept by the id of a sign: what hangs where a removed one hung has another."""
    lin, row = hall.actor("lin"), {"start": [0, 0], "end": [900, 0]}
    walls = {"walls": [{"id": "w1", **row}, {"id": "w7", **row}, {"id": "s-99", **row}]}
    first = actions.save_version(lin, "KBS", {**SMALL, **walls}, base=0, now=now)
    second = actions.save_version(lin, "KBS", SMALL, base=1, now=now)
    back = actions.restore_version(lin, "KBS", 1, base=2, now=now)
    more = {"walls": [{"id": "w9", **row}], "last_number": 8}
    fourth = actions.save_version(lin, "KBS", {**SMALL, **more}, base=3, now=now)
    found = [one.drawing.get("last_number") for one in (first, second, back, fourth)]
    assert found == [7, 7, 7, 9]
    assert actions.restore_version(lin, "KBS", 2, base=4, now=now).drawing == {**SMALL, "last_number": 9}
    for wrong in (-1, "9", True, 10**9):
        with pytest.raises(Refused, match="last_number"):
            actions.save_version(lin, "KBS", {**SMALL, "last_number": wrong}, base=5, now=now)


def test_a_picture_is_drawn_anew_small_and_on_white(hall: Hall, now: datetime) -> None:
    lin = hall.actor("lin")
    hidden = picture(size=(3000, 1500)) + b"<script>alert(1)</script>"
    plan = actions.import_picture(lin, "KBS", hidden, width_mm=20_000, now=now)
    kept = queries.picture_of(plan)
    assert b"script" not in kept
    with Image.open(io.BytesIO(kept)) as drawn:
        assert (drawn.format, drawn.size) == ("PNG", (2400, 1200))
    clear = actions.import_picture(lin, "KBS", picture("RGBA", (0, 0, 0, 0)), width_mm=20_000, now=now)
    with Image.open(io.BytesIO(queries.picture_of(clear))) as drawn:
        assert drawn.convert("RGB").getpixel((5, 5)) == (255, 255, 255), "what is clear is paper"
    actions.remove_picture(lin, "KBS")
    assert queries.picture_of(plan) == b""
    assert len(lines("signage.import_picture")) == 2
    assert len(lines("signage.remove_picture")) == 1


@pytest.mark.parametrize(
    ("content", "width", "why"),
    [
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', 9000, "SVG"),
        (picture(kind="GIF"), 9000, "打开"),
        (b"MZ\x90\x00", 9000, "打开"),
        (picture(), 10, "宽度"),
        (b"\x89PNG\r\n\x1a\n" + b"0" * 5_300_000, 9000, "5 MB"),
    ],
)
def test_what_is_no_picture_is_refused(hall: Hall, now: datetime, content: bytes, width: int, why: str) -> None:
    with pytest.raises(Refused, match=why):
        actions.import_picture(hall.actor("lin"), "KBS", content, width_mm=width, now=now)
    assert not SignPlan.objects.filter(picture__isnull=False).exists()


def test_judging_knows_the_area_and_what_somebody_said_of_it(hall: Hall, now: datetime) -> None:
    lin, drawing = hall.actor("lin"), demo_drawing(["KBS-01", "KBS-02"])
    before = {one.words for one in judge_drawing(hall.area, drawing, now)}
    assert not any("没有画在平面图上" in one for one in before), "both terminals of the area are drawn"
    actions.set_present(lin, "KBS", ["stairs", "glass"], now=now)
    after = {one.words for one in judge_drawing(hall.area, drawing, now)} - before
    assert any("当心绊倒" in one for one in after)
    assert lines("signage.set_present") == [{"present": ["stairs", "glass"]}]
    with pytest.raises(TypeError):
        actions.set_present(lin, "KBS", ["a swimming pool"], now=now)


def test_plans_are_counted_and_counted_again_when_a_fact_changes(
    hall: Hall, now: datetime, django_assert_max_num_queries: Any
) -> None:
    lin = hall.actor("lin")
    actions.save_version(lin, "KBS", demo_drawing(["KBS-01", "KBS-02"]), base=0, now=now)
    found = [hall.area, hall.far_area]
    first = count_newest(found, now)
    assert list(first) == [hall.area.pk], "an area without a plan has no count"
    assert first[hall.area.pk].signs == len(demo_drawing(["KBS-01", "KBS-02"])["signs"])
    with django_assert_max_num_queries(5):
        assert count_newest(found, now) == first, "the drawing is not read again"
    actions.set_present(lin, "KBS", ["stairs"], now=now + timedelta(minutes=1))
    assert count_newest(found, now)[hall.area.pk].faults > first[hall.area.pk].faults


@pytest.mark.parametrize("plans", [1, 2])
def test_areas_are_asked_for_together_however_many(
    hall: Hall, now: datetime, django_assert_num_queries: Any, plans: int
) -> None:
    for code in ("KBS", "HJ")[:plans]:
        actions.save_version(Actor.system(), code, demo_drawing([f"{code}-01"]), base=0, now=now)
    found = [hall.area, hall.far_area]
    with django_assert_num_queries(2):
        assert len(planned_signs([one.pk for one in found])) == plans
    with django_assert_num_queries(6):
        assert len(count_newest(found, now)) == plans
