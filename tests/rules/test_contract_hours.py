"""The hours in which a contract's clocks run, and clocks read with them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budayang.rules.calendars import ALWAYS, DayKind, weekly_window
from budayang.rules.contract_hours import WorkingHours, contract_calendar
from budayang.rules.intervals import Interval, total_s
from budayang.rules.maintenance import Calendars, Change, ClockPolicy, OrderEvent, order_clocks

OFFICE = WorkingHours(tuple(weekly_window(day, "09:00", "17:00") for day in range(5)))
NIGHT = WorkingHours(tuple(weekly_window(day, "20:00", "08:00") for day in range(7)), follows_workdays=False)
# 2026: 10-01 to 10-07 off (Thursday to Wednesday), 10-10 a Saturday that is worked.
HOLIDAYS = {date(2026, 10, day): DayKind.HOLIDAY for day in range(1, 8)} | {date(2026, 10, 10): DayKind.MAKEUP}
H = 3600.0


def at(day: int, hour: int, minute: int = 0, month: int = 9) -> datetime:
    """Wall clock of Shanghai in 2026; UTC+8."""
    return datetime(2026, month, day, hour, minute, tzinfo=UTC) - timedelta(hours=8)


def policy(repair_h: float, *, contract: bool = True) -> ClockPolicy:
    return ClockPolicy(1800, repair_h * H, repair_h * H, contract_steps=frozenset({"repair"} if contract else ()))


def due(hours: WorkingHours, opened: datetime, repair_h: float) -> datetime | None:
    calendar = contract_calendar([(opened, hours)], opened, repair_h * H, HOLIDAYS)
    events = [OrderEvent("reported", opened)]
    return order_clocks(events, policy(repair_h), Calendars(None, calendar), opened).repair.due_at


@pytest.mark.parametrize(
    ("hours", "opened", "repair_h", "expected"),
    [
        (OFFICE, at(28, 10), 4, at(28, 14)),  # a Monday
        (OFFICE, at(28, 15), 4, at(29, 11)),  # over the evening
        (OFFICE, at(26, 12), 2, at(28, 11)),  # a Saturday
        (OFFICE, at(30, 16), 8, at(8, 16, month=10)),  # the whole holiday lies between
        (OFFICE, at(9, 16, month=10), 8, at(10, 16, month=10)),  # into a Saturday that is worked
        (OFFICE, at(28, 17), 1, at(29, 10)),  # the very moment of closing
        (NIGHT, at(28, 10), 3, at(28, 23)),
        (NIGHT, at(28, 23), 3, at(29, 2)),  # over midnight
        (NIGHT, at(1, 7, month=10), 2, at(1, 21, month=10)),  # holidays do not stop it
        (WorkingHours(ALWAYS, follows_workdays=False), at(1, 0, month=10), 30, at(2, 6, month=10)),
        (OFFICE, at(28, 9), 240, None),
    ],
)
def test_due_in_the_hours_of_the_contract(
    hours: WorkingHours, opened: datetime, repair_h: float, expected: datetime | None
) -> None:
    found = due(hours, opened, repair_h)
    if expected is None:
        assert found is not None, "240 hours of office time lie within the year that is looked at"
        assert found > at(5, 0, month=11)
    else:
        assert found == expected


def test_hours_without_a_window_never_come_due() -> None:
    assert due(WorkingHours(()), at(28, 10), 4) is None


def test_a_contract_that_begins_on_the_way_counts_from_its_own_moment() -> None:
    opened, begins, now = at(28, 15), at(28, 16), at(29, 10)
    calendar = contract_calendar([(opened, None), (begins, OFFICE)], now, 8 * H, HOLIDAYS)
    clock = order_clocks(
        [OrderEvent("reported", opened)],
        policy(4, contract=False),
        Calendars(None, calendar),
        now,
        [Change(begins, policy(8))],
    ).repair
    assert clock.used_s == 3 * H, "an hour by day and night, one of the afternoon, one of the next morning"
    assert clock.due_at == at(29, 15)


def test_from_one_contract_to_another() -> None:
    opened, begins, now = at(28, 15), at(28, 22), at(28, 23)
    calendar = contract_calendar([(opened, OFFICE), (begins, NIGHT)], now, 8 * H, HOLIDAYS)
    assert [one for one in calendar if one.start < now] == [
        Interval(opened, at(28, 17)),
        Interval(begins, now),
    ] or total_s([one for one in calendar if one.end <= now]) == 3 * H


@given(st.integers(0, 20_000), st.integers(1, 200), st.integers(0, 10_000))
def test_the_calendar_reaches_as_far_as_the_limit(minute: int, limit_h: int, gone: int) -> None:
    opened = at(1, 0) + timedelta(minutes=minute)
    now = opened + timedelta(minutes=gone)
    calendar = contract_calendar([(opened, OFFICE)], now, limit_h * H, HOLIDAYS)
    assert total_s([Interval(max(x.start, now), x.end) for x in calendar if x.end > now]) > limit_h * H
    assert all(x.start >= opened for x in calendar)
