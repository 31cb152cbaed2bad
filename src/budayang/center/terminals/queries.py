"""Reads of the terminals room. Lists start at `visible_to(actor)`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from django.db.models import Q, QuerySet

from budayang.center.platform.actors import Actor
from budayang.center.platform.deliveries import consumers_of
from budayang.center.platform.queries import scope_q
from budayang.center.platform.sealing import CannotOpen, open_field
from budayang.center.terminals.models import (
    Credential,
    IngestLease,
    MonitoringGap,
    Outgoing,
    Peripheral,
    Session,
    StatusInterval,
    Terminal,
)
from budayang.rules.terminals import Health, roll_up

Liveness = Literal["online", "silent", "suspended", "unknown"]
LINK = ("terminal", "link")  # subject and property under which ingest keeps "online" and "silent"
BEAT_LATE_S = 20  # ingest beats each 5 s; beyond this nobody is listening


@dataclass(frozen=True, slots=True)
class StateNow:
    """One property now. `since` is when it began, by the computed event time."""

    state: str
    raw: str
    since: datetime
    kind: str


@dataclass(frozen=True, slots=True)
class StateRow:
    """One property in one state during [since, until); `until` None while it lasts."""

    subject: str
    property: str
    kind: str
    state: str
    raw: str
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class KeyedTerminal:
    """What ingest needs to check a terminal's MAC."""

    terminal_id: int
    key: bytes
    expires_at: datetime


def visible_to(actor: Actor) -> QuerySet[Terminal]:
    """Terminals of the actor's places; owner units and vendors see their own machines only."""
    if actor.kind == "terminal":
        return Terminal.objects.filter(code=actor.name)
    mine = scope_q(actor, place="area__place__path", organizations=("owner_id", "vendor_id"))
    return Terminal.objects.filter(mine).select_related("area__place", "owner", "vendor")


def get_terminal(actor: Actor, code: str) -> Terminal:
    """The terminal, or Terminal.DoesNotExist when it is not there or not for this actor."""
    return visible_to(actor).get(code=code)


def find_terminal(actor: Actor, code: str) -> Terminal | None:
    return visible_to(actor).filter(code=code).first()


def in_service() -> QuerySet[Terminal]:
    """Terminals that are or will be at work: registered, active or suspended; for jobs."""
    return Terminal.objects.exclude(state=Terminal.State.RETIRED).select_related("area__place")


def current_states(ids: Iterable[int]) -> dict[int, dict[tuple[str, str], StateNow]]:
    """The open intervals of many terminals in one query: id -> (subject, property) -> StateNow."""
    found: dict[int, dict[tuple[str, str], StateNow]] = {one: {} for one in ids}
    rows = StatusInterval.objects.filter(terminal_id__in=list(found), until__isnull=True)
    for row in rows:
        found[row.terminal_id][row.subject, row.property] = StateNow(row.state, row.raw, row.since, row.kind)
    return found


def history(terminal_id: int, start: datetime, end: datetime) -> list[StateRow]:
    """Intervals that touch [start, end), oldest first, uncut."""
    rows = StatusInterval.objects.filter(terminal_id=terminal_id, since__lt=end)
    rows = rows.filter(Q(until__isnull=True) | Q(until__gt=start)).order_by("since", "subject", "property")
    return [StateRow(r.subject, r.property, r.kind, r.state, r.raw, r.since, r.until) for r in rows]


def peripherals(terminal_id: int) -> list[Peripheral]:
    return list(Peripheral.objects.filter(terminal_id=terminal_id).order_by("subject"))


def health(terminal_id: int) -> Health:
    """The roll-up of all peripherals by the shared rule (without the terminal's own link)."""
    return health_of([terminal_id])[terminal_id]


def health_of(ids: Iterable[int]) -> dict[int, Health]:
    """`health` of many terminals with one query."""
    return {
        terminal_id: roll_up(
            {key: one.state for key, one in states.items() if key != LINK},
            kinds={subject: one.kind for (subject, _prop), one in states.items() if one.kind},
        )
        for terminal_id, states in current_states(ids).items()
    }


def liveness(terminal_id: int, now: datetime) -> Liveness:
    return liveness_of([Terminal.objects.get(pk=terminal_id)], now)[terminal_id]


def liveness_of(terminals: Iterable[Terminal], now: datetime) -> dict[int, Liveness]:
    """Whether each can be heard. While ingest itself is away nobody is called silent: it is not known."""
    lease = IngestLease.objects.first()
    heard = lease is not None and lease.beat_at is not None and now - lease.beat_at <= timedelta(seconds=BEAT_LATE_S)
    return {one.pk: _liveness(one, heard) for one in terminals}


def _liveness(terminal: Terminal, ingest_is_up: bool) -> Liveness:
    if terminal.state in (Terminal.State.SUSPENDED, Terminal.State.RETIRED):
        return "suspended"
    if terminal.silent_since is not None:
        return "silent"
    if terminal.last_seen_at is None or not ingest_is_up:
        return "unknown"
    return "online"


def monitoring_gaps(start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """When ingest itself was away, as far as it touches [start, end), uncut, oldest first."""
    rows = MonitoringGap.objects.filter(since__lt=end, until__gt=start).order_by("since")
    return list(rows.values_list("since", "until"))


def center_epoch() -> int:
    lease = IngestLease.objects.first()
    return lease.center_epoch if lease else 1


def waiting_outgoing(terminal_ids: Sequence[int], now: datetime) -> list[Outgoing]:
    """What these terminals have not acknowledged, oldest first."""
    rows = Outgoing.objects.filter(terminal_id__in=terminal_ids, acked_at__isnull=True, replaced_at__isnull=True)
    return list(rows.exclude(expires_at__lte=now).order_by("id"))


def valid_credential(terminal_id: int) -> Credential | None:
    return Credential.objects.filter(terminal_id=terminal_id, revoked_at__isnull=True).first()


def session_key(code: str, now: datetime) -> bytes | None:
    """The valid session key of an active terminal with a valid credential, or None."""
    session = (
        Session.objects.filter(terminal__code=code, terminal__state=Terminal.State.ACTIVE, expires_at__gt=now)
        .select_related("terminal")
        .first()
    )
    if session is None or valid_credential(session.terminal_id) is None:
        return None
    return _open(session)


def session_keys(terminal_ids: Sequence[int] | None = None) -> list[KeyedTerminal]:
    """Every session key that opens (all terminals, or the given ones), for ingest's memory."""
    rows = Session.objects.select_related("terminal")
    if terminal_ids is not None:
        rows = rows.filter(terminal_id__in=terminal_ids)
    found = []
    for row in rows.iterator(chunk_size=2000):
        key = _open(row)
        if key is not None:
            found.append(KeyedTerminal(row.terminal_id, key, row.expires_at))
    return found


def _open(session: Session) -> bytes | None:
    """None for a key that another center sealed (database restored on a new machine): the terminal agrees anew."""
    try:
        return bytes.fromhex(
            open_field("terminals_session", str(session.terminal_id), "sealed_key", bytes(session.sealed_key))
        )
    except CannotOpen:
        return None


def readers_of(news_kind: str) -> Sequence[str]:
    """Names of the consumers that get a delivery of such news; ingest writes transitions by its own SQL."""
    return consumers_of(news_kind)
