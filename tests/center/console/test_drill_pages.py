"""沙盒演练 and 求助呼叫 in the console; the page of a run follows what happens while somebody looks at it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings as center_settings
from django.utils import timezone
from tests.center.console.the_desk import Desk

from budayang.center.maintenance import emergency_actions, help_calls
from budayang.center.maintenance.models import DrillHall, DrillPlay, Emergency, HelpCall
from budayang.center.platform import outgoing
from budayang.center.platform.models import Transition
from budayang.wire.mac import public_text


@pytest.fixture
def box(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A sandbox that does whatever it is asked."""
    asked: list[str] = []
    keys = [{"code": f"DRILL-{n:02d}", "public_key": public_text(Ed25519PrivateKey.generate())} for n in range(1, 5)]

    def post(url: str, body: bytes, headers: object, *, transport: object = None) -> outgoing.Reply:
        asked.append(url.rpartition("/control/")[2])
        playing = {"began_at": timezone.now().isoformat()}
        return outgoing.Reply(200, json.dumps({"machines": keys, "playing": playing}).encode())

    monkeypatch.setattr(outgoing, "post", post)
    return asked


def page(desk: Desk, who: str, path: str) -> str:
    answer = desk.client(who).get(f"/console/{path}")
    assert answer.status_code == 200, (who, path, answer.status_code)
    return answer.content.decode()


def test_a_scenario_is_planned_started_and_shown(desk: Desk, box: list[str]) -> None:
    assert "请主管来建立" in page(desk, "lin", "emergencies/sandbox/")
    assert desk.client("lin").post("/console/emergencies/sandbox/hall/").status_code == 403
    zhu = desk.client("zhu")
    assert "建立沙盒演练区" in page(desk, "zhu", "emergencies/sandbox/")
    zhu.post("/console/emergencies/sandbox/hall/")
    hall = DrillHall.objects.select_related("area__place").get()
    on = emergency_actions.local_day(hall.area, datetime.now().astimezone())
    body = {"scenario": "power_cut", "on": on.isoformat(), "hold_s": "60"}
    assert zhu.post("/console/emergencies/sandbox/", body | {"hold_s": "5"}).status_code == 422
    zhu.post("/console/emergencies/sandbox/", body)
    run = Emergency.objects.get()
    shown = page(desk, "zhu", f"emergencies/{run.pk}/")
    assert "沙盒场景“全区停电" in shown
    assert "还没有开始" in shown
    zhu.post(f"/console/emergencies/{run.pk}/start/")
    shown = page(desk, "zhu", f"emergencies/{run.pk}/")
    assert "故障保持到" in shown
    assert shown.count("还没有</span>") == 6
    assert desk.client("lin").get(f"/console/emergencies/{run.pk}/").status_code == 404, "another place's keeper"
    zhu.post(f"/console/emergencies/{run.pk}/end/", {"note": "完"})
    assert box == ["hall", "hall/play", "hall/stop"]
    assert DrillPlay.objects.get().ends_at is not None


def test_there_is_no_such_page_where_it_is_real(desk: Desk, settings: Any) -> None:
    settings.BUDAYANG = replace(center_settings.BUDAYANG, demo=False)
    assert desk.client("zhu").get("/console/emergencies/sandbox/").status_code == 404
    assert desk.client("zhu").post("/console/emergencies/sandbox/hall/").status_code == 404
    assert "沙盒演练" not in page(desk, "zhu", "emergencies/")


def test_the_page_of_a_run_is_live(desk: Desk, today: datetime) -> None:
    run = emergency_actions.start(desk.actor("lin"), desk.hall.area, "fire", now=today)
    whole = page(desk, "lin", f"emergencies/{run.pk}/")
    assert f'data-topic="maintenance" hx-get="/console/emergencies/{run.pk}/"' in whole
    Transition.objects.all().delete()
    emergency_actions.tick(desk.actor("lin"), run, 0, now=today + timedelta(seconds=9))
    assert list(Transition.objects.values_list("kind", flat=True)) == ["maintenance.emergency_done"], "browsers hear it"
    part = desk.client("zhu").get(f"/console/emergencies/{run.pk}/", headers={"HX-Request": "true"}).content.decode()
    assert part.lstrip().startswith('<div id="run"')
    assert "<html" not in part
    assert part.count("做完</span>") == 1


def test_a_call_for_help_is_seen_and_answered(desk: Desk, today: datetime) -> None:
    hall = desk.hall
    hall.inbox(hall.terminal, "help", {"kind": "sos", "step": "fill", "item": ""}, today, today)
    help_calls.read_presses(today)
    call = HelpCall.objects.get()
    shown = page(desk, "lin", "help-calls/")
    assert "正在等人应答" in shown
    assert "我来应答" in shown
    assert "我来应答" not in page(desk, "ning", "help-calls/"), "who only looks answers nobody"
    assert desk.client("ou").post(f"/console/help-calls/{call.pk}/answer/").status_code == 404
    answer = desk.client("lin").post(f"/console/help-calls/{call.pk}/answer/", follow=True).content.decode()
    assert "已记下" in answer
    assert "正在等人应答" not in answer
    again = desk.client("lin").post(f"/console/help-calls/{call.pk}/answer/", follow=True).content.decode()
    assert "已经有人应答" in again
    assert "测试甲" in page(desk, "lin", "help-calls/?state=answered")
