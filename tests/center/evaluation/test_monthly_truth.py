"""Every figure of a monthly report against plain loops over the tables that use none of the product's rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from math import sqrt
from statistics import median
from typing import Any

import pytest
from django.db import transaction
from tests.center.evaluation.the_month import MADE, ZONE, live
from tests.center.hall import Hall

from budayang.center.areas.models import PlannedStop
from budayang.center.evaluation.models import (
    Complaint,
    ComplaintStep,
    Invitation,
    NegativeCase,
    Rating,
    SupervisionVisit,
)
from budayang.center.evaluation.monthly_making import compute
from budayang.center.evaluation.monthly_opened import opened
from budayang.center.evaluation.monthly_rows import Month
from budayang.center.maintenance.models import (
    HelpCall,
    HoursDay,
    Incident,
    Round,
    SafetyTest,
    WorkOrder,
    WorkOrderEvent,
)
from budayang.center.services.models import Case, Item, Trip
from budayang.center.terminals.models import SupplyCount
from budayang.rules.monthly import Report, Table, figures_of, tables_of

OCTOBER, SEPTEMBER = (2026, 10), (2026, 9)
HOLIDAYS = {date(2026, 10, day) for day in range(1, 8)}
MAKEUP = {date(2026, 10, 10)}
HOUR_US = 3.6e9
BUCKETS = {"site": "场所关闭或过冷过热", "consumables": "耗材", "device": "设备故障", "planned": "计划停用"}


@pytest.fixture(scope="module")
def lived(django_db_setup: None, django_db_blocker: Any) -> Iterable[tuple[Hall, Report]]:
    """The two months are written once for the whole module and rolled back at its end."""

    with django_db_blocker.unblock(), transaction.atomic():
        hall = live()
        yield hall, compute(hall.area.place, date(2026, 10, 1), MADE, lambda: None)
        transaction.set_rollback(True)


pytestmark = pytest.mark.django_db
Lived = tuple[Hall, Report]


def local(at: datetime) -> datetime:
    return at.astimezone(ZONE)


def of(rows: Iterable[dict[str, Any]], field: str, month: tuple[int, int]) -> list[dict[str, Any]]:
    """Rows of a month by the wall's clock."""
    found = []
    for row in rows:
        when = local(row[field])
        if (when.year, when.month) == month:
            found.append(row)
    return found


def table(report: Report, code: str) -> Table:
    return next(one for _section, one in tables_of(report) if one.code == code)


def value(report: Report, code: str) -> Any:
    return next(one for one in figures_of(report) if one.code == code)


def interval(hits: int, total: int) -> tuple[float, float]:
    """Wilson's, from its textbook form."""
    z, p = 1.959963984540054, hits / total
    middle = (p + z * z / (2 * total)) / (1 + z * z / total)
    half = z / (1 + z * z / total) * sqrt(p * (1 - p) / total + z * z / (4 * total * total))
    return middle - half, middle + half


def is_outside(at: datetime) -> bool:
    when = local(at)
    on = when.date()
    worked = on in MAKEUP or (on.weekday() < 5 and on not in HOLIDAYS)
    minutes = when.hour * 60 + when.minute
    return not worked or minutes < 8 * 60 + 30 or minutes >= 17 * 60 + 30


def says_share(report: Report, code: str, hits: int, total: int, hits_before: int, total_before: int) -> None:
    one = value(report, code)
    assert (one.sample, one.before_sample) == (total, total_before)
    assert one.value == pytest.approx(hits / total, abs=1e-6)
    assert one.before == pytest.approx(hits_before / total_before, abs=1e-6)
    assert (one.low, one.high) == pytest.approx(interval(hits, total), abs=2e-6)
    assert one.change_low < one.value - one.before < one.change_high


