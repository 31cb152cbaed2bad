#!/usr/bin/env python3
"""How long the hours of a month take, from intervals and exactly, for every terminal of a city.

    python bench/hours.py [--terminals 5000] [--days 30] [--databases sqlite,postgresql] [--runs 5] [--json]

A synthetic city: areas of ten terminals, three owner units, nine peripherals a terminal. In a month each terminal has
about 60 changes of state beside its 28 open ones, and about 14 incidents; areas have faults and planned stops of their
own, the center was away five times. Measured is one process on one core, from an empty ledger to the tally of every
terminal: `read` (all queries, rows as tuples) and `divide` (the sweep). Beside it in the same run:

- `bare`: the rows of the same two large queries fetched by a plain cursor, nothing done with them: what the database
  alone needs;
- `one by one`: the same figures terminal by terminal (a sample, with the time of all computed from it);
- `algebra`: the definition as chains of union, intersect and subtract over the same facts (a sample). Both must give
  the same figures to the microsecond, else the benchmark fails.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))
from postgresql import NoPostgresql, cluster

END = datetime(2026, 11, 1, tzinfo=UTC)
PER_AREA = 10
SAMPLE = 40
PERIPHERALS = ("printer", "idReader", "camera", "icCard", "scanner", "payment", "stamp", "documentCamera", "speaker")
COLUMNS = (
    ("database", "<11"), ("intervals", ">11,"), ("incidents", ">10,"), ("total_s", ">9.2f"), ("cpu_s", ">7.2f"),
    ("read_s", ">8.2f"), ("divide_s", ">9.2f"), ("bare_s", ">8.2f"), ("one_by_one_s", ">13.1f"),
    ("algebra_s", ">10.2f"),
)  # fmt: skip


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--terminals", type=int, default=5000)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument("--runs", type=int, default=5, help="the median is told")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def fill(count: int, start: datetime) -> None:
    """Make the city. Deterministic: the same rows on each database."""
    from budayang.center.areas.actions import create_area, set_promised_hours  # noqa: PLC0415  # Django is set up late
    from budayang.center.areas.hours_text import all_day  # noqa: PLC0415
    from budayang.center.platform.actions import add_organization, add_place  # noqa: PLC0415
    from budayang.center.platform.actors import Actor  # noqa: PLC0415
    from budayang.center.terminals.models import MonitoringGap, Terminal  # noqa: PLC0415

    system, chance, born = Actor.system(), Random(7), start - timedelta(days=40)
    city = add_place(system, code="150600", name="基准", kind="region", parent=None, is_demo=True)
    owners = [add_organization(system, code=f"O{n}", name=f"单位{n}", kind="owner", place=city) for n in range(3)]
    areas = []
    for number in range(-(-count // PER_AREA)):
        area = create_area(system, code=f"A{number:05d}", name=f"自助区{number}", parent=city, is_demo=True)
        set_promised_hours(system, area, all_day(), valid_from=born.date(), now=born)
        areas.append(area)
    Terminal.objects.bulk_create(
        (
            Terminal(
                code=f"T{n:06d}", name=f"T{n}", area=areas[n // PER_AREA], owner=owners[n % 3], state="active",
                registered_at=born, enrolled_at=born, is_demo=True,
            )
            for n in range(count)
        ),
        batch_size=2000,
    )  # fmt: skip
    rows = list(Terminal.objects.order_by("pk"))
    seconds = (END - start).total_seconds()
    fill_states(rows, start, seconds, chance)
    fill_incidents(rows, areas, start, seconds, chance)
    fill_stops(city, areas, start, seconds, chance)
    for _number in range(5):
        since = start + timedelta(seconds=chance.uniform(0, seconds))
        MonitoringGap.objects.create(
            since=since, until=since + timedelta(seconds=chance.uniform(5, 600)), cause="bench"
        )


def fill_states(terminals: list[Any], start: datetime, seconds: float, chance: Random) -> None:
    from budayang.center.terminals.models import StatusInterval  # noqa: PLC0415

    faults = (
        ("printer", "paper.upper", "out", "full", 3, 6), ("printer", "media", "jammed", "notPresent", 3, 2),
        ("printer", "toner", "out", "full", 1, 10), ("idReader", "device", "offline", "online", 2, 3),
        ("printer", "device", "userError", "online", 4, 0.3), ("camera", "device", "hardwareError", "online", 1, 20),
    )  # fmt: skip
    quiet = (("printer", "paper.lower", "low", "full", 6), ("speaker", "volume", "muted", "audible", 6),
             ("icCard", "media", "present", "notPresent", 4))  # fmt: skip
    batch: list[Any] = []

    def add(terminal: Any, subject: str, prop: str, state: str, since: datetime, until: datetime | None) -> None:
        batch.append(
            StatusInterval(
                terminal_id=terminal.pk, subject=subject, kind=subject, property=prop, state=state, since=since,
                until=until, received_at=since,
            )
        )  # fmt: skip
        if len(batch) >= 5000:
            StatusInterval.objects.bulk_create(batch, batch_size=1000)
            batch.clear()

    for terminal in terminals:
        for subject in PERIPHERALS:
            for prop in ("x-device", "x-firmware", "x-media"):
                add(terminal, subject, prop, "online", start - timedelta(days=20), None)
        add(terminal, "terminal", "link", "online", start - timedelta(days=20), None)
        for subject, prop, bad, good, often, hours in faults:
            moments = sorted(chance.uniform(0, seconds) for _n in range(chance.randint(0, 2 * often)))
            for place, at in enumerate(moments):
                limit = moments[place + 1] if place + 1 < len(moments) else seconds
                until = min(at + chance.expovariate(1 / (hours * 3600)) + 1, at + (limit - at) * 0.9)
                since, ended = (start + timedelta(microseconds=round(x * 1e6)) for x in (at, until))
                if since < ended:
                    add(terminal, subject, prop, bad, since, ended)
                    add(terminal, subject, prop, good, ended, ended + (start + timedelta(seconds=limit) - ended) / 2)
        for subject, prop, one, other, often in quiet:
            for _n in range(often):
                at = start + timedelta(seconds=chance.uniform(0, seconds))
                add(terminal, subject, prop, one, at, at + timedelta(minutes=5))
                add(terminal, subject, prop, other, at + timedelta(minutes=5), at + timedelta(minutes=9))
    StatusInterval.objects.bulk_create(batch, batch_size=1000)


def fill_incidents(terminals: list[Any], areas: list[Any], start: datetime, seconds: float, chance: Random) -> None:
    from budayang.center.maintenance.models import Incident  # noqa: PLC0415
    from budayang.rules.causes import get_cause  # noqa: PLC0415

    numbers = iter(range(10**9))

    def one(kind: str, hours: float, buckets: tuple[str, ...], **where: Any) -> Any:
        cause = get_cause(kind)
        since = start + timedelta(microseconds=round(chance.uniform(0, seconds) * 1e6))
        until = min(since + timedelta(seconds=chance.expovariate(1 / (hours * 3600)) + 1), END)
        return Incident(
            kind=kind, subject=f"x:{next(numbers)}", title=cause.title, place_path="/", severity=cause.severity,
            bucket=chance.choice(buckets) or cause.bucket, state="closed", opened_at=since, noticed_at=since,
            closed_at=until, **where,
        )  # fmt: skip

    made = []
    for terminal in terminals:
        for _n in range(chance.randint(1, 7)):
            made.append(one("terminal_silent", 6, ("", "switched_off", "network", "power"), terminal_id=terminal.pk))
        for _n in range(chance.randint(0, 4)):
            made.append(one("application_down", 0.2, ("",), terminal_id=terminal.pk))
        for _n in range(8):
            made.append(one("paper_out", 6, ("",), terminal_id=terminal.pk, component="printer"))
    for area in areas:
        for kind, hours in (("network_down", 1), ("door_locked", 8), ("power_ending", 0.5)):
            made += [one(kind, hours, ("",), area_id=area.pk) for _n in range(chance.randint(0, 2))]
    Incident.objects.bulk_create(made, batch_size=1000)


def fill_stops(city: Any, areas: list[Any], start: datetime, seconds: float, chance: Random) -> None:
    from budayang.center.areas.actions import plan_stop  # noqa: PLC0415
    from budayang.center.platform.actors import Actor  # noqa: PLC0415

    for area in areas:
        at = start + timedelta(seconds=chance.uniform(0, seconds - 9000))
        plan_stop(
            Actor.system(), place=area.place, starts_at=at, ends_at=at + timedelta(hours=2), reason="检修",
            now=at - timedelta(days=1),
        )  # fmt: skip


def measure(start: datetime, runs: int) -> dict[str, Any]:
    """Figures of one database."""
    from budayang.center.maintenance import hours_ledger  # noqa: PLC0415
    from budayang.center.maintenance.models import Incident  # noqa: PLC0415
    from budayang.center.terminals.models import StatusInterval, Terminal  # noqa: PLC0415
    from budayang.rules.hours import tally  # noqa: PLC0415

    ids = list(Terminal.objects.order_by("pk").values_list("pk", flat=True))
    totals, cpus, reads = [], [], []
    for _run in range(runs):
        begun, cpu = time.perf_counter(), time.process_time()
        ledger = hours_ledger.load(ids, start, END)
        read = time.perf_counter()
        found = {one: tally(ledger.pieces_of(one)) for one in ids}
        totals.append(time.perf_counter() - begun)
        cpus.append(time.process_time() - cpu)
        reads.append(read - begun)
    sample = ids[:: max(1, len(ids) // SAMPLE)][:SAMPLE]
    begun = time.perf_counter()
    alone = {one: tally(hours_ledger.load([one], start, END).pieces_of(one)) for one in sample}
    one_by_one = (time.perf_counter() - begun) / len(sample) * len(ids)
    begun = time.perf_counter()
    chained = {one: algebra(ledger, one) for one in sample}
    algebra_s = (time.perf_counter() - begun) / len(sample) * len(ids)
    for one in sample:
        if not found[one] == alone[one] == chained[one]:
            raise SystemExit(f"terminal {one}: {found[one]} in bulk, {alone[one]} alone, {chained[one]} by algebra")
    promised = sum(one.promised for one in found.values())
    if promised != len(ids) * round((END - start).total_seconds()) * 1_000_000:
        raise SystemExit(f"promised {promised} microseconds are not the whole month")
    total_s = statistics.median(totals)
    plain = statistics.median(bare(start) for _run in range(runs))
    return {
        "terminals": len(ids), "intervals": StatusInterval.objects.count(), "incidents": Incident.objects.count(),
        "total_s": total_s, "cpu_s": statistics.median(cpus), "read_s": statistics.median(reads),
        "divide_s": total_s - statistics.median(reads), "bare_s": plain,
        "one_by_one_s": one_by_one, "algebra_s": algebra_s, "worst_s": max(totals),
        "usable_share": sum(one.usable for one in found.values()) / promised,
    }  # fmt: skip


def algebra(ledger: Any, terminal_id: int) -> Any:
    """The definition as set algebra: bucket by bucket takes from what is left."""
    from budayang.rules.hours import Tally, merge, outside, overlap  # noqa: PLC0415

    left, found = ledger.promise_of(terminal_id), Tally()
    found.promised = sum(end - start for start, end in left)
    for one in sorted(ledger.claims_of(terminal_id)):
        taken = overlap(left, merge([(one.start, one.end)]))
        found.lost[one.bucket] += sum(end - start for start, end in taken)
        left = outside(left, taken)
    found.usable = sum(end - start for start, end in left)
    return found


def bare(start: datetime) -> float:
    """Seconds to fetch the rows of the two large queries and nothing else."""
    from django.db import connection  # noqa: PLC0415

    from budayang.center.maintenance.hours_ledger import PART_STATES  # noqa: PLC0415

    marks = ",".join(["%s"] * len(PART_STATES))
    begun = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT terminal_id, subject, kind, property, state, since, until FROM terminals_statusinterval"
            f" WHERE state IN ({marks}) AND since < %s AND (until IS NULL OR until > %s)",
            [*sorted(PART_STATES), END, start],
        )
        rows = len(cursor.fetchall())
        cursor.execute(
            "SELECT id, kind, bucket, area_id, terminal_id, department, component, opened_at, closed_at"
            " FROM maintenance_incident WHERE opened_at < %s AND (closed_at IS NULL OR closed_at > %s)",
            [END, start],
        )
        rows += len(cursor.fetchall())
    assert rows
    return time.perf_counter() - begun


def child(args: argparse.Namespace) -> int:
    os.environ["DJANGO_SETTINGS_MODULE"] = "budayang.center.config.settings"
    import django  # noqa: PLC0415  # settings are read from the environment that the parent made

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415

    call_command("migrate", verbosity=0, interactive=False)
    start = END - timedelta(days=args.days)
    fill(args.terminals, start)
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    print(json.dumps(measure(start, args.runs)))
    return 0


def main() -> int:
    args = arguments()
    if args.child:
        return child(args)
    if not args.json:
        cores = len(os.sched_getaffinity(0))
        print(f"{args.terminals} terminals, {args.days} days; {cores} cores, load {os.getloadavg()[0]:.1f}")
        print("".join(f"{key:{form.rstrip('f,').split(',')[0].split('.')[0]}}" for key, form in COLUMNS))
    with tempfile.TemporaryDirectory(prefix="budayang-bench-") as name:
        for database in args.databases.split(","):
            with ExitStack() as stack:
                url = ""
                if database == "postgresql":
                    try:
                        url = stack.enter_context(cluster(durable=True))
                    except NoPostgresql as error:
                        print(f"postgresql: left out, {error}", file=sys.stderr)
                        continue
                data = Path(name) / database
                data.mkdir()
                told = {"BUDAYANG_DATA_DIR": str(data), "BUDAYANG_DEMO": "1", "BUDAYANG_PUBLIC_URL": "",
                        "BUDAYANG_DATABASE_URL": url}  # fmt: skip
                command = [sys.executable, __file__, "--child", "--terminals", str(args.terminals), "--days",
                           str(args.days), "--runs", str(args.runs)]  # fmt: skip
                answer = subprocess.run(
                    command, env=os.environ | told, stdout=subprocess.PIPE, text=True, check=True
                ).stdout
                found = {"database": database} | json.loads(answer.splitlines()[-1])
                print(json.dumps(found) if args.json else "".join(f"{found[key]:{form}}" for key, form in COLUMNS))
    return 0


if __name__ == "__main__":
    sys.exit(main())
