"""Repetition of planned stops: a bounded dialect of RFC 5545's RRULE, read strictly, told in Chinese, expanded by day.

The dialect: FREQ=DAILY, WEEKLY or MONTHLY; INTERVAL 1 to 99; BYDAY (with a number only in MONTHLY: 2TU, -1FR);
BYMONTHDAY 1 to 31 or -1 (the last day), MONTHLY only; and at most one of COUNT (up to 999) and UNTIL. UNTIL is a day
(20261231) in the place's zone, the whole day included, or the RFC's moment in UTC (20261231T155959Z), included itself.
Nothing repeats within a day, so an expansion never yields more occurrences than its window has days.

Dates are expanded here, each the day on which a window starts; `rules.areas.wall_window` turns it into moments.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from dateutil.rrule import DAILY, MONTHLY, WEEKLY, rrule, weekday
from django.utils.translation import gettext as _

from budayang.center.platform.templatetags.platform_format import day as day_text
from budayang.center.platform.wording import words

FREQUENCIES: dict[str, Literal[1, 2, 3]] = {"DAILY": DAILY, "WEEKLY": WEEKLY, "MONTHLY": MONTHLY}
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
PARTS = frozenset({"FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "COUNT", "UNTIL"})
MOST_INTERVAL, MOST_COUNT = 99, 999
LONGEST_SERIES = timedelta(days=3660)
_BYDAY = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)")


class BadRecurrence(ValueError):
    """A rule outside the dialect. The message is for people and names the repair."""


@dataclass(frozen=True, slots=True)
class Recurrence:
    """One rule, read. `by_day` holds (number, weekday): number 0 is every such day, 2 the second, -1 the last of a
    month; weekday 0 is Monday. `until` is a day in the place's zone, or an aware moment in UTC.
    """

    freq: str
    interval: int = 1
    by_day: tuple[tuple[int, int], ...] = ()
    by_month_day: tuple[int, ...] = ()
    count: int | None = None
    until: date | datetime | None = None

    def text(self) -> str:
        """The rule as RRULE writes it, parts in one order: equal rules have equal texts."""
        parts = [f"FREQ={self.freq}"]
        if self.interval != 1:
            parts.append(f"INTERVAL={self.interval}")
        if self.by_day:
            parts.append("BYDAY=" + ",".join(f"{number or ''}{DAYS[day]}" for number, day in self.by_day))
        if self.by_month_day:
            parts.append("BYMONTHDAY=" + ",".join(str(day) for day in self.by_month_day))
        if self.count is not None:
            parts.append(f"COUNT={self.count}")
        if isinstance(self.until, datetime):
            parts.append(f"UNTIL={self.until.astimezone(UTC):%Y%m%dT%H%M%SZ}")
        elif self.until is not None:
            parts.append(f"UNTIL={self.until:%Y%m%d}")
        return ";".join(parts)


def parse(text: str) -> Recurrence:
    """Read an RRULE value, with or without "RRULE:" before it. Raises BadRecurrence outside the dialect."""
    parts = _parts(text)
    freq = parts.get("FREQ", "")
    if freq not in FREQUENCIES:
        raise BadRecurrence(_("只能按天、周、月重复（DAILY、WEEKLY、MONTHLY），不认识“%(what)s”。") % {"what": freq})
    if "COUNT" in parts and "UNTIL" in parts:
        raise BadRecurrence(_("次数和截止日期只能写一个。"))
    by_day = tuple(_day(one, freq) for one in parts.get("BYDAY", "").split(",") if one)
    by_month_day = tuple(_month_day(one, freq) for one in parts.get("BYMONTHDAY", "").split(",") if one)
    if by_day and by_month_day:
        raise BadRecurrence(_("每月的日期和星期只能选一种写。"))
    return Recurrence(
        freq,
        _number(parts.get("INTERVAL", "1"), MOST_INTERVAL, _("间隔")),
        tuple(sorted(set(by_day), key=lambda one: (one[1], one[0]))),
        tuple(sorted(set(by_month_day), key=lambda one: (one < 0, one))),
        _number(parts["COUNT"], MOST_COUNT, _("次数")) if "COUNT" in parts else None,
        _until(parts["UNTIL"]) if "UNTIL" in parts else None,
    )


def _parts(text: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    for part in text.strip().upper().removeprefix("RRULE:").split(";"):
        name, equals, value = part.partition("=")
        if not equals or not value:
            raise BadRecurrence(_("重复规则要写成“名=值”，用分号隔开，看不懂“%(part)s”。") % {"part": part})
        if name not in PARTS:
            raise BadRecurrence(_("重复规则里不支持“%(name)s”。") % {"name": name})
        if name in parts:
            raise BadRecurrence(_("“%(name)s”写了两次，请留一个。") % {"name": name})
        parts[name] = value
    return parts


def _number(text: str, most: int, what: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= most:
        raise BadRecurrence(_("%(what)s要写 1 到 %(most)d 的整数。") % {"what": what, "most": most})
    return int(text)


def _day(text: str, freq: str) -> tuple[int, int]:
    match = _BYDAY.fullmatch(text)
    number = int(match[1] or 0) if match else 0
    if match is None or (match[1] and not (1 <= number <= 5 or number == -1)):
        raise BadRecurrence(
            _("星期写 MO 到 SU，每月可加 1 到 5 或 -1（最后一个），看不懂“%(what)s”。") % {"what": text}
        )
    if number and freq != "MONTHLY":
        raise BadRecurrence(_("只有按月重复才能写“第几个星期几”。"))
    if freq == "MONTHLY" and not number:
        raise BadRecurrence(_("按月重复要写明第几个星期几，例如 2TU（第二个周二）、-1FR（最后一个周五）。"))
    return number, DAYS.index(match[2])


def _month_day(text: str, freq: str) -> int:
    if freq != "MONTHLY":
        raise BadRecurrence(_("只有按月重复才能写几日。"))
    if text == "-1":
        return -1
    return _number(text, 31, _("每月几日"))


def _until(text: str) -> date | datetime:
    try:
        if text.endswith("Z"):
            return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        return datetime.strptime(text, "%Y%m%d").replace(tzinfo=UTC).date()
    except ValueError:
        raise BadRecurrence(_("截止日期写成 20261231 的样子，看不懂“%(what)s”。") % {"what": text}) from None


def settled(rule: Recurrence, first: date) -> Recurrence:
    """The rule with the days that its first date implies written out, so that it can be read without that date."""
    if rule.freq == "WEEKLY" and not rule.by_day:
        return replace(rule, by_day=((0, first.weekday()),))
    if rule.freq == "MONTHLY" and not rule.by_day and not rule.by_month_day:
        return replace(rule, by_month_day=(first.day,))
    return rule


def starts(rule: Recurrence, first: datetime, zone: str, since: date) -> Iterator[date]:
    """Days on which an occurrence starts, from `since` on. `first` is the first occurrence's wall clock, without zone.

    Endless for endless rules: take what is wanted.
    """
    # With COUNT every walk counts from the first date on; without it the walk begins near the days that are asked for.
    begin = first if rule.count is not None else _near(rule, first, since)
    walk = rrule(
        FREQUENCIES[rule.freq],
        dtstart=begin,
        interval=rule.interval,
        byweekday=[weekday(day, number) if number else weekday(day) for number, day in rule.by_day] or None,
        bymonthday=list(rule.by_month_day) or None,
        count=rule.count,
        until=_last(rule, first, zone),
        wkst=weekday(0),
    )
    for one in walk:
        if one.date() >= since:
            yield one.date()


def _last(rule: Recurrence, first: datetime, zone: str) -> datetime | None:
    """The last wall clock at which an occurrence may start."""
    if isinstance(rule.until, datetime):
        return rule.until.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    return None if rule.until is None else datetime.combine(rule.until, first.time())


def _near(rule: Recurrence, first: datetime, since: date) -> datetime:
    """A date of the same rhythm shortly before `since`: a series of years is not walked through from its beginning."""
    if since <= first.date():
        return first
    if rule.freq == "MONTHLY":
        months = (since.year - first.year) * 12 + since.month - first.month
        months -= months % rule.interval
        if months <= 0:
            return first
        year, month = divmod(first.month - 1 + months, 12)
        return first.replace(year=first.year + year, month=month + 1, day=1)
    step = rule.interval * (7 if rule.freq == "WEEKLY" else 1)
    monday = first.date() - timedelta(days=first.weekday()) if rule.freq == "WEEKLY" else first.date()
    whole = (since - monday).days // step * step
    return max(first, datetime.combine(monday + timedelta(days=whole), first.time()))


def first_on_or_after(rule: Recurrence, first: datetime, zone: str) -> date | None:
    """The first day of the rule that is not before `first`; None when the rule ends before it."""
    return next(starts(replace(rule, count=None), first, zone, first.date()), None)


def last_start(rule: Recurrence, first: datetime, zone: str) -> date | None:
    """The last day on which an ending rule starts; None for an endless rule. Raises BadRecurrence if it never does."""
    if rule.count is None and rule.until is None:
        return None
    if rule.count is None and (_last(rule, first, zone) or first) - first > LONGEST_SERIES:
        raise BadRecurrence(_("重复最长写十年，请把截止日期改早；不知道到哪天就不写，以后再结束。"))
    days = list(starts(rule, first, zone, first.date()))
    if not days:
        raise BadRecurrence(_("截止日期在第一次之前，请改晚一些。"))
    return days[-1]


def describe(rule: Recurrence) -> str:
    """The rule in words: 每周三；每2周的周一、周三；每月1日、15日；每月最后一个周五，到2026年12月31日。"""
    days = _("、").join(_day_word(number, day) for number, day in rule.by_day)
    dates = _("、").join(_("最后一天") if day < 0 else _("%(n)d日") % {"n": day} for day in rule.by_month_day)
    if rule.freq == "DAILY":
        every = _("每天") if rule.interval == 1 else _("每%(n)d天") % {"n": rule.interval}
        told = _("%(every)s（%(days)s）") % {"every": every, "days": days} if days else every
    elif rule.freq == "WEEKLY":
        told = (
            _("每%(days)s") % {"days": days}
            if rule.interval == 1
            else _("每%(n)d周的%(days)s")
            % {
                "n": rule.interval,
                "days": days,
            }
        )
    else:
        every = _("每月") if rule.interval == 1 else _("每%(n)d个月的") % {"n": rule.interval}
        told = every + (days or dates)
    if rule.count is not None:
        told += _("，共%(n)d次") % {"n": rule.count}
    if rule.until is not None:
        told += _("，到%(day)s") % {"day": day_text(rule.until)}
    return told


def _day_word(number: int, day: int) -> str:
    name = words(WEEKDAYS[day])
    if number < 0:
        return _("最后一个%(day)s") % {"day": name}
    return _("第%(n)d个%(day)s") % {"n": number, "day": name} if number else name


WEEKDAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")


def clock_of(moment: datetime, zone: str) -> datetime:
    """The wall clock of a moment in a zone, without the zone: what a series repeats."""
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def closing(first_start: datetime, first_end: datetime, zone: str) -> tuple[int, time]:
    """How many days after its start's day a window ends, and at what wall clock."""
    start, end = clock_of(first_start, zone), clock_of(first_end, zone)
    return (end.date() - start.date()).days, end.time()
