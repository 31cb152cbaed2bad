"""Ratings in a real Chromium: from the phone's bad rating to its re-rating, the desk's pages between; axe clean."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone
from playwright.sync_api import Browser
from tests.center.console.test_browser import SIZES, in_chromium, judge, night, open_page, sign_in
from tests.center.console.the_desk import Desk
from tests.center.evaluation.the_rater import PHONE, bad, finished_case, rate
from tests.center.hall import SYSTEM, number

from budayang.center.evaluation import complaint_actions, integrity_actions, survey_actions
from budayang.center.evaluation.complaint_actions import Said
from budayang.center.evaluation.models import Complaint, NegativeCase, Rating, RatingFlag, Survey
from budayang.center.services.rating_addresses import rating_path

__all__ = ["in_chromium", "night"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def rated(night: Desk) -> Desk:
    """A finished case that waits for its rating, a bad rating in the middle, a burst that was flagged."""
    cache.clear()
    now, hall = timezone.now(), night.hall
    finished_case(hall.terminal, 1, now - HOUR)
    for counter in range(10, 17):
        rate(hall, counter, "very_satisfied", now - 3 * HOUR + counter * MINUTE)
    integrity_actions.look(now)
    bad(hall, 2, now - 20 * MINUTE, phone=PHONE)
    rate(hall, 3, "satisfied", now, channel="qr")
    for kind in ("complaint", "praise"):
        said = Said(kind=kind, area="KBS", terminal="KBS-01", text="周日晚上九点按帮办没有人应", phone=PHONE)
        complaint_actions.take_complaint(said, client="192.0.2.1", now=now)
    today = timezone.localdate()
    survey = survey_actions.open_survey(
        SYSTEM, place_path=hall.city.path, title="下半年满意度问卷", opens_on=today, closes_on=today, now=now
    )
    for n, level in enumerate(("satisfied", "very_satisfied", "unsatisfied")):
        sheet = {"way": level, "clean": "satisfied"}
        survey_actions.take_sheet(survey, hall.area, sheet, ["items", "seats"], client=f"{n}", now=now)
    return night


@pytest.mark.parametrize("size", SIZES)
def test_the_pages_are_accessible_and_fit(
    rated: Desk, live_server: Any, in_chromium: Callable[..., Any], artifacts: Path, size: str
) -> None:
    month = f"{timezone.localdate():%Y-%m}"
    public = {
        "rate": rating_path("qr", number(1)),
        "rate-find": "/rate/",
        "rate-unknown": "/rate/q/KBS01/0000/",
        "rated": rating_path("qr", number(2)),
        "figures": f"/open/ratings/?month={month}",
        "complaint": "/complaints/",
        "complaint-find": "/complaints/find/",
        "complaint-progress": f"/complaints/{Complaint.objects.order_by('pk')[0].number}/",
        "survey": f"/survey/{Survey.objects.get().code}/",
        "survey-thanks": "/survey/thanks/",
    }
    desk = {
        "ratings": "/console/ratings/",
        "rating": f"/console/ratings/{number(2)}/",
        "flags": "/console/rating-flags/",
        "flag": f"/console/rating-flags/{RatingFlag.objects.order_by('pk')[0].pk}/",
        "indicators": f"/console/rating-indicators/?month={month}",
        "complaints": "/console/complaints/",
        "complaint": f"/console/complaints/{Complaint.objects.order_by('pk')[0].number}/",
        "surveys": "/console/surveys/",
        "survey-new": "/console/surveys/new/",
        "survey": f"/console/surveys/{Survey.objects.get().code}/",
    }

    def look(browser: Browser) -> list[str]:
        errors: list[str] = []
        page, wrong = open_page(browser, size, errors), []
        for name, path in public.items():
            page.goto(live_server.url + path)
            page.screenshot(path=artifacts / f"public-{name}-{size}.png", full_page=True)
            wrong += judge(page, name)
        sign_in(page, live_server.url, "zhu")
        for name, path in desk.items():
            page.goto(live_server.url + path)
            page.screenshot(path=artifacts / f"desk-{name}-{size}.png", full_page=True)
            wrong += judge(page, name)
        # One of them answers 404 by design, which Chromium calls an error.
        return wrong + [one for one in errors if "status of 40" not in one]

    assert in_chromium(look) == []


def test_from_the_bad_rating_on_the_phone_to_the_rerating(
    rated: Desk, live_server: Any, in_chromium: Callable[..., Any], artifacts: Path
) -> None:
    """A thumb on a level, its reasons appear; the owner unit answers; the person sees it and rates it again."""

    def walk(browser: Browser) -> list[str]:
        errors: list[str] = []
        phone = open_page(browser, "phone", errors)
        phone.goto(live_server.url + rating_path("qr", number(1)))
        assert phone.locator("input:checked").count() == 0, "nothing is chosen beforehand"
        assert not phone.locator(".why").first.is_visible()
        phone.get_by_role("radio", name="非常不满意").check()
        assert phone.locator(".why:visible").count() == 1
        phone.locator(".why:visible").get_by_role("checkbox", name="没有打出来或打印不清").check()
        phone.get_by_label("想接到回访").fill(PHONE)
        phone.screenshot(path=artifacts / "public-rate-chosen-phone.png", full_page=True)
        wrong = judge(phone, "chosen")
        phone.get_by_role("button", name="提交评价").click()
        phone.get_by_text("有人会核实并整改").wait_for()
        wrong += judge(phone, "rated")

        desk = open_page(browser, "desk", errors)
        sign_in(desk, live_server.url, "ren")
        desk.goto(f"{live_server.url}/console/ratings/?negative=waiting")
        desk.get_by_role("link", name=number(1)).click()
        desk.get_by_label("怎样核实的").select_option("reached")
        desk.get_by_label("说明").first.fill("当时缺纸")
        desk.get_by_role("button", name="核实完毕").click()
        desk.get_by_role("button", name="为这条差评派工单").click()
        desk.get_by_text("已派工单").wait_for()
        desk.get_by_label("结果").select_option("fixed")
        desk.get_by_label("说明").first.fill("已加备纸")
        desk.get_by_label("给评价人看的答复").fill("已加备纸，对不起。")
        desk.screenshot(path=artifacts / "desk-rating-fix-desk.png", full_page=True)
        wrong += judge(desk, "fix")
        desk.get_by_role("button", name="整改完毕").click()
        desk.get_by_text("待回访").first.wait_for()

        phone.reload()
        phone.get_by_text("已加备纸，对不起。").wait_for()
        assert phone.locator("input:checked").count() == 0
        phone.screenshot(path=artifacts / "public-rerate-phone.png", full_page=True)
        wrong += judge(phone, "rerate")
        phone.get_by_role("radio", name="基本满意").check()
        phone.get_by_role("button", name="再评价").click()
        phone.get_by_text("您的再评价：基本满意").wait_for()
        wrong += judge(phone, "rerated")
        return wrong + errors

    assert in_chromium(walk) == []
    case = NegativeCase.objects.get(rating__case_number=number(1))
    assert (case.state, case.rerated_level) == ("closed", "basically_satisfied")
    assert Rating.objects.get(case_number=number(1)).channel == "qr"
