"""Pages of rounds: who may open them, a stop filled in, what is refused stays typed, conflicts, plans and editions."""

from __future__ import annotations

import io
import re
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook
from PIL import Image
from tests.center.console.the_desk import Desk
from tests.center.hall import SYSTEM

from budayang.center.maintenance import round_actions as actions
from budayang.center.maintenance import round_jobs as jobs
from budayang.center.maintenance import round_plan_actions as planning
from budayang.center.maintenance.models import CheckListEdition, DueThing, Round, RoundAnswer, RoundPlan
from budayang.center.maintenance.round_actions import Given
from budayang.center.platform.models import AuditLine
from budayang.data.check_lists import check_lists
from budayang.rules.rounds import Plan, Rhythm

pytestmark = pytest.mark.django_db
ROWS: list[dict[str, object]] = [
    {"code": "door", "text": "门能开", "severity": "urgent", "bucket": "site"},
    {"code": "seconds", "text": "求助应答", "kind": "number", "high": 30, "unit": "秒"},
    {"code": "print", "text": "试打", "about": "terminal", "photo": "on_fault"},
    {"code": "on", "text": "开机", "about": "terminal", "known": "link"},
]


@pytest.fixture
def walk(desk: Desk, today: datetime) -> Round:
    on = timezone.localdate(today)
    planning.write_edition(
        SYSTEM, place=desk.hall.city, code="daily", name="每日巡查", basis="WH-02", rows=ROWS, valid_from=on, now=today,
        today=on,
    )  # fmt: skip
    # A window that is open at any time of day at which the tests run.
    planning.set_plan(
        SYSTEM, None, area=desk.hall.area, code="daily", who="keeper", now=today - timedelta(days=1),
        plan=Plan(Rhythm.DAILY, ((time(0), time(0)),), on),
    )  # fmt: skip
    jobs.open_rounds(today)
    return Round.objects.get()


def filled(page: str, **values: str) -> dict[str, str]:
    """What a browser sends: the hidden fields of the page, and what was filled in."""
    hidden = dict(re.findall(r'name="((?:id|r)-[a-z]+)" value="([^"]*)"', page))
    return {**hidden, **{name.replace("_", "-", 1): value for name, value in values.items()}}


def text_of(client: Client, url: str, status: int = 200) -> str:
    answer = client.get(url)
    assert answer.status_code == status
    return answer.content.decode()


def test_a_stop_is_filled_in_and_leads_to_the_next(desk: Desk, walk: Round) -> None:
    client = desk.client("lin")
    url = f"/console/rounds/{walk.pk}/place/"
    sent = filled(text_of(client, url), v_door="no", n_door="推不动", w_seconds="12")
    answer = client.post(url, sent)
    assert answer.status_code == 302
    assert answer["Location"] == f"/console/rounds/{walk.pk}/stops/KBS-01/"
    client.post(url, sent)
    told = {(one.question, one.value, one.note, one.received) for one in RoundAnswer.objects.filter(stop="")}
    assert told == {("door", "no", "推不动", 2), ("seconds", "12", "", 2)}, "sent twice, counted once"
    page = text_of(client, f"/console/rounds/{walk.pk}/")
    assert "1 项异常" in page
    assert "故障和工单" in page


def test_what_is_refused_stays_typed_and_the_rest_is_kept(desk: Desk, walk: Round) -> None:
    client = desk.client("lin")
    url = f"/console/rounds/{walk.pk}/place/"
    answer = client.post(url, filled(text_of(client, url), v_door="yes", w_seconds="soon"))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "请填数字" in page
    assert 'value="soon"' in page
    assert [one.question for one in RoundAnswer.objects.filter(stop="")] == ["door"]


def test_an_answer_that_came_meanwhile_is_not_overwritten_and_a_person_settles(desk: Desk, walk: Round) -> None:
    client = desk.client("lin")
    url = f"/console/rounds/{walk.pk}/place/"
    before = text_of(client, url)
    now = timezone.now()
    actions.record_answer(desk.actor("zhu"), walk, Given("other-phone", "", "door", "yes", now), now=now)
    client.post(url, filled(before, v_door="no"))
    page = text_of(client, f"/console/rounds/{walk.pk}/")
    assert "两次作答不一致" in page
    conflict = RoundAnswer.objects.get(state="conflict")
    settle = f"/console/rounds/{walk.pk}/settle/{conflict.pk}/"
    assert client.post(settle, {"take": "other", "note": ""}).status_code == 422
    assert client.post(settle, {"take": "other", "note": "回去看过"}).status_code == 302
    conflict.refresh_from_db()
    assert conflict.state == "current"


def test_what_telemetry_filled_in_and_nobody_touched_stays_its_word(desk: Desk, walk: Round) -> None:
    client = desk.client("lin")
    url = f"/console/rounds/{walk.pk}/stops/KBS-01/"
    page = text_of(client, url)
    assert "平台已知" in page
    client.post(url, filled(page, v_on="yes", v_print="yes"))
    told = RoundAnswer.objects.filter(stop="KBS-01").values_list("question", "source", "by", "state")
    assert set(told) == {("on", "telemetry", "telemetry", "current"), ("print", "person", "lin", "current")}
    client.post(url, filled(text_of(client, url), v_on="no"))
    assert RoundAnswer.objects.get(stop="KBS-01", question="on", state="current").source == "person"


