"""Writes of payments: each along the one table, each with a line of its trail, never a second payment of one bill.

Rivals are the runner of another process, the person who cancels, the clock that closes, a callback, the provider's
statement and a clerk's refund. The state stands in every condition.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from budayang.center.platform.actions import Refused, record
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.queries import local_day, parameter
from budayang.center.platform.sealing import CannotOpen, open_field, seal_field
from budayang.center.services import doors
from budayang.center.services.case_moving import move
from budayang.center.services.case_telling import JOB, note_step
from budayang.center.services.connector_queries import capability
from budayang.center.services.errands import cancel_errand, make_errand, make_paid_errand
from budayang.center.services.models import Case, Errand, Payment, PaymentProvider
from budayang.center.services.payments.returning import (
    ask_to_stop,
    give_back,
    made_good,
    money_words,
    move_payment,
    note_event,
    note_refund,
)
from budayang.center.services.states import (
    HOLDING_PAYMENT_STATES,
    STANDING_PAYMENT_STATES,
    CaseState,
    ErrandState,
    PaymentState,
)

TABLE = "services_payment"
PROVIDER_TABLE = "services_payment_provider"
FIRST_LOOK = timedelta(seconds=2)
KEEPERS = (Role.SUPERVISOR, Role.AREA_KEEPER)


@transaction.atomic
def set_provider(
    actor: Actor,
    code: str,
    *,
    name: str,
    url: str,
    key: str,
    place_path: str = "/",
    active: bool = True,
    now: datetime,
) -> PaymentProvider:
    """Say who takes the money at and below a place. An empty `key` keeps the one that is there, for the same address
    only: a key never follows to another.

    Raises:
        Refused: what is wrong with code, address or key. Forbidden: the place is not the actor's, now or before.
    """
    actor.require(Role.SUPERVISOR, place_path=place_path)
    known = PaymentProvider.objects.select_for_update().filter(code=code).first()
    if known is not None:
        actor.require(Role.SUPERVISOR, place_path=known.place_path)
    facts: dict[str, Any] = {
        **doors.checked(code, name=name, url=url, key=key, known_url=known.url if known else None),
        "place_path": place_path,
        "active": active,
    }
    if key:
        facts["key_sealed"] = seal_field(PROVIDER_TABLE, code, "key", key)
    made = facts | {"since_on": local_day(place_path, now)}
    row, _made = PaymentProvider.objects.update_or_create(code=code, defaults=facts, create_defaults=made)
    details = {"url": row.url, "active": active, "key": "new" if key else "kept"}
    record(actor, "services.set_provider", subject=f"provider:{code}", place_path=place_path, details=details)
    return row


def has_provider() -> bool:
    return PaymentProvider.objects.exists()


def provider_code_taken(code: str) -> bool:
    """Whether a provider has this code, wherever it is."""
    return PaymentProvider.objects.filter(code=code).exists()


def find_provider(place_path: str) -> PaymentProvider | None:
    """The provider of the nearest place above; None where nobody takes money."""
    rows = [row for row in PaymentProvider.objects.filter(active=True) if place_path.startswith(row.place_path)]
    return max(rows, key=lambda row: len(row.place_path), default=None)


def holding_payment(case: Case) -> Payment | None:
    """The payment of the case's bill that holds money or may yet; of several the one that does not go back."""
    states = [state.value for state in HOLDING_PAYMENT_STATES]
    rows = Payment.objects.filter(case=case, bill=case.bill, state__in=states).order_by("pk")
    return min(rows, key=lambda row: row.state not in STANDING_PAYMENT_STATES, default=None)


def is_paid(case: Case, bill: str) -> bool:
    """Whether this bill of the case was paid and the money was not given back."""
    states = [PaymentState.PAID, PaymentState.SETTLED]
    return Payment.objects.filter(case=case, bill=bill, state__in=states).exists()


@transaction.atomic
def begin_payment(actor: Actor, case: Case, *, now: datetime, payer_code: str = "") -> Payment | None:
    """The payment of the bill that the case waits for; the one that stands, when there is one. None without a provider.

    `payer_code`: what the payer's phone showed, for a machine that scans.
    """
    if case.state != CaseState.DUE:
        return None
    standing = holding_payment(case)
    provider = find_provider(case.place_path)
    if standing is not None and payer_code:
        show_payer_code(actor, standing, payer_code, now)
    if standing is not None or provider is None:
        return standing
    number = f"{case.number}-P{Payment.objects.filter(case=case).count() + 1}"
    try:
        with transaction.atomic():
            payment = Payment.objects.create(
                number=number,
                case=case,
                provider=provider,
                place_path=case.place_path,
                bill=case.bill,
                title=case.bill_title or case.item.name[:80],
                amount_fen=case.amount_fen,
                mode="code" if payer_code else "qr",
                payer_code_sealed=seal_field(TABLE, number, "payer_code", payer_code) if payer_code else None,
                created_at=now,
                expires_at=now + timedelta(seconds=float(parameter("pay_expires_s", case.place_path, now))),
                changed_at=now,
                look_at=now,
            )
    except IntegrityError:  # begun beside us: services_payment_once
        return holding_payment(case)
    note_event(actor, payment, "created", now)
    return payment


