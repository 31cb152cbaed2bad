"""Chapter 6 from the plan: a drawing alone proves no sign on the wall, a fault breaks its clause and no other."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.rules.signs_area import DAY, FACTS, KINDS, PLANTED, found_in, planted, with_sign

from budayang.data.demo_plan import demo_plan
from budayang.rules.signs.conformity import CLAUSE_RULES, ClauseOnPlan, Evidence, evidence_on_site, judge_clauses
from budayang.rules.signs.drawing import Drawing
from budayang.rules.signs.facts import AreaFacts, TerminalFact
from budayang.rules.signs.kinds import SAFETY_ORDER
from budayang.rules.standard.answers import Answer

PROVED = {rule.clause: Evidence(60, 0, "半年检查") for rule in CLAUSE_RULES if rule.needs}


def _answers(
    drawing: Drawing, facts: AreaFacts = FACTS, evidence: dict[str, Evidence] | None = None
) -> dict[str, ClauseOnPlan]:
    found = judge_clauses(drawing, facts, KINDS, found_in(drawing, facts), PROVED if evidence is None else evidence)
    return {one.clause: one for one in found}


def test_every_clause_of_the_chapter_but_those_of_texts_is_answered() -> None:
    assert [rule.clause for rule in CLAUSE_RULES] == [f"BS-{n:02}" for n in (*range(1, 19), 24)]


def test_with_proof_from_the_place_all_is_met() -> None:
    assert {one.answer for one in _answers(demo_plan()).values()} == {Answer.MET}


def test_from_the_plan_alone_only_what_a_plan_can_show_is_met() -> None:
    answers = _answers(demo_plan(), evidence={})
    met = {clause for clause, one in answers.items() if one.answer is Answer.MET}
    assert met == {"BS-11", "BS-13", "BS-14", "BS-15", "BS-17"}
    assert {one.answer for clause, one in answers.items() if clause not in met} == {Answer.NO_EVIDENCE}
    assert answers["BS-02"].why == "平面图上 20 处，没有发现问题的 20 处；还缺：现场核对（巡查或半年检查）"
    assert (answers["BS-05"].judged, answers["BS-05"].why) == (0, "还缺：故障告示的记录")


@pytest.mark.parametrize("name", PLANTED)
def test_a_fault_breaks_its_clause_and_no_other(name: str) -> None:
    clause = PLANTED[name][1][1]
    broken = {one.clause for one in _answers(planted(name)).values() if one.answer is Answer.NOT_MET}
    assert broken == ({clause} if clause.startswith("BS-") else set())


def test_numbers_say_how_many_are_right() -> None:
    plan = demo_plan()
    without = replace(plan, signs=tuple(one for one in plan.signs if one.id not in {"s-03-steps", "s-04-steps"}))
    answer = _answers(without)["BS-02"]
    assert (answer.answer, answer.judged, answer.right) == (Answer.NOT_MET, 20, 18)
    assert [one.element for one in answer.findings] == ["t-03", "t-04"]
    assert answer.why == "平面图上 20 处，没有发现问题的 18 处；半年检查：符合 60 处，不符合 0 处"


def test_what_the_place_shows_wins_over_a_good_plan() -> None:
    answer = _answers(demo_plan(), evidence={**PROVED, "BS-18": Evidence(3, 1, "半年检查")})["BS-18"]
    assert answer.answer is Answer.NOT_MET
    assert answer.findings == ()
    nothing = _answers(demo_plan(), evidence={**PROVED, "BS-16": Evidence(0, 0, "半年检查")})["BS-16"]
    assert nothing.answer is Answer.NO_EVIDENCE


def test_what_was_not_told_or_not_drawn_leaves_a_clause_open() -> None:
    old = _answers(with_sign(demo_plan(), "s-slip", edition=""))["BS-11"]
    assert (old.answer, old.why) == (Answer.NO_EVIDENCE, "平面图上 6 处，没有发现问题的 6 处；1 处没有量测或没有设定")
    unseen = _answers(with_sign(demo_plan(), "s-exit", seen_from=None))["BS-15"]
    assert unseen.answer is Answer.NO_EVIDENCE
    came = _answers(demo_plan(), replace(FACTS, terminals=(*FACTS.terminals, TerminalFact("TY-21"))))
    assert {came[clause].answer for clause in ("BS-02", "BS-03", "BS-04", "BS-06")} == {Answer.NO_EVIDENCE}
    assert came["BS-09"].answer is Answer.NOT_MET
    assert came["BS-02"].why.endswith("1 台终端没有画在平面图上")


def test_advice_breaks_no_clause() -> None:
    high = with_sign(demo_plan(), "s-complaint", bottom_mm=1700)
    assert len(found_in(high)) == 1
    assert _answers(high)["BS-07"].answer is Answer.MET


def test_an_empty_plan_meets_nothing() -> None:
    answers = _answers(Drawing(9000, 9000), AreaFacts(DAY), {})
    assert Answer.MET not in {one.answer for one in answers.values()}
    assert answers["BS-13"].answer is Answer.NOT_APPLICABLE
    assert answers["BS-02"].why == ["平面图上没有可以判断的", "还缺：现场核对（巡查或半年检查）"][0]


def test_a_check_on_site_proves_what_it_looked_at() -> None:
    plan = demo_plan()
    seen = {one.id: True for one in plan.signs}
    whole = evidence_on_site(plan, FACTS, KINDS, seen, "半年检查")
    assert set(whole) == {f"BS-{n:02}" for n in (2, 4, 6, 7, 9, 10, 12, 16, 18, 24)}
    assert (whole["BS-02"], whole["BS-16"]) == (Evidence(20, 0, "半年检查"), Evidence(6, 0, "半年检查"))
    answers = _answers(plan, evidence=whole)
    assert {clause for clause, one in answers.items() if one.answer is not Answer.MET} == {
        "BS-01",
        "BS-03",
        "BS-05",
        "BS-08",
    }


def test_a_sign_that_fell_breaks_its_clauses_and_one_not_looked_at_leaves_them_open() -> None:
    plan = demo_plan()
    seen = {one.id: one.id != "s-07-board" for one in plan.signs if one.id != "s-08-steps"}
    answers = _answers(plan, evidence=evidence_on_site(plan, FACTS, KINDS, seen, "半年检查"))
    assert {clause for clause, one in answers.items() if one.answer is Answer.NOT_MET} == {"BS-04", "BS-06"}
    assert answers["BS-02"].answer is Answer.NO_EVIDENCE
    assert answers["BS-02"].why.endswith("；只核对了 19 处，共 20 处")


def test_of_two_signs_at_one_place_one_that_is_well_is_enough() -> None:
    plan = demo_plan()
    steps = next(one for one in plan.signs if one.id == "s-01-steps")
    plan = replace(plan, signs=(*plan.signs, replace(steps, id="s-more")))
    found = evidence_on_site(plan, FACTS, KINDS, {"s-01-steps": False, "s-more": True}, "巡查")
    assert found == {"BS-02": Evidence(1, 0, "巡查")}
    assert evidence_on_site(plan, FACTS, KINDS, {}, "巡查") == {}


def test_half_a_year_is_checked_when_every_safety_sign_was_looked_at() -> None:
    plan = demo_plan()
    safety = [one.id for one in plan.signs if KINDS[one.kind].category in SAFETY_ORDER]
    other = next(one.id for one in plan.signs if one.id not in safety)
    for seen, answer in (
        ([other], Answer.NO_EVIDENCE),
        (safety[:1], Answer.NO_EVIDENCE),
        (safety, Answer.MET),
    ):
        found = evidence_on_site(plan, FACTS, KINDS, dict.fromkeys(seen, True), "半年检查")
        assert _answers(plan, evidence=found)["BS-16"].answer is answer
    assert (
        _answers(plan, evidence=found)["BS-16"].why
        == "平面图上 6 处，没有发现问题的 6 处；半年检查：符合 6 处，不符合 0 处"
    )
    fell = evidence_on_site(plan, FACTS, KINDS, {**dict.fromkeys(safety, True), safety[0]: False}, "半年检查")
    assert _answers(plan, evidence=fell)["BS-16"].answer is Answer.NOT_MET


def test_what_is_wrong_on_site_is_not_among_the_right_ones() -> None:
    plan = demo_plan()
    seen = {one.id: one.id != "s-07-steps" for one in plan.signs}
    answer = _answers(plan, evidence=evidence_on_site(plan, FACTS, KINDS, seen, "半年检查"))["BS-02"]
    assert (answer.answer, answer.judged, answer.right) == (Answer.NOT_MET, 20, 19)
    told = _answers(plan, evidence={"BS-05": Evidence(3, 1, "故障告示的记录")})["BS-05"]
    assert (told.answer, told.judged, told.right) == (Answer.NOT_MET, 4, 3), "of what was told, for a plan shows none"


def test_each_safety_sign_is_looked_at_whatever_places_were() -> None:
    plan = demo_plan()
    safety = [one.id for one in plan.signs if KINDS[one.kind].category in SAFETY_ORDER]
    places = {one.id for one in plan.signs if one.kind in ("warn_slip", "no_stacking")}
    seen = {one: True for one in safety if one in places or one != safety[-1]}
    assert len(seen) < len(safety)
    answers = _answers(plan, evidence=evidence_on_site(plan, FACTS, KINDS, seen, "半年检查"))
    assert (answers["BS-12"].answer, answers["BS-16"].answer) == (Answer.NO_EVIDENCE, Answer.NO_EVIDENCE)
