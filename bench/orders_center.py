"""The center's side of bench/orders: pages and the sweep of the clocks, one JSON line each.

python bench/orders_center.py ROUNDS      (BENCH_SQL=1 prints the slowest statements too)
"""

from __future__ import annotations

import json
import sys
import time
from datetime import datetime, timedelta

import console_center  # sets Django up
from console_center import percentile
from django.db.models import Max
from django.utils import timezone

from budayang.center.maintenance.jobs import CLOCKS_AT_ONCE, CLOCKS_S, warn_of_clocks
from budayang.center.maintenance.models import WorkOrder, WorkOrderEvent

SWEPT_S, LATE_LIMIT_S, CORE_LIMIT = 600, 60.0, 0.05
AT_ONCE = 2_000
PAGES = (
    ("orders", "zhu", "/console/orders/"),
    ("orders, not done", "zhu", "/console/orders/?state=active"),
    ("orders, not done, of a banner", "zhu", "/console/orders/?state=active&place=/150600/150603/"),
    ("orders, page 100", "zhu", "/console/orders/?page=100"),
    ("orders, closed", "zhu", "/console/orders/?state=closed"),
    ("orders, the oldest first", "zhu", "/console/orders/?state=active&sort=opened"),
    ("orders, by owner unit", "zhu", "/console/orders/?sort=who"),
    ("orders, search of a number", "zhu", "/console/orders/?q=B100900"),
    ("orders, owner unit", "dan", "/console/orders/"),
    ("orders, owner unit, not done", "dan", "/console/orders/?state=active"),
    ("one order", "zhu", "/console/orders/{code}/"),
)  # fmt: skip


def sweep(name: str, moments: list[datetime]) -> None:
    """The sweep at each moment until nothing is due, as the worker does; how late each order's word came.

    A sweep that takes longer than the pause delays the next, and what it writes late counts as late. The core's share
    is of time passed while sweeping, so that it holds the database's part too.
    """
    busy_s, behind_s = 0.0, 0.0
    late: list[float] = []
    for at in moments:
        begun = time.perf_counter()
        now = at + timedelta(seconds=behind_s)
        while True:
            rows = WorkOrder.objects.filter(next_due_at__lte=now).order_by("next_due_at")
            due = list(rows.values_list("next_due_at", flat=True)[:CLOCKS_AT_ONCE])
            if not warn_of_clocks(now):
                break
            passed = behind_s + time.perf_counter() - begun
            late += [(at - one).total_seconds() + passed for one in due if one is not None]
        took_s = time.perf_counter() - begun
        busy_s += took_s
        behind_s = max(0.0, behind_s + took_s - CLOCKS_S)
    span_s = max(CLOCKS_S, (moments[-1] - moments[0]).total_seconds() + CLOCKS_S)
    row = {
        "sweep": name, "told": len(late), "late_p50_s": round(percentile(late, 0.5), 2) if late else None,
        "late_max_s": round(max(late, default=0.0), 2), "late_limit_s": LATE_LIMIT_S,
        "core": round(busy_s / span_s, 4), "core_limit": CORE_LIMIT,
    }  # fmt: skip
    print(json.dumps(row), flush=True)


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    numbers = list(WorkOrder.objects.order_by("-opened_at").values_list("number", flat=True)[: rounds + 1])
    console_center.measure(rounds, PAGES, numbers, WorkOrder)
    written = WorkOrderEvent.objects.filter(event__in=("warned", "overdue")).count()
    start = timezone.now() + timedelta(seconds=30)
    # What fell due while the database was built is not the sweep's fault.
    while warn_of_clocks(start - timedelta(seconds=CLOCKS_S)):
        pass
    steps = int(SWEPT_S / CLOCKS_S)
    sweep("ten minutes of the day", [start + timedelta(seconds=CLOCKS_S * n) for n in range(steps)])
    after = start + timedelta(seconds=SWEPT_S)
    ahead = WorkOrder.objects.filter(next_due_at__gt=after).order_by("next_due_at")
    broken = WorkOrder.objects.filter(pk__in=list(ahead.values_list("pk", flat=True)[:AT_ONCE]))
    moment = broken.aggregate(at=Max("next_due_at"))["at"]
    meanwhile = [after]
    while meanwhile[-1] < moment:
        meanwhile.append(min(meanwhile[-1] + timedelta(seconds=CLOCKS_S), moment))
    broken.update(next_due_at=moment + timedelta(seconds=1))
    for at in meanwhile:  # what else falls due until then
        while warn_of_clocks(at):
            pass
    sweep(f"{AT_ONCE:,} in one moment", [moment + timedelta(seconds=1 + CLOCKS_S)])
    if WorkOrderEvent.objects.filter(event__in=("warned", "overdue")).count() == written:
        raise SystemExit("nothing was told")


if __name__ == "__main__":
    main()
