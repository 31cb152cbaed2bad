"""What judging a plan finds: which element, what is wrong, by which clause, in words for people."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """What a finding is about."""

    MISSING = "missing"
    HIDDEN = "hidden"
    ANGLE = "angle"
    SMALL = "small"
    LOW = "low"
    HEIGHT = "height"
    ORDER = "order"
    MOVING = "moving"
    MOUNTING = "mounting"
    UNKNOWN_KIND = "unknown_kind"
    GONE = "gone"
    NOT_DRAWN = "not_drawn"
    NO_VIEW = "no_view"
    EDITION = "edition"
    PATH = "path"
    TURN = "turn"
    DOOR = "door"
    LOW_TERMINAL = "low_terminal"


FAULT_NAMES: dict[Fault, str] = {
    Fault.MISSING: "缺标志",
    Fault.HIDDEN: "被遮挡",
    Fault.ANGLE: "角度不够",
    Fault.SMALL: "尺寸太小",
    Fault.LOW: "挂得太低",
    Fault.HEIGHT: "高度不合适",
    Fault.ORDER: "排列顺序不对",
    Fault.MOVING: "装在会移动的物体上",
    Fault.MOUNTING: "固定方式不合适",
    Fault.UNKNOWN_KIND: "目录里没有的标志",
    Fault.GONE: "所属对象已不在",
    Fault.NOT_DRAWN: "终端没有画在图上",
    Fault.NO_VIEW: "没有观察点",
    Fault.EDITION: "标准版本",
    Fault.PATH: "无障碍通道",
    Fault.TURN: "轮椅回转空间",
    Fault.DOOR: "门的净宽",
    Fault.LOW_TERMINAL: "低位终端",
}


class Severity(StrEnum):
    """A fault breaks its clause; an advice breaks a default of ours; what was not measured is neither met nor
    broken.
    """

    FAULT = "fault"
    ADVICE = "advice"
    UNMEASURED = "unmeasured"


SEVERITY_NAMES: dict[Severity, str] = {
    Severity.FAULT: "不符合",
    Severity.ADVICE: "建议",
    Severity.UNMEASURED: "未量测",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """``clause``: of data/requirements.csv. ``element``: id on the drawing ("path.<n>", "turn.<n>" of the accessible
    path), "" for the area. ``kind``: code of the sign kind, "" where none. ``words``: Chinese, one sentence, for
    people; a row of `rules.phrases` knows it. ``value`` and ``needed``: the two numbers behind it (millimetres,
    degrees), None where there are none.
    """

    fault: Fault
    clause: str
    element: str
    kind: str
    words: str
    severity: Severity = Severity.FAULT
    value: float | None = None
    needed: float | None = None
