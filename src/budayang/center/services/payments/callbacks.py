"""A provider's callback: signed, of now, and for an order of ours; then the order is asked for at once."""

from __future__ import annotations

from datetime import datetime

import structlog

from budayang.center.platform.sealing import CannotOpen, open_field
from budayang.center.services.models import Payment
from budayang.center.services.payments.actions import PROVIDER_TABLE
from budayang.center.services.payments.looking import look_now
from budayang.center.services.payments.provider import check_callback

log = structlog.get_logger(__name__)


def take_callback(number: str, time_text: str, given: str, body: bytes, now: datetime) -> bool:
    """Whether the callback was the provider's own; if so, its order is looked at now. Repeating it does no harm."""
    payment = Payment.objects.select_related("provider").filter(number=number[:48]).first()
    if payment is None:
        log.warning("callback for an unknown order")
        return False
    provider = payment.provider
    try:
        key = open_field(PROVIDER_TABLE, provider.code, "key", bytes(provider.key_sealed))
    except CannotOpen:
        return False
    if not check_callback(key, time_text, given, body, now):
        log.warning("callback with a wrong signature", payment=payment.number)
        return False
    return look_now(payment.number, now)
