"""A department took the money and the case then ends without output: each way of ending gives it back, once, and says
so.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.center.services.the_bank import Hall, open_hall, outcome, promise

from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Transition
from budayang.center.services import case_jobs, case_queries, case_requests, window_actions
from budayang.center.services.case_results import code_of
from budayang.center.services.case_reviewing import settle_review
from budayang.center.services.case_withdrawing import withdraw
from budayang.center.services.models import CaseGrant, Errand, Payment
from budayang.center.services.payments import actions

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system()
BACK = "已缴的钱会原路退回"


@pytest.fixture
def hall(judged: datetime, jia: Any) -> Iterator[Hall]:
    with open_hall(jia, judged) as found:
        found.office.first, found.office.after_pay = "due", "handed_in"
        promise("ZZ001", can_be_asked=True, can_withdraw=True)
        yield found


@pytest.fixture
def settled(hall: Hall) -> str:
    """A case whose first bill is paid and settled: the department has taken the matter in."""
    number = hall.accept()
    hall.carry(2)
    pay(hall, number)
    assert (hall.case(number).state, hall.payment(number).state) == ("handed_in", "settled")
    assert hall.till.held_fen(number) == 1250
    return number


@pytest.fixture
def billed_again(hall: Hall, settled: str) -> str:
    """The department wrote a second bill; its code is at hand."""
    further = outcome("due", settled)
    further["due"]["bill"] = f"B2-{settled}"
    ask(hall, settled, "due", outcome=further)
    assert (hall.case(settled).state, hall.payment(settled).state) == ("due", "open")
    assert hall.payment(settled).number.endswith("-P2")
    return settled


def pay(hall: Hall, number: str) -> None:
    assert hall.till.pay(hall.payment(number).number)
    hall.pass_s(5)
    hall.carry(2)


def ask(hall: Hall, number: str, state: str, **more: Any) -> None:
    """An hour later the department is asked, and says how the matter stands."""
    at = hall.clock.now.isoformat()
    hall.office.standing[number] = {"state": state, "at": at, "outcome": None, "steps": [], **more}
    hall.pass_s(3600)
    hall.carry(2)


def told(kind: str) -> list[dict[str, Any]]:
    return [row.payload for row in Transition.objects.filter(kind=kind)]


def check_all_back(hall: Hall, number: str, state: str, *, payments: int = 1) -> None:
    """The case ended; all its money went back once, with the whole trail; each was an order, and is over."""
    hall.carry(2)
    assert hall.case(number).state == state
    rows = list(Payment.objects.filter(case__number=number, paid_at__isnull=False))
    assert [row.state for row in rows] == ["refunded"] * payments
    assert hall.till.held_fen(number) == 0
    assert sorted(hall.till.refunds) == sorted(f"{row.number}-R" for row in rows), "under one number each"
    for row in rows:
        trail = [one.event for one in row.events.all()]
        assert trail[-3:] == ["refund", "refund_asked", "refunded"]
    alarms = [one["payment"] for one in told("services.paid_without_output")]
    assert sorted(alarms) == sorted(row.number for row in rows)
    assert sorted(one["payment"] for one in told("services.case_made_good")) == sorted(alarms)
    steps = list(hall.case(number).steps.values_list("step", flat=True))
    assert {"refund_due", "refunded"} <= set(steps)


def seen(hall: Hall, number: str) -> case_queries.Progress:
    case = hall.case(number)
    found = case_queries.find_progress(number, code_of(case), "phone", hall.clock.now)
    assert found is not None
    return found[1]


def test_refused_after_it_had_taken_the_money(hall: Hall, settled: str) -> None:
    ask(hall, settled, "refused", outcome=outcome("refused", settled))
    assert hall.payment(settled).refund_reason == "部门没有办理，退回缴费"
    check_all_back(hall, settled, "failed")
    assert [(one.fen, one.word) for one in seen(hall, settled).payments] == [(1250, "已退款")]


def test_withdrawn_at_the_department(hall: Hall, settled: str) -> None:
    ask(hall, settled, "withdrawn")
    assert BACK in hall.case(settled).message
    check_all_back(hall, settled, "withdrawn")


def test_the_department_lets_the_person_go(hall: Hall, settled: str) -> None:
    withdraw(SYSTEM, hall.case(settled), hall.clock.now)
    assert hall.payment(settled).state == "settled", "not before the department says so"
    hall.carry()
    assert BACK in hall.case(settled).message
    check_all_back(hall, settled, "withdrawn")


def test_the_second_bill_lapses(hall: Hall, billed_again: str) -> None:
    hall.pass_s(25 * 3600)
    case_jobs.wake_cases(hall.clock.now)
    hall.carry()
    hall.pass_s(61)
    case_jobs.wake_cases(hall.clock.now)
    message = hall.case(billed_again).message
    assert BACK in message
    assert "没有收钱" not in message
    check_all_back(hall, billed_again, "failed")
    assert billed_again in hall.office.withdrawn, "the department hears that nobody pays"
    # What was never paid is not shown beside what went back.
    assert [(one.fen, one.word) for one in seen(hall, billed_again).payments] == [
        (1250, "已退款"),
        (1250, "已关闭，没有收款"),
    ]


def test_a_bill_of_nothing_paid_before_says_that_nothing_was_taken(hall: Hall) -> None:
    number = hall.accept()
    hall.carry(2)
    hall.pass_s(25 * 3600)
    hall.carry()
    hall.pass_s(61)
    case_jobs.wake_cases(hall.clock.now)
    assert "没有收钱" in hall.case(number).message
    assert not told("services.paid_without_output")


def test_who_does_not_pay_the_second_bill_gets_the_first_back(hall: Hall, billed_again: str) -> None:
    withdraw(SYSTEM, hall.case(billed_again), hall.clock.now)
    hall.carry()
    message = hall.case(billed_again).message
    assert BACK in message
    assert "没有收钱" not in message
    check_all_back(hall, billed_again, "withdrawn")


def test_withdrawn_while_no_code_is_open(hall: Hall, billed_again: str) -> None:
    hall.pass_s(301)
    hall.carry()
    assert hall.payment(billed_again).state == "closed"
    withdraw(SYSTEM, hall.case(billed_again), hall.clock.now)
    assert BACK in hall.case(billed_again).message
    check_all_back(hall, billed_again, "withdrawn")


def test_the_department_lets_go_while_a_code_is_shown(hall: Hall, settled: str) -> None:
    """The person asked to withdraw; before the department answered, it wrote another bill."""
    hall.office.faults.plan = ["unreachable"] * 3
    withdraw(SYSTEM, hall.case(settled), hall.clock.now)
    hall.carry()
    hall.office.faults.plan = []
    Errand.objects.filter(kind="withdraw").update(due_at=hall.clock.now + timedelta(hours=2))
    further = outcome("due", settled)
    further["due"]["bill"] = f"B2-{settled}"
    ask(hall, settled, "due", outcome=further)
    assert hall.payment(settled).state == "open"
    hall.clock.now += timedelta(minutes=4)
    Errand.objects.filter(kind="withdraw").update(due_at=hall.clock.now)
    hall.carry(2)
    assert hall.payment(settled).state == "closed", "no more money is taken for what is over"
    assert not hall.till.pay(hall.payment(settled).number)
    check_all_back(hall, settled, "withdrawn")


def test_refused_after_the_second_bill_gives_both_back(hall: Hall, billed_again: str) -> None:
    hall.office.after_pay = "refused"
    pay(hall, billed_again)
    check_all_back(hall, billed_again, "failed", payments=2)


@pytest.mark.parametrize("finished", [False, True])
def test_the_window_decides(hall: Hall, settled: str, finished: bool) -> None:
    wanted = {"asked_at": hall.clock.now.isoformat(), "items": ["户口簿"], "until": None}
    ask(hall, settled, "correction", correction=wanted)
    window_actions.send_to_window(SYSTEM, settled, now=hall.clock.now)
    window_actions.take_task(SYSTEM, settled, hall.clock.now)
    if finished:
        window_actions.finish_task(SYSTEM, settled, note="", now=hall.clock.now)
        hall.carry(2)
        assert (hall.case(settled).state, hall.payment(settled).state) == ("done", "settled")
        assert hall.till.held_fen(settled) == 1250
    else:
        window_actions.return_task(SYSTEM, settled, note="材料不全", now=hall.clock.now)
        check_all_back(hall, settled, "failed")


@pytest.mark.parametrize(("found", "held"), [("refused", 0), ("handed_in", 1250), ("done", 1250)])
def test_what_the_department_denies_is_found_out(hall: Hall, settled: str, found: str, held: int) -> None:
    del hall.office.answers[settled]
    hall.pass_s(3600)
    hall.carry()
    assert hall.case(settled).state == "review"
    settle_review(SYSTEM, settled, found, note="电话核实过了", now=hall.clock.now)
    hall.carry(2)
    assert hall.till.held_fen(settled) == held
    if not held:
        check_all_back(hall, settled, "failed")


def test_a_clerk_who_gives_the_second_back_gives_all_back(hall: Hall, billed_again: str) -> None:
    hall.till.pay(hall.payment(billed_again).number)
    hall.office.faults.plan = ["unreachable"] * 40
    hall.pass_s(5)
    hall.carry()
    assert hall.case(billed_again).state == "paid"
    actions.refund(SYSTEM, hall.payment(billed_again), reason="本人不等了", now=hall.clock.now)
    check_all_back(hall, billed_again, "failed", payments=2)


def test_money_that_was_late_before_is_told_anew(hall: Hall) -> None:
    """Paid and nothing for a while was an order; it was over with the output. What is refused later is another one."""
    number = hall.accept()
    hall.carry(2)
    hall.till.pay(hall.payment(number).number)
    hall.pass_s(5)
    hall.office.faults.plan = ["unreachable"] * 40
    for _turn in range(4):
        hall.carry()
        hall.pass_s(60)
    assert len(told("services.paid_without_output")) == 1
    hall.office.faults.plan = []
    hall.pass_s(1000)
    hall.carry(2)
    assert hall.payment(number).state == "settled"
    assert len(told("services.case_made_good")) == 1
    hall.till.refuse_refunds = True
    ask(hall, number, "refused", outcome=outcome("refused", number))
    assert hall.payment(number).state == "refund_refused"
    assert len(told("services.paid_without_output")) == 2, "somebody has to give it back by hand"
    assert len(told("services.case_made_good")) == 1


@pytest.mark.parametrize("after", [False, True])
def test_killed_at_each_step_it_goes_back_once(hall: Hall, settled: str, after: bool) -> None:
    del settled
    for step in range(1, 12):
        number = hall.accept()
        hall.carry(2)
        pay(hall, number)
        assert hall.payment(number).state == "settled"
        at = hall.clock.now.isoformat()
        refused = {"state": "refused", "at": at, "outcome": outcome("refused", number), "steps": []}
        hall.office.standing[number] = refused
        hall.pass_s(3600)
        hall.fate.at, hall.fate.after = step, after
        hall.carry(2)
        hall.fate.at = None
        for _turn in range(6):
            hall.pass_s(1800)
            hall.carry(2)
        assert (hall.case(number).state, hall.payment(number).state) == ("failed", "refunded"), step
        assert hall.till.held_fen(number) == 0, step


def test_the_terminal_is_told_that_money_was_paid(hall: Hall, billed_again: str) -> None:
    """So that no screen says that nothing was taken."""
    unpaid = hall.accept()
    hall.carry(2)
    CaseGrant.objects.update(expires_at=hall.clock.now + timedelta(hours=1))
    told = {one: case_requests.look(one, hall.terminal.pk, "key", hall.clock.now) for one in (billed_again, unpaid)}
    assert (told[billed_again].paid, told[unpaid].paid) == (True, False)
