"""Which limits and hours an order lies under, and lay under before: what its clocks are read with.

The limits in force are copied onto the order (`WorkOrder.policy`), and again at each change (an event "limits"): a
contract that is changed later rewrites nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

from django.db.models import Q

from budayang.center.maintenance.models import Contract, ContractTier, WorkOrder, WorkOrderEvent
from budayang.center.services.queries import calendar_days
from budayang.rules.calendars import DayKind, WeeklyWindow
from budayang.rules.maintenance import (
    DAY_AND_NIGHT,
    EVENT_NAMES,
    Calendars,
    Change,
    ClockPolicy,
    Clocks,
    OrderEvent,
    WorkingHours,
    contract_calendar,
    order_clocks,
)

LIMITS = "limits"
Plain = dict[str, Any]


def events_of(order: WorkOrder) -> list[WorkOrderEvent]:
    """What happened to an order, oldest first."""
    return sorted(order.events.all(), key=lambda row: (row.at, row.pk))


def rule_events(rows: Iterable[WorkOrderEvent]) -> list[OrderEvent]:
    """The rows that move the order, as the rules read them."""
    return [
        OrderEvent(row.event, row.at, row.reason, row.holder, row.told_at) for row in rows if row.event in EVENT_NAMES
    ]


def policy_from(kept: Mapping[str, Any]) -> ClockPolicy:
    """Limits as the rules read them, from their copy on an order."""
    return ClockPolicy(
        respond_s=kept["respond_s"],
        arrive_s=kept["arrive_s"],
        repair_s=kept["repair_s"],
        stopping_reasons=frozenset(kept["stopping_reasons"]),
        repair_from=kept["repair_from"],
        contract_steps=frozenset((kept.get("contract") or {}).get("steps", ())),
    )


def policy_of(order: WorkOrder) -> ClockPolicy:
    """The limits that were in force when the order opened."""
    return policy_from(order.policy)


def in_force(order: WorkOrder, rows: Sequence[WorkOrderEvent]) -> list[tuple[datetime, Plain]]:
    """(since, limits) from the opening on, the last one in force now."""
    return [(order.opened_at, order.policy), *((row.at, row.details) for row in rows if row.event == LIMITS)]


def hours_from(kept: Mapping[str, Any]) -> WorkingHours | None:
    """The contract's hours in a copy of limits; None: day and night."""
    contract = kept.get("contract")
    if not contract:
        return None
    windows = tuple(
        WeeklyWindow(day, time.fromisoformat(opens), time.fromisoformat(closes), next_day)
        for day, opens, closes, next_day in contract["windows"]
    )
    return WorkingHours(windows, contract["follows_workdays"], contract["zone"])


def calendars_of(
    stretches: Sequence[tuple[datetime, Plain]], now: datetime, days: Callable[[], Mapping[date, DayKind]]
) -> Calendars:
    """Day and night for the area (WH-21), and the hours of the contracts that the order lay under."""
    if not any((kept.get("contract") or {}).get("steps") for _since, kept in stretches):
        return DAY_AND_NIGHT
    policy = policy_from(stretches[-1][1])
    ahead_s = max(policy.respond_s, policy.arrive_s, policy.repair_s)
    hours = [(since, hours_from(kept)) for since, kept in stretches]
    return Calendars(area=None, contract=contract_calendar(hours, now, ahead_s, days()))


def read_clocks(order: WorkOrder, now: datetime, days: Callable[[], Mapping[date, DayKind]] = calendar_days) -> Clocks:
    """Respond, arrive and repair as of `now`, each in the hours of the area or of the contract in force. `days` reads
    holidays and make-up days; who reads many orders gives one that remembers.
    """
    rows = events_of(order)
    return clocks_of(rule_events(rows), in_force(order, rows), now, days)


def clocks_of(
    events: Sequence[OrderEvent],
    stretches: Sequence[tuple[datetime, Plain]],
    now: datetime,
    days: Callable[[], Mapping[date, DayKind]] = calendar_days,
) -> Clocks:
    """The clocks of events under limits (since, limits), the first those of the opening."""
    changes = [Change(since, policy_from(kept)) for since, kept in stretches[1:]]
    return order_clocks(events, policy_from(stretches[0][1]), calendars_of(stretches, now, days), now, changes)


def contract_at(organization_id: int, at: datetime) -> Contract | None:
    """The contract of a body that is in force at a moment."""
    rows = Contract.objects.filter(organization_id=organization_id, starts_at__lte=at)
    return rows.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=at)).order_by("-starts_at").first()


def limits_for(base: Mapping[str, Any], organization_id: int, severity: str, at: datetime) -> Plain:
    """The limits of a body's order: those of its contract for the severity, else `base`, the edition's own."""
    own = {name: value for name, value in base.items() if name not in ("responsible_id", "contract")}
    contract = contract_at(organization_id, at)
    tier = ContractTier.objects.filter(contract=contract, severity=severity).first() if contract else None
    if contract is None or tier is None:
        return own
    return {
        **own,
        "respond_s": float(tier.respond_s),
        "arrive_s": float(tier.arrive_s),
        "repair_s": float(tier.repair_s),
        "contract": {
            "number": contract.number,
            "steps": contract.steps,
            "windows": contract.windows,
            "follows_workdays": contract.follows_workdays,
            "zone": contract.zone,
        },
    }
