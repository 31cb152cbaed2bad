"""Tables of the monthly report that tell of people and hours: trips, matters, promised and usable time, faults."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from statistics import median
from urllib.parse import urlencode

from budayang.rules.calendars import DAY_KIND_NAMES, DayKind
from budayang.rules.causes import BUCKETS, Bucket
from budayang.rules.hours import BUCKET_ORDER, UNCOUNTED, Tally
from budayang.rules.monthly import BEFORE, Head, Line, Table, kept
from budayang.rules.monthly_facts import MonthFacts
from budayang.rules.monthly_measures import HOUR_US, hours_of
from budayang.rules.scorecards import wilson
from budayang.rules.trips import RESULT_NAMES, WASTED

TripWords = Callable[[str, str], tuple[str, str]]
"""(step, why) in words."""
BOTH = "个人/法人"
ANSWERS: dict[str, str] = {
    "manager": "综合管理单位",
    "owner": "设备归属单位",
    "vendor": "运维商",
    "department": "办理部门",
    "center": "管理平台",
    "nobody": "不归责",
}


def opens(kind: str, /, **asked: object) -> str:
    """The rows behind a line: "kind?key=value&…"."""
    return f"{kind}?{urlencode(asked)}"


def ratio(part: float, whole: float) -> float | None:
    return kept(part / whole) if whole else None


# Trips ---------------------------------------------------------------------------------------------------------------


def wasted_by_cause(now: MonthFacts, before: MonthFacts, words: TripWords) -> Table:
    """How the wasted trips ended, at which step and why; most frequent first."""
    mine, theirs = _causes(now), _causes(before)
    whole = sum(mine.values())
    lines = []
    for key, n in sorted(mine.items(), key=lambda pair: (-pair[1], pair[0])):
        result, step, why = key
        cells = (RESULT_NAMES[result], *words(step, why), n, ratio(n, whole), theirs.get(key, 0))
        lines.append(Line(cells, opens("trips", result=result, step=step, why=why)))
    heads = (
        Head("怎样", width=14),
        Head("停在", width=12),
        Head("原因", width=18),
        Head("趟数", "count", 8),
        Head("占白跑", "share", 9),
        Head(BEFORE, "count", 8),
    )
    return Table("wasted_causes", "为什么白跑", heads, tuple(lines), empty="本月没有白跑的记录。")


def _causes(facts: MonthFacts) -> dict[tuple[str, str, str], int]:
    found: dict[tuple[str, str, str], int] = {}
    for (_area, result, step, why), n in facts.trips.items():
        if result in WASTED:
            found[result, step, why] = found.get((result, step, why), 0) + n
    return found


def trips_by_area(now: MonthFacts, before: MonthFacts) -> Table:
    """白跑率 of each area; those without a trip say so."""
    mine, theirs = _by_area(now), _by_area(before)
    lines = []
    for pk, area in sorted(now.areas.items(), key=lambda pair: pair[1].code):
        bad, whole = mine.get(pk, (0, 0))
        low, high = wilson(bad, whole) if whole else (None, None)
        was = theirs.get(pk, (0, 0))
        cells = (area.name, whole, bad, ratio(bad, whole), kept(low), kept(high), ratio(*was))
        lines.append(Line(cells, opens("trips", area=area.code, wasted=1)))
    heads = (
        Head("自助区", width=22),
        Head("全部趟数", "count", 9),
        Head("白跑", "count", 8),
        Head("白跑率", "share", 9),
        Head("区间下限", "share", 9),
        Head("区间上限", "share", 9),
        Head(BEFORE, "share", 9),
    )
    return Table("wasted_areas", "各自助区的白跑率", heads, tuple(lines), empty="这里还没有自助区。")


def _by_area(facts: MonthFacts) -> dict[int, tuple[int, int]]:
    found: dict[int, tuple[int, int]] = {}
    for (area, result, _step, _why), n in facts.trips.items():
        bad, whole = found.get(area, (0, 0))
        found[area] = (bad + n * (result in WASTED), whole + n)
    return found


# Matters -------------------------------------------------------------------------------------------------------------


def matters_by_day(now: MonthFacts, before: MonthFacts) -> Table:
    """Kinds of days, and within or outside office hours: what leads the report."""
    lines = []
    for kind in DayKind:
        for outside in (False, True):
            n, was = now.matters.by_day[kind, outside], before.matters.by_day[kind, outside]
            if n or was:
                hours = "工作时间以外" if outside else "工作时间内"
                cells = (DAY_KIND_NAMES[kind], hours, n, ratio(n, now.matters.total), was)
                lines.append(Line(cells, opens("cases", day=kind.value, outside=int(outside))))
    heads = (Head("哪天", width=14), Head("什么时候", width=14), Head("件数", "count", 9), Head("占全部", "share", 9),
             Head(BEFORE, "count", 9))  # fmt: skip
    return Table("matters_days", "工作时间以外和节假日的办件", heads, tuple(lines), empty="本月没有办件。")


def matters_by_item(now: MonthFacts, before: MonthFacts) -> Table:
    """Every item that somebody used, most used first."""
    lines = []
    ranked = sorted(now.matters.by_item.items(), key=lambda pair: (-pair[1][0], now.items[pair[0]].code))
    for item, (n, done, outside) in ranked:
        about = now.items[item]
        was = before.matters.by_item.get(item, [0])[0]
        cells = (about.name, about.group, about.kind, n, done, outside, ratio(outside, n), was)
        lines.append(Line(cells, opens("cases", item=about.code)))
    heads = (
        Head("事项", width=26),
        Head("部门", width=12),
        Head("对象", width=9),
        Head("办件", "count", 7),
        Head("办成或收下", "count", 8),
        Head("工作时间外", "count", 8),
        Head("占比", "share", 8),
        Head(BEFORE, "count", 7),
    )
    return Table("matters_items", "各事项的办件", heads, tuple(lines), empty="本月没有办件。")


def matters_by_area(now: MonthFacts, before: MonthFacts) -> Table:
    """Every area; one without matters is there with 0."""
    lines = []
    for pk, area in sorted(now.areas.items(), key=lambda pair: pair[1].code):
        n, done, outside = now.matters.by_area.get(pk, [0, 0, 0])
        was = before.matters.by_area.get(pk, [0])[0]
        lines.append(Line((area.name, n, done, outside, ratio(outside, n), was), opens("cases", area=area.code)))
    heads = (
        Head("自助区", width=24),
        Head("办件", "count"),
        Head("办成或收下", "count"),
        Head("工作时间外", "count"),
        Head("占比", "share"),
        Head(BEFORE, "count"),
    )
    return Table("matters_areas", "各自助区的办件", heads, tuple(lines), empty="这里还没有自助区。")


def matters_by_hour(now: MonthFacts, before: MonthFacts) -> Table:
    """The 24 hours of the place's clock; an hour without matters is there with 0, because it was looked at."""
    lines = []
    for hour in range(24) if now.matters.total or before.matters.total else ():
        n, done, _outside = now.matters.by_hour.get(hour, [0, 0, 0])
        was = before.matters.by_hour.get(hour, [0])[0]
        cells = (f"{hour:02d}:00—{hour + 1:02d}:00", n, done, ratio(n, now.matters.total), was)
        lines.append(Line(cells, opens("cases", hour=hour)))
    heads = (Head("时段", width=16), Head("办件", "count"), Head("办成或收下", "count"), Head("占全部", "share"),
             Head(BEFORE, "count"))  # fmt: skip
    return Table("matters_hours", "各时段的办件", heads, tuple(lines), empty="本月没有办件。")


