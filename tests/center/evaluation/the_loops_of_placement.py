"""Loops over what placement suggests: machines, items of neighbours, hours with queues, searches, and the limits."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, time, timedelta
from itertools import combinations

from tests.center.evaluation.the_loops import ZONE, Cells, Row, World, local, table

from budayang.center.evaluation.models import PlacementSuggestion, Visit
from budayang.center.platform.models import Parameter
from budayang.center.services.models import Case, Item, Offering, SearchCount, SearchWord, Trip
from budayang.center.terminals.models import Terminal
from budayang.rules.parameters import PARAMETERS

FIRST, LAST = date(2026, 9, 2), date(2026, 10, 31)
BESIDE = {"KBS": ("KBS", "KBT"), "KBT": ("KBS", "KBT"), "HJ": ("HJ",), "KONG": ("KONG",)}
LABELS = {one.name: one.label for one in PARAMETERS}
KINDS = {
    "idle": "很少有人用的终端", "overlap": "相邻终端重复的事项", "queue": "一件接一件、有人等的时段",
    "missing": "有人找、这里没有的事项", "unfound": "有人找、目录里没有的事",
}  # fmt: skip
LIMITS: dict[str, tuple[tuple[str, float, str], ...]] = {
    "idle": (("few_trips_day", 1, ""), ("placement_least_days", 14, "天")),
    "overlap": (
        ("placement_overlap_cases", 3, ""), ("placement_overlap_items", 5, ""), ("placement_near_m", 1000, ""),
        ("placement_least_days", 14, "天"),
    ),
    "queue": (
        ("placement_gap_s", 60, "秒"), ("placement_queue_starts", 20, ""), ("placement_queue_share", 0.5, "比例"),
    ),
    "missing": (("placement_searches", 10, ""),),
    "unfound": (("placement_searches", 10, ""), ("search_words_k", 5, "")),
}  # fmt: skip
"""Of each kind: parameter, its value where no place says otherwise, its unit."""
DEFAULTS = {name: value for some in LIMITS.values() for name, value, _unit in some}
STATES = {"open": "待看", "aside": "不采纳", None: ""}


def limit(w: World, area: Row, name: str) -> float:
    """The nearest place that says something of it."""
    rows = w.every(Parameter, "name", "place__path", "value")
    mine = [r for r in rows if r["name"] == name and area["place__path"].startswith(r["place__path"])]
    return float(max(mine, key=lambda r: len(r["place__path"]))["value"]) if mine else DEFAULTS.get(name, 60)


def standing(w: World, area: Row, kind: str, key: str) -> str:
    rows = w.every(PlacementSuggestion, "area_id", "kind", "key", "state")
    states = [r["state"] for r in rows if (r["area_id"], r["kind"], r["key"]) == (area["pk"], kind, key)]
    return STATES[states[0] if states else None]


def inside(at: datetime) -> bool:
    return FIRST <= local(at).date() <= LAST


def machines(w: World) -> list[Row]:
    """Own machines anywhere, by code, with the whole days that they were there."""
    found = []
    for row in w.every(Terminal, "code", "name", "kind", "enrolled_at", "area__code"):
        if row["kind"] == "own":
            since = local(row["enrolled_at"]).date()
            days = sum(since < FIRST + timedelta(days=n) for n in range(60))
            found.append({**row, "days": days})
    return sorted(found, key=lambda row: str(row["code"]))


@table("placement_idle")
def idle(w: World) -> list[Cells]:
    came = Counter(row["terminal__code"] for row in w.every(Trip, "terminal__code", "at") if inside(row["at"]))
    lines = []
    for area in w.areas:
        for one in machines(w):
            n, days = came[one["code"]], one["days"]
            if one["area__code"] == area["code"] and days >= 14 and n < limit(w, area, "few_trips_day") * days:
                word = standing(w, area, "idle", one["code"])
                lines.append((one["name"], area["name"], n, days, n / days, word))
    return lines


@table("placement_overlap")
def overlap(w: World) -> list[Cells]:
    offered: dict[str, set[str]] = {}
    for row in w.every(Offering, "terminal__code", "item__code", "driven"):
        if row["driven"]:
            offered.setdefault(row["terminal__code"], set()).add(row["item__code"])
    done = Counter(
        (row["terminal__code"], row["item__code"])
        for row in w.every(Case, "terminal__code", "item__code", "accepted_at")
        if inside(row["accepted_at"])
    )
    lines = []
    for area in w.areas:
        for one, other in combinations(machines(w), 2):
            if one["area__code"] != area["code"] or other["area__code"] not in BESIDE[area["code"]]:
                continue
            pair = (one["code"], other["code"])
            shared = offered.get(pair[0], set()) & offered.get(pair[1], set())
            both = {item: sum(done[code, item] for code in pair) for item in shared}
            little = [n for n in both.values() if n <= limit(w, area, "placement_overlap_cases")]
            if len(little) >= limit(w, area, "placement_overlap_items") and min(one["days"], other["days"]) >= 14:
                word = standing(w, area, "overlap", "|".join(pair))
                title = f"{one['name']} / {other['name']}"
                lines.append((title, area["name"], len(shared), len(little), sum(little), word))
    return lines


@table("placement_queue")
def queue(w: World) -> list[Cells]:
    start = datetime.combine(FIRST, time(0), ZONE)
    end = datetime.combine(LAST + timedelta(days=1), time(0), ZONE)
    lines = []
    for area in w.areas:
        starts: Counter[int] = Counter()
        close: Counter[int] = Counter()
        codes = {row["terminal__code"] for row in w.every(Visit, "terminal__code", "terminal__area_id", "at", "seconds")
                 if row["terminal__area_id"] == area["pk"]}  # fmt: skip
        for code in codes:
            rows = [
                r
                for r in w.every(Visit, "terminal__code", "terminal__area_id", "at", "seconds")
                if r["terminal__code"] == code
            ]
            spans = sorted((row["at"] - timedelta(seconds=row["seconds"]), row["at"]) for row in rows)
            spans = [span for span in spans if start <= span[0] < end]
            for n, (since, _until) in enumerate(spans):
                starts[local(since).hour] += 1
                close[local(since).hour] += n > 0 and (since - spans[n - 1][1]).total_seconds() < 60
        for hour, n in sorted(starts.items()):
            if n >= 20 and close[hour] >= n / 2:
                name, word = f"{hour:02d}:00–{hour + 1:02d}:00", standing(w, area, "queue", f"{hour:02d}")
                lines.append((name, area["name"], n, close[hour], close[hour] / n, word))
    return lines


def searches(w: World, area: Row) -> list[Row]:
    rows = w.every(SearchCount, "area_id", "on", "item_code", "mark", "times")
    return [row for row in rows if row["area_id"] == area["pk"] and FIRST <= row["on"] <= LAST]


@table("placement_missing")
def missing(w: World) -> list[Cells]:
    offered = {(r["terminal__area_id"], r["item__code"]) for r in w.every(Offering, "terminal__area_id", "item__code")}
    names = {row["code"]: row["name"] for row in w.every(Item, "code", "name")}
    lines = []
    for area in w.areas:
        rows = searches(w, area)
        for code in sorted({row["item_code"] for row in rows} - {""}):
            n = sum(row["times"] for row in rows if row["item_code"] == code)
            if n >= limit(w, area, "placement_searches") and (area["pk"], code) not in offered:
                total, word = sum(row["times"] for row in rows), standing(w, area, "missing", code)
                lines.append((names[code], area["name"], n, total, word))
    return lines


@table("placement_unfound")
def unfound(w: World) -> list[Cells]:
    known = {row["mark"] for row in w.every(SearchWord, "mark")}
    lines = []
    for area in w.areas:
        asked: Counter[str] = Counter()
        for row in searches(w, area):
            asked[row["mark"]] += row["times"] if row["mark"] in known else 0
        least = max(5, limit(w, area, "placement_searches"))
        often = [n for n in asked.values() if n >= least]
        if often:
            total = sum(row["times"] for row in searches(w, area))
            lines.append((area["name"], len(often), sum(often), total))
    return lines


@table("placement_limits")
def limits(w: World) -> list[Cells]:
    lines: list[Cells] = []
    rows = [("各种", "placement_days", "天")]
    rows += [(KINDS[kind], name, unit) for kind, some in LIMITS.items() for name, _default, unit in some]
    for kind, name, unit in rows:
        values = {area["name"]: limit(w, area, name) for area in w.areas}
        often = Counter(values.values()).most_common()
        for value, _n in often:
            where = "、".join(area for area, one in values.items() if one == value)
            where = "全部自助区" if len(often) == 1 else "其他自助区" if value == often[0][0] else where
            lines.append((kind, LABELS[name], value, unit, where))
    return lines
