"""Suggestions of placement: each rule at its threshold, and against a plain loop."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budayang.rules.parameters import PARAMETERS
from budayang.rules.placement import (
    KIND_NAMES,
    NAMES,
    THRESHOLDS,
    Machine,
    Stay,
    back_to_back,
    idle,
    missing,
    overlaps,
    queues,
    unfound,
)

START = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)
ZONE = "Asia/Shanghai"


def test_each_kind_names_its_thresholds_and_each_is_a_parameter() -> None:
    assert set(THRESHOLDS) == set(KIND_NAMES)
    assert set(NAMES) <= {one.name for one in PARAMETERS}


@pytest.mark.parametrize(
    ("days", "trips", "found"),
    [(30, 29, True), (30, 30, False), (30, 0, True), (13, 0, False), (14, 13, True), (0, 0, False)],
)
def test_a_machine_is_idle_below_its_trips_a_day(days: int, trips: int, found: bool) -> None:
    rows = idle([Machine("A", days, trips)], few_a_day=1, least_days=14)
    assert [one.key for one in rows] == (["A"] if found else [])
    assert all(one.sample == days for one in rows)


def machine(code: str, items: str, done: dict[str, int] | None = None, days: int = 30, near: str = "AB") -> Machine:
    return Machine(code, days, 100, frozenset(items), done or {}, frozenset(near) - {code})


def test_two_neighbours_overlap_once_and_only_with_enough_little_used_items() -> None:
    a, b = machine("A", "vwxyz", {"v": 9}), machine("B", "vwxyz", {"w": 2, "x": 1})
    every = {"A": a, "B": b}
    (found,) = overlaps([a, b], every, cases=2, items=4, least_days=14)
    assert (found.key, found.numbers) == ("A|B", {"little": 4, "shared": 5, "done": 3})
    assert overlaps([a, b], every, cases=2, items=5, least_days=14) == []
    assert overlaps([a, b], every, cases=0, items=3, least_days=14) == []
    assert overlaps([a, b], every, cases=2, items=4, least_days=31) == []
    assert overlaps([machine("A", "vwxyz", near="A"), b], every, cases=2, items=4, least_days=14) == []
    assert overlaps([b], every, cases=2, items=1, least_days=1) == [], "a pair stands under its first machine"


def stay(terminal: str, minute: float, seconds: float) -> Stay:
    start = START + timedelta(minutes=minute)
    return Stay(terminal, start, start + timedelta(seconds=seconds))


def test_back_to_back_is_at_one_machine_and_within_the_gap() -> None:
    rows = [stay("A", 0, 60), stay("A", 1.99, 30), stay("A", 3.5, 30), stay("B", 4, 30)]
    found = [(one.terminal, follows) for one, follows in back_to_back(rows, 60)]
    assert found == [("A", False), ("A", True), ("A", False), ("B", False)]


def test_an_hour_is_told_with_enough_starts_and_a_large_share() -> None:
    rows = [stay("A", n, 30) for n in range(10)] + [stay("A", 60 + 10 * n, 30) for n in range(5)]
    (found,) = queues(rows, ZONE, gap_s=60, starts=10, share=0.9)
    assert (found.key, found.sample) == ("09", 10)
    assert found.numbers == {"together": 9, "starts": 10, "share": 0.9}
    assert queues(rows, ZONE, gap_s=60, starts=11, share=0.9) == []
    assert queues(rows, ZONE, gap_s=60, starts=10, share=0.91) == []


def test_what_is_looked_for_and_not_offered() -> None:
    (found,) = missing({"a": 10, "b": 9, "c": 30}, {"c"}, least=10)
    assert (found.key, found.numbers, found.sample) == ("a", {"searches": 10, "all": 49}, 49)
    assert [one.key for one in unfound({"办港澳通行证": 10, "宠物证": 9}, total=80, least=10)] == ["办港澳通行证"]


@given(st.lists(st.tuples(st.sampled_from("AB"), st.integers(0, 2000), st.integers(1, 900)), max_size=40))
def test_queues_count_as_a_plain_loop_does(raw: list[tuple[str, int, int]]) -> None:
    rows = [Stay(t, START + timedelta(minutes=m), START + timedelta(minutes=m, seconds=s)) for t, m, s in raw]
    found = {one.key: one.numbers for one in queues(rows, ZONE, gap_s=60, starts=1, share=0)}
    ordered = sorted(rows, key=lambda one: (one.terminal, one.start, one.end))
    for hour in range(24):
        inside = [n for n, one in enumerate(ordered) if (one.start.hour + 8) % 24 == hour]
        close = 0
        for n in inside:
            if n and ordered[n - 1].terminal == ordered[n].terminal:
                close += (ordered[n].start - ordered[n - 1].end).total_seconds() < 60
        if inside:
            assert found[f"{hour:02d}"]["starts"] == len(inside)
            assert found[f"{hour:02d}"]["together"] == close
        else:
            assert f"{hour:02d}" not in found
