"""Rounds (巡查 of the place, 巡检 of devices): when they are due, how an answer is judged, where a round stands.

A check list is an edition of questions (rules/round_lists.py); a plan says which list is walked where, by whom, when.
An answer travels and is kept as text: "yes", "no", "na", "18.5", "2027-01-31", a choice, or free words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

from budayang.rules.calendars import DayKind, day_kind
from budayang.rules.intervals import Interval
from budayang.rules.round_lists import Answer, Question

YES, NO, NOT_HERE = "yes", "no", "na"
TEXT_MOST = 200
LOOK_AHEAD_D = 400
"""A yearly round is found within so many days; a plan that yields nothing in this time is over."""


class Rhythm(StrEnum):
    """How often a plan asks for its round."""

    DAILY = "daily"
    WORKDAYS = "workdays"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    HALF_YEARLY = "half_yearly"
    YEARLY = "yearly"


RHYTHM_NAMES: dict[Rhythm, str] = {
    Rhythm.DAILY: "每天",
    Rhythm.WORKDAYS: "每个工作日",
    Rhythm.WEEKLY: "每周",
    Rhythm.MONTHLY: "每月",
    Rhythm.HALF_YEARLY: "每半年",
    Rhythm.YEARLY: "每年",
}
_EVERY_MONTHS = {Rhythm.MONTHLY: 1, Rhythm.HALF_YEARLY: 6, Rhythm.YEARLY: 12}

WHO_NAMES: dict[str, str] = {
    "keeper": "自助区管理员",
    "owner": "设备归属单位",
    "vendor": "运维商",
    "cleaner": "保洁",
    "guard": "安保",
    "fire": "消防安全管理人",
    "inspector": "督查",
}
"""Who walks a plan's rounds, as people say it; which person or body it is stands on the plan."""

STATE_NAMES: dict[str, str] = {
    "open": "待完成",
    "done": "已完成",
    "missed": "未按时完成",
    "done_late": "逾期补做",
    "cancelled": "不做",
}
TRANSITIONS: dict[tuple[str, str], str] = {
    ("open", "finish"): "done",
    ("open", "finish_late"): "done_late",
    ("open", "miss"): "missed",
    ("open", "cancel"): "cancelled",
    # The phone had no network: what was walked in time arrives after the round was counted as missed.
    ("missed", "finish"): "done",
    ("missed", "finish_late"): "done_late",
}

TRACE_NAMES: dict[str, str] = {
    "opened": "到点开出",
    "reminded": "已提醒",
    "late": "在时间段之后作答",
    "early": "在时间段之前作答",
    "offline": "离线作答，后来才送到",
    "clock_ahead": "手机时间比平台快，按收到的时间记",
    "other_person": "由他人作答",
    "edited": "改过答案",
    "agreed": "另一次作答，答案一致",
    "conflict": "两次作答不一致",
    "settled": "已裁定以哪次为准",
    "outdated": "送到时已有更新的结果，未再派单",
    "blank": "没有作答",
    "no_photo": "应拍照而没有照片",
    "no_proof": "没有到场证明",
    "finished": "已交",
    "missed": "过时未交",
    "cancelled": "取消",
}

PROOF_NAMES: dict[str, str] = {
    "proved": "已扫终端屏幕上的动态码",
    "said": "已扫机身固定码并确认在机器前",
    "expired": "动态码与扫码时间对不上",
    "wrong": "码不是这台机器的",
}
"""How a presence at a stop was judged. ``said`` is a person's word: a printed code can be photographed."""


@dataclass(frozen=True, slots=True)
class Plan:
    """When a list is walked. ``windows``: (from, to) of the place's clock; one that does not end after it begins ends
    on the next day. ``weekdays`` (0 is Monday) counts for WEEKLY; ``day`` (of the month, the last one where a month is
    shorter) and ``first_month`` for the longer ones.
    """

    rhythm: Rhythm
    windows: tuple[tuple[time, time], ...]
    starts_on: date
    ends_on: date | None = None
    weekdays: frozenset[int] = frozenset()
    day: int = 1
    first_month: int = 1
    zone: str = "Asia/Shanghai"


def problems(plan: Plan) -> list[str]:
    """What is wrong with a plan, in Chinese with the repair; empty when it can be used."""
    found = []
    if not plan.windows:
        found.append("请至少写一个时间段")
    if plan.rhythm is Rhythm.WEEKLY and not plan.weekdays:
        found.append("请勾选每周的哪几天")
    if not 1 <= plan.day <= 31:
        found.append("日期须是 1 到 31")
    if not 1 <= plan.first_month <= 12:
        found.append("月份须是 1 到 12")
    if plan.ends_on is not None and plan.ends_on < plan.starts_on:
        found.append("结束日期不能早于开始日期")
    if plan.windows and _overlap(plan.windows):
        found.append("时间段不能重叠")
    return found


def _overlap(windows: Sequence[tuple[time, time]]) -> bool:
    """Whether two windows of one day share a minute, the day after included."""
    spans = sorted((_minutes(a), _minutes(b) + (1440 if b <= a else 0)) for a, b in windows)
    spans.append((spans[0][0] + 1440, spans[0][1] + 1440))
    return any(second[0] < first[1] for first, second in pairwise(spans))


def _minutes(clock: time) -> int:
    return clock.hour * 60 + clock.minute


