"""白跑率: what a trip is and when it is wasted; what terminals tell; doors found locked; by area and month."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor
from budayang.center.services import trip_actions, trip_queries, truth_jobs
from budayang.center.services.models import Trip
from budayang.center.terminals.models import Inbox, Terminal
from budayang.rules.trips import DEFINITION, RESULTS, WASTED, Try, add, rate, sum_up

SYSTEM = Actor.system()
DONE = {"item": "ZZ001", "result": "finished", "step": "rate", "why": "paper"}
LEFT = {"item": "ZZ031", "result": "unfinished", "step": "fill", "why": "left"}
REFUSED = {"item": "ZZ054", "result": "refused", "step": "choose", "why": "department_closed"}


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ([], None),
        (["finished"], "finished"),
        (["refused", "finished"], "finished"),
        (["refused", "unfinished"], "unfinished"),
        (["refused"], "refused"),
        (["refused", "locked"], "refused"),  # a terminal cannot know of doors
        (["nonsense"], None),
    ],
)
def test_one_finished_item_makes_the_trip_worth_it(results: list[str], expected: str | None) -> None:
    found = sum_up([Try("ZZ001", result) for result in results])
    assert (found.result if found else None) == expected


def test_the_rate_is_wasted_by_all_and_none_where_there_was_no_trip() -> None:
    found = rate({"finished": 6, "unfinished": 1, "refused": 2, "locked": 1})
    assert (found.wasted, found.trips, found.value) == (4, 10, 0.4)
    assert rate({}).value is None
    assert add([found, rate({"finished": 10})]).value == 0.2
    assert frozenset(RESULTS) - {"finished"} == WASTED
    assert {term for term, _meaning in DEFINITION} >= {"白跑率", "一趟", "门没开", "不让开始", "开始了没办成", "办成"}


def tell(terminal: Terminal, body: dict[str, Any], at: datetime) -> None:
    Inbox.objects.create(
        terminal=terminal, epoch="e", seq=Inbox.objects.count() + 1, kind="attempt", body=body, at=at, received_at=at
    )
    assert truth_jobs.read_trips(at) == 1


def test_a_stay_becomes_one_trip_once(jia: Terminal, now: datetime) -> None:
    tell(jia, {"tries": [REFUSED, LEFT, DONE]}, now)
    trip = Trip.objects.get()
    assert (trip.result, trip.item_code, trip.tries, trip.area_id) == ("finished", "ZZ001", 3, jia.area_id)
    assert truth_jobs.read_trips(now) == 0
    for nothing in ({}, {"tries": []}, {"tries": "x"}, {"tries": [1, {"result": "locked"}]}):
        tell(jia, nothing, now)
    assert Trip.objects.count() == 1


def test_a_locked_door_counts_and_is_not_told_in_bulk(jia: Terminal, yi: Terminal, now: datetime) -> None:
    me = trip_actions.client_of("198.51.100.7")
    assert "198.51" not in me
    trip_actions.note_locked(jia.area, at=now, client=me)
    with pytest.raises(Refused, match="已经记下了"):
        trip_actions.note_locked(jia.area, at=now + timedelta(minutes=59), client=me)
    trip_actions.note_locked(yi.area, at=now, client=me)
    trip_actions.note_locked(jia.area, at=now + timedelta(minutes=61), client=me)
    with pytest.raises(Refused, match="太多"):
        trip_actions.note_locked(jia.area, at=now + timedelta(hours=3), client=me)
    trip_actions.note_locked(jia.area, at=now, client=trip_actions.client_of("198.51.100.8"))


def test_by_area_and_month_in_the_citys_time(jia: Terminal, yi: Terminal, now: datetime) -> None:
    """`now` is 24 November 02:14 in Ordos. The last hour of October there is 15:59 UTC."""
    tell(jia, {"tries": [DONE]}, now)
    tell(jia, {"tries": [REFUSED]}, now)
    tell(yi, {"tries": [LEFT]}, now)
    start, end = trip_queries.month_span(date(2026, 11, 1))
    tell(jia, {"tries": [LEFT]}, start - timedelta(seconds=1))
    tell(jia, {"tries": [DONE]}, end - timedelta(seconds=1))
    tell(jia, {"tries": [DONE]}, end)
    rows = {row.area.code: row.rate for row in trip_queries.rates(SYSTEM, [date(2026, 11, 1)])}
    assert (rows["KBS"].trips, rows["KBS"].wasted) == (3, 1)
    assert (rows["YJHL"].trips, rows["YJHL"].value) == (1, 1.0)
    both = trip_queries.together(trip_queries.rates(SYSTEM, [date(2026, 11, 1)]))
    assert (both.trips, both.refused, both.unfinished) == (4, 1, 1)
    october = {row.area.code: row.rate for row in trip_queries.rates(SYSTEM, [date(2026, 10, 1)])}
    assert (october["KBS"].value, october["YJHL"].value) == (1.0, None)
    assert start.isoformat() == "2026-11-01T00:00:00+08:00"
    assert trip_queries.month_span(date(2026, 12, 5))[1].isoformat() == "2027-01-01T00:00:00+08:00"


def test_the_reasons_are_named_and_a_stranger_sees_none(jia: Terminal, now: datetime) -> None:
    tell(jia, {"tries": [REFUSED]}, now)
    tell(jia, {"tries": [REFUSED]}, now)
    tell(jia, {"tries": [LEFT]}, now)
    found = trip_queries.causes(SYSTEM, date(2026, 11, 1))
    assert [(one.result, one.why, one.item_code, one.trips) for one in found] == [
        ("refused", "department_closed", "ZZ054", 2),
        ("unfinished", "left", "ZZ031", 1),
    ]
    assert trip_queries.rates(Actor("staff", "nobody"), [date(2026, 11, 1)]) == []
    assert trip_queries.causes(Actor("staff", "nobody"), date(2026, 11, 1)) == []
