"""The duty roster's rules: a table of weeks, and what must hold for every roster."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budayang.rules.calendars import DayKind
from budayang.rules.duty import (
    SWAP_NAMES,
    SWAP_TRANSITIONS,
    Change,
    Days,
    Duty,
    Post,
    Shift,
    Turn,
    clashes,
    covered,
    expand,
    gap_words,
    gaps,
    next_in_line,
    on_duty,
    shift_words,
    span,
    swap_step,
)
from budayang.rules.intervals import Interval, clip, intersect, total_s, union

A, B, C = 11, 12, 13
MONDAY = date(2026, 11, 23)
ZONE = timedelta(hours=8)


def at(day: int, clock: str) -> datetime:
    """Local time of a day of November 2026, in UTC."""
    hour, minute = map(int, clock.split(":"))
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC) - ZONE


def night(people: tuple[int, ...] = (A, B, C), **kwargs: object) -> Shift:
    fields: dict[str, object] = {
        "key": 1,
        "days": Days.EVERY,
        "opens": time(20),
        "closes": time(8),
        "people": people,
        "turn": Turn.SHIFT,
        "starts_on": MONDAY,
    }
    return Shift(**(fields | kwargs))  # type: ignore[arg-type]  # one place for the defaults of a test


WEEK = Interval(at(23, "00:00"), at(30, "00:00"))
HOLIDAY = {date(2026, 11, 25): DayKind.HOLIDAY, date(2026, 11, 28): DayKind.MAKEUP}
CASES = [
    ("each shift in turn", night(), [], {}, [(23, A), (24, B), (25, C), (26, A), (27, B), (28, C), (29, A)]),
    ("each week in turn", night(turn=Turn.WEEK), [], {}, [(day, A) for day in range(23, 30)]),
    (
        "a week that began in the middle turns on Monday",
        night(turn=Turn.WEEK, starts_on=date(2026, 11, 18)),
        [],
        {},
        [(22, A), *((day, B) for day in range(23, 30))],
    ),
    ("workdays only", night(days=Days.WORKDAYS), [], {}, [(23, A), (24, B), (25, C), (26, A), (27, B)]),
    (
        "a holiday has no workday shift, a make-up workday has; the turn goes on",
        night(days=Days.WORKDAYS),
        [],
        HOLIDAY,
        [(23, A), (24, B), (26, C), (27, A), (28, B)],
    ),
    ("rest days follow the calendar", night(days=Days.RESTDAYS), [], HOLIDAY, [(25, A), (29, B)]),
    (
        "fixed days do not",
        night(days=Days.WEEKDAYS, weekdays=frozenset({2, 5})),
        [],
        HOLIDAY,
        [(25, A), (28, B)],
    ),
    ("the last day", night(ends_on=date(2026, 11, 24)), [], {}, [(23, A), (24, B)]),
    ("one person", night((A,)), [], {}, [(day, A) for day in range(23, 30)]),
    (
        "somebody stands in; the turn of the others stays",
        night(),
        [Change(into=C, shift=1, on=date(2026, 11, 24))],
        {},
        [(23, A), (24, C), (25, C), (26, A), (27, B), (28, C), (29, A)],
    ),
    (
        "nobody has the day",
        night(),
        [Change(into=None, shift=1, on=date(2026, 11, 24))],
        {},
        [(23, A), (25, C), (26, A), (27, B), (28, C), (29, A)],
    ),
    (
        "of two changes the last one counts",
        night((A,)),
        [Change(B, 1, MONDAY), Change(C, 1, MONDAY)],
        {},
        [(23, C), *((day, A) for day in range(24, 30))],
    ),
    (
        "a change of another shift touches nothing",
        night((A,), ends_on=MONDAY),
        [Change(B, 2, MONDAY)],
        {},
        [(23, A)],
    ),
]


@pytest.mark.parametrize(("shift", "changes", "table", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_who_has_which_day(
    shift: Shift, changes: list[Change], table: dict[date, DayKind], expected: list[tuple[int, int]]
) -> None:
    found = expand([shift], changes, WEEK, table=table)
    assert [(one.on.day, one.person) for one in found] == expected


def test_an_overnight_shift_belongs_to_the_day_on_which_it_starts() -> None:
    duty = expand([night()], [], Interval(at(24, "02:00"), at(24, "02:01")))
    assert [(one.on, one.person, one.start, one.end) for one in duty] == [(MONDAY, A, at(23, "20:00"), at(24, "08:00"))]


def test_a_gap_is_told_in_words() -> None:
    day = night((A,), key=2, opens=time(8), closes=time(22), ends_on=date(2026, 11, 28))
    late = night((B,), opens=time(22), closes=time(8), ends_on=date(2026, 11, 27))
    within = Interval(at(28, "00:00"), at(29, "08:00"))
    found = gaps(expand([day, late], [], within), [within], within)
    assert [gap_words(one) for one in found] == ["周六 22:00—周日 08:00 无人值班"]
    assert gap_words(Interval(at(23, "08:00"), at(23, "09:30"))) == "周一 08:00—09:30 无人值班"
    assert gap_words(Interval(at(23, "22:00"), at(24, "00:00"))) == "周一 22:00—24:00 无人值班"


def test_a_backup_closes_no_gap_and_is_told_last() -> None:
    shifts = [night((A, B)), night((C,), key=2, post=Post.BACKUP)]
    duties = expand(shifts, [], WEEK)
    moment = at(23, "23:00")
    assert [one.person for one in on_duty(duties, moment)] == [A, C]
    assert covered(expand(shifts[1:], [], WEEK)) == []
    told: list[int] = []
    while (person := next_in_line(shifts, duties, moment, told)) is not None:
        told.append(person)
    assert told == [A, C, B], "the one on duty, the backup, then the others in turn"


def test_one_person_in_two_shifts_is_a_clash() -> None:
    shifts = [night((A,)), night((A,), key=2, opens=time(7), closes=time(12))]
    pairs = clashes(expand(shifts, [], Interval(at(24, "00:00"), at(24, "10:00"))))
    assert [(first.shift, second.shift) for first, second in pairs] == [(1, 2)]
    assert not clashes(expand([night((A,)), night((A,), key=2, opens=time(8), closes=time(12))], [], WEEK))


def test_words_of_a_shift() -> None:
    assert shift_words(night()) == "每天 20:00—次日 08:00，每班轮换"
    fixed = night((A,), days=Days.WEEKDAYS, weekdays=frozenset({5, 6}), opens=time(9), closes=time(17))
    assert shift_words(fixed) == "周六、周日 09:00—17:00"


def test_a_swap_moves_only_along_its_table() -> None:
    assert {state for state, _event in SWAP_TRANSITIONS} | set(SWAP_TRANSITIONS.values()) == set(SWAP_NAMES)
    assert swap_step("done", "withdraw") is None
    assert swap_step("asked", "approve") is None, "nobody is put on duty who did not say yes"


shifts = st.builds(
    night,
    people=st.lists(st.integers(1, 5), min_size=1, max_size=4, unique=True).map(tuple),
    key=st.integers(1, 3),
    days=st.sampled_from([Days.EVERY, Days.WORKDAYS, Days.RESTDAYS]),
    opens=st.times().map(lambda t: t.replace(second=0, microsecond=0, tzinfo=None)),
    closes=st.times().map(lambda t: t.replace(second=0, microsecond=0, tzinfo=None)),
    turn=st.sampled_from(list(Turn)),
    starts_on=st.dates(date(2026, 9, 1), date(2026, 12, 1)),
)
START = datetime(2026, 10, 1, tzinfo=UTC)
moments = st.integers(0, 80 * 24 * 60).map(lambda minutes: START + timedelta(minutes=minutes))


@given(st.lists(shifts, max_size=3, unique_by=lambda s: s.key), moments, st.integers(1, 20 * 24))
def test_a_part_of_the_time_shows_the_same_as_the_whole(roster: list[Shift], start: datetime, hours: int) -> None:
    """What a page shows for a day is what it shows for the month: no duty depends on where one begins to look."""
    whole = expand(roster, [], Interval(start - timedelta(days=30), start + timedelta(days=30)))
    part = Interval(start, start + timedelta(hours=hours))
    expected = [one for one in whole if one.end > part.start and one.start < part.end]
    assert expand(roster, [], part) == expected


@given(st.lists(shifts, max_size=3, unique_by=lambda s: s.key), moments)
def test_covered_and_gaps_are_the_whole_time_and_never_both(roster: list[Shift], start: datetime) -> None:
    within = Interval(start, start + timedelta(days=9))
    duties = expand(roster, [], within)
    there, missing = clip(covered(duties), within), gaps(duties, [within], within)
    assert union([*there, *missing]) == [within]
    assert total_s(there) + total_s(missing) == pytest.approx(within.seconds)
    assert intersect(there, missing) == []


@given(shifts, moments)
def test_each_day_on_which_a_shift_stands_has_exactly_one_person(shift: Shift, start: datetime) -> None:
    within = Interval(start, start + timedelta(days=14))
    duties = expand([shift], [], within)
    days = [one.on for one in duties]
    assert len(days) == len(set(days))
    first = start.date() - timedelta(days=2)
    standing = [
        day
        for day in (first + timedelta(days=n) for n in range(19))
        if shift.stands_on(day, {}) and clip([span(shift, day)], within)
    ]
    assert days == standing
    assert {one.person for one in duties} <= set(shift.people)


@given(st.lists(shifts, max_size=3, unique_by=lambda s: s.key), moments)
def test_what_is_not_called_a_clash_never_overlaps(roster: list[Shift], start: datetime) -> None:
    duties = expand(roster, [], Interval(start, start + timedelta(days=7)))
    told = {(one, other) for one, other in clashes(duties)}

    def overlap(one: Duty, other: Duty) -> bool:
        return one.person == other.person and one.start < other.end and other.start < one.end

    really = {(one, other) for n, one in enumerate(duties) for other in duties[n + 1 :] if overlap(one, other)}
    assert told == really
