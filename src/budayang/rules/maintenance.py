"""From a fact to a person: causes of incidents, the tree of cause and symptom, who answers for lost time.

Causes are in :mod:`budayang.rules.causes`, orders in :mod:`budayang.rules.orders`, their clocks in
:mod:`budayang.rules.order_clocks`, the division of promised time in :mod:`budayang.rules.hours`; all are offered here
too, as one subject has one door.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from budayang.rules.causes import (
    AFFECTS,
    BUCKETS,
    CAUSE_BY_CODE,
    CAUSES,
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
    cause_of,
    get_cause,
)
from budayang.rules.contract_hours import WorkingHours, contract_calendar
from budayang.rules.hours import Attributed, Fact, UsableSummary, attribute, summarize
from budayang.rules.order_clocks import (
    DAY_AND_NIGHT,
    Calendars,
    Change,
    Clock,
    ClockPolicy,
    Clocks,
    Span,
    Why,
    order_clocks,
    policy_for,
)
from budayang.rules.orders import (
    EVENT_NAMES,
    FINAL_STATES,
    ORDER_STATES,
    PAUSE_REASONS,
    STATE_NAMES,
    TRANSITIONS,
    IllegalTransition,
    OrderEvent,
    allowed_events,
    next_state,
    state_after,
    time_in_states,
)

__all__ = [
    "AFFECTS",
    "BUCKETS",
    "CAUSES",
    "CAUSE_BY_CODE",
    "DAY_AND_NIGHT",
    "EVENT_NAMES",
    "FINAL_STATES",
    "GRAVITY",
    "ORDER_STATES",
    "PAUSE_REASONS",
    "PRECEDENCE",
    "SEVERITY_NAMES",
    "STATE_NAMES",
    "TELLS",
    "TRANSITIONS",
    "Attributed",
    "Bucket",
    "BucketInfo",
    "Calendars",
    "Change",
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
    "Source",
    "Span",
    "UsableSummary",
    "Why",
    "WorkingHours",
    "allowed_events",
    "attribute",
    "cause_above",
    "cause_of",
    "contract_calendar",
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
