#!/usr/bin/env python3
"""Write the table of docs/mechanisms/clause-checks.md anew from the data that ship: which clause is judged by what.

    python tools/clause_checks.py            prints the table
    python tools/clause_checks.py --write    writes it into the page

A test holds the page against the data.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from budayang.data import requirements
from budayang.data.standard_text import TEMPLATE_CLAUSES, clause_checks
from budayang.rules.standard import METRICS
from budayang.rules.standard.answers import Answer
from budayang.rules.standard.parts import KIND_NAMES, Kind, Part
from budayang.rules.standard.scoring import Row

PAGE = Path(__file__).resolve().parents[1] / "docs" / "mechanisms" / "clause-checks.md"
START, END = "<!-- table -->", "<!-- end of table -->"


def asked(part: Part) -> str:
    """What a part is answered by, in one phrase."""
    if part.kind is Kind.FUNCTION:
        return METRICS[part.metric]
    if part.kind is Kind.ROUND:
        return f"`{' '.join(part.questions)}`" + (f" ≥ {part.least:g}" if part.least < 1 else "")
    fields = "；".join(f"{one.label} {one.asked}" for one in part.fields)
    return "：".join(one for one in (part.system, part.what or fields) if one)


def table() -> str:
    """The table as Markdown: one line a part, so that a clause with two parts has two."""
    lines = ["| clause | judged by | what | days | grade | counts |", "|---|---|---|---|---|---|"]
    for row in requirements():
        counted = Row(row.code, row.chapter, 1, row.grade, row.code in TEMPLATE_CLAUSES, Answer.MET).counted
        for part in clause_checks()[row.code]:
            days = "" if part.days is None else str(part.days)
            lines.append(
                f"| {row.code} | {KIND_NAMES[part.kind]} | {asked(part)} | {days} | {row.grade} | "
                f"{'yes' if counted else 'apart'} |"
            )
    return "\n".join(lines)


def summary() -> str:
    """How many parts of which kind there are."""
    kinds = Counter(part.kind for parts in clause_checks().values() for part in parts)
    return "、".join(f"{KIND_NAMES[kind]} {kinds[kind]}" for kind in Kind)


def main() -> None:
    text = f"{START}\n{summary()}\n\n{table()}\n{END}"
    if "--write" not in sys.argv[1:]:
        print(text)
        return
    page = PAGE.read_text()
    before, _start, rest = page.partition(START)
    _old, _end, after = rest.partition(END)
    PAGE.write_text(f"{before}{text}{after}")


if __name__ == "__main__":
    main()
