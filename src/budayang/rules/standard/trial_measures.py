"""The measures that can be tried (试算), one row each: what it is, what has to be set, what it assumes, how it changes
the intervals. A new measure is one row of :data:`MEASURES` and its function in :mod:`budayang.rules.standard.trials`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import time

from budayang.rules.consumables import CONSUMABLES
from budayang.rules.standard import trials
from budayang.rules.standard.trials import Change, Chosen, Ground, Trouble, Troubles, Values

WEEKDAYS: dict[str, str] = {
    "0": "周一", "1": "周二", "2": "周三", "3": "周四", "4": "周五", "5": "周六", "6": "周日",
}  # fmt: skip
YES_NO: dict[str, str] = {"no": "不开", "yes": "开"}


@dataclass(frozen=True, slots=True)
class Ask:
    """Something that a person sets. ``kind``: number, time (HH:MM, may be empty), weekdays (of WEEKDAYS, with spaces),
    choice (of ``choices``), department (a code). ``usual`` is what the form begins with, ``none`` what changes nothing.
    """

    name: str
    label: str
    unit: str
    kind: str
    usual: float | str
    none: float | str
    most: float = 0
    choices: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Measure:
    """``change`` None: it changes a department's hours (:func:`trials.longer_windows`), not what troubled machines.
    ``assumes``: what has to be true for the result to hold, as the page says it. ``mends``: what it takes away is no
    fault any more, so that its order and the machine's standing change too; a machine that another stands in for is
    still broken.
    """

    code: str
    name: str
    what: str
    asks: tuple[Ask, ...]
    assumes: tuple[str, ...]
    change: Change | None
    mends: bool = True

    @property
    def none(self) -> dict[str, float | str]:
        """Values with which nothing changes."""
        return {one.name: one.none for one in self.asks}


def _number(name: str, label: str, unit: str, usual: float, most: float, none: float = 0.0) -> Ask:
    return Ask(name, label, unit, "number", usual, none, most)


MEASURES: tuple[Measure, ...] = (
    Measure(
        "ups",
        "不间断电源",
        "停电时由电池供电，顶得住的时间内机器照常用。",
        (
            _number("minutes", "顶多久", "分钟", 30, 1440),
            _number("recharge_h", "放空后多久充满", "小时", 8, 72),
        ),
        (
            "停电开始时电池是满的，除非刚停过；电池按比例充电，寿命和低温不折减。",
            "停电期间的失联算停电造成的；停电时另有别的故障的，那一段仍不可用。",
            "顶住的停电不开工单，顶不住的从没电时起算；电源自己报告市电中断另开的工单不在内。",
            "网络设备和监测中继也由它供电的部分不知道：看不到的时间仍算监测中断，不算可用。",
        ),
        trials.bridge_power,
    ),
    Measure(
        "second_line",
        "备用网络线路",
        "主线断了以后自动切到另一条线路。",
        (
            _number("switch_s", "多久切换过去", "秒", 60, 3600),
            _number("minutes", "最多顶多久", "分钟", 1440, 44640),
        ),
        (
            "备用线路当时是通的；断网期间的失联算断网造成的。",
            "部门专线断了的，备用线路同样能到部门系统。",
            "顶住的断网不开工单，顶不住的修复用时相应变短；主线照旧要修，不占机器的时间。",
        ),
        trials.second_line,
    ),
    Measure(
        "repair",
        "修复限时",
        "设备和程序的故障到时必修好（多一组人、备件放在现场）。",
        (_number("hours", "最长多久修好", "小时", 4, 720),),
        (
            "限时以前修好的不变；人为损坏、等部门、等耗材的不在内。",
            "夜里也到得了场；工单的修复不晚于故障消失，响应和到场按原来的记录。",
        ),
        trials.cap_repair,
    ),
    Measure(
        "spare",
        "备用终端",
        "自助区里放备用机，有机器坏了就换上，修好再换下。",
        (
            _number("count", "每个自助区放", "台", 1, 20),
            _number("hours", "多久换上", "小时", 2, 168),
        ),
        (
            "备用机自己不坏，能办坏机器能办的全部事项（部门同意装它的系统）。",
            "先坏的先换；没有备用机空着的不换。备用机本身的承诺时间不另算。",
            "坏机器照旧要修：工单和设备完好率按原来的记录。",
        ),
        trials.spare_machine,
        mends=False,
    ),
    Measure(
        "restock",
        "定期补耗材",
        "每周固定的日子把一种耗材补到每台机器里。",
        (
            Ask("consumable", "耗材", "", "choice", "a4", "a4", choices={one.code: one.name for one in CONSUMABLES}),
            Ask("weekdays", "星期几", "", "weekdays", "4", ""),
            Ask("at", "几点", "", "time", "16:00", "16:00"),
            _number("amount", "每台每次最多补", "份", 500, 100000),
            _number("per_day", "没有计数的机器每天用（0 为不算它们）", "份", 0, 100000),
        ),
        (
            "补的装得下才算；真实的补充照旧发生。用完以后按平时每天的平均用量消耗补进去的。",
            "缺纸期间本来会用多少不知道，用平均数代替；高峰日会更快用完。",
            "没有用完的不开缺耗材的工单；“快用完”的工单不占机器的时间，按原来的记录。",
        ),
        trials.restock,
    ),
    Measure(
        "department",
        "部门延长办理时间",
        "一个部门的系统到晚上几点都能办，或周六也办。",
        (
            Ask("department", "部门", "", "department", "", ""),
            Ask("until", "每天办到几点", "", "time", "22:00", ""),
            Ask("saturday", "周六", "", "choice", "no", "no", choices=YES_NO),
        ),
        (
            "延长的时间里部门系统和平时一样通；只算部门已经确认过办理时间的事项。",
            "部门的办理时间没有历史，按现在登记的算过去的月份。",
            "机器本身的可用率、工单和条款不因此改变，变的是事项能办的时间。",
        ),
        None,
    ),
)
BY_CODE: dict[str, Measure] = {one.code: one for one in MEASURES}


class BadValue(ValueError):
    """A value that cannot be taken: ``name`` of the ask, and a sentence for people."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name, self.message = name, message