def is_due_on(plan: Plan, on: date, days: Mapping[date, DayKind]) -> bool:
    """Whether the plan asks for its rounds on a day; ``days`` is the calendar of holidays and make-up workdays."""
    if on < plan.starts_on or (plan.ends_on is not None and on > plan.ends_on):
        return False
    if plan.rhythm is Rhythm.DAILY:
        return True
    if plan.rhythm is Rhythm.WORKDAYS:
        return day_kind(on, days) in (DayKind.WORKDAY, DayKind.MAKEUP)
    if plan.rhythm is Rhythm.WEEKLY:
        return on.weekday() in plan.weekdays
    last = (on.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    return on.day == min(plan.day, last.day) and (on.month - plan.first_month) % _EVERY_MONTHS[plan.rhythm] == 0


def windows_of(plan: Plan, on: date, days: Mapping[date, DayKind]) -> list[Interval]:
    """The due rounds of a day, first one first: the windows that begin on it, in UTC."""
    if not is_due_on(plan, on, days):
        return []
    zone = ZoneInfo(plan.zone)
    found = []
    for opens, closes in plan.windows:
        end_on = on + timedelta(days=1) if closes <= opens else on
        start = datetime.combine(on, opens, zone).astimezone(UTC)
        end = datetime.combine(end_on, closes, zone).astimezone(UTC)
        if start < end:  # a window that lies wholly in the hour that summer time skips is none
            found.append(Interval(start, end))
    return sorted(found, key=lambda one: one.start)


def due_rounds(plan: Plan, since: datetime, until: datetime, days: Mapping[date, DayKind]) -> Iterator[Interval]:
    """The windows that begin in [since, until), first one first."""
    zone = ZoneInfo(plan.zone)
    on = max(since.astimezone(zone).date() - timedelta(days=1), plan.starts_on)
    last = until.astimezone(zone).date()
    while on <= last and (plan.ends_on is None or on <= plan.ends_on):
        yield from (one for one in windows_of(plan, on, days) if since <= one.start < until)
        on += timedelta(days=1)


def next_round(plan: Plan, after: datetime, days: Mapping[date, DayKind]) -> datetime | None:
    """When the first round at or after a moment begins; None when the plan yields none."""
    begin = max(after, datetime.combine(plan.starts_on, time(0), ZoneInfo(plan.zone)).astimezone(UTC))
    found = next(due_rounds(plan, begin, begin + timedelta(days=LOOK_AHEAD_D), days), None)
    return found.start if found else None


@dataclass(frozen=True, slots=True)
class Judged:
    """``problem``: why the text is no answer to the question (then nothing else counts); ``failed``: it is a fault, and
    ``reason`` says why; all in Chinese.
    """

    failed: bool = False
    reason: str = ""
    problem: str = ""


def judge(question: Question, value: str, on: date) -> Judged:
    """What an answer means; days are counted from ``on``, the day of the round."""
    if value == NOT_HERE:
        return Judged()
    if question.kind is Answer.YES_NO:
        if value not in (YES, NO):
            return Judged(problem="请答“正常”“异常”或“不适用”")
        return Judged(value == NO, "答“异常”" if value == NO else "")
    if question.kind is Answer.NUMBER:
        return _judge_number(question, value)
    if question.kind is Answer.DATE:
        return _judge_date(question, value, on)
    if question.kind is Answer.CHOICE:
        if value not in question.choices:
            return Judged(problem="请从给出的选项里选")
        return Judged(value in question.bad, f"选了“{value}”" if value in question.bad else "")
    if not value.strip() or len(value) > TEXT_MOST:
        return Judged(problem="请写 1 到 200 个字")
    return Judged()


def _judge_number(question: Question, value: str) -> Judged:
    try:
        number = float(value)
    except ValueError:
        return Judged(problem="请填数字")
    if not -1e9 < number < 1e9:
        return Judged(problem="请填数字")
    if question.low is not None and number < question.low:
        return Judged(True, f"{number:g}{question.unit}，低于 {question.low:g}{question.unit}")
    if question.high is not None and number > question.high:
        return Judged(True, f"{number:g}{question.unit}，高于 {question.high:g}{question.unit}")
    return Judged()


def _judge_date(question: Question, value: str, on: date) -> Judged:
    try:
        told = date.fromisoformat(value)
    except ValueError:
        return Judged(problem="请填日期，例如 2027-01-31")
    ahead = (told - on).days
    if question.low is not None and ahead < question.low:
        return Judged(True, f"{told.isoformat()}，距今不足 {question.low:g} 天" if ahead >= 0 else f"{told} 已过期")
    if question.high is not None and ahead > question.high:
        return Judged(True, f"{told.isoformat()}，应不晚于当天前 {-question.high:g} 天")
    return Judged()


def finish_event(
    at: datetime, opens_at: datetime, closes_at: datetime, grace_s: float, *, proved: bool, state: str
) -> str:
    """Whether a round that was handed over counts as in time: "finish" or "finish_late".

    After it was counted as missed, the phone's clock alone is not believed: a stop must have been proved within the
    window by a terminal's changing code.
    """
    in_time = opens_at <= at <= closes_at + timedelta(seconds=grace_s)
    return "finish" if in_time and (proved or state == "open") else "finish_late"
