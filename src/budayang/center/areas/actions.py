"""Writes of the areas. Each checks the actor's scope, leaves an audit line and tells the rooms above."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from budayang.center.areas import imports
from budayang.center.areas.models import Area, Facility, HoursException, PromisedHours, PromisedWindow
from budayang.center.areas.stop_actions import cancel_stop as cancel_stop
from budayang.center.areas.stop_actions import plan_stop as plan_stop
from budayang.center.platform.actions import Refused, add_place, emit, record
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.models import Organization, Place, Staff
from budayang.center.platform.uploads import TableRefused, UploadedTable
from budayang.rules.calendars import WeeklyWindow

KEEPERS = (Role.SUPERVISOR, Role.AREA_KEEPER)
CHANGEABLE = (
    "name",
    "kind",
    "address",
    "manager",
    "keeper",
    "keeper_phone",
    "helper_phone",
    "helper_hours",
    "latitude",
    "longitude",
    "has_windows",
)


@transaction.atomic
def create_area(
    actor: Actor,
    *,
    code: str,
    name: str,
    parent: Place,
    kind: str = Area.Kind.CENTER,
    address: str = "",
    manager: Organization | None = None,
    keeper: Staff | None = None,
    keeper_phone: str = "",
    helper_phone: str = "",
    helper_hours: str = "",
    latitude: float | None = None,
    longitude: float | None = None,
    has_windows: bool = False,
    is_demo: bool = False,
) -> Area:
    """Open an area in a region. Its place gets the code "A-" + `code`; nothing is promised until hours are set."""
    actor.require(Role.SUPERVISOR, place_path=parent.path)
    if parent.kind != Place.Kind.REGION:
        raise Refused(_("自助区要建在行政区划下，不能建在另一个自助区下。"))
    if Area.objects.filter(code=code).exists():
        raise Refused(_("自助区代码 %(code)s 已经有了，请换一个。") % {"code": code})
    place = add_place(actor, code=f"A-{code}", name=name, kind=Place.Kind.AREA, parent=parent, is_demo=is_demo)
    area = Area.objects.create(
        place=place,
        code=code,
        name=name,
        kind=kind,
        address=address,
        manager=manager,
        keeper=keeper,
        keeper_phone=keeper_phone,
        helper_phone=helper_phone,
        helper_hours=helper_hours,
        latitude=latitude,
        longitude=longitude,
        has_windows=has_windows,
        is_demo=is_demo,
    )
    record(actor, "areas.create_area", subject=f"area:{code}", place_path=place.path, details={"name": name})
    return area


@transaction.atomic
def update_area(actor: Actor, area: Area, **changes: Any) -> Area:
    """Change facts of an area; `changes` holds names of `CHANGEABLE`. Phones of persons stay out of the audit line."""
    actor.require(*KEEPERS, place_path=area.place.path)
    unknown = set(changes) - set(CHANGEABLE)
    if unknown:
        raise TypeError(f"not a fact of an area: {', '.join(sorted(unknown))}")
    changed = [name for name, value in changes.items() if getattr(area, name) != value]
    for name in changed:
        setattr(area, name, changes[name])
    if changed:
        area.save(update_fields=changed)
        if "name" in changed:
            area.place.name = area.name
            area.place.save(update_fields=["name"])
        record(
            actor,
            "areas.update_area",
            subject=f"area:{area.code}",
            place_path=area.place.path,
            details={"changed": changed},
        )
        _tell("changed", area, timezone.now())
    return area


@transaction.atomic
def set_promised_hours(
    actor: Actor, area: Area, windows: Sequence[WeeklyWindow], *, valid_from: date, now: datetime
) -> PromisedHours:
    """Promise weekly hours from a day on. A version of the same day is replaced; earlier ones stay as they were.

    Raises:
        Refused: windows overlap, or the day is past: a person does not rewrite what was promised. Only a job of the
            house, which sets up an area with its history, may, and `import_areas`, whose areas are new.
    """
    actor.require(*KEEPERS, place_path=area.place.path)
    if valid_from < _today(area, now) and not actor.sees_all:
        raise Refused(_("承诺不能改到过去，请选今天或以后。"))
    return _promise(actor, area, windows, valid_from, now)


def _promise(
    actor: Actor, area: Area, windows: Sequence[WeeklyWindow], valid_from: date, now: datetime
) -> PromisedHours:
    _refuse_overlaps(windows)
    hours, _created = PromisedHours.objects.update_or_create(
        area=area, valid_from=valid_from, defaults={"set_at": now, "set_by": actor.name}
    )
    hours.windows.all().delete()
    PromisedWindow.objects.bulk_create(
        PromisedWindow(
            hours=hours, weekday=one.weekday, opens=one.opens, closes=one.closes, closes_next_day=one.closes_next_day
        )
        for one in windows
    )
    details = {"valid_from": valid_from.isoformat(), "windows": [_window_text(one) for one in windows]}
    record(actor, "areas.set_promised_hours", subject=f"area:{area.code}", place_path=area.place.path, details=details)
    _tell("hours_changed", area, now)
    return hours


def _today(area: Area, now: datetime) -> date:
    return now.astimezone(ZoneInfo(area.place.zone)).date()


def _window_text(one: WeeklyWindow) -> str:
    return f"{one.weekday} {one.opens:%H:%M}-{one.closes:%H:%M}{'+1' if one.closes_next_day else ''}"


def _refuse_overlaps(windows: Sequence[WeeklyWindow]) -> None:
    """Windows of one day must not overlap: a minute promised twice is a slip of the pen."""
    last: dict[int, WeeklyWindow] = {}
    for one in sorted(windows, key=lambda window: (window.weekday, window.opens)):
        if not one.closes_next_day and one.closes <= one.opens:
            raise Refused(_("结束时刻要晚于开始时刻；跨到第二天的时段请注明次日。"))
        before = last.get(one.weekday)
        if before and (before.closes_next_day or one.opens < before.closes):
            raise Refused(_("同一天的时段互相重叠，请合并后再存。"))
        last[one.weekday] = one


def _tell(what: str, area: Area, now: datetime) -> None:
    emit(
        f"areas.{what}",
        subject=f"area:{area.code}",
        place_path=area.place.path,
        payload={"area": area.code},
        occurred_at=now,
        now=now,
    )


@transaction.atomic
def add_exception(
    actor: Actor,
    area: Area,
    *,
    on: date,
    closed: bool,
    reason: str,
    now: datetime,
    opens: time | None = None,
    closes: time | None = None,
) -> HoursException:
    """Say that one day differs: closed, or open in one window. The day's earlier exception is replaced.

    Raises:
        Refused: the day is past in the area (what was promised then stays), no window, no reason.
    """
    actor.require(*KEEPERS, place_path=area.place.path)
    if on < _today(area, now):
        raise Refused(_("例外日不能写到过去，那天承诺了什么已经定了。"))
    if not closed and (opens is None or closes is None or closes <= opens):
        raise Refused(_("例外日开放要写起止时刻，结束晚于开始。"))
    if not reason.strip():
        raise Refused(_("请写明原因，市民会看到。"))
    row, _created = HoursException.objects.update_or_create(
        area=area,
        on=on,
        defaults={
            "closed": closed,
            "opens": None if closed else opens,
            "closes": None if closed else closes,
            "reason": reason,
        },
    )
    details = {"on": on.isoformat(), "closed": closed, "reason": reason}
    record(actor, "areas.add_exception", subject=f"area:{area.code}", place_path=area.place.path, details=details)
    _tell("hours_changed", area, now)
    return row


@transaction.atomic
def remove_exception(actor: Actor, area: Area, on: date, *, now: datetime) -> None:
    """Take a future exception back. A past one stays: it says what was promised on that day."""
    actor.require(*KEEPERS, place_path=area.place.path)
    row = HoursException.objects.filter(area=area, on=on).first()
    if row is None:
        return
    if on < _today(area, now):
        raise Refused(_("已经过去的例外日不能删，它说明那天承诺了什么。"))
    row.delete()
    details = {"on": on.isoformat()}
    record(actor, "areas.remove_exception", subject=f"area:{area.code}", place_path=area.place.path, details=details)
    _tell("hours_changed", area, now)


@transaction.atomic
def set_facility(actor: Actor, area: Area, *, kind: str, name: str, count: int = 1, note: str = "") -> Facility:
    """Add a facility, or change the one of the same kind and name."""
    actor.require(*KEEPERS, place_path=area.place.path)
    if kind not in Facility.Kind.values:
        raise Refused(_("设施类别“%(kind)s”不认识。") % {"kind": kind})
    row, _created = Facility.objects.update_or_create(
        area=area, kind=kind, name=name, defaults={"count": count, "note": note}
    )
    details = {"kind": kind, "name": name, "count": count}
    record(actor, "areas.set_facility", subject=f"area:{area.code}", place_path=area.place.path, details=details)
    return row


@transaction.atomic
def remove_facility(actor: Actor, facility: Facility) -> None:
    """Take a facility off the area's list."""
    area = facility.area
    actor.require(*KEEPERS, place_path=area.place.path)
    details = {"kind": facility.kind, "name": facility.name}
    record(actor, "areas.remove_facility", subject=f"area:{area.code}", place_path=area.place.path, details=details)
    facility.delete()


