"""How long the maintenance room takes to judge a storm: 2,000 terminals of 50 areas fall silent, then come back.

    .venv/bin/python bench/judging.py [--terminals 2000] [--areas 50]

Prints one JSON line a pass with seconds of wall clock and CPU and the number of queries. The database is a fresh SQLite
file, or BUDAYANG_TEST_PG as the tests use it. Before the storm each terminal has 15 properties that are well.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django

django.setup()

from django.db import connection, transaction  # noqa: E402
from django.test.utils import setup_databases, teardown_databases  # noqa: E402
from tests.center.hall import SYSTEM, build  # noqa: E402
from tests.center.maintenance.fault_stage import COMPONENTS  # noqa: E402

from budayang.center.areas import actions as areas  # noqa: E402
from budayang.center.areas.models import Area  # noqa: E402
from budayang.center.maintenance import judging  # noqa: E402
from budayang.center.maintenance.models import Incident, WorkOrder  # noqa: E402
from budayang.center.terminals.models import StatusInterval, Terminal  # noqa: E402

NOW = datetime(2026, 11, 23, 18, tzinfo=UTC)


def city(terminals: int, count: int) -> list[int]:
    """Areas with terminals in which everything is well; returns the areas' ids."""
    hall = build(NOW)
    parent = hall.area.place.parent
    made = [
        areas.create_area(
            SYSTEM, code=f"A{number:04}", name=f"自助区 {number}", parent=parent, manager=hall.bodies["ZW1"],
            keeper=hall.staff["lin"], is_demo=True,
        )
        for number in range(count)
    ]  # fmt: skip
    rows = Terminal.objects.bulk_create(
        Terminal(
            code=f"T-{number:06}", name=f"{number}", area=made[number % count], owner=hall.bodies["RS"],
            vendor=hall.bodies["VN1"], state="active", registered_at=NOW, enrolled_at=NOW, last_seen_at=NOW,
        )
        for number in range(terminals)
    )  # fmt: skip
    words = (*COMPONENTS, ("terminal", "link", "online"))
    StatusInterval.objects.bulk_create(
        (
            StatusInterval(
                terminal=one, subject=subject, property=prop, kind=subject, state=state, since=NOW, received_at=NOW
            )
            for one in rows
            for subject, prop, state in words
        ),
        batch_size=2000,
    )
    return [one.pk for one in made]


class Count:
    """Counts queries without keeping them: keeping them costs more than the judging."""

    def __init__(self) -> None:
        self.queries = 0

    def __call__(self, execute: Callable[..., Any], *arguments: Any) -> Any:
        self.queries += 1
        return execute(*arguments)


def measure(what: str, work: Callable[[], int]) -> None:
    """One pass, told as a line of JSON."""
    count = Count()
    with connection.execute_wrapper(count):
        wall, cpu = time.perf_counter(), time.process_time()
        changed = work()
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    figures = {
        "pass": what, "wall_s": round(wall, 3), "cpu_s": round(cpu, 3), "queries": count.queries, "changed": changed,
        "open": Incident.objects.filter(state="open").count(),
        "causes": Incident.objects.filter(state="open", cause__isnull=True).count(),
        "orders": WorkOrder.objects.count(),
    }  # fmt: skip
    print(json.dumps(figures), flush=True)


def link(state: str, at: datetime) -> None:
    """Every terminal's link changes, as ingest writes it."""
    with transaction.atomic():
        mine = StatusInterval.objects.filter(property="link", until__isnull=True)
        ids = list(mine.values_list("terminal_id", flat=True))
        mine.update(until=at)
        StatusInterval.objects.bulk_create(
            StatusInterval(
                terminal_id=one, subject="terminal", property="link", kind="terminal", state=state, since=at,
                received_at=at,
            )
            for one in ids
        )  # fmt: skip
        silent = at if state == "silent" else None
        Terminal.objects.filter(pk__in=ids).update(silent_since=silent)


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--terminals", type=int, default=2000)
    parser.add_argument("--areas", type=int, default=50)
    asked = parser.parse_args()
    old = setup_databases(verbosity=0, interactive=False)
    try:
        ids = city(asked.terminals, asked.areas)
        measure("all is well", lambda: judging.judge_areas(ids, NOW))
        at = NOW + timedelta(minutes=5)
        link("silent", at)
        measure("one area of the silent ones", lambda: judging.judge_areas(ids[:1], at + timedelta(seconds=1)))
        measure("all areas silent", lambda: judging.judge_areas(ids, at + timedelta(seconds=1)))
        measure("again, nothing new", lambda: judging.judge_areas(ids, at + timedelta(seconds=2)))
        back = at + timedelta(minutes=30)
        link("online", back)
        measure("all come back", lambda: judging.judge_areas(ids, back + timedelta(seconds=1)))
        assert not Incident.objects.filter(state="open").exists()
        assert Area.objects.count() >= asked.areas
    finally:
        teardown_databases(old, verbosity=0)


if __name__ == "__main__":
    main()
