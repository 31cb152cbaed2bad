"""When tries of a department, or of a machine's own steps, fail in a row: told upwards once, and once more when one
passes.

A try that was excused counts neither way: a department that says by itself that it is closed, or has no appointment
left, has no fault; nor has a machine that is stopped as planned, and its silence is told of already.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from budayang.center.platform import queries as platform
from budayang.center.platform.actions import emit
from budayang.center.services.connector_queries import served_path
from budayang.center.services.models import Probe, ProbeStanding


def count(row: ProbeStanding, probe: Probe, *, ok: bool, excused: bool, now: datetime) -> None:
    """Count a try into its standing (which the caller writes), and tell of the turn it makes."""
    if ok:
        _over(row, now)
    elif not excused:
        row.failures += 1
        row.failing_since = row.failing_since or now
        if row.told_at is None and row.failures >= platform.parameter("probe_failures", probe.place_path, now):
            row.told_at = now
            _tell(row, "services.probe_failing", row.failing_since, now)


@transaction.atomic
def let_be(rows: QuerySet[ProbeStanding], now: datetime) -> int:
    """Try these no more by plan: what failed is no longer a fault of anybody. Returns how many."""
    found = list(rows.select_for_update(of=("self",)).select_related("item__department", "terminal__area__place"))
    for row in found:
        row.next_at = row.failed_at = None
        _over(row, now)
        row.save()
    return len(found)


def _over(row: ProbeStanding, now: datetime) -> None:
    told, row.failures, row.failing_since, row.told_at = row.told_at, 0, None, None
    if told is not None:
        _tell(row, "services.probe_passing", now, now)


def _tell(row: ProbeStanding, kind: str, at: datetime, now: datetime) -> None:
    department, machine = row.item.department, row.terminal
    emit(
        kind,
        subject=f"terminal:{machine.code}" if machine else f"department:{department.code}",
        place_path=machine.area.place.path if machine else served_path(department),
        payload={
            "department": department.code,
            "item": row.item.code,
            "terminal": machine.code if machine else "",
        },
        occurred_at=at,
        now=now,
    )
