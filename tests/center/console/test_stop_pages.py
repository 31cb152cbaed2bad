"""Pages of planned stops: planning with a preview, what may still be changed, who may."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from tests.center.console.the_desk import Desk
from tests.center.hall import SYSTEM

from budayang.center.areas import stop_actions
from budayang.center.areas.jobs import tell_stops
from budayang.center.areas.models import PlannedStop
from budayang.center.console.stop_forms import StopTimesForm, typed
from budayang.center.maintenance.jobs import hear_stops
from budayang.center.maintenance.judging import judge_due
from budayang.center.maintenance.models import Incident
from budayang.center.platform.models import Transition

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
PLAN = "/console/areas/KBS/stops/"


def form(today: datetime, **changed: Any) -> dict[str, Any]:
    """Tomorrow from two to four, the whole area."""
    on = timezone.localdate(today) + DAY
    facts: dict[str, Any] = {
        "target": "p", "kind": "maintenance", "reason": "网络维护", "on": on.isoformat(),
        "opens": "02:00", "closes": "04:00", "repeat": "once",
    }  # fmt: skip
    return facts | changed


def plan(desk: Desk, start: datetime, rrule: str = "", **what: Any) -> PlannedStop:
    facts: dict[str, Any] = {"place": desk.hall.area.place, "reason": "网络维护", "now": timezone.now(), **what}
    return stop_actions.plan_stop(SYSTEM, starts_at=start, ends_at=start + 2 * HOUR, rrule=rrule, **facts)


def test_a_stop_is_previewed_and_then_announced(desk: Desk, today: datetime) -> None:
    lin = desk.client("lin")
    told = form(today, repeat="daily", opens="22:00", closes="06:00")
    page = lin.post(PLAN, told | {"preview": "1"}).content.decode()
    assert not PlannedStop.objects.exists()
    assert "每天 22:00 — 次日 06:00" in page
    assert page.count("占用承诺开放时间 8 小时") == 5
    assert "2 台终端" in page
    assert 'value="网络维护"' in page, "what was typed stays"
    fragment = lin.post(PLAN, told, headers={"HX-Target": "stop-preview", "HX-Request": "true"}).content.decode()
    assert "次日 06:00" in fragment
    assert "<form" not in fragment
    answer = lin.post(PLAN, told)
    stop = PlannedStop.objects.get()
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/console/stops/{stop.pk}/")
    assert (stop.rrule, stop.announced_by, stop.kind) == ("FREQ=DAILY", "lin", "maintenance")
    local = timezone.localtime(stop.starts_at)
    assert (local.hour, (stop.ends_at - stop.starts_at) / HOUR) == (22, 8)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"reason": ""}, "必填"),
        ({"target": "t|999999|"}, "选择"),
        ({"on": "2020-01-01"}, "已经过去"),
        ({"repeat": "daily", "until": "2020-01-01"}, "第一次之前"),
        ({"repeat": "daily", "opens": "08:00", "closes": "07:00", "ends_on": "2020-01-01"}, "晚于开始"),
    ],
)
def test_a_refused_form_names_the_repair(desk: Desk, today: datetime, changed: dict[str, str], says: str) -> None:
    answer = desk.client("zhu").post(PLAN, form(today, **changed))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert says in page
    assert not PlannedStop.objects.exists()


def test_an_owner_unit_plans_for_its_own_terminals_only(desk: Desk, today: datetime) -> None:
    ren = desk.client("ren")
    page = ren.get(PLAN).content.decode()
    assert "整台终端 KBS-01" in page
    assert "KBS-02" not in page
    assert "整个自助区" not in page
    mine, others = desk.hall.terminal, desk.hall.other
    for value in ("p", "k|printer", f"t|{others.pk}|"):
        assert ren.post(PLAN, form(today, target=value)).status_code == 422, value
    assert ren.post(PLAN, form(today, target=f"t|{mine.pk}|")).status_code == 302
    stop = PlannedStop.objects.get()
    assert (stop.terminal_id, stop.owner_id) == (mine.pk, mine.owner_id)
    assert desk.client("shui").post(f"/console/stops/{stop.pk}/cancel/").status_code == 403
    assert desk.client("mo").post(f"/console/stops/{stop.pk}/cancel/").status_code == 403
    assert ren.post(f"/console/stops/{stop.pk}/cancel/").status_code == 302
    stop.refresh_from_db()
    assert stop.cancelled_at is not None


def test_components_are_offered_as_the_terminals_report_them(desk: Desk, today: datetime) -> None:
    desk.hall.tell(desk.hall.terminal, "printer-2", "device", "online", today, today)
    lin = desk.client("lin")
    page = lin.get(PLAN).content.decode()
    assert "本自助区所有终端的打印机" in page
    value = f"t|{desk.hall.terminal.pk}|printer-2"
    assert value in page
    assert lin.post(PLAN, form(today, target=value)).status_code == 302
    stop = PlannedStop.objects.get()
    assert (stop.subject, stop.component) == ("printer-2", "")
    assert "KBS-01 打印机 printer-2" in lin.get("/console/stops/").content.decode()


def test_a_series_on_its_page(desk: Desk, today: datetime) -> None:
    start = today + 2 * DAY
    stop = plan(desk, start, "FREQ=DAILY")
    lin, page = desk.client("lin"), f"/console/stops/{stop.pk}/"
    html = lin.get(page).content.decode()
    assert html.count("跳过这一次<") == 10
    assert lin.post(f"{page}skip/", {"at": (start + DAY).isoformat()}).status_code == 302
    assert stop.exceptions.get().occurrence_at == start + DAY
    assert "已跳过" in lin.get(page).content.decode()
    last = timezone.localdate(start + 3 * DAY)
    assert lin.post(f"{page}last/", {"last": last.isoformat()}).status_code == 302
    html = lin.get(page).content.decode()
    assert html.count("跳过这一次<") == 3
    for word in ("公告", "跳过一次", "结束重复"):
        assert f"<b>{word}</b>" in html
    refused = lin.post(f"{page}skip/", {"at": (start + DAY).isoformat()}, follow=True)
    assert "已经跳过" in refused.content.decode()
    assert lin.post(f"{page}skip/", {"at": "yesterday"}).status_code == 404
    assert desk.client("ou").get(page).status_code == 404


def test_a_running_stop_ends_early(desk: Desk, today: datetime) -> None:
    stop = plan(desk, today - HOUR, "FREQ=DAILY")
    tell_stops(timezone.now())
    lin, page = desk.client("lin"), f"/console/stops/{stop.pk}/"
    assert "本次提前结束" in lin.get(page).content.decode()
    assert "正在停用" in lin.get("/console/stops/?when=now").content.decode()
    assert lin.post(f"{page}end/").status_code == 302
    tell_stops(timezone.now())
    html = lin.get(page).content.decode()
    assert "将要停用" in html
    assert "提前结束</b>" in html


def test_a_change_leads_from_the_old_page_to_the_new(desk: Desk, today: datetime) -> None:
    stop = plan(desk, today + 2 * DAY, "FREQ=WEEKLY")
    lin = desk.client("lin")
    page = lin.get(f"/console/stops/{stop.pk}/change/").content.decode()
    assert 'value="weekly" selected' in page
    told = form(today, repeat="monthly_last", reason="换线路")
    del told["target"], told["kind"]
    answer = lin.post(f"/console/stops/{stop.pk}/change/", told)
    after = PlannedStop.objects.get(replaces=stop)
    assert answer.headers["Location"] == f"/console/stops/{after.pk}/"
    assert after.rrule == "FREQ=MONTHLY;BYMONTHDAY=-1"
    assert "看修改后的停用" in lin.get(f"/console/stops/{stop.pk}/").content.decode()
    listed = lin.get("/console/stops/").content.decode()
    assert "换线路" in listed
    assert f"/console/stops/{stop.pk}/" not in listed, "what was replaced is found from its successor"
    assert desk.client("ning").get(f"/console/stops/{stop.pk}/change/").status_code == 403


@pytest.mark.parametrize(
    "rrule",
    ["", "FREQ=DAILY;INTERVAL=2", "FREQ=WEEKLY;BYDAY=TU,WE", "FREQ=MONTHLY;BYMONTHDAY=25", "FREQ=MONTHLY;BYDAY=4WE",
     "FREQ=MONTHLY;BYDAY=-1WE;UNTIL=20291231"],
)  # fmt: skip
def test_a_stop_read_back_into_the_form_is_the_same_stop(desk: Desk, rrule: str) -> None:
    start = datetime.fromisoformat("2026-11-25T22:00:00+08:00")
    stop = plan(desk, start, rrule, now=start - DAY)
    back = {name: str(value) if not isinstance(value, list) else value for name, value in typed(stop, start).items()}
    again = StopTimesForm(
        {"repeat": "once", **{key: one for key, one in back.items() if one != "None"}}, zone="Asia/Shanghai"
    )
    assert again.is_valid(), again.errors
    assert (again.starts_at, again.ends_at, again.rrule) == (stop.starts_at, stop.ends_at, stop.rrule)


def test_the_week_of_an_area(desk: Desk, today: datetime) -> None:
    plan(desk, today + 5 * HOUR, "FREQ=DAILY;COUNT=3")
    plan(desk, today + DAY, place=desk.hall.far_area.place, reason="别处")
    for address in ("/console/areas/KBS/", "/console/stops/?area=KBS"):
        page = desk.client("zhu").get(address).content.decode()
        week = page[page.index('class="week"') : page.index("看全部计划停用")]
        assert week.count("网络维护") == 3
        assert "别处" not in week
    assert desk.client("zhu").get("/console/stops/?export=xlsx").status_code == 200


def test_a_stop_names_what_it_hushed_and_the_fault_names_the_stop(desk: Desk, today: datetime) -> None:
    hall = desk.hall
    stop = plan(desk, today - HOUR, terminal_id=hall.terminal.pk, owner=hall.terminal.owner, now=today - 2 * HOUR)
    hall.tell(hall.terminal, "printer", "paper.upper", "out", today - 10 * MINUTE, today - 5 * MINUTE)
    assert not Incident.objects.exists()
    lin, page = desk.client("lin"), f"/console/stops/{stop.pk}/"
    assert "停用还没结束" in lin.get(page).content.decode()
    assert lin.post(f"{page}end/").status_code == 302
    for _change in range(2):  # the beginning, which no worker has told yet, and the end
        tell_stops(timezone.now())
    hear_stops(list(Transition.objects.filter(kind="areas.stop_ended")), timezone.now())
    judge_due(timezone.now() + DAY)
    incident = Incident.objects.get(kind="paper_out")
    assert f"/console/incidents/{incident.pk}/" in lin.get(page).content.decode()
    assert page in lin.get(f"/console/incidents/{incident.pk}/").content.decode()
    assert "盖住的故障" in desk.client("ren").get(page).content.decode(), "its own terminal"
    assert "盖住的故障" not in desk.client("shui").get(page).content.decode(), "another body's terminal"
