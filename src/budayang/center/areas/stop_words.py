"""Planned stops in words, as people read them: 11月27日（周五）22:00 — 次日 06:00."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from budayang.center.areas.models import PlannedStop
from budayang.center.areas.occurrences import rule_of
from budayang.center.areas.recurrence import WEEKDAYS, clock_of, closing, describe
from budayang.center.platform.wording import words


def span_words(start: datetime, end: datetime, zone: str, now: datetime) -> str:
    """One occurrence on the wall's clock of its place; the year is said when it is not this one.

    Midnight at the end of a day is that day's 24:00, as the hours of an area are written.
    """
    place = ZoneInfo(zone)
    first, last = start.astimezone(place), end.astimezone(place)
    words = f"{_day(first, now.astimezone(place))} {first:%H:%M} — "
    if last.time() == time(0) and last.date() > first.date():
        last -= timedelta(microseconds=1)
        clock = "24:00"
    else:
        clock = f"{last:%H:%M}"
    days = (last.date() - first.date()).days
    if days == 0:
        return words + clock
    if days == 1:
        return words + _("次日 %(clock)s") % {"clock": clock}
    return f"{words}{_day(last, first)} {clock}"


def clock_words(start: datetime, end: datetime, zone: str, now: datetime) -> str:
    """The same without the day on which it starts, for a place where that day stands above: 22:00 — 次日 06:00."""
    words = span_words(start, end, zone, now)
    return words[len(_day(start.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone)))) + 1 :]


def _day(at: datetime, beside: datetime) -> str:
    told = {"month": at.month, "day": at.day, "weekday": words(WEEKDAYS[at.weekday()]), "year": at.year}
    if at.year != beside.year:
        return _("%(year)d年%(month)d月%(day)d日（%(weekday)s）") % told
    return _("%(month)d月%(day)d日（%(weekday)s）") % told


def rhythm_words(stop: PlannedStop) -> str:
    """每周三 02:00 — 04:00; "" for a stop that happens once."""
    if not stop.rrule:
        return ""
    zone = stop.place.zone
    days, closes = closing(stop.starts_at, stop.ends_at, zone)
    clock = f"{closes:%H:%M}"
    if days == 1 and closes == time(0):
        days, clock = 0, "24:00"
    end = (
        clock
        if days == 0
        else _("次日 %(clock)s") % {"clock": clock}
        if days == 1
        else _("第%(n)d天 %(clock)s")
        % {
            "n": days + 1,
            "clock": clock,
        }
    )
    return f"{describe(rule_of(stop.rrule))} {clock_of(stop.starts_at, zone):%H:%M} — {end}"
