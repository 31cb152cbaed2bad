"""Forecasts of run-outs: a table of cases and the laws that every forecast obeys; and run-outs against duty."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budayang.rules.intervals import Interval, find_at
from budayang.rules.run_out_words import explain, forecast_words, moment_words, office_hours
from budayang.rules.run_outs import (
    HORIZON,
    HOURS,
    Forecast,
    Profile,
    Why,
    forecast,
    hour_of_week,
    learn,
    needed_means,
    safe_again,
    unattended,
)

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 19, 2, tzinfo=UTC)  # a Thursday, 10:00 by the clock
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ALWAYS = [Interval(NOW - 60 * DAY, NOW + HORIZON)]


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of November 2026 by the clock of the place."""
    return datetime(2026, 11, day, hour, minute, tzinfo=ZONE).astimezone(UTC)


def flat(rate: float, **more: float) -> Profile:
    values = {"dispersion": 1.0, "doubt": 0.001, "used": 1000.0, "days": 28.0, **more}
    return Profile((rate,) * HOURS, **values)


def test_a_steady_use_runs_out_when_it_must() -> None:
    found = forecast(240, flat(10.0), NOW, ALWAYS, ZONE)
    assert found.p50 == NOW + DAY
    assert found.p10 is not None
    assert found.p90 is not None
    assert NOW + 20 * HOUR < found.p10 < found.p50 < found.p90 < NOW + 29 * HOUR
    assert found.per_day == pytest.approx(240)


@pytest.mark.parametrize(
    ("level", "profile", "why"),
    [
        (None, flat(10), Why.NO_LEVEL),
        (0, flat(10), Why.OUT),
        (300, flat(10, days=3.0), Why.NO_HISTORY),
        (300, flat(10, used=12.0), Why.NO_HISTORY),
        (500, flat(0.01), Why.BEYOND),
        (500, flat(0.0), Why.BEYOND),
        (300, flat(10), Why.KNOWN),
    ],
)
def test_what_is_not_known_is_said(level: int | None, profile: Profile, why: Why) -> None:
    found = forecast(level, profile, NOW, ALWAYS, ZONE)
    assert found.why is why
    assert (found.p10 is None) == (why not in (Why.KNOWN, Why.OUT))


def test_closed_hours_use_nothing() -> None:
    day = [Interval(at(d, 8), at(d, 18)) for d in range(19, 30)]
    found = forecast(100, flat(10.0), NOW, day, ZONE)
    assert found.p50 == at(20, 10)  # eight hours today, two tomorrow
    assert forecast(100, flat(10.0), NOW, [], ZONE).why is Why.BEYOND


def test_an_hour_of_the_week_is_told_from_the_others() -> None:
    uses = {}
    for week in range(4):
        for hour in range(9, 17):
            uses[at(2, hour) - week * 7 * DAY] = 20.0  # Mondays only
    watched = [Interval(at(2, 0) - 26 * DAY, at(3, 0))]
    profile = learn(uses, watched, ZONE)
    monday, sunday = hour_of_week(at(2, 10), ZONE), hour_of_week(at(1, 3), ZONE)
    assert profile.rates[monday] > 10 > 1 > profile.rates[sunday] > 0
    assert profile.enough
    assert profile.dispersion >= 1


def test_use_that_comes_in_bursts_is_less_sure() -> None:
    watched = [Interval(NOW - 28 * DAY, NOW)]
    steady = learn({NOW - k * HOUR: 4.0 for k in range(1, 28 * 24)}, watched, ZONE)
    bursts = learn({NOW - k * HOUR: 96.0 for k in range(1, 28 * 24, 24)}, watched, ZONE)
    assert bursts.dispersion > steady.dispersion == 1
    wide, narrow = (forecast(400, one, NOW, ALWAYS, ZONE) for one in (bursts, steady))
    assert wide.p10
    assert wide.p90
    assert narrow.p10
    assert narrow.p90
    assert wide.p90 - wide.p10 > narrow.p90 - narrow.p10


