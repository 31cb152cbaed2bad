"""The pages: who may open them, what they show, forms that keep what was typed."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests.center.console.the_desk import Desk
from tests.center.hall import PASSWORD, SYSTEM

from budayang.center.areas import queries as areas
from budayang.center.maintenance.hours_recent import compute_recent
from budayang.center.platform import audit
from budayang.center.platform.models import AuditLine, RoleGrant, Staff
from budayang.center.platform.sealing import center_keys
from budayang.center.terminals.models import EnrolmentCode, Terminal

EVERYBODY = ("zhu", "lin", "ou", "ren", "mo", "ning", "sys", "sec", "aud")
OPERATING = {"zhu", "lin", "ou", "ren", "mo", "ning"}
PAGES = {
    "/console/": set(EVERYBODY),
    "/console/live/": set(EVERYBODY),
    "/console/wall/": OPERATING,
    "/console/wall/live/": OPERATING,
    "/console/views/?list=/console/terminals/": OPERATING,
    "/console/search/?q=KBS": set(EVERYBODY),
    "/console/areas/": OPERATING,
    "/console/areas/KBS/": OPERATING - {"ou"},
    "/console/areas/new/": {"zhu"},
    "/console/areas/KBS/edit/": {"zhu", "lin"},
    "/console/areas/KBS/hours/": {"zhu", "lin"},
    "/console/areas/KBS/exceptions/": {"zhu", "lin"},
    "/console/areas/KBS/facilities/": {"zhu", "lin"},
    "/console/areas/KBS/stops/": {"zhu", "lin", "ren"},
    "/console/stops/": OPERATING,
    "/console/stops/new/": {"zhu", "lin", "ou", "ren"},
    "/console/terminals/": OPERATING,
    "/console/terminals/KBS-01/": {"zhu", "lin", "ren", "mo", "ning"},
    "/console/terminals/KBS-02/": {"zhu", "lin", "mo", "ning"},
    "/console/terminals/KBS-01/live/": {"zhu", "lin", "ren", "mo", "ning"},
    "/console/terminals/new/": {"zhu", "lin", "ou"},
    "/console/terminals/KBS-01/suspend/": {"zhu", "lin"},
    "/console/staff/": {"zhu", "lin", "ou", "sys", "sec"},
    "/console/staff/new/": {"sys"},
    "/console/staff/lin/": {"zhu", "lin", "sys", "sec"},
    "/console/audit/": {"zhu", "ning", "aud"},
    "/console/imports/": {"zhu", "sys"},
    "/console/imports/regions/": {"zhu", "sys"},
    "/console/imports/areas/": {"zhu", "sys"},
    "/console/imports/areas/template.csv": {"zhu", "sys"},
}


@pytest.mark.parametrize("page", PAGES)
def test_who_may_open_a_page(desk: Desk, page: str) -> None:
    opened = {name for name in EVERYBODY if desk.client(name).get(page).status_code == 200}
    assert opened == PAGES[page]
    refused = {desk.client(name).get(page).status_code for name in set(EVERYBODY) - opened}
    assert refused <= {403, 404}
    assert desk.client("").get(page).status_code == 302


def test_the_navigation_shows_what_may_be_opened(desk: Desk) -> None:
    html = desk.client("aud").get("/console/").content.decode()
    side = html.partition('<nav id="nav"')[2].partition("</nav>")[0]
    assert "/console/audit/" in side
    assert "/console/areas/" not in side
    assert "/console/staff/" not in side


def test_the_overview_tells_what_is_wrong_and_who_is_on_it(desk: Desk, today: datetime) -> None:
    at = today - timedelta(minutes=40)
    desk.hall.tell(desk.hall.terminal, "printer", "paper.upper", "out", at, today)
    desk.hall.tell(desk.hall.other, "printer", "toner", "low", at, today)
    compute_recent(today)
    html = desk.client("lin").get("/console/live/").content.decode()
    assert "打印机缺纸" in html
    assert "测试RS" in html
    assert "打印机碳粉不足" in html
    assert "k-consumables" in html, "the strip shows whose minutes these were"
    assert 'data-topic="maintenance terminals areas evaluation"' in html
    assert "打印机缺纸" not in desk.client("ou").get("/console/live/").content.decode()


def test_an_administrator_does_not_see_what_happens_in_areas(desk: Desk, today: datetime) -> None:
    desk.hall.tell(desk.hall.terminal, "printer", "paper.upper", "out", today - timedelta(minutes=5), today)
    html = desk.client("sec").get("/console/").content.decode()
    assert "打印机缺纸" not in html
    assert "您管的是系统" in html


def test_a_terminal_page_tells_states_in_words_with_the_raw_code(desk: Desk, today: datetime) -> None:
    desk.hall.tell(desk.hall.terminal, "printer", "paper.upper", "out", today - timedelta(minutes=5), today)
    html = desk.client("lin").get("/console/terminals/KBS-01/").content.decode()
    assert "打印机缺纸" in html
    assert "paper.upper=out" in html
    assert 'class="state stop"' in html


def test_a_silent_terminal_is_never_shown_as_well(desk: Desk, today: datetime) -> None:
    desk.hall.tell(desk.hall.terminal, "printer", "device", "online", today - timedelta(hours=1), today)
    desk.hall.silence(desk.hall.terminal, today - timedelta(minutes=3), today)
    html = desk.client("lin").get("/console/terminals/KBS-01/live/").content.decode()
    assert "失联" in html
    assert "现在是否仍然如此并不知道" in html


def test_an_enrolment_code_is_shown_once_and_not_kept(desk: Desk) -> None:
    answer = desk.client("lin").post("/console/terminals/KBS-01/enrolment/")
    secret = answer.content.decode().partition('class="secret mono">')[2].partition("<")[0]
    assert len(secret.replace("-", "")) == 12
    assert answer["Cache-Control"] == "no-store"
    assert not EnrolmentCode.objects.filter(code_hash__contains=secret).exists()
    assert secret not in desk.client("lin").get("/console/terminals/KBS-01/").content.decode()
    assert desk.client("ren").post("/console/terminals/KBS-01/enrolment/").status_code == 403
    assert desk.client("lin").get("/console/terminals/KBS-01/enrolment/").status_code == 405


def test_suspend_and_resume(desk: Desk) -> None:
    lin = desk.client("lin")
    assert lin.post("/console/terminals/KBS-01/suspend/", {"reason": ""}).status_code == 422
    assert lin.post("/console/terminals/KBS-01/suspend/", {"reason": "换屏"}).status_code == 302
    assert Terminal.objects.get(code="KBS-01").state == "suspended"
    assert lin.post("/console/terminals/KBS-01/resume/").status_code == 302
    assert Terminal.objects.get(code="KBS-01").state == "active"
    assert lin.post("/console/terminals/KBS-01/resume/").status_code == 409, "refused with what to do"


def test_a_refused_form_keeps_what_was_typed(desk: Desk) -> None:
    typed = {"code": "KBS-01", "name": "我打的名字", "area": "KBS", "kind": "own", "owner": "RS", "spot": "门口"}
    answer = desk.client("zhu").post("/console/terminals/new/", typed)
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "已经有了" in html
    assert 'value="我打的名字"' in html
    assert 'value="门口"' in html
    hours = desk.client("lin").post("/console/areas/KBS/hours/", {"hours": "看情况", "valid_from": "2099-01-01"})
    assert hours.status_code == 422
    assert "看情况</textarea>" in hours.content.decode()


def test_hours_are_promised_from_today_on_only(desk: Desk, today: datetime) -> None:
    lin = desk.client("lin")
    assert lin.post("/console/areas/KBS/hours/", {"hours": "全天", "valid_from": "2020-01-01"}).status_code == 422
    on = (today + timedelta(days=3)).date()
    answer = lin.post("/console/areas/KBS/hours/", {"hours": "周一至周五 08:30-17:30", "valid_from": on.isoformat()})
    assert answer.status_code == 302
    page = lin.get("/console/areas/KBS/").content.decode()
    assert "周一至周五 08:30—17:30" in page
    assert "每天 全天 24 小时" in page, "until then the promise of today stands"


def test_an_area_is_opened_and_edited(desk: Desk) -> None:
    zhu = desk.client("zhu")
    region = desk.hall.far_area.place.parent_id
    new = {"code": "HJ2", "name": "新区", "region": region, "kind": "outreach", "latitude": "39.8"}
    assert zhu.post("/console/areas/new/", new).status_code == 302
    assert zhu.post("/console/areas/new/", new).status_code == 422
    edit = {"name": "新区二", "kind": "outreach", "address": "测试路", "latitude": "", "longitude": ""}
    assert zhu.post("/console/areas/HJ2/edit/", edit).status_code == 302
    area = areas.get_area(SYSTEM, "HJ2")
    assert (area.name, area.address, area.latitude) == ("新区二", "测试路", None)
    assert area.place.name == "新区二"


def test_three_administrators_are_never_one_person(desk: Desk) -> None:
    sec, city = desk.client("sec"), desk.hall.city.pk
    answer = sec.post("/console/staff/sys/", {"role": "audit_admin", "place": city})
    assert answer.status_code == 422
    assert "不能由同一人担任" in answer.content.decode()
    assert sec.post("/console/staff/lin/", {"role": "inspector", "place": city}).status_code == 302
    assert RoleGrant.objects.filter(staff=desk.hall.staff["lin"], role="inspector").exists()
    sec.post("/console/staff/sec/", {"role": "inspector", "place": city})
    assert not RoleGrant.objects.filter(staff=desk.hall.staff["sec"], role="inspector").exists(), (
        "nobody grants himself"
    )
    desk.client("sys").post("/console/staff/ou/", {"role": "inspector", "place": city})
    assert not RoleGrant.objects.filter(staff=desk.hall.staff["ou"], role="inspector").exists()


def test_an_account_without_a_role_opens_nothing(desk: Desk) -> None:
    typed = {"username": "xin", "name": "测试新", "password": "short"}
    assert desk.client("sys").post("/console/staff/new/", typed).status_code == 422
    typed["password"] = "a-long-night-shift-77"
    assert desk.client("sys").post("/console/staff/new/", typed).status_code == 302
    desk.hall.staff["xin"] = Staff.objects.get(username="xin")
    assert desk.client("xin").get("/console/").status_code == 403
    grant = RoleGrant.objects.get(staff=desk.hall.staff["ou"])
    assert desk.client("sys").post(f"/console/grants/{grant.pk}/withdraw/").status_code == 403
    assert desk.client("sec").post(f"/console/grants/{grant.pk}/withdraw/").status_code == 302
    assert desk.client("ou").get("/console/areas/").status_code == 403


def test_an_account_is_kept_out_at_once(desk: Desk) -> None:
    mo = desk.client("mo")
    assert mo.get("/console/").status_code == 200
    desk.client("sys").post("/console/staff/mo/switch/", {"active": "0"})
    assert mo.get("/console/").status_code == 302


def upload(client: Client, key: str, text: str) -> tuple[int, str]:
    answer = client.post(f"/console/imports/{key}/", {"table": SimpleUploadedFile("t.csv", text.encode())})
    return answer.status_code, answer.content.decode()


def test_an_import_is_seen_before_it_is_loaded(desk: Desk) -> None:
    zhu = desk.client("zhu")
    status, html = upload(zhu, "areas", "代码,名称,区划代码,承诺时间\nNEW,测试新区,150625,全天\n")
    assert status == 200
    assert "测试新区" in html
    assert not areas.visible_to(SYSTEM).filter(code="NEW").exists(), "seeing is not loading"
    payload = html.partition('name="payload" value="')[2].partition('"')[0]
    assert zhu.post("/console/imports/areas/", {"payload": payload[:-3] + "xxx"}).status_code == 422
    assert zhu.post("/console/imports/regions/", {"payload": payload}).status_code == 404
    assert zhu.post("/console/imports/areas/", {"payload": payload}).status_code == 302
    assert areas.visible_to(SYSTEM).filter(code="NEW").exists()


def test_an_import_with_a_wrong_row_offers_no_loading(desk: Desk) -> None:
    status, html = upload(desk.client("zhu"), "areas", "代码,名称,区划代码\nNEW,好,150625\nx,坏,150625\n")
    assert status == 422
    assert "1 处有问题" in html
    assert 'name="payload"' not in html
    assert upload(desk.client("zhu"), "areas", "不是,表格\n")[0] == 422


def test_the_audit_page_finds_tidying(desk: Desk, today: datetime) -> None:
    audit.seal(center_keys().audit_private, today)
    aud = desk.client("aud")
    assert "链完整" in aud.post("/console/audit/verify/").content.decode()
    line = AuditLine.objects.filter(seq=3).get()
    AuditLine.objects.filter(pk=line.pk).update(record=line.record.replace("150", "151"))
    html = aud.post("/console/audit/verify/").content.decode()
    assert "链不完整" in html
    assert desk.client("zhu").post("/console/audit/verify/").status_code == 403


def test_the_audit_page_takes_a_witness(desk: Desk, today: datetime) -> None:
    audit.seal(center_keys().audit_private, today)
    aud = desk.client("aud")
    known = AuditLine.objects.get(seq=5).hash
    assert "您给的见证链头在链里" in aud.post("/console/audit/verify/", {"seq": "5", "hash": known}).content.decode()
    other = aud.post("/console/audit/verify/", {"seq": "5", "hash": "0" * 64}).content.decode()
    assert "链不完整" in other
    assert "没有用上" in aud.post("/console/audit/verify/", {"seq": "5", "hash": "xyz"}).content.decode()


def test_search_stays_within_the_scope(desk: Desk) -> None:
    assert "KBS-01" in desk.client("lin").get("/console/search/?q=kbs-01").content.decode()
    assert "没有找到" in desk.client("ou").get("/console/search/?q=kbs-01").content.decode()


def test_signing_in_and_out(desk: Desk) -> None:
    browser = Client()
    page = browser.get("/accounts/login/").content.decode()
    assert "演示账号" in page
    wrong = browser.post("/accounts/login/", {"login": "lin", "password": "wrong"})
    assert wrong.status_code == 200
    assert 'value="lin"' in wrong.content.decode(), "the name stays typed"
    right = browser.post("/accounts/login/?next=/console/areas/", {"login": "lin", "password": PASSWORD})
    assert (right.status_code, right["Location"]) == (302, "/console/areas/")
    assert browser.get("/console/areas/").status_code == 200
    browser.post("/accounts/logout/")
    assert browser.get("/console/areas/").status_code == 302
