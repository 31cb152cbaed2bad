"""Payments: once, asked for when unknown, given back when nothing came of it, reconciled each day."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from tests.center.services.the_bank import KEY, Hall, Killed, open_hall, outcome, promise
from tests.center.services.the_counter import PERSON

from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Transition
from budayang.center.platform.sealing import open_field
from budayang.center.services import case_jobs, case_queries, case_requests, errands
from budayang.center.services.case_accepting import GRANT_S, CaseRefused
from budayang.center.services.case_results import code_of
from budayang.center.services.case_reviewing import ask_again, settle_review
from budayang.center.services.case_withdrawing import withdraw
from budayang.center.services.models import (
    Case,
    Connector,
    ConnectorItem,
    Errand,
    Paper,
    Payment,
    PaymentEvent,
    ReconciliationLine,
)
from budayang.center.services.payments import actions, callbacks, looking, reconciling
from budayang.center.services.payments.provider import Movement, signature
from budayang.center.services.states import MOVING_PAYMENT_STATES, PAYMENT_TRANSITIONS, PaymentState
from budayang.wire.paying import PayAsk

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system()


@pytest.fixture
def hall(judged: datetime, jia: Any) -> Iterator[Hall]:
    with open_hall(jia, judged) as found:
        found.office.first = "due"
        yield found


def due(hall: Hall) -> str:
    """A case that waits for its payment, with the code at hand."""
    number = hall.accept()
    hall.carry(2)
    assert (hall.case(number).state, hall.payment(number).state) == ("due", "open")
    return number


def paid(hall: Hall) -> str:
    number = due(hall)
    assert hall.till.pay(hall.payment(number).number)
    hall.pass_s(5)
    hall.carry()
    return number


def told(kind: str) -> list[dict[str, Any]]:
    return [row.payload for row in Transition.objects.filter(kind=kind)]


def test_a_payment_goes_its_way_once(hall: Hall) -> None:
    number = paid(hall)
    assert hall.case(number).state == "paid"
    hall.carry()
    case = hall.case(number)
    assert (case.state, hall.payment(number).state) == ("done", "settled")
    assert (hall.office.outputs[number], hall.till.held_fen(number)) == (1, 1250)
    assert Paper.objects.get().case_id == case.pk
    result = json.loads(open_field("services_case", number, "result", bytes(case.result_sealed or b"")))
    assert base64.b64decode(result["receipt_pdf"]).startswith(b"%PDF-")
    steps = list(case.steps.values_list("step", flat=True))
    assert steps == ["kept", "due", "paid", "done"]
    assert [row.event for row in PaymentEvent.objects.all()] == ["created", "placed", "paid", "settled"]
    assert not told("services.paid_without_output")


def test_a_bill_has_one_payment(hall: Hall) -> None:
    number = due(hall)
    case = hall.case(number)
    first = actions.begin_payment(SYSTEM, case, now=hall.clock.now)
    assert first is not None
    assert first.pk == hall.payment(number).pk
    twin = {name: getattr(first, name) for name in ("case", "provider", "bill", "title", "amount_fen")}
    moments = {"created_at": hall.clock.now, "expires_at": hall.clock.now, "changed_at": hall.clock.now}
    with pytest.raises(IntegrityError), transaction.atomic():
        Payment.objects.create(number="X-P9", place_path="/", **twin, **moments)


@pytest.mark.parametrize("faults", [["lost"], ["unreachable"], ["broken", "lost"], ["lost", "lost", "broken"]])
def test_an_order_whose_answer_was_lost_is_asked_for(hall: Hall, faults: list[str]) -> None:
    hall.till.faults.plan = list(faults)
    number = hall.accept()
    for _turn in range(8):
        hall.carry()
        hall.pass_s(60)
        hall.clock.now -= timedelta(seconds=20)
        if hall.payment(number).state == "open":
            break
    placed = [one for one in hall.till.asked if one.method == "POST" and one.url.path.endswith("/orders")]
    assert len(hall.till.orders) == 1
    assert len({one.headers["idempotency-key"] for one in placed}) == 1
    assert hall.payment(number).state in ("open", "closed")


def test_an_expired_code_is_closed_and_another_may_be_begun(hall: Hall) -> None:
    number = due(hall)
    hall.pass_s(301)
    hall.carry()
    assert hall.payment(number).state == "closed"
    assert hall.case(number).state == "due"
    again = actions.begin_payment(SYSTEM, hall.case(number), now=hall.clock.now)
    assert again is not None
    assert again.number.endswith("-P2")
    hall.carry()
    hall.till.pay(again.number)
    hall.pass_s(5)
    hall.carry(2)
    assert hall.case(number).state == "done"
    assert hall.till.held_fen(number) == 1250


def test_money_that_comes_after_the_closing_goes_back(hall: Hall) -> None:
    number = due(hall)
    hall.pass_s(301)
    hall.carry()
    payment = hall.payment(number)
    assert hall.till.pay(payment.number, even_closed=True)
    row = reconciling.Reconciliation.objects.create(provider=payment.provider, on=day(hall), due_at=hall.clock.now)
    reconciling.close_day(row, movements(hall), hall.clock.now)
    hall.carry(2)
    assert hall.payment(number).state == "refunded"
    assert hall.till.held_fen(number) == 0
    assert hall.case(number).state == "due"


def paid_with_the_second_code(hall: Hall) -> tuple[str, Payment]:
    """A case that was paid with its second code; the first one's money arrived after all."""
    number = due(hall)
    first = hall.payment(number)
    hall.pass_s(301)
    hall.carry()
    again = actions.begin_payment(SYSTEM, hall.case(number), now=hall.clock.now)
    assert again is not None
    hall.carry()
    assert hall.till.pay(again.number)
    assert hall.till.pay(first.number, even_closed=True)
    return number, first


