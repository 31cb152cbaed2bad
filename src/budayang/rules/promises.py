"""出门前保障: when a named machine is tried before somebody leaves home, and what the tries mean for the person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum


class PromiseState(StrEnum):
    """``fine`` and ``broken`` follow the newest try; ``over``: the hour has passed."""

    WAITING = "waiting"
    FINE = "fine"
    BROKEN = "broken"
    OVER = "over"
    CANCELLED = "cancelled"


STATES: tuple[str, ...] = tuple(one.value for one in PromiseState)
STATE_NAMES: dict[PromiseState, str] = {
    PromiseState.WAITING: "到时替您试",
    PromiseState.FINE: "刚刚试过，能办",
    PromiseState.BROKEN: "刚刚试过，办不了",
    PromiseState.OVER: "已过时间",
    PromiseState.CANCELLED: "已取消",
}
OPEN_STATES = (PromiseState.WAITING, PromiseState.FINE, PromiseState.BROKEN)

TRANSITIONS: dict[tuple[PromiseState, str], PromiseState] = {}
for _state in OPEN_STATES:
    TRANSITIONS[_state, "works"] = PromiseState.FINE
    TRANSITIONS[_state, "fails"] = PromiseState.BROKEN
    TRANSITIONS[_state, "end"] = PromiseState.OVER
    TRANSITIONS[_state, "cancel"] = PromiseState.CANCELLED

ANSWERS: tuple[str, ...] = ("finished", "locked", "refused", "unfinished", "stayed")
ANSWER_NAMES: dict[str, str] = {
    "finished": "办成了",
    "locked": "到了，门没开",
    "refused": "到了，不让开始办",
    "unfinished": "开始办了，没办成",
    "stayed": "没有去",
}

SOONEST = timedelta(minutes=10)
"""A machine cannot be tried and a person be told in less."""
FURTHEST = timedelta(days=7)
STAYS = timedelta(minutes=30)
"""So long after the hour the page still speaks of it as coming; then it asks how it went."""
ASKED_FOR = timedelta(days=2)


def next_state(state: str, event: str) -> str | None:
    """The state after the event; None when it does not fit."""
    found = TRANSITIONS.get((PromiseState(state), event))
    return found.value if found else None


def checks_left(promised_at: datetime, now: datetime, before_s: Sequence[float]) -> list[float]:
    """Which tries are still to come, in seconds before the hour, the earliest first.

    A try whose moment is past when the promise is made is made at once: whoever asks late is told too.
    """
    wanted = sorted({float(one) for one in before_s if one > 0}, reverse=True)
    left = [one for one in wanted if promised_at - timedelta(seconds=one) > now]
    missed = len(left) < len(wanted)
    return ([(promised_at - now).total_seconds()] if missed else []) + left


def next_look(promised_at: datetime, checks: Sequence[float]) -> datetime:
    """The next try, or the end when none is left."""
    return promised_at - timedelta(seconds=checks[0]) if checks else promised_at + STAYS


def hour_problem(promised_at: datetime, now: datetime) -> str:
    """Why this hour cannot be promised for, in Chinese; empty when it can."""
    if promised_at < now + SOONEST:
        return "请至少提前 10 分钟，这样来得及替您试一遍"
    if promised_at > now + FURTHEST:
        return "最多提前 7 天"
    return ""
