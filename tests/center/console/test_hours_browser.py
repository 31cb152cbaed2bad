"""Pages of hours in a real Chromium, on desk and phone: no violation of axe-core, nothing wider than the screen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser
from tests.center.console.test_browser import SIZES, in_chromium, judge, open_page, sign_in
from tests.center.console.test_hours_pages import PLACE, five_weeks
from tests.center.console.the_desk import Desk, build

from budayang.center.terminals.models import StatusInterval

__all__ = ["in_chromium"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def shown(transactional_db: None) -> Desk:
    """Five weeks with nights switched off and some days without paper."""
    now = timezone.now().astimezone(PLACE)
    desk = build(now)
    for n in (3, 9, 15):
        since = now - timedelta(days=n, hours=2)
        StatusInterval.objects.create(
            terminal=desk.hall.other, subject="printer", property="paper.upper", kind="printer", state="out",
            since=since, until=since + timedelta(hours=7), received_at=since,
        )  # fmt: skip
    return five_weeks(desk, now)


@pytest.mark.parametrize("size", SIZES)
def test_pages_of_hours_are_accessible_and_fit(
    shown: Desk, live_server: Any, in_chromium: Callable[..., Any], artifacts: Path, size: str
) -> None:
    yesterday = (timezone.now().astimezone(PLACE) - timedelta(days=2)).date()
    pages = {
        "hours": "/console/hours/",
        "hours-terminals": "/console/hours/terminals/",
        "hours-items": "/console/hours/items/",
        "hours-terminal": "/console/hours/terminals/KBS-01/",
        "hours-other": "/console/hours/terminals/KBS-02/",
        "hours-day": f"/console/hours/terminals/KBS-01/{yesterday.isoformat()}/",
    }

    def visit(browser: Browser) -> list[str]:
        errors: list[str] = []
        wrong: list[str] = []
        page = open_page(browser, size, errors)
        sign_in(page, live_server.url, "zhu")
        for title, address in pages.items():
            answer = page.goto(live_server.url + address)
            if answer is None or answer.status != 200:
                wrong.append(f"{title}: status {answer and answer.status}")
            wrong += judge(page, title)
            page.screenshot(path=artifacts / f"console-{title}-{size}.png", full_page=True)
        return wrong + errors

    assert in_chromium(visit) == []
