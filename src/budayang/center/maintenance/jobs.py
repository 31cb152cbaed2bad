"""What wakes the maintenance room: news of terminals and connectors, test prints, and the clocks of its orders."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import cache

from django.db import transaction

from budayang.center.maintenance import (
    actions,
    balancing,
    citizen_messages,
    clocks,
    contract_actions,
    doors,
    due_things,
    emergency_actions,
    fault_notices,
    help_calls,
    hours_jobs,
    incident_actions,
    judging,
    ledger_jobs,
    machine_probing,
    making_good,
    notice_jobs,
    own_faults,
    probing,
    report_jobs,
    round_jobs,
    runouts,
    settling,
    sign_faults,
)
from budayang.center.maintenance.models import FINAL_ORDER_STATES, WorkOrder
from budayang.center.maintenance.order_actions import Alarm, warn
from budayang.center.maintenance.queries import order_clocks
from budayang.center.platform.actors import Actor
from budayang.center.platform.deliveries import Consumer, Due
from budayang.center.platform.models import Transition
from budayang.center.services.queries import calendar_days, connectors
from budayang.center.terminals import area_queries
from budayang.center.terminals.inbox import InboxRow, consume_inbox
from budayang.center.terminals.news import told_codes
from budayang.rules.calendars import DayKind

CLOCKS_S = 10.0
CLOCKS_AT_ONCE = 500
CLOCKS_TOGETHER = 20  # in one transaction: a commit costs as much as an order, and nobody waits long for the database
FACTS_AT_ONCE = 5000
FACT_NEWS = (
    "terminals.status", "terminals.reported", "terminals.corrected", "terminals.silent", "terminals.heard",
    "terminals.clone", "terminals.suspended", "terminals.resumed", "terminals.enrolled", "terminals.lost",
    "terminals.watched", "services.connector",
)  # fmt: skip
TEST_PRINT_ENDS = frozenset({"done", "failed", "expired", "cancelled"})
STOP_NEWS = ("areas.stop_began", "areas.stop_ended", "areas.stop_changed", "areas.stop_cancelled")


def handle_facts(news: Sequence[Transition], now: datetime) -> None:
    """Judge again each area and department that the news is about, once, whatever the number of messages."""
    codes = told_codes(one for one in news if one.kind.startswith("terminals."))
    own_faults.note_losses([one for one in news if one.kind == "terminals.lost"], now)
    judging.judge_areas(area_queries.area_ids_of(codes), now)
    told = {str(one.payload["department"]): one.place_path for one in news if one.kind == "services.connector"}
    for row in connectors().filter(department__code__in=list(told)):
        code = row.department.code
        judging.judge_department(code, row.state, told[code], row.since_at, now)


def read_evidence(now: datetime) -> int:
    """Take what terminal programs say of their starts, stops and lost lines: it settles whose a silence was."""

    def take(row: InboxRow) -> None:
        settling.take_evidence(row, now)

    return consume_inbox(settling.EVIDENCE, take, now)


def take_test_prints(news: Sequence[Transition], now: datetime) -> None:
    """Take how the test prints went that orders asked for: the news of the terminals' commands."""
    for one in news:
        if one.payload["state"] in TEST_PRINT_ENDS:
            _take_test_print(one, now)


def _take_test_print(news: Transition, now: datetime) -> None:
    number, code = str(news.payload["arguments"].get("order") or ""), str(news.payload["terminals"][0])
    order = (
        WorkOrder.objects.filter(number=number, incident__terminal__code=code)
        .exclude(state__in=FINAL_ORDER_STATES)
        .first()
    )
    if order is None:
        return  # ordered without a work order, or for one that is closed by now
    actions.record_test_print(
        Actor.terminal(code, news.place_path),
        order,
        ok=news.payload["state"] == "done",
        reason=str(news.payload["reason"] or news.payload["state"]),
        at=news.occurred_at,
        now=now,
    )