def matters_by_person(now: MonthFacts, before: MonthFacts) -> Table:
    """Natural and legal persons, as far as the item says whose it is: of a matter itself nothing of that is kept."""
    mine, theirs = _audiences(now), _audiences(before)
    lines = []
    for audience in sorted({*mine, *theirs}, key=lambda one: (one == BOTH, one)):
        n = mine.get(audience, 0)
        word = {"个人": "自然人", "法人": "法人", BOTH: "自然人或法人（分不开）"}.get(audience, "没有写明")
        cells = (word, n, ratio(n, now.matters.total), theirs.get(audience, 0))
        lines.append(Line(cells, opens("cases", audience=audience)))
    heads = (Head("谁", width=22), Head("办件", "count"), Head("占全部", "share"), Head(BEFORE, "count"))
    note = "按事项的服务对象数；两种人都能办的事项，办件里不记是哪一种，所以分不开。"
    return Table("matters_people", "自然人和法人的办件", heads, tuple(lines), note, "本月没有办件。")


def _audiences(facts: MonthFacts) -> dict[str, int]:
    found: dict[str, int] = {}
    for item, (n, _done, _outside) in facts.matters.by_item.items():
        kind = facts.items[item].kind
        found[kind] = found.get(kind, 0) + n
    return found


# Hours ---------------------------------------------------------------------------------------------------------------


