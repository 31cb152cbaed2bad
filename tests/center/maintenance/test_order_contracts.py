"""Clocks of orders under contracts: in force from the start, on the way, ended, with another body; told late."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from tests.center.hall import SYSTEM, Hall

from budayang.center.maintenance import actions, contract_actions, jobs, queries
from budayang.center.maintenance.contract_actions import Tier
from budayang.center.maintenance.models import Contract, WorkOrder
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Forbidden
from budayang.center.platform.models import AuditLine
from budayang.rules.calendars import WeeklyWindow, weekly_window

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ZONE = ZoneInfo("Asia/Shanghai")
TIERS = {
    "general": Tier(600, 7200, 14_400),
    "serious": Tier(600, 3600, 7200),
    "urgent": Tier(300, 1800, 3600),
}
OFFICE = tuple(weekly_window(day, "09:00", "17:00") for day in range(5))


def contract(
    hall: Hall,
    body: str,
    now: datetime,
    *,
    number: str = "HT-1",
    windows: tuple[WeeklyWindow, ...] = OFFICE,
    valid_from: date | None = None,
    valid_until: date | None = None,
    steps: tuple[str, ...] = ("repair",),
) -> Contract:
    return contract_actions.add_contract(
        SYSTEM,
        hall.bodies[body],
        number=number,
        name="年度维修",
        windows=windows,
        steps=steps,
        follows_workdays=True,
        tiers=TIERS,
        valid_from=valid_from or now.astimezone(ZONE).date(),
        valid_until=valid_until,
        now=now,
    )


def paper_out(hall: Hall, at: datetime) -> WorkOrder:
    hall.tell(hall.terminal, "printer", "paper.upper", "out", at, at)
    return WorkOrder.objects.get()


@pytest.fixture
def morning(now: datetime) -> datetime:
    """Monday at ten: 2026-11-30, an ordinary week."""
    return datetime(2026, 11, 30, 10, tzinfo=ZONE)


def test_an_order_opens_under_the_contract_of_its_body(hall: Hall, morning: datetime) -> None:
    contract(hall, "RS", morning)
    order = paper_out(hall, morning + 5 * HOUR)
    clocks = queries.order_clocks(order, morning + 5 * HOUR)
    assert (clocks.respond.limit_s, clocks.repair.limit_s) == (600, 14_400)
    # fifteen o'clock: two hours today, two tomorrow from nine
    assert clocks.repair.due_at == datetime(2026, 12, 1, 11, tzinfo=ZONE)
    assert clocks.arrive.due_at == morning + 7 * HOUR, "arrival runs day and night: the contract does not name it"


def test_without_a_contract_the_editions_limits_run_day_and_night(hall: Hall, morning: datetime) -> None:
    contract(hall, "SW", morning)
    order = paper_out(hall, morning)
    assert queries.order_clocks(order, morning).repair.due_at == morning + 8 * HOUR


def test_a_contract_that_begins_on_the_way_is_noted_at_its_moment(hall: Hall, morning: datetime) -> None:
    evening = morning + 12 * HOUR
    contract(hall, "RS", evening, valid_from=date(2026, 12, 1))
    order = paper_out(hall, evening)
    begins = datetime(2026, 12, 1, tzinfo=ZONE)
    assert contract_actions.apply_due(begins - MINUTE) == 0
    assert contract_actions.apply_due(begins + MINUTE) == 1
    assert contract_actions.apply_due(begins + MINUTE) == 0
    told = order.events.get(event="limits")
    assert (told.at, told.told_at, "HT-1" in told.note) == (begins, begins + MINUTE, True)
    # two hours used by midnight of the eight; from then on four, in office hours: nine to eleven
    clock = queries.order_clocks(WorkOrder.objects.get(), begins + MINUTE).repair
    assert clock.due_at == datetime(2026, 12, 1, 11, tzinfo=ZONE)
    assert WorkOrder.objects.get().policy["repair_s"] == 8 * 3600, "what was in force at the opening stays"


def test_a_contract_that_ends_gives_the_editions_limits_back(hall: Hall, morning: datetime) -> None:
    contract(hall, "RS", morning, valid_until=date(2026, 11, 30))
    order = paper_out(hall, morning + 6 * HOUR)
    assert contract_actions.apply_due(morning + 6 * HOUR) == 1
    midnight = datetime(2026, 12, 1, tzinfo=ZONE)
    assert contract_actions.apply_due(midnight) == 1
    clock = queries.order_clocks(WorkOrder.objects.get(pk=order.pk), midnight).repair
    # an hour of the contract's afternoon is used, seven of the edition's eight are left from midnight on
    assert (clock.used_s, clock.due_at) == (3600, midnight + 7 * HOUR)


def test_a_transfer_brings_the_takers_contract(hall: Hall, morning: datetime) -> None:
    contract(hall, "VN1", morning, steps=())
    order = paper_out(hall, morning)
    body, person = hall.bodies["VN1"], hall.staff["mo"]
    actions.transfer(
        hall.actor("ren"), order, organization_id=body.pk, staff_id=person.pk, reason="要换轮", now=morning + HOUR
    )
    clocks = queries.order_clocks(WorkOrder.objects.get(), morning + 90 * MINUTE)
    assert clocks.repair.due_at == morning + 4 * HOUR, "no clock starts anew; the shorter limit counts from now on"
    assert [span.holder for span in clocks.repair.spans] == ["测试RS 测试丙", "测试VN1 测试乙"]


def test_a_new_contract_ends_the_one_before_it(hall: Hall, morning: datetime) -> None:
    first = contract(hall, "RS", morning)
    contract(hall, "RS", morning + DAY, number="HT-2", valid_from=date(2026, 12, 5))
    first.refresh_from_db()
    assert first.ends_at == datetime(2026, 12, 5, tzinfo=ZONE)
    with pytest.raises(Refused, match="HT-2"):
        contract(hall, "RS", morning + DAY, number="HT-3", valid_from=date(2026, 12, 3))
    with pytest.raises(Refused, match="HT-2"):
        contract(hall, "RS", morning + DAY, number="HT-2", valid_from=date(2026, 12, 9))


def test_nothing_begins_or_ends_in_the_past(hall: Hall, morning: datetime) -> None:
    with pytest.raises(Refused, match="过去"):
        contract(hall, "RS", morning, valid_from=date(2026, 11, 29))
    row = contract(hall, "RS", morning)
    with pytest.raises(Refused, match="今天"):
        contract_actions.end_contract(SYSTEM, row, last_day=date(2026, 11, 29), now=morning)
    contract_actions.end_contract(SYSTEM, row, last_day=date(2026, 12, 1), now=morning)
    row.refresh_from_db()
    assert row.ends_at == datetime(2026, 12, 2, tzinfo=ZONE)
    assert AuditLine.objects.filter(action="maintenance.end_contract").count() == 1


def test_limits_have_to_grow(hall: Hall, morning: datetime) -> None:
    tiers = TIERS | {"urgent": Tier(600, 300, 900)}
    with pytest.raises(Refused, match="不长于"):
        contract_actions.add_contract(
            SYSTEM, hall.bodies["RS"], number="1", name="x", windows=OFFICE, steps=(), follows_workdays=True,
            tiers=tiers, valid_from=date(2026, 12, 1), valid_until=None, now=morning,
        )  # fmt: skip


@pytest.mark.parametrize("name", ["lin", "mo", "ren", "ning", "sys"])
def test_only_supervisors_write_contracts(hall: Hall, morning: datetime, name: str) -> None:
    with pytest.raises(Forbidden):
        contract_actions.add_contract(
            hall.actor(name), hall.bodies["RS"], number="1", name="x", windows=OFFICE, steps=(),
            follows_workdays=True, tiers=TIERS, valid_from=date(2026, 12, 1), valid_until=None, now=morning,
        )  # fmt: skip
    row = contract(hall, "RS", morning)
    with pytest.raises(Forbidden):
        contract_actions.end_contract(hall.actor(name), row, last_day=date(2026, 12, 1), now=morning)


def test_who_arrived_in_a_cellar_had_arrived(hall: Hall, now: datetime) -> None:
    order = paper_out(hall, now)
    ren = hall.actor("ren")
    actions.accept_order(ren, order, now=now + MINUTE)
    told = now + 5 * HOUR
    jobs.warn_of_clocks(told - MINUTE)
    assert queries.order_clocks(WorkOrder.objects.get(), told - MINUTE).arrive.overdue
    actions.arrive(ren, WorkOrder.objects.get(), now=told, at=now + 2 * HOUR)
    row = order.events.get(event="arrived")
    assert (row.at, row.told_at) == (now + 2 * HOUR, told), "the warning between does not push it"
    clocks = queries.order_clocks(WorkOrder.objects.get(), told)
    assert (clocks.arrive.overdue, clocks.arrive.used_s) == (False, 2 * 3600)
    with pytest.raises(Refused, match="没有到"):
        actions.repair(ren, WorkOrder.objects.get(), note="好了", now=told, at=told + MINUTE)
    with pytest.raises(Refused, match="早于"):
        actions.repair(ren, WorkOrder.objects.get(), note="好了", now=told, at=now - MINUTE)


def test_what_is_told_out_of_order_keeps_the_order_of_steps(hall: Hall, now: datetime) -> None:
    order = paper_out(hall, now)
    ren = hall.actor("ren")
    actions.accept_order(ren, order, now=now + 10 * MINUTE)
    actions.arrive(ren, order, now=now + 30 * MINUTE, at=now + 5 * MINUTE)
    row = order.events.get(event="arrived")
    assert row.at == now + 10 * MINUTE
    assert row.details["said_at"] == (now + 5 * MINUTE).isoformat()


def test_a_new_holder_is_warned_anew(hall: Hall, now: datetime) -> None:
    order = paper_out(hall, now)
    assert jobs.warn_of_clocks(now + 31 * MINUTE) == 1
    actions.transfer(
        hall.actor("ren"), order, organization_id=hall.bodies["VN1"].pk, staff_id=None, reason="不会修",
        now=now + 32 * MINUTE,
    )  # fmt: skip
    jobs.warn_of_clocks(now + 193 * MINUTE)
    told = list(order.events.filter(event__in=("warned", "overdue")).order_by("pk").values_list("event", "reason"))
    assert told.count(("overdue", "respond")) == 2
    assert ("warned", "arrive") in told
