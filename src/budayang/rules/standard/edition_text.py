"""An edition of the standard as plain values: what a workbook holds, what the database keeps, what a difference
compares.

Text only, in the order of the edition. Nothing here knows where it came from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from budayang.rules.standard.parts import Part, read_part

REFERENCE_KINDS: dict[str, str] = {"standard": "标准", "law": "法律法规"}


@dataclass(frozen=True, slots=True)
class About:
    """The edition itself. ``number``: of the published standard, empty until then; ``state``:
    rules.standard.editions.
    """

    code: str
    title: str
    is_reference: bool
    state: str
    number: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Chapter:
    """A chapter of the text."""

    number: int
    title: str


@dataclass(frozen=True, slots=True)
class Term:
    """A term of chapter 3. ``discouraged``: other words for the same thing, which pages and documents do not use."""

    term: str
    english: str
    definition: str
    source: str
    grade: str
    discouraged: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reference:
    """A normative reference. ``drafted_as``: how the drafting note writes it; ``newer``: a newer edition, if any."""

    number: str
    title: str
    kind: str
    drafted_as: str
    newer: str
    note: str


@dataclass(frozen=True, slots=True)
class Requirement:
    """A clause. ``grade``: A B C D or several of them ("A/D"). ``template``: its value comes from a template or a
    source of low trust. ``weight``: in the score. ``parts``: how it is judged; without any it is not connected.
    """

    code: str
    chapter: int
    requirement: str
    criterion: str
    verification: str
    frequency: str
    basis: str
    grade: str
    template: bool
    weight: float
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class AnnexRow:
    """One row of a table in an annex: check lists, limits. ``table``: its number, "A.1"."""

    annex: str
    annex_title: str
    table: str
    table_title: str
    item: str
    criterion: str
    frequency: str
    clause: str


@dataclass(frozen=True, slots=True)
class Value:
    """A value that the edition sets for a parameter (rules.parameters), with its clause."""

    name: str
    value: float
    clause: str


@dataclass(frozen=True, slots=True)
class EditionText:
    """A whole edition."""

    about: About
    chapters: tuple[Chapter, ...] = ()
    terms: tuple[Term, ...] = ()
    references: tuple[Reference, ...] = ()
    clauses: tuple[Requirement, ...] = ()
    annexes: tuple[AnnexRow, ...] = ()
    values: tuple[Value, ...] = ()

    def plain(self) -> dict[str, Any]:
        """As JSON; :func:`edition_from` reads it back."""
        return {
            "about": _plain(self.about),
            **{name: [_plain(one) for one in getattr(self, name)] for name in _LISTS},
            "clauses": [{**_plain(one), "parts": [part.plain() for part in one.parts]} for one in self.clauses],
        }


_LISTS: dict[str, type[Any]] = {
    "chapters": Chapter,
    "terms": Term,
    "references": Reference,
    "annexes": AnnexRow,
    "values": Value,
}


def _plain(row: Any) -> dict[str, Any]:
    found = {one.name: getattr(row, one.name) for one in fields(row) if one.name != "parts"}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in found.items()}


def edition_from(raw: Mapping[str, Any]) -> EditionText:
    """The edition that :meth:`EditionText.plain` wrote. Raises KeyError, TypeError or ValueError for anything else."""
    lists: dict[str, tuple[Any, ...]] = {
        name: tuple(made(**_tuples(one)) for one in raw[name]) for name, made in _LISTS.items()
    }
    return EditionText(
        about=About(**raw["about"]), clauses=tuple(requirement_from(one) for one in raw["clauses"]), **lists
    )


def requirement_from(raw: Mapping[str, Any]) -> Requirement:
    """A clause with its parts from JSON."""
    rest = {name: value for name, value in raw.items() if name != "parts"}
    return Requirement(**rest, parts=tuple(read_part(one) for one in raw["parts"]))


def _tuples(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in raw.items()}


def letters(grade: str) -> Sequence[str]:
    """The letters of a grade: "A/D" → A, D; "A(类推)" → A."""
    return [one for one in grade if one in "ABCD"]
