"""The numbers of a draft's text that an opinion can be about, and which clause stands at which."""

from __future__ import annotations

from dataclasses import dataclass

from budayang.center.standard.models import Edition
from budayang.center.standard.text_queries import clause_texts
from budayang.center.standard.writing_draft import as_draft


@dataclass(frozen=True, slots=True)
class Numbered:
    """A text as opinions see it. `numbers`: chapters, terms, clauses, annexes, tables; `codes`: number → clause."""

    edition: Edition
    numbers: frozenset[str]
    codes: dict[str, str]

    def is_ambiguous(self, number: str) -> bool:
        """Whether a spreadsheet program writes the number and another clause's (4.1 and 4.10) alike."""
        return number in self.codes and f"{number}0" in self.codes


def numbered(edition: Edition) -> Numbered:
    """Read once for a whole table."""
    codes = {one.number: one.code for one in clause_texts(edition)}
    return Numbered(edition, as_draft(edition).numbers | {"前言"}, codes)