def test_the_wasted_trips(lived: Lived) -> None:
    report = lived[1]
    rows = list(Trip.objects.values("at", "result", "area__name", "place_path", "step", "why"))
    rows = [row for row in rows if row["place_path"] == lived[0].area.place.path]
    now, before = of(rows, "at", OCTOBER), of(rows, "at", SEPTEMBER)
    bad = [[row for row in part if row["result"] != "finished"] for part in (now, before)]
    assert len(now) > 100, "an empty month proves nothing"
    says_share(report, "wasted", len(bad[0]), len(now), len(bad[1]), len(before))
    words = {"unfinished": "开始了没办成", "refused": "不让开始", "locked": "门没开"}
    told = {line.cells[0]: 0 for line in table(report, "wasted_causes").lines}
    for line in table(report, "wasted_causes").lines:
        told[line.cells[0]] += line.cells[3]
    assert told == Counter(words[row["result"]] for row in bad[0])
    areas = {line.cells[0]: line.cells[1:4] for line in table(report, "wasted_areas").lines}
    assert list(areas) == ["康巴什区自助区"]
    assert areas["康巴什区自助区"] == (len(now), len(bad[0]), pytest.approx(len(bad[0]) / len(now), abs=1e-6))


def test_the_matters(lived: Lived) -> None:
    report = lived[1]
    rows = list(Case.objects.values("accepted_at", "state", "item__code", "item__name", "item__audience"))
    now, before = of(rows, "accepted_at", OCTOBER), of(rows, "accepted_at", SEPTEMBER)
    late = [[row for row in part if is_outside(row["accepted_at"])] for part in (now, before)]
    says_share(report, "outside", len(late[0]), len(now), len(late[1]), len(before))
    festive = [row for row in now if local(row["accepted_at"]).date() in HOLIDAYS]
    holiday = value(report, "holiday")
    assert holiday.value == pytest.approx(len(festive) / len(now), abs=1e-6)
    assert holiday.before == 0, "September had matters, none on a holiday: known to be zero"
    assert (value(report, "matters").value, value(report, "matters").before) == (len(now), len(before))
    good = ("done", "handed_in", "in_process", "correction")
    done = [[row for row in part if row["state"] in good] for part in (now, before)]
    says_share(report, "done", len(done[0]), len(now), len(done[1]), len(before))

    by_item = {line.cells[0]: line.cells[3:6] for line in table(report, "matters_items").lines}
    for name in {row["item__name"] for row in now}:
        mine = [row for row in now if row["item__name"] == name]
        taken = sum(row["state"] in good for row in mine)
        assert by_item[name] == (len(mine), taken, sum(is_outside(row["accepted_at"]) for row in mine)), name
    assert sum(cells[0] for cells in by_item.values()) == len(now)
    by_hour = [line.cells[1] for line in table(report, "matters_hours").lines]
    assert by_hour == [sum(local(row["accepted_at"]).hour == hour for row in now) for hour in range(24)]
    people = {line.cells[0]: line.cells[1] for line in table(report, "matters_people").lines}
    audience = Counter(row["item__audience"] for row in now)
    assert people == {
        "自然人": audience["个人"], "法人": audience["法人"], "自然人或法人（分不开）": audience["个人/法人"],
    }  # fmt: skip
    days = {line.cells[:2]: line.cells[2] for line in table(report, "matters_days").lines}
    assert days["法定节假日", "工作时间以外"] == len(festive)
    makeup = [row for row in now if local(row["accepted_at"]).date() in MAKEUP]
    inside = sum(not is_outside(row["accepted_at"]) for row in makeup)
    assert days.get(("调休上班", "工作时间内"), 0) == inside
    assert sum(days.values()) == len(now)


