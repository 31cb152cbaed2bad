"""The pages in a real Chromium: no violation of axe-core, nothing wider than the phone, live parts that live."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, sync_playwright
from tests.accessibility import violations, wider
from tests.center.console.the_desk import Desk, build
from tests.center.hall import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SIZES = {"desk": (1440, 1000), "phone": (390, 844)}
PAGES = {
    "zhu": {
        "overview": "/console/",
        "areas": "/console/areas/",
        "area": "/console/areas/KBS/",
        "area-new": "/console/areas/new/",
        "hours": "/console/areas/KBS/hours/",
        "exception": "/console/areas/KBS/exceptions/",
        "stop": "/console/areas/KBS/stops/",
        "terminals": "/console/terminals/",
        "nothing-found": "/console/terminals/?q=none",
        "terminal": "/console/terminals/KBS-01/",
        "search": "/console/search/?q=KBS",
        "import": "/console/imports/areas/",
        "security": "/accounts/2fa/",
        "password": "/accounts/password/",
    },
    "sec": {"overview-administrator": "/console/", "staff": "/console/staff/", "person": "/console/staff/lin/"},
    "sys": {"person-new": "/console/staff/new/"},
    "aud": {"audit": "/console/audit/"},
}


@pytest.fixture
def night(transactional_db: None) -> Desk:
    """A hall with a fault and a printer that runs low, so that no page is empty."""
    now = timezone.now()
    desk = build(now)
    at = now - timedelta(minutes=40)
    desk.hall.tell(desk.hall.terminal, "printer", "paper.upper", "out", at, now)
    desk.hall.tell(desk.hall.other, "printer", "toner", "low", at, now)
    return desk


@pytest.fixture
def in_chromium(chromium: str, chromium_flags: tuple[str, ...]) -> Iterator[Callable[..., Any]]:
    """Run a function with a browser in a thread of its own: playwright's loop would forbid Django's ORM in ours."""
    with ThreadPoolExecutor(max_workers=1) as threads:

        def run(what: Callable[[Browser], Any]) -> Any:
            def visit() -> Any:
                with sync_playwright() as playwright:
                    browser = playwright.chromium.launch(executable_path=chromium, args=list(chromium_flags))
                    try:
                        return what(browser)
                    finally:
                        browser.close()

            return threads.submit(visit).result(timeout=240)

        yield run


def open_page(browser: Browser, size: str, errors: list[str]) -> Page:
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height}, locale="zh-CN", timezone_id="Asia/Shanghai"
    )
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    # The live stream is another program's door; the test server does not have it.
    page.on(
        "console",
        lambda message: (
            errors.append(message.text)
            if message.type == "error" and "/live/" not in message.location.get("url", "")
            else None
        ),
    )
    return page


def sign_in(page: Page, base: str, name: str) -> None:
    page.goto(f"{base}/accounts/login/")
    page.get_by_label("用户名").fill(name)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    page.wait_for_url("**/console/")


def judge(page: Page, name: str) -> list[str]:
    """What is wrong with the page that stands open."""
    wrong = [f"{name}: {found}" for found in violations(page)]
    if (more := wider(page)) > 0:
        wrong.append(f"{name}: {more} px wider than the screen")
    return wrong


@pytest.mark.parametrize("size", SIZES)
def test_each_page_is_accessible_and_fits(
    night: Desk, live_server: Any, in_chromium: Callable[..., Any], artifacts: Path, size: str
) -> None:
    def visit(browser: Browser) -> list[str]:
        errors: list[str] = []
        wrong: list[str] = []
        page = open_page(browser, size, errors)
        page.goto(f"{live_server.url}/accounts/login/")
        wrong += judge(page, "login")
        page.screenshot(path=artifacts / f"console-login-{size}.png", full_page=True)
        for name, pages in PAGES.items():
            page = open_page(browser, size, errors)
            sign_in(page, live_server.url, name)
            for title, address in pages.items():
                answer = page.goto(live_server.url + address)
                if answer is None or answer.status != 200:
                    wrong.append(f"{title}: status {answer and answer.status}")
                wrong += judge(page, title)
                page.screenshot(path=artifacts / f"console-{title}-{size}.png", full_page=True)
        return wrong + errors

    assert in_chromium(visit) == []


def test_a_live_part_is_fetched_when_its_topic_changes(
    night: Desk, live_server: Any, in_chromium: Callable[..., Any]
) -> None:
    def visit(browser: Browser) -> tuple[bool, bool, str]:
        page = open_page(browser, "desk", [])
        sign_in(page, live_server.url, "zhu")
        page.goto(f"{live_server.url}/console/terminals/")
        page.evaluate("document.querySelector('#listing').dataset.mark = 'old'")
        other = page.context.new_page()
        other.goto(f"{live_server.url}/console/")
        tell = "topic => new BroadcastChannel('budayang-live').postMessage({topic})"
        other.evaluate(tell, "evaluation")
        page.wait_for_timeout(900)
        untouched = page.evaluate("document.querySelector('#listing').dataset.mark === 'old'")
        other.evaluate(tell, "terminals")
        page.bring_to_front()
        page.locator("#listing:not([data-mark])").wait_for(timeout=5000)
        return untouched, page.locator("#listing tbody tr").count() == 2, page.url

    untouched, there, url = in_chromium(visit)
    assert untouched, "another topic fetches nothing"
    assert there
    assert url.endswith("/console/terminals/"), "a refresh does not change the address"


def test_a_filter_narrows_the_list_without_a_page_load(
    night: Desk, live_server: Any, in_chromium: Callable[..., Any]
) -> None:
    def visit(browser: Browser) -> tuple[str, int, bool]:
        page = open_page(browser, "desk", [])
        sign_in(page, live_server.url, "zhu")
        page.goto(f"{live_server.url}/console/terminals/")
        page.evaluate("window.same = true")
        page.get_by_label("归属单位").select_option("SW")
        page.locator("#listing tbody tr").nth(1).wait_for(state="detached", timeout=5000)
        return page.url, page.locator("#listing tbody tr").count(), page.evaluate("window.same === true")

    url, count, same = in_chromium(visit)
    assert url.endswith("?owner=SW"), "the address can be kept, without empty parameters"
    assert (count, same) == (1, True)
