"""The demonstration's cast (data/demo.json), built by calling the rooms' actions. All of it is invented."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from budayang import data
from budayang.center.areas import actions as areas
from budayang.center.areas import hours_text
from budayang.center.areas import queries as areas_queries
from budayang.center.platform import actions as platform
from budayang.center.platform import queries
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Organization, Place, Staff
from budayang.center.platform.roles import BODY_ROLES, Role
from budayang.center.services import actions as services
from budayang.center.services import field_actions, licence_line
from budayang.center.services import queries as services_queries
from budayang.center.services.payments import actions as payments
from budayang.center.terminals import actions as terminals
from budayang.center.terminals import queries as terminals_queries
from budayang.center.terminals.models import Terminal
from budayang.cli import (
    cast_assets,
    cast_duty,
    cast_signs,
    cast_standard,
    cast_supervision,
    cast_supplies,
    cast_watching,
)
from budayang.data.cast import Demo

SYSTEM = Actor.system()
ENROLMENT_HOURS = 24
WEDNESDAY = 2
SANDBOX_DEPARTMENTS = ("RS", "SW", "YB", "SF", "GAHZ", "GACR", "GAJG", "BDC", "GJJ", "SJ", "JY")
CODE_FILE = "one-time-code"
PAY_KEY = "demo-pay-key"


def load(now: datetime) -> None:
    """Organizations, people, areas, terminals and connectors; nothing that is there already is touched."""
    demo = data.demo()
    with transaction.atomic():
        places = {place.code: place for place in queries.places_visible_to(SYSTEM)}
        bodies = _organizations(demo, places)
        people = _people(demo, bodies)
        _areas(demo, bodies, people, now)
        places = {place.code: place for place in queries.places_visible_to(SYSTEM)}
        _roles(demo, places, bodies, people, now)
        for name, place, value in demo.parameters:
            if queries.parameter(name, places[place].path, now) != value:
                platform.set_parameter(SYSTEM, name, places[place], value, valid_from=now, edition="演示")
        _link_departments(bodies)
        _terminals(demo, now)
        _stops(places, now)
        connected = set(services_queries.connectors().values_list("department__code", flat=True))
        for code in SANDBOX_DEPARTMENTS:
            if code not in connected:
                url = f"{settings.BUDAYANG.sandbox_url}/dept/{code}"
                services.set_connector(SYSTEM, code, url=url, key=f"demo-key-{code}", now=now)
        if not licence_line.sources():
            url = f"{settings.BUDAYANG.sandbox_url}/licences"
            name = "市电子证照库（演示）"
            licence_line.set_source(SYSTEM, "DEMO", name=name, url=url, key="demo-key-licences")
        if not payments.has_provider():
            top, url = min(one.path for one in places.values()), f"{settings.BUDAYANG.sandbox_url}/pay"
            payments.set_provider(
                SYSTEM, "SANDBOX", name="沙盒支付（演示）", url=url, key=PAY_KEY, place_path=top, now=now
            )
        cast_duty.load(now)
        cast_supplies.load(now)
        cast_watching.load(now)
        cast_assets.load(now)
        cast_signs.load(now)
        cast_standard.load(now)
        cast_supervision.load(now)
    for row in demo.terminals:
        if row.runs:
            write_enrolment_code(terminals_queries.get_terminal(SYSTEM, row.code))
    for relay in cast_watching.relays():
        write_enrolment_code(relay)


def _link_departments(bodies: dict[str, Organization]) -> None:
    """The bodies that carry a department's code stand behind it: their people confirm its items and hours."""
    for department in services_queries.departments().filter(code__in=bodies, organization=None):
        field_actions.link_department(SYSTEM, department.code, bodies[department.code].pk)


def _organizations(demo: Demo, places: dict[str, Place]) -> dict[str, Organization]:
    bodies = {body.code: body for body in queries.organizations_visible_to(SYSTEM)}
    for row in demo.organizations:
        if row.code not in bodies:
            bodies[row.code] = platform.add_organization(
                SYSTEM, code=row.code, name=row.name, kind=row.kind, place=places[row.region], phone=row.phone
            )
    return bodies


