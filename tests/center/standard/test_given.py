"""What people give for clauses: numbers, documents, exemptions, transition plans; and what late evidence recomputes."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from tests.center.hall import SYSTEM, Hall

from budayang.center.maintenance.models import DueThing
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Forbidden
from budayang.center.platform.models import AuditLine
from budayang.center.standard import actions, given_actions, given_queries, keeping, queries
from budayang.center.standard.models import (
    Assessment,
    Clause,
    ClauseException,
    ClauseVerdict,
    GivenDocument,
    GivenNumbers,
)
from budayang.rules.standard.parts import Kind

NOV, OCT, SEP = date(2026, 11, 1), date(2026, 10, 1), date(2026, 9, 1)
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF"
DAY = timedelta(days=1)


def clause(code: str) -> Clause:
    return Clause.objects.get(code=code, edition__code="REF-2026")


def verdict(hall: Hall, code: str, now: datetime, month: date = NOV) -> ClauseVerdict:
    actions.assess_many([hall.area.place], month, now)
    return ClauseVerdict.objects.get(
        clause__code=code, place=hall.area.place, period_start=queries.month_bounds(month)[0]
    )


def measure(hall: Hall, now: datetime, mm: float, *, on: date = date(2026, 11, 2)) -> GivenNumbers:
    return given_actions.give_numbers(
        hall.actor("lin"), hall.area.place, clause("YJ-19"), Kind.MEASUREMENT, values={"turn_mm": mm}, on=on,
        source="5 米卷尺", now=now,
    )  # fmt: skip


def test_a_measurement_answers_its_clause_and_the_newest_counts(hall: Hall, now: datetime) -> None:
    assert verdict(hall, "YJ-19", now).answer == "no_evidence"
    measure(hall, now, 1400)
    found = verdict(hall, "YJ-19", now)
    assert (found.answer, found.number, found.threshold, found.source, found.by_hand) == (
        "not_met", 1400, 1500, "measurement", False,
    )  # fmt: skip
    row = measure(hall, now, 1500, on=date(2026, 11, 3))
    found = verdict(hall, "YJ-19", now)
    assert (found.answer, found.number) == ("met", 1500)
    assert found.evidence[0]["ref"] == f"given_numbers:{row.pk}"


def test_what_was_wrong_is_withdrawn_with_a_reason_and_counts_no_more(hall: Hall, now: datetime) -> None:
    row = measure(hall, now, 1500)
    with pytest.raises(Refused, match="为什么"):
        given_actions.withdraw(hall.actor("lin"), row, why=" ", now=now)
    given_actions.withdraw(hall.actor("lin"), row, why="量错了地方", now=now)
    assert verdict(hall, "YJ-19", now).answer == "no_evidence"
    assert GivenNumbers.objects.get().withdrawn_why == "量错了地方"
    with pytest.raises(Refused, match="已经撤回"):
        given_actions.withdraw(hall.actor("lin"), row, why="再来", now=now)


def test_another_systems_number_is_shown_as_entered_by_hand_and_ends(hall: Hall, now: datetime) -> None:
    given_actions.give_numbers(
        SYSTEM, hall.city, clause("YJ-10"), Kind.EXTERNAL, values={"infected": 0}, on=date(2026, 11, 5),
        source="防病毒管理端", now=now,
    )  # fmt: skip
    found = verdict(hall, "YJ-10", now)
    assert (found.answer, found.source, found.by_hand) == ("met", "external", True)  # 31 days from the 5th
    later = verdict(hall, "YJ-10", now + 30 * DAY, date(2026, 12, 1))
    assert later.answer == "no_evidence"
    assert "已到期" in later.why


def test_a_document_of_the_city_covers_each_area_below(hall: Hall, now: datetime) -> None:
    row = given_actions.give_document(
        SYSTEM, hall.city, clause("JB-12"), title="等级保护测评报告", on=date(2026, 3, 1), until_on=None, name="a.pdf",
        content=PDF, now=now,
    )  # fmt: skip
    assert row.until_on == date(2027, 3, 2), "366 days, as the part says"
    assert verdict(hall, "JB-12", now).answer == "met"
    actions.assess_many([hall.far_area.place], NOV, now)
    assert ClauseVerdict.objects.filter(clause__code="JB-12", answer="met").count() == 2
    assert given_queries.content_of(row) == PDF
    assert row.due_thing is None, "a region is kept by nobody's round"


def test_an_areas_document_is_told_60_days_ahead_by_the_things_with_a_day(hall: Hall, now: datetime) -> None:
    row = given_actions.give_document(
        hall.actor("lin"), hall.area.place, clause("JB-33"), title="应急预案", on=date(2026, 11, 1),
        until_on=date(2026, 12, 20), name="a.pdf", content=PDF, now=now,
    )  # fmt: skip
    thing = DueThing.objects.get()
    assert (thing.kind, thing.due_on, thing.retired_at) == ("certificate", date(2026, 12, 20), None)
    assert "JB-33" in thing.name
    given_actions.withdraw(hall.actor("lin"), row, why="换新版", now=now)
    assert DueThing.objects.get().retired_at is not None


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"content": b"MZ"}, "照片或 PDF"),
        ({"content": b"%PDF-1.4 /JavaScript"}, "自动运行"),
        ({"title": " "}, "文件名称"),
        ({"on": date(2027, 1, 1)}, "今天以后"),
        ({"until_on": date(2026, 1, 1)}, "有效期"),
    ],
)
def test_a_document_that_cannot_be_taken_is_refused_in_words(
    hall: Hall, now: datetime, changes: dict[str, object], told: str
) -> None:
    given = {
        "title": "x", "on": date(2026, 11, 1), "until_on": None, "name": "a.pdf", "content": PDF, **changes,
    }  # fmt: skip
    with pytest.raises(Refused, match=told):
        given_actions.give_document(SYSTEM, hall.area.place, clause("JB-33"), now=now, **given)  # type: ignore[arg-type]
    assert not GivenDocument.objects.exists()


def test_a_clause_takes_only_what_its_check_asks_for(hall: Hall, now: datetime) -> None:
    with pytest.raises(Refused, match="不是这样检查"):
        given_actions.give_document(
            SYSTEM, hall.city, clause("YJ-19"), title="x", on=NOV, until_on=None, name="a", content=PDF, now=now
        )
    with pytest.raises(Refused, match="轮椅回转直径"):
        given_actions.give_numbers(
            SYSTEM, hall.city, clause("YJ-19"), Kind.MEASUREMENT, values={}, on=NOV, source="尺", now=now
        )


@pytest.mark.parametrize("name", ["ou", "ren", "mo", "ning", "sys"])
def test_only_who_keeps_the_place_gives(hall: Hall, now: datetime, name: str) -> None:
    actor = hall.actor(name)
    with pytest.raises(Forbidden):
        given_actions.give_numbers(
            actor,
            hall.area.place,
            clause("YJ-19"),
            Kind.MEASUREMENT,
            values={"turn_mm": 1},
            on=NOV,
            source="尺",
            now=now,
        )
    with pytest.raises(Forbidden):
        given_actions.set_exception(
            actor, hall.area.place, clause("YJ-19"), kind="exemption", reason="x", from_on=NOV, until_on=None, now=now
        )


def test_an_area_keeper_gives_but_does_not_exempt(hall: Hall, now: datetime) -> None:
    with pytest.raises(Forbidden):
        exempt(hall, now, actor="lin")
    with pytest.raises(Forbidden):
        given_actions.give_numbers(
            hall.actor("lin"), hall.city, clause("YJ-19"), Kind.MEASUREMENT, values={"turn_mm": 1}, on=NOV, source="尺",
            now=now,
        )  # fmt: skip


def exempt(hall: Hall, now: datetime, *, actor: str = "", until: date | None = None) -> ClauseException:
    who = hall.actor(actor) if actor else SYSTEM
    return given_actions.set_exception(
        who, hall.area.place, clause("WH-10"), kind="exemption", reason="没有消防控制室", from_on=date(2026, 11, 1),
        until_on=until, now=now,
    )  # fmt: skip


def test_not_applicable_is_said_by_a_person_with_a_reason_and_dates(hall: Hall, now: datetime) -> None:
    assert verdict(hall, "WH-10", now).answer == "no_evidence"
    row = exempt(hall, now)
    found = verdict(hall, "WH-10", now)
    assert (found.answer, found.source) == ("not_applicable", "exception")
    assert "没有消防控制室" in found.why
    assert "2026-11-01" in found.why
    assert verdict(hall, "WH-10", now, OCT).answer == "no_evidence", "it holds from its day on"
    given_actions.end_exception(SYSTEM, row, on=date(2026, 11, 2), now=now)
    assert verdict(hall, "WH-10", now).answer == "no_evidence"
    assert AuditLine.objects.filter(action="standard.set_exception").exists()


def test_a_transition_plan_needs_what_how_and_until_when(hall: Hall, now: datetime) -> None:
    with pytest.raises(Refused, match="怎样做到"):
        given_actions.set_exception(
            SYSTEM,
            hall.area.place,
            clause("YJ-19"),
            kind="transition",
            reason="老楼",
            from_on=NOV,
            until_on=None,
            now=now,
        )
    given_actions.set_exception(
        SYSTEM, hall.area.place, clause("YJ-19"), kind="transition", reason="老楼", plan="拆一排座椅", from_on=NOV,
        until_on=date(2026, 12, 31), now=now,
    )  # fmt: skip
    measure(hall, now, 1400)
    found = verdict(hall, "YJ-19", now)
    assert (found.answer, found.transition_until) == ("not_met", date(2026, 12, 31)), (
        "it stays not met, and is told apart"
    )
    score = Assessment.objects.get(place=hall.area.place, month=NOV).score
    ClauseVerdict.objects.filter(pk=found.pk).update(transition_until=None)
    ClauseException.objects.all().delete()
    verdict(hall, "YJ-19", now)
    without = Assessment.objects.get(place=hall.area.place, month=NOV).score
    assert score is not None
    assert without is not None
    assert without < score, "without the plan the clause costs"


def test_late_evidence_marks_the_months_that_it_bears_on_and_no_others(hall: Hall, now: datetime) -> None:
    for month in (SEP, OCT, NOV):
        for area in (hall.area, hall.far_area):
            actions.assess_many([area.place], month, now)
    Assessment.objects.update(dirty_at=None)
    measure(hall, now, 1500, on=date(2026, 10, 20))
    marked = set(Assessment.objects.filter(dirty_at__isnull=False).values_list("place__code", "month"))
    assert marked == {(hall.area.place.code, OCT), (hall.area.place.code, NOV)}
    before = {
        (one.clause.code, one.place_id, one.period_start): (one.answer, one.number, one.why)
        for one in ClauseVerdict.objects.select_related("clause")
    }
    actions.recompute(now)
    after = {
        (one.clause.code, one.place_id, one.period_start): (one.answer, one.number, one.why)
        for one in ClauseVerdict.objects.select_related("clause")
    }
    changed = {(key[0], key[2]) for key, value in after.items() if value != before[key]}
    assert changed == {("YJ-19", queries.month_bounds(OCT)[0]), ("YJ-19", queries.month_bounds(NOV)[0])}


def test_a_months_document_is_judged_by_its_own_last_day(hall: Hall, now: datetime) -> None:
    given_actions.give_document(
        SYSTEM, hall.city, clause("JB-10"), title="拓扑图", on=date(2026, 9, 1), until_on=date(2026, 10, 31), name="a",
        content=PDF, now=now,
    )  # fmt: skip
    assert verdict(hall, "JB-10", now, OCT).answer == "met"
    assert verdict(hall, "JB-10", now).answer == "no_evidence"


def test_documents_go_three_years_after_their_end_and_the_row_stays(hall: Hall, now: datetime) -> None:
    given_actions.give_document(
        SYSTEM, hall.city, clause("JB-10"), title="拓扑图", on=date(2026, 9, 1), until_on=date(2026, 10, 31), name="a",
        content=PDF, now=now,
    )  # fmt: skip
    rule = keeping.RETENTION[0]
    assert rule.held().count() == 1
    assert not rule.due(rule.held(), now).exists()
    later = now + timedelta(days=4 * 365)
    assert rule.erase(rule.due(rule.held(), later)) == 1
    row = GivenDocument.objects.get()
    assert given_queries.content_of(row) is None
    assert row.sha256


@pytest.mark.parametrize(("name", "sees"), [("lin", 1), ("ning", 1), ("ou", 0), ("ren", 0), ("sys", 0)])
def test_who_sees_what_was_given(hall: Hall, now: datetime, name: str, sees: int) -> None:
    measure(hall, now, 1500)
    assert given_queries.numbers_visible_to(hall.actor(name)).count() == sees


def test_what_the_city_gave_is_seen_below(hall: Hall, now: datetime) -> None:
    given_actions.give_numbers(
        SYSTEM, hall.city, clause("YJ-10"), Kind.EXTERNAL, values={"infected": 0}, on=NOV, source="x", now=now
    )
    assert given_queries.numbers_visible_to(hall.actor("lin")).count() == 1
    assert given_queries.numbers_visible_to(hall.actor("ren")).count() == 0
