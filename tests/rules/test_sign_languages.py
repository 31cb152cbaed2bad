"""BS-19 to BS-23: nothing is judged until the number of a document is written down, and then by what is there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from budayang.rules.signs.language_clauses import Languages, judge_languages, judge_notice
from budayang.rules.standard import Answer

KNOWN = Languages(document="测试文号〔2026〕1号", rule_sets=4, needed=10, approved=10, seen=50, right=50)


def answers(known: Languages) -> dict[str, str]:
    return {one.clause: one.answer.value for one in judge_languages(known)}


def test_without_a_document_nothing_is_judged_and_it_says_why() -> None:
    found = judge_languages(replace(KNOWN, document=""))
    assert [one.clause for one in found] == ["BS-20", "BS-21", "BS-22", "BS-23"]
    assert [one.answer for one in found] == [
        Answer.NOT_APPLICABLE,
        Answer.NOT_APPLICABLE,
        Answer.NO_EVIDENCE,
        Answer.NOT_APPLICABLE,
    ]
    assert all("文号" in one.why for one in found)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, ("met", "met", "met", "met")),
        ({"right": 49}, ("not_met", "met", "met", "met")),
        ({"right": 48}, ("not_met", "met", "met", "not_met")),
        ({"approved": 9}, ("met", "no_evidence", "met", "not_met")),
        ({"seen": 0, "right": 0}, ("no_evidence", "met", "met", "no_evidence")),
        ({"needed": 0, "approved": 0}, ("met", "no_evidence", "met", "no_evidence")),
    ],
)
def test_with_a_document_each_answers_by_what_is_there(change: dict[str, int], expected: tuple[str, ...]) -> None:
    assert tuple(answers(replace(KNOWN, **change)).values()) == expected


def test_the_notice_is_beside_each_terminal_or_not_proved() -> None:
    assert judge_notice(2, 2).answer is Answer.MET
    assert judge_notice(2, 1).answer is Answer.NO_EVIDENCE
    assert judge_notice(0, 0).answer is Answer.NO_EVIDENCE
