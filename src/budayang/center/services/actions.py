"""Writes of the services room, each by an actor, each with an audit line. Cases and papers: `case_actions`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from budayang import data
from budayang.center.platform import queries as platform
from budayang.center.platform.actions import Refused, emit, record
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.sealing import seal_field
from budayang.center.services import marks
from budayang.center.services.case_actions import accept_case, ask_again, complete_case, record_paper
from budayang.center.services.catalogue import BadRow, CatalogueRow, read_row
from budayang.center.services.models import (
    CalendarDay,
    Connector,
    Department,
    DepartmentHours,
    Item,
    Offering,
)
from budayang.center.services.publishing import publish_catalogue
from budayang.center.services.sending import BadAddress, check_address
from budayang.center.terminals import queries as terminals
from budayang.rules.services import DRIVEN_KINDS, AfterHours

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

DOWN_AFTER_FAILURES = 2
READER = "idReader"
AFTER_HOURS = frozenset(word.value for word in AfterHours)


@dataclass(slots=True)
class ImportReport:
    """What an import did. Nothing is loaded while `errors` ([line, message]) is not empty."""

    created: int = 0
    updated: int = 0
    errors: list[tuple[int, str]] = field(default_factory=list)


def import_items(
    actor: Actor, rows: Iterable[Mapping[str, str]], *, driven: Collection[str] | None = None, is_demo: bool = False
) -> ImportReport:
    """Load the catalogue: all rows or, when any row has an error, none.

    Args:
        rows: mappings with the columns of data/service_items.csv.
        driven: codes of the items that our own terminal can carry through; without it those that have a form. Such a
            form asks in words for what the catalogue would scan, hence needs beyond the driven devices fall away.
    """
    actor.require(Role.SUPERVISOR)
    report = ImportReport()
    read: list[CatalogueRow] = []
    seen: set[str] = set()
    for line, row in enumerate(rows, start=2):
        try:
            one = read_row(row)
        except BadRow as error:
            report.errors.append((line, str(error)))
            continue
        if one.code in seen:
            report.errors.append((line, _("编码 %(code)s 在表中出现了两次。") % {"code": one.code}))
        seen.add(one.code)
        read.append(one)
    if report.errors:
        return report
    with transaction.atomic():
        departments = {name: _department(name) for name in dict.fromkeys(one.department for one in read)}
        for one in read:
            carried = one.code in driven if driven is not None else data.find_form(one.code) is not None
            values = {
                **one.fields,
                "department": departments[one.department],
                "driven": carried,
                "is_demo": is_demo,
                "aliases": [[alias.alias, alias.kind] for alias in data.aliases() if alias.item_code == one.code],
            }
            if carried:
                values["needs"] = sorted(DRIVEN_KINDS & set(one.fields["needs"]))
            _item, created = Item.objects.update_or_create(code=one.code, defaults=values)
            report.created += created
            report.updated += not created
        details = {"created": report.created, "updated": report.updated}
        record(actor, "services.import_items", subject="items", details=details)
        marks.mark(marks.CATALOGUE, timezone.now())
    return report


def _department(name: str) -> Department:
    known = {row.kind: row.code for row in data.departments()}
    code = known.get(name) or f"D{Department.objects.count() + 1:03d}"
    return Department.objects.get_or_create(name=name, defaults={"code": code})[0]


@transaction.atomic
def import_calendar(actor: Actor, days: Sequence[tuple[date, str, str]], *, source: str) -> int:
    """Replace the given days (date, kind, name) of the calendar table; `source` says who announced them."""
    actor.require(Role.SUPERVISOR, Role.SYSTEM_ADMIN)
    for on, kind, name in days:
        CalendarDay.objects.update_or_create(on=on, defaults={"kind": kind, "name": name, "source": source})
    marks.mark(marks.CATALOGUE, timezone.now())
    record(actor, "services.import_calendar", subject="calendar", details={"days": len(days), "source": source})
    return len(days)


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
    _require_department(actor, department)
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
        _judge_soon(department, timezone.now())
    return hours


@transaction.atomic
def confirm_hours(actor: Actor, hours_id: int, *, confirmed_by: str, now: datetime) -> DepartmentHours:
    """The department says that these hours are right. From here on they can make an item 可办."""
    locked = DepartmentHours.objects.select_for_update(of=("self",))
    hours = locked.select_related("department", "item").get(pk=hours_id)
    _require_department(actor, hours.department)
    if not confirmed_by.strip():
        raise Refused(_("请写明是哪个单位、哪一位确认的。"))
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
    return hours


def record_probe(actor: Actor, item_code: str, *, now: datetime) -> None:
    """An end-to-end try (拨测) of an item passed just now."""
    with transaction.atomic():
        DepartmentHours.objects.filter(item__code=item_code).update(probe_passed_at=now)
        record(actor, "services.record_probe", subject=f"item:{item_code}", at=now)


@transaction.atomic
def set_connector(actor: Actor, department_code: str, *, url: str, key: str, now: datetime) -> Connector:
    """Say where a department's system is reached, and with which key (kept sealed)."""
    actor.require(Role.SYSTEM_ADMIN)
    department = Department.objects.get(code=department_code)
    try:
        address = check_address(url)
    except BadAddress as error:
        raise Refused(_("这个接口地址不能用：须为 https 地址，或本机的 http 地址，不带账号和参数。")) from error
    sealed = seal_field("services_connector", department.code, "key", key) if key else None
    connector, _created = Connector.objects.update_or_create(
        department=department,
        defaults={"url": address, "key_sealed": sealed, "state": "unknown", "since_at": now, "failures": 0},
    )
    record(actor, "services.set_connector", subject=f"department:{department.code}", details={"url": address}, at=now)
    return connector


