"""Pages of assets, ledgers, registers and archives: what a person does there, and who is shown nothing."""

from __future__ import annotations

import io
from datetime import datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from openpyxl import load_workbook
from PIL import Image
from tests.center.console.the_desk import Desk
from tests.center.maintenance.the_books import build

from budayang.center.maintenance import ledger_actions, ledger_archiving
from budayang.center.maintenance.models import (
    Asset,
    DutyEntry,
    LedgerArchive,
    LedgerFile,
    LostThing,
    VideoViewing,
    WorkOrder,
)
from budayang.center.platform.models import AuditLine, Work
from budayang.center.platform.works import Progress
from budayang.rules.assets import check_items

pytestmark = pytest.mark.django_db


@pytest.fixture
def filled(desk: Desk, today: datetime) -> Desk:
    build(desk.hall, today - timedelta(hours=3))
    return desk


def post(desk: Desk, who: str, address: str, **typed: object) -> str:
    answer = desk.client(who).post(f"/console/{address}", typed, follow=True)
    assert answer.status_code in (200, 422), answer.status_code
    return answer.content.decode()


def get(desk: Desk, who: str, address: str) -> str:
    answer = desk.client(who).get(f"/console/{address}")
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def photo() -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.effect_noise((320, 240), 80).convert("RGB").save(out, "JPEG")
    return SimpleUploadedFile("铭牌.jpg", out.getvalue(), content_type="image/jpeg")


def test_an_asset_from_the_form_to_the_scrapyard(desk: Desk) -> None:
    hall = desk.hall
    typed = {"code": "ZC-7", "kind": "ups", "name": "机柜 UPS", "area": hall.area.pk, "spot": "弱电间",
             "owner": hall.bodies["ZW1"].pk, "warranty_until": "2020-01-01", "bought_on": "2019-01-01"}  # fmt: skip
    assert "待验收" in post(desk, "zhu", "assets/new/", **typed)
    asset = Asset.objects.get()
    answers = {f"answer_{one.code}": "yes" for one in check_items("ups")}
    refused = post(desk, "zhu", f"assets/{asset.pk}/accept/", accepted_on="2026-01-05", passed="yes", **answers)
    assert "参加验收的人" in refused
    assert 'value="2026-01-05"' in refused, "what was typed is kept"
    kept = post(
        desk, "zhu", f"assets/{asset.pk}/accept/", accepted_on="2020-01-05", passed="yes", people="测试甲", note="",
        files=photo(), **answers,
    )  # fmt: skip
    assert "验收合格" in kept
    assert "铭牌.jpg" in kept
    ref = asset.files.get().ref
    assert desk.client("zhu").get(f"/console/assets/{asset.pk}/files/{ref}/").content[:2] == b"\xff\xd8"
    assert "已过质保期" in get(desk, "zhu", f"assets/{asset.pk}/")
    moved = post(desk, "zhu", f"assets/{asset.pk}/move/", area=hall.area.pk, spot="门厅")
    assert "弱电间" in moved, "where it was stays on the page"
    edited = post(desk, "zhu", f"assets/{asset.pk}/edit/", name="机柜 UPS 2kVA", owner=hall.bodies["ZW1"].pk)
    assert "2kVA" in edited
    assert "报废" in post(desk, "zhu", f"assets/{asset.pk}/step/", event="scrap", note="电池鼓包")
    asset.refresh_from_db()
    assert asset.state == "scrapped"
    for who, code in (("ren", 404), ("ou", 404), ("ning", 200)):
        assert desk.client(who).get(f"/console/assets/{asset.pk}/").status_code == code
        assert desk.client(who).get(f"/console/assets/{asset.pk}/files/{ref}/").status_code == code


