"""Editions in the database: the reference edition, workbooks that load whole or not at all, the life of a text."""

from __future__ import annotations

import io
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from openpyxl import load_workbook
from tests.center.hall import SYSTEM, Hall

from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor, Forbidden, Role
from budayang.center.platform.models import AuditLine, Parameter
from budayang.center.platform.uploads import BadUpload, read_book
from budayang.center.standard import actions, edition_actions, edition_queries, queries
from budayang.center.standard.edition_writing import reference_text
from budayang.center.standard.models import Clause, Edition, EditionProposal, ProposalFault
from budayang.rules.standard.edition_reading import read_edition

CITY = "/150600/"


def supervisor() -> Actor:
    return SYSTEM


def workbook(hall: Hall) -> bytes:
    return edition_queries.workbook_of(edition_queries.text_of(Edition.objects.get(code="REF-2026")), demo=True)


def changed(content: bytes, cells: dict[tuple[str, str], Any]) -> bytes:
    """The workbook with other values in some cells; the demonstration's mark stands in row 1."""
    book = load_workbook(io.BytesIO(content))
    for (sheet, cell), value in cells.items():
        book[sheet][cell] = value
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


RENAMED = {("版本", "A3"): "REF-2027", ("版本", "B3"): "某要求汇编（参照版）"}


def test_the_edition_survives_excel_exactly(hall: Hall) -> None:
    text, faults = read_edition(read_book(workbook(hall)), edition_queries.known())
    assert faults == []
    assert text == reference_text()
    assert text == edition_queries.text_of(Edition.objects.get())


def test_loading_the_reference_edition_again_changes_nothing_and_mends_what_was_changed(
    hall: Hall, now: datetime
) -> None:
    Clause.objects.filter(code="JB-01").update(requirement="被改过")
    edition = actions.load_reference_edition(SYSTEM, now)
    assert edition_queries.text_of(edition) == reference_text()
    ids = set(Clause.objects.values_list("pk", flat=True))
    actions.load_reference_edition(SYSTEM, now)
    assert set(Clause.objects.values_list("pk", flat=True)) == ids


def test_a_workbook_is_a_proposal_until_it_is_loaded_whole(hall: Hall, now: datetime) -> None:
    content = changed(workbook(hall), {**RENAMED, ("条款", "D3"): "别的判断标准"})
    row = edition_actions.bring_edition(SYSTEM, content, file_name="x.xlsx", now=now)
    assert (row.state, row.faults_count, Edition.objects.count()) == ("ready", 0, 1)
    assert row.counts["clauses"] == 150
    preview = edition_actions.preview(row, queries.current_edition())
    assert (preview["changed"], preview["new"], preview["gone"]) == (2, 0, 0)  # the edition itself, and one clause
    edition = edition_actions.load_proposal(SYSTEM, row.pk, now)
    assert (edition.code, edition.state, edition.adoption) == ("REF-2027", "reference", "loaded")
    assert edition.clauses.get(code="JB-01").criterion == "别的判断标准"
    assert queries.current_edition() != edition, "loaded is not adopted"
    with pytest.raises(Refused, match="不在待载入"):
        edition_actions.load_proposal(SYSTEM, row.pk, now)


def test_a_faulty_workbook_loads_nothing_and_names_the_cells(hall: Hall, now: datetime) -> None:
    content = changed(workbook(hall), {**RENAMED, ("条款", "C4"): None, ("条款", "H5"): "Z"})
    row = edition_actions.bring_edition(SYSTEM, content, file_name="x.xlsx", now=now)
    assert row.state == "refused"
    assert list(ProposalFault.objects.values_list("sheet", "letter", "row")) == [("条款", "C", 4), ("条款", "H", 5)]
    assert (Edition.objects.count(), row.content) == (1, {})
    with pytest.raises(Refused):
        edition_actions.load_proposal(SYSTEM, row.pk, now)


def test_nothing_is_loaded_over_an_edition(hall: Hall, now: datetime) -> None:
    row = edition_actions.bring_edition(SYSTEM, workbook(hall), file_name="x.xlsx", now=now)
    assert row.state == "refused"
    assert ProposalFault.objects.get().letter == "A"
    reserved = edition_actions.bring_edition(
        SYSTEM, changed(workbook(hall), {**RENAMED, ("版本", "A3"): "import"}), file_name="x", now=now
    )
    assert reserved.state == "refused"
    # Two uploads of one code: the first to be loaded wins.
    content = changed(workbook(hall), RENAMED)
    first, second = (edition_actions.bring_edition(SYSTEM, content, file_name="x", now=now) for _n in range(2))
    edition_actions.load_proposal(SYSTEM, first.pk, now)
    with pytest.raises(Refused, match="REF-2027"):
        edition_actions.load_proposal(SYSTEM, second.pk, now)


