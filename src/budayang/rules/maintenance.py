"""From a fact to a person: causes of incidents, the tree of cause and symptom, who answers for lost time.

Causes are in :mod:`budayang.rules.causes`, orders and their clocks in :mod:`budayang.rules.orders`; both are offered
here too, as one subject has one door.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from budayang.rules.causes import (
    BUCKETS,
    CAUSE_BY_CODE,
    CAUSES,
    PRECEDENCE,
    SEVERITY_NAMES,
    Bucket,
    BucketInfo,
    IncidentKind,
    NodeLevel,
    Severity,
    cause_of,
    get_cause,
)
from budayang.rules.intervals import Interval, intersect, maybe, subtract, union
from budayang.rules.orders import (
    EVENT_NAMES,
    ORDER_STATES,
    PAUSE_REASONS,
    STATE_NAMES,
    TRANSITIONS,
    Clock,
    ClockPolicy,
    Clocks,
    IllegalTransition,
    OrderEvent,
    allowed_events,
    next_state,
    order_clocks,
    policy_for,
    state_after,
    time_in_states,
)

__all__ = [
    "BUCKETS",
    "CAUSES",
    "CAUSE_BY_CODE",
    "EVENT_NAMES",
    "ORDER_STATES",
    "PAUSE_REASONS",
    "PRECEDENCE",
    "SEVERITY_NAMES",
    "STATE_NAMES",
    "TRANSITIONS",
    "Attributed",
    "Bucket",
    "BucketInfo",
    "Clock",
    "ClockPolicy",
    "Clocks",
    "Fact",
    "IllegalTransition",
    "IncidentKind",
    "Node",
    "NodeLevel",
    "OrderEvent",
    "Severity",
    "UsableSummary",
    "allowed_events",
    "attribute",
    "cause_above",
    "cause_of",
    "get_cause",
    "next_state",
    "order_clocks",
    "parents",
    "policy_for",
    "state_after",
    "summarize",
    "symptoms_of",
    "time_in_states",
]


@dataclass(frozen=True)
class Node:
    """A place in the tree site > power > network > terminal > peripheral > item, and department > item. Empty fields
    do not apply.
    """

    level: NodeLevel
    area: str = ""
    terminal: str = ""
    component: str = ""
    department: str = ""
    item: str = ""


def parents(node: Node, needs: Collection[str] = ()) -> tuple[Node, ...]:
    """Everything above a node, from its root down to the nearest. ``needs``: for an item, the components it needs at
    its terminal.
    """
    site = Node(NodeLevel.SITE, node.area)
    power = Node(NodeLevel.POWER, node.area)
    network = Node(NodeLevel.NETWORK, node.area)
    terminal = Node(NodeLevel.TERMINAL, node.area, node.terminal)
    match node.level:
        case NodeLevel.SITE | NodeLevel.DEPARTMENT:
            return ()
        case NodeLevel.POWER:
            return (site,)
        case NodeLevel.NETWORK:
            return (site, power)
        case NodeLevel.TERMINAL:
            return (site, power, network)
        case NodeLevel.PERIPHERAL:
            return (site, power, network, terminal)
        case NodeLevel.ITEM:
            parts = tuple(Node(NodeLevel.PERIPHERAL, node.area, node.terminal, c) for c in sorted(needs))
            department = (Node(NodeLevel.DEPARTMENT, department=node.department),) if node.department else ()
            return (site, power, network, terminal, *parts, *department)


def cause_above(node: Node, down: Collection[Node], needs: Collection[str] = ()) -> Node | None:
    """The highest node above ``node`` that is down: while it is, ``node`` is its symptom. None: ``node`` is a cause
    of its own.
    """
    return next((p for p in parents(node, needs) if p in down), None)


def symptoms_of(node: Node, others: Iterable[Node]) -> list[Node]:
    """Those of ``others`` that hang below ``node`` and are to be judged again when it recovers."""
    return [x for x in others if node in parents(x, [node.component] if node.component else ())]


@dataclass(frozen=True)
class Fact:
    """Something that made the promised thing unusable, from ``start_at`` until ``end_at`` (None: still)."""

    ref: str
    bucket: Bucket
    start_at: datetime
    end_at: datetime | None = None


@dataclass(frozen=True)
class Attributed:
    """``bucket`` None: usable. ``fact_ref``: the fact that took the time, None when usable."""

    interval: Interval
    bucket: Bucket | None
    fact_ref: str | None


def attribute(promised: Sequence[Interval], facts: Sequence[Fact]) -> list[Attributed]:
    """Divide promised time: every moment is usable or in exactly one bucket, sorted, nothing left out and nothing
    twice.

    Of several facts over one moment the bucket first in PRECEDENCE takes it, then the earlier fact, then the smaller
    ref.
    A fact whose cause is not settled carries UNDETERMINED and takes only what no other explains; nobody is blamed by
    default.
    """
    rank = {bucket: i for i, bucket in enumerate(PRECEDENCE)}
    left = union(promised)
    out: list[Attributed] = []
    horizon = left[-1].end if left else None
    for fact in sorted(facts, key=lambda f: (rank[f.bucket], f.start_at, f.ref)):
        if horizon is None or not left:
            break
        span = maybe(fact.start_at, fact.end_at if fact.end_at is not None else max(horizon, fact.start_at))
        taken = intersect(left, span)
        if taken:
            out += [Attributed(x, fact.bucket, fact.ref) for x in taken]
            left = subtract(left, taken)
    out += [Attributed(x, None, None) for x in left]
    return sorted(out, key=lambda a: a.interval)


@dataclass(frozen=True)
class UsableSummary:
    """Seconds. ``by_bucket`` holds only buckets with time in them; usable_s plus its sum is promised_s."""

    promised_s: float
    usable_s: float
    by_bucket: dict[Bucket, float]

    @property
    def counted_s(self) -> float:
        """Promised time that is judged: announced stops and time in which nobody could look count for and against
        nobody.
        """
        lost = self.by_bucket.get(Bucket.PLANNED, 0.0) + self.by_bucket.get(Bucket.MONITORING_LOST, 0.0)
        return self.promised_s - lost

    @property
    def availability(self) -> float | None:
        """设备正常运行率 (YJ-07): usable ÷ counted; None when nothing was promised."""
        return self.usable_s / self.counted_s if self.counted_s > 0 else None


def summarize(attributed: Iterable[Attributed]) -> UsableSummary:
    """Add up what :func:`attribute` divided."""
    usable = 0.0
    buckets: dict[Bucket, float] = {}
    for a in attributed:
        if a.bucket is None:
            usable += a.interval.seconds
        else:
            buckets[a.bucket] = buckets.get(a.bucket, 0.0) + a.interval.seconds
    return UsableSummary(usable + sum(buckets.values()), usable, buckets)
