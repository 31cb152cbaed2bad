"""The sender: its own threads, beside everything else, so that a slow channel delays neither detection nor the others.

Claim by a counted UPDATE with a lease, commit, send without any transaction, record. Killed between sending and
recording, the delivery is sent again when its lease runs out, with the same key: at least once, never silently never.
"""

from __future__ import annotations

import json
import secrets
import threading
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import OperationalError, close_old_connections, connection, transaction
from django.db.models import Count, F, Q
from django.utils import timezone

from budayang.center.maintenance import notice_messages as messages
from budayang.center.maintenance import notice_runs as runs
from budayang.center.maintenance.channels import robots, sms, webhook
from budayang.center.maintenance.channels.kinds import Outcome, Parcel
from budayang.center.maintenance.models import NoticeAddress, NoticeChannel, NoticeDelivery
from budayang.center.platform.sealing import CannotOpen, open_field
from budayang.rules.notices import retry_s

log = structlog.get_logger(__name__)

TICK_S = 0.3
LEASE_S = 60
"""Longer than all time-outs of one attempt together: a lease that runs out belongs to a sender that is gone."""
AT_ONCE = 16
AT_ONCE_A_CHANNEL = 2
MINUTE = timedelta(seconds=60)
BATCH = 200

Send = Callable[[NoticeChannel, Mapping[str, str], Parcel], Outcome]


def send_by_kind(channel: NoticeChannel, secret: Mapping[str, str], parcel: Parcel) -> Outcome:
    """Hand a message to the channel's own way of sending."""
    match channel.kind:
        case "webhook":
            return webhook.send(secret, parcel)
        case "sms":
            return sms.send(secret, parcel)
        case "mail":
            return robots.send_mail(secret, parcel)
        case _:
            return robots.send_robot(channel.kind, secret, parcel)


