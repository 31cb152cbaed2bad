"""Writes of the services room, each by an actor, each with an audit line. Cases and papers: `case_actions`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from budayang.center.platform.actions import Refused, record
from budayang.center.platform.actors import Actor, Role
from budayang.center.services import marks
from budayang.center.services.calendar_actions import import_calendar
from budayang.center.services.case_actions import accept_case, ask_again, complete_case, record_paper
from budayang.center.services.catalogue_actions import ImportReport, import_items
from budayang.center.services.connector_actions import note_connector, set_connector
from budayang.center.services.connector_queries import PAGE, launch_addresses
from budayang.center.services.hours_news import tell_hours
from budayang.center.services.models import (
    Department,
    DepartmentHours,
    Item,
    Offering,
)
from budayang.center.services.publishing import publish_catalogue
from budayang.center.services.rights import may_confirm, require_department
from budayang.center.terminals import queries as terminals
from budayang.rules.services import AfterHours

__all__ = [
    "ImportReport",
    "accept_case",
    "ask_again",
    "complete_case",
    "confirm_hours",
    "derive_offerings",
    "import_calendar",
    "import_items",
    "may_confirm",
    "note_connector",
    "offer_item",
    "publish_catalogue",
    "record_paper",
    "record_probe",
    "set_connector",
    "set_department_hours",
]

READER = "idReader"
AFTER_HOURS = frozenset(word.value for word in AfterHours)


def set_department_hours(
    actor: Actor,
    department_code: str,
    *,
    item_code: str | None = None,
    weekly: Sequence[Sequence[Any]],
    exceptions: Sequence[Mapping[str, Any]] = (),
    follows_workdays: bool = False,
    after_hours: str = "",
    source: str,
) -> DepartmentHours:
    """Set the hours of a department's system for one item or for all; changed hours are unconfirmed until confirmed."""
    department = Department.objects.get(code=department_code)
    require_department(actor, department)
    item = department.items.get(code=item_code) if item_code else None
    values = {
        "weekly": check_weekly(weekly),
        "exceptions": check_exceptions(exceptions),
        "follows_workdays": follows_workdays,
        "after_hours": after_hours if after_hours in AFTER_HOURS else "",
    }
    with transaction.atomic():
        hours = DepartmentHours.objects.select_for_update().filter(department=department, item=item).first()
        if hours is None:
            hours = DepartmentHours(department=department, item=item)
        elif all(getattr(hours, name) == value for name, value in values.items()):
            return hours
        for name, value in values.items():
            setattr(hours, name, value)
        hours.source = source[:120]
        hours.confirmed_by, hours.confirmed_at, hours.probe_passed_at = "", None, None
        hours.save()
        record(
            actor,
            "services.set_department_hours",
            subject=f"department:{department.code}",
            details={"item": item_code or "", **values, "source": source[:120]},
        )
        now = timezone.now()
        _judge_soon(department, now)
        tell_hours(department, now)
    return hours


@transaction.atomic
def confirm_hours(actor: Actor, hours_id: int, *, confirmed_by: str, now: datetime) -> DepartmentHours:
    """The department says that these hours are right. From here on they can make an item 可办."""
    locked = DepartmentHours.objects.select_for_update(of=("self",))
    hours = locked.select_related("department", "item").get(pk=hours_id)
    require_department(actor, hours.department)
    if not confirmed_by.strip():
        raise Refused(_("请写明是哪个单位、哪一位确认的。"))
    known = hours.confirmed_at is not None
    hours.confirmed_by, hours.confirmed_at = confirmed_by.strip()[:80], now
    hours.save(update_fields=["confirmed_by", "confirmed_at"])
    record(
        actor,
        "services.confirm_hours",
        subject=f"department:{hours.department.code}",
        details={"item": hours.item.code if hours.item else "", "confirmed_by": hours.confirmed_by},
        at=now,
    )
    _judge_soon(hours.department, now)
    if not known:
        tell_hours(hours.department, now)
    return hours


def record_probe(actor: Actor, item_code: str, *, now: datetime) -> None:
    """An end-to-end try (拨测) of an item passed just now."""
    with transaction.atomic():
        DepartmentHours.objects.filter(item__code=item_code).update(probe_passed_at=now)
        record(actor, "services.record_probe", subject=f"item:{item_code}", at=now)


