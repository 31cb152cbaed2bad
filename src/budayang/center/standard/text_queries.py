"""The one door to the texts of an edition for whoever writes documents: clauses as they read, terms, references."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from budayang.center.standard.models import Clause, ClauseWording, Edition
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


def clause_texts(edition: Edition) -> list[ClauseText]:
    """All clauses with their numbers in the document: what the drafting group wrote, else the sentence that ships with
    the reference edition, else the requirement as it stands.
    """
    own = {one.clause_code: one for one in ClauseWording.objects.filter(edition=edition)}
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


def _ended(text: str) -> str:
    return text if text.endswith(("。", "；", "：")) else f"{text}。"
