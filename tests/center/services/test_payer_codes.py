"""A payer's code for an order that is shown already: the same order, paid once, the code shown to nobody twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.center.services.the_bank import Hall, open_hall

from budayang.center.platform.actors import Actor
from budayang.center.services import case_requests
from budayang.center.services.case_accepting import CaseRefused, grant_reply
from budayang.center.services.models import Payment
from budayang.center.services.payments import actions
from budayang.wire.paying import PayAsk

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system()
CODE = "281234567890123456"


@pytest.fixture
def hall(judged: datetime, jia: Any) -> Iterator[Hall]:
    with open_hall(jia, judged) as found:
        found.office.first = "due"
        yield found


def shown(hall: Hall) -> str:
    """A case whose code stands on the screen."""
    number = hall.accept()
    hall.carry(2)
    assert hall.payment(number).state == "open"
    return number


def scan(hall: Hall, number: str, code: str = CODE) -> None:
    assert actions.begin_payment(SYSTEM, hall.case(number), now=hall.clock.now, payer_code=code) is not None


def places(hall: Hall) -> int:
    return len([one for one in hall.till.asked if one.url.path.endswith("/orders")])


def test_the_open_order_is_paid_by_the_code_and_the_matter_goes_on(hall: Hall) -> None:
    number = shown(hall)
    scan(hall, number)
    row = hall.payment(number)
    assert row.payer_code_sealed
    assert CODE.encode() not in bytes(row.payer_code_sealed)
    hall.carry(2)
    assert (hall.case(number).state, hall.payment(number).state) == ("done", "settled")
    assert hall.payment(number).payer_code_sealed is None
    assert list(hall.till.orders) == [f"{number}-P1"]
    assert hall.till.held_fen(number) == 1250
    events = list(hall.payment(number).events.values_list("event", "detail"))
    assert ("code_shown", "") in events
    assert CODE not in str(events)


def test_a_code_without_money_leaves_the_order_open_and_is_told(hall: Hall) -> None:
    number = shown(hall)
    grant_reply(hall.case(number), hall.terminal.pk, "key", hall.clock.now)
    before = case_requests.look(number, hall.terminal.pk, "key", hall.clock.now)
    scan(hall, number, "empty")
    hall.carry()
    row = hall.payment(number)
    assert (row.state, row.codes_refused, row.payer_code_sealed) == ("open", 1, None)
    after = case_requests.look(number, hall.terminal.pk, "key", hall.clock.now)
    assert after.pay is not None
    assert (after.pay.refused, after.pay.qr) == (1, row.qr)
    assert after.worth_telling(before.mark), "the screen says that nothing was taken"
    hall.pass_s(5)
    scan(hall, number)
    hall.carry(2)
    assert hall.case(number).state == "done"
    assert Payment.objects.count() == 1


def test_a_lost_answer_is_asked_for_and_the_code_is_not_shown_again(hall: Hall) -> None:
    number = shown(hall)
    placed = places(hall)
    scan(hall, number)
    hall.till.faults.plan = ["lost"]
    hall.carry()
    assert hall.payment(number).state == "open"
    hall.pass_s(60)
    hall.carry(2)
    assert hall.case(number).state == "done"
    assert places(hall) == placed + 1
    assert hall.till.held_fen(number) == 1250


@pytest.mark.parametrize("after", [False, True])
def test_killed_at_each_step_the_money_is_once(hall: Hall, after: bool) -> None:
    for step in range(1, 10):
        number = shown(hall)
        scan(hall, number)
        hall.fate.at, hall.fate.after = step, after
        hall.carry()
        hall.fate.at = None
        for _ in range(4):
            hall.pass_s(40)
            hall.carry()
        held = hall.till.held_fen(number)
        state = hall.payment(number).state
        assert (state, held) in (("settled", 1250), ("open", 0)), (step, state, held)
        assert hall.payment(number).payer_code_sealed is None or state == "open"


def test_nobody_is_charged_while_it_is_being_cancelled_or_after_its_time(hall: Hall) -> None:
    number = shown(hall)
    scan(hall, number)
    Payment.objects.filter(case__number=number).update(expires_at=hall.clock.now - timedelta(seconds=1))
    hall.carry()
    assert hall.payment(number).state == "closed"
    assert hall.till.held_fen(number) == 0
    other = shown(hall)
    Payment.objects.filter(case__number=other).update(stop_at=hall.clock.now)
    assert not actions.show_payer_code(SYSTEM, hall.payment(other), CODE, hall.clock.now)


def test_what_is_no_code_is_refused_at_the_door(hall: Hall) -> None:
    number = shown(hall)
    grant_reply(hall.case(number), hall.terminal.pk, "key", hall.clock.now)
    with pytest.raises(CaseRefused, match="malformed"):
        case_requests.pay(
            SYSTEM, number, hall.terminal.pk, PayAsk(reply_key="key", payer_code="https://x.example"), hall.clock.now
        )
    assert hall.payment(number).payer_code_sealed is None
