"""Pages of the monthly report in a real Chromium, on desk and phone: no violation of axe-core, nothing too wide; a
reader goes from a figure to a row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser
from tests.center.console.test_browser import SIZES, in_chromium, judge, open_page, sign_in
from tests.center.console.the_desk import Desk, build
from tests.center.evaluation.the_month import BORN, MADE
from tests.center.evaluation.the_wider_month import live_wide

from budayang.center.evaluation.improvement_actions import propose
from budayang.center.evaluation.models import ChainDigest, MonthlyCorrection, MonthlyReport
from budayang.center.evaluation.monthly_making import compute
from budayang.center.platform.models import Place
from budayang.rules.monthly import Change, digest, plain

__all__ = ["in_chromium"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def keep(place: Place, *, published: bool = False) -> MonthlyReport:
    """A report of October, made on the fifth of November."""
    content = plain(compute(place, date(2026, 10, 1), MADE, lambda: None))
    told = {"published_at": MADE, "published_by": "测试zhu", "state": "published"} if published else {"state": "draft"}
    return MonthlyReport.objects.create(
        place=place, place_path=place.path, month=date(2026, 10, 1), content=content, sha256=digest(content),
        asked_at=MADE, asked_by="测试zhu", made_at=MADE, **told,
    )  # fmt: skip


@pytest.fixture
def shown(transactional_db: None) -> Desk:
    """The city's report published and corrected, the area's a draft."""
    desk = build(BORN)
    live_wide(desk.hall)
    row = keep(desk.hall.city, published=True)
    change = Change("白跑率和非工作时间", "各自助区的白跑率", "康巴什区自助区", "全部趟数", 183, 184, "count")
    MonthlyCorrection.objects.create(report=row, found_at=MADE, changes=[asdict(change)], sha256="x")
    keep(desk.hall.area.place)
    return desk


@pytest.mark.parametrize("size", SIZES)
def test_pages_of_the_monthly_report_are_accessible_and_fit(
    shown: Desk, live_server: Any, in_chromium: Callable[..., Any], artifacts: Path, size: str
) -> None:
    city, area = MonthlyReport.objects.order_by("place__path")
    pages = {
        "monthly-list": "/console/monthly-reports/",
        "monthly-city": f"/console/monthly-reports/{city.pk}/",
        "monthly-area": f"/console/monthly-reports/{area.pk}/",
        "monthly-rows": f"/console/monthly-reports/{city.pk}/rows/?of=trips%3Fwasted%3D1",
        "monthly-words": f"/console/monthly-reports/{city.pk}/rows/?of=placement%3Fkind%3Dunfound%26area%3DKBS",
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
            page.screenshot(path=artifacts / f"{title}-{size}.png", full_page=True)
        return wrong + errors

    assert in_chromium(visit) == []


def test_a_figure_leads_to_its_rows_and_a_row_to_its_page(
    shown: Desk, live_server: Any, in_chromium: Callable[..., Any]
) -> None:
    row = MonthlyReport.objects.get(state="published")

    def visit(browser: Browser) -> tuple[str, str]:
        page = open_page(browser, "desk", [])
        sign_in(page, live_server.url, "zhu")
        page.goto(f"{live_server.url}/console/monthly-reports/{row.pk}/")
        page.locator("#s-faults table th a").first.click()
        page.wait_for_load_state()
        rows = page.locator("h1").inner_text()
        page.locator("tbody th a").first.click()
        page.wait_for_load_state()
        return rows, page.url

    rows, url = in_chromium(visit)
    assert rows.startswith("各种故障 · ")
    assert "/console/incidents/" in url


@pytest.mark.parametrize("size", SIZES)
def test_improvement_items_and_open_data_are_accessible_and_fit(
    shown: Desk, live_server: Any, in_chromium: Callable[..., Any], artifacts: Path, size: str
) -> None:
    hall = shown.hall
    item = propose(
        shown.actor("zhu"), hall.area.place, title="夜间缺纸", problem="每周五夜里缺纸", plan="周五下午补纸",
        owner=hall.bodies["RS"], due_on=timezone.localdate(), now=timezone.now(),
    )  # fmt: skip
    ChainDigest.objects.create(on=date(2026, 11, 1), seq=5, hash="a1" * 32, at=MADE)
    pages = {
        "improvements": "/console/improvements/",
        "improvement": f"/console/improvements/{item.pk}/",
        "improvement-new": "/console/improvements/new/",
        "open-monthly": "/open/monthly/",
        "open-chain": "/open/chain/",
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
            page.screenshot(path=artifacts / f"{title}-{size}.png", full_page=True)
        return wrong + errors

    assert in_chromium(visit) == []