def test_the_hours(lived: Lived) -> None:
    hall, report = lived
    columns = [field.name for field in HoursDay._meta.get_fields() if field.name.endswith("_us")]
    rows = [row for row in HoursDay.objects.values("on", "area_id", *columns) if row["on"].month == 10]
    promised, usable = (sum(row[name] for row in rows) for name in ("promised_us", "usable_us"))
    unjudged = sum(row["planned_us"] + row["monitoring_lost_us"] for row in rows)
    assert value(report, "available").value == pytest.approx(usable / (promised - unjudged), abs=1e-6)
    assert value(report, "available").sample == len(rows) == 62
    assert value(report, "promised").value == pytest.approx(promised / HOUR_US, abs=1e-6)
    assert value(report, "usable").value == pytest.approx(usable / HOUR_US, abs=1e-6)
    causes = {line.cells[0]: line.cells for line in table(report, "hours_causes").lines}
    lost = promised - usable - unjudged
    for code, name in BUCKETS.items():
        mine = sum(row[f"{code}_us"] for row in rows)
        assert causes[name][2] == pytest.approx(mine / HOUR_US, abs=1e-6), name
        assert causes[name][3] == (None if code == "planned" else pytest.approx(mine / lost, abs=1e-6))
    (line,) = table(report, "hours_areas").lines
    assert line.cells[1] == 31 * 24, "promised day and night"
    assert line.cells[2] == 3, "one stop of the whole area, three hours"
    assert line.cells[4] == pytest.approx(usable / HOUR_US, abs=1e-6)
    assert hall.area.name == line.cells[0]


def test_the_faults(lived: Lived) -> None:
    report = lived[1]
    rows = list(Incident.objects.values("kind", "opened_at", "closed_at", "cause_id", "bucket"))
    now = [row for row in of(rows, "opened_at", OCTOBER) if row["cause_id"] is None]
    assert value(report, "faults").value == len(now)
    lasted = [
        (row["closed_at"] - row["opened_at"]) / timedelta(minutes=1)
        for row in now
        if row["closed_at"] and row["closed_at"] <= MADE
    ]
    assert value(report, "fault_minutes").value == pytest.approx(median(lasted), abs=1e-6)
    assert value(report, "fault_minutes").sample == len(lasted)
    told = {(line.cells[0], line.cells[1]): line.cells for line in table(report, "faults_causes").lines}
    paper = [row for row in now if row["kind"] == "paper_out" and row["bucket"] == "consumables"]
    title = next(cells for (name, bucket), cells in told.items() if "纸" in str(name) and bucket == "耗材")
    assert title[2] == len(paper) > 0
    assert title[3] == sum(row["closed_at"] is None for row in paper)
    assert sum(cells[2] for cells in told.values()) == len(now)
    earlier = [row for row in of(rows, "opened_at", SEPTEMBER) if row["cause_id"] is None]
    before = [row for row in earlier if row["kind"] == "paper_out"]
    assert len({row["bucket"] for row in before}) == 2, "the last month is told by cause, whoever answered for it"
    assert [cells[6] for (name, _bucket), cells in told.items() if name == title[0]] == [len(before)] * sum(
        name == title[0] for name, _bucket in told
    )


def test_help_and_tests_of_the_button(lived: Lived) -> None:
    report = lived[1]
    every = list(HelpCall.objects.filter(test__isnull=True).values())
    calls, before = of(every, "pressed_at", OCTOBER), of(every, "pressed_at", SEPTEMBER)
    assert value(report, "help_calls").value == len(calls) > 0
    good, judged = [], []
    for month in (calls, before):
        taken = [row for row in month if row["answered_at"] and row["answered_at"] <= MADE]
        in_time = [row for row in taken if row["answered_at"] - row["pressed_at"] <= timedelta(seconds=30)]
        nobody = [row for row in month if row not in taken and not row["late"]]
        good.append(len(in_time))
        judged.append(len(taken) + len(nobody))
    says_share(report, "help_in_time", good[0], judged[0], good[1], judged[1])
    answers = [row for row in calls if row["answered_at"] and row["answered_at"] <= MADE]
    waits = [(row["answered_at"] - row["pressed_at"]) / timedelta(seconds=1) for row in answers]
    assert value(report, "help_answer_seconds").value == pytest.approx(median(waits))
    people = {line.cells[0]: line.cells for line in table(report, "help_people").lines}
    assert people
    for name in {row["answered_by"] for row in answers}:
        mine = [wait for row, wait in zip(answers, waits, strict=True) if row["answered_by"] == name]
        assert people[name][1:3] == (len(mine), sum(wait <= 30 for wait in mine))
        assert people[name][4:6] == (pytest.approx(median(mine)), max(mine))
    tests = of(SafetyTest.objects.filter(kind="help").values("ended_at", "seconds", "passed"), "ended_at", OCTOBER)
    answered = [row["seconds"] for row in tests if row["seconds"] is not None]
    assert value(report, "help_seconds").value == pytest.approx(median(answered))
    assert value(report, "help_passed").value == pytest.approx(
        sum(row["passed"] for row in tests) / len(tests), abs=1e-6
    )
    (line,) = table(report, "help_areas").lines
    assert line.cells[1:3] == (len(calls), sum(row["kind"] == "sos" for row in calls))
    assert line.cells[3] == good[0]
    assert line.cells[4] == judged[0] - len(answers), "nobody came"
    assert line.cells[5:7] == (pytest.approx(median(waits)), len(before))
    assert line.cells[7:10] == (len(tests), sum(row["passed"] for row in tests), pytest.approx(median(answered)))


