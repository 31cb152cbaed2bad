"""Run-outs against duty: the order on Friday, once; what closes it, and what gets worse."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from tests.center.hall import SYSTEM, Hall, build

from budayang.center.maintenance import duty_actions, runouts
from budayang.center.maintenance.models import Incident, RunOutWatch, WorkOrder, WorkOrderEvent
from budayang.center.maintenance.runout_queries import before_duty, watches_visible_to
from budayang.center.platform.models import Transition
from budayang.center.terminals import supply_actions
from budayang.center.terminals.models import SupplyCount, SupplyLevel
from budayang.center.terminals.supply_forecasts import judge
from budayang.rules.duty import Days

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ZONE = ZoneInfo("Asia/Shanghai")


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of November 2026; the 19th is a Thursday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=ZONE).astimezone(UTC)


@pytest.fixture
def hall(db: None) -> Hall:
    return build(at(19, 10))


def use(hall: Hall, level: int, *, per_hour: float = 4.0, now: datetime) -> SupplyLevel:
    """Paper with four weeks of steady use behind it, and `level` sheets left."""
    row, _made = SupplyLevel.objects.get_or_create(
        terminal=hall.terminal, subject="printer", consumable="a4", defaults={"capacity": 500}
    )
    SupplyLevel.objects.filter(pk=row.pk).update(
        counted_since=now - 28 * DAY, filled=500, used=500 - level, fill_at=now - 9 * DAY, fill_source="person",
        word="full" if level > 100 else "",
    )  # fmt: skip
    SupplyCount.objects.filter(supply=row).delete()
    start = now.replace(minute=0, second=0, microsecond=0)
    SupplyCount.objects.bulk_create(
        SupplyCount(supply=row, hour_at=start - k * HOUR, amount=per_hour) for k in range(1, 28 * 24)
    )
    turn(row, now)
    return row


def turn(row: SupplyLevel, now: datetime) -> None:
    """What the loops do: forecast, take the news, judge against duty."""
    before = Transition.objects.count()
    judge([row.pk], now)
    news = list(Transition.objects.filter(kind__in=runouts.NEWS).order_by("pk"))
    with transaction.atomic():
        runouts.take_news(news if before == 0 else news[-3:], now)
    runouts.mark([row.pk], now)
    runouts.judge_due(now)
    row.refresh_from_db()


def roster(hall: Hall, *, days: Days = Days.WORKDAYS) -> None:
    duty_actions.add_shift(
        SYSTEM, organization=hall.bodies["RS"], place=hall.area.place, name="白班", days=days, opens=time(8, 30),
        closes=time(17, 30), people=[hall.staff["ren"]], starts_on=date(2026, 11, 2), now=at(19, 9),
    )  # fmt: skip


def open_ones() -> list[Incident]:
    return list(Incident.objects.filter(kind="run_out_ahead", state="open"))


def test_runs_out_on_saturday_night_so_the_order_is_written_on_friday(hall: Hall) -> None:
    roster(hall)
    row = use(hall, 160, now=at(19, 10))  # at four an hour: Saturday, about 02:00
    assert row.runs_out_at is not None
    assert at(21, 0) < row.runs_out_at < at(21, 4)
    watch = RunOutWatch.objects.get()
    assert (watch.leaves_at, watch.back_at, watch.order_at) == (at(20, 17, 30), at(23, 8, 30), at(20, 13, 30))
    assert open_ones() == []
    assert before_duty(hall.actor("ren"), at(19, 10), 5) == []  # whole shifts are on duty before it
    # Nothing changes until Friday noon; then the loop wakes by itself, a rival turn changes nothing.
    assert watch.due_at is not None
    assert watch.due_at <= at(19, 11)
    for moment in (at(20, 13, 0), at(20, 13, 31), at(20, 13, 36), at(20, 15)):
        RunOutWatch.objects.update(due_at=moment)
        runouts.judge_due(moment)
    (incident,) = open_ones()
    order = WorkOrder.objects.get()
    assert (incident.opened_at, incident.owner, incident.bucket) == (at(20, 13, 31), hall.bodies["RS"], "consumables")
    assert (order.organization, order.assignee, order.incident) == (hall.bodies["RS"], hall.staff["ren"], incident)
    text = WorkOrderEvent.objects.filter(order=order).order_by("id").first()
    assert text is not None
    assert "周一 08:30才有人" in text.note
    assert incident.evidence[0]["text"] == text.note
    assert "今天 17:30以后无人值守" in text.note
    # It stands on the page of what runs out before somebody comes, for those who may see the machine.
    for name, seen in (("ren", 1), ("lin", 1), ("ning", 1), ("mo", 1), ("shui", 0), ("ou", 0), ("sys", 0)):
        assert len(before_duty(hall.actor(name), at(20, 15), 5)) == seen, name
        assert watches_visible_to(hall.actor(name)).count() == seen, name


def test_filling_it_up_closes_it_with_proof(hall: Hall) -> None:
    roster(hall)
    row = use(hall, 160, now=at(20, 14))
    SupplyLevel.objects.filter(pk=row.pk).update(used=440)
    turn(row, at(20, 14, 5))
    assert len(open_ones()) == 1
    supply_actions.refill(hall.actor("ren"), row, added=440, full=True, now=at(20, 15))
    SupplyLevel.objects.filter(pk=row.pk).update(word="full", capacity=1000, filled=1000)
    turn(row, at(20, 15, 1))
    incident = Incident.objects.get(kind="run_out_ahead")
    assert (incident.state, incident.closed_at) == ("closed", at(20, 15))
    order = WorkOrder.objects.get()
    assert order.state == "closed"
    assert order.events.filter(event="verified", by__contains="runouts").exists()


def test_a_refill_that_the_device_does_not_see_waits_for_a_person(hall: Hall) -> None:
    row = use(hall, 60, now=at(20, 14))
    assert len(open_ones()) == 1
    supply_actions.refill(hall.actor("ren"), row, added=440, full=True, now=at(20, 15))
    SupplyLevel.objects.filter(pk=row.pk).update(capacity=1000, filled=1000)
    turn(row, at(20, 15, 1))
    assert open_ones() == []
    assert WorkOrder.objects.get().state == "repaired"


def test_too_little_is_not_enough(hall: Hall) -> None:
    row = use(hall, 60, now=at(20, 14))
    supply_actions.refill(hall.actor("ren"), row, added=100, now=at(20, 15))
    turn(row, at(20, 15, 1))
    assert len(open_ones()) == 1
    assert WorkOrder.objects.get().state == "reported"


@pytest.mark.parametrize(("state", "kind"), [("low", "paper_low"), ("out", "paper_out")])
def test_when_the_device_says_so_itself_its_own_fault_takes_over(hall: Hall, state: str, kind: str) -> None:
    row = use(hall, 60, now=at(20, 14))
    assert len(open_ones()) == 1
    hall.tell(hall.terminal, "printer", "paper.upper", state, at(20, 20), at(20, 20))
    news = list(Transition.objects.filter(kind="maintenance.incident_opened", payload__kind=kind))
    assert len(news) == 1
    runouts.take_news(news, at(20, 20))
    runouts.judge_due(at(20, 20))
    assert open_ones() == []
    assert WorkOrder.objects.get(incident__kind="run_out_ahead").state == "cancelled"
    assert WorkOrder.objects.get(incident__kind=kind).state == "reported"
    # While that stands, nothing is opened beside it.
    turn(row, at(20, 21))
    assert open_ones() == []


def test_somebody_there_around_the_clock_needs_no_order(hall: Hall) -> None:
    duty_actions.add_shift(
        SYSTEM, organization=hall.bodies["RS"], place=hall.area.place, name="全天", days=Days.EVERY, opens=time(0),
        closes=time(0), people=[hall.staff["ren"]], starts_on=date(2026, 11, 2), now=at(19, 9),
    )  # fmt: skip
    use(hall, 160, now=at(20, 14))
    assert open_ones() == []
    assert RunOutWatch.objects.get().order_at is None


def test_a_roster_that_changes_is_judged_again(hall: Hall) -> None:
    row = use(hall, 160, now=at(20, 9))  # no roster: office hours on workdays
    watch = RunOutWatch.objects.get()
    assert (watch.rostered, watch.back_at) == (False, at(23, 8, 30))
    roster(hall, days=Days.EVERY)
    news = list(Transition.objects.filter(kind="maintenance.duty_changed"))
    runouts.take_news(news, at(20, 9, 1))
    runouts.judge_due(at(20, 9, 1))
    watch.refresh_from_db()
    # Sunday about 01:00: on Saturday somebody is there now, so the order can wait until then.
    assert (watch.rostered, watch.leaves_at, watch.back_at) == (True, at(21, 17, 30), at(22, 8, 30))
    assert watch.order_at == at(21, 13, 30)
    assert row.pk == watch.supply_id


def test_a_machine_out_of_use_gets_no_order(hall: Hall) -> None:
    row = use(hall, 60, now=at(19, 10))
    hall.terminal.__class__.objects.filter(pk=hall.terminal.pk).update(state="suspended")
    turn(row, at(20, 14))
    assert open_ones() == []
