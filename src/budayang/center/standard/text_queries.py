"""The one door to the texts of an edition for whoever writes documents: clauses as they read, terms, references."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, fields

from budayang.center.standard.models import AnnexRow, Clause, ClauseWording, Edition, Project
from budayang.center.standard.models import Reference as ReferenceRow
from budayang.center.standard.models import Term as TermRow
from budayang.data.clause_texts import clause_sentences

YEAR = re.compile(r"[-—](?:19|20)\d\d$")
LAW = "《"
"""A law's name begins so; laws are listed in the bibliography, not among the normative references."""


@dataclass(frozen=True, slots=True)
class Term:
    """A term with its English, definition and source; `source` may be empty."""

    zh: str
    en: str
    definition: str
    source: str


@dataclass(frozen=True, slots=True)
class Reference:
    """A document: its code (a law: its name in 《》), title and what is to be known of it. `dated`: with its year."""

    code: str
    title: str
    dated: bool
    note: str

    @property
    def is_law(self) -> bool:
        return self.code.startswith(LAW)


@dataclass(frozen=True, slots=True)
class ClauseText:
    """A clause as it stands in the document: `number` "4.1", its sentence and note, and what it was made of.

    `written`: a person of the drafting group wrote the sentence, or it shipped so; else it is the requirement.
    """

    code: str
    number: str
    chapter: int
    chapter_title: str
    text: str
    note: str
    written: bool
    requirement: str
    criterion: str
    verification: str
    frequency: str
    basis: str
    grade: str


@dataclass(frozen=True, slots=True)
class AnnexLine:
    """One row of an annex's table. `annex`: its letter "A", `table`: "A.1", `clause`: the code of a clause or ""."""

    annex: str
    annex_title: str
    table: str
    table_title: str
    item: str
    criterion: str
    frequency: str
    clause: str


def annexes(edition: Edition) -> tuple[AnnexLine, ...]:
    """The rows of the edition's annexes, in order."""
    columns = [one.name for one in fields(AnnexLine)]
    rows = AnnexRow.objects.filter(edition=edition).values(*columns)
    return tuple(AnnexLine(**row) for row in rows)


def terms(edition: Edition) -> tuple[Term, ...]:
    """The edition's terms, in order."""
    rows = TermRow.objects.filter(edition=edition)
    return tuple(Term(row.term, row.english, row.definition, row.source) for row in rows)


def references(edition: Edition) -> tuple[Reference, ...]:
    """The edition's references, laws among them, in order."""
    return tuple(_reference(row) for row in ReferenceRow.objects.filter(edition=edition))


def _reference(row: ReferenceRow) -> Reference:
    """A law is cited by its name in book-title marks and has no title beside it."""
    if row.kind == "law":
        return Reference(f"{LAW}{row.title}》", "", False, row.note)
    return Reference(row.number, row.title, bool(YEAR.search(row.number)), row.note)


def clause_texts(edition: Edition, project: Project | None = None) -> list[ClauseText]:
    """All clauses with their numbers in the document: what the drafting group wrote, else the sentence that ships with
    the reference edition, else the requirement as it stands.

    Any number of projects may stand on a reference edition: what a group wrote there is read with its project only.
    """
    rows = ClauseWording.objects.filter(edition=edition, project=wording_owner(edition, project))
    own = {one.clause_code: one for one in rows}
    shipped = clause_sentences() if edition.is_reference else {}
    counts: Counter[int] = Counter()
    found = []
    for row in Clause.objects.filter(edition=edition).order_by("position"):
        counts[row.chapter] += 1
        sentence = own.get(row.code) or shipped.get(row.code)
        found.append(
            ClauseText(
                code=row.code,
                number=f"{row.chapter}.{counts[row.chapter]}",
                chapter=row.chapter,
                chapter_title=row.chapter_title,
                text=sentence.text if sentence else _ended(row.requirement),
                note=sentence.note if sentence else "",
                written=sentence is not None,
                requirement=row.requirement,
                criterion=row.criterion,
                verification=row.verification,
                frequency=row.frequency,
                basis=row.basis,
                grade=row.grade,
            )
        )
    return found


def wording_owner(edition: Edition, project: Project | None) -> Project | None:
    """Whose the wordings of an edition are: a reference edition's belong to the project, a draft's to the draft."""
    return project if edition.is_reference else None


def _ended(text: str) -> str:
    return text if text.endswith(("。", "；", "：")) else f"{text}。"
