"""What the center sends of a terminal's availability, read from the wire: department hours, lines, stops, what tries
prove, consumables by the count, where else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from budayang.rules.calendars import ALWAYS, DayException, WeeklyWindow, parse_clock, weekly_window
from budayang.rules.services import StopWindow


@dataclass(frozen=True, slots=True)
class Calendar:
    """A department's hours for some items, as the center sent them."""

    confirmed: bool
    weekly: tuple[WeeklyWindow, ...]
    exceptions: tuple[DayException, ...]
    follows_workdays: bool
    probe_passed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Stop:
    """A planned stop of the terminal, a department or an item."""

    scope: str
    code: str
    window: StopWindow


@dataclass(slots=True)
class Availability:
    """What the center knows and a terminal cannot: connectors, stops, where else."""

    connectors: dict[str, str] = field(default_factory=dict)
    stops: tuple[Stop, ...] = ()
    probes: dict[str, datetime] = field(default_factory=dict)
    probed: dict[str, tuple[datetime | None, str]] = field(default_factory=dict)
    """Item → when a try of it last passed, and why the newest failed ("" when it did not)."""
    supplies: dict[str, str] = field(default_factory=dict)
    alternatives: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    service: dict[str, Any] = field(default_factory=dict)
    planned: list[tuple[datetime, datetime, str]] = field(default_factory=list)
    """Stops to come in words, and from when until when people are told."""


def read_availability(body: Mapping[str, Any]) -> Availability:
    """The message "availability". What it does not name is not there; what cannot be read raises."""
    return Availability(
        connectors={code: _line_word(row) for code, row in (body.get("connectors") or {}).items()},
        stops=tuple(_stop(row) for row in body.get("stops") or []),
        probes={key: datetime.fromisoformat(at) for key, at in (body.get("probes") or {}).items() if at},
        probed={
            code: (datetime.fromisoformat(row["passed_at"]) if row.get("passed_at") else None, str(row["failed"]))
            for code, row in (body.get("probed") or {}).items()
        },
        supplies={str(code): str(tell) for code, tell in (body.get("supplies") or {}).items()},
        alternatives=dict(body.get("alternatives") or {}),
        service=dict(body.get("service") or {}),
        planned=[
            (datetime.fromisoformat(row["from"]), datetime.fromisoformat(row["until"]), str(row["text"]))
            for row in body.get("planned") or []
        ],
    )


def _line_word(row: Mapping[str, Any]) -> str:
    """How a department's line is; a center of an earlier version knows no cut line."""
    return "cut" if row.get("cut") else str(row.get("state", "unknown"))


def read_calendar(row: Mapping[str, Any]) -> Calendar:
    """A department's hours as the message "catalogue" holds them."""
    exceptions = tuple(
        DayException(
            on=date.fromisoformat(e["on"]),
            closed=bool(e.get("closed", False)),
            windows=tuple((parse_clock(a)[0], parse_clock(b)[0]) for a, b in e.get("windows") or []),
            reason=str(e.get("reason", "")),
        )
        for e in row.get("exceptions") or []
    )
    probe = row.get("probe_passed_at")
    return Calendar(
        confirmed=bool(row.get("confirmed", False)),
        weekly=ALWAYS
        if row.get("always")
        else tuple(weekly_window(int(w[0]), str(w[1]), str(w[2])) for w in row.get("weekly") or []),
        exceptions=exceptions,
        follows_workdays=bool(row.get("follows_workdays", False)),
        probe_passed_at=datetime.fromisoformat(probe) if probe else None,
    )


def _stop(row: Mapping[str, Any]) -> Stop:
    end = row.get("end")
    window = StopWindow(
        datetime.fromisoformat(row["start"]), datetime.fromisoformat(end) if end else None, str(row.get("reason", ""))
    )
    return Stop(str(row.get("scope", "terminal")), str(row.get("code", "")), window)
