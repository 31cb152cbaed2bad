"""The policy that is copied onto incidents and orders, and the moments at which somebody has to be warned."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from budayang.center.maintenance.models import WorkOrder
from budayang.center.maintenance.queries import named_clocks, order_clocks
from budayang.center.platform.queries import InForce, parameters
from budayang.rules.maintenance import Clock, Clocks, policy_for
from budayang.rules.parameters import STEPS, deadline_name

WARN_SHARE = 0.8
"""A warning goes out when this share of a limit is used: early enough to do something, late enough to be read."""


Policy = dict[str, object]


def policies_now(wanted: Collection[tuple[str, str]], now: datetime) -> dict[tuple[str, str], Policy]:
    """The limits in force for each (severity, place path), as JSON. One query, however many."""
    names = [deadline_name(step, severity) for severity in {severity for severity, _path in wanted} for step in STEPS]
    held = parameters(names, [(path, "") for path in {path for _severity, path in wanted}], now)
    return {(severity, path): _policy(severity, held[path, ""]) for severity, path in wanted}


def _policy(severity: str, held: Mapping[str, InForce]) -> Policy:
    policy = policy_for(severity, lambda name: float(held[name].value))
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


def next_moment(clocks: Clocks, now: datetime) -> datetime | None:
    """The next moment after `now` at which one of the clocks is to be warned about or breached."""
    moments: list[datetime] = []
    for _name, clock in named_clocks(clocks):
        early = warn_at(clock)
        if early is not None and clock.due_at is not None:
            moments += [moment for moment in (early, clock.due_at) if moment > now]
    return min(moments, default=None)


def next_due_at(order: WorkOrder, now: datetime) -> datetime | None:
    """`next_moment` of an order as it stands in the database."""
    return next_moment(order_clocks(WorkOrder.objects.get(pk=order.pk), now), now)


def alarms(clocks: Clocks, now: datetime) -> list[tuple[str, str, Clock]]:
    """("overdue" | "warned", clock name, clock) for each unmet clock whose moment has come."""
    found: list[tuple[str, str, Clock]] = []
    for name, clock in named_clocks(clocks):
        early = warn_at(clock)
        if early is None or clock.due_at is None or now < early:
            continue
        found.append(("overdue" if now >= clock.due_at else "warned", name, clock))
    return found
