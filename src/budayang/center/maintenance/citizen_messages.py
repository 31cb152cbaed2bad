"""Text messages to citizens about their promise (出门前保障) or what they reported (报修), by the place's gateway.

The row holds neither number nor words: both are asked of whoever keeps them at the moment of sending, so that what was
cancelled in between is not sent, and no copy of a telephone number stays here.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import structlog
from django.conf import settings

from budayang.center.maintenance import report_queries
from budayang.center.maintenance.channels import sms
from budayang.center.maintenance.channels.kinds import Outcome, Parcel
from budayang.center.maintenance.models import CitizenMessage, NoticeChannel
from budayang.center.platform.deliveries import Consumer, Due
from budayang.center.platform.models import Transition
from budayang.center.platform.sealing import CannotOpen, open_field
from budayang.center.services import assurance_actions, assurance_queries
from budayang.rules.notices import retry_s

log = structlog.get_logger(__name__)

LEASE_S = 60
AT_ONCE = 5
PROMISE_KEY, REPORT_KEY = "bdy-p-", "bdy-r-"
"""What a message is about: its key begins with it, and `reference` is that one's number."""
Send = Callable[[Mapping[str, str], Parcel], Outcome]


def find_channel(place_path: str) -> NoticeChannel | None:
    """The text message gateway that serves a place: its own, else the nearest above it."""
    rows = NoticeChannel.objects.filter(kind="sms", is_active=True).select_related("place")
    serving = [row for row in rows if place_path.startswith(row.place.path)]
    return max(serving, key=lambda row: len(row.place.path), default=None)


def hear(news: Sequence[Transition], now: datetime) -> None:
    """A try has changed what a person who asked for a message should know."""
    for one in news:
        CitizenMessage.objects.create(
            key=f"{PROMISE_KEY}{secrets.token_hex(8)}",
            reference=str(one.payload["promise"]),
            place_path=one.place_path,
            made_at=now,
            next_at=now,
        )


def send_due(now: datetime, send: Send = sms.send) -> int:
    """Send what is due; returns how many were tried. A killed worker leaves a lease, and the same key goes again."""
    ready = CitizenMessage.objects.filter(state="queued", next_at__lte=now).order_by("next_at")
    tried = 0
    for row in list(ready[:AT_ONCE]):
        lease = now + timedelta(seconds=LEASE_S)
        mine = CitizenMessage.objects.filter(pk=row.pk, state="queued", next_at=row.next_at)
        if mine.update(next_at=lease, attempts=row.attempts + 1):
            row.attempts += 1
            _settle(row, _carry(row, now, send), now)
            tried += 1
    return tried


def _carry(row: CitizenMessage, now: datetime, send: Send) -> Outcome | None:
    """One attempt; None when there is nothing to say, or nobody to say it to, any more."""
    report = row.key.startswith(REPORT_KEY)
    about = report_queries if report else assurance_queries
    phone = (report_queries if report else assurance_actions).phone_of(row.reference)
    text = about.message_of(row.reference, now)
    if phone is None or text is None:
        return None
    channel = find_channel(row.place_path)
    if channel is None:
        return Outcome("no channel", permanent=True)
    row.channel = channel
    try:
        secret: dict[str, str] = json.loads(open_field("notice_channel", channel.ref, "sealed", bytes(channel.sealed)))
    except CannotOpen:
        return Outcome("keys", permanent=True)
    kind = "report" if report else "promise"
    parcel = Parcel(
        key=row.key, kind=kind, to=phone, title=text, body=text, short=text, severity="general", at=now,
        subject=f"{kind}:{row.pk}", link="", source=f"{settings.BUDAYANG.public_url or 'http://127.0.0.1:8800'}/",
    )  # fmt: skip
    try:
        return send(secret, parcel)
    except Exception as error:
        # Never its words: they may hold the number.
        log.error("a citizen's message failed in an unexpected way", message=row.pk, error=type(error).__name__)
        return Outcome("broken")


def _settle(row: CitizenMessage, outcome: Outcome | None, now: datetime) -> None:
    pause_s = None if outcome is None or outcome.permanent else retry_s(row.attempts)
    if outcome is None:
        fields: dict[str, object] = {"state": "dropped", "next_at": None}
    elif outcome.ok:
        fields = {"state": "sent", "sent_at": now, "next_at": None, "error": ""}
    elif pause_s is not None:
        fields = {"next_at": now + timedelta(seconds=pause_s), "error": outcome.error[:60]}
    else:
        fields = {"state": "given_up", "next_at": None, "error": outcome.error[:60]}
    CitizenMessage.objects.filter(pk=row.pk, state="queued").update(channel=row.channel, **fields)
    if outcome is not None and not outcome.ok:
        log.warning("citizen's message not sent", message=row.pk, error=outcome.error)


CONSUMERS: tuple[Consumer, ...] = (Consumer("maintenance.citizens", ("services.promise_told",), hear),)
DUES: tuple[Due, ...] = (Due("maintenance.citizens", 1.0, send_due, outward=True),)
