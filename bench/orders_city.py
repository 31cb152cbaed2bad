"""A million work orders of which 200,000 are open, with their faults and steps, written by INSERT … SELECT: the same
statements on SQLite and PostgreSQL.

    python bench/orders_city.py ORDERS OPEN     into the database of BUDAYANG_DATABASE_URL

Terminals are those of `city.py`. Each closed order took two hours, some day of the last 300. Each open one was opened
within the last day and is to be repaired within a day (a contract's longest tier): warnings, at four fifths of that,
and breaches lie evenly over the coming day.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime, timedelta

import city  # sets Django up
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from budayang.center.maintenance.models import WorkOrder
from budayang.center.terminals.models import Terminal

DAY_S = 86_400
TERMINALS = 5_000
DAYS = 300
WARN_S = DAY_S * 4 // 5
KINDS = (
    ("paper_out", "缺纸"),
    ("printer_offline", "打印机故障"),
    ("terminal_silent", "终端失联"),
    ("camera_down", "高拍仪故障"),
)
POLICY = {"respond_s": 1800, "arrive_s": 7200, "repair_s": DAY_S, "stopping_reasons": [], "repair_from": "opened"}
# By the state of the order now: event, state after it, seconds after the opening.
STEPS = {
    "closed": (("reported", "reported", 0), ("accepted", "accepted", 600), ("arrived", "on_site", 3_000),
               ("repaired", "repaired", 7_000), ("verified", "verified", 7_300), ("closed", "closed", 7_300)),
    "on_site": (("reported", "reported", 0), ("accepted", "accepted", 600), ("arrived", "on_site", 3_000)),
}  # fmt: skip


def plus(moment: str, seconds: str) -> str:
    """SQL of a moment so many seconds after another, as Django keeps it."""
    if connection.vendor == "postgresql":
        return f"({moment} + ({seconds}) * interval '1 second')"
    return f"strftime('%%Y-%%m-%%d %%H:%%M:%%S', {moment}, '+' || ({seconds}) || ' seconds')"


def incidents(orders: int, open_ones: int, now: datetime) -> None:
    """One incident an order: number k of the terminals' k-th, the last `open_ones` open."""
    closed = orders - open_ones
    first = Terminal.objects.order_by("pk").values_list("pk", flat=True)[0]
    base = "CAST(%s AS timestamptz)" if connection.vendor == "postgresql" else "%s"
    since_s = (
        f"CASE WHEN k < {closed} THEN k * {(DAYS - 2) * DAY_S // closed} "
        f"ELSE {(DAYS - 1) * DAY_S} + CAST((k - {closed}) * {DAY_S - 3_600}.0 / {open_ones} AS integer) END"
    )
    kind, title = (
        "CASE k %% 4 " + " ".join(f"WHEN {at} THEN '{one[which]}'" for at, one in enumerate(KINDS)) + " END"
        for which in (0, 1)
    )
    kept_as = "jsonb" if connection.vendor == "postgresql" else "text"
    columns = {
        "kind": kind, "subject": "'bench:' || CAST(k AS text)", "title": title, "component": "''", "place_path": "path",
        "area_id": "area_id", "terminal_id": "id", "department": "''", "owner_id": "owner_id", "vendor_id": "vendor_id",
        "severity": "'serious'", "bucket": "'device'", "policy": f"CAST(%s AS {kept_as})",
        "state": f"CASE WHEN k < {closed} THEN 'closed' ELSE 'open' END", "opened_at": plus(base, since_s),
        "noticed_at": plus(base, since_s),
        "closed_at": f"CASE WHEN k < {closed} THEN {plus(base, f'{since_s} + 7000')} END",
        "evidence": f"CAST('[]' AS {kept_as})",
    }  # fmt: skip
    began = now - timedelta(days=DAYS)
    city.run(
        f"INSERT INTO maintenance_incident ({', '.join(columns)}) "
        f"WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {-(-orders // TERMINALS) - 1}) "
        f"SELECT {', '.join(columns.values())} FROM (SELECT t.id, t.area_id, t.owner_id, t.vendor_id, p.path, "
        f"n.i * {TERMINALS} + t.id - {first} AS k FROM n CROSS JOIN terminals_terminal t "
        f"JOIN areas_area a ON a.id = t.area_id JOIN platform_place p ON p.id = a.place_id) s WHERE k < {orders}",
        json.dumps(POLICY), began, began, began,
    )  # fmt: skip


def work_orders(now: datetime) -> None:
    """An order an incident, and its steps."""
    warn, due = (plus("i.opened_at", str(one)) for one in (WARN_S, DAY_S))
    here = "CAST(%s AS timestamptz)" if connection.vendor == "postgresql" else "%s"
    columns = {
        "number": "'B' || CAST(i.id + 100000000 AS text)", "incident_id": "i.id", "organization_id": "i.owner_id",
        "owner_id": "i.owner_id", "vendor_id": "i.vendor_id",
        "place_path": "i.place_path", "state": "CASE i.state WHEN 'closed' THEN 'closed' ELSE 'on_site' END",
        "policy": "i.policy", "opened_at": "i.opened_at", "closed_at": "i.closed_at", "downtime_reason": "''",
        "next_due_at": f"CASE WHEN i.state = 'open' THEN CASE WHEN {warn} > {here} THEN {warn} ELSE {due} END END",
    }  # fmt: skip
    city.run(
        f"INSERT INTO maintenance_workorder ({', '.join(columns)}) SELECT {', '.join(columns.values())} "
        "FROM maintenance_incident i",
        now,
    )
    kept_as = "jsonb" if connection.vendor == "postgresql" else "text"
    for state, steps in STEPS.items():
        for step, then, after_s in steps:
            city.run(
                'INSERT INTO maintenance_workorderevent (order_id, event, reason, state, at, holder, "by", note, '
                f"details) SELECT o.id, '{step}', '', '{then}', {plus('o.opened_at', str(after_s))}, '', 'job:bench', "
                f"'', CAST('{{}}' AS {kept_as}) FROM maintenance_workorder o WHERE o.state = '{state}'"
            )


def main() -> None:
    orders, open_ones = (int(one) for one in sys.argv[1:3])
    call_command("migrate", verbosity=0, interactive=False)
    call_command("createcachetable", verbosity=0)
    now = timezone.now().replace(microsecond=0)
    for step in (
        lambda: city.ground(TERMINALS, now),
        lambda: city.machines(TERMINALS, now, now - timedelta(days=DAYS + 10)),
        lambda: incidents(orders, open_ones, now),
        lambda: work_orders(now),
    ):
        with transaction.atomic():
            step()
    city.settle()
    if WorkOrder.objects.count() != orders:
        raise SystemExit(f"{WorkOrder.objects.count()} orders were made, not {orders}")


if __name__ == "__main__":
    main()
