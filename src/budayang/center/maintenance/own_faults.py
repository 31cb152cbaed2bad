"""Faults of our own watching: events that were lost on their way, and the time in which nobody listened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from budayang.center.maintenance.incident_actions import NewIncident, close_incident, open_incident
from budayang.center.maintenance.models import Incident
from budayang.center.platform import queries as platform
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Transition
from budayang.center.terminals import area_queries
from budayang.center.terminals import queries as terminals
from budayang.rules.causes import get_cause
from budayang.rules.evidence import Line

JOB = Actor.job("maintenance.watching")
LISTENER = "center:ingest"


def note_losses(news: Sequence[Transition], now: datetime) -> None:
    """A terminal no longer keeps events that never reached us: said once, for a day; its history has a hole."""
    told = {str(one.payload["terminal"]): one for one in news}
    if not told:
        return
    kind = get_cause("events_lost")
    for machine in terminals.visible_to(JOB).filter(code__in=list(told)):
        one = told[machine.code]
        span = f"{one.payload.get('from_seq', '')}—{one.payload.get('to_seq', '')}"
        found = NewIncident(
            kind=kind,
            subject=f"terminal:{machine.code}/outbox",
            component="outbox",
            opened_at=one.occurred_at,
            place_path=machine.area.place.path,
            area_id=machine.area_id,
            terminal_id=machine.pk,
            terminal=machine.code,
            owner_id=machine.owner_id,
            vendor_id=machine.vendor_id,
            responsible_id=machine.area.manager_id,
            evidence=(Line(one.occurred_at, machine.code, "lost", f"序号 {span} 的事件没有送到"),),
        )
        open_incident(JOB, found, cause=None, now=now)


def judge_listening(now: datetime) -> int:
    """Say so while ingest is away. Nobody is blamed: the minutes are lost monitoring by its own gaps."""
    beat_at = area_queries.last_beat()
    if beat_at is None:
        return 0
    open_one = Incident.objects.filter(subject=LISTENER, state="open").first()
    away = now - beat_at > timedelta(seconds=terminals.BEAT_LATE_S)
    if away == (open_one is not None):
        return 0
    if open_one is not None:
        gaps = terminals.monitoring_gaps(open_one.opened_at, now)
        close_incident(JOB, open_one, closed_at=gaps[-1][1] if gaps else now, now=now)
        return 1
    top = platform.places_visible_to(JOB).order_by("path").values_list("path", flat=True).first()
    kind = get_cause("ingest_down")
    found = NewIncident(kind=kind, subject=LISTENER, component="ingest", opened_at=beat_at, place_path=top or "/")
    open_incident(JOB, found, cause=None, now=now)
    return 1
