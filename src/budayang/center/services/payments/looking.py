"""Who asks the provider about a payment, and when: claims with a lease, and pauses that grow while nothing is known."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q

from budayang.center.platform.sealing import CannotOpen, open_field
from budayang.center.services.models import Case, Payment
from budayang.center.services.payments.actions import PROVIDER_TABLE
from budayang.center.services.payments.returning import alarm
from budayang.center.services.states import MOVING_PAYMENT_STATES, PaymentState

LEASE = timedelta(seconds=30)
AGAIN_S = 2.0
LONGEST_S = {PaymentState.CREATED: 30.0, PaymentState.OPEN: 30.0}
LONGEST_REFUND_S = 900.0
WATCHED = (*MOVING_PAYMENT_STATES, PaymentState.PAID)


@dataclass(frozen=True, slots=True)
class Looked:
    """A payment that this process asks about now; `url` and `key` are its provider's."""

    payment: Payment
    worker: str
    kind: str
    url: str
    key: str


def due_payments(now: datetime, limit: int = 100) -> list[int]:
    """Payments whose provider is to be asked or told now."""
    idle = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    rows = Payment.objects.filter(idle, state__in=[state.value for state in WATCHED], look_at__lte=now)
    return list(rows.order_by("look_at").values_list("pk", flat=True)[:limit])


def take_payment(pk: int, now: datetime) -> Looked | None:
    """Claim a payment for this process, or None when a rival has it or there is nothing to ask."""
    worker = secrets.token_hex(8)
    idle = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    states = [state.value for state in WATCHED]
    claimed = Payment.objects.filter(idle, pk=pk, state__in=states, look_at__lte=now)
    if claimed.update(worker=worker, lease_until=now + LEASE) != 1:
        return None
    payment = Payment.objects.select_related("provider", "case").get(pk=pk)
    if payment.state == PaymentState.PAID:
        _no_output(payment, now)
        return None
    provider = payment.provider
    try:
        key = open_field(PROVIDER_TABLE, provider.code, "key", bytes(provider.key_sealed))
    except CannotOpen:
        put_off(payment, worker, now, failed=True)
        return None
    return Looked(payment, worker, provider.kind, provider.url, key)


@transaction.atomic
def _no_output(payment: Payment, now: datetime) -> None:
    """Paid for a while, and still nothing to show for it."""
    Payment.objects.filter(pk=payment.pk).update(look_at=None, lease_until=None)
    case = Case.objects.select_related("item", "terminal").get(pk=payment.case_id)
    alarm(payment, case, now)


def note_asked(payment: Payment, worker: str) -> bool:
    """Before the first order: from here on the provider may have it, and it is asked for first."""
    return bool(Payment.objects.filter(pk=payment.pk, worker=worker, state=PaymentState.CREATED).update(asked=True))


def put_off(payment: Payment, worker: str, now: datetime, *, failed: bool, after_s: float = AGAIN_S) -> None:
    """Ask again later; after failures in a row later and later."""
    state = PaymentState(payment.state)
    longest_s = LONGEST_S.get(state, LONGEST_REFUND_S)
    pause_s = min(after_s * 2 ** min(payment.failures + 1, 12), longest_s) if failed else after_s
    changes = {"failures": F("failures") + 1} if failed else {"failures": 0}
    Payment.objects.filter(pk=payment.pk, worker=worker, state=payment.state).update(
        lease_until=None, look_at=now + timedelta(seconds=pause_s), **changes
    )


def look_now(number: str, now: datetime) -> bool:
    """A hint that something happened to this order: its provider is asked at once. Never more than a hint."""
    states = [PaymentState.CREATED, PaymentState.OPEN, PaymentState.REFUNDING]
    return bool(Payment.objects.filter(number=number, state__in=states).update(look_at=now))
