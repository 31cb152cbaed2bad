"""The duty roster (值班表): who is on duty when, out of shifts that repeat, changes of single days, and holidays.

A shift over midnight belongs to the day on which it starts, as opening hours do. Everything comes out as times in UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from budayang.rules.calendars import DEFAULT_ZONE, DayKind, day_kind
from budayang.rules.intervals import Interval, clip, subtract, union

WEEK = 7


class Days(StrEnum):
    """On which days a shift stands. WORKDAYS and RESTDAYS follow the calendar with its make-up workdays."""

    EVERY = "every"
    WORKDAYS = "workdays"
    RESTDAYS = "restdays"
    WEEKDAYS = "weekdays"


class Turn(StrEnum):
    """When the next person takes over: at each shift, or on each Monday."""

    SHIFT = "shift"
    WEEK = "week"


class Post(StrEnum):
    """What a person is there for. The order is that in which people are told."""

    DUTY = "duty"
    LEAD = "lead"
    BACKUP = "backup"


DAYS_NAMES: dict[Days, str] = {
    Days.EVERY: "每天",
    Days.WORKDAYS: "工作日（含调休上班）",
    Days.RESTDAYS: "周末和法定节假日",
    Days.WEEKDAYS: "每周固定几天",
}
TURN_NAMES: dict[Turn, str] = {Turn.SHIFT: "每班轮换", Turn.WEEK: "每周轮换"}
POST_NAMES: dict[Post, str] = {Post.DUTY: "值班员", Post.LEAD: "带班领导", Post.BACKUP: "备班"}
ON_DUTY = frozenset({Post.DUTY, Post.LEAD})
"""备班 is called when the others do not answer: a person who may be asleep does not close a gap."""
WEEKDAY_NAMES = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")

SWAP_NAMES: dict[str, str] = {
    "asked": "等对方答复",
    "accepted": "等管理员同意",
    "done": "已换班",
    "refused": "未同意",
    "withdrawn": "已撤回",
}
SWAP_TRANSITIONS: dict[tuple[str, str], str] = {
    ("asked", "accept"): "accepted",
    ("asked", "refuse"): "refused",
    ("asked", "withdraw"): "withdrawn",
    ("accepted", "approve"): "done",
    ("accepted", "refuse"): "refused",
    ("accepted", "withdraw"): "withdrawn",
}
"""A asks, B accepts; where no keeper has to agree, `approve` follows at once."""


@dataclass(frozen=True)
class Shift:
    """One line of the roster. ``people`` take turns in this order, the first one at ``starts_on``.

    ``weekdays``: 0 is Monday; read for Days.WEEKDAYS only. ``ends_on``: the last day, or None.
    Raises ValueError when nobody is named or the days are empty.
    """

    key: int
    days: Days
    opens: time
    closes: time
    people: tuple[int, ...]
    turn: Turn
    starts_on: date
    ends_on: date | None = None
    weekdays: frozenset[int] = frozenset()
    post: Post = Post.DUTY

    def __post_init__(self) -> None:
        if not self.people:
            raise ValueError("a shift needs somebody")
        if self.days is Days.WEEKDAYS and not self.weekdays:
            raise ValueError("a shift of fixed days needs a day")

    def stands_on(self, on: date, table: Mapping[date, DayKind]) -> bool:
        """Whether the shift starts on this day."""
        if on < self.starts_on or (self.ends_on is not None and on > self.ends_on):
            return False
        if self.days is Days.EVERY:
            return True
        if self.days is Days.WEEKDAYS:
            return on.weekday() in self.weekdays
        worked = day_kind(on, table) in (DayKind.WORKDAY, DayKind.MAKEUP)
        return worked == (self.days is Days.WORKDAYS)


@dataclass(frozen=True)
class Change:
    """One thing that differs. With ``shift`` and ``on``: ``into`` stands in for whoever has that shift (None: nobody
    does). Without: ``into`` is on duty besides, during ``within``.
    """

    into: int | None
    shift: int | None = None
    on: date | None = None
    within: Interval | None = None
    post: Post = Post.DUTY


@dataclass(frozen=True, order=True)
class Duty:
    """One person on duty for one stretch. ``shift`` 0: an extra duty. ``planned``: whose turn it was."""

    start: datetime
    end: datetime
    person: int
    shift: int
    on: date
    post: Post = Post.DUTY
    planned: int = 0

    @property
    def interval(self) -> Interval:
        return Interval(self.start, self.end)

    @property
    def changed(self) -> bool:
        return self.planned != self.person


@lru_cache(maxsize=32)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def span(shift: Shift, on: date, zone: str = DEFAULT_ZONE) -> Interval:
    """The shift that starts on a day. One that does not close after it opens closes on the next day."""
    place = _zone(zone)
    last = on if shift.closes > shift.opens else on + timedelta(days=1)
    start = datetime.combine(on, shift.opens, tzinfo=place).astimezone(UTC)
    end = datetime.combine(last, shift.closes, tzinfo=place).astimezone(UTC)
    # A shift that lies in the hour that summer time skips is moved behind it, never lost.
    return Interval(start, end if end > start else start + timedelta(hours=1))


def whose_turn(shift: Shift, on: date, before: int) -> int:
    """Whose turn it is on a day; ``before``: how many times the shift stood before that day."""
    if shift.turn is Turn.WEEK:
        monday = shift.starts_on - timedelta(days=shift.starts_on.weekday())
        return shift.people[(on - monday).days // WEEK % len(shift.people)]
    return shift.people[before % len(shift.people)]


def expand(
    shifts: Sequence[Shift],
    changes: Sequence[Change],
    within: Interval,
    *,
    zone: str = DEFAULT_ZONE,
    table: Mapping[date, DayKind] | None = None,
) -> list[Duty]:
    """Everybody's duties that touch ``within``, whole, in order of time. Of two changes of one shift and day the last
    one counts.
    """
    days = table or {}
    instead = {(one.shift, one.on): one.into for one in changes if one.shift is not None}
    last = within.end.astimezone(_zone(zone)).date()
    found: list[Duty] = []
    first = within.start.astimezone(_zone(zone)).date() - timedelta(days=1)
    for shift in shifts:
        on, stood = _begin(shift, first)
        while on <= last:
            if shift.stands_on(on, days):
                planned = whose_turn(shift, on, stood)
                stood += 1
                when = span(shift, on, zone)
                person = instead.get((shift.key, on), planned)
                if person is not None and when.end > within.start and when.start < within.end:
                    found.append(Duty(when.start, when.end, person, shift.key, on, shift.post, planned))
            on += timedelta(days=1)
    for one in changes:
        if one.within is None or one.into is None or not clip([one.within], within):
            continue
        day = one.within.start.astimezone(_zone(zone)).date()
        found.append(Duty(one.within.start, one.within.end, one.into, 0, day, one.post, one.into))
    return sorted(found)


def _begin(shift: Shift, first: date) -> tuple[date, int]:
    """(day to look from, how many times the shift stood before it). Only where the calendar decides whose turn it is
    must all days since the start be counted."""
    late = max(shift.starts_on, first)
    if shift.days is Days.EVERY or shift.turn is Turn.WEEK or len(shift.people) == 1:
        return late, (late - shift.starts_on).days
    return shift.starts_on, 0


def covered(duties: Iterable[Duty]) -> list[Interval]:
    """When somebody is on duty (备班 does not count)."""
    return union(one.interval for one in duties if one.post in ON_DUTY)


def gaps(duties: Iterable[Duty], wanted: Iterable[Interval], within: Interval) -> list[Interval]:
    """When somebody should be on duty and nobody is."""
    return subtract(clip(wanted, within), covered(duties))


def clashes(duties: Sequence[Duty]) -> list[tuple[Duty, Duty]]:
    """Pairs of duties that one person would have at the same time."""
    found: list[tuple[Duty, Duty]] = []
    busy: dict[int, list[Duty]] = {}
    for one in sorted(duties):
        rivals = [other for other in busy.get(one.person, []) if other.end > one.start]
        found += [(other, one) for other in rivals]
        busy[one.person] = [*rivals, one]
    return found


def on_duty(duties: Iterable[Duty], at: datetime) -> list[Duty]:
    """Who is on duty at a moment, 值班员 before 带班领导; 备班 last."""
    order = list(Post)
    return sorted(
        (d for d in duties if d.interval.contains(at)), key=lambda d: (order.index(d.post), d.start, d.person)
    )


def next_in_line(shifts: Sequence[Shift], duties: Iterable[Duty], at: datetime, told: Iterable[int]) -> int | None:
    """Whom to tell next when those already told did not answer: the others who are there (带班, then 备班), then the
    people of the running shifts in their turn. None when everybody was told.
    """
    known = set(told)
    here = on_duty(duties, at)
    order = [one.person for one in here]
    by_key = {one.key: one for one in shifts}
    for one in here:
        shift = by_key.get(one.shift)
        if shift is not None and one.planned in shift.people:
            first = shift.people.index(one.planned)
            order += [*shift.people[first + 1 :], *shift.people[:first]]
    return next((person for person in order if person not in known), None)


def swap_step(state: str, event: str) -> str | None:
    """The state after an event, or None when the table has no such step."""
    return SWAP_TRANSITIONS.get((state, event))


def when_words(when: Interval, zone: str = DEFAULT_ZONE) -> str:
    """``周六 22:00—周日 08:00``."""
    start, end = when.start.astimezone(_zone(zone)), when.end.astimezone(_zone(zone))
    names = WEEKDAY_NAMES[start.weekday()], WEEKDAY_NAMES[end.weekday()]
    if end.date() == start.date():
        return f"{names[0]} {start:%H:%M}—{end:%H:%M}"
    if end.date() - start.date() == timedelta(days=1) and end.time() == time(0, 0):
        return f"{names[0]} {start:%H:%M}—24:00"
    return f"{names[0]} {start:%H:%M}—{names[1]} {end:%H:%M}"


def gap_words(gap: Interval, zone: str = DEFAULT_ZONE) -> str:
    """``周六 22:00—周日 08:00 无人值班``."""
    return f"{when_words(gap, zone)} 无人值班"


def shift_words(shift: Shift) -> str:
    """``每天 20:00—次日 08:00，每班轮换``."""
    if shift.days is Days.WEEKDAYS:
        days = "、".join(WEEKDAY_NAMES[day] for day in sorted(shift.weekdays))
    else:
        days = DAYS_NAMES[shift.days]
    closes = f"{shift.closes:%H:%M}" if shift.closes > shift.opens else f"次日 {shift.closes:%H:%M}"
    turn = f"，{TURN_NAMES[shift.turn]}" if len(shift.people) > 1 else ""
    return f"{days} {shift.opens:%H:%M}—{closes}{turn}"
