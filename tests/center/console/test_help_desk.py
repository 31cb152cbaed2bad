"""帮办台: somebody calls from a terminal; the helper searches the caller's words from where the caller stands."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.utils import timezone
from tests.center.console.the_desk import Desk
from tests.center.hall import SYSTEM
from tests.center.services_cast import catalogue_rows

from budayang.center.platform.models import AuditLine, Transition
from budayang.center.services import actions, help_actions, jobs, searching
from budayang.center.services.models import HelpCall, Item, Offering
from budayang.center.terminals.models import Credential, Outgoing
from budayang.terminal.finding import Finder
from budayang.wire.mac import public_text, sign
from budayang.wire.presence import make_presence

pytestmark = pytest.mark.django_db
EVERYBODY = ("zhu", "lin", "ou", "ren", "mo", "ning", "sys", "sec", "aud")


@pytest.fixture
def hall(desk: Desk) -> Any:
    """The whole catalogue; one item is stopped where the caller stands and can be done at the neighbour."""
    assert not actions.import_items(SYSTEM, catalogue_rows(), is_demo=True).errors
    now, item = timezone.now(), Item.objects.get(code="ZZ001")
    for terminal, truth, reason, text in (
        (desk.hall.terminal, "stopped", "device_fault", "打印机缺纸"),
        (desk.hall.other, "doable", "open", "现在可以办理"),
    ):
        Offering.objects.create(
            item=item, terminal=terminal, truth=truth, text=text, reason=reason, judged_at=now,
            judge_at=now + timedelta(minutes=10), active=True,
        )  # fmt: skip
    return desk.hall


def call(hall: Any, now: datetime, kind: str = "help", **more: Any) -> HelpCall:
    """The button is pressed; the event comes as any other, by the inbox."""
    hall.inbox(hall.terminal, "help", {"kind": kind, "step": "identity", "item": "ZZ001", **more}, now, now)
    jobs.read_inbox(now)
    return HelpCall.objects.latest("pk")


def test_a_call_comes_once_with_place_step_and_item(hall: Any, desk: Desk) -> None:
    now = timezone.now()
    made = call(hall, now)
    assert (made.kind, made.state, made.step, made.item_code) == ("help", "waiting", "identity", "ZZ001")
    assert help_actions.take_call("KBS-01", {"kind": "help", "step": "identity", "item": "ZZ001"}, now, now) == made
    assert help_actions.take_call("KBS-01", {"kind": "gossip"}, now, now) is None
    assert help_actions.take_call("KBS-01", {"kind": "check"}, now, now) is None, "one to compare names its journey"
    assert Transition.objects.filter(kind="services.help_called").count() == 1
    page = desk.client("lin").get("/console/help/").content.decode()
    for word in ("呼叫帮办", "个人参保证明查询打印", "核验身份", "等人接", "KBS-01"):
        assert word in page


def test_who_sees_a_call_and_who_takes_it_on(hall: Any, desk: Desk) -> None:
    made = call(hall, timezone.now())
    page = f"/console/help/{made.pk}/"
    assert {name for name in EVERYBODY if desk.client(name).get(page).status_code == 200} == {
        "zhu", "lin", "ren", "ning",
    }  # fmt: skip
    takes = {name for name in EVERYBODY if "我来帮" in desk.client(name).get(page).content.decode()}
    assert takes == {"zhu", "lin", "ren"}
    assert desk.client("mo").post(f"{page}answer/").status_code == 403
    assert desk.client("lin").post(f"{page}answer/").status_code == 302
    made.refresh_from_db()
    assert (made.state, made.answered_by) == ("answered", "测试甲")
    assert "刚刚已被同事接起" in desk.client("zhu").post(f"{page}answer/").content.decode()
    assert desk.client("lin").post(f"{page}end/").status_code == 302
    made.refresh_from_db()
    assert made.state == "ended"
    assert "已经结束" in desk.client("lin").post(f"{page}end/").content.decode()
    told = AuditLine.objects.filter(action__in=("services.answer_call", "services.end_call"))
    assert sorted(told.values_list("action", flat=True)) == ["services.answer_call", "services.end_call"]


def test_the_callers_words_are_answered_from_where_the_caller_stands(hall: Any, desk: Desk) -> None:
    made = call(hall, timezone.now())
    page = desk.client("lin").get(f"/console/help/{made.pk}/?q=打社保证明").content.decode()
    first = page[page.index("<tbody>") :].split("</tr>")[0]
    assert "个人参保证明查询打印" in first
    assert "暂停服务" in first
    assert "打印机缺纸" in first, "the truth here, with its reason"
    assert "现在能办" in first, "and the nearest place"
    assert hall.other.code in first
    rows = desk.client("lin").get(f"/console/help/{made.pk}/rows/?q=gjj提取").content.decode()
    assert "按“公积金提取”查找" in rows, "read by the same index"
    assert "这台终端不办这件事" in rows
    refused = desk.client("lin").get(f"/console/help/{made.pk}/rows/?q=查前妻的房产").content.decode()
    assert "只有本人持本人证件" in refused
    assert "没有找到" in desk.client("lin").get(f"/console/help/{made.pk}/rows/?q=买火车票").content.decode()


def test_the_same_words_mean_the_same_at_the_terminal_and_here(hall: Any, desk: Desk) -> None:
    """One index: what the console reads out is what the terminal's screen would list."""
    finder = Finder()
    finder.take(searching.shipped_index())
    made = call(hall, timezone.now())
    every = {code: {} for code in Item.objects.values_list("code", flat=True)}
    for words in ("打社保证明", "gjj提取", "我妈退休了要刷脸认证", "身份证丢了"):
        shown = finder.find(words, every, 1).codes
        page = desk.client("lin").get(f"/console/help/{made.pk}/rows/?q={words}").content.decode()
        first = page[page.index("<tbody>") :].split("</tr>")[0]
        assert shown[0] in first, words


