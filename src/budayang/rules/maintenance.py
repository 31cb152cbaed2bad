"""From a fact to a person: causes of incidents, the tree of cause and symptom, who answers for lost time.

Orders and their clocks are in :mod:`budayang.rules.orders`, and are offered here too, as one subject has one door.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from budayang.rules.intervals import Interval, intersect, maybe, subtract, total_s, union
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
    "EVENT_NAMES",
    "ORDER_STATES",
    "PAUSE_REASONS",
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


class Bucket(StrEnum):
    """Where a lost minute belongs. The order here is that of the house; the order of precedence is PRECEDENCE."""

    SITE = "site"
    SWITCHED_OFF = "switched_off"
    POWER = "power"
    NETWORK = "network"
    DEVICE = "device"
    CONSUMABLES = "consumables"
    DEPARTMENT = "department"
    SOFTWARE = "software"
    DAMAGE = "damage"
    PLANNED = "planned"
    MONITORING_LOST = "monitoring_lost"
    UNDETERMINED = "undetermined"


@dataclass(frozen=True)
class BucketInfo:
    """``answers``: manager | owner | vendor | department | center | nobody, whose score the minute touches."""

    name: str
    answers: str


BUCKETS: dict[Bucket, BucketInfo] = {
    Bucket.SITE: BucketInfo("场所关闭或过冷过热", "manager"),
    Bucket.SWITCHED_OFF: BucketInfo("被人关机", "owner"),
    Bucket.POWER: BucketInfo("供电", "manager"),
    Bucket.NETWORK: BucketInfo("网络", "manager"),
    Bucket.DEVICE: BucketInfo("设备故障", "vendor"),
    Bucket.CONSUMABLES: BucketInfo("耗材", "owner"),
    Bucket.DEPARTMENT: BucketInfo("部门系统", "department"),
    Bucket.SOFTWARE: BucketInfo("本平台软件", "center"),
    Bucket.DAMAGE: BucketInfo("人为损坏", "nobody"),
    Bucket.PLANNED: BucketInfo("计划停用", "nobody"),
    Bucket.MONITORING_LOST: BucketInfo("监测中断", "nobody"),
    Bucket.UNDETERMINED: BucketInfo("未能判定", "nobody"),
}

PRECEDENCE: tuple[Bucket, ...] = (
    Bucket.PLANNED,
    Bucket.MONITORING_LOST,
    Bucket.SITE,
    Bucket.POWER,
    Bucket.NETWORK,
    Bucket.SWITCHED_OFF,
    Bucket.DAMAGE,
    Bucket.SOFTWARE,
    Bucket.DEVICE,
    Bucket.CONSUMABLES,
    Bucket.DEPARTMENT,
    Bucket.UNDETERMINED,
)
"""Where several facts explain one minute, the first of these takes it: what was announced, what nobody could see, then the tree from its root."""


class Severity(StrEnum):
    GENERAL = "general"
    SERIOUS = "serious"
    URGENT = "urgent"


SEVERITY_NAMES: dict[Severity, str] = {Severity.GENERAL: "一般", Severity.SERIOUS: "严重", Severity.URGENT: "紧急"}


class NodeLevel(StrEnum):
    SITE = "site"
    POWER = "power"
    NETWORK = "network"
    TERMINAL = "terminal"
    PERIPHERAL = "peripheral"
    DEPARTMENT = "department"
    ITEM = "item"


@dataclass(frozen=True)
class IncidentKind:
    """One cause. ``affects``: what a person loses (terminal, printing, identity, items, entry; empty: nothing yet).

    ``proof``: what closes its order (验收): test_print, card_read, heartbeat, probe, state. ``prop`` and ``states`` are the words of rules/terminals.
    """

    code: str
    title: str
    severity: Severity
    bucket: Bucket
    level: NodeLevel
    kind: str
    prop: str
    states: frozenset[str]
    affects: tuple[str, ...]
    proof: str

    def matches(self, kind: str, prop: str, state: str) -> bool:
        return self.kind == kind and self.prop == prop and state in self.states


def _cause(
    code: str,
    title: str,
    severity: Severity,
    bucket: Bucket,
    level: NodeLevel,
    where: tuple[str, str],
    states: tuple[str, ...],
    affects: tuple[str, ...],
    proof: str,
) -> IncidentKind:
    return IncidentKind(code, title, severity, bucket, level, where[0], where[1], frozenset(states), affects, proof)


_G, _S, _U = Severity.GENERAL, Severity.SERIOUS, Severity.URGENT
_P, _T = NodeLevel.PERIPHERAL, NodeLevel.TERMINAL
_PAPER, _LOWER, _TONER = ("printer", "paper.upper"), ("printer", "paper.lower"), ("printer", "toner")
_GONE = ("offline", "powerOff", "noDevice", "hardwareError")

CAUSES: tuple[IncidentKind, ...] = (
    _cause("paper_out", "打印机缺纸", _G, Bucket.CONSUMABLES, _P, _PAPER, ("out",), ("printing",), "test_print"),
    _cause("paper_low", "打印纸快用完", _G, Bucket.CONSUMABLES, _P, _PAPER, ("low",), (), "state"),
    _cause(
        "paper_jam", "打印机卡纸", _G, Bucket.DEVICE, _P, ("printer", "media"), ("jammed",), ("printing",), "test_print"
    ),
    _cause("paper_tray_jam", "纸盒卡纸", _G, Bucket.DEVICE, _P, _PAPER, ("jammed",), ("printing",), "test_print"),
    _cause("lower_paper_out", "下纸盒缺纸", _G, Bucket.CONSUMABLES, _P, _LOWER, ("out",), ("printing",), "test_print"),
    _cause("lower_paper_low", "下纸盒纸张快用完", _G, Bucket.CONSUMABLES, _P, _LOWER, ("low",), (), "state"),
    _cause("lower_tray_jam", "下纸盒卡纸", _G, Bucket.DEVICE, _P, _LOWER, ("jammed",), ("printing",), "test_print"),
    _cause("toner_out", "打印机碳粉用完", _G, Bucket.CONSUMABLES, _P, _TONER, ("out",), ("printing",), "test_print"),
    _cause("toner_low", "打印机碳粉不足", _G, Bucket.CONSUMABLES, _P, _TONER, ("low",), (), "state"),
    _cause(
        "printer_cover",
        "打印机盖板打开或等待人工处理",
        _G,
        Bucket.DEVICE,
        _P,
        ("printer", "device"),
        ("userError",),
        ("printing",),
        "test_print",
    ),
    _cause(
        "printer_offline",
        "打印机没有应答",
        _G,
        Bucket.DEVICE,
        _P,
        ("printer", "device"),
        _GONE,
        ("printing",),
        "test_print",
    ),
    _cause(
        "output_bin_full",
        "打印机出纸口已满",
        _G,
        Bucket.CONSUMABLES,
        _P,
        ("printer", "x-printer.outputBin"),
        ("full",),
        ("printing",),
        "test_print",
    ),
    _cause(
        "waste_full",
        "打印机废粉盒已满",
        _G,
        Bucket.CONSUMABLES,
        _P,
        ("printer", "x-printer.waste"),
        ("full",),
        ("printing",),
        "test_print",
    ),
    _cause(
        "queue_paused",
        "打印队列被暂停",
        _G,
        Bucket.DEVICE,
        _P,
        ("printer", "x-printer.queue"),
        ("paused",),
        ("printing",),
        "test_print",
    ),
    _cause(
        "id_reader_down",
        "身份证阅读器不可用",
        _S,
        Bucket.DEVICE,
        _P,
        ("idReader", "device"),
        (*_GONE, "userError"),
        ("identity",),
        "card_read",
    ),
    _cause(
        "id_reader_security",
        "身份证阅读器安全模块没有就绪",
        _S,
        Bucket.DEVICE,
        _P,
        ("idReader", "security"),
        ("notReady",),
        ("identity",),
        "card_read",
    ),
    _cause(
        "id_reader_chip",
        "身份证阅读器芯片模块不可用",
        _S,
        Bucket.DEVICE,
        _P,
        ("idReader", "chipModule"),
        ("inoperable",),
        ("identity",),
        "card_read",
    ),
    _cause(
        "terminal_silent",
        "自助终端失去联系",
        _S,
        Bucket.UNDETERMINED,
        _T,
        ("terminal", "liveness"),
        ("silent",),
        ("terminal",),
        "heartbeat",
    ),
    _cause(
        "application_down",
        "自助服务程序停止服务",
        _S,
        Bucket.SOFTWARE,
        _T,
        ("terminal", "application"),
        ("outOfService", "error"),
        ("terminal",),
        "heartbeat",
    ),
    _cause(
        "cabinet_forced",
        "机柜门被强行打开",
        _U,
        Bucket.DAMAGE,
        _T,
        ("door", "cabinet"),
        ("tampered",),
        ("terminal",),
        "state",
    ),
    _cause(
        "device_tampered",
        "身份证阅读器疑似被动过手脚",
        _U,
        Bucket.DAMAGE,
        _P,
        ("idReader", "device"),
        ("fraudAttempt",),
        ("identity",),
        "card_read",
    ),
    _cause("camera_down", "摄像头不可用", _G, Bucket.DEVICE, _P, ("camera", "device"), _GONE, ("camera",), "state"),
    _cause(
        "door_locked",
        "自助区的门锁着",
        _U,
        Bucket.SITE,
        NodeLevel.SITE,
        ("door", "entrance"),
        ("locked",),
        ("entry",),
        "state",
    ),
    _cause("power_lost", "市电中断", _S, Bucket.POWER, NodeLevel.POWER, ("ups", "supply"), ("powering",), (), "state"),
    _cause(
        "power_ending",
        "市电中断，电池即将耗尽",
        _U,
        Bucket.POWER,
        NodeLevel.POWER,
        ("ups", "supply"),
        ("low",),
        ("terminal",),
        "state",
    ),
    _cause(
        "network_down",
        "网络中断",
        _S,
        Bucket.NETWORK,
        NodeLevel.NETWORK,
        ("network", "uplink"),
        ("down",),
        ("terminal",),
        "heartbeat",
    ),
    _cause(
        "department_down",
        "部门系统没有应答",
        _S,
        Bucket.DEPARTMENT,
        NodeLevel.DEPARTMENT,
        ("department", "connector"),
        ("down",),
        ("items",),
        "probe",
    ),
)

CAUSE_BY_CODE: dict[str, IncidentKind] = {c.code: c for c in CAUSES}


def cause_of(kind: str, prop: str, state: str) -> IncidentKind | None:
    """The cause that a state of a component is, or None when it deserves nobody's time."""
    return next((c for c in CAUSES if c.matches(kind, prop, state)), None)


