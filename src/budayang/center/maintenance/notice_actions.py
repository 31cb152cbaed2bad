"""Writes about notices that people make: channels, policies, preferences, confirming, test messages."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, time

from django.db import transaction
from django.utils.translation import gettext

from budayang.center.maintenance import notice_messages as messages
from budayang.center.maintenance import notice_runs as runs
from budayang.center.maintenance.channels.kinds import KINDS, check_personal
from budayang.center.maintenance.models import (
    EscalationPolicy,
    EscalationStep,
    Notice,
    NoticeAddress,
    NoticeChannel,
    NoticeMessage,
    NoticePreference,
)
from budayang.center.platform.actions import Refused, record
from budayang.center.platform.actors import Actor, Forbidden, Role
from budayang.center.platform.models import Organization, Place, Staff
from budayang.center.platform.outgoing import BadAddress
from budayang.center.platform.sealing import seal_field
from budayang.center.platform.wording import words
from budayang.rules import escalation
from budayang.rules.escalation import Step
from budayang.rules.maintenance import Severity
from budayang.rules.notices import GROUP_CHANNELS, NEVER, Fact

EDITORS = (Role.SUPERVISOR, Role.AREA_KEEPER)
CONFIRMERS = (Role.SUPERVISOR, Role.AREA_KEEPER, Role.OWNER_UNIT, Role.VENDOR_ENGINEER)
CHANNEL_KEEPERS = (Role.SYSTEM_ADMIN,)
TESTERS = (Role.SYSTEM_ADMIN, Role.SUPERVISOR)


@transaction.atomic
def add_channel(
    actor: Actor, *, kind: str, name: str, place: Place, values: Mapping[str, str], per_minute: int = 20, now: datetime
) -> NoticeChannel:
    """Add a way out of the house. Only the system administrator does: these rows are the list of outgoing addresses."""
    actor.require(*CHANNEL_KEEPERS, place_path=place.path)
    if kind not in KINDS or not name.strip():
        raise Refused(gettext("请选择渠道的种类并写明名称。"))
    row = NoticeChannel(
        ref=messages.new_ref(),
        kind=kind,
        name=name.strip()[:40],
        place=place,
        per_minute=per_minute,
        made_at=now,
        made_by=actor.label or actor.name,
    )
    _seal(row, values)
    row.save()
    _record(actor, "channel_added", row, {"kind": kind}, now)
    return row


@transaction.atomic
def change_channel(
    actor: Actor, channel: NoticeChannel, *, name: str, values: Mapping[str, str], per_minute: int, now: datetime
) -> NoticeChannel:
    """Rename a channel, or give it new keys. Without values the sealed ones stay: they are never shown again."""
    actor.require(*CHANNEL_KEEPERS, place_path=channel.place.path)
    channel.name, channel.per_minute = name.strip()[:40] or channel.name, per_minute
    fresh = any(text.strip() for text in values.values())
    if fresh:
        _seal(channel, values)
    # Nothing else: a page that was opened before the channel was switched off, or got its keys, changes neither.
    channel.save(update_fields=["name", "per_minute", *(("sealed", "hint") if fresh else ())])
    _record(actor, "channel_changed", channel, {"keys": fresh}, now)
    return channel


def _seal(row: NoticeChannel, values: Mapping[str, str]) -> None:
    try:
        kept, row.hint = KINDS[row.kind].check(values)
    except BadAddress as error:
        raise Refused(gettext("%(why)s。") % {"why": words(str(error))}) from error
    row.hint = row.hint[:80]
    row.sealed = seal_field("notice_channel", row.ref, "sealed", json.dumps(kept))


@transaction.atomic
def switch_channel(actor: Actor, channel: NoticeChannel, *, active: bool, now: datetime) -> NoticeChannel:
    """Stop using a channel, or use it again. What waits for it stays waiting."""
    actor.require(*CHANNEL_KEEPERS, place_path=channel.place.path)
    channel.is_active = active
    channel.save(update_fields=["is_active"])
    _record(actor, "channel_switched", channel, {"active": active}, now)
    return channel


@transaction.atomic
def send_test(actor: Actor, channel: NoticeChannel, *, now: datetime) -> NoticeMessage:
    """Send a test message: to the group, or to the actor's own address. Its delivery tells the result."""
    own = NoticeAddress.objects.filter(staff_id=actor.staff_id or 0, channel=channel).first()
    if own is None:
        actor.require(*TESTERS, place_path=channel.place.path)
    staff = None
    if channel.kind not in GROUP_CHANNELS:
        staff = Staff.objects.filter(pk=actor.staff_id or 0).first()
        if staff is None or (own is None and not (channel.kind == "sms" and staff.phone)):
            raise Refused(gettext("请先在“我的通知设置”里填写您在这个渠道的地址，测试消息会发给您自己。"))
    fact = Fact(
        title="测试消息",
        where=channel.place.name,
        severity=Severity.GENERAL.value,
        since=now,
        note="收到这条说明渠道可用，不用处理。",
    )
    message = messages.new_message(
        "test",
        staff=staff,
        channel=None if staff else channel,
        place_path=channel.place.path,
        severity=Severity.GENERAL.value,
        facts=[fact],
        language="zh",
        now=now,
    )
    messages.queue_one(message, channel, own.hint if own else channel.hint, now)
    _record(actor, "channel_tested", channel, {"message": message.pk}, now)
    return message