def test_a_change_on_the_page_is_an_edit_with_its_trace(desk: Desk, walk: Round) -> None:
    client = desk.client("lin")
    url = f"/console/rounds/{walk.pk}/place/"
    client.post(url, filled(text_of(client, url), v_door="no"))
    client.post(url, filled(text_of(client, url), v_door="yes"))
    assert list(RoundAnswer.objects.filter(stop="").order_by("pk").values_list("value", "state")) == [
        ("no", "replaced"), ("yes", "current"),
    ]  # fmt: skip
    assert "原答 异常，改为 正常" in text_of(client, f"/console/rounds/{walk.pk}/")


def test_a_photograph_is_shown_to_those_who_see_the_round(desk: Desk, walk: Round) -> None:
    client = desk.client("lin")
    url = f"/console/rounds/{walk.pk}/stops/KBS-01/"
    raw = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(raw, "JPEG")
    sent: dict[str, Any] = filled(text_of(client, url), v_print="no")
    sent["p-print"] = SimpleUploadedFile("a.jpg", raw.getvalue(), "image/jpeg")
    client.post(url, sent)
    photo = walk.photos.get()
    answer = client.get(f"/console/rounds/{walk.pk}/photos/{photo.pk}/")
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
    assert desk.client("ou").get(f"/console/rounds/{walk.pk}/photos/{photo.pk}/").status_code == 404


def test_handing_over_with_blanks_needs_a_reason(desk: Desk, walk: Round) -> None:
    client = desk.client("lin")
    answer = client.post(f"/console/rounds/{walk.pk}/finish/", {"note": ""})
    assert answer.status_code == 422
    assert "没有作答" in answer.content.decode()
    assert client.post(f"/console/rounds/{walk.pk}/finish/", {"note": "雪大"}).status_code == 302
    page = text_of(client, f"/console/rounds/{walk.pk}/")
    assert "雪大" in page
    assert "没有到场证明" in page


def test_a_keeper_cancels_with_a_reason_an_inspector_does_not(desk: Desk, walk: Round) -> None:
    url = f"/console/rounds/{walk.pk}/cancel/"
    assert desk.client("ning").post(url, {"reason": "施工"}).status_code == 403
    assert desk.client("lin").post(url, {"reason": ""}).status_code == 422
    assert desk.client("lin").post(url, {"reason": "施工"}).status_code == 302
    walk.refresh_from_db()
    assert walk.state == "cancelled"


def test_the_overview_says_which_rounds_are_due(desk: Desk, walk: Round) -> None:
    assert f"/console/rounds/{walk.pk}/" in text_of(desk.client("lin"), "/console/")
    Round.objects.update(state="done")
    assert "现在没有等着的巡查" in text_of(desk.client("lin"), "/console/")


def test_strangers_find_nothing(desk: Desk, walk: Round) -> None:
    stranger = desk.client("ou")
    assert f"/console/rounds/{walk.pk}/" not in text_of(stranger, "/console/rounds/")
    for url in (f"/console/rounds/{walk.pk}/", f"/console/rounds/{walk.pk}/place/"):
        assert stranger.get(url).status_code == 404
    assert stranger.post(f"/console/rounds/{walk.pk}/finish/", {"note": "x"}).status_code == 404
    assert stranger.get(f"/console/round-plans/{walk.plan_id}/").status_code == 404
    assert desk.client("sys").get("/console/rounds/").status_code == 403


def test_the_list_filters_and_goes_out_as_a_file(desk: Desk, walk: Round) -> None:
    client = desk.client("zhu")
    assert "每日巡查" in text_of(client, "/console/rounds/?state=open")
    assert f"/console/rounds/{walk.pk}/" not in text_of(client, "/console/rounds/?state=missed")
    answer = client.get("/console/rounds/?export=xlsx")
    sheet = load_workbook(io.BytesIO(answer.content)).worksheets[0]
    assert any("每日巡查" in [cell.value for cell in row] for row in sheet.iter_rows())


def test_a_code_at_a_machine_that_nobody_signed_proves_nothing_and_says_so(desk: Desk, walk: Round) -> None:
    client = desk.client("lin")
    code = "KBS-01.29700000." + "A" * 86
    page = text_of(client, f"/console/rounds/here/?c={code}")
    assert "您在 KBS-01 前吗" in page
    answer = client.post("/console/rounds/here/", {"c": code, "id": "presence-1", "round": str(walk.pk)}, follow=True)
    assert "码不是这台机器的" in answer.content.decode()
    assert walk.presences.get().verdict == "wrong"
    assert "这不是巡查码" in text_of(client, "/console/rounds/here/?c=hello")


def plan_form(desk: Desk, **changes: Any) -> dict[str, Any]:
    on = timezone.localdate()
    return {
        "area": desk.hall.area.pk, "code": "daily", "who": "keeper", "rhythm": "daily", "windows": "08:00-09:00",
        "day": 1, "first_month": 1, "starts_on": on.isoformat(), "stops": "KBS-02\nKBS-01", **changes,
    }  # fmt: skip


