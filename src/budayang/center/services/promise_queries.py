"""When items are promised, for many terminals at once: what is offered where, and the hours that departments confirmed.

Offerings and departments' hours have no history: the rows as they stand now speak for the whole period asked for.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from budayang.center.services import judging
from budayang.center.services.models import DepartmentHours, Offering
from budayang.rules.intervals import Interval
from budayang.rules.services import AfterHours


@dataclass(frozen=True, slots=True)
class Offered:
    """An item on a terminal, as hours are counted for it. Items with the same `needs`, `department`, `windows`,
    `hands_in` and `live` have the same hours on a terminal.

    `windows`: when the department takes it, or None while no department confirmed that. `hands_in`: it may be handed
    in outside the windows (夜间可提交). `live`: the department's system must answer.
    """

    terminal_id: int
    item_id: int
    item_code: str
    department: str
    needs: frozenset[str]
    windows: tuple[Interval, ...] | None
    hands_in: bool
    live: bool


def areas_offering(departments: Collection[str]) -> set[int]:
    """Areas where an item of these departments is offered by a machine that our program drives."""
    rows = Offering.objects.filter(active=True, driven=True, item__department__code__in=list(departments))
    return set(rows.values_list("terminal__area_id", flat=True).order_by().distinct())


def following_workdays() -> set[str]:
    """Departments with hours that follow the calendar's workdays."""
    rows = DepartmentHours.objects.filter(follows_workdays=True)
    return set(rows.values_list("department__code", flat=True))


def offered(
    terminal_ids: Collection[int], start: datetime, end: datetime, *, item_code: str = ""
) -> dict[int, list[Offered]]:
    """Items offered on each terminal that our program can do there (not 专机办理), three queries. `windows` are cut to
    [start, end).
    """
    rows = Offering.objects.filter(active=True, driven=True, terminal__in=list(terminal_ids))
    if item_code:
        rows = rows.filter(item__code=item_code)
    hours = {(row.department_id, row.item_id): row for row in DepartmentHours.objects.all()}
    table = judging.calendar_table()
    windows: dict[int, tuple[Interval, ...]] = {}
    found: dict[int, list[Offered]] = {}
    for row in rows.select_related("item__department").order_by("terminal_id", "item__code"):
        item = row.item
        row_hours = hours.get((item.department_id, item.pk)) or hours.get((item.department_id, None))
        confirmed = row_hours is not None and row_hours.confirmed_at is not None
        if row_hours is not None and confirmed and row_hours.pk not in windows:
            windows[row_hours.pk] = judging.hours_windows(row_hours, table, start, end)
        needs = judging.needs_of(row, row_hours)
        found.setdefault(row.terminal_id, []).append(
            Offered(
                terminal_id=row.terminal_id,
                item_id=item.pk,
                item_code=item.code,
                department=item.department.code,
                needs=needs.needs,
                windows=windows[row_hours.pk] if row_hours is not None and confirmed else None,
                hands_in=needs.after_hours == AfterHours.SUBMIT,
                live=needs.needs_live,
            )
        )
    return found
