"""Everybody's pages: they say what is true now, need no sign-in and no script, and give nobody's data away."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from tests.center.services_cast import SYSTEM, set_state

from budayang.center.areas.actions import create_area, plan_stop
from budayang.center.maintenance import fault_notices
from budayang.center.maintenance.models import Incident
from budayang.center.platform import audit, retention
from budayang.center.platform.actions import record
from budayang.center.platform.models import AuditLine
from budayang.center.platform.sealing import center_keys
from budayang.center.public import open_data, rule_words
from budayang.center.services import codes, judging
from budayang.center.services.case_actions import code_hash
from budayang.center.services.models import Case, Item, Paper, VerificationAttempt
from budayang.center.terminals.models import Terminal
from budayang.rules import services as rules
from budayang.rules.causes import get_cause

CODE = "XSABT-8MNKG-59K8F-JGVM9"


@pytest.fixture
def night(judged: datetime, monkeypatch: pytest.MonkeyPatch) -> datetime:
    """The pages read the clock: it stands still at 02:14."""
    monkeypatch.setattr(timezone, "now", lambda: judged)
    return judged


@pytest.fixture
def done_case(jia: Terminal, now: datetime) -> Case:
    """A finished case with a paper, as its verification code finds it."""
    case = Case.objects.create(
        number="KBS01-0000-000001-X",
        terminal=jia,
        item=Item.objects.get(code="ZZ001"),
        place_path=jia.area.place.path,
        state="done",
        identity_hash="x",
        code_hash=code_hash(CODE),
        masked={"name": codes.mask_name("测试甲"), "id_number": codes.mask_id_number("999999199001011234")},
        accepted_at=now,
        finished_at=now,
    )
    Paper.objects.create(case=case, document_sha256="ab" * 32, entitled_at=now, changed_at=now)
    return case


def text_of(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status
    return answer.content.decode()


def test_the_first_page_says_what_works_now(client: Client, night: datetime) -> None:
    page = text_of(client, "/")
    assert "夜深了" in page
    assert "可办 2 项" in page
    assert "暂停 1 项" in page
    assert "演示数据" in page


def test_where_shows_the_reason_and_the_place_that_works(client: Client, night: datetime, jia: Terminal) -> None:
    set_state(jia, "printer", "paper.upper", "out", night)
    judging.refresh(judging.active_offerings(terminal_id=jia.pk), night)
    page = text_of(client, "/where/?item=ZZ001&near=KBS")
    assert page.index("YJHL-01") < page.index("KBS-01")
    assert "打印机缺纸" in page
    assert "直线 4.8 公里" in page
    only = text_of(client, "/where/rows/?item=ZZ001&only=1")
    assert "KBS-01" not in only


def test_a_stop_with_a_known_end_says_until_when(client: Client, night: datetime) -> None:
    assert "暂停至 07:00" in text_of(client, "/where/?item=ZZ054")


def test_a_place_tells_of_its_planned_stops_ahead(client: Client, night: datetime, jia: Terminal) -> None:
    now = timezone.now()
    for hours, reason in ((30, "更换路由器"), (24 * 6, "下周检修")):
        start = now + timedelta(hours=hours)
        plan_stop(
            SYSTEM, place=jia.area.place, starts_at=start, ends_at=start + timedelta(hours=2),
            reason=reason, now=now,
        )  # fmt: skip
    page = client.get("/where/?area=KBS").content.decode()
    assert "更换路由器" in page
    assert "下周检修" not in page


def test_a_place_tells_of_the_faults_that_stand_and_blames_nobody(
    client: Client, night: datetime, jia: Terminal, yi: Terminal
) -> None:
    def fault(kind: str, terminal: Terminal | None, cause: Incident | None = None) -> Incident:
        found = get_cause(kind)
        return Incident.objects.create(
            kind=kind, subject=f"{kind}-{terminal}", title=found.title, place_path=jia.area.place.path, area=jia.area,
            terminal=terminal, severity=found.severity.value, bucket=found.bucket.value, cause=cause, policy={},
            opened_at=night, noticed_at=night,
        )  # fmt: skip

    fault("paper_low", jia)  # none of people's business
    for one in (jia, yi):
        fault("paper_out", one)
    network = fault("network_down", None)
    fault("terminal_silent", jia, network)
    fault_notices.rebuild(night)
    fault_notices.post_due(night)
    for address in ("/where/rows/?area=KBS", "/door/KBS/now/"):
        page = client.get(address).content.decode()
        told = [
            re.sub("<[^>]+>", "", part).strip() for part in re.findall(r'<article class="fault">\s*<p>(.*?)</p>', page)
        ]
        assert told == [
            "暂停服务 自助区网络中断，正在恢复。",
            f"暂停服务 {jia.name}：这台机器暂时不能打印。",
            f"暂停服务 {yi.name}：这台机器暂时不能打印。",
        ]
        assert page.count("正在安排人来处理") == 3
    assert "暂时不能打印。" not in client.get("/where/rows/?item=ZZ001").content.decode(), "only at the place"


@pytest.mark.parametrize("query", ["社保证明", "sbzm", "个人参保"])
def test_a_query_finds_the_item(client: Client, night: datetime, query: str) -> None:
    assert "个人参保证明查询打印" in text_of(client, f"/where/?q={query}")


def test_a_place_is_found_too_and_lists_each_item_once(client: Client, night: datetime) -> None:
    page = text_of(client, "/where/?q=YJHL")
    assert page.count(">医保参保凭证打印</a>") == 1
    assert "KBS-01" not in page


def test_what_is_not_found_says_what_to_do(client: Client, night: datetime) -> None:
    page = text_of(client, "/where/?q=%3Cscript%3E")
    assert "没有找到" in page
    assert "<script>" not in page


def test_old_verdicts_are_not_shown_as_true(client: Client, night: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: night + timedelta(hours=1))
    page = text_of(client, "/where/?item=ZZ001")
    assert "状态待更新" in page
    assert "现在没有地方能办" in page


def test_the_guide_tells_what_is_not_checked(client: Client, night: datetime) -> None:
    page = text_of(client, "/items/ZZ001/")
    assert "未核实" in page
    assert "RS信息科 已确认" in page
    assert "每天24小时" in page
    assert "待部门确认" in text_of(client, "/items/ZZ130/")
    text_of(client, "/items/NO/", 404)


def test_the_catalogue_lists_departments(client: Client, night: datetime) -> None:
    assert "法律援助申请" in text_of(client, "/items/")


def test_english_is_a_press_away(client: Client, night: datetime) -> None:
    client.post("/i18n/setlang/", {"language": "en", "next": "/"})
    page = text_of(client, "/")
    assert "Where can it be done now" in page
    assert "2 available" in page
    assert "Can be done now" in text_of(client, "/where/?item=ZZ001")


def test_a_true_paper_is_verified_with_masked_fields(client: Client, done_case: Case) -> None:
    page = text_of(client, f"/verify/{CODE}")
    assert "核验通过" in page
    assert "测**" in page
    assert "9999**********1234" in page
    assert "ab" * 32 in page
    assert "测试甲" not in page
    assert "没有法律效力" in page


@pytest.mark.parametrize("typed", ["xsabt-8mnkg-59k8f-jgvm9", " XSABT8MNKG59K8FJGVM9 ", "XSABT 8MNKG 59K8F JGVM9"])
def test_a_code_is_read_as_people_type_it(client: Client, done_case: Case, typed: str) -> None:
    answer = client.post("/verify/", {"code": typed})
    assert (answer.status_code, answer["Location"]) == (302, f"/verify/{CODE}")


def test_a_code_that_is_none_is_told_so(client: Client, db: None) -> None:
    assert client.post("/verify/", {"code": "12"}).status_code == 400
    assert "没有这个验证码" in text_of(client, "/verify/AAAAA-AAAAA-AAAAA-AAAAA", 404)


def test_guessing_is_slowed_down_and_reading_is_not(client: Client, done_case: Case) -> None:
    for _one in range(12):
        assert client.get(f"/verify/{CODE}").status_code == 200
    for _one in range(10):
        assert client.get("/verify/AAAAA-AAAAA-AAAAA-AAAAA").status_code == 404
    assert client.get("/verify/AAAAA-AAAAA-AAAAA-AAAAA").status_code == 429
    assert client.get(f"/verify/{CODE}").status_code == 429
    assert client.get(f"/verify/{CODE}", REMOTE_ADDR="10.0.0.9").status_code == 200
    assert "127.0.0.1" not in repr(list(VerificationAttempt.objects.values()))


def test_an_unfinished_case_verifies_nothing(client: Client, done_case: Case) -> None:
    Case.objects.update(state="working")
    assert client.get(f"/verify/{CODE}").status_code == 404


def test_old_attempts_are_forgotten(client: Client, done_case: Case, now: datetime) -> None:
    client.get(f"/verify/{CODE}")
    VerificationAttempt.objects.update(at=now - timedelta(days=31))
    retention.erase_due(now)
    assert not VerificationAttempt.objects.exists()


@pytest.fixture
def sealed_line(db: None, now: datetime) -> AuditLine:
    """One act in the chain."""
    with transaction.atomic():
        record(SYSTEM, "test.act", subject="x", at=now)
    audit.seal(center_keys().audit_private, now)
    return AuditLine.objects.get(action="test.act")


def test_a_receipts_head_is_compared_with_the_chain(client: Client, sealed_line: AuditLine) -> None:
    good, seq = sealed_line.hash, sealed_line.seq
    assert ">一致<" in text_of(client, f"/receipt/?seq={seq}&hash={good[:24]}")
    assert ">一致<" in text_of(client, f"/receipt/?seq={seq}&hash={good[:8].upper()}%20{good[8:20]}")
    assert "不一致" in text_of(client, f"/receipt/?seq={seq}&hash={'0' * 24}")
    assert "查不到这一号" in text_of(client, f"/receipt/?seq=99999&hash={good}")
    assert "没有看懂" in text_of(client, f"/receipt/?seq={seq}&hash={good[:8]}")


def test_the_receipts_code_checks_both_at_once(client: Client, done_case: Case, sealed_line: AuditLine) -> None:
    page = text_of(client, f"/verify/{CODE}?w={sealed_line.seq}-{sealed_line.hash[:24]}")
    assert "核验通过" in page
    assert ">一致<" in page
    AuditLine.objects.filter(pk=sealed_line.pk).update(hash="f" * 64)
    assert "不一致" in text_of(client, f"/verify/{CODE}?w={sealed_line.seq}-{sealed_line.hash[:24]}")


def test_open_data_are_the_rows_of_the_page(client: Client, night: datetime) -> None:
    body = json.loads(client.get("/open/availability.json").content)
    assert body["demonstration"] is True
    rows: dict[Any, Any] = {(row["terminal"], row["item"]): row["truth"] for row in body["rows"]}
    assert rows["KBS-01", "ZZ001"] == "doable"
    assert rows["KBS-01", "ZZ054"] == "stopped"
    lines = list(csv.reader(io.StringIO(client.get("/open/availability.csv").content.decode("utf-8-sig"))))
    assert lines[0] == ["演示数据"]
    assert len(lines) == len(body["rows"]) + 2
    text_of(client, "/open/")


def test_open_data_are_made_once_for_whoever_asks_in_the_same_seconds(
    client: Client, judged: datetime, jia: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[datetime] = []
    clock = [judged]

    def where(*args: Any) -> list[Any]:
        made.append(clock[0])
        return []

    monkeypatch.setattr(timezone, "now", lambda: clock[0])
    monkeypatch.setattr(open_data.queries, "where", where)
    for address in ("/open/availability.json", "/open/availability.csv"):
        made.clear()
        first = client.get(address)
        assert first["Cache-Control"] == f"public, max-age={open_data.KEPT_S}"
        assert client.get(address).content == first.content
        assert len(made) == 1
        clock[0] += timedelta(seconds=open_data.KEPT_S)
        assert client.get(address).status_code == 200
        assert len(made) == 2, "then it is made anew"
        clock[0] += timedelta(seconds=open_data.KEPT_S)
        cache.add(f"open:{address.rpartition('/')[2]}:making", True, 60)
        assert client.get(address).status_code == 200
        assert len(made) == 2, "somebody is making it: the former one serves"
        clock[0] += timedelta(seconds=open_data.OLD_S)
        client.get(address)
        assert len(made) == 3, "a former one of a minute ago does not"


def test_the_home_page_asks_no_more_for_more_areas(
    client: Client, night: datetime, city: Any, django_assert_max_num_queries: Any
) -> None:
    with CaptureQueriesContext(connection) as few:
        assert client.get("/").status_code == 200
    for number in range(6):
        create_area(SYSTEM, code=f"N{number}", name=f"演示{number}区", parent=city, latitude=39.6, longitude=109.8)
    with django_assert_max_num_queries(len(few)):
        page = client.get("/").content.decode()
    assert "演示5区" in page


def test_pages_set_no_personal_cookie_and_need_no_inline_script(client: Client, night: datetime) -> None:
    for address in ("/", "/where/", "/items/", "/verify/", "/receipt/", "/open/"):
        answer = client.get(address)
        assert "onclick=" not in answer.content.decode()
        assert "style=" not in answer.content.decode()
        assert set(answer.cookies) <= {"csrftoken"}


def test_the_rules_sentences_are_listed_for_translation() -> None:
    spoken = {text for _reason, text in rules._TERMINAL_BLOCKS.values()}
    assert spoken <= set(rule_words.RULE_WORDS)


def test_the_door_screen_says_what_is_open_and_asks_for_itself(client: Client, night: datetime) -> None:
    page = client.get("/door/KBS/").content.decode()
    assert 'hx-get="/door/KBS/now/"' in page
    assert "现在能办" in page
    assert "没有停用的机器" in page
    assert "报警 110 · 火警 119 · 急救 120" in page
    assert client.get("/door/NONE/").status_code == 404


def test_the_door_screen_is_not_green_while_a_stop_runs_or_a_machine_is_suspended(
    client: Client, night: datetime, jia: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = night + timedelta(hours=1)
    plan_stop(
        SYSTEM,
        place=jia.area.place,
        starts_at=start,
        ends_at=start + timedelta(hours=2),
        reason="更换路由器",
        now=night,
    )
    for hours, told in ((0.5, True), (1, True), (2.9, True), (3, False)):
        monkeypatch.setattr(timezone, "now", lambda at=night + timedelta(hours=hours): at)
        page = client.get("/door/KBS/now/").content.decode()
        assert ("更换路由器" in page, "没有停用的机器" in page) == (told, not told)
        assert ("正在停用" in page) is (told and hours >= 1)
    Terminal.objects.filter(pk=jia.pk).update(state="suspended")
    page = client.get("/door/KBS/now/").content.decode()
    assert "没有停用的机器" not in page
    assert f"暂停服务</span> {jia.name}" in page


def test_the_door_screen_tells_the_time_of_its_place(client: Client, night: datetime, jia: Terminal) -> None:
    place = jia.area.place
    place.zone = "Asia/Urumqi"
    place.save()
    local = night.astimezone(ZoneInfo("Asia/Urumqi"))
    page = client.get("/door/KBS/now/").content.decode()
    assert f'<p class="clock">{local:%H:%M}<small>' in page
    assert f"{local.month}月{local.day}日" in page
