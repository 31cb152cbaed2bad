"""沙盒演练: only on the sandbox's own hall, begun only with it, and laid beside what the platform itself did."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings as center_settings
from tests.center.hall import SYSTEM, Hall

from budayang.center.maintenance import drill_halls as drills
from budayang.center.maintenance import emergency_actions, help_calls, notice_actions
from budayang.center.maintenance.drill_queries import play_now
from budayang.center.maintenance.models import DrillHall, DrillPlay, Emergency, FaultNotice, Incident, Notice
from budayang.center.platform import actions as platform
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor, Forbidden, Role
from budayang.center.terminals import actions as terminals
from budayang.center.terminals.models import Terminal
from budayang.wire.mac import public_text

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


class Box:
    """The sandbox as the center hears it. `status`: what it answers to a play."""

    def __init__(self, began_at: datetime) -> None:
        self.began_at = began_at
        self.asked: list[tuple[str, dict[str, object]]] = []
        self.status = 200
        self.keys = [
            {"code": f"DRILL-{n:02d}", "public_key": public_text(Ed25519PrivateKey.generate())} for n in range(1, 5)
        ]

    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append((request.url.path.removeprefix("/control/"), json.loads(request.content)))
        playing = {"began_at": self.began_at.isoformat()}
        return httpx.Response(self.status, json={"machines": self.keys, "playing": playing})


@pytest.fixture
def box(now: datetime) -> Box:
    return Box(now)


@pytest.fixture
def zhu(hall: Hall, now: datetime) -> Actor:
    person = platform.add_staff(SYSTEM, username="zhu", name="测试主管", password="night-shift-2026")
    platform.grant_role(SYSTEM, person, Role.SUPERVISOR, hall.city, now=now - timedelta(days=1))
    hall.staff["zhu"] = person
    return hall.actor("zhu")


@pytest.fixture
def ready(hall: Hall, zhu: Actor, box: Box, now: datetime) -> DrillHall:
    return drills.make_hall(zhu, hall.city, now=now, transport=box.transport())


def planned(zhu: Actor, ready: DrillHall, now: datetime, scenario: str = "fire", card: str = "fire") -> Emergency:
    on = emergency_actions.local_day(ready.area, now)
    return drills.plan_drill(zhu, ready.area, card, on=on, scenario=scenario, hold_s=60, now=now)


def test_the_hall_is_an_area_of_its_own_with_the_sandbox_s_machines(
    hall: Hall, zhu: Actor, ready: DrillHall, box: Box, now: datetime
) -> None:
    assert ready.area.is_demo
    assert list(Terminal.objects.filter(area=ready.area).values_list("is_demo", flat=True)) == [True] * 4
    assert box.asked[0][0] == "hall"
    assert set(box.asked[0][1]) == {"area", "audit_key", "seal_key", "zone", "plan_s"}, "no key that opens anything"
    with pytest.raises(Refused, match="已经有了"):
        drills.make_hall(zhu, hall.city, now=now, transport=box.transport())
    with pytest.raises(Forbidden):
        drills.make_hall(hall.actor("lin"), hall.city, now=now, transport=box.transport())


def test_nothing_is_played_on_an_area_that_is_not_the_sandbox_s(
    hall: Hall, zhu: Actor, ready: DrillHall, box: Box, now: datetime, settings: Any
) -> None:
    on = emergency_actions.local_day(hall.area, now)
    for area in (hall.area, hall.far_area):  # demonstration areas both: that alone is not enough
        with pytest.raises(Refused, match="沙盒演练区"):
            drills.plan_drill(zhu, area, "fire", on=on, scenario="fire", now=now)
    with pytest.raises(Refused, match="不是这张应急卡"):
        drills.plan_drill(zhu, ready.area, "illness", on=on, scenario="fire", now=now)
    run = planned(zhu, ready, now)
    # Somebody puts a machine that is real into the hall after the drill was planned.
    real = terminals.register_terminal(
        SYSTEM, code="REAL-01", name="真机", area="DRILL", owner="RS", vendor=None, now=now
    )
    with pytest.raises(Refused, match="沙盒演练区"):
        drills.start_drill(zhu, run, now=now, transport=box.transport())
    Terminal.objects.filter(pk=real.pk).update(state="retired")
    settings.BUDAYANG = replace(center_settings.BUDAYANG, demo=False)
    with pytest.raises(Refused, match="沙盒演练区"):
        drills.start_drill(zhu, run, now=now, transport=box.transport())
    with pytest.raises(Refused, match="演示环境"):
        drills.make_hall(zhu, hall.city, now=now, transport=box.transport())
    run.refresh_from_db()
    assert run.state == "planned"
    assert [name for name, _told in box.asked] == ["hall"], "the sandbox was asked for nothing"


@pytest.mark.parametrize(("status", "said"), [(409, "放不了"), (500, "没有应答")])
def test_a_drill_begins_only_with_the_sandbox(
    zhu: Actor, ready: DrillHall, box: Box, now: datetime, status: int, said: str
) -> None:
    run = planned(zhu, ready, now)
    box.status = status
    with pytest.raises(Refused, match=said):
        drills.start_drill(zhu, run, now=now, transport=box.transport())
    run.refresh_from_db()
    assert run.state == "planned"
    assert DrillPlay.objects.get().began_at is None


def test_planned_stands_beside_what_the_platform_did(
    hall: Hall, zhu: Actor, ready: DrillHall, box: Box, now: datetime
) -> None:
    run = planned(zhu, ready, now)
    drills.start_drill(zhu, run, now=now, transport=box.transport())
    play = DrillPlay.objects.get()
    assert box.asked[-1] == ("hall/play", {"play": str(play.pk), "scenario": "fire", "hold_s": 60})
    assert [one.verdict for one in play_now(play, now).lines] == ["waiting"] * 6
    machine = Terminal.objects.get(code="DRILL-01")
    found = now + 3 * SECOND
    hall.listen(found)
    hall.tell(machine, "environment", "x-env.smoke", "on", found, found)
    incident = Incident.objects.get(kind="site_smoke", area=ready.area)
    notice = Notice.objects.create(
        incident=incident, place_path=incident.place_path, severity="urgent", began_at=found, told_at=found + 9 * SECOND
    )
    FaultNotice.objects.create(
        incident=incident, area=ready.area, text={}, shown_at=found + 2 * SECOND, changed_at=found
    )
    shown = play_now(play, now + 20 * SECOND)
    assert shown.incident == incident
    assert shown.standing
    assert [(one.awaited.code, one.verdict, one.seconds) for one in shown.lines] == [
        ("found", "in_time", 3.0),
        ("told", "in_time", 9.0),
        ("acknowledged", "waiting", None),
        ("shown", "in_time", 2.0),
        ("recovered", "waiting", None),
        ("withdrawn", "waiting", None),
    ]
    late = found + 9 * SECOND + timedelta(minutes=31)
    notice_actions.confirm(zhu, notice, now=late)
    drills.end_drill(zhu, run, note="演练完", now=now + 40 * SECOND, transport=box.transport())
    assert box.asked[-1] == ("hall/stop", {"play": str(play.pk)}), "the fault ends with the drill"
    play.refresh_from_db()
    over = {one.awaited.code: one for one in play_now(DrillPlay.objects.get(), now + timedelta(hours=1)).lines}
    assert (over["acknowledged"].verdict, over["acknowledged"].happened.by) == ("late", "测试主管")  # type: ignore[union-attr]
    assert over["recovered"].verdict == "missed", "nobody is said to have recovered what did not"


def test_who_was_trapped_is_answered_in_the_same_table(
    hall: Hall, zhu: Actor, ready: DrillHall, box: Box, now: datetime
) -> None:
    run = planned(zhu, ready, now, "trapped", "trapped")
    drills.start_drill(zhu, run, now=now, transport=box.transport())
    machine = Terminal.objects.get(code="DRILL-01")
    hall.inbox(machine, "help", {"kind": "sos", "step": "attract", "item": ""}, now + SECOND, now + 2 * SECOND)
    help_calls.read_presses(now + 2 * SECOND)
    (call,) = help_calls.open_calls(zhu)
    help_calls.answer(zhu, call, now=now + 20 * SECOND)
    lines = {one.awaited.code: one for one in play_now(DrillPlay.objects.get(), now + 30 * SECOND).lines}
    assert (lines["pressed"].seconds, lines["pressed"].verdict) == (2.0, "in_time")
    assert (lines["answered"].seconds, lines["answered"].verdict) == (18.0, "in_time")
    assert lines["answered"].happened is not None
    assert lines["answered"].happened.by == "测试主管"
    assert lines["found"].verdict == "late", "no door was told to be locked"


def test_a_sandbox_that_does_not_answer_leaves_the_drill_at_work(
    hall: Hall, zhu: Actor, ready: DrillHall, box: Box, now: datetime
) -> None:
    run = planned(zhu, ready, now)
    drills.start_drill(zhu, run, now=now, transport=box.transport())
    box.status = 503
    with pytest.raises(Refused, match="演练没有结束"):
        drills.end_drill(zhu, run, note="完", now=now + SECOND, transport=box.transport())
    assert Emergency.objects.get(pk=run.pk).ended_at is None
    assert DrillPlay.objects.get().ends_at == now + 60 * SECOND
    box.status = 200
    asked = len(box.asked)
    with pytest.raises(Refused, match="一句话"):
        drills.end_drill(zhu, Emergency.objects.get(pk=run.pk), note=" ", now=now, transport=box.transport())
    assert len(box.asked) == asked, "what may not be ended is not ended at the sandbox either"
    drills.end_drill(zhu, Emergency.objects.get(pk=run.pk), note="完", now=now + SECOND, transport=box.transport())
    assert Emergency.objects.get(pk=run.pk).ended_at == now + SECOND


def test_a_call_that_nobody_answered_ends_with_its_drill(
    hall: Hall, zhu: Actor, ready: DrillHall, box: Box, now: datetime
) -> None:
    machine = Terminal.objects.get(code="DRILL-01")
    for began in (now, now + 90 * SECOND):
        box.began_at = began
        run = planned(zhu, ready, began, "trapped", "trapped")
        drills.start_drill(zhu, run, now=began, transport=box.transport())
        hall.inbox(machine, "help", {"kind": "sos"}, began + SECOND, began + 2 * SECOND)
        help_calls.read_presses(began + 2 * SECOND)
        lines = {one.awaited.code: one for one in play_now(drills.find_play(run), began + 9 * SECOND).lines}  # type: ignore[arg-type]
        assert lines["pressed"].verdict == "in_time"
        drills.end_drill(zhu, run, note="完", now=began + 50 * SECOND, transport=box.transport())
        assert not help_calls.open_calls(zhu).exists()
        assert not Incident.objects.filter(kind="help_pressed", state="open").exists()


def test_a_drill_without_a_scenario_stays_what_it_was(hall: Hall, box: Box, now: datetime) -> None:
    lin, on = hall.actor("lin"), emergency_actions.local_day(hall.area, now)
    run = drills.plan_drill(lin, hall.area, "fire", on=on, now=now)
    drills.start_drill(lin, run, now=now, transport=box.transport())
    drills.end_drill(lin, run, note="完", now=now + SECOND, transport=box.transport())
    assert drills.find_play(run) is None
    assert not box.asked
    assert not Incident.objects.exists()
