"""Pages of lines to departments in a real Chromium, on desk and phone: axe finds nothing, nothing is too wide."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser
from tests.center.console.test_browser import SIZES, in_chromium, judge, open_page, sign_in
from tests.center.console.test_connector_pages import lines
from tests.center.console.the_desk import Desk, build

__all__ = ["in_chromium"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PAGES = {
    "connectors": "/console/connectors/",
    "connector-held": "/console/connectors/RS/",
    "connector": "/console/connectors/SW/",
    "connector-calls": "/console/connectors/calls/",
    "connector-new": "/console/connectors/new/",
}


@pytest.fixture
def shown(transactional_db: None) -> Desk:
    now = timezone.now()
    return lines(build(now), now)


@pytest.mark.parametrize("size", SIZES)
def test_pages_of_lines_are_accessible_and_fit(
    shown: Desk, live_server: Any, in_chromium: Callable[..., Any], artifacts: Path, size: str
) -> None:
    def visit(browser: Browser) -> list[str]:
        errors: list[str] = []
        wrong: list[str] = []
        for name in ("zhu", "sys"):
            page = open_page(browser, size, errors)
            sign_in(page, live_server.url, name)
            for title, address in PAGES.items():
                if (title == "connector-new") != (name == "sys"):
                    continue
                answer = page.goto(live_server.url + address)
                if answer is None or answer.status != 200:
                    wrong.append(f"{title}: status {answer and answer.status}")
                wrong += judge(page, title)
                page.screenshot(path=artifacts / f"console-{title}-{size}.png", full_page=True)
        return wrong + errors

    assert in_chromium(visit) == []
