"""Tables of regions and areas from people: each row is checked, errors name their line, nothing is loaded by halves.

Checking writes nothing: the console shows its result before anybody presses 导入, and `actions.import_*` checks again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from django.utils.translation import gettext as _

from budayang.center.areas.hours_text import BadHours, parse_hours
from budayang.center.areas.models import Area
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.models import Organization, Place, Staff
from budayang.center.platform.uploads import BadUpload, UploadedRow, UploadedTable, read_table
from budayang.rules.calendars import WeeklyWindow

REGION_COLUMNS = ("代码", "名称")
REGION_OPTIONAL = ("上级代码",)
AREA_COLUMNS = ("代码", "名称", "区划代码")
AREA_OPTIONAL = ("类别", "地址", "综合管理单位代码", "管理员用户名", "管理员电话", "纬度", "经度", "有窗口", "承诺时间")
_ENGLISH = {"代码": "code", "名称": "name", "上级代码": "parent"}
Plan = TypeVar("Plan")
_REGION_CODE = re.compile(r"^\d{6}(\d{3}|\d{6})?$")
_AREA_CODE = re.compile(r"^[A-Z0-9]{2,12}$")
_YES = {"是": True, "有": True, "1": True, "否": False, "无": False, "0": False, "": False}


@dataclass(frozen=True, slots=True)
class RegionPlan:
    """A region to be made. `path` is where it will lie."""

    line: int
    code: str
    name: str
    parent: str
    path: str


@dataclass(frozen=True, slots=True)
class AreaPlan:
    """An area to be made, with what its row says."""

    line: int
    code: str
    name: str
    region: Place
    kind: str
    address: str
    manager: Organization | None
    keeper: Staff | None
    keeper_phone: str
    latitude: float | None
    longitude: float | None
    has_windows: bool
    windows: tuple[WeeklyWindow, ...]


@dataclass(slots=True)
class Check(Generic[Plan]):
    """What an import would do: rows to make, lines that are there already, and errors by line."""

    new: list[Plan] = field(default_factory=list)
    known: list[int] = field(default_factory=list)
    errors: list[tuple[int, str]] = field(default_factory=list)


def read_regions(content: bytes) -> UploadedTable:
    """A table of regions with Chinese heads (代码, 名称, 上级代码) or English ones (code, name, parent).

    Raises:
        BadUpload: when the file is no such table.
    """
    try:
        return read_table(content, REGION_COLUMNS, optional=REGION_OPTIONAL)
    except BadUpload as chinese:
        try:
            table = read_table(content, ("code", "name"), optional=("parent",))
        except BadUpload:
            raise chinese from None
    rows = [UploadedRow(row.line, {title: row.cells[key] for title, key in _ENGLISH.items()}) for row in table.rows]
    return UploadedTable(rows, table.errors)


def read_areas(content: bytes) -> UploadedTable:
    """A table of areas. Raises BadUpload."""
    return read_table(content, AREA_COLUMNS, optional=AREA_OPTIONAL)


def check_regions(actor: Actor, table: UploadedTable) -> Check[RegionPlan]:
    """Check each row of a table of regions. A parent may stand in the same table, before or after its children."""
    check: Check[RegionPlan] = Check(errors=list(table.errors))
    parents = {row.cells["代码"]: row.cells.get("上级代码", "") for row in table.rows}
    known = {place.code: place for place in Place.objects.filter(code__in={*parents, *parents.values()})}
    seen: dict[str, int] = {}
    for row in table.rows:
        code, name, parent = row.cells["代码"], row.cells["名称"], row.cells.get("上级代码", "")
        error = _region_error(row, parents, known, seen)
        seen.setdefault(code, row.line)
        if error:
            check.errors.append((row.line, error))
        elif code in known:
            check.known.append(row.line)
        else:
            path = _region_path(code, parents, known)
            if path is None:
                check.errors.append((row.line, _("上级代码绕成了圈，请核对。")))
            elif not (actor.may(Role.SYSTEM_ADMIN) or actor.may(Role.SUPERVISOR, place_path=path)):
                check.errors.append((row.line, _("这个区划不在您的管理范围内，请上级主管或系统管理员导入。")))
            else:
                check.new.append(RegionPlan(row.line, code, name, parent, path))
    check.new.sort(key=lambda plan: (plan.path.count("/"), plan.line))
    check.errors.sort()
    return check


def _region_error(row: UploadedRow, parents: dict[str, str], known: dict[str, Place], seen: dict[str, int]) -> str:
    code, name, parent = row.cells["代码"], row.cells["名称"], row.cells.get("上级代码", "")
    if not _REGION_CODE.match(code):
        return _("代码“%(code)s”不对：区划代码是 6、9 或 12 位数字。") % {"code": code}
    if not name:
        return _("缺少名称。")
    if len(name) > 80:
        return _("名称超过 80 个字。")
    if code in seen:
        return _("代码 %(code)s 与第 %(line)d 行重复。") % {"code": code, "line": seen[code]}
    if parent and parent not in known and parent not in parents:
        return _("上级代码 %(code)s 不在系统里，也不在本表里。") % {"code": parent}
    if parent in known and known[parent].kind != Place.Kind.REGION:
        return _("上级 %(code)s 是自助区，不是行政区划。") % {"code": parent}
    place = known.get(code)
    if place is not None and place.name != name:
        return _("代码 %(code)s 已经是“%(name)s”。") % {"code": code, "name": place.name}
    return ""


def _region_path(code: str, parents: dict[str, str], known: dict[str, Place]) -> str | None:
    """Where a new region will lie; None when its parents run in a circle."""
    chain = [code]
    while parent := parents.get(chain[-1], ""):
        if parent in known:
            return known[parent].path + "".join(f"{one}/" for one in reversed(chain))
        if parent in chain:
            return None
        chain.append(parent)
    return "/" + "".join(f"{one}/" for one in reversed(chain))


def check_areas(actor: Actor, table: UploadedTable) -> Check[AreaPlan]:
    """Check each row of a table of areas."""
    check: Check[AreaPlan] = Check(errors=list(table.errors))
    cells = [row.cells for row in table.rows]
    regions = {place.code: place for place in Place.objects.filter(code__in={one["区划代码"] for one in cells})}
    bodies = {
        one.code: one for one in Organization.objects.filter(code__in={_cell(one, "综合管理单位代码") for one in cells})
    }
    people = {
        one.username: one for one in Staff.objects.filter(username__in={_cell(one, "管理员用户名") for one in cells})
    }
    known = {area.code: area for area in Area.objects.filter(code__in={one["代码"] for one in cells})}
    seen: dict[str, int] = {}
    for row in table.rows:
        code = row.cells["代码"]
        try:
            plan = _area_plan(row, regions, bodies, people)
            if code in seen:
                raise ValueError(_("代码 %(code)s 与第 %(line)d 行重复。") % {"code": code, "line": seen[code]})
            if not actor.may(Role.SUPERVISOR, place_path=plan.region.path):
                raise ValueError(_("区划 %(code)s 不在您的管理范围内。") % {"code": plan.region.code})
            if code in known and known[code].name != plan.name:
                raise ValueError(_("代码 %(code)s 已经是“%(name)s”。") % {"code": code, "name": known[code].name})
        except ValueError as error:
            check.errors.append((row.line, str(error)))
        else:
            if code in known:
                check.known.append(row.line)
            else:
                check.new.append(plan)
        seen.setdefault(code, row.line)
    check.errors.sort()
    return check


def _cell(cells: dict[str, str], name: str) -> str:
    return cells.get(name, "")


def _area_plan(
    row: UploadedRow, regions: dict[str, Place], bodies: dict[str, Organization], people: dict[str, Staff]
) -> AreaPlan:
    """Read one row. Raises ValueError with a message for people."""
    cells = row.cells
    code, name, region = cells["代码"], cells["名称"], regions.get(cells["区划代码"])
    if not _AREA_CODE.match(code):
        raise ValueError(_("代码“%(code)s”不对：用 2 到 12 位大写字母和数字。") % {"code": code})
    if not name or len(name) > 80:
        raise ValueError(_("名称要写，最多 80 个字。"))
    if region is None or region.kind != Place.Kind.REGION:
        raise ValueError(_("区划代码 %(code)s 不在系统里，请先导入区划。") % {"code": cells["区划代码"]})
    manager, keeper = _cell(cells, "综合管理单位代码"), _cell(cells, "管理员用户名")
    if manager and manager not in bodies:
        raise ValueError(_("没有代码为 %(code)s 的单位。") % {"code": manager})
    if keeper and keeper not in people:
        raise ValueError(_("没有用户名为 %(name)s 的人员。") % {"name": keeper})
    kinds = {str(word): value for value, word in Area.Kind.choices}
    kind = _cell(cells, "类别") or str(Area.Kind.CENTER.label)
    if kind not in kinds:
        raise ValueError(_("类别“%(kind)s”不认识，可以写：%(kinds)s。") % {"kind": kind, "kinds": "、".join(kinds)})
    if _cell(cells, "有窗口") not in _YES:
        raise ValueError(_("“有窗口”请写 是 或 否。"))
    hours = _cell(cells, "承诺时间")
    try:
        windows = parse_hours(hours) if hours else ()
    except BadHours as error:
        raise ValueError(str(error)) from error
    return AreaPlan(
        line=row.line,
        code=code,
        name=name,
        region=region,
        kind=kinds[kind],
        address=_cell(cells, "地址")[:160],
        manager=bodies.get(manager),
        keeper=people.get(keeper),
        keeper_phone=_cell(cells, "管理员电话")[:32],
        latitude=_degrees(_cell(cells, "纬度"), 90, _("纬度")),
        longitude=_degrees(_cell(cells, "经度"), 180, _("经度")),
        has_windows=_YES[_cell(cells, "有窗口")],
        windows=windows,
    )


def _degrees(text: str, limit: float, title: str) -> float | None:
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = limit + 1
    if not -limit <= value <= limit:
        raise ValueError(
            _("%(title)s“%(text)s”不对，请写 -%(limit)d 到 %(limit)d 之间的度数。")
            % {"title": title, "text": text, "limit": limit}
        )
    return value
