"""Calendars, tries, wasted trips and 出门前保障 in a real Chromium: accessible, and no wider than the phone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser
from tests.center.console.test_browser import SIZES, in_chromium, judge, night, open_page, sign_in
from tests.center.console.the_desk import Desk
from tests.center.hall import SYSTEM

from budayang import data
from budayang.center.services import calendar_actions, trip_actions
from budayang.center.services.models import Department, Item, Offering, Probe, ProbeStanding, Promise
from budayang.center.terminals.models import Terminal

__all__ = ["in_chromium", "night"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
MINUTE = timedelta(minutes=1)


@pytest.fixture
def truths(night: Desk) -> Desk:
    """A year, some tries, some trips, an item that can be done at one place and not at the other."""
    now, hall = timezone.now(), night.hall
    by_source = [(day.on, day.kind.value, day.name) for day in data.calendar_days()]
    calendar_actions.import_calendar(
        SYSTEM, by_source, source="国务院办公厅节假日安排通知", announced_on=date(2025, 11, 4)
    )
    department = Department.objects.create(code="RS", name="人社", organization=hall.bodies["RS"])
    item = Item.objects.create(
        code="ZZ001", name="个人参保证明查询打印", department=department, kind="打印", audience="个人", live="是",
        after_hours="全时可办", driven=True, needs=["printer"], office="社会保险事业服务中心",
    )  # fmt: skip
    hall.area.address = "康巴什区演示路 1 号"
    hall.area.keeper_phone = "0477-0000000"
    hall.area.save()
    for terminal, truth, text in (
        (hall.terminal, "stopped", "打印机缺纸"),
        (hall.other, "doable", "现在可以办理"),
    ):
        Offering.objects.create(
            item=item, terminal=terminal, truth=truth, text=text, reason="x", judged_at=now,
            judge_at=now + 10 * MINUTE, notes=["A4打印纸快用完"] if truth == "doable" else [],
        )  # fmt: skip
    steps = [
        {"step": "alive", "ok": True, "text": "", "ms": 0},
        {"step": "obeys", "ok": True, "text": "", "ms": 812},
        {"step": "devices", "ok": True, "text": "", "ms": 0},
        {"step": "rule", "ok": True, "text": "", "ms": 0},
        {"step": "identity", "ok": True, "text": "", "ms": 0},
        {"step": "department", "ok": False, "text": "部门系统没有应答", "ms": 8004},
    ]
    failed = Probe.objects.create(
        item=item, terminal=hall.terminal, place_path=hall.area.place.path, asked_by="hand", asked_label="测试甲",
        state="failed", asked_at=now - 5 * MINUTE, began_at=now - 5 * MINUTE, ended_at=now - 5 * MINUTE, took_ms=8816,
        steps=steps, failed_step="department", text="部门系统没有应答",
    )  # fmt: skip
    passed = Probe.objects.create(
        item=item, place_path="/150600/", asked_by="schedule", state="passed", asked_at=now - 300 * MINUTE,
        ended_at=now - 300 * MINUTE, took_ms=213,
        steps=[steps[4], {**steps[5], "ok": True, "text": "已办结", "ms": 208}],
    )  # fmt: skip
    ProbeStanding.objects.create(
        item=item, terminal=hall.terminal, failed_at=now - 5 * MINUTE, failed_step="department", last=failed,
        text="部门系统没有应答", next_at=now + MINUTE,
    )  # fmt: skip
    ProbeStanding.objects.create(item=item, passed_at=now - 300 * MINUTE, last=passed, next_at=now + 60 * MINUTE)
    ended = {"item": "ZZ001", "result": "finished", "step": "rate", "why": "paper"}
    left = {"item": "ZZ001", "result": "unfinished", "step": "fill", "why": "left"}
    refused = {"item": "ZZ001", "result": "refused", "step": "choose", "why": "device_fault"}
    for tries in ([ended], [ended], [ended], [left], [refused], [refused]):
        trip_actions.note_stay("KBS-01", {"tries": tries}, now, now)
    trip_actions.note_locked(hall.area, at=now, client="x")
    for number, state, text in (
        ("7Q2M-4XTD-9HWR", "broken", "打印机缺纸"),
        ("7Q2M-4XTD-9HWS", "fine", ""),
    ):
        Promise.objects.create(
            number=number, item=item, terminal=hall.terminal, place_path=hall.area.place.path, state=state, text=text,
            promised_at=now + 50 * MINUTE, made_at=now - 20 * MINUTE, checked_at=now - MINUTE, phone_hint="139****1234",
        )  # fmt: skip
    Promise.objects.create(
        number="7Q2M-4XTD-9HWT", item=item, terminal=hall.terminal, place_path=hall.area.place.path, state="over",
        promised_at=now - 90 * MINUTE, made_at=now - 300 * MINUTE,
    )  # fmt: skip
    return night


@pytest.mark.parametrize("size", SIZES)
def test_the_consoles_pages_are_accessible_and_fit(
    truths: Desk, live_server: Any, in_chromium: Callable[..., Any], artifacts: Path, size: str
) -> None:
    year = timezone.localdate().year
    probe = Probe.objects.get(asked_by="hand").pk
    pages = {
        "calendar": f"/console/calendars/{year}/",
        "calendar-estimated": f"/console/calendars/{year + 1}/",
        "calendar-import": f"/console/calendars/{year + 1}/import/",
        "calendar-day": f"/console/calendars/{year}/10/1/",
        "probes": "/console/probes/",
        "probe-log": "/console/probes/log/",
        "probe-item": "/console/probes/items/ZZ001/",
        "probe-new": "/console/probes/new/",
        "probe": f"/console/probes/{probe}/",
        "trips": "/console/trips/",
    }

    def visit(browser: Browser) -> list[str]:
        errors: list[str] = []
        page = open_page(browser, size, errors)
        sign_in(page, live_server.url, "zhu")
        wrong = []
        for title, address in pages.items():
            page.goto(live_server.url + address)
            wrong += judge(page, title)
            page.screenshot(path=artifacts / f"console-{title}-{size}.png", full_page=True)
        return wrong + errors

    assert in_chromium(visit) == []


def test_an_import_is_previewed_and_loaded(
    truths: Desk, live_server: Any, in_chromium: Callable[..., Any], artifacts: Path, tmp_path: Path
) -> None:
    year = timezone.localdate().year + 1
    file = tmp_path / "放假.csv"
    days = "\n".join(f"{year}-10-{day:02},法定节假日,国庆节" for day in range(1, 8))
    file.write_text(f"日期,类别,名称\n{year}-01-01,法定节假日,元旦\n{days}\n", encoding="utf-8")

    def visit(browser: Browser) -> tuple[list[str], str]:
        errors: list[str] = []
        page = open_page(browser, "desk", errors)
        sign_in(page, live_server.url, "zhu")
        page.goto(f"{live_server.url}/console/calendars/{year}/import/")
        page.get_by_label("CSV 或 XLSX 文件").set_input_files(file)
        page.get_by_label("公布的文件").fill("国办发明电〔2026〕×号")
        page.get_by_role("button", name="上传并检查").click()
        page.get_by_text("新增 8 天").wait_for(timeout=5000)
        wrong = judge(page, "calendar-preview")
        page.screenshot(path=artifacts / "console-calendar-preview-desk.png", full_page=True)
        page.get_by_role("button", name="就这样更新").click()
        page.wait_for_url(f"**/calendars/{year}/")
        return wrong + errors, page.locator("main").inner_text()

    wrong, text = in_chromium(visit)
    assert wrong == []
    assert "已公布" in text
    assert "国庆节" in text


def test_where_now_and_later_and_a_promise_on_a_phone(
    truths: Desk, live_server: Any, in_chromium: Callable[..., Any], artifacts: Path
) -> None:
    Terminal.objects.update(last_seen_at=timezone.now())

    def visit(browser: Browser) -> tuple[list[str], str, str]:
        errors: list[str] = []
        wrong: list[str] = []
        page = open_page(browser, "phone", errors)
        page.context.grant_permissions(["geolocation"], origin=live_server.url)
        page.context.set_geolocation({"latitude": 39.6, "longitude": 109.8})

        def keep(title: str) -> None:
            wrong.extend(judge(page, title))
            page.screenshot(path=artifacts / f"public-{title}-phone.png", full_page=True)

        page.goto(f"{live_server.url}/where/?item=ZZ001")
        keep("where-now")
        page.get_by_role("button", name="按离我远近排").click()
        page.get_by_text("位置没有离开本机").wait_for(timeout=5000)
        page.get_by_label("什么时候去").select_option(index=3)
        page.get_by_role("button", name="筛选").click()
        page.get_by_text("按各处的安排推算").wait_for(timeout=5000)
        keep("where-later")
        page.goto(f"{live_server.url}/where/?area=KBS")
        keep("where-area")
        page.get_by_role("button", name="门没开").click()
        page.get_by_text("记下了，谢谢您").wait_for(timeout=5000)
        keep("where-told")
        page.goto(f"{live_server.url}/where/?item=ZZ001")
        page.get_by_role("link", name="出门前替我试").first.click()
        page.get_by_label("您几点到").wait_for(timeout=5000)
        keep("promise-new")
        page.get_by_role("button", name="到时替我试一遍").click()
        page.wait_for_url("**/promise/*-*/")
        keep("promise-waiting")
        made = page.url
        for number, title in (("7Q2M-4XTD-9HWR", "broken"), ("7Q2M-4XTD-9HWS", "fine"), ("7Q2M-4XTD-9HWT", "over")):
            page.goto(f"{live_server.url}/promise/{number}/")
            keep(f"promise-{title}")
        page.get_by_label("到了，门没开").check()
        page.get_by_role("button", name="告诉我们").click()
        page.get_by_text("您说：到了，门没开").wait_for(timeout=5000)
        page.goto(f"{live_server.url}/promise/")
        keep("promise-find")
        page.goto(made)
        page.get_by_role("button", name="不去了，取消").click()
        page.get_by_text("已取消").wait_for(timeout=5000)
        return wrong + errors, made, page.locator("main").inner_text()

    wrong, made, text = in_chromium(visit)
    assert wrong == []
    assert made.rstrip("/").rpartition("/")[2] in text
    assert Promise.objects.get(state="cancelled").next_at is None
