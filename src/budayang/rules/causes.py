"""The causes of incidents as one table, and the buckets of responsibility.

A new kind of incident is one row of CAUSES; the words of its component, property and state are those of
rules/terminals.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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
"""Where several facts explain one minute, the first of these takes it: what was announced, what nobody could see,
then the tree from its root.
"""


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

    ``proof``: what closes its order (验收): test_print, card_read, heartbeat, probe, state. ``prop`` and ``states``
    are the words of rules/terminals.
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