def test_late_money_of_a_bill_that_was_paid_again_goes_back(hall: Hall) -> None:
    number, first = paid_with_the_second_code(hall)
    hall.pass_s(5)
    hall.carry(2)
    assert (hall.case(number).state, hall.payment(number).state) == ("done", "settled")
    row = reconciling.Reconciliation.objects.create(provider=first.provider, on=day(hall), due_at=hall.clock.now)
    row = reconciling.close_day(row, movements(hall), hall.clock.now)
    assert row.state == "differs"
    hall.carry(2)
    first.refresh_from_db()
    assert first.state == "refunded"
    assert (hall.case(number).state, hall.payment(number).state) == ("done", "settled")
    assert hall.till.held_fen(number) == 1250
    assert [one["payment"] for one in told("services.paid_without_output")] == [first.number]
    assert told("services.case_made_good")


def test_late_money_hides_no_code_that_may_be_paid(hall: Hall) -> None:
    number, first = paid_with_the_second_code(hall)
    looking_at = hall.payment(number)
    at = hall.clock.now
    assert actions.record_closed(looking_at, at, why="expired") is True
    third = actions.begin_payment(SYSTEM, hall.case(number), now=at)
    assert third is not None
    first.refresh_from_db()
    assert actions.record_paid(first, transaction_number="T", paid_at=at, now=at)
    assert first.state == "refund_due"
    assert actions.holding_payment(hall.case(number)) == third, "the one that may be paid, not the one that goes back"


def test_who_stops_in_time_pays_nothing(hall: Hall) -> None:
    number = due(hall)
    withdraw(SYSTEM, hall.case(number), hall.clock.now)
    assert hall.case(number).state == "due", "until the provider says that nothing can be paid any more"
    hall.carry()
    assert (hall.case(number).state, hall.payment(number).state) == ("withdrawn", "closed")
    assert not hall.till.pay(hall.payment(number).number)


def test_who_stops_when_it_is_paid_gets_the_result(hall: Hall) -> None:
    number = due(hall)
    hall.till.pay(hall.payment(number).number)
    withdraw(SYSTEM, hall.case(number), hall.clock.now)
    hall.carry(2)
    assert (hall.case(number).state, hall.payment(number).state) == ("done", "settled")


def test_refused_after_paying_gives_the_money_back(hall: Hall) -> None:
    hall.office.after_pay = "refused"
    number = paid(hall)
    hall.carry(2)
    payment = hall.payment(number)
    assert (hall.case(number).state, payment.state) == ("failed", "refunded")
    assert hall.till.held_fen(number) == 0
    assert [one["payment"] for one in told("services.paid_without_output")] == [payment.number]
    assert [one["what"] for one in told("services.case_made_good")] == ["paid_no_output"]
    trail = [row.event for row in payment.events.all()]
    assert trail == ["created", "placed", "paid", "refund", "refund_asked", "refunded"]


