"""Chapter 6 of an area: each of 24 clauses is answered by plan, plates, looks, notices or texts, never by a tick."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.center.hall import SYSTEM, Hall

from budayang.center.areas import actions as areas
from budayang.center.areas.hours_text import all_day
from budayang.center.maintenance import round_actions, round_jobs
from budayang.center.maintenance import round_plan_actions as planning
from budayang.center.maintenance.models import FaultNotice, Incident, Round, RoundAnswer
from budayang.center.maintenance.round_actions import Given
from budayang.center.signage import plate_actions
from budayang.center.signage.models import PlanVersion, SignPlan
from budayang.center.signage.plate_data import OF_TERMINAL
from budayang.center.standard import actions, queries
from budayang.center.standard.models import ClauseVerdict
from budayang.data.demo_plan import demo_drawing
from budayang.rules.rounds import Plan, Rhythm
from budayang.rules.standard.signs import SIGNS_CLAUSES

pytestmark = pytest.mark.django_db
MORNING = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)  # 08:30 in the hall, a Monday
LATER = MORNING + timedelta(hours=3)
ROWS: list[dict[str, object]] = [
    {
        "code": "sign", "text": "在位、完好", "kind": "choice", "about": "sign", "choices": "完好、缺失、文字不对",
        "bad": "缺失、文字不对",
    },
]  # fmt: skip


@pytest.fixture
def drawn(hall: Hall) -> Hall:
    """The demonstration's plan with the hall's two terminals, and a half-yearly look that is due."""
    plan = SignPlan.objects.create(area=hall.area, made_at=MORNING, present=[], present_at=MORNING)
    drawing = demo_drawing(["KBS-01", "KBS-02"])
    PlanVersion.objects.create(plan=plan, number=1, drawing=drawing, made_at=MORNING, made_by="lin")
    before = MORNING - timedelta(days=1)
    planning.write_edition(
        SYSTEM, place=hall.city, code="half_year_signs", name="半年标志检查", basis="BS-16", rows=ROWS,
        valid_from=date(2026, 11, 22), now=before, today=date(2026, 11, 22),
    )  # fmt: skip
    planning.set_plan(
        SYSTEM, None, area=hall.area, code="half_year_signs", who="keeper", now=before, stops=[],
        person=hall.staff["lin"],
        plan=Plan(Rhythm.HALF_YEARLY, ((time(8, 30), time(11, 30)),), date(2026, 11, 23), day=23, first_month=11),
    )  # fmt: skip
    return hall


def look(hall: Hall, bad: dict[str, str]) -> None:
    hall.listen(MORNING)
    round_jobs.open_rounds(MORNING)
    row = Round.objects.get()
    for one in row.signs:
        value = bad.get(str(one["sign"]), "完好")
        given = Given(round_actions.new_client_id(), "", str(one["code"]), value, MORNING)
        round_actions.record_answer(hall.actor("lin"), row, given, now=MORNING)


def judge(hall: Hall) -> dict[str, ClauseVerdict]:
    actions.assess_many([hall.area.place], queries.month_of(LATER), LATER)
    return {row.clause.code: row for row in ClauseVerdict.objects.filter(clause__code__startswith="BS-")}


def test_every_clause_is_answered_and_without_a_plan_none_is_met(hall: Hall) -> None:
    found = judge(hall)
    assert tuple(sorted(found)) == SIGNS_CLAUSES
    assert {row.answer for row in found.values()} == {"no_evidence", "not_applicable"}
    assert "平面图" in found["BS-01"].why
    assert "文号" in found["BS-20"].why


def test_a_plan_alone_proves_no_sign_on_the_wall_and_a_look_does(drawn: Hall) -> None:
    before = judge(drawn)
    assert before["BS-02"].answer == before["BS-16"].answer == "no_evidence"
    assert before["BS-15"].answer == before["BS-17"].answer == "met"
    look(drawn, {})
    after = judge(drawn)
    for clause in ("BS-02", "BS-04", "BS-12", "BS-16", "BS-18"):
        assert after[clause].answer == "met", (clause, after[clause].why)
    assert after["BS-02"].number == 1.0


def test_a_missing_sign_is_told_by_its_clause(drawn: Hall) -> None:
    steps = next(one["id"] for one in demo_drawing()["signs"] if one["kind"] == "steps")
    look(drawn, {steps: "缺失"})
    found = judge(drawn)
    assert (found["BS-02"].answer, found["BS-16"].answer) == ("not_met", "met"), "BS-16 is about safety signs"
    assert "不符合 1 处" in found["BS-02"].why


def test_plates_answer_for_phone_and_hours_until_they_lie(drawn: Hall) -> None:
    lin = drawn.actor("lin")
    areas.update_area(lin, drawn.area, keeper_phone="0477-0000001")
    drawn.bodies["ZW1"].phone = "0477-0000002"
    drawn.bodies["ZW1"].save()
    for kind in ("door_head", "opening_hours"):
        plate_actions.hang(lin, drawn.area, None, kind, now=MORNING)
    for terminal in (drawn.terminal, drawn.other):
        for kind in ("keeper_phone", "privacy_notice"):
            assert kind in OF_TERMINAL
            plate_actions.hang(lin, drawn.area, terminal, kind, now=MORNING)
    found = judge(drawn)
    assert [found[code].answer for code in ("BS-01", "BS-03", "BS-19")] == ["met", "met", "met"]
    areas.update_area(lin, drawn.area, keeper_phone="0477-0000009")
    plate_actions.look_again({drawn.area.place.path}, LATER)
    assert plate_actions.judge_plates(LATER) == 6
    found = judge(drawn)
    assert [found[code].answer for code in ("BS-01", "BS-03")] == ["met", "not_met"]


def test_plates_of_one_machine_do_not_answer_for_another(drawn: Hall) -> None:
    lin = drawn.actor("lin")
    areas.update_area(lin, drawn.area, keeper_phone="0477-0000001")
    drawn.bodies["ZW1"].phone = "0477-0000002"
    drawn.bodies["ZW1"].save()
    for kind in ("keeper_phone", "device_board"):
        plate_actions.hang(lin, drawn.area, drawn.terminal, kind, now=MORNING)
    found = judge(drawn)["BS-03"]
    assert (found.answer, found.why.rpartition("；")[2]) == ("no_evidence", "只核对了 1 处，共 2 处")


def test_a_plate_of_the_area_answers_for_every_entrance(drawn: Hall) -> None:
    version = PlanVersion.objects.get()
    other = {"id": "d-more", "start": [1000, 0], "end": [2200, 0], "kind": "entrance", "clear_mm": 1200}
    signs = version.drawing["signs"]
    more = [
        {**one, "id": f"{one['id']}-more", "about": "d-more"}
        for one in signs
        if one["kind"] in ("door_head", "open_hours")
    ]
    version.drawing["doors"].append(other)
    signs += more
    version.save()
    lin, today = drawn.actor("lin"), MORNING.date()
    plate_actions.hang(lin, drawn.area, None, "door_head", now=MORNING)
    assert judge(drawn)["BS-01"].why.endswith("只核对了 2 处，共 4 处")
    plate_actions.hang(lin, drawn.area, None, "opening_hours", now=MORNING)
    found = judge(drawn)["BS-01"]
    assert (found.answer, found.number) == ("met", 1.0), found.why
    areas.set_promised_hours(lin, drawn.area, all_day([0]), valid_from=today, now=MORNING)
    plate_actions.look_again({drawn.area.place.path}, LATER)
    plate_actions.judge_plates(LATER)
    found = judge(drawn)["BS-01"]
    assert (found.answer, found.why.rpartition("；")[2]) == ("not_met", "标牌核对：符合 0 处，不符合 4 处")


def test_judging_leaves_the_files_of_symbols_where_they_are(drawn: Hall) -> None:
    with CaptureQueriesContext(connection) as ran:
        judge(drawn)
    asked = [one["sql"] for one in ran if "signage_officialsymbol" in one["sql"]]
    assert asked
    assert not [one for one in asked if '"content"' in one]


def test_a_fault_that_people_were_told_of_answers_for_its_notice(drawn: Hall) -> None:
    assert judge(drawn)["BS-05"].answer == "no_evidence"
    look(drawn, {})
    incident = incident_of(drawn)
    FaultNotice.objects.create(
        incident=incident, area=drawn.area, text={}, shown_at=MORNING + timedelta(seconds=3), changed_at=MORNING
    )
    assert judge(drawn)["BS-05"].answer == "met", "told in time"
    looked = look_at_notice(drawn, "no", MORNING + timedelta(minutes=5))
    assert judge(drawn)["BS-05"].answer == "not_met", "whoever stood there saw none"
    RoundAnswer.objects.filter(pk=looked.pk).update(value="yes")
    assert judge(drawn)["BS-05"].answer == "met"


def incident_of(drawn: Hall) -> Incident:
    """A fault of a machine."""
    return Incident.objects.create(
        kind="paper_jam", subject="terminal:KBS-01/printer", title="打印机卡纸", place_path=drawn.area.place.path,
        area=drawn.area, terminal=drawn.terminal, severity="general", bucket="device", opened_at=MORNING,
        noticed_at=MORNING,
    )  # fmt: skip


def look_at_notice(drawn: Hall, value: str, at: datetime) -> RoundAnswer:
    """What a round of the morning said of the machine's notice."""
    row = Round.objects.get()
    return RoundAnswer.objects.create(
        round=row, client_id="notice-1", stop="KBS-01", question="fault_notice", value=value, answered_at=at,
        received_at=at, by="lin",
    )  # fmt: skip
