"""What wakes the maintenance room: news of terminals and connectors, test prints, and the clocks of its orders."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from budayang.center.maintenance import actions, clocks, judging
from budayang.center.maintenance.models import FINAL_ORDER_STATES, WorkOrder, WorkOrderEvent
from budayang.center.platform.actors import Actor
from budayang.center.platform.deliveries import Consumer, Due
from budayang.center.platform.models import Transition
from budayang.center.services.queries import connectors
from budayang.center.terminals.inbox import InboxRow, consume_inbox

CLOCKS_S = 10.0
STOPS_S = 30.0
# A stop that ended while the worker was away is found again for this long.
STOPS_BACK = timedelta(minutes=10)


def handle_facts(news: Sequence[Transition], now: datetime) -> None:
    """Judge again each area and department that the news is about, once, whatever the number of messages."""
    codes = {
        str(one.payload["terminal"]) for one in news if one.kind.startswith("terminals.") and "terminal" in one.payload
    }
    for area_id in sorted(judging.area_ids_of(codes)):
        judging.judge_area(area_id, now)
    told = {str(one.payload["department"]): one.place_path for one in news if one.kind == "services.connector"}
    for row in connectors().filter(department__code__in=list(told)):
        code = row.department.code
        judging.judge_department(code, row.state, told[code], row.since_at, now)


def read_test_prints(now: datetime) -> int:
    """Take the terminals' answers to "print a test page"."""
    return consume_inbox(("test_print",), lambda row: _take_test_print(row, now), now)


def _take_test_print(row: InboxRow, now: datetime) -> None:
    order = (
        WorkOrder.objects.filter(number=str(row.body.get("order") or ""), incident__terminal_id=row.terminal_id)
        .exclude(state__in=FINAL_ORDER_STATES)
        .first()
    )
    if order is None:
        return  # printed from the maintenance page of the terminal itself, or for an order that is closed by now
    actions.record_test_print(
        Actor.terminal(row.terminal, row.place_path),
        order,
        ok=row.body.get("ok") is True,
        reason=str(row.body.get("reason") or ""),
        at=row.at,
        now=now,
    )


def warn_of_clocks(now: datetime) -> int:
    """Write a warning at four fifths of each limit and another when it is broken; each once per clock and order."""
    done = 0
    for order in WorkOrder.objects.filter(next_due_at__lte=now).prefetch_related("events")[:500]:
        with transaction.atomic():
            # Taken by a compare-and-set: a second worker that read the same row gets nothing.
            if not WorkOrder.objects.filter(pk=order.pk, next_due_at=order.next_due_at).update(next_due_at=None):
                continue
            told = set(
                WorkOrderEvent.objects.filter(order=order, event__in=("warned", "overdue")).values_list(
                    "event", "reason"
                )
            )
            for word, name, clock in clocks.alarms(order, now):
                if (word, name) not in told:
                    actions.warn(order, word, name, clock, now)
            WorkOrder.objects.filter(pk=order.pk).update(next_due_at=clocks.next_due_at(order, now))
            done += 1
    return done


def judge_after_stops(now: datetime) -> int:
    """What a planned stop covered is judged again when the stop is over."""
    return judging.judge_ended_stops(now - STOPS_BACK, now)


CONSUMERS: tuple[Consumer, ...] = (Consumer("maintenance.facts", ("terminals.", "services.connector"), handle_facts),)
DUES: tuple[Due, ...] = (
    Due("maintenance.test_prints", 0.5, read_test_prints),
    Due("maintenance.clocks", CLOCKS_S, warn_of_clocks),
    Due("maintenance.stops", STOPS_S, judge_after_stops),
)