rates = st.lists(st.floats(0, 40), min_size=HOURS, max_size=HOURS)
profiles = st.builds(
    lambda r, dispersion, doubt: Profile(tuple(r), dispersion, doubt, 500.0, 30.0),
    rates,
    st.floats(1, 30),
    st.floats(0, 1.5),
)


def order(found: Forecast) -> list[float]:
    """The moments as numbers; not within the horizon: never."""
    return [one.timestamp() if one else float("inf") for one in (found.p10, found.p50, found.p90)]


@given(profiles, st.integers(1, 3000), st.integers(0, 500))
def test_more_stock_never_runs_out_earlier(profile: Profile, level: int, more: int) -> None:
    less = order(forecast(level, profile, NOW, ALWAYS, ZONE))
    much = order(forecast(level + more, profile, NOW, ALWAYS, ZONE))
    assert all(a <= b for a, b in zip(less, much, strict=True))
    assert less == sorted(less)


@given(profiles, st.integers(1, 3000), rates)
def test_more_use_never_runs_out_later(profile: Profile, level: int, extra: list[float]) -> None:
    busier = Profile(
        tuple(a + b for a, b in zip(profile.rates, extra, strict=True)), profile.dispersion, profile.doubt, 500.0, 30.0
    )
    calm, busy = (order(forecast(level, one, NOW, ALWAYS, ZONE)) for one in (profile, busier))
    assert all(b <= a + 1e-3 for a, b in zip(calm, busy, strict=True))


@given(profiles, st.integers(1, 3000))
def test_nothing_runs_out_while_the_hall_is_closed(profile: Profile, level: int) -> None:
    windows = [Interval(at(d, 8), at(d, 18)) for d in range(19, 30)]
    found = forecast(level, profile, NOW, windows, ZONE)
    for one in (found.p10, found.p50, found.p90):
        assert one is None or find_at(windows, one) or any(one == window.end for window in windows)


@given(st.floats(1, 5000), st.floats(1, 50), st.floats(0, 2))
def test_the_band_is_in_order(level: float, dispersion: float, doubt: float) -> None:
    low, middle, high = needed_means(level, dispersion, doubt)
    assert 0 <= low <= middle == level <= high


# Against duty --------------------------------------------------------------------------------------------------------

OFFICE = [Interval(at(d, 8, 30), at(d, 17, 30)) for d in (19, 20, 23, 24, 25, 26, 27)]
LEAD = timedelta(hours=4)


def band(early: datetime, middle: datetime, late: datetime | None) -> Forecast:
    return Forecast(early, middle, late, Why.KNOWN, 100.0)


def test_saturday_night_gives_an_order_on_friday() -> None:
    found = unattended(band(at(20, 22), at(21, 3), at(21, 11)), OFFICE, NOW, LEAD)
    assert found is not None
    assert (found.leaves_at, found.back_at, found.order_at) == (at(20, 17, 30), at(23, 8, 30), at(20, 13, 30))


@pytest.mark.parametrize(
    ("early", "middle", "late", "order_at"),
    [
        (at(20, 9), at(20, 10), at(20, 11), None),  # in office hours: somebody is there
        (at(20, 16), at(20, 17), at(20, 19), at(20, 13, 30)),  # may last into the evening
        (at(19, 20), at(19, 21), at(19, 22), at(19, 13, 30)),  # tonight
        (at(23, 7), at(23, 8), at(23, 12), at(20, 13, 30)),  # before they come on Monday
        (at(23, 9), at(23, 10), at(23, 12), None),
    ],
)
def test_run_outs_against_office_hours(
    early: datetime, middle: datetime, late: datetime, order_at: datetime | None
) -> None:
    found = unattended(band(early, middle, late), OFFICE, NOW, LEAD)
    assert (found.order_at if found else None) == order_at


