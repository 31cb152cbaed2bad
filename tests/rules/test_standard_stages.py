"""The life cycle's table, decisions on opinions, and what many areas say of a clause."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budayang.rules.standard import editions
from budayang.rules.standard.opinions import decision_problem, read_decision
from budayang.rules.standard.revising import ADVICE_NAMES, Reading, margin, quantile, spread
from budayang.rules.standard.stages import (
    ENDED,
    EVENT_NAMES,
    STAGE_NAMES,
    STATE_OF,
    TEXT_EVENT,
    TRANSITIONS,
    events_from,
    problem,
    state_after,
)


def why(stage: str, event: str, **changed: object) -> str:
    asked: dict[str, object] = {
        "reference": False, "paper": "文号 1", "number": "号 1", "open_opinions": 0, "open_reviews": 0,
    }  # fmt: skip
    return problem(stage, event, **(asked | changed))  # type: ignore[arg-type]


def test_the_table_names_known_stages_and_events_and_every_stage_is_reached() -> None:
    assert {stage for stage, _event in TRANSITIONS} | ENDED == set(STAGE_NAMES)
    assert {event for _stage, event in TRANSITIONS} == set(EVENT_NAMES)
    assert set(TRANSITIONS.values()) | {"applied"} == set(STAGE_NAMES)
    assert all(events_from(stage) for stage in STAGE_NAMES if stage not in ENDED)


def test_the_way_from_application_to_review() -> None:
    stage = "applied"
    for event in ("plan", "consult", "submit", "finish", "publish", "take_effect", "begin_review", "keep"):
        assert why(stage, event) == ""
        stage = TRANSITIONS[(stage, event)]
    assert stage == "in_force"


@pytest.mark.parametrize(
    ("stage", "event", "changed", "part"),
    [
        ("approval", "publish", {"reference": True}, "参照版"),
        ("published", "take_effect", {"reference": True}, "参照版"),
        ("approval", "publish", {"number": " "}, "标准号"),
        ("applied", "plan", {"paper": ""}, "文号"),
        ("consulting", "submit", {"open_opinions": 1}, "意见汇总处理表"),
        ("review", "finish", {"open_reviews": 2}, "审查意见"),
        ("applied", "publish", {}, "刷新"),
    ],
)
def test_what_a_step_needs(stage: str, event: str, changed: dict[str, object], part: str) -> None:
    assert part in why(stage, event, **changed)


@pytest.mark.parametrize(
    ("word", "code"),
    [("采纳", "accepted"), (" 部分采纳 ", "partly"), ("未采纳", "rejected"), ("", ""), ("不采纳", None)],
)
def test_decisions_are_read(word: str, code: str | None) -> None:
    assert read_decision(word) == code


def test_a_reason_is_asked_for_unless_everything_is_taken() -> None:
    assert decision_problem("accepted", "") == ""
    assert "理由" in decision_problem("partly", " ")
    assert "理由" in decision_problem("rejected", "")
    assert "请选" in decision_problem("", "x")


def readings(met: int, not_met: int, *, good: float = 0.99, bad: float = 0.9) -> list[Reading]:
    rows = [Reading(f"a{at}", "met", good, 0.95, ">=") for at in range(met)]
    return rows + [Reading(f"b{at}", "not_met", bad, 0.95, ">=") for at in range(not_met)]


@pytest.mark.parametrize(
    ("met", "not_met", "advice"),
    [(0, 0, "none"), (4, 0, "few"), (1, 9, "out_of_reach"), (5, 5, "apart"), (9, 1, "fits"), (10, 0, "low")],
)
def test_advice(met: int, not_met: int, advice: str) -> None:
    assert spread(readings(met, not_met)).advice == advice


def test_a_number_just_above_the_threshold_is_not_low() -> None:
    assert spread(readings(10, 0, good=0.96)).advice == "fits"


def test_an_area_with_one_bad_month_does_not_meet_the_clause() -> None:
    found = spread([Reading("a", "met", 1.0, 0.95, ">="), Reading("a", "not_met", 0.5, 0.95, ">=")])
    assert (found.met, found.not_met, found.sample) == (0, 1, 2)


def test_no_evidence_is_counted_apart_and_never_as_a_number() -> None:
    found = spread([Reading("a", "no_evidence", None, None, ""), Reading("b", "not_applicable", None, None, "")])
    assert (found.judged, found.no_evidence, found.not_applicable, found.middle) == (0, 1, 1, None)


@pytest.mark.parametrize(
    ("number", "threshold", "comparison", "expected"),
    [(0.95, 0.95, ">=", 0.0), (1.0, 0.95, ">=", 1.0), (4.0, 2.0, ">=", 1.0), (15, 30, "<=", 0.5), (60, 30, "<=", -1.0)],
)
def test_margins(number: float, threshold: float, comparison: str, expected: float) -> None:
    found = margin(Reading("a", "met", number, threshold, comparison))
    assert found == pytest.approx(expected)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40), st.floats(0, 1))
def test_a_quantile_lies_between_least_and_most(numbers: list[float], part: float) -> None:
    ordered = sorted(numbers)
    found = quantile(ordered, part)
    assert found is not None
    assert ordered[0] - 1e-6 <= found <= ordered[-1] + 1e-6


def test_every_advice_has_a_name() -> None:
    assert {"out_of_reach", "low", "apart", "fits", "few", "no_number", "none", "new"} == set(ADVICE_NAMES)


def test_the_text_follows_each_step_of_the_project_along_its_own_table() -> None:
    for (stage, event), after in TRANSITIONS.items():
        state = state_after(stage, event)
        if event == "stop":
            assert state is None
        elif event == "revise":
            assert state == editions.TRANSITIONS[("revising", "confirm")] == "in_force"
        else:
            assert state == STATE_OF[after]
            assert editions.TRANSITIONS[(STATE_OF[stage], TEXT_EVENT[event])] == state, (stage, event)
    assert set(TEXT_EVENT) == set(EVENT_NAMES) - {"stop"}
    assert set(STATE_OF) == set(STAGE_NAMES) - {"stopped"}
