"""Tables of the monthly report about what people say: complaints, praise and suggestions, and their five steps."""

from __future__ import annotations

from statistics import median

from budayang.rules.evaluation.complaints import EVENT_NAMES, KIND_NAMES, STEPS
from budayang.rules.monthly import BEFORE, Head, Line, Table, kept
from budayang.rules.monthly_facts import MonthFacts
from budayang.rules.monthly_measures import complaints_of
from budayang.rules.monthly_tables import opens, ratio


def complaints_by_area(now: MonthFacts, before: MonthFacts) -> Table:
    """What was handed in by area and kind, and how it stands on the day of the report."""
    lines = []
    for pk, area in sorted(now.areas.items(), key=lambda pair: pair[1].code):
        for kind, name in KIND_NAMES.items():
            mine = [one for one in complaints_of(now, kind) if one.area == pk]
            was = sum(one.area == pk for one in complaints_of(before, kind))
            if not mine and not was:
                continue
            hours = [one.answered_h for one in mine if one.answered_h is not None]
            standing = [
                sum(one.standing == word for one in mine) for word in ("filed", "declined", "withdrawn", "open")
            ]
            cells = (area.name, name, len(mine), *standing, kept(median(hours)) if hours else None, was)
            lines.append(Line(cells, opens("complaints", kind=kind, area=area.code)))
    heads = (
        Head("自助区", width=20),
        Head("种类", width=8),
        Head("收到", "count", 6),
        Head("已归档", "count", 7),
        Head("不予受理", "count", 8),
        Head("本人撤回", "count", 8),
        Head("还在办", "count", 7),
        Head("反馈中位数（小时）", "hours", 10),
        Head(BEFORE, "count", 6),
    )
    note = "办到哪一步按做月报那一刻算；反馈用时从收到算起，休息日在内。"
    return Table("complaints_areas", "收到的投诉、表扬、建议", heads, tuple(lines), note, "本月没有收到。")


def complaint_steps(now: MonthFacts) -> Table:
    """The five steps of the month's complaints, each in time, late or owed (PJ-17)."""
    rows = complaints_of(now, "complaint")
    lines = []
    for step in STEPS if rows else ():
        verdicts = [one.steps.get(step) for one in rows]
        good, late = sum(one is True for one in verdicts), sum(one is False for one in verdicts)
        cells = (EVENT_NAMES[step], good, late, len(rows) - good - late, ratio(good, good + late))
        lines.append(Line(cells, opens("complaints", kind="complaint", step=step)))
    heads = (
        Head("步骤", width=14),
        Head("按时", "count"),
        Head("超时或到期没做", "count"),
        Head("还没到期", "count"),
        Head("按时率", "share"),
    )
    note = "时限是收到时的参数；不予受理和撤回以后的步骤不再到期。"
    return Table("complaints_steps", "投诉的五步", heads, tuple(lines), note, "本月没有投诉。")
