"""Pages of lines to departments: who sees which, what a held line says, and who may release or register one."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from tests.center.console.the_desk import Desk, build

from budayang.center.platform.actors import Actor
from budayang.center.platform.models import AuditLine, Organization
from budayang.center.services import connector_actions
from budayang.center.services.connector_calls import Made, note_call
from budayang.center.services.models import Connector, Department, Item
from budayang.rules.connectors import CallClass

SYSTEM = Actor.system()
NUMBER = "KBS01-7F3A-000017-C"


def lines(desk: Desk, now: datetime) -> Desk:
    """人社 holds an answer of somebody else, 税务 failed a few times, 医保 is well. Shared with the browser's test."""
    for code, name, owner in (("RS", "人社", "RS"), ("SW", "税务", "SW"), ("YB", "医保", "")):
        organization = Organization.objects.filter(code=owner).first()
        department = Department.objects.create(code=code, name=name, organization=organization)
        Item.objects.create(
            code=f"{code}-1", name=f"{name}证明打印", department=department, kind="打印", audience="个人",
            live="是", after_hours="全时可办",
        )  # fmt: skip
        connector_actions.set_connector(
            SYSTEM, code, url=f"http://127.0.0.1:8810/dept/{code}", key="k", now=now - timedelta(hours=2)
        )
        connector_actions.note_connector(code, ok=True, why="", now=now - timedelta(minutes=1))
    declared = {"kind": "query_print", "honours_key": False, "can_be_asked": False, "names_person": False}
    connector_actions.declare_items(SYSTEM, "RS", {"contract": "1", "items": {"RS-1": declared}}, now)
    for minute, how in enumerate((CallClass.ANSWERED, CallClass.CLOSED, CallClass.TIMEOUT, CallClass.CUT)):
        note_call(Made("SW", "matter", "SW-1", f"N-{minute}", how, None, 40 * minute), now - timedelta(minutes=minute))
    note_call(Made("RS", "matter", "RS-1", NUMBER, CallClass.WRONG_PERSON, 200, 31), now)
    return desk


@pytest.fixture
def desk(db: None, now: datetime) -> Desk:
    return lines(build(now), now)


def test_an_owner_unit_sees_its_own_line_and_calls_only(desk: Desk) -> None:
    rs, sw = desk.client("ren"), desk.client("shui")
    assert "人社" in rs.get("/console/connectors/").content.decode()
    assert "税务" not in rs.get("/console/connectors/").content.decode().split('id="listing"')[1]
    assert rs.get("/console/connectors/SW/").status_code == 404
    assert NUMBER in rs.get("/console/connectors/calls/").content.decode()
    assert NUMBER not in sw.get("/console/connectors/calls/").content.decode()


@pytest.mark.parametrize("name", ["lin", "mo", "ning", "sec", "aud", ""])
def test_others_do_not_open_the_machinery(desk: Desk, name: str) -> None:
    for address in ("connectors/", "connectors/calls/", "connectors/RS/", "connectors/new/"):
        assert desk.client(name).get(f"/console/{address}").status_code in (302, 403)


def test_a_held_line_says_what_happened_and_is_released_with_a_reason(desk: Desk, now: datetime) -> None:
    page = desk.client("zhu").get("/console/connectors/RS/").content.decode()
    assert "把别人的记录答复给了一件办件" in page
    assert "不能重复也不能查问" in page
    assert "不说明是谁的记录" in page
    assert NUMBER in page
    assert desk.client("ren").post("/console/connectors/RS/release/", {"reason": "x"}).status_code == 403
    empty = desk.client("zhu").post("/console/connectors/RS/release/", {"reason": " "}, follow=True)
    assert "请写明查清了什么" in empty.content.decode()
    assert Connector.objects.get(department__code="RS").circuit == "held"
    done = desk.client("zhu").post("/console/connectors/RS/release/", {"reason": "部门更正了索引"}, follow=True)
    assert "已恢复调用" in done.content.decode()
    assert Connector.objects.get(department__code="RS").circuit == "closed"
    assert AuditLine.objects.filter(action="services.release_connector").count() == 1


def test_calls_are_filtered_and_exported_without_persons(desk: Desk) -> None:
    zhu = desk.client("zhu")
    page = zhu.get("/console/connectors/calls/?result=timeout").content.decode()
    assert "N-2" in page
    assert "N-1" not in page
    export = zhu.get("/console/connectors/calls/?export=csv")
    assert export.status_code == 200
    assert "超时" in b"".join(export.streaming_content if export.streaming else [export.content]).decode("utf-8-sig")


def test_a_line_is_registered_by_the_system_administrator_and_a_bad_address_keeps_what_was_typed(desk: Desk) -> None:
    assert desk.client("zhu").get("/console/connectors/new/").status_code == 403
    sys = desk.client("sys")
    assert sys.get("/console/connectors/new/?department=YB").status_code == 200
    bad = sys.post("/console/connectors/new/", {"department": "YB", "url": "http://10.1.2.3/x", "key": "k"})
    assert bad.status_code == 400
    assert "http://10.1.2.3/x" in bad.content.decode()
    assert "须为 https 地址" in bad.content.decode()
    missing = sys.post("/console/connectors/new/", {"department": "YB", "url": "soap+https://10.1.2.3/x"})
    assert "没有安装名为" in missing.content.decode()
    nobody = sys.post("/console/connectors/new/", {"department": "??", "url": "https://10.1.2.3/x"})
    assert "请选择部门" in nobody.content.decode()
    good = sys.post("/console/connectors/new/", {"department": "YB", "url": "https://10.1.2.3/x", "key": "k"})
    assert good.status_code == 302
    assert Connector.objects.get(department__code="YB").url == "https://10.1.2.3/x"
