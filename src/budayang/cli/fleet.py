"""`budayang fleet`: the center's side of a simulated fleet, in a center that is marked as a demonstration.

`seed` registers areas, machines, owner units and departments by the rooms' own actions and writes the machines'
keys into a file; `stops` announces planned stops; `found` prints the incidents as JSON. `budayang simulate
fleet` calls all three; by hand they prepare a center that somebody else started.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from budayang import data
from budayang.center.areas import actions as areas
from budayang.center.areas import hours_text, stop_actions
from budayang.center.areas import queries as areas_queries
from budayang.center.config.wiring import CONSUMERS
from budayang.center.maintenance import queries as maintenance
from budayang.center.maintenance.models import Incident
from budayang.center.platform import actions as platform
from budayang.center.platform import queries
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Delivery, Organization, Place, Transition
from budayang.center.platform.roles import Role
from budayang.center.platform.sealing import center_keys
from budayang.center.services import actions as services
from budayang.center.terminals import profile_actions
from budayang.center.terminals import queries as terminals_queries
from budayang.center.terminals.commissioning import NewMachine, commission
from budayang.cli import center
from budayang.cli.messages import Stop, say
from budayang.sandbox.fleet.layout import AREA_SIZE, MANAGER, OWNERS, VENDOR, Fleet, lay_out
from budayang.wire.mac import public_text, to_text

SYSTEM = Actor.system()
REST_S, LOOK_S = 600.0, 0.5
HUNG, FREED = "maintenance.incident_hung", "maintenance.incident_freed"
USERNAME = "fleet"
OWNER_NAMES = {"RS": "仿真人社局", "SW": "仿真税务局", "YB": "仿真医保局", "SF": "仿真司法局"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument(
        "what",
        choices=("seed", "rest", "stops", "found"),
        help="seed 登记机群 / register a fleet; rest 等待积压处理完 / wait until its news is judged; "
        "stops 公布计划停机 / announce stops; found 列出故障 / list incidents",
    )
    parser.add_argument("--terminals", type=int, default=100, help="终端台数 / machines")
    parser.add_argument("--area-size", type=int, default=AREA_SIZE, help="每个自助区的台数 / machines in an area")
    parser.add_argument("--plan-s", type=int, default=30, help="计划联系间隔，秒 / planned pause between two words")
    parser.add_argument("--grace-s", type=int, default=30, help="失联宽限，秒 / grace before silence")
    parser.add_argument("--file", type=Path, help="seed 写入终端密钥，stops 读取 / keys to write, or stops to read")
    parser.add_argument("--since", type=float, default=0.0, help="只列此后发现的故障（纪元秒）/ noticed since, epoch")


def run(arguments: argparse.Namespace) -> int:
    """0 when it was done."""
    if not settings.BUDAYANG.demo:
        raise Stop(
            "仿真机群只能放进演示环境：请设 BUDAYANG_DEMO=1，并用单独的数据目录。",
            "A simulated fleet goes into a demonstration only: set BUDAYANG_DEMO=1 and use a data folder of its own.",
        )
    if arguments.what == "found":
        print(json.dumps(found(arguments.since)))
        return 0
    if arguments.what == "rest":
        return 0 if rest(REST_S) else 1
    if arguments.file is None:
        raise Stop("请用 --file 指明文件。", "Name the file with --file.", code=2)
    if arguments.what == "stops":
        announce(json.loads(arguments.file.read_text(encoding="utf-8")), timezone.now())
        return 0
    center.prepare_database()
    fleet = lay_out(arguments.terminals, arguments.area_size)
    keys = seed(fleet, arguments.plan_s, arguments.grace_s, timezone.now())
    with os.fdopen(os.open(arguments.file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(keys, file)
    say(f"已登记 {arguments.terminals} 台仿真终端", f"{arguments.terminals} simulated machines are registered")
    return 0


# Registering ---------------------------------------------------------------------------------------------------------


@transaction.atomic
def seed(fleet: Fleet, plan_s: int, grace_s: int, now: datetime) -> dict[str, Any]:
    """Register the fleet; returns what its driver needs: the center's public keys and each machine's private one.

    Raises:
        Stop: when this center has a fleet already; the incidents of an old one would be taken for those of this.
    """
    if areas_queries.visible_to(SYSTEM).filter(code=fleet.areas[0].code).exists():
        raise Stop(
            "这里已经登记过一个机群。请换一个空库或空目录。",
            "A fleet is registered here already. Use an empty database, or another data folder.",
        )
    city = _city()
    # Inherited by every machine of the fleet: one value of the city, not two of each machine.
    for name, value in (("heartbeat_plan_s", plan_s), ("silence_grace_s", grace_s)):
        if queries.parameter(name, city.path, now) != value:
            profile_actions.set_value(SYSTEM, name, value, place=city, now=now)
    bodies = _bodies(city)
    _departments(now)
    _person(city, now)
    private: dict[str, str] = {}
    for area in fleet.areas:
        row = areas.create_area(
            SYSTEM, code=area.code, name=area.name, parent=city, manager=bodies[MANAGER], is_demo=True
        )
        areas.set_promised_hours(SYSTEM, row, hours_text.all_day(), valid_from=timezone.localdate(now), now=now)
        machines = []
        for spec in area.terminals:
            key = Ed25519PrivateKey.generate()
            private[spec.code] = to_text(key.private_bytes_raw())
            name = f"{area.name}{spec.number}号终端"
            machines.append(NewMachine(spec.code, name, spec.owner, VENDOR, public_text(key)))
        commission(SYSTEM, area.code, machines, now, is_demo=True)
    keys = center_keys()
    return {
        "audit_key": to_text(keys.audit_public),
        "seal_key": to_text(keys.seal_public),
        "zone": city.zone,
        "private": private,
    }


def _city() -> Place:
    known = Place.objects.filter(code="150600").first()
    return known or platform.add_place(
        SYSTEM, code="150600", name="鄂尔多斯市", kind="region", parent=None, is_demo=True
    )


def _bodies(city: Place) -> dict[str, Organization]:
    known = {one.code: one for one in Organization.objects.all()}
    wanted = [(MANAGER, "仿真政务服务中心", "manager"), (VENDOR, "仿真运维公司", "vendor")]
    wanted += [(code, OWNER_NAMES[code], "owner") for code in OWNERS]
    return {
        code: known.get(code) or platform.add_organization(SYSTEM, code=code, name=name, kind=kind, place=city)
        for code, name, kind in wanted
    }


def _departments(now: datetime) -> None:
    """The departments of the sandbox with the few items that it answers, so that their systems are probed."""
    rows = csv.DictReader(io.StringIO(data.table_path("service_items.csv").read_text(encoding="utf-8"), newline=""))
    services.import_items(SYSTEM, [row for row in rows if row["item_id"] in data.DEMO_ITEMS], is_demo=True)
    for code in OWNERS:
        url = f"{settings.BUDAYANG.sandbox_url}/dept/{code}"
        services.set_connector(SYSTEM, code, url=url, key=f"demo-key-{code}", now=now)


def _person(city: Place, now: datetime) -> None:
    """Somebody who may look at the pages while the fleet plays."""
    if not queries.staff_visible_to(SYSTEM).filter(username=USERNAME).exists():
        person = platform.add_staff(SYSTEM, username=USERNAME, name="仿真主管", password=data.demo().password)
        platform.grant_role(SYSTEM, person, Role.SUPERVISOR, city, now=now)


# Rest, planned stops and what was found ----------------------------------------------------------------------------


def rest(within_s: float) -> bool:
    """Wait until the prompt lane has judged all news: thousands of machines that join tell of all their devices."""
    names = [consumer.name for consumer in CONSUMERS if consumer.prompt]
    ends = time.monotonic() + within_s
    while time.monotonic() < ends:
        if not Delivery.objects.filter(consumer__in=names, done_at__isnull=True).exists():
            return True
        time.sleep(LOOK_S)
    return False


@transaction.atomic
def announce(stops: Iterable[Mapping[str, Any]], now: datetime) -> None:
    """Rows of {"area", "terminal", "starts_at", "ends_at"}; moments in seconds since 1970."""
    for stop in stops:
        area = areas_queries.get_area(SYSTEM, stop["area"])
        terminal = terminals_queries.get_terminal(SYSTEM, stop["terminal"]) if stop["terminal"] else None
        stop_actions.plan_stop(
            SYSTEM,
            place=area.place,
            starts_at=datetime.fromtimestamp(stop["starts_at"], UTC),
            ends_at=datetime.fromtimestamp(stop["ends_at"], UTC),
            reason="仿真：计划停机",
            now=now,
            terminal_id=terminal.pk if terminal else None,
        )


def found(since: float) -> list[dict[str, Any]]:
    """Incidents noticed since a moment, as sandbox.faults.scoring.Found reads them."""
    after = datetime.fromtimestamp(since, UTC)
    rows = list(maintenance.incidents_visible_to(SYSTEM).filter(noticed_at__gte=after).order_by("pk"))
    turns: dict[int, list[tuple[str, float]]] = {}
    news = Transition.objects.filter(recorded_at__gte=after, kind__in=(HUNG, FREED))
    for one in news.order_by("recorded_at", "pk"):
        turns.setdefault(int(one.payload["incident"]), []).append((one.kind, one.recorded_at.timestamp()))
    blamed = _owner_orders(after)
    children: dict[int, list[int]] = {}
    for row in rows:
        if row.cause_id is not None:
            children.setdefault(row.cause_id, []).append(row.pk)
    return [_found(row, turns.get(row.pk, []), children.get(row.pk, []), blamed) for row in rows]


def _found(
    row: Incident, turns: list[tuple[str, float]], symptoms: list[int], blamed: Mapping[int, int]
) -> dict[str, Any]:
    first_turn = turns[0][0] if turns else ""
    born_symptom = first_turn == FREED or (not turns and row.cause_id is not None)
    return {
        "id": row.pk,
        "kind": row.kind,
        "where": _where(row),
        "opened_at": row.opened_at.timestamp(),
        "noticed_at": row.noticed_at.timestamp(),
        "closed_at": row.closed_at.timestamp() if row.closed_at else None,
        "cause": row.cause_id,
        "bucket": row.bucket,
        "turns": [("own" if kind == FREED else "hung", at) for kind, at in turns],
        "born_symptom": born_symptom,
        "symptoms": len(symptoms),
        "owner_orders": sum(blamed.get(one, 0) for one in (row.pk, *symptoms)),
    }


def _where(row: Incident) -> str:
    if row.department:
        return f"department:{row.department}"
    if row.terminal is None:
        return f"area:{row.area.code}" if row.area else ""
    return f"terminal:{row.terminal.code}" + (f"/{row.component}" if row.component else "")


def _owner_orders(after: datetime) -> dict[int, int]:
    """Incident -> orders that went to an owner unit."""
    counts: dict[int, int] = {}
    orders = maintenance.orders_visible_to(SYSTEM).filter(opened_at__gte=after, organization__kind="owner")
    for incident_id in orders.values_list("incident_id", flat=True):
        counts[incident_id] = counts.get(incident_id, 0) + 1
    return counts
