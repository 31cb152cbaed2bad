"""Chapter 7 (维护管理): what the platform's own rows answer."""

from __future__ import annotations

from budayang.rules.standard.answers import ClauseCheck, Numbers
from budayang.rules.standard.check_making import GE, LE, check, ratio, slowest


def _alarm(n: Numbers) -> tuple[float | None, int]:
    return (n["slowest_alarm_s"] if n["incidents"] > 0 else None), int(n["incidents"])


def _mean_repair(n: Numbers) -> tuple[float | None, int]:
    done = n["orders_repaired"]
    return (n["repair_total_s"] / done if done > 0 else None), int(done)


def _drilled(n: Numbers) -> tuple[float | None, int]:
    """Both are asked for: the fewer of drills and trainings. Nothing written down is no evidence."""
    return min(n["drills"], n["fire_trainings"]), int(n["drills"] + n["fire_trainings"])


UPKEEP_CHECKS: tuple[ClauseCheck, ...] = (
    ratio("WH-01", "按时完成的保洁比例", "cleaning_done", "cleaning_due"),
    ratio("WH-02", "按时完成的每日巡查比例", "daily_done", "daily_due"),
    ratio("WH-03", "按时完成的夜间和安保巡查比例", "night_done", "night_due"),
    ratio("WH-04", "按时完成的防火巡查检查比例", "fire_done", "fire_due"),
    ratio("WH-11", "在有效期内的消防设施检测比例", "fire_tests_valid", "fire_tests"),
    check("WH-13", "近一年的演练和消防培训（取少的一项）", 1, GE, "count", ("drills", "fire_trainings"), _drilled),
    check("WH-14", "最慢一次自动告警用时", 0, LE, "s", ("slowest_alarm_s", "incidents"), _alarm, parameter="alarm_s"),
    ratio("WH-15", "按时响应的工单比例", "orders_responded_in_time", "orders_respond_judged"),
    ratio("WH-16", "按时到场的工单比例", "orders_arrived_in_time", "orders_arrive_judged"),
    ratio("WH-17", "按时修复的工单比例", "orders_repaired_in_time", "orders_repair_judged"),
    check(
        "WH-18",
        "平均修复用时",
        0,
        LE,
        "s",
        ("repair_total_s", "orders_repaired"),
        _mean_repair,
        parameter="mean_repair_s",
    ),
    slowest("WH-19", "到场后最慢一次转报用时", "slowest_transfer_s", "transfers", 1800),
    ratio("WH-20", "公共原因的故障由管理方处理的比例", "public_by_manager", "public_faults", of_now=True),
    ratio("WH-21", "非工作时间按时响应的工单比例", "off_hours_in_time", "off_hours_judged"),
    ratio("WH-22", "工单闭环率", "orders_closed_verified", "orders_loop_judged", parameter="order_closed_target"),
    ratio("WH-24", "没有空白、补签、代签的巡查比例", "rounds_clean", "rounds_handed"),
    ratio("WH-26", "派了工单或已恢复的故障比例", "faults_followed", "faults"),
    ratio("WH-28", "按时告示的停用比例", "notices_in_time", "notices"),
)
