"""Editions of the privacy notice: what terminals are sent, what a published one may never become."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from tests.center.console import the_desk
from tests.center.console.the_desk import Desk

from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor, Forbidden
from budayang.center.services import privacy
from budayang.center.services.models import PrivacyNotice
from budayang.center.services.privacy import SHIPPED, NoticeText

SYSTEM = Actor.system()
TEXT = NoticeText("2027-01", "办理前请您知情", ("读取姓名和号码。", "可以随时退出。"), "最多保存 7 天。")
ENGLISH = {"title": "Before you begin", "lines": ["Your name is read.", "You may leave."], "keeps": "Kept 7 days."}
FORM = {
    "kind": "general",
    "version": "2027-01",
    "title": "办理前请您知情",
    "lines": "读取姓名和号码。\n可以随时退出。\n",
    "keeps": "最多保存 7 天。",
    "valid_from": "2099-01-01T00:00",
}

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(now: datetime) -> Desk:
    return the_desk.build(now)


def test_an_edition_is_in_force_from_its_day_on(now: datetime) -> None:
    assert privacy.notice_in_force(now) is SHIPPED
    starts = now + timedelta(days=1)
    privacy.publish_notice(SYSTEM, TEXT, valid_from=starts, now=now)
    assert privacy.notice_in_force(starts - timedelta(seconds=1)).version == SHIPPED.version
    assert privacy.notice_in_force(starts) == TEXT
    assert privacy.announce_started(now) == 0
    assert privacy.announce_started(starts) == 1
    assert privacy.announce_started(starts + timedelta(hours=1)) == 0


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"version": SHIPPED.version}, "已经用过"),
        ({"version": " "}, "都要填写"),
        ({"lines": ("  ",)}, "至少要写一条"),
        ({"lines": ("长" * 121,)}, "第 1 条太长"),
        ({"lines": ("短",) * 9}, "最多 8 条"),
        ({"english": {"title": "T", "lines": ["one"], "keeps": "k"}}, "逐条对应"),
    ],
)
def test_what_cannot_be_shown_is_refused_with_the_repair(now: datetime, change: dict[str, object], why: str) -> None:
    values = {"version": TEXT.version, "title": TEXT.title, "lines": TEXT.lines, "keeps": TEXT.keeps} | change
    with pytest.raises(Refused, match=why):
        privacy.publish_notice(SYSTEM, NoticeText(**values), valid_from=now, now=now)  # type: ignore[arg-type]  # a table of wrong values
    assert not PrivacyNotice.objects.exists()


def test_nobody_agreed_to_what_was_not_shown_yet(now: datetime) -> None:
    with pytest.raises(Refused, match="不能早于现在"):
        privacy.publish_notice(SYSTEM, TEXT, valid_from=now - timedelta(seconds=1), now=now)


def test_only_a_supervisor_publishes(desk: Desk, now: datetime) -> None:
    with pytest.raises(Forbidden):
        privacy.publish_notice(desk.actor("lin"), TEXT, valid_from=now, now=now)
    assert desk.client("lin").get("/console/privacy/new/").status_code == 403


def test_the_page_publishes_and_a_refused_form_keeps_what_was_typed(desk: Desk) -> None:
    client = desk.client("zhu")
    assert "软件自带的 2026-11 版" in client.get("/console/privacy/").content.decode()
    refused = client.post("/console/privacy/new/", FORM | {"lines_en": "one"})
    assert refused.status_code == 422
    assert "读取姓名和号码。" in refused.content.decode()
    assert client.post("/console/privacy/new/", FORM).status_code == 302
    page = client.get("/console/privacy/2027-01/").content.decode()
    assert "可以随时退出。" in page
    assert "待生效" in page
    assert "没有英文" in page


def test_english_goes_to_terminals_beside_the_chinese(now: datetime) -> None:
    text = NoticeText(TEXT.version, TEXT.title, TEXT.lines, TEXT.keeps, ENGLISH)
    privacy.publish_notice(SYSTEM, text, valid_from=now, now=now)
    assert privacy.notice_in_force(now).as_message()["english"] == ENGLISH


def test_the_notice_of_a_face_is_published_beside_the_other(desk: Desk) -> None:
    client = desk.client("zhu")
    page = client.get("/console/privacy/new/?kind=face").content.decode()
    assert "刷脸比对，请您单独同意" in page, "the form begins with the one in force"
    form = {**FORM, "kind": "face", "version": "face-2027-01", "title": "刷脸比对"}
    assert client.post("/console/privacy/new/", form).status_code == 302
    page = client.get("/console/privacy/").content.decode()
    assert "刷脸比对以前（单独同意）" in page
    assert "face-2027-01" in page
    assert client.post("/console/privacy/new/", {**form, "kind": "iris", "version": "x"}).status_code == 422
