"""How the clauses of the reference edition (参照版) read as sentences with 应, 宜 or 可: the house's own wording of
`requirements.csv`, never the text of a published standard. 应 stands where the basis has grade A or B, 宜 for C and D.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import StringIO


@dataclass(frozen=True, slots=True)
class ClauseSentence:
    """A clause's sentence and the note below it; `note` may be empty."""

    code: str
    text: str
    note: str


@cache
def clause_sentences() -> dict[str, ClauseSentence]:
    """Clause code → its sentence."""
    text = (files("budayang.data") / "clause_texts.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(StringIO(text))
    return {row["code"]: ClauseSentence(row["code"], row["text"], row["note"]) for row in rows}