@transaction.atomic
def show_payer_code(actor: Actor, payment: Payment, payer_code: str, now: datetime) -> bool:
    """What the payer's phone showed, for an order that is open already: the same order, taken another way. False when
    it is not open any more. The code is used once (`take_payer_code`).
    """
    sealed = seal_field(TABLE, payment.number, "payer_code", payer_code)
    rows = Payment.objects.filter(pk=payment.pk, state=PaymentState.OPEN, stop_at__isnull=True)
    shown = rows.update(payer_code_sealed=sealed, look_at=now) == 1
    if shown:
        note_event(actor, payment, "code_shown", now)
    return shown


@transaction.atomic
def take_payer_code(payment: Payment, now: datetime) -> str:
    """The code of an open order, for the one call that shows it to the provider; "" when there is none. It is deleted
    before that call: a lost answer is asked for, and no code is ever shown twice.
    """
    code = open_payer_code(payment)
    taken = Payment.objects.filter(pk=payment.pk, state=PaymentState.OPEN, payer_code_sealed__isnull=False)
    return code if taken.update(payer_code_sealed=None) == 1 else ""


def open_payer_code(payment: Payment) -> str:
    """What the payer's phone showed; "" for a code that people scan."""
    if not payment.payer_code_sealed:
        return ""
    try:
        return open_field(TABLE, payment.number, "payer_code", bytes(payment.payer_code_sealed))
    except CannotOpen:
        return ""


@transaction.atomic
def record_code_refused(payment: Payment, why: str, worker: str, now: datetime) -> None:
    """The provider took nothing with this code; the order stays open, and may be paid with another or by its own."""
    rows = Payment.objects.filter(pk=payment.pk, state=PaymentState.OPEN, worker=worker)
    if rows.update(codes_refused=F("codes_refused") + 1, lease_until=None, look_at=now + FIRST_LOOK):
        note_event(JOB, payment, "code_refused", now, why[:80])


@transaction.atomic
def record_placed(payment: Payment, qr: str, worker: str, now: datetime) -> bool:
    """The provider has the order: its code may be shown."""
    return move_payment(
        JOB, payment, "placed", now=now, worker=worker, qr=qr, payer_code_sealed=None,
        look_at=now + FIRST_LOOK, lease_until=None, failures=0,
    )  # fmt: skip


@transaction.atomic
def record_paid(payment: Payment, *, transaction_number: str, paid_at: datetime, now: datetime) -> bool:
    """The money is here. The case goes on, or, when it does not wait for it any more, the money goes back."""
    alarm = now + timedelta(seconds=float(parameter("paid_output_s", payment.place_path, now)))
    late = payment.state == PaymentState.CLOSED
    facts: dict[str, Any] = {
        "transaction": transaction_number[:80],
        "paid_at": paid_at,
        "lease_until": None,
        "failures": 0,
        "payer_code_sealed": None,
    }
    if not move_payment(JOB, payment, "paid", now=now, look_at=now if late else alarm, qr="", **facts):
        return False
    case = Case.objects.select_related("item", "terminal").get(pk=payment.case_id)
    note_step(case, "paid", paid_at, "person")
    if late:
        note_refund(payment, case, _("缴费单关闭以后才收到的钱"), now)
        return True
    waits = case.bill == payment.bill and case.amount_fen == payment.amount_fen
    if waits and move(JOB, case, "paid", now=now, wake_at=None, details={"payment": payment.number}):
        make_paid_errand(case, payment.number, payment.bill, payment.amount_fen, paid_at, now)
    else:
        give_back(JOB, payment, case, _("这件办件已经不再等这笔缴费"), now)
    return True


