"""Promised hours as people write them in a table cell: 全天, 周一至周五 08:30-17:30; 周六 09:00-12:00."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import time
from itertools import groupby

from django.utils.translation import gettext as _

from budayang.rules.calendars import WeeklyWindow

WEEKDAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
ALL_DAY = ("全天", "7×24", "7x24", "7*24", "24小时", "24 小时", "7×24小时")
_MIDNIGHT = time(0)
END_OF_DAY = 24
_DAY = "周[一二三四五六日天]"
_PART = re.compile(rf"^(?:(?P<day>{_DAY})(?:\s*(?:至|到|-|—|~)\s*(?P<last>{_DAY}))?|每天|每日)?\s*(?P<hours>\S.*)$")
_SPAN = re.compile(r"^(\d{1,2})[:：](\d{2})\s*(?:-|—|–|~|至|到)\s*(次日)?\s*(\d{1,2})[:：](\d{2})$")


class BadHours(ValueError):
    """Hours that cannot be read. The message is for people and shows how to write them."""


def all_day(days: Iterable[int] = range(7)) -> tuple[WeeklyWindow, ...]:
    """Open from midnight to midnight on the given weekdays (0 is Monday)."""
    return tuple(WeeklyWindow(day, _MIDNIGHT, _MIDNIGHT, closes_next_day=True) for day in days)


def window(weekday: int, opens: time, closes: time) -> WeeklyWindow:
    """A window of a day; closing at or before opening means that it closes on the next day."""
    return WeeklyWindow(weekday, opens, closes, closes_next_day=closes <= opens)


def parse_hours(text: str) -> tuple[WeeklyWindow, ...]:
    """Read hours from a cell; parts are separated by ； ; or a line break.

    Raises:
        BadHours: with the part that was not understood and an example.
    """
    if text.strip() in ALL_DAY:
        return all_day()
    windows: list[WeeklyWindow] = []
    for part in filter(None, (piece.strip() for piece in re.split(r"[;；\n]", text))):
        match = _PART.match(part)
        hours = match["hours"].strip() if match else ""
        days = _days(match["day"], match["last"]) if match else range(0)
        if hours in ALL_DAY:
            windows += all_day(days)
            continue
        for piece in re.split(r"[,，、]", hours):
            span = _SPAN.match(piece.strip())
            if not span:
                raise BadHours(
                    _("看不懂“%(part)s”。可以写：全天，或 周一至周五 08:30-17:30；周六 09:00-12:00。") % {"part": part}
                )
            opens, closes = _moment(span[1], span[2], part), _moment(span[4], span[5], part)
            if span[3] and (closes > opens or (closes == _MIDNIGHT and int(span[4]) == END_OF_DAY)):
                raise BadHours(
                    _("“%(part)s”超过 24 小时。一个时段最多到次日的同一时刻；整天开放请写 全天。") % {"part": part}
                )
            windows += [window(day, opens, closes) for day in days]
    if not windows:
        raise BadHours(_("没有写时段。可以写：全天，或 周一至周五 08:30-17:30。"))
    return tuple(sorted(windows, key=lambda one: (one.weekday, one.opens)))


def _days(first: str | None, last: str | None) -> range:
    if not first:
        return range(7)
    start = WEEKDAYS.index(first.replace("天", "日"))
    end = WEEKDAYS.index(last.replace("天", "日")) if last else start
    if end < start:
        raise BadHours(_("“%(first)s至%(last)s”的顺序反了。") % {"first": first, "last": last})
    return range(start, end + 1)


def _moment(hour: str, minute: str, part: str) -> time:
    if (int(hour), int(minute)) == (END_OF_DAY, 0):
        return _MIDNIGHT
    try:
        return time(int(hour), int(minute))
    except ValueError as error:
        raise BadHours(_("“%(part)s”里的时刻不对，请写 00:00 到 24:00 之间。") % {"part": part}) from error


def _is_all_day(one: WeeklyWindow) -> bool:
    return one.opens == one.closes == _MIDNIGHT and one.closes_next_day


def describe(windows: Sequence[WeeklyWindow]) -> str:
    """The hours in words, days with equal hours joined: 每天 全天; 周一至周五 08:30—17:30，周六 09:00—12:00."""
    if not windows:
        return _("未承诺开放")
    by_day = {
        day: "、".join(_span_text(one) for one in group)
        for day, group in groupby(
            sorted(windows, key=lambda one: (one.weekday, one.opens)), key=lambda one: one.weekday
        )
    }
    runs: list[tuple[int, int, str]] = []
    for day, text in by_day.items():
        if runs and runs[-1][1] == day - 1 and runs[-1][2] == text:
            runs[-1] = (runs[-1][0], day, text)
        else:
            runs.append((day, day, text))
    return "；".join(f"{_run_text(first, last)} {text}" for first, last, text in runs)


def _run_text(first: int, last: int) -> str:
    if (first, last) == (0, 6):
        return _("每天")
    return (
        WEEKDAYS[first]
        if first == last
        else _("%(first)s至%(last)s") % {"first": WEEKDAYS[first], "last": WEEKDAYS[last]}
    )


def _span_text(one: WeeklyWindow) -> str:
    if _is_all_day(one):
        return _("全天 24 小时")
    closes = _("次日 %(time)s") % {"time": f"{one.closes:%H:%M}"} if one.closes_next_day else f"{one.closes:%H:%M}"
    if one.closes_next_day and one.closes == _MIDNIGHT:
        closes = "24:00"
    return f"{one.opens:%H:%M}—{closes}"
