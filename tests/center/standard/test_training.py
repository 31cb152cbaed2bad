"""Publicity and training: plans, counts without names, materials, questions by people, tests, coverage, adoption."""

from __future__ import annotations

import io
from datetime import date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from tests.center.hall import SYSTEM, Hall
from tests.center.standard.the_project import TODAY, edition, leader, own_edition

from budayang.center.maintenance.models import NoticeLine
from budayang.center.platform.actions import Refused, set_parameter
from budayang.center.platform.actors import Forbidden
from budayang.center.standard import training_actions, training_queries
from budayang.center.standard.models import Edition, Question, SpreadEvent, TestSitting
from budayang.center.standard.training_telling import tell_late
from budayang.rules.standard.spreading import adoption_problem, draw, event_state, held_problem, mark, question_problem

DAY = timedelta(days=1)


def plan(hall: Hall, now: datetime, *, kind: str = "training", by: str = "zhu") -> SpreadEvent:
    if "zhu" not in hall.staff:
        leader(hall, now)
    return training_actions.plan_event(
        hall.actor(by), edition=edition(), place=hall.city, kind=kind, subject="标准宣讲", planned_on=TODAY,
        areas=[hall.area.place], now=now,
    )  # fmt: skip


def hold(hall: Hall, row: SpreadEvent, now: datetime, *, present: int | None = 12, proof: str = "") -> SpreadEvent:
    return training_actions.hold_event(
        hall.actor("zhu"), row, held_on=TODAY, invited=20 if present is not None else None, present=present,
        proof=proof, now=now,
    )  # fmt: skip


def ask(hall: Hall, now: datetime, text: str = "夜里断电多久发现？", right: int = 1) -> Question:
    return training_actions.write_question(
        hall.actor("lin"), edition(), clause_code="JB-09", text=text, choices=["1 h", "5 min", ""], right=right, now=now
    )


def test_an_event_is_planned_and_written_down_with_counts(hall: Hall, now: datetime) -> None:
    row = plan(hall, now)
    assert training_queries.state_of(row, TODAY) == "planned"
    assert training_queries.state_of(row, TODAY + DAY) == "late"
    with pytest.raises(Refused, match="参加人数"):
        hold(hall, row, now, present=None)
    with pytest.raises(Refused, match="应到"):
        hold(hall, row, now, present=21)
    assert training_queries.state_of(hold(hall, row, now), TODAY) == "held"
    with pytest.raises(Refused, match="办过"):
        training_actions.cancel_event(hall.actor("zhu"), row, "下雨", now)


def test_publicity_counts_nobody_and_needs_its_proof(hall: Hall, now: datetime) -> None:
    row = plan(hall, now, kind="account")
    with pytest.raises(Refused, match="网址"):
        hold(hall, row, now, present=None)
    assert hold(hall, row, now, present=None, proof="公众号 2026-11-24").held_on == TODAY
    with pytest.raises(IntegrityError), transaction.atomic():
        SpreadEvent.objects.filter(pk=row.pk).update(proof="")


def test_who_plans_where(hall: Hall, now: datetime) -> None:
    with pytest.raises(Forbidden):
        plan(hall, now, by="lin")
    with pytest.raises(Forbidden):
        plan(hall, now, by="ning")
    with pytest.raises(Refused, match="不在"):
        training_actions.plan_event(
            hall.actor("lin"), edition=edition(), place=hall.area.place, kind="onsite", subject="x", planned_on=TODAY,
            areas=[hall.far_area.place], now=now,
        )  # fmt: skip
    assert training_queries.events_visible_to(hall.actor("ning")).count() == 0
    plan(hall, now)
    assert training_queries.events_visible_to(hall.actor("ning")).count() == 1
    seen = {name: training_queries.events_visible_to(hall.actor(name)).count() for name in ("lin", "ou")}
    assert seen == {"lin": 1, "ou": 0}, "a keeper sees what is meant for the own area"


def test_a_material_is_a_picture_written_anew_or_a_pdf(hall: Hall, now: datetime) -> None:
    row, out, exif = plan(hall, now), io.BytesIO(), Image.Exif()
    exif[0x010F] = "SpyPhone"
    Image.new("RGB", (400, 300), "navy").save(out, "JPEG", exif=exif)
    made = training_actions.add_material(hall.actor("zhu"), row, "签到.jpg", out.getvalue(), now)
    assert b"SpyPhone" not in bytes(made.content)
    with pytest.raises(Refused):
        training_actions.add_material(hall.actor("zhu"), row, "a.exe", b"MZ....", now)


