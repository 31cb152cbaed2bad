"""Loops of tries (拨测), of promises (出门前保障) and of trips (白跑率)."""

from __future__ import annotations

from datetime import datetime

from budayang.center.platform.deliveries import Due
from budayang.center.services import assurance_actions, probe_running, search_actions, trip_actions
from budayang.center.terminals import actions as terminal_actions


def look_at_probes(now: datetime) -> int:
    """Carry tries on."""
    return probe_running.look(now)


def read_trips(now: datetime) -> int:
    """Take what terminals tell of people's stays."""
    return terminal_actions.consume_inbox(("attempt",), lambda row: _take(row, now), now)


def _take(row: terminal_actions.InboxRow, now: datetime) -> None:
    trip_actions.note_stay(row.terminal, row.body, row.at, now)


DUES: tuple[Due, ...] = (
    Due("services.probes", 1.0, look_at_probes, outward=True),
    Due("services.probe_plan", 60.0, probe_running.watch_items),
    Due("services.promises", 2.0, assurance_actions.look),
    Due("services.trips", 1.0, read_trips),
    Due("services.searches", 2.0, search_actions.read_searches),
    Due("services.searches_tidy", 3600.0, search_actions.tidy),
)
