"""Whose minutes: promised time of a terminal, divided into usable time and exactly one bucket each (归因).

Definition in this edition: a terminal is usable while nothing that it promises is missing; a minute without paper is
not usable although its questions could still be answered. A terminal promises from its first enrolment on.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from budayang.center.areas.queries import planned_stops, promised_windows
from budayang.center.maintenance.models import Incident
from budayang.center.platform.actors import Actor
from budayang.center.services.queries import departments
from budayang.center.terminals import queries as terminals
from budayang.rules.intervals import Interval, clip
from budayang.rules.maintenance import (
    BUCKETS,
    Attributed,
    Bucket,
    Fact,
    NodeLevel,
    UsableSummary,
    attribute,
    cause_of,
    get_cause,
    summarize,
)

JOB = Actor.job("maintenance.responsibility")
OWN_LEVELS = frozenset({NodeLevel.PERIPHERAL})


def attributed(terminal_id: int, start: datetime, end: datetime) -> list[Attributed]:
    """Promised moments of a terminal in [start, end), each usable (`bucket` None) or in one bucket with its fact.

    `fact_ref` is "incident:<id>", "stop:<id>", "gap" or "status:<subject>/<property>". Give `end` at most now: what
    lies ahead has no facts yet. Raises Terminal.DoesNotExist.
    """
    terminal = terminals.visible_to(JOB).get(pk=terminal_id)
    if terminal.enrolled_at is None or terminal.enrolled_at >= end:
        return []
    begin = max(start, terminal.enrolled_at)
    promised = clip(promised_windows(terminal.area_id, begin, end), Interval(begin, end))
    facts = [
        *_stops(terminal.area_id, terminal_id, begin, end),
        *[Fact("gap", Bucket.MONITORING_LOST, since, until) for since, until in terminals.monitoring_gaps(begin, end)],
        *_incidents(terminal_id, terminal.area_id, terminal.owner_id, begin, end),
        *_states(terminal_id, begin, end),
    ]
    return attribute(promised, facts)


def usable(terminal_id: int, start: datetime, end: datetime) -> UsableSummary:
    """Promised, usable and lost seconds by bucket of a terminal in [start, end)."""
    return summarize(attributed(terminal_id, start, end))


def _stops(area_id: int, terminal_id: int, start: datetime, end: datetime) -> list[Fact]:
    """Only what was announced before it began counts as planned; a notice written afterwards excuses nothing."""
    found = planned_stops(start, end, area_id=area_id, terminal_id=terminal_id)
    return [
        Fact(f"stop:{stop.id}", Bucket.PLANNED, max(stop.start, stop.announced_at), stop.end)
        for stop in found
        if stop.announced_at < stop.end
    ]


def _incidents(terminal_id: int, area_id: int, owner_id: int, start: datetime, end: datetime) -> list[Fact]:
    """Causes above the terminal's own peripherals: its silence, its area, its owner's own department system."""
    touching = Q(opened_at__lt=end) & (Q(closed_at__isnull=True) | Q(closed_at__gt=start))
    here = Q(terminal_id=terminal_id) | Q(area_id=area_id, terminal__isnull=True)
    owned = departments().filter(organization_id=owner_id).values_list("code", flat=True)
    rows = Incident.objects.filter(touching).filter(here | Q(department__in=list(owned)))
    facts = []
    for row in rows:
        kind = get_cause(row.kind)
        if kind.level not in OWN_LEVELS and kind.affects:
            facts.append(Fact(f"incident:{row.pk}", Bucket(row.bucket), row.opened_at, row.closed_at))
    return facts


def _states(terminal_id: int, start: datetime, end: datetime) -> list[Fact]:
    """The terminal's own peripherals, from the intervals themselves: late data corrects them, incidents it does not."""
    numbers = {
        (row.component, row.kind): row.pk
        for row in Incident.objects.filter(terminal_id=terminal_id, opened_at__lt=end).order_by("opened_at")
    }
    facts = []
    for row in terminals.history(terminal_id, start, end):
        kind = cause_of(row.kind, row.property, row.state)
        if kind is None or kind.level not in OWN_LEVELS or not kind.affects:
            continue
        number = numbers.get((row.subject, kind.code))
        ref = f"incident:{number}" if number else f"status:{row.subject}/{row.property}"
        facts.append(Fact(ref, kind.bucket, row.since, row.until))
    return facts


def answers_for(bucket: Bucket) -> str:
    """manager | owner | vendor | department | center | nobody: whose score a bucket touches."""
    return BUCKETS[bucket].answers
