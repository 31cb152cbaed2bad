"""The clauses that facts judge, and the parameters that they and the orders read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budayang.data import requirements
from budayang.rules.parameters import PARAMETERS, SEVERITIES, STEPS, deadline_name, get_parameter
from budayang.rules.standard import CLAUSE_CHECKS, Answer, ClauseCheck, Comparison, get_check
from budayang.rules.standard.answers import show

CLAUSES = {r.code: r for r in requirements()}
TIME = {"promised_s": 1000.0, "planned_s": 100.0, "monitoring_lost_s": 100.0, "terminals": 3.0}


@pytest.mark.parametrize(
    ("clause", "numbers", "answer", "number"),
    [
        ("JB-01", {"dark_s": 0, "promised_s": 9, "terminals": 3}, Answer.MET, 0),
        ("JB-01", {"dark_s": 60, "promised_s": 90, "terminals": 3}, Answer.NOT_MET, 60),
        ("JB-01", {"dark_s": 0, "promised_s": 0, "terminals": 3}, Answer.NO_EVIDENCE, None),
        ("JB-08", {"papers": 4, "papers_verifiable": 4}, Answer.MET, 1),
        ("JB-08", {"papers": 4, "papers_verifiable": 3}, Answer.NOT_MET, 0.75),
        ("JB-13", {"log_age_d": 200, "log_lines": 9, "in_service_d": 400}, Answer.MET, 200),
        ("JB-13", {"log_age_d": 100, "log_lines": 9, "in_service_d": 400}, Answer.NOT_MET, 100),
        ("JB-13", {"log_age_d": 2.9, "log_lines": 9, "in_service_d": 3}, Answer.NO_EVIDENCE, 2.9),
        ("JB-13", {"log_age_d": 1, "log_lines": 9, "in_service_d": 100}, Answer.NOT_MET, 1),
        ("JB-13", {"log_age_d": 0, "log_lines": 0, "in_service_d": 0}, Answer.NO_EVIDENCE, None),
        ("JB-24", {"idle_sessions": 2, "idle_cleared": 2}, Answer.MET, 1),
        ("YJ-07", {**TIME, "usable_s": 800}, Answer.MET, 1),
        ("YJ-07", {**TIME, "usable_s": 784}, Answer.MET, 0.98),
        ("YJ-07", {**TIME, "usable_s": 783.9}, Answer.NOT_MET, 783.9 / 800),
        ("YJ-07", {**TIME, "usable_s": 0, "planned_s": 900}, Answer.NO_EVIDENCE, None),
        ("YJ-08", {"terminals_standing": 20, "terminals_good": 19}, Answer.MET, 0.95),
        ("YJ-08", {"terminals_standing": 19, "terminals_good": 18}, Answer.NOT_MET, 18 / 19),
        ("WH-14", {"incidents": 2, "slowest_alarm_s": 300}, Answer.MET, 300),
        ("WH-14", {"incidents": 2, "slowest_alarm_s": 301}, Answer.NOT_MET, 301),
        ("WH-14", {"incidents": 0, "slowest_alarm_s": 0}, Answer.NO_EVIDENCE, None),
        ("WH-15", {"orders_respond_judged": 1, "orders_responded_in_time": 1}, Answer.MET, 1),
        ("WH-17", {"orders_repair_judged": 2, "orders_repaired_in_time": 1}, Answer.NOT_MET, 0.5),
        ("WH-22", {"orders_loop_judged": 0, "orders_closed_verified": 0}, Answer.NO_EVIDENCE, None),
        ("PJ-01", {"cases_done": 3, "ratings_shown": 3}, Answer.MET, 1),
        ("PJ-02", {"ratings_came": 3, "ratings_in_five": 3}, Answer.MET, 1),
        ("PJ-02", {"ratings_came": 4, "ratings_in_five": 3}, Answer.NOT_MET, 0.75),
        ("PJ-04", {"ratings_forced": 0, "ratings_all": 9, "ratings_unjudged": 0}, Answer.MET, 0),
        ("PJ-04", {"ratings_forced": 0, "ratings_all": 9, "ratings_unjudged": 1}, Answer.NO_EVIDENCE, 0),
        ("PJ-04", {"ratings_forced": 1, "ratings_all": 9, "ratings_unjudged": 1}, Answer.NOT_MET, 1),
        ("PJ-12", {"indicators_public": 6, "indicator_reports": 1}, Answer.MET, 6),
        ("PJ-12", {"indicators_public": 1, "indicator_reports": 2}, Answer.NOT_MET, 1),
        ("PJ-14", {"surveys_enough": 0, "sheets_asked_for": 3}, Answer.NOT_MET, 0),
        ("PJ-14", {"surveys_enough": 0, "sheets_asked_for": 0}, Answer.NO_EVIDENCE, None),
        ("PJ-18", {"cases_done": 2, "ratings": 1, "cases_taken": 3}, Answer.MET, 4),
        ("PJ-18", {"cases_done": 2, "ratings": 0, "cases_taken": 3}, Answer.NOT_MET, 3),
        ("PJ-21", {"visits_scored": 1, "visits_due": 2}, Answer.MET, 1),
        ("PJ-21", {"visits_scored": 0, "visits_due": 1}, Answer.NOT_MET, 0),
        ("PJ-21", {"visits_scored": 0, "visits_due": 0}, Answer.NO_EVIDENCE, None),
        ("PJ-22", {"survey_sheets": 0, "surveys_here": 1}, Answer.NOT_MET, 0),
    ],
)
def test_answers(clause: str, numbers: dict[str, float], answer: Answer, number: float | None) -> None:
    found = get_check(clause).judge(numbers)
    assert found.answer is answer
    assert found.number == pytest.approx(number) if number is not None else found.number is None
    assert found.why


def test_the_reason_carries_number_threshold_and_sample() -> None:
    found = get_check("YJ-07").judge({**TIME, "usable_s": 700})
    assert found.why == "设备正常运行率为87.5%，要求不低于98%，样本3"
    assert (found.threshold, found.unit, found.sample) == (0.98, "ratio", 3)


def test_a_place_may_have_its_own_threshold() -> None:
    numbers = {**TIME, "usable_s": 760.0}
    assert get_check("YJ-07").judge(numbers).answer is Answer.NOT_MET
    assert get_check("YJ-07").judge_with(numbers, 0.95).answer is Answer.MET


@pytest.mark.parametrize("found", CLAUSE_CHECKS, ids=lambda c: c.clause_code)
def test_each_check_stands_on_a_clause_and_asks_for_evidence(found: ClauseCheck) -> None:
    assert found.clause_code in CLAUSES
    assert found.judge({}).answer is Answer.NO_EVIDENCE
    assert found.judge(dict.fromkeys(found.inputs, 0.0)).answer is Answer.NO_EVIDENCE
    if found.parameter:
        parameter = get_parameter(found.parameter)
        assert (parameter.default, parameter.clause, parameter.unit) == (found.threshold, found.clause_code, found.unit)


def test_each_metric_has_a_key_of_its_own() -> None:
    assert len({c.key for c in CLAUSE_CHECKS}) == len(CLAUSE_CHECKS)
    assert {c.key for c in CLAUSE_CHECKS if c.key != c.clause_code} == {"PJ-23-2", "PJ-24-2"}


@given(
    st.sampled_from([c for c in CLAUSE_CHECKS if len(c.inputs) == 2]), st.integers(1, 10_000), st.integers(0, 10_000)
)
def test_a_better_number_never_answers_worse(found: ClauseCheck, whole: int, part: int) -> None:
    sample, value = (
        (found.inputs[1], found.inputs[0]) if found.inputs[0] != "papers" else ("papers", "papers_verifiable")
    )
    step = 1 if found.comparison is Comparison.AT_LEAST else -1
    before = found.judge({sample: whole, value: part})
    after = found.judge({sample: whole, value: part + step})
    assert not (before.answer is Answer.MET and after.answer is Answer.NOT_MET)


@pytest.mark.parametrize(
    ("number", "unit", "text"),
    [
        (1.0, "ratio", "100%"),
        (0.99996, "ratio", "99.99%"),
        (0.5, "ratio", "50%"),
        (0.0, "ratio", "0%"),
        (300, "s", "300秒"),
        (180, "d", "180天"),
    ],
)
def test_rounding_never_turns_a_broken_promise_into_a_kept_one(number: float, unit: str, text: str) -> None:
    assert show(number, unit) == text


def test_parameters_name_real_clauses_and_keep_their_own_bounds() -> None:
    assert len({p.name for p in PARAMETERS}) == len(PARAMETERS)
    for parameter in PARAMETERS:
        assert not parameter.clause or parameter.clause in CLAUSES, parameter.name
        assert parameter.problem(parameter.default) == ""
        assert parameter.label
        assert parameter.unit in ("s", "d", "c", "ratio", "count")
    assert "不能小于30" in get_parameter("idle_warn_s").problem(29)
    assert "不能大于90" in get_parameter("idle_warn_s").problem(91)


def test_deadlines_are_those_of_the_reference_edition() -> None:
    hours = {
        step: [get_parameter(deadline_name(step, severity)).default / 3600 for severity in SEVERITIES] for step in STEPS
    }
    assert hours == {"respond": [0.5, 0.5, 0.5], "arrive": [4, 2, 1], "repair": [8, 4, 2]}
    with pytest.raises(KeyError):
        deadline_name("respond", "terrible")
