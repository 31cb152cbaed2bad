"""报修 in a real Chromium: everybody's pages and the desk's own are accessible, and fit a phone."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone
from PIL import Image, ImageDraw
from playwright.sync_api import Browser
from tests.center.console.test_browser import SIZES, in_chromium, judge, night, open_page, sign_in
from tests.center.console.the_desk import Desk

from budayang.center.maintenance import report_actions, report_following
from budayang.center.maintenance.models import Report
from budayang.center.maintenance.report_actions import Said
from budayang.center.platform.own_links import own_mark
from budayang.center.terminals.report_addresses import path_of

__all__ = ["in_chromium", "night"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def photo() -> bytes:
    """A lamp that is out."""
    picture, out = Image.new("RGB", (1200, 800), "#20262e"), io.BytesIO()
    ImageDraw.Draw(picture).ellipse((450, 200, 750, 500), fill="#3a4048", outline="#c8a45a", width=8)
    picture.save(out, "JPEG")
    return out.getvalue()


@pytest.fixture
def reports(night: Desk) -> list[Report]:
    """Beside what devices told: one with a second voice, one with all that can be left, one answered."""
    cache.clear()
    now, hall = timezone.now(), night.hall
    spot = report_following.find_spot("terminal", "KBS-01")
    assert spot is not None
    said = (
        Said("light"),
        Said("light", note="靠窗第二盏", phone="13900001234", photo=photo),
        Said("sticker"),
        Said("print"),
    )
    made = [
        report_actions.take_report(spot, one, client=f"192.0.2.{n}", now=now - timedelta(minutes=50 - n))
        for n, one in enumerate(said)
    ]
    report_actions.answer_report(hall.actor("lin"), made[2], "贴的东西已经撕掉，正在查是谁贴的。", now)
    return made


@pytest.mark.parametrize("size", SIZES)
def test_the_public_pages_are_accessible_and_fit(
    reports: list[Report], live_server: Any, in_chromium: Callable[..., Any], artifacts: Path, size: str
) -> None:
    pages = {
        "report": path_of("terminal", "KBS-01"),
        "report-area": path_of("area", "KBS"),
        "report-unknown": "/r/t/KBS-01/0000/",
        "report-progress": f"/report/{reports[1].number}/",
        "report-own": f"/report/{reports[1].number}/?own={own_mark('report', reports[1].number)}",
        "report-answered": f"/report/{reports[2].number}/",
        "report-find": "/report/?number=abc",
    }

    def look(browser: Browser) -> list[str]:
        errors: list[str] = []
        page = open_page(browser, size, errors)
        wrong = []
        for name, path in pages.items():
            page.goto(live_server.url + path)
            page.screenshot(path=artifacts / f"public-{name}-{size}.png", full_page=True)
            wrong += judge(page, name)
        # Two of them answer 404 and 400 by design, which Chromium calls an error.
        return wrong + [one for one in errors if "status of 40" not in one]

    assert in_chromium(look) == []


@pytest.mark.parametrize("size", SIZES)
def test_the_desks_pages_are_accessible_and_fit(
    reports: list[Report], live_server: Any, in_chromium: Callable[..., Any], artifacts: Path, size: str
) -> None:
    pages = {
        "reports": "/console/reports/",
        "report": f"/console/reports/{reports[1].number}/",
        "plates": "/console/reports/plates/",
    }

    def look(browser: Browser) -> list[str]:
        errors: list[str] = []
        page = open_page(browser, size, errors)
        sign_in(page, live_server.url, "lin")
        wrong = []
        for name, path in pages.items():
            page.goto(live_server.url + path)
            page.screenshot(path=artifacts / f"desk-{name}-{size}.png", full_page=True)
            wrong += judge(page, name)
        return wrong + errors

    assert in_chromium(look) == []


def test_a_person_with_a_phone_reports_and_sees_how_it_stands(
    reports: list[Report], live_server: Any, in_chromium: Callable[..., Any], artifacts: Path, tmp_path: Path
) -> None:
    """A thumb on the chip, a photo, the button; then one press for what is known already."""
    picture = tmp_path / "lamp.jpg"
    picture.write_bytes(photo())

    def walk(browser: Browser) -> list[str]:
        errors: list[str] = []
        page = open_page(browser, "phone", errors)
        page.goto(live_server.url + path_of("terminal", "KBS-01"))
        page.get_by_role("radio", name="有人滞留、破坏或遇到危险").check()
        assert page.locator(".chip:has(:checked) small", has_text="请先打 110").is_visible()
        page.screenshot(path=artifacts / "public-report-chosen-phone.png", full_page=True)
        wrong = judge(page, "chosen")
        page.get_by_role("radio", name="不出凭条").check()
        page.set_input_files("#photo", str(picture))
        page.locator("form.card .go").click()
        page.wait_for_url("**/report/*/?own=*")
        assert page.get_by_text("已收到").first.is_visible()
        page.goto(live_server.url + path_of("terminal", "KBS-01"))
        page.locator(".known li", has_text="灯不亮").get_by_role("button").click()
        page.wait_for_url(re.compile(r"/report/[^/]+/(\?own=.*)?$"))
        assert page.get_by_text("还有 2 人报过").is_visible()
        return wrong + errors

    assert in_chromium(walk) == []
    assert Report.objects.filter(kind="receipt", photo__isnull=False).count() == 1
    assert Report.objects.filter(kind="light").count() == 3
