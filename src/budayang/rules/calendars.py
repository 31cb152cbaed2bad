"""Opening hours: weekly windows, exceptions, China's holidays and make-up workdays, windows over midnight.

All windows are wall-clock times of the area's zone and come out as intervals in UTC.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from budayang.rules.intervals import Interval, clip, union

DEFAULT_ZONE = "Asia/Shanghai"
MIDNIGHT = time(0, 0)


class DayKind(StrEnum):
    """What the State Council's yearly notice makes of a day. MAKEUP (调休上班) is a rest day that is worked."""

    WORKDAY = "workday"
    RESTDAY = "restday"
    HOLIDAY = "holiday"
    MAKEUP = "makeup"


DAY_KIND_NAMES: dict[DayKind, str] = {
    DayKind.WORKDAY: "工作日",
    DayKind.RESTDAY: "休息日",
    DayKind.HOLIDAY: "法定节假日",
    DayKind.MAKEUP: "调休上班",
}


@dataclass(frozen=True)
class WeeklyWindow:
    """One window of each week. ``weekday`` 0 is Monday. A window over midnight belongs to the day on which it starts.

    Midnight at the end of a day is written ``closes=00:00, closes_next_day=True``: there is no 24:00 in
    :class:`datetime.time`.
    """

    weekday: int
    opens: time
    closes: time
    closes_next_day: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.weekday <= 6:
            raise ValueError(f"weekday must be 0 to 6, not {self.weekday}")
        if not self.closes_next_day and self.closes <= self.opens:
            raise ValueError(f"a window of one day must close after {self.opens}, not at {self.closes}")
        if self.closes_next_day and self.closes > self.opens:
            raise ValueError("a window may not be longer than 24 hours")


@dataclass(frozen=True)
class DayException:
    """One date that differs. ``windows`` that do not close after they open close on the next day."""

    on: date
    closed: bool
    windows: tuple[tuple[time, time], ...] = ()
    reason: str = ""


ALWAYS: tuple[WeeklyWindow, ...] = tuple(WeeklyWindow(day, MIDNIGHT, MIDNIGHT, True) for day in range(7))
"""7×24."""


def parse_clock(text: str) -> tuple[time, bool]:
    """``"08:30"`` → (08:30, False); ``"24:00"`` → (00:00, True), the midnight that ends the day. Raises ValueError."""
    if text.strip() == "24:00":
        return MIDNIGHT, True
    return time.fromisoformat(text.strip()), False


def weekly_window(weekday: int, opens: str, closes: str) -> WeeklyWindow:
    """A window from two texts as ``"22:00"``, ``"06:00"``; one that does not close after it opens closes on the next
    day.
    """
    opening, _ = parse_clock(opens)
    closing, next_day = parse_clock(closes)
    return WeeklyWindow(weekday, opening, closing, next_day or closing <= opening)


def day_kind(on: date, table: Mapping[date, DayKind]) -> DayKind:
    """The kind of a day; a date that the table does not know is a plain weekday or weekend."""
    known = table.get(on)
    if known is not None:
        return known
    return DayKind.RESTDAY if on.weekday() >= 5 else DayKind.WORKDAY


@lru_cache(maxsize=32)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _interval(on: date, opens: time, closes: time, next_day: bool, zone: ZoneInfo) -> list[Interval]:
    start = datetime.combine(on, opens, tzinfo=zone).astimezone(UTC)
    end = datetime.combine(on + timedelta(days=1) if next_day else on, closes, tzinfo=zone).astimezone(UTC)
    # a window that lies wholly in the hour that summer time skips is no window
    return [Interval(start, end)] if start < end else []


def _windows_of_weekday(weekly: Sequence[WeeklyWindow], weekday: int) -> list[WeeklyWindow]:
    return [w for w in weekly if w.weekday == weekday]


def _windows_of_makeup(weekly: Sequence[WeeklyWindow], weekday: int) -> list[WeeklyWindow]:
    """A worked rest day keeps its own windows if it has any, else it follows the nearest day before it that has."""
    for back in range(7):
        found = _windows_of_weekday(weekly, (weekday - back) % 7)
        if found:
            return found
    return []


def windows_of_day(
    on: date,
    weekly: Sequence[WeeklyWindow],
    exceptions: Mapping[date, DayException],
    *,
    zone: str = DEFAULT_ZONE,
    table: Mapping[date, DayKind] | None = None,
    follows_workdays: bool = False,
) -> list[Interval]:
    """The windows that start on ``on``. An exception beats the holiday table, the table beats the week."""
    place = _zone(zone)
    exception = exceptions.get(on)
    if exception is not None:
        if exception.closed:
            return []
        return [x for a, b in exception.windows for x in _interval(on, a, b, b <= a, place)]
    windows = _windows_of_weekday(weekly, on.weekday())
    if follows_workdays:
        kind = day_kind(on, table or {})
        if kind is DayKind.HOLIDAY:
            return []
        if kind is DayKind.MAKEUP:
            windows = _windows_of_makeup(weekly, on.weekday())
    return [x for w in windows for x in _interval(on, w.opens, w.closes, w.closes_next_day, place)]


def open_windows(
    weekly: Sequence[WeeklyWindow],
    exceptions: Sequence[DayException],
    start: datetime,
    end: datetime,
    *,
    zone: str = DEFAULT_ZONE,
    table: Mapping[date, DayKind] | None = None,
    follows_workdays: bool = False,
) -> list[Interval]:
    """The open time between ``start`` and ``end``, in UTC, touching windows joined.

    ``follows_workdays``: closed on public holidays, open on make-up workdays (as offices are); without it the week
    alone counts
    (as a hall that is open 7×24 does). Of two exceptions for one date the last one counts.
    """
    within = Interval(start, end)
    by_day = {x.on: x for x in exceptions}
    place = _zone(zone)
    # a window over midnight that began on the day before still counts
    day = start.astimezone(place).date() - timedelta(days=1)
    last = end.astimezone(place).date()
    found: list[Interval] = []
    while day <= last:
        found += windows_of_day(day, weekly, by_day, zone=zone, table=table, follows_workdays=follows_workdays)
        day += timedelta(days=1)
    return clip(found, within)


def next_change(windows: Sequence[Interval], at: datetime) -> datetime | None:
    """The next moment after ``at`` at which open turns closed or closed turns open; None when the windows tell of
    none.
    """
    later = [t for x in union(windows) for t in (x.start, x.end) if t > at]
    return min(later, default=None)


def next_opening(windows: Sequence[Interval], at: datetime) -> datetime | None:
    """``at`` itself when open, else the next opening; None when the windows tell of none."""
    for x in union(windows):
        if x.contains(at):
            return at
        if x.start > at:
            return x.start
    return None


def add_workdays(on: date, days: int, table: Mapping[date, DayKind]) -> date:
    """The date ``days`` workdays after ``on`` (办理期限 counts from the day after)."""
    worked = {DayKind.WORKDAY, DayKind.MAKEUP}
    while days > 0:
        on += timedelta(days=1)
        if day_kind(on, table) in worked:
            days -= 1
    return on
