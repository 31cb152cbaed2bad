"""Absence, compensatory time and who could stand in: tables of cases, and laws that hold for any history."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budayang.rules.calendars import DayKind
from budayang.rules.duty import Days, Duty, Post, Shift, Turn, covered, expand
from budayang.rules.duty_time import (
    Absence,
    Worth,
    balance,
    candidates,
    counted_minutes,
    earned_minutes,
    present,
)
from budayang.rules.intervals import Interval, total_s, union

MONDAY = date(2026, 11, 23)
WORTH = Worth(night=0.5, restday=1, holiday=2)
TABLE = {date(2026, 11, 26): DayKind.HOLIDAY, date(2026, 11, 28): DayKind.MAKEUP}


def local(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of the hall's clock in November."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC) - timedelta(hours=8)


def duty(start: datetime, end: datetime, person: int = 1, post: Post = Post.DUTY) -> Duty:
    return Duty(start, end, person, 7, MONDAY, post, person)


@pytest.mark.parametrize(
    ("start", "end", "minutes"),
    [
        (local(24, 9), local(24, 17), 0),  # a workday in the daytime earns nothing
        (local(24, 20), local(25, 8), 240),  # 22—06 at one half
        (local(24, 20), local(24, 22), 0),
        (local(24, 21, 59), local(24, 22, 1), 0),  # half a minute is no minute
        (local(24, 5), local(24, 7), 30),
        (local(22, 9), local(22, 17), 480),  # a Sunday
        (local(22, 20), local(23, 8), 240 + 180),  # four hours of Sunday, six of Monday's night
        (local(27, 20), local(28, 8), 60 + 180),  # Saturday is worked: it is a night, not a rest day
        (local(26, 0), local(27, 0), 2880),  # a public holiday counts twice, at night too
        (local(25, 22), local(26, 6), 60 + 720),
    ],
)
def test_what_a_duty_earns(start: datetime, end: datetime, minutes: int) -> None:
    assert earned_minutes(duty(start, end), WORTH, table=TABLE) == minutes


def test_who_waits_at_home_earns_nothing() -> None:
    assert earned_minutes(duty(local(22, 9), local(22, 17), post=Post.BACKUP), WORTH) == 0


def test_an_absence_takes_at_most_a_working_day_of_each_day() -> None:
    assert counted_minutes(Interval(local(24, 9), local(24, 12)), 8 * 3600) == 180
    assert counted_minutes(Interval(local(24, 0), local(25, 0)), 8 * 3600) == 480
    assert counted_minutes(Interval(local(24, 20), local(26, 2)), 8 * 3600) == 240 + 480 + 120


def test_the_oldest_is_used_first_and_what_nobody_took_is_gone() -> None:
    earned = [(local(1, 8), 100), (local(10, 8), 100)]
    valid = timedelta(days=12)
    assert balance(earned, [(local(5, 8), 60)], local(6, 8), valid).left == 40, "what is not earned yet is not there"
    late = balance(earned, [(local(5, 8), 60)], local(13, 8), valid)
    assert (late.left, late.expired) == (100, 40)
    assert balance(earned, [(local(14, 8), 120)], local(14, 8), valid).short == 20, "the old hours are gone by then"
    assert balance(earned, [(local(11, 8), 120)], local(14, 8), valid).left == 80, "taken while they were valid"
    assert balance([], [(local(5, 8), 60)], local(6, 8), valid).short == 60


MOMENTS = st.integers(0, 400).map(lambda hours: local(1, 0) + timedelta(hours=hours))
AMOUNTS = st.lists(st.tuples(MOMENTS, st.integers(0, 600)), max_size=8)


@given(AMOUNTS, AMOUNTS, MOMENTS, st.integers(1, 20))
def test_nothing_is_made_or_lost(
    earned: list[tuple[datetime, int]], taken: list[tuple[datetime, int]], now: datetime, days: int
) -> None:
    found = balance(earned, taken, now, timedelta(days=days))
    assert found.earned == found.taken + found.expired + found.left
    assert sum(minutes for _at, minutes in taken) == found.taken + found.short
    assert min(found.taken, found.expired, found.left, found.short) >= 0
    more = balance([*earned, (now, 60)], taken, now, timedelta(days=days))
    assert more.left + more.taken >= found.left + found.taken


SPANS = st.lists(
    st.tuples(MOMENTS, st.integers(1, 40)).map(lambda p: Interval(p[0], p[0] + timedelta(hours=p[1]))), max_size=5
)
NIGHTS = Shift(3, Days.EVERY, time(20), time(8), (1, 2), turn=Turn.SHIFT, starts_on=date(2026, 11, 1))


@given(SPANS, SPANS)
def test_nobody_is_on_duty_while_away_and_nobody_elses_duty_changes(one: list[Interval], two: list[Interval]) -> None:
    within = Interval(local(1, 0), local(18, 0))
    duties = expand([NIGHTS], [], within)
    away = [Absence(1, span) for span in one] + [Absence(2, span) for span in two]
    left = present(duties, away)
    for person, spans in ((1, one), (2, two)):
        before = union(d.interval for d in duties if d.person == person)
        after = [d.interval for d in left if d.person == person]
        gone = total_s(before) - total_s(after)
        assert gone == pytest.approx(sum(total_s([x]) for x in _both(before, union(spans))))
    assert present(duties, []) == duties
    assert total_s(covered(left)) <= total_s(covered(duties))


def _both(a: list[Interval], b: list[Interval]) -> list[Interval]:
    """Counted anew: every pair."""
    pairs = [(max(x.start, y.start), min(x.end, y.end)) for x in a for y in b]
    return [Interval(start, end) for start, end in pairs if start < end]


def test_whom_to_ask_first() -> None:
    when = Interval(local(24, 20), local(25, 8))
    duties = [
        duty(local(23, 20), local(24, 8), person=1),
        duty(local(24, 14), local(24, 18), person=2),
        duty(local(24, 22), local(25, 2), person=3),
        duty(local(20, 8), local(21, 8), person=4),
    ]
    found = candidates([1, 2, 3, 4, 5, 6], duties, [Absence(6, when)], when, timedelta(hours=8))
    assert [(one.person, one.against) for one in found] == [
        (5, ()),
        (1, ()),
        (4, ()),
        (6, ("away",)),
        (2, ("rest",)),
        (3, ("clash",)),
    ]