@transaction.atomic
def offer_item(
    actor: Actor,
    terminal_code: str,
    item_code: str,
    *,
    active: bool = True,
    driven: bool | None = None,
    needs: Sequence[str] | None = None,
) -> Offering:
    """Say by hand that a terminal offers an item (or does not); such a row is not derived any more."""
    terminal = terminals.get_terminal(actor, terminal_code)
    place_path: str = terminal.area.place.path
    actor.require(
        Role.SUPERVISOR, Role.AREA_KEEPER, Role.OWNER_UNIT, place_path=place_path, organizations=(terminal.owner_id,)
    )
    item = Item.objects.get(code=item_code)
    offering, _created = Offering.objects.update_or_create(
        item=item,
        terminal=terminal,
        defaults={
            "active": active,
            "derived": False,
            "driven": item.driven if driven is None else driven,
            "needs": list(needs) if needs is not None else None,
            "judge_at": None,
            "judged_at": None,
        },
    )
    marks.mark(marks.CATALOGUE, timezone.now(), [terminal.pk])
    record(
        actor,
        "services.offer_item",
        subject=f"terminal:{terminal_code}",
        place_path=place_path,
        details={"item": item_code, "active": active, "driven": offering.driven},
    )
    return offering


def derive_offerings(terminal_ids: Collection[int], now: datetime) -> int:
    """Offer on own terminals each item that they can carry through with the peripherals they report; returns changes.

    Rows set by a person stay as they are. An item is not withdrawn because a device is broken: broken is a verdict.
    Where there is no card reader, a code on a card is typed instead. What is done on the department's own page needs
    the window for such pages and nothing else.
    """
    kinds_of = terminals.kinds_of(terminal_ids)
    pages = launch_addresses()
    items = list(Item.objects.filter(Q(driven=True) | Q(pk__in=list(pages))))
    present = {(row.terminal_id, row.item_id): row for row in Offering.objects.filter(terminal_id__in=list(kinds_of))}
    new: list[Offering] = []
    other: list[Offering] = []
    for terminal_id, kinds in kinds_of.items():
        typed = {READER} - kinds
        for item in items:
            own = {PAGE} if item.pk in pages else set(item.needs)
            fits = own - typed <= kinds
            needs = sorted(own - typed) if typed & own or item.pk in pages else None
            row = present.get((terminal_id, item.pk))
            if row is None and fits:
                new.append(Offering(item=item, terminal_id=terminal_id, driven=True, needs=needs))
            elif row is not None and row.derived and (row.active, row.needs) != (fits, needs):
                row.active, row.needs = fits, needs
                other.append(row)
    offered = {item.pk for item in items}
    for row in present.values():
        if row.derived and row.active and row.needs == [PAGE] and row.item_id not in offered:
            row.active = False  # its department has no page for it any more
            other.append(row)
    if not new and not other:
        return 0
    with transaction.atomic():
        Offering.objects.bulk_create(new, ignore_conflicts=True)
        for row in other:
            rows = Offering.objects.filter(pk=row.pk, derived=True)
            rows.update(active=row.active, needs=row.needs, judge_at=None, judged_at=None)
        marks.mark(marks.CATALOGUE, now, {row.terminal_id for row in (*new, *other)})
    return len(new) + len(other)


def _judge_soon(department: Department, now: datetime) -> None:
    marks.mark(marks.CATALOGUE, now)
    Offering.objects.filter(item__department=department).update(judge_at=None, judged_at=None)


def check_weekly(weekly: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """[[weekday 0=Monday, "08:30", "17:30"], …], checked; "24:00" is the end of the day."""
    checked: list[list[Any]] = []
    for row in weekly:
        if len(row) < 3 or not isinstance(row[0], int) or not 0 <= row[0] <= 6:
            raise Refused(_("开放时段应写成：星期（0 为周一）、开始、结束。"))
        checked.append([row[0], _clock(row[1]), _clock(row[2])])
    return sorted(checked)


def check_exceptions(exceptions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    checked: list[dict[str, Any]] = []
    for row in exceptions:
        try:
            on = date.fromisoformat(str(row["on"]))
        except (KeyError, ValueError) as error:
            raise Refused(_("例外日期应写成 2026-10-01 的样子。")) from error
        windows = [[_clock(opens), _clock(closes)] for opens, closes in row.get("windows", [])]
        reason = str(row.get("reason", ""))[:80]
        checked.append(
            {"on": on.isoformat(), "closed": bool(row.get("closed", not windows)), "windows": windows, "reason": reason}
        )
    return sorted(checked, key=lambda one: str(one["on"]))


def _clock(text: object) -> str:
    value = str(text)
    if value == "24:00":
        return value
    try:
        return time.fromisoformat(value).strftime("%H:%M")
    except ValueError as error:
        raise Refused(_("时刻应写成 08:30 的样子，现在是“%(value)s”。") % {"value": value[:20]}) from error
