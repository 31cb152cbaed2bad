"""投诉、表扬、建议: what people say of the service, in five traced steps (受理、调查、处置、反馈、归档).

The steps are those of GB/T 36113-2018; its own limits could not be read: the days are parameters of ours. Praise and
suggestions need no investigation and no handling; they are taken in, answered and filed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

KIND_NAMES: dict[str, str] = {"complaint": "投诉", "praise": "表扬", "suggestion": "建议"}
STATE_NAMES: dict[str, str] = {
    "held": "等人看过",
    "received": "待受理",
    "accepted": "调查中",
    "investigated": "处置中",
    "handled": "待反馈",
    "answered": "待归档",
    "filed": "已归档",
    "declined": "不予受理",
    "withdrawn": "已撤回",
}
STATES: tuple[str, ...] = tuple(STATE_NAMES)
FINAL_STATES: frozenset[str] = frozenset({"filed", "declined", "withdrawn"})
SHORT_KINDS: frozenset[str] = frozenset({"praise", "suggestion"})

TRANSITIONS: dict[tuple[str, str], str] = {
    ("held", "admit"): "received",
    ("held", "decline"): "declined",
    ("held", "withdraw"): "withdrawn",
    ("received", "accept"): "accepted",
    ("received", "decline"): "declined",
    ("received", "withdraw"): "withdrawn",
    ("accepted", "investigate"): "investigated",
    ("accepted", "withdraw"): "withdrawn",
    ("investigated", "handle"): "handled",
    ("investigated", "withdraw"): "withdrawn",
    ("handled", "answer"): "answered",
    ("handled", "withdraw"): "withdrawn",
    ("answered", "file"): "filed",
}
EVENT_NAMES: dict[str, str] = {
    "made": "收到",
    "admit": "准予收下",
    "accept": "受理",
    "investigate": "调查",
    "handle": "处置",
    "answer": "反馈",
    "file": "归档",
    "decline": "不予受理",
    "withdraw": "本人撤回",
    "phone": "为反馈查看号码",
    "overdue": "超期",
}
STEPS: tuple[str, ...] = ("accept", "investigate", "handle", "answer", "file")
CLOCK_OF: dict[str, str] = {
    "held": "accept",
    "received": "accept",
    "accepted": "investigate",
    "investigated": "handle",
    "handled": "answer",
    "answered": "file",
}
DECLINE_REASONS: dict[str, str] = {
    "other_place": "不归自助区管，已告知去处",
    "report": "是设备故障，已转报修",
    "double": "同一件事已经受理",
    "court": "已进入复议、诉讼",
    "nothing": "没有说明具体事情",
    "abuse": "辱骂、广告或大量重复提交",
}


class IllegalStep(ValueError):
    """The step does not fit the state; the message is for people."""


def next_state(kind: str, state: str, event: str) -> str:
    """Raises IllegalStep."""
    if kind in SHORT_KINDS and (state, event) == ("accepted", "answer"):
        return "answered"
    found = TRANSITIONS.get((state, event))
    if found is None or (kind in SHORT_KINDS and event in ("investigate", "handle")):
        raise IllegalStep(f"这件现在是“{STATE_NAMES.get(state, state)}”，不能“{EVENT_NAMES.get(event, event)}”")
    return found


def allowed(kind: str, state: str) -> frozenset[str]:
    """What may happen next."""
    found = set()
    for event in EVENT_NAMES:
        try:
            next_state(kind, state, event)
        except IllegalStep:
            continue
        found.add(event)
    return frozenset(found)


def state_name(kind: str, state: str) -> str:
    """Where it stands: praise that was taken in is not under investigation."""
    return "待反馈" if kind in SHORT_KINDS and state == "accepted" else STATE_NAMES[state]


@dataclass(frozen=True)
class Limits:
    """Until when each step is due; all count from the day on which it came."""

    accept: datetime
    investigate: datetime
    handle: datetime
    answer: datetime
    file: datetime


def step_verdicts(
    kind: str, taken: Mapping[str, datetime], limits: Mapping[str, datetime], at: datetime
) -> tuple[dict[str, bool | None], str]:
    """How the steps stood at a moment: in time, late or owed and past its limit, None: it has time, or the kind does
    not need it, or it ended before; and filed, declined, withdrawn or open. ``taken``: event → when it was first taken.
    """
    standing = "open"
    for event, word in (("file", "filed"), ("decline", "declined"), ("withdraw", "withdrawn")):
        if event in taken:
            standing = word
    found: dict[str, bool | None] = {}
    for step in STEPS:
        if kind in SHORT_KINDS and step in ("investigate", "handle"):
            found[step] = None
        elif step in taken:
            found[step] = taken[step] <= limits[step]
        else:
            found[step] = False if standing == "open" and limits[step] < at else None
    return found, standing


def due_of(kind: str, state: str, limits: Limits) -> datetime | None:
    """Until when the running step is due; None at an end."""
    step = CLOCK_OF.get(state)
    if step is None:
        return None
    if kind in SHORT_KINDS and state == "accepted":
        step = "answer"
    due: datetime = getattr(limits, step)
    return due
