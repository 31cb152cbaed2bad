"""What ships of the reference edition: every clause says how it is judged, and the docs' table is the data's."""

from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path

import pytest

from budayang.center.standard.edition_queries import known
from budayang.data import requirements
from budayang.data.check_lists import check_lists
from budayang.data.standard_text import TEMPLATE_CLAUSES, clause_checks, references
from budayang.rules.standard import METRICS
from budayang.rules.standard.parts import KIND_NAMES, Kind

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import clause_checks as tool  # noqa: E402  # tools are no package

CODES = [row.code for row in requirements()]


def test_each_of_the_150_clauses_says_how_it_is_judged() -> None:
    assert list(clause_checks()) == CODES
    assert len(CODES) == 150
    assert all(clause_checks().values())


def test_what_the_checks_name_is_there() -> None:
    for code, parts in clause_checks().items():
        for part in parts:
            assert part.kind is not Kind.FUNCTION or part.metric in METRICS, code
            assert set(part.questions) <= known().questions, code
        kinds = Counter(part.kind for part in parts if part.kind is not Kind.FUNCTION)
        assert not [kind for kind, number in kinds.items() if number > 1], f"{code}: one form a kind"


def test_no_metric_is_left_unused_and_each_belongs_to_its_clause() -> None:
    used = {part.metric: code for code, parts in clause_checks().items() for part in parts if part.metric}
    assert used.keys() == METRICS.keys()
    assert all(metric.startswith(code) for metric, code in used.items())


def test_the_table_of_the_docs_is_the_data() -> None:
    page = tool.PAGE.read_text()
    assert f"{tool.START}\n{tool.summary()}\n\n{tool.table()}\n{tool.END}" in page
    rows = re.findall(r"^\| ([A-Z]{2}-\d\d) \| (\S+) \|", page, re.MULTILINE)
    assert list(dict.fromkeys(code for code, _kind in rows)) == CODES
    # Surveys are the platform's own: no clause of the reference edition has one entered by hand.
    assert {kind for _code, kind in rows} == set(KIND_NAMES.values()) - {KIND_NAMES[Kind.SURVEY]}


@pytest.mark.parametrize(
    ("number", "drafted"), [("GB 50763", "GB/T 50763"), ("GB 25201", "GB/T 25201"), ("GB 2894", "GB/T 2894")]
)
def test_references_tell_where_the_drafting_note_is_wrong(number: str, drafted: str) -> None:
    found = next(one for one in references() if one.number == number)
    assert found.drafted_as == drafted
    assert drafted in found.note


def test_the_references_are_those_of_the_drafting_note() -> None:
    assert {one.number for one in references()} == {
        "GB/T 21061", "GB 50763", "GB 25201", "GB/T 10001.1", "GB 2894", "行政许可法",
    }  # fmt: skip


def test_every_question_names_a_clause_that_is_there_and_template_values_are_clauses() -> None:
    asked = {question.clause for one in check_lists() for question in one.questions if question.clause}
    assert asked <= set(CODES)
    assert set(CODES) >= TEMPLATE_CLAUSES