def test_stock_and_cost(lived: Lived) -> None:
    report = lived[1]
    used = sum(row["amount"] for row in of(SupplyCount.objects.values("hour_at", "amount"), "hour_at", OCTOBER))
    (line,) = table(report, "stock_used").lines
    assert line.cells[2:7] == (used, 1, 2, 2, 0), "one of two machines is counted; what the other used is not known"
    assert line.cells[7:9] == (0.05, pytest.approx(used * 0.05))
    assert value(report, "cost").value == pytest.approx(used * 0.05)


def test_orders_and_repair_times(lived: Lived) -> None:
    hall, report = lived
    respond, repair, took = [], [], []
    orders = of(WorkOrder.objects.values("pk", "opened_at", "closed_at", "organization__code"), "opened_at", OCTOBER)
    for order in orders:
        repaired = [row.at for row in WorkOrderEvent.objects.filter(order_id=order["pk"], event="repaired")]
        stands = min(repaired) - order["opened_at"] if repaired else None
        respond.append(stands is not None and stands <= timedelta(minutes=30))
        repair.append(stands is not None and stands <= timedelta(hours=2))
        if stands is not None:
            took.append(stands / timedelta(hours=1))
    assert len(orders) > 20
    assert value(report, "respond").value == pytest.approx(sum(respond) / len(respond), abs=1e-6)
    assert value(report, "repair").value == pytest.approx(sum(repair) / len(repair), abs=1e-6)
    assert value(report, "repair_time").value == pytest.approx(median(took), abs=1e-6)
    line = next(one for one in table(report, "orders_bodies").lines if one.cells[0] == hall.bodies["RS"].name)
    assert line.cells[2] == len(orders)
    assert line.cells[3] == sum(row["closed_at"] is None for row in orders)
    assert line.cells[5] == pytest.approx(sum(respond) / len(respond), abs=1e-6)


