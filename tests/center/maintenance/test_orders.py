"""Orders: every step by somebody who may, along one table, with clocks, warnings and proof by test print."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import transaction
from tests.center.hall import SYSTEM, Hall

from budayang.center.maintenance import actions, jobs, queries
from budayang.center.maintenance.models import Incident, WorkOrder, WorkOrderEvent
from budayang.center.platform.actions import Refused, set_parameter
from budayang.center.platform.actors import Forbidden
from budayang.center.platform.models import AuditLine, Transition
from budayang.center.terminals import command_actions
from budayang.center.terminals import jobs as terminals_jobs
from budayang.center.terminals.models import CommandRun, Outgoing

MINUTE = timedelta(minutes=1)


@pytest.fixture
def order(hall: Hall, now: datetime) -> WorkOrder:
    """Paper ran out at `now`."""
    hall.tell(hall.terminal, "printer", "paper.upper", "out", now, now)
    return WorkOrder.objects.get()


def fill(hall: Hall, at: datetime) -> None:
    hall.tell(hall.terminal, "printer", "paper.upper", "full", at, at)


def answer(hall: Hall, order: WorkOrder, ok: bool, at: datetime) -> None:
    """The terminal's word on the test print of this order, ordered now when nobody did before."""
    if not CommandRun.objects.filter(terminal=hall.terminal).exists():
        actions.ask_test_print(SYSTEM, order, now=at)
    say(hall, CommandRun.objects.get(terminal=hall.terminal), ok, at)
    order.refresh_from_db()


def say(hall: Hall, run: CommandRun, ok: bool, at: datetime) -> None:
    state, reason = ("done", "") if ok else ("failed", "paper_out")
    hall.inbox(run.terminal, "command.state", {"id": run.number, "state": state, "reason": reason}, at, at)
    assert terminals_jobs.read_command_states(at) == 1
    with transaction.atomic():
        jobs.take_test_prints([Transition.objects.filter(kind="commands.test_print").latest("id")], at)


def test_the_number_carries_the_day_of_the_place(hall: Hall, now: datetime) -> None:
    assert f"{now:%y%m%d}" == "261123", "in UTC it is still yesterday"
    hall.tell(hall.terminal, "printer", "paper.upper", "out", now, now)
    assert WorkOrder.objects.get().number.startswith("GD261124-")


def test_the_whole_way_to_a_closed_order(hall: Hall, order: WorkOrder, now: datetime) -> None:
    ren = hall.actor("ren")
    actions.accept_order(ren, order, now=now + MINUTE)
    actions.arrive(ren, order, now=now + 20 * MINUTE)
    fill(hall, now + 22 * MINUTE)
    order.refresh_from_db()
    actions.repair(ren, order, note="已补 A4 纸一包", now=now + 23 * MINUTE)
    actions.ask_test_print(ren, order, now=now + 24 * MINUTE)
    sent = Outgoing.objects.get(kind="command")
    assert (sent.body["name"], sent.body["arguments"]) == ("test_print", {"order": order.number})
    assert CommandRun.objects.get().command.created_by == "ren"
    answer(hall, order, True, now + 25 * MINUTE)
    assert order.state == "closed"
    events = list(order.events.order_by("id").values_list("event", flat=True))
    assert events == [
        "reported", "accepted", "arrived", "repaired", "note", "test_asked", "test_passed", "verified", "closed",
    ]  # fmt: skip
    clocks = queries.order_clocks(order, now + 30 * MINUTE)
    assert (clocks.respond.used_s, clocks.arrive.used_s, clocks.repair.used_s) == (60, 20 * 60, 22 * 60)
    assert not any(clock.overdue for _name, clock in queries.named_clocks(clocks))
    assert AuditLine.objects.filter(action="maintenance.order_accepted", actor="ren").exists()
    assert Transition.objects.filter(kind="maintenance.order_closed").count() == 1


def test_a_good_print_before_the_state_is_known_closes_when_it_is(hall: Hall, order: WorkOrder, now: datetime) -> None:
    actions.accept_order(hall.actor("mo"), order, now=now)
    answer(hall, order, True, now + 5 * MINUTE)
    assert order.state == "accepted", "the printer still says that its tray is empty"
    hall.tell(hall.terminal, "printer", "paper.upper", "full", now + 4 * MINUTE, now + 6 * MINUTE)
    order.refresh_from_db()
    assert order.state == "closed"


def test_a_good_print_from_before_the_paper_was_filled_proves_nothing(
    hall: Hall, order: WorkOrder, now: datetime
) -> None:
    answer(hall, order, True, now + MINUTE)
    fill(hall, now + 5 * MINUTE)
    order.refresh_from_db()
    assert order.state == "repaired"


def test_a_failed_print_sends_the_order_back(hall: Hall, order: WorkOrder, now: datetime) -> None:
    fill(hall, now + 5 * MINUTE)
    order.refresh_from_db()
    answer(hall, order, False, now + 6 * MINUTE)
    assert order.state == "on_site"
    assert queries.order_clocks(order, now + 7 * MINUTE).repair.met_at is None


def test_a_print_for_another_terminals_order_is_not_taken(hall: Hall, order: WorkOrder, now: datetime) -> None:
    fill(hall, now + MINUTE)
    at, arguments = now + 2 * MINUTE, {"order": order.number}
    command_actions.order(SYSTEM, [hall.other], "test_print", reason="x", arguments=arguments, now=at)
    say(hall, CommandRun.objects.get(), True, at)
    order.refresh_from_db()
    assert order.state == "repaired"