def test_questions_are_made_by_people_from_clauses(hall: Hall, now: datetime) -> None:
    row = ask(hall, now)
    assert row.choices == ["1 h", "5 min"]
    with pytest.raises(Refused, match="序号"):
        ask(hall, now, right=2)
    with pytest.raises(Refused, match="XX-1"):
        training_actions.write_question(
            hall.actor("lin"), edition(), clause_code="XX-1", text="x", choices=["a", "b"], right=0, now=now
        )
    with pytest.raises(Forbidden):
        training_actions.write_question(
            hall.actor("mo"), edition(), clause_code="JB-09", text="x", choices=["a", "b"], right=0, now=now
        )


def test_a_test_draws_asks_and_marks_once(hall: Hall, now: datetime) -> None:
    mo = hall.actor("mo")
    with pytest.raises(Refused, match="还没有题目"):
        training_actions.begin_test(mo, edition(), now)
    rows = [ask(hall, now, f"题{at}") for at in range(8)]
    training_actions.withdraw_question(hall.actor("lin"), rows[0], now)
    sitting = training_actions.begin_test(mo, edition(), now)
    assert training_actions.begin_test(mo, edition(), now).pk == sitting.pk, "one test at a time"
    assert len(sitting.questions) == len(set(sitting.questions)) == 5
    assert rows[0].pk not in sitting.questions
    answers = dict.fromkeys(sitting.questions, 1)
    answers[sitting.questions[0]] = 0
    done = training_actions.end_test(mo, sitting, answers, now)
    assert (done.right, done.passed) == (4, True)
    with pytest.raises(Refused, match="交过"):
        training_actions.end_test(mo, sitting, answers, now)
    with pytest.raises(Refused, match="别人"):
        training_actions.end_test(hall.actor("lin"), sitting, answers, now)


def test_the_pass_mark_is_a_parameter(hall: Hall, now: datetime) -> None:
    set_parameter(SYSTEM, "standard_test_pass", hall.city, 1.0, valid_from=now - DAY)
    set_parameter(SYSTEM, "standard_test_questions", hall.city, 2, valid_from=now - DAY)
    for at in range(3):
        ask(hall, now, f"题{at}")
    sitting = training_actions.begin_test(hall.actor("mo"), edition(), now)
    assert len(sitting.questions) == 2
    done = training_actions.end_test(hall.actor("mo"), sitting, {sitting.questions[0]: 1}, now)
    assert (done.right, done.passed) == (1, False), "a question without an answer is wrong"


def test_coverage_counts_by_area_and_only_what_was_held(hall: Hall, now: datetime) -> None:
    hold(hall, plan(hall, now), now, present=12)
    hold(hall, plan(hall, now), now, present=5)
    plan(hall, now)
    hold(hall, plan(hall, now, kind="website"), now, present=None, proof="网址")
    TestSitting.objects.create(
        staff=hall.staff["lin"], edition=edition(), questions=[], right=5, passed=True, begun_at=now, ended_at=now
    )
    found = {one.code: one for one in training_queries.coverage(hall.actor("zhu"), edition(), TODAY)}
    near, far = found["KBS"], found["HJ"]
    assert (near.events, near.present, near.last_on, near.keepers, near.passed) == (2, 17, TODAY, 1, 1)
    assert (far.events, far.present, far.last_on, far.keepers, far.passed) == (0, 0, None, 1, 0)
    assert [one.code for one in training_queries.coverage(hall.actor("lin"), edition(), TODAY)] == ["KBS"]


def adopt(hall: Hall, now: datetime, kind: str, since: date, until: date | None = None, **more: object) -> object:
    asked = {"place": hall.city, "paper": "", "note": ""} | more
    return training_actions.register_adoption(
        hall.actor("zhu"), kind=kind, since_on=since, until_on=until, now=now, **asked  # type: ignore[arg-type]
    )  # fmt: skip


def test_the_nearest_and_newest_adoption_counts(hall: Hall, now: datetime) -> None:
    leader(hall, now)
    own = own_edition(now)
    adopt(hall, now, "followed", TODAY - 10 * DAY, edition=own)
    adopt(hall, now, "adopted", TODAY - 5 * DAY, edition=own)
    adopt(hall, now, "transition", TODAY - 8 * DAY, TODAY + 90 * DAY, edition=own, place=hall.area.place)
    adopt(hall, now, "adopted", TODAY + 90 * DAY, edition=own, place=hall.area.place)
    found = {one.code: one.adoption for one in training_queries.coverage(hall.actor("zhu"), own, TODAY)}
    assert found["KBS"] is not None
    assert found["HJ"] is not None
    assert (found["KBS"].kind, found["HJ"].kind) == ("transition", "adopted")
    later = {one.code: one.adoption for one in training_queries.coverage(hall.actor("zhu"), own, TODAY + 91 * DAY)}
    assert later["KBS"] is not None
    assert later["KBS"].kind == "adopted"