def warn_of_clocks(now: datetime) -> int:
    """Write a warning at four fifths of each limit and another when it is broken; each once per clock and order."""
    days, done = cache(calendar_days), 0
    while done < CLOCKS_AT_ONCE and (few := _warn_of_some(now, days)):
        done += few
    return done


@transaction.atomic
def _warn_of_some(now: datetime, days: Callable[[], Mapping[date, DayKind]]) -> int:
    # Held until the end: a second worker takes others. Who acts on one meanwhile sets its next moment after us.
    due = WorkOrder.objects.select_for_update(skip_locked=True, of=("self",)).filter(next_due_at__lte=now)
    orders = list(due.order_by("next_due_at").select_related("incident").prefetch_related("events")[:CLOCKS_TOGETHER])
    alarms: list[Alarm] = []
    for order in orders:
        told, read = _told_of(order), order_clocks(order, now, days)
        order.next_due_at = clocks.next_moment(read, now)
        for word, name, clock in clocks.alarms(read, now):
            if (word, name) not in told:
                alarms.append(Alarm(order, word, name, clock))
    warn(alarms, now)
    WorkOrder.objects.bulk_update(orders, ["next_due_at"])
    return len(orders)


def _told_of(order: WorkOrder) -> set[tuple[str, str]]:
    """("warned" | "overdue", clock) that were told of the order as it stands: who got it since, or got other limits,
    hears of them anew.
    """
    told: set[tuple[str, str]] = set()
    for row in sorted(order.events.all(), key=lambda one: one.pk):
        if row.event in ("transferred", "reopened", "limits"):
            told.clear()
        elif row.event in ("warned", "overdue"):
            told.add((row.event, row.reason))
    return told


def hear_stops(news: Sequence[Transition], now: datetime) -> None:
    """A planned stop began, ended or was changed: judge again what it covers and what it covered."""
    judging.judge_areas({one for path in {one.place_path for one in news} for one in judging.area_ids_below(path)}, now)
    places = {str(one.payload["department"]): one.place_path for one in news if one.payload.get("department")}
    for row in connectors().filter(department__code__in=list(places)):
        code = row.department.code
        judging.judge_department(code, row.state, places[code], row.since_at, now)


CONSUMERS: tuple[Consumer, ...] = (
    Consumer("maintenance.facts", FACT_NEWS, handle_facts, prompt=True, at_once=FACTS_AT_ONCE, by_place=True),
    Consumer("maintenance.test_prints", ("commands.test_print",), take_test_prints),
    Consumer("maintenance.stops", STOP_NEWS, hear_stops, prompt=True),
    Consumer("maintenance.runouts", runouts.NEWS, runouts.take_news),
    *making_good.CONSUMERS,
    *probing.CONSUMERS,
    *machine_probing.CONSUMERS,
    *balancing.CONSUMERS,
    *hours_jobs.CONSUMERS,
    *notice_jobs.CONSUMERS,
    *citizen_messages.CONSUMERS,
    *report_jobs.CONSUMERS,
    *round_jobs.CONSUMERS,
    *fault_notices.CONSUMERS,
    *sign_faults.CONSUMERS,
)
DUES: tuple[Due, ...] = (
    Due("maintenance.clocks", CLOCKS_S, warn_of_clocks),
    Due("maintenance.due", 0.5, judging.judge_due, prompt=True),
    Due("maintenance.orders_due", 1.0, incident_actions.write_due_orders),
    Due("maintenance.evidence", 0.5, read_evidence, prompt=True),
    Due("maintenance.listening", 5.0, own_faults.judge_listening, prompt=True),
    Due("maintenance.runouts", 5.0, runouts.judge_due),
    *contract_actions.DUES,
    *hours_jobs.DUES,
    *notice_jobs.DUES,
    *citizen_messages.DUES,
    *report_jobs.DUES,
    *round_jobs.DUES,
    *due_things.DUES,
    *ledger_jobs.DUES,
    *fault_notices.DUES,
    *doors.DUES,
    *emergency_actions.DUES,
    *help_calls.DUES,
)
