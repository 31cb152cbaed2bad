"""Pages of the catalogue: the way of a new edition, the department's confirmation, what a terminal offers by hand."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from tests.center.console.the_desk import Desk
from tests.center.hall import SYSTEM
from tests.center.services.the_table import PLANTED, changed_table, planted_table, xlsx
from tests.center.services_cast import catalogue_rows

from budayang.center.platform import actions as platform
from budayang.center.platform.models import AuditLine
from budayang.center.services import actions, catalogue_actions, field_actions
from budayang.center.services.models import CatalogueEdition, Department, Item, Offering
from budayang.center.terminals.models import Peripheral
from budayang.rules.catalogue import DEFAULT_RULES

IMPORT = "/console/catalogue/import/"
FORM = {"name": "十一月版", "source": "测试", "whole": "1"} | {
    f"rule_{key}": rule for key, rule in DEFAULT_RULES.items()
}


@pytest.fixture
def full(desk: Desk) -> Desk:
    """The desk with the whole shipped catalogue."""
    assert not actions.import_items(SYSTEM, catalogue_rows(), is_demo=True).errors
    return desk


def upload(client: Client, content: bytes, **changes: str) -> Any:
    file = SimpleUploadedFile("目录.xlsx", content)
    return client.post(IMPORT, {**FORM, **changes, "table": file})


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


def test_upload_preview_adopt(full: Desk) -> None:
    client = full.client("zhu")
    page = upload(client, xlsx(changed_table(fee="10元", fee_yuan="10")))
    edition = CatalogueEdition.objects.latest("pk")
    assert page.url == f"/console/catalogue/{edition.pk}/"
    shown = text_of(client.get(page.url))
    assert "收费：0 → 10元" in shown
    assert "待采用" in shown
    change = edition.changes.get(change="changed")
    assert "10元" in text_of(client.get(f"{page.url}items/{change.pk}/"))
    assert Item.objects.get(code="ZZ001").fee == "0"
    done = client.post(f"{page.url}adopt/", follow=True)
    assert "已采用为第 2 版" in text_of(done)
    assert Item.objects.get(code="ZZ001").fee_fen == 1000
    assert "第 2 版" in text_of(client.get("/console/items/ZZ001/"))


def test_faults_are_listed_by_cell_and_can_be_downloaded(full: Desk) -> None:
    client = full.client("zhu")
    page = upload(client, xlsx(planted_table()))
    shown = text_of(client.get(page.url))
    assert "有 40 处错误，什么也没有导入" in shown
    assert "第 11 行 A 列（事项编码）" in shown
    assert "采用这一版" not in shown
    assert client.post(f"{page.url}adopt/").status_code == 409
    table = client.get(f"{page.url}?export=csv").content.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(table)))
    assert len([row for row in rows if row and row[0].startswith("第 ")]) == len(PLANTED)


def test_a_refused_form_keeps_what_was_typed(full: Desk) -> None:
    client = full.client("zhu")
    page = upload(client, b"not a table", name="我起的名字", source="红头文件", whole="0")
    assert page.status_code == 422
    shown = text_of(page)
    assert 'value="我起的名字"' in shown
    assert 'value="红头文件"' in shown
    assert "没有找到表头" in shown
    assert not CatalogueEdition.objects.filter(name="我起的名字").exists()


def test_a_long_comparison_shows_how_far_it_is_and_is_cancelled(full: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue_actions, "AT_ONCE", 10)
    client = full.client("zhu")
    page = upload(client, xlsx(changed_table(fee="10元", fee_yuan="10")))
    assert "等待开始" in text_of(client.get(page.url))
    part = client.get(f"{page.url}progress/")
    assert "every 1s" in text_of(part)
    client.post(f"{page.url}cancel/")
    assert client.get(f"{page.url}progress/")["HX-Refresh"] == "true"
    shown = text_of(client.get(page.url))
    assert "比对没有做完" in shown
    assert "重新比对" in shown


@pytest.mark.parametrize("name", ["lin", "mo", "ning"])
def test_others_neither_import_nor_see_proposals(full: Desk, name: str) -> None:
    mine = upload(full.client("zhu"), xlsx(changed_table(name="提案")))
    client = full.client(name)
    assert client.get(IMPORT).status_code == 403
    assert client.get(mine.url).status_code == 404
    assert "提案" not in text_of(client.get("/console/catalogue/"))
    assert client.post(f"{mine.url}adopt/").status_code in {403, 404}


def test_the_list_tells_where_and_how_well_known(full: Desk) -> None:
    client = full.client("zhu")
    shown = text_of(client.get("/console/items/?q=社会保障卡"))
    assert "专机办理" in shown
    assert "待部门确认" in shown
    machine = text_of(client.get("/console/items/?way=machine&export=csv"))
    assert "终端可办" not in machine
    done = client.get("/console/items/?standing=done")
    assert done.status_code == 200
    page = text_of(client.get("/console/items/ZZ017/"))
    assert "需要自助终端没有驱动的设备" in page


def test_what_an_item_was_can_be_read(full: Desk) -> None:
    client = full.client("zhu")
    before = timezone.now()
    page = upload(client, xlsx(changed_table(name="改过的名字")))
    client.post(f"{page.url}adopt/")
    then = client.get("/console/items/ZZ001/then/", {"at": before.isoformat()})
    assert "个人参保证明查询打印" in text_of(then)
    now = client.get("/console/items/ZZ001/then/", {"at": timezone.now().isoformat()})
    assert "改过的名字" in text_of(now)
    assert client.get("/console/items/ZZ001/then/", {"at": "昨天"}).status_code == 422


# The department ------------------------------------------------------------------------------------------------------


@pytest.fixture
def ren(full: Desk) -> Client:
    """A person of the body behind 人社."""
    field_actions.link_department(SYSTEM, "RS", full.hall.bodies["RS"].pk)
    return full.client("ren")


def answer(code: str, **fields: str) -> dict[str, str]:
    return {"seen": str(field_actions.open_version_id(code)), "confirmed_by": "人社局 任工", **fields}


def test_a_department_confirms_and_corrects_field_by_field(ren: Client) -> None:
    listed = text_of(ren.get("/console/departments/RS/items/"))
    assert "/console/items/ZZ001/confirm/" in listed
    page = text_of(ren.get("/console/items/ZZ001/confirm/"))
    assert "未核实" in page
    given = answer("ZZ001", answer_time="right", answer_fee="correct", fee="", fee_yuan="12.50", fee_basis="某号文件")
    after = ren.post("/console/items/ZZ001/confirm/", {**given, "then": "next"})
    assert after.url == "/console/items/ZZ002/confirm/"
    item = Item.objects.get(code="ZZ001")
    assert (item.mark("time"), item.mark("fee"), item.fee_fen, item.mark("materials")) == ("C", "C", 1250, "R")
    line = AuditLine.objects.get(action="services.confirm_fields")
    assert line.details["fields"] == ["fee", "time"]
    assert ["fee_yuan", "0", "12.50"] in line.details["corrections"]
    public = text_of(Client().get("/items/ZZ001/"))
    assert "12.50 元" in public
    assert "部门已确认 · 人社局 任工" in public


def test_a_refused_correction_keeps_every_answer(ren: Client) -> None:
    given = answer("ZZ001", answer_time="correct", typical_minutes="一会儿", answer_fee="right")
    page = ren.post("/console/items/ZZ001/confirm/", given)
    assert page.status_code == 422
    shown = text_of(page)
    assert 'value="一会儿"' in shown
    assert 'name="answer_fee" value="right" checked' in shown
    assert 'value="人社局 任工"' in shown
    assert Item.objects.get(code="ZZ001").mark("fee") == "R"


def test_nothing_is_confirmed_unseen(ren: Client) -> None:
    seen = answer("ZZ001", answer_fee="right")
    assert not actions.import_items(SYSTEM, [{**catalogue_rows()[0], "fee": "20元"}]).errors
    page = ren.post("/console/items/ZZ001/confirm/", seen)
    assert page.status_code == 422
    assert "刚刚有改动" in text_of(page)
    assert Item.objects.get(code="ZZ001").mark("fee") == "R"


def test_a_department_confirms_its_own_items_only(ren: Client) -> None:
    assert ren.get("/console/items/ZZ031/confirm/").status_code == 404
    assert ren.post("/console/items/ZZ031/confirm/", answer("ZZ031", answer_fee="right")).status_code == 404
    assert "/console/items/ZZ031/confirm/" not in text_of(ren.get("/console/departments/YB/items/"))


def test_a_department_is_linked_to_its_body(full: Desk) -> None:
    body = platform.add_organization(SYSTEM, code="YBJ", name="医保局（测试）", kind="owner", place=full.hall.city)
    assert "还没有关联单位" in text_of(full.client("zhu").get("/console/departments/YB/items/"))
    full.client("zhu").post("/console/departments/YB/body/", {"body": str(body.pk)})
    assert Department.objects.get(code="YB").organization_id == body.pk
    assert full.client("lin").get("/console/departments/YB/body/").status_code == 403


# What a terminal offers ----------------------------------------------------------------------------------------------


def test_a_keeper_overrides_what_is_derived_and_returns_it(full: Desk) -> None:
    terminal = full.hall.terminal
    for kind in ("idReader", "printer"):
        Peripheral.objects.get_or_create(
            terminal=terminal, subject=kind, defaults={"kind": kind, "first_seen_at": timezone.now()}
        )
    actions.derive_offerings([terminal.pk], timezone.now())
    client = full.client("lin")
    code = Offering.objects.filter(terminal=terminal, active=True, derived=True).values_list("item__code", flat=True)[0]
    page = f"/console/items/{code}/"
    assert "按设备推得" in text_of(client.get(page))
    client.post(f"{page}offer/", {"terminal": terminal.code, "what": "stop"})
    assert "人工停办" in text_of(client.get(page))
    row = Offering.objects.get(terminal=terminal, item__code=code)
    assert (row.active, row.derived) == (False, False)
    mine = f"/console/terminals/{terminal.code}/items/"
    assert "人工停办" in text_of(client.get(mine))
    assert full.client("ou").get(mine).status_code == 404, "another banner's keeper"
    client.post(f"{page}offer/", {"terminal": terminal.code, "what": "derive"})
    row.refresh_from_db()
    assert (row.active, row.derived) == (True, True)
    assert AuditLine.objects.filter(action="services.return_to_derived").count() == 1
    assert full.client("sec").post(f"{page}offer/", {"terminal": terminal.code, "what": "stop"}).status_code == 403
