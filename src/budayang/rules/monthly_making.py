"""A monthly report from the facts of a month, those of the month before, and what stands around: pure."""

from __future__ import annotations

from budayang.rules import monthly_help as help_tables
from budayang.rules import monthly_placement as placement
from budayang.rules import monthly_tables as people
from budayang.rules import monthly_upkeep as upkeep
from budayang.rules import monthly_voices as voices
from budayang.rules.monthly import Figure, Report, Section, Table
from budayang.rules.monthly_facts import Around, MonthFacts, Named
from budayang.rules.monthly_figures import section_figures
from budayang.rules.monthly_tables import TripWords

TITLES: dict[str, str] = {
    "lead": "白跑率和非工作时间",
    "hours": "开放和可用的时间",
    "matters": "办件",
    "faults": "故障",
    "help": "求助",
    "stock": "耗材",
    "orders": "工单和修复",
    "rounds": "巡查",
    "visits": "监督检查",
    "ratings": "评价",
    "complaints": "投诉、表扬、建议",
    "unused": "没有人用的终端和事项",
    "placement": "布局与使用建议",
    "drills": "演练和应急",
    "stops": "下月计划停用",
}
ESTIMATED = "这一年的放假安排还没有录入，节假日按周一至周五上班推算。"
TOO_FEW = "样本少，区间就宽；两个月的区间重叠，不能说是变好或变坏。"


def make(
    place: Named, now: MonthFacts, before: MonthFacts, around: Around, words: TripWords, *, made_at: str, demo: bool
) -> Report:
    """The report. ``words``: (step, why) of a wasted trip in words; ``made_at``: the moment of the facts, ISO."""
    parts: dict[str, tuple[Table, ...]] = {
        "lead": (
            people.wasted_by_cause(now, before, words), people.trips_by_area(now, before),
            people.matters_by_day(now, before),
        ),
        "hours": (people.hours_by_area(now, before), people.hours_by_cause(now, before)),
        "matters": (
            people.matters_by_item(now, before), people.matters_by_hour(now, before),
            people.matters_by_person(now, before), people.matters_by_area(now, before),
        ),
        "faults": (people.faults_by_cause(now, before),),
        "help": (help_tables.help_by_area(now, before), help_tables.help_by_person(now, before)),
        "stock": (upkeep.stock(now, before),),
        "orders": (upkeep.orders_by_body(now, before),),
        "rounds": (upkeep.rounds(now, before),),
        "visits": (upkeep.visits(now, before),),
        "ratings": (upkeep.ratings(now, before), upkeep.negatives(now, before)),
        "complaints": (voices.complaints_by_area(now, before), voices.complaint_steps(now)),
        "unused": (upkeep.idle_machines(around), upkeep.idle_items(around)),
        "placement": placement.tables(around.placement),
        "drills": (upkeep.drills(now),),
        "stops": (upkeep.stops(around),),
    }  # fmt: skip
    sections = tuple(
        Section(code, title, section_figures(code, now, before), parts[code]) for code, title in TITLES.items()
    )
    return Report(
        place.code, place.name, place.kind, f"{now.first:%Y-%m}", made_at, demo, sections, tuple(_notes(now, around))
    )


def _notes(now: MonthFacts, around: Around) -> list[str]:
    found = [TOO_FEW]
    if now.closed_days < now.month_days:
        settled = f"可用时间只结算了 {now.closed_days} 天，本月共 {now.month_days} 天"
        found.append(f"{settled}；没有结算的日子不在数里。")
    if around.estimated_calendar:
        found.append(ESTIMATED)
    return found


def lead(report: Report) -> tuple[Figure, ...]:
    """The figures that lead the report."""
    return report.sections[0].figures
