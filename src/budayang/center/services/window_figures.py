"""分流率: how much the areas take off the windows, from the numbers that the windows called (imported by day and
department).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Count, QuerySet
from django.db.models.functions import TruncDate
from django.utils.translation import gettext as _

from budayang.center.platform.actions import emit, record
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.models import Place
from budayang.center.platform.queries import scope_q
from budayang.center.platform.uploads import TableRefused, UploadedTable, read_table
from budayang.center.services.models import Case, Department, WindowFigure
from budayang.center.services.states import DONE_STATES
from budayang.rules.calendars import DEFAULT_ZONE

COLUMNS = ("日期", "地点代码", "部门", "叫号数")
MOST_CALLED = 100_000


@dataclass(frozen=True, slots=True)
class FigurePlan:
    """A row to be written; `before` is what stands for that day now."""

    line: int
    on: date
    place: Place
    department: Department
    called: int
    before: int | None


@dataclass(slots=True)
class FiguresCheck:
    """What an import would do. `new`: rows to be written; `known`: rows that say what stands already."""

    new: list[FigurePlan] = field(default_factory=list)
    known: list[FigurePlan] = field(default_factory=list)
    errors: list[tuple[int, str]] = field(default_factory=list)


def read_figures(content: bytes) -> UploadedTable:
    """Read a CSV or XLSX table with the columns of COLUMNS. Raises BadUpload."""
    return read_table(content, COLUMNS)


def check_figures(actor: Actor, table: UploadedTable, today: date) -> FiguresCheck:
    """Check every cell; nothing is written. Each error names its line and its column."""
    found = FiguresCheck()
    places = {row.code: row for row in Place.objects.all()}
    departments = {name: row for row in Department.objects.all() for name in (row.name, row.code)}
    standing = {
        (row.place_path, row.department_id, row.on): row.called for row in WindowFigure.objects.all().iterator()
    }
    seen: dict[tuple[date, str, int], int] = {}
    for row in table.rows:
        plan = _plan(row.line, row.cells, places, departments, standing, today, found.errors)
        if plan is None:
            continue
        if not actor.may(Role.SUPERVISOR, Role.AREA_KEEPER, place_path=plan.place.path):
            found.errors.append((row.line, _("“地点代码”%(code)s 不在您的范围内。") % {"code": plan.place.code}))
            continue
        key = (plan.on, plan.place.path, plan.department.pk)
        if key in seen:
            found.errors.append((row.line, _("和第 %(line)d 行是同一天、同一地点、同一部门。") % {"line": seen[key]}))
            continue
        seen[key] = row.line
        (found.known if plan.before == plan.called else found.new).append(plan)
    return found


def _plan(
    line: int,
    cells: dict[str, str],
    places: dict[str, Place],
    departments: dict[str, Department],
    standing: dict[tuple[str, int, date], int],
    today: date,
    errors: list[tuple[int, str]],
) -> FigurePlan | None:
    on = _date(cells["日期"])
    place, department = places.get(cells["地点代码"]), departments.get(cells["部门"])
    called = cells["叫号数"].removesuffix(".0")
    wrong = []
    if on is None:
        wrong.append(_("“日期”应为 2026-11-25 这样的日期，现在是“%(value)s”。") % {"value": cells["日期"][:30]})
    elif on > today:
        wrong.append(_("“日期”%(value)s 还没有到。") % {"value": cells["日期"][:30]})
    if place is None:
        wrong.append(_("“地点代码”%(value)s 没有登记。") % {"value": cells["地点代码"][:30]})
    if department is None:
        wrong.append(_("“部门”%(value)s 没有登记。") % {"value": cells["部门"][:30]})
    if not called.isdecimal() or int(called) > MOST_CALLED:
        wrong.append(_("“叫号数”应为整数，现在是“%(value)s”。") % {"value": cells["叫号数"][:30]})
    errors.extend((line, one) for one in wrong)
    if wrong or on is None or place is None or department is None:
        return None
    return FigurePlan(line, on, place, department, int(called), standing.get((place.path, department.pk, on)))


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip()[:10].replace("/", "-"))
    except ValueError:
        return None


@transaction.atomic
def import_figures(actor: Actor, table: UploadedTable, *, source: str, now: datetime) -> tuple[int, int]:
    """Write a checked table: (rows written, rows that stood already). A day that is there is replaced.

    Raises:
        TableRefused: with every error; nothing was written.
    """
    check = check_figures(actor, table, now.astimezone(ZoneInfo(DEFAULT_ZONE)).date())
    if check.errors:
        raise TableRefused(check.errors)
    for plan in check.new:
        WindowFigure.objects.update_or_create(
            place_path=plan.place.path,
            department=plan.department,
            on=plan.on,
            defaults={"called": plan.called, "source": source[:120], "imported_at": now},
        )
    _tell(check, now)
    details = {"rows": len(check.new), "source": source[:120]}
    record(actor, "services.import_window_figures", subject="window_figures", details=details, at=now)
    return len(check.new), len(check.known)


def _tell(check: FiguresCheck, now: datetime) -> None:
    """News of each place with the months whose days were written."""
    months: dict[str, set[date]] = {}
    for plan in check.new:
        months.setdefault(plan.place.path, set()).add(plan.on.replace(day=1))
    for path, found in months.items():
        starts = [datetime.combine(one, time(), ZoneInfo(DEFAULT_ZONE)).isoformat() for one in sorted(found)]
        emit(
            "services.windows_told", subject="window_figures", place_path=path, payload={"bears_on": starts},
            occurred_at=now, now=now,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Share:
    """How a department's matters were divided in a period. `share`: done here ÷ (done here + called at windows).

    Only days and departments count for which the windows' numbers are known; `days` says how many.
    """

    department: str
    done: int
    called: int
    days: int

    @property
    def share(self) -> float | None:
        total = self.done + self.called
        return self.done / total if total else None


def shares(actor: Actor, start: date, end: date) -> list[Share]:
    """Each department's share for [start, end) in the actor's places, and only where figures were imported."""
    figures = _visible(actor, WindowFigure.objects.filter(on__gte=start, on__lt=end)).select_related("department")
    days: dict[int, set[tuple[str, date]]] = {}
    called: dict[int, int] = {}
    names: dict[int, str] = {}
    for row in figures:
        days.setdefault(row.department_id, set()).add((row.place_path, row.on))
        called[row.department_id] = called.get(row.department_id, 0) + row.called
        names[row.department_id] = row.department.name
    done = {one: done_at(one, pairs) for one, pairs in days.items()}
    found = [Share(names[one], done[one], called[one], len(pairs)) for one, pairs in days.items()]
    return sorted(found, key=lambda row: row.department)


def done_at(department_id: int, pairs: Iterable[tuple[str, date]]) -> int:
    """Cases done at terminals on just those days and places; a place counts what lies below it, once."""
    pairs = list(pairs)
    if not pairs:
        return 0
    zone = ZoneInfo(DEFAULT_ZONE)
    first, last = min(on for _path, on in pairs), max(on for _path, on in pairs)
    rows = Case.objects.filter(
        item__department_id=department_id,
        state__in=[state.value for state in DONE_STATES],
        accepted_at__gte=datetime.combine(first, time(0), zone),
        accepted_at__lt=datetime.combine(last + timedelta(days=1), time(0), zone),
    )
    counted = (
        rows.annotate(on=TruncDate("accepted_at", tzinfo=zone)).values_list("place_path", "on").annotate(n=Count("pk"))
    )
    wanted = {on: [path for path, other in pairs if other == on] for _p, on in pairs}
    return sum(n for path, on, n in counted.order_by() if any(path.startswith(one) for one in wanted.get(on, ())))


def _visible(actor: Actor, rows: QuerySet[WindowFigure]) -> QuerySet[WindowFigure]:
    return rows.filter(scope_q(actor, place="place_path", organizations=("department__organization_id",)))


def latest_day(actor: Actor) -> date | None:
    """The newest day for which the windows' numbers are known."""
    return _visible(actor, WindowFigure.objects.all()).order_by("-on").values_list("on", flat=True).first()


def totals(rows: Sequence[Share]) -> Share:
    """All departments together."""
    return Share(
        _("合计"), sum(r.done for r in rows), sum(r.called for r in rows), max((r.days for r in rows), default=0)
    )
