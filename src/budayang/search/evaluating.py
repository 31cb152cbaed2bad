"""Measures an index on a file of questions whose item is known.

A file has the columns ``query,item,type``; item NONE is a question outside the catalogue. A file of alternatives has
the columns ``query,also_acceptable`` and widens what counts as right: several codes in one cell are separated by
spaces or any of ``、 ， , ； ; | /``, and a question may have several rows.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

from budayang.search.index import Index

NONE = "NONE"
AMONG = 5
_SEPARATORS = re.compile(r"[\s、，,；;|/]+")
Figures = dict[str, float | int | None]


@dataclass(frozen=True, slots=True)
class Case:
    """A question. ``right``: codes that are right, the first one meant; NONE for nothing."""

    query: str
    right: tuple[str, ...]
    sort: str

    @property
    def outside(self) -> bool:
        return self.right[0] == NONE


@dataclass(frozen=True, slots=True)
class Outcome:
    """``given``: the first codes of the answer. ``place``: of the first right one among them, from 1; 0 for none."""

    case: Case
    given: tuple[str, ...]
    place: int
    seconds: float


def read_cases(path: Path, alternatives: Path | None = None) -> list[Case]:
    """Raises ValueError naming file and line for a missing column or an empty question."""
    also: dict[str, list[str]] = {}
    if alternatives is not None:
        for query, cell in _cells(alternatives, "query", "also_acceptable"):
            also.setdefault(query, []).extend(_codes(cell))
    cases = []
    for query, item, *sort in _cells(path, "query", "item", optional="type"):
        right = tuple(dict.fromkeys([*(_codes(item) or [NONE]), *also.get(query, ())]))
        cases.append(Case(query, right, sort[0] or "-"))
    if not cases:
        raise ValueError(f"{path}: no questions")
    return cases


def _cells(path: Path, *columns: str, optional: str = "") -> Iterable[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        missing = [name for name in columns if name not in (rows.fieldnames or ())]
        if missing:
            raise ValueError(f"{path}: no column {', '.join(missing)}")
        for row in rows:
            cells = [(row[name] or "").strip() for name in columns]
            if not cells[0]:
                raise ValueError(f"{path}: line {rows.line_num}: the question is empty")
            yield [*cells, (row.get(optional) or "").strip()] if optional else cells


def _codes(cell: str) -> list[str]:
    return [code for code in _SEPARATORS.split(cell.strip()) if code]


def run_cases(index: Index, cases: Iterable[Case]) -> list[Outcome]:
    """Ask every question once. The tables are made before, so that no question pays for them."""
    index.prepare()
    return [_run(index, case) for case in cases]


def _run(index: Index, case: Case) -> Outcome:
    begun = perf_counter()
    hits = index.find(case.query, AMONG)
    seconds = perf_counter() - begun
    given = tuple(hit.item_code for hit in hits) or (NONE,)
    place = next((at for at, code in enumerate(given, 1) if code in case.right), 0)
    return Outcome(case, given, place, seconds)


def figures(outcomes: list[Outcome]) -> Figures:
    """``top1 top5 mrr false_refusals``: shares of the questions that mean an item. ``out_of_scope_found``: share of the
    others that got no item. None where there is no such question. ``median_ms``: of all.
    """
    inside = [one for one in outcomes if not one.case.outside]
    outside = [one for one in outcomes if one.case.outside]
    return {
        "queries": len(inside),
        "out_of_scope": len(outside),
        "top1": _share([one.place == 1 for one in inside]),
        "top5": _share([one.place > 0 for one in inside]),
        "mrr": _share([1 / one.place if one.place else 0.0 for one in inside]),
        "out_of_scope_found": _share([one.place == 1 for one in outside]),
        "false_refusals": _share([one.given == (NONE,) and one.place == 0 for one in inside]),
        "median_ms": round(median(one.seconds for one in outcomes) * 1000, 3) if outcomes else None,
    }


def _share(values: list[bool] | list[float]) -> float | None:
    return round(sum(values) / len(values), 4) if values else None


def report(outcomes: list[Outcome]) -> dict[str, object]:
    """The figures of all questions at the top and under ``overall``, and of each type under ``by_type``."""
    by_type: dict[str, list[Outcome]] = {}
    for one in outcomes:
        by_type.setdefault(one.case.sort, []).append(one)
    overall = figures(outcomes)
    each: Mapping[str, Figures] = {sort: figures(some) for sort, some in sorted(by_type.items())}
    return {**overall, "overall": overall, "by_type": each}
