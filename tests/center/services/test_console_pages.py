"""Staff's pages of items, cases and departments: within scope, without persons, and each step where it belongs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from tests.center.services_cast import ALL_WEEK, SYSTEM

from budayang.center.platform import actions as platform
from budayang.center.platform.actors import Role
from budayang.center.platform.models import Organization, Place
from budayang.center.services import actions
from budayang.center.services.case_actions import code_hash
from budayang.center.services.models import Case, DepartmentHours, Item
from budayang.center.terminals.models import Terminal


@pytest.fixture
def sign_in(city: Any, now: datetime) -> Callable[..., Client]:
    """A signed-in person with one role at one place."""

    def make(role: Role, place: str, organization: str = "") -> Client:
        body = Organization.objects.get(code=organization) if organization else None
        name = f"{role.value}-{place}-{organization}"[:40]
        person = platform.add_staff(SYSTEM, username=name, name="测", password="night-shift-2026", organization=body)
        platform.grant_role(SYSTEM, person, role, Place.objects.get(code=place), organization=body, now=now)
        client = Client()
        client.force_login(person)
        return client

    return make


@pytest.fixture
def review_case(jia: Terminal, now: datetime) -> Case:
    return Case.objects.create(
        number="KBS01-0000-000001-X",
        terminal=jia,
        item=Item.objects.get(code="ZZ001"),
        place_path=jia.area.place.path,
        state="review",
        message="部门系统没有说清结果",
        identity_hash="IDENTITY",
        code_hash=code_hash("x"),
        masked={"name": "测**", "id_number": "9999**********1234"},
        request_sealed=b"sealed",
        accepted_at=now,
        finished_at=now,
    )


def test_a_keeper_sees_the_cases_of_his_area_and_nobody_elses(
    sign_in: Callable[..., Client], review_case: Case, yi: Terminal
) -> None:
    mine, other = sign_in(Role.AREA_KEEPER, "A-KBS"), sign_in(Role.AREA_KEEPER, "A-YJHL")
    assert review_case.number in mine.get("/console/cases/").content.decode()
    assert review_case.number not in other.get("/console/cases/").content.decode()
    assert other.get(f"/console/cases/{review_case.number}/").status_code == 404
    assert other.post(f"/console/cases/{review_case.number}/ask/").status_code == 404


def test_no_person_is_on_a_staff_page(sign_in: Callable[..., Client], review_case: Case) -> None:
    client = sign_in(Role.SUPERVISOR, "150600")
    pages = [
        client.get(address)
        for address in ("/console/cases/", f"/console/cases/{review_case.number}/", "/console/cases/?export=csv")
    ]
    for page in pages:
        assert page.status_code == 200
        for secret in ("测**", "1234", "IDENTITY"):
            assert secret not in page.content.decode()


def test_a_case_under_review_is_asked_again_by_a_keeper_only(sign_in: Callable[..., Client], review_case: Case) -> None:
    address = f"/console/cases/{review_case.number}/"
    assert "再次向部门核实" not in sign_in(Role.INSPECTOR, "150600").get(address).content.decode()
    assert sign_in(Role.OWNER_UNIT, "150600", "RS").post(f"{address}ask/").status_code == 403
    keeper = sign_in(Role.AREA_KEEPER, "A-KBS")
    assert "再次向部门核实" in keeper.get(address).content.decode()
    assert keeper.post(f"{address}ask/").status_code == 302
    review_case.refresh_from_db()
    assert (review_case.state, review_case.unclear) == ("accepted", True)
    assert keeper.post(f"{address}ask/").status_code == 422


def test_an_owner_unit_sees_cases_at_its_own_machines(sign_in: Callable[..., Client], review_case: Case) -> None:
    assert review_case.number in sign_in(Role.OWNER_UNIT, "150600", "RS").get("/console/cases/").content.decode()
    assert review_case.number not in sign_in(Role.OWNER_UNIT, "150600", "YB").get("/console/cases/").content.decode()


def test_a_department_confirms_its_own_hours(sign_in: Callable[..., Client], jia: Terminal) -> None:
    for code in ("RS", "YB"):
        organization = Organization.objects.get(code=code)
        actions.Department.objects.filter(code=code).update(organization=organization)
    row = actions.set_department_hours(SYSTEM, "RS", item_code="ZZ001", weekly=ALL_WEEK, source="函")
    address = f"/console/departments/RS/hours/{row.pk}/confirm/"
    stranger = sign_in(Role.OWNER_UNIT, "150600", "YB")
    assert "确认单位和确认人" not in stranger.get("/console/departments/RS/hours/").content.decode()
    assert stranger.post(address, {"confirmed_by": "医保"}).status_code == 403
    own = sign_in(Role.OWNER_UNIT, "150600", "RS")
    assert "每天24小时" in own.get("/console/departments/RS/hours/").content.decode()
    assert own.post(address, {"confirmed_by": " "}).status_code == 409
    assert own.post(address, {"confirmed_by": "人社局 信息科"}).status_code == 302
    assert DepartmentHours.objects.get(pk=row.pk).confirmed_by == "人社局 信息科"
    assert sign_in(Role.SUPERVISOR, "150600").get("/console/departments/NO/hours/").status_code == 404


def test_items_tell_where_they_work_and_what_is_not_checked(sign_in: Callable[..., Client], judged: datetime) -> None:
    client = sign_in(Role.AREA_KEEPER, "A-KBS")
    assert "个人参保证明查询打印" in client.get("/console/items/?offered=1").content.decode()
    page = client.get("/console/items/ZZ001/").content.decode()
    assert "KBS-01" in page
    assert "YJHL-01" not in page
    assert "身份证阅读器、打印机" in page
    assert "没有应答" not in client.get("/console/departments/").content.decode()
    for _one in range(2):
        actions.note_connector("RS", ok=False, why="HTTP 503", now=judged)
    assert "没有应答的部门系统" in client.get("/console/departments/").content.decode()


def test_nobody_without_a_role_comes_in(client: Client, city: Any) -> None:
    assert client.get("/console/cases/")["Location"].startswith("/accounts/login/")