def test_a_plan_is_made_changed_and_ended(desk: Desk, walk: Round) -> None:
    client = desk.client("lin")
    assert "08:30-11:30" in text_of(client, "/console/round-plans/new/?list=daily")
    assert client.post("/console/round-plans/new/", plan_form(desk)).status_code == 302
    row = RoundPlan.objects.latest("pk")
    assert (row.windows, row.stops) == ([["08:00", "09:00"]], ["KBS-02", "KBS-01"])
    url = f"/console/round-plans/{row.pk}/"
    assert "08:00-09:00" in text_of(client, url)
    assert client.post(url, plan_form(desk, windows="08:00-09:00 17:00-18:00")).status_code == 302
    row.refresh_from_db()
    assert len(row.windows) == 2
    assert client.post(f"{url}end/", {"on": timezone.localdate().isoformat()}).status_code == 302
    row.refresh_from_db()
    assert row.ends_on == timezone.localdate()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"windows": "morning"}, "08:30-11:30"),
        ({"windows": "08:00-10:00 09:00-11:00"}, "不能重叠"),
        ({"rhythm": "weekly"}, "哪几天"),
        ({"who": "owner"}, "哪个单位"),
        ({"stops": "KBS-77"}, "KBS-77"),
    ],
)
def test_a_plan_that_is_refused_comes_back_as_typed(
    desk: Desk, walk: Round, changes: dict[str, Any], told: str
) -> None:
    answer = desk.client("lin").post("/console/round-plans/new/", plan_form(desk, **changes))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert told in page
    assert str(next(iter(changes.values()))) in page
    assert RoundPlan.objects.count() == 1


def test_an_edition_goes_out_as_a_table_and_comes_back_changed(desk: Desk, walk: Round) -> None:
    client = desk.client("zhu")
    old = CheckListEdition.objects.get()
    table = client.get(f"/console/check-lists/{old.pk}/?export=xlsx").content
    assert AuditLine.objects.filter(action="console.export", subject=f"check_list:{old.pk}").exists()
    book = load_workbook(io.BytesIO(table))
    sheet = book.worksheets[0]
    for row in sheet.iter_rows():
        for cell in row:
            if cell.value == "求助应答":
                cell.value = "求助按钮应答"
    out = io.BytesIO()
    book.save(out)
    sent = {
        "place": desk.hall.city.pk, "code": "daily", "name": "每日巡查", "basis": "WH-02",
        "valid_from": timezone.localdate().isoformat(), "table": SimpleUploadedFile("t.xlsx", out.getvalue()),
    }  # fmt: skip
    answer = client.post("/console/check-lists/new/", sent)
    assert answer.status_code == 422
    assert "不能改" in answer.content.decode()
    tomorrow = timezone.localdate() + timedelta(days=1)
    sent |= {"valid_from": tomorrow.isoformat(), "table": SimpleUploadedFile("t.xlsx", out.getvalue())}
    assert client.post("/console/check-lists/new/", sent).status_code == 302
    new = CheckListEdition.objects.get(valid_from=tomorrow)
    page = text_of(client, f"/console/check-lists/{new.pk}/")
    assert "求助应答 → 求助按钮应答" in page
    assert [one["code"] for one in new.questions] == ["door", "seconds", "print", "on"]
    assert new.questions[0] == old.questions[0]


def test_a_supervisor_adopts_what_ships_a_keeper_does_not(desk: Desk, today: datetime) -> None:
    assert desk.client("lin").get("/console/check-lists/adopt/").status_code == 403
    client = desk.client("zhu")
    assert client.post("/console/check-lists/adopt/", {"place": desk.hall.city.pk}).status_code == 302
    assert CheckListEdition.objects.count() == len(check_lists())
    assert "每月消防检查" in text_of(client, "/console/check-lists/")
    for row in CheckListEdition.objects.all():
        text_of(client, f"/console/check-lists/{row.pk}/")


def test_a_thing_with_a_day_is_kept_renewed_and_taken_off(desk: Desk, walk: Round) -> None:
    client = desk.client("lin")
    on = timezone.localdate() + timedelta(days=20)
    sent = {"area": desk.hall.area.pk, "kind": "extinguisher", "name": "入口左侧", "due_on": on.isoformat()}
    assert client.post("/console/due/new/", sent | {"name": ""}).status_code == 422
    assert client.post("/console/due/new/", sent).status_code == 302
    row = DueThing.objects.get()
    assert "快到期" in text_of(client, "/console/due/")
    later = on + timedelta(days=365)
    assert client.post(f"/console/due/{row.pk}/", sent | {"due_on": later.isoformat()}).status_code == 302
    assert "未到期" in text_of(client, "/console/due/")
    assert desk.client("ou").get(f"/console/due/{row.pk}/").status_code == 404
    assert desk.client("ning").get("/console/due/new/").status_code == 403
    assert client.post(f"/console/due/{row.pk}/retire/").status_code == 302
    assert "入口左侧" not in text_of(client, "/console/due/")
