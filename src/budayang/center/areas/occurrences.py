"""From rows of planned stops to their single occurrences. No query is made here: rows come with their exceptions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import takewhile
from zoneinfo import ZoneInfo

from budayang.center.areas.models import PlannedStop
from budayang.center.areas.recurrence import Recurrence, clock_of, closing, parse, starts
from budayang.rules.areas import wall_window
from budayang.rules.intervals import Interval

# A window of a series is at most this long; see stop_actions.
LONGEST = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class StopFact:
    """One occurrence of a planned stop as other rooms read it, [start, end). `id` is the row's; with `start` it is
    unique.

    `terminal_id` None, `department`, `subject` and `component` "" mean the whole place. What is covered is decided by
    `rules.areas.covers`.
    """

    id: int
    start: datetime
    end: datetime
    place_path: str
    terminal_id: int | None
    department: str
    kind: str
    reason: str
    announced_at: datetime
    subject: str = ""
    component: str = ""
    series: bool = False

    @property
    def occurrence(self) -> datetime:
        """Which occurrence of its row this is: its start, also when the occurrence was ended early."""
        return self.start

    @property
    def part_only(self) -> bool:
        """Whether it stops a component and leaves the terminal in service."""
        return bool(self.subject or self.component)


@lru_cache(maxsize=1024)
def rule_of(text: str) -> Recurrence:
    """The rule of a row. Rows hold only what the dialect admits, so this never raises for them."""
    return parse(text)


def occurrences(stop: PlannedStop, since: datetime) -> Iterator[Interval]:
    """The occurrences that end after `since`, soonest first; without end for an endless series.

    Needs `place` and, for a series, `exceptions` of the row. Cancelled rows have none.
    """
    if stop.cancelled_at is not None:
        return
    # What was over when it was announced was never planned.
    since = max(since, stop.announced_at)
    if not stop.rrule:
        if stop.ends_at > since:
            yield Interval(stop.starts_at, stop.ends_at)
        return
    zone = stop.place.zone
    days, closes = closing(stop.starts_at, stop.ends_at, zone)
    first = clock_of(stop.starts_at, zone)
    changed = {row.occurrence_at: row.ends_at for row in stop.exceptions.all()} if stop.pk else {}
    begin = since.astimezone(ZoneInfo(zone)).date() - timedelta(days=days + 1)
    for on in starts(rule_of(stop.rrule), first, zone, begin):
        window = wall_window(on, first.time(), days, closes, zone)
        if window is None:
            continue
        if stop.until_at is not None and window.start >= stop.until_at:
            return
        end = changed.get(window.start, window.end)
        if end is not None and end > since:
            yield Interval(window.start, end)


def next_occurrence(stop: PlannedStop, now: datetime) -> Interval | None:
    """The occurrence that runs at `now`, else the next one; None when the stop is over."""
    return next(occurrences(stop, now), None)


def previous_occurrences(stop: PlannedStop, now: datetime, most: int) -> list[Interval]:
    """The last occurrences that ended by `now`, newest first."""
    reach = LONGEST * 60
    found = [one for one in occurrences_within(stop, now - reach, now) if one.end <= now]
    return found[::-1][:most]


def occurrences_within(stop: PlannedStop, start: datetime, end: datetime) -> list[Interval]:
    """The occurrences that overlap [start, end)."""
    return list(takewhile(lambda one: one.start < end, occurrences(stop, start)))


def fact(stop: PlannedStop, window: Interval) -> StopFact:
    """One occurrence of a row."""
    return StopFact(
        id=stop.pk,
        start=window.start,
        end=window.end,
        place_path=stop.place.path,
        terminal_id=stop.terminal_id,
        department=stop.department,
        kind=stop.kind,
        reason=stop.reason,
        announced_at=stop.announced_at.astimezone(UTC),
        subject=stop.subject,
        component=stop.component,
        series=bool(stop.rrule),
    )


def facts(stops: Iterable[PlannedStop], start: datetime, end: datetime) -> list[StopFact]:
    """Every occurrence of the rows that overlaps [start, end), by start."""
    found = [fact(stop, window) for stop in stops for window in occurrences_within(stop, start, end)]
    return sorted(found, key=lambda one: (one.start, one.id))
