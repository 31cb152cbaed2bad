"""Opening hours: over midnight, holidays, make-up workdays, exceptions, a zone with summer time."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budayang.data import day_table
from budayang.rules.calendars import (
    ALWAYS,
    DayException,
    DayKind,
    WeeklyWindow,
    add_workdays,
    day_kind,
    next_change,
    next_opening,
    open_windows,
    weekly_window,
)
from budayang.rules.intervals import Interval, total_s

ORDOS = ZoneInfo("Asia/Shanghai")
OFFICE = tuple(weekly_window(day, "08:30", "17:30") for day in range(5))
NIGHTS = tuple(weekly_window(day, "20:00", "06:00") for day in range(7))
TABLE = day_table()


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ORDOS)


def shown(xs: list[Interval]) -> list[tuple[str, str]]:
    return [(f"{x.start.astimezone(ORDOS):%m-%d %H:%M}", f"{x.end.astimezone(ORDOS):%m-%d %H:%M}") for x in xs]


def test_always_open_is_one_interval_without_seams() -> None:
    start, end = local("2026-11-01T03:00"), local("2026-11-20T22:00")
    assert open_windows(ALWAYS, [], start, end) == [Interval(start, end)]


def test_overnight_window_belongs_to_the_day_on_which_it_starts() -> None:
    closed = DayException(date(2026, 11, 24), closed=True, reason="停电检修")
    found = open_windows(NIGHTS, [closed], local("2026-11-23T12:00"), local("2026-11-26T12:00"))
    # the night that began on the 23rd runs on into the closed 24th; the night of the 24th is gone
    assert shown(found) == [("11-23 20:00", "11-24 06:00"), ("11-25 20:00", "11-26 06:00")]


def test_a_window_that_began_before_the_period_counts() -> None:
    found = open_windows(NIGHTS, [], local("2026-11-23T02:00"), local("2026-11-23T03:00"))
    assert shown(found) == [("11-23 02:00", "11-23 03:00")]


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        ("2026-09-19", []),  # an ordinary Saturday
        ("2026-09-20", [("09-20 08:30", "09-20 17:30")]),  # a Sunday worked for National Day
        ("2026-10-01", []),  # National Day, a Thursday
        ("2026-10-08", [("10-08 08:30", "10-08 17:30")]),
        ("2026-10-10", [("10-10 08:30", "10-10 17:30")]),  # a Saturday worked
        ("2025-02-08", [("02-08 08:30", "02-08 17:30")]),
        ("2024-02-12", []),
    ],
)
def test_offices_follow_holidays_and_make_up_workdays(on: str, expected: list[tuple[str, str]]) -> None:
    start = local(f"{on}T00:00")
    found = open_windows(OFFICE, [], start, start + timedelta(days=1), table=TABLE, follows_workdays=True)
    assert shown(found) == expected


def test_a_hall_that_does_not_follow_workdays_ignores_the_table() -> None:
    start = local("2026-10-01T00:00")
    assert open_windows(ALWAYS, [], start, start + timedelta(days=1), table=TABLE) == [
        Interval(start, start + timedelta(days=1))
    ]


def test_a_make_up_day_keeps_its_own_windows_if_it_has_some() -> None:
    weekly = (*OFFICE, weekly_window(5, "09:00", "12:00"))
    start = local("2026-10-10T00:00")
    found = open_windows(weekly, [], start, start + timedelta(days=1), table=TABLE, follows_workdays=True)
    assert shown(found) == [("10-10 09:00", "10-10 12:00")]


def test_exception_beats_the_holiday_and_may_run_over_midnight() -> None:
    open_holiday = DayException(date(2026, 10, 1), closed=False, windows=((time(9), time(12)), (time(22), time(2))))
    found = open_windows(
        OFFICE,
        [open_holiday],
        local("2026-10-01T00:00"),
        local("2026-10-03T00:00"),
        table=TABLE,
        follows_workdays=True,
    )
    assert shown(found) == [("10-01 09:00", "10-01 12:00"), ("10-01 22:00", "10-02 02:00")]


def test_day_kind_of_an_unknown_year_is_the_plain_week() -> None:
    assert day_kind(date(2031, 1, 4), TABLE) is DayKind.RESTDAY
    assert day_kind(date(2031, 1, 6), TABLE) is DayKind.WORKDAY
    assert day_kind(date(2026, 10, 1), TABLE) is DayKind.HOLIDAY


def test_summer_time_shortens_and_lengthens_the_day() -> None:
    def open_hours(on: str) -> float:
        start = datetime.fromisoformat(on).replace(tzinfo=ZoneInfo("Europe/Berlin"))
        weekly = [WeeklyWindow(6, time(0), time(6))]
        return total_s(open_windows(weekly, [], start, start + timedelta(days=1), zone="Europe/Berlin")) / 3600

    assert (open_hours("2026-03-22"), open_hours("2026-03-29"), open_hours("2026-10-25")) == (6, 5, 7)


def test_next_change_and_next_opening() -> None:
    windows = open_windows(OFFICE, [], local("2026-11-23T00:00"), local("2026-11-30T00:00"))
    assert next_change(windows, local("2026-11-23T02:00")) == local("2026-11-23T08:30")
    assert next_change(windows, local("2026-11-23T08:30")) == local("2026-11-23T17:30")
    assert next_change(windows, local("2026-11-29T00:00")) is None
    assert next_opening(windows, local("2026-11-23T09:00")) == local("2026-11-23T09:00")
    assert next_opening(windows, local("2026-11-23T17:30")) == local("2026-11-24T08:30")
    assert next_opening(windows, local("2026-11-28T00:00")) is None


def test_add_workdays_skips_the_holiday_and_counts_the_make_up_day() -> None:
    # 30 September is a Wednesday; 1 to 7 October holidays, 8 and 9 worked, Saturday 10 worked
    assert add_workdays(date(2026, 9, 30), 3, TABLE) == date(2026, 10, 10)
    assert add_workdays(date(2026, 11, 20), 1, TABLE) == date(2026, 11, 23)
    assert add_workdays(date(2026, 11, 20), 0, TABLE) == date(2026, 11, 20)


@pytest.mark.parametrize(
    ("opens", "closes", "next_day"), [("08:30", "08:30", False), ("17:00", "08:00", False), ("08:00", "09:00", True)]
)
def test_windows_that_make_no_sense_are_refused(opens: str, closes: str, next_day: bool) -> None:
    with pytest.raises(ValueError):
        WeeklyWindow(0, time.fromisoformat(opens), time.fromisoformat(closes), next_day)


clocks = st.times().map(lambda t: t.replace(second=0, microsecond=0, tzinfo=None))
windows_st = st.lists(
    st.tuples(st.integers(0, 6), clocks, clocks).map(lambda p: WeeklyWindow(p[0], p[1], p[2], p[2] <= p[1])), max_size=6
)
periods = st.tuples(st.integers(0, 1000), st.integers(1, 240)).map(
    lambda p: (datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=p[0]), timedelta(hours=p[1]))
)


@given(windows_st, periods, st.integers(1, 239))
def test_cutting_a_period_in_two_loses_and_doubles_nothing(
    weekly: list[WeeklyWindow], period: tuple[datetime, timedelta], cut_h: int
) -> None:
    start, length = period
    whole = open_windows(weekly, [], start, start + length, table=TABLE, follows_workdays=True)
    cut = start + timedelta(hours=cut_h)
    if start < cut < start + length:
        left = open_windows(weekly, [], start, cut, table=TABLE, follows_workdays=True)
        right = open_windows(weekly, [], cut, start + length, table=TABLE, follows_workdays=True)
        assert total_s(left) + total_s(right) == total_s(whole) == total_s([*left, *right])
    assert all(start <= x.start and x.end <= start + length for x in whole)
