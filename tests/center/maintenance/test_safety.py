"""Safety at night by the room's own actions: doors, measured tests, keys, cameras."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from django.utils import translation
from tests.center.hall import Hall

from budayang.center.maintenance import doors, due_things, safety_keeping, safety_queries
from budayang.center.maintenance import safety_actions as actions
from budayang.center.maintenance.deciding import decide
from budayang.center.maintenance.models import Camera, DoorEvent, DueThing, Incident, KeyHolding, WorkOrder
from budayang.center.maintenance.picture import look
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Forbidden
from budayang.center.platform.models import AuditLine
from budayang.rules.intervals import Interval

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def test_openings_come_from_the_inbox_and_name_nobody(hall: Hall, now: datetime) -> None:
    hall.inbox(hall.other, "door.opened", {"subject": "door-1", "by": "card", "cardNo": "1527"}, now, now)
    hall.inbox(hall.other, "door.refused", {"subject": "door-1", "by": "face"}, now, now)
    hall.inbox(hall.other, "door.opened", {"subject": "door-1", "by": "iris"}, now, now)
    assert doors.read_openings(now) == 3
    assert sorted(DoorEvent.objects.values_list("by", "ok")) == [("card", True), ("face", False)]
    hall.tell(hall.other, "door-1", "entrance", "closed", now, now)
    found = doors.doors_of([hall.area.pk, hall.far_area.pk])
    assert (found[hall.area.pk].state, found[hall.area.pk].worked) == ("closed", {"card": now})
    assert found[hall.far_area.pk].state == ""
    assert doors.tidy(now + timedelta(days=doors.KEPT_D, seconds=1)) == 2


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        (("unknown", "closed", "locked", "open"), "locked"),
        (("closed", "open", "unknown"), "open"),
        (("unknown", "closed"), "closed"),
        (("unknown",), "unknown"),
    ],
)
def test_of_several_doors_the_worst_is_shown(hall: Hall, now: datetime, told: tuple[str, ...], shown: str) -> None:
    for turn, order in enumerate((told, told[::-1])):
        at = now + timedelta(seconds=turn)
        for number, state in enumerate(order, 1):
            hall.tell(hall.other, f"door-{number}", "entrance", state, at, at)
        assert doors.doors_of([hall.area.pk])[hall.area.pk].state == shown


def test_a_locked_door_is_the_area_s_first_fault_and_silences_the_rest(hall: Hall, now: datetime) -> None:
    hall.tell(hall.other, "door-1", "entrance", "locked", now, now)
    hall.tell(hall.terminal, "printer", "media", "jammed", now, now)
    locked = Incident.objects.get(kind="door_locked")
    assert (locked.bucket, locked.severity, locked.cause_id) == ("site", "urgent", None)
    assert Incident.objects.filter(cause__isnull=True, state="open", kind="door_locked").count() == 1


@pytest.mark.parametrize(
    ("seconds", "answered", "passed", "kept"),
    [(12, True, True, 12.0), (41, True, False, 41.0), (600, False, False, None)],
)
def test_the_seconds_between_both_presses_are_judged(
    hall: Hall, now: datetime, seconds: int, answered: bool, passed: bool, kept: float | None
) -> None:
    row = actions.start_test(hall.actor("lin"), hall.area, "help", now=now)
    with pytest.raises(Refused, match="正在测"):
        actions.start_test(hall.actor("lin"), hall.area, "help", now=now)
    row = actions.end_test(hall.actor("lin"), row, answered=answered, now=now + timedelta(seconds=seconds))
    assert (row.passed, row.seconds, row.limit_s) == (passed, kept, 30.0)
    assert Incident.objects.filter(kind="safety_test_failed", state="open").exists() is not passed
    with pytest.raises(Refused, match="已经结束"):
        actions.end_test(hall.actor("lin"), row, answered=True, now=now + timedelta(seconds=700))


def test_a_test_that_nobody_ended_measures_nothing(hall: Hall, now: datetime) -> None:
    row = actions.start_test(hall.actor("lin"), hall.area, "exit", now=now)
    row = actions.end_test(hall.actor("lin"), row, answered=True, now=now + timedelta(hours=2))
    assert (row.seconds, row.passed) == (None, False)


def test_what_is_stored_is_chinese_whatever_the_tester_reads(hall: Hall, camera: Camera, now: datetime) -> None:
    lin, today = hall.actor("lin"), actions._today(hall.area, now)
    with translation.override("en"):
        for kind, answered in (("help", False), ("exit", True)):
            row = actions.start_test(lin, hall.area, kind, now=now)
            actions.end_test(lin, row, answered=answered, now=now + timedelta(seconds=90))
        actions.check_camera(lin, camera, online=True, earliest_on=today, now=now)
    assert set(Incident.objects.values_list("title", flat=True)) == {
        "求助按钮没有通过：没有人应答或没有打开", "断电开门没有通过：用了 90 秒", "入口：只能回放 0 天，应有 90 天",
    }  # fmt: skip
    assert DueThing.objects.get(kind="help_test").name == "求助按钮"


def test_a_thing_keeps_the_name_that_people_gave_it(hall: Hall, now: datetime) -> None:
    lin = hall.actor("lin")
    row = actions.start_test(lin, hall.area, "help", now=now)
    actions.end_test(lin, row, answered=True, now=now + timedelta(seconds=9))
    DueThing.objects.filter(kind="help_test").update(name="进门右手的求助按钮")
    row = actions.start_test(lin, hall.area, "help", now=now + DAY)
    actions.end_test(lin, row, answered=True, now=now + DAY + timedelta(seconds=9))
    assert DueThing.objects.get(kind="help_test").name == "进门右手的求助按钮"


def test_a_good_test_ends_the_fault_and_asks_again_in_a_month(hall: Hall, now: datetime) -> None:
    lin = hall.actor("lin")
    bad = actions.start_test(lin, hall.area, "help", now=now)
    actions.end_test(lin, bad, answered=False, now=now + timedelta(minutes=5))
    good = actions.start_test(lin, hall.area, "help", now=now + DAY)
    actions.end_test(lin, good, answered=True, now=now + DAY + timedelta(seconds=9))
    assert Incident.objects.get(kind="safety_test_failed").state == "closed"
    thing = DueThing.objects.get(kind="help_test")
    assert thing.due_on == actions._today(hall.area, now + DAY) + timedelta(days=30)
    due_things.judge_things(now + 35 * DAY)
    assert Incident.objects.get(kind="due_over").state == "open"
    assert WorkOrder.objects.filter(incident__kind="due_over").exists(), "an overdue test is an order"


def test_a_key_has_one_holder_whose_name_is_sealed_and_goes(hall: Hall, now: datetime) -> None:
    lin = hall.actor("lin")
    row = actions.give_key(
        lin, hall.area, kind="key", label="大门 1 号", holder="测试保洁员", organization=hall.bodies["ZW1"], now=now
    )
    assert "测试保洁员".encode() not in bytes(row.holder_sealed)
    assert safety_queries.holder_of(row) == "测试保洁员"
    assert not AuditLine.objects.filter(details__icontains="测试保洁员").exists()
    with pytest.raises(Refused, match="还在别人手里"):
        actions.give_key(lin, hall.area, kind="key", label="大门 1 号", holder="别人", organization=None, now=now)
    for name in ("ou", "ren"):
        assert not safety_queries.keys_visible_to(hall.actor(name)).exists()
        with pytest.raises(Forbidden):
            actions.return_key(hall.actor(name), row, now=now)
    actions.return_key(lin, row, now=now + DAY)
    (rule,) = safety_keeping.RETENTION
    later = now + timedelta(days=safety_keeping.KEPT_D + 2)
    assert not rule.due(rule.held(), now + 100 * DAY).exists()
    assert rule.erase(rule.due(rule.held(), later)) == 1
    assert safety_queries.holder_of(KeyHolding.objects.get()) == ""


@pytest.fixture
def camera(hall: Hall, now: datetime) -> Camera:
    return actions.keep_camera(
        hall.actor("lin"), Camera(area=hall.area), name="入口", covers="大门和等候区", recorder="NVR-1", keep_d=90,
        now=now - 200 * DAY,
    )  # fmt: skip


def test_less_than_the_edition_s_days_cannot_be_promised(hall: Hall, camera: Camera, now: datetime) -> None:
    with pytest.raises(Refused, match="30 天"):
        actions.keep_camera(hall.actor("lin"), camera, name="入口", covers="x", recorder="", keep_d=29, now=now)


@pytest.mark.parametrize(("online", "back", "ok"), [(True, 90, True), (True, 89, False), (False, None, False)])
def test_playback_that_falls_short_is_a_fault_until_it_is_well(
    hall: Hall, camera: Camera, now: datetime, online: bool, back: int | None, ok: bool
) -> None:
    lin, today = hall.actor("lin"), actions._today(hall.area, now)
    earliest = today - timedelta(days=back) if back is not None else None
    check = actions.check_camera(lin, camera, online=online, earliest_on=earliest, now=now)
    assert check.ok is ok
    assert Incident.objects.filter(kind="camera_short", state="open").exists() is not ok
    actions.check_camera(lin, camera, online=True, earliest_on=today - timedelta(days=120), now=now + DAY)
    assert not Incident.objects.filter(kind="camera_short", state="open").exists()
    seen = safety_queries.cameras_visible_to(lin).get()
    assert (seen.checked_ok, seen.checked_days) == (True, 121)  # type: ignore[attr-defined]  # annotated


def test_a_new_camera_owes_only_the_days_that_it_is_there(hall: Hall, now: datetime) -> None:
    lin, today = hall.actor("lin"), actions._today(hall.area, now)
    new = actions.keep_camera(
        lin, Camera(area=hall.area), name="新", covers="走道", recorder="", keep_d=90, now=now - 3 * DAY
    )
    assert actions.check_camera(lin, new, online=True, earliest_on=today - timedelta(days=3), now=now).ok
    with pytest.raises(Refused, match="今天以后"):
        actions.check_camera(lin, new, online=True, earliest_on=date(2099, 1, 1), now=now)
    actions.retire_camera(lin, new, now=now)
    assert not safety_queries.cameras_visible_to(lin).exists()


def test_a_page_from_before_brings_no_camera_back(hall: Hall, camera: Camera, now: datetime) -> None:
    stale = Camera.objects.get(pk=camera.pk)
    actions.retire_camera(hall.actor("lin"), camera, now=now)
    with pytest.raises(Refused, match="不在了"):
        actions.keep_camera(hall.actor("lin"), stale, name="入口", covers="x", recorder="", keep_d=90, now=now)
    assert Camera.objects.get().retired_at == now


def test_a_door_of_which_nobody_tells_is_no_fault_once_the_promise_is_over(hall: Hall, now: datetime) -> None:
    """A locked door is a fault only while the area is promised to be open."""
    begun = now - timedelta(hours=3)
    hall.tell(hall.other, "door-1", "entrance", "locked", begun, begun)
    hall.tell(hall.other, "door-1", "entrance", "unknown", now, now)
    incident = Incident.objects.get(kind="door_locked")
    assert incident.state == "open"
    picture = look([hall.area.pk], now)[hall.area.pk]
    over = now + timedelta(minutes=10)
    picture.promised = [Interval(now - DAY, over)]
    assert over in decide(picture).due, "it is looked at again when the promise ends"
    picture.now = over + timedelta(seconds=1)
    (closing,) = decide(picture).closing
    assert (closing.incident, closing.closed_at) == (incident, over), "not repaired when the word stopped coming"
