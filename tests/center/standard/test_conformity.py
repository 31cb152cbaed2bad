"""The reference edition, and clauses that answer from the other rooms' rows and change with them."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from django.db import transaction
from tests.center.hall import SYSTEM, Hall, number

from budayang.center.evaluation import jobs as evaluation_jobs
from budayang.center.maintenance import actions as maintenance
from budayang.center.maintenance.models import WorkOrder
from budayang.center.platform import audit
from budayang.center.platform.actions import Refused, emit, set_parameter
from budayang.center.platform.actors import Forbidden
from budayang.center.platform.models import AuditLine, Parameter, Transition, Work
from budayang.center.platform.sealing import center_keys
from budayang.center.services.models import Case, Department, Item, Paper
from budayang.center.standard import actions, jobs, queries
from budayang.center.standard.models import Assessment, Clause, ClauseVerdict, Edition
from budayang.data import requirements
from budayang.rules.standard import CLAUSE_CHECKS

MONTH, EARLIER = date(2026, 11, 1), date(2026, 10, 1)
CONNECTED = 150  # every clause of the reference edition says how it is judged
MINUTE = timedelta(minutes=1)


def judge(hall: Hall, now: datetime) -> dict[str, ClauseVerdict]:
    return {one.clause.code: one for one in actions.assess_many([hall.area.place], MONTH, now)}


def finish_case(hall: Hall, counter: int, at: datetime) -> None:
    """A case that was done at `at`, with its paper, as the services room leaves it."""
    department, _made = Department.objects.get_or_create(code="RS", defaults={"name": "人社"})
    item, _made = Item.objects.get_or_create(
        code="ZZ001",
        defaults={
            "name": "个人参保证明查询打印", "department": department, "kind": "打印", "audience": "个人", "live": "1",
            "after_hours": "全时可办",
        },
    )  # fmt: skip
    case = Case.objects.create(
        number=number(counter), terminal=hall.terminal, item=item, place_path=hall.area.place.path, state="done",
        identity_hash="0" * 64, code_hash=f"{counter:064d}", accepted_at=at, finished_at=at,
    )  # fmt: skip
    Paper.objects.create(case=case, document_sha256="a" * 64, entitled_at=at, changed_at=at)


def test_the_edition_has_every_requirement_and_says_that_it_is_a_reference(hall: Hall) -> None:
    edition = Edition.objects.get()
    assert edition.is_reference
    assert (edition.state, edition.adoption) == ("reference", "adopted")
    assert "参照版" in edition.title
    assert list(queries.clauses(edition).values_list("code", flat=True)) == [row.code for row in requirements()]
    assert Clause.objects.count() == 150
    assert {check.clause_code for check in CLAUSE_CHECKS} <= set(Clause.objects.values_list("code", flat=True))


def test_adopting_writes_the_policy_down_and_again_changes_nothing(hall: Hall, now: datetime) -> None:
    written = Parameter.objects.filter(edition=actions.REFERENCE_CODE)
    assert written.get(name="respond_general_s").clause == "WH-15"
    before = written.count()
    set_parameter(SYSTEM, "availability_target", hall.city, 0.5, valid_from=now)
    actions.adopt_reference_edition(SYSTEM, now=now + MINUTE)
    assert written.count() == before
    assert judge(hall, now + MINUTE)["YJ-07"].threshold == 0.5


@pytest.mark.parametrize("name", ["lin", "ren", "mo", "ning", "sys"])
def test_only_a_supervisor_adopts(hall: Hall, now: datetime, name: str) -> None:
    with pytest.raises(Forbidden):
        actions.adopt_edition(hall.actor(name), Edition.objects.get(), now)


def test_a_quiet_month_answers_what_it_can_and_no_more(hall: Hall, now: datetime) -> None:
    answers = {code: one.answer for code, one in judge(hall, now).items()}
    assert len(answers) == CONNECTED
    assert answers["YJ-07"] == answers["YJ-08"] == answers["JB-01"] == "met"
    # Nothing happened: that is no evidence of quick repair, and certainly not a clause that is met.
    for code in ("WH-14", "WH-15", "WH-17", "WH-22", "PJ-01", "PJ-02", "JB-08", "JB-24"):
        assert answers[code] == "no_evidence", code


def test_a_night_without_paper_changes_the_page(hall: Hall, now: datetime) -> None:
    start = now - timedelta(hours=6)
    hall.tell(hall.terminal, "printer", "paper.upper", "out", start, start + MINUTE)
    found = judge(hall, start + 10 * MINUTE)
    assert found["YJ-08"].answer == "not_met"
    assert found["YJ-08"].number == 0.5
    assert found["WH-15"].answer == "no_evidence", "there is still time to respond"

    order = WorkOrder.objects.get()
    ren = hall.actor("ren")
    maintenance.accept_order(ren, order, now=start + 20 * MINUTE)
    hall.tell(hall.terminal, "printer", "paper.upper", "full", start + 120 * MINUTE, start + 120 * MINUTE)
    order.refresh_from_db()
    maintenance.record_test_print(SYSTEM, order, ok=True, reason="", at=start + 121 * MINUTE, now=start + 121 * MINUTE)
    found = judge(hall, now)
    assert {code: found[code].answer for code in ("YJ-08", "WH-14", "WH-15", "WH-17", "WH-22")} == dict.fromkeys(
        ("YJ-08", "WH-14", "WH-15", "WH-17", "WH-22"), "met"
    )
    assert found["WH-14"].number == 60
    # Two terminals, 24 hours each, two hours without paper.
    assert found["YJ-07"].number == pytest.approx(46 / 48)
    assert found["YJ-07"].answer == "not_met"
    assert found["YJ-07"].sample == 2
    assert found["YJ-07"].evidence[0]["url"].startswith("/console/incidents/")
    assert found["WH-15"].evidence[0]["ref"] == f"order:{order.number}"


def test_a_late_response_is_not_met_and_its_order_comes_first(hall: Hall, now: datetime) -> None:
    hall.tell(hall.terminal, "printer", "paper.upper", "out", now - 90 * MINUTE, now - 90 * MINUTE)
    hall.tell(hall.other, "printer", "paper.upper", "out", now - 80 * MINUTE, now - 80 * MINUTE)
    good, late = WorkOrder.objects.order_by("-opened_at")
    maintenance.accept_order(hall.actor("shui"), good, now=now - 70 * MINUTE)
    verdict = judge(hall, now)["WH-15"]
    assert (verdict.answer, verdict.number, verdict.sample) == ("not_met", 0.5, 2)
    assert verdict.evidence[0]["ref"] == f"order:{late.number}"


def test_a_silent_machine_breaks_the_promise_of_24_hours(hall: Hall, now: datetime) -> None:
    hall.silence(hall.terminal, now - 30 * MINUTE, now - 29 * MINUTE)
    hall.listen(now)
    found = judge(hall, now)
    assert (found["JB-01"].answer, found["JB-01"].number) == ("not_met", 1800)


def test_rating_channel_and_papers(hall: Hall, now: datetime) -> None:
    finish_case(hall, 1, now - 60 * MINUTE)
    finish_case(hall, 2, now - 50 * MINUTE)
    hall.inbox(hall.terminal, "rating.shown", {"number": number(1)}, now, now)
    hall.inbox(hall.terminal, "rating", {"number": number(1), "level": "satisfied"}, now - MINUTE, now)
    evaluation_jobs.read_inbox(now)
    found = judge(hall, now)
    assert (found["PJ-01"].answer, found["PJ-01"].number) == ("not_met", 0.5)
    assert found["PJ-01"].evidence[0]["ref"] == f"case:{number(2)}", "what is missing comes first"
    assert (found["PJ-02"].answer, found["PJ-02"].sample) == ("met", 1)
    assert (found["JB-08"].answer, found["JB-08"].sample) == ("met", 2)


def test_a_case_that_is_still_at_the_printer_is_not_held_against_the_terminal(hall: Hall, now: datetime) -> None:
    finish_case(hall, 1, now - 2 * MINUTE)
    assert judge(hall, now)["PJ-01"].answer == "no_evidence"
    assert judge(hall, now + 20 * MINUTE)["PJ-01"].answer == "not_met"


def test_a_young_log_is_no_evidence(hall: Hall, now: datetime) -> None:
    # The hall was built by actions that stamp their lines with the machine's clock; this night has its own.
    AuditLine.objects.update(at=now - timedelta(days=30))
    with transaction.atomic():
        audit.seal(center_keys().audit_private, now)
    verdict = judge(hall, now + timedelta(days=3))["JB-13"]
    assert verdict.answer == "no_evidence"
    assert verdict.sample > 0


def test_news_marks_the_area_and_the_due_loop_computes_it(hall: Hall, now: datetime) -> None:
    Assessment.objects.all().delete()
    with transaction.atomic():
        news = emit(
            "evaluation.rated", subject="x", place_path=hall.area.place.path, payload={}, occurred_at=now, now=now
        )
        jobs.handle_news([news], now)
    assert list(Assessment.objects.values_list("place__code", "month")) == [(hall.area.place.code, MONTH)]
    assert actions.recompute(now + MINUTE) == 1
    assert actions.recompute(now + 2 * MINUTE) == 0
    assert ClauseVerdict.objects.count() == CONNECTED
    assert Transition.objects.filter(kind="standard.assessed").exists()


def test_news_of_a_region_bears_on_every_area_below(hall: Hall, now: datetime) -> None:
    assert actions.mark_dirty("/150600/", MONTH, now) == 2
    assert actions.mark_dirty(hall.far_area.place.path, MONTH, now) == 1


def test_a_fact_that_comes_meanwhile_leaves_its_mark(
    hall: Hall, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    Assessment.objects.all().delete()
    actions.mark_dirty(hall.area.place.path, MONTH, now)
    assess = actions.assess_many

    def slowly(*args: object) -> object:
        made = assess(*args)  # type: ignore[arg-type]
        actions.mark_dirty(hall.area.place.path, MONTH, now + MINUTE)
        return made

    monkeypatch.setattr(actions, "assess_many", slowly)
    assert actions.recompute(now) == 0
    assert Assessment.objects.get().dirty_at == now + MINUTE


def test_marks_of_several_areas_and_months_are_computed_together(hall: Hall, now: datetime) -> None:
    Assessment.objects.all().delete()
    assert actions.mark_dirty("/150600/", MONTH, now) == 2
    assert actions.mark_dirty(hall.area.place.path, EARLIER, now) == 1
    assert actions.mark_dirty(hall.area.place.path, EARLIER, now) == 1, "marked again: still one row"
    assert actions.recompute(now) == 3
    done = Assessment.objects.filter(dirty_at=None, computed_at=now)
    assert sorted(done.values_list("place__code", "month")) == sorted(
        [(hall.area.place.code, EARLIER), (hall.area.place.code, MONTH), (hall.far_area.place.code, MONTH)]
    )


def test_without_news_the_running_month_is_kept_fresh(hall: Hall, now: datetime) -> None:
    Assessment.objects.all().delete()
    assert jobs.keep_fresh(now) == 2
    assert jobs.keep_fresh(now) == 0
    actions.recompute(now)
    assert jobs.keep_fresh(now + timedelta(hours=1)) == 0
    assert jobs.keep_fresh(now + timedelta(hours=7)) == 2


def test_computing_twice_keeps_one_verdict(hall: Hall, now: datetime) -> None:
    judge(hall, now)
    judge(hall, now + MINUTE)
    assert ClauseVerdict.objects.count() == CONNECTED
    assert queries.verdicts("/150600/", MONTH)[0].computed_at == now + MINUTE


def test_a_month_ahead_is_refused(hall: Hall, now: datetime) -> None:
    with pytest.raises(Refused):
        actions.assess_many([hall.area.place], date(2026, 12, 1), now)


def test_a_month_begins_at_midnight_in_ordos() -> None:
    start, end = queries.month_bounds(date(2026, 12, 1))
    assert start.isoformat() == "2026-11-30T16:00:00+00:00"
    assert end.isoformat() == "2026-12-31T16:00:00+00:00"
    assert queries.month_of(start) == date(2026, 12, 1)
    assert queries.month_of(start - MINUTE) == MONTH


def test_all_150_clauses_are_tallied_and_what_is_not_connected_is_never_met(hall: Hall, now: datetime) -> None:
    judge(hall, now)
    every = list(queries.clauses(Edition.objects.get()))
    tally = queries.tally(every, queries.verdicts(hall.area.place.path, MONTH))
    assert tally.not_connected == 150 - CONNECTED
    assert tally.met + tally.not_met + tally.not_applicable + tally.no_evidence == CONNECTED
    assert queries.tally(every, []).met == 0


@pytest.mark.parametrize(
    ("name", "sees"), [("lin", CONNECTED), ("ning", CONNECTED), ("ren", 0), ("mo", 0), ("ou", 0), ("sys", 0)]
)
def test_who_reads_conformity(hall: Hall, now: datetime, name: str, sees: int) -> None:
    judge(hall, now)
    assert queries.verdicts_visible_to(hall.actor(name)).count() == sees


def test_on_demand_it_is_long_work_with_progress(hall: Hall, now: datetime) -> None:
    with pytest.raises(Forbidden):
        actions.ask_assessment(hall.actor("ou"), hall.area.place, MONTH, now)
    work = actions.ask_assessment(hall.actor("lin"), hall.area.place, MONTH, now)
    assert Work.objects.get(pk=work.pk).arguments["place"] == hall.area.place.path


def test_rounding_never_keeps_a_promise_that_was_broken(hall: Hall, now: datetime) -> None:
    at = now - 10 * MINUTE
    hall.tell(hall.terminal, "printer", "paper.upper", "out", at, at + timedelta(seconds=300, milliseconds=20))
    verdict = judge(hall, now)["WH-14"]
    assert (verdict.answer, verdict.number) == ("not_met", 300.1)
