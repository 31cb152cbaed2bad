"""Work of the terminals room with a due time. It consumes nobody's news: it is a source."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q

from budayang.center.platform.deliveries import Consumer, Due
from budayang.center.terminals.models import EnrolmentCode, Inbox, Outgoing

INBOX_DAYS = 180  # requirements: logs are kept half a year
OUTGOING_DAYS = 30


def tidy(now: datetime) -> int:
    """Remove consumed inbox rows, settled outgoing rows and dead codes past their term; returns how many."""
    inbox = Inbox.objects.filter(done_at__lt=now - timedelta(days=INBOX_DAYS))
    old = now - timedelta(days=OUTGOING_DAYS)
    outgoing = Outgoing.objects.filter(Q(acked_at__lt=old) | Q(replaced_at__lt=old) | Q(expires_at__lt=old))
    codes = EnrolmentCode.objects.filter(expires_at__lt=old)
    return inbox.delete()[0] + outgoing.delete()[0] + codes.delete()[0]


CONSUMERS: tuple[Consumer, ...] = ()
DUES: tuple[Due, ...] = (Due(name="terminals.tidy", every_s=3600, run=tidy),)
