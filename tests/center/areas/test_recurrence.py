"""The dialect of repetition: what it reads, what it refuses, which days it means, how it is told."""

from __future__ import annotations

from datetime import date, datetime
from itertools import islice

import pytest
from dateutil.rrule import rrulestr
from hypothesis import assume, given
from hypothesis import strategies as st

from budayang.center.areas.recurrence import (
    BadRecurrence,
    describe,
    first_on_or_after,
    last_start,
    parse,
    settled,
    starts,
)

ZONE = "Asia/Shanghai"
at = datetime.fromisoformat
FIRST = at("2026-11-25 22:00")  # a Wednesday


def days(text: str, first: datetime = FIRST, *, since: date | None = None, most: int = 6, zone: str = ZONE) -> str:
    """The first days of a rule, "11-25 11-26"."""
    rule = settled(parse(text), first.date())
    return " ".join(f"{on:%m-%d}" for on in islice(starts(rule, first, zone, since or first.date()), most))


@pytest.mark.parametrize(
    ("text", "first", "since", "expected"),
    [
        ("FREQ=DAILY", FIRST, None, "11-25 11-26 11-27 11-28 11-29 11-30"),
        ("FREQ=DAILY;INTERVAL=3", FIRST, None, "11-25 11-28 12-01 12-04 12-07 12-10"),
        ("FREQ=DAILY;INTERVAL=3", FIRST, date(2026, 12, 2), "12-04 12-07 12-10 12-13 12-16 12-19"),
        ("FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", FIRST, None, "11-25 11-26 11-27 11-30 12-01 12-02"),
        ("FREQ=DAILY;COUNT=3", FIRST, None, "11-25 11-26 11-27"),
        ("FREQ=DAILY;COUNT=3", FIRST, date(2026, 11, 27), "11-27"),
        ("FREQ=DAILY;COUNT=3", FIRST, date(2026, 12, 27), ""),
        ("FREQ=DAILY;UNTIL=20261127", FIRST, None, "11-25 11-26 11-27"),
        ("FREQ=DAILY;UNTIL=20261127T140000Z", FIRST, None, "11-25 11-26 11-27"),
        ("FREQ=DAILY;UNTIL=20261127T135959Z", FIRST, None, "11-25 11-26"),
        ("FREQ=WEEKLY", FIRST, None, "11-25 12-02 12-09 12-16 12-23 12-30"),
        ("FREQ=WEEKLY;BYDAY=WE", FIRST, date(2027, 2, 3), "02-03 02-10 02-17 02-24 03-03 03-10"),
        ("FREQ=WEEKLY;BYDAY=SA,WE", FIRST, None, "11-25 11-28 12-02 12-05 12-09 12-12"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE", FIRST, None, "11-25 12-07 12-09 12-21 12-23 01-04"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE", FIRST, date(2026, 12, 10), "12-21 12-23 01-04 01-06 01-18 01-20"),
        ("FREQ=WEEKLY;UNTIL=20261209", FIRST, None, "11-25 12-02 12-09"),
        ("FREQ=WEEKLY;UNTIL=20261208", FIRST, None, "11-25 12-02"),
        ("FREQ=MONTHLY", FIRST, None, "11-25 12-25 01-25 02-25 03-25 04-25"),
        ("FREQ=MONTHLY;BYMONTHDAY=1,15", at("2026-12-01 02:00"), None, "12-01 12-15 01-01 01-15 02-01 02-15"),
        ("FREQ=MONTHLY;BYMONTHDAY=31", at("2026-12-31 02:00"), None, "12-31 01-31 03-31 05-31 07-31 08-31"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", at("2026-11-30 02:00"), None, "11-30 12-31 01-31 02-28 03-31 04-30"),
        ("FREQ=MONTHLY;BYMONTHDAY=29", at("2027-01-29 02:00"), date(2028, 2, 1), "02-29 03-29 04-29 05-29 06-29 07-29"),
        ("FREQ=MONTHLY;BYDAY=-1FR", at("2026-11-27 02:00"), None, "11-27 12-25 01-29 02-26 03-26 04-30"),
        ("FREQ=MONTHLY;BYDAY=2TU", at("2026-12-08 02:00"), None, "12-08 01-12 02-09 03-09 04-13 05-11"),
        ("FREQ=MONTHLY;BYDAY=5MO", at("2026-11-30 02:00"), None, "11-30 03-29 05-31 08-30 11-29 01-31"),
        ("FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=10", at("2026-11-10 00:00"), None, "11-10 02-10 05-10 08-10 11-10 02-10"),
        (
            "FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=10",
            at("2026-11-10 00:00"),
            date(2027, 3, 1),
            "05-10 08-10 11-10 02-10 05-10 08-10",
        ),
        ("RRULE:freq=daily;count=2", at("2026-12-31 23:00"), None, "12-31 01-01"),
        ("FREQ=DAILY;COUNT=3", at("2028-02-28 01:00"), None, "02-28 02-29 03-01"),
    ],
)
def test_which_days_a_rule_means(text: str, first: datetime, since: date | None, expected: str) -> None:
    assert days(text, first, since=since) == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "名=值"),
        ("FREQ", "名=值"),
        ("FREQ=HOURLY", "按天、周、月"),
        ("FREQ=SECONDLY", "按天、周、月"),
        ("FREQ=YEARLY", "按天、周、月"),
        ("INTERVAL=2", "按天、周、月"),
        ("FREQ=DAILY;BYHOUR=3", "不支持“BYHOUR”"),
        ("FREQ=DAILY;BYSETPOS=1", "不支持“BYSETPOS”"),
        ("FREQ=DAILY;FREQ=WEEKLY", "写了两次"),
        ("FREQ=DAILY;INTERVAL=0", "1 到 99"),
        ("FREQ=DAILY;INTERVAL=-1", "1 到 99"),
        ("FREQ=DAILY;INTERVAL=²", "1 到 99"),
        ("FREQ=DAILY;COUNT=1000", "1 到 999"),
        ("FREQ=DAILY;COUNT=2;UNTIL=20261231", "只能写一个"),
        ("FREQ=DAILY;UNTIL=2026-12-31", "20261231"),
        ("FREQ=DAILY;UNTIL=20261301", "20261231"),
        ("FREQ=DAILY;UNTIL=20261231T235959", "20261231"),
        ("FREQ=WEEKLY;BYDAY=XX", "MO 到 SU"),
        ("FREQ=WEEKLY;BYDAY=2TU", "按月重复"),
        ("FREQ=MONTHLY;BYDAY=TU", "第几个"),
        ("FREQ=MONTHLY;BYDAY=6TU", "MO 到 SU"),
        ("FREQ=WEEKLY;BYMONTHDAY=3", "按月重复"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "1 到 31"),
        ("FREQ=MONTHLY;BYMONTHDAY=3;BYDAY=1MO", "只能选一种"),
    ],
)
def test_what_the_dialect_refuses_with_a_repair(text: str, says: str) -> None:
    with pytest.raises(BadRecurrence, match=says):
        parse(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("FREQ=DAILY", "每天"),
        ("FREQ=DAILY;INTERVAL=2", "每2天"),
        ("FREQ=WEEKLY;BYDAY=WE", "每周三"),
        ("FREQ=WEEKLY;BYDAY=WE,MO", "每周一、周三"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=FR", "每2周的周五"),
        ("FREQ=MONTHLY;BYMONTHDAY=1,15", "每月1日、15日"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", "每月最后一天"),
        ("FREQ=MONTHLY;INTERVAL=3;BYDAY=2TU", "每3个月的第2个周二"),
        ("FREQ=MONTHLY;BYDAY=-1FR;UNTIL=20261231", "每月最后一个周五，到2026年12月31日"),
        ("FREQ=DAILY;COUNT=10", "每天，共10次"),
    ],
)
def test_a_rule_is_told_in_words(text: str, words: str) -> None:
    assert describe(parse(text)) == words


def test_a_rule_has_one_spelling() -> None:
    assert parse("RRULE:BYDAY=WE,MO;INTERVAL=1;FREQ=WEEKLY").text() == "FREQ=WEEKLY;BYDAY=MO,WE"


def test_the_last_day_of_a_rule_that_ends() -> None:
    assert last_start(parse("FREQ=DAILY"), FIRST, ZONE) is None
    assert last_start(parse("FREQ=DAILY;COUNT=999"), FIRST, ZONE) == date(2029, 8, 19)
    with pytest.raises(BadRecurrence, match="第一次之前"):
        last_start(parse("FREQ=DAILY;UNTIL=20261124"), FIRST, ZONE)
    with pytest.raises(BadRecurrence, match="十年"):
        last_start(parse("FREQ=DAILY;UNTIL=20991231"), FIRST, ZONE)


def test_the_first_day_on_or_after_the_one_typed() -> None:
    assert first_on_or_after(parse("FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=30"), FIRST.replace(2024, 2, 1), ZONE) is None
    assert first_on_or_after(parse("FREQ=WEEKLY;BYDAY=MO"), FIRST, ZONE) == date(2026, 11, 30)


RULES = st.one_of(
    st.builds("FREQ=DAILY;INTERVAL={}".format, st.integers(1, 40)),
    st.builds(
        "FREQ=WEEKLY;INTERVAL={};BYDAY={}".format, st.integers(1, 9), st.sampled_from(["MO", "WE,SU", "TU,TH,SA"])
    ),
    st.builds(
        "FREQ=MONTHLY;INTERVAL={};BYMONTHDAY={}".format, st.integers(1, 13), st.sampled_from([1, 28, 30, 31, -1])
    ),
    st.builds("FREQ=MONTHLY;INTERVAL={};BYDAY={}".format, st.integers(1, 13), st.sampled_from(["1MO", "-1FR", "5SU"])),
)


@given(RULES, st.dates(date(2024, 1, 1), date(2027, 12, 31)), st.integers(0, 1500))
def test_a_walk_that_begins_late_finds_the_same_days(text: str, typed: date, later: int) -> None:
    rule = parse(text)
    on = first_on_or_after(rule, datetime.combine(typed, FIRST.time()), ZONE)
    assume(on is not None)  # each twelfth month from February on has no thirtieth day
    assert on is not None
    first = datetime.combine(on, FIRST.time())
    since = date.fromordinal(on.toordinal() + later)
    plain = rrulestr(f"RRULE:{rule.text()}", dtstart=first)
    expected = [one.date() for one in islice((one for one in plain if one.date() >= since), 5)]
    assert list(islice(starts(rule, first, ZONE, since), 5)) == expected
