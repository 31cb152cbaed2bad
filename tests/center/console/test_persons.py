"""Looking at whose case it is: a reason first, a line in the audit each time, nothing once the case is over."""

from __future__ import annotations

import json
from datetime import datetime

import pytest
from tests.center.console import the_desk
from tests.center.console.the_desk import Desk

from budayang.center.platform.models import AuditLine
from budayang.center.platform.sealing import seal_field
from budayang.center.services.models import Case, Department, Item
from budayang.center.services.states import CaseState
from budayang.center.terminals.models import Terminal

NUMBER = "KBS017F3A000017C"
NAME, ID_NUMBER = "测试甲", "999999199003070012"

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(now: datetime) -> Desk:
    return the_desk.build(now)


@pytest.fixture
def case(desk: Desk, now: datetime) -> Case:
    terminal = Terminal.objects.select_related("area__place").order_by("pk")[0]
    department = Department.objects.get_or_create(code="RS", defaults={"name": "人社"})[0]
    item = Item.objects.create(code="ZZ001", name="仿真事项", department=department)
    body = {"person": {"name": NAME, "id_number": ID_NUMBER}}
    return Case.objects.create(
        number=NUMBER,
        terminal_id=terminal.pk,
        item=item,
        place_path=terminal.area.place.path,
        state=CaseState.REVIEW,
        identity_hash="0" * 64,
        code_hash="0" * 64,
        request_sealed=seal_field("services_case", NUMBER, "request", json.dumps(body)),
        accepted_at=now,
        finished_at=now,
    )


def _url(case: Case) -> str:
    return f"/console/cases/{case.number}/person/"


def test_the_person_is_shown_after_a_reason_and_each_time_is_written_down(desk: Desk, case: Case) -> None:
    client = desk.client("zhu")
    asked = client.get(_url(case))
    assert NAME not in asked.content.decode()
    shown = client.post(_url(case), {"reason": "make_good"})
    assert NAME in shown.content.decode()
    assert ID_NUMBER in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
    line = AuditLine.objects.get(action="services.view_person")
    assert (line.actor, line.subject, line.details) == ("zhu", f"case:{NUMBER}", {"reason": "make_good"})
    assert NAME not in json.dumps(line.details)


@pytest.mark.parametrize("reason", ["", "curious"])
def test_without_a_reason_nothing_is_shown(desk: Desk, case: Case, reason: str) -> None:
    answer = desk.client("zhu").post(_url(case), {"reason": reason})
    assert answer.status_code == 422
    assert NAME not in answer.content.decode()
    assert not AuditLine.objects.filter(action="services.view_person").exists()


def test_when_the_case_is_over_nobody_can_look(desk: Desk, case: Case) -> None:
    Case.objects.filter(pk=case.pk).update(request_sealed=None)
    client = desk.client("zhu")
    assert "已按规定删除" in client.get(_url(case)).content.decode()
    assert client.post(_url(case), {"reason": "verify"}).status_code == 422


@pytest.mark.parametrize(("who", "status"), [("", 302), ("aud", 403), ("sec", 403)])
def test_others_do_not_see_it(desk: Desk, case: Case, who: str, status: int) -> None:
    assert desk.client(who).get(_url(case)).status_code == status
