"""What becomes of an order when its fault is shorter, later or none; which clauses a trial replays, and why not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budayang.rules.causes import Bucket
from budayang.rules.hours import Span, claim, moment
from budayang.rules.order_clocks import DAY_AND_NIGHT, ClockPolicy, order_clocks
from budayang.rules.orders import OrderEvent
from budayang.rules.standard import CLAUSE_CHECKS, METRICS, SIGNS_CLAUSES
from budayang.rules.standard.parts import Kind, Part
from budayang.rules.standard.trial_clauses import DOINGS, LEFT, NOT_CONNECTED, SIGNS, WHY_LEFT, replays, why_left
from budayang.rules.standard.trial_orders import Fate, fates, replayed_order, still_troubled
from budayang.rules.standard.trials import HOUR, MINUTE, Trouble

START = 1_780_000_000_000_000
POLICY = ClockPolicy(1800, 7200, 8 * 3600)


def trouble(ref: str, start: int, end: int) -> Trouble:
    return Trouble(claim(Bucket.POWER, ref, START + start, START + end))


def fate(was: Span, *left: Span) -> Fate:
    return Fate(((START + was[0], START + was[1]),), tuple((START + start, START + end) for start, end in left))


def order(**minutes: int) -> list[OrderEvent]:
    return [OrderEvent(kind, moment(START) + timedelta(minutes=n)) for kind, n in minutes.items()]


def minutes_of(events: list[OrderEvent] | None) -> dict[str, float]:
    assert events is not None
    return {one.kind: (one.at - moment(START)).total_seconds() / 60 for one in events}


def test_faults_of_several_machines_are_one_and_only_changed_ones_are_told() -> None:
    before = {
        1: [trouble("incident:7", 0, HOUR), trouble("status:x", 0, HOUR)],
        2: [trouble("incident:7", HOUR, 2 * HOUR)],
    }
    after = {1: [], 2: [trouble("incident:7", HOUR + MINUTE, 2 * HOUR)]}
    assert fates(before, before, START + 9 * HOUR) == {}
    assert fates(before, after, START + 9 * HOUR) == {7: fate((0, 2 * HOUR), (HOUR + MINUTE, 2 * HOUR))}
    assert fates(before, after, START + HOUR) == {7: fate((0, 2 * HOUR))}, "what would begin later has not begun"


LIFE = order(reported=5, accepted=10, arrived=40, repaired=118, verified=130)
CASES = (
    ("nothing is left", fate((0, 2 * HOUR)), None),
    ("it begins later, and is reported as long after that", fate((0, 2 * HOUR), (30 * MINUTE, 2 * HOUR)),
     {"reported": 35, "accepted": 35, "arrived": 40, "repaired": 118, "verified": 130}),
    ("it is over sooner", fate((0, 2 * HOUR), (0, HOUR)),
     {"reported": 5, "accepted": 10, "arrived": 40, "repaired": 60, "verified": 60}),
    ("it is over before anybody would have reported it", fate((0, 2 * HOUR), (0, 4 * MINUTE)), None),
    ("it was repaired before it would have been felt", fate((0, 2 * HOUR), (114 * MINUTE, 2 * HOUR)), None),
    ("a gap in between is counted", fate((0, 2 * HOUR), (0, 10 * MINUTE), (HOUR, 2 * HOUR)),
     {"reported": 5, "accepted": 10, "arrived": 40, "repaired": 118, "verified": 130}),
)  # fmt: skip


@pytest.mark.parametrize(("what", "become", "wanted"), CASES, ids=[one[0] for one in CASES])
def test_an_order_follows_its_fault(what: str, become: Fate, wanted: dict[str, float] | None) -> None:
    found = replayed_order(LIFE, become)
    assert (found and minutes_of(found)) == wanted


def test_an_order_that_nobody_repaired_is_repaired_where_the_fault_is_over() -> None:
    again = [*order(reported=5, repaired=50), *order(reopened=55)]
    for events in (order(reported=5, accepted=10), again):
        found = replayed_order(events, fate((0, 9 * HOUR), (0, HOUR)))
        assert found is not None
        assert (found[-1].kind, found[-1].at) == ("repaired", moment(START + HOUR))


@given(
    st.integers(1, 600), st.integers(0, 30), st.integers(0, 300), st.lists(st.integers(0, 620), max_size=4),
    st.integers(0, 400), st.integers(0, 400),
)  # fmt: skip
def test_no_measure_makes_a_repair_longer(
    length: int, delay: int, work: int, stops: list[int], first: int, last: int
) -> None:
    repaired = delay + work
    pauses = sorted(min(one, repaired) for one in stops)[: len(stops) // 2 * 2]
    kinds = [("paused" if n % 2 == 0 else "resumed", one) for n, one in enumerate(pauses)]
    events = [
        OrderEvent(kind, moment(START) + timedelta(minutes=max(delay, n)), "spare_part" if kind == "paused" else "")
        for kind, n in [("reported", delay), *kinds, ("repaired", repaired)]
    ]
    left = (min(first, length), max(min(first, length), length - last))
    become = fate((0, length * MINUTE), *([(left[0] * MINUTE, left[1] * MINUTE)] if left[0] < left[1] else []))
    found = replayed_order(events, become)
    now = moment(START + 100 * HOUR)
    before = order_clocks(events, POLICY, DAY_AND_NIGHT, now).repair
    if found is None:
        return
    after = order_clocks(found, POLICY, DAY_AND_NIGHT, now).repair
    assert after.met_at is not None
    assert after.used_s <= before.used_s
    assert after.overdue <= before.overdue
    assert [one.at for one in found] == sorted(one.at for one in found)


def test_machines_that_would_stand_ready() -> None:
    standing = {1: {7}, 2: {7, 8}, 3: {9}}
    gone, left = fate((0, HOUR)), fate((0, 2 * HOUR), (HOUR, 2 * HOUR))
    assert still_troubled(standing, {7: gone}, START) == {2: {8}, 3: {9}}
    assert still_troubled(standing, {9: left}, START + HOUR) == standing
    assert still_troubled(standing, {9: left}, START + HOUR - 1) == {1: {7}, 2: {7, 8}}


def test_every_metric_is_replayed_or_says_why_not() -> None:
    metrics = {one.key for one in CLAUSE_CHECKS}
    named = [one for found in LEFT.values() for one in found]
    assert len(named) == len(set(named))
    assert {one for one in metrics if not replays(one)} == set(named)
    assert set(METRICS) - metrics == set(SIGNS_CLAUSES)
    assert {*LEFT, SIGNS, NOT_CONNECTED} == set(WHY_LEFT)


def test_why_a_clause_is_left() -> None:
    def of(metric: str) -> Part:
        return Part(Kind.FUNCTION, metric=metric)

    document = Part(Kind.DOCUMENT, what="一份文件")
    assert why_left([of("WH-17")]) == why_left([of("PJ-24"), document]) == ""
    assert why_left([document, of("JB-09")]) == "alarms"
    assert (why_left([document]), why_left([of("BS-03")]), why_left([])) == (DOINGS, SIGNS, NOT_CONNECTED)
