"""应急卡: started, ticked, late, ended and reviewed; its record only grows; drills alarm nobody."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation
from tests.center.hall import Hall

from budayang.center.maintenance import emergency_actions as actions
from budayang.center.maintenance import emergency_queries as queries
from budayang.center.maintenance.models import Emergency, EmergencyEdition, EmergencyEvent, Incident, WorkOrder
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Forbidden
from budayang.rules.emergencies import read_steps

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def fire(hall: Hall, now: datetime) -> Emergency:
    return actions.start(hall.actor("lin"), hall.area, "fire", now=now)


def test_starting_tells_those_on_duty_as_any_urgent_fault(hall: Hall, fire: Emergency, now: datetime) -> None:
    assert (fire.state, fire.drill) == ("running", False)
    incident = Incident.objects.get(kind="emergency")
    assert (incident.severity, incident.title, incident.state) == ("urgent", "火警", "open")
    assert WorkOrder.objects.get(incident=incident).organization == hall.bodies["ZW1"]
    with pytest.raises(Refused, match="已经启动"):
        actions.start(hall.actor("lin"), hall.area, "fire", now=now)
    for name in ("ou", "ren", "ning"):
        with pytest.raises(Forbidden):
            actions.start(hall.actor(name), hall.area, "fire", now=now)


def test_a_step_that_nobody_did_is_told_once_and_ends_when_it_is_done(
    hall: Hall, fire: Emergency, now: datetime
) -> None:
    lin = hall.actor("lin")
    actions.tick(lin, fire, 0, now=now + timedelta(seconds=20))
    assert fire.due_at == now + timedelta(seconds=61)
    assert actions.note_late(now + timedelta(seconds=60)) == 0, "exactly at the limit is in time"
    late = now + timedelta(seconds=61)
    assert actions.note_late(late) == 1
    assert actions.note_late(late) == 0
    assert list(fire.events.filter(what="late").values_list("step", flat=True)) == [1, 2]
    told = Incident.objects.filter(kind="emergency_late").order_by("subject")
    assert [(one.subject, one.title, one.state) for one in told] == [
        (f"emergency:{fire.pk}/step-2", "火警：第 2 步超时", "open"),
        (f"emergency:{fire.pk}/step-3", "火警：第 3 步超时", "open"),
    ]
    actions.tick(lin, fire, 1, now=late + timedelta(seconds=5), at=late)
    assert [one.state for one in told.all()] == ["closed", "open"]
    actions.tick(lin, fire, 2, now=late + timedelta(seconds=5), at=late)
    assert [one.state for one in told.all()] == ["closed", "closed"]
    assert [one.late for one in queries.steps_now(fire, late)[:3]] == [False, True, True], "done late stays late"


def test_a_step_that_is_late_after_another_is_told_too_and_the_end_ends_all(
    hall: Hall, fire: Emergency, now: datetime
) -> None:
    late = Incident.objects.filter(kind="emergency_late", state="open")
    actions.note_late(now + timedelta(seconds=61))
    first = late.count()
    actions.note_late(now + timedelta(seconds=121))
    assert late.count() > first > 0
    actions.end(hall.actor("lin"), fire, note="扑灭", now=now + 3 * MINUTE)
    assert not late.exists()


def test_of_two_who_tick_at_once_the_first_counts(hall: Hall, fire: Emergency, now: datetime) -> None:
    lin = hall.actor("lin")
    actions.tick(lin, fire, 0, now=now + MINUTE)
    with pytest.raises(Refused, match="已经记过"):
        actions.tick(lin, fire, 0, now=now + MINUTE)
    with pytest.raises(Refused, match="为什么"):
        actions.tick(lin, fire, 3, skip=True, now=now + MINUTE)
    with pytest.raises(Refused, match="没有这一步"):
        actions.tick(lin, fire, 99, now=now + MINUTE)
    with pytest.raises(Refused, match="启动以后"):
        actions.tick(lin, fire, 4, at=now - MINUTE, now=now + MINUTE)
    assert EmergencyEvent.objects.filter(what="done").count() == 1


def test_it_ends_with_a_review_whose_findings_are_orders(hall: Hall, fire: Emergency, now: datetime) -> None:
    lin = hall.actor("lin")
    with pytest.raises(Refused, match="怎么结束"):
        actions.end(lin, fire, note=" ", now=now + MINUTE)
    actions.end(lin, fire, note="虚惊，烟感误报", now=now + 10 * MINUTE)
    assert not Incident.objects.filter(kind="emergency", state="open").exists()
    assert fire.due_at is None
    with pytest.raises(Refused, match="不在进行中"):
        actions.tick(lin, fire, 0, now=now + 11 * MINUTE)
    actions.review(lin, fire, text="第二步慢了", findings=["换烟感", " "], now=now + 20 * MINUTE)
    assert fire.state == "reviewed"
    assert Incident.objects.get(kind="manual").title == "换烟感"
    assert [one.what for one in queries.events_of(fire)] == ["started", "ended", "finding", "reviewed"]
    with pytest.raises(Refused, match="刷新"):
        actions.review(lin, fire, text="再来", findings=[], now=now + 21 * MINUTE)


def test_a_finding_is_stored_in_chinese_whoever_reviews(hall: Hall, fire: Emergency, now: datetime) -> None:
    lin = hall.actor("lin")
    with translation.override("en"):
        actions.end(lin, fire, note="虚惊", now=now + MINUTE)
        actions.review(lin, fire, text="慢", findings=["换烟感"], now=now + 2 * MINUTE)
    assert "火警复盘发现" in str(Incident.objects.filter(kind="manual").values().get())


def test_an_incident_suggests_its_card_until_one_was_started_from_it(hall: Hall, now: datetime) -> None:
    hall.tell(hall.other, "environment", "x-env.smoke", "on", now, now)
    smoke = Incident.objects.get(kind="site_smoke")
    ((found, card),) = queries.suggested(hall.actor("lin"), now)
    assert (found, card.code) == (smoke, "fire")
    assert not queries.suggested(hall.actor("ou"), now)
    actions.start(hall.actor("lin"), hall.area, "fire", cause=smoke, now=now)
    assert not queries.suggested(hall.actor("lin"), now)


def test_a_drill_alarms_nobody_and_is_reviewed_alike(hall: Hall, now: datetime) -> None:
    lin, today = hall.actor("lin"), actions.local_day(hall.area, now)
    run = actions.plan_drill(lin, hall.area, "power_cut", on=today, now=now)
    with pytest.raises(Refused, match="已经过去"):
        actions.plan_drill(lin, hall.area, "power_cut", on=today - timedelta(days=1), now=now)
    actions.start_drill(lin, run, now=now)
    assert actions.note_late(now + timedelta(hours=1)) == 1
    assert run.events.filter(what="late").exists()
    assert not Incident.objects.exists()
    actions.end(lin, run, note="演练完", now=now + timedelta(hours=1))
    actions.review(lin, run, text="钥匙找了五分钟", findings=["钥匙箱换到值班室"], now=now + timedelta(hours=2))
    assert WorkOrder.objects.count() == 1
    other = actions.plan_drill(lin, hall.area, "fire", on=today, now=now)
    assert actions.call_off_drill(lin, other, now=now).state == "called_off"


def test_a_drill_never_stands_in_the_way_of_the_real_alarm(hall: Hall, now: datetime) -> None:
    lin, today = hall.actor("lin"), actions.local_day(hall.area, now)
    drill, second = (actions.plan_drill(lin, hall.area, "fire", on=today, now=now) for _ in range(2))
    actions.start_drill(lin, drill, now=now)
    with pytest.raises(Refused, match="已经启动"):
        actions.start_drill(lin, second, now=now)
    real = actions.start(lin, hall.area, "fire", now=now + MINUTE)
    assert Incident.objects.get(kind="emergency").pk == real.incident_id
    actions.end(lin, drill, note="真的起火了", now=now + 2 * MINUTE)
    with pytest.raises(Refused, match="不能同时演练"):
        actions.start_drill(lin, second, now=now + 3 * MINUTE)
    assert Emergency.objects.get(pk=second.pk).state == "planned"


def test_a_card_is_suggested_as_it_is_in_force_by_the_place_s_own_day(hall: Hall, now: datetime) -> None:
    hall.tell(hall.other, "environment", "x-env.smoke", "on", now, now)
    tomorrow = actions.local_day(hall.area, now) + timedelta(days=1)
    place = hall.area.place
    fire = queries.card_at("fire", place.path, tomorrow)
    assert fire is not None
    rows: list[dict[str, object]] = [{"who": "guard", "text": "拉警铃", "within_s": 30}]
    EmergencyEdition.objects.create(
        place=place, code="fire", name=fire.name, severity=fire.severity, starts_from=list(fire.starts_from),
        steps=[one.plain() for one in read_steps(rows)], valid_from=tomorrow, made_at=now, made_by="x",
    )  # fmt: skip
    # Half an hour past midnight of the place; in Greenwich, and in Shanghai, it is another day.
    place.zone = "Asia/Urumqi"
    place.save()
    past = datetime.combine(tomorrow, time(0, 30), ZoneInfo(place.zone))
    for moment, own in ((past - timedelta(hours=1), False), (past, True)):
        ((_found, card),) = queries.suggested(hall.actor("lin"), moment)
        assert card.own is own


def test_a_place_s_own_edition_is_nearer_and_begins_tomorrow(hall: Hall, now: datetime) -> None:
    today = actions.local_day(hall.area, now)
    card = queries.card_at("fire", hall.area.place.path, today)
    assert card is not None
    assert not card.own
    banner = hall.area.place.parent
    rows: list[dict[str, object]] = [{"who": "guard", "text": "拉警铃", "within_s": 30}]
    system = hall.actor("sys")
    with pytest.raises(Forbidden):
        actions.write_edition(system, place=banner, card=card, rows=rows, valid_from=today, today=today, now=now)
    actions.write_edition(actions.JOB, place=banner, card=card, rows=rows, valid_from=today, today=today, now=now)
    with pytest.raises(Refused, match="明天"):
        actions.write_edition(actions.JOB, place=banner, card=card, rows=rows, valid_from=today, today=today, now=now)
    own = queries.card_at("fire", hall.area.place.path, today)
    assert own is not None
    assert [one.text for one in own.steps] == ["拉警铃"]
    later = today + timedelta(days=3)
    for text, on in (("先报警", later), ("拉警铃，再报警", later + timedelta(days=1))):
        rows[0]["text"] = text
        actions.write_edition(actions.JOB, place=banner, card=card, rows=rows, valid_from=on, today=today, now=now)
        pending = queries.pending_edition("fire", banner, today)
        assert pending is not None
        assert (pending.steps[0]["text"], pending.valid_from) == (text, on)
    assert EmergencyEdition.objects.filter(place=banner).count() == 2, "what was to come is replaced, not joined"
    far = queries.card_at("fire", hall.far_area.place.path, today)
    assert far is not None
    assert not far.own
