"""The center's side of bench/ingest, each step a process of its own: prepare, serve, count what is durable.

python bench/ingest_center.py prepare TERMINALS KEYFILE | serve PORT CORE | count
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


def prepare(count: int, key_file: Path) -> None:
    """An area with `count` enrolled terminals that have a session; their keys go to `key_file`."""
    call_command("migrate", verbosity=0, interactive=False)
    system, now = Actor.system(), timezone.now()
    city = add_place(system, code="150600", name="基准", kind="region", parent=None, is_demo=True)
    owner = add_organization(system, code="RS", name="基准", kind="owner", place=city)
    area = create_area(system, code="BENCH", name="基准", parent=city, is_demo=True)
    fields = {"area": area, "owner": owner, "state": "active", "registered_at": now, "is_demo": True, "plan_s": 3600}
    Terminal.objects.bulk_create(Terminal(code=f"T{n:06d}", name=f"T{n}", **fields) for n in range(count))
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


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["prepare", terminals, key_file]:
            prepare(int(terminals), Path(key_file))
        case ["serve", port, core]:
            serve(int(port), int(core))
        case ["count"]:
            count()
        case _:
            raise SystemExit(__doc__)
