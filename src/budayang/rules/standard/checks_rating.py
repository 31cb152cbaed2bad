"""Chapter 8 (评价与改进): what the platform's own rows answer."""

from __future__ import annotations

from budayang.rules.standard.answers import ClauseCheck, Numbers
from budayang.rules.standard.check_making import GE, check, ratio


def _core(n: Numbers) -> tuple[float | None, int]:
    """Share of promised time in which the platform itself could see."""
    promised = n["promised_s"]
    return ((promised - n["monitoring_lost_s"]) / promised if promised > 0 else None), int(n["terminals"])


RATING_CHECKS: tuple[ClauseCheck, ...] = (
    ratio("PJ-01", "办结后评价页触发率", "ratings_shown", "cases_done", parameter="rating_shown_target"),
    ratio("PJ-02", "按五级记录的评价比例", "ratings_in_five", "ratings"),
    ratio("PJ-03", "后两级评价中按差评处理的比例", "negatives_as_cases", "negatives"),
    ratio("PJ-06", "写明原因的差评比例", "negatives_reasoned", "negatives"),
    ratio("PJ-07", "按时核实的差评比例", "negatives_verified_in_time", "negatives_verify_judged"),
    ratio("PJ-08", "按时办结的差评比例", "negatives_closed_in_time", "negatives_close_judged"),
    ratio("PJ-15", "群众满意率", "ratings_satisfied", "ratings", bound=0.95),
    ratio("PJ-20", "有评分的设备归属单位比例", "owners_scored", "owners"),
    check(
        "PJ-24",
        "核心系统可用的时间比例",
        0.999,
        GE,
        "ratio",
        ("promised_s", "monitoring_lost_s", "terminals"),
        _core,
    ),
    ratio(
        "PJ-24", "按时响应的工单比例", "orders_responded_in_time", "orders_respond_judged", bound=0.95, key="PJ-24-2"
    ),
)