def hours_by_area(now: MonthFacts, before: MonthFacts) -> Table:
    """What each area's wall said and what of it was usable."""
    lines = []
    for pk, area in sorted(now.areas.items(), key=lambda pair: pair[1].code):
        fact, was = now.hours.get(pk), before.hours.get(pk)
        tally = fact.tally if fact else Tally()
        cells = (
            area.name,
            kept(now.open_hours.get(pk)),
            kept(now.stop_hours.get(pk)),
            kept(tally.promised / HOUR_US) if fact else None,
            kept(tally.usable / HOUR_US) if fact else None,
            ratio(tally.usable, tally.counted),
            ratio(was.tally.usable, was.tally.counted) if was else None,
        )
        lines.append(Line(cells, opens("hours", area=area.code)))
    heads = (
        Head("自助区", width=20),
        Head("承诺开放（小时）", "hours", 10),
        Head("全区计划停用（小时）", "hours", 11),
        Head("承诺（终端·小时）", "hours", 11),
        Head("可用（终端·小时）", "hours", 11),
        Head("可用率", "share", 8),
        Head(BEFORE, "share", 8),
    )
    note = "前两列是自助区公布的开放时间和其中事先公告的全区停用；后面按每台终端算。没有公布开放时间的，写不出承诺。"
    return Table("hours_areas", "承诺和可用的时间", heads, tuple(lines), note, "这里还没有自助区。")


def hours_by_cause(now: MonthFacts, before: MonthFacts) -> Table:
    """Every bucket in which time was lost, the largest first."""
    mine, theirs = hours_of(now)[0], hours_of(before)[0]
    lost = sum(us for place, us in enumerate(mine.lost) if place not in UNCOUNTED)
    order = sorted(range(len(BUCKET_ORDER)), key=lambda place: (place in UNCOUNTED, -mine.lost[place], place))
    lines = []
    for place in order:
        us, was = mine.lost[place], theirs.lost[place]
        if us or was:
            info = BUCKETS[BUCKET_ORDER[place]]
            part = None if place in UNCOUNTED else ratio(us, lost)
            cells = (info.name, ANSWERS[info.answers], kept(us / HOUR_US), part, kept(was / HOUR_US))
            lines.append(Line(cells, opens("hours", bucket=BUCKET_ORDER[place].value)))
    heads = (Head("原因", width=20), Head("谁负责", width=16), Head("终端·小时", "hours"), Head("占不可用", "share"),
             Head(BEFORE, "hours"))  # fmt: skip
    note = "计划停用和监测中断不计入可用率，没有占比；未能判定的时间算不可用，但不归给谁。"
    return Table("hours_causes", "不可用的原因", heads, tuple(lines), note, "本月没有不可用的时间，或还没有结算。")


# Faults --------------------------------------------------------------------------------------------------------------


def faults_by_cause(now: MonthFacts, before: MonthFacts) -> Table:
    """Faults that began in the month by cause, most frequent first."""
    theirs: Counter[str] = Counter()
    for one in before.faults:  # one of each cause and bucket
        theirs[one.code] += len(one.minutes) + one.open
    rows = sorted(now.faults, key=lambda one: (-len(one.minutes) - one.open, one.code))
    lines = tuple(
        Line(
            (
                one.title,
                BUCKETS[Bucket(one.bucket)].name,
                len(one.minutes) + one.open,
                one.open,
                kept(median(one.minutes)) if one.minutes else None,
                kept(max(one.minutes)) if one.minutes else None,
                theirs[one.code],
            ),
            opens("incidents", kind=one.code, bucket=one.bucket),
        )
        for one in rows
    )
    heads = (
        Head("故障", width=22),
        Head("归责", width=16),
        Head("起数", "count", 7),
        Head("还没恢复", "count", 8),
        Head("持续中位数（分）", "minutes", 10),
        Head("最长（分）", "minutes", 9),
        Head(BEFORE, "count", 7),
    )
    note = "由别的故障引起的不另算；“上月”是同一种故障上月的起数，不分归责。"
    return Table("faults_causes", "各种故障", heads, lines, note, "本月没有故障。")
