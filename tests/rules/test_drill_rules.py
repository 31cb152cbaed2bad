"""Planned beside happened: what came in time, late, not yet, or not at all; each from its own beginning."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from budayang.data.emergency_cards import emergency_cards
from budayang.rules.causes import CAUSE_BY_CODE
from budayang.rules.drills import SCENARIOS, Awaited, Happened, awaited, compare, stored

BEGAN = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
ENDS = BEGAN + timedelta(minutes=5)
LINES = [
    Awaited("found", "a", 20),
    Awaited("told", "b", 30, "found"),
    Awaited("acknowledged", "c", 600, "told"),
    Awaited("recovered", "d", 35, "end"),
]


def at(seconds: float) -> Happened:
    return Happened(BEGAN + timedelta(seconds=seconds))


def verdicts(happened: dict[str, Happened], now_s: float, over_s: float | None = None) -> list[str]:
    over = None if over_s is None else BEGAN + timedelta(seconds=over_s)
    now = BEGAN + timedelta(seconds=now_s)
    return [one.verdict for one in compare(LINES, happened, began_at=BEGAN, ends_at=ENDS, over_at=over, now=now)]


@pytest.mark.parametrize(
    ("happened", "now_s", "over_s", "expected"),
    [
        ({}, 10, None, ["waiting"] * 4),
        ({}, 20, None, ["waiting"] * 4),  # exactly at the limit is in time
        ({}, 21, None, ["late", "waiting", "waiting", "waiting"]),  # what follows it has not begun
        ({"found": at(20)}, 21, None, ["in_time", "waiting", "waiting", "waiting"]),
        ({"found": at(20.5)}, 21, None, ["late", "waiting", "waiting", "waiting"]),
        ({"found": at(15), "told": at(46)}, 50, None, ["in_time", "late", "waiting", "waiting"]),
        ({"found": at(15), "told": at(20), "acknowledged": at(619)}, 700, None, ["in_time"] * 3 + ["late"]),
        (
            {"found": at(15), "told": at(20), "recovered": at(335)},
            700,
            700,
            ["in_time", "in_time", "missed", "in_time"],
        ),
        ({"found": at(15), "recovered": at(336)}, 700, 700, ["in_time", "missed", "missed", "late"]),
        ({}, 900, 900, ["missed"] * 4),
    ],
)
def test_each_line_is_judged_from_its_own_beginning(
    happened: dict[str, Happened], now_s: float, over_s: float | None, expected: list[str]
) -> None:
    assert verdicts(happened, now_s, over_s) == expected


def test_nothing_is_negative_and_what_was_stored_is_read_again() -> None:
    (found, *_rest) = compare(LINES, {"found": at(-3)}, began_at=BEGAN, ends_at=ENDS, over_at=None, now=BEGAN)
    assert (found.seconds, found.verdict) == (0.0, "in_time")
    assert stored([one.plain() for one in LINES]) == LINES


def test_scenarios_rehearse_cards_that_are_there_and_await_causes_that_are_known() -> None:
    cards = {one.code for one in emergency_cards()}
    for one in SCENARIOS:
        assert one.card in cards
        assert set(one.kinds) <= set(CAUSE_BY_CODE)
        lines = awaited(one, plan_s=5, grace_s=15, respond_s=1800, help_s=30)
        codes = [line.code for line in lines]
        assert all(line.after in ("", "end", *codes) for line in lines)
        assert ("pressed" in codes) == one.presses
        assert lines[0].within_s == (21 if one.silent else 5)
