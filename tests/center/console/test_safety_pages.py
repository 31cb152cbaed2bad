"""夜间安全 in the console: each page within the reader's scope, forms that keep what was typed, and what they do."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.center.console.the_desk import Desk

from budayang.center.maintenance import emergency_actions
from budayang.center.maintenance.models import Camera, DoorEvent, Emergency, Incident, KeyHolding, SafetyTest

LISTS = ("emergencies", "emergency-cards", "doors", "safety-tests", "keys", "cameras")


def text(desk: Desk, who: str, path: str, status: int = 200) -> str:
    answer = desk.client(who).get(f"/console/{path}")
    assert answer.status_code == status, (who, path, answer.status_code)
    return answer.content.decode()


def test_everybody_who_operates_reads_and_nobody_else(desk: Desk) -> None:
    for page in LISTS:
        for who in ("lin", "ning", "zhu"):
            text(desk, who, f"{page}/")
        assert desk.client("sys").get(f"/console/{page}/").status_code == 403, page
    for page in ("emergencies/new/", "emergencies/drill/", "safety-tests/new/", "keys/new/", "cameras/new/"):
        text(desk, "lin", page)
        assert desk.client("ning").get(f"/console/{page}").status_code == 403, page


def test_a_card_is_started_ticked_ended_and_reviewed(desk: Desk, today: datetime) -> None:
    hall, lin = desk.hall, desk.client("lin")
    hall.tell(hall.other, "environment", "x-env.smoke", "on", today, today)
    smoke = Incident.objects.get(kind="site_smoke")
    page = text(desk, "lin", "emergencies/")
    assert f"/console/emergencies/new/?incident={smoke.pk}&amp;card=fire" in page
    assert "建议启动" not in text(desk, "ning", "emergencies/"), "who only looks starts nothing"
    lin.post("/console/emergencies/new/", {"area": hall.area.pk, "card": "fire", "incident": smoke.pk})
    run = Emergency.objects.get()
    assert run.cause == smoke
    url = f"emergencies/{run.pk}/"
    page = text(desk, "lin", url)
    assert 'href="tel:119"' in page
    assert page.count("做完了") == len(run.steps)
    assert "做完了" not in text(desk, "ning", url)
    assert desk.client("ou").get(f"/console/{url}").status_code == 404
    lin.post(f"/console/{url}done/", {"step": "0"})
    again = lin.post(f"/console/{url}done/", {"step": "0"})
    assert again.status_code == 422
    assert "已经记过" in again.content.decode()
    assert lin.post(f"/console/{url}skip/", {"step": "3", "note": ""}).status_code == 422
    lin.post(f"/console/{url}end/", {"note": "误报"})
    refused = lin.post(f"/console/{url}review/", {"text": "", "findings": "换烟感"})
    assert "换烟感" in refused.content.decode(), "what was typed stays"
    lin.post(f"/console/{url}review/", {"text": "快", "findings": "换烟感\n\n"})
    assert "已复盘" in text(desk, "ning", url)
    assert Incident.objects.filter(kind="manual", title="换烟感").exists()


def test_a_drill_is_planned_and_run(desk: Desk, today: datetime) -> None:
    lin, hall = desk.client("lin"), desk.hall
    on = emergency_actions.local_day(hall.area, today)
    past = {"area": hall.area.pk, "card": "power_cut", "on": (on - timedelta(days=2)).isoformat()}
    assert "已经过去" in lin.post("/console/emergencies/drill/", past).content.decode()
    lin.post("/console/emergencies/drill/", past | {"on": on.isoformat()})
    run = Emergency.objects.get()
    page = text(desk, "lin", f"emergencies/{run.pk}/")
    assert "开始演练" in page
    assert "不开故障，不发通知" in page
    lin.post(f"/console/emergencies/{run.pk}/start/")
    run.refresh_from_db()
    assert run.state == "running"
    assert not Incident.objects.exists()


def test_a_supervisor_writes_a_place_s_own_card(desk: Desk) -> None:
    zhu, place = desk.client("zhu"), desk.hall.area.place.path
    assert "最先到场的人 | 30秒" in zhu.get(f"/console/emergency-cards/fire/?place={place}").content.decode()
    assert desk.client("lin").get(f"/console/emergency-cards/fire/?place={place}").status_code == 403
    body = {"place": place, "valid_from": "2099-01-01", "lines": "保安 | 5分钟 | - | 拉警铃"}
    refused = zhu.post("/console/emergency-cards/fire/", body)
    assert refused.status_code == 422
    assert "由谁做" in refused.content.decode()
    assert "拉警铃" in refused.content.decode()
    wrong = zhu.post("/console/emergency-cards/fire/", body | {"lines": "安保 | 一会儿 | - | 拉警铃"})
    assert "5分钟" in wrong.content.decode()
    done = zhu.post("/console/emergency-cards/fire/", body | {"lines": "安保 | 5分钟 | 119 | 拉警铃"})
    assert done.status_code == 302
    again = zhu.get(f"/console/emergency-cards/fire/?place={place}").content.decode()
    assert "安保 | 5分钟 | 119 | 拉警铃" in again, "what is to come is not written over unseen"
    assert "2099-01-01" in again
    assert "保存会替换它" in again
    assert "保存会替换它" not in zhu.get(f"/console/emergency-cards/trapped/?place={place}").content.decode()
    word = zhu.post("/console/emergency-cards/fire/", body | {"lines": "安保 | 5分钟 | 老王 | 拉警铃"})
    assert "电话只能" in word.content.decode()
    for page in ("emergency-cards/", "emergency-cards/fire/"):
        assert zhu.get(f"/console/{page}?place=150000.nowhere").status_code == 404, "never another place's numbers"


def test_the_seconds_of_a_test_are_the_page_s(desk: Desk) -> None:
    lin = desk.client("lin")
    lin.post("/console/safety-tests/new/", {"area": desk.hall.area.pk, "kind": "help"})
    row = SafetyTest.objects.get()
    page = text(desk, "lin", f"safety-tests/{row.pk}/")
    assert "有人应答" in page
    assert "时限 30 秒" in page
    assert "没有反应" not in text(desk, "ning", f"safety-tests/{row.pk}/")
    lin.post(f"/console/safety-tests/{row.pk}/end/", {"answered": "yes"})
    row.refresh_from_db()
    assert row.passed is True
    assert "通过" in text(desk, "lin", "safety-tests/?passed=yes")


def test_names_of_holders_are_for_who_hands_out_keys(desk: Desk) -> None:
    lin = desk.client("lin")
    given = {"area": desk.hall.area.pk, "kind": "key", "label": "大门 1 号", "holder": "测试保洁员", "organization": ""}
    lin.post("/console/keys/new/", given)
    assert "还在别人手里" in lin.post("/console/keys/new/", given).content.decode()
    assert "测试保洁员" in text(desk, "lin", "keys/")
    assert "测试保洁员" not in text(desk, "ning", "keys/")
    row = KeyHolding.objects.get()
    lin.post(f"/console/keys/{row.pk}/return/")
    assert "大门 1 号" not in text(desk, "lin", "keys/?state=out")


def test_a_camera_is_written_down_and_looked_at(desk: Desk) -> None:
    lin = desk.client("lin")
    facts = {"area": desk.hall.area.pk, "name": "大门外", "covers": "门口", "recorder": "NVR-1", "keep_d": "20"}
    assert "30 天" in lin.post("/console/cameras/new/", facts).content.decode()
    lin.post("/console/cameras/new/", facts | {"keep_d": "90"})
    row = Camera.objects.get()
    refused = lin.post(f"/console/cameras/{row.pk}/check/", {"online": "on", "earliest_on": "", "note": "看过"})
    assert refused.status_code == 422
    assert "看过" in refused.content.decode()
    lin.post(f"/console/cameras/{row.pk}/check/", {"earliest_on": "", "note": ""})
    assert "离线" in text(desk, "lin", "cameras/?state=short")
    assert "能回放的最早一天" not in text(desk, "ning", f"cameras/{row.pk}/")


def test_doors_say_which_way_worked_and_which_was_never_seen_to(desk: Desk, today: datetime) -> None:
    hall = desk.hall
    hall.tell(hall.other, "door-1", "entrance", "locked", today, today)
    DoorEvent.objects.create(area=hall.area, terminal=hall.other, by="card", ok=True, at=today)
    page = text(desk, "lin", "doors/")
    assert "锁着" in page
    assert page.count("没有证明") == 3
