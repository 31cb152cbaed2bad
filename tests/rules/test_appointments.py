"""Booked times as people read them."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from budayang.rules.appointments import appointment_words, day_words, hour_words, near_words, part_of_day, span_words

ZONE = ZoneInfo("Asia/Shanghai")


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=ZONE)


def test_a_booked_time_says_day_weekday_and_part_of_the_day() -> None:
    assert appointment_words(at(30, 9), at(30, 9, 50)) == "2026年11月30日（星期一）上午9:00至9:50"
    assert appointment_words(at(30, 14, 30), None) == "2026年11月30日（星期一）下午14:30"
    assert appointment_words(at(30, 9), at(30, 9, 50), "en") == "Monday, 30 November 2026, 9:00–9:50"


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        (at(30, 11, 30), at(30, 12), "上午11:30至12:00"),
        (at(30, 11, 30), at(30, 12, 20), "上午11:30至中午12:20"),
        (at(30, 17), at(30, 18, 30), "下午17:00至晚上18:30"),
        (at(29, 23, 30), at(30, 0, 30), "晚上23:30至11月30日（星期一）凌晨0:30"),
        (at(30, 9), at(30, 8), "上午9:00"),
    ],
)
def test_the_end_is_said_again_only_where_it_is_another(start: datetime, end: datetime, words: str) -> None:
    assert span_words(start, end) == words


@pytest.mark.parametrize(
    ("hour", "word"), [(0, "凌晨"), (5, "凌晨"), (6, "上午"), (12, "中午"), (13, "下午"), (18, "晚上"), (23, "晚上")]
)
def test_parts_of_the_day(hour: int, word: str) -> None:
    assert part_of_day(hour) == word
    assert hour_words(at(30, hour)).startswith(word)


def test_near_days_have_names() -> None:
    today = date(2026, 11, 26)
    assert [near_words(date(2026, 11, day), today) for day in (25, 26, 27, 28, 29)] == ["", "今天", "明天", "后天", ""]
    assert near_words(date(2026, 11, 27), today, "en") == "Tomorrow"
    assert day_words(date(2026, 11, 30), year=False) == "11月30日（星期一）"
