"""The policy that is copied onto incidents and orders, and the moments at which somebody has to be warned."""

from __future__ import annotations

from datetime import datetime, timedelta

from budayang.center.maintenance.models import WorkOrder
from budayang.center.maintenance.queries import named_clocks, order_clocks
from budayang.center.platform.queries import parameter
from budayang.rules.maintenance import Clock, policy_for

WARN_SHARE = 0.8
"""A warning goes out when this share of a limit is used: early enough to do something, late enough to be read."""


def policy_now(severity: str, place_path: str, now: datetime) -> dict[str, object]:
    """The limits in force for a severity at a place, as JSON."""
    policy = policy_for(severity, lambda name: float(parameter(name, place_path, now)))
    return {
        "respond_s": policy.respond_s,
        "arrive_s": policy.arrive_s,
        "repair_s": policy.repair_s,
        "stopping_reasons": sorted(policy.stopping_reasons),
        "repair_from": policy.repair_from,
    }


def warn_at(clock: Clock) -> datetime | None:
    """When a clock's warning is due; None while it stands still or is met."""
    if clock.met_at is not None or clock.due_at is None:
        return None
    return clock.due_at - timedelta(seconds=clock.limit_s * (1 - WARN_SHARE))


def next_due_at(order: WorkOrder, now: datetime) -> datetime | None:
    """The next moment after `now` at which a clock of the order is to be warned about or breached."""
    moments: list[datetime] = []
    fresh = WorkOrder.objects.get(pk=order.pk)
    for _name, clock in named_clocks(order_clocks(fresh, now)):
        early = warn_at(clock)
        if early is not None and clock.due_at is not None:
            moments += [moment for moment in (early, clock.due_at) if moment > now]
    return min(moments, default=None)


def alarms(order: WorkOrder, now: datetime) -> list[tuple[str, str, Clock]]:
    """("overdue" | "warned", clock name, clock) for each unmet clock whose moment has come."""
    found: list[tuple[str, str, Clock]] = []
    for name, clock in named_clocks(order_clocks(order, now)):
        early = warn_at(clock)
        if early is None or clock.due_at is None or now < early:
            continue
        found.append(("overdue" if now >= clock.due_at else "warned", name, clock))
    return found
