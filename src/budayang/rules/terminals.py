"""What a component of a terminal can be in, in the words of XFS4IoT (CEN CWA 17852), and what each word means for
people.

A status is ``(subject, property) -> state``. The subject names the component: its kind alone (``printer``), or with a
number when a
terminal has several (``printer-2``). The tables of `rules.components` are the one place that says how bad a state is,
what a person reads about it and what to do.
States that the table does not know are kept raw and count as unknown, never as well.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from budayang.rules.components.printing import PRINTER, PRINTING, RECEIPT_PRINTER, STAMP
from budayang.rules.components.reaching import DEPARTMENT, DEPARTMENT_PAGE, NETWORK, POWER, REACH, REACHING, TERMINAL
from budayang.rules.components.reading import CAMERA, DOCUMENT_CAMERA, ID_READER, READING
from budayang.rules.components.surroundings import DOOR, SURROUNDINGS, UPS
from budayang.rules.components.table import LOOK, Code, ComponentKind, Level, Property, StateMeaning

__all__ = [
    "CAMERA",
    "DEPARTMENT",
    "DEPARTMENT_PAGE",
    "DOCUMENT_CAMERA",
    "DOOR",
    "ID_READER",
    "KINDS",
    "LEVEL_NAMES",
    "NETWORK",
    "POWER",
    "PRINTER",
    "RANK",
    "REACH",
    "RECEIPT_PRINTER",
    "STAMP",
    "TERMINAL",
    "UPS",
    "Code",
    "ComponentKind",
    "Health",
    "Level",
    "Property",
    "Reason",
    "StateMeaning",
    "kind_of",
    "meaning",
    "roll_up",
    "silent_at",
    "state_hash",
]

RANK: dict[Level, int] = {level: rank for rank, level in enumerate(Level)}
LEVEL_NAMES: dict[Level, str] = {
    Level.FAULT: "故障",
    Level.WARNING: "预警",
    Level.UNKNOWN: "未知",
    Level.BUSY: "忙",
    Level.OK: "正常",
}

KINDS: dict[str, ComponentKind] = {x.kind: x for x in (*PRINTING, *READING, *SURROUNDINGS, *REACHING)}


def kind_of(subject: str) -> str:
    """``printer-2`` → ``printer``. Use the kind that the terminal reported where it is known."""
    return subject.split("-", 1)[0]


def meaning(kind: str, prop: str, state: str) -> StateMeaning:
    """What a state means. Kinds, properties and states that the table does not know mean unknown, with the raw word
    kept.
    """
    known = KINDS.get(kind)
    found = known.get_property(prop) if known else None
    if found is None:
        return StateMeaning(state, Level.UNKNOWN, f"{known.name if known else kind}的{prop}为{state}", LOOK)
    return found.meaning(state)


@dataclass(frozen=True)
class Reason:
    subject: str
    property: str
    state: str
    level: Level
    text: str
    action: str
    code: Code = Code.NONE


@dataclass(frozen=True)
class Health:
    """``level`` is the worst of its reasons; reasons run from worst to best, none for what is well."""

    level: Level
    reasons: tuple[Reason, ...]


def roll_up(states: Mapping[tuple[str, str], str], *, kinds: Mapping[str, str] | None = None) -> Health:
    """One level for many states. No state at all is unknown: silence is never health.

    ``kinds`` (subject → kind) is what the terminal reported about itself; without it the subject's name tells the kind.
    """
    if not states:
        return Health(Level.UNKNOWN, (Reason("terminal", "", "", Level.UNKNOWN, "没有收到任何状态", "请现场查看"),))
    reasons = []
    for (subject, prop), state in states.items():
        found = meaning((kinds or {}).get(subject) or kind_of(subject), prop, state)
        if found.level is not Level.OK:
            reasons.append(Reason(subject, prop, state, found.level, found.text, found.action, found.code))
    reasons.sort(key=lambda r: (RANK[r.level], r.subject, r.property))
    return Health(reasons[0].level if reasons else Level.OK, tuple(reasons))


def state_hash(states: Mapping[str, Mapping[str, str]]) -> str:
    """16 hex digits that differ when any state differs; the center asks for the whole state when its own hash is
    another.

    ``states`` is subject → property → state. Subjects without properties do not count.
    """
    plain = {subject: dict(props) for subject, props in states.items() if props}
    canonical = json.dumps(plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def silent_at(last_seen_at: datetime, plan_s: float, grace_s: float) -> datetime:
    """The moment from which a terminal that says nothing counts as silent: the planned pause after the last word,
    plus the grace.
    """
    return last_seen_at + timedelta(seconds=plan_s + grace_s)
