"""The center and the sandbox's own departments together: a time is booked and given back, a correction goes on."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.center.services.the_counter import FORMS, KEY, Clock, Counter, Kiosk, give_session
from tests.center.services.the_journey import ROOT, hand_in, offer_more
from tests.center.services.the_town import Town
from tests.center.services_cast import SYSTEM

from budayang.center.platform.sealing import center_keys, seal_field
from budayang.center.services.case_results import code_of
from budayang.center.services.connector_actions import declare_items
from budayang.center.services.models import Appointment, Case
from budayang.center.terminals.models import Terminal
from budayang.sandbox.departments import slots
from budayang.wire.sealing import identity_info, seal_text

pytestmark = pytest.mark.django_db(transaction=True)
JIA = {"name": "测试甲", "id_number": "999999199003070012", "id_kind": "resident"}


@pytest.fixture
def clock(now: datetime) -> Clock:
    return Clock(now)


@pytest.fixture
def town(tmp_path: Path, now: datetime) -> Iterator[Town]:
    built = Town(tmp_path, now)
    yield built
    built.departments.ledger.close()


@pytest.fixture
def counter(transactional_db: None, judged: datetime, clock: Clock, town: Town, settings: Any) -> Iterator[Counter]:
    settings.BUDAYANG = replace(settings.BUDAYANG, public_url="http://127.0.0.1:8800")
    running = Counter(clock, town)
    yield running
    running.stop()


@pytest.fixture
def kiosk(counter: Counter, jia: Terminal, now: datetime) -> Kiosk:
    offer_more(jia, now, {"ZZ132"})
    flags = {"can_be_asked": True, "can_withdraw": True}
    items = {"ZZ132": {"kind": "book", **flags}, "ZZ130": {"kind": "apply", **flags}}
    declare_items(SYSTEM, "SF", {"contract": "1", "items": items}, now)
    give_session(jia, KEY, now, seal_field)
    return Kiosk(counter, jia)


def until(true: Callable[[], bool]) -> None:
    for _ in range(400):
        if true():
            return
        time.sleep(0.025)
    raise AssertionError(f"not within ten seconds: {list(Case.objects.values_list('state', 'message'))}")


def free(kiosk: Kiosk) -> dict[str, int]:
    told = kiosk.post(f"{ROOT}slots", json.dumps({"item": "ZZ132"}).encode()).json()
    assert told["state"] == "known"
    return {one["id"]: one["left"] for one in told["slots"]}


def book(kiosk: Kiosk, count: int, slot: str) -> Any:
    form = {"slot": slot, "subject": "will", "phone": "13800000000"}
    assert hand_in(kiosk, kiosk.number(count), "ZZ132", form, **JIA).status_code == 202
    return kiosk.wait(count).json()


def test_a_time_is_booked_full_and_free_again(kiosk: Kiosk, town: Town) -> None:
    before = free(kiosk)
    slot = next(iter(before))
    assert before[slot] == slots.SEATS
    for count in (1, 2):
        assert book(kiosk, count, slot)["state"] == "done"
    assert free(kiosk)[slot] == 0
    refused = book(kiosk, 3, slot)
    assert (refused["state"], refused["message"]) == ("failed", "这个时间已经约满，请另选一个时间")
    row = Appointment.objects.get(case__number=kiosk.number(1))
    assert row.start_at == slots.slot_start(slot)
    assert "公证处" in row.place
    case = Case.objects.get(number=kiosk.number(1))
    body = json.dumps({"number": case.number, "code": code_of(case)}).encode()
    assert kiosk.post(f"{ROOT}progress/withdraw", body).status_code == 200
    until(lambda: Case.objects.get(number=case.number).state == "withdrawn")
    assert free(kiosk)[slot] == 1
    record = town.departments.ledger.record("SF", kiosk.number(2))
    assert record is not None
    assert record.acts == 1


def test_a_correction_is_accepted_and_the_matter_goes_on(kiosk: Kiosk, town: Town, clock: Clock, now: datetime) -> None:
    form = {**FORMS["ZZ130"], "other_party": "张三"}
    assert hand_in(kiosk, kiosk.number(), "ZZ130", form, **JIA).status_code == 202
    assert kiosk.wait().json()["state"] == "handed_in"
    town.at(now + timedelta(hours=8))  # ten in the morning: a clerk looked at it
    clock.pass_s(61)
    until(lambda: Case.objects.get().state == "correction")
    case = Case.objects.get()
    plain = json.dumps({"id_number": JIA["id_number"], "id_kind": "resident"}).encode()
    asked = {
        "number": case.number, "code": code_of(case), "reply_key": kiosk.reply_key,
        "sealed": seal_text(center_keys().seal_public, plain, identity_info(kiosk.terminal.code)),
    }  # fmt: skip
    told = kiosk.post(f"{ROOT}correction", json.dumps(asked).encode()).json()
    assert told["items"] == ["对方的全称，要和营业执照或身份证上的一样"]
    assert list(told["schema"]["properties"]) == ["other_party"]
    answer = {"other_party": "张三丰建筑有限公司"}
    handed = hand_in(kiosk, kiosk.number(5), "ZZ130", answer, corrects=case.number, **JIA)
    assert handed.status_code == 202
    assert kiosk.wait(number=case.number).json()["state"] == "handed_in"
    town.at(now + timedelta(hours=30))
    clock.pass_s(3600)
    until(lambda: Case.objects.get().state == "in_process")
    assert Case.objects.get().department_accepted_at is not None
    record = town.departments.ledger.record("SF", case.number)
    assert record is not None
    assert json.loads(record.correction or b"{}")["form"] == answer
