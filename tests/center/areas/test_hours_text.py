"""Hours as people write them, and read back."""

from __future__ import annotations

from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budayang.center.areas.hours_text import BadHours, all_day, describe, parse_hours, window
from budayang.rules.calendars import WeeklyWindow


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("全天", "每天 全天 24 小时"),
        ("7×24", "每天 全天 24 小时"),
        ("周一至周五 08:30-17:30；周六 09:00-12:00", "周一至周五 08:30—17:30；周六 09:00—12:00"),
        ("周一到周五 08:30－17:30".replace("－", "—"), "周一至周五 08:30—17:30"),
        ("每天 20:00-次日08:00", "每天 20:00—次日 08:00"),
        ("08:00-24:00", "每天 08:00—24:00"),
        ("周日 全天\n周一 09:00-12:00，14:00-17:00", "周一 09:00—12:00、14:00—17:00；周日 全天 24 小时"),
    ],
)
def test_hours_are_read_and_told_back(text: str, words: str) -> None:
    assert describe(parse_hours(text)) == words


@pytest.mark.parametrize(
    "text", ["", "；", "上班时间", "周五至周一 08:00-12:00", "周一 25:00-26:00", "周八 08:00-12:00"]
)
def test_hours_that_cannot_be_read_say_what_to_write(text: str) -> None:
    with pytest.raises(BadHours) as refused:
        parse_hours(text)
    assert str(refused.value)


def test_closing_before_opening_is_the_next_day() -> None:
    assert window(4, time(22), time(6)) == WeeklyWindow(4, time(22), time(6), closes_next_day=True)
    assert len(all_day()) == 7


MINUTES = st.integers(0, 24 * 60 - 1).map(lambda minute: time(minute // 60, minute % 60))


@given(st.lists(st.tuples(st.integers(0, 6), MINUTES, MINUTES), min_size=1, max_size=7, unique_by=lambda row: row[0]))
def test_what_is_told_can_be_read_again(rows: list[tuple[int, time, time]]) -> None:
    windows = tuple(sorted((window(*row) for row in rows), key=lambda one: (one.weekday, one.opens)))
    assert parse_hours(describe(windows)) == windows


@pytest.mark.parametrize("text", ["周一 08:00-次日10:00", "20:00-次日24:00", "每天 00:00-次日00:01"])
def test_a_window_longer_than_a_day_is_refused(text: str) -> None:
    with pytest.raises(BadHours, match="24 小时"):
        parse_hours(text)


def test_a_window_of_just_a_day_is_read() -> None:
    assert parse_hours("周一 08:00-次日08:00") == (window(0, time(8), time(8)),)
    assert parse_hours("周一 00:00-次日00:00") == all_day([0])
