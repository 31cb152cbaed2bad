"""Suggestions of placement by the pages: the list with its thresholds, one with its rows, accepted and set aside."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone
from playwright.sync_api import Browser
from tests.center.console.test_browser import SIZES, in_chromium, judge, night, open_page, sign_in
from tests.center.console.the_desk import Desk
from tests.center.evaluation.the_rater import finished_case

from budayang.center.evaluation import placement_actions as actions
from budayang.center.evaluation.models import Improvement, PlacementStanding, PlacementSuggestion, Visit
from budayang.center.services import search_actions
from budayang.center.terminals.models import Terminal

__all__ = ["in_chromium", "night"]

DAY = timedelta(days=1)
LOST = "办港澳通行证"


def busy(desk: Desk, now: datetime) -> list[PlacementSuggestion]:
    """One of three kinds: two machines that nobody uses, an hour with people waiting, words that mean nothing."""
    cache.clear()
    hall = desk.hall
    finished_case(hall.terminal, 1, now)
    Terminal.objects.update(enrolled_at=now - 90 * DAY)
    start = timezone.localtime(now - 3 * DAY).replace(hour=19, minute=0, second=0, microsecond=0)
    for n in range(30):
        Visit.objects.create(
            terminal=hall.terminal, place_path=hall.area.place.path, end="done", seconds=100, cleared=True,
            at=start + timedelta(seconds=100 + 110 * n),
        )  # fmt: skip
    for _n in range(12):
        search_actions.record_search(hall.area, words=LOST, on=timezone.localdate(now) - DAY, now=now)
    actions.compute(hall.area, now)
    return list(PlacementSuggestion.objects.order_by("kind", "key"))


@pytest.mark.django_db
def test_a_suggestion_is_accepted_set_aside_or_put_off_with_its_rows_beside(desk: Desk, today: datetime) -> None:
    idle, _second, queue, lost = busy(desk, today)
    lin, ning = desk.client("lin"), desk.client("ning")
    listed = lin.get("/console/placement/?kind=queue&sort=-sample").content.decode()
    assert "19:00–20:00" in listed
    assert LOST not in listed
    assert "前一件结束多久以内开始下一件算一件接一件" in listed
    assert lin.get("/console/placement/?export=xlsx").content[:2] == b"PK"
    page = lin.get(f"/console/placement/{queue.pk}/").content.decode()
    assert "29 件是前一件刚完就开始" in page
    assert page.count('<th scope="row">KBS-01') == 29
    assert "采纳" not in ning.get(f"/console/placement/{queue.pk}/").content.decode().split("<main")[1]
    assert ning.post(f"/console/placement/{queue.pk}/aside/", {"reason": "x"}).status_code == 403
    assert desk.client("ren").get("/console/placement/").status_code == 403
    assert desk.client("ou").get(f"/console/placement/{queue.pk}/").status_code == 404
    refused = lin.post(f"/console/placement/{queue.pk}/accept/", {"plan": "", "owner": "", "due_on": ""})
    assert refused.status_code == 422
    due = timezone.localdate() + 30 * DAY
    answer = lin.post(f"/console/placement/{queue.pk}/accept/", {"plan": "加一台", "owner": "RS", "due_on": due})
    item = Improvement.objects.get()
    assert answer.headers["Location"] == f"/console/improvements/{item.pk}/"
    assert "29 件是前一件刚完就开始" in item.problem
    lin.post(f"/console/placement/{idle.pk}/aside/", {"reason": "刚装修完"})
    lin.post(f"/console/placement/{lost.pk}/snooze/", {"until": due})
    lin.post(f"/console/placement/{lost.pk}/snooze/", {"until": "bad"})
    assert lin.post(f"/console/placement/{lost.pk}/nonsense/").status_code == 404
    assert "刚装修完" in lin.get(f"/console/placement/{idle.pk}/").content.decode()
    states = dict(PlacementSuggestion.objects.values_list("pk", "state"))
    assert (states[queue.pk], states[idle.pk], states[lost.pk]) == ("accepted", "aside", "snoozed")
    lin.post(f"/console/placement/{lost.pk}/reopen/")
    lost.refresh_from_db()
    assert lost.state == "open"
    lin.post("/console/placement/compute/", {"area": "KBS"})
    assert PlacementStanding.objects.get().area == desk.hall.area
    assert lin.post("/console/placement/compute/", {"area": "HJ"}).status_code == 404


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("size", SIZES)
def test_the_pages_are_accessible_and_fit(
    night: Desk, live_server: Any, in_chromium: Callable[..., Any], artifacts: Path, size: str
) -> None:
    rows = busy(night, timezone.now())

    def look(chromium: Browser) -> list[str]:
        errors: list[str] = []
        page, wrong = open_page(chromium, size, errors), []
        sign_in(page, live_server.url, "zhu")
        page.goto(f"{live_server.url}/console/placement/")
        page.get_by_text("门槛").first.click()
        page.screenshot(path=artifacts / f"placement-list-{size}.png", full_page=True)
        wrong += judge(page, "list")
        for row in rows:
            page.goto(f"{live_server.url}/console/placement/{row.pk}/")
            page.screenshot(path=artifacts / f"placement-{row.kind}-{size}.png", full_page=True)
            wrong += judge(page, row.kind)
        return wrong + errors

    assert in_chromium(look) == []
