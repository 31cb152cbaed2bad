"""Pages of calendars, of tries and of wasted trips: who sees what, what is refused keeps what was typed."""

from __future__ import annotations

import io
from datetime import date, datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from openpyxl import load_workbook
from tests.center.console.the_desk import Desk

from budayang.center.platform.models import AuditLine
from budayang.center.services import trip_actions
from budayang.center.services.models import (
    CalendarDay,
    CalendarYear,
    Department,
    Item,
    Offering,
    Probe,
    ProbeStanding,
    Trip,
)

EVERYBODY = ("zhu", "lin", "ou", "ren", "mo", "ning", "sys", "sec", "aud")
OPERATING = {"zhu", "lin", "ou", "ren", "mo", "ning"}
YEAR = timezone.localdate().year
PAGES = {
    f"/console/calendars/{YEAR}/": set(EVERYBODY),
    f"/console/calendars/{YEAR}/import/": {"zhu", "sys"},
    f"/console/calendars/{YEAR}/10/1/": {"zhu", "sys"},
    f"/console/calendars/{YEAR}/calendar.csv": set(EVERYBODY),
    "/console/probes/": set(EVERYBODY),
    "/console/probes/log/": set(EVERYBODY),
    "/console/probes/new/": {"zhu", "lin", "ou", "ren"},
    "/console/probes/items/ZZ001/": set(EVERYBODY),
    "/console/trips/": OPERATING,
}
TABLE = "日期,类别,名称\n{year}-10-01,法定节假日,国庆节\n{year}-10-02,放假,国庆节\n"


@pytest.fixture
def item(desk: Desk) -> Item:
    """An item of 人社, offered on the first terminal."""
    department = Department.objects.create(code="RS", name="人社", organization=desk.hall.bodies["RS"])
    made = Item.objects.create(
        code="ZZ001", name="个人参保证明查询打印", department=department, kind="打印", audience="个人", live="是",
        after_hours="全时可办", driven=True, needs=["printer"],
    )  # fmt: skip
    Offering.objects.create(item=made, terminal=desk.hall.terminal)
    return made


@pytest.mark.parametrize("page", PAGES)
def test_who_may_open_a_page(desk: Desk, item: Item, page: str) -> None:
    opened = {name for name in EVERYBODY if desk.client(name).get(page).status_code == 200}
    assert opened == PAGES[page]
    assert desk.client("").get(page).status_code == 302


# Calendars -----------------------------------------------------------------------------------------------------------


def upload(year: int, text: str = TABLE, **more: str) -> dict[str, object]:
    file = SimpleUploadedFile("放假.csv", text.format(year=year).encode(), content_type="text/csv")
    return {"table": file, "source": "国办发明电〔2026〕×号", "announced_on": "2026-11-04"} | more


def test_a_year_is_estimated_until_it_is_imported_and_says_so(desk: Desk) -> None:
    year, browser = YEAR + 1, desk.client("zhu")
    page = browser.get(f"/console/calendars/{year}/").content.decode()
    assert "推算" in page
    assert "还没有录入" in page
    assert browser.get("/console/calendars/").headers["Location"] == f"/console/calendars/{YEAR}/"
    seen = browser.post(f"/console/calendars/{year}/import/", upload(year))
    assert seen.status_code == 200
    assert "新增 2 天" in seen.content.decode()
    assert not CalendarDay.objects.exists()
    payload = seen.context["payload"]
    answer = browser.post(f"/console/calendars/{year}/import/", {"payload": payload}, follow=True)
    assert "已公布" in answer.content.decode()
    assert "国办发明电" in answer.content.decode()
    assert CalendarYear.objects.get().announced_on == date(2026, 11, 4)
    assert AuditLine.objects.filter(action="services.replace_year").count() == 1
    assert browser.post(f"/console/calendars/{YEAR}/import/", {"payload": payload}).status_code == 404
    assert browser.post(f"/console/calendars/{year}/import/", {"payload": payload + "x"}).status_code == 422


def test_a_bad_table_loads_nothing_and_names_the_line(desk: Desk) -> None:
    browser = desk.client("zhu")
    answer = browser.post(f"/console/calendars/{YEAR}/import/", upload(YEAR, TABLE + "{year}-10-03,休,x\n"))
    assert answer.status_code == 422
    assert '<td class="num">4</td>' in answer.content.decode()
    assert "payload" not in answer.context
    assert not CalendarDay.objects.exists()
    empty = browser.post(f"/console/calendars/{YEAR}/import/", {"source": "某通知"})
    assert empty.status_code == 422
    assert "某通知" in empty.content.decode()


def test_a_day_is_mended_on_its_own_page(desk: Desk) -> None:
    browser = desk.client("sys")
    address = f"/console/calendars/{YEAR}/8/3/"
    refused = browser.post(address, {"kind": "holiday", "name": "那达慕", "source": ""})
    assert refused.status_code == 422
    assert "那达慕" in refused.content.decode()
    browser.post(address, {"kind": "holiday", "name": "那达慕", "source": "市政府通知"})
    assert CalendarDay.objects.get().name == "那达慕"
    assert "那达慕" in browser.get(f"/console/calendars/{YEAR}/").content.decode()
    browser.post(address, {"kind": "", "name": "", "source": ""})
    assert not CalendarDay.objects.exists()
    assert browser.get(f"/console/calendars/{YEAR}/2/30/").status_code == 404
    assert browser.get("/console/calendars/1900/").status_code == 404


