"""What a row of the component tables is made of, and the properties that many kinds share.

Property names and states are those of XFS4IoT (CEN CWA 17852) where it has them; ours begin with ``x-`` or belong to a
kind that XFS does not know. `rules.xfs` says which is which.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad. The order of the class is the order from worst to best (see RANK in rules.terminals)."""

    FAULT = "fault"
    WARNING = "warning"
    UNKNOWN = "unknown"
    BUSY = "busy"
    OK = "ok"


class Code(StrEnum):
    """What an operator does, as the action of an XFS4IoT ``Common.ErrorEvent``.

    RESET: reset or restart it. CLEAR: somebody on site can put it right (paper, cover, key). CONFIGURATION: a setting,
    a cable or an authorisation is wrong. MAINTENANCE: a technician. SUSPEND: it is waited for, it comes back by itself.
    """

    NONE = ""
    RESET = "reset"
    CLEAR = "clear"
    CONFIGURATION = "configuration"
    MAINTENANCE = "maintenance"
    SUSPEND = "suspend"


@dataclass(frozen=True)
class StateMeaning:
    """``text`` is what a person reads (打印机缺纸), ``action`` what the operator does about it, ``code`` the same for a
    program; the last two are empty when nothing is to be done.
    """

    state: str
    level: Level
    text: str
    action: str = ""
    code: Code = Code.NONE


LOOK = "请现场查看"


@dataclass(frozen=True)
class Property:
    """``label`` names it for people."""

    name: str
    label: str
    states: tuple[StateMeaning, ...]

    def meaning(self, state: str) -> StateMeaning:
        for known in self.states:
            if known.state == state:
                return known
        return StateMeaning(state, Level.UNKNOWN, f"{self.label}状态不明（{state}）", LOOK)


@dataclass(frozen=True)
class ComponentKind:
    """``peripheral``: a device of a terminal, which XFS4IoT can tell of; the others are places, wires and systems."""

    kind: str
    name: str
    properties: tuple[Property, ...]
    peripheral: bool = True

    def get_property(self, name: str) -> Property | None:
        return next((p for p in self.properties if p.name == name), None)


def ok(state: str, text: str) -> StateMeaning:
    """Nothing to do."""
    return StateMeaning(state, Level.OK, text)


def busy(state: str, text: str) -> StateMeaning:
    """At work; not for long."""
    return StateMeaning(state, Level.BUSY, text)


def warning(state: str, text: str, action: str, code: Code) -> StateMeaning:
    """It still serves."""
    return StateMeaning(state, Level.WARNING, text, action, code)


def fault(state: str, text: str, action: str, code: Code) -> StateMeaning:
    """It does not serve."""
    return StateMeaning(state, Level.FAULT, text, action, code)


def unknown(text: str, action: str = LOOK) -> StateMeaning:
    """It says itself that it does not know."""
    return StateMeaning("unknown", Level.UNKNOWN, text, action)


def device(name: str) -> Property:
    """XFS ``common.device``, which every device has."""
    return Property(
        "device",
        name,
        (
            ok("online", f"{name}正常"),
            busy("deviceBusy", f"{name}正在工作"),
            busy("starting", f"{name}正在启动"),
            fault("offline", f"{name}没有应答", "检查电源和连接线，必要时重启设备", Code.RESET),
            fault("powerOff", f"{name}没有通电", "检查电源开关和插头", Code.CLEAR),
            fault("noDevice", f"找不到{name}", "检查设备是否被拆走、端口配置是否改变", Code.CONFIGURATION),
            fault("hardwareError", f"{name}硬件故障", "联系运维商检修", Code.MAINTENANCE),
            fault("userError", f"{name}等待人工处理", "按设备提示清除：关好盖板、取走异物", Code.CLEAR),
            fault("fraudAttempt", f"{name}疑似被动过手脚", "保护现场，通知安保", Code.MAINTENANCE),
            warning("potentialFraud", f"{name}可能被动过手脚", "查看设备和监控，核实后清除", Code.CLEAR),
            unknown(f"{name}状态未知"),
        ),
    )


def paper(name: str, label: str, refill: str, out: str) -> Property:
    """XFS ``printer.paper``: ``refill`` is what to do, ``out`` the sentence when there is none."""
    return Property(
        name,
        label,
        (
            ok("full", f"{label}充足"),
            warning("low", f"{label}快用完", refill, Code.CLEAR),
            fault("out", out, refill, Code.CLEAR),
            fault("jammed", f"{label}卡纸", "打开机盖取出卡住的纸", Code.CLEAR),
            ok("notSupported", f"没有{label}"),
            unknown(f"{label}状态未知"),
        ),
    )


def path_of_paper(name: str, label: str = "走纸通道") -> Property:
    """XFS ``printer.media`` of the printer called ``name``."""
    return Property(
        "media",
        label,
        (
            ok("notPresent", f"{label}畅通"),
            ok("present", f"纸张在{label}中"),
            busy("entering", "纸张正在进入"),
            ok("retracted", "没有取走的纸已经收回"),
            fault("jammed", f"{name}卡纸", "打开机盖取出卡住的纸", Code.CLEAR),
            ok("notSupported", f"不报告{label}"),
            unknown(f"{label}状态未知"),
        ),
    )


def supply(name: str, label: str, low: str, out: str, *, soon: str, refill: str) -> Property:
    """XFS ``printer.toner`` and ``printer.ink``: ``low`` and ``out`` are sentences, ``soon`` and ``refill`` acts."""
    return Property(
        name,
        label,
        (
            ok("full", f"{label}充足"),
            warning("low", low, soon, Code.CLEAR),
            fault("out", out, refill, Code.CLEAR),
            ok("notSupported", f"不报告{label}"),
            unknown(f"{label}状态未知"),
        ),
    )


def lens(name: str, label: str) -> Property:
    """XFS ``camera.cameras``."""
    return Property(
        name,
        label,
        (
            ok("ok", f"{label}正常"),
            fault("inop", f"{label}不可用", "检查连接线和镜头", Code.MAINTENANCE),
            ok("notSupported", f"没有{label}"),
            unknown(f"{label}状态未知"),
        ),
    )


def module(name: str, label: str, broken: str) -> Property:
    """A part of a device that works or does not: XFS ``cardReader.chipModule``, ours for cutters and sound cards."""
    return Property(
        name,
        label,
        (
            ok("ok", f"{label}正常"),
            fault("inoperable", broken, "联系运维商检修", Code.MAINTENANCE),
            ok("notSupported", f"没有{label}"),
            unknown(f"{label}状态未知"),
        ),
    )


def switched(name: str, device_name: str) -> Property:
    """XFS ``barcodeReader.scanner``: something that is switched on for as long as it is needed."""
    return Property(
        name,
        device_name,
        (
            ok("on", f"{device_name}已开启"),
            ok("off", f"{device_name}待用"),
            fault("inoperative", f"{device_name}不可用", "重新插拔设备，仍不行则联系运维商检修", Code.RESET),
            unknown(f"{device_name}状态未知"),
        ),
    )


def locked_door(name: str, label: str) -> Property:
    """XFS ``auxiliaries.cabinetFrontDoor``."""
    return Property(
        name,
        label,
        (
            ok("closed", f"{label}关好"),
            ok("locked", f"{label}锁好"),
            ok("bolted", f"{label}锁好"),
            warning("open", f"{label}开着", "确认是否有人在维护，离开时锁好", Code.CLEAR),
            fault("tampered", f"{label}被强行打开", "保护现场，通知安保", Code.MAINTENANCE),
            unknown(f"{label}状态未知"),
        ),
    )
