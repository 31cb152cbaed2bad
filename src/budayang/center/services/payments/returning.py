"""Money goes back (退款): the moves of a payment along the table with its trail, and what the end of a case does to its
money.

A case that ends without output keeps no money: what was paid goes back, also what the department had taken before, and
what may still be paid is closed. `case_moving.move` asks for it, so no way of ending a case can forget it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from budayang.center.platform.actions import record
from budayang.center.platform.actors import Actor
from budayang.center.services.case_telling import JOB, note_step, tell
from budayang.center.services.models import Case, Payment, PaymentEvent
from budayang.center.services.states import MONEY_WITH_US, PAYMENT_TRANSITIONS, PaymentState

MAY_GO_BACK = (PaymentState.PAID, PaymentState.SETTLED)
MAY_BE_PAID = (PaymentState.CREATED, PaymentState.OPEN)
WHY = {
    "refused": gettext_lazy("部门没有办理，退回缴费"),
    "withdrawn": gettext_lazy("办件已撤回，退回缴费"),
    "lapsed": gettext_lazy("后来的费用到期没有缴，退回先前的缴费"),
    "returned": gettext_lazy("窗口没有办成，退回缴费"),
}
"""How a case ended → why its money goes back, on the payment's trail."""


def move_payment(
    actor: Actor,
    payment: Payment,
    event: str,
    *,
    now: datetime,
    detail: str = "",
    worker: str | None = None,
    **changes: Any,
) -> bool:
    """Move a payment along the table in the caller's transaction. False when it does not fit, or a rival was first."""
    state = PAYMENT_TRANSITIONS.get((PaymentState(payment.state), event))
    if state is None:
        return False
    held = {} if worker is None else {"worker": worker}
    rows = Payment.objects.filter(pk=payment.pk, state=payment.state, **held)
    if rows.update(state=state, changed_at=now, **changes) != 1:
        return False
    payment.refresh_from_db()
    note_event(actor, payment, event, now, detail)
    return True


def note_event(actor: Actor, payment: Payment, event: str, now: datetime, detail: str = "") -> None:
    """A line of the payment's trail, and the audit line of it."""
    by = actor.label or actor.name
    PaymentEvent.objects.create(payment=payment, at=now, event=event, by=by[:80], detail=detail[:160])
    record(
        actor,
        f"services.payment_{event}",
        subject=f"payment:{payment.number}",
        place_path=payment.place_path,
        details={"state": payment.state, "fen": payment.amount_fen},
        at=now,
    )


@transaction.atomic
def end_money(case: Case, event: str, now: datetime) -> None:
    """The case ended without output, by this event of the table: its money goes back, and no more is taken."""
    states = [state.value for state in (*MAY_GO_BACK, *MAY_BE_PAID)]
    for payment in Payment.objects.select_for_update().filter(case=case, state__in=states).order_by("pk"):
        if payment.state in MAY_GO_BACK:
            give_back(JOB, payment, case, str(WHY.get(event, _("没有办成，退回缴费"))), now)
        else:
            ask_to_stop(JOB, payment, now)


def give_back(actor: Actor, payment: Payment, case: Case, reason: str, now: datetime) -> bool:
    """Begin to give a payment back; False when there is nothing to give back (any more)."""
    if not move_payment(actor, payment, "refund", now=now, detail=reason, look_at=now, lease_until=None, failures=0):
        return False
    note_refund(payment, case, reason, now)
    return True


def note_refund(payment: Payment, case: Case, reason: str, now: datetime) -> None:
    """A payment that is to go back: under one number for ever, told to its person and, as an order, to the keeper."""
    number = payment.refund_number or f"{payment.number}-R"
    Payment.objects.filter(pk=payment.pk).update(refund_number=number, refund_reason=reason[:120])
    payment.refresh_from_db()
    note_step(case, "refund_due", now)
    alarm(payment, case, now)


def ask_to_stop(actor: Actor, payment: Payment, now: datetime) -> bool:
    """Have an order closed at its provider as soon as that can be asked. What turns out to be paid is not lost."""
    if not Payment.objects.filter(pk=payment.pk, state=payment.state).update(stop_at=now, look_at=now):
        return False
    note_event(actor, payment, "stop_asked", now)
    return True


def alarm(payment: Payment, case: Case, now: datetime) -> None:
    """Money without output: told upwards as the most urgent order there is, once until it is made good."""
    if Payment.objects.filter(pk=payment.pk, alarmed_at__isnull=True).update(alarmed_at=now):
        tell("services.paid_without_output", case, now, payment=payment.number, amount_fen=payment.amount_fen)


def made_good(payment: Payment, case: Case, now: datetime) -> None:
    """Money and output belong together again: what was told upwards is over. A later alarm is a new one."""
    if Payment.objects.filter(pk=payment.pk, alarmed_at__isnull=False).update(alarmed_at=None):
        tell("services.case_made_good", case, now, what="paid_no_output", payment=payment.number)


def money_words(case: Case) -> str:
    """What becomes of the money of a case that ends without output now, in one sentence for its person."""
    states = set(Payment.objects.filter(case=case, paid_at__isnull=False).values_list("state", flat=True))
    if states & {state.value for state in MONEY_WITH_US}:
        return _("已缴的钱会原路退回。")
    return _("已缴的钱已经退回。") if states else _("没有收钱。")
