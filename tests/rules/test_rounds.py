"""When rounds are due, what an answer means, how editions differ; tables and properties."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budayang.data.check_lists import check_lists
from budayang.rules.calendars import DayKind
from budayang.rules.causes import CAUSE_BY_CODE
from budayang.rules.round_lists import Answer, Question, difference, read_question, read_questions
from budayang.rules.rounds import (
    STATE_NAMES,
    TRANSITIONS,
    Plan,
    Rhythm,
    due_rounds,
    finish_event,
    is_due_on,
    judge,
    next_round,
    problems,
    windows_of,
)

ON = date(2026, 11, 26)  # a Thursday
MORNING = (time(8, 30), time(11, 30))
NIGHT = (time(22), time(2))
CALENDAR = {date(2026, 10, 1): DayKind.HOLIDAY, date(2026, 10, 10): DayKind.MAKEUP}


def plan(rhythm: Rhythm, *windows: tuple[time, time], **more: object) -> Plan:
    return replace(Plan(rhythm, windows or (MORNING,), date(2026, 1, 1)), **more)  # type: ignore[arg-type]  # columns


@pytest.mark.parametrize(
    ("rhythm", "more", "on", "due"),
    [
        (Rhythm.DAILY, {}, ON, True),
        (Rhythm.DAILY, {}, date(2025, 12, 31), False),
        (Rhythm.DAILY, {"ends_on": ON}, ON, True),
        (Rhythm.DAILY, {"ends_on": date(2026, 11, 25)}, ON, False),
        (Rhythm.WORKDAYS, {}, ON, True),
        (Rhythm.WORKDAYS, {}, date(2026, 11, 28), False),
        (Rhythm.WORKDAYS, {}, date(2026, 10, 1), False),
        (Rhythm.WORKDAYS, {}, date(2026, 10, 10), True),
        (Rhythm.WEEKLY, {"weekdays": frozenset({3})}, ON, True),
        (Rhythm.WEEKLY, {"weekdays": frozenset({0})}, ON, False),
        (Rhythm.MONTHLY, {"day": 26}, ON, True),
        (Rhythm.MONTHLY, {"day": 31}, date(2026, 11, 30), True),
        (Rhythm.MONTHLY, {"day": 31}, date(2026, 2, 28), True),
        (Rhythm.MONTHLY, {"day": 31}, date(2026, 10, 30), False),
        (Rhythm.HALF_YEARLY, {"day": 10, "first_month": 4}, date(2026, 10, 10), True),
        (Rhythm.HALF_YEARLY, {"day": 10, "first_month": 4}, date(2026, 4, 10), True),
        (Rhythm.HALF_YEARLY, {"day": 10, "first_month": 4}, date(2026, 7, 10), False),
        (Rhythm.HALF_YEARLY, {"day": 10, "first_month": 10}, date(2026, 4, 10), True),
        (Rhythm.YEARLY, {"day": 15, "first_month": 6}, date(2026, 6, 15), True),
        (Rhythm.YEARLY, {"day": 15, "first_month": 6}, date(2026, 12, 15), False),
    ],
)
def test_which_days_a_plan_asks_for(rhythm: Rhythm, more: dict[str, object], on: date, due: bool) -> None:
    assert is_due_on(plan(rhythm, **more), on, CALENDAR) is due


def test_a_window_over_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    (only,) = windows_of(plan(Rhythm.DAILY, NIGHT), ON, {})
    assert only.start == datetime(2026, 11, 26, 14, tzinfo=UTC)
    assert only.end == datetime(2026, 11, 26, 18, tzinfo=UTC)


def test_what_is_wrong_with_a_plan_is_told_with_the_repair() -> None:
    assert problems(plan(Rhythm.DAILY)) == []
    assert problems(plan(Rhythm.WEEKLY)) == ["请勾选每周的哪几天"]
    assert problems(replace(plan(Rhythm.DAILY), windows=())) == ["请至少写一个时间段"]
    assert problems(plan(Rhythm.DAILY, MORNING, (time(11), time(12)))) == ["时间段不能重叠"]
    assert problems(plan(Rhythm.DAILY, NIGHT, (time(1), time(3)))) == ["时间段不能重叠"], "over midnight too"
    assert problems(plan(Rhythm.DAILY, NIGHT, (time(2), time(3)))) == [], "half-open: they touch"


@given(
    rhythm=st.sampled_from(list(Rhythm)),
    start=st.integers(0, 480_000).map(lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)),
    hours=st.integers(1, 2000),
    day=st.integers(1, 31),
)
def test_nothing_is_due_twice_or_lost_however_time_is_cut(
    rhythm: Rhythm, start: datetime, hours: int, day: int
) -> None:
    one = plan(rhythm, NIGHT, MORNING, weekdays=frozenset({1, 5}), day=day, first_month=2)
    end = start + timedelta(hours=hours)
    middle = start + timedelta(hours=hours // 3)
    whole = list(due_rounds(one, start, end, CALENDAR))
    assert whole == [*due_rounds(one, start, middle, CALENDAR), *due_rounds(one, middle, end, CALENDAR)]
    assert all(first.start < second.start for first, second in pairwise(whole))
    if whole:
        assert next_round(one, start, CALENDAR) == whole[0].start


def question(kind: Answer, **more: object) -> Question:
    return replace(Question("q", "问", kind), **more)  # type: ignore[arg-type]  # columns


@pytest.mark.parametrize(
    ("asked", "value", "failed", "problem"),
    [
        (question(Answer.YES_NO), "yes", False, False),
        (question(Answer.YES_NO), "no", True, False),
        (question(Answer.YES_NO), "na", False, False),
        (question(Answer.YES_NO), "maybe", False, True),
        (question(Answer.NUMBER, low=0, high=30, unit="秒"), "30", False, False),
        (question(Answer.NUMBER, low=0, high=30, unit="秒"), "30.5", True, False),
        (question(Answer.NUMBER, low=10), "9.9", True, False),
        (question(Answer.NUMBER, low=10), "nan", False, True),
        (question(Answer.NUMBER), "1e400", False, True),
        (question(Answer.NUMBER), "x", False, True),
        (question(Answer.DATE, low=60), "2027-01-25", False, False),
        (question(Answer.DATE, low=60), "2027-01-24", True, False),
        (question(Answer.DATE, low=60), "2026-01-01", True, False),
        (question(Answer.DATE, high=-30), "2026-10-27", False, False),
        (question(Answer.DATE, high=-30), "2026-10-28", True, False),
        (question(Answer.DATE), "26.11.2026", False, True),
        (question(Answer.CHOICE, choices=("没有", "有"), bad=("有",)), "没有", False, False),
        (question(Answer.CHOICE, choices=("没有", "有"), bad=("有",)), "有", True, False),
        (question(Answer.CHOICE, choices=("没有", "有")), "别的", False, True),
        (question(Answer.TEXT), "好", False, False),
        (question(Answer.TEXT), " ", False, True),
        (question(Answer.TEXT), "长" * 201, False, True),
    ],
)
def test_what_an_answer_means(asked: Question, value: str, failed: bool, problem: bool) -> None:
    judged = judge(asked, value, ON)
    assert (judged.failed, bool(judged.problem)) == (failed, problem)
    assert not judged.failed or judged.reason


def test_editions_differ_by_question_and_column() -> None:
    old = (question(Answer.NUMBER, high=30.0), Question("gone", "旧"))
    new = (question(Answer.NUMBER, high=20.0), Question("fresh", "新"))
    told = [(one.what, one.question.code, one.parts) for one in difference(old, new)]
    assert told == [("changed", "q", (("high", "30", "20"),)), ("added", "fresh", ()), ("removed", "gone", ())]
    assert difference(old, old) == []


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"code": "问", "text": "x"}, "代码"),
        ({"code": "a", "text": ""}, "问题"),
        ({"code": "a", "text": "x", "kind": "video"}, "video"),
        ({"code": "a", "text": "x", "severity": "awful"}, "等级"),
        ({"code": "a", "text": "x", "bucket": "moon"}, "moon"),
        ({"code": "a", "text": "x", "kind": "choice", "choices": "一个"}, "两个以上"),
        ({"code": "a", "text": "x", "kind": "choice", "choices": "有、没有", "bad": "也许"}, "算异常"),
        ({"code": "a", "text": "x", "low": "much"}, "不是数字"),
    ],
)
def test_a_row_that_cannot_be_read_says_why(row: dict[str, object], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        read_question(row)


def test_a_code_stands_once() -> None:
    with pytest.raises(ValueError, match="两次"):
        read_questions([{"code": "a", "text": "x"}, {"code": "a", "text": "y"}])
    with pytest.raises(ValueError, match="没有问题"):
        read_questions([])


def test_the_lists_that_ship_are_whole() -> None:
    lists = {one.code: one for one in check_lists()}
    assert {"daily", "before_work", "after_work", "night", "weekly", "monthly_fire", "half_year_signs"} <= lists.keys()
    assert {"yearly_test", "cleaning", "guard"} <= lists.keys()
    for one in lists.values():
        assert one.questions, one.code
        assert one.basis
        assert problems(Plan(one.rhythm, one.windows, ON, weekdays=frozenset({0}), day=one.day)) == []
        assert read_questions([question.plain() for question in one.questions]) == one.questions
        for asked in one.questions:
            assert set(asked.joins) <= CAUSE_BY_CODE.keys()
    asked_daily = {one.code for one in lists["daily"].questions}
    assert {"door_card", "help_call", "playback_from", "test_print", "opinions"} <= asked_daily


def test_the_table_of_states_leads_only_to_states_and_never_back_to_open() -> None:
    assert {state for state, _event in TRANSITIONS} | set(TRANSITIONS.values()) == set(STATE_NAMES)
    assert "open" not in TRANSITIONS.values()


@pytest.mark.parametrize(
    ("minutes", "proved", "state", "event"),
    [
        (10, False, "open", "finish"),
        (70, False, "open", "finish"),
        (90, False, "open", "finish_late"),
        (-5, False, "open", "finish_late"),
        (10, True, "missed", "finish"),
        (10, False, "missed", "finish_late"),
        (90, True, "missed", "finish_late"),
    ],
)
def test_a_phone_s_clock_alone_undoes_no_missed_round(minutes: int, proved: bool, state: str, event: str) -> None:
    opens_at = datetime(2026, 11, 26, 1, tzinfo=UTC)
    told = finish_event(
        opens_at + timedelta(minutes=minutes), opens_at, opens_at + timedelta(hours=1), 900, proved=proved, state=state
    )
    assert told == event
