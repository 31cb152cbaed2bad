"""What a component of a terminal can be in, in the words of XFS4IoT (CEN CWA 17852), and what each word means for
people.

A status is ``(subject, property) -> state``. The subject names the component: its kind alone (``printer``), or with a
number when a
terminal has several (``printer-2``). The table below is the one place that says how bad a state is, what a person
reads about it and what to do.
States that the table does not know are kept raw and count as unknown, never as well.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Level(StrEnum):
    """How bad. The order of the class is the order from worst to best (see RANK)."""

    FAULT = "fault"
    WARNING = "warning"
    UNKNOWN = "unknown"
    BUSY = "busy"
    OK = "ok"


RANK: dict[Level, int] = {level: rank for rank, level in enumerate(Level)}
LEVEL_NAMES: dict[Level, str] = {
    Level.FAULT: "故障",
    Level.WARNING: "预警",
    Level.UNKNOWN: "未知",
    Level.BUSY: "忙",
    Level.OK: "正常",
}


@dataclass(frozen=True)
class StateMeaning:
    """``text`` is what a person reads (打印机缺纸), ``action`` what the operator does about it; empty when nothing is
    to be done.
    """

    state: str
    level: Level
    text: str
    action: str = ""


@dataclass(frozen=True)
class Property:
    name: str
    label: str
    states: tuple[StateMeaning, ...]

    def meaning(self, state: str) -> StateMeaning:
        for known in self.states:
            if known.state == state:
                return known
        return StateMeaning(state, Level.UNKNOWN, f"{self.label}状态不明（{state}）", "请现场查看")


@dataclass(frozen=True)
class ComponentKind:
    kind: str
    name: str
    properties: tuple[Property, ...]

    def get_property(self, name: str) -> Property | None:
        return next((p for p in self.properties if p.name == name), None)


_OK, _WARN, _FAULT, _BUSY, _UNKNOWN = Level.OK, Level.WARNING, Level.FAULT, Level.BUSY, Level.UNKNOWN


def _device(name: str) -> Property:
    """XFS ``common.device``, which every device has."""
    return Property(
        "device",
        name,
        (
            StateMeaning("online", _OK, f"{name}正常"),
            StateMeaning("deviceBusy", _BUSY, f"{name}正在工作"),
            StateMeaning("starting", _BUSY, f"{name}正在启动"),
            StateMeaning("offline", _FAULT, f"{name}没有应答", "检查电源和连接线，必要时重启设备"),
            StateMeaning("powerOff", _FAULT, f"{name}没有通电", "检查电源开关和插头"),
            StateMeaning("noDevice", _FAULT, f"找不到{name}", "检查设备是否被拆走、端口配置是否改变"),
            StateMeaning("hardwareError", _FAULT, f"{name}硬件故障", "联系运维商检修"),
            StateMeaning("userError", _FAULT, f"{name}等待人工处理", "按设备提示清除：关好盖板、取走异物"),
            StateMeaning("fraudAttempt", _FAULT, f"{name}疑似被动过手脚", "保护现场，通知安保"),
            StateMeaning("unknown", _UNKNOWN, f"{name}状态未知", "请现场查看"),
        ),
    )


def _paper(name: str, label: str) -> Property:
    return Property(
        name,
        label,
        (
            StateMeaning("full", _OK, f"{label}充足"),
            StateMeaning("low", _WARN, f"{label}快用完", "补充A4打印纸"),
            StateMeaning("out", _FAULT, "打印机缺纸" if name == "paper.upper" else f"{label}用完", "补充A4打印纸"),
            StateMeaning("jammed", _FAULT, f"{label}卡纸", "打开机盖取出卡住的纸"),
            StateMeaning("notSupported", _OK, f"没有{label}"),
            StateMeaning("unknown", _UNKNOWN, f"{label}状态未知", "请现场查看"),
        ),
    )


def _lens(name: str, label: str) -> Property:
    return Property(
        name,
        label,
        (
            StateMeaning("ok", _OK, f"{label}正常"),
            StateMeaning("inop", _FAULT, f"{label}不可用", "检查连接线和镜头"),
            StateMeaning("notSupported", _OK, f"没有{label}"),
            StateMeaning("unknown", _UNKNOWN, f"{label}状态未知", "请现场查看"),
        ),
    )


PRINTER = ComponentKind(
    "printer",
    "打印机",
    (
        _device("打印机"),
        _paper("paper.upper", "上纸盒纸张"),
        _paper("paper.lower", "下纸盒纸张"),
        Property(
            "toner",
            "碳粉",
            (
                StateMeaning("full", _OK, "碳粉充足"),
                StateMeaning("low", _WARN, "打印机碳粉不足", "准备更换碳粉盒"),
                StateMeaning("out", _FAULT, "打印机碳粉用完", "更换碳粉盒"),
                StateMeaning("notSupported", _OK, "不报告碳粉"),
                StateMeaning("unknown", _UNKNOWN, "碳粉状态未知", "请现场查看"),
            ),
        ),
        Property(
            "media",
            "走纸通道",
            (
                StateMeaning("notPresent", _OK, "走纸通道畅通"),
                StateMeaning("present", _OK, "纸张在走纸通道中"),
                StateMeaning("entering", _BUSY, "纸张正在进入"),
                StateMeaning("jammed", _FAULT, "打印机卡纸", "打开机盖取出卡住的纸"),
                StateMeaning("notSupported", _OK, "不报告走纸通道"),
                StateMeaning("unknown", _UNKNOWN, "走纸通道状态未知", "请现场查看"),
            ),
        ),
        Property(
            "x-printer.outputBin",
            "出纸口",
            (
                StateMeaning("ok", _OK, "出纸口有空位"),
                StateMeaning("high", _WARN, "出纸口快满", "取走出纸口的纸"),
                StateMeaning("full", _FAULT, "出纸口已满", "取走出纸口的纸"),
            ),
        ),
        Property(
            "x-printer.waste",
            "废粉盒",
            (
                StateMeaning("ok", _OK, "废粉盒有空位"),
                StateMeaning("high", _WARN, "废粉盒快满", "准备更换废粉盒"),
                StateMeaning("full", _FAULT, "废粉盒已满", "更换废粉盒"),
            ),
        ),
        Property(
            "x-printer.queue",
            "打印队列",
            (
                StateMeaning("running", _OK, "打印队列正常"),
                StateMeaning("paused", _FAULT, "打印队列被暂停", "在打印机面板上恢复"),
            ),
        ),
    ),
)

ID_READER = ComponentKind(
    "idReader",
    "身份证阅读器",
    (
        _device("身份证阅读器"),
        Property(
            "media",
            "证件",
            (
                StateMeaning("present", _OK, "证件在阅读区"),
                StateMeaning("notPresent", _OK, "阅读区没有证件"),
                StateMeaning("unknown", _OK, "不报告证件"),
            ),
        ),
        Property(
            "security",
            "安全模块",
            (
                StateMeaning("open", _OK, "安全模块正常"),
                StateMeaning(
                    "notReady", _FAULT, "身份证阅读器的安全模块没有就绪", "重启阅读器；仍不行则联系运维商检修或重新授权"
                ),
                StateMeaning("notSupported", _OK, "不报告安全模块"),
                StateMeaning("unknown", _UNKNOWN, "安全模块状态未知", "请现场查看"),
            ),
        ),
        Property(
            "chipModule",
            "芯片模块",
            (
                StateMeaning("ok", _OK, "芯片模块正常"),
                StateMeaning("inoperable", _FAULT, "身份证阅读器的芯片模块不可用", "联系运维商检修"),
                StateMeaning("notSupported", _OK, "没有芯片模块"),
                StateMeaning("unknown", _UNKNOWN, "芯片模块状态未知", "请现场查看"),
            ),
        ),
    ),
)

TERMINAL = ComponentKind(
    "terminal",
    "自助终端",
    (
        # the status that ingest keeps of the wire itself
        Property(
            "link",
            "联系",
            (
                StateMeaning("online", _OK, "自助终端在线"),
                StateMeaning("silent", _FAULT, "自助终端失去联系", "检查电源、网络和程序"),
            ),
        ),
        # what the center makes of it: suspended and never heard of are no silence
        Property(
            "liveness",
            "运行",
            (
                StateMeaning("online", _OK, "自助终端在线"),
                StateMeaning("silent", _FAULT, "自助终端失去联系", "检查电源、网络和程序"),
                StateMeaning("suspended", _FAULT, "自助终端已停用", "查明停用原因后恢复"),
                StateMeaning("unknown", _UNKNOWN, "自助终端还没有联系过管理平台", "完成安装和登记"),
            ),
        ),
        Property(
            "application",
            "自助服务程序",
            (
                StateMeaning("inService", _OK, "自助服务程序正常"),
                StateMeaning("starting", _BUSY, "自助服务程序正在启动"),
                StateMeaning("maintenance", _WARN, "自助终端在维护状态", "维护结束后退出维护状态"),
                StateMeaning("outOfService", _FAULT, "自助服务程序停止服务", "查看程序给出的原因"),
                StateMeaning("error", _FAULT, "自助服务程序出错", "重启程序，仍不行则联系软件支持"),
                StateMeaning("unknown", _UNKNOWN, "自助服务程序状态未知", "请现场查看"),
            ),
        ),
    ),
)

UPS = ComponentKind(
    "ups",
    "不间断电源",
    (
        _device("不间断电源"),
        Property(
            "supply",
            "供电",
            (
                StateMeaning("powerIn", _OK, "市电供电"),
                StateMeaning("recovered", _OK, "市电已恢复"),
                StateMeaning("powering", _WARN, "市电中断，正由电池供电", "查明停电原因"),
                StateMeaning("low", _FAULT, "市电中断，电池即将耗尽", "立即恢复供电，否则自助终端将关机"),
                StateMeaning("unknown", _UNKNOWN, "供电状态未知", "请现场查看"),
            ),
        ),
        Property(
            "battery",
            "电池",
            (
                StateMeaning("full", _OK, "电池充足"),
                StateMeaning("operational", _OK, "电池正常"),
                StateMeaning("low", _WARN, "电池电量低", "等待充电，长时间不恢复则更换"),
                StateMeaning("critical", _FAULT, "电池电量将尽", "立即恢复供电"),
                StateMeaning("failure", _WARN, "电池失效", "更换电池"),
                StateMeaning("unknown", _UNKNOWN, "电池状态未知", "请现场查看"),
            ),
        ),
    ),
)

DOOR = ComponentKind(
    "door",
    "门",
    (
        Property(
            "entrance",
            "自助区的门",
            (
                StateMeaning("open", _OK, "自助区的门可以进入"),
                StateMeaning("closed", _OK, "自助区的门关着，可以推开"),
                StateMeaning("locked", _FAULT, "自助区的门锁着，群众进不来", "派人开门，查明门禁原因"),
                StateMeaning("unknown", _UNKNOWN, "自助区的门状态未知", "请现场查看"),
            ),
        ),
        Property(
            "cabinet",
            "机柜门",
            (
                StateMeaning("closed", _OK, "机柜门关好"),
                StateMeaning("locked", _OK, "机柜门锁好"),
                StateMeaning("bolted", _OK, "机柜门锁好"),
                StateMeaning("open", _WARN, "机柜门开着", "确认是否有人在维护，离开时锁好"),
                StateMeaning("tampered", _FAULT, "机柜门被强行打开", "保护现场，通知安保"),
                StateMeaning("unknown", _UNKNOWN, "机柜门状态未知", "请现场查看"),
            ),
        ),
    ),
)

CAMERA = ComponentKind("camera", "摄像头", (_device("摄像头"), _lens("person", "人像镜头"), _lens("room", "环境镜头")))
DOCUMENT_CAMERA = ComponentKind("documentCamera", "高拍仪", (_device("高拍仪"), _lens("document", "文档镜头")))

NETWORK = ComponentKind(
    "network",
    "网络",
    (
        Property(
            "uplink",
            "网络",
            (
                StateMeaning("ok", _OK, "网络正常"),
                StateMeaning("degraded", _WARN, "网络不稳", "检查线路和信号"),
                StateMeaning("down", _FAULT, "网络中断", "检查交换机、线路，联系运营商"),
                StateMeaning("unknown", _UNKNOWN, "网络状态未知", "请现场查看"),
            ),
        ),
    ),
)

DEPARTMENT = ComponentKind(
    "department",
    "部门系统",
    (
        Property(
            "connector",
            "部门系统",
            (
                StateMeaning("ok", _OK, "部门系统正常"),
                StateMeaning("down", _FAULT, "部门系统没有应答", "联系该部门的系统值守人员"),
                StateMeaning("unknown", _UNKNOWN, "部门系统状态未知", "等待下一次探测"),
            ),
        ),
    ),
)

KINDS: dict[str, ComponentKind] = {
    x.kind: x for x in (PRINTER, ID_READER, TERMINAL, UPS, DOOR, CAMERA, DOCUMENT_CAMERA, NETWORK, DEPARTMENT)
}


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
        return StateMeaning(state, Level.UNKNOWN, f"{known.name if known else kind}的{prop}为{state}", "请现场查看")
    return found.meaning(state)


@dataclass(frozen=True)
class Reason:
    subject: str
    property: str
    state: str
    level: Level
    text: str
    action: str


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
            reasons.append(Reason(subject, prop, state, found.level, found.text, found.action))
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
