"""Loops over trips, matters, hours and what nobody used."""

from __future__ import annotations

from collections import Counter
from datetime import date

from tests.center.evaluation.the_loops import (
    HOLIDAYS,
    MADE,
    MAKEUP,
    Cells,
    Row,
    Said,
    World,
    counted,
    figure,
    interval,
    is_outside,
    local,
    ratio,
    share,
    table,
)

from budayang.center.maintenance.models import HoursDay
from budayang.center.services.models import Case, Item, Offering, Trip
from budayang.center.terminals.models import Terminal

GOOD = ("done", "handed_in", "in_process", "correction")
RESULTS = {"unfinished": "开始了没办成", "refused": "不让开始", "locked": "门没开"}
STEP_WORDS = {"choose": "选事项", "fill": "填写", "print": "打印", "": ""}
WHY_WORDS = {"left": "中途离开", "left_paper": "纸没有打出来", "stopped": "stopped", "": ""}
HOUR_US = 3.6e9
OPEN = {"KBS": (744, 3), "KBT": (372, 0), "HJ": (744, 2)}
"""Hours that a wall promised in October, and of these in a stop of the whole area."""
BUCKETS = (
    ("site", "场所关闭或过冷过热", "综合管理单位"), ("switched_off", "被人关机", "设备归属单位"),
    ("power", "供电", "综合管理单位"), ("network", "网络", "综合管理单位"), ("device", "设备故障", "运维商"),
    ("consumables", "耗材", "设备归属单位"), ("department", "部门系统", "办理部门"),
    ("software", "本平台软件", "管理平台"), ("damage", "人为损坏", "不归责"),
    ("planned", "计划停用", "不归责"), ("monitoring_lost", "监测中断", "不归责"),
    ("undetermined", "未能判定", "不归责"),
)  # fmt: skip
UNCOUNTED = ("planned", "monitoring_lost")


def trips(w: World) -> tuple[list[Row], list[Row]]:
    return w.both(Trip, "at", "place_path", "area_id", "result", "step", "why", "terminal__code")


def bad(rows: list[Row]) -> list[Row]:
    return [row for row in rows if row["result"] != "finished"]


@figure("wasted")
def wasted(w: World) -> Said:
    now, before = trips(w)
    return share((len(bad(now)), len(now)), (len(bad(before)), len(before)))


@table("wasted_causes")
def wasted_causes(w: World) -> list[Cells]:
    now, before = (Counter((r["result"], r["step"], r["why"]) for r in bad(rows)) for rows in trips(w))
    return [
        (RESULTS[key[0]], STEP_WORDS[key[1]], WHY_WORDS[key[2]], n, ratio(n, sum(now.values())), before[key])
        for key, n in sorted(now.items(), key=lambda pair: (-pair[1], pair[0]))
    ]


@table("wasted_areas")
def wasted_areas(w: World) -> list[Cells]:
    lines = []
    for area in w.areas:
        now, before = ([row for row in rows if row["area_id"] == area["pk"]] for rows in trips(w))
        n = len(bad(now))
        ends = interval(n, len(now)) if now else (None, None)
        lines.append((area["name"], len(now), n, ratio(n, len(now)), *ends, ratio(len(bad(before)), len(before))))
    return lines


def matters(w: World) -> tuple[list[Row], list[Row]]:
    about = (
        "state",
        "finished_at",
        "terminal__code",
        "item__code",
        "item__name",
        "item__audience",
        "item__department__name",
    )
    return w.both(Case, "accepted_at", "place_path", *about)


def late(rows: list[Row]) -> list[Row]:
    return [row for row in rows if is_outside(row["accepted_at"])]


def done(rows: list[Row]) -> int:
    """What was done only after the report was made was not done in it."""
    return sum(row["state"] in GOOD and not (row["finished_at"] and row["finished_at"] > MADE) for row in rows)


def kind_of_day(row: Row) -> str:
    on = local(row["accepted_at"]).date()
    if on in HOLIDAYS:
        return "法定节假日"
    if on in MAKEUP:
        return "调休上班"
    return "工作日" if on.weekday() < 5 else "休息日"


@figure("outside")
def outside(w: World) -> Said:
    now, before = matters(w)
    return share((len(late(now)), len(now)), (len(late(before)), len(before)))


@figure("holiday")
def holiday(w: World) -> Said:
    now, before = matters(w)
    festive = [sum(kind_of_day(row) == "法定节假日" for row in rows) for rows in (now, before)]
    return share((festive[0], len(now)), (festive[1], len(before)))


@figure("matters")
def all_matters(w: World) -> Said:
    now, before = matters(w)
    return counted(len(now), len(before))


@figure("done")
def done_share(w: World) -> Said:
    now, before = matters(w)
    return share((done(now), len(now)), (done(before), len(before)))


@table("matters_days")
def matters_days(w: World) -> list[Cells]:
    now, before = matters(w)
    lines: list[Cells] = []
    for kind in ("工作日", "休息日", "法定节假日", "调休上班"):
        for when, is_out in (("工作时间内", False), ("工作时间以外", True)):
            mine, was = (
                sum(kind_of_day(r) == kind and is_outside(r["accepted_at"]) == is_out for r in rows)
                for rows in (now, before)
            )
            if mine or was:
                lines.append((kind, when, mine, ratio(mine, len(now)), was))
    return lines


