"""Tries of a department that fail in a row are told upwards once, and once more when one passes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.center.services.test_probes import run
from tests.center.services.the_department import Department, declare

from budayang.center.platform import actions as platform
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Transition
from budayang.center.services import probe_actions, probe_queries, probe_running
from budayang.center.services.models import Offering, ProbeStanding

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system()
BAD = {"outcome": "refused"}


def told() -> list[tuple[str, str]]:
    rows = Transition.objects.filter(kind__in=("services.probe_failing", "services.probe_passing")).order_by("pk")
    return [(row.kind.removeprefix("services.probe_"), str(row.payload["item"])) for row in rows]


def try_now(now: datetime, **department: Any) -> datetime:
    """One try of the department alone, a minute later."""
    now += timedelta(minutes=1)
    probe_actions.ask_probe(SYSTEM, "ZZ001", now=now)
    return run(now, Department(**department), 2)


def test_one_bad_moment_is_told_to_nobody(judged: datetime, jia: Any) -> None:
    declare(judged)
    now = try_now(judged, answer=BAD)
    assert told() == []
    try_now(now)
    assert told() == []
    assert ProbeStanding.objects.get().failures == 0


def test_the_second_failure_in_a_row_is_told_once_with_the_first_ones_moment(judged: datetime, jia: Any) -> None:
    declare(judged)
    now = try_now(judged, answer=BAD)
    first = ProbeStanding.objects.get().failing_since
    for _turn in range(3):
        now = try_now(now, answer=BAD)
    assert told() == [("failing", "ZZ001")]
    assert Transition.objects.get(kind="services.probe_failing").occurred_at == first
    assert [one.item.code for one in probe_queries.failing_items("RS")] == ["ZZ001"]
    assert probe_queries.failing_items("YB") == []
    try_now(now)
    assert told() == [("failing", "ZZ001"), ("passing", "ZZ001")]
    assert probe_queries.failing_items("RS") == []


def test_a_place_may_want_it_sooner(judged: datetime, jia: Any, city: Any) -> None:
    declare(judged)
    platform.set_parameter(SYSTEM, "probe_failures", city, 1, valid_from=judged)
    try_now(judged, answer=BAD)
    assert told() == [("failing", "ZZ001")]


@pytest.mark.parametrize("excuse", ["closed", "full"])
def test_what_the_department_says_itself_is_no_fault(judged: datetime, jia: Any, excuse: str) -> None:
    """Closed by its own word, or no appointment left."""
    declare(judged, kind="book" if excuse == "full" else "query_print")
    now = judged
    for _turn in range(3):
        department = {"slots": []} if excuse == "full" else {"status": 503, "headers": {"Retry-After": "600"}}
        now = try_now(now, **department)
    assert ProbeStanding.objects.get().failed_at is not None, "the item is stopped all the same"
    assert told() == []


def test_what_is_tried_no_more_is_nobodys_fault(judged: datetime, jia: Any) -> None:
    declare(judged)
    now = try_now(judged, answer=BAD)
    now = try_now(now, answer=BAD)
    assert told() == [("failing", "ZZ001")]
    Offering.objects.update(active=False)
    probe_running.watch_items(now)
    assert told()[-1] == ("passing", "ZZ001")
