"""From lines to messages to deliveries: what is pending for one receiver when its window ends goes in one message."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import OperationalError, transaction
from django.utils.translation import override

from budayang.center.maintenance import notice_queries as queries
from budayang.center.maintenance.models import (
    Incident,
    Notice,
    NoticeAddress,
    NoticeChannel,
    NoticeDelivery,
    NoticeEvent,
    NoticeLine,
    NoticeMessage,
    WorkOrder,
)
from budayang.center.maintenance.models.orders import FINAL_ORDER_STATES
from budayang.center.maintenance.notice_people import Receiver
from budayang.center.maintenance.queries import affects_text, who
from budayang.center.platform.models import Place, Staff
from budayang.center.platform.queries import parameter, place_chain, zone_of
from budayang.center.platform.wording import words
from budayang.rules import notices as rules
from budayang.rules.maintenance import Severity
from budayang.rules.notices import Fact, Text

log = structlog.get_logger(__name__)

BATCH = 500
AGAIN = timedelta(minutes=5)
LANGUAGES = {"zh": "zh-hans", "en": "en"}
ALARMS = ("alarm", "reminder")
SILENT_RUNS = ("held", "closed")
TELLING_RUNS = ("running", "exhausted")


def fact_of(incident: Incident) -> Fact:
    """What is told of an incident, as it is now."""
    order = WorkOrder.objects.filter(incident=incident).exclude(state__in=FINAL_ORDER_STATES)
    active = order.select_related("organization", "assignee").first()
    return Fact(
        title=f"{incident.terminal.name} {incident.title}" if incident.terminal else incident.title,
        where=_where(incident),
        severity=incident.severity,
        since=incident.opened_at,
        affects=affects_text(incident.kind),
        who=who(active) if active else "",
        also=Incident.objects.filter(cause=incident, state="open").count(),
        until=incident.closed_at,
    )


def _where(incident: Incident) -> str:
    if incident.area is not None:
        return incident.area.name
    place = Place.objects.filter(path=incident.place_path).first()
    return place.name if place else ""


def add_line(
    receiver: Receiver,
    *,
    kind: str,
    place_path: str,
    severity: str,
    now: datetime,
    notice: Notice | None = None,
    topic: str = "",
    fact: Fact | None = None,
) -> NoticeLine | None:
    """Note that a receiver is to be told. None when the same is pending for the receiver already.

    It goes with the receiver's bundle; an alarm of an urgent fault at once, where the policy says so.
    """
    same = NoticeLine.objects.filter(
        staff=receiver.staff, channel=receiver.channel, state="pending", kind=kind, notice=notice, topic=topic
    )
    if same.exists():
        return None
    window_s = float(parameter("notice_bundle_s", place_path, now))
    if kind == "alarm" and severity == Severity.URGENT and float(parameter("notice_urgent_at_once", place_path, now)):
        window_s = 0.0
    return NoticeLine.objects.create(
        notice=notice,
        kind=kind,
        topic=topic,
        facts=queries.fact_to_json(fact) if fact else {},
        place_path=place_path,
        severity=severity,
        staff=receiver.staff,
        channel=receiver.channel,
        on_duty=receiver.on_duty,
        made_at=now,
        due_at=now + timedelta(seconds=window_s),
    )


def drop_lines(notice: Notice) -> int:
    """What was not sent yet about a fault is not sent."""
    return NoticeLine.objects.filter(notice=notice, state="pending").update(state="dropped")


def bundle(now: datetime) -> int:
    """Write the messages of every receiver whose window has ended; returns how many."""
    due = NoticeLine.objects.filter(state="pending", due_at__lte=now).order_by("due_at")
    pairs = dict.fromkeys(due.values_list("staff_id", "channel_id")[:BATCH])
    return sum(_bundle_guarded(staff_id, channel_id, now) for staff_id, channel_id in pairs)


def _bundle_guarded(staff_id: int | None, channel_id: int | None, now: datetime) -> int:
    """One receiver whose message cannot be written must not hold up the others."""
    try:
        return _bundle_one(staff_id, channel_id, now)
    except OperationalError:
        raise  # the database is away: everything waits
    except Exception as error:
        log.error("a notice could not be written, tried again later", staff=staff_id, error=type(error).__name__)
        mine = {"staff_id": staff_id, "channel_id": channel_id, "state": "pending", "due_at__lte": now}
        NoticeLine.objects.filter(**mine).update(due_at=now + AGAIN)
        return 0


@transaction.atomic
def _bundle_one(staff_id: int | None, channel_id: int | None, now: datetime) -> int:
    """The messages of one receiver. Lines are locked first: a second worker finds nothing left."""
    mine = {"staff_id": staff_id, "channel_id": channel_id, "state": "pending"}
    pending = NoticeLine.objects.select_for_update().filter(**mine)
    lines = list(pending.order_by("pk"))
    ended = [one for one in lines if one.due_at <= now]
    # What goes at once takes nobody along: what else is pending may turn out to be the symptom of something greater.
    ripe = lines if any(one.due_at > one.made_at for one in ended) else ended
    ripe = [one for one in ripe if one in ended or one.kind in {e.kind for e in ended}]
    runs = {one.pk: one for one in _runs(ripe)}
    silent = [one for one in ripe if one.kind in ALARMS and one.notice_id and _is_silent(runs[one.notice_id])]
    NoticeLine.objects.filter(pk__in=[one.pk for one in silent]).update(state="dropped")
    told = [one for one in ripe if one not in silent]
    by_kind: dict[str, list[NoticeLine]] = {}
    for line in told:
        by_kind.setdefault(line.kind, []).append(line)
    for kind, group in by_kind.items():
        _write_message(kind, group, runs, now)
    return len(by_kind)


def _runs(lines: Iterable[NoticeLine]) -> Iterable[Notice]:
    ids = {one.notice_id for one in lines if one.notice_id}
    return Notice.objects.filter(pk__in=ids).select_related("incident__terminal", "incident__area", "incident__owner")


def _is_silent(run: Notice) -> bool:
    """Held, closed, or hanging below a cause by now: the news of that may still be on its way."""
    return run.state in SILENT_RUNS or run.incident.cause_id is not None or run.incident.state == "closed"


def _write_message(kind: str, lines: Sequence[NoticeLine], runs: dict[int, Notice], now: datetime) -> NoticeMessage:
    first = lines[0]
    staff, channel = first.staff, first.channel
    concerned = [runs[one.notice_id] for one in lines if one.notice_id]
    facts = [_fact_of_line(one, runs) for one in lines]
    preference = queries.find_preference(first.staff_id)
    message = new_message(
        kind,
        staff=staff,
        channel=channel,
        place_path=first.place_path,
        severity=rules.graver([one.severity for one in lines]),
        facts=facts,
        language=preference.language if preference else "zh",
        now=now,
    )
    NoticeLine.objects.filter(pk__in=[one.pk for one in lines]).update(state="sent", message=message)
    ids = [one.pk for one in concerned]
    if kind == "reminder":
        _withdraw_older(message, ids)
    queued = _queue(message, now, on_duty=any(one.on_duty for one in lines))
    if kind == "alarm":
        Notice.objects.filter(pk__in=ids, told_at__isnull=True).update(told_at=now)
        for run in concerned:
            if run.remind_at is None:
                after = timedelta(seconds=float(parameter("notice_remind_s", run.place_path, now)))
                Notice.objects.filter(pk=run.pk, remind_at__isnull=True).update(remind_at=now + after)
    name = staff.name if staff else (channel.name if channel else "")
    ways = "、".join(one.channel.name for one in queued) or "只在管理平台里，没有可用的渠道"
    NoticeEvent.objects.bulk_create(
        [NoticeEvent(notice=run, at=now, what=f"wrote_{kind}"[:16], who=name, words=ways[:200]) for run in concerned]
    )
    return message


def _fact_of_line(line: NoticeLine, runs: dict[int, Notice]) -> Fact:
    return fact_of(runs[line.notice_id].incident) if line.notice_id else queries.fact_from_json(line.facts)


def new_message(
    kind: str,
    *,
    staff: Staff | None,
    channel: NoticeChannel | None,
    place_path: str,
    severity: str,
    facts: Sequence[Fact],
    language: str,
    now: datetime,
) -> NoticeMessage:
    """Write a message's row with the hash of its link's token."""
    message = NoticeMessage(
        kind=kind,
        staff=staff,
        channel=channel,
        place_path=place_path,
        severity=severity,
        language=language,
        facts=[queries.fact_to_json(one) for one in facts],
        nonce=queries.new_nonce(),
        expires_at=now + timedelta(seconds=float(parameter("notice_link_valid_s", place_path, now))),
        made_at=now,
    )
    message.title = text_of(message).title[:200]
    message.token_hash = queries.hash_of(queries.token_of(message))
    message.save()
    return message


def text_of(message: NoticeMessage) -> Text:
    """The words of a message in its language, with its link."""
    confirms = message.kind in ALARMS
    with override(LANGUAGES[message.language]):
        return rules.compose(
            message.kind,
            queries.facts_of(message),
            message.made_at,
            language=message.language,
            zone=zone_of(message.place_path),
            link=link_of(message),
            confirms=confirms,
            say=words,
        )


def link_of(message: NoticeMessage) -> str:
    """Where the receiver confirms or looks; never from the Host header."""
    return f"{settings.BUDAYANG.public_url or 'http://127.0.0.1:8800'}/n/{queries.token_of(message)}/"


def _withdraw_older(message: NoticeMessage, notice_ids: Sequence[int]) -> None:
    """A reminder that still waits for the end of the night is not joined by a second one."""
    older = NoticeMessage.objects.filter(
        kind="reminder", staff=message.staff, channel=message.channel, lines__notice_id__in=notice_ids
    ).exclude(pk=message.pk)
    cancel(NoticeDelivery.objects.filter(message__in=older.values("pk")).values_list("pk", flat=True))


def cancel(ids: Iterable[int]) -> int:
    """Take back what was not sent yet. What is being sent now is out of our hands."""
    waiting = NoticeDelivery.objects.filter(pk__in=list(ids), state__in=("queued", "failed"))
    return waiting.update(state="cancelled")


def cancel_of(notice: Notice) -> int:
    """Take back unsent alarms and reminders of a fault, unless the message tells of another open one too."""
    mine = NoticeMessage.objects.filter(lines__notice=notice, kind__in=ALARMS).values_list("pk", flat=True)
    open_too = NoticeLine.objects.filter(message__in=list(mine), notice__state__in=TELLING_RUNS).exclude(notice=notice)
    alone = set(mine) - set(open_too.values_list("message_id", flat=True))
    return cancel(NoticeDelivery.objects.filter(message__in=alone).values_list("pk", flat=True))


def _queue(message: NoticeMessage, now: datetime, *, on_duty: bool) -> list[NoticeDelivery]:
    """The deliveries of a message: a group's own channel; for a person the first way, for an urgent fault all ways."""
    if message.channel is not None:
        return [queue_one(message, message.channel, message.channel.hint, now)]
    ways = ways_of(message)
    if message.severity != Severity.URGENT:
        ways = ways[:1]
    quiet = queries.quiet_of(queries.find_preference(message.staff_id))
    zone = zone_of(message.place_path)
    held = rules.hold_until(quiet, message.severity, now, zone=zone, on_duty=on_duty)
    return [queue_one(message, channel, hint, held or now) for channel, hint in ways]


