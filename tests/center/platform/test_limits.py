"""Limits hold for their whole time, count what happens at once, and are not pushed out by what anybody may ask."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache, caches
from django.db import connection, transaction
from django.test import Client

from budayang.center.platform import actions
from budayang.center.platform.actors import Actor
from budayang.center.platform.keeping import RETENTION
from budayang.center.platform.limits import count_within, counted
from budayang.center.platform.models import WindowCount
from budayang.center.services import search_actions

NOW = datetime(2026, 11, 23, 18, 58, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
PASSWORD = "a long enough word"


@pytest.mark.django_db
def test_a_count_lasts_its_whole_time_and_no_longer() -> None:
    assert [count_within("a", HOUR, NOW) for _one in range(3)] == [1, 2, 3]
    assert count_within("b", HOUR, NOW) == 1
    assert counted("a", NOW + 6 * MINUTE) == 3, "another hour of the clock has begun"
    assert count_within("a", HOUR, NOW + 6 * MINUTE) == 4
    assert counted("a", NOW + HOUR) == 0
    assert count_within("a", HOUR, NOW + HOUR) == 1
    assert counted("a", NOW + HOUR + 59 * MINUTE) == 1


@pytest.mark.django_db
def test_what_has_run_out_is_deleted_and_nothing_else() -> None:
    count_within("a", HOUR, NOW)
    count_within("b", HOUR, NOW + MINUTE)
    (rule,) = RETENTION
    assert rule.erase(rule.due(rule.held(), NOW + HOUR)) == 1
    assert list(WindowCount.objects.values_list("key", flat=True)) == ["b"]


def at_once(key: str, times: int, now: datetime) -> list[int]:
    """What as many threads are told that count at the same moment."""
    told: list[int] = []
    start = threading.Barrier(times)

    def count() -> None:
        start.wait(10)
        try:
            told.append(count_within(key, HOUR, now))
        finally:
            connection.close()

    threads = [threading.Thread(target=count) for _one in range(times)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)
    return sorted(told)


@pytest.mark.django_db(transaction=True)
def test_all_at_once_are_all_counted() -> None:
    assert at_once("a", 6, NOW) == [1, 2, 3, 4, 5, 6], "the first makes the row"
    assert at_once("a", 6, NOW + MINUTE) == [7, 8, 9, 10, 11, 12], "the row is there"
    assert at_once("a", 6, NOW + HOUR) == [1, 2, 3, 4, 5, 6], "it begins anew"
    assert counted("a", NOW + HOUR) == 6


@pytest.mark.django_db(transaction=True)
def test_a_count_falls_with_its_transaction() -> None:
    with transaction.atomic():
        count_within("a", HOUR, NOW)
        transaction.set_rollback(True)
    assert counted("a", NOW) == 0


@pytest.fixture
def small_tables(db: None) -> Iterator[None]:
    """Room for as much in each table of the cache as Django gives when nobody says anything."""
    with pytest.MonkeyPatch.context() as patched:
        for name in caches:
            patched.setattr(caches[name], "_max_entries", 300)
        yield


def test_questions_do_not_push_out_the_failures_of_sign_in(client: Client, small_tables: None) -> None:
    cache.clear()
    actions.add_staff(Actor.system(), username="lin", name="林", password=PASSWORD)
    for _attempt in range(5):
        client.post("/accounts/login/", {"login": "lin", "password": "wrong"})
    for one in range(320):
        address = f"192.0.2.{one}"
        search_actions.note_public(None, item_code="", words="开飞机的执照在哪办", client=address, now=NOW)
    client.post("/accounts/login/", {"login": "lin", "password": PASSWORD})
    assert "_auth_user_id" not in client.session


def test_the_table_of_sign_in_has_room_for_a_city() -> None:
    assert caches["default"]._max_entries >= 100_000
