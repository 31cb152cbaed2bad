"""Figures of a period, computed from the rows alone: plain SQL and arithmetic, nothing of the house.

Written from the definitions in docs/mechanisms (hours, order clocks, rounds), for a period without contracts, so that
clocks run day and night; what the house says must agree with it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

TAKES_AWAY = {("paper.upper", "out"), ("media", "jammed"), ("device", "hardwareError")}
"""States of a printer in which nothing can be printed."""


@dataclass(frozen=True, slots=True)
class OrderFigures:
    orders: int
    responded: int
    repaired: int


def moment(value: Any) -> datetime:
    """SQLite gives times in UTC without saying so."""
    assert isinstance(value, datetime)
    return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


def rows(cursor: Any, sql: str, *values: object) -> list[tuple[Any, ...]]:
    cursor.execute(sql, values)
    return list(cursor.fetchall())


def orders(cursor: Any) -> OrderFigures:
    """How many there were, and how many were accepted and repaired within their limits; called-off ones left out."""
    found = rows(
        cursor,
        "SELECT id, CAST(policy AS text), opened_at FROM maintenance_workorder "
        "WHERE state NOT IN ('cancelled', 'merged')",
    )
    events = rows(cursor, "SELECT order_id, event, reason, at FROM maintenance_workorderevent ORDER BY at, id")
    responded = repaired = 0
    for number, policy_text, opened in found:
        policy = json.loads(policy_text)
        mine = [(event, reason, moment(at)) for order, event, reason, at in events if order == number]
        responded += _within(mine, moment(opened), ("accepted", "arrived", "repaired"), policy["respond_s"], ())
        repaired += _within(mine, moment(opened), ("repaired",), policy["repair_s"], policy["stopping_reasons"])
    return OrderFigures(len(found), responded, repaired)


def _within(
    events: list[tuple[str, str, datetime]], start: datetime, ends: Iterable[str], limit_s: float, stops: Iterable[str]
) -> bool:
    """Whether the last of `ends` that holds came within the limit, pauses for one of `stops` not counted."""
    end = next((at for event, _reason, at in events if event in ends), None)
    if end is None:
        return False
    used, since = 0.0, start
    stopped = False
    for event, reason, at in events:
        if at > end:
            break
        if event == "paused" and reason in stops and not stopped:
            used, stopped = used + (at - since).total_seconds(), True
        elif event == "resumed" and stopped:
            since, stopped = at, False
    if not stopped:
        used += (end - since).total_seconds()
    return used <= limit_s


def lost_s(cursor: Any, terminal: int, start: datetime, end: datetime) -> float:
    """Seconds in which a terminal could not be used: printer stopped, or silent by its incident; overlaps once."""
    spans: list[tuple[datetime, datetime]] = []
    for prop, state, since, until in rows(
        cursor,
        "SELECT property, state, since, until FROM terminals_statusinterval "
        "WHERE terminal_id = %s AND subject = 'printer'",
        terminal,
    ):
        if (prop, state) in TAKES_AWAY:
            spans.append((moment(since), end if until is None else moment(until)))
    for opened, closed in rows(
        cursor,
        "SELECT opened_at, closed_at FROM maintenance_incident WHERE terminal_id = %s AND kind = 'terminal_silent'",
        terminal,
    ):
        spans.append((moment(opened), end if closed is None else moment(closed)))
    total, reached = 0.0, start
    for since, until in sorted((max(a, start), min(b, end)) for a, b in spans):
        if until > reached:
            total += (until - max(since, reached)).total_seconds()
            reached = until
    return total