def queue_one(message: NoticeMessage, channel: NoticeChannel, hint: str, at: datetime) -> NoticeDelivery:
    """One delivery. Its key stays the same at every attempt."""
    digest = hashlib.sha256(f"{message.nonce}:{channel.ref}".encode()).hexdigest()
    row, _made = NoticeDelivery.objects.get_or_create(
        message=message, channel=channel, defaults={"hint": hint, "key": f"bdy-{digest[:28]}", "next_at": at}
    )
    return row


def ways_of(message: NoticeMessage) -> list[tuple[NoticeChannel, str]]:
    """(channel, masked address) of a person in the order of his choice. Who chose none is reached by text message at
    the number of his account, where a gateway serves the place."""
    staff = message.staff
    if staff is None:
        return []
    own = NoticeAddress.objects.filter(staff=staff, channel__is_active=True).select_related("channel")
    found = [(one.channel, one.hint) for one in own]
    if found or not staff.phone:
        return found
    gateways = NoticeChannel.objects.filter(
        kind="sms", is_active=True, place__path__in=place_chain(message.place_path)
    ).select_related("place")
    nearest = max(gateways, key=lambda one: len(one.place.path), default=None)
    return [(nearest, rules.mask(staff.phone))] if nearest else []


def use_next_way(delivery: NoticeDelivery, now: datetime) -> NoticeDelivery | None:
    """A way that failed for good is followed by the person's next one that was not tried yet."""
    used = set(delivery.message.deliveries.values_list("channel_id", flat=True))
    for channel, hint in ways_of(delivery.message):
        if channel.pk not in used:
            return queue_one(delivery.message, channel, hint, now)
    return None


def new_ref() -> str:
    """The name under which a row's sealed columns are bound to it, known before the row has a number."""
    return secrets.token_hex(16)
