"""What ships is complete, consistent and keeps the marks of what is verified."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from datetime import date

import pytest

from budayang import data
from budayang.data import make_calendar
from budayang.data.cast import read_demo
from budayang.rules.calendars import DayKind
from budayang.rules.parameters import get_parameter
from budayang.rules.services import DRIVEN_KINDS, AfterHours
from budayang.rules.terminals import KINDS


def test_regions_are_ordos_and_its_nine_divisions() -> None:
    regions = data.regions()
    assert [r.code for r in regions if not r.parent] == ["150600"]
    assert Counter(r.kind for r in regions) == {"city": 1, "district": 2, "banner": 7}
    assert {r.name for r in regions} >= {"东胜区", "康巴什区", "准格尔旗", "伊金霍洛旗"}
    assert {r.parent for r in regions} == {"", "150600"}


def test_catalogue() -> None:
    items = data.service_items()
    assert len(items) == len({i.code for i in items}) == 193
    assert Counter(i.after_hours for i in items) == {
        AfterHours.ALWAYS: 124,
        AfterHours.LIMITED: 44,
        AfterHours.SUBMIT: 25,
    }
    assert Counter(i.marks.name for i in items) == {"V": 141, "R": 52}
    assert Counter(i.marks.time for i in items)["V"] == 14
    assert all(i.marks.after_hours == i.marks.hardware == "J" for i in items)
    assert all(len(i.base_code) == 12 for i in items)
    first = items[0]
    assert (first.code, first.department_code, first.typical_minutes) == ("ZZ001", "RS", 2)
    assert first.hardware == {"id_reader", "face_camera", "a4_printer", "stamper_or_eseal"}


def test_departments_are_those_of_the_catalogue() -> None:
    items = data.service_items()
    departments = data.departments()
    assert len(departments) == len({d.code for d in departments}) == 24
    assert {d.code: d.items for d in departments} == Counter(i.department_code for i in items)
    for department in departments:
        assert set(department.offices) == {i.office for i in items if i.department_code == department.code}


def test_requirements_keep_their_grade() -> None:
    rows = data.requirements()
    assert len(rows) == len({r.code for r in rows}) == 150
    assert {r.chapter for r in rows} == {4, 5, 6, 7, 8}
    assert all(set(r.grade.replace("(类推)", "").replace("（类推）", "")) <= set("ABCD/") for r in rows)
    assert all(r.requirement and r.criterion and r.grade for r in rows)


def test_calendar_is_what_its_source_says() -> None:
    """The file was not edited by hand: the script writes it again byte for byte."""
    out = io.StringIO()
    count = make_calendar.write(out, 2024, 2026)
    assert data.table_path("calendar_days.csv").read_text(encoding="utf-8") == out.getvalue()
    assert count == len(data.calendar_days())


def test_calendar_days() -> None:
    table = data.day_table()
    assert table[date(2026, 10, 1)] is DayKind.HOLIDAY
    assert table[date(2026, 2, 14)] is DayKind.MAKEUP
    assert date(2026, 11, 23) not in table
    assert {d.on.year for d in data.calendar_days()} == {2024, 2025, 2026}
    for day in data.calendar_days():
        assert day.official
        assert "国务院" in day.source
        if day.kind is DayKind.MAKEUP:
            assert day.on.weekday() >= 5, "only a weekend day can be a worked rest day"


def test_aliases_belong_to_items_and_say_something_new() -> None:
    names = {i.code: i.name for i in data.service_items()}
    rows = data.aliases()
    assert len({(a.item_code, a.alias) for a in rows}) == len(rows)
    for row in rows:
        assert row.alias != names[row.item_code]
        assert row.kind in ("common", "former", "event")


def test_every_table_has_the_same_number_of_cells_in_each_row() -> None:
    for name in ("regions", "departments", "service_items", "requirements", "calendar_days", "aliases"):
        rows = list(csv.reader(io.StringIO(data.table_path(f"{name}.csv").read_text(encoding="utf-8"))))
        assert {len(row) for row in rows} == {len(rows[0])}, name


def test_demo_cast_fits_together() -> None:
    demo = data.demo()
    regions = {r.code for r in data.regions()}
    organizations = {o.code: o for o in demo.organizations}
    areas = {a.code: a for a in demo.areas}
    places = regions | {a.place for a in demo.areas}
    staff = {s.username for s in demo.staff}
    assert "演示数据" in demo.notice
    assert set(areas) == {"KBS", "YJHL", "WS", "HJ", "DGTL"}
    assert all(o.region in regions for o in organizations.values())
    for area in demo.areas:
        assert area.region in regions
        assert organizations[area.manager].kind == "manager"
        assert not area.property or organizations[area.property].kind == "property"
        assert not area.host or organizations[area.host].kind == "host"
        assert not area.keeper or area.keeper in staff
        # inside Ordos, by a wide margin
        assert 37 < area.latitude < 41
        assert 106 < area.longitude < 112
    codes = {d.code for d in data.departments()}
    for terminal in demo.terminals:
        assert terminal.area in areas
        assert organizations[terminal.owner].kind == "owner"
        assert organizations[terminal.vendor].kind == "vendor"
        assert set(terminal.peripherals) <= set(KINDS)
        assert set(terminal.departments) <= codes
        assert terminal.runs is (terminal.port is not None)
    assert [t.code for t in demo.terminals if t.runs] == ["KBS-01", "KBS-02", "YJHL-01"]
    ports = [p for t in demo.terminals for p in (t.port, t.reader_port, t.printer_port) if p]
    assert ports == [8821, 8831, 8841, 8822, 8832, 8842, 8823, 8833, 8843]
    relays = {relay.code: relay for relay in demo.relays}
    for machine in demo.watched:
        assert relays[machine.relay].area == machine.area
        assert organizations[machine.owner].kind == "owner"
        assert set(machine.sources) <= {"plug", "http"}
    assert [machine.page_port for machine in demo.watched] == [8851, 8852, 8853]
    assert {machine.area for machine in demo.watched} == {"YJHL"}, "not the area where the night is played"
    for person in demo.staff:
        assert person.place in places
        assert not person.organization or person.organization in organizations
    for name, place, value in demo.parameters:
        assert place in places
        assert get_parameter(name).problem(value) == ""


def test_no_two_duties_of_the_three_administrators_meet_in_one_person() -> None:
    roles = {s.role: s.username for s in data.demo().staff if s.role.endswith("_admin")}
    assert set(roles) == {"system_admin", "security_admin", "audit_admin"}
    assert len(set(roles.values())) == 3


def test_demo_with_an_unknown_field_is_refused() -> None:
    raw = json.loads(data.table_path("demo.json").read_text(encoding="utf-8"))
    raw["areas"][0]["colour"] = "blue"
    with pytest.raises(TypeError):
        read_demo(raw)


def test_demo_items_have_forms_and_need_only_what_the_terminal_drives() -> None:
    items = {i.code: i for i in data.service_items()}
    kinds = {"id_reader": "idReader", "a4_printer": "printer"}
    for code in data.DEMO_ITEMS:
        assert data.form(code)["title"] == items[code].name
        needed = {kinds[h] for h in items[code].hardware if h in kinds}
        needed |= {"documentCamera"} if items[code].hw_other == "高拍仪" else set()
        assert needed - set(data.demo().dropped_needs.get(code, ())) <= DRIVEN_KINDS
    assert {items[c].department_code for c in data.DEMO_ITEMS} == {"RS", "SW", "YB", "SF"}


@pytest.mark.parametrize("code", ["ZZ002", "../demo", "forms/ZZ001", ""])
def test_an_item_without_a_form(code: str) -> None:
    assert data.find_form(code) is None
    with pytest.raises(KeyError):
        data.form(code)
