"""Consuming terminals' events: each row is handled once, in the transaction that marks it done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import F, Q

from budayang.center.terminals.models import Inbox

log = structlog.get_logger(__name__)

LEASE_S = 60
RETRY_S = (1, 5, 30, 120, 600)


@dataclass(frozen=True, slots=True)
class InboxRow:
    """One event of a terminal. `at` is the event time, `received_at` when ingest got it."""

    id: int
    terminal_id: int
    terminal: str
    place_path: str
    epoch: str
    seq: int
    kind: str
    body: dict[str, Any]
    at: datetime
    received_at: datetime


def consume_inbox(kinds: Sequence[str], handle: Callable[[InboxRow], None], now: datetime, limit: int = 500) -> int:
    """Hand up to `limit` waiting events of `kinds` to `handle`, in the order they came; returns how many were done.

    `handle` runs in a transaction with the mark "done", so it happens once even with two workers. One that raises is
    set aside with its error and tried again later; the others go on.
    """
    waiting = Inbox.objects.filter(kind__in=kinds, done_at__isnull=True).filter(_free(now))
    wanted = list(waiting.order_by("id").select_related("terminal__area__place")[:limit])
    return sum(_consume(row, handle, now) for row in wanted)


def _consume(row: Inbox, handle: Callable[[InboxRow], None], now: datetime) -> int:
    # The counted UPDATE decides between two workers that read the same row.
    mine = Inbox.objects.filter(_free(now), pk=row.pk, done_at__isnull=True)
    if not mine.update(lease_until=now + timedelta(seconds=LEASE_S), attempts=F("attempts") + 1):
        return 0
    try:
        with transaction.atomic():
            handle(_plain(row))
            if Inbox.objects.filter(pk=row.pk, done_at__isnull=True).update(done_at=now, error="") != 1:
                raise AlreadyDone
    except AlreadyDone:
        return 0
    except Exception:
        # Never the body in the log: it may hold what a person typed.
        log.exception("inbox event failed", inbox=row.pk, kind=row.kind, terminal=row.terminal.code)
        wait_s = RETRY_S[min(row.attempts, len(RETRY_S) - 1)]
        failed = Inbox.objects.filter(pk=row.pk, done_at__isnull=True)
        failed.update(lease_until=now + timedelta(seconds=wait_s), error="failed; see the log")
        return 0
    return 1


def forget_body(row: InboxRow) -> None:
    """Drop what an event said, in the transaction that takes it: its consumer keeps what may be kept."""
    Inbox.objects.filter(pk=row.id).update(body={})


def _free(now: datetime) -> Q:
    return Q(lease_until__isnull=True) | Q(lease_until__lte=now)


def _plain(row: Inbox) -> InboxRow:
    return InboxRow(
        row.pk, row.terminal_id, row.terminal.code, row.terminal.area.place.path, row.epoch, row.seq, row.kind,
        row.body, row.at, row.received_at,
    )  # fmt: skip


class AlreadyDone(Exception):
    """Another worker took the row over because our lease ran out; its work stands and ours is rolled back."""
