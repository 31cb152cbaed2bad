"""Reading a workbook as an edition: the edition whole, or every fault that it has, each with its cell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from budayang.rules.standard.edition_sheets import BY_KEY, SHEETS, BadCell, Fault, Sheet, letter_of
from budayang.rules.standard.edition_text import (
    About,
    AnnexRow,
    Chapter,
    EditionText,
    Reference,
    Requirement,
    Term,
    Value,
)
from budayang.rules.standard.editions import FIRST_STATES, PUBLISHED, REFERENCE, STATE_NAMES
from budayang.rules.standard.parts import GIVEN, KIND_NAMES, BadPart, Kind, Part, read_part

Lines = Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Known:
    """What the program can judge by: metrics of functions, questions of the check lists, parameters and their bounds.

    ``problem(name, value)``: why a parameter may not have a value, "" when it may.
    """

    metrics: frozenset[str]
    questions: frozenset[str]
    parameters: frozenset[str]
    problem: Callable[[str, float], str]


@dataclass(slots=True)
class _Row:
    """A row that was read: its line, the letters of its cells, its values by column key and its raw cells."""

    line: int
    letters: Mapping[str, str]
    values: dict[str, Any]
    cells: Mapping[str, str]


def read_edition(book: Mapping[str, Lines], known: Known) -> tuple[EditionText | None, list[Fault]]:
    """The edition of a workbook (sheet title → rows of text, the first being row 1), or every fault that it has."""
    faults: list[Fault] = []
    faults += [Fault(title, 0, "", "", "不认识这张表，请删去或改名") for title in book if title not in _TITLES]
    rows = {sheet.key: _read_sheet(sheet, book.get(sheet.title), faults) for sheet in SHEETS}
    if len(rows["about"]) > 1:
        faults.append(_fault(BY_KEY["about"], rows["about"][1], "code", "“版本”只能有一行"))
    parts = _read_parts(rows["checks"], faults)
    _check_about(rows["about"], faults)
    _check_links(rows, known, faults)
    if faults:
        order = {sheet.title: at for at, sheet in enumerate(SHEETS)}
        return None, sorted(faults, key=lambda one: (order.get(one.sheet, 99), one.row, len(one.column), one.column))
    return _assemble(rows, parts), []


_TITLES = {sheet.title for sheet in SHEETS}


def _read_sheet(sheet: Sheet, lines: Lines | None, faults: list[Fault]) -> list[_Row]:
    if lines is None:
        faults.append(Fault(sheet.title, 0, "", "", f"缺少“{sheet.title}”这张表"))
        return []
    head = next((at for at, cells in enumerate(lines[:10]) if sheet.columns[0].title in cells), None)
    if head is None:
        faults.append(Fault(sheet.title, 0, "", "", f"没有找到表头，第一列应是“{sheet.columns[0].title}”"))
        return []
    where = _heads(sheet, lines[head], head + 1, faults)
    rows = [
        _read_row(sheet, where, line, cells, faults)
        for line, cells in enumerate(lines[head + 1 :], start=head + 2)
        if any(cells)
    ]
    if sheet.filled and not rows:
        faults.append(Fault(sheet.title, 0, "", "", "表头下面没有数据行"))
    _check_twice(sheet, rows, faults)
    return rows


def _heads(sheet: Sheet, titles: Sequence[str], line: int, faults: list[Fault]) -> dict[str, int]:
    """Column key → its place; titles that nobody knows or that stand twice are faults."""
    by_title = {column.title: column for column in sheet.columns}
    where: dict[str, int] = {}
    for at, title in enumerate(titles):
        column = by_title.get(title)
        if not title:
            continue
        if column is None:
            faults.append(Fault(sheet.title, line, letter_of(at), title, f"不认识“{title}”这一列", title))
        elif column.key in where:
            faults.append(Fault(sheet.title, line, letter_of(at), title, f"“{title}”这一列有两列", title))
        else:
            where[column.key] = at
    missing = [column.title for column in sheet.columns if column.key not in where]
    if missing:
        faults.append(Fault(sheet.title, line, "A", "", f"缺少这些列：{'、'.join(missing)}"))
    return where


def _read_row(sheet: Sheet, where: Mapping[str, int], line: int, cells: Sequence[str], faults: list[Fault]) -> _Row:
    found = {key: cells[at] if at < len(cells) else "" for key, at in where.items()}
    row = _Row(line, {key: letter_of(at) for key, at in where.items()}, {}, found)
    for column in sheet.columns:
        if column.key not in found:
            continue
        if column.needed and not found[column.key]:
            faults.append(_fault(sheet, row, column.key, f"“{column.title}”不能空"))
            continue
        try:
            row.values[column.key] = column.read(found[column.key])
        except BadCell as bad:
            faults.append(_fault(sheet, row, column.key, str(bad)))
    beyond = max(where.values(), default=0)
    for at, cell in enumerate(cells[beyond + 1 :], start=beyond + 1):
        if cell:
            faults.append(Fault(sheet.title, line, letter_of(at), "", "这一格在表头以外，请删去", cell))
    return row


def _fault(sheet: Sheet, row: _Row, key: str, message: str) -> Fault:
    title = next((column.title for column in sheet.columns if column.key == key), "")
    return Fault(sheet.title, row.line, row.letters.get(key, "A"), title, message, row.cells.get(key, "")[:80])


def _check_twice(sheet: Sheet, rows: Iterable[_Row], faults: list[Fault]) -> None:
    seen: dict[tuple[Any, ...], int] = {}
    for row in rows:
        if not sheet.unique or any(key not in row.values for key in sheet.unique):
            continue
        key = tuple(row.values[one] for one in sheet.unique)
        if key in seen:
            faults.append(_fault(sheet, row, sheet.unique[0], f"第 {seen[key]} 行已有“{row.cells[sheet.unique[0]]}”"))
        seen.setdefault(key, row.line)


def _read_parts(rows: Iterable[_Row], faults: list[Fault]) -> dict[str, list[Part]]:
    """What people give is given for a clause and a kind: a clause has at most one part of each such kind, or one
    document would answer two parts.
    """
    found: dict[str, list[Part]] = {}
    lines: dict[tuple[str, Kind], int] = {}
    for row in rows:
        if "kind" not in row.values:
            continue
        try:
            part = read_part({**row.cells, "kind": row.values["kind"]})
        except BadPart as bad:
            faults.append(_fault(BY_KEY["checks"], row, bad.column, bad.message))
            continue
        clause = row.cells.get("clause", "")
        if part.kind in GIVEN and (clause, part.kind) in lines:
            told = f"第 {lines[clause, part.kind]} 行已有 {clause} 的“{KIND_NAMES[part.kind]}”"
            told += "，一条里每种填报方式只能有一个"
            faults.append(_fault(BY_KEY["checks"], row, "kind", told))
        lines.setdefault((clause, part.kind), row.line)
        found.setdefault(clause, []).append(part)
    return found


def _check_about(rows: Sequence[_Row], faults: list[Fault]) -> None:
    """A reference edition is in no state of a standard and has no number; a published text has one."""
    sheet = BY_KEY["about"]
    for row in rows[:1]:
        state, number = row.values.get("state"), row.values.get("number")
        if row.values.get("is_reference"):
            if state not in (None, REFERENCE):
                faults.append(_fault(sheet, row, "state", "参照版不是任何标准的文本，文本状态只能是“参照”"))
            if number:
                faults.append(_fault(sheet, row, "number", "参照版没有标准编号，请留空"))
            if "参照版" not in row.cells.get("title", ""):
                faults.append(_fault(sheet, row, "title", "参照版的名称里要写明“参照版”"))
        elif row.values.get("is_reference") is False and "参照版" in row.cells.get("title", ""):
            faults.append(
                _fault(sheet, row, "is_reference", "名称里写着“参照版”，这一列要写“是”；是标准文本的，请改名称")
            )
        elif state == REFERENCE:
            faults.append(_fault(sheet, row, "state", "文本状态是“参照”的，参照版一列要写“是”"))
        elif state is not None and state not in FIRST_STATES:
            faults.append(_fault(sheet, row, "state", f"不能从“{STATE_NAMES[state]}”开始"))
        elif state in PUBLISHED and not number:
            faults.append(_fault(sheet, row, "number", f"文本状态是“{STATE_NAMES[state]}”的要写标准编号"))


def _check_links(rows: Mapping[str, Sequence[_Row]], known: Known, faults: list[Fault]) -> None:
    chapters = {row.values.get("number") for row in rows["chapters"]}
    clauses = {row.values.get("code") for row in rows["clauses"]}
    for row in rows["clauses"]:
        if "chapter" in row.values and row.values["chapter"] not in chapters:
            faults.append(_fault(BY_KEY["clauses"], row, "chapter", f"“章”表里没有第 {row.values['chapter']} 章"))
    for key, empty in (("checks", False), ("values", False), ("annexes", True)):
        for row in rows[key]:
            named = row.values.get("clause")
            if named is not None and named not in clauses and not (empty and not named):
                faults.append(_fault(BY_KEY[key], row, "clause", f"“条款”表里没有 {named}"))
    _check_checks(rows["checks"], known, faults)
    _check_values(rows["values"], known, faults)
    _check_terms(rows["terms"], faults)
    for row in rows["annexes"]:
        annex, table = row.values.get("annex"), row.values.get("table")
        if annex and table and not table.startswith(f"{annex}."):
            faults.append(_fault(BY_KEY["annexes"], row, "table", f"附录 {annex} 的表号要以 {annex}. 开头"))


def _check_checks(rows: Iterable[_Row], known: Known, faults: list[Fault]) -> None:
    sheet = BY_KEY["checks"]
    for row in rows:
        kind = row.values.get("kind")
        metric = row.values.get("metric", "")
        if kind == Kind.FUNCTION and metric and metric not in known.metrics:
            faults.append(_fault(sheet, row, "metric", f"平台没有“{metric}”这个指标"))
        asked = row.cells.get("questions", "").split() if kind == Kind.ROUND else []
        unknown = [code for code in asked if code not in known.questions]
        if unknown:
            faults.append(_fault(sheet, row, "questions", f"检查表里没有这些问题：{'、'.join(unknown)}"))


def _check_values(rows: Iterable[_Row], known: Known, faults: list[Fault]) -> None:
    sheet = BY_KEY["values"]
    for row in rows:
        name, value = row.values.get("name"), row.values.get("value")
        if name is None:
            continue
        if name not in known.parameters:
            faults.append(_fault(sheet, row, "name", f"平台没有“{name}”这个参数"))
        elif value is not None and known.problem(name, value):
            faults.append(_fault(sheet, row, "value", known.problem(name, value)))


def _check_terms(rows: Sequence[_Row], faults: list[Fault]) -> None:
    """One word for one thing: what one term discourages is no term itself, and no other's discouraged word."""
    sheet = BY_KEY["terms"]
    names = {row.values.get("term") for row in rows}
    owners: dict[str, str] = {}
    for row in rows:
        for word in row.values.get("discouraged", ()):
            if word in names:
                faults.append(_fault(sheet, row, "discouraged", f"“{word}”自己是术语，不能列为不用的词"))
            elif word in owners:
                faults.append(_fault(sheet, row, "discouraged", f"“{word}”已列在“{owners[word]}”之下"))
            owners.setdefault(word, str(row.values.get("term", "")))


def _assemble(rows: Mapping[str, Sequence[_Row]], parts: Mapping[str, Sequence[Part]]) -> EditionText:
    def made(key: str, make: Callable[..., Any]) -> tuple[Any, ...]:
        return tuple(make(**row.values) for row in rows[key])

    clauses = tuple(
        Requirement(**row.values, parts=tuple(parts.get(row.values["code"], ()))) for row in rows["clauses"]
    )
    return EditionText(
        about=About(**rows["about"][0].values),
        chapters=made("chapters", Chapter),
        terms=made("terms", Term),
        references=made("references", Reference),
        clauses=clauses,
        annexes=made("annexes", AnnexRow),
        values=made("values", Value),
    )