@transaction.atomic
def record_closed(payment: Payment, now: datetime, *, why: str) -> bool:
    """The provider closed the order: it can be paid no more. The bill may have another payment."""
    gone: dict[str, Any] = {"look_at": None, "qr": "", "lease_until": None, "payer_code_sealed": None}
    if not move_payment(JOB, payment, "closed", now=now, detail=why, **gone):
        return False
    case = Case.objects.select_related("item", "terminal").get(pk=payment.case_id)
    note_step(case, "pay_closed", now)
    if payment.stop_at is not None and case.state == CaseState.DUE:
        message = _("您没有缴这笔费用，这件事已撤回，没有办理。%(money)s") % {"money": money_words(case)}
        moved = move(
            JOB, case, "withdrawn", now=now, step="withdrawn", by="person", message=message, finished_at=now,
            wake_at=None,
        )  # fmt: skip
        if moved and capability(case.item.code).can_withdraw:  # it wrote a bill; it may strike it out
            make_errand(case, "withdraw", f"{case.number}-W", {"reason": "没有缴费"}, now)
    return True


@transaction.atomic
def settle_payment(case: Case, now: datetime) -> None:
    """The department took the payment and the case went on."""
    for payment in Payment.objects.filter(case=case, state=PaymentState.PAID):
        if move_payment(JOB, payment, "settled", now=now, look_at=None):
            made_good(payment, case, now)


@transaction.atomic
def refund(actor: Actor, payment: Payment, *, reason: str, now: datetime) -> Payment:
    """冲正 by a person: give the money back. The department must not hear of the payment any more.

    Raises:
        Refused: nothing to give back, no reason, or the department is being told of the payment right now.
    """
    actor.require(*KEEPERS, place_path=payment.place_path)
    if not reason.strip():
        raise Refused(_("请写明退款的原因。"))
    case = Case.objects.select_for_update(of=("self",)).select_related("item", "terminal").get(pk=payment.case_id)
    errand = Errand.objects.filter(case=case, kind="paid", key=payment.number).first()
    if payment.state == PaymentState.PAID and errand is not None and not cancel_errand(errand, now):
        if errand.state == ErrandState.RUNNING:
            raise Refused(_("正在告知部门这笔缴费，请过一分钟再看结果。"))
        raise Refused(_("部门已经答复这笔缴费，请刷新页面再看。"))
    if not give_back(actor, payment, case, reason.strip()[:120], now):
        raise Refused(_("这笔缴费现在没有钱可退，请刷新页面再看。"))
    message = _("这笔钱正在退回，这件事没有办成。")
    event = "reversed" if case.state == CaseState.PAID else "refused"
    if case.state in (CaseState.PAID, CaseState.REVIEW):
        move(actor, case, event, now=now, step="refused", message=message, finished_at=now, request_sealed=None)
    return payment


@transaction.atomic
def record_refund_asked(payment: Payment, worker: str, now: datetime) -> bool:
    """Written before the provider is asked: whatever is lost now, the refund's number is known to it or to us."""
    return move_payment(JOB, payment, "refund_asked", now=now, worker=worker)


@transaction.atomic
def record_refunded(payment: Payment, at: datetime, now: datetime) -> bool:
    """The money is back with its payer."""
    if not move_payment(
        JOB, payment, "refunded", now=now, detail=payment.refund_number, refunded_at=at, look_at=None,
        lease_until=None, failures=0,
    ):  # fmt: skip
        return False
    _told_back(payment, at, now)
    return True


@transaction.atomic
def record_refund_refused(payment: Payment, why: str, now: datetime) -> bool:
    """The provider does not give it back: a person has to. The alarm stands."""
    return move_payment(JOB, payment, "refund_refused", now=now, detail=why, look_at=None, lease_until=None)


@transaction.atomic
def record_returned(actor: Actor, payment: Payment, *, note: str, now: datetime) -> Payment:
    """A person gave the money back by another way, after the provider refused to.

    Raises:
        Refused: the provider did not refuse, or nothing says how it was given back.
    """
    actor.require(*KEEPERS, place_path=payment.place_path)
    if not note.strip():
        raise Refused(_("请写明钱是怎样退回的，例如银行转账的流水号。"))
    given: dict[str, Any] = {"refunded_at": now, "by_hand": True}
    if not move_payment(actor, payment, "returned", now=now, detail=note.strip()[:160], **given):
        raise Refused(_("只有退款没有成功的缴费可以这样登记。"))
    _told_back(payment, now, now)
    return payment


def _told_back(payment: Payment, at: datetime, now: datetime) -> None:
    case = Case.objects.select_related("item", "terminal").get(pk=payment.case_id)
    note_step(case, "refunded", at)
    made_good(payment, case, now)


@transaction.atomic
def stop_paying(actor: Actor, case: Case, now: datetime) -> bool:
    """The person does not want to pay: the order is closed as soon as the provider says so, never before.

    True when a payment was to be closed. What turns out to be paid goes on.
    """
    standing = holding_payment(case)
    if standing is None or standing.state not in (PaymentState.CREATED, PaymentState.OPEN):
        return False
    return ask_to_stop(actor, standing, now)