@pytest.mark.parametrize("faults", [["lost"], ["lost", "lost"], ["unreachable", "lost", "broken"]])
def test_a_refund_whose_answer_was_lost_is_asked_for(hall: Hall, faults: list[str]) -> None:
    hall.office.after_pay = "refused"
    number = paid(hall)
    hall.till.faults.plan = list(faults)
    for _turn in range(8):
        hall.carry()
        hall.pass_s(200)
    assert hall.payment(number).state == "refunded"
    assert (len(hall.till.refunds), hall.till.held_fen(number)) == (1, 0)


def test_a_refund_that_the_provider_refuses_stays_with_a_person(hall: Hall) -> None:
    hall.office.after_pay = "refused"
    hall.till.refuse_refunds = True
    number = paid(hall)
    hall.carry(2)
    payment = hall.payment(number)
    assert payment.state == "refund_refused"
    assert not told("services.case_made_good")
    with pytest.raises(Refused):
        actions.record_returned(SYSTEM, payment, note=" ", now=hall.clock.now)
    actions.record_returned(SYSTEM, payment, note="银行转账 0001", now=hall.clock.now)
    assert hall.payment(number).state == "refunded"
    assert told("services.case_made_good")


def test_what_a_person_gave_back_is_no_movement_at_the_provider(hall: Hall) -> None:
    hall.office.after_pay = "refused"
    hall.till.refuse_refunds = True
    payment = hall.payment(paid(hall))
    hall.carry(2)
    payment.refresh_from_db()
    actions.record_returned(SYSTEM, payment, note="银行转账 0001", now=hall.clock.now)
    row = reconciling.Reconciliation.objects.create(provider=payment.provider, on=day(hall), due_at=hall.clock.now)
    row = reconciling.close_day(row, movements(hall), hall.clock.now)
    assert (row.state, row.matched, row.differing) == ("even", 1, 0)
    assert not told("services.reconciliation_differs")


def test_paid_and_nothing_for_a_while_is_told_once(hall: Hall) -> None:
    number = paid(hall)
    hall.office.faults.plan = ["unreachable"] * 40
    for _turn in range(6):
        hall.carry()
        hall.pass_s(60)
    assert hall.case(number).state == "paid"
    assert [one["number"] for one in told("services.paid_without_output")] == [number]
    hall.office.faults.plan = []
    hall.pass_s(1000)
    hall.carry(2)
    assert hall.case(number).state == "done"
    assert told("services.case_made_good")


def test_unclear_after_paying_is_a_persons(hall: Hall) -> None:
    number = paid(hall)
    hall.office.faults.plan = ["lost", "broken", "broken"]
    hall.carry()
    assert (hall.case(number).state, hall.payment(number).state) == ("review", "paid")
    ask_again(SYSTEM, number, hall.clock.now)
    assert hall.case(number).state == "paid", "the payment is told again, not the matter"
    hall.carry()
    assert (hall.case(number).state, hall.office.effects[number], hall.office.outputs[number]) == ("done", 1, 1)


def test_an_errand_that_only_waited_its_turn_cannot_have_arrived(hall: Hall) -> None:
    number = paid(hall)
    pk = Errand.objects.get(kind="paid").pk
    queued = errands.take_errand(pk, hall.clock.now)
    assert queued is not None
    hall.pass_s(errands.LEASE_S + 1)
    taken = errands.take_errand(pk, hall.clock.now)
    assert taken is not None
    assert not taken.unclear
    assert not errands.renew_errand(queued, hall.clock.now), "a rival has it"
    assert errands.renew_errand(taken, hall.clock.now)
    hall.pass_s(errands.LEASE_S + 1)
    again = errands.take_errand(pk, hall.clock.now)
    assert again is not None
    assert again.unclear, "killed in its call"
    hall.pass_s(errands.LEASE_S + 1)
    hall.carry()
    assert hall.case(number).state == "done"


OTHERS = [
    pytest.param({"name": "测试乙", "id_number": "999999199001015678"}, id="another number"),
    pytest.param({"name": "试测甲", "id_number": PERSON["id_number"]}, id="another name"),
]


@pytest.mark.parametrize("other", OTHERS)
def test_an_answer_to_a_payment_about_somebody_else_is_never_used(hall: Hall, other: dict[str, str]) -> None:
    number = paid(hall)
    hall.office.whose = other
    hall.carry()
    assert (hall.case(number).state, hall.payment(number).state) == ("review", "paid")
    assert not Paper.objects.exists()
    assert Connector.objects.get(department__items__code="ZZ001").circuit_why == "wrong_person"


