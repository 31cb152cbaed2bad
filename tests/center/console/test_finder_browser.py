"""事项检索 and 帮办台 in a real Chromium: accessible, no wider than the phone, the list follows who types."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, expect
from tests.center.console.test_browser import SIZES, in_chromium, judge, night, open_page, sign_in
from tests.center.console.the_desk import Desk
from tests.center.hall import SYSTEM
from tests.center.services_cast import catalogue_rows

from budayang.center.maintenance import help_calls
from budayang.center.services import actions
from budayang.center.services.models import Item, Offering

__all__ = ["in_chromium", "night"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PAGES = {
    "finder": "/console/finder/",
    "finder-found": "/console/finder/?q=我妈退休了要刷脸认证",
    "finder-none": "/console/finder/?q=给孩子上户口",
    "finder-refused": "/console/finder/?q=查前妻的房产",
}


@pytest.mark.parametrize("size", SIZES)
def test_the_pages_are_accessible_and_fit(
    night: Desk, live_server: Any, in_chromium: Callable[..., Any], artifacts: Path, size: str
) -> None:
    assert not actions.import_items(SYSTEM, catalogue_rows(), is_demo=True).errors

    def visit(browser: Browser) -> list[str]:
        errors: list[str] = []
        page = open_page(browser, size, errors)
        sign_in(page, live_server.url, "zhu")
        wrong = []
        for title, address in PAGES.items():
            page.goto(live_server.url + address)
            wrong += judge(page, title)
            page.screenshot(path=artifacts / f"console-{title}-{size}.png", full_page=True)
        page.goto(live_server.url + PAGES["finder"])
        page.get_by_label("群众要办的事").press_sequentially("gjj提取")
        expect(page.locator("#found")).to_contain_text("公积金提取申请", timeout=10_000)
        return wrong + errors

    assert in_chromium(visit) == []


@pytest.mark.parametrize("size", SIZES)
def test_a_helper_answers_a_call_and_searches_from_where_the_caller_stands(
    night: Desk, live_server: Any, in_chromium: Callable[..., Any], artifacts: Path, size: str
) -> None:
    assert not actions.import_items(SYSTEM, catalogue_rows(), is_demo=True).errors
    now = timezone.now()
    for terminal, truth, reason, text in (
        (night.hall.terminal, "stopped", "device_fault", "打印机缺纸"),
        (night.hall.other, "doable", "open", "现在可以办理"),
    ):
        Offering.objects.create(
            item=Item.objects.get(code="ZZ001"), terminal=terminal, truth=truth, text=text, reason=reason,
            judged_at=now, judge_at=now + timedelta(minutes=10),
        )  # fmt: skip
    for kind in ("sos", "help"):
        night.hall.inbox(night.hall.terminal, "help", {"kind": kind, "step": "identity", "item": "ZZ001"}, now, now)
    help_calls.read_presses(now)

    def visit(browser: Browser) -> list[str]:
        errors: list[str] = []
        page = open_page(browser, size, errors)
        sign_in(page, live_server.url, "zhu")
        page.goto(live_server.url + "/console/help-calls/")
        wrong = judge(page, "calls for help")
        page.screenshot(path=artifacts / f"console-help-calls-{size}.png", full_page=True)
        page.get_by_role("link", name="呼叫帮办").last.click()
        page.get_by_role("button", name="我来应答").click()
        expect(page.locator("header.page-head")).to_contain_text("已应答")
        page.get_by_label("照原话写下他要办的事").press_sequentially("打社保证明")
        found = page.locator("#found")
        expect(found).to_contain_text("打印机缺纸", timeout=10_000)
        expect(found).to_contain_text("现在能办")
        wrong += judge(page, "help call")
        page.screenshot(path=artifacts / f"console-help-call-{size}.png", full_page=True)
        page.goto(live_server.url + "/console/help/check/?c=x")
        wrong += judge(page, "person check")
        return wrong + errors

    assert in_chromium(visit) == []
