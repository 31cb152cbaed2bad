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

from budayang.center.maintenance import help_calls
from budayang.center.maintenance.models import HelpCall
from budayang.center.platform.models import AuditLine
from budayang.center.services import actions, jobs, searching
from budayang.center.services.models import Item, Offering, StaffCheck
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


def call(hall: Any, now: datetime, kind: str = "help") -> HelpCall:
    """The button is pressed; the event comes as any other, by the inbox."""
    hall.inbox(hall.terminal, "help", {"kind": kind, "step": "identity", "item": "ZZ001"}, now, now)
    help_calls.read_presses(now)
    return HelpCall.objects.latest("pk")


def test_who_opens_a_call_and_what_its_page_says(hall: Any, desk: Desk) -> None:
    made = call(hall, timezone.now())
    page = f"/console/help-calls/{made.pk}/"
    assert {name for name in EVERYBODY if desk.client(name).get(page).status_code == 200} == {
        "zhu", "lin", "ren", "mo", "ning",
    }  # fmt: skip
    lin = desk.client("lin")
    for word in ("呼叫帮办", "个人参保证明查询打印", "核验身份", "等待应答", "KBS-01"):
        assert word in lin.get(page).content.decode()
    assert page in lin.get("/console/help-calls/").content.decode(), "the list opens it"
    assert {name for name in EVERYBODY if "我来应答" in desk.client(name).get(page).content.decode()} == {"zhu", "lin"}
    assert lin.post(f"{page}answer/").url == page  # type: ignore[attr-defined]
    assert "我来应答" not in lin.get(page).content.decode()
    assert "测试甲" in lin.get(page).content.decode()


def test_the_callers_words_are_answered_from_where_the_caller_stands(hall: Any, desk: Desk) -> None:
    made = call(hall, timezone.now())
    page = desk.client("lin").get(f"/console/help-calls/{made.pk}/?q=打社保证明").content.decode()
    first = page[page.index("<tbody>") :].split("</tr>")[0]
    assert "个人参保证明查询打印" in first
    assert "暂停服务" in first
    assert "打印机缺纸" in first, "the truth here, with its reason"
    assert "现在能办" in first, "and the nearest place"
    assert hall.other.code in first
    rows = desk.client("lin").get(f"/console/help-calls/{made.pk}/rows/?q=gjj提取").content.decode()
    assert "按“公积金提取”查找" in rows, "read by the same index"
    assert "这台终端不办这件事" in rows
    refused = desk.client("lin").get(f"/console/help-calls/{made.pk}/rows/?q=查前妻的房产").content.decode()
    assert "只有本人持本人证件" in refused
    assert "没有找到" in desk.client("lin").get(f"/console/help-calls/{made.pk}/rows/?q=买火车票").content.decode()


def test_the_same_words_mean_the_same_at_the_terminal_and_here(hall: Any, desk: Desk) -> None:
    """One index: what the console reads out is what the terminal's screen would list."""
    finder = Finder()
    finder.take(searching.shipped_index())
    made = call(hall, timezone.now())
    every = {code: {} for code in Item.objects.values_list("code", flat=True)}
    for words in ("打社保证明", "gjj提取", "我妈退休了要刷脸认证", "身份证丢了"):
        shown = finder.find(words, every, 1).codes
        page = desk.client("lin").get(f"/console/help-calls/{made.pk}/rows/?q={words}").content.decode()
        first = page[page.index("<tbody>") :].split("</tr>")[0]
        assert shown[0] in first, words


# To have person and card compared -----------------------------------------------------------------------------------


@pytest.fixture
def key(hall: Any) -> Ed25519PrivateKey:
    """The terminal's own key, with which its screen signs the code of the minute."""
    made = Ed25519PrivateKey.generate()
    Credential.objects.create(
        terminal=hall.terminal, public_key=public_text(made), enrolled_at=timezone.now() - timedelta(days=1)
    )
    return made


def wait_for_staff(hall: Any, now: datetime, **more: Any) -> StaffCheck:
    """A person at the terminal asks for somebody to come and look; the event comes by the inbox."""
    hall.inbox(hall.terminal, "staff_check", {"mark": "a1b2", "item": "ZZ001", **more}, now, now)
    jobs.read_inbox(now)
    return StaffCheck.objects.get()


def screen_code(key: Ed25519PrivateKey, at: datetime) -> str:
    return make_presence(lambda message: sign(key, message), "KBS-01", at)


def test_only_who_stands_before_the_screen_can_say_that_it_is_the_person(
    hall: Any, desk: Desk, key: Ed25519PrivateKey
) -> None:
    now = timezone.now()
    made = wait_for_staff(hall, now)
    client = desk.client("lin")
    old = screen_code(key, now - timedelta(minutes=30))
    assert "请重新扫一次" in client.post("/console/help/check/", {"c": old, "same": "1"}).content.decode()
    stranger = screen_code(Ed25519PrivateKey.generate(), now)
    assert "请重新扫一次" in client.post("/console/help/check/", {"c": stranger, "same": "1"}).content.decode()
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
    wait_for_staff(hall, now)
    desk.client("lin").post("/console/help/check/", {"c": screen_code(key, now), "same": "0"})
    assert Outgoing.objects.get(kind="person_check").body == {"mark": "a1b2", "same": False}
    assert StaffCheck.objects.get().result == "different"


def test_a_keeper_of_another_place_sees_nobody_waiting(hall: Any, desk: Desk, key: Ed25519PrivateKey) -> None:
    now = timezone.now()
    wait_for_staff(hall, now)
    page = desk.client("ou").get("/console/help/check/", {"c": screen_code(key, now)}).content.decode()
    assert "没有人在等核对" in page
    assert desk.client("mo").get("/console/help/check/").status_code == 403


def test_who_goes_away_is_waited_for_no_more(hall: Any, desk: Desk, key: Ed25519PrivateKey) -> None:
    now = timezone.now()
    made = wait_for_staff(hall, now)
    assert wait_for_staff(hall, now) == made, "said twice, waited for once"
    made = wait_for_staff(hall, now, over=True)
    assert (made.state, made.result) == ("ended", "")
    page = desk.client("lin").get("/console/help/check/", {"c": screen_code(key, now)}).content.decode()
    assert "没有人在等核对" in page