def note_connector(department_code: str, *, ok: bool, why: str, now: datetime) -> bool:
    """Note one health check. Down after two failures in a row, ok after one success; a change is told upwards once.

    Facts of machines are not audit lines. Two workers may note at once: the state moves by compare-and-set.
    """
    connector = Connector.objects.select_related("department").get(department__code=department_code)
    failures = 0 if ok else connector.failures + 1
    state = connector.state
    if ok:
        state = "ok"
    elif failures >= DOWN_AFTER_FAILURES or state == "unknown":
        state = "down"
    with transaction.atomic():
        rows = Connector.objects.filter(pk=connector.pk, state=connector.state)
        if state == connector.state:
            rows.update(checked_at=now, failures=failures, why=why[:120])
            return False
        if not rows.update(state=state, since_at=now, checked_at=now, failures=failures, why=why[:120]):
            return False
        emit(
            "services.connector",
            subject=f"department:{department_code}",
            place_path=served_path(connector.department),
            payload={"department": department_code, "before": connector.state, "state": state},
            occurred_at=now,
            now=now,
        )
    return True


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


@transaction.atomic
def derive_offerings(terminal_id: int, now: datetime) -> int:
    """Offer on an own terminal each item that it can carry through with the peripherals it reports; returns changes.

    Rows set by a person stay as they are. An item is not withdrawn because a device is broken: broken is a verdict.
    Where there is no card reader, a code on a card is typed instead.
    """
    kinds = {peripheral.kind for peripheral in terminals.peripherals(terminal_id)}
    if not kinds:
        return 0
    typed = {READER} - kinds
    present = {row.item_id: row for row in Offering.objects.filter(terminal_id=terminal_id)}
    changes = 0
    for item in Item.objects.filter(driven=True):
        fits = set(item.needs) - typed <= kinds
        needs = sorted(set(item.needs) - typed) if typed & set(item.needs) else None
        row = present.get(item.pk)
        if row is None and fits:
            Offering.objects.create(item=item, terminal_id=terminal_id, driven=True, needs=needs)
            changes += 1
        elif row is not None and row.derived and (row.active, row.needs) != (fits, needs):
            rows = Offering.objects.filter(pk=row.pk, derived=True)
            rows.update(active=fits, needs=needs, judge_at=None, judged_at=None)
            changes += 1
    if changes:
        marks.mark(marks.CATALOGUE, now, [terminal_id])
    return changes


def served_path(department: Department) -> str:
    """The place that a department serves: its organization's, else the top of the tree."""
    if department.organization is not None:
        return department.organization.place.path
    top = platform.places_visible_to(Actor.job("services.connectors")).order_by("path").first()
    return top.path if top else ""


def _judge_soon(department: Department, now: datetime) -> None:
    marks.mark(marks.CATALOGUE, now)
    Offering.objects.filter(item__department=department).update(judge_at=None, judged_at=None)


def may_confirm(actor: Actor, department: Department) -> bool:
    """Hours belong to the department: its own people, or the supervisor on a paper of the department's."""
    own = department.organization_id is not None and any(
        grant.role == Role.OWNER_UNIT and grant.organization_id == department.organization_id for grant in actor.grants
    )
    return own or actor.may(Role.SUPERVISOR)


def _require_department(actor: Actor, department: Department) -> None:
    if not may_confirm(actor, department):
        actor.require(Role.SUPERVISOR)


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