def test_a_table_of_assets_goes_in_all_or_nothing_and_comes_out(desk: Desk) -> None:
    head = "编号,名称,类别,自助区代码,归属单位代码,终端编号,部件,位置,购置日期,质保到\n"
    good = head + "A-1,打印机,终端部件,KBS,RS,KBS-01,printer,,2026年1月5日,2028/1/4\nA-2,椅子,家具,KBS,ZW1,,,等候区,,\n"
    bad = good + "A-3,打印机,终端部件,KBS,RS,KBS-01,printer,,,\nA-4,x,飞船,KBS,RS,,,,,\nA-5,x,家具,KBS,RS,,,,昨天,\n"
    shown = post(desk, "zhu", "assets/import/", table=SimpleUploadedFile("资产.csv", bad.encode()))
    for word in ("A-1，请先把它移走", "飞船", "不是日期"):
        assert word in shown
    assert not Asset.objects.exists()
    preview = desk.client("zhu").post(
        "/console/assets/import/", {"table": SimpleUploadedFile("资产.csv", good.encode("gb18030"))}
    )
    assert not Asset.objects.exists(), "a preview writes nothing"
    payload = preview.context["payload"]
    post(desk, "zhu", "assets/import/", payload=payload)
    rows = {one.code: one for one in Asset.objects.all()}
    assert set(rows) == {"A-1", "A-2"}
    assert (str(rows["A-1"].bought_on), str(rows["A-1"].warranty_until)) == ("2026-01-05", "2028-01-04")
    again = desk.client("zhu").post("/console/assets/import/", {"table": SimpleUploadedFile("资产.csv", good.encode())})
    assert again.context["known_count"] == 2
    out = desk.client("ren").get("/console/assets/?export=xlsx").content
    cells = {cell.value for row in load_workbook(io.BytesIO(out)).worksheets[0].iter_rows() for cell in row}
    assert {"A-1", "演示数据"} <= cells
    assert "A-2" not in cells, "an owner unit takes its own machines only"


def test_an_order_says_warranty_and_contract_of_its_thing(filled: Desk) -> None:
    page = get(filled, "lin", f"orders/{WorkOrder.objects.get().number}/")
    for word in ("ZC-002", "在质保期内", "没有合同"):
        assert word in page


def test_every_book_is_shown_and_printed_at_one_click(filled: Desk) -> None:
    query = f"?place=A-KBS&first={timezone.localdate():%Y-%m}-01&last={timezone.localdate().isoformat()}"
    page = get(filled, "lin", f"ledgers/{query}")
    for word in ("巡查台账", "视频调阅台账", "依据 A 级"):
        assert word in page
    shown = get(filled, "lin", f"ledgers/books/lost/{query}")
    assert "身份证一张" in shown
    for word in ("王小明", "150602199001011234"):
        assert word not in shown
    answer = filled.client("lin").post(f"/console/ledgers/books/repair/print/xlsx/{query}")
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    assert answer.content[:2] == b"PK"
    assert AuditLine.objects.filter(action="maintenance.print_ledger", actor="lin").count() == 1
    assert filled.client("lin").get("/console/ledgers/?place=A-HJ").status_code == 422
    assert filled.client("lin").get("/console/ledgers/books/none/").status_code == 404