def test_nobody_there_now_gives_the_order_at_once() -> None:
    night = at(20, 20)
    found = unattended(band(at(21, 3), at(21, 6), at(21, 9)), OFFICE, night, LEAD)
    assert found is not None
    assert (found.leaves_at, found.order_at) == (None, night)


def test_a_band_that_began_already_still_reaches_the_next_night() -> None:
    friday = at(20, 14)
    found = unattended(band(at(20, 3), at(20, 20), at(21, 9)), OFFICE, friday, LEAD)
    assert found is not None
    assert (found.leaves_at, found.order_at) == (at(20, 17, 30), friday)


def test_around_the_clock_no_order_is_needed() -> None:
    always = [Interval(NOW, NOW + HORIZON)]
    assert unattended(band(at(21, 3), at(21, 6), at(21, 9)), always, NOW, LEAD) is None


def test_nobody_planned_at_all_is_said_when_it_comes_near() -> None:
    found = unattended(band(at(29, 3), at(29, 6), at(29, 9)), [], NOW, LEAD)
    assert found is not None
    assert found.back_at is None
    assert found.order_at == at(27, 3)


def test_where_the_roster_is_cut_off_nobody_knows() -> None:
    end = NOW + HORIZON
    cut = [Interval(at(19, 8), end - 2 * DAY)]
    assert unattended(band(end - DAY, end - HOUR, None), cut, NOW, LEAD) is None
    ended = [Interval(at(19, 8), at(24, 18))]
    found = unattended(band(at(26, 3), at(26, 9), at(27, 9)), ended, NOW, LEAD)
    assert found is not None
    assert (found.leaves_at, found.back_at, found.order_at) == (at(24, 18), None, at(24, 14))


def test_an_order_ends_when_it_lasts_beyond_the_next_duty() -> None:
    friday = at(20, 14)
    assert not safe_again(band(at(23, 12), at(23, 15), None), OFFICE, friday)
    assert safe_again(band(at(23, 18), at(24, 15), None), OFFICE, friday)
    assert safe_again(Forecast(None, None, None, Why.BEYOND), OFFICE, friday)
    assert not safe_again(Forecast(None, None, None, Why.NO_LEVEL), OFFICE, friday)


def test_words() -> None:
    found = band(at(20, 22), at(21, 3), at(21, 11))
    assert forecast_words(found, "Asia/Shanghai", NOW) == "预计周六 03:00 前后（明天 22:00—周六 11:00）"
    same_day = band(at(20, 10, 32), at(20, 14, 11), at(20, 18, 29))
    assert forecast_words(same_day, "Asia/Shanghai", NOW) == "预计明天 14:00 前后（明天 11:00—18:00）"
    far = band(at(27, 17), at(28, 1), at(30, 12))
    assert forecast_words(far, "Asia/Shanghai", NOW) == "预计11月28日 周六 前后（11月27日 周五—11月30日 周一）"
    never = band(at(27, 17), at(28, 1), None)
    assert forecast_words(never, "Asia/Shanghai", NOW).endswith("—60天以后）")
    gap = unattended(found, OFFICE, NOW, LEAD)
    assert gap is not None
    text = explain("A4打印纸", found, gap, "Asia/Shanghai", rostered=True, now=NOW)
    assert text == (
        "A4打印纸预计周六 03:00 前后（明天 22:00—周六 11:00）用完；"
        "明天 17:30以后无人值守，到周一 08:30才有人。请在有人时补足。"
    )
    assert moment_words(at(29, 3), "Asia/Shanghai", NOW) == "11月29日 周日 03:00"


def test_office_hours_stand_in_for_a_roster() -> None:
    holiday = date(2026, 11, 20)
    windows = office_hours(
        NOW, NOW + 5 * DAY, "Asia/Shanghai", opens_s=8.5 * 3600, closes_s=17.5 * 3600,
        worked=lambda on: on.weekday() < 5 and on != holiday,
    )  # fmt: skip
    assert windows[0] == Interval(NOW, at(19, 17, 30))
    assert windows[1].start == at(23, 8, 30)
