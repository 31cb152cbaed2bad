"""Reads of the terminals room. Lists start at `visible_to(actor)`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from django.db.models import Q, QuerySet

from budayang.center.areas import queries as areas
from budayang.center.platform.actors import Actor
from budayang.center.platform.deliveries import consumers_of
from budayang.center.platform.models import Organization
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
    WatchNow,
)
from budayang.rules.terminals import TERMINAL, Health, StateMeaning, kind_of, meaning, roll_up

Liveness = Literal["online", "silent", "suspended", "unknown"]
LINK = ("terminal", "link")  # subject and property under which ingest keeps "online" and "silent"
APPLICATION = ("terminal", "application")  # where a terminal's program tells how it is itself
WATCHED_LIVENESS: dict[str, Liveness] = {
    "ok": "online",
    "on": "online",
    "fault": "online",
    "off": "silent",
    "unreachable": "silent",
}
SEARCH = Actor.job("terminals.search")
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
    """Terminals of the actor's places; owner units and vendors see their own machines only. Relays, at which people do
    nothing, have their own list: watching_queries.relays_visible_to.
    """
    if actor.kind == "terminal":
        return Terminal.objects.filter(code=actor.name)
    mine = scope_q(actor, place="area__place__path", organizations=("owner_id", "vendor_id"))
    machines = Terminal.objects.filter(mine).exclude(kind=Terminal.Kind.RELAY)
    return machines.select_related("area__place", "owner", "vendor")


def stood_in(area_ids: Collection[int], start: datetime, until: datetime) -> QuerySet[Terminal]:
    """Machines for people that stood in areas during [start, until), also those that were retired since; of one that
    was retired before moments were kept nothing is known.
    """
    rows = Terminal.objects.filter(area__in=list(area_ids), registered_at__lt=until).exclude(kind=Terminal.Kind.RELAY)
    gone = Q(state=Terminal.State.RETIRED) & (Q(retired_at__isnull=True) | Q(retired_at__lte=start))
    return rows.exclude(gone).select_related("area__place", "owner", "vendor")


def where_or_whose(word: str) -> Q:
    """Terminals of the areas and owner units whose name holds a word. Names are few and terminals many: the names are
    looked through first, and a hundred thousand terminals need not be joined with them. A condition only: who may see
    which terminals is visible_to's.
    """
    places = areas.visible_to(SEARCH).filter(name__icontains=word).values_list("pk", flat=True)
    owners = Organization.objects.filter(name__icontains=word).values_list("pk", flat=True)
    return Q(area__in=list(places)) | Q(owner__in=list(owners))


def get_terminal(actor: Actor, code: str) -> Terminal:
    """The terminal, or Terminal.DoesNotExist when it is not there or not for this actor."""
    return visible_to(actor).get(code=code)


def find_terminal(actor: Actor, code: str) -> Terminal | None:
    return visible_to(actor).filter(code=code).first()


def in_service() -> QuerySet[Terminal]:
    """Terminals that are or will be at work: registered, active or suspended; no relays; for jobs."""
    at_work = Terminal.objects.exclude(state=Terminal.State.RETIRED).exclude(kind=Terminal.Kind.RELAY)
    return at_work.select_related("area__place")


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


def recent_history(terminal_id: int, start: datetime, end: datetime, limit: int) -> list[StateRow]:
    """`history`, but of the newest `limit` intervals only: for pages, which a flapping part must not slow down."""
    rows = StatusInterval.objects.filter(terminal_id=terminal_id, since__lt=end)
    rows = rows.filter(Q(until__isnull=True) | Q(until__gt=start)).order_by("-since", "subject", "property")[:limit]
    found = [StateRow(r.subject, r.property, r.kind, r.state, r.raw, r.since, r.until) for r in rows]
    return found[::-1]


def peripherals(terminal_id: int) -> list[Peripheral]:
    """What the terminal reported; what vanished stays in the list (`gone_since`) until it retires."""
    return list(Peripheral.objects.filter(terminal_id=terminal_id, retired_at__isnull=True).order_by("subject"))


def kinds_of(ids: Iterable[int]) -> dict[int, set[str]]:
    """The kinds of the components that each of these terminals reported; those that reported none are missing."""
    found: dict[int, set[str]] = {}
    rows = Peripheral.objects.filter(terminal_id__in=list(ids), retired_at__isnull=True)
    for terminal_id, kind in rows.values_list("terminal_id", "kind"):
        found.setdefault(terminal_id, set()).add(kind)
    return found


def health(terminal_id: int) -> Health:
    """The roll-up of the terminal's devices by the shared rule: neither its link nor its program."""
    return health_of([terminal_id])[terminal_id]


