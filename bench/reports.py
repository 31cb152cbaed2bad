#!/usr/bin/env python3
"""How long the monthly report of a city takes, from its rows to the kept content and each of its papers.

    python bench/reports.py [--areas 100] [--terminals 5] [--matters 20] [--orders 20] [--databases sqlite,postgresql]

A synthetic city (bench/city.py) with two months of life: `--matters` a terminal and day, as many trips and journeys and
half as many ratings, ten items looked for in each area and day; `--orders` an area and month, each with its steps.
Measured in one process on one core, as the worker does it: `report` is both months, read and computed, until the
content is hashed; then the three papers. Beside it in the same run `bare`: the rows of the same matters fetched by a
plain cursor and dropped, which is what the database alone needs; and the processor's time of the report, which other
work on the same machine hardly changes.
The limit is printed with the figures; beyond it the run fails.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))
from postgresql import cluster

HERE = Path(__file__).resolve()
LIMIT_S = 30.0
DAYS = 70


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--areas", type=int, default=100)
    parser.add_argument("--terminals", type=int, default=5, help="an area")
    parser.add_argument("--matters", type=int, default=20, help="a terminal and day")
    parser.add_argument("--orders", type=int, default=20, help="an area and month")
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def plus(city: Any, moment: str, seconds: str) -> str:
    """SQL of a moment so many seconds after another, as Django keeps it."""
    if city.connection.vendor == "postgresql":
        return f"({moment} + ({seconds}) * interval '1 second')"
    return f"strftime('%%Y-%%m-%%d %%H:%%M:%%S', {moment}, '+' || CAST({seconds} AS text) || ' seconds')"


def copies(city: Any, model: Any, count: int, changed: dict[str, str]) -> None:
    """Each row that is there so many times more, number n with the columns of `changed` (SQL of `s` and `n`)."""
    names = [field.column for field in model._meta.concrete_fields if not field.primary_key]
    values = [changed.get(name, f's."{name}"') for name in names]
    columns = ", ".join(f'"{name}"' for name in names)
    city.run(
        f"INSERT INTO {model._meta.db_table} ({columns}) "
        f"WITH RECURSIVE k(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM k WHERE n < {count}) "
        f"SELECT {', '.join(values)} FROM (SELECT * FROM {model._meta.db_table}) s CROSS JOIN k"
    )


def life(city: Any, args: argparse.Namespace, start: datetime) -> None:
    """Matters, trips, ratings and orders of 61 days, evenly spread over the clock."""
    from budayang.center.evaluation.models import Invitation, Rating, Visit  # noqa: PLC0415  # Django is set up late
    from budayang.center.services.models import Case, Department, Item, SearchCount, Trip  # noqa: PLC0415
    from budayang.center.terminals.models import Terminal  # noqa: PLC0415

    department = Department.objects.create(code="B", name="基准部门")
    items = [
        Item.objects.create(
            code=f"B{n:03}", name=f"基准事项{n}", department=department, kind="query", audience="个人", live="yes",
            after_hours="yes",
        )
        for n in range(40)
    ]  # fmt: skip
    machines = list(Terminal.objects.select_related("area__place").order_by("pk"))
    step = 86_400 // args.matters
    many = 61 * args.matters - 1
    at = plus(city, "s.{}", f"n * {step}")
    numbered = "s.number || '-' || CAST(n AS text)"
    Case.objects.bulk_create(
        Case(
            number=f"{one.code}-0", terminal=one, item=items[0], place_path=one.area.place.path, state="done",
            identity_hash="x", code_hash=f"{one.code}-0", accepted_at=start + timedelta(seconds=one.pk % step),
        )
        for one in machines
    )  # fmt: skip
    item = f"{items[0].pk} + (n * 7 + s.terminal_id) %% 40"
    changed = {"number": numbered, "code_hash": numbered, "accepted_at": at.format("accepted_at"), "item_id": item}
    copies(city, Case, many, changed)
    Trip.objects.bulk_create(
        Trip(
            source="terminal", area=one.area, terminal=one, place_path=one.area.place.path, result="finished",
            at=start + timedelta(seconds=one.pk % step),
        )
        for one in machines
    )  # fmt: skip
    result = "CASE n %% 9 WHEN 0 THEN 'refused' WHEN 1 THEN 'unfinished' ELSE 'finished' END"
    copies(city, Trip, many, {"at": at.format("at"), "result": result})
    Visit.objects.bulk_create(
        Visit(
            terminal=one, place_path=one.area.place.path, end="done", seconds=240, cleared=True,
            at=start + timedelta(seconds=one.pk % step),
        )
        for one in machines
    )  # fmt: skip
    copies(city, Visit, many, {"at": at.format("at")})
    SearchCount.objects.bulk_create(
        (
            SearchCount(area_id=area, on=start.date() + timedelta(days=day), item_code=one.code, times=3)
            for area in sorted({one.area_id for one in machines})
            for day in range(61)
            for one in items[day % 4 : day % 4 + 10]
        ),
        batch_size=5000,
    )
    for model, extra in ((Invitation, {}), (Rating, {"owner_id": machines[0].owner_id, "level": "satisfied"})):
        when = "shown_at" if model is Invitation else "at"
        model.objects.bulk_create(
            model(
                case_number=f"{one.code}-0", terminal=one, place_path=one.area.place.path,
                **{when: start + timedelta(seconds=one.pk % step)}, **extra,
            )
            for one in machines
        )  # fmt: skip
        copies(city, model, many // 2, {"case_number": numbered.replace("number", "case_number"),
                                        when: plus(city, f"s.{when}", f"n * {2 * step}")})  # fmt: skip
    orders(city, machines, args.orders, start)


def orders(city: Any, machines: list[Any], an_area: int, start: datetime) -> None:
    """Orders of both months, each repaired after three hours and closed."""
    from budayang.center.maintenance.models import Incident, WorkOrder, WorkOrderEvent  # noqa: PLC0415

    first = {one.area_id: one for one in machines}
    made = [
        city.incident(one, "printer_offline", "打印机故障", at, at + timedelta(hours=3))
        for one in first.values()
        for n in range(2 * an_area)
        for at in [start + timedelta(hours=n * 61 * 24 / (2 * an_area))]
    ]
    Incident.objects.bulk_create(made, batch_size=1000)
    rows = [
        WorkOrder(
            number=f"R{one.pk:09}", incident=one, organization_id=one.owner_id, owner_id=one.owner_id,
            vendor_id=one.vendor_id, place_path=one.place_path, opened_at=one.opened_at, closed_at=one.closed_at,
            state="closed", policy=city.POLICY,
        )
        for one in made
    ]  # fmt: skip
    WorkOrder.objects.bulk_create(rows, batch_size=1000)
    steps = (
        ("reported", "reported", 0),
        ("accepted", "accepted", 600),
        ("arrived", "on_site", 3_600),
        ("repaired", "repaired", 10_800),
        ("closed", "closed", 10_800),
    )
    WorkOrderEvent.objects.bulk_create(
        (
            WorkOrderEvent(
                order=one, event=event, state=state, at=one.opened_at + timedelta(seconds=after), by="job:bench"
            )
            for one in rows
            for event, state, after in steps
        ),
        batch_size=2000,
    )


def child(args: argparse.Namespace) -> None:
    """Build, compute, print."""
    import city  # noqa: PLC0415  # sets Django up

    from budayang.center.evaluation.monthly_making import compute  # noqa: PLC0415
    from budayang.center.evaluation.monthly_papers import MEDIA, paper  # noqa: PLC0415
    from budayang.center.platform.models import Place  # noqa: PLC0415
    from budayang.center.services.models import Case  # noqa: PLC0415
    from budayang.rules.monthly import digest, figures_of, month_before, plain  # noqa: PLC0415

    city.PER_AREA = args.terminals
    began = time.monotonic()
    city.build(args.areas * args.terminals, DAYS)
    now = datetime.now(UTC)
    month = month_before(now.date().replace(day=1))
    start = datetime.combine(month_before(month), datetime.min.time(), UTC) - timedelta(hours=8)
    with city.transaction.atomic():
        life(city, args, start)
    city.settle()
    print(f"# {city.connection.vendor}: {args.areas} areas, {args.areas * args.terminals} terminals, "
          f"{Case.objects.count():,} matters in two months; built in {time.monotonic() - began:.0f} s")  # fmt: skip
    place = Place.objects.get(code="150600")
    began, spent = time.monotonic(), time.process_time()
    report = compute(place, month, now, lambda: None)
    mark = digest(plain(report))
    took, spent = time.monotonic() - began, time.process_time() - spent
    matters = next(one for one in figures_of(report) if one.code == "matters")
    assert matters.value, "an empty report costs nothing and proves nothing"
    began = time.monotonic()
    with city.connection.cursor() as cursor:
        cursor.execute("SELECT place_path, item_id, accepted_at, state FROM services_case")
        while cursor.fetchmany(20_000):
            pass
    bare = time.monotonic() - began
    told = f"{matters.value:,.0f} matters in the month; processor {spent:.1f} s; bare {bare:.1f} s"
    print(f"report {took:.1f} s of at most {LIMIT_S:.0f} s ({told})")
    for form in MEDIA:
        began = time.monotonic()
        _name, content = paper(report, form, zone=place.zone, published="基准", sha256=mark, corrections=[])
        print(f"{form:>6} {time.monotonic() - began:.1f} s, {len(content) / 1024:.0f} KiB")
    if took > LIMIT_S:
        raise SystemExit(f"over the limit by {took - LIMIT_S:.1f} s")


def main() -> None:
    args = arguments()
    if args.child:
        child(args)
        return
    for database in args.databases.split(","):
        with ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="budayang-reports-"))
            url = stack.enter_context(cluster(durable=True)) if database == "postgresql" else ""
            environ = {
                **os.environ, "BUDAYANG_DATA_DIR": folder, "BUDAYANG_DATABASE_URL": url, "BUDAYANG_DEMO": "1",
                "BUDAYANG_PUBLIC_URL": "",
            }  # fmt: skip
            environ.pop("DJANGO_SETTINGS_MODULE", None)
            subprocess.run([sys.executable, str(HERE), "--child", *sys.argv[1:]], env=environ, check=True)


if __name__ == "__main__":
    main()
