"""What ships of the reference edition beside its clauses: terms, normative references, and how each clause is
judged.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from io import StringIO
from types import MappingProxyType

from budayang.rules.standard.edition_text import Reference, Term
from budayang.rules.standard.parts import Part, read_part


def _rows(name: str) -> list[dict[str, str]]:
    text = files("budayang.data").joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(StringIO(text, newline="")))


@cache
def terms() -> tuple[Term, ...]:
    """Chapter 3: each term once, in the order of the file."""
    return tuple(
        Term(r["term"], r["english"], r["definition"], r["source"], r["grade"], tuple(r["discouraged"].split()))
        for r in _rows("terms.csv")
    )


@cache
def references() -> tuple[Reference, ...]:
    """Normative references, with what is known of newer editions and of how the drafting note writes them."""
    return tuple(
        Reference(r["number"], r["title"], r["kind"], r["drafted_as"], r["newer"], r["note"])
        for r in _rows("references.csv")
    )


@cache
def clause_checks() -> Mapping[str, tuple[Part, ...]]:
    """Clause → the parts of its check, all of which have to be met. Raises ValueError for a row that cannot be read."""
    found: dict[str, list[Part]] = {}
    for row in _rows("clause_checks.csv"):
        found.setdefault(row["clause"], []).append(read_part(row))
    return MappingProxyType({code: tuple(parts) for code, parts in found.items()})


TEMPLATE_CLAUSES: frozenset[str] = frozenset({"JB-12", "YJ-09", "WH-15", "WH-18", "PJ-23", "PJ-24"})
"""Clauses whose value comes from a template or a source of low trust (requirements.md, section 6 item 13): their
answers are listed apart from the score."""
