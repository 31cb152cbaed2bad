"""What goes on when an item stops while a person is in the middle of it: a planned stop begins, a door or a department
closes, midnight begins a holiday.

One table says what may be carried over. What was handed in or is being printed is always brought to its end: it is
somebody's paper. What is still being filled in may be finished within a grace, counted from the moment of the stop; a
department that closed takes what is handed in at night, where the item allows that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from budayang.rules.intervals import Interval, find_at, union
from budayang.rules.services import StopWindow


class Stage(StrEnum):
    """How far the person is: nothing handed in yet, handed in, paper coming out."""

    FILLING = "filling"
    SUBMITTED = "submitted"
    PRINTING = "printing"


class Cause(StrEnum):
    """What stopped it: a planned stop or the area's own closing; the end of the department's hours."""

    STOP = "stop"
    HOURS = "hours"


class Then(StrEnum):
    """``finish``: as if nothing had happened. ``grace``: until the grace is over. ``hand_in``: taken in, worked on when
    the department opens.
    """

    FINISH = "finish"
    GRACE = "grace"
    HAND_IN = "hand_in"


@dataclass(frozen=True)
class Rule:
    """``then`` for items that may be handed in at night, ``otherwise`` for all others."""

    cause: Cause
    stage: Stage
    then: Then
    otherwise: Then


RULES: tuple[Rule, ...] = (
    Rule(Cause.STOP, Stage.FILLING, Then.GRACE, Then.GRACE),
    Rule(Cause.STOP, Stage.SUBMITTED, Then.FINISH, Then.FINISH),
    Rule(Cause.STOP, Stage.PRINTING, Then.FINISH, Then.FINISH),
    Rule(Cause.HOURS, Stage.FILLING, Then.HAND_IN, Then.GRACE),
    Rule(Cause.HOURS, Stage.SUBMITTED, Then.FINISH, Then.FINISH),
    Rule(Cause.HOURS, Stage.PRINTING, Then.FINISH, Then.FINISH),
)


@dataclass(frozen=True)
class Carry:
    """Whether the person may go on; ``until`` when a grace ends; ``text`` what they read."""

    go_on: bool
    until: datetime | None = None
    text: str = ""


GOES_ON = Carry(True)


def carry_over(
    *,
    started_at: datetime,
    now: datetime,
    stage: Stage,
    stops: Sequence[StopWindow],
    windows: Sequence[Interval] | None,
    submits: bool,
    grace_s: float,
) -> Carry:
    """May what was begun at ``started_at`` go on now?

    Args:
        stops: those that cover the item here; one that began before the person did never lets anything begin.
        windows: the department's hours, None where nobody confirmed them (then they stop nothing).
        submits: the item may be handed in outside the department's hours.
    """
    found = [
        _judge(cause, began, stage, submits, started_at, now, grace_s)
        for cause, began in ((Cause.STOP, _stopped_at(stops, now)), (Cause.HOURS, _closed_at(windows, now)))
        if began is not None
    ]
    refused = [one for one in found if not one.go_on]
    if refused:
        return refused[0]
    ends = [one for one in found if one.until is not None]
    return min(ends, key=lambda one: one.until or now) if ends else (found[0] if found else GOES_ON)


def _stopped_at(stops: Sequence[StopWindow], now: datetime) -> datetime | None:
    """When the stops that hold now began; of several that touch, the first."""
    covering = [s for s in stops if s.start_at <= now and (s.end_at is None or now < s.end_at)]
    if not covering:
        return None
    span = find_at(union(Interval(s.start_at, s.end_at) for s in stops if s.end_at and s.start_at < s.end_at), now)
    return min([s.start_at for s in covering] + ([span.start] if span else []))


def _closed_at(windows: Sequence[Interval] | None, now: datetime) -> datetime | None:
    """When the department closed; None while it is open, or when its hours are not known."""
    if windows is None or find_at(windows, now) is not None:
        return None
    return max((w.end for w in windows if w.end <= now), default=None)


def _judge(
    cause: Cause, began: datetime, stage: Stage, submits: bool, started_at: datetime, now: datetime, grace_s: float
) -> Carry:
    rule = next(one for one in RULES if one.cause is cause and one.stage is stage)
    then = rule.then if submits else rule.otherwise
    if then is Then.FINISH:
        return GOES_ON
    if then is Then.HAND_IN:
        return Carry(True, None, "部门已经下班，现在提交的，下一个工作日审核")
    until = began + timedelta(seconds=grace_s)
    if began <= started_at or now >= until:
        what = "已经到了计划停用的时间" if cause is Cause.STOP else "部门系统已经不开放"
        return Carry(False, None, f"{what}，没有提交，什么都没有办")
    what = "计划停用已经开始" if cause is Cause.STOP else "部门系统的开放时间刚过"
    return Carry(True, until, f"{what}，您手上这件可以办完")