def test_the_year_as_a_file_reads_back(desk: Desk) -> None:
    browser = desk.client("zhu")
    browser.post(f"/console/calendars/{YEAR}/8/3/", {"kind": "holiday", "name": "那达慕", "source": "市政府"})
    csv = browser.get(f"/console/calendars/{YEAR}/calendar.csv")
    assert "那达慕" in csv.content.decode("utf-8-sig")
    sheet = browser.get(f"/console/calendars/{YEAR}/calendar.xlsx")
    assert load_workbook(io.BytesIO(sheet.content)).active["A2"].value == "日期"  # type: ignore[index]  # one sheet; the mark of demonstration is above
    file = SimpleUploadedFile("x.csv", csv.content)
    seen = browser.post(f"/console/calendars/{YEAR}/import/", {"table": file, "source": "市政府"})
    assert "新增 0 天，改 0 天，去掉 0 天" in seen.content.decode()


# Tries ---------------------------------------------------------------------------------------------------------------


def test_a_try_by_hand_from_the_item_to_its_steps(desk: Desk, item: Item) -> None:
    browser = desk.client("lin")
    assert "KBS-01" in browser.get("/console/probes/items/ZZ001/").content.decode()
    answer = browser.post("/console/probes/new/", {"item": "ZZ001", "terminal": "KBS-01"})
    probe = Probe.objects.get()
    assert answer.headers["Location"] == f"/console/probes/{probe.pk}/"
    assert (probe.asked_by, probe.asked_label) == ("hand", "测试甲")
    page = browser.get(f"/console/probes/{probe.pk}/").content.decode()
    assert "等待拨测" in page
    assert "本页自动更新" in page
    steps = [
        {"step": "alive", "ok": True, "text": "", "ms": 0},
        {"step": "obeys", "ok": False, "text": "终端没有应答自检", "ms": 75000},
    ]
    Probe.objects.update(
        state="failed", steps=steps, failed_step="obeys", text="终端没有应答自检", due_at=None, took_ms=75000
    )
    page = browser.get(f"/console/probes/{probe.pk}/").content.decode()
    assert "终端没有应答自检" in page
    assert "再拨测一次" in page
    log = browser.get("/console/probes/log/?export=csv").content.decode("utf-8-sig")
    assert "终端应答自检" in log
    assert "75000" in log


def test_a_stranger_neither_sees_nor_tries_anothers_machine(desk: Desk, item: Item) -> None:
    now = timezone.now()
    probe = Probe.objects.create(
        item=item, terminal=desk.hall.terminal, place_path=desk.hall.area.place.path, asked_by="hand", asked_at=now
    )
    assert desk.client("ou").get(f"/console/probes/{probe.pk}/").status_code == 404
    assert desk.client("shui").get(f"/console/probes/{probe.pk}/").status_code == 404
    assert desk.client("ren").get(f"/console/probes/{probe.pk}/").status_code == 200
    assert desk.client("ou").post("/console/probes/new/", {"item": "ZZ001", "terminal": ""}).status_code == 403
    assert desk.client("lin").post("/console/probes/new/", {"item": "NONE"}).status_code == 404
    assert Probe.objects.count() == 1


def test_the_list_says_what_failed_and_where_it_stopped(desk: Desk, item: Item) -> None:
    now = timezone.now()
    ProbeStanding.objects.create(
        item=item, failed_at=now, failed_step="department", text="部门系统没有应答", next_at=now + timedelta(minutes=5)
    )
    page = desk.client("ning").get("/console/probes/").content.decode()
    assert "没有通过" in page
    assert "部门用测试身份办一遍" in page
    assert "部门系统没有应答" in page
    others = desk.client("ning").get("/console/probes/?trouble=0").content.decode()
    assert "部门系统没有应答" not in others


# Wasted trips --------------------------------------------------------------------------------------------------------


def trips(desk: Desk, now: datetime) -> None:
    refused = {"item": "ZZ001", "result": "refused", "step": "choose", "why": "department_closed"}
    done = {"item": "ZZ001", "result": "finished", "step": "rate", "why": "paper"}
    for tries in ([refused], [refused, done], [done]):
        trip_actions.note_stay("KBS-01", {"tries": tries}, now, now)
    trip_actions.note_locked(desk.hall.area, at=now, client="x")


def test_the_rate_stands_with_its_definition_and_its_reasons(desk: Desk, item: Item) -> None:
    trips(desk, timezone.now())
    page = desk.client("lin").get("/console/trips/").content.decode()
    assert "2 趟 ÷ 4 趟" in page
    assert "部门系统不开放" in page
    assert "个人参保证明查询打印" in page
    assert "白跑的趟数 ÷ 全部趟数。没有一趟时不算，写“无”，不写 0。" in page
    stranger = desk.client("ou").get("/console/trips/").content.decode()
    assert "0 趟 ÷ 0 趟" in stranger
    assert "康巴什区自助区" not in stranger


def test_the_file_holds_twelve_months_and_the_definition(desk: Desk, item: Item) -> None:
    trips(desk, timezone.now())
    answer = desk.client("zhu").get("/console/trips/?export=xlsx")
    book = load_workbook(io.BytesIO(answer.content))
    assert "口径" in book.sheetnames
    rows = [[cell.value for cell in row] for row in book.worksheets[0].iter_rows()]
    assert sum(row[1] == "康巴什区自助区" for row in rows) == 12
    assert next(row[3] for row in rows if row[1] == "康巴什区自助区") == 4
    assert AuditLine.objects.filter(action="console.export", subject="list:trips").count() == 1
    assert "白跑率" in desk.client("zhu").get("/console/trips/?export=csv").content.decode("utf-8-sig")
    assert desk.client("zhu").get("/console/trips/?month=1999-01").status_code == 200
    assert Trip.objects.count() == 4