def test_acceptance_is_refused_while_the_fault_stands(hall: Hall, order: WorkOrder, now: datetime) -> None:
    lin = hall.actor("lin")
    actions.repair(lin, order, note="已补纸", now=now + MINUTE)
    with pytest.raises(Refused, match="打印机缺纸"):
        actions.verify(lin, order, now=now + 2 * MINUTE)
    assert WorkOrder.objects.get().state == "repaired"


def test_the_vendor_does_not_accept_his_own_work(hall: Hall, order: WorkOrder, now: datetime) -> None:
    actions.repair(hall.actor("mo"), order, note="已补纸", now=now + MINUTE)
    fill(hall, now + 2 * MINUTE)
    order.refresh_from_db()
    with pytest.raises(Forbidden):
        actions.verify(hall.actor("mo"), order, now=now + 3 * MINUTE)
    actions.call_back(hall.actor("lin"), order, works=True, note="大厅值班员：能打印", now=now + 3 * MINUTE)
    actions.verify(hall.actor("lin"), order, now=now + 3 * MINUTE)
    assert order.state == "closed"


@pytest.mark.parametrize("name", ["ning", "shui", "ou", "sys"])
def test_strangers_take_no_step(hall: Hall, order: WorkOrder, now: datetime, name: str) -> None:
    actor = hall.actor(name)
    for attempt in (
        lambda: actions.accept_order(actor, order, now=now),
        lambda: actions.arrive(actor, order, now=now),
        lambda: actions.repair(actor, order, note="x", now=now),
        lambda: actions.ask_test_print(actor, order, now=now),
        lambda: actions.verify(actor, order, now=now),
        lambda: actions.reject(actor, order, note="x", now=now),
        lambda: actions.pause(actor, order, reason="no_access", now=now),
        lambda: actions.resume(actor, order, now=now),
        lambda: actions.close_order(actor, order, now=now),
    ):
        with pytest.raises(Forbidden):
            attempt()
    assert list(order.events.values_list("event", flat=True)) == ["reported"]


def test_a_step_that_the_table_does_not_have_is_refused_in_words(hall: Hall, order: WorkOrder, now: datetime) -> None:
    with pytest.raises(Refused, match="待受理"):
        actions.arrive(hall.actor("ren"), order, now=now)
    with pytest.raises(Refused, match="写明"):
        actions.repair(hall.actor("ren"), order, note="  ", now=now)


def test_of_two_who_press_at_once_one_is_refused(hall: Hall, order: WorkOrder, now: datetime) -> None:
    rival = WorkOrder.objects.get()
    actions.accept_order(hall.actor("ren"), order, now=now)
    with pytest.raises(Refused, match="别人"):
        actions.accept_order(hall.actor("mo"), rival, now=now)
    assert WorkOrderEvent.objects.filter(event="accepted").count() == 1


def test_a_pause_needs_a_known_reason_and_stops_the_clock(hall: Hall, order: WorkOrder, now: datetime) -> None:
    ren = hall.actor("ren")
    actions.accept_order(ren, order, now=now + MINUTE)
    with pytest.raises(Refused):
        actions.pause(ren, order, reason="lunch", now=now + 2 * MINUTE)
    actions.pause(ren, order, reason="no_access", now=now + 2 * MINUTE)
    assert queries.next_clock(queries.order_clocks(order, now + 60 * MINUTE)) is None
    assert WorkOrder.objects.get().next_due_at is None
    actions.resume(ren, order, now=now + 62 * MINUTE)
    assert queries.order_clocks(order, now + 63 * MINUTE).repair.used_s == 3 * 60


def test_warnings_come_before_the_breach_and_once(hall: Hall, order: WorkOrder, now: datetime) -> None:
    assert order.next_due_at == now + 24 * MINUTE, "four fifths of half an hour"
    assert jobs.warn_of_clocks(now + 23 * MINUTE) == 0
    assert jobs.warn_of_clocks(now + 24 * MINUTE) == 1
    assert jobs.warn_of_clocks(now + 25 * MINUTE) == 0
    assert jobs.warn_of_clocks(now + 31 * MINUTE) == 1
    assert jobs.warn_of_clocks(now + 193 * MINUTE) == 1, "four fifths of the four hours to arrive"
    told = WorkOrderEvent.objects.filter(event__in=("warned", "overdue")).order_by("id")
    assert list(told.values_list("event", "reason")) == [
        ("warned", "respond"),
        ("overdue", "respond"),
        ("warned", "arrive"),
    ]
    kinds = list(Transition.objects.filter(kind__startswith="maintenance.order_").values_list("kind", flat=True))
    assert kinds.count("maintenance.order_warned") == 2
    assert kinds.count("maintenance.order_overdue") == 1


def test_a_worker_that_slept_tells_of_the_breach_only(hall: Hall, order: WorkOrder, now: datetime) -> None:
    jobs.warn_of_clocks(now + timedelta(hours=5))
    told = WorkOrderEvent.objects.filter(event__in=("warned", "overdue")).order_by("id")
    assert ("overdue", "respond") in list(told.values_list("event", "reason"))
    assert ("warned", "respond") not in list(told.values_list("event", "reason"))


def test_the_policy_of_the_day_stays_with_the_order(hall: Hall, order: WorkOrder, now: datetime) -> None:
    set_parameter(SYSTEM, "respond_general_s", hall.city, 60, valid_from=now)
    assert queries.policy_of(WorkOrder.objects.get()).respond_s == 1800
    hall.tell(hall.other, "printer", "toner", "out", now + MINUTE, now + MINUTE)
    newer = Incident.objects.get(kind="toner_out").orders.get()
    assert queries.policy_of(newer).respond_s == 60
