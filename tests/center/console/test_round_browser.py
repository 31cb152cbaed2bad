"""Pages of rounds in a real Chromium: accessible, no wider than the phone, a stop filled in by touch."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser
from tests.center.console.test_browser import SIZES, in_chromium, judge, night, open_page, sign_in
from tests.center.console.the_desk import Desk
from tests.center.hall import SYSTEM

from budayang.center.maintenance import due_things
from budayang.center.maintenance import round_actions as actions
from budayang.center.maintenance import round_jobs as jobs
from budayang.center.maintenance import round_plan_actions as planning
from budayang.center.maintenance.models import CheckListEdition, DueThing, Round, RoundAnswer
from budayang.center.maintenance.round_actions import Given
from budayang.rules.rounds import Plan, Rhythm

__all__ = ["in_chromium", "night"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def walk(night: Desk) -> Round:
    """A daily round with a fault, a conflict and an edit; tomorrow's edition asks one thing differently."""
    now = timezone.now()
    on = timezone.localdate(now)
    planning.adopt_check_lists(SYSTEM, night.hall.city, now=now, today=on)
    planning.set_plan(
        SYSTEM, None, area=night.hall.area, code="daily", who="keeper", now=now - timedelta(days=1),
        plan=Plan(Rhythm.DAILY, ((time(0), time(0)),), on),
    )  # fmt: skip
    old = CheckListEdition.objects.get(list_code="daily")
    rows = [dict(one) for one in old.questions]
    rows[0]["text"] = "刷身份证或社保卡能开门"
    planning.write_edition(
        SYSTEM, place=night.hall.city, code="daily", name="每日巡查", basis=old.basis, rows=rows[:-1],
        valid_from=on + timedelta(days=1), now=now, today=on,
    )  # fmt: skip
    jobs.open_rounds(now)
    row = Round.objects.get()

    due_things.keep_thing(
        SYSTEM, DueThing(area=night.hall.area), kind="extinguisher", name="入口左侧 4 公斤干粉",
        due_on=on + timedelta(days=20), now=now,
    )  # fmt: skip

    def say(client: str, who: str, question: str, value: str, **more: Any) -> None:
        given = Given(f"client-{client}", "", question, value, now, **more)
        actions.record_answer(night.actor(who), row, given, now=now)

    say("1", "lin", "door_card", "no", note="读卡器不亮")
    say("2", "lin", "help_call", "12")
    say("3", "zhu", "help_call", "48")
    say("4", "lin", "light", "no")
    say("5", "lin", "light", "yes", replaces="client-4")
    return row


@pytest.mark.parametrize("size", SIZES)
def test_the_pages_are_accessible_and_fit(
    walk: Round, live_server: Any, in_chromium: Callable[..., Any], artifacts: Path, size: str
) -> None:
    thing = DueThing.objects.get().pk
    newest = CheckListEdition.objects.latest("valid_from").pk
    pages = {
        "rounds": "/console/rounds/",
        "round": f"/console/rounds/{walk.pk}/",
        "round-place": f"/console/rounds/{walk.pk}/place/",
        "round-stop": f"/console/rounds/{walk.pk}/stops/KBS-01/",
        "round-here": "/console/rounds/here/?c=KBS-01.29700000." + "A" * 86,
        "round-plans": "/console/round-plans/",
        "round-plan-new": "/console/round-plans/new/?list=night",
        "round-plan": f"/console/round-plans/{walk.plan_id}/",
        "check-lists": "/console/check-lists/",
        "check-list": f"/console/check-lists/{newest}/",
        "check-list-new": f"/console/check-lists/new/?after={newest}",
        "check-lists-adopt": "/console/check-lists/adopt/",
        "due": "/console/due/",
        "due-new": "/console/due/new/",
        "due-thing": f"/console/due/{thing}/",
    }

    def visit(browser: Browser) -> list[str]:
        errors: list[str] = []
        page = open_page(browser, size, errors)
        sign_in(page, live_server.url, "zhu")
        wrong = []
        for title, address in pages.items():
            answer = page.goto(live_server.url + address)
            if answer is None or answer.status != 200:
                wrong.append(f"{title}: status {answer and answer.status}")
            wrong += judge(page, title)
            page.screenshot(path=artifacts / f"console-{title}-{size}.png", full_page=True)
        return wrong + errors

    assert in_chromium(visit) == []


def test_a_stop_is_filled_in_on_a_phone(walk: Round, live_server: Any, in_chromium: Callable[..., Any]) -> None:
    def visit(browser: Browser) -> list[str]:
        errors: list[str] = []
        page = open_page(browser, "phone", errors)
        sign_in(page, live_server.url, "lin")
        page.goto(f"{live_server.url}/console/rounds/{walk.pk}/place/")
        small = page.evaluate(
            "[...document.querySelectorAll('.round-option')].filter(o => o.getBoundingClientRect().height < 48).length"
        )
        page.locator("#q-way_out").get_by_text("正常", exact=True).click()
        page.locator("#q-temperature input[type=number]").fill("5")
        page.get_by_role("button", name="记下这一站").click()
        page.wait_for_url("**/stops/KBS-01/")
        return errors + ([f"{small} answers are too small for a thumb"] if small else [])

    assert in_chromium(visit) == []
    told = dict(RoundAnswer.objects.filter(question__in=("way_out", "temperature")).values_list("question", "value"))
    assert told == {"way_out": "yes", "temperature": "5"}
