"""Loops over faults, calls for help, stock, orders, rounds, drills and stops."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from statistics import median

from tests.center.evaluation.the_loops import (
    MADE,
    ZONE,
    Cells,
    Row,
    Said,
    World,
    counted,
    figure,
    known,
    local,
    middle,
    ratio,
    share,
    table,
)

from budayang.center.areas.models import PlannedStop
from budayang.center.maintenance.models import (
    Emergency,
    HelpCall,
    Incident,
    Round,
    SafetyTest,
    WorkOrder,
    WorkOrderEvent,
)
from budayang.center.platform.models import Place
from budayang.center.terminals.models import StockMovement, SupplyCount, SupplyFill, SupplyLevel, Terminal

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
FAULT_NAMES = {"manual": "人工报修", "paper_out": "打印机缺纸", "printer_offline": "打印机没有应答"}
BUCKET_NAMES = {"consumables": "耗材", "device": "设备故障", "undetermined": "未能判定"}


def faults(w: World) -> tuple[list[Row], list[Row]]:
    now, before = w.both(Incident, "opened_at", "place_path", "kind", "bucket", "closed_at", "cause_id")
    return [row for row in now if row["cause_id"] is None], [row for row in before if row["cause_id"] is None]


def lasted(rows: list[Row]) -> list[float]:
    return [(row["closed_at"] - row["opened_at"]) / MINUTE for row in rows if known(row, "closed_at")]


@figure("faults")
def all_faults(w: World) -> Said:
    now, before = faults(w)
    return counted(len(now), len(before))


@figure("fault_minutes")
def fault_minutes(w: World) -> Said:
    now, before = faults(w)
    return middle(lasted(now), lasted(before))


@table("faults_causes")
def faults_causes(w: World) -> list[Cells]:
    now, before = faults(w)
    lines = []
    for kind, bucket in sorted({(row["kind"], row["bucket"]) for row in now}):
        mine = [row for row in now if (row["kind"], row["bucket"]) == (kind, bucket)]
        spans = lasted(mine)
        most = (median(spans), max(spans)) if spans else (None, None)
        was = sum(row["kind"] == kind for row in before)  # whoever answered for it
        cells = (FAULT_NAMES[kind], BUCKET_NAMES[bucket], len(mine), len(mine) - len(spans), *most, was)
        lines.append((-len(mine), kind, bucket, cells))
    return [cells for _n, _kind, _bucket, cells in sorted(lines)]


# Calls for help ------------------------------------------------------------------------------------------------------


def calls(w: World) -> tuple[list[Row], list[Row]]:
    columns = ("area_id", "kind", "answered_at", "answered_by", "late", "test_id")
    now, before = w.both(HelpCall, "pressed_at", "area__place__path", *columns)
    return [row for row in now if row["test_id"] is None], [row for row in before if row["test_id"] is None]


def waits(rows: list[Row]) -> list[float]:
    return [
        (row["answered_at"] - row["pressed_at"]) / timedelta(seconds=1) for row in rows if known(row, "answered_at")
    ]


def in_time(rows: list[Row]) -> tuple[int, int]:
    """(answered within thirty seconds, calls that count): what came after a broken line and found nobody does not."""
    nobody = [row for row in rows if not known(row, "answered_at") and not row["late"]]
    return sum(wait <= 30 for wait in waits(rows)), len(waits(rows)) + len(nobody)


def tests(w: World) -> tuple[list[Row], list[Row]]:
    now, before = w.both(SafetyTest, "ended_at", "area__place__path", "area_id", "kind", "seconds", "passed")
    return [row for row in now if row["kind"] == "help"], [row for row in before if row["kind"] == "help"]


def took(rows: list[Row]) -> list[float]:
    return [row["seconds"] for row in rows if row["seconds"] is not None]


@figure("help_calls")
def help_calls(w: World) -> Said:
    now, before = calls(w)
    return counted(len(now), len(before))


@figure("help_in_time")
def help_in_time(w: World) -> Said:
    now, before = calls(w)
    return share(in_time(now), in_time(before))


@figure("help_answer_seconds")
def help_answer_seconds(w: World) -> Said:
    now, before = calls(w)
    return middle(waits(now), waits(before))


@figure("help_seconds")
def help_seconds(w: World) -> Said:
    now, before = tests(w)
    return middle(took(now), took(before))


@figure("help_passed")
def help_passed(w: World) -> Said:
    (good, n), (was, m) = ((sum(row["passed"] for row in rows), len(rows)) for rows in tests(w))
    return share((good, n), (was, m))


@table("help_areas")
def help_areas(w: World) -> list[Cells]:
    lines = []
    for area in w.areas:
        mine, before = ([row for row in rows if row["area_id"] == area["pk"]] for rows in calls(w))
        tested = [row for row in tests(w)[0] if row["area_id"] == area["pk"]]
        if not (mine or before or tested):
            continue
        good, judged = in_time(mine)
        urgent = sum(row["kind"] in ("sos", "button") for row in mine)
        nobody = judged - len(waits(mine))
        medians = [median(values) if values else None for values in (waits(mine), took(tested))]
        passed = sum(row["passed"] for row in tested)
        lines.append(
            (area["name"], len(mine), urgent, good, nobody, medians[0], len(before), len(tested), passed, medians[1])
        )
    return lines


@table("help_people")
def help_people(w: World) -> list[Cells]:
    now, before = ([row for row in rows if known(row, "answered_at")] for rows in calls(w))
    lines = []
    for name in sorted({row["answered_by"] for row in now}):
        mine = waits([row for row in now if row["answered_by"] == name])
        was = sum(row["answered_by"] == name for row in before)
        good = sum(wait <= 30 for wait in mine)
        lines.append((name, len(mine), good, good / len(mine), median(mine), max(mine), was))
    return sorted(lines, key=lambda cells: -cells[1])


# Stock ---------------------------------------------------------------------------------------------------------------

KINDS = (("a4", "A4打印纸", "张", 0.05), ("toner", "碳粉盒", "页", None))


def used(w: World, code: str) -> tuple[float | None, float | None]:
    """Units of both months; None where no machine of the kind is counted."""
    path = "supply__terminal__area__place__path"
    some = ("supply__consumable", "supply__counted_since", "amount")
    levels = w.here(SupplyLevel, "terminal__area__place__path", "consumable", "counted_since")
    if not any(row["consumable"] == code and row["counted_since"] for row in levels):
        return None, None
    now, before = w.both(SupplyCount, "hour_at", path, *some)
    return tuple(  # type: ignore[return-value]
        float(sum(row["amount"] for row in rows if row["supply__consumable"] == code)) for rows in (now, before)
    )


@figure("cost")
def cost(w: World) -> Said:
    told = [
        [(price, amounts[n]) for code, _name, _unit, price in KINDS if (amounts := used(w, code))[n]] for n in (0, 1)
    ]
    sums = [sum(price * amount for price, amount in month) if month else None for month in told]  # type: ignore[operator]
    return Said(sums[0], len(told[0]), sums[1], len(told[1]))


@table("stock_used")
def stock_used(w: World) -> list[Cells]:
    lines: list[Cells] = []
    for code, name, unit, price in KINDS:
        levels = w.here(SupplyLevel, "terminal__area__place__path", "consumable", "counted_since")
        mine = [row for row in levels if row["consumable"] == code]
        fills = w.both(SupplyFill, "at", "supply__terminal__area__place__path", "supply__consumable")[0]
        filled = sum(row["supply__consumable"] == code for row in fills)
        moves = w.both(StockMovement, "at", "stock__area__place__path", "stock__consumable", "kind", "amount")[0]
        taken = -sum(row["amount"] for row in moves if row["stock__consumable"] == code and row["kind"] == "out")
        if not mine and not taken:
            continue
        now, before = used(w, code)
        spent = None if now is None or price is None else now * price
        is_counted = sum(row["counted_since"] is not None for row in mine)
        lines.append((name, unit, now, is_counted, len(mine), filled, taken, price, spent, before))
    return lines


# Orders --------------------------------------------------------------------------------------------------------------


def orders(w: World) -> tuple[list[Row], list[Row]]:
    columns = ("pk", "state", "closed_at", "organization__code", "organization__name")
    now, before = w.both(WorkOrder, "opened_at", "place_path", *columns)
    off = ("cancelled", "merged")
    return [row for row in now if row["state"] not in off], [row for row in before if row["state"] not in off]


def repaired(w: World, rows: list[Row]) -> list[timedelta | None]:
    """How long after its opening each was repaired; all these are urgent, their clocks run day and night."""
    at: dict[int, datetime] = {}
    for row in w.every(WorkOrderEvent, "order_id", "event", "at"):
        if row["event"] == "repaired":
            at[row["order_id"]] = max(row["at"], at.get(row["order_id"], row["at"]))
    return [at[row["pk"]] - row["opened_at"] if row["pk"] in at else None for row in rows]


def within(w: World, rows: list[Row], limit: timedelta) -> tuple[int, int]:
    return sum(one is not None and one <= limit for one in repaired(w, rows)), len(rows)


def hours(w: World, rows: list[Row]) -> list[float]:
    return [one / HOUR for one in repaired(w, rows) if one is not None]


@figure("respond")
def respond(w: World) -> Said:
    now, before = orders(w)
    return share(within(w, now, 30 * MINUTE), within(w, before, 30 * MINUTE))


@figure("repair")
def repair(w: World) -> Said:
    now, before = orders(w)
    return share(within(w, now, 2 * HOUR), within(w, before, 2 * HOUR))


@figure("repair_time")
def repair_time(w: World) -> Said:
    now, before = orders(w)
    return middle(hours(w, now), hours(w, before))


@table("orders_bodies")
def orders_bodies(w: World) -> list[Cells]:
    now, before = orders(w)
    lines = []
    for code in sorted({row["organization__code"] for row in now}):
        mine = [row for row in now if row["organization__code"] == code]
        was = sum(row["organization__code"] == code for row in before)
        still = sum(not known(row, "closed_at") for row in mine)
        cells: list[float | None] = []
        for limit in (30 * MINUTE, HOUR, 2 * HOUR):
            good, n = within(w, mine, limit)
            cells += [n, good / n if n >= 10 else None]
        spent = hours(w, mine)
        cells += [len(spent), median(spent) if len(spent) >= 10 else None]
        lines.append((mine[0]["organization__name"], "归属单位", len(mine), still, *cells, was))
    return lines


# Rounds, drills, stops -----------------------------------------------------------------------------------------------


def rounds(w: World) -> tuple[list[Row], list[Row]]:
    now, before = w.both(Round, "opens_at", "place_path", "state", "failed", "plan__name", "plan__who")
    return [r for r in now if r["state"] != "cancelled"], [r for r in before if r["state"] != "cancelled"]


@figure("rounds")
def rounds_in_time(w: World) -> Said:
    states = [Counter(row["state"] for row in rows) for rows in rounds(w)]
    settled = [one["done"] + one["done_late"] + one["missed"] for one in states]
    return share((states[0]["done"], settled[0]), (states[1]["done"], settled[1]))


@table("rounds_plans")
def rounds_plans(w: World) -> list[Cells]:
    now, before = rounds(w)
    if not now:
        return []
    assert {(row["plan__name"], row["plan__who"]) for row in now} == {("班前", "owner")}
    states = Counter(row["state"] for row in now)
    numbers = [states[one] for one in ("done", "done_late", "missed", "open")]
    share_done, failed = ratio(numbers[0], sum(numbers[:3])), sum(row["failed"] for row in now)
    return [("班前", "设备归属单位", len(now), *numbers, share_done, failed, len(before))]


@table("drills")
def drills(w: World) -> list[Cells]:
    words = {"reviewed": "已复盘", "planned": "已计划"}
    lines = []
    for row in w.here(
        Emergency, "area__place__path", "name", "area__name", "state", "drill", "planned_on", "started_at", "ended_at"
    ):
        on = local(row["started_at"]).date() if row["started_at"] else row["planned_on"]
        if (on.year, on.month) == (2026, 10):
            minutes = (row["ended_at"] - row["started_at"]) / MINUTE if row["ended_at"] else None
            nature = "演练" if row["drill"] else "真实处置"
            lines.append((row["name"], row["area__name"], nature, words[row["state"]], on.isoformat(), minutes))
    return lines


@table("stops")
def stops(w: World) -> list[Cells]:
    """Every one that reaches an area of here, from above too; those of a week come again as often as they say."""
    start, end = datetime(2026, 11, 1, tzinfo=ZONE), datetime(2026, 12, 1, tzinfo=ZONE)
    names = {row["path"]: row["name"] for row in w.every(Place, "path", "name")}
    nouns = {"maintenance": "设备维护", "department": "部门系统停办"}
    columns = ("pk", "place__path", "kind", "reason", "rrule", "starts_at", "ends_at", "announced_at", "department",
               "terminal_id")  # fmt: skip
    codes = {row["pk"]: row["code"] for row in w.every(Terminal, "pk", "code")}
    lines = []
    for row in w.every(PlannedStop, *columns):
        reaches = any(area["place__path"].startswith(row["place__path"]) for area in w.areas)
        if not reaches or row["announced_at"] > MADE:
            continue
        assert row["rrule"] in ("", "FREQ=WEEKLY;BYDAY=TU;COUNT=3"), row["rrule"]
        weeks = [timedelta(days=7 * n) for n in range(3 if row["rrule"] else 1)]
        times = [(max(row["starts_at"] + week, start), min(row["ends_at"] + week, end)) for week in weeks]
        times = [(since, until) for since, until in times if since < until]
        if times:
            what = codes.get(row["terminal_id"]) or {"": "全部", "SW": "税务"}[row["department"]]
            told = (f"{local(times[0][0]):%m-%d %H:%M}", names[row["place__path"]], f"{nouns[row['kind']]} {what}")
            together = sum((until - since) / HOUR for since, until in times)
            lines.append((told[0], row["pk"], (*told, row["reason"], len(times), together)))
    return [cells for _first, _pk, cells in sorted(lines)]
