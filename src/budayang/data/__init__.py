"""What ships with the package: regions, departments, service items, the reference edition's requirements, calendar,
aliases, forms, demo cast.

Everything is read by importlib.resources, once, into frozen rows. Columns that say whether a fact was seen in a
source (V) or is remembered or
judged (R) are kept on the row: no reader may take a judgement for a source.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from io import StringIO
from typing import Any

from budayang.data.cast import Demo, DemoArea, DemoOrganization, DemoStaff, DemoTerminal, read_demo
from budayang.rules.calendars import DayKind

__all__ = [
    "DEMO_ITEMS",
    "Alias",
    "CalendarDay",
    "Demo",
    "DemoArea",
    "DemoOrganization",
    "DemoStaff",
    "DemoTerminal",
    "Department",
    "Marks",
    "Region",
    "Requirement",
    "ServiceItem",
    "aliases",
    "calendar_days",
    "day_table",
    "demo",
    "departments",
    "find_form",
    "form",
    "items_with_forms",
    "regions",
    "requirements",
    "service_items",
    "table_path",
]

DEMO_ITEMS: tuple[str, ...] = ("ZZ001", "ZZ054", "ZZ031", "ZZ037", "ZZ130")
"""The items of the walk and of small fleets: 人社 ZZ001, 税务 ZZ054, 医保 ZZ031 and ZZ037, 司法 ZZ130. The
sandbox' departments answer many more."""


@dataclass(frozen=True)
class Region:
    """``kind``: city | district | banner; ``parent`` is empty for the city."""

    code: str
    name: str
    parent: str
    kind: str


@dataclass(frozen=True)
class Department:
    """One kind of department of the catalogue. ``offices`` are the names its items carry; ``items`` counts them."""

    code: str
    kind: str
    name: str
    offices: tuple[str, ...]
    items: int


@dataclass(frozen=True)
class Marks:
    """Whether each fact was seen in a source (V) or is remembered (R). ``after_hours``, ``who_acts`` and hardware are
    our judgement: J.
    """

    name: str
    time: str
    fee: str
    legal: str
    after_hours: str = "J"
    who_acts: str = "J"
    hardware: str = "J"


@dataclass(frozen=True)
class ServiceItem:
    """One row of the catalogue. ``hardware``: names of the hw_ columns that hold 1, without the prefix; ``hw_other``
    in words.

    ``code`` and ``base_code`` are demonstration codes (演示编码); real codes are imported as text and never parsed.
    """

    code: str
    name: str
    department_code: str
    department_kind: str
    office: str
    kind: str
    audience: str
    materials: str
    output: str
    needs_live: str
    live_system: str
    hardware: frozenset[str]
    hw_other: str
    typical_minutes: int | None
    legal_limit: str
    legal_basis: str
    fee: str
    after_hours: str
    who_acts: str
    base_code: str
    marks: Marks


@dataclass(frozen=True)
class Requirement:
    """A clause of the reference edition (参照版): not the text of any published standard. ``grade``: A B C D, or two
    of them.
    """

    code: str
    chapter: int
    chapter_title: str
    requirement: str
    criterion: str
    verification: str
    frequency: str
    basis: str
    grade: str


@dataclass(frozen=True)
class CalendarDay:
    """A day that differs from a plain weekday or weekend, with the notice it comes from."""

    on: date
    kind: DayKind
    name: str
    official: bool
    source: str


@dataclass(frozen=True)
class Alias:
    """Another word for an item. ``kind``: common (日常说法) | former (旧名) | event (人生事件)."""

    item_code: str
    alias: str
    kind: str


def table_path(name: str) -> Traversable:
    """A file of this package, e.g. ``service_items.csv``, for an importer that takes files."""
    return files(__package__).joinpath(name)


def _rows(name: str) -> Iterator[dict[str, str]]:
    yield from csv.DictReader(StringIO(table_path(name).read_text(encoding="utf-8"), newline=""))


@cache
def regions() -> tuple[Region, ...]:
    """Ordos and its nine divisions, parents first."""
    return tuple(Region(**row) for row in _rows("regions.csv"))


@cache
def departments() -> tuple[Department, ...]:
    return tuple(
        Department(r["code"], r["kind"], r["name"], tuple(r["offices"].split("、")), int(r["items"]))
        for r in _rows("departments.csv")
    )


@cache
def service_items() -> tuple[ServiceItem, ...]:
    code_of = {d.kind: d.code for d in departments()}
    return tuple(_service_item(row, code_of) for row in _rows("service_items.csv"))


def _service_item(row: dict[str, str], code_of: dict[str, str]) -> ServiceItem:
    hardware = (c.removeprefix("hw_") for c in row if c.startswith("hw_") and c != "hw_other" and row[c] == "1")
    return ServiceItem(
        code=row["item_id"],
        name=row["name"],
        department_code=code_of[row["dept_type"]],
        department_kind=row["dept_type"],
        office=row["department"],
        kind=row["kind"],
        audience=row["audience"],
        materials=row["materials"],
        output=row["output"],
        needs_live=row["needs_live_system"],
        live_system=row["live_system"],
        hardware=frozenset(hardware),
        hw_other=row["hw_other"],
        typical_minutes=int(row["typical_minutes"]) if row["typical_minutes"] else None,
        legal_limit=row["legal_limit"],
        legal_basis=row["legal_basis"],
        fee=row["fee"],
        after_hours=row["after_hours"],
        who_acts=row["who_acts"],
        base_code=row["base_code_demo"],
        marks=Marks(row["name_verified"], row["time_verified"], row["fee_verified"], row["legal_verified"]),
    )


@cache
def requirements() -> tuple[Requirement, ...]:
    return tuple(
        Requirement(
            r["id"],
            int(r["chapter"]),
            r["chapter_title"],
            r["requirement"],
            r["criterion"],
            r["verification"],
            r["frequency"],
            r["basis"],
            r["evidence_grade"],
        )
        for r in _rows("requirements.csv")
    )


@cache
def calendar_days() -> tuple[CalendarDay, ...]:
    return tuple(
        CalendarDay(date.fromisoformat(r["on"]), DayKind(r["kind"]), r["name"], r["official"] == "1", r["source"])
        for r in _rows("calendar_days.csv")
    )


def day_table() -> dict[date, DayKind]:
    """The shipped calendar as :func:`budayang.rules.calendars.day_kind` takes it; a center uses its own editable
    rows.
    """
    return {day.on: day.kind for day in calendar_days()}


@cache
def aliases() -> tuple[Alias, ...]:
    return tuple(Alias(r["item_id"], r["alias"], r["kind"]) for r in _rows("aliases.csv"))


def form(item_code: str) -> dict[str, Any]:
    """The JSON Schema of an item's form. Raises KeyError when the item has none."""
    found = find_form(item_code)
    if found is None:
        raise KeyError(item_code)
    return found


def find_form(item_code: str) -> dict[str, Any] | None:
    path = table_path("forms").joinpath(f"{item_code}.json")
    if not item_code.isalnum() or not path.is_file():
        return None
    schema: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return schema


@cache
def items_with_forms() -> frozenset[str]:
    """Codes of the items that have a form."""
    return frozenset(
        one.name.removesuffix(".json") for one in table_path("forms").iterdir() if one.name.endswith(".json")
    )


@cache
def demo() -> Demo:
    """The invented cast of the demonstration; everything made from it is marked 演示数据."""
    return read_demo(json.loads(table_path("demo.json").read_text(encoding="utf-8")))
