"""Writes of the calendar: a year as announced, imported whole, and single days mended by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from budayang.center.platform.actions import Refused, record
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.uploads import UploadedTable, read_table
from budayang.center.services import marks
from budayang.center.services.calendar_queries import FIRST, LAST
from budayang.center.services.hours_news import tell_calendar
from budayang.center.services.models import CalendarDay, CalendarYear, Offering
from budayang.rules.calendars import DAY_KIND_NAMES, DayKind

KEEPERS = (Role.SUPERVISOR, Role.SYSTEM_ADMIN)
COLUMNS = ("日期", "类别")
OPTIONAL = ("名称", "来源")
_KIND_OF: dict[str, DayKind] = {
    **{word: kind for kind, word in DAY_KIND_NAMES.items()},
    **{kind.value: kind for kind in DayKind},
    "节假日": DayKind.HOLIDAY,
    "放假": DayKind.HOLIDAY,
    "调休": DayKind.RESTDAY,
    "上班": DayKind.MAKEUP,
    "补班": DayKind.MAKEUP,
}
Row = tuple[date, str, str]


@dataclass(slots=True)
class YearCheck:
    """What importing a year would do. Nothing is loaded while `errors` ((line, message)) is not empty."""

    year: int
    rows: list[Row] = field(default_factory=list)
    errors: list[tuple[int, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    added: list[Row] = field(default_factory=list)
    changed: list[Row] = field(default_factory=list)
    removed: list[date] = field(default_factory=list)


@transaction.atomic
def import_calendar(actor: Actor, days: Sequence[Row], *, source: str, announced_on: date | None = None) -> int:
    """Put the given days (date, kind, name) into the table and mark their years as announced by `source`."""
    actor.require(*KEEPERS)
    now = timezone.now()
    before = _kinds(Q(on__in=[on for on, _kind, _name in days]))
    for on, kind, name in days:
        CalendarDay.objects.update_or_create(on=on, defaults={"kind": kind, "name": name, "source": source})
    for year in {on.year for on, _kind, _name in days}:
        _mark_year(year, source, announced_on, now)
    record(actor, "services.import_calendar", subject="calendar", details={"days": len(days), "source": source})
    _tell(now, before, _kinds(Q(on__in=[on for on, _kind, _name in days])))
    return len(days)


def read_year(content: bytes) -> UploadedTable:
    """A table 日期, 类别, 名称, 来源 from CSV or XLSX. Raises BadUpload."""
    return read_table(content, COLUMNS, optional=OPTIONAL)


def check_year(year: int, table: UploadedTable) -> YearCheck:
    """What the table would make of the year, every fault with its line."""
    check = YearCheck(year, errors=list(table.errors))
    seen: dict[date, int] = {}
    for row in table.rows:
        on, kind = _date(row.cells["日期"]), _KIND_OF.get(row.cells["类别"].strip())
        if on is None:
            text = _("“日期”应写成 2027-10-01 的样子，现在是“%(value)s”。")
            check.errors.append((row.line, text % {"value": row.cells["日期"][:20]}))
        elif on.year != year:
            text = _("%(on)s 不在 %(year)d 年里。")
            check.errors.append((row.line, text % {"on": on.isoformat(), "year": year}))
        elif on in seen:
            text = _("%(on)s 在第 %(line)d 行已经有了。")
            check.errors.append((row.line, text % {"on": on.isoformat(), "line": seen[on]}))
        if kind is None:
            text = _("“类别”只能是：%(kinds)s。现在是“%(value)s”。")
            known = "、".join(DAY_KIND_NAMES.values())
            check.errors.append((row.line, text % {"kinds": known, "value": row.cells["类别"][:20]}))
        elif on is not None and on.year == year and on not in seen:
            if problem := _kind_problem(on, kind):
                check.errors.append((row.line, problem))
            check.rows.append((on, kind.value, row.cells.get("名称", "")[:40]))
        if on is not None:
            seen.setdefault(on, row.line)
    _compare(check)
    return check


def _date(text: str) -> date | None:
    """A day as people and spreadsheets write it: 2027-10-01, 2027/10/1, 2027年10月1日, 2027-10-01 00:00:00."""
    plain = text.strip().partition(" ")[0].replace("年", "-").replace("月", "-").rstrip("日").replace("/", "-")
    try:
        year, month, day = (int(part) for part in plain.split("-"))
        return date(year, month, day)
    except ValueError:
        return None


def _kind_problem(on: date, kind: DayKind) -> str:
    if kind is DayKind.MAKEUP and on.weekday() < 5:
        return _("%(on)s 是工作日，不能是调休上班。") % {"on": on.isoformat()}
    return ""


def _compare(check: YearCheck) -> None:
    before = {row.on: (row.on, row.kind, row.name) for row in CalendarDay.objects.filter(on__year=check.year)}
    for row in check.rows:
        known = before.pop(row[0], None)
        if known is None:
            check.added.append(row)
        elif known != row:
            check.changed.append(row)
    check.removed = sorted(before)
    holidays = sum(kind == DayKind.HOLIDAY for _on, kind, _name in check.rows)
    if check.rows and not 11 <= holidays <= 45:
        text = _("表里有 %(n)d 天法定节假日，往年连同调休在 20 到 40 天之间，请核对。")
        check.warnings.append(text % {"n": holidays})


@transaction.atomic
def replace_year(
    actor: Actor, year: int, rows: Sequence[Row], *, source: str, announced_on: date | None, now: datetime
) -> int:
    """Make the year exactly these days, as announced by `source`. Raises Refused without a source."""
    actor.require(*KEEPERS)
    if not FIRST <= year <= LAST:
        raise Refused(_("年份在 %(first)d 到 %(last)d 之间。") % {"first": FIRST, "last": LAST})
    if not source.strip():
        raise Refused(_("请写明来源，例如“国务院办公厅关于2027年部分节假日安排的通知（国办发明电〔2026〕×号）”。"))
    before = _kinds(Q(on__year=year))
    CalendarDay.objects.filter(on__year=year).delete()
    CalendarDay.objects.bulk_create(
        [CalendarDay(on=on, kind=kind, name=name, source=source.strip()[:120]) for on, kind, name in rows]
    )
    _mark_year(year, source, announced_on, now)
    details = {"year": year, "days": len(rows), "source": source.strip()[:120]}
    record(actor, "services.replace_year", subject=f"calendar:{year}", details=details, at=now)
    _tell(now, before, _kinds(Q(on__year=year)))
    return len(rows)


@transaction.atomic
def set_day(actor: Actor, on: date, kind: str, name: str, *, source: str, now: datetime) -> CalendarDay | None:
    """Say what one day is; "" takes it out of the table: its weekday counts again. The year's standing stays."""
    actor.require(*KEEPERS)
    before = _kinds(Q(on=on))
    if kind == "":
        CalendarDay.objects.filter(on=on).delete()
        row = None
    else:
        if kind not in [one.value for one in DayKind]:
            raise Refused(_("请选择这一天的类别。"))
        if problem := _kind_problem(on, DayKind(kind)):
            raise Refused(problem)
        if not source.strip():
            raise Refused(_("请写明这一天是谁定的，依据什么。"))
        values = {"kind": kind, "name": name.strip()[:40], "source": source.strip()[:120]}
        row, _made = CalendarDay.objects.update_or_create(on=on, defaults=values)
    details = {"kind": kind, "name": name.strip()[:40], "source": source.strip()[:120]}
    record(actor, "services.set_day", subject=f"calendar:{on.isoformat()}", details=details, at=now)
    _tell(now, before, _kinds(Q(on=on)))
    return row


def _mark_year(year: int, source: str, announced_on: date | None, now: datetime) -> None:
    CalendarYear.objects.update_or_create(
        year=year,
        defaults={
            "standing": "announced",
            "source": source.strip()[:160],
            "announced_on": announced_on,
            "changed_at": now,
        },
    )


def _kinds(which: Q) -> dict[date, str]:
    return dict(CalendarDay.objects.filter(which).values_list("on", "kind"))


def _tell(now: datetime, before: Mapping[date, str], after: Mapping[date, str]) -> None:
    """Terminals get the new calendar, what follows it is judged again, and what was promised by it is counted again."""
    marks.mark(marks.CATALOGUE, now)
    Offering.objects.filter(judge_at__gt=now + timedelta(seconds=1)).update(judge_at=now)
    tell_calendar({on for on in {*before, *after} if before.get(on) != after.get(on)}, now)
