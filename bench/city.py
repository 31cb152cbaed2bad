"""A city with a month of history for the benchmarks of pages, written by INSERT … SELECT: areas, terminals, states,
faults, orders, roll-ups of hours, roster, stops. The same statements on SQLite and PostgreSQL.

    python bench/city.py TERMINALS [DAYS]     into the database of BUDAYANG_DATABASE_URL
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime, time, timedelta

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "budayang.center.config.settings")

import django

django.setup()

from django.core.management import call_command  # noqa: E402  # Django must be set up first
from django.db import connection, transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from budayang.center.areas.models import Area, PlannedStop, PromisedHours, PromisedWindow  # noqa: E402
from budayang.center.maintenance.hours_recent import add_up  # noqa: E402
from budayang.center.maintenance.models import (  # noqa: E402
    BUCKET_COLUMNS,
    DutyMember,
    DutyShift,
    Incident,
    WorkOrder,
    WorkOrderEvent,
)
from budayang.center.platform import actions as platform  # noqa: E402
from budayang.center.platform.actors import Actor, Role  # noqa: E402
from budayang.center.platform.models import Organization, Place, Staff  # noqa: E402
from budayang.center.terminals.models import GRAVITY, IngestLease, Peripheral, Terminal  # noqa: E402
from budayang.rules.terminals import RANK, Level  # noqa: E402

SYSTEM = Actor.system()
PASSWORD = "night-shift-2026"
PER_AREA, OWNERS, VENDORS = 40, 24, 4
BANNERS = ("东胜区", "康巴什区", "达拉特旗", "准格尔旗", "鄂托克前旗", "鄂托克旗", "杭锦旗", "乌审旗", "伊金霍洛旗")
PRINTER, SCANNER = ("printer", "printer"), ("scanner", "scanner")
# (subject, kind, property, state that is well): what a terminal tells all the time.
WELL = (
    ("terminal", "terminal", "link", "online"), ("terminal", "terminal", "application", "running"),
    ("printer", "printer", "device", "online"), ("printer", "printer", "paper.upper", "full"),
    ("printer", "printer", "paper.lower", "full"), ("printer", "printer", "toner", "full"),
    ("scanner", "scanner", "device", "online"), ("camera", "camera", "device", "online"),
    ("cardreader", "cardreader", "device", "online"), ("keypad", "keypad", "device", "online"),
)  # fmt: skip
DEVICES = ("printer", "scanner", "camera", "cardreader", "keypad")
# Which terminals are not well: (every how many, which of them).
SILENT, OUT, LOW = (97, 5), (53, 7), (31, 3)
HOUR_US = 3_600_000_000


def run(sql: str, *values: object) -> int:
    with connection.cursor() as cursor:
        stored = connection.ops.adapt_datetimefield_value
        cursor.execute(sql, [stored(one) if isinstance(one, datetime) else one for one in values])
        return int(cursor.rowcount)


def ground(terminals: int, now: datetime) -> Staff:
    """Places, bodies, a supervisor of the whole city, an engineer of an owner unit, areas with a promise."""
    city = platform.add_place(SYSTEM, code="150600", name="鄂尔多斯市", kind="region", parent=None, is_demo=True)
    banners = [
        platform.add_place(SYSTEM, code=f"1506{n + 2:02}", name=name, kind="region", parent=city, is_demo=True)
        for n, name in enumerate(BANNERS)
    ]
    kinds = [*(["owner"] * OWNERS), *(["vendor"] * VENDORS)]
    Organization.objects.bulk_create(
        Organization(code=f"B{n:02}", name=f"基准单位{n}", kind=kind, place=city) for n, kind in enumerate(kinds)
    )
    people = []
    for name, role, body in (("zhu", Role.SUPERVISOR, ""), ("dan", Role.OWNER_UNIT, "B00")):
        person = platform.add_staff(SYSTEM, username=name, name=f"基准{name}", password=PASSWORD)
        unit = Organization.objects.get(code=body) if body else None
        platform.grant_role(SYSTEM, person, role, city, organization=unit, now=now)
        people.append(person)
    numbers = range(max(1, terminals // PER_AREA))
    Place.objects.bulk_create(
        Place(code=f"A-Q{n:04}", name=f"{BANNERS[n % 9]}自助区{n}", kind="area", parent=banners[n % 9],
              path=f"{banners[n % 9].path}A-Q{n:04}/", is_demo=True)
        for n in numbers
    )  # fmt: skip
    places = Place.objects.filter(kind="area").order_by("code")
    Area.objects.bulk_create(
        Area(
            code=one.code[2:],
            name=one.name,
            place=one,
            is_demo=True,
            latitude=39 + n % 9 / 4,
            longitude=108 + n % 7 / 3,
        )
        for n, one in enumerate(places)
    )
    PromisedHours.objects.bulk_create(
        PromisedHours(area=one, valid_from=now.date() - timedelta(days=40), set_at=now, set_by="bench")
        for one in Area.objects.all()
    )
    PromisedWindow.objects.bulk_create(
        PromisedWindow(hours=one, weekday=day, opens=time(0), closes=time(0), closes_next_day=True)
        for one in PromisedHours.objects.all()
        for day in range(7)
    )
    for banner in banners:
        shift = DutyShift.objects.create(
            organization=Organization.objects.get(code="B00"), place=banner, name="夜班", days="every",
            opens=time(20), closes=time(8), starts_on=now.date() - timedelta(days=40),
        )  # fmt: skip
        DutyMember.objects.create(shift=shift, staff=people[0], position=0)
    return people[0]


def machines(terminals: int, now: datetime, before: datetime) -> None:
    """Terminals, their devices and what is the case now."""
    area_ids = list(Area.objects.order_by("code").values_list("pk", flat=True))
    owners = list(Organization.objects.filter(kind="owner").order_by("code").values_list("pk", flat=True))
    vendors = list(Organization.objects.filter(kind="vendor").order_by("code").values_list("pk", flat=True))
    rows = (
        Terminal(
            code=f"T{n:06}", name=f"{n} 号终端", area_id=area_ids[n // PER_AREA % len(area_ids)],
            owner_id=owners[n % 3 + n // PER_AREA % (OWNERS - 2)], vendor_id=vendors[n % VENDORS], state="active",
            make=f"型号{n % 5}", software=f"1.{n % 3}.0", registered_at=before, enrolled_at=before, last_seen_at=now,
            silent_since=now - timedelta(minutes=n % 300 + 1) if n % SILENT[0] == SILENT[1] else None,
        )
        for n in range(terminals)
    )  # fmt: skip
    Terminal.objects.bulk_create(rows, batch_size=2000)
    IngestLease.objects.update_or_create(pk=1, defaults={"beat_at": now + timedelta(days=1), "holder": "bench"})
    for name in DEVICES:
        run(
            f"INSERT INTO {Peripheral._meta.db_table} (terminal_id, subject, kind, first_seen_at) "
            "SELECT id, %s, %s, registered_at FROM terminals_terminal",
            name, name,
        )  # fmt: skip


def states(now: datetime, before: datetime, days: int) -> None:
    """Open intervals of every property, and a few that came and went each day."""
    put = (
        "INSERT INTO terminals_statusinterval (terminal_id, subject, kind, property, state, raw, since, until, "
        "received_at) SELECT id, %s, %s, %s, {state}, '', {since}, {until}, %s FROM terminals_terminal {where}"
    )
    for subject, kind, prop, well in WELL:
        state, values = "%s", [well]
        if prop == "paper.upper":
            state, values = f"CASE WHEN id %% {OUT[0]} = {OUT[1]} THEN %s ELSE %s END", ["out", well]
        if prop == "toner":
            state, values = f"CASE WHEN id %% {LOW[0]} = {LOW[1]} THEN %s ELSE %s END", ["low", well]
        if prop == "link":
            state, values = "CASE WHEN silent_since IS NULL THEN %s ELSE %s END", [well, "silent"]
        sql = put.format(state=state, since="%s", until="NULL", where="")
        run(sql, subject, kind, prop, *values, now - timedelta(hours=3), now)
    for day in range(days):
        at = before + timedelta(days=day, hours=9)
        for shift, (prop, state) in enumerate((("paper.upper", "low"), ("toner", "low"), ("device", "offline"))):
            where = f"WHERE id %% 17 = {(day * 3 + shift) % 17}"
            sql = put.format(state="%s", since="%s", until="%s", where=where)
            run(sql, "printer", "printer", prop, state, at, at + timedelta(hours=1), at)


def summaries(now: datetime) -> None:
    """TerminalNow as its consumer would have written it."""
    reason = (
        '[{{"subject": "printer", "property": "{prop}", "state": "{state}", "level": "{level}", "text": "{text}", '
        '"action": "", "code": ""}}]'
    )
    out = reason.format(prop="paper.upper", state="out", level="fault", text="上纸盒缺纸")
    low = reason.format(prop="toner", state="low", level="warning", text="碳粉不多")
    is_out, is_low = f"id %% {OUT[0]} = {OUT[1]}", f"id %% {LOW[0]} = {LOW[1]}"
    gravity = {word: GRAVITY.index(word) for word in ("silent", "fault", "warning", "ok")}
    kind = "jsonb" if connection.vendor == "postgresql" else "text"

    def pick(out: object, low: object, ok: object) -> str:
        return f"CASE WHEN {is_out} THEN {out} WHEN {is_low} THEN {low} ELSE {ok} END"

    columns = {
        "terminal_id": "id",
        "level": pick("'fault'", "'warning'", "'ok'"),
        "reasons": f"CAST({pick('%s', '%s', chr(39) + '[]' + chr(39))} AS {kind})",
        "reason_count": pick(1, 1, 0),
        "troubled": pick("' printer '", "' printer '", "''"),
        "application": "'running'",
        "application_level": "'ok'",
        "rank": pick(RANK[Level.FAULT], RANK[Level.WARNING], RANK[Level.OK]),
        "gravity": f"CASE WHEN silent_since IS NOT NULL THEN {gravity['silent']} ELSE "
        f"{pick(gravity['fault'], gravity['warning'], gravity['ok'])} END",
        "area_id": "area_id",
        "updated_at": "%s",
    }
    run(
        f"INSERT INTO terminals_terminalnow ({', '.join(columns)}) SELECT {', '.join(columns.values())} "
        "FROM terminals_terminal",
        out, low, now,
    )  # fmt: skip


def faults(now: datetime, before: datetime, days: int) -> None:
    """What stands open now, with an order each, and what came and went in the month."""
    rows = list(Terminal.objects.select_related("area__place"))
    open_ones = [(one, "terminal_silent", "终端失联") for one in rows if one.silent_since is not None]
    open_ones += [(one, "paper_out", "缺纸") for one in rows if one.pk % OUT[0] == OUT[1]]
    made = [
        incident(one, kind, title, now - timedelta(minutes=number % 600 + 5), None)
        for number, (one, kind, title) in enumerate(open_ones)
    ]
    made += [
        incident(one, "printer_offline", "打印机故障", at, at + timedelta(hours=1))
        for day in range(days)
        for number, one in enumerate(rows[day :: max(1, 3 * days)])
        for at in [before + timedelta(days=day, minutes=number % 1200)]
    ]
    Incident.objects.bulk_create(made, batch_size=1000)
    orders = [
        WorkOrder(
            number=f"G{one.pk:09}", incident=one, organization_id=one.owner_id, owner_id=one.owner_id,
            vendor_id=one.vendor_id, place_path=one.place_path,
            opened_at=one.opened_at, state="reported", policy=POLICY, next_due_at=None,
        )
        for one in Incident.objects.filter(state="open")
    ]  # fmt: skip
    WorkOrder.objects.bulk_create(orders, batch_size=1000)
    WorkOrderEvent.objects.bulk_create(
        (
            WorkOrderEvent(order=one, event="reported", state="reported", at=one.opened_at, by="job:bench")
            for one in WorkOrder.objects.all()
        ),
        batch_size=1000,
    )


POLICY = {"respond_s": 900, "arrive_s": 7200, "repair_s": 14400, "stopping_reasons": [], "repair_from": "opened"}


def incident(one: Terminal, kind: str, title: str, at: datetime, closed_at: datetime | None) -> Incident:
    return Incident(
        kind=kind, subject=f"terminal:{one.code}", title=title,
        component="" if kind == "terminal_silent" else "printer",
        place_path=one.area.place.path, area_id=one.area_id, terminal=one, owner_id=one.owner_id,
        vendor_id=one.vendor_id, severity="serious", bucket="device", state="closed" if closed_at else "open",
        opened_at=at, noticed_at=at, closed_at=closed_at,
    )  # fmt: skip


def hours(now: datetime, days: int) -> None:
    """Closed days of the month, and the last 24 hours by area, owner and vendor."""
    lost = list(BUCKET_COLUMNS.values())
    zeros = ", ".join("0" for one in lost if one != "device_us")
    columns = ", ".join(["promised_us", "usable_us", "device_us", *(one for one in lost if one != "device_us")])
    for day in range(1, days + 1):
        run(
            f"INSERT INTO maintenance_hoursday (terminal_id, area_id, owner_id, vendor_id, place_path, {columns}, "
            f"version, computed_at, \"on\") SELECT t.id, t.area_id, t.owner_id, t.vendor_id, p.path, {24 * HOUR_US}, "
            f"{24 * HOUR_US} - (t.id %% 7) * {HOUR_US}, (t.id %% 7) * {HOUR_US}, {zeros}, 1, %s, %s "
            "FROM terminals_terminal t JOIN areas_area a ON a.id = t.area_id JOIN platform_place p ON "
            "p.id = a.place_id",
            now, (now - timedelta(days=day)).date(),
        )  # fmt: skip
    last = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    for back in range(24):
        run(
            f"INSERT INTO maintenance_hourshour (key, hour_at, area_id, owner_id, vendor_id, place_path, {columns}, "
            "computed_at) SELECT CAST(t.area_id AS text) || ':' || CAST(t.owner_id AS text) || ':' || "
            f"CAST(t.vendor_id AS text), %s, t.area_id, t.owner_id, t.vendor_id, p.path, count(*) * {HOUR_US}, "
            f"count(*) * {HOUR_US} - (t.area_id %% 11) * 60000000, (t.area_id %% 11) * 60000000, {zeros}, %s FROM "
            "terminals_terminal t JOIN areas_area a ON a.id = t.area_id JOIN platform_place p ON p.id = a.place_id "
            "GROUP BY t.area_id, t.owner_id, t.vendor_id, p.path",
            last - timedelta(hours=back), now,
        )  # fmt: skip


def stops(now: datetime) -> None:
    """Twenty planned stops around now."""
    places = Place.objects.filter(kind="area").order_by("code")[:20]
    PlannedStop.objects.bulk_create(
        PlannedStop(
            place=place, kind="maintenance", starts_at=now + timedelta(hours=n - 6), reason="基准保养",
            ends_at=now + timedelta(hours=n - 4), last_ends_at=now + timedelta(hours=n - 4),
            announced_at=now - timedelta(days=2), announced_by="bench", next_change_at=now + timedelta(hours=n - 4),
        )
        for n, place in enumerate(places)
    )  # fmt: skip


def build(terminals: int, days: int = 30) -> None:
    """Make the whole city in a fresh database."""
    call_command("migrate", verbosity=0, interactive=False)
    call_command("createcachetable", verbosity=0)
    now = timezone.now()
    before = now - timedelta(days=days)
    steps = (
        lambda: ground(terminals, now), lambda: machines(terminals, now, before), lambda: states(now, before, days),
        lambda: summaries(now), lambda: faults(now, before, days), lambda: hours(now, days), lambda: add_up(now),
        lambda: stops(now),
    )  # fmt: skip
    for step in steps:
        with transaction.atomic():
            step()
    settle()


def settle() -> None:
    """What a database that has stood for a while has done by itself: the planner's figures and, on PostgreSQL, the map
    of pages that need no look at their rows.
    """
    run("VACUUM (ANALYZE)" if connection.vendor == "postgresql" else "ANALYZE")


if __name__ == "__main__":
    build(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 30)
