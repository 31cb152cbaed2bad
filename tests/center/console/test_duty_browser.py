"""Pages of absence, calendars, evidence and scorecards in a real Chromium, on desk and phone: nothing that axe-core
objects to, nothing too wide."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser
from tests.center.console.test_browser import SIZES, in_chromium, judge, open_page, sign_in
from tests.center.console.the_desk import Desk, build
from tests.center.hall import SYSTEM

from budayang.center.maintenance import actions, duty_actions, feed_actions, leave_actions, manual_orders
from budayang.center.maintenance.models import DutyShift
from budayang.rules.duty import Days
from budayang.rules.duty_time import LeaveKind

__all__ = ["in_chromium"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def shown(transactional_db: None) -> tuple[Desk, DutyShift]:
    """A night shift of three, two requests for leave, an address, fourteen orders."""
    now = timezone.now()
    desk = build(now)
    hall, today = desk.hall, timezone.localdate(now)
    shift = duty_actions.add_shift(
        SYSTEM, organization=hall.bodies["ZW1"], place=hall.area.place, name="夜班", days=Days.EVERY, opens=time(20),
        closes=time(8), people=[hall.staff[one] for one in ("lin", "mo", "ning")],
        starts_on=today - timedelta(days=12), now=now,
    )  # fmt: skip
    for name, kind, days in (("mo", LeaveKind.COMP, 2), ("ning", LeaveKind.LEAVE, 4), ("lin", LeaveKind.LEAVE, 9)):
        start = now + timedelta(days=days)
        leave_actions.ask_leave(
            desk.actor(name), organization=hall.bodies["ZW1"], place=hall.area.place, kind=kind, starts_at=start,
            ends_at=start + timedelta(hours=10), now=now,
        )  # fmt: skip
    feed_actions.make_feed(desk.actor("lin"), name="我的手机", now=now)
    for number in range(14):
        at = now - timedelta(hours=5 + number)
        order = manual_orders.open_manual(
            desk.actor("lin"), area="KBS", terminal="KBS-01", title="屏幕有裂纹", note="", severity="urgent", now=at
        )
        if number % 3:
            actions.repair(desk.actor("lin"), order, note="换了", now=at + timedelta(minutes=29 * number))
    return desk, shift


@pytest.mark.parametrize("size", SIZES)
def test_pages_of_duty_and_proof_are_accessible_and_fit(
    shown: tuple[Desk, DutyShift],
    live_server: Any,
    in_chromium: Callable[..., Any],
    artifacts: Path,
    size: str,
) -> None:
    _desk, shift = shown
    today = timezone.localdate()
    period = f"kind=owner&first={today - timedelta(days=3)}&last={today}"
    pages = {
        "duty-leave": "/console/duty/leave/",
        "duty-calendar": "/console/duty/calendar/",
        "duty-could": f"/console/duty/shifts/{shift.pk}/{today + timedelta(days=1)}/",
        "evidence": "/console/evidence/?code=KBS-01",
        "scorecards": f"/console/scorecards/?{period}",
        "scorecard-rows": f"/console/scorecards/RS/repair/?{period}",
    }

    def visit(browser: Browser) -> list[str]:
        errors: list[str] = []
        wrong: list[str] = []
        page = open_page(browser, size, errors)
        sign_in(page, live_server.url, "lin")
        for title, address in pages.items():
            answer = page.goto(live_server.url + address)
            if answer is None or answer.status != 200:
                wrong.append(f"{title}: status {answer and answer.status}")
            wrong += judge(page, title)
            page.screenshot(path=artifacts / f"console-{title}-{size}.png", full_page=True)
        return wrong + errors

    assert in_chromium(visit) == []