@dataclass(slots=True)
class Sender:
    """Claims what is due, a few at once for each channel, and sends it in a pool of threads.

    A channel that hangs holds at most two of its own places and never another's; what it cannot take waits as rows.
    """

    send: Send = send_by_kind
    clock: Callable[[], datetime] = timezone.now
    pool: Executor = field(default_factory=lambda: ThreadPoolExecutor(AT_ONCE, thread_name_prefix="notice"))
    a_channel: int = AT_ONCE_A_CHANNEL
    fresh: Callable[[], None] = close_old_connections
    _busy: dict[int, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def turn(self) -> int:
        """Claim and hand over everything that may be sent now; returns how many."""
        now, started = self.clock(), 0
        rates = self._sent_lately(now)
        for row in self._due(now):
            left = row.channel.per_minute - rates.get(row.channel_id, 0)
            if left <= 0 or not self._take_place(row.channel_id):
                continue
            mine = secrets.token_hex(8)
            if not claim(row, mine, now):
                self._give_place(row.channel_id)
                continue
            rates[row.channel_id] = rates.get(row.channel_id, 0) + 1
            self.pool.submit(self._carry, row.pk, row.channel_id, mine)
            started += 1
        return started

    def _due(self, now: datetime) -> list[NoticeDelivery]:
        with self._lock:
            full = [channel for channel, count in self._busy.items() if count >= self.a_channel]
        ready = Q(state__in=("queued", "failed"), next_at__lte=now) | Q(state="sending", lease_until__lte=now)
        rows = NoticeDelivery.objects.filter(ready, channel__is_active=True).exclude(channel__in=full)
        return list(rows.select_related("channel").order_by("next_at", "pk")[:BATCH])

    def _sent_lately(self, now: datetime) -> dict[int, int]:
        """How many messages each channel took within the last minute; robots refuse more than twenty."""
        rows = NoticeDelivery.objects.filter(sent_at__gt=now - MINUTE).values("channel_id")
        return dict(rows.annotate(count=Count("pk")).values_list("channel_id", "count"))

    def _take_place(self, channel_id: int) -> bool:
        with self._lock:
            if self._busy.get(channel_id, 0) >= self.a_channel or sum(self._busy.values()) >= AT_ONCE:
                return False
            self._busy[channel_id] = self._busy.get(channel_id, 0) + 1
            return True

    def _give_place(self, channel_id: int) -> None:
        with self._lock:
            self._busy[channel_id] = max(self._busy.get(channel_id, 0) - 1, 0)

    def _carry(self, delivery_id: int, channel_id: int, mine: str) -> None:
        try:
            self.fresh()
            carry(delivery_id, mine, self.send, self.clock)
        except OperationalError:
            # Sent or not, it was not recorded: the lease gives it back.
            log.warning("database not available, a notice will be sent again", delivery=delivery_id)
            connection.close()
        except Exception as error:
            _tell_mistake("a notice failed in an unexpected way", error)
        finally:
            self._give_place(channel_id)
            self.fresh()

    def close(self) -> None:
        """Let what is under way end; what waits stays in its rows."""
        self.pool.shutdown(wait=False, cancel_futures=True)


def claim(row: NoticeDelivery, mine: str, now: datetime) -> bool:
    """Take a delivery with a lease; False when a rival has it."""
    ready = Q(state__in=("queued", "failed"), next_at__lte=now) | Q(state="sending", lease_until__lte=now)
    taken = NoticeDelivery.objects.filter(ready, pk=row.pk).update(
        state="sending", lease_by=mine, lease_until=now + timedelta(seconds=LEASE_S), attempts=F("attempts") + 1
    )
    return bool(taken)


def carry(delivery_id: int, mine: str, send: Send, clock: Callable[[], datetime]) -> None:
    """Send one claimed delivery and record what came of it."""
    row = NoticeDelivery.objects.select_related("channel", "message__staff", "message__channel").get(pk=delivery_id)
    found = parcel_of(row, clock())
    if isinstance(found, Outcome):
        outcome = found
    else:
        secret, parcel = found
        try:
            outcome = send(row.channel, secret, parcel)
        except Exception as error:
            # A plugin's own mistake must not lose the row.
            _tell_mistake("a channel failed in an unexpected way", error)
            outcome = Outcome("broken")
    settle(row, mine, outcome, clock())


def parcel_of(row: NoticeDelivery, now: datetime) -> tuple[dict[str, str], Parcel] | Outcome:
    """(the channel's keys, the message) or why it cannot be sent at all."""
    channel, message = row.channel, row.message
    try:
        secret: dict[str, str] = json.loads(open_field("notice_channel", channel.ref, "sealed", bytes(channel.sealed)))
        to = _address(row)
    except CannotOpen:
        return Outcome("keys", permanent=True)
    if to is None:
        return Outcome("no address", permanent=True)
    text = messages.text_of(message)
    return secret, Parcel(
        key=row.key,
        kind=message.kind,
        to=to,
        title=text.title,
        body=text.body,
        short=text.short,
        severity=message.severity,
        at=now,
        subject=f"message:{message.pk}",
        link=messages.link_of(message),
        source=f"{settings.BUDAYANG.public_url or 'http://127.0.0.1:8800'}/",
        data=tuple(message.facts),
    )


def _address(row: NoticeDelivery) -> str | None:
    """The person's address on the channel; "" for a group; None when there is none any more."""
    staff = row.message.staff
    if staff is None:
        return ""
    own = NoticeAddress.objects.filter(staff=staff, channel=row.channel).first()
    if own is not None:
        return open_field("notice_address", own.ref, "sealed", bytes(own.sealed))
    return "".join(sign for sign in staff.phone if sign.isdigit() or sign == "+") if row.channel.kind == "sms" else None


@transaction.atomic
def settle(row: NoticeDelivery, mine: str, outcome: Outcome, now: datetime) -> None:
    """Record an attempt. Another process that took the delivery over after our lease keeps the word."""
    pause_s = None if outcome.permanent else retry_s(row.attempts)
    if outcome.ok:
        fields: dict[str, object] = {"state": "sent", "sent_at": now, "error": ""}
    elif pause_s is not None:
        fields = {"state": "failed", "next_at": now + timedelta(seconds=pause_s), "error": outcome.error[:60]}
    else:
        fields = {"state": "given_up", "error": outcome.error[:60]}
    held = NoticeDelivery.objects.filter(pk=row.pk, lease_by=mine, state="sending")
    if not held.update(lease_until=None, lease_by="", **fields):
        return
    if fields["state"] != "sent":
        log.warning("notice not sent", delivery=row.pk, channel=row.channel_id, error=outcome.error)
    if fields["state"] == "given_up":
        row.refresh_from_db()
        if messages.use_next_way(row, now) is None:
            runs.undelivered(row, now)


def _tell_mistake(what: str, error: Exception) -> None:
    """Log where a mistake happened, without its words and its variables: both may hold keys and telephone numbers."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    log.error(what, error=type(error).__name__, file=last.filename.rpartition("/")[2], line=last.lineno)


class SenderThread(threading.Thread):
    """The sender as a part of the worker process."""

    def __init__(self, sender: Sender | None = None) -> None:
        super().__init__(name="notices", daemon=True)
        self._sender = sender or Sender()
        self._stopping = threading.Event()

    def run(self) -> None:
        """Until `stop`; a failing turn costs a second, not the thread."""
        while not self._stopping.is_set():
            try:
                close_old_connections()
                busy = self._sender.turn()
            except OperationalError:
                log.warning("database not available, the sender will try again")
                connection.close()
                busy = 0
            except Exception as error:
                _tell_mistake("the sender failed", error)
                busy = 0
            self._stopping.wait(0.0 if busy else TICK_S)
        self._sender.close()

    def stop(self) -> None:
        """Ask for an end after the turn at hand."""
        self._stopping.set()
