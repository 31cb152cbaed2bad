"""Whether those answer whom this house asks beside departments: written as they are asked, never asked for that."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import F, Q

from budayang.center.services.models import LicenceSource, PaymentProvider

AGAIN = timedelta(minutes=1)
SILENT_AFTER = 3
"""Failures in a row after which it counts as silent; one alone may be a lost packet."""


def note_answer(model: type[PaymentProvider] | type[LicenceSource], pk: int, why: str, now: datetime) -> None:
    """Write how a question went; `why` is empty when it was answered. While all is well it writes once a minute."""
    rows = model.objects.filter(pk=pk)
    if why:
        rows.update(failed_at=now, failures=F("failures") + 1, why=why[:80])
    else:
        stale = Q(failures__gt=0) | Q(heard_at__isnull=True) | Q(heard_at__lt=now - AGAIN)
        rows.filter(stale).update(heard_at=now, failures=0, why="")


def standing(row: PaymentProvider | LicenceSource) -> str:
    """answers | stumbles | silent | unknown: never asked."""
    if row.failures:
        return "silent" if row.failures >= SILENT_AFTER else "stumbles"
    return "unknown" if row.heard_at is None else "answers"
