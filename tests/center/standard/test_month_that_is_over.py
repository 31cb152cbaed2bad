"""A month that is over is not judged anew by the state of today: what only today can say stands as it was said at the
month's end, and what comes late changes its own clauses and no others.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.center.hall import SYSTEM, Hall

from budayang.center.areas import actions as areas
from budayang.center.maintenance import due_things
from budayang.center.maintenance.models import Asset, AssetAcceptance, DueThing, Incident, WorkOrder, WorkOrderEvent
from budayang.center.platform.models import RoleGrant
from budayang.center.services.models import Department, Item, Offering
from budayang.center.signage.models import PlanVersion, SignPlan
from budayang.center.standard import actions, given_actions, jobs, queries
from budayang.center.standard.models import Assessment, Clause, ClauseVerdict
from budayang.center.terminals.models import Stock, StockMovement, Terminal
from budayang.data.demo_plan import demo_drawing
from budayang.rules.standard import CLAUSE_CHECKS, OF_NOW, SIGNS_CLAUSES
from budayang.rules.standard.parts import Kind

NOV, DEC = date(2026, 11, 1), date(2026, 12, 1)
ENDED = queries.month_bounds(DEC)[0]
FIRST = ENDED + timedelta(minutes=1)
DAY = timedelta(days=1)


def judged(hall: Hall, now: datetime, month: date = NOV) -> dict[str, tuple[Any, ...]]:
    made = actions.assess_many([hall.area.place], month, now)
    return {one.clause.code: (one.answer, one.number, one.sample, one.why, one.parts, one.evidence) for one in made}


def changes(before: dict[str, tuple[Any, ...]], after: dict[str, tuple[Any, ...]]) -> set[str]:
    assert before.keys() == after.keys()
    return {code for code in before if before[code] != after[code]}


def score(hall: Hall, month: date = NOV) -> tuple[float | None, int, int]:
    row = Assessment.objects.get(place=hall.area.place, month=month)
    return row.score, row.met, row.not_met


@pytest.fixture
def furnished(hall: Hall, now: datetime) -> Hall:
    """Items with steps, files of the machines, a stock, an order of the site's, a plan: what is of now is there."""
    department = Department.objects.create(code="RS", name="人社")
    item = Item.objects.create(
        code="ZZ001", name="甲", department=department, kind="打印", audience="个人", live="1", after_hours="全时可办",
        materials="身份证", steps="刷卡", official_code="11150000000000000A" + "0" * 13,
    )  # fmt: skip
    for terminal in (hall.terminal, hall.other):
        Offering.objects.create(item=item, terminal=terminal)
        asset = Asset.objects.create(
            code=f"A-{terminal.code}", kind="terminal", name="x", area=hall.area, terminal=terminal,
            owner=hall.bodies["RS"], make="m", bought_on=date(2025, 1, 1), registered_at=now, registered_by="t",
        )  # fmt: skip
        AssetAcceptance.objects.create(
            asset=asset, accepted_on=NOV, passed=True, findings=[], people="t", at=now, by="t"
        )
    stock = Stock.objects.create(organization=hall.bodies["RS"], area=hall.area, consumable="a4", balance=3)
    StockMovement.objects.create(stock=stock, kind="in", amount=3, balance=3, at=now, by="t")
    incident = Incident.objects.create(
        kind="area_power", subject="s", title="x", place_path=hall.area.place.path, area=hall.area, severity="general",
        bucket="power", opened_at=now, noticed_at=now, state="closed", closed_at=now + timedelta(hours=1),
    )  # fmt: skip
    order = WorkOrder.objects.create(
        number="N1", incident=incident, organization=hall.bodies["ZW1"], owner=hall.bodies["RS"],
        place_path=hall.area.place.path, opened_at=now, state="repaired",
        policy={
            "respond_s": 1800, "arrive_s": 3600, "repair_s": 7200, "stopping_reasons": [], "repair_from": "accepted",
        },
    )  # fmt: skip
    WorkOrderEvent.objects.create(order=order, event="reported", state="reported", at=now, by="t")
    for kind in ("extinguisher", "fire_test"):
        DueThing.objects.create(area=hall.area, kind=kind, name=kind, due_on=date(2027, 3, 1), made_at=now, made_by="t")
    plan = SignPlan.objects.create(area=hall.area, made_at=now, present=[], present_at=now)
    PlanVersion.objects.create(
        plan=plan, number=1, drawing=demo_drawing(["KBS-01", "KBS-02"]), made_at=now, made_by="lin"
    )
    hall.listen(FIRST)
    return hall


def today_is_another_day(hall: Hall, now: datetime) -> None:
    """Whatever has no history becomes another thing: who is responsible, items, files, owners, plan. What has one goes
    on: an acceptance that fails, another stock, a thing that is renewed.
    """
    areas.update_area(SYSTEM, hall.area, keeper=None, manager=hall.bodies["RS"])
    RoleGrant.objects.filter(organization__isnull=False).delete()
    Item.objects.update(steps="", official_code="1")
    Asset.objects.update(make="")
    stock = Stock.objects.create(organization=hall.bodies["SW"], area=hall.area, consumable="a4", balance=3)
    StockMovement.objects.create(stock=stock, kind="in", amount=4, balance=4, at=now, by="t")
    StockMovement.objects.create(stock=stock, kind="adjust", amount=-1, balance=3, at=now, by="t")
    Terminal.objects.update(owner=hall.bodies["VN1"])
    for thing in DueThing.objects.select_related("area__place"):
        due_things.keep_thing(SYSTEM, thing, kind=thing.kind, name=thing.name, due_on=thing.due_on + 365 * DAY, now=now)
    bare = {**demo_drawing(["KBS-01", "KBS-02"]), "signs": []}
    PlanVersion.objects.create(plan=SignPlan.objects.get(), number=2, drawing=bare, made_at=now, made_by="lin")


