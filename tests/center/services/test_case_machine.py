"""Cases and payments under every mixture of faults: one department, one provider, one process that may die at any step.

After whatever happened: the department acted at most once, a bill is paid at most once, money is kept only where the
matter is done or still going on and goes back at most once, every paper says what is true, and from every state there
is a way to an end.
"""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from tests.center.services.the_bank import Hall, open_hall, promise

from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Transition
from budayang.center.services import case_actions, case_jobs
from budayang.center.services.case_reviewing import ask_again, settle_review
from budayang.center.services.models import Case, Payment
from budayang.center.services.payments import actions
from budayang.center.services.states import MONEY_WITH_US, MOVING_PAYMENT_STATES, CaseState, PaymentState

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system()
FAULTS = st.lists(st.sampled_from(["ok", "lost", "broken", "unreachable", "closed"]), min_size=1, max_size=4)
PROMISES = {
    "ZZ001": {"honours_key": True, "can_withdraw": True},
    "ZZ031": {"honours_key": False, "can_be_asked": True},
    "ZZ037": {"honours_key": True, "can_be_asked": True, "can_withdraw": True},
    "ZZ054": {"honours_key": False, "can_be_asked": False},
}
NEVER_TOUCHED = ("withdrawn", "deferred")
GOING_BACK = (PaymentState.REFUND_DUE, PaymentState.REFUNDING, PaymentState.REFUND_REFUSED)


class _Undo(Exception):
    """Ends an example's transaction without keeping anything."""