def health_of(ids: Iterable[int]) -> dict[int, Health]:
    """`health` of many terminals with one query."""
    return {terminal_id: facts.health for terminal_id, facts in facts_of(ids).items()}


@dataclass(frozen=True, slots=True)
class Facts:
    """What a terminal last told of its devices and, apart from them, of its program."""

    health: Health
    application: StateMeaning
    application_told: bool

    @property
    def pair(self) -> tuple[Health, StateMeaning]:
        """Devices and program, as pages word them."""
        return self.health, self.application


def facts_of(ids: Iterable[int]) -> dict[int, Facts]:
    """Devices and program of many terminals with one query."""
    return {terminal_id: _facts(states) for terminal_id, states in current_states(ids).items()}


def _facts(states: dict[tuple[str, str], StateNow]) -> Facts:
    devices = {key: one for key, one in states.items() if (one.kind or kind_of(key[0])) != TERMINAL.kind}
    told = states.get(APPLICATION)
    return Facts(
        roll_up(
            {key: one.state for key, one in devices.items()},
            kinds={subject: one.kind for (subject, _prop), one in devices.items() if one.kind},
        ),
        meaning(*APPLICATION, told.state if told else "unknown"),
        told is not None,
    )


@dataclass(frozen=True, slots=True)
class ThreeFacts:
    """Whether it is heard, how its program is, how its devices are. None follows from another.

    While it is not heard, the last two are what it said last, not what is the case.
    """

    liveness: Liveness
    application: StateMeaning
    health: Health


def three_facts_of(ids: Iterable[int], now: datetime) -> dict[int, ThreeFacts]:
    """The three facts of many terminals with three queries."""
    terminals = {one.pk: one for one in Terminal.objects.filter(pk__in=list(ids))}
    alive, facts = liveness_of(terminals.values(), now), facts_of(terminals)
    return {one: ThreeFacts(alive[one], facts[one].application, facts[one].health) for one in terminals}


def liveness(terminal_id: int, now: datetime) -> Liveness:
    return liveness_of([Terminal.objects.get(pk=terminal_id)], now)[terminal_id]


def liveness_of(terminals: Iterable[Terminal], now: datetime) -> dict[int, Liveness]:
    """Whether each can be heard. While ingest itself is away nobody is called silent: it is not known.

    A machine that is watched from beside never speaks itself: the verdict of its sources stands for its word.
    """
    lease = IngestLease.objects.first()
    heard = lease is not None and lease.beat_at is not None and now - lease.beat_at <= timedelta(seconds=BEAT_LATE_S)
    chosen = list(terminals)
    watched = [one.pk for one in chosen if one.kind == Terminal.Kind.WATCHED]
    usable = dict(WatchNow.objects.filter(pk__in=watched).values_list("pk", "usable")) if watched else {}
    return {
        one.pk: _watched_liveness(one, usable.get(one.pk, ""), heard)
        if one.kind == Terminal.Kind.WATCHED
        else _liveness(one, heard)
        for one in chosen
    }


def _watched_liveness(terminal: Terminal, usable: str, ingest_is_up: bool) -> Liveness:
    if terminal.state in (Terminal.State.SUSPENDED, Terminal.State.RETIRED):
        return "suspended"
    return WATCHED_LIVENESS.get(usable, "unknown") if ingest_is_up else "unknown"


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


def credentials_at(terminal_id: int, at: datetime) -> list[Credential]:
    """The credentials that were valid at a moment: what was signed then can still be checked."""
    rows = Credential.objects.filter(terminal_id=terminal_id, enrolled_at__lte=at)
    return list(rows.filter(Q(revoked_at__isnull=True) | Q(revoked_at__gt=at)))


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
