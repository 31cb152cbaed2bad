"""Calls for help (求助呼叫): by what people call, how long they have waited, when a call is no longer a call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

CALL_NAMES: dict[str, str] = {"help": "呼叫帮办", "sos": "紧急求助", "button": "求助按钮"}
"""``help`` and ``sos`` are buttons of the terminal's screen, ``button`` is one on the wall that tells of itself."""
URGENT = frozenset({"sos", "button"})
"""Behind these stands a person in need: somebody is called at once. A person who is stuck with a matter is a fault only
when nobody answers in time."""
LATE_S = 600
"""A press that is heard of later than this, because the line was away, alarms nobody: who pressed is gone, or was found
by others. It stays in the list."""
SAME_S = 180
"""Who presses again within this time after the last press still waits for the same answer (JB-34 gives it 30 s; a way
through a hall takes a minute or two). Later it may be another person, and those who were told may long have gone: to
tell twice costs a telephone call, to tell nobody can cost a life."""
SAME_LONGEST_S = 600
"""However often somebody presses, after this time those on duty are told anew."""


@dataclass(frozen=True)
class Waited:
    """``seconds`` from the press to the answer, or until now; ``verdict``: answered, answered_late, waiting, overdue,
    unanswered (it is over and nobody came) or heard_late.
    """

    seconds: float
    verdict: str


VERDICT_NAMES: dict[str, str] = {
    "answered": "已应答",
    "answered_late": "应答超时",
    "waiting": "等待应答",
    "overdue": "没有人应答",
    "unanswered": "始终没有人应答",
    "heard_late": "送达太迟",
}


def is_late(pressed_at: datetime, told_at: datetime) -> bool:
    """Whether it came too late to call anybody."""
    return told_at - pressed_at > timedelta(seconds=LATE_S)


def is_same_call(pressed_at: datetime, *, first_at: datetime, last_at: datetime) -> bool:
    """Whether a press belongs to the call that waits, whose first and last press are known. An older one, told later,
    does.
    """
    within = pressed_at - last_at <= timedelta(seconds=SAME_S)
    return within and pressed_at - first_at <= timedelta(seconds=SAME_LONGEST_S)


def waited(
    pressed_at: datetime,
    answered_at: datetime | None,
    *,
    limit_s: float,
    late: bool,
    now: datetime,
    ended_at: datetime | None = None,
) -> Waited:
    """How long somebody has waited. Exactly at the limit is in time. `ended_at`: it was over without an answer."""
    over = ended_at is not None and ended_at <= now
    until = answered_at or (ended_at if over else None) or now
    seconds = max(0.0, (until - pressed_at).total_seconds())
    if answered_at is not None:
        return Waited(seconds, "answered" if seconds <= limit_s else "answered_late")
    if late:
        return Waited(seconds, "heard_late")
    if over:
        return Waited(seconds, "unanswered")
    return Waited(seconds, "waiting" if seconds <= limit_s else "overdue")
