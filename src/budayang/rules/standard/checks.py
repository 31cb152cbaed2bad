"""The twelve clauses that the facts of this edition judge. One row each; ids are those of ``data/requirements.csv``
(参照版).
"""

from __future__ import annotations

from budayang.rules.parameters import BY_NAME
from budayang.rules.standard.answers import Answer, ClauseAnswer, ClauseCheck, Comparison, Numbers

_GE, _LE = Comparison.AT_LEAST, Comparison.AT_MOST


def _share(n: Numbers, part: str, whole: str) -> tuple[float | None, int]:
    return (n[part] / n[whole] if n[whole] > 0 else None), int(n[whole])


def _dark(n: Numbers) -> tuple[float | None, int]:
    """Seconds in which a machine was dark while promised; sample: machines with promised time."""
    return (n["dark_s"] if n["promised_s"] > 0 else None), int(n["terminals"])


def _verifiable(n: Numbers) -> tuple[float | None, int]:
    return _share(n, "papers_verifiable", "papers")


def _log_age(n: Numbers) -> tuple[float | None, int]:
    return n["log_age_d"], int(n["log_lines"])


def _log_young(n: Numbers, threshold: float) -> ClauseAnswer | None:
    """A system younger than the period cannot prove it; but it has not broken it either, unless lines older than the
    first kept one were removed.
    """
    if n["log_age_d"] < threshold and n["in_service_d"] < threshold and n["log_age_d"] >= n["in_service_d"] - 1:
        why = f"平台投用{n['in_service_d']:.0f}天，不足{threshold:.0f}天；已有日志没有被删除，期满后再判断"
        return ClauseAnswer(Answer.NO_EVIDENCE, n["log_age_d"], threshold, "d", int(n["log_lines"]), why)
    return None


def _idle(n: Numbers) -> tuple[float | None, int]:
    return _share(n, "idle_cleared", "idle_sessions")


def _availability(n: Numbers) -> tuple[float | None, int]:
    counted = n["promised_s"] - n["planned_s"] - n["monitoring_lost_s"]
    return (n["usable_s"] / counted if counted > 0 else None), int(n["terminals"])


def _good_condition(n: Numbers) -> tuple[float | None, int]:
    return _share(n, "terminals_good", "terminals")


def _alarm(n: Numbers) -> tuple[float | None, int]:
    return (n["slowest_alarm_s"] if n["incidents"] > 0 else None), int(n["incidents"])


def _respond(n: Numbers) -> tuple[float | None, int]:
    return _share(n, "orders_responded_in_time", "orders_respond_judged")


def _repair(n: Numbers) -> tuple[float | None, int]:
    return _share(n, "orders_repaired_in_time", "orders_repair_judged")


def _closed(n: Numbers) -> tuple[float | None, int]:
    return _share(n, "orders_closed_verified", "orders_loop_judged")


def _asked(n: Numbers) -> tuple[float | None, int]:
    return _share(n, "ratings_shown", "cases_done")


def _five_levels(n: Numbers) -> tuple[float | None, int]:
    return _share(n, "ratings_in_five", "ratings")


def _check(
    clause: str,
    metric: str,
    bound: float,
    comparison: Comparison,
    unit: str,
    inputs: tuple[str, ...],
    measure: object,
    *,
    period: str = "月",
    parameter: str = "",
) -> ClauseCheck:
    assert callable(measure)
    special = _log_young if clause == "JB-13" else None
    return ClauseCheck(clause, metric, bound, comparison, unit, 1, period, inputs, measure, parameter, special)


def _default(name: str) -> float:
    return BY_NAME[name].default


_TIME = ("usable_s", "promised_s", "planned_s", "monitoring_lost_s", "terminals")

CLAUSE_CHECKS: tuple[ClauseCheck, ...] = (
    _check("JB-01", "公示时段内设备没有开机联系的时间", 0, _LE, "s", ("dark_s", "promised_s", "terminals"), _dark),
    _check(
        "JB-08",
        "打印件带验真码的比例",
        _default("verify_code_target"),
        _GE,
        "ratio",
        ("papers_verifiable", "papers"),
        _verifiable,
        parameter="verify_code_target",
    ),
    _check(
        "JB-13",
        "最早一条网络日志距今",
        _default("log_retention_d"),
        _GE,
        "d",
        ("log_age_d", "log_lines", "in_service_d"),
        _log_age,
        parameter="log_retention_d",
    ),
    _check("JB-24", "无操作后按时退出并清除的比例", 1.0, _GE, "ratio", ("idle_cleared", "idle_sessions"), _idle),
    _check(
        "YJ-07",
        "设备正常运行率",
        _default("availability_target"),
        _GE,
        "ratio",
        _TIME,
        _availability,
        parameter="availability_target",
    ),
    _check(
        "YJ-08",
        "设备完好率",
        _default("good_condition_target"),
        _GE,
        "ratio",
        ("terminals_good", "terminals"),
        _good_condition,
        parameter="good_condition_target",
    ),
    _check(
        "WH-14",
        "最慢一次自动告警用时",
        _default("alarm_s"),
        _LE,
        "s",
        ("slowest_alarm_s", "incidents"),
        _alarm,
        parameter="alarm_s",
    ),
    _check(
        "WH-15",
        "按时响应的工单比例",
        1.0,
        _GE,
        "ratio",
        ("orders_responded_in_time", "orders_respond_judged"),
        _respond,
    ),
    _check(
        "WH-17", "按时修复的工单比例", 1.0, _GE, "ratio", ("orders_repaired_in_time", "orders_repair_judged"), _repair
    ),
    _check(
        "WH-22",
        "工单闭环率",
        _default("order_closed_target"),
        _GE,
        "ratio",
        ("orders_closed_verified", "orders_loop_judged"),
        _closed,
        parameter="order_closed_target",
    ),
    _check(
        "PJ-01",
        "办结后评价页触发率",
        _default("rating_shown_target"),
        _GE,
        "ratio",
        ("ratings_shown", "cases_done"),
        _asked,
        parameter="rating_shown_target",
    ),
    _check("PJ-02", "按五级记录的评价比例", 1.0, _GE, "ratio", ("ratings_in_five", "ratings"), _five_levels),
)

CHECK_BY_CLAUSE: dict[str, ClauseCheck] = {c.clause_code: c for c in CLAUSE_CHECKS}


def get_check(clause_code: str) -> ClauseCheck:
    """Raises KeyError."""
    return CHECK_BY_CLAUSE[clause_code]
