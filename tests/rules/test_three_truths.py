"""When a verdict ends: exactly at the next change, over midnights, holidays, touching stops, outages that stay."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budayang.rules.calendars import DayKind, open_windows, weekly_window
from budayang.rules.intervals import Interval
from budayang.rules.services import (
    ESTIMATED,
    FAR_S,
    AfterHours,
    Hours,
    ItemNeeds,
    StopWindow,
    Truth,
    Verdict,
    judge_item,
)

ORDOS = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
NEEDS = frozenset({"idReader", "printer"})
PRINT = ItemNeeds("ZZ001", NEEDS, AfterHours.ALWAYS)
LIMITED = ItemNeeds("ZZ037", NEEDS, AfterHours.LIMITED)
SUBMIT = ItemNeeds("ZZ130", NEEDS, AfterHours.SUBMIT)
WELL = {("printer", "device"): "online", ("printer", "paper.upper"): "full", ("idReader", "device"): "online"}
OFFICE = tuple(weekly_window(day, "08:30", "17:30") for day in range(5))
NIGHTS = tuple(weekly_window(day, "20:00", "08:00") for day in range(7))
HOLIDAYS = {date(2026, 10, day): DayKind.HOLIDAY for day in range(1, 8)} | {date(2026, 10, 10): DayKind.MAKEUP}


def judge(
    needs: ItemNeeds, hours: Hours, now: datetime, stops: tuple[StopWindow, ...] = (), connector: str = "ok"
) -> Verdict:
    return judge_item(needs, hours, stops=stops, connector=connector, states=WELL, terminal="online", now=now)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ORDOS)


def confirmed(weekly: tuple[object, ...], at: datetime, *, follows: bool) -> Hours:
    start, end = at - timedelta(days=1), at + timedelta(days=9)
    found = open_windows(weekly, [], start, end, table=HOLIDAYS, follows_workdays=follows)  # type: ignore[arg-type]
    return Hours(True, tuple(found))


@pytest.mark.parametrize(
    ("weekly", "follows", "at", "truth", "until"),
    [
        # the evening before a holiday: the office is closed for eight days, and opens on the first workday after them
        (OFFICE, True, "2026-09-30T18:00", Truth.STOPPED, "2026-10-08T08:30"),
        (OFFICE, True, "2026-09-30T17:29", Truth.DOABLE, "2026-09-30T17:30"),
        # midnight that begins the holiday changes nothing of what was closed already
        (OFFICE, True, "2026-10-01T00:00", Truth.STOPPED, "2026-10-08T08:30"),
        # the Saturday that is worked for it
        (OFFICE, True, "2026-10-10T08:29", Truth.STOPPED, "2026-10-10T08:30"),
        (OFFICE, True, "2026-10-10T09:00", Truth.DOABLE, "2026-10-10T17:30"),
        (OFFICE, False, "2026-10-10T09:00", Truth.STOPPED, "2026-10-12T08:30"),
        # a night that began on the last workday runs on into the holiday; the holiday's own night does not begin
        (NIGHTS, True, "2026-09-30T23:59", Truth.DOABLE, "2026-10-01T08:00"),
        (NIGHTS, True, "2026-10-01T00:00", Truth.DOABLE, "2026-10-01T08:00"),
        (NIGHTS, True, "2026-10-01T20:00", Truth.STOPPED, "2026-10-08T20:00"),
        # the night of the last holiday's morning after: the 7th is a holiday, its night is none
        (NIGHTS, True, "2026-10-08T00:30", Truth.STOPPED, "2026-10-08T20:00"),
    ],
)
def test_holidays_and_midnights(weekly: tuple[object, ...], follows: bool, at: str, truth: Truth, until: str) -> None:
    now = local(at)
    found = judge(LIMITED, confirmed(weekly, now, follows=follows), now)
    assert (found.truth, found.until) == (truth, local(until))


def test_a_stop_that_ends_at_night_is_not_the_end() -> None:
    """Stopped 18:00 to 19:00, the department closes at 18:30 and opens at 08:30: 暂停至 08:30, not 19:00."""
    windows = (Interval(NOW - 9 * HOUR, NOW + HOUR / 2), Interval(NOW + 14 * HOUR, NOW + 23 * HOUR))
    found = judge(LIMITED, Hours(True, windows), NOW, (StopWindow(NOW, NOW + HOUR, "升级"),))
    assert (found.reason, found.until) == ("planned_stop", NOW + 14 * HOUR)


def test_an_opening_in_the_middle_of_a_stop_is_not_the_end() -> None:
    windows = (Interval(NOW + 2 * HOUR, NOW + 9 * HOUR),)
    found = judge(LIMITED, Hours(True, windows), NOW, (StopWindow(NOW + HOUR, NOW + 4 * HOUR, "升级"),))
    assert (found.reason, found.until) == ("department_closed", NOW + 4 * HOUR)


def test_a_proof_by_probe_ends_with_the_stop_that_comes_first() -> None:
    hours = Hours(False, (), NOW - HOUR)
    assert judge(PRINT, hours, NOW).until == NOW + 23 * HOUR
    assert judge(PRINT, hours, NOW, (StopWindow(NOW + HOUR, NOW + 2 * HOUR),)).until == NOW + HOUR


def test_a_failed_probe_stops_until_one_passes() -> None:
    hours = Hours(True, (Interval(NOW - HOUR, NOW + 3 * HOUR),), probe_failed="部门没有办成测试事项")
    found = judge(PRINT, hours, NOW)
    assert (found.truth, found.reason, found.until) == (Truth.STOPPED, "probe_failed", None)
    assert found.text == "最近一次拨测没有通过：部门没有办成测试事项"
    # what is handed in at night waits here, and needs the department only when it opens
    night = replace(hours, windows=(Interval(NOW + 2 * HOUR, NOW + 9 * HOUR),))
    assert judge(SUBMIT, night, NOW).truth is Truth.SUBMITTABLE


def test_what_is_nearly_out_is_said_and_what_is_out_stops() -> None:
    hours = Hours(True, (Interval(NOW - HOUR, NOW + 3 * HOUR),))

    def with_supplies(states: dict[tuple[str, str], str], supplies: dict[str, str]) -> Verdict:
        return judge_item(
            PRINT, hours, stops=(), connector="ok", states=WELL | states, terminal="online", now=NOW, supplies=supplies
        )

    assert with_supplies({}, {}).notes == ()
    assert with_supplies({("printer", "paper.upper"): "low"}, {}).notes == ("A4打印纸快用完",)
    assert with_supplies({("printer", "paper.upper"): "low"}, {"a4": "low"}).notes == ("A4打印纸快用完",)
    assert with_supplies({}, {"toner": "low"}).notes == ("碳粉盒快用完",)
    out = with_supplies({}, {"a4": "out"})
    assert (out.truth, out.reason, out.text) == (Truth.STOPPED, "supply_out", "A4打印纸用完")
    assert with_supplies({}, {"a4": "out", "a4_lower": "enough"}).truth is Truth.DOABLE
    assert with_supplies({}, {"certificate": "out", "label": "out"}).truth is Truth.DOABLE
    both = with_supplies({("printer", "paper.upper"): "out"}, {"a4": "out"})
    assert both.text == "打印机缺纸"
    assert both.blockers == ("printer:paper.upper=out",)


def test_a_calendar_that_nobody_announced_is_said_to_be_estimated() -> None:
    """On New Year's Eve what ends next year is reckoned; what ends tonight is not."""
    year = local("2027-01-01T00:00")
    now = local("2026-12-31T16:00")
    tonight = Hours(True, (Interval(local("2026-12-31T08:30"), local("2026-12-31T17:30")),), estimated_from=year)
    assert judge(LIMITED, tonight, now).notes == ()
    closed = Hours(
        True, (*tonight.windows, Interval(local("2027-01-01T08:30"), local("2027-01-01T17:30"))), estimated_from=year
    )
    found = judge(LIMITED, closed, local("2026-12-31T18:00"))
    assert (found.until, found.notes) == (local("2027-01-01T08:30"), (ESTIMATED,))
    assert judge(LIMITED, closed, local("2027-01-01T09:00")).notes == (ESTIMATED,)


