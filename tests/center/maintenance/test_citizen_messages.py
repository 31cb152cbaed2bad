"""Messages to citizens about their promise: by the place's gateway, once, without a copy of the number."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.center.hall import SYSTEM, Hall

from budayang.center.maintenance import citizen_messages, notice_actions
from budayang.center.maintenance.channels.kinds import Outcome, Parcel
from budayang.center.maintenance.models import CitizenMessage
from budayang.center.platform.models import Transition
from budayang.center.platform.sealing import seal_field
from budayang.center.services.models import Department, Item, Promise

PHONE = "13900001234"
NUMBER = "7Q2M-4XTD-9HWR"


@pytest.fixture
def promise(hall: Hall, now: datetime) -> Promise:
    """Somebody comes in half an hour, and the machine was found broken."""
    department = Department.objects.create(code="RS", name="人社")
    item = Item.objects.create(code="ZZ001", name="参保证明", department=department, kind="打印", audience="个人")
    return Promise.objects.create(
        number=NUMBER, item=item, terminal=hall.terminal, place_path=hall.terminal.area.place.path,
        promised_at=now + timedelta(minutes=30), state="broken", text="打印机缺纸", made_at=now,
        phone_sealed=seal_field("services_promise", NUMBER, "phone", PHONE), phone_hint="139****1234",
    )  # fmt: skip


@pytest.fixture
def gateway(hall: Hall, now: datetime) -> Any:
    values = {"url": "https://sms.example.cn/send", "token": "token-12345678", "signature": "不打烊"}
    return notice_actions.add_channel(SYSTEM, kind="sms", name="短信", place=hall.city, values=values, now=now)


def hear(promise: Promise, now: datetime) -> None:
    news = Transition(kind="services.promise_told", place_path=promise.place_path, payload={"promise": promise.number})
    citizen_messages.hear([news], now)


class Gateway:
    def __init__(self, *outcomes: Outcome) -> None:
        self.outcomes = list(outcomes)
        self.got: list[Parcel] = []

    def __call__(self, secret: Mapping[str, str], parcel: Parcel) -> Outcome:
        self.got.append(parcel)
        return self.outcomes.pop(0) if self.outcomes else Outcome()


def test_it_is_sent_once_with_the_number_of_that_moment(promise: Promise, gateway: Any, now: datetime) -> None:
    hear(promise, now)
    sms = Gateway()
    assert citizen_messages.send_due(now, sms) == 1
    assert citizen_messages.send_due(now + timedelta(minutes=5), sms) == 0
    parcel = sms.got[0]
    assert (parcel.to, parcel.kind) == (PHONE, "promise")
    assert "打印机缺纸" in parcel.short
    row = CitizenMessage.objects.get()
    assert (row.state, row.next_at) == ("sent", None)
    assert PHONE not in str(row.__dict__)


def test_a_gateway_that_stumbles_gets_the_same_key_again(promise: Promise, gateway: Any, now: datetime) -> None:
    hear(promise, now)
    sms = Gateway(Outcome("timeout"), Outcome())
    citizen_messages.send_due(now, sms)
    again = CitizenMessage.objects.get()
    assert again.state == "queued"
    assert again.next_at is not None
    citizen_messages.send_due(again.next_at, sms)
    assert CitizenMessage.objects.get().state == "sent"
    assert len({one.key for one in sms.got}) == 1


def test_what_was_cancelled_meanwhile_is_not_sent(promise: Promise, gateway: Any, now: datetime) -> None:
    hear(promise, now)
    Promise.objects.update(state="cancelled", phone_sealed=None)
    sms = Gateway()
    citizen_messages.send_due(now, sms)
    assert sms.got == []
    assert CitizenMessage.objects.get().state == "dropped"


def test_without_a_gateway_it_is_given_up_and_said(promise: Promise, now: datetime) -> None:
    hear(promise, now)
    citizen_messages.send_due(now, Gateway())
    row = CitizenMessage.objects.get()
    assert (row.state, row.error) == ("given_up", "no channel")
    assert citizen_messages.find_channel(promise.place_path) is None


def test_a_refusal_for_good_ends_it(promise: Promise, gateway: Any, now: datetime) -> None:
    hear(promise, now)
    citizen_messages.send_due(now, Gateway(Outcome("http 401", permanent=True)))
    assert CitizenMessage.objects.get().state == "given_up"


def test_two_workers_send_it_once(promise: Promise, gateway: Any, now: datetime) -> None:
    hear(promise, now)

    class Twice(Gateway):
        def __call__(self, secret: Mapping[str, str], parcel: Parcel) -> Outcome:
            assert citizen_messages.send_due(now, Gateway()) == 0  # the rival looks while we are sending
            return super().__call__(secret, parcel)

    sms = Twice()
    assert citizen_messages.send_due(now, sms) == 1
    assert len(sms.got) == 1
