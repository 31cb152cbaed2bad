"""What goes on when a stop, a closing or a holiday's midnight begins while a person is in the middle."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from budayang.rules.carry_over import RULES, Carry, Cause, Stage, carry_over
from budayang.rules.intervals import Interval
from budayang.rules.services import StopWindow

MIDNIGHT = datetime(2026, 9, 30, 16, 0, tzinfo=UTC)  # 00:00 of 1 October in Ordos
MINUTE = timedelta(minutes=1)
STOP = StopWindow(MIDNIGHT, MIDNIGHT + timedelta(hours=4), "系统升级")
OPEN = Interval(MIDNIGHT - timedelta(hours=9), MIDNIGHT)


def carry(
    *,
    stage: Stage = Stage.FILLING,
    began: int = -5,
    at: int = 3,
    stops: tuple[StopWindow, ...] = (),
    windows: tuple[Interval, ...] | None = None,
    submits: bool = False,
) -> Carry:
    """``began`` and ``at``: minutes from midnight."""
    return carry_over(
        started_at=MIDNIGHT + began * MINUTE, now=MIDNIGHT + at * MINUTE, stage=stage, stops=stops, windows=windows,
        submits=submits, grace_s=600,
    )  # fmt: skip


def test_each_cause_and_stage_has_one_rule() -> None:
    assert sorted((one.cause, one.stage) for one in RULES) == sorted((c, s) for c in Cause for s in Stage)


def test_nothing_began_nothing_changes() -> None:
    assert carry(at=-1, stops=(STOP,), windows=(OPEN,)) == Carry(True)
    assert carry() == Carry(True)


@pytest.mark.parametrize(("at", "goes_on"), [(0, True), (9, True), (10, False), (60, False)])
def test_what_is_filled_in_may_be_finished_within_the_grace(at: int, goes_on: bool) -> None:
    found = carry(at=at, stops=(STOP,))
    assert found.go_on is goes_on
    assert found.text
    assert found.until == (MIDNIGHT + 10 * MINUTE if goes_on else None)


@pytest.mark.parametrize("stage", [Stage.SUBMITTED, Stage.PRINTING])
def test_what_is_handed_in_or_printing_is_brought_to_its_end(stage: Stage) -> None:
    assert carry(stage=stage, at=200, stops=(STOP,), windows=(OPEN,)) == Carry(True)


def test_over_the_midnight_of_a_holiday() -> None:
    """The department's night ends at midnight, because the holiday's does not begin: a grace, or handed in."""
    assert carry(windows=(OPEN,)).until == MIDNIGHT + 10 * MINUTE
    assert not carry(at=11, windows=(OPEN,)).go_on
    handed = carry(at=120, windows=(OPEN,), submits=True)
    assert (handed.go_on, handed.text) == (True, "部门已经下班，现在提交的，下一个工作日审核")


def test_a_stop_forbids_what_closing_hours_would_take() -> None:
    assert not carry(at=30, windows=(OPEN,), stops=(STOP,), submits=True).go_on


def test_stops_that_touch_are_one_and_the_grace_does_not_begin_anew() -> None:
    second = StopWindow(STOP.end_at or MIDNIGHT, MIDNIGHT + timedelta(hours=6))
    assert not carry(began=-5, at=241, stops=(STOP, second)).go_on


def test_who_begins_within_a_stop_is_not_carried() -> None:
    assert not carry(began=1, at=2, stops=(STOP,)).go_on