def machine(terminal: Any, now: datetime) -> type[RuleBasedStateMachine]:
    """The machine over one hall; each example is a transaction that is undone."""

    class Cases(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self._stack = ExitStack()
            self._atomic = transaction.atomic()
            self._atomic.__enter__()
            self.hall: Hall = self._stack.enter_context(open_hall(terminal, now))
            for item, promised in PROMISES.items():
                promise(item, **promised)
                self.hall.office.honours_of[item] = promised["honours_key"]
            self.numbers: list[str] = []
            self.items: dict[str, str] = {}

        def teardown(self) -> None:
            try:
                self._come_to_an_end()
            finally:
                self._stack.close()
                self._atomic.__exit__(_Undo, _Undo(), None)

        # --- what may happen ------------------------------------------------------------------------------------

        @precondition(lambda self: len(self.numbers) < 3)
        @rule(
            item=st.sampled_from(sorted(PROMISES)),
            first=st.sampled_from(["done", "due", "due", "handed_in", "refused"]),
            after=st.sampled_from(["done", "done", "refused", "handed_in"]),
        )
        def hand_in(self, item: str, first: str, after: str) -> None:
            self.hall.office.first, self.hall.office.after_pay = first, after
            number = self.hall.accept(item)
            self.numbers.append(number)
            self.items[number] = item
            self._carry_kind(number)

        @rule(office=FAULTS, till=FAULTS)
        def faults_to_come(self, office: list[str], till: list[str]) -> None:
            self.hall.office.faults.plan, self.hall.till.faults.plan = list(office), list(till)

        @rule(at=st.integers(1, 14), after=st.booleans())
        def carry_and_die(self, at: int, after: bool) -> None:
            self.hall.fate.at, self.hall.fate.after = at, after
            self.hall.carry()
            self.hall.fate.at = None

        @rule()
        def carry(self) -> None:
            self.hall.carry()

        @rule(seconds=st.sampled_from([3, 31, 120, 301, 4000, 90000]))
        def time_passes(self, seconds: int) -> None:
            self.hall.pass_s(seconds)
            case_jobs.wake_cases(self.hall.clock.now)

        @precondition(lambda self: self.hall.till.orders)
        @rule(data=st.data(), even_closed=st.booleans())
        def somebody_pays(self, data: st.DataObject, even_closed: bool) -> None:
            number = data.draw(st.sampled_from(sorted(self.hall.till.orders)))
            expired = Payment.objects.filter(number=number, expires_at__lte=self.hall.clock.now).exists()
            if not expired:
                self.hall.till.pay(number, even_closed=even_closed and False)

        @precondition(lambda self: self._undecided())
        @rule(data=st.data(), word=st.sampled_from(["done", "refused", "withdrawn", "due", "due", "denied"]))
        def the_department_decides(self, data: st.DataObject, word: str) -> None:
            self.hall.office.decide(data.draw(st.sampled_from(self._undecided())), word)

        def _undecided(self) -> list[str]:
            """What the department has taken in, as both sides know it."""
            office = self.hall.office
            states = dict(Case.objects.filter(number__in=self.numbers).values_list("number", "state"))
            return [one for one in self.numbers if office.has_taken_in(one) and states[one] == CaseState.HANDED_IN]

        @precondition(lambda self: self.numbers)
        @rule(data=st.data())
        def the_person_takes_it_back(self, data: st.DataObject) -> None:
            self._try(lambda number: case_actions.withdraw(SYSTEM, self.hall.case(number), self.hall.clock.now), data)

        @precondition(lambda self: self.numbers)
        @rule(data=st.data())
        def the_person_begins_to_pay_again(self, data: st.DataObject) -> None:
            self._try(lambda n: actions.begin_payment(SYSTEM, self.hall.case(n), now=self.hall.clock.now), data)

        @precondition(lambda self: self.numbers)
        @rule(data=st.data())
        def a_keeper_asks_again(self, data: st.DataObject) -> None:
            self._try(lambda number: ask_again(SYSTEM, number, self.hall.clock.now), data)

        @precondition(lambda self: self.numbers)
        @rule(data=st.data())
        def a_keeper_finds_out(self, data: st.DataObject) -> None:
            self._try(self._truth, data)

        def _truth(self, number: str) -> None:
            """A person who telephones hears what the department really did."""
            office = self.hall.office
            found = "done" if office.outputs.get(number) else "refused"
            if office.effects.get(number) and not office.outputs.get(number):
                told = office.answers.get(number, {}).get("outcome", "")
                paid = Payment.objects.filter(case__number=number, paid_at__isnull=False).exists()
                found = "handed_in" if told == "handed_in" and not paid else "refused"
            settle_review(SYSTEM, number, found, note="电话核实过", now=self.hall.clock.now)

        @precondition(lambda self: self.numbers)
        @rule(data=st.data())
        def a_keeper_gives_the_money_back(self, data: st.DataObject) -> None:
            def back(number: str) -> None:
                standing = Payment.objects.filter(case__number=number, state=PaymentState.PAID).first()
                if standing is not None and not self.hall.office.outputs.get(number):
                    actions.refund(SYSTEM, standing, reason="核实后退款", now=self.hall.clock.now)

            self._try(back, data)

        def _try(self, act: Any, data: st.DataObject) -> None:
            try:
                act(data.draw(st.sampled_from(self.numbers)))
            except Refused:
                return

        def _carry_kind(self, number: str) -> None:
            """The department's answers are those of this item from its first call on."""
            self.hall.carry()

        # --- what must always be so -----------------------------------------------------------------------------

        @invariant()
        def the_department_acts_once(self) -> None:
            assert all(count <= 1 for count in self.hall.office.effects.values())
            assert all(count <= 1 for count in self.hall.office.outputs.values())

        @invariant()
        def money_is_once(self) -> None:
            """The till itself refuses to give an order back under a second number."""
            held: dict[tuple[str, str], int] = {}
            for payment in Payment.objects.filter(case__number__in=self.numbers).select_related("case"):
                bill = (payment.case.number, payment.bill)
                held[bill] = held.get(bill, 0) + self.hall.till.held_fen(payment.number)
            assert set(held.values()) <= {0, self.hall.office.fen}, "a bill is paid once"
            assert all(self.hall.till.held_fen(number) >= 0 for number in self.numbers), "never back twice"

        @invariant()
        def papers_are_true(self) -> None:
            for case in Case.objects.filter(number__in=self.numbers):
                acted = self.hall.office.effects.get(case.number, 0)
                if case.state == CaseState.DONE:
                    assert self.hall.office.outputs.get(case.number) == 1, "done means that it is done"
                if case.state in NEVER_TOUCHED and case.department_received_at is None and not case.bill:
                    assert acted == 0, f"{case.state} says that nothing reached the department"
                if case.state == CaseState.FAILED and case.message.startswith("部门系统现在没有响应"):
                    assert acted == 0, "it was told that nothing was handed in"

        @invariant()
        def what_was_paid_is_not_forgotten(self) -> None:
            for payment in Payment.objects.filter(case__number__in=self.numbers):
                state = PaymentState(payment.state)
                if payment.case.state in (CaseState.FAILED, CaseState.WITHDRAWN) and state in MONEY_WITH_US:
                    assert state in GOING_BACK, "the money of a case that ended without output goes back"
                    assert "没有收" not in payment.case.message

        def _come_to_an_end(self) -> None:
            """All goes well from now on: everything ends, and the books are even."""
            hall = self.hall
            hall.office.faults.plan, hall.till.faults.plan, hall.fate.at = [], [], None
            for _turn in range(10):
                hall.pass_s(1000)
                case_jobs.wake_cases(hall.clock.now)
                hall.carry(2)
            for number in self.numbers:
                if hall.case(number).state == CaseState.REVIEW:
                    self._truth(number)
            for _turn in range(4):
                hall.pass_s(40000)
                case_jobs.wake_cases(hall.clock.now)
                hall.carry(2)
            self.the_department_acts_once()
            self.papers_are_true()
            for number in self.numbers:
                case = hall.case(number)
                assert case.state in ("done", "failed", "withdrawn", "handed_in", "review"), case.state
                moving = Payment.objects.filter(case=case, state__in=[one.value for one in MOVING_PAYMENT_STATES])
                assert not moving.exists()
                kept = Payment.objects.filter(case=case, state=PaymentState.SETTLED).count()
                assert hall.till.held_fen(number) == kept * hall.office.fen
                if case.state in ("failed", "withdrawn"):
                    assert hall.till.held_fen(number) == 0, "nobody pays for nothing"
                if hall.office.outputs.get(number) and case.bill and case.state == CaseState.DONE:
                    bills = Payment.objects.filter(case=case).values("bill").distinct().count()
                    assert kept == bills, "what was done was paid, each bill once"
            done = Transition.objects.filter(kind="services.case_done", payload__number__in=self.numbers)
            told = list(done.values_list("payload__number", flat=True))
            for number in self.numbers:
                assert told.count(number) <= 2, "handed in, then done: each told once"

    return Cases


@pytest.fixture
def cases(judged: datetime, jia: Any) -> type[RuleBasedStateMachine]:
    return machine(jia, judged)


def test_whatever_happens_nothing_is_done_twice_and_nobody_pays_for_nothing(cases: Any) -> None:
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]
    rules = settings(max_examples=25, stateful_step_count=18, deadline=None, suppress_health_check=checks)
    run_state_machine_as_test(cases, settings=rules)
