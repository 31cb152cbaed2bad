"""Absence and compensatory time (请假、补休) on the duty roster, and who could stand in (弹性排班).

Which hours earn how much is policy: 劳动法 article 44 lets work on rest days be made good by time off, the rest is a
rule of the house; the shares come as arguments. Whole minutes, so that sums are equal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

from budayang.rules.calendars import DEFAULT_ZONE, DayKind, day_kind
from budayang.rules.duty import ON_DUTY, Duty
from budayang.rules.intervals import Interval, intersect, subtract

NIGHT_FROM, NIGHT_TO = time(22), time(6)


class LeaveKind(StrEnum):
    """Whether the absence is taken out of compensatory time. Why somebody is away is nobody's business here."""

    LEAVE = "leave"
    COMP = "comp"


LEAVE_KIND_NAMES: dict[LeaveKind, str] = {LeaveKind.LEAVE: "请假", LeaveKind.COMP: "补休"}
LEAVE_NAMES: dict[str, str] = {
    "asked": "等管理员同意",
    "granted": "已同意",
    "refused": "未同意",
    "withdrawn": "已撤回",
}
LEAVE_TRANSITIONS: dict[tuple[str, str], str] = {
    ("asked", "grant"): "granted",
    ("asked", "refuse"): "refused",
    ("asked", "withdraw"): "withdrawn",
    ("granted", "withdraw"): "withdrawn",
}


def leave_step(state: str, event: str) -> str | None:
    """The state after an event, or None when the table has no such step."""
    return LEAVE_TRANSITIONS.get((state, event))


@dataclass(frozen=True, slots=True)
class Absence:
    """A person who is not there during ``within``."""

    person: int
    within: Interval


def present(duties: Iterable[Duty], absences: Iterable[Absence]) -> list[Duty]:
    """The duties without the time in which their person is away. A duty that is cut keeps its day and shift; what is
    left of it are duties of their own.
    """
    away: dict[int, list[Interval]] = {}
    for one in absences:
        away.setdefault(one.person, []).append(one.within)
    found: list[Duty] = []
    for duty in duties:
        gone = away.get(duty.person)
        if gone is None:
            found.append(duty)
            continue
        for left in subtract([duty.interval], gone):
            found.append(replace(duty, start=left.start, end=left.end))
    return sorted(found)


@dataclass(frozen=True, slots=True)
class Worth:
    """Share of each hour that comes back as time off: at night, on rest days, on public holidays. The highest that
    applies counts, never their sum."""

    night: float
    restday: float
    holiday: float


def earned_minutes(
    duty: Duty, worth: Worth, *, zone: str = DEFAULT_ZONE, table: Mapping[date, DayKind] | None = None
) -> int:
    """Minutes of time off that a duty earned; 备班 earns none. An hour counts by the day on which it lies, not by that
    on which the shift began."""
    if duty.post not in ON_DUTY:
        return 0
    place = ZoneInfo(zone)
    total = 0.0
    on, last = duty.start.astimezone(place).date(), duty.end.astimezone(place).date()
    while on <= last:
        kind = day_kind(on, table or {})
        by_day = {DayKind.RESTDAY: worth.restday, DayKind.HOLIDAY: worth.holiday}.get(kind, 0.0)
        edges = [_local(on, one, place) for one in (time(0), NIGHT_TO, NIGHT_FROM)]
        edges.append(_local(on + timedelta(days=1), time(0), place))
        for number, (start, end) in enumerate(pairwise(edges)):
            by_hour = worth.night if number != 1 else 0.0
            for part in intersect([duty.interval], [Interval(start, end)]) if end > start else ():
                total += part.seconds / 60 * max(by_day, by_hour)
        on += timedelta(days=1)
    return int(total)


def _local(on: date, at: time, place: ZoneInfo) -> datetime:
    return datetime.combine(on, at, tzinfo=place).astimezone(UTC)


def counted_minutes(within: Interval, day_s: float, *, zone: str = DEFAULT_ZONE) -> int:
    """Minutes that an absence takes: of each day what it covers, at most a working day's length."""
    place, total = ZoneInfo(zone), 0.0
    on = within.start.astimezone(place).date()
    while (start := _local(on, time(0), place)) < within.end:
        end = _local(on + timedelta(days=1), time(0), place)
        covered = sum(one.seconds for one in intersect([within], [Interval(start, end)]))
        total += min(covered, day_s)
        on += timedelta(days=1)
    return int(total // 60)


@dataclass(frozen=True, slots=True)
class Balance:
    """Minutes: earned = taken out of it + expired + left. ``short``: taken beyond what there was."""

    earned: int
    taken: int
    expired: int
    left: int
    short: int


def balance(
    earned: Iterable[tuple[datetime, int]], taken: Iterable[tuple[datetime, int]], now: datetime, valid: timedelta
) -> Balance:
    """What is left at ``now``. Each absence uses what is oldest and still valid at its own moment; what nobody took
    within ``valid`` of its earning is gone.
    """
    lots = [(at, minutes) for at, minutes in sorted(earned) if at <= now and minutes > 0]
    got, out, short = sum(minutes for _at, minutes in lots), 0, 0
    for at, minutes in sorted(taken):
        wanted = minutes
        for number, (since, held) in enumerate(lots):
            if since <= at < since + valid:
                used = min(wanted, held)
                lots[number] = (since, held - used)
                wanted, out = wanted - used, out + used
        short += wanted
    gone = sum(held for since, held in lots if since + valid <= now)
    return Balance(got, out, gone, got - out - gone, short)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who could have a shift. ``against``: "away", "clash", "rest" (too little rest before or after);
    ``hours``: on duty in the stretch that was looked at."""

    person: int
    against: tuple[str, ...]
    hours: float


AGAINST_NAMES: dict[str, str] = {"away": "请假", "clash": "另有班", "rest": "休息不够"}


def candidates(
    people: Iterable[int],
    duties: Sequence[Duty],
    absences: Sequence[Absence],
    when: Interval,
    rest: timedelta,
) -> list[Candidate]:
    """The people in the order in which to ask them: nothing against it first, then who had the fewest hours."""
    found = []
    wide = Interval(when.start - rest, when.end + rest)
    for person in dict.fromkeys(people):
        mine = [one for one in duties if one.person == person]
        against = []
        if any(one.person == person and intersect([one.within], [when]) for one in absences):
            against.append("away")
        if any(intersect([one.interval], [when]) for one in mine):
            against.append("clash")
        elif any(intersect([one.interval], [wide]) for one in mine):
            against.append("rest")
        hours = sum(one.interval.seconds for one in mine if one.post in ON_DUTY) / 3600
        found.append(Candidate(person, tuple(against), hours))
    return sorted(found, key=lambda one: (len(one.against), one.hours, one.person))