def test_an_emergency_that_waits_is_the_gravest(hall: Any, desk: Desk) -> None:
    call(hall, timezone.now(), "sos")
    page = desk.client("lin").get("/console/help/").content.decode()
    assert "紧急求助" in page
    assert "state stop" in page


def test_calls_that_nobody_ended_end_by_themselves(hall: Any) -> None:
    now = timezone.now()
    made = call(hall, now)
    assert help_actions.end_stale(now + timedelta(hours=1)) == 0
    assert help_actions.end_stale(now + timedelta(hours=3)) == 1
    made.refresh_from_db()
    assert made.state == "ended"


# To have person and card compared -----------------------------------------------------------------------------------


@pytest.fixture
def key(hall: Any) -> Ed25519PrivateKey:
    """The terminal's own key, with which its screen signs the code of the minute."""
    made = Ed25519PrivateKey.generate()
    Credential.objects.create(
        terminal=hall.terminal, public_key=public_text(made), enrolled_at=timezone.now() - timedelta(days=1)
    )
    return made


def screen_code(key: Ed25519PrivateKey, at: datetime) -> str:
    return make_presence(lambda message: sign(key, message), "KBS-01", at)


def test_only_who_stands_before_the_screen_can_say_that_it_is_the_person(
    hall: Any, desk: Desk, key: Ed25519PrivateKey
) -> None:
    now = timezone.now()
    made = call(hall, now, "check", mark="a1b2")
    client = desk.client("lin")
    old = screen_code(key, now - timedelta(minutes=30))
    assert "请重新扫一次" in client.post("/console/help/check/", {"c": old, "same": "1"}).content.decode()
    stranger = screen_code(Ed25519PrivateKey.generate(), now)
    assert "请重新扫一次" in client.post("/console/help/check/", {"c": stranger, "same": "1"}).content.decode()
    assert "不能在这里接" in client.post(f"/console/help/{made.pk}/answer/").content.decode()
    assert not Outgoing.objects.filter(kind="person_check").exists()
    shown = client.get("/console/help/check/", {"c": screen_code(key, now)}).content.decode()
    assert "个人参保证明查询打印" in shown
    assert "是本人" in shown
    assert client.post("/console/help/check/", {"c": screen_code(key, now), "same": "1"}).status_code == 302
    made.refresh_from_db()
    assert (made.state, made.result, made.answered_by) == ("ended", "same", "测试甲")
    assert Outgoing.objects.get(kind="person_check").body == {"mark": "a1b2", "same": True}
    assert AuditLine.objects.get(action="services.answer_check").details["result"] == "same"
    assert "没有人在等核对" in client.get("/console/help/check/", {"c": screen_code(key, now)}).content.decode()


def test_who_is_not_the_person_is_told_to_the_terminal_too(hall: Any, desk: Desk, key: Ed25519PrivateKey) -> None:
    now = timezone.now()
    call(hall, now, "check", mark="a1b2")
    desk.client("lin").post("/console/help/check/", {"c": screen_code(key, now), "same": "0"})
    assert Outgoing.objects.get(kind="person_check").body == {"mark": "a1b2", "same": False}
    assert HelpCall.objects.get().result == "different"


def test_a_keeper_of_another_place_sees_nobody_waiting(hall: Any, desk: Desk, key: Ed25519PrivateKey) -> None:
    now = timezone.now()
    call(hall, now, "check", mark="a1b2")
    page = desk.client("ou").get("/console/help/check/", {"c": screen_code(key, now)}).content.decode()
    assert "没有人在等核对" in page
    assert desk.client("mo").get("/console/help/check/").status_code == 403


def test_who_goes_away_is_waited_for_no_more(hall: Any, desk: Desk, key: Ed25519PrivateKey) -> None:
    now = timezone.now()
    made = call(hall, now, "check", mark="a1b2")
    hall.inbox(hall.terminal, "help", {"kind": "off", "mark": "a1b2"}, now, now)
    jobs.read_inbox(now)
    made.refresh_from_db()
    assert (made.state, made.result) == ("ended", "")
    page = desk.client("lin").get("/console/help/check/", {"c": screen_code(key, now)}).content.decode()
    assert "没有人在等核对" in page
