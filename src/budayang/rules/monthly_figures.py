"""The figures of the monthly report, one row each: what it is called, how it is defined, how it is computed.

A new figure is one row of :data:`FIGURES`. Definitions stand beside the figure on pages and papers and in open data.
"""

from __future__ import annotations

from budayang.rules.evaluation import INDICATORS
from budayang.rules.monthly import Figure, kept, share_change
from budayang.rules.monthly_facts import MonthFacts
from budayang.rules.monthly_measures import (
    FigureKind,
    answered_in_time,
    available,
    complaints_of,
    cost,
    count,
    faults,
    indicator_figure,
    middle,
    of_card,
    on_time_rounds,
    promised,
    rated,
    share,
    usable,
    wasted,
)

FIGURES: tuple[FigureKind, ...] = (
    FigureKind(
        "wasted",
        "lead",
        "白跑率",
        "白跑的趟数 ÷ 全部趟数：门没开、不让开始、开始了没办成都算白跑；不认人。",
        "share",
        "趟",
        lambda one: share(*wasted(one)),
        "trips?wasted=1",
    ),
    FigureKind(
        "outside",
        "lead",
        "非工作时间办件占比",
        "非工作日全天和工作日上班前、下班后收到的办件 ÷ 全部办件；上下班时刻用参数，节假日和调休用平台日历。",
        "share",
        "件",
        lambda one: share(one.matters.outside, one.matters.total),
        "cases?outside=1",
    ),
    FigureKind(
        "holiday",
        "lead",
        "法定节假日办件占比",
        "法定节假日收到的办件 ÷ 全部办件；周末不在内。",
        "share",
        "件",
        lambda one: share(one.matters.holiday, one.matters.total),
        "cases?day=holiday",
    ),
    FigureKind(
        "available",
        "hours",
        "可用率",
        "可用时间 ÷ 应计时间；应计是承诺时间减去计划停用和监测中断。全数，不是抽样，不给区间。",
        "share",
        "终端·天",
        available,
        "hours?",
    ),
    FigureKind(
        "promised",
        "hours",
        "承诺时间（终端·小时）",
        "各终端在自助区公布的开放时间里的小时数之和。",
        "hours",
        "终端·天",
        promised,
        "hours?",
    ),
    FigureKind(
        "usable",
        "hours",
        "可用时间（终端·小时）",
        "承诺时间里，终端承诺的事没有一样缺的小时数之和。",
        "hours",
        "终端·天",
        usable,
        "hours?",
    ),
    FigureKind(
        "matters",
        "matters",
        "办件",
        "本月在自助终端收到的办件。",
        "count",
        "件",
        lambda one: count(one.matters.total),
        "cases?",
    ),
    FigureKind(
        "done",
        "matters",
        "办成或部门收下占比",
        "办结、部门收件、部门受理、待补正的办件 ÷ 全部办件；还在办、没办成、待核、转窗口的不算。",
        "share",
        "件",
        lambda one: share(one.matters.done, one.matters.total),
        "cases?done=1",
    ),
    FigureKind(
        "faults",
        "faults",
        "故障",
        "本月开始的故障；由别的故障引起的只算那一个原因。",
        "count",
        "起",
        faults,
        "incidents?",
    ),
    FigureKind(
        "fault_minutes",
        "faults",
        "故障持续（分钟，中位数）",
        "本月开始、已经恢复的故障从开始到恢复的时间。",
        "minutes",
        "起",
        lambda one: middle(m for fault in one.faults for m in fault.minutes),
        "incidents?ended=1",
    ),
    FigureKind(
        "help_calls",
        "help",
        "求助呼叫",
        "群众在自助终端上点“呼叫帮办”或“紧急求助”的次数。",
        "count",
        "次",
        lambda one: count(sum(one.help_calls.values())),
        "help?",
    ),
    FigureKind(
        "help_seconds",
        "help",
        "求助按钮测试应答（秒，中位数）",
        "求助按钮的实测里，按下到有人应答的秒数；没有人应答的不在内，看通过率。",
        "seconds",
        "次",
        lambda one: middle(test.seconds for test in one.tests if test.seconds is not None),
        "tests?",
    ),
    FigureKind(
        "help_passed",
        "help",
        "求助按钮测试通过率",
        "在时限内有人应答的测试 ÷ 本月结束的测试。",
        "share",
        "次",
        lambda one: share(sum(test.passed for test in one.tests), len(one.tests)),
        "tests?",
    ),
    FigureKind(
        "cost",
        "stock",
        "耗材费用（元）",
        "各种耗材的用量 × 单价参数；有一种用了而没有单价，就不给总数。",
        "yuan",
        "种",
        cost,
        "supplies?",
        public=False,
    ),
    FigureKind(
        "respond",
        "orders",
        "按时响应",
        "本月开的工单里，响应时限已有结果的，按时的占多少；撤销和合并的不算。",
        "share",
        "张",
        lambda one: of_card(one.cards, "respond"),
        "orders?",
    ),
    FigureKind(
        "repair",
        "orders",
        "按时修复",
        "本月开的工单里，修复时限已有结果的，按时的占多少；撤销和合并的不算。",
        "share",
        "张",
        lambda one: of_card(one.cards, "repair"),
        "orders?",
    ),
    FigureKind(
        "repair_time",
        "orders",
        "修复用时（小时，中位数）",
        "已修复的工单按时限规则计入的时间，暂停不算。",
        "hours",
        "张",
        lambda one: of_card(one.cards, "repair_time"),
        "orders?",
    ),
    FigureKind(
        "rounds",
        "rounds",
        "按时巡查",
        "本月到点、已经有结果的巡查里，按时完成的占多少。",
        "share",
        "次",
        on_time_rounds,
        "rounds?",
    ),
    *(indicator_figure(one) for one in INDICATORS),
    FigureKind("rated", "ratings", "参评率", "作出的评价 ÷ 出现过评价页的办件。", "share", "件", rated, "ratings?"),
    FigureKind(
        "complaints",
        "complaints",
        "投诉",
        "本月收到的投诉；表扬和建议在表里。",
        "count",
        "件",
        lambda one: count(len(complaints_of(one, "complaint"))),
        "complaints?kind=complaint",
    ),
    FigureKind(
        "complaints_in_time",
        "complaints",
        "投诉按时反馈",
        "本月收到、反馈时限已有结果的投诉里，按时反馈的占多少；不予受理和撤回的不算。",
        "share",
        "件",
        answered_in_time,
        "complaints?kind=complaint",
    ),
    FigureKind(
        "complaint_hours",
        "complaints",
        "投诉到反馈（小时，中位数）",
        "本月收到、已经反馈的投诉，从收到到反馈的时间，休息日在内。",
        "hours",
        "件",
        lambda one: middle(row.answered_h for row in complaints_of(one, "complaint") if row.answered_h is not None),
        "complaints?kind=complaint&answered=1",
    ),
    FigureKind(
        "praise",
        "complaints",
        "表扬",
        "本月收到的表扬。",
        "count",
        "件",
        lambda one: count(len(complaints_of(one, "praise"))),
        "complaints?kind=praise",
    ),
)
BY_CODE: dict[str, FigureKind] = {one.code: one for one in FIGURES}


def figure(kind: FigureKind, now: MonthFacts, before: MonthFacts) -> Figure:
    """A figure of the month beside that of the month before."""
    mine, theirs = kind.compute(now), kind.compute(before)
    change: tuple[float, float] | None = None
    if kind.unit == "share" and mine.hits is not None and theirs.hits is not None:
        change = share_change(mine.hits, mine.sample, theirs.hits, theirs.sample)
    low, high = change or (None, None)
    return Figure(
        kind.code, kind.title, kind.definition, kind.unit, kept(mine.value), mine.sample, kind.of, kept(mine.low),
        kept(mine.high), mine.why, kept(theirs.value), theirs.sample, kept(low), kept(high), kind.opens,
    )  # fmt: skip


def section_figures(code: str, now: MonthFacts, before: MonthFacts) -> tuple[Figure, ...]:
    """The figures of one section, in the order of the table."""
    return tuple(figure(kind, now, before) for kind in FIGURES if kind.section == code)
