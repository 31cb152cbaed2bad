"""Rules of areas: when a helper can be reached, what a planned stop covers, the moments of a wall-clock window."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from budayang.rules.intervals import Interval

_WINDOW = re.compile(r"(\d{1,2})[:：](\d{2})\s*[-—–~～至到]+\s*(?:次日)?(\d{1,2})[:：](\d{2})")


def helper_until(words: str, local: time) -> str:
    """Until when a helper is there now, "22:00"; "" when nobody is, or when the words name no hours.

    Args:
        words: the area's own words, "每天 08:30—22:00"; several windows may stand in them, also over midnight.
        local: time of day in the area's zone.
    """
    now = local.hour * 60 + local.minute
    for match in _WINDOW.finditer(words):
        opens, closes = (int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4]))
        inside = opens <= now < closes if opens < closes else now >= opens or now < closes
        if inside:
            return f"{int(match[3]):02}:{match[4]}"
    return ""


class StopScope(Protocol):
    """What a planned stop stops, within its place: one terminal or all, a whole thing or a part of it."""

    @property
    def terminal_id(self) -> int | None: ...
    @property
    def subject(self) -> str: ...
    @property
    def component(self) -> str: ...
    @property
    def department(self) -> str: ...


def covers(stop: StopScope, *, terminal_id: int | None, subject: str = "", component: str = "") -> bool:
    """Whether a stop that reaches the area covers this thing in it.

    Args:
        stop: already known to reach the area (`areas.queries.stops_over`, `planned_stops`).
        terminal_id: the terminal asked about; None for the area itself (its door, its power, its network).
        subject: one component, "printer-2"; "" for the terminal or the area as a whole.
        component: that component's kind, "printer".

    A stop of a whole area or terminal covers every part. A stop of a part covers that part alone: a terminal whose
    printer is stopped still answers questions. A department's stop is of its items and covers no machine.
    """
    if stop.department or (stop.terminal_id is not None and stop.terminal_id != terminal_id):
        return False
    if stop.subject:
        return stop.subject == subject
    return not stop.component or stop.component == component


def wall_window(on: date, opens: time, days: int, closes: time, zone: str) -> Interval | None:
    """The moments of a window of wall-clock times that starts on the day `on` and ends `days` later at `closes`.

    Both ends are what the clock on the wall shows, so a night in which the clock is moved is an hour shorter or
    longer. A time that the clock skips is read with the offset before the jump (PEP 495, fold 0): 02:30 becomes 03:30;
    of a time that comes twice the first is meant. None when nothing is left: a window inside the skipped hour.
    """
    place = ZoneInfo(zone)
    start = datetime.combine(on, opens, tzinfo=place).astimezone(UTC)
    end = datetime.combine(on + timedelta(days=days), closes, tzinfo=place).astimezone(UTC)
    return Interval(start, end) if start < end else None
