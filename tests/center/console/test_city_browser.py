"""Overview, wall, fleet and terminal page in a real Chromium: axe, width, what is seen without scrolling."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser
from tests.center.console.test_browser import SIZES, judge, open_page, sign_in
from tests.center.console.test_browser import in_chromium as in_chromium
from tests.center.console.test_city_pages import grow
from tests.center.console.the_desk import Desk, build
from tests.center.hall import SYSTEM

from budayang.center.areas import actions as areas
from budayang.center.areas.hours_text import all_day
from budayang.center.areas.models import Area, PlannedStop
from budayang.center.maintenance.hours_recent import compute_recent
from budayang.center.maintenance.models import DutyMember, DutyShift
from budayang.center.platform import actions as platform
from budayang.center.platform.models import SavedView
from budayang.center.terminals import actions as terminals
from budayang.center.terminals.models import IngestLease, Terminal
from budayang.center.terminals.summary_actions import recompute

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SIZES["wall"] = (1920, 1080)
BANNERS = ("东胜区", "达拉特旗", "准格尔旗", "鄂托克前旗", "鄂托克旗", "乌审旗", "伊金霍洛旗")
PLACES = ((39.8, 110.0), (40.4, 110.0), (39.9, 111.2), (38.2, 107.5), (39.1, 108.0), (38.6, 108.8), (39.6, 109.7))
PAGES = {
    "overview": "/console/",
    "fleet": "/console/terminals/?sort=state",
    "terminal": "/console/terminals/KBS-01/",
    "terminal-month": "/console/terminals/KBS-01/?span=30d",
    "views": "/console/views/?list=/console/terminals/",
}


@pytest.fixture
def city(transactional_db: None) -> Desk:
    """Nine banners with areas, faults of several causes, a roster with a gap, stops, a saved view."""
    now = timezone.now()
    desk = build(now)
    hall = desk.hall
    for number, (name, (latitude, longitude)) in enumerate(zip(BANNERS, PLACES, strict=True)):
        banner = platform.add_place(
            SYSTEM, code=f"15063{number}", name=name, kind="region", parent=hall.city, is_demo=True
        )
        area = areas.create_area(SYSTEM, code=f"B{number}", name=f"{name}政务服务中心", parent=banner, is_demo=True)
        Area.objects.filter(pk=area.pk).update(latitude=latitude, longitude=longitude)
        areas.set_promised_hours(SYSTEM, area, all_day(), valid_from=now.date() - timedelta(days=2), now=now)
        made = grow(desk, 2, now, f"B{number}")
        for one in made:
            hall.tell(one, "printer", "device", "online", now - timedelta(hours=4), now)
    Area.objects.filter(code="KBS").update(latitude=39.6, longitude=109.8)
    Area.objects.filter(code="HJ").update(latitude=39.8, longitude=108.7)
    hall.tell(hall.terminal, "scanner", "device", "online", now - timedelta(days=20), now)
    hall.tell(hall.terminal, "printer", "toner", "low", now - timedelta(days=6), now)
    hall.tell(hall.terminal, "printer", "toner", "full", now - timedelta(days=2), now)
    hall.tell(hall.terminal, "printer", "paper.upper", "out", now - timedelta(minutes=40), now)
    hall.tell(hall.other, "printer", "toner", "low", now - timedelta(hours=2), now)
    by_code = {one.code: one for one in Terminal.objects.all()}
    hall.silence(by_code["G-B5-000"], now - timedelta(hours=2), now)
    hall.tell(by_code["G-B2-000"], "printer", "paper.upper", "jammed", now - timedelta(minutes=25), now)
    hall.tell(by_code["G-B3-001"], "camera", "device", "hardwareError", now - timedelta(minutes=70), now)
    terminals.suspend(SYSTEM, by_code["G-B0-000"].pk, now, reason="搬动")
    recompute([one.pk for one in by_code.values()], now)
    IngestLease.objects.update(beat_at=now + timedelta(hours=1))
    shift = DutyShift.objects.create(
        organization=hall.bodies["ZW1"], place=hall.city, name="夜班", days="every", opens=time(0), closes=time(23),
        starts_on=now.date() - timedelta(days=9),
    )  # fmt: skip
    DutyMember.objects.create(shift=shift, staff=hall.staff["lin"], position=0)
    PlannedStop.objects.create(
        place=hall.area.place, kind="site", starts_at=now - timedelta(hours=1), ends_at=now + timedelta(hours=1),
        last_ends_at=now + timedelta(hours=1), reason="地面打蜡", announced_at=now - timedelta(days=2),
        announced_by="zhu", next_change_at=now + timedelta(hours=1), running_since_at=now - timedelta(hours=1),
    )  # fmt: skip
    SavedView.objects.create(
        staff=hall.staff["zhu"], address="/console/terminals/", name="失联的", query="now=silent", made_at=now
    )
    SavedView.objects.create(
        staff=hall.staff["zhu"], address="/console/terminals/", name="最重的在前", query="sort=state", made_at=now
    )
    compute_recent(now)
    return desk


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_pages_of_a_city_are_accessible_and_fit(
    city: Desk, live_server: Any, in_chromium: Callable[..., Any], artifacts: Path, size: str
) -> None:
    def visit(browser: Browser) -> list[str]:
        errors: list[str] = []
        wrong: list[str] = []
        page = open_page(browser, size, errors)
        sign_in(page, live_server.url, "zhu")
        for title, address in PAGES.items():
            page.goto(live_server.url + address)
            wrong += judge(page, title)
            page.screenshot(
                path=artifacts / f"city-{title}-{size}.png", full_page=size == "phone" or title != "overview"
            )
            if (title, size) == ("overview", "desk"):
                bottom = page.evaluate("document.querySelector('.hourly').getBoundingClientRect().bottom")
                if bottom > SIZES["desk"][1]:
                    wrong.append(f"the strip of promised hours ends at {bottom} px: it must be seen without scrolling")
        return wrong + errors

    assert in_chromium(visit) == []


def test_the_wall_fills_the_screen_and_its_clock_goes(
    city: Desk, live_server: Any, in_chromium: Callable[..., Any], artifacts: Path
) -> None:
    def visit(browser: Browser) -> list[str]:
        errors: list[str] = []
        page = open_page(browser, "wall", errors)
        sign_in(page, live_server.url, "zhu")
        page.goto(f"{live_server.url}/console/wall/")
        page.wait_for_function("document.getElementById('clock').textContent.length === 8")
        wrong = judge(page, "wall")
        page.screenshot(path=artifacts / "city-wall.png")
        if page.evaluate("document.documentElement.scrollHeight > window.innerHeight"):
            wrong.append("the wall scrolls")
        small = page.evaluate(
            "[...document.querySelectorAll('main *')].filter(e => e.children.length === 0 && e.textContent.trim() &&"
            " parseFloat(getComputedStyle(e).fontSize) < 20 && !(e instanceof SVGElement)).map(e => e.textContent)"
        )
        wrong += [f"too small to be read from afar: {text}" for text in small]
        page.set_viewport_size({"width": 390, "height": 844})
        page.screenshot(path=artifacts / "city-wall-phone.png", full_page=True)
        wrong += judge(page, "wall on a phone")
        return wrong + errors

    assert in_chromium(visit) == []
