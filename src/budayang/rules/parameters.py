"""Every number that policy may change: its name, its value in the reference edition, its unit and the clause it comes
from.

The center keeps the values in force as rows with history (platform.Parameter); this tuple is what they start from.
Clause ids are those of
``data/requirements.csv``; an empty clause marks a default of our own.
"""

from __future__ import annotations

from dataclasses import dataclass

SEVERITIES = ("general", "serious", "urgent")
STEPS = ("respond", "arrive", "repair")


@dataclass(frozen=True)
class Parameter:
    """``unit``: s, d, ratio, count. ``minimum`` and ``maximum`` bound what a place may set; None: unbounded."""

    name: str
    default: float
    unit: str
    label: str
    clause: str = ""
    minimum: float | None = 0
    maximum: float | None = None

    def problem(self, value: float) -> str:
        """Why ``value`` is not allowed, in Chinese; empty when it is."""
        if self.minimum is not None and value < self.minimum:
            return f"{self.label}不能小于{self.minimum:g}"
        if self.maximum is not None and value > self.maximum:
            return f"{self.label}不能大于{self.maximum:g}"
        return ""


_MINUTE, _HOUR, _DAY = 60, 3600, 86400

PARAMETERS: tuple[Parameter, ...] = (
    Parameter("respond_general_s", 30 * _MINUTE, "s", "一般故障响应时限", "WH-15"),
    Parameter("respond_serious_s", 30 * _MINUTE, "s", "严重故障响应时限", "WH-15"),
    Parameter("respond_urgent_s", 30 * _MINUTE, "s", "紧急故障响应时限", "WH-15"),
    Parameter("arrive_general_s", 4 * _HOUR, "s", "一般故障到场时限", "WH-16"),
    Parameter("arrive_serious_s", 2 * _HOUR, "s", "严重故障到场时限", "WH-16"),
    Parameter("arrive_urgent_s", 1 * _HOUR, "s", "紧急故障到场时限", "WH-16"),
    Parameter("repair_general_s", 8 * _HOUR, "s", "一般故障修复时限", "WH-17"),
    Parameter("repair_serious_s", 4 * _HOUR, "s", "严重故障修复时限", "WH-17"),
    Parameter("repair_urgent_s", 2 * _HOUR, "s", "紧急故障修复时限", "WH-17"),
    Parameter("alarm_s", 5 * _MINUTE, "s", "离线或关键部件异常的告警时限", "WH-14"),
    Parameter("heartbeat_plan_s", 30, "s", "自助终端计划联系间隔", "", 1, 3600),
    Parameter("silence_grace_s", 60, "s", "判定自助终端失联前的宽限", "WH-14", 1, 300),
    Parameter("settle_s", 0, "s", "状态持续多久才开故障", "", 0, 600),
    Parameter("probe_fresh_s", 24 * _HOUR, "s", "拨测结果的有效时间"),
    Parameter("paper_low_ratio", 0.20, "ratio", "耗材低限", "YJ-13", 0, 1),
    Parameter("idle_warn_s", 60, "s", "无操作多久后提示", "JB-24", 30, 90),
    Parameter("idle_clear_s", 15, "s", "提示后多久退出并清除", "JB-24", 5, 30),
    Parameter("availability_target", 0.98, "ratio", "设备正常运行率目标", "YJ-07", 0, 1),
    Parameter("good_condition_target", 0.95, "ratio", "设备完好率合格线", "YJ-08", 0, 1),
    Parameter("log_retention_d", 180, "d", "网络日志留存天数", "JB-13", 180, None),
    Parameter("verify_code_target", 1.0, "ratio", "打印件可验真比例", "JB-08", 0, 1),
    Parameter("order_closed_target", 1.0, "ratio", "工单闭环率目标", "WH-22", 0, 1),
    Parameter("rating_shown_target", 1.0, "ratio", "办结后评价页触发率目标", "PJ-01", 0, 1),
    Parameter("rating_days_d", 7, "d", "未当场评价的补评期限", "PJ-06"),
    Parameter("negative_check_workdays", 1, "d", "差评核实时限（工作日）", "PJ-07"),
    Parameter("negative_fix_workdays", 5, "d", "差评整改办结时限（工作日）", "PJ-08"),
)

BY_NAME: dict[str, Parameter] = {p.name: p for p in PARAMETERS}


def deadline_name(step: str, severity: str) -> str:
    """The parameter of one step (respond, arrive, repair) at one severity (general, serious, urgent). Raises
    KeyError.
    """
    name = f"{step}_{severity}_s"
    return BY_NAME[name].name


def get_parameter(name: str) -> Parameter:
    """Raises KeyError for a name that is not in the tuple."""
    return BY_NAME[name]