def test_rounds_and_ratings(lived: Lived) -> None:
    report = lived[1]
    rounds = list(of(Round.objects.values("opens_at", "state", "failed"), "opens_at", OCTOBER))
    counted = Counter(row["state"] for row in rounds)
    settled = counted["done"] + counted["done_late"] + counted["missed"]
    assert value(report, "rounds").value == pytest.approx(counted["done"] / settled, abs=1e-6)
    (line,) = table(report, "rounds_plans").lines
    assert line.cells[2:6] == (settled, counted["done"], counted["done_late"], counted["missed"])
    assert line.cells[8] == sum(row["failed"] for row in rounds if row["state"] != "cancelled")

    given = of(Rating.objects.filter(set_aside_at__isnull=True).values("at", "level"), "at", OCTOBER)
    shown = of(Invitation.objects.values("shown_at"), "shown_at", OCTOBER)
    good = [row for row in given if "un" not in row["level"]]
    assert value(report, "good_rate").value == pytest.approx(len(good) / len(given), abs=1e-6)
    assert value(report, "rated").value == pytest.approx(len(given) / len(shown), abs=1e-6)
    levels = [line.cells[1] for line in table(report, "ratings_levels").lines]
    order = ["very_satisfied", "satisfied", "basically_satisfied", "unsatisfied", "very_unsatisfied"]
    assert levels == [sum(row["level"] == one for row in given) for one in order]
    counted_cases = NegativeCase.objects.filter(rating__set_aside_at__isnull=True)
    kept = counted_cases.values("rating__at", "state", "opened_at", "closed_at")
    cases = list(of(kept, "rating__at", OCTOBER))
    open_late = sum(row["state"] != "closed" and row["opened_at"] + timedelta(days=4) <= MADE for row in cases)
    closed_late = sum(
        row["state"] == "closed" and row["closed_at"] > row["opened_at"] + timedelta(days=7) for row in cases
    )
    assert open_late
    assert closed_late
    assert [line.cells[1] for line in table(report, "ratings_negative").lines] == [
        sum(row["state"] != "closed" for row in cases), sum(row["state"] == "closed" for row in cases),
        open_late + closed_late,
    ]  # fmt: skip


def test_the_six_public_indicators(lived: Lived) -> None:
    """Counted as of the report's moment: what was replied or rated later is not in it."""
    report = lived[1]
    counted = list(Rating.objects.filter(set_aside_at__isnull=True).values("case_number", "at", "level", "channel"))
    aside = set(Rating.objects.filter(set_aside_at__isnull=False).values_list("case_number", flat=True))
    rated = {row["case_number"] for row in counted if row["at"] <= MADE}
    done = [row for row in Case.objects.values("number", "state", "finished_at") if row["finished_at"]]
    assert aside
    shares: dict[str, list[tuple[int, int]]] = {}
    for month in (OCTOBER, SEPTEMBER):
        mine = of(counted, "at", month)
        good = [row for row in mine if "un" not in row["level"]]
        active = [row for row in mine if row["channel"] != "terminal"]
        shares.setdefault("good_rate", []).append((len(good), len(mine)))
        shares.setdefault("active_good_rate", []).append((sum("un" not in row["level"] for row in active), len(active)))
        finished = [row for row in of(done, "finished_at", month) if row["number"] not in aside]
        unrated = [row for row in finished if row["number"] not in rated]
        shares.setdefault("unrated_rate", []).append((len(unrated), len(finished)))
        cases = [
            one
            for one in NegativeCase.objects.select_related("rating").filter(rating__set_aside_at__isnull=True)
            if (local(one.rating.at).year, local(one.rating.at).month) == month
        ]
        replied = sum(one.replied_at is not None and one.replied_at <= MADE for one in cases)
        shares.setdefault("negative_reply_rate", []).append((replied, len(mine) - len(good)))
        last = [last_word(one) for one in cases]
        reached, fixed = [word for word in last if word], [word for word in last if word.startswith("fixed")]
        shares.setdefault("visit_fix_rate", []).append((len(fixed), len(reached)))
        shares.setdefault("visit_satisfied_rate", []).append((last.count("fixed_satisfied"), len(fixed)))
    for code, ((hits, total), (hits_before, total_before)) in shares.items():
        assert total > 2, code
        says_share(report, code, hits, total, hits_before, total_before)
    months = Month(lived[0].area.place, date(2026, 10, 1), MADE)
    for code, (first, _second) in shares.items():
        opens = value(report, code).opens
        expected = {"good_rate": first[1], "active_good_rate": first[1], "unrated_rate": first[0]}
        assert opened(months, opens).total == expected.get(code, shares["negative_reply_rate"][0][1]), code


def last_word(case: NegativeCase) -> str:
    """What the person said last, up to the report."""
    said = []
    if case.called_at and case.called_at <= MADE and case.call_outcome in (
        "fixed_satisfied", "fixed_unsatisfied", "not_fixed",
    ):  # fmt: skip
        said.append((case.called_at, case.call_outcome))
    if case.rerated_at and case.rerated_at <= MADE:
        said.append((case.rerated_at, "not_fixed" if case.rerated_level == "unsatisfied" else "fixed_satisfied"))
    return max(said)[1] if said else ""


