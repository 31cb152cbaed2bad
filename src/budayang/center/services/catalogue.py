"""Reads the catalogue table (columns of data/service_items.csv) into the fields of `Item`; pure, no database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

HARDWARE_COLUMNS = (
    "hw_id_reader",
    "hw_face_camera",
    "hw_a4_printer",
    "hw_stamper_or_eseal",
    "hw_payment",
    "hw_ic_card",
)
REQUIRED = ("item_id", "name", "dept_type", "kind", "audience", "after_hours")
MARKS = {"V", "R"}


@dataclass(frozen=True, slots=True)
class CatalogueRow:
    """One item as read: `department` is the kind's name, `fields` the columns of `Item` except its department."""

    code: str
    department: str
    fields: dict[str, Any]


class BadRow(Exception):
    """A row that cannot be read; the message names the column and the repair."""


def read_row(row: Mapping[str, str]) -> CatalogueRow:
    """Read one row of the catalogue table.

    Raises:
        BadRow: a required column is empty, or a figure is not one.
    """
    clean = {key: (value or "").strip() for key, value in row.items() if key}
    for column in REQUIRED:
        if not clean.get(column):
            raise BadRow(_("“%(column)s”一栏为空，请补上。") % {"column": column})
    minutes = clean.get("typical_minutes", "")
    if minutes and not (minutes.isdecimal() and int(minutes) < 1000):
        raise BadRow(_("“typical_minutes”应为分钟数，现在是“%(value)s”。") % {"value": minutes})
    marks = {column: clean.get(f"{column}_verified") or "R" for column in ("name", "time", "fee", "legal")}
    for column, mark in marks.items():
        if mark not in MARKS:
            raise BadRow(_("“%(column)s_verified”只能是 V 或 R。") % {"column": column})
    fields: dict[str, Any] = {
        "base_code": clean.get("base_code_demo", ""),
        "name": clean["name"],
        "office": clean.get("department", ""),
        "kind": clean["kind"],
        "audience": clean["audience"],
        "materials": clean.get("materials", ""),
        "output": clean.get("output", ""),
        "live": clean.get("needs_live_system", ""),
        "live_system": clean.get("live_system", ""),
        "hardware": {column: clean.get(column, "") for column in (*HARDWARE_COLUMNS, "hw_other")},
        "needs": sorted(needs_of(clean)),
        "typical_minutes": int(minutes) if minutes else None,
        "legal_limit": clean.get("legal_limit", ""),
        "legal_basis": clean.get("legal_basis", ""),
        "fee": clean.get("fee", ""),
        "after_hours": clean["after_hours"],
        "who_acts": clean.get("who_acts", ""),
        **{f"{column}_mark": mark for column, mark in marks.items()},
    }
    return CatalogueRow(clean["item_id"], clean["dept_type"], fields)


def needs_of(row: Mapping[str, str]) -> frozenset[str]:
    """The peripheral kinds without which the item cannot be finished at a terminal.

    Two columns do not become a need. `hw_face_camera`: in this edition a person shows a card or types a code, and no
    face is compared. `hw_stamper_or_eseal`: the column says "or", and the department's electronic seal needs no
    stamping machine. Both stay readable in `Item.hardware`.
    """
    needs: set[str] = set()
    if row.get("hw_id_reader") == "1":
        needs.add("idReader")
    if row.get("hw_a4_printer") == "1":
        needs.add("printer")
    if row.get("hw_payment") == "1":
        needs.add("payment")
    if row.get("hw_ic_card") == "1":
        needs.add("icCard")
    other = row.get("hw_other", "")
    if "高拍仪" in other or "扫描仪" in other:
        needs.add("documentCamera")
        other = other.replace("高拍仪", "").replace("扫描仪", "")
    if "相机" in other or "摄像头" in other:
        needs.add("camera")
    if other.strip("+ ") and other.strip("+ ") not in {"相机", "摄像头", "二维码"}:
        needs.add("other")
    return frozenset(needs)
