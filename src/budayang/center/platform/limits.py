"""How often something happened within a time, counted in a table so that all processes count together.

A key holds keyed hashes only (`sealing.lookup_hash`), never an address. What has run out goes by a rule of retention.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from budayang.center.platform.models import WindowCount


def count_within(key: str, span: timedelta, now: datetime) -> int:
    """Count one more and return how many there are, this one among them, since the first of them; `span` after that
    first one it begins anew. Two at the same moment count two. Within a transaction the count stands or falls with it.
    """
    with transaction.atomic():
        # Locked (SQLite locks by the transaction): meanwhile nobody counts, and retention does not delete the row.
        row, made = WindowCount.objects.select_for_update().get_or_create(
            key=key, defaults={"n": 1, "ends_at": now + span}
        )
        if made:
            return 1
        mine = WindowCount.objects.filter(pk=row.pk)
        if row.ends_at <= now:
            mine.update(n=1, ends_at=now + span)
            return 1
        mine.update(n=F("n") + 1)
        return row.n + 1


def counted(key: str, now: datetime) -> int:
    """How many `count_within` counts now; 0 when the time has run out."""
    return WindowCount.objects.filter(key=key, ends_at__gt=now).values_list("n", flat=True).first() or 0
