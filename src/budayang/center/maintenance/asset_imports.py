"""A table of assets: checked row by row, loaded all or nothing. A code that stands already is left as it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from budayang.center.maintenance.asset_actions import Facts, Place, register
from budayang.center.maintenance.asset_queries import assets_visible_to
from budayang.center.maintenance.models import Asset, Contract
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor, Forbidden
from budayang.center.platform.models import Organization
from budayang.center.platform.uploads import TableRefused, UploadedRow, UploadedTable, read_table
from budayang.center.platform.wording import words
from budayang.rules.assets import KIND_NAMES

COLUMNS = ("编号", "名称", "类别", "自助区代码", "归属单位代码")
OPTIONAL = (
    "终端编号", "部件", "位置", "供应商", "型号", "序列号", "购置日期", "质保到", "预计报废", "合同编号",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class AssetPlan:
    """One row that would be written."""

    line: int
    code: str
    kind: str
    place: Place
    facts: Facts


@dataclass(slots=True)
class Check:
    """What an import would do: assets to write, lines that are there already, errors by line."""

    new: list[AssetPlan] = field(default_factory=list)
    known: list[int] = field(default_factory=list)
    errors: list[tuple[int, str]] = field(default_factory=list)


class _Undo(Exception):
    """The trial was only a trial."""


def read_assets(content: bytes) -> UploadedTable:
    """Raises BadUpload when the file is no such table."""
    return read_table(content, COLUMNS, optional=OPTIONAL)


def check_assets(actor: Actor, table: UploadedTable, now: datetime) -> Check:
    """Say what each row would do, by doing it and taking it back: a check of its own would soon differ."""
    check = Check(errors=list(table.errors))
    # What the actor may not see has no name here: the code is taken, and no more is said.
    seen_codes = assets_visible_to(actor).filter(code__in=[row.cells["编号"] for row in table.rows])
    known = dict(seen_codes.values_list("code", "name"))
    seen: dict[str, int] = {}
    try:
        with transaction.atomic():
            for row in table.rows:
                _check_row(actor, row, known, seen, check, now)
            raise _Undo
    except _Undo:
        check.errors.sort()
    return check


def _check_row(
    actor: Actor, row: UploadedRow, known: dict[str, str], seen: dict[str, int], check: Check, now: datetime
) -> None:
    code = row.cells["编号"]
    if code in seen:
        check.errors.append((row.line, _("编号 %(code)s 与第 %(line)d 行重复。") % {"code": code, "line": seen[code]}))
        return
    seen[code] = row.line
    if code in known:
        if known[code] == row.cells["名称"]:
            check.known.append(row.line)
        else:
            told = {"code": code, "name": known[code]}
            check.errors.append((row.line, _("编号 %(code)s 已经是“%(name)s”。") % told))
        return
    try:
        plan = _plan(row)
        with transaction.atomic():
            _write(actor, plan, now)
    except (ValueError, Refused) as error:
        check.errors.append((row.line, str(error)))
    except Forbidden:
        check.errors.append((row.line, _("这件资产不在您的管理范围内。")))
    else:
        check.new.append(plan)


@transaction.atomic
def load_assets(actor: Actor, table: UploadedTable, now: datetime) -> tuple[int, int]:
    """(written, known). Raises TableRefused with every error, and then nothing is written."""
    check = check_assets(actor, table, now)
    if check.errors:
        raise TableRefused(check.errors)
    for plan in check.new:
        _write(actor, plan, now)
    return len(check.new), len(check.known)


def _write(actor: Actor, plan: AssetPlan, now: datetime) -> Asset:
    return register(actor, code=plan.code, kind=plan.kind, place=plan.place, facts=plan.facts, now=now)


def _plan(row: UploadedRow) -> AssetPlan:
    """Read one row. Raises ValueError with a message for people."""
    cells = row.cells
    kinds = {words(word): code for code, word in KIND_NAMES.items()} | {word: code for code, word in KIND_NAMES.items()}
    if cells["类别"] not in kinds:
        told = {"kind": cells["类别"], "kinds": "、".join(words(word) for word in KIND_NAMES.values())}
        raise ValueError(_("类别“%(kind)s”不认识，可以写：%(kinds)s。") % told)
    owner = Organization.objects.filter(code=cells["归属单位代码"]).first()
    if owner is None:
        raise ValueError(_("没有代码为 %(code)s 的单位。") % {"code": cells["归属单位代码"]})
    return AssetPlan(
        line=row.line,
        code=cells["编号"],
        kind=kinds[cells["类别"]],
        place=Place(cells["自助区代码"], cells["终端编号"], cells["部件"], cells["位置"]),
        facts=Facts(
            name=cells["名称"], owner=owner, supplier=cells["供应商"], make=cells["型号"], serial=cells["序列号"],
            bought_on=_day(cells, "购置日期"), warranty_until=_day(cells, "质保到"),
            life_until=_day(cells, "预计报废"), contract=_contract(cells["合同编号"]),
        ),
    )  # fmt: skip


def _day(cells: dict[str, str], name: str) -> date | None:
    """2026-11-26, 2026/11/26 or 2026年11月26日; a spreadsheet's own date comes with a time of day."""
    text = cells[name].split(" ")[0].replace("年", "-").replace("月", "-").replace("日", "").replace("/", "-")
    if not text:
        return None
    try:
        year, month, day = (int(part) for part in text.split("-"))
        return date(year, month, day)
    except ValueError as error:
        told = {"name": name, "text": cells[name]}
        raise ValueError(_("“%(name)s”的“%(text)s”不是日期，请写成 2026-11-26。") % told) from error


def _contract(number: str) -> Contract | None:
    if not number:
        return None
    rows = list(Contract.objects.filter(number=number).order_by("-starts_at")[:2])
    if len(rows) != 1:
        problem = (
            _("没有编号为 %(number)s 的合同。") if not rows else _("有几份合同编号都是 %(number)s，请在页面上选。")
        )
        raise ValueError(problem % {"number": number})
    return rows[0]
