"""Which clauses a trial replays with a measure, and why the others are left as they were.

A measure changes the time of machines, whether they stand ready, and the work orders of what broke. A clause is
replayed when a number that it reads is made of these; for every other metric the reason stands here.
"""

from __future__ import annotations

from collections.abc import Sequence

from budayang.rules.parameters import SEVERITIES, STEPS, deadline_name
from budayang.rules.standard.checks import CHECK_BY_CLAUSE, CLAUSE_CHECKS
from budayang.rules.standard.parts import Kind, Part

TIME_NUMBERS = frozenset({"promised_s", "usable_s", "planned_s", "monitoring_lost_s", "dark_s", "machine_fault_s"})
STANDING_NUMBERS = frozenset({"terminals_good"})
ORDER_NUMBERS = frozenset(
    {
        "orders_respond_judged", "orders_arrive_judged", "orders_repair_judged", "orders_loop_judged",
        "off_hours_judged", "orders_repaired", "repair_total_s", "transfers", "public_faults",
    }
)  # fmt: skip
REPLAYED_NUMBERS = TIME_NUMBERS | STANDING_NUMBERS | ORDER_NUMBERS

ORDER_LIMITS = frozenset(deadline_name(step, severity) for step in STEPS for severity in SEVERITIES)
"""Values of an edition that orders are measured by: they are copied onto each order, so a draft's are put there too."""
JUDGED_BY = ORDER_LIMITS | {one.parameter for one in CLAUSE_CHECKS if one.parameter}
"""All values of an edition that change an answer."""

DOINGS, MATTERS, ALARMS, STOCK, SIGNS, NOT_CONNECTED = (
    "doings", "matters", "alarms", "stock", "signs", "not_connected",
)  # fmt: skip
WHY_LEFT: dict[str, str] = {
    DOINGS: "按人做的事判断：巡查、测试、档案、演练、量测、文件、填报。措施不改变这些记录。",
    MATTERS: "按办件、评价、投诉判断：多出来的时间里会有哪些办件和评价，回放不知道。",
    ALARMS: "按平台怎样发现、告示、跟进故障判断：措施不改变这些做法，没有发生的故障无从计时。",
    STOCK: "按现在机器里的耗材判断：过去的月份不知道月末还有多少。",
    SIGNS: "按标志和检查记录判断，与机器的时间无关。",
    NOT_CONNECTED: "还没有接入检查，原来就没有结论。",
}
"""Why a clause is not replayed, as page and file say it; in this order."""
_LEFT: dict[str, str] = {
    DOINGS: (
        "JB-03 JB-04 JB-05 JB-13 JB-26 JB-27 JB-34 JB-35 YJ-01 YJ-02 YJ-04 YJ-05 YJ-06 YJ-14 YJ-33 "
        "WH-01 WH-02 WH-03 WH-04 WH-11 WH-13 WH-24 PJ-20 PJ-21 PJ-25"
    ),
    MATTERS: (
        "JB-08 JB-17 JB-24 YJ-12 PJ-01 PJ-02 PJ-03 PJ-04 PJ-06 PJ-07 PJ-08 PJ-09 PJ-10 PJ-11 PJ-12 PJ-14 PJ-15 PJ-16 "
        "PJ-17 PJ-18 PJ-22 PJ-23 PJ-23-2"
    ),
    ALARMS: "JB-09 WH-14 WH-26 WH-28",
    STOCK: "YJ-13",
}
LEFT: dict[str, frozenset[str]] = {reason: frozenset(metrics.split()) for reason, metrics in _LEFT.items()}
"""Metrics of :data:`CLAUSE_CHECKS` that no measure moves, by the reason."""
_REASON: dict[str, str] = {metric: reason for reason, metrics in LEFT.items() for metric in metrics}


def replays(metric: str) -> bool:
    """Whether a metric is made of what a measure can change."""
    check = CHECK_BY_CLAUSE.get(metric)
    return check is not None and bool(REPLAYED_NUMBERS & set(check.inputs))


def why_left(parts: Sequence[Part]) -> str:
    """The reason (a key of WHY_LEFT) why a clause is not replayed; "" when one of its parts is."""
    metrics = [part.metric for part in parts if part.kind is Kind.FUNCTION]
    if any(replays(one) for one in metrics):
        return ""
    if metrics:
        return _REASON.get(metrics[0], SIGNS)
    return DOINGS if parts else NOT_CONNECTED
