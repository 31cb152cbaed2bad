"""What people look for is counted without the people: words only when many had the same, an item by its code."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import OperationalError
from django.test import Client
from tests.center.evaluation.the_rater import finished_case
from tests.center.hall import Hall, build

from budayang.center.platform.sealing import center_keys
from budayang.center.services import search_actions as actions
from budayang.center.services import search_queries as queries
from budayang.center.services.models import Item, SearchCount, SearchWord
from budayang.center.terminals.models import Inbox
from budayang.search.plain import countable
from budayang.wire.sealing import seal_text, search_info

ON, DAY = date(2026, 11, 24), timedelta(days=1)
WORDS = "办港澳通行证"


@pytest.fixture
def hall(db: None, now: datetime) -> Hall:
    cache.clear()
    hall = build(now)
    finished_case(hall.terminal, 1, now)
    return hall


def ask(hall: Hall, times: int, now: datetime, words: str = WORDS, on: date = ON) -> None:
    for _n in range(times):
        actions.record_search(hall.area, words=words, on=on, now=now)


@pytest.mark.parametrize(
    ("typed", "counted"),
    [
        ("办 港澳，通行证！", "办港澳通行证"),
        ("sbk", ""),
        ("社", ""),
        ("张三15060319900101", ""),
        ("我想问一下我妈妈的医保报销的钱为什么一直没有到账上来", ""),
        ("补ｋ卡", "补k卡"),
    ],
)
def test_what_may_be_counted_at_all(typed: str, counted: str) -> None:
    assert countable(typed) == counted


def test_words_stand_nowhere_until_many_asked_them(hall: Hall, now: datetime) -> None:
    ask(hall, 4, now)
    assert SearchCount.objects.get().times == 4
    assert WORDS not in str([list(model.objects.values()) for model in (SearchCount, SearchWord)])
    assert queries.words_asked({hall.area.pk: 5}, ON, ON)[hall.area.pk] == {}
    ask(hall, 1, now)
    assert SearchWord.objects.get().text == WORDS
    assert queries.words_asked({hall.area.pk: 5}, ON, ON)[hall.area.pk] == {WORDS: 5}
    assert queries.words_asked({hall.area.pk: 6}, ON, ON)[hall.area.pk] == {}, "few asked here, however many elsewhere"


def test_askings_add_up_over_areas_and_days_but_not_over_years(hall: Hall, now: datetime) -> None:
    ask(hall, 2, now, on=ON - 91 * DAY)
    ask(hall, 2, now, on=ON - DAY)
    actions.record_search(hall.far_area, words=WORDS, on=ON, now=now)
    actions.record_search(None, words=WORDS, on=ON, now=now)
    assert not SearchWord.objects.exists()
    actions.record_search(None, words=WORDS, on=ON, now=now)
    assert SearchWord.objects.exists()


def test_an_item_is_counted_by_its_code_alone(hall: Hall, now: datetime) -> None:
    actions.record_search(hall.area, item_code="ZZ001", words="医保参保证明", on=ON, now=now)
    actions.record_search(hall.area, item_code="NO", words="医保参保证明", on=ON, now=now)
    row = SearchCount.objects.get()
    assert (row.item_code, row.mark, row.times) == ("ZZ001", "", 1)
    assert queries.items_asked([hall.area.pk], ON, ON) == {hall.area.pk: {"ZZ001": 1}}
    assert queries.all_asked([hall.area.pk], ON, ON) == {hall.area.pk: 1}


def test_a_program_that_asks_at_random_does_not_fill_the_disk(
    hall: Hall, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "MOST_A_DAY", 3)
    for char in "甲乙丙丁戊":
        ask(hall, 1, now, f"找{char}")
    ask(hall, 1, now, "找甲")
    assert sorted(SearchCount.objects.values_list("times", flat=True)) == [1, 1, 2]
    actions.record_search(hall.area, item_code="ZZ001", on=ON, now=now)
    actions.record_search(hall.far_area, words=WORDS, on=ON, now=now)
    actions.record_search(None, words=WORDS, on=ON, now=now)
    assert queries.items_asked([hall.area.pk], ON, ON) == {hall.area.pk: {"ZZ001": 1}}, "items are not what fills it"
    assert queries.all_asked([hall.far_area.pk], ON, ON) == {hall.far_area.pk: 1}, "nor those of another area"
    assert SearchCount.objects.filter(area=None).count() == 1


def test_an_address_asks_so_many_words_a_day_in_an_area(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "MOST_OF_AN_ADDRESS", 3)
    client = Client()

    def asked(words: str, near: str = "KBS", address: str = "192.0.2.1") -> None:
        assert client.get("/where/", {"q": words, "near": near}, REMOTE_ADDR=address).status_code == 200

    for char in "东南西北中":
        asked(f"开飞船去{char}边的驾照")
    assert SearchCount.objects.filter(area=hall.area).count() == 3
    asked(Item.objects.get(code="ZZ001").name)
    asked("开飞船去别处的驾照", near="HJ")
    asked("开飞船去别处的驾照", address="192.0.2.2")
    assert SearchCount.objects.filter(area=hall.area, item_code="ZZ001").exists(), "an item is no word"
    assert SearchCount.objects.filter(area=hall.far_area).count() == 1
    assert SearchCount.objects.filter(area=hall.area, item_code="").count() == 4


def test_a_locked_database_costs_the_count_not_the_page(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(*_args: object, **_named: object) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(actions, "record_search", locked)
    answer = Client().get("/where/", {"q": "开飞机的执照在哪办", "near": "KBS"})
    assert answer.status_code == 200
    assert not SearchCount.objects.exists()


def test_a_terminals_sealed_words_are_counted_and_leave_the_inbox(hall: Hall, now: datetime) -> None:
    key = center_keys().seal_private.public_key()
    sealed = seal_text(key, WORDS.encode(), search_info("KBS-01"))
    foreign = seal_text(key, WORDS.encode(), search_info("KBS-02"))
    asked: list[Any] = [
        {"sealed": sealed},
        {"item": "ZZ001"},
        {"sealed": foreign},
        {"sealed": "?"},
        "x",
        {"item": "ZZ001"},
    ]
    hall.inbox(hall.terminal, "searched", {"asked": asked}, now, now)
    hall.inbox(hall.other, "searched", {"asked": "x"}, now, now)
    assert actions.read_searches(now) == 2
    assert queries.items_asked([hall.area.pk], ON, ON) == {hall.area.pk: {"ZZ001": 1}}, "the sixth is one too many"
    assert SearchCount.objects.exclude(mark="").get().times == 1
    assert list(Inbox.objects.values_list("body", flat=True)) == [{}, {}]


def test_the_public_page_counts_a_question_once_a_day_from_an_address(hall: Hall, now: datetime) -> None:
    client = Client()
    for address in ("192.0.2.1", "192.0.2.1", "192.0.2.2"):
        client.get("/where/", {"q": "开飞机的执照在哪办", "near": "KBS"}, REMOTE_ADDR=address)
    client.get("/where/rows/", {"q": "开飞机的执照在哪办", "near": "KBS"}, REMOTE_ADDR="192.0.2.3")
    client.get("/where/", {"q": "帮我造一张假证", "near": "KBS"}, REMOTE_ADDR="192.0.2.4")
    client.get("/where/", {"q": "康巴什区自助区"}, REMOTE_ADDR="192.0.2.5")
    row = SearchCount.objects.get()
    assert (row.area, row.times, row.item_code) == (hall.area, 2, "")
    item = Item.objects.get(code="ZZ001")
    client.get("/where/", {"q": item.name}, REMOTE_ADDR="192.0.2.6")
    assert SearchCount.objects.get(area=None).item_code == "ZZ001"
    assert "192.0.2" not in str(list(SearchCount.objects.values()))


def test_counts_go_after_their_time_and_words_with_them(hall: Hall, now: datetime) -> None:
    ask(hall, 5, now)
    assert actions.tidy(now + 400 * DAY) == 0
    assert actions.tidy(now + 402 * DAY) == 2
    assert not SearchWord.objects.exists()
