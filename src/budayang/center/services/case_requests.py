"""What a terminal may ask about one case while it waits: how it stands, to pay, to stop, the window; and progress by
code.

The requests of `/wire/v1/cases/` beside submitting; `cases_app` proves the caller and calls these in a thread.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import override

from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor
from budayang.center.services import corrections
from budayang.center.services.case_accepting import CaseRefused, require_grant
from budayang.center.services.case_queries import Progress, find_progress
from budayang.center.services.case_results import open_result
from budayang.center.services.case_withdrawing import withdraw
from budayang.center.services.models import Case, Payment
from budayang.center.services.payments.actions import begin_payment, find_provider, holding_payment
from budayang.center.services.rating_asked import asked_about
from budayang.center.services.states import FINAL_CASE_STATES, CaseState, PaymentState
from budayang.center.services.verification import TooManyAttempts
from budayang.center.services.window_actions import send_to_window
from budayang.rules.payer_codes import payer_code_problem
from budayang.wire import paying
from budayang.wire.paying import CasePay

OPENING, OPEN, CLOSED, NONE = "opening", "open", "closed", "none"


@dataclass(frozen=True, slots=True)
class Look:
    """A case as a waiting journey may know it. `settled`: there is something to show; `mark` names what that is.
    `paid`: money was paid for it, whatever became of it. `asked`: its person was asked already how it went.
    """

    case: Case
    result: bytes | None
    pay: CasePay | None
    mark: str
    settled: bool
    paid: bool
    asked: bool = False

    def worth_telling(self, seen: str) -> bool:
        """Whether this is news for a screen that shows `seen` already ("" for one that shows nothing yet).

        That the money came is news for the screen that asked for it; whoever waits for the result goes on waiting.
        """
        if self.case.state == CaseState.PAID:
            return bool(seen) and self.mark != seen
        return self.settled and self.mark != seen


def look(number: str, terminal_id: int, reply_key: str, now: datetime) -> Look:
    """Raises CaseRefused: unknown_case, unknown_reply_key."""
    case = _case(number)
    result = open_result(case, terminal_id, reply_key, now)
    paid = case.payments.filter(paid_at__isnull=False).exists()
    if case.state != CaseState.DUE:
        settled = CaseState(case.state) in FINAL_CASE_STATES and not corrections.on_its_way(case)
        asked = settled and bool(asked_about([number]))
        return Look(case, result, None, case.state, settled, paid, asked)
    payment = holding_payment(case)
    pay = _pay(case, payment, now)
    return Look(case, result, pay, f"due:{pay.payment}:{pay.state}:{pay.refused}", pay.state != OPENING, paid)


def _pay(case: Case, payment: Payment | None, now: datetime) -> CasePay:
    title, fen = case.bill_title or case.item.name, case.amount_fen
    if payment is None:
        state = CLOSED if find_provider(case.place_path) is not None else NONE
        return CasePay(title=title, amount_fen=fen, state=state)
    left_s = max(0, round((payment.expires_at - now).total_seconds()))
    opened = payment.state == PaymentState.OPEN and payment.stop_at is None
    return CasePay(
        payment=payment.number, title=title, amount_fen=fen, state=OPEN if opened else OPENING,
        qr=payment.qr if opened else "", left_s=left_s, refused=payment.codes_refused,
    )  # fmt: skip


def _case(number: str) -> Case:
    rows = Case.objects.select_related("item__department", "terminal__area__place")
    case = rows.filter(number=number).first()
    if case is None:
        raise CaseRefused("unknown_case")
    return case


def pay(actor: Actor, number: str, terminal_id: int, ask: paying.PayAsk, now: datetime) -> Case:
    """Begin to pay, or begin again after a code expired; with a payer's code the open order is paid by it."""
    case = _case(number)
    require_grant(case, terminal_id, ask.reply_key, now)
    if ask.payer_code and payer_code_problem(ask.payer_code):
        raise CaseRefused("malformed")
    begin_payment(actor, case, now=now, payer_code=ask.payer_code)
    return case


def stop(actor: Actor, number: str, terminal_id: int, ask: paying.PayAsk, now: datetime) -> Case:
    """The person does not go on. Raises CaseRefused (too_late) when it cannot be taken back any more."""
    case = _case(number)
    require_grant(case, terminal_id, ask.reply_key, now)
    return _withdrawn(actor, case, now)


def window(actor: Actor, number: str, terminal_id: int, ask: paying.PayAsk, now: datetime) -> Case:
    """Send the matter to the window; the slip is the case's result then."""
    case = _case(number)
    require_grant(case, terminal_id, ask.reply_key, now)
    try:
        send_to_window(actor, number, now=now)
    except Refused as refused:
        raise CaseRefused("too_late") from refused
    return _case(number)


def progress(terminal_code: str, ask: paying.ProgressAsk, now: datetime) -> paying.Progress:
    """Raises CaseRefused: too_many_codes, unknown_code."""
    with override("en" if ask.lang == "en" else "zh-hans"):
        return _on_the_wire(_found(terminal_code, ask, now)[1])


def withdraw_by_code(actor: Actor, ask: paying.ProgressAsk, now: datetime) -> paying.Progress:
    """Raises CaseRefused: too_many_codes, unknown_code, too_late."""
    with override("en" if ask.lang == "en" else "zh-hans"):
        case, _progress = _found(actor.name, ask, now)
        _withdrawn(actor, case, now)
        return _on_the_wire(_found(actor.name, ask, now)[1])


def _withdrawn(actor: Actor, case: Case, now: datetime) -> Case:
    try:
        return withdraw(actor, case, now)
    except Refused as refused:
        raise CaseRefused("too_late") from refused


def _found(client: str, ask: paying.ProgressAsk, now: datetime) -> tuple[Case, Progress]:
    try:
        found = find_progress(ask.number, ask.code, f"terminal:{client}", now)
    except TooManyAttempts as error:
        raise CaseRefused("too_many_codes") from error
    if found is None:
        raise CaseRefused("unknown_code")
    return found


def _on_the_wire(found: Progress) -> paying.Progress:
    def day(value: object) -> str:
        return str(value) if value else ""

    return paying.Progress(
        number=found.number,
        official_number=found.official_number,
        item=found.item,
        department=found.department,
        state=found.state,
        word=found.word,
        law=found.law,
        message=found.message,
        steps=[
            paying.ProgressStep(word=step.word, at_ms=int(step.at.timestamp() * 1000), by=step.by)
            for step in found.steps
        ],
        statutory_on=day(found.statutory_on),
        promised_on=day(found.promised_on),
        legal_workdays=found.legal_workdays or 0,
        missing=list(found.missing),
        missing_until=day(found.missing_until),
        payments=[paying.ProgressPayment(fen=one.fen, word=one.word) for one in found.payments],
        paper=found.paper,
        may_withdraw=found.may_withdraw,
        appointment=found.appointment,
        appointment_place=found.appointment_place,
        may_correct=found.may_correct,
    )
