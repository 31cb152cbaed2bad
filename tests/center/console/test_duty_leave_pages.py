"""Pages of absence, of who could stand in, and of the calendar's address."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from tests.center.console.the_desk import Desk
from tests.center.hall import SYSTEM

from budayang.center.maintenance import duty_actions
from budayang.center.maintenance.models import DutyFeed, DutyLeave, DutyShift
from budayang.rules.duty import Days

pytestmark = pytest.mark.django_db


@pytest.fixture
def nights(desk: Desk, today: datetime) -> DutyShift:
    hall = desk.hall
    people = [hall.staff["lin"], hall.staff["mo"], hall.staff["ning"]]
    return duty_actions.add_shift(
        SYSTEM, organization=hall.bodies["ZW1"], place=hall.area.place, name="夜班", days=Days.EVERY, opens=time(20),
        closes=time(8), people=people, starts_on=timezone.localdate(today) - timedelta(days=7), now=today,
    )  # fmt: skip


def fields(desk: Desk, start: datetime, hours: int, kind: str = "leave") -> dict[str, str]:
    roster = f"{desk.hall.bodies['ZW1'].code}/{desk.hall.area.place.code}"
    first, last = (timezone.localtime(at).strftime("%Y-%m-%dT%H:%M") for at in (start, start + timedelta(hours=hours)))
    return {"roster": roster, "kind": kind, "starts_at": first, "ends_at": last}


def test_leave_is_asked_for_granted_and_seen_on_the_roster(desk: Desk, nights: DutyShift, today: datetime) -> None:
    mo, lin = desk.client("mo"), desk.client("lin")
    page = mo.get("/console/duty/leave/").content.decode()
    assert "我的补休" in page
    start = today + timedelta(days=3)
    assert mo.post("/console/duty/leave/", fields(desk, start, 72)).status_code == 302
    row = DutyLeave.objects.get()
    waiting = lin.get("/console/duty/leave/").content.decode()
    assert "等您答复" in waiting
    assert "碰到的班" in waiting
    assert "同意</button>" not in mo.get("/console/duty/leave/").content.decode(), "nobody grants his own"
    assert lin.post(f"/console/duty/leave/{row.pk}/grant/").status_code == 302
    row.refresh_from_db()
    assert row.state == "granted"
    week = timezone.localdate(start).isoformat()
    assert "空档" in lin.get(f"/console/duty/?org=ZW1&place={desk.hall.area.place.code}&week={week}").content.decode()
    refused = mo.post("/console/duty/leave/", fields(desk, start, 72, "comp"))
    assert refused.status_code == 422
    assert "已经有一个请假" in refused.content.decode()
    assert desk.client("ou").post(f"/console/duty/leave/{row.pk}/withdraw/").status_code == 404
    assert "不在任何一份值班表里" in desk.client("ou").get("/console/duty/leave/").content.decode()


def test_the_day_says_who_could_stand_in(desk: Desk, nights: DutyShift, today: datetime) -> None:
    on = timezone.localdate(today) + timedelta(days=5)
    duty = duty_actions.find_duty(nights, on)
    assert duty is not None
    address = f"/console/duty/shifts/{nights.pk}/{on.isoformat()}/"
    page = desk.client("lin").get(address).content.decode()
    section = page[page.index("谁能顶") :]
    names = re.findall(r"<b>(测试.)</b>", section)
    assert len(names) == 2, "who has it is not proposed"
    assert "谁能顶" not in desk.client("ou").get(address).content.decode()


def test_the_calendars_address_is_shown_once_and_ended(desk: Desk) -> None:
    client = desk.client("mo")
    page = client.post("/console/duty/calendar/", {"name": "我的手机"})
    found = re.search(r"/cal/([\w-]{43})\.ics", page.content.decode())
    assert found is not None
    assert "no-store" in page["Cache-Control"]
    assert found[0] not in client.get("/console/duty/calendar/").content.decode()
    assert Client().get(found[0]).status_code == 200
    row = DutyFeed.objects.get()
    assert desk.client("lin").post(f"/console/duty/calendar/{row.pk}/end/").status_code == 404
    assert client.post(f"/console/duty/calendar/{row.pk}/end/").status_code == 302
    assert Client().get(found[0]).status_code == 410
    assert client.post("/console/duty/calendar/", {"name": " "}).status_code == 422