def test_a_load_that_breaks_in_the_middle_leaves_nothing(
    hall: Hall, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = edition_actions.bring_edition(SYSTEM, changed(workbook(hall), RENAMED), file_name="x", now=now)

    def breaks(*args: object) -> None:
        raise RuntimeError("power cut")

    monkeypatch.setattr(edition_actions, "write_text", breaks)
    with pytest.raises(RuntimeError), transaction.atomic():
        edition_actions.load_proposal(SYSTEM, row.pk, now)
    assert Edition.objects.count() == 1
    assert EditionProposal.objects.get(pk=row.pk).state == "ready"


def test_what_is_no_workbook_is_refused_in_words(hall: Hall, now: datetime) -> None:
    for content in (b"hello", b"PK\x03\x04broken"):
        with pytest.raises(BadUpload):
            edition_actions.bring_edition(SYSTEM, content, file_name="x", now=now)
    assert not EditionProposal.objects.exists()


@pytest.mark.parametrize("name", ["lin", "ren", "ning", "sys"])
def test_only_a_supervisor_brings_moves_and_drops(hall: Hall, now: datetime, name: str) -> None:
    actor, edition = hall.actor(name), Edition.objects.get()
    for call in (
        lambda: edition_actions.bring_edition(actor, workbook(hall), file_name="x", now=now),
        lambda: edition_actions.move_edition(actor, edition, "abolish", now=now),
        lambda: edition_actions.load_proposal(actor, 1, now),
        lambda: edition_actions.drop_proposal(actor, 1, now),
    ):
        with pytest.raises(Forbidden):
            call()
    assert Role.SUPERVISOR not in actor.roles


def text_edition(now: datetime, state: str = "proposed") -> Edition:
    return Edition.objects.create(code="DB-1", title="某规范", is_reference=False, state=state, loaded_at=now)


def test_a_text_goes_its_way_step_by_step(hall: Hall, now: datetime) -> None:
    edition = text_edition(now)
    for event in ("write", "ask", "submit", "approve"):
        edition = edition_actions.move_edition(SYSTEM, edition, event, now=now)
    assert edition.state == "approval"
    with pytest.raises(Refused, match="标准编号"):
        edition_actions.move_edition(SYSTEM, edition, "publish", now=now, on=date(2026, 11, 1))
    edition = edition_actions.move_edition(
        SYSTEM, edition, "publish", now=now, on=date(2026, 11, 1), number="DB1506/T 12—2026"
    )
    with pytest.raises(Refused, match="早于"):
        edition_actions.move_edition(SYSTEM, edition, "implement", now=now, on=date(2026, 10, 31))
    edition = edition_actions.move_edition(SYSTEM, edition, "implement", now=now, on=date(2026, 12, 1))
    assert (edition.state, edition.in_force_on) == ("in_force", date(2026, 12, 1))
    with pytest.raises(Refused, match="不能"):
        edition_actions.move_edition(SYSTEM, edition, "publish", now=now)
    assert [one.event for one in edition.events.order_by("pk")] == [
        "write", "ask", "submit", "approve", "publish", "implement",
    ]  # fmt: skip
    assert AuditLine.objects.filter(action="standard.move_edition").count() == 6


def test_a_reference_edition_is_never_published(hall: Hall, now: datetime) -> None:
    edition = Edition.objects.get()
    for event in ("publish", "implement", "write", "ask"):
        with pytest.raises(Refused, match="参照版不是任何标准"):
            edition_actions.move_edition(
                SYSTEM, edition, event, now=now, on=date(2026, 11, 1), number="DB1506/T 1—2026"
            )
    for wrong in ({"state": "published"}, {"state": "in_force"}, {"number": "DB1506/T 1—2026"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Edition.objects.filter(pk=edition.pk).update(**wrong)
    with pytest.raises(IntegrityError), transaction.atomic():
        text_edition(now, "published")


def test_adopting_is_another_fact_than_the_text_and_abolished_is_not_adopted(hall: Hall, now: datetime) -> None:
    edition = text_edition(now, "draft")
    edition.values.create(position=1, name="respond_general_s", value=900, clause="X")
    actions.adopt_edition(SYSTEM, edition, now)
    assert (edition.state, edition.adoption) == ("draft", "adopted")
    assert Edition.objects.get(code="REF-2026").adoption == "withdrawn"
    assert Parameter.objects.get(edition="DB-1").value == 900
    gone = edition_actions.move_edition(SYSTEM, edition, "abolish", now=now)
    with pytest.raises(Refused, match="废止"):
        actions.adopt_edition(SYSTEM, gone, now + timedelta(days=1))
