"""What stands in whole areas, for judging them: each read is one query, however many terminals they hold."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import datetime

from django.db.models import QuerySet

from budayang.center.terminals.models import IngestLease, StatusInterval, Terminal, WatchNow
from budayang.rules.terminals import kind_of


@dataclass(frozen=True, slots=True)
class AreaState:
    """One property of one terminal in one state during [since, until); `until` None while it lasts."""

    area_id: int
    terminal_id: int
    subject: str
    property: str
    kind: str
    state: str
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class AreaWatched:
    """What is known of a machine that is watched from beside: words of rules.watching."""

    area_id: int
    terminal_id: int
    usable: str
    evidence: str
    text: str
    since: datetime


@dataclass(frozen=True, slots=True)
class AreaMachine:
    """A terminal as judging reads it; the fields are those of Terminal."""

    pk: int
    area_id: int
    code: str
    kind: str
    owner_id: int
    vendor_id: int | None
    state: str
    state_reason: str
    plan_s: int
    grace_s: int
    last_seen_at: datetime | None
    silent_since: datetime | None


def machines_of(area_ids: Collection[int]) -> list[AreaMachine]:
    """Terminals of areas that are not retired."""
    rows = Terminal.objects.filter(area_id__in=area_ids).exclude(state=Terminal.State.RETIRED).order_by("code")
    return [AreaMachine(*row) for row in rows.values_list(*(one.name for one in fields(AreaMachine)))]


def watched_of(area_ids: Collection[int]) -> list[AreaWatched]:
    """The verdicts on departments' own machines that were last told."""
    rows = WatchNow.objects.filter(terminal__area_id__in=area_ids)
    found = rows.values_list("terminal__area_id", "terminal_id", "usable", "evidence", "text", "since")
    return [AreaWatched(*row) for row in found]


def _states(rows: QuerySet[StatusInterval]) -> list[AreaState]:
    found = rows.values_list(
        "terminal__area_id", "terminal_id", "subject", "property", "kind", "state", "since", "until"
    )
    return [AreaState(*row[:4], row[4] or kind_of(row[2]), *row[5:]) for row in found]


def standing_states(
    area_ids: Collection[int], properties: Collection[str], states: Collection[str] | None = None
) -> list[AreaState]:
    """Open intervals of some properties; `states` None: in whatever state."""
    rows = StatusInterval.objects.filter(
        terminal__area_id__in=area_ids, until__isnull=True, property__in=list(properties)
    )
    return _states(rows.filter(state__in=list(states)) if states is not None else rows)


def recent_states(
    area_ids: Collection[int], properties: Collection[str], states: Collection[str], since: datetime
) -> list[AreaState]:
    """Intervals that began at or after `since`, oldest first."""
    rows = StatusInterval.objects.filter(
        terminal__area_id__in=area_ids, since__gte=since, property__in=list(properties), state__in=list(states)
    )
    return _states(rows.order_by("since"))


def states_of_subjects(subjects: Collection[str], properties: Collection[str]) -> list[AreaState]:
    """Open intervals of named components everywhere: what all terminals say of a department's system."""
    return _states(
        StatusInterval.objects.filter(subject__in=list(subjects), property__in=list(properties), until__isnull=True)
    )


def heard_since(terminal_ids: Collection[int]) -> dict[int, datetime]:
    """Since when these terminals have been heard without a silence; those that are silent now are missing."""
    rows = StatusInterval.objects.filter(terminal_id__in=terminal_ids, subject="terminal", property="link")
    return dict(rows.filter(until__isnull=True).exclude(state="silent").values_list("terminal_id", "since"))


def last_beat() -> datetime | None:
    """When ingest last said that it listens; None while it never did."""
    return IngestLease.objects.values_list("beat_at", flat=True).first()


def area_ids_of(codes: Collection[str]) -> set[int]:
    """The areas in which these machines stand, relays among them."""
    return set(Terminal.objects.filter(code__in=list(codes)).values_list("area_id", flat=True))
