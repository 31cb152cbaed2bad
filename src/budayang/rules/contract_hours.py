"""The hours in which a contract's clocks run, put together from the contracts that an order lay under, one after the
other: the calendar that :mod:`budayang.rules.order_clocks` reads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from budayang.rules.calendars import DEFAULT_ZONE, DayKind, WeeklyWindow, open_windows
from budayang.rules.intervals import Interval, maybe, total_s

LOOK = timedelta(days=14)
MOST_LOOKS = 26
"""A year: hours in which a limit is not reached by then do not reach it."""


@dataclass(frozen=True)
class WorkingHours:
    """Weekly windows in the wall-clock time of ``zone``. ``follows_workdays``: closed on public holidays, open on
    make-up workdays (调休上班), as offices are.
    """

    windows: tuple[WeeklyWindow, ...]
    follows_workdays: bool = True
    zone: str = DEFAULT_ZONE

    def between(self, start: datetime, end: datetime, table: Mapping[date, DayKind]) -> list[Interval]:
        """The working time within ``[start, end)``; ``table``: the days that are no plain weekday or weekend."""
        if start >= end:
            return []
        return open_windows(
            self.windows, (), start, end, zone=self.zone, table=table, follows_workdays=self.follows_workdays
        )


def contract_calendar(
    stretches: Sequence[tuple[datetime, WorkingHours | None]],
    now: datetime,
    ahead_s: float,
    table: Mapping[date, DayKind],
) -> list[Interval]:
    """Working time from the first of ``stretches`` on, each in force until the next begins; None is day and night.

    Beyond ``now`` it reaches until ``ahead_s`` seconds and one more have been found, a year at most: far enough for a
    limit of that length to be due within it.
    """
    found: list[Interval] = []
    for place, (start, hours) in enumerate(stretches):
        until = stretches[place + 1][0] if place + 1 < len(stretches) else max(now, start)
        found += maybe(start, until) if hours is None else hours.between(start, until, table)
    start, hours = max(now, stretches[-1][0]), stretches[-1][1]
    if hours is None:
        return [*found, Interval(start, start + timedelta(seconds=ahead_s + 1))]
    ahead: list[Interval] = []
    for _look in range(MOST_LOOKS):
        ahead += hours.between(start, start + LOOK, table)
        if total_s(ahead) > ahead_s:
            break
        start += LOOK
    return found + ahead