@pytest.mark.parametrize("other", OTHERS)
def test_a_standing_about_somebody_else_is_never_used(hall: Hall, other: dict[str, str]) -> None:
    promise("ZZ001", can_be_asked=True)
    hall.office.first = "handed_in"
    number = hall.accept()
    hall.carry()
    hall.office.whose = other
    hall.office.decide(number, "done")
    hall.pass_s(3600)
    hall.carry()
    assert (hall.case(number).state, Paper.objects.count()) == ("handed_in", 0)
    assert Connector.objects.get(department__items__code="ZZ001").circuit_why == "wrong_person"


def test_answers_about_the_person_of_the_case_are_used(hall: Hall) -> None:
    promise("ZZ001", can_be_asked=True)
    hall.office.whose = {"name": "测试 甲", "id_number": str(PERSON["id_number"])}
    hall.office.after_pay = "handed_in"
    number = paid(hall)
    hall.carry()
    assert (hall.case(number).state, hall.payment(number).state) == ("handed_in", "settled")
    hall.office.decide(number, "done")
    hall.pass_s(3600)
    hall.carry()
    assert hall.case(number).state == "done"


def test_a_standing_that_does_not_name_its_person_as_promised_is_not_known(hall: Hall) -> None:
    promise("ZZ001", can_be_asked=True)
    hall.office.first = "handed_in"
    number = hall.accept()
    hall.carry()
    ConnectorItem.objects.update(names_person=True)
    hall.office.decide(number, "done")
    hall.pass_s(3600)
    hall.carry()
    assert (hall.case(number).state, Paper.objects.count()) == ("handed_in", 0)


def test_a_person_finds_out_that_nothing_was_done(hall: Hall) -> None:
    number = paid(hall)
    hall.office.faults.plan = ["broken"] * 3
    hall.carry()
    with pytest.raises(Refused):
        settle_review(SYSTEM, number, "refused", note="", now=hall.clock.now)
    settle_review(SYSTEM, number, "refused", note="电话核实：系统里没有", now=hall.clock.now)
    hall.carry()
    assert (hall.case(number).state, hall.payment(number).state) == ("failed", "refunded")
    assert Errand.objects.get(kind="paid").state == "cancelled"


def test_a_clerk_gives_back_what_nobody_was_told_of(hall: Hall) -> None:
    number = due(hall)
    hall.office.faults.plan = ["unreachable"] * 40
    hall.till.pay(hall.payment(number).number)
    hall.pass_s(5)
    hall.carry(2)
    payment = hall.payment(number)
    with pytest.raises(Refused):
        actions.refund(SYSTEM, payment, reason="", now=hall.clock.now)
    actions.refund(SYSTEM, payment, reason="本人不等了", now=hall.clock.now)
    hall.office.faults.plan = []
    hall.pass_s(600)
    hall.carry(3)
    assert (hall.case(number).state, hall.payment(number).state) == ("failed", "refunded")
    assert not hall.office.outputs


def test_a_bill_that_nobody_pays_ends(hall: Hall) -> None:
    number = due(hall)
    hall.pass_s(25 * 3600)
    assert case_jobs.lapse_bills(hall.clock.now) == 0, "the order may still be paid"
    hall.carry()
    hall.pass_s(61)
    assert case_jobs.lapse_bills(hall.clock.now) == 1
    assert hall.case(number).state == "failed"


def test_a_bill_that_was_paid_is_not_asked_for_again(hall: Hall) -> None:
    """The department took the money and works on it, and still answers with its first bill when it is asked."""
    promise("ZZ001", can_be_asked=True)
    hall.office.after_pay = "handed_in"
    number = paid(hall)
    hall.carry()
    assert hall.case(number).state == "handed_in"
    hall.pass_s(3600)
    hall.carry(2)
    assert hall.office.asked[-1].method == "GET", "it was asked how the matter stands"
    assert (hall.case(number).state, hall.payment(number).state) == ("handed_in", "settled")
    # a further fee has a bill of its own
    further = outcome("due", number)
    further["due"]["bill"] = f"B2-{number}"
    hall.office.standing[number] = {"state": "due", "at": hall.clock.now.isoformat(), "outcome": further, "steps": []}
    hall.pass_s(3600)
    hall.carry(2)
    assert (hall.case(number).state, hall.payment(number).state) == ("due", "open")
    assert Payment.objects.filter(case__number=number).count() == 2


