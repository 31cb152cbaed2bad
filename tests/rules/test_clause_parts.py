"""What people and rounds answer for a part of a clause, and how parts become one answer."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budayang.rules.standard.answers import Answer, ClauseAnswer
from budayang.rules.standard.judging import Asked, Given, PartAnswer, combine, judge_given, judge_rounds
from budayang.rules.standard.parts import Field, Kind, Part

ON = date(2026, 11, 20)
WIDTH = Part(Kind.MEASUREMENT, fields=(Field("width_mm", "净宽", "毫米", 1200, None),))
KNEE = Part(
    Kind.MEASUREMENT,
    fields=(Field("w", "宽", "毫米", 750, None), Field("h", "高", "毫米", 650, None)),
)
PAPER = Part(Kind.DOCUMENT, what="检验报告", days=366)
DOOR = Part(Kind.ROUND, questions=("way_out", "fire_door"), days=31)


def given_on(day: int, values: dict[str, float] | None, until: date | None = None) -> Given:
    return Given(date(2026, 11, day), until, values)


@pytest.mark.parametrize(
    ("rows", "answer", "number"),
    [
        ([], Answer.NO_EVIDENCE, None),
        ([given_on(1, {"width_mm": 1200})], Answer.MET, 1200),
        ([given_on(1, {"width_mm": 1199.9})], Answer.NOT_MET, 1199.9),
        ([given_on(1, {"width_mm": 900}), given_on(5, {"width_mm": 1300})], Answer.MET, 1300),
        ([given_on(5, {"width_mm": 900}), given_on(1, {"width_mm": 1300})], Answer.NOT_MET, 900),
        ([given_on(21, {"width_mm": 1300})], Answer.NO_EVIDENCE, None),
        ([given_on(1, {"width_mm": 1300}, date(2026, 11, 19))], Answer.NO_EVIDENCE, None),
        ([given_on(1, {"width_mm": 1300}, ON)], Answer.MET, 1300),
        ([given_on(1, {})], Answer.NO_EVIDENCE, None),
    ],
)
def test_a_measurement_holds_from_its_day_to_its_last(rows: list[Given], answer: Answer, number: float | None) -> None:
    found = judge_given(WIDTH, rows, ON)
    assert (found.answer, found.number) == (answer, number)
    assert found.why


def test_of_one_day_what_was_given_last_counts() -> None:
    """Rows come the last given first."""
    again = [given_on(2, {"width_mm": 1250}), given_on(2, {"width_mm": 1100}), given_on(1, {"width_mm": 900})]
    assert (judge_given(WIDTH, again, ON).answer, judge_given(WIDTH, again, ON).number) == (Answer.MET, 1250)
    renewed = [given_on(2, None, date(2027, 1, 1)), given_on(2, None, date(2026, 11, 3))]
    assert judge_given(PAPER, renewed, ON).answer is Answer.MET
    assert judge_given(PAPER, renewed[::-1], ON).answer is Answer.NO_EVIDENCE


def test_of_several_numbers_the_wrong_one_is_named() -> None:
    found = judge_given(KNEE, [given_on(1, {"w": 800, "h": 600})], ON)
    assert found.answer is Answer.NOT_MET
    assert "高600毫米" in found.why
    assert "宽800" not in found.why
    assert found.number is None, "two numbers are not one"


@pytest.mark.parametrize(
    ("until", "answer"),
    [(None, Answer.MET), (ON, Answer.MET), (date(2026, 11, 19), Answer.NO_EVIDENCE)],
)
def test_a_document_that_ended_is_no_evidence(until: date | None, answer: Answer) -> None:
    assert judge_given(PAPER, [given_on(1, None, until)], ON).answer is answer
    assert "检验报告" in judge_given(PAPER, [], ON).why


@pytest.mark.parametrize(
    ("first", "second", "answer", "number"),
    [
        (Asked(3, 3, 0), Asked(2, 2, 1), Answer.MET, 1.0),
        (Asked(3, 3, 0), Asked(1, 2, 0), Answer.NOT_MET, 0.5),
        (Asked(3, 3, 0), Asked(0, 0, 0), Answer.NO_EVIDENCE, None),
        (Asked(3, 3, 0), Asked(0, 0, 4), Answer.NO_EVIDENCE, None),
    ],
)
def test_every_question_of_a_part_has_to_be_answered_well(
    first: Asked, second: Asked, answer: Answer, number: float | None
) -> None:
    found = judge_rounds(DOOR, {"way_out": first, "fire_door": second})
    assert (found.answer, found.number) == (answer, number)
    if second.not_here and not second.all:
        assert "请主管登记不适用" in found.why


def test_a_share_may_be_enough() -> None:
    hotline = Part(Kind.ROUND, questions=("hotline",), least=0.95, days=31)
    assert judge_rounds(hotline, {"hotline": Asked(19, 20, 0)}).answer is Answer.MET
    assert judge_rounds(hotline, {"hotline": Asked(18, 20, 0)}).answer is Answer.NOT_MET


def answered(answer: Answer, number: float | None = None, kind: Kind = Kind.FUNCTION) -> PartAnswer:
    return PartAnswer(Part(kind, metric="x"), ClauseAnswer(answer, number, None, "", 1, answer.value))


def test_what_is_not_met_decides_then_what_is_unknown() -> None:
    parts = [answered(Answer.MET, 1), answered(Answer.NO_EVIDENCE), answered(Answer.NOT_MET, 0)]
    found, deciding = combine(parts)
    assert found.answer is Answer.NOT_MET
    assert deciding is parts[2]
    assert found.why == "not_met；met；no_evidence"
    assert combine(parts[:2])[0].answer is Answer.NO_EVIDENCE
    with pytest.raises(ValueError, match="without parts"):
        combine([])


def test_what_somebody_copied_says_so_only_when_there_is_something() -> None:
    assert answered(Answer.MET, 1, Kind.EXTERNAL).by_hand
    assert not answered(Answer.NO_EVIDENCE, None, Kind.EXTERNAL).by_hand
    assert not answered(Answer.MET, 1, Kind.MEASUREMENT).by_hand


ANSWERS = st.sampled_from([Answer.MET, Answer.NOT_MET, Answer.NO_EVIDENCE])


@given(st.lists(ANSWERS, min_size=1, max_size=5))
def test_a_clause_is_met_only_when_every_part_is(answers: list[Answer]) -> None:
    found, _deciding = combine([answered(one) for one in answers])
    assert (found.answer is Answer.MET) == all(one is Answer.MET for one in answers)
    assert (found.answer is Answer.NOT_MET) == any(one is Answer.NOT_MET for one in answers)