def test_a_long_one_is_followed_on_the_page(filled: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    query = f"?place=A-KBS&first={timezone.localdate():%Y-%m}-01&last={timezone.localdate().isoformat()}"
    monkeypatch.setattr(ledger_actions, "AT_ONCE_ROWS", 1)
    shown = get(filled, "lin", f"ledgers/books/assets/{query}")
    assert "超过 1 行" in shown
    assert "ZC-002" not in shown, "a page reads no more than it prints at once"
    page = filled.client("lin").post(f"/console/ledgers/books/assets/print/docx/{query}", follow=True).content.decode()
    assert "等待打印" in page
    row = LedgerFile.objects.get()
    assert row.work is not None
    Work.objects.filter(pk=row.work.pk).update(state="running")
    ledger_actions.print_ledger(Progress(row.work.pk), {"ledger": row.pk})
    Work.objects.filter(pk=row.work.pk).update(state="done")
    assert "取文件" in get(filled, "lin", "ledgers/files/")
    assert filled.client("lin").get(f"/console/ledgers/files/{row.pk}/").content[:2] == b"PK"
    assert filled.client("zhu").get(f"/console/ledgers/files/{row.pk}/").status_code == 404, "not another's"


def test_registers_are_written_and_corrected_never_changed(desk: Desk) -> None:
    area, now = desk.hall.area.pk, timezone.localtime().strftime("%Y-%m-%dT%H:%M")
    first = {"area": area, "at": now, "kind": "routine", "text": "访客 13812345678 来电"}
    assert "删去号码" in post(desk, "lin", "ledgers/registers/duty-log/new/", **first)
    assert not DutyEntry.objects.exists()
    post(desk, "lin", "ledgers/registers/duty-log/new/", **(first | {"text": "无异常"}))
    row = DutyEntry.objects.get()
    assert "无异常" in get(desk, "ning", f"ledgers/registers/duty-log/{row.pk}/")
    page = post(
        desk, "lin", f"ledgers/registers/duty-log/{row.pk}/correct/", at=now, kind="unusual", text="灯闪", why="漏记"
    )
    assert "漏记" in page
    assert DutyEntry.objects.count() == 2
    again = post(
        desk, "lin", f"ledgers/registers/duty-log/{row.pk}/correct/", at=now, kind="routine", text="x", why="y"
    )
    assert "已经更正过" in again
    for who in ("ren", "mo"):
        assert desk.client(who).get("/console/ledgers/registers/duty-log/").status_code == 403
    assert desk.client("ou").get(f"/console/ledgers/registers/duty-log/{row.pk}/").status_code == 404
    typed = {"area": area, "at": now, "kind": "fire", "subject": "灭火器", "minutes": 30, "teacher": "甲", "present": 3,
             "people": "甲、乙、丙"}  # fmt: skip
    assert "灭火器" in post(desk, "lin", "ledgers/registers/trainings/new/", **typed)


def test_who_viewed_is_seen_with_a_reason_only(filled: Desk) -> None:
    row = VideoViewing.objects.get()
    address = f"ledgers/registers/viewings/{row.pk}/"
    shown = get(filled, "lin", address)
    assert "赵**" in shown
    assert "赵建国" not in shown
    assert "选择为什么" in post(filled, "lin", f"{address[:-1]}/person/", reason="")
    answer = filled.client("lin").post(f"/console/{address}person/", {"reason": "authority"})
    assert "赵建国" in answer.content.decode()
    assert answer["Cache-Control"] == "no-store"
    line = AuditLine.objects.get(action="maintenance.view_book_person")
    assert (line.details, "赵" in line.record) == ({"reason": "authority"}, False)
    assert filled.client("ning").post(f"/console/{address}person/", {"reason": "authority"}).status_code == 403


def test_a_lost_thing_is_claimed_once_and_its_owner_seen_with_a_reason(filled: Desk) -> None:
    thing = LostThing.objects.get(kind="document")
    address = f"ledgers/lost/{thing.pk}/"
    assert "王小明" not in get(filled, "lin", address)
    assert "王小明" in post(filled, "lin", f"{address}person/", reason="claim")
    assert "证件和号码" in post(filled, "lin", address, event="claim", name="王小明", document="", note="")
    page = post(filled, "lin", address, event="claim", name="王小明", document="150602199001011234", note="")
    assert "已领回" in page
    assert "王**" in page
    thing.refresh_from_db()
    assert "王小明".encode() not in bytes(thing.claimant_sealed or b"")
    assert "已经“已领回”" in post(filled, "lin", address, event="claim", name="x", document="y", note="")
    assert filled.client("ning").post(f"/console/{address}", {"event": "dispose", "note": "x"}).status_code == 403
    assert filled.client("ren").get(f"/console/{address}").status_code == 403


def test_a_year_is_archived_at_one_click_and_downloads_the_same_bytes(desk: Desk) -> None:
    year = timezone.localdate().year - 1
    page = post(desk, "zhu", "ledgers/archives/new/", place="A-KBS", year=year)
    assert "正在归档" in page
    row = LedgerArchive.objects.get()
    assert row.work is not None
    Work.objects.filter(pk=row.work.pk).update(state="running")
    ledger_archiving.make_archive(Progress(row.work.pk), {"archive": row.pk})
    shown = get(desk, "lin", f"ledgers/archives/{row.pk}/?compare=1")
    for word in ("没有记录的台账 11", "没有变动", "00_目录.pdf"):
        assert word in shown
    first = desk.client("lin").get(f"/console/ledgers/archives/{row.pk}/zip/")
    assert first.content == desk.client("ning").get(f"/console/ledgers/archives/{row.pk}/zip/").content
    assert desk.client("ren").get("/console/ledgers/archives/").status_code == 403
    assert desk.client("ou").get(f"/console/ledgers/archives/{row.pk}/").status_code == 404
    assert "过完" in post(desk, "zhu", "ledgers/archives/new/", place="A-KBS", year=year + 1)