@transaction.atomic
def set_policy(
    actor: Actor,
    *,
    place: Place,
    organization: Organization | None,
    severity: str,
    name: str,
    steps: Sequence[Step],
    now: datetime,
) -> EscalationPolicy:
    """Write the escalation of a place, for all bodies or one, all severities or one. Notices that run keep theirs."""
    actor.require(*EDITORS, place_path=place.path)
    wrong = escalation.problems(steps)
    if wrong:
        raise Refused(words("；".join(wrong) + "。"))
    row, _made = EscalationPolicy.objects.update_or_create(
        place=place,
        organization=organization,
        severity=severity,
        defaults={"name": name.strip()[:60] or place.name, "changed_at": now, "changed_by": actor.label or actor.name},
    )
    row.steps.all().delete()
    EscalationStep.objects.bulk_create(
        [
            EscalationStep(
                policy=row,
                position=position,
                kind=one.kind.value,
                wait_s=one.wait_s,
                body=one.body,
                role=one.role,
                staff_id=one.staff or None,
                channel_id=one.channel or None,
                opens=one.opens,
                closes=one.closes,
                otherwise=one.otherwise.value,
                times=one.times,
            )
            for position, one in enumerate(steps)
        ]
    )
    record(
        actor,
        "maintenance.escalation_set",
        subject=f"escalation:{row.pk}",
        place_path=place.path,
        details={"severity": severity, "steps": [one.as_dict() for one in steps]},
        at=now,
    )
    return row


@transaction.atomic
def remove_policy(actor: Actor, policy: EscalationPolicy, *, now: datetime) -> None:
    """Take a policy away: the one above it holds again."""
    actor.require(*EDITORS, place_path=policy.place.path)
    record(
        actor,
        "maintenance.escalation_removed",
        subject=f"escalation:{policy.pk}",
        place_path=policy.place.path,
        details={"severity": policy.severity},
        at=now,
    )
    policy.delete()


@transaction.atomic
def set_preference(
    actor: Actor, *, language: str, quiet_from: time | None, quiet_to: time | None, breaks: str, now: datetime
) -> NoticePreference:
    """How the actor wants to be told."""
    if actor.staff_id is None:
        raise Forbidden("preferences belong to people")
    if (quiet_from is None) != (quiet_to is None):
        raise Refused(gettext("免打扰须写明开始和结束，或都不填。"))
    if language not in ("zh", "en") or breaks not in (*[one.value for one in Severity], NEVER):
        raise Refused(gettext("请从列表里选择。"))
    row, _made = NoticePreference.objects.update_or_create(
        staff_id=actor.staff_id,
        defaults={"language": language, "quiet_from": quiet_from, "quiet_to": quiet_to, "breaks": breaks},
    )
    record(actor, "maintenance.notice_preference", subject=f"staff:{actor.name}", at=now)
    return row


