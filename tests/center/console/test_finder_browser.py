"""事项检索 in a real Chromium: accessible, no wider than the phone, the list follows while somebody types."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from tests.center.console.test_browser import SIZES, in_chromium, judge, night, open_page, sign_in
from tests.center.console.the_desk import Desk
from tests.center.hall import SYSTEM
from tests.center.services_cast import catalogue_rows

from budayang.center.services import actions

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