def test_who_goes_on_paying_is_not_cut_off(hall: Hall) -> None:
    """A code that stands for longer than a quarter of an hour, and another after it: whoever waits may go on."""
    number, terminal = due(hall), hall.terminal.pk
    for _turn in range(8):
        hall.pass_s(600)
        assert case_requests.look(number, terminal, "key", hall.clock.now).pay is not None
    ask = PayAsk(reply_key="key")
    assert case_requests.pay(SYSTEM, number, terminal, ask, hall.clock.now).state == "due"
    with pytest.raises(CaseRefused):
        case_requests.look(number, terminal, "another", hall.clock.now)
    hall.pass_s(GRANT_S)
    with pytest.raises(CaseRefused) as refused:
        case_requests.look(number, terminal, "key", hall.clock.now)
    assert refused.value.code == "unknown_reply_key", "who went away proves the identity anew"


def test_without_a_provider_the_person_is_told(hall: Hall) -> None:
    actions.PaymentProvider.objects.update(active=False)
    number = hall.accept()
    hall.carry()
    assert hall.case(number).state == "due"
    assert not Payment.objects.exists()


def test_a_payer_without_money_is_told(hall: Hall) -> None:
    number = due(hall)
    hall.pass_s(301)
    hall.carry()
    again = actions.begin_payment(SYSTEM, hall.case(number), now=hall.clock.now, payer_code="empty")
    assert again is not None
    assert b"empty" not in bytes(again.payer_code_sealed or b"")
    hall.carry()
    assert hall.payment(number).state == "closed"
    scanned = actions.begin_payment(SYSTEM, hall.case(number), now=hall.clock.now, payer_code="28123")
    assert scanned is not None
    hall.carry(2)
    assert hall.case(number).state == "done"
    assert hall.payment(number).payer_code_sealed is None or hall.payment(number).state == "settled"


@pytest.mark.parametrize("after", [False, True])
def test_killed_at_each_step_the_money_is_once(hall: Hall, after: bool) -> None:
    for step in range(1, 16):
        number = hall.accept()
        hall.carry(2)
        hall.till.pay(hall.payment(number).number)
        hall.pass_s(5)
        hall.fate.at, hall.fate.after = step, after
        hall.carry()
        hall.fate.at = None
        for _turn in range(6):
            hall.pass_s(40)
            hall.carry(2)
        assert (hall.case(number).state, hall.payment(number).state) == ("done", "settled"), step
        assert (hall.office.outputs[number], hall.till.held_fen(number)) == (1, 1250), step
    assert issubclass(Killed, BaseException)


def test_a_callback_is_a_hint_of_whom_it_claims_to_be(hall: Hall) -> None:
    number = due(hall)
    payment = hall.payment(number)
    Payment.objects.update(look_at=hall.clock.now + timedelta(hours=1))
    body = json.dumps({"number": payment.number, "state": "paid"}).encode()
    stamp = str(int(hall.clock.now.timestamp()))
    good = signature(KEY.encode(), stamp, b"callback", body)
    now = hall.clock.now
    assert not callbacks.take_callback(payment.number, stamp, "0" * 64, body, now)
    assert not callbacks.take_callback(payment.number, stamp, good, body, now + timedelta(hours=1))
    assert not callbacks.take_callback("unknown", stamp, good, body, now)
    assert looking.due_payments(now) == []
    assert callbacks.take_callback(payment.number, stamp, good, body, now)
    assert looking.due_payments(now) == [payment.pk]
    hall.carry()
    assert hall.case(number).state == "due", "the provider was asked, and nothing was paid"


def test_the_callbacks_address_tells_nobody_anything(client: Client, hall: Hall) -> None:
    number = due(hall)
    for body in (b"", b"{}", b"no", json.dumps({"number": hall.payment(number).number}).encode(), b"x" * 9000):
        answer = client.post("/pay/notify/", body, content_type="application/json")
        assert (answer.status_code, answer.content) == (204, b"")


def day(hall: Hall) -> date:
    return (hall.clock.now + timedelta(hours=8)).date()


def movements(hall: Hall) -> list[Movement]:
    return [
        Movement(one["kind"], one["number"], one["amount_fen"], datetime.fromisoformat(one["at"]))
        for one in hall.till.movements()
    ]


