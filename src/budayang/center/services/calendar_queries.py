"""Reads of the calendar: what each day is, and which years anybody announced. A year that nobody announced is estimated
(推算): its days are what their weekdays say. That is said on pages and is never an error.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from budayang.center.platform import exports
from budayang.center.services.models import CalendarDay, CalendarYear
from budayang.rules.calendars import DAY_KIND_NAMES, DEFAULT_ZONE, DayKind, day_kind

FIRST, LAST = 2000, 2099


@dataclass(frozen=True, slots=True)
class YearFacts:
    """What is known of a year. `announced` False: estimated."""

    year: int
    announced: bool
    source: str
    announced_on: date | None
    days: int


@dataclass(frozen=True, slots=True)
class SheetDay:
    """One day of a year's sheet. `kind` is what it counts as, `named` what the table says of it."""

    on: date
    kind: DayKind
    word: str
    name: str
    in_table: bool


def announced_years() -> set[int]:
    return set(CalendarYear.objects.filter(standing="announced").values_list("year", flat=True))


def estimated_from(now: datetime, zone: str = DEFAULT_ZONE, announced: set[int] | None = None) -> datetime:
    """The moment from which days are estimated: the first of January of the first year, from this one on, that nobody
    announced.
    """
    known = announced_years() if announced is None else announced
    year = now.astimezone(ZoneInfo(zone)).year
    while year in known:
        year += 1
    return datetime.combine(date(year, 1, 1), time(0), ZoneInfo(zone)).astimezone(UTC)


def year_facts(year: int) -> YearFacts:
    row = CalendarYear.objects.filter(year=year).first()
    days = CalendarDay.objects.filter(on__year=year).count()
    if row is None:
        return YearFacts(year, announced=False, source="", announced_on=None, days=days)
    return YearFacts(year, row.standing == "announced", row.source, row.announced_on, days)


def known_years(now: datetime) -> list[int]:
    """Years to choose from: those with a row or a day, this one and the next."""
    this = now.astimezone(ZoneInfo(DEFAULT_ZONE)).year
    rows = set(CalendarYear.objects.values_list("year", flat=True))
    days = {on.year for on in CalendarDay.objects.dates("on", "year")}
    return sorted({*rows, *days, this, this + 1})


def year_sheet(year: int) -> list[list[SheetDay]]:
    """The twelve months of a year, each day with its kind."""
    rows = {row.on: row for row in CalendarDay.objects.filter(on__year=year)}
    table = {on: DayKind(row.kind) for on, row in rows.items()}
    months = []
    for month in range(1, 13):
        days = []
        for number in range(1, monthrange(year, month)[1] + 1):
            on = date(year, month, number)
            kind = day_kind(on, table)
            row = rows.get(on)
            days.append(SheetDay(on, kind, DAY_KIND_NAMES[kind], row.name if row else "", row is not None))
        months.append(days)
    return months


def year_words(facts: YearFacts) -> str:
    """How the year is known, for pages."""
    if facts.announced:
        return _("已公布：%(source)s") % {"source": facts.source}
    return _("推算：%(year)d年的放假安排还没有录入，按周一至周五上班推算，以国务院办公厅通知为准") % {
        "year": facts.year
    }


EXPORT_COLUMNS = (
    exports.Column("日期", lambda row: row.on),
    exports.Column("类别", lambda row: DAY_KIND_NAMES[DayKind(row.kind)]),
    exports.Column("名称", lambda row: row.name),
    exports.Column("来源", lambda row: row.source),
)


def year_rows(year: int) -> list[CalendarDay]:
    """The year's own days, as they are exported and read back."""
    return list(CalendarDay.objects.filter(on__year=year).order_by("on"))
