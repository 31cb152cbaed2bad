"""Tables of the monthly report about calls for help: where, how soon and by whom answered; measured tests."""

from __future__ import annotations

from statistics import median

from budayang.rules.help_calls import URGENT
from budayang.rules.monthly import BEFORE, Head, Line, Table, kept
from budayang.rules.monthly_facts import MonthFacts
from budayang.rules.monthly_measures import JUDGED_CALLS
from budayang.rules.monthly_tables import opens, ratio


def help_by_area(now: MonthFacts, before: MonthFacts) -> Table:
    """Calls of people and how they were answered, and measured tests, area by area."""
    lines = []
    for pk, area in sorted(now.areas.items(), key=lambda pair: pair[1].code):
        calls = [one for one in now.help_calls if one.area == pk]
        was = sum(one.area == pk for one in before.help_calls)
        tests = [one for one in now.tests if one.area == pk]
        if not (calls or was or tests):
            continue
        seconds = [one.seconds for one in calls if one.seconds is not None]
        judged = [one.verdict for one in calls if one.verdict in JUDGED_CALLS]
        tested = [one.seconds for one in tests if one.seconds is not None]
        cells = (
            area.name,
            len(calls),
            sum(one.kind in URGENT for one in calls),
            judged.count("answered"),
            judged.count("overdue") + judged.count("unanswered"),
            kept(median(seconds)) if seconds else None,
            was,
            len(tests),
            sum(one.passed for one in tests),
            kept(median(tested)) if tested else None,
        )
        lines.append(Line(cells, opens("help", area=area.code)))
    heads = (
        Head("自助区", width=20),
        Head("求助呼叫", "count", 8),
        Head("其中紧急", "count", 8),
        Head("按时应答", "count", 8),
        Head("没有人应答", "count", 8),
        Head("应答中位数（秒）", "seconds", 9),
        Head(BEFORE, "count", 7),
        Head("按钮测试", "count", 8),
        Head("通过", "count", 6),
        Head("测试应答（秒）", "seconds", 8),
    )
    note = "按下的时刻以终端的钟为准，几次连按算一次；测试时按的不算呼叫。断线后才送到的不算按时，也不算没有人应答。"
    return Table("help_areas", "求助", heads, tuple(lines), note, "本月没有求助呼叫，也没有测试求助按钮。")


def help_by_person(now: MonthFacts, before: MonthFacts) -> Table:
    """Who answered how many calls, and how soon; most calls first."""
    by: dict[str, list[float]] = {}
    in_time: dict[str, int] = {}
    for one in now.help_calls:
        if one.seconds is not None:
            by.setdefault(one.by, []).append(one.seconds)
            in_time[one.by] = in_time.get(one.by, 0) + (one.verdict == "answered")
    was: dict[str, int] = {}
    for one in before.help_calls:
        if one.seconds is not None:
            was[one.by] = was.get(one.by, 0) + 1
    lines = []
    for name, seconds in sorted(by.items(), key=lambda pair: (-len(pair[1]), pair[0])):
        cells = (name, len(seconds), in_time[name], ratio(in_time[name], len(seconds)), kept(median(seconds)),
                 kept(max(seconds)), was.get(name, 0))  # fmt: skip
        lines.append(Line(cells, opens("help", by=name)))
    heads = (
        Head("应答人", width=18),
        Head("应答", "count", 7),
        Head("其中按时", "count", 8),
        Head("按时率", "share", 8),
        Head("中位数（秒）", "seconds", 9),
        Head("最慢（秒）", "seconds", 9),
        Head(BEFORE, "count", 7),
    )
    return Table(
        "help_people", "谁应答的", heads, tuple(lines), "只有工作人员的姓名，没有求助的人。", "本月没有人应答过呼叫。"
    )
