"""What is different between two editions, clause by clause and term by term, cell by cell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from budayang.rules.standard.edition_sheets import BY_KEY, write_rows
from budayang.rules.standard.edition_text import EditionText

CHANGE_NAMES: dict[str, str] = {"new": "新增", "changed": "有改动", "gone": "删去", "same": "不变"}


@dataclass(frozen=True, slots=True)
class Change:
    """One row that is new, gone or changed (or the same). ``cells``: (column title, before, after) of what changed; of
    a new or gone row all cells that say something.
    """

    sheet: str
    key: str
    change: str
    cells: tuple[tuple[str, str, str], ...]


def differences(before: EditionText, after: EditionText, *, same: bool = False) -> list[Change]:
    """In the order of the sheets and of the later edition; what is gone stands where its sheet ends. Checks stand with
    their clause. ``same``: list what did not change too.
    """
    olds, news = write_rows(before), write_rows(after)
    found: list[Change] = []
    for sheet in BY_KEY.values():
        if sheet.key == "checks":
            continue
        titles = [column.title for column in sheet.columns]
        key = _keys(sheet.key)
        old = _index(sheet.key, olds, key)
        new = _index(sheet.key, news, key)
        if sheet.key == "clauses":
            titles = [*titles, "检查"]
        for name in [*new, *(one for one in old if one not in new)]:
            change = _change(sheet.title, name, titles, old.get(name), new.get(name))
            if same or change.change != "same":
                found.append(change)
    return found


ASKED = frozenset({"要求", "判断标准", "检查"})
"""What a clause asks; its weight, grade, basis and place in the text may change without it."""


def asks_the_same(before: EditionText, after: EditionText) -> frozenset[str]:
    """Codes of clauses that ask the same in both editions, and are judged by the same check: what was given for one of
    them answers the other. A code that stands for another requirement now (renumbered) is not among them.
    """
    title = BY_KEY["clauses"].title
    return frozenset(
        one.key
        for one in differences(before, after, same=True)
        if one.sheet == title
        and one.change in ("same", "changed")
        and not ASKED & {column for column, _before, _after in one.cells}
    )


def _keys(sheet: str) -> Callable[[Sequence[Any]], str]:
    if sheet == "about":
        return lambda row: ""
    if sheet == "annexes":
        return lambda row: f"{row[2]} {row[4]}"
    return lambda row: str(row[0])


def _index(sheet: str, rows: dict[str, list[list[Any]]], key: Callable[[Sequence[Any]], str]) -> dict[str, list[str]]:
    """Rows by their name; a name that stands again gets its number, so that none is lost."""
    found: dict[str, list[str]] = {}
    checks = _checks(rows["checks"]) if sheet == "clauses" else {}
    for row in rows[sheet]:
        name = key(row)
        number = 1
        while (name if number == 1 else f"{name} ({number})") in found:
            number += 1
        cells = [_said(cell) for cell in row]
        if sheet == "clauses":
            cells.append(checks.get(str(row[0]), ""))
        found[name if number == 1 else f"{name} ({number})"] = cells
    return found


def _checks(rows: Iterable[Sequence[Any]]) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for clause, *cells in rows:
        found.setdefault(str(clause), []).append(" ".join(_said(cell) for cell in cells if cell != ""))
    return {clause: "；".join(parts) for clause, parts in found.items()}


def _said(cell: Any) -> str:
    return f"{cell:.15g}" if isinstance(cell, float) else str(cell)


def _change(
    sheet: str, name: str, titles: Sequence[str], old: Sequence[str] | None, new: Sequence[str] | None
) -> Change:
    before = old or [""] * len(titles)
    after = new or [""] * len(titles)
    cells = tuple((title, a, b) for title, a, b in zip(titles, before, after, strict=True) if a != b)
    word = "new" if old is None else "gone" if new is None else "changed" if cells else "same"
    return Change(sheet, name, word, cells)


def counts(changes: Iterable[Change]) -> dict[str, int]:
    """How many rows changed how."""
    found = dict.fromkeys(CHANGE_NAMES, 0)
    for one in changes:
        found[one.change] += 1
    return found
