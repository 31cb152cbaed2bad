"""The register of assets (一机一档, clause YJ-01): kinds, states, what is looked at when a thing is accepted, and where
warranty and life stand on a day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

KIND_NAMES: dict[str, str] = {
    "terminal": "自助终端",
    "component": "终端部件",
    "extinguisher": "灭火器",
    "ups": "UPS 电源",
    "camera": "摄像机",
    "network": "网络设备",
    "door": "门禁、门",
    "furniture": "家具",
    "other": "其他设施",
}
AT_A_TERMINAL = frozenset({"terminal", "component"})
"""Kinds that are a terminal of the register of machines, or sit in one."""

STATE_NAMES: dict[str, str] = {
    "waiting": "待验收",
    "in_use": "在用",
    "stopped": "停用",
    "scrapped": "报废",
    "returned": "退回供应商",
}
FIRST_STATE = "waiting"
FINAL_STATES = frozenset({"scrapped", "returned"})
TRANSITIONS: dict[tuple[str, str], str] = {
    ("waiting", "accept"): "in_use",
    # Refused things wait until what was found wrong is put right, or go back.
    ("waiting", "refuse"): "waiting",
    ("waiting", "return"): "returned",
    ("in_use", "stop"): "stopped",
    ("stopped", "start"): "in_use",
    ("in_use", "scrap"): "scrapped",
    ("stopped", "scrap"): "scrapped",
}
EVENT_NAMES: dict[str, str] = {
    "register": "登记",
    "accept": "验收合格",
    "refuse": "验收不合格",
    "return": "退回供应商",
    "stop": "停用",
    "start": "恢复使用",
    "scrap": "报废",
    "move": "移动",
    "change": "更改资料",
    "file": "附文件",
    "order": "关联工单",
}


@dataclass(frozen=True, slots=True)
class CheckItem:
    """One thing that is looked at when an asset is accepted. `kinds` empty: of every kind."""

    code: str
    words: str
    kinds: frozenset[str] = frozenset()


CHECK_ITEMS: tuple[CheckItem, ...] = (
    CheckItem("count", "品名、数量、型号与合同一致"),
    CheckItem("serial", "铭牌序列号与登记一致"),
    CheckItem("looks", "外观完好，无破损、锈蚀"),
    CheckItem("papers", "合格证、保修卡、说明书齐全"),
    CheckItem("report", "有检验报告（GB/T 23647 等，YJ-03）", frozenset({"terminal"})),
    CheckItem("filed", "已备案，操作规程和维护人姓名电话已提供（YJ-02）", frozenset({"terminal"})),
    CheckItem("power", "通电、联网正常", frozenset({"terminal", "component", "ups", "camera", "network", "door"})),
    CheckItem("works", "逐项功能试过，能走通一笔", frozenset({"terminal", "component"})),
    CheckItem("print", "测试页、凭条清晰", frozenset({"terminal", "component"})),
    CheckItem("pressure", "压力在绿区，铅封完好，在有效期内", frozenset({"extinguisher"})),
    CheckItem("runtime", "断电后供电时间达到要求", frozenset({"ups"})),
    CheckItem("picture", "画面清晰，时间准确，有采集提示标识", frozenset({"camera"})),
    CheckItem("exit", "断电后能从里面打开", frozenset({"door"})),
    CheckItem("firm", "安装牢固，不挡通道", frozenset({"furniture", "other", "extinguisher", "terminal"})),
)
ANSWER_NAMES: dict[str, str] = {"yes": "符合", "no": "不符合", "na": "不适用"}


def check_items(kind: str) -> tuple[CheckItem, ...]:
    """What is looked at when a thing of this kind is accepted, in order."""
    return tuple(one for one in CHECK_ITEMS if not one.kinds or kind in one.kinds)


def acceptance_problem(kind: str, answers: Mapping[str, str], notes: Mapping[str, str], *, passed: bool) -> str:
    """Why an acceptance cannot be kept as it stands, in words; "" when it can. Every item needs an answer, what does
    not comply needs words, and nothing passes with an item that does not comply.
    """
    items = check_items(kind)
    for item in items:
        if answers.get(item.code) not in ANSWER_NAMES:
            return f"“{item.words}”还没有结果。"
        if answers[item.code] == "no" and not notes.get(item.code, "").strip():
            return f"“{item.words}”不符合，请写明是什么情况。"
    if passed and any(answers[item.code] == "no" for item in items):
        return "有不符合的项目，不能验收合格。请改为不合格，整改后再验收。"
    if passed and all(answers[item.code] == "na" for item in items):
        return "没有一项查过，不能验收合格。"
    if not passed and not any(answers[item.code] == "no" for item in items):
        return "没有不符合的项目，请写明哪一项不符合，或改为合格。"
    return ""


class Warranty(StrEnum):
    """Whether the supplier still answers for a thing."""

    UNKNOWN = "unknown"
    COVERED = "covered"
    ENDED = "ended"


WARRANTY_NAMES: dict[Warranty, str] = {
    Warranty.UNKNOWN: "未登记质保",
    Warranty.COVERED: "在质保期内",
    Warranty.ENDED: "已过质保期",
}


def warranty(until_on: date | None, on: date) -> Warranty:
    """The last day itself is still covered."""
    if until_on is None:
        return Warranty.UNKNOWN
    return Warranty.COVERED if on <= until_on else Warranty.ENDED