def read_values(measure: Measure, given: Mapping[str, str]) -> dict[str, float | str]:
    """Values as a form gives them. Raises BadValue at the first that cannot be taken."""
    return {ask.name: _read(ask, given.get(ask.name, "").strip()) for ask in measure.asks}


def _read(ask: Ask, text: str) -> float | str:
    match ask.kind:
        case "number":
            try:
                value = float(text or "0")
            except ValueError:
                raise BadValue(ask.name, "要写数字。") from None
            if not 0 <= value <= ask.most:
                raise BadValue(ask.name, f"要在 0 和 {ask.most:.0f} 之间。")
            return value
        case "time":
            try:
                return time.fromisoformat(text).strftime("%H:%M") if text else ""
            except ValueError:
                raise BadValue(ask.name, "要写成 22:00 这样。") from None
        case "weekdays":
            days = sorted(set(text.split()))
            if any(one not in WEEKDAYS for one in days):
                raise BadValue(ask.name, "请在星期几里选。")
            return " ".join(days)
        case "choice":
            text = text or str(ask.none)
            if text not in (ask.choices or {}):
                raise BadValue(ask.name, "没有这个选项，请重新选。")
            return text
        case _:
            return text[:64]


def mending(chosen: Sequence[Chosen]) -> list[Chosen]:
    """Those of the measures that make an end of faults, not only of what they take from people."""
    return [one for one in chosen if BY_CODE[one.code].mends]


def replay(troubles: Troubles, chosen: Sequence[Chosen], ground: Ground) -> dict[int, list[Trouble]]:
    """What would have troubled the machines of an area with all of these measures, in the order of the catalogue."""
    found: Troubles = troubles
    for measure in MEASURES:
        for one in chosen:
            if one.code == measure.code and measure.change is not None:
                found = measure.change(found, one.values, ground)
    return {terminal: list(rows) for terminal, rows in found.items()}


def department_hours(chosen: Sequence[Chosen], department: str) -> list[Values]:
    """What was set for a department's hours."""
    return [one.values for one in chosen if one.code == "department" and one.values["department"] == department]
