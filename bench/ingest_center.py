"""The center's side of bench/ingest and bench/silence, each step a process of its own.

python bench/ingest_center.py prepare TERMINALS KEYFILE [PLAN GRACE] | serve PORT CORE | count | silences
"""

from __future__ import annotations

import json
import os
import secrets
import sys
from datetime import timedelta
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "budayang.center.config.settings")

import django

django.setup()

import uvicorn  # noqa: E402  # Django must be set up first
from django.core.management import call_command  # noqa: E402
from django.utils import timezone  # noqa: E402

from budayang.center.areas.actions import create_area  # noqa: E402
from budayang.center.ingest.app import IngestApplication  # noqa: E402
from budayang.center.platform.actions import add_organization, add_place  # noqa: E402
from budayang.center.platform.actors import Actor  # noqa: E402
from budayang.center.platform.models import Delivery, Transition  # noqa: E402
from budayang.center.platform.sealing import seal_field  # noqa: E402
from budayang.center.terminals.models import Credential, Session, StatusInterval, Terminal  # noqa: E402

AREA_SIZE = 40


def prepare(count: int, key_file: Path, plan_s: int = 3600, grace_s: int = 30) -> None:
    """Areas of forty enrolled terminals each that have a session, `count` in all; their keys go to `key_file`."""
    call_command("migrate", verbosity=0, interactive=False)
    system, now = Actor.system(), timezone.now()
    city = add_place(system, code="150600", name="基准", kind="region", parent=None, is_demo=True)
    owner = add_organization(system, code="RS", name="基准", kind="owner", place=city)
    areas = [
        create_area(system, code=f"BENCH{n}", name="基准", parent=city, is_demo=True)
        for n in range((count + AREA_SIZE - 1) // AREA_SIZE)
    ]
    fields = {
        "owner": owner, "state": "active", "registered_at": now, "is_demo": True, "plan_s": plan_s,
        "grace_s": grace_s,
    }  # fmt: skip
    Terminal.objects.bulk_create(
        Terminal(code=f"T{n:06d}", name=f"T{n}", area=areas[n // AREA_SIZE], **fields) for n in range(count)
    )
    rows = list(Terminal.objects.order_by("code"))
    keys = {row.code: secrets.token_bytes(32) for row in rows}
    Credential.objects.bulk_create(Credential(terminal=row, public_key="bench", enrolled_at=now) for row in rows)
    Session.objects.bulk_create(
        Session(
            terminal=row,
            sealed_key=seal_field("terminals_session", str(row.pk), "sealed_key", keys[row.code].hex()),
            agreed_at=now,
            expires_at=now + timedelta(days=1),
        )
        for row in rows
    )
    key_file.write_text(json.dumps({code: key.hex() for code, key in keys.items()}))


def serve(port: int, core: int) -> None:
    """The door alone, on one core, as it runs in production: uvicorn with httptools and uvloop."""
    if core >= 0:
        os.sched_setaffinity(0, {core})
    config = uvicorn.Config(
        IngestApplication(), host="127.0.0.1", port=port, http="httptools", loop="uvloop", lifespan="on",
        log_level="warning", access_log=False, timeout_graceful_shutdown=2,
    )  # fmt: skip
    uvicorn.Server(config).run()


def count() -> None:
    """What the database holds now, as JSON."""
    intervals = StatusInterval.objects.exclude(subject="terminal").count()
    found = {"intervals": intervals, "news": Transition.objects.count(), "deliveries": Delivery.objects.count()}
    print(json.dumps(found))


def silences() -> None:
    """How late each silence was recorded, and how many terminals that went on were called silent, as JSON."""
    silent = StatusInterval.objects.filter(subject="terminal", property="link", state="silent")
    late = [(row.received_at - row.since).total_seconds() for row in silent.iterator()]
    heard = Transition.objects.filter(kind="terminals.heard").count()
    print(json.dumps({"late_s": late, "wrong": heard}))


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["prepare", terminals, key_file, *times]:
            prepare(int(terminals), Path(key_file), *[int(one) for one in times])
        case ["serve", port, core]:
            serve(int(port), int(core))
        case ["count"]:
            count()
        case ["silences"]:
            silences()
        case _:
            raise SystemExit(__doc__)