def test_complaints_praise_and_their_steps(lived: Lived) -> None:
    report, place = lived[1], lived[0].area.place
    rows = [one for one in Complaint.objects.all() if one.place_path == place.path]
    mine = [one for one in rows if (local(one.made_at).year, local(one.made_at).month) == OCTOBER]
    before = [one for one in rows if (local(one.made_at).year, local(one.made_at).month) == SEPTEMBER]
    steps: dict[int, dict[str, datetime]] = {}
    for taken_step in ComplaintStep.objects.all():
        if taken_step.at <= MADE:
            steps.setdefault(taken_step.complaint_id, {})[taken_step.event] = taken_step.at
    kinds = Counter(one.kind for one in mine)
    assert (value(report, "complaints").value, value(report, "praise").value) == (kinds["complaint"], kinds["praise"])
    complaints = [one for one in mine if one.kind == "complaint"]
    hours = [
        (steps[one.pk]["answer"] - one.made_at) / timedelta(hours=1) for one in complaints if "answer" in steps[one.pk]
    ]
    assert len(hours) > 3
    assert value(report, "complaint_hours").value == pytest.approx(median(hours), abs=1e-6)
    told = {line.cells[0]: line.cells for line in table(report, "complaints_steps").lines}
    names = {"accept": "受理", "investigate": "调查", "handle": "处置", "answer": "反馈", "file": "归档"}
    in_time: dict[str, tuple[int, int]] = {}
    for number, (step, name) in enumerate(names.items()):
        good = late = 0
        for one in complaints:
            limit, taken = one.made_at + timedelta(days=2 + 2 * number), steps[one.pk].get(step)
            if taken is not None:
                good, late = good + (taken <= limit), late + (taken > limit)
            elif "decline" not in steps[one.pk] and "file" not in steps[one.pk] and limit < MADE:
                late += 1
        assert told[name][1:4] == (good, late, len(complaints) - good - late), step
        in_time[step] = good, good + late
    answer = value(report, "complaints_in_time")
    assert (answer.sample, answer.value) == (
        in_time["answer"][1],
        pytest.approx(in_time["answer"][0] / in_time["answer"][1]),
    )
    lines = {line.cells[1]: line.cells for line in table(report, "complaints_areas").lines}
    for kind, name in (("complaint", "投诉"), ("praise", "表扬"), ("suggestion", "建议")):
        of_kind = [one for one in mine if one.kind == kind]
        filed = sum("file" in steps[one.pk] for one in of_kind)
        declined = sum("decline" in steps[one.pk] for one in of_kind)
        assert lines[name][2:7] == (len(of_kind), filed, declined, 0, len(of_kind) - filed - declined)
        assert lines[name][8] == sum(one.kind == kind for one in before)


def test_supervision_visits(lived: Lived) -> None:
    report = lived[1]
    every = list(SupervisionVisit.objects.filter(handed_at__isnull=False).prefetch_related("findings"))
    months: list[list[SupervisionVisit]] = [
        [one for one in every if (local(one.handed_at).year, local(one.handed_at).month) == month]  # type: ignore[arg-type]
        for month in (OCTOBER, SEPTEMBER)
    ]
    lines = {line.cells[0]: line.cells for line in table(report, "visits_kinds").lines}
    names = {"delegate": "代表、委员视察", "experience": "体验官体验", "unannounced": "暗访"}
    assert set(lines) == set(names.values()), "nobody made 督查; 暗访 were in September alone"
    told = [0, 0, 0]
    for kind, name in names.items():
        now, before = ([one for one in month if one.kind == kind] for month in months)
        scores = [100 * one.well / (one.well + one.failed) for one in now if one.well + one.failed]
        found = in_time = late = 0
        for row in (row for one in now for row in one.findings.all()):
            if row.state == "dismissed":
                continue
            replied = row.replied_at if row.replied_at and row.replied_at <= MADE else None
            broke = row.overdue_at is not None and row.overdue_at <= MADE
            is_late = broke or (replied or MADE) > row.due_at
            found, late = found + 1, late + is_late
            in_time += replied is not None and not is_late
        assert lines[name][1] == len(now)
        assert lines[name][2] == (pytest.approx(sum(scores) / len(scores), abs=1e-6) if scores else None)
        assert lines[name][3:] == (found, in_time, late, len(before))
        told = [told[0] + found, told[1] + in_time, told[2] + late]
    assert min(told[1], told[2], told[0] - told[1] - told[2]) > 0, "each fate is there"


