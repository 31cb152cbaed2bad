"""Booking: free times asked of the department now, taken by the matter that names one, shown, and given back."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from tests.center.services.the_counter import DONE, KEY, Clock, Counter, Department, Kiosk, give_session
from tests.center.services.the_journey import ROOT, offer_more

from budayang.center.platform.sealing import seal_field
from budayang.center.services import booking
from budayang.center.services.case_results import code_of
from budayang.center.services.models import Appointment, Case, ConnectorItem, Errand, Item, Paper
from budayang.center.services.sending import Booked
from budayang.center.services.verification import verify
from budayang.center.terminals.models import Credential, Session, Terminal

pytestmark = pytest.mark.django_db(transaction=True)
FORM = {"slot": "S2", "subject": "will", "phone": "13800000000"}
START = "2026-11-26T09:00:00+08:00"
PLACE = "演示市公证处一楼"
SLOTS = [
    {"id": "S3", "start": "2026-11-26T10:00:00+08:00", "end": "2026-11-26T10:50:00+08:00", "left": 0},
    {"id": "S2", "start": START, "end": "2026-11-26T09:50:00+08:00", "left": 2, "place": PLACE},
]


class Notary(Department):
    """A department that lets people book. `slots`: its answer to the question which times are free."""

    slots: Any = None

    def __init__(self) -> None:
        booked = {"start": START, "end": "2026-11-26T09:50:00+08:00", "place": PLACE}
        super().__init__([{**DONE, "message": "预约成功", "appointment": booked}])
        self.slots = httpx.Response(200, json={"slots": SLOTS})
        self.paths: list[str] = []

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.paths.append(request.url.path.partition("/v1/")[2])
        if request.url.path.endswith("/v1/slots"):
            assert request.url.params["item"] == "ZZ132"
            if isinstance(self.slots, Exception):
                raise self.slots
            return httpx.Response(self.slots.status_code, content=self.slots.content)
        if request.url.path.endswith("/withdraw"):
            assert request.headers["idempotency-key"].endswith("-W")
            return httpx.Response(200, json={"withdrawn": True})
        return await super().__call__(request)


@pytest.fixture
def clock(now: datetime) -> Clock:
    return Clock(now)


@pytest.fixture
def notary() -> Notary:
    return Notary()


@pytest.fixture
def counter(transactional_db: None, judged: datetime, clock: Clock, notary: Notary) -> Iterator[Counter]:
    running = Counter(clock, notary)
    yield running
    running.stop()


@pytest.fixture
def kiosk(counter: Counter, jia: Terminal, now: datetime) -> Kiosk:
    offer_more(jia, now, {"ZZ132"})
    give_session(jia, KEY, now, seal_field)
    return Kiosk(counter, jia)


def until(true: Callable[[], bool]) -> None:
    for _ in range(400):
        if true():
            return
        time.sleep(0.025)
    raise AssertionError("not within ten seconds")


def ask(kiosk: Kiosk, item: str = "ZZ132") -> httpx.Response:
    return kiosk.post(f"{ROOT}slots", json.dumps({"item": item}).encode())


def book(kiosk: Kiosk) -> Case:
    person = {"name": "测试甲", "id_number": "999999199001011234", "id_kind": "resident", "form": FORM}
    assert kiosk.post(ROOT, kiosk.submit_body(kiosk.number(), "ZZ132", person)).status_code == 202
    assert kiosk.wait().json()["state"] == "done"
    return Case.objects.select_related("item", "terminal__area__place").get()


def progress(kiosk: Kiosk, case: Case, *, withdraw: bool = False) -> dict[str, Any]:
    body = json.dumps({"number": case.number, "code": code_of(case)}).encode()
    found: dict[str, Any] = kiosk.post(f"{ROOT}progress{'/withdraw' if withdraw else ''}", body).json()
    return found


def promise(now: datetime) -> None:
    """The department lets people take a booking back."""
    values = {"kind": "book", "can_withdraw": True, "declared_at": now}
    ConnectorItem.objects.update_or_create(item=Item.objects.get(code="ZZ132"), defaults=values)


def test_free_times_come_from_the_department_each_time(kiosk: Kiosk, notary: Notary) -> None:
    for _ in range(2):
        told = ask(kiosk).json()
        assert told["state"] == "known"
        assert [(one["id"], one["left"], one["place"]) for one in told["slots"]] == [("S2", 2, PLACE), ("S3", 0, "")]
    assert notary.paths == ["slots", "slots"], "nothing is remembered"


@pytest.mark.parametrize(
    "answer",
    [
        httpx.ConnectError("no line"),
        httpx.ReadTimeout("slow"),
        httpx.Response(503, headers={"Retry-After": "60"}, json={"error": "closed"}),
        httpx.Response(200, content=b"<html>"),
        httpx.Response(200, json={"slots": [{"id": "S1", "start": "2026-11-26T09:00:00", "left": 1}]}),
        httpx.Response(200, json={"slots": "none"}),
    ],
    ids=["no line", "slow", "closed", "not json", "no zone", "no list"],
)
def test_a_department_that_does_not_say_is_silent_and_nothing_is_guessed(
    kiosk: Kiosk, notary: Notary, answer: Any
) -> None:
    notary.slots = answer
    assert ask(kiosk).json() == {"state": "silent", "slots": []}


def test_only_what_is_booked_here_is_asked_for(kiosk: Kiosk, notary: Notary) -> None:
    for item in ("ZZ001", "ZZ116", "nothing"):
        assert ask(kiosk, item).json()["error"] == "unknown_item"
    assert notary.paths == []


def test_the_slot_is_taken_once_and_the_appointment_is_shown(kiosk: Kiosk, notary: Notary) -> None:
    case = book(kiosk)
    assert kiosk.post(ROOT, kiosk.submit_body(kiosk.number(), "ZZ132", {"form": FORM, **_person()})).status_code == 202
    (asked,) = notary.asked
    assert asked.headers["idempotency-key"] == case.number
    assert json.loads(asked.content)["form"]["slot"] == "S2"
    row = Appointment.objects.get()
    assert (row.case_id, row.start_at, row.place) == (case.pk, datetime(2026, 11, 26, 1, tzinfo=UTC), PLACE)
    found = progress(kiosk, case)
    assert found["appointment"] == "2026年11月26日（星期四）上午9:00至9:50"
    assert found["appointment_place"] == PLACE
    assert "测试甲" not in json.dumps(found, ensure_ascii=False)
    rows = booking.rows_of(Booked(row.start_at, row.end_at, row.place), "Asia/Shanghai")
    assert rows == (("预约时间", "2026年11月26日（星期四）上午9:00至9:50"), ("预约地点", PLACE))


def _person() -> dict[str, Any]:
    return {"name": "测试甲", "id_number": "999999199001011234", "id_kind": "resident"}


def test_a_booking_is_given_back_before_its_hour(kiosk: Kiosk, notary: Notary, clock: Clock, now: datetime) -> None:
    promise(now)
    case = book(kiosk)
    assert progress(kiosk, case)["may_withdraw"]
    assert progress(kiosk, case, withdraw=True)["state"] == "done", "the department has to let it go first"
    until(lambda: Case.objects.get().state == "withdrawn")
    after = Case.objects.get()
    assert "预约已经取消" in after.message
    assert after.result_sealed is None, "the slip is not printed again"
    assert Appointment.objects.get().cancelled_at is not None
    assert notary.paths.count(f"matters/{case.number}/withdraw") == 1
    shown = verify(code_of(case), "10.0.0.1", clock.now)
    assert shown is not None
    assert not shown.valid, "the slip in the hand is worth nothing any more"
    assert Paper.objects.count() == 1


def test_after_its_hour_and_where_nobody_promised_it_a_booking_stands(
    kiosk: Kiosk, clock: Clock, now: datetime
) -> None:
    case = book(kiosk)
    assert not progress(kiosk, case)["may_withdraw"]
    promise(now)
    clock.now = datetime(2026, 11, 26, 1, 0, 1, tzinfo=UTC)
    body = json.dumps({"number": case.number, "code": code_of(case)}).encode()
    give_session_again(kiosk, clock.now)
    refused = kiosk.post(f"{ROOT}progress/withdraw", body)
    assert refused.json()["error"] == "too_late"
    assert not Errand.objects.exists()
    assert Case.objects.get().state == "done"


def give_session_again(kiosk: Kiosk, now: datetime) -> None:
    """A session lasts a day."""
    Session.objects.all().delete()
    Credential.objects.all().delete()
    give_session(kiosk.terminal, KEY, now, seal_field)
