"""The desk's pages of 报修: list, one report, answer, set aside, join, plates; each within the reader's scope."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.core.cache import cache
from tests.center.console.the_desk import Desk

from budayang.center.maintenance import report_actions, report_following
from budayang.center.maintenance.models import Incident, Report
from budayang.center.maintenance.report_actions import Said
from budayang.center.platform.models import AuditLine
from budayang.center.terminals.report_addresses import address_of

PHONE = "13900001234"


@pytest.fixture
def report(desk: Desk, today: datetime) -> Report:
    """Somebody stands before KBS-01, which does not print."""
    cache.clear()
    spot = report_following.find_spot("terminal", "KBS-01")
    assert spot is not None
    said = Said(kind="print", note="卡在出口", phone=PHONE)
    return report_actions.take_report(spot, said, client="192.0.2.1", now=today)


def text(desk: Desk, who: str, url: str) -> str:
    answer = desk.client(who).get(url)
    assert answer.status_code == 200, (who, url, answer.status_code)
    return answer.content.decode()


def test_the_list_shows_what_the_reader_may_see(desk: Desk, report: Report) -> None:
    for who in ("lin", "ren", "mo", "ning", "zhu"):
        assert report.number in text(desk, who, "/console/reports/")
    for who in ("shui", "ou"):
        assert report.number not in text(desk, who, "/console/reports/")
    assert desk.client("sys").get("/console/reports/").status_code == 403
    page = text(desk, "lin", "/console/reports/?state=late")
    assert report.number not in page
    assert "没有报修" in page or "没有符合" in page


def test_one_report_shows_a_hint_and_the_number_only_when_asked_for(desk: Desk, report: Report) -> None:
    url = f"/console/reports/{report.number}/"
    page = text(desk, "lin", url)
    assert "卡在出口" in page
    assert "139****1234" in page
    assert PHONE not in page
    assert "卡在出口" not in text(desk, "ning", url), "an inspector reads no words of people"
    answer = desk.client("lin").post(f"{url}phone/")
    assert PHONE in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert AuditLine.objects.filter(action="maintenance.report_phone", actor="lin").count() == 1
    assert desk.client("mo").post(f"{url}phone/").status_code == 403
    assert desk.client("ou").get(url).status_code == 404


def test_an_answer_is_kept_and_an_empty_one_says_the_repair(desk: Desk, report: Report) -> None:
    url = f"/console/reports/{report.number}/answer/"
    answer = desk.client("lin").post(url, {"answer": " "})
    assert answer.status_code == 422
    assert "请写给群众看的答复" in answer.content.decode()
    assert desk.client("ren").post(url, {"answer": "已派人，今晚修好"}).status_code == 302
    report.refresh_from_db()
    assert (report.answer, report.answer_due_at) == ("已派人，今晚修好", None)
    assert desk.client("ning").post(url, {"answer": "x"}).status_code == 403


def test_set_aside_needs_its_reason_and_a_keeper(desk: Desk, report: Report) -> None:
    url = f"/console/reports/{report.number}/aside/"
    assert desk.client("ren").post(url, {"reason": "joke"}).status_code == 403
    assert desk.client("lin").post(url, {}).status_code == 422
    assert desk.client("lin").post(url, {"reason": "joke"}).status_code == 302
    assert "内容与自助区无关" in text(desk, "lin", f"/console/reports/{report.number}/")


def test_joined_to_another_fault_of_the_area(desk: Desk, report: Report, today: datetime) -> None:
    desk.hall.tell(desk.hall.terminal, "scanner", "device", "hardwareError", today, today)
    other = Incident.objects.get(kind="scanner_down")
    url = f"/console/reports/{report.number}/"
    assert f'value="{other.pk}"' in text(desk, "lin", url)
    assert desk.client("lin").post(f"{url}join/", {"incident": "nonsense"}).status_code == 422
    assert desk.client("lin").post(f"{url}join/", {"incident": other.pk}).status_code == 302
    report.refresh_from_db()
    assert report.incident_id == other.pk
    assert desk.client("lin").post(f"{url}nonsense/").status_code == 404


def test_the_incident_leads_to_its_reports(desk: Desk, report: Report) -> None:
    page = text(desk, "lin", f"/console/incidents/{report.incident_id}/")
    assert f"/console/reports/?incident={report.incident_id}" in page
    assert report.number in text(desk, "lin", f"/console/reports/?incident={report.incident_id}")


def test_a_photo_that_is_not_there_is_not_found(desk: Desk, report: Report) -> None:
    assert desk.client("lin").get(f"/console/reports/{report.number}/photo.jpg").status_code == 404


def test_plates_for_the_area_and_each_machine_that_the_reader_sees(desk: Desk) -> None:
    page = text(desk, "zhu", "/console/reports/plates/?area=KBS")
    assert page.count("<svg") >= 3
    assert "KBS-01" in page
    assert "KBS-02" in page
    mine = text(desk, "ren", "/console/reports/plates/?area=KBS")
    assert "KBS-02" not in mine
    assert address_of("terminal", "KBS-01").startswith("http")
