"""The causes of incidents: the door of the table and of the words that its columns use.

A new kind of incident is one row of :data:`CAUSES` (rules/cause_table.py).
"""

from __future__ import annotations

from budayang.rules.areas import StopScope, covers
from budayang.rules.cause_table import CAUSES
from budayang.rules.incident_kinds import (
    AFFECTS,
    ANY,
    AREA_LEVELS,
    BUCKETS,
    GRAVITY,
    PRECEDENCE,
    SEVERITY_NAMES,
    TELLS,
    Bucket,
    BucketInfo,
    IncidentKind,
    NodeLevel,
    Severity,
    Source,
)

__all__ = [
    "AFFECTS",
    "ANY",
    "AREA_LEVELS",
    "BUCKETS",
    "CAUSES",
    "CAUSE_BY_CODE",
    "GRAVITY",
    "PRECEDENCE",
    "SEVERITY_NAMES",
    "TELLS",
    "Bucket",
    "BucketInfo",
    "IncidentKind",
    "NodeLevel",
    "Severity",
    "Source",
    "cause_of",
    "get_cause",
    "hushes",
]

CAUSE_BY_CODE: dict[str, IncidentKind] = {c.code: c for c in CAUSES}
_TOLD = (Source.STATE, Source.LINK)
_BY_STATE: dict[tuple[str, str, str], IncidentKind] = {
    (c.kind, c.prop, state): c for c in CAUSES if c.source in _TOLD for state in c.states
}


def cause_of(kind: str, prop: str, state: str) -> IncidentKind | None:
    """The cause that a reported state of a component is, or None when it deserves nobody's time."""
    return _BY_STATE.get((kind, prop, state)) or _BY_STATE.get((ANY, prop, state))


def get_cause(code: str) -> IncidentKind:
    """Raises KeyError."""
    return CAUSE_BY_CODE[code]


def hushes(stop: StopScope, kind: IncidentKind, *, terminal_id: int | None, subject: str) -> bool:
    """Whether a stop that reaches the area explains this fault of a component ("printer-2"), so that nobody is called.

    A silence is of the whole terminal: a stop of one of its parts does not explain it.
    """
    component = "" if kind.source is Source.LINK else subject.partition("-")[0]
    return kind.hushable and covers(stop, terminal_id=terminal_id, subject=subject, component=component)
