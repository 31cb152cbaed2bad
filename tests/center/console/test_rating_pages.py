"""The desk's pages of ratings: one page from the bad rating to its end, flags that people judge, the six figures."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import datetime, timedelta

import pytest
from django.test import Client
from tests.center.console.the_desk import Desk
from tests.center.evaluation.the_rater import PHONE, bad, finished_case, rate
from tests.center.hall import number

from budayang.center.evaluation import integrity_actions
from budayang.center.evaluation import negative_actions as negatives
from budayang.center.evaluation.models import NegativeCase, NegativeStep, Rating, RatingFlag, Visit
from budayang.center.maintenance.models import WorkOrder
from budayang.center.platform.models import AuditLine

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def text(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, address
    return answer.content.decode()


def page(counter: int) -> str:
    return f"/console/ratings/{number(counter)}/"


def test_the_page_joins_the_rating_to_what_stood_at_that_time(desk: Desk, today: datetime) -> None:
    hall = desk.hall
    hall.tell(hall.terminal, "printer", "paper.upper", "out", today - 40 * MINUTE, today - 40 * MINUTE)
    hall.tell(hall.other, "printer", "device", "inop", today - 40 * MINUTE, today - 40 * MINUTE)
    bad(hall, 1, today - 30 * MINUTE)
    Visit.objects.create(
        terminal=hall.terminal, place_path=hall.area.place.path, end="rated", seconds=600, cleared=True,
        at=today - 29 * MINUTE,
    )  # fmt: skip
    shown = text(desk.client("zhu"), page(1))
    assert "缺纸" in shown
    assert "终端记录的这次办理" in shown
    assert "KBS-02 号终端" not in shown.split("当时的情况")[1].split("经过")[0], "another machine is not what was lived"


def test_what_was_over_before_the_visit_is_not_joined(desk: Desk, today: datetime) -> None:
    hall = desk.hall
    at = today - 5 * HOUR
    hall.tell(hall.terminal, "printer", "paper.upper", "out", at, at)
    hall.tell(hall.terminal, "printer", "paper.upper", "full", at + HOUR, at + HOUR)
    bad(hall, 1, today - 30 * MINUTE)
    shown = text(desk.client("zhu"), page(1))
    assert "这段时间没有记录到故障" in shown


def test_from_the_bad_rating_to_the_order_by_the_pages(desk: Desk, today: datetime) -> None:
    bad(desk.hall, 1, today, phone=PHONE)
    ren = desk.client("ren")
    assert "核实完毕" in text(ren, page(1))
    assert PHONE not in text(ren, page(1))
    shown = ren.post(page(1) + "phone/").content.decode()
    assert PHONE in shown
    answer = ren.post(page(1) + "contact/", {"outcome": "reached", "note": ""})
    assert (answer.status_code, NegativeCase.objects.get().state) == (422, "open")
    assert "请写明核实到什么" in answer.content.decode()
    ren.post(page(1) + "contact/", {"outcome": "reached", "note": "缺纸"})
    refused = ren.post(page(1) + "fix/", {"outcome": "fixed", "note": "已加备纸", "reply": ""})
    assert "已加备纸" in refused.content.decode(), "what was typed stays"
    ren.post(page(1) + "fix/", {"outcome": "fixed", "note": "已加备纸", "reply": "已加备纸。"})
    ren.post(page(1) + "order/")
    order = WorkOrder.objects.get()
    shown = text(ren, page(1))
    for said in (order.number, "已加备纸", "按时完成", "待回访", "为回访查看号码"):
        assert said in shown, said
    assert f"/console{'/ratings/' + number(1)}/" in text(ren, f"/console/incidents/{order.incident_id}/")
    ren.post(page(1) + "call/", {"outcome": "fixed_satisfied"})
    assert NegativeCase.objects.get().state == "called_back"
    assert NegativeStep.objects.filter(event="phone").count() == 1


def call_clock(client: Client) -> str:
    """What the page says of the clock of the call-back."""
    found = re.search(r"<dt>回访</dt><dd><span class=\"state [a-z]+\">([^<]+)</span>", text(client, page(1)))
    assert found is not None
    return found[1]


def test_a_clock_that_runs_again_is_not_told_as_met(desk: Desk, today: datetime) -> None:
    case, lin = bad(desk.hall, 1, today, phone=PHONE), desk.hall.actor("lin")
    client = desk.client("lin")
    negatives.contact(lin, case, outcome="reached", note="x", now=today)
    negatives.fix(lin, case, outcome="fixed", note="x", reply="x", now=today + MINUTE)
    assert call_clock(client) == "进行中"
    negatives.call_back(lin, case, outcome="not_fixed", note="还是缺纸", now=today + 2 * MINUTE)
    assert call_clock(client) == "按时完成"
    negatives.fix(lin, case, outcome="fixed", note="x", reply="x", now=today + 3 * MINUTE)
    assert call_clock(client) == "进行中", "another call is owed since"
    NegativeCase.objects.update(call_due_at=today - HOUR, due_at=today - HOUR)
    assert call_clock(client) == "已超期"
    case.refresh_from_db()
    negatives.rerate(case, level="satisfied", now=today + 4 * MINUTE)
    assert call_clock(client) == "不用再办"


def test_a_number_that_was_deleted_is_told_as_such(desk: Desk, today: datetime) -> None:
    bad(desk.hall, 1, today, phone=PHONE)
    NegativeCase.objects.update(phone_sealed=None, phone_hint="")
    shown = text(desk.client("lin"), page(1))
    assert "留过，已按期删除" in shown
    assert "留的号码已按期删除，按记录核实" in shown
    assert "没有留" not in shown


def test_an_appeal_is_decided_on_the_page_and_what_is_removed_stays_with_its_trace(desk: Desk, today: datetime) -> None:
    bad(desk.hall, 1, today)
    ren, zhu = desk.client("ren"), desk.client("zhu")
    assert "裁定申诉" not in text(zhu, page(1))
    ren.post(page(1) + "appeal/", {"outcome": "mistaken", "note": "本人说点错了"})
    assert "裁定申诉" not in text(ren, page(1))
    assert "裁定申诉" in text(zhu, page(1))
    assert ren.post(page(1) + "decide/", {"outcome": "uphold", "note": "x"}).status_code == 403
    zhu.post(page(1) + "decide/", {"outcome": "uphold", "note": "录像核对一致"})
    shown = text(ren, page(1))
    for said in ("已剔除，不计入", "误评", "录像核对一致", "测试zhu", "本人说点错了"):
        assert said in shown, said
    assert number(1) in text(zhu, "/console/ratings/"), "it stays in the list"
    assert number(1) not in text(zhu, "/console/ratings/?aside=no")
    zhu.post(page(1) + "restore/", {"note": "又有材料"})
    assert NegativeCase.objects.get().state == "open"


def test_the_list_finds_what_is_late(desk: Desk, today: datetime) -> None:
    bad(desk.hall, 1, today)
    late = bad(desk.hall, 2, today)
    NegativeCase.objects.filter(pk=late.pk).update(due_at=today - HOUR)
    shown = text(desk.client("zhu"), "/console/ratings/?negative=late")
    assert number(2) in shown
    assert number(1) not in shown
    assert "已超期" in shown
    assert number(1) in text(desk.client("zhu"), "/console/ratings/?negative=open")


@pytest.mark.parametrize("step", ["nonsense", "verify"])
def test_an_unknown_step_is_not_found(desk: Desk, today: datetime, step: str) -> None:
    bad(desk.hall, 1, today)
    assert desk.client("zhu").post(page(1) + f"{step}/", {"note": "x"}).status_code == 404


def test_a_burst_is_flagged_judged_and_stays(desk: Desk, today: datetime) -> None:
    for counter in range(1, 8):
        rate(desk.hall, counter, "very_satisfied", today - 3 * HOUR + counter * MINUTE)
    integrity_actions.look(today)
    zhu = desk.client("zhu")
    shown = text(zhu, "/console/rating-flags/?kind=burst")
    assert shown.count("短时间集中评价</a>") == 7
    assert "10 分钟里有 7 次评价" in shown
    flag = RatingFlag.objects.filter(kind="burst").order_by("rating__at")[0]
    address = f"/console/rating-flags/{flag.pk}/"
    assert number(2) in text(zhu, address), "its neighbours are shown"
    answer = zhu.post(address + "aside/", {"reason": "", "note": "x"})
    assert answer.status_code == 422
    zhu.post(address + "aside/", {"reason": "trial", "note": "当天在试机"})
    rating = Rating.objects.get(pk=flag.rating_id)
    assert (rating.set_aside_for, rating.set_aside_note) == ("trial", "当天在试机")
    assert not RatingFlag.objects.filter(rating=rating, state="open").exists(), "its other flags are judged with it"
    second = RatingFlag.objects.filter(kind="burst", state="open")[0]
    zhu.post(f"/console/rating-flags/{second.pk}/genuine/", {"note": "宣传活动，逐件核对过"})
    assert Rating.objects.get(pk=second.rating_id).set_aside_at is None
    assert "宣传活动，逐件核对过" in text(zhu, f"/console/rating-flags/{second.pk}/")
    assert desk.client("ren").post(f"/console/rating-flags/{second.pk}/genuine/", {"note": "x"}).status_code == 403


def test_the_six_figures_open_their_rows_and_go_away_as_a_file(desk: Desk, today: datetime) -> None:
    rate(desk.hall, 1, "satisfied", today)
    rate(desk.hall, 2, "very_satisfied", today, channel="qr")
    bad(desk.hall, 3, today)
    month = f"{today.astimezone():%Y-%m}"
    zhu = desk.client("zhu")
    shown = text(zhu, f"/console/rating-indicators/?month={month}")
    assert "66.7 %" in shown
    assert "2/3" in shown
    assert "100.0 %" in shown, "active ratings"
    assert "1/1" in shown
    assert "没有样本" in shown, "nobody was called back: no figure, and no zero"
    rows = text(zhu, f"/console/ratings/?month={month}&channel=later&aside=no")
    assert number(2) in rows
    assert number(1) not in rows
    file = zhu.get(f"/console/rating-indicators/?month={month}&by=owner&export=xlsx")
    assert file.content[:2] == b"PK"
    assert AuditLine.objects.filter(action="console.export").exists()


def test_an_owner_unit_sees_its_own_figures_only(desk: Desk, today: datetime) -> None:
    bad(desk.hall, 1, today)
    month = f"{today.astimezone():%Y-%m}"
    assert "测试RS" in text(desk.client("ren"), f"/console/rating-indicators/?month={month}")
    shown = text(desk.client("shui"), f"/console/rating-indicators/?month={month}&by=area&place=/")
    assert "测试RS" not in shown
    assert "没有办结的办件，也没有评价" in shown


@pytest.mark.parametrize("query", ["month=2026-13", "month=x&place=y&by=z", "", "place=%2F"])
def test_an_odd_question_is_answered(desk: Desk, query: str) -> None:
    for name in ("zhu", "lin", "ren", "ning"):
        assert desk.client(name).get(f"/console/rating-indicators/?{query}").status_code == 200


def national(desk: Desk, name: str, today: datetime, more: str = "") -> str:
    """The file that somebody takes away."""
    answer = desk.client(name).get(f"/console/rating-indicators/national/?month={today.astimezone():%Y-%m}{more}")
    assert answer.status_code == 200
    assert answer["Content-Disposition"].startswith("attachment")
    return answer.getvalue().decode("utf-8-sig")


def test_the_national_names_go_with_what_is_known_and_nothing_is_invented(desk: Desk, today: datetime) -> None:
    bad(desk.hall, 1, today)
    found = json.loads(national(desk, "zhu", today))
    (row,) = found["records"]
    assert (row["hallCode"], row["windowNo"], row["affairSerialNo"]) == ("KBS", "KBS-01", number(1))
    assert [row[name] for name in ("evalProcess", "userType", "certificateType", "projectType")] == [""] * 4
    assert row["ours_level"] == "unsatisfied"
    assert "没有读到" in found["fields"]["evalProcess"]
    case, _code = finished_case(desk.hall.terminal, 7, today)
    rate(desk.hall, 7, "satisfied", today)
    rows = json.loads(national(desk, "zhu", today))["records"]
    known = next(row for row in rows if row["affairSerialNo"] == case.number)
    assert (known["departmentCode"], known["affairCode"], known["affairName"]) == ("RS", "ZZ001", case.item.name)
    assert json.loads(national(desk, "shui", today))["records"] == [], "an owner unit takes away its own only"
    assert "departmentCode,evalProcess,hallCode" in national(desk, "zhu", today, "&format=csv")
    assert desk.client("ning").get("/console/rating-indicators/national/").status_code == 403


def test_the_national_file_knows_a_case_that_came_after_its_rating(desk: Desk, today: datetime) -> None:
    rate(desk.hall, 7, "satisfied", today)
    finished_case(desk.hall.terminal, 7, today)
    (row,) = json.loads(national(desk, "zhu", today))["records"]
    assert (row["affairCode"], row["departmentCode"]) == ("ZZ001", "RS")


def test_the_national_file_leaves_nothing_out_however_many_they_are(
    desk: Desk, today: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("budayang.center.evaluation.national_interface.AT_ONCE", 3)
    for counter in range(1, 8):
        rate(desk.hall, counter, "satisfied", today + counter * timedelta(seconds=1))
    numbers = [number(counter) for counter in range(1, 8)]
    assert [row["affairSerialNo"] for row in json.loads(national(desk, "zhu", today))["records"]] == numbers
    rows = list(csv.DictReader(io.StringIO(national(desk, "zhu", today, "&format=csv").partition("\r\n")[2])))
    assert [row["affairSerialNo"] for row in rows] == numbers
    lines = AuditLine.objects.filter(action="console.export", subject="list:national_ratings")
    assert [one.details["rows"] for one in lines] == [7, 7]


@pytest.mark.parametrize("query", ["month=x", "month=2026-99", "negative=z", "area=z&owner=z", "channel=z&aside=z"])
def test_an_old_bookmark_still_opens_the_list(desk: Desk, today: datetime, query: str) -> None:
    bad(desk.hall, 1, today)
    assert number(1) in text(desk.client("zhu"), f"/console/ratings/?{query}")


@pytest.mark.parametrize("narrow", ["area=KBS", "owner=RS", "channel=terminal", "aside=no", "negative=waiting"])
def test_the_list_narrows_by_area_and_owner(desk: Desk, today: datetime, narrow: str) -> None:
    bad(desk.hall, 1, today)
    zhu = desk.client("zhu")
    assert number(1) in text(zhu, f"/console/ratings/?{narrow}")
    for other in ("area=HJ", "owner=SW", "channel=qr", "aside=yes", "negative=closed"):
        if other.split("=")[0] == narrow.split("=")[0]:
            assert number(1) not in text(zhu, f"/console/ratings/?{other}")


def test_the_overview_counts_bad_ratings_that_are_open_and_late_and_leads_to_them(desk: Desk, today: datetime) -> None:
    zhu, shui = desk.client("zhu"), desk.client("shui")
    assert "差评都办结了" in zhu.get("/console/").content.decode()
    bad(desk.hall, 1, today)
    late = bad(desk.hall, 2, today)
    assert "都在时限内" in zhu.get("/console/").content.decode()
    NegativeCase.objects.filter(pk=late.pk).update(due_at=today - timedelta(minutes=1))
    page = zhu.get("/console/").content.decode()
    assert "1 件超期" in page
    assert "/console/ratings/?negative=late" in page
    assert "<b>2</b><small>1 件超期" in page.replace("\n", "")
    assert "差评都办结了" in shui.get("/console/").content.decode(), "another unit's"
