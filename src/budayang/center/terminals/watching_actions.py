"""Writes for machines that are watched from beside: which relay, which sources, what people saw, what it cost."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from budayang.center.platform import queries as platform
from budayang.center.platform.actions import Refused, record
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.wording import words
from budayang.center.terminals import watching_queries as watching
from budayang.center.terminals.models import (
    Credential,
    IngestNotice,
    Session,
    Terminal,
    WatchCost,
    WatchFound,
    WatchProfile,
    WatchSeen,
    WatchSource,
)
from budayang.center.terminals.relay_actions import send_down
from budayang.center.terminals.watching_verdicts import rejudge
from budayang.rules.watch_settings import BadSettings, check
from budayang.rules.watching import BY_KIND, HOW_SEEN, Fact, Seen

KEEPERS = (Role.SUPERVISOR, Role.AREA_KEEPER)
MOST_MACHINES = 100  # of one relay: one body of syncs
MOST_SOURCES = 12
CALLERS = frozenset({"heartbeat", "door"})
"""Sources that call the relay, each with a token of its own."""
SEEN_AHEAD_S = 60


@transaction.atomic
def set_relay(actor: Actor, terminal_id: int, relay_id: int | None, now: datetime) -> WatchProfile:
    """Say which relay watches a machine (None: only people). Another relay begins with a key of its own."""
    terminal = _watched(actor, terminal_id, *KEEPERS)
    profile = _profile(terminal, now)
    before = profile.relay_id
    if relay_id is not None:
        relay = Terminal.objects.filter(pk=relay_id, kind=Terminal.Kind.RELAY, area_id=terminal.area_id).first()
        if relay is None or relay.state == Terminal.State.RETIRED:
            raise Refused(_("请选同一个自助区里还在用的中继。"))
        if WatchProfile.objects.filter(relay_id=relay_id).exclude(pk=profile.pk).count() >= MOST_MACHINES:
            raise Refused(_("一个中继最多监测 %(most)s 台机器，请再加一个中继。") % {"most": MOST_MACHINES})
    if before != relay_id:
        WatchProfile.objects.filter(pk=profile.pk).update(relay_id=relay_id, changed_at=now)
        profile.relay_id = relay_id
        Credential.objects.filter(terminal=terminal, revoked_at__isnull=True).update(
            revoked_at=now, revoked_why="watched by another relay"
        )
        Session.objects.filter(terminal=terminal).delete()
        IngestNotice.objects.create(terminal=terminal)
        _record(actor, "terminals.set_relay", terminal, {"relay": relay_id}, now)
        send_down({one for one in (before, relay_id) if one is not None}, now)
        rejudge([terminal.pk], now)
    return profile


@transaction.atomic
def add_source(
    actor: Actor,
    terminal_id: int,
    *,
    kind: str,
    settings: Mapping[str, Any],
    now: datetime,
    proves: Collection[str] = (),
    interval_s: int | None = None,
    keep_s: int | None = None,
    price: Decimal | None = None,
    minutes: int | None = None,
) -> WatchSource:
    """Add a source to a machine's profile, and what it costs (None: what the place's price list says).

    Raises:
        Refused: with the repair, for settings that cannot work.
    """
    terminal = _watched(actor, terminal_id, *KEEPERS)
    profile = _profile(terminal, now)
    row, facts = BY_KIND.get(kind), tuple(proves)
    if row is None:
        raise Refused(_("没有“%(kind)s”这种来源。") % {"kind": kind})
    try:
        checked = check(kind, settings)
    except BadSettings as error:
        raise Refused(words(str(error))) from error
    facts = facts or (row.proves if kind == "snmp_printer" else row.proves[:1])
    if set(facts) - {fact.value for fact in row.proves}:
        raise Refused(_("%(source)s证明不了这一项，请改选。") % {"source": words(row.name)})
    every, keep = interval_s or row.interval_s, keep_s or row.keep_s
    if not 5 <= every <= 3600 or not every <= keep <= 86400:
        raise Refused(_("检查间隔 5 秒到 1 小时；失效时间不短于间隔，不超过一天。"))
    if len(watching.sources_of(profile)) >= MOST_SOURCES:
        raise Refused(_("一台机器最多 %(most)s 个来源，请先去掉用不着的。") % {"most": MOST_SOURCES})
    WatchProfile.objects.filter(pk=profile.pk).update(last_number=F("last_number") + 1, changed_at=now)
    profile.refresh_from_db()
    source = WatchSource.objects.create(
        profile=profile, subject=_subject(profile, row.subject), kind=kind, settings=checked,
        proves=[Fact(one).value for one in facts], interval_s=every, keep_s=keep, added_at=now,
    )  # fmt: skip
    priced = {one.source.kind: one for one in watching.price_list(terminal.area.place.path, now)}[kind]
    WatchCost.objects.create(
        profile=profile, source=source, part=row.parts, price=priced.price if price is None else price,
        minutes=priced.minutes if minutes is None else minutes, noted_at=now, noted_by=actor.name,
    )  # fmt: skip
    _record(actor, "terminals.add_source", terminal, {"kind": kind, "subject": source.subject}, now)
    _profile_changed(profile, now)
    return source


@transaction.atomic
def remove_source(actor: Actor, source_id: int, now: datetime) -> WatchSource:
    """Take a source out of the profile; what it said and what it cost stay."""
    source = WatchSource.objects.select_related("profile").get(pk=source_id)
    terminal = _watched(actor, source.profile.terminal_id, *KEEPERS)
    if WatchSource.objects.filter(pk=source_id, removed_at__isnull=True).update(removed_at=now) != 1:
        raise Refused(_("这个来源已经去掉了，请刷新后再看。"))
    WatchProfile.objects.filter(pk=source.profile_id).update(changed_at=now)
    _record(actor, "terminals.remove_source", terminal, {"kind": source.kind, "subject": source.subject}, now)
    _profile_changed(source.profile, now)
    return source


@transaction.atomic
def issue_heartbeat_token(actor: Actor, source_id: int, now: datetime) -> str:
    """A token for the machine's own heartbeat or for a door's controller, shown once; only its digest is kept. An
    earlier one dies.
    """
    source = WatchSource.objects.select_related("profile").get(pk=source_id)
    terminal = _watched(actor, source.profile.terminal_id, *KEEPERS)
    if source.kind not in CALLERS or source.removed_at is not None:
        raise Refused(_("只有自己来报的来源（心跳、门禁）才有口令。"))
    token = secrets.token_urlsafe(16)
    settings = {**source.settings, "token_hash": hashlib.sha256(token.encode()).hexdigest()}
    WatchSource.objects.filter(pk=source_id).update(settings=settings)
    _record(actor, "terminals.issue_heartbeat_token", terminal, {"subject": source.subject}, now)
    _profile_changed(source.profile, now)
    return token


@transaction.atomic
def note_cost(actor: Actor, terminal_id: int, *, part: str, price: Decimal, minutes: int, now: datetime) -> WatchCost:
    """Note what was bought or worked for watching a machine."""
    terminal = _watched(actor, terminal_id, *KEEPERS)
    if not 0 <= price < 1_000_000 or not 0 <= minutes < 100_000:
        raise Refused(_("价钱和工时不能是负数，也不能大得不合情理。"))
    cost = WatchCost.objects.create(
        profile=_profile(terminal, now), part=part[:80], price=price, minutes=minutes, noted_at=now,
        noted_by=actor.name,
    )  # fmt: skip
    _record(actor, "terminals.note_watch_cost", terminal, {"part": part[:80], "price": price, "minutes": minutes}, now)
    return cost


@transaction.atomic
def settle_found(
    actor: Actor, relay_id: int, found_id: int, terminal_id: int | None, now: datetime
) -> list[WatchSource]:
    """Take what was found at an address over as sources of a machine of this relay; None puts it aside."""
    relay = Terminal.objects.select_related("area__place").get(pk=relay_id, kind=Terminal.Kind.RELAY)
    actor.require(*KEEPERS, place_path=relay.area.place.path)
    mine = WatchFound.objects.filter(pk=found_id, relay=relay, settled_at__isnull=True)
    found = mine.first()
    if found is None or mine.update(settled_at=now) != 1:
        raise Refused(_("这一条已经有人处理了，请刷新后再看。"))
    details = {"host": found.host, "terminal": terminal_id}
    record(
        actor, "terminals.settle_found", subject=f"terminal:{relay.code}", place_path=relay.area.place.path,
        details=details, at=now,
    )  # fmt: skip
    if terminal_id is None:
        return []
    if not WatchProfile.objects.filter(terminal_id=terminal_id, relay=relay).exists():
        raise Refused(_("请选由这个中继监测的机器。"))
    return [
        add_source(actor, terminal_id, kind=one["kind"], settings=one["settings"], now=now) for one in found.sources
    ]


@transaction.atomic
def record_seen(
    actor: Actor, terminal_id: int, *, what: str, state: str, at: datetime, now: datetime, note: str = ""
) -> WatchSeen:
    """Somebody confirms at the machine how it is (`what`: a key of HOW_SEEN). It holds for the place's
    `watch_seen_keep_s`, then the machine is as unknown as before.
    """
    terminal = _watched(actor, terminal_id, *KEEPERS, Role.OWNER_UNIT, Role.VENDOR_ENGINEER)
    if what not in HOW_SEEN or state not in {word.value for word in Seen}:
        raise Refused(_("请选怎么确认的、机器怎么样。"))
    keep = float(platform.parameter("watch_seen_keep_s", terminal.area.place.path, now))
    if at > now + timedelta(seconds=SEEN_AHEAD_S) or at < now - timedelta(days=7):
        raise Refused(_("现场确认的时间不能在将来，也不能早于七天前。"))
    at = min(at, now)
    _profile(terminal, now)
    row = WatchSeen.objects.create(
        terminal=terminal, how=what, state=state, note=note[:120], at=at, keep_until=at + timedelta(seconds=keep),
        seen_by=actor.name, recorded_at=now,
    )  # fmt: skip
    _record(actor, "terminals.record_seen", terminal, {"what": what, "state": state}, now)
    rejudge([terminal.pk], now)
    return row


def _profile_changed(profile: WatchProfile, now: datetime) -> None:
    if profile.relay_id is not None:
        send_down([profile.relay_id], now)
    rejudge([profile.terminal_id], now)


def _watched(actor: Actor, terminal_id: int, *roles: Role) -> Terminal:
    terminal = Terminal.objects.select_for_update(of=("self",)).select_related("area__place").get(pk=terminal_id)
    organizations = (terminal.owner_id, terminal.vendor_id)
    actor.require(*roles, place_path=terminal.area.place.path, organizations=organizations)
    if terminal.kind != Terminal.Kind.WATCHED:
        raise Refused(_("%(code)s 不是部门专机，它的状态由它自己报来。") % {"code": terminal.code})
    return terminal


def _profile(terminal: Terminal, now: datetime) -> WatchProfile:
    label = base64.b32encode(secrets.token_bytes(10)).decode().lower()
    return WatchProfile.objects.get_or_create(terminal=terminal, defaults={"qr": label, "changed_at": now})[0]


def _subject(profile: WatchProfile, base: str) -> str:
    """A printer keeps the name that other rooms know; what only watches is numbered, and no number comes again."""
    taken = set(profile.sources.filter(removed_at__isnull=True).values_list("subject", flat=True))
    if base == "printer" and base not in taken:
        return base
    return f"{base}-{profile.last_number}"


def _record(actor: Actor, action: str, terminal: Terminal, details: Mapping[str, Any], now: datetime) -> None:
    where = terminal.area.place.path
    record(actor, action, subject=f"terminal:{terminal.code}", place_path=where, details=details, at=now)
