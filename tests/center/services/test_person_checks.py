"""人证核对 in the center: what a terminal must tell, what is kept of it, and a consent that is taken back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from tests.center.services.the_counter import KEY, PERSON, Clock, Counter, Department, Kiosk, give_session

from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import AuditLine
from budayang.center.platform.sealing import open_field, seal_field
from budayang.center.services import keeping, privacy
from budayang.center.services.connector_actions import declare_items
from budayang.center.services.models import Case, CaseStep, PersonCheck, StaffCheck, WindowTask
from budayang.center.services.publishing import catalogue_of
from budayang.center.terminals.models import Terminal

pytestmark = pytest.mark.django_db(transaction=True)
SYSTEM = Actor.system()
AT = "2026-11-23T18:13:00+00:00"
CONSENT = {"version": "face-2026-11", "at": "2026-11-23T18:12:00+00:00"}
FACE = {"way": "face", "at": AT, "consent": CONSENT, "score": "high"}
WINDOW = {"way": "window", "at": AT}


@pytest.fixture
def department() -> Department:
    return Department()


@pytest.fixture
def kiosk(judged: datetime, department: Department, jia: Terminal, now: datetime) -> Iterator[Kiosk]:
    give_session(jia, KEY, now, seal_field)
    wanted = {"ZZ001": {"kind": "query_print", "person_check": True}}
    declare_items(SYSTEM, "RS", {"contract": "1", "items": wanted}, now)
    counter = Counter(Clock(now), department)
    yield Kiosk(counter, jia)
    counter.stop()


def submit(kiosk: Kiosk, check: dict[str, Any] | None, count: int = 1) -> tuple[int, dict[str, Any]]:
    person = {**PERSON, **({"check": check} if check is not None else {})}
    answer = kiosk.submit(count, person=person)
    return answer.status_code, answer.json()


def staff_saw(jia: Terminal, now: datetime, result: str = "same", item: str = "ZZ001") -> StaffCheck:
    return StaffCheck.objects.create(
        terminal_id=jia.pk, place_path=jia.area.place.path, item_code=item, mark="a1b2", state="ended", result=result,
        asked_at=now, ended_at=now, answered_by="测试甲",
    )  # fmt: skip


def test_the_terminal_is_told_which_items_ask_for_it_and_what_to_say(
    kiosk: Kiosk, jia: Terminal, now: datetime
) -> None:
    body = catalogue_of(jia.pk, now)
    asks = {item["code"] for item in body["items"] if item.get("person_check")}
    assert asks == {"ZZ001"}
    assert body["face_consent"]["version"] == "face-2026-11"
    assert body["consent"]["version"] != body["face_consent"]["version"]
    said = "".join(body["face_consent"]["lines"]) + body["face_consent"]["keeps"]
    for word in ("谁来比对", "为什么", "怎样比对", "影响", "不同意也照样能办", "撤回", "3 年"):
        assert word in said, "个人信息保护法 第十七、二十九、三十条"


@pytest.mark.parametrize(
    "check",
    [
        None,
        {"way": "glance", "at": AT},
        {"way": "face", "at": AT, "score": "high"},
        {"way": "face", "at": AT, "consent": {"version": "", "at": AT}, "score": "high"},
        {"way": "face", "at": AT, "consent": {"version": "x", "at": " "}, "score": "high"},
        {"way": "face", "at": AT, "consent": CONSENT, "score": "0.93"},
        {"way": "face", "at": "yesterday", "consent": CONSENT, "score": "high"},
        {"way": "face", "at": "2026-11-23T18:13:00", "consent": CONSENT, "score": "high"},
        {"way": "staff", "at": AT, "mark": "nobody"},
        {"way": "staff", "at": AT},
    ],
)
def test_what_does_not_hold_hands_nothing_in(kiosk: Kiosk, check: Any, department: Department) -> None:
    status, answer = submit(kiosk, check)
    assert (status, answer["error"]) == (422, "check_missing")
    assert "什么都没有提交" in answer["message"]
    assert not Case.objects.exists()
    assert not department.asked


def test_by_the_face_with_a_consent_of_its_own(kiosk: Kiosk, department: Department) -> None:
    assert submit(kiosk, FACE)[0] == 202
    kiosk.wait()
    row = PersonCheck.objects.get()
    assert (row.way, row.score_class, row.notice_version) == ("face", "high", "face-2026-11")
    assert row.consented_at == CONSENT["at"]
    assert row.case.state == "done"
    assert json.loads(department.asked[0].content)["person_check"] == {"way": "face", "at": AT}
    assert AuditLine.objects.get(action="services.record_check").details["notice"] == "face-2026-11"
    assert privacy.cases_by_version()["face-2026-11"] == 1
    assert submit(kiosk, FACE)[0] == 202, "the same number again is the same case"
    assert PersonCheck.objects.count() == 1


def test_no_row_of_a_face_without_its_consent(kiosk: Kiosk, now: datetime) -> None:
    submit(kiosk, WINDOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        PersonCheck.objects.update(way="face")


def test_at_the_window_nothing_goes_to_the_department_before(kiosk: Kiosk, department: Department) -> None:
    status, answer = submit(kiosk, WINDOW)
    assert (status, answer["state"]) == (202, "window")
    task = WindowTask.objects.get()
    assert task.missing[0] == "身份证原件，由窗口人员当面核对"
    assert not department.asked
    opened = kiosk.open(kiosk.wait())
    assert opened["receipt_pdf"], "the slip for the window"
    assert PersonCheck.objects.get().way == "window"


def test_what_a_member_of_the_staff_saw(kiosk: Kiosk, jia: Terminal, yi: Terminal, now: datetime) -> None:
    staff_saw(jia, now)
    assert submit(kiosk, {"way": "staff", "at": AT, "mark": "a1b2"})[0] == 202
    assert PersonCheck.objects.get().checked_by == "测试甲"


def test_a_case_that_was_saved_while_the_line_was_away_is_as_good_hours_later(
    kiosk: Kiosk, jia: Terminal, now: datetime
) -> None:
    staff_saw(jia, now)
    kiosk.counter.clock.now = now + timedelta(hours=7)
    assert submit(kiosk, {"way": "staff", "at": AT, "mark": "a1b2"})[0] == 202
    row = PersonCheck.objects.get()
    assert (row.checked_at, row.checked_by) == (now, "测试甲")


@pytest.mark.parametrize("minutes", [71, -71])
def test_what_was_seen_in_another_journey_does_not_hold_for_this_one(
    kiosk: Kiosk, jia: Terminal, now: datetime, minutes: int
) -> None:
    seen = now + timedelta(minutes=minutes)
    StaffCheck.objects.filter(pk=staff_saw(jia, now).pk).update(ended_at=seen)
    assert submit(kiosk, {"way": "staff", "at": seen.isoformat(), "mark": "a1b2"})[0] == 422


@pytest.mark.parametrize("wrong", ["different", "elsewhere", "long ago", "over another matter"])
def test_what_nobody_saw_here_and_now_does_not_hold(
    kiosk: Kiosk, jia: Terminal, yi: Terminal, now: datetime, wrong: str
) -> None:
    call = staff_saw(yi if wrong == "elsewhere" else jia, now, "different" if wrong == "different" else "same")
    if wrong == "over another matter":
        StaffCheck.objects.filter(pk=call.pk).update(item_code="ZZ031")
    if wrong == "long ago":
        StaffCheck.objects.filter(pk=call.pk).update(ended_at=now - timedelta(hours=2))
    assert submit(kiosk, {"way": "staff", "at": AT, "mark": "a1b2"})[0] == 422


def test_an_item_that_asks_for_none_keeps_none(kiosk: Kiosk, department: Department, now: datetime) -> None:
    declare_items(SYSTEM, "RS", {"contract": "1", "items": {"ZZ001": {"kind": "query_print"}}}, now)
    assert submit(kiosk, FACE)[0] == 202
    assert not PersonCheck.objects.exists()
    kiosk.wait()
    assert "person_check" not in json.loads(department.asked[0].content)


def test_the_consent_is_taken_back_on_the_public_page(kiosk: Kiosk) -> None:
    submit(kiosk, FACE)
    kiosk.wait()
    case = Case.objects.get()
    code = open_field("services_case", case.number, "code", bytes(case.code_sealed or b""))
    client = Client()
    asked = {"number": case.number, "code": code}
    assert "撤回刷脸的同意" in client.post("/progress/", asked).content.decode()
    wrong = client.post("/progress/", {"number": case.number, "code": "WRONG", "act": "withdraw_face"})
    assert wrong.status_code == 404
    assert PersonCheck.objects.get().withdrawn_at is None
    page = client.post("/progress/", {**asked, "act": "withdraw_face"}).content.decode()
    assert "已撤回刷脸的同意" in page
    row = PersonCheck.objects.get()
    assert row.withdrawn_at is not None
    assert row.score_class == "", "what was left of the comparison is gone"
    assert row.notice_version == "face-2026-11", "that there was a consent stays proved"
    assert "本人撤回了刷脸同意" in page
    assert CaseStep.objects.filter(case=case, step="face_withdrawn").count() == 1
    assert 'name="act" value="withdraw_face"' not in page
    client.post("/progress/", {**asked, "act": "withdraw_face"})
    assert CaseStep.objects.filter(case=case, step="face_withdrawn").count() == 1
    case.refresh_from_db()
    assert case.state == "done", "what was done stays done"


def test_it_is_gone_after_three_years(kiosk: Kiosk, now: datetime) -> None:
    submit(kiosk, FACE)
    rule = next(one for one in keeping.RETENTION if one.name == "services.person_checks")
    PersonCheck.objects.update(checked_at=now - timedelta(days=3 * 365 - 1))
    assert not rule.due(rule.held(), now).exists()
    PersonCheck.objects.update(checked_at=now - timedelta(days=3 * 365 + 1))
    assert rule.erase(rule.due(rule.held(), now)) == 1
    assert not PersonCheck.objects.exists()


def test_each_kind_of_notice_has_its_own_editions(kiosk: Kiosk, jia: Terminal, now: datetime) -> None:
    text = privacy.NoticeText("face-2", "刷脸比对", ("新的一条",), "比完就删", kind=privacy.FACE)
    privacy.publish_notice(SYSTEM, text, valid_from=now, now=now)
    body = catalogue_of(jia.pk, now)
    assert body["face_consent"]["version"] == "face-2"
    assert body["consent"]["version"] == privacy.SHIPPED.version
    with pytest.raises(Refused, match="已经用过"):
        privacy.publish_notice(SYSTEM, privacy.NoticeText("face-2", "通用", ("一条",), "七天"), valid_from=now, now=now)
    with pytest.raises(Refused):
        privacy.publish_notice(SYSTEM, privacy.NoticeText("x", "y", ("z",), "k", kind="iris"), valid_from=now, now=now)
