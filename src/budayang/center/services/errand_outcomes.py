"""What an errand brought back: the errand, its case and its payment move in one transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from budayang.center.services.booking import cancel_appointment
from budayang.center.services.case_finishing import get_case, settle
from budayang.center.services.case_moving import move
from budayang.center.services.case_telling import JOB, note_step
from budayang.center.services.corrections import corrected_receipt
from budayang.center.services.errands import ErrandTaken, cancel_errand, settle_errand
from budayang.center.services.models import Errand
from budayang.center.services.payments.actions import settle_payment
from budayang.center.services.payments.returning import money_words
from budayang.center.services.receipts import Witness
from budayang.center.services.sending import Answer, Withdrawal
from budayang.center.services.states import ENDED_CASE_STATES, CaseState

# Of a payment or a correction: what the department's answer makes of the errand.
ERRAND_EVENT = {"done": "done", "handed_in": "done", "refused": "refused", "not_reached": "not_reached"}


@transaction.atomic
def finish_paid(taken: ErrandTaken, answer: Answer, *, head: Witness | None, now: datetime) -> bool:
    """The department heard of a payment. Done and handed in settle it, refused ends the case (which
    gives it back), unclear is a person's.

    A second bill in answer to a payment is no answer of the contract, hence unclear.
    """
    event = ERRAND_EVENT.get(answer.event, "unclear")
    if not settle_errand(taken, event, now):
        return False
    if event == "not_reached":
        return True
    case = get_case(taken.number)
    known = answer if event != "unclear" else Answer("unclear")
    if settle(JOB, case, known.event, known, head=head, now=now) is None:
        return True  # a person settled it while it was on its way; the errand's own end stands
    if event == "done":
        settle_payment(case, now)
    return True


@transaction.atomic
def finish_correction(taken: ErrandTaken, answer: Answer, *, head: Witness | None, now: datetime) -> bool:
    """The department has, or has not, what was missing; unclear is a person's."""
    event = ERRAND_EVENT.get(answer.event, "unclear")
    if not settle_errand(taken, event, now):
        return False
    case = get_case(taken.number)
    if event == "done" and answer.event == "handed_in":
        note_step(case, "corrected", now, "person")
        receipt = corrected_receipt(case, answer, head, now)
        move(JOB, case, "corrected", now=now, wake_at=now, message=answer.message, result_sealed=receipt)
    elif event in ("done", "refused"):
        settle(JOB, case, answer.event, answer, head=head, now=now)
    elif event == "unclear" and settle(JOB, case, "unclear", Answer("unclear"), head=head, now=now) is None:
        # Asked meanwhile how it stands, the department had already gone on with it: there is nothing to find out.
        cancel_errand(Errand.objects.get(pk=taken.pk), now)
    return True


@transaction.atomic
def finish_withdrawal(taken: ErrandTaken, said: Withdrawal, now: datetime) -> bool:
    """The department let the matter go, or it was too late. Its key is honoured: what is unclear is told again."""
    event = {
        Withdrawal.WITHDRAWN: "done",
        Withdrawal.TOO_LATE: "refused",
        Withdrawal.NOT_OFFERED: "refused",
    }.get(said, "not_reached")
    if not settle_errand(taken, event, now):
        return False
    case = get_case(taken.number)
    if event == "done":  # of a case that ended here before, the department has only struck out what it held
        booked = cancel_appointment(case, now)
        gone: dict[str, Any] = {"result_sealed": None} if booked else {}  # the slip is not printed again
        said_so = _("预约已经取消，这个时间让给别人了。") if booked else _("部门已同意撤回，这件事没有办理。")
        message = f"{said_so}{money_words(case)}"
        move(
            JOB, case, "withdrawn", now=now, step="withdrawn", by="department", finished_at=now, wake_at=None,
            message=message, **gone,
        )  # fmt: skip
    elif event == "refused" and CaseState(case.state) not in ENDED_CASE_STATES:
        note_step(case, "withdraw_late", now, "department")
    return True