def _people(demo: Demo, bodies: dict[str, Organization]) -> dict[str, Staff]:
    people = {person.username: person for person in queries.staff_visible_to(SYSTEM)}
    for row in demo.staff:
        if row.username not in people:
            people[row.username] = platform.add_staff(
                SYSTEM,
                username=row.username,
                name=row.name,
                password=demo.password,
                phone=row.phone,
                organization=bodies.get(row.organization),
            )
    return people


def _areas(demo: Demo, bodies: dict[str, Organization], people: dict[str, Staff], now: datetime) -> None:
    known = {area.code for area in areas_queries.visible_to(SYSTEM)}
    for row in demo.areas:
        if row.code in known:
            continue
        area = areas.create_area(
            SYSTEM,
            code=row.code,
            name=row.name,
            parent=queries.get_place(row.region),
            kind=row.kind,
            address=row.address,
            manager=bodies[row.manager],
            keeper=people.get(row.keeper),
            keeper_phone=row.keeper_phone,
            helper_phone=row.keeper_phone,
            helper_hours="每天 08:30—22:00",
            latitude=row.latitude,
            longitude=row.longitude,
            has_windows=row.has_windows,
            is_demo=True,
        )
        areas.set_promised_hours(SYSTEM, area, hours_text.all_day(), valid_from=timezone.localdate(now), now=now)
        for kind, note in row.facilities.items():
            areas.set_facility(SYSTEM, area, kind=FACILITY_KINDS.get(kind, "other"), name=kind, note=note)


FACILITY_KINDS = {
    "门禁": "door",
    "求助": "call",
    "视频": "camera",
    "无障碍": "accessible",
    "供电": "ups",
    "供暖": "heating",
}


def _roles(
    demo: Demo, places: dict[str, Place], bodies: dict[str, Organization], people: dict[str, Staff], now: datetime
) -> None:
    for row in demo.staff:
        person, role = people[row.username], Role(row.role)
        if not queries.grants_of(person.pk).exists():
            body = bodies.get(row.organization) if role in BODY_ROLES else None
            platform.grant_role(SYSTEM, person, role, places[row.place], organization=body, now=now)


def _terminals(demo: Demo, now: datetime) -> None:
    known = {terminal.code for terminal in terminals_queries.visible_to(SYSTEM)}
    for row in demo.terminals:
        if row.code not in known:
            terminals.register_terminal(
                SYSTEM,
                code=row.code,
                name=row.name,
                area=row.area,
                owner=row.owner,
                vendor=row.vendor,
                make=row.model,
                spot=row.number,
                now=now,
                is_demo=True,
            )


def _stops(places: dict[str, Place], now: datetime) -> None:
    """A weekly night of network maintenance and one change of a printer, at areas where the story is not played."""
    if areas_queries.stops_visible_to(SYSTEM).exists():
        return
    today = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    wednesday = today + timedelta(days=(WEDNESDAY - today.weekday() - 1) % 7 + 1)
    areas.plan_stop(
        SYSTEM,
        place=places["A-HJ"],
        starts_at=wednesday + timedelta(hours=2),
        ends_at=wednesday + timedelta(hours=4),
        rrule="FREQ=WEEKLY;BYDAY=WE",
        reason="网络线路例行维护",
        now=now,
    )
    machine = terminals_queries.get_terminal(SYSTEM, "WS-01")
    areas.plan_stop(
        SYSTEM,
        place=places["A-WS"],
        starts_at=today + timedelta(days=2, hours=9),
        ends_at=today + timedelta(days=2, hours=11),
        terminal_id=machine.pk,
        owner=machine.owner,
        subject="printer",
        reason="更换打印机定影组件",
        now=now,
    )


def terminal_folder(code: str) -> Path:
    """Where the demonstration keeps a terminal's own files: beside the center's, never in them."""
    return settings.BUDAYANG.data_dir / "terminals" / code


def write_enrolment_code(terminal: Terminal) -> None:
    """A one-time code for a terminal or relay of the demonstration that is not enrolled yet, in a file of its own
    (0600).
    """
    folder = terminal_folder(terminal.code)
    if (folder / "enrolment.json").exists():
        return
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    one_time = terminals.issue_enrolment_code(SYSTEM, terminal.pk, timezone.now(), valid_s=ENROLMENT_HOURS * 3600)
    with os.fdopen(os.open(folder / CODE_FILE, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(one_time)
