"""Public pages of 出门前保障, of a later hour, of a locked door: no sign-in, nothing typed is lost, nobody is named."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from tests.center.services_cast import SYSTEM

from budayang.center.areas.actions import plan_stop
from budayang.center.maintenance import notice_actions
from budayang.center.public import choosing
from budayang.center.services.models import Offering, Promise, Trip
from budayang.center.terminals.models import Terminal

HOUR = timedelta(hours=1)


@pytest.fixture
def night(judged: datetime, monkeypatch: pytest.MonkeyPatch) -> datetime:
    """The pages read the clock: it stands still at 02:14."""
    monkeypatch.setattr(timezone, "now", lambda: judged)
    return judged


@pytest.fixture
def gateway(city: object, now: datetime) -> None:
    values = {"url": "https://sms.example.cn/send", "token": "token-12345678", "signature": "不打烊"}
    notice_actions.add_channel(SYSTEM, kind="sms", name="短信", place=city, values=values, now=now)  # type: ignore[arg-type]  # the fixture is a place


def local(moment: datetime) -> str:
    return moment.astimezone(choosing.ZONE).strftime(choosing.FORM)


def post(client: Client, night: datetime, **changes: str) -> object:
    form = {"item": "ZZ001", "terminal": "KBS-01", "at": local(night + 3 * HOUR)} | changes
    return client.post("/promise/new/", form)


def test_the_hours_to_choose_end_tomorrow_night(night: datetime) -> None:
    days = choosing.choices(night)
    assert [day for day, _hours in days] == ["今天", "明天"]
    assert (days[0][1][0].word, days[1][1][-1].word) == ("03:00", "23:00")
    assert choosing.read(local(night - HOUR), night) is None
    assert choosing.read("nonsense", night) is None
    chosen = choosing.read(days[0][1][0].value, night)
    assert chosen is not None
    assert timedelta(0) < chosen - night < HOUR


def test_later_today_says_what_the_clock_decides_and_does_not_foretell_machines(
    client: Client, night: datetime, jia: Terminal
) -> None:
    """ZZ054 is taken from 07:00 to 23:00: closed now, open at nine."""
    now_page = client.get("/where/?item=ZZ054").content.decode()
    assert "暂停至 07:00" in now_page
    nine = local(night.replace(minute=0) + 7 * HOUR)
    page = client.get(f"/where/?item=ZZ054&when={nine}").content.decode()
    assert "09:00：2 台终端能办" in page
    assert "照现在的情况，到那时能办" in page
    assert f"at={nine.replace(':', '%3A')}" in page
    Terminal.objects.filter(code="KBS-01").update(silent_since=night)
    assert "现在的情况：这台自助终端失去联系" in client.get(f"/where/?item=ZZ054&when={nine}").content.decode()
    Terminal.objects.filter(code="KBS-01").update(silent_since=None)
    plan_stop(
        SYSTEM, place=jia.area.place, starts_at=night + 6 * HOUR, ends_at=night + 9 * HOUR, reason="检修", now=night
    )
    assert "计划停用：检修" in client.get(f"/where/?item=ZZ054&when={nine}").content.decode()
    assert "KBS-01" not in client.get(f"/where/?item=ZZ054&when={nine}&only=1").content.decode()
    area = client.get(f"/where/?area=KBS&when={nine}")
    assert area.status_code == 200


def test_notes_stand_beside_what_can_be_done(client: Client, night: datetime) -> None:
    Offering.objects.filter(item__code="ZZ001", terminal__code="KBS-01").update(notes=["A4打印纸快用完"])
    assert "A4打印纸快用完" in client.get("/where/?item=ZZ001").content.decode()


def test_a_promise_from_the_list_to_its_page(client: Client, night: datetime, jia: Terminal) -> None:
    assert "/promise/new/?item=ZZ001&amp;terminal=KBS-01" in client.get("/where/?item=ZZ001").content.decode()
    form = client.get("/promise/new/?item=ZZ001&terminal=KBS-01")
    assert "手机号" not in form.content.decode()  # no gateway, no question
    answer = post(client, night)
    promise = Promise.objects.get()
    assert answer.headers["Location"] == f"/promise/{promise.number}/"  # type: ignore[attr-defined]  # a response
    page = client.get(f"/promise/{promise.number}/")
    text = page.content.decode()
    assert "到时替您试" in text
    assert promise.number in text
    assert "这台机器现在：现在可以办理" in text
    assert (page["Referrer-Policy"], page["X-Robots-Tag"]) == ("same-origin", "noindex, nofollow")
    again = client.get("/promise/", {"number": promise.number.lower().replace("-", " ")})
    assert again.headers["Location"] == f"/promise/{promise.number}/"
    assert client.get("/promise/").status_code == 200
    assert client.get("/promise/", {"number": "7Q"}).status_code == 400
    assert client.get("/promise/0000-0000-0000/").status_code == 404


def test_what_was_typed_stays_and_the_repair_is_named(client: Client, night: datetime, gateway: None) -> None:
    typed = local(night + 3 * HOUR)
    answer = post(client, night, phone="12345")
    text = answer.content.decode()  # type: ignore[attr-defined]  # a response
    assert answer.status_code == 422  # type: ignore[attr-defined]  # a response
    assert "手机号是 11 位数字" in text
    assert 'value="12345"' in text
    assert f'value="{typed}"' in text
    late = post(client, night, at=local(night + timedelta(days=9)))
    assert "从 10 分钟后到 7 天内" in late.content.decode()  # type: ignore[attr-defined]  # a response
    closed = post(client, night, item="ZZ054", at=local(night + HOUR))
    assert "到那时这里办不了：部门系统此时不开放" in closed.content.decode()  # type: ignore[attr-defined]  # a response
    assert not Promise.objects.exists()


def test_a_broken_one_names_the_nearest_place_at_once(client: Client, night: datetime, gateway: None) -> None:
    post(client, night, phone="13900001234")
    Promise.objects.update(state="broken", text="打印机缺纸", checked_at=night)
    number = Promise.objects.get().number
    text = client.get(f"/promise/{number}/").content.decode()
    assert "刚刚试过，办不了" in text
    assert "打印机缺纸" in text
    assert "YJHL自助区现在能办" in text
    assert "139****1234" in text
    assert "13900001234" not in text


def test_cancel_and_answer(client: Client, night: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    post(client, night)
    number = Promise.objects.get().number
    assert "办得怎么样" not in client.get(f"/promise/{number}/").content.decode()
    monkeypatch.setattr(timezone, "now", lambda: night + 4 * HOUR)
    assert "办得怎么样" in client.get(f"/promise/{number}/").content.decode()
    client.post(f"/promise/{number}/answer/", {"answer": "locked"})
    assert "您说：到了，门没开" in client.get(f"/promise/{number}/").content.decode()
    assert Trip.objects.get().result == "locked"
    client.post(f"/promise/{number}/cancel/")
    assert "已取消" in client.get(f"/promise/{number}/").content.decode()
    assert client.get(f"/promise/{number}/cancel/").status_code == 405
    assert client.post("/promise/nonsense/cancel/").status_code == 404


def test_a_guesser_waits(client: Client, night: datetime) -> None:
    for _miss in range(10):
        assert client.get("/promise/0000-0000-0000/").status_code == 404
    assert client.get("/promise/0000-0000-0000/").status_code == 429


@pytest.mark.parametrize("door", ["", "cancel/", "answer/"])
def test_no_door_of_a_promise_is_for_guessing(client: Client, night: datetime, door: str) -> None:
    """Who has guessed too often cancels nothing, and tells nothing, with the right number either."""
    post(client, night)
    number = Promise.objects.get().number

    def ask(text: str) -> int:
        here = f"/promise/{text}/{door}"
        return (client.post(here, {"answer": "locked"}) if door else client.get(here)).status_code

    assert [ask("0000-0000-0000") for _guess in range(11)] == [404] * 10 + [429]
    assert ask(number) == 429
    assert Promise.objects.get().state == "waiting"
    assert not Trip.objects.exists()


def test_a_locked_door_is_told_without_a_name(client: Client, night: datetime) -> None:
    assert "门没开" in client.get("/where/?area=KBS").content.decode()
    answer = client.post("/where/locked/", {"area": "KBS"}, follow=True)
    assert "记下了，谢谢您" in answer.content.decode()
    again = client.post("/where/locked/", {"area": "KBS"}, follow=True)
    assert "一小时内不用再报" in again.content.decode()
    assert Trip.objects.count() == 1
    assert client.post("/where/locked/", {"area": "NONE"}).status_code == 404
    assert client.get("/where/locked/").status_code == 405
