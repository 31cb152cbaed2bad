"""The catalogue as a file: finds the head of an uploaded table, names its cells as a spreadsheet does, and writes the
file that the same reader reads back without a difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from django.utils.translation import gettext as _
from openpyxl.utils import get_column_letter

from budayang.center.platform import exports
from budayang.center.platform.uploads import BadUpload, read_lines
from budayang.center.platform.wording import words
from budayang.center.services.catalogue import BY_HEAD, BY_KEY, COLUMNS, REQUIRED, Column

HEAD_WITHIN = 10
UNREAD = "-"
_RUNS = ("=", "+", "-", "@")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table of items. `head`: the column's key per cell, UNREAD for a title that no column answers to, "" where
    there is no title. `rows`: (row number as the
    spreadsheet shows it, cells). `unread`: heads that no column answers to.
    """

    head: list[str]
    rows: list[tuple[int, list[str]]]
    unread: list[str]


def read_sheet(content: bytes) -> Sheet:
    """Read an XLSX or CSV file with Chinese or English heads in any order.

    Raises:
        BadUpload: no such table; a head twice; a column missing without which nothing can be said.
    """
    lines = read_lines(content)
    best = max(range(min(len(lines), HEAD_WITHIN)), key=lambda at: _known(lines[at]), default=None)
    if best is None or _known(lines[best]) < 2:
        wanted = "、".join(words(BY_KEY[key].title) for key in REQUIRED)
        raise BadUpload(_("没有找到表头。须有这些列：%(columns)s。") % {"columns": wanted})
    columns = [BY_HEAD.get(title.casefold()) for title in lines[best]]
    _check_head(columns, lines[best])
    is_csv = content[:4] != b"PK\x03\x04"
    rows = [
        (number, [_armed_again(cell) if is_csv else cell.replace("\r\n", "\n") for cell in cells])
        for number, cells in enumerate(lines[best + 1 :], start=best + 2)
        if any(cells)
    ]
    if not rows:
        raise BadUpload(_("表头下面没有数据行。"))
    last = max(at for at, title in enumerate(lines[best]) if title) + 1
    unread = [title for title, column in zip(lines[best], columns, strict=True) if title and column is None]
    # A cell below no title at all is a fault of its row; below a title that we do not know it is not read.
    head = [
        column.key if column else UNREAD if title else "" for title, column in zip(lines[best], columns, strict=True)
    ]
    return Sheet(head[:last], rows, unread)


def _known(cells: Sequence[str]) -> int:
    return sum(cell.casefold() in BY_HEAD for cell in cells)


def _check_head(columns: Sequence[Column | None], titles: Sequence[str]) -> None:
    seen: dict[str, int] = {}
    for at, column in enumerate(columns):
        if column is None:
            continue
        if column.key in seen:
            both = {"a": letter_of(seen[column.key]), "b": letter_of(at), "title": titles[at]}
            raise BadUpload(_("%(a)s 列和 %(b)s 列都是“%(title)s”，请留一列。") % both)
        seen[column.key] = at
    missing = [words(BY_KEY[key].title) for key in REQUIRED if key not in seen]
    if missing:
        raise BadUpload(_("缺少这些列：%(columns)s。") % {"columns": "、".join(missing)})


def _armed_again(cell: str) -> str:
    """A cell that our CSV export disarmed (`exports.csv_cell`), as it was."""
    plain = cell.replace("\r\n", "\n")
    return plain[1:] if plain[:1] == "'" and plain[1:2] in _RUNS else plain


def letter_of(at: int) -> str:
    """A, B … Z, AA …: the name of the `at`-th column, counted from 0."""
    return str(get_column_letter(at + 1))


def cell_name(line: int, letter: str, title: str) -> str:
    """第 7 行 H 列（收费）; without a title only the letter."""
    if not title:
        return _("第 %(line)d 行 %(letter)s 列") % {"line": line, "letter": letter}
    return _("第 %(line)d 行 %(letter)s 列（%(title)s）") % {"line": line, "letter": letter, "title": words(title)}


def as_text(key: str, value: Any) -> str:
    """A value as its cell says it."""
    return BY_KEY[key].write(value)


def file_of(kind: Literal["xlsx", "csv"], rows: Iterable[Mapping[str, Any]], *, demo: bool) -> bytes:
    """The file of these rows (column key -> value), with Chinese heads."""
    columns = [exports.Column(column.title, _reader(column)) for column in COLUMNS]
    if kind == "csv":
        return exports.csv_file(columns, rows, demo=demo)
    return exports.workbook("事项目录", columns, rows, demo=demo)


def _reader(column: Column) -> Any:
    return lambda row: column.write(row[column.key])