def test_a_reference_edition_is_followed_never_adopted(hall: Hall, now: datetime) -> None:
    leader(hall, now)
    for kind, until in (("adopted", None), ("transition", TODAY + DAY)):
        with pytest.raises(Refused, match="参照版"):
            adopt(hall, now, kind, TODAY, until, edition=edition())
    adopt(hall, now, "followed", TODAY, edition=edition())


@pytest.mark.parametrize(
    ("kind", "until", "part"),
    [("transition", None, "到哪天"), ("transition", TODAY, "晚于"), ("adopted", TODAY, "只有过渡")],
)
def test_days_of_an_adoption(kind: str, until: date | None, part: str) -> None:
    assert part in adoption_problem(kind, reference=False, since_on=TODAY, until_on=until)


def test_the_pure_rules() -> None:
    assert event_state(TODAY, None, cancelled=True, today=TODAY) == "cancelled"
    assert held_problem("training", None, 0, "") == ""
    assert "2 到 6" in question_problem(["a"], 0)
    assert "一样" in question_problem(["a", "a"], 0)
    assert mark({}, {}, 0.8) == (0, False)


@given(st.sets(st.integers(1, 10_000), min_size=1, max_size=60), st.integers(1, 60), st.integers(0, 2**62))
def test_questions_are_drawn_without_doubles(ids: set[int], count: int, seed: int) -> None:
    drawn = draw(list(ids), count, seed)
    assert len(drawn) == len(set(drawn)) == min(count, len(ids))
    assert set(drawn) <= ids


def coming(now: datetime, in_force_on: date) -> Edition:
    """A standard that was published and takes effect on a day."""
    made = own_edition(now)
    Edition.objects.filter(pk=made.pk).update(
        state="published", number="测试号 1", published_on=TODAY, in_force_on=in_force_on
    )
    made.refresh_from_db()
    return made


def test_a_coming_standard_is_made_known_before_it_takes_effect(hall: Hall, now: datetime) -> None:
    leader(hall, now)
    zhu, text = hall.actor("zhu"), coming(now, TODAY + 60 * DAY)
    assert text in training_queries.editions_to_spread(TODAY)
    assert training_queries.unspread(zhu, TODAY) == [text]

    def plan_on(day: date) -> SpreadEvent:
        return training_actions.plan_event(
            zhu, edition=text, place=hall.city, kind="lecture", subject="新标准宣讲", planned_on=day, areas=[], now=now
        )

    with pytest.raises(Refused, match="2027-01-23 实施"):
        plan_on(TODAY + 60 * DAY)
    row = plan_on(TODAY + 59 * DAY)
    assert training_queries.unspread(zhu, TODAY) == []
    training_actions.cancel_event(zhu, row, "换时间", now)
    assert training_queries.unspread(zhu, TODAY) == [text]
    later = now + 61 * DAY
    assert training_queries.unspread(zhu, TODAY + 61 * DAY) == [], "it is in force"
    training_actions.plan_event(
        zhu, edition=text, place=hall.city, kind="training", subject="培训", planned_on=TODAY + 70 * DAY, areas=[],
        now=later,
    )  # fmt: skip


def test_the_page_plans_for_a_coming_standard_and_says_what_is_not_planned(
    hall: Hall, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: now)
    leader(hall, now)
    text, client = coming(now, TODAY + 60 * DAY), Client()
    client.force_login(hall.staff["zhu"])
    said = "2027-01-23 实施，还没有实施前的宣贯计划"
    assert said in client.get("/console/spread/").content.decode()
    typed = {
        "kind": "account", "subject": "图解", "edition": text.pk, "place": hall.city.pk, "planned_on": "2027-01-23",
    }  # fmt: skip
    refused = client.post("/console/spread/new/", typed)
    assert refused.status_code == 422
    assert "请排在这一天以前" in refused.content.decode()
    assert client.post("/console/spread/new/", typed | {"planned_on": "2027-01-10"}).status_code == 302
    assert SpreadEvent.objects.get().edition == text
    assert said not in client.get("/console/spread/").content.decode()


def test_a_late_event_is_told_once_to_who_keeps_the_register(hall: Hall, now: datetime) -> None:
    row = plan(hall, now)
    assert tell_late(now) == 0, "the day itself is not over"
    assert (tell_late(now + DAY), tell_late(now + 2 * DAY)) == (1, 0)
    lines = NoticeLine.objects.filter(kind="project")
    assert set(lines.values_list("staff__username", flat=True)) == {"zhu"}
    assert "还没有登记办过" in str(lines[0].facts)
    row.refresh_from_db()
    assert row.told_on == TODAY + DAY
    held, gone = plan(hall, now), plan(hall, now)
    hold(hall, held, now)
    training_actions.cancel_event(hall.actor("zhu"), gone, "下雨", now)
    assert tell_late(now + 3 * DAY) == 0
