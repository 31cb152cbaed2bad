"""Reads of editions: the rows as a plain edition and back to front, what can be judged here, proposals."""

from __future__ import annotations

from functools import cache

from django.db.models import Count, QuerySet

from budayang.center.platform import exports
from budayang.center.standard.models import Clause, Edition, EditionProposal, Term
from budayang.data.check_lists import check_lists
from budayang.data.standard_text import terms as shipped_terms
from budayang.rules.parameters import PARAMETERS, get_parameter
from budayang.rules.standard import METRICS
from budayang.rules.standard.edition_reading import Known
from budayang.rules.standard.edition_sheets import SHEETS, write_rows
from budayang.rules.standard.edition_text import (
    About,
    AnnexRow,
    Chapter,
    EditionText,
    Reference,
    Requirement,
    Value,
)
from budayang.rules.standard.edition_text import Term as TermText
from budayang.rules.standard.parts import Part, read_part


def editions() -> QuerySet[Edition]:
    """Every edition with its `clause_count`, the newest first. An edition is nobody's secret: whoever may open the page
    sees all.
    """
    return Edition.objects.annotate(clause_count=Count("clauses")).order_by("-loaded_at", "-pk")


def get_edition(code: str) -> Edition:
    """Raises Edition.DoesNotExist."""
    return Edition.objects.get(code=code)


def proposals() -> QuerySet[EditionProposal]:
    """Uploaded workbooks, the newest first."""
    return EditionProposal.objects.order_by("-brought_at", "-pk")


def text_of(edition: Edition) -> EditionText:
    """The edition as plain values: what is exported, compared and read back without a difference."""
    return EditionText(
        about=About(edition.code, edition.title, edition.is_reference, edition.state, edition.number, edition.source),
        chapters=tuple(Chapter(row.number, row.title) for row in edition.chapters.all()),
        terms=tuple(
            TermText(row.term, row.english, row.definition, row.source, row.grade, tuple(row.discouraged))
            for row in edition.terms.all()
        ),
        references=tuple(
            Reference(row.number, row.title, row.kind, row.drafted_as, row.newer, row.note)
            for row in edition.references.all()
        ),
        clauses=tuple(_requirement(row) for row in edition.clauses.all()),
        annexes=tuple(
            AnnexRow(
                row.annex,
                row.annex_title,
                row.table,
                row.table_title,
                row.item,
                row.criterion,
                row.frequency,
                row.clause,
            )
            for row in edition.annexes.all()
        ),
        values=tuple(Value(row.name, row.value, row.clause) for row in edition.values.all()),
    )


def _requirement(row: Clause) -> Requirement:
    return Requirement(
        code=row.code,
        chapter=row.chapter,
        requirement=row.requirement,
        criterion=row.criterion,
        verification=row.verification,
        frequency=row.frequency,
        basis=row.basis,
        grade=row.grade,
        template=row.template,
        weight=row.weight,
        parts=parts_of(row),
    )


def parts_of(clause: Clause) -> tuple[Part, ...]:
    """How the clause is judged; () when it is not connected."""
    return tuple(read_part(one) for one in clause.parts)


@cache
def known() -> Known:
    """What an edition's checks may name: the program's metrics, the questions of the lists that ship, parameters."""
    return Known(
        metrics=frozenset(METRICS),
        questions=frozenset(question.code for one in check_lists() for question in one.questions),
        parameters=frozenset(one.name for one in PARAMETERS),
        problem=lambda name, value: get_parameter(name).problem(value),
    )


def term_rows(edition: Edition | None) -> list[TermText]:
    """The terms of an edition; those that ship while no edition is loaded."""
    if edition is None:
        return list(shipped_terms())
    rows = Term.objects.filter(edition=edition)
    return [TermText(r.term, r.english, r.definition, r.source, r.grade, tuple(r.discouraged)) for r in rows]


def workbook_of(text: EditionText, *, demo: bool) -> bytes:
    """The edition as a workbook that imports without a difference."""
    rows = write_rows(text)
    sheets = [exports.Sheet(one.title, [column.title for column in one.columns], rows[one.key]) for one in SHEETS]
    return exports.book_of(sheets, demo=demo)