def test_what_is_of_today_changes_nothing_of_a_month_that_is_over(furnished: Hall) -> None:
    before, scored = judged(furnished, FIRST), score(furnished)
    met = {"JB-03", "JB-04", "JB-05", "YJ-01", "YJ-02", "YJ-14", "WH-11", "WH-20"}
    assert {code: before[code][0] for code in met} == dict.fromkeys(met, "met")
    assert before["YJ-33"][4][1]["answer"] == "met", "the day of the extinguisher; rounds look at its pressure"
    today_is_another_day(furnished, FIRST + DAY)
    assert not changes(before, judged(furnished, FIRST + DAY))
    assert score(furnished) == scored
    running = judged(furnished, FIRST + 2 * DAY, DEC)
    assert {running[code][0] for code in ("JB-03", "JB-04", "JB-05", "YJ-01", "YJ-14")} == {"not_met"}
    assert before["BS-11"][:3] != running["BS-11"][:3]


def test_while_the_month_runs_it_follows_and_its_end_is_what_counts(furnished: Hall, now: datetime) -> None:
    before = judged(furnished, now)
    assert before["JB-03"][0] == "met"
    assert Assessment.objects.get(place=furnished.area.place, month=NOV).month_end is None
    today_is_another_day(furnished, now + DAY)
    assert judged(furnished, now + DAY)["JB-03"][0] == "not_met"
    areas.update_area(SYSTEM, furnished.area, keeper=furnished.staff["lin"])
    Asset.objects.update(make="m")
    Item.objects.update(steps="刷卡")
    Assessment.objects.update(dirty_at=None)
    jobs.keep_fresh(FIRST)
    actions.recompute(FIRST)
    ended = {
        one.clause.code: one.answer
        for one in ClauseVerdict.objects.filter(place=furnished.area.place).select_related("clause")
        if one.period_start == queries.month_bounds(NOV)[0]
    }
    assert (ended["YJ-01"], ended["JB-04"], ended["JB-05"]) == ("met", "met", "not_met"), "as the month ended"
    Item.objects.update(official_code="11150000000000000A" + "0" * 13)
    assert judged(furnished, FIRST + DAY)["JB-05"][0] == "not_met"


def test_late_evidence_of_one_clause_leaves_the_others(furnished: Hall) -> None:
    before = judged(furnished, FIRST)
    today_is_another_day(furnished, FIRST + DAY)
    given_actions.give_numbers(
        SYSTEM, furnished.area.place, Clause.objects.get(code="YJ-19"), Kind.MEASUREMENT, values={"turn_mm": 1400},
        on=date(2026, 11, 28), source="尺", now=FIRST + DAY,
    )  # fmt: skip
    actions.recompute(FIRST + DAY)
    after = {
        one.clause.code: (one.answer, one.number, one.sample, one.why, one.parts, one.evidence)
        for one in ClauseVerdict.objects.select_related("clause").filter(place=furnished.area.place)
        if one.period_start == queries.month_bounds(NOV)[0]
    }
    assert changes(before, after) == {"YJ-19"}


def test_late_news_of_the_month_itself_makes_the_answer_anew(furnished: Hall) -> None:
    before = judged(furnished, FIRST)
    late = datetime(2026, 11, 29, tzinfo=UTC)
    StockMovement.objects.create(stock=Stock.objects.get(), kind="adjust", amount=-1, balance=2, at=late, by="t")
    after = judged(furnished, FIRST + DAY)
    assert changes(before, after) == {"YJ-14"}
    assert after["YJ-14"][0] == "not_met"
    WorkOrder.objects.update(organization=furnished.bodies["SW"])
    last = judged(furnished, FIRST + 2 * DAY)
    assert changes(after, last) == {"WH-20"}


def test_a_month_that_nobody_computed_is_answered_by_what_is_known_first(furnished: Hall) -> None:
    today_is_another_day(furnished, FIRST + DAY)
    found = judged(furnished, FIRST + 5 * DAY)
    assert found["JB-03"][0] == "not_met", "nothing was said before: today's state is all there is"
    areas.update_area(SYSTEM, furnished.area, keeper=furnished.staff["lin"], manager=furnished.bodies["ZW1"])
    assert not changes(found, judged(furnished, FIRST + 6 * DAY))


def test_a_clause_of_several_parts_keeps_the_part_of_now_alone(furnished: Hall) -> None:
    clause = Clause.objects.get(code="JB-03")
    Clause.objects.filter(pk=clause.pk).update(
        parts=[*clause.parts, {"kind": "document", "what": "责任书", "days": "", "least": ""}]
    )
    clause.refresh_from_db()
    before = judged(furnished, FIRST)["JB-03"]
    assert [one["answer"] for one in before[4]] == ["met", "no_evidence"]
    today_is_another_day(furnished, FIRST + DAY)
    given_actions.give_document(
        SYSTEM, furnished.city, clause, title="责任书", on=NOV, until_on=None, name="a.pdf", now=FIRST + DAY,
        content=b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF",
    )  # fmt: skip
    after = judged(furnished, FIRST + DAY)["JB-03"]
    assert [one["answer"] for one in after[4]] == ["met", "met"]


def test_which_metrics_speak_of_now() -> None:
    assert {one.key for one in CLAUSE_CHECKS if one.of_now} == {
        "JB-03", "JB-04", "JB-05", "JB-13", "YJ-01", "WH-20", "PJ-20",
    }  # fmt: skip
    assert set(SIGNS_CLAUSES) < OF_NOW
