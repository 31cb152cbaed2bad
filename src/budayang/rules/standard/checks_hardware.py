"""Chapter 5 (硬件设备): what the platform's own rows answer."""

from __future__ import annotations

from budayang.rules.standard.answers import ClauseCheck, Numbers
from budayang.rules.standard.check_making import GE, LE, check, ratio

_TIME = ("usable_s", "promised_s", "planned_s", "monitoring_lost_s", "terminals")


def _availability(n: Numbers) -> tuple[float | None, int]:
    counted = n["promised_s"] - n["planned_s"] - n["monitoring_lost_s"]
    return (n["usable_s"] / counted if counted > 0 else None), int(n["terminals"])


def _fault_rate(n: Numbers) -> tuple[float | None, int]:
    return (n["machine_fault_s"] / n["promised_s"] if n["promised_s"] > 0 else None), int(n["terminals"])


HARDWARE_CHECKS: tuple[ClauseCheck, ...] = (
    ratio("YJ-01", "建了档的终端比例", "terminals_filed", "terminals_here", of_now=True),
    ratio("YJ-02", "验收备案的终端比例", "terminals_accepted", "terminals_here"),
    ratio("YJ-04", "做过每日设备检查的天数比例", "days_checked", "days_elapsed"),
    ratio("YJ-05", "做过常规测试的天数比例", "days_tested", "days_elapsed"),
    ratio("YJ-06", "按时完成的上下班前检查比例", "before_after_done", "before_after_due"),
    check("YJ-07", "设备正常运行率", 0, GE, "ratio", _TIME, _availability, parameter="availability_target"),
    ratio("YJ-08", "设备完好率", "terminals_good", "terminals_standing", parameter="good_condition_target"),
    check(
        "YJ-09",
        "设备故障台时占总台时的比例",
        0.05,
        LE,
        "ratio",
        ("machine_fault_s", "promised_s", "terminals"),
        _fault_rate,
    ),
    ratio("YJ-12", "办理中断后已补办或冲正的比例", "made_good", "make_good_judged"),
    ratio("YJ-13", "期末足量的耗材比例", "supplies_enough", "supplies_known"),
    ratio("YJ-14", "盘点没有差异的库存比例", "stocks_even", "stocks"),
    ratio("YJ-33", "没有过期的灭火器比例", "extinguishers_valid", "extinguishers"),
)