def get_cause(code: str) -> IncidentKind:
    """Raises KeyError."""
    return CAUSE_BY_CODE[code]


@dataclass(frozen=True)
class Node:
    """A place in the tree site > power > network > terminal > peripheral > item, and department > item. Empty fields do not apply."""

    level: NodeLevel
    area: str = ""
    terminal: str = ""
    component: str = ""
    department: str = ""
    item: str = ""


def parents(node: Node, needs: Collection[str] = ()) -> tuple[Node, ...]:
    """Everything above a node, from its root down to the nearest. ``needs``: for an item, the components it needs at its terminal."""
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
    """The highest node above ``node`` that is down: while it is, ``node`` is its symptom. None: ``node`` is a cause of its own."""
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
    """Divide promised time: every moment is usable or in exactly one bucket, sorted, nothing left out and nothing twice.

    Of several facts over one moment the bucket first in PRECEDENCE takes it, then the earlier fact, then the smaller ref.
    A fact whose cause is not settled carries UNDETERMINED and takes only what no other explains; nobody is blamed by default.
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
        """Promised time that is judged: announced stops and time in which nobody could look count for and against nobody."""
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


def usable_s(attributed: Iterable[Attributed]) -> float:
    return total_s(a.interval for a in attributed if a.bucket is None)
