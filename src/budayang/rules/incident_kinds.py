"""What a kind of incident is made of: bucket, severity, place in the tree, and the columns of the table of causes.

The rows are in :mod:`budayang.rules.cause_table`; the door of both is :mod:`budayang.rules.causes`.
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
GRAVITY: dict[Severity, int] = {Severity.URGENT: 0, Severity.SERIOUS: 1, Severity.GENERAL: 2}


class NodeLevel(StrEnum):
    """Levels of the tree of cause and symptom, root first."""

    SITE = "site"
    POWER = "power"
    NETWORK = "network"
    TERMINAL = "terminal"
    PERIPHERAL = "peripheral"
    DEPARTMENT = "department"
    ITEM = "item"


AREA_LEVELS = frozenset({NodeLevel.SITE, NodeLevel.POWER, NodeLevel.NETWORK})
"""What belongs to the whole area, whichever terminal tells of it."""


class Source(StrEnum):
    """Who finds the condition: what a component reports, how the terminal itself stands with the center, the rule of
    rules/inference, a single message, or another part of the maintenance room, which then also closes the incident.
    """

    STATE = "state"
    LINK = "link"
    INFERENCE = "inference"
    MESSAGE = "message"
    ELSEWHERE = "elsewhere"


ANY = "any"
"""In the column ``kind``: every kind of component that has no row of its own for the state."""

TELLS: dict[str, str] = {
    "keeper": "自助区管理员",
    "manager": "综合管理单位",
    "owner": "设备归属单位",
    "vendor": "运维商",
    "department": "部门系统值守",
    "center": "平台运维",
    "guard": "安保",
}
"""Who can be told of an incident; the words of the column ``tells``."""

AFFECTS: dict[str, str] = {
    "terminal": "整台不能用",
    "printing": "不能打印",
    "receipt": "不能打印凭条",
    "stamping": "不能盖章",
    "identity": "不能读身份证",
    "ic_card": "不能读社保卡",
    "card_issue": "不能发卡",
    "scanning": "不能扫码",
    "payment": "不能缴费",
    "signature": "不能签名",
    "documents": "不能拍摄材料",
    "voice": "听不到语音提示",
    "items": "该部门事项办不了",
    "entry": "进不了门",
    "camera": "摄像头不能用",
}
"""What people lose; the words of the column ``affects``."""


@dataclass(frozen=True)
class IncidentKind:
    """One cause. ``affects``: what a person loses (keys of AFFECTS; empty: nothing yet).

    ``kind``, ``prop`` and ``states`` are the condition in the words of rules/terminals. The condition must have held
    for ``open_after_s`` before the incident opens (with the moment at which it began), and be gone for
    ``clear_after_s`` before it closes (with the moment at which it went). ``tells``: who hears of it (keys of TELLS).
    ``citizen``: the sentence for people; empty when it is none of their business. ``proof``: what closes its order
    (验收): test_print, card_read, heartbeat, probe, state, person, round. ``hushable``: a planned stop explains it, so
    that nobody is called while one covers it; smoke, break-ins, money and what people say are never explained by one.
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
    open_after_s: float
    clear_after_s: float
    tells: tuple[str, ...]
    citizen: str
    source: Source = Source.STATE
    hushable: bool = True

    def matches(self, kind: str, prop: str, state: str) -> bool:
        """Whether a reported state is this cause."""
        return self.kind in (kind, ANY) and self.prop == prop and state in self.states

    @property
    def at_area(self) -> bool:
        """It belongs to the area, not to the terminal that tells of it."""
        return self.level in AREA_LEVELS
