"""Pages of planned stops in a real Chromium: accessible, no wider than the phone, a preview that follows the form."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser
from tests.center.console.test_browser import SIZES, in_chromium, judge, night, open_page, sign_in
from tests.center.console.the_desk import Desk
from tests.center.hall import SYSTEM

from budayang.center.areas import stop_actions
from budayang.center.areas.jobs import tell_stops
from budayang.center.areas.models import PlannedStop

__all__ = ["in_chromium", "night"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def stops(night: Desk) -> PlannedStop:
    """One that runs nightly with one left out, one of a printer, one of a department."""
    now = timezone.now()
    hall = night.hall
    common: dict[str, Any] = {"place": hall.area.place, "now": now - DAY}
    nightly = stop_actions.plan_stop(
        SYSTEM, starts_at=now - HOUR, ends_at=now + HOUR, rrule="FREQ=DAILY", reason="夜间网络维护", **common
    )
    stop_actions.plan_stop(
        SYSTEM, starts_at=now + DAY, ends_at=now + DAY + 3 * HOUR, terminal_id=hall.terminal.pk,
        owner=hall.terminal.owner, subject="printer", reason="更换打印机定影组件", **common,
    )  # fmt: skip
    stop_actions.plan_stop(
        SYSTEM, starts_at=now + 2 * DAY, ends_at=now + 3 * DAY, department="RS", kind="department",
        reason="社保系统年度升级", **common,
    )  # fmt: skip
    stop_actions.skip_occurrence(SYSTEM, nightly, nightly.starts_at + 2 * DAY, now=now)
    tell_stops(now)
    return nightly


@pytest.mark.parametrize("size", SIZES)
def test_the_pages_are_accessible_and_fit(
    stops: PlannedStop, live_server: Any, in_chromium: Callable[..., Any], artifacts: Path, size: str
) -> None:
    pages = {
        "stops": "/console/stops/",
        "stops-week": "/console/stops/?area=KBS",
        "stop-new": "/console/stops/new/",
        "stop-plan": "/console/areas/KBS/stops/",
        "stop": f"/console/stops/{stops.pk}/",
        "stop-change": f"/console/stops/{stops.pk}/change/",
        "area-week": "/console/areas/KBS/",
    }

    def visit(browser: Browser) -> list[str]:
        errors: list[str] = []
        page = open_page(browser, size, errors)
        sign_in(page, live_server.url, "zhu")
        wrong = []
        for title, address in pages.items():
            page.goto(live_server.url + address)
            if title == "stop-plan":
                page.get_by_label("原因").fill("换路由器")
                page.get_by_label("重复", exact=True).select_option("weekly")
                page.get_by_label("周三").check()
                page.locator("#stop-preview ol li").nth(4).wait_for(timeout=5000)
            wrong += judge(page, title)
            page.screenshot(path=artifacts / f"console-{title}-{size}.png", full_page=True)
        return wrong + errors

    assert in_chromium(visit) == []
