"""A window clerk signs in to the queue of the window, works it within the granted places, and opens nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from tests.center.services.the_bank import Hall, open_hall
from tests.center.services_cast import SYSTEM, city, jia, judged, new_terminal, open_departments, yi

from budayang.center.platform import actions as platform
from budayang.center.platform.actors import Actor, Forbidden, Grant, Role
from budayang.center.platform.models import Place, Staff
from budayang.center.platform.queries import actor_of
from budayang.center.services import case_queries, window_actions

__all__ = ["city", "jia", "judged", "new_terminal", "open_departments", "yi"]
pytestmark = pytest.mark.django_db
PASSWORD = "night-shift-2026"


@pytest.fixture
def hall(judged: datetime, jia: Any) -> Iterator[Hall]:
    with open_hall(jia, judged) as found:
        yield found


@pytest.fixture
def clerk(city: Any, now: datetime) -> Callable[[str], Staff]:
    def make(place: str) -> Staff:
        person = platform.add_staff(SYSTEM, username=f"clerk-{place}", name="乔", password=PASSWORD)
        platform.grant_role(SYSTEM, person, Role.WINDOW_CLERK, Place.objects.get(code=place), now=now)
        return person

    return make


def text(answer: Any) -> str:
    return str(answer.content.decode())


def browser(person: Staff) -> Client:
    client = Client()
    client.force_login(person)
    return client


def handed_over(hall: Hall, *missing: str) -> str:
    hall.office.first = "refused"
    number = hall.accept()
    hall.carry()
    window_actions.send_to_window(SYSTEM, number, reason="系统里没有", missing=missing, now=hall.clock.now)
    return number


def test_sign_in_leads_to_the_queue_and_its_frame_offers_nothing_else(clerk: Callable[[str], Staff]) -> None:
    clerk("150600")
    client = Client()
    answer = client.post("/accounts/login/", {"login": "clerk-150600", "password": PASSWORD}, follow=True)
    assert answer.redirect_chain[-1][0] == "/console/windows/"
    page = text(answer)
    links = {part.split('"')[0] for part in page.split('href="')[1:]}
    console = {one for one in links if one.startswith("/console/") and "?" not in one}
    assert console == {"/console/windows/"}
    assert 'action="/console/search/"' not in page


def test_a_clerk_takes_finishes_and_returns(hall: Hall, clerk: Callable[[str], Staff]) -> None:
    number = handed_over(hall, "户口簿", "照片")
    client = browser(clerk("A-KBS"))
    listed = text(client.get("/console/windows/"))
    assert number in listed
    assert "户口簿、照片" in listed
    assert "分流率" not in listed, "not a clerk's page"
    page = text(client.get(f"/console/windows/{number}/"))
    assert "户口簿" in page
    assert "测**" not in page, "no person is on it"
    assert "已接手" in text(client.post(f"/console/windows/{number}/take/", follow=True))
    assert "已放回队列" in text(client.post(f"/console/windows/{number}/release/", follow=True))
    client.post(f"/console/windows/{number}/take/")
    assert client.post(f"/console/windows/{number}/return/", {"note": ""}).status_code == 422
    client.post(f"/console/windows/{number}/finish/", {"note": "已办"})
    assert hall.case(number).state == "done"


def test_a_clerk_sees_the_place_of_the_grant_and_no_other(hall: Hall, clerk: Callable[[str], Staff]) -> None:
    number = handed_over(hall)
    other = clerk("A-YJHL")
    assert number not in text(browser(other).get("/console/windows/"))
    assert browser(other).post(f"/console/windows/{number}/take/").status_code == 404
    with pytest.raises(Forbidden):
        window_actions.take_task(actor_of(other), number, hall.clock.now)


def test_a_clerk_hands_nothing_over(hall: Hall, clerk: Callable[[str], Staff]) -> None:
    hall.office.first = "refused"
    number = hall.accept()
    hall.carry()
    with pytest.raises(Forbidden):
        window_actions.send_to_window(actor_of(clerk("A-KBS")), number, now=hall.clock.now)


def test_what_waits_longest_stands_first(hall: Hall) -> None:
    first, second = handed_over(hall), handed_over(hall)
    who = Actor("staff", "x", (Grant(Role.WINDOW_CLERK, "/"),), 1, "乔")
    assert {one.case.number for one in case_queries.tasks_visible_to(who)} == {first, second}
    keeper = platform.add_staff(SYSTEM, username="first", name="乔", password=PASSWORD)
    platform.grant_role(SYSTEM, keeper, Role.WINDOW_CLERK, Place.objects.get(code="150600"), now=hall.clock.now)
    client = browser(keeper)
    page = text(client.get("/console/windows/"))
    assert page.index(first) < page.index(second)
    client.post(f"/console/windows/{first}/take/")
    page = text(client.get("/console/windows/"))
    assert page.index(second) < page.index(first), "what a clerk has comes after what waits"


def test_who_also_keeps_an_area_begins_at_the_overview(jia: Any, clerk: Callable[[str], Staff], now: datetime) -> None:
    person = clerk("A-KBS")
    platform.grant_role(SYSTEM, person, Role.AREA_KEEPER, Place.objects.get(code="A-KBS"), now=now)
    answer = browser(person).get("/console/")
    assert answer.status_code == 200
    assert 'href="/console/windows/"' in text(browser(person).get("/console/cases/"))