@transaction.atomic
def set_address(actor: Actor, channel: NoticeChannel, text: str, *, now: datetime) -> NoticeAddress:
    """The actor's own address on a channel that reaches persons, as the last way; a known one is replaced."""
    if actor.staff_id is None:
        raise Forbidden("addresses belong to people")
    if channel.kind in GROUP_CHANNELS:
        raise Refused(gettext("这个渠道发给群，不用填个人地址。"))
    try:
        address, hint = check_personal(channel.kind, text)
    except BadAddress as error:
        raise Refused(gettext("%(why)s。") % {"why": words(str(error))}) from error
    mine = NoticeAddress.objects.filter(staff_id=actor.staff_id)
    row = mine.filter(channel=channel).first() or NoticeAddress(
        ref=messages.new_ref(), staff_id=actor.staff_id, channel=channel, position=mine.count()
    )
    row.sealed, row.hint = seal_field("notice_address", row.ref, "sealed", address), hint[:80]
    row.save()
    record(actor, "maintenance.notice_address", subject=f"staff:{actor.name}", details={"channel": channel.pk}, at=now)
    return row


@transaction.atomic
def remove_address(actor: Actor, address: NoticeAddress, *, now: datetime) -> None:
    """Forget one of the actor's own addresses."""
    if actor.staff_id != address.staff_id:
        raise Forbidden("addresses belong to people")
    details = {"channel": address.channel_id, "removed": True}
    record(actor, "maintenance.notice_address", subject=f"staff:{actor.name}", details=details, at=now)
    address.delete()


@transaction.atomic
def put_first(actor: Actor, address: NoticeAddress, *, now: datetime) -> None:
    """Use this address before the others."""
    if actor.staff_id != address.staff_id:
        raise Forbidden("addresses belong to people")
    others = NoticeAddress.objects.filter(staff_id=address.staff_id).exclude(pk=address.pk)
    for position, one in enumerate((address, *others)):
        NoticeAddress.objects.filter(pk=one.pk).update(position=position)
    record(actor, "maintenance.notice_address", subject=f"staff:{actor.name}", details={"first": address.channel_id})


@transaction.atomic
def confirm(actor: Actor, notice: Notice, *, now: datetime) -> bool:
    """Somebody of the place or of the bodies takes the fault on, from the console."""
    incident = notice.incident
    bodies = (incident.owner_id, incident.vendor_id, incident.policy.get("responsible_id"))
    actor.require(*CONFIRMERS, place_path=notice.place_path, organizations=bodies)
    by = actor.label or actor.name
    return runs.acknowledge(actor, notice, by=by, staff_id=actor.staff_id, now=now)


def confirm_by_link(message: NoticeMessage, *, now: datetime) -> int:
    """The holder of a message's link confirms, without signing in. Pressing twice, or after somebody else, is harmless.

    Raises:
        Refused: when the link has expired.
    """
    if now >= message.expires_at:
        raise Refused(gettext("这个链接已经过期，请登录管理平台查看。"))
    by = message.staff.name if message.staff else (message.channel.name if message.channel else "")
    actor = Actor("public", f"notice-link:{message.pk}")
    return runs.acknowledge_message(actor, message, by=by, staff_id=message.staff_id, now=now)


def _record(actor: Actor, what: str, row: NoticeChannel, details: Mapping[str, object], now: datetime) -> None:
    subject = f"channel:{row.ref}"
    record(actor, f"maintenance.{what}", subject=subject, place_path=row.place.path, details=details, at=now)
