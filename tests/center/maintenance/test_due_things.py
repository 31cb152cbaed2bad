"""Things with a day: an order sixty days ahead, a graver one when the day is over, and both end with a new day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from tests.center.hall import Hall

from budayang.center.maintenance import due_things
from budayang.center.maintenance.models import DueThing, Incident, WorkOrder
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Forbidden
from budayang.rules.due_dates import Stage, next_look, stage

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 26, 4, tzinfo=UTC)
DUE = date(2027, 3, 1)


@pytest.fixture
def thing(hall: Hall) -> DueThing:
    return keep(hall, DueThing(area=hall.area), DUE)


def keep(hall: Hall, row: DueThing, due_on: date, now: datetime = NOW) -> DueThing:
    return due_things.keep_thing(hall.actor("lin"), row, kind="extinguisher", name="入口左侧", due_on=due_on, now=now)


@pytest.mark.parametrize(
    ("today", "found", "look"),
    [
        (date(2026, 12, 30), Stage.FINE, datetime(2026, 12, 30, 16, tzinfo=UTC)),
        (date(2026, 12, 31), Stage.SOON, datetime(2027, 3, 1, 16, tzinfo=UTC)),
        (date(2027, 3, 1), Stage.SOON, datetime(2027, 3, 1, 16, tzinfo=UTC)),
        (date(2027, 3, 2), Stage.OVER, None),
    ],
)
def test_the_day_itself_is_not_over(today: date, found: Stage, look: datetime | None) -> None:
    assert (stage(DUE, today, 60), next_look(DUE, today, 60, "Asia/Shanghai")) == (found, look)


def test_a_page_from_before_brings_nothing_back(hall: Hall, thing: DueThing) -> None:
    stale = DueThing.objects.get(pk=thing.pk)
    due_things.retire_thing(hall.actor("lin"), thing, now=NOW)
    with pytest.raises(Refused, match="不在了"):
        keep(hall, stale, DUE + timedelta(days=90))
    kept = DueThing.objects.get(pk=thing.pk)
    assert (kept.retired_at, kept.look_at, kept.due_on) == (NOW, None, DUE)


def test_a_renewal_leaves_what_stood_before_and_a_correction_does_not(hall: Hall, thing: DueThing) -> None:
    first, second = NOW + timedelta(days=100), NOW + timedelta(days=200)
    keep(hall, thing, DUE - timedelta(days=9))
    keep(hall, thing, DUE + timedelta(days=90), first)
    keep(hall, thing, DUE + timedelta(days=400), second)
    row = DueThing.objects.get()
    moments = (NOW, first, first + timedelta(seconds=1), second + timedelta(days=1))
    days = [(row.due_on_at(one) - DUE).days for one in moments]
    assert days == [-9, -9, 90, 400], "what was put right was wrong from the beginning"


def test_it_is_told_sixty_days_ahead_then_graver_once_each(hall: Hall, thing: DueThing) -> None:
    assert due_things.judge_things(NOW) == 1
    assert not Incident.objects.exists()
    ahead = datetime(2026, 12, 30, 16, tzinfo=UTC)
    assert due_things.judge_things(ahead - timedelta(seconds=1)) == 0
    assert due_things.judge_things(ahead) == 1
    assert due_things.judge_things(ahead + timedelta(days=30)) == 0
    soon = Incident.objects.get()
    assert (soon.kind, soon.severity, soon.state) == ("due_soon", "general", "open")
    assert WorkOrder.objects.get().organization == hall.bodies["ZW1"]
    over = datetime(2027, 3, 1, 16, tzinfo=UTC)
    assert due_things.judge_things(over) == 1
    soon.refresh_from_db()
    graver = Incident.objects.get(kind="due_over")
    assert (soon.state, graver.state, graver.severity) == ("closed", "open", "serious")
    assert list(WorkOrder.objects.order_by("pk").values_list("state", flat=True)) == ["cancelled", "reported"]
    assert due_things.judge_things(over + timedelta(days=400)) == 0


def test_a_new_day_ends_it_and_the_order_waits_for_acceptance(hall: Hall, thing: DueThing) -> None:
    late = datetime(2027, 3, 2, 4, tzinfo=UTC)
    due_things.judge_things(late)
    thing.refresh_from_db()
    keep(hall, thing, date(2028, 3, 1), late)
    assert Incident.objects.get().state == "closed"
    assert WorkOrder.objects.get().state == "repaired"
    due_things.judge_things(late)
    assert Incident.objects.filter(state="open").count() == 0


def test_what_is_gone_is_not_told(hall: Hall, thing: DueThing) -> None:
    due_things.judge_things(datetime(2027, 3, 2, tzinfo=UTC))
    due_things.retire_thing(hall.actor("lin"), thing, now=NOW)
    assert Incident.objects.get().state == "closed"
    assert not due_things.things_visible_to(hall.actor("lin")).exists()


def test_a_body_s_people_and_strangers_keep_nothing_here(hall: Hall, thing: DueThing) -> None:
    for name in ("ou", "ren", "ning"):
        with pytest.raises(Forbidden):
            due_things.retire_thing(hall.actor(name), thing, now=NOW)
    with pytest.raises(Refused, match="哪一件"):
        due_things.keep_thing(hall.actor("lin"), thing, kind="battery", name=" ", due_on=DUE, now=NOW)