def test_what_nobody_used_drills_and_next_months_stops(lived: Lived) -> None:
    report = lived[1]
    machines = {line.cells[1] for line in table(report, "idle_machines").lines}
    assert machines == {"KBS-03"}, "enrolled before the month, no trip, no matter"
    trips = Counter(row["terminal__code"] for row in of(Trip.objects.values("at", "terminal__code"), "at", OCTOBER))
    few = {line.cells[1]: line.cells[3] for line in table(report, "few_machines").lines}
    assert few == {code: trips[code] for code in ("KBS-01", "KBS-02")}, "the limit here is a hundred trips a day"
    used = {row["item__code"] for row in of(Case.objects.values("accepted_at", "item__code"), "accepted_at", OCTOBER)}
    items = {line.cells[1] for line in table(report, "idle_items").lines}
    assert items == set(Item.objects.values_list("code", flat=True)) - used == {"T05", "T06"}
    drills = [line.cells[1:] for line in table(report, "drills").lines]
    assert [cells[1:] for cells in drills] == [
        ("演练", "已复盘", "2026-10-15", 25.0), ("演练", "已计划", "2026-10-28", None),
    ]  # fmt: skip
    (stop,) = table(report, "stops").lines
    assert PlannedStop.objects.count() == 2
    assert (stop.cells[0], stop.cells[3], stop.cells[4], stop.cells[5]) == ("11-03 22:00", "换路由器", 3, 6.0)


def test_each_line_opens_as_many_rows_as_it_tells(lived: Lived) -> None:
    hall, report = lived
    month = Month(hall.area.place, date(2026, 10, 1), MADE)
    counts = {
        "few_machines": 3,
        "wasted_causes": 3, "wasted_areas": 2, "matters_days": 2, "matters_items": 3, "matters_hours": 1,
        "matters_people": 1, "matters_areas": 1, "faults_causes": 2, "orders_bodies": 2, "rounds_plans": 2,
        "ratings_levels": 1, "ratings_negative": 1, "complaints_areas": 2, "help_areas": 1,
        "help_people": 1, "visits_kinds": 1,
    }  # fmt: skip
    looked = 0
    for code, column in counts.items():
        for line in table(report, code).lines:
            found = opened(month, line.opens)
            assert found.total == line.cells[column], (code, line)
            assert len(found.rows) == min(found.total, 500)
            looked += bool(found.total)
    assert looked > 40
    for one in figures_of(report):
        if one.opens and one.unit == "count":
            assert opened(month, one.opens).total == one.value, one.code


def test_what_is_not_known_says_so_and_is_not_zero(lived: Lived) -> None:
    hall = lived[0]
    report = compute(hall.far_area.place, date(2026, 10, 1), MADE, lambda: None)
    for code in ("outside", "available", "good_rate", "repair_time", "complaint_hours", "help_seconds", "cost"):
        one = value(report, code)
        assert one.value is None, code
        assert one.why, code
    assert value(report, "matters").value == 0
    assert not table(report, "matters_items").lines
    (line,) = table(report, "hours_areas").lines
    assert line.cells[1] == 744
    assert line.cells[3:6] == (None, None, None)
    assert any("只结算了 0 天" in note for note in report.notes)
