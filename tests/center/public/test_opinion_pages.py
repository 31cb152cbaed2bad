"""The public pages of 征求意见: no sign-in, nothing typed is lost, nobody's name is asked."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from tests.center.hall import Hall, build
from tests.center.standard.the_project import CODE, begin, consult

from budayang.center.platform.models import AuditLine
from budayang.center.standard import opinion_actions
from budayang.center.standard.models import Consultation, Opinion


@pytest.fixture
def asked(db: None, now: datetime, monkeypatch: pytest.MonkeyPatch) -> tuple[Hall, Consultation]:
    """A round that is open at 02:14."""
    cache.clear()
    monkeypatch.setattr(timezone, "now", lambda: now)
    hall = build(now)
    return hall, consult(hall, begin(hall, now), now)


def test_the_open_round_is_listed_and_the_text_can_be_read(client: Client, asked: tuple[Hall, Consultation]) -> None:
    assert f"/opinions/{CODE}/" in client.get("/opinions/").content.decode()
    text = client.get(f"/opinions/{CODE}/").content.decode()
    for words in ("参照版，不是已发布标准的文本", "4.9", "视频应保存不少于30 d", "2026-12-24", "不要写姓名"):
        assert words in text, words


def test_an_opinion_is_sent_and_followed(client: Client, asked: tuple[Hall, Consultation], now: datetime) -> None:
    hall, _round = asked
    typed = {"clause": "4.27", "text": "30 天太短。", "wish": "改为 90 d。", "unit": ""}
    answer = client.post(f"/opinions/{CODE}/", typed)
    one = Opinion.objects.get()
    assert answer["Location"] == f"/opinion/{one.number}/"
    assert "正在处理" in client.get(f"/opinion/{one.number}/").content.decode()
    opinion_actions.decide(hall.actor("zhu"), one, "rejected", "法律规定不少于 30 日。", now)
    text = client.get(f"/opinions/?number={one.number}", follow=True).content.decode()
    assert "未采纳" in text
    assert "法律规定不少于 30 日。" in text
    assert "zhu" not in text, "who decided is not for the public"


def test_what_was_typed_stays_when_it_is_refused(client: Client, asked: tuple[Hall, Consultation]) -> None:
    answer = client.post(f"/opinions/{CODE}/", {"clause": "4.27", "text": " ", "wish": "改为 90 d。", "unit": "某局"})
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "请写意见内容" in text
    assert "改为 90 d。" in text
    assert "某局" in text
    assert '<option value="4.27" selected>' in text
    assert Opinion.objects.count() == 0


def test_a_round_that_is_over_takes_nothing(
    client: Client, asked: tuple[Hall, Consultation], monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: now + timedelta(days=60))
    assert client.get(f"/opinions/{CODE}/").status_code == 404
    assert client.post(f"/opinions/{CODE}/", {"text": "x"}).status_code == 404
    assert "没有正在征求意见" in client.get("/opinions/").content.decode()


def test_no_address_is_written_down(client: Client, asked: tuple[Hall, Consultation]) -> None:
    client.post(f"/opinions/{CODE}/", {"text": "好"}, REMOTE_ADDR="203.0.113.77")
    assert not AuditLine.objects.filter(record__contains="203.0.113").exists()
    assert not AuditLine.objects.filter(record__contains=Opinion.objects.get().number).exists()


def test_many_wrong_numbers_have_to_wait(client: Client, asked: tuple[Hall, Consultation]) -> None:
    answers = [client.get("/opinion/0000-0000-0000/").status_code for _time in range(21)]
    assert answers[:20] == [404] * 20
    assert answers[20] == 429