spans = st.tuples(st.integers(-12, 60), st.integers(1, 20)).map(lambda p: (p[0], p[0] + p[1]))
windows = st.lists(spans, max_size=4)
stop_spans = st.lists(st.one_of(spans, st.integers(-12, 60).map(lambda s: (s, None))), max_size=3)


@given(
    st.sampled_from([PRINT, LIMITED, SUBMIT]),
    st.booleans(),
    windows,
    stop_spans,
    st.one_of(st.none(), st.integers(0, 30)),
    st.sampled_from(["ok", "down", "cut", "unknown"]),
    st.sampled_from(["", "没有应答"]),
)
def test_until_is_exactly_the_next_change(
    needs: ItemNeeds,
    said: bool,
    opens: list[tuple[int, int]],
    stopped: list[tuple[int, int | None]],
    probed: int | None,
    connector: str,
    failed: str,
) -> None:
    """Asked again at every hour with everything else unchanged: the first hour with another truth is `until`."""
    # a last window far away: up to it everything is known
    known = [*opens, (100, 101)]
    hours = Hours(
        said,
        tuple(Interval(NOW + a * HOUR, NOW + b * HOUR) for a, b in known),
        NOW - probed * HOUR if probed is not None else None,
        failed,
    )
    stops = tuple(StopWindow(NOW + a * HOUR, None if b is None else NOW + b * HOUR) for a, b in stopped)
    found = judge(needs, hours, NOW, stops, connector)
    truths = [judge(needs, hours, NOW + hour * HOUR, stops, connector).truth for hour in range(1, 101)]
    change = next((NOW + hour * HOUR for hour, truth in enumerate(truths, start=1) if truth is not found.truth), None)
    if found.truth is not Truth.STOPPED and change is not None and change - NOW > timedelta(seconds=FAR_S):
        change = None
    assert found.until == change