def test_a_day_is_held_against_the_statement(hall: Hall) -> None:
    first, second, third = paid(hall), paid(hall), paid(hall)
    hall.carry()
    provider = hall.payment(first).provider
    stated = movements(hall)
    stated = [one for one in stated if not one.number.startswith(second)]  # ours only
    wrong = next(one for one in stated if one.number.startswith(third))
    stated.remove(wrong)
    stated.append(Movement("pay", wrong.number, 999, wrong.at))  # another amount
    stated.append(Movement("pay", "STRANGE-1", 5, hall.clock.now))  # theirs only
    row = reconciling.Reconciliation.objects.create(provider=provider, on=day(hall), due_at=hall.clock.now)
    row = reconciling.close_day(row, stated, hall.clock.now)
    verdicts = dict(ReconciliationLine.objects.values_list("number", "verdict"))
    assert verdicts == {
        hall.payment(first).number: "matched",
        hall.payment(second).number: "ours_only",
        hall.payment(third).number: "amount_differs",
        "STRANGE-1": "theirs_only",
    }
    assert (row.state, row.matched, row.differing) == ("differs", 1, 3)
    assert (row.ours_fen, row.theirs_fen) == (3750, 1250 + 999 + 5)
    assert told("services.reconciliation_differs")
    for line in ReconciliationLine.objects.exclude(verdict="matched"):
        with pytest.raises(Refused):
            reconciling.settle_line(SYSTEM, line, note="", now=hall.clock.now)
        reconciling.settle_line(SYSTEM, line, note="已与支付机构核对", now=hall.clock.now)
    row.refresh_from_db()
    assert (row.state, row.differing) == ("even", 0)
    again = reconciling.close_day(row, stated, hall.clock.now)
    assert again.state == "even", "what a person settled stays settled"


def test_the_days_that_are_over_are_planned_and_fetched(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    paid(hall)
    tomorrow = hall.clock.now + timedelta(days=1)
    assert reconciling.plan_days(tomorrow) >= 1
    assert reconciling.plan_days(tomorrow) == 0
    days: list[Any] = []

    async def fetch(_provider: Any, on: date, _clock: Any) -> list[Movement] | str:
        days.append(on)
        return movements(hall) if on == day(hall) else "not_ready"

    monkeypatch.setattr(reconciling, "_fetch", fetch)
    assert reconciling.reconcile_due(tomorrow) == 1
    assert day(hall) in days
    row = reconciling.Reconciliation.objects.get(on=day(hall))
    assert (row.state, row.matched) == ("even", 1)
    others = reconciling.Reconciliation.objects.exclude(pk=row.pk).values_list("state", "why")
    assert set(others) == {("late", "not_ready")}, "over for long, and still asked for"


def test_a_day_that_cannot_be_compared_leaves_the_others(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    paid(hall)
    tomorrow = hall.clock.now + timedelta(days=1)
    reconciling.plan_days(tomorrow)
    bad = reconciling.Reconciliation.objects.order_by("on").first()
    assert bad is not None
    close_day = reconciling.close_day

    async def fetch(_provider: Any, _on: date, _clock: Any) -> list[Movement]:
        return []

    def close(row: Any, *args: Any) -> Any:
        if row.pk == bad.pk:
            raise IntegrityError("a broken rule of the database")
        return close_day(row, *args)

    monkeypatch.setattr(reconciling, "_fetch", fetch)
    monkeypatch.setattr(reconciling, "close_day", close)
    late = tomorrow + timedelta(days=1)
    assert reconciling.reconcile_due(late) == reconciling.Reconciliation.objects.count() - 1
    bad.refresh_from_db()
    assert (bad.state, bad.why) == ("late", "not_compared")
    assert bad.due_at is not None
    assert bad.due_at > late, "it is tried again"
    assert [one["day"] for one in told("services.statement_late")] == [bad.pk]


def test_comparing_is_exact() -> None:
    at = datetime(2026, 11, 23, tzinfo=UTC)
    twice = [Movement("pay", "A", 5, at), Movement("pay", "A", 5, at)]
    found = reconciling.compare({("pay", "A"): 5, ("refund", "A-R"): 5}, twice)
    assert [(one.number, one.verdict) for one in found] == [("A", "amount_differs"), ("A-R", "ours_only")]


def test_every_state_of_a_payment_is_reached_and_left() -> None:
    reached = {PaymentState.CREATED, *PAYMENT_TRANSITIONS.values()}
    assert reached == set(PaymentState)
    for state in MOVING_PAYMENT_STATES:
        assert any(before is state for before, _event in PAYMENT_TRANSITIONS), state


def test_the_progress_of_a_payment_is_true(hall: Hall) -> None:
    number = due(hall)
    case = hall.case(number)
    found = case_queries.find_progress(number.lower(), code_of(case), "phone", hall.clock.now)
    assert found is not None
    assert (found[1].state, found[1].payments[0].fen, found[1].may_withdraw) == ("due", 1250, True)
    assert not Case.objects.filter(state="done").exists()
