"""Marks what terminals have to be told again; `publishing` sends it a moment later."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import F

from budayang.center.services.models import Published

CATALOGUE = "catalogue"
AVAILABILITY = "availability"
LEAST = timedelta(microseconds=1)


def mark(kind: str, now: datetime, terminal_ids: Iterable[int] | None = None) -> None:
    """Look again at this message of these terminals (of all when none are named) at the next turn.

    One that is due already may be in the making from what was known before: its moment moves by the least that there
    is, so that it stays due when that one is sent, and keeps its place among the others.
    """
    rows = Published.objects.filter(kind=kind)
    if terminal_ids is not None:
        rows = rows.filter(terminal_id__in=list(terminal_ids))
    rows.filter(due_at__lte=now).update(due_at=F("due_at") - LEAST)
    rows.filter(due_at__gt=now).update(due_at=now)


def forget(terminal_ids: Iterable[int], now: datetime) -> None:
    """A terminal that enrolled anew has nothing: send it everything, also what it was sent before."""
    Published.objects.filter(terminal_id__in=list(terminal_ids)).update(digest="", due_at=now)