@transaction.atomic
def import_regions(actor: Actor, table: UploadedTable, *, is_demo: bool = False) -> tuple[int, int]:
    """Make the regions of a table (`imports.read_regions`); returns (made, already there).

    Raises:
        TableRefused: with an error per row; nothing was made.
    """
    check = imports.check_regions(actor, table)
    if check.errors:
        raise TableRefused(check.errors)
    made: dict[str, Place] = {}
    above = Place.objects.in_bulk([plan.parent for plan in check.new], field_name="code")
    for plan in check.new:
        parent = made.get(plan.parent) or above.get(plan.parent)
        made[plan.code] = add_place(
            actor, code=plan.code, name=plan.name, kind=Place.Kind.REGION, parent=parent, is_demo=is_demo
        )
    if made:
        details = {"made": len(made), "known": len(check.known)}
        record(actor, "areas.import_regions", subject="table:regions", place_path=check.new[0].path, details=details)
    return len(made), len(check.known)


@transaction.atomic
def import_areas(
    actor: Actor, table: UploadedTable, *, valid_from: date, now: datetime, is_demo: bool = False
) -> tuple[int, int]:
    """Open the areas of a table (`imports.read_areas`) and promise their hours from a day on; returns (made, there).

    Raises:
        TableRefused: with an error per row; nothing was made.
    """
    check = imports.check_areas(actor, table)
    if check.errors:
        raise TableRefused(check.errors)
    for plan in check.new:
        area = create_area(
            actor,
            code=plan.code,
            name=plan.name,
            parent=plan.region,
            kind=plan.kind,
            address=plan.address,
            manager=plan.manager,
            keeper=plan.keeper,
            keeper_phone=plan.keeper_phone,
            latitude=plan.latitude,
            longitude=plan.longitude,
            has_windows=plan.has_windows,
            is_demo=is_demo,
        )
        if plan.windows:
            _promise(actor, area, plan.windows, valid_from, now)
    return len(check.new), len(check.known)
