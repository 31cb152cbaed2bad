"""Editions as workbooks: what is written reads back as the same, and each fault is found in its cell."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rules.faulty_edition import FAULTS, Book, planted, sound

from budayang.center.standard.edition_queries import known
from budayang.center.standard.edition_writing import reference_text
from budayang.rules.standard.differences import counts, differences
from budayang.rules.standard.edition_reading import read_edition
from budayang.rules.standard.edition_text import Requirement, edition_from
from budayang.rules.standard.editions import (
    EVENT_NAMES,
    PUBLISHED,
    REFERENCE,
    STATE_NAMES,
    TRANSITIONS,
    events_from,
    reachable,
)
from budayang.rules.standard.parts import BadPart, Kind, read_field, read_part


def test_the_reference_edition_reads_back_as_it_was_written() -> None:
    text, faults = read_edition(sound(), known())
    assert faults == []
    assert text == reference_text()
    assert len(text.clauses) == 150


def test_json_keeps_an_edition() -> None:
    assert edition_from(reference_text().plain()) == reference_text()


def test_thirty_one_planted_faults_are_found_each_in_its_cell_and_nothing_else() -> None:
    book, cells = planted()
    text, faults = read_edition(book, known())
    assert text is None, "nothing of an edition with faults is loaded"
    found = {one.cell for one in faults}
    assert cells.keys() - found == set(), {cell: what for cell, what in cells.items() if cell not in found}
    # Each fault may show in a second place (a duplicate chapter leaves another one missing), never in a sound sheet.
    assert len(found - cells.keys()) <= 30
    assert all(one.message for one in faults)


@pytest.mark.parametrize(("what", "plant"), FAULTS, ids=[what for what, _plant in FAULTS])
def test_one_fault_alone_is_found_in_its_cell(what: str, plant: object) -> None:
    assert callable(plant)
    book: Book = sound()
    cell = plant(book)
    _text, faults = read_edition(book, known())
    assert cell in {one.cell for one in faults}, (what, [(one.cell, one.message) for one in faults])


def test_a_missing_sheet_and_a_missing_column_are_told() -> None:
    book = sound()
    del book["术语"]
    book["章"] = [["章号"], ["3"]]
    _text, faults = read_edition(book, known())
    assert {"缺少“术语”这张表", "缺少这些列：标题"} <= {one.message for one in faults}
    assert read_edition({}, known())[0] is None


def test_a_published_text_needs_its_number_and_a_reference_mark_needs_its_state() -> None:
    book = sound()
    book["版本"][1] = ["DB-1", "某规范", "否", "发布", "", ""]
    assert [one.cell for one in read_edition(book, known())[1]] == ["版本!E2"]
    book["版本"][1] = ["DB-1", "某规范", "否", "发布", "DB1506/T 12—2025", ""]
    text, faults = read_edition(book, known())
    assert faults == []
    assert text is not None
    assert text.about.number == "DB1506/T 12—2025"
    book["版本"][1] = ["DB-1", "某规范", "否", "参照", "", ""]
    assert [one.cell for one in read_edition(book, known())[1]] == ["版本!D2"]
    book["版本"][1] = ["DB-1", "某规范（参照版）", "否", "发布", "DB1506/T 12—2025", ""]
    assert [one.cell for one in read_edition(book, known())[1]] == ["版本!C2"], "a title that says 参照版 means it"


def test_two_checks_of_one_clause_by_the_platform_are_no_fault() -> None:
    """PJ-23 has two metrics: only what people give is told apart by clause and kind."""
    kinds = [row[1] for row in sound()["检查"] if row[0] == "PJ-23"]
    assert kinds == ["平台计算", "平台计算"]


WORDS = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Zs", "Zl", "Zp")), min_size=1, max_size=20)


@given(requirement=WORDS, criterion=WORDS, weight=st.floats(0.001, 100), template=st.booleans())
def test_whatever_a_clause_says_survives_the_workbook(
    requirement: str, criterion: str, weight: float, template: bool
) -> None:
    text = reference_text()
    changed = replace(text.clauses[0], requirement=requirement, criterion=criterion, weight=weight, template=template)
    after = replace(text, clauses=(changed, *text.clauses[1:]))
    book = sound()
    row = book["条款"][1]
    row[2], row[3], row[8], row[9] = requirement, criterion, "是" if template else "否", repr(weight)
    read, faults = read_edition(book, known())
    if requirement.startswith("#") or criterion.startswith("#"):
        return
    assert faults == []
    assert read == after


def test_a_difference_names_what_changed_cell_by_cell() -> None:
    before = reference_text()
    first: Requirement = before.clauses[0]
    changed = replace(first, criterion="新的标准")
    new = replace(first, code="JB-99")
    after = replace(before, clauses=(changed, *before.clauses[2:], new))
    found = {one.key: one for one in differences(before, after)}
    assert found["JB-01"].cells == (("判断标准", first.criterion, "新的标准"),)
    assert (found["JB-02"].change, found["JB-99"].change) == ("gone", "new")
    assert len(found) == 3
    assert differences(before, before) == []
    assert counts(differences(before, before, same=True))["same"] > 300


def test_a_difference_sees_a_changed_check() -> None:
    before = reference_text()
    first = before.clauses[1]
    other = replace(first.parts[0], least=0.5)
    after = replace(before, clauses=(before.clauses[0], replace(first, parts=(other,)), *before.clauses[2:]))
    assert [(one.key, one.cells[0][0]) for one in differences(before, after)] == [("JB-02", "检查")]


def test_no_path_leads_from_a_reference_edition_to_a_standard() -> None:
    assert reachable(REFERENCE) == {REFERENCE, "abolished"}
    assert reachable(REFERENCE).isdisjoint(PUBLISHED)
    assert events_from(REFERENCE) == ("abolish",)


def test_every_other_state_is_on_the_way_from_the_proposal_and_ends_only_by_abolishing() -> None:
    assert reachable("proposed") == set(STATE_NAMES) - {REFERENCE}
    assert {event for _state, event in TRANSITIONS} == set(EVENT_NAMES)
    assert events_from("abolished") == ()
    for state in set(STATE_NAMES) - {"abolished"}:
        assert "abolished" in reachable(state)
    # Nothing is published that did not pass review and approval.
    assert {start for (start, _event), end in TRANSITIONS.items() if end == "published"} == {"approval"}


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ({"kind": "看"}, "kind"),
        ({"kind": "function"}, "metric"),
        ({"kind": "round", "questions": ""}, "questions"),
        ({"kind": "round", "questions": "A"}, "questions"),
        ({"kind": "round", "questions": "a", "least": "2"}, "least"),
        ({"kind": "measurement"}, "fields"),
        ({"kind": "measurement", "fields": "a:甲:米:1"}, "fields"),
        ({"kind": "measurement", "fields": "a:甲:米::"}, "fields"),
        ({"kind": "measurement", "fields": "a:甲:米:nan:"}, "fields"),
        ({"kind": "measurement", "fields": "a:甲:米:1:;a:乙:米:1:"}, "fields"),
        ({"kind": "external", "fields": "a:甲:米:1:"}, "system"),
        ({"kind": "document"}, "what"),
        ({"kind": "document", "what": "x", "days": "0"}, "days"),
    ],
)
def test_a_part_that_cannot_be_read_names_its_column(row: dict[str, str], column: str) -> None:
    with pytest.raises(BadPart) as bad:
        read_part(row)
    assert bad.value.column == column


def test_a_field_says_what_is_asked() -> None:
    assert read_field("a:净宽:毫米:1200:").asked == "不小于1200 毫米"
    assert read_field("a:高:毫米:700:850").asked == "700—850 毫米"
    assert read_field("a:坡:比值::0.02").holds(0.02)
    assert not read_field("a:坡:比值::0.02").holds(0.021)
    assert read_part({"kind": "survey", "fields": "a:甲:份:1:"}).kind is Kind.SURVEY