@table("matters_items")
def matters_items(w: World) -> list[Cells]:
    now, before = matters(w)
    lines = []
    for code in sorted({row["item__code"] for row in now}):
        mine = [row for row in now if row["item__code"] == code]
        one, n, out = mine[0], len(mine), len(late(mine))
        was = sum(row["item__code"] == code for row in before)
        names = (one["item__name"], one["item__department__name"], one["item__audience"])
        lines.append((*names, n, done(mine), out, out / n, was))
    return sorted(lines, key=lambda cells: -cells[3])


@table("matters_hours")
def matters_hours(w: World) -> list[Cells]:
    now, before = matters(w)
    lines = []
    for hour in range(24) if now or before else ():
        mine, was = ([row for row in rows if local(row["accepted_at"]).hour == hour] for rows in (now, before))
        name = f"{hour:02d}:00—{hour + 1:02d}:00"
        lines.append((name, len(mine), done(mine), ratio(len(mine), len(now)), len(was)))
    return lines


@table("matters_people")
def matters_people(w: World) -> list[Cells]:
    now, before = (Counter(row["item__audience"] for row in rows) for rows in matters(w))
    words = {"个人": "自然人", "法人": "法人", "个人/法人": "自然人或法人（分不开）"}
    return [
        (word, now[one], ratio(now[one], sum(now.values())), before[one])
        for one, word in words.items()
        if now[one] or before[one]
    ]


@table("matters_areas")
def matters_areas(w: World) -> list[Cells]:
    lines = []
    for area in w.areas:
        now, before = ([row for row in rows if row["place_path"] == area["place__path"]] for rows in matters(w))
        lines.append((area["name"], len(now), done(now), len(late(now)), ratio(len(late(now)), len(now)), len(before)))
    return lines


# Hours ---------------------------------------------------------------------------------------------------------------


def days(w: World) -> tuple[list[Row], list[Row]]:
    columns = sorted(field.name for field in HoursDay._meta.get_fields() if field.name.endswith("_us"))
    return w.both(HoursDay, "on", "place_path", "area_id", *columns)


def added(rows: list[Row], *names: str) -> int:
    return sum(row[f"{name}_us"] for row in rows for name in names)


def kept_share(rows: list[Row]) -> float | None:
    return ratio(added(rows, "usable"), added(rows, "promised") - added(rows, *UNCOUNTED))


@figure("available")
def available(w: World) -> Said:
    now, before = days(w)
    return Said(kept_share(now), len(now), kept_share(before), len(before))


def hours(w: World, name: str) -> Said:
    now, before = days(w)
    value, was = (added(rows, name) / HOUR_US if rows else None for rows in (now, before))
    return Said(value, len(now), was, len(before))


@figure("promised")
def promised(w: World) -> Said:
    return hours(w, "promised")


@figure("usable")
def usable(w: World) -> Said:
    return hours(w, "usable")


@table("hours_areas")
def hours_areas(w: World) -> list[Cells]:
    lines = []
    for area in w.areas:
        now, before = ([row for row in rows if row["area_id"] == area["pk"]] for rows in days(w))
        wall = OPEN.get(area["code"], (None, None))
        of_machines = [added(now, name) / HOUR_US if now else None for name in ("promised", "usable")]
        lines.append((area["name"], *wall, *of_machines, kept_share(now), kept_share(before)))
    return lines


@table("hours_causes")
def hours_causes(w: World) -> list[Cells]:
    now, before = days(w)
    lost = sum(added(now, code) for code, _name, _who in BUCKETS if code not in UNCOUNTED)
    lines = []
    for code, name, who in BUCKETS:
        mine, was, is_counted = added(now, code), added(before, code), code not in UNCOUNTED
        if mine or was:
            cells = (name, who, mine / HOUR_US, ratio(mine, lost) if is_counted else None, was / HOUR_US)
            lines.append((not is_counted, -mine, cells))
    return [cells for _uncounted, _mine, cells in sorted(lines)]


# What nobody used ----------------------------------------------------------------------------------------------------


@table("idle_machines")
def idle_machines(w: World) -> list[Cells]:
    used = {row["terminal__code"] for row in (*trips(w)[0], *matters(w)[0])}
    rows = w.here(Terminal, "area__place__path", "code", "name", "kind", "enrolled_at", "area__name")
    return [
        (row["name"], row["code"], row["area__name"], None)
        for row in sorted(rows, key=lambda row: str(row["code"]))
        if row["kind"] == "own" and local(row["enrolled_at"]).date() < date(2026, 10, 1) and row["code"] not in used
    ]


@table("idle_items")
def idle_items(w: World) -> list[Cells]:
    used = {row["item__code"] for row in matters(w)[0]}
    offered: Counter[str] = Counter()
    for row in w.here(Offering, "terminal__area__place__path", "terminal__kind", "driven", "item__code"):
        offered[row["item__code"]] += row["driven"] and row["terminal__kind"] == "own"
    rows = sorted(w.every(Item, "code", "name", "department__name"), key=lambda row: str(row["code"]))
    return [
        (row["name"], row["code"], row["department__name"], offered[row["code"]])
        for row in rows
        if offered[row["code"]] and row["code"] not in used
    ]
