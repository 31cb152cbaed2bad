"""The desk's pages of complaints and surveys."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone
from tests.center.console.the_desk import Desk
from tests.center.evaluation.the_rater import PHONE, finished_case

from budayang.center.evaluation import complaint_actions as actions
from budayang.center.evaluation import survey_actions
from budayang.center.evaluation.complaint_actions import Said
from budayang.center.evaluation.models import Complaint, ComplaintStep, Survey

HOUR = timedelta(hours=1)
TEXT = "周日晚上九点按帮办没有人应"


@pytest.fixture
def complaint(desk: Desk, today: datetime) -> Complaint:
    cache.clear()
    said = Said(kind="complaint", area="KBS", terminal="KBS-01", text=TEXT, phone=PHONE)
    return actions.take_complaint(said, client="192.0.2.1", now=today)


def page(row: Complaint) -> str:
    return f"/console/complaints/{row.number}/"


def test_the_five_steps_by_the_pages(desk: Desk, complaint: Complaint) -> None:
    ren, lin = desk.client("ren"), desk.client("lin")
    shown = ren.get(page(complaint)).content.decode()
    assert TEXT in shown
    assert PHONE not in shown
    assert PHONE in ren.post(page(complaint) + "phone/").content.decode()
    refused = ren.post(page(complaint) + "accept/", {"note": ""})
    assert (refused.status_code, "请写明" in refused.content.decode()) == (422, True)
    for step in ("accept", "investigate", "handle"):
        assert ren.post(page(complaint) + f"{step}/", {"note": f"{step} 做了"}).status_code == 302
    ren.post(page(complaint) + "answer/", {"note": "已安排夜间值守。"})
    assert ren.post(page(complaint) + "file/", {"note": "x"}).status_code == 403
    lin.post(page(complaint) + "file/", {"note": "本人满意"})
    shown = lin.get(page(complaint)).content.decode()
    for said in ("已归档", "按时完成", "investigate 做了", "已安排夜间值守。", "测试丙"):
        assert said in shown, said
    assert ComplaintStep.objects.filter(event="phone").count() == 1


def test_who_only_reads_does_not_read_the_words(desk: Desk, complaint: Complaint) -> None:
    shown = desk.client("ning").get(page(complaint)).content.decode()
    assert TEXT not in shown
    assert "原文只给办理的人看" in shown
    assert desk.client("shui").get(page(complaint)).status_code == 404
    assert desk.client("mo").get(page(complaint)).status_code == 403


def test_the_list_finds_what_is_late(desk: Desk, complaint: Complaint, today: datetime) -> None:
    zhu = desk.client("zhu")
    assert complaint.number not in zhu.get("/console/complaints/?state=late").content.decode()
    Complaint.objects.update(due_at=today - HOUR)
    shown = zhu.get("/console/complaints/?state=late").content.decode()
    assert complaint.number in shown
    assert "已超期" in shown
    assert zhu.get("/console/complaints/?export=xlsx").content[:2] == b"PK"


def test_one_is_declined_with_words_for_the_person(desk: Desk, complaint: Complaint) -> None:
    lin = desk.client("lin")
    answer = lin.post(page(complaint) + "decline/", {"reason": "", "note": "请去报修"})
    assert answer.status_code == 422
    assert "请去报修" in answer.content.decode()
    lin.post(page(complaint) + "decline/", {"reason": "report", "note": "已转报修。"})
    complaint.refresh_from_db()
    assert (complaint.state, complaint.answer) == ("declined", "已转报修。")
    assert lin.post(page(complaint) + "nonsense/").status_code == 404


def test_a_survey_is_opened_and_its_results_are_read(desk: Desk, today: datetime) -> None:
    cache.clear()
    for counter in range(1, 6):
        finished_case(desk.hall.terminal, counter, today - counter * timedelta(days=2))
    zhu = desk.client("zhu")
    assert "年" in zhu.get("/console/surveys/new/").content.decode()
    on = timezone.localdate(today)
    given = {"place": desk.hall.city.path, "title": "下半年问卷", "opens_on": f"{on}", "closes_on": f"{on}"}
    assert zhu.post("/console/surveys/new/", {**given, "title": ""}).status_code == 422
    answer = zhu.post("/console/surveys/new/", given)
    survey = Survey.objects.get()
    assert answer["Location"] == f"/console/surveys/{survey.code}/"
    again = zhu.post("/console/surveys/new/", given)
    assert "已经有一份" in again.content.decode()
    for n, level in enumerate(("satisfied", "satisfied", "unsatisfied")):
        survey_actions.take_sheet(survey, desk.hall.area, {"way": level}, ["seats"], client=f"{n}", now=today)
    shown = zhu.get(f"/console/surveys/{survey.code}/").content.decode()
    for said in ("66.7 %", "2/3", "3/5", "还不够", "半年没有办件", "没有回答", "座位"):
        assert said in shown, said
    assert "下半年问卷" in zhu.get("/console/surveys/").content.decode()
    assert zhu.get(f"/console/surveys/{survey.code}/?export=xlsx").content[:2] == b"PK"
    assert desk.client("ning").get(f"/console/surveys/{survey.code}/").status_code == 200
    assert desk.client("ning").get("/console/surveys/new/").status_code == 403
    assert desk.client("ren").get("/console/surveys/").status_code == 403
