"""Trials in a real Chromium, on desk and phone: nothing that axe-core objects to, nothing too wide."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser
from tests.center.console.test_browser import SIZES, in_chromium, judge, open_page, sign_in
from tests.center.hall import Hall
from tests.center.standard.the_trial import LATER, MONTHS, draft, live

from budayang.center.platform.works import Progress
from budayang.center.standard import trial_actions
from budayang.center.standard.models import Trial
from budayang.rules.standard.trials import Chosen

__all__ = ["in_chromium"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
UPS = Chosen("ups", {"minutes": 60.0, "recharge_h": 8.0})
PAPER = Chosen("restock", {"consumable": "a4", "weekdays": "4", "at": "16:00", "amount": 50.0, "per_day": 0.0})


def made(hall: Hall, title: str, *chosen: Chosen, once: float = 0, edition: Any = None) -> Trial:
    row = trial_actions.ask_trial(
        hall.actor("lin"), hall.area.place, title=title, months=(MONTHS[0], MONTHS[1]), measures=chosen,
        edition=edition, once=once, monthly=35, note="三台机器", now=LATER,
    )  # fmt: skip
    assert row.work is not None
    trial_actions.run(Progress(row.work.pk), {"trial": row.pk})
    type(row.work).objects.filter(pk=row.work.pk).update(state="done")
    return Trial.objects.get(pk=row.pk)


@pytest.fixture
def shown(transactional_db: None) -> list[Trial]:
    """A UPS with quick repairs, paper on Fridays, and a draft of the standard."""
    hall, _truth = live()
    return [
        made(hall, "不间断电源和快修", UPS, Chosen("repair", {"hours": 2.0}), once=5000),
        made(hall, "周五补纸", PAPER),
        made(hall, "草案：可用率九成", edition=draft(LATER, availability_target=0.9)),
        trial_actions.ask_trial(
            hall.actor("lin"), hall.area.place, title="等着算", months=(MONTHS[0], MONTHS[2]), measures=[UPS],
            edition=None, once=0, monthly=0, note="", now=LATER,
        ),
    ]  # fmt: skip


@pytest.mark.parametrize("size", SIZES)
def test_pages_of_trials_are_accessible_and_fit(
    shown: list[Trial], live_server: Any, in_chromium: Callable[..., Any], artifacts: Path, size: str
) -> None:
    first, second, third, waiting = (one.pk for one in shown)
    pages = (
        "/console/trials/", "/console/trials/new/", f"/console/trials/new/?like={second}", f"/console/trials/{first}/",
        f"/console/trials/{second}/", f"/console/trials/{third}/", f"/console/trials/{waiting}/",
        f"/console/trials/compare/?of={first}&of={second}&of={third}",
    )  # fmt: skip

    def visit(browser: Browser) -> list[str]:
        errors: list[str] = []
        wrong: list[str] = []
        page = open_page(browser, size, errors)
        sign_in(page, live_server.url, "lin")
        for number, address in enumerate(pages):
            answer = page.goto(live_server.url + address)
            if answer is None or answer.status != 200:
                wrong.append(f"{address}: status {answer and answer.status}")
            wrong += judge(page, address)
            page.screenshot(path=artifacts / f"trial-{number}-{size}.png", full_page=True)
        return wrong + errors

    assert in_chromium(visit) == []


def test_a_measure_is_ticked_and_asked(shown: list[Trial], live_server: Any, in_chromium: Callable[..., Any]) -> None:
    def walk(browser: Browser) -> str:
        page = open_page(browser, "desk", [])
        sign_in(page, live_server.url, "lin")
        page.goto(f"{live_server.url}/console/trials/")
        page.get_by_role("link", name="新的试算").click()
        page.get_by_label("名称").fill("晚上也开")
        page.get_by_label("哪里").select_option(label="康巴什区自助区")
        page.get_by_label("部门延长办理时间").check()
        page.locator("#id_department-department").select_option(label="人社")
        page.get_by_role("button", name="开始试算").click()
        page.wait_for_url("**/console/trials/*/")
        return page.inner_text("main")

    told = in_chromium(walk)
    assert "晚上也开" in told
    assert "部门 人社；每天办到几点 22:00；周六 不开" in told
    assert Trial.objects.count() == len(shown) + 1
