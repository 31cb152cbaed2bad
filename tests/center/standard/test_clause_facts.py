"""Clauses that the rooms' facts answer beside the first twelve: each against a reckoning of its own, by hand."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from tests.center.hall import SYSTEM, Hall

from budayang.center.maintenance import clause_queries as clauses
from budayang.center.maintenance.models import (
    Asset,
    AssetAcceptance,
    Camera,
    CameraCheck,
    CheckListEdition,
    DueThing,
    Emergency,
    Incident,
    Round,
    RoundAnswer,
    RoundPlan,
    RoundTrace,
    SafetyTest,
    Training,
    WorkOrder,
    WorkOrderEvent,
)
from budayang.center.services.models import Department, Item, Offering
from budayang.center.standard import actions
from budayang.center.standard.models import Clause, ClauseVerdict
from budayang.center.terminals.models import Stock, StockMovement, SupplyLevel, Terminal

NOV = date(2026, 11, 1)
HERE = ZoneInfo("Asia/Shanghai")
MINUTE = timedelta(minutes=1)


def judge(hall: Hall, now: datetime) -> dict[str, ClauseVerdict]:
    return {one.clause.code: one for one in actions.assess_many([hall.area.place], NOV, now)}


def at(day: int, hour: int = 9, minute: int = 0) -> datetime:
    return datetime.combine(date(2026, 11, day), time(hour, minute), HERE).astimezone(UTC)


def plan(hall: Hall, code: str, rhythm: str = "daily") -> RoundPlan:
    return RoundPlan.objects.create(
        area=hall.area, list_code=code, name=code, who="keeper", rhythm=rhythm, windows=[["08:00", "10:00"]],
        starts_on=date(2026, 11, 20), made_at=at(1), made_by="test",
    )  # fmt: skip


def walk(
    hall: Hall, made: RoundPlan, day: int, state: str = "done", answers: dict[str, str] | None = None, *traces: str
) -> Round:
    """A round of a day with its answers; "bad" stands for a failed one."""
    edition, _new = CheckListEdition.objects.get_or_create(
        place=hall.city, list_code=made.list_code, valid_from=NOV,
        defaults={"name": made.name, "questions": [], "made_at": at(1), "made_by": "test"},
    )  # fmt: skip
    row = Round.objects.create(
        plan=made, area=hall.area, edition=edition, place_path=hall.area.place.path, on=date(2026, 11, day),
        opens_at=at(day, 8), closes_at=at(day, 10), stops=[], state=state,
    )  # fmt: skip
    for question, value in (answers or {}).items():
        RoundAnswer.objects.create(
            round=row, client_id=uuid.uuid4().hex, question=question, value="no" if value == "bad" else value,
            failed=value == "bad", answered_at=at(day, 9), received_at=at(day, 9), by="test",
        )  # fmt: skip
    for event in traces:
        RoundTrace.objects.create(round=row, event=event, at=at(day, 9), by="test")
    return row


def test_rounds_done_in_time_among_those_that_fell_due(hall: Hall, now: datetime) -> None:
    cleaning = plan(hall, "cleaning")
    for day, state in ((20, "done"), (21, "missed"), (22, "done"), (23, "done")):
        walk(hall, cleaning, day, state)
    walk(hall, cleaning, 24, "open").plan  # noqa: B018  # its time is not over at 02:14 on the 24th
    walk(hall, cleaning, 19, "cancelled")
    found = judge(hall, now)["WH-01"]
    assert (found.answer, found.number, found.sample) == ("not_met", 0.75, 4)
    assert found.evidence[0]["url"] == f"/console/rounds/{Round.objects.get(state='missed').pk}/", "what is wrong first"
    Round.objects.filter(state="missed").update(state="done")
    assert judge(hall, now)["WH-01"].answer == "met"
    assert judge(hall, now)["WH-03"].answer == "no_evidence", "no night round fell due"


def test_days_on_which_devices_were_looked_at_and_tried(hall: Hall, now: datetime) -> None:
    daily = plan(hall, "daily")
    for day in (20, 21, 22):
        walk(hall, daily, day, "done", {"machine_on": "yes", "test_print": "yes" if day != 21 else "na"})
    found = judge(hall, now)
    # Whole days since the plan began on the 20th: 20, 21, 22, 23; the 24th is not over.
    assert (found["YJ-04"].number, found["YJ-05"].number) == (3 / 4, 2 / 4)
    assert "2026-11-23" in found["YJ-04"].evidence[0]["text"]
    walk(hall, daily, 23, "done_late", {"machine_on": "yes", "test_print": "bad"})
    found = judge(hall, now)
    assert (found["YJ-04"].answer, found["YJ-05"].number) == ("met", 3 / 4), "a test that failed was a test"
    assert found["WH-02"].number == 3 / 4, "late is not in time"


def test_a_round_question_answers_its_clause(hall: Hall, now: datetime) -> None:
    daily = plan(hall, "daily")
    walk(hall, daily, 20, "done", {"way_out": "yes", "barrier_free": "yes"})
    found = judge(hall, now)
    assert (found["WH-05"].answer, found["WH-05"].source, found["WH-05"].sample) == ("met", "round", 1)
    bad = walk(hall, daily, 21, "done", {"way_out": "bad", "barrier_free": "na"})
    found = judge(hall, now)
    assert (found["WH-05"].answer, found["WH-05"].number) == ("not_met", 0.5)
    assert found["WH-05"].evidence[0]["url"] == f"/console/rounds/{bad.pk}/"
    assert (found["WH-30"].answer, found["WH-30"].sample) == ("met", 1), "不适用 is no answer"
    # YJ-29 asks the same question over a quarter, and 90 per cent.
    assert found["YJ-29"].answer == "met"


def test_answers_that_were_replaced_or_are_older_do_not_count(hall: Hall, now: datetime) -> None:
    daily = plan(hall, "daily")
    walk(hall, daily, 20, "done", {"way_out": "bad"})
    RoundAnswer.objects.update(state="replaced")
    assert judge(hall, now)["WH-05"].answer == "no_evidence"
    RoundAnswer.objects.update(state="current", answered_at=datetime(2026, 10, 31, 12, tzinfo=UTC))
    assert judge(hall, now)["WH-05"].answer == "no_evidence", "a month is judged by its own answers"


def test_rounds_that_were_not_signed_on_the_spot(hall: Hall, now: datetime) -> None:
    daily = plan(hall, "daily")
    walk(hall, daily, 20)
    walk(hall, daily, 21, "done", {}, "reminded", "offline")
    walk(hall, daily, 22, "done", {}, "other_person")
    walk(hall, daily, 23, "done_late")
    found = judge(hall, now)["WH-24"]
    assert (found.answer, found.number, found.sample) == ("not_met", 0.5, 4)


def test_posts_of_the_area_and_of_each_owner_unit(hall: Hall, now: datetime) -> None:
    found = judge(hall, now)["JB-03"]
    assert (found.answer, found.sample) == ("met", 4)  # manager, keeper, RS and SW
    hall.area.keeper = None
    hall.area.save(update_fields=["keeper"])
    found = judge(hall, now)["JB-03"]
    assert (found.answer, found.number) == ("not_met", 0.75)
    assert "自助区管理员" in found.evidence[0]["text"]


def test_items_with_guide_and_with_code(hall: Hall, now: datetime) -> None:
    assert judge(hall, now)["JB-04"].answer == "no_evidence", "nothing is offered here"
    department = Department.objects.create(code="RS", name="人社")
    common = {"department": department, "kind": "打印", "audience": "个人", "live": "1", "after_hours": "全时可办"}
    whole = Item.objects.create(
        code="ZZ001", name="甲", materials="身份证", steps=["刷证", "打印"], official_code="1" * 31, **common
    )
    poor = Item.objects.create(code="ZZ002", name="乙", materials="身份证", official_code="12", **common)
    for item in (whole, poor):
        for terminal in (hall.terminal, hall.other):
            Offering.objects.create(item=item, terminal=terminal)
    found = judge(hall, now)
    assert (found["JB-04"].number, found["JB-05"].number, found["JB-04"].sample) == (0.5, 0.5, 2)
    assert found["JB-04"].evidence[0]["ref"] == "item:ZZ002"


def test_cameras_by_their_newest_look(hall: Hall, now: datetime) -> None:
    cameras = [
        Camera.objects.create(
            area=hall.area, name=name, covers="门", recorder="录像机", keep_d=30, made_at=at(1), made_by="test"
        )
        for name in ("甲", "乙")
    ]
    CameraCheck.objects.create(camera=cameras[0], at=at(2), by="t", online=False, days=10, ok=False)
    CameraCheck.objects.create(camera=cameras[0], at=at(20), by="t", online=True, days=31, ok=True)
    found = judge(hall, now)
    assert found["JB-26"].answer == found["JB-27"].answer == "no_evidence", "nobody has looked at the other one"
    CameraCheck.objects.create(camera=cameras[1], at=at(21), by="t", online=True, days=29, ok=False)
    found = judge(hall, now)
    assert (found["JB-27"].answer, found["JB-27"].number, found["JB-27"].threshold) == ("not_met", 29, 30)
    # JB-26 also wants the plan of where they are: on line, but no document.
    assert found["JB-26"].answer == "no_evidence"
    assert [one["answer"] for one in found["JB-26"].parts] == ["met", "no_evidence"]


def test_measured_tests_things_with_a_day_drills_and_trainings(hall: Hall, now: datetime) -> None:
    for kind, passed in (("help", True), ("help", False), ("exit", True)):
        SafetyTest.objects.create(
            area=hall.area, kind=kind, started_at=at(5), started_by="t", ended_at=at(5, 10), seconds=9, limit_s=30,
            passed=passed,
        )  # fmt: skip
    for due_on in (date(2026, 11, 24), date(2026, 11, 23)):
        DueThing.objects.create(
            area=hall.area, kind="extinguisher", name="x", due_on=due_on, made_at=at(1), made_by="t"
        )
    DueThing.objects.create(
        area=hall.area, kind="fire_test", name="x", due_on=date(2027, 1, 1), made_at=at(1), made_by="t"
    )
    found = judge(hall, now)
    assert (found["JB-34"].answer, found["JB-34"].number) == ("not_met", 0.5)
    assert found["WH-11"].answer == "met"
    # The extinguisher of the 23rd is over; the question of the rounds was not asked at all.
    assert (found["YJ-33"].answer, found["YJ-33"].number) == ("not_met", 0.5)
    assert found["WH-13"].answer == "no_evidence"
    Emergency.objects.create(
        area=hall.area, code="fire", name="x", steps=[], drill=True, state="ended", started_at=at(6), ended_at=at(6,
        10), made_at=at(6), made_by="t",
    )  # fmt: skip
    assert judge(hall, now)["WH-13"].answer == "not_met", "a drill, and nobody was taught"
    Training.objects.create(
        area=hall.area, at=at(7), written_at=at(7), by="t", kind="fire", subject="x", minutes=60, teacher="t",
        people="t", present=3,
    )  # fmt: skip
    assert judge(hall, now)["WH-13"].answer == "met"


def test_files_and_acceptance_of_terminals(hall: Hall, now: datetime) -> None:
    found = judge(hall, now)
    assert (found["YJ-01"].number, found["YJ-02"].number) == (0, 0)
    asset = Asset.objects.create(
        code="A-1", kind="terminal", name="x", area=hall.area, terminal=hall.terminal, owner=hall.bodies["RS"],
        make="m", bought_on=date(2025, 1, 1), registered_at=at(1), registered_by="t",
    )  # fmt: skip
    AssetAcceptance.objects.create(asset=asset, accepted_on=NOV, passed=True, findings=[], people="t", at=at(2), by="t")
    found = judge(hall, now)
    assert (found["YJ-01"].number, found["YJ-02"].number) == (0.5, 0.5)
    assert found["YJ-01"].evidence[0]["ref"] == "terminal:KBS-02", "the one without a file first"


def test_supplies_of_now_and_stock_that_was_counted(hall: Hall, now: datetime) -> None:
    for subject, tell in (("a", "enough"), ("b", "low"), ("c", "unknown")):
        SupplyLevel.objects.create(terminal=hall.terminal, subject=subject, consumable="a4", capacity=500, tell=tell)
    stock = Stock.objects.create(organization=hall.bodies["RS"], area=hall.area, consumable="a4", balance=3)
    found = judge(hall, now)
    assert (found["YJ-13"].number, found["YJ-13"].sample) == (0.5, 2), "what is not known is left out"
    assert found["YJ-14"].answer == "met"
    StockMovement.objects.create(stock=stock, kind="adjust", amount=-1, balance=2, at=at(3), by="t")
    assert judge(hall, now)["YJ-14"].answer == "not_met"
    old = {one.clause.code: one for one in actions.assess_many([hall.area.place], date(2026, 10, 1), now)}
    assert old["YJ-13"].answer == "no_evidence", "a level is of now and says nothing of October"


def test_books_are_read_as_they_stood_at_the_end_of_the_month(hall: Hall, now: datetime) -> None:
    """What was written down in November says nothing of October; an acceptance counts from its own day."""
    asset = Asset.objects.create(
        code="A-1", kind="terminal", name="x", area=hall.area, terminal=hall.terminal, owner=hall.bodies["RS"],
        make="m", bought_on=date(2025, 1, 1), registered_at=at(1), registered_by="t",
    )  # fmt: skip
    october, september = date(2026, 10, 1), datetime(2026, 9, 1, tzinfo=UTC)
    Terminal.objects.update(registered_at=september, enrolled_at=september)
    AssetAcceptance.objects.create(
        asset=asset, accepted_on=october, passed=True, findings=[], people="t", at=at(2), by="t"
    )  # fmt: skip
    stock = Stock.objects.create(organization=hall.bodies["RS"], area=hall.area, consumable="a4", balance=3)
    wrong = StockMovement.objects.create(stock=stock, kind="in", amount=9, balance=9, at=at(3), by="t")
    StockMovement.objects.create(stock=stock, kind="adjust", amount=-9, balance=0, at=at(3), by="t", corrects=wrong)
    old = {one.clause.code: one for one in actions.assess_many([hall.area.place], october, now)}
    assert [(old[one].answer, old[one].number) for one in ("YJ-01", "YJ-02", "YJ-14")] == [
        ("not_met", 0), ("not_met", 0.5), ("no_evidence", None)
    ]  # fmt: skip
    found = judge(hall, now)
    assert (found["YJ-01"].number, found["YJ-14"].answer) == (0.5, "met"), "to put a line right is no difference"


def order(
    hall: Hall, opened: datetime, *, bucket: str = "device", body: str = "RS", events: dict[str, int] | None = None
) -> WorkOrder:
    """An order with its events, minutes after the opening."""
    incident = Incident.objects.create(
        kind="printer_offline", subject=f"s{Incident.objects.count()}", title="x", place_path=hall.area.place.path,
        area=hall.area, severity="general", bucket=bucket, opened_at=opened, noticed_at=opened, state="closed",
        closed_at=opened + 60 * MINUTE,
    )  # fmt: skip
    row = WorkOrder.objects.create(
        number=f"N{WorkOrder.objects.count()}", incident=incident, organization=hall.bodies[body],
        owner=hall.bodies["RS"], place_path=hall.area.place.path, opened_at=opened, state="repaired",
        policy={
            "respond_s": 1800, "arrive_s": 3600, "repair_s": 7200, "stopping_reasons": [], "repair_from": "accepted",
        },
    )  # fmt: skip
    for event, minutes in {"reported": 0, **(events or {})}.items():
        moment = opened + minutes * MINUTE
        WorkOrderEvent.objects.create(order=row, event=event, state=event, at=moment, by="t")
    return row


def test_orders_by_their_clocks(hall: Hall, now: datetime) -> None:
    day = at(20, 10)  # a Friday at ten
    order(hall, day, events={"accepted": 10, "arrived": 50, "repaired": 90})
    order(hall, day, events={"accepted": 10, "arrived": 70, "transferred": 90, "repaired": 150})
    night = order(hall, at(21, 23), bucket="power", body="ZW1", events={"accepted": 40, "repaired": 60})
    order(hall, at(20, 11), bucket="network", body="SW", events={"accepted": 5, "repaired": 30})
    found = judge(hall, now)
    assert (found["WH-16"].number, found["WH-16"].sample) == (0.75, 4), "who repaired it had come"
    # From the acceptance on, as the policy says: 80, 140, 20 and 25 minutes.
    assert found["WH-18"].number == pytest.approx((80 + 140 + 20 + 25) * 60 / 4)
    assert found["WH-18"].answer == "met"
    assert (found["WH-19"].number, found["WH-19"].answer) == (20 * 60, "met")
    assert (found["WH-20"].number, found["WH-20"].sample) == (0.5, 2), "power and network: one is the manager's"
    assert (found["WH-21"].number, found["WH-21"].sample) == (0, 1)
    assert found["WH-21"].evidence[0]["ref"] == f"order:{night.number}"
    assert found["WH-15"].number == 0.75


def test_outages_faults_and_matters_to_make_good(hall: Hall, now: datetime) -> None:
    def incident(kind: str, bucket: str, opened: datetime, *, closed: bool, alarm_s: float | None = None) -> None:
        Incident.objects.create(
            kind=kind, subject=f"i{Incident.objects.count()}", title="x", place_path=hall.area.place.path,
            area=hall.area, severity="general", bucket=bucket, opened_at=opened, noticed_at=opened, alarm_s=alarm_s,
            state="closed" if closed else "open", closed_at=now if closed else None,
        )  # fmt: skip

    incident("area_power", "power", at(10), closed=True, alarm_s=120)
    incident("area_network", "network", at(11), closed=True, alarm_s=301)
    incident("printer_offline", "device", at(12), closed=False)
    incident("make_good", "device", at(13), closed=True)
    incident("make_good", "device", at(14), closed=False)
    incident("make_good", "device", now - MINUTE, closed=False)
    found = judge(hall, now)
    outage = {one["kind"]: one["answer"] for one in found["JB-09"].parts}
    assert (outage, found["JB-09"].number) == ({"function": "not_met", "measurement": "no_evidence"}, 301)
    assert (found["YJ-12"].number, found["YJ-12"].sample) == (0.5, 2), "one that has just come up is not judged"
    assert found["WH-26"].answer == "not_met"
    assert found["WH-26"].number == pytest.approx(2 / 3), "the printer's has no order"


def test_a_metric_that_the_program_has_not_is_no_evidence_and_stops_nothing(hall: Hall, now: datetime) -> None:
    Clause.objects.filter(code="JB-03").update(parts=[{"kind": "function", "metric": "XX-1"}])
    found = judge(hall, now)
    assert (found["JB-03"].answer, len(found)) == ("no_evidence", 150)
    assert "XX-1" in found["JB-03"].why


def test_local_days_are_whole_days_of_the_place() -> None:
    start, until = datetime(2026, 10, 31, 16, tzinfo=UTC), datetime(2026, 11, 3, 1, tzinfo=UTC)
    assert clauses.local_days(start, until, "Asia/Shanghai") == {date(2026, 11, 1), date(2026, 11, 2)}
    assert clauses.local_days(start + MINUTE, until, "Asia/Shanghai") == {date(2026, 11, 2)}


def test_a_region_that_is_no_area_is_not_assessed(hall: Hall, now: datetime) -> None:
    assert actions.assess_many([hall.city], NOV, now) == []
    assert SYSTEM.sees_all
