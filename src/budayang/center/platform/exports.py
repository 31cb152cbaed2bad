"""The one place that writes files for people to take away. Cells are text unless they are numbers or times.

A cell that begins with = + - @ or a control character would be run as a formula by a spreadsheet program (CWE-1236): in
XLSX every text is stored as text, in CSV such a cell gets a leading apostrophe.
"""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import IO, Any
from zoneinfo import ZoneInfo

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

DEMO_MARK = "演示数据"
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
AS_TEXT = "@"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of an export: its title and how to read it from a row. `text`: a spreadsheet program leaves what is
    typed into it as it is typed; else it makes 4.1 of 4.10.
    """

    title: str
    value: Callable[[Any], object]
    text: bool = False


def workbook(
    title: str,
    columns: Sequence[Column],
    rows: Iterable[Any],
    *,
    demo: bool,
    zone: str = "Asia/Shanghai",
    definitions: Sequence[tuple[str, str]] = (),
    lines: Sequence[str] = (),
) -> bytes:
    """An XLSX file with one sheet, and a second one with definitions (term, meaning) when there are any. Times are
    written in the area's zone, as text that sorts. `lines` stand above the head.
    """
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_sheet_title(title))
    for at, column in enumerate(columns, start=1):
        if column.text:
            sheet.column_dimensions[get_column_letter(at)].number_format = AS_TEXT
    for line in (*((DEMO_MARK,) if demo else ()), *lines):
        sheet.append([line])
    heads = []
    for column in columns:
        cell = WriteOnlyCell(sheet, value=column.title)
        cell.font = Font(bold=True)
        heads.append(cell)
    sheet.append(heads)
    for row in rows:
        sheet.append([_xlsx_cell(sheet, plain(column.value(row), zone), column.text) for column in columns])
    if definitions:
        second = book.create_sheet("口径")
        for pair in definitions:
            second.append([_xlsx_cell(second, word) for word in pair])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of a workbook: its title, its heads, and rows of cells."""

    title: str
    heads: Sequence[str]
    rows: Iterable[Sequence[object]]


def book_of(sheets: Iterable[Sheet], *, demo: bool, zone: str = "Asia/Shanghai") -> bytes:
    """An XLSX file of several sheets, each with a bold head."""
    book = Workbook(write_only=True)
    for one in sheets:
        sheet = book.create_sheet(_sheet_title(one.title))
        if demo:
            sheet.append([DEMO_MARK])
        heads = []
        for title in one.heads:
            cell = WriteOnlyCell(sheet, value=title)
            cell.font = Font(bold=True)
            heads.append(cell)
        sheet.append(heads)
        for row in one.rows:
            sheet.append([_xlsx_cell(sheet, plain(value, zone)) for value in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def csv_file(columns: Sequence[Column], rows: Iterable[Any], *, demo: bool, zone: str = "Asia/Shanghai") -> bytes:
    """A CSV file with a byte order mark, so that spreadsheet programs read the Chinese text."""
    return "".join(csv_lines(columns, rows, demo=demo, zone=zone)).encode()


def csv_lines(
    columns: Sequence[Column], rows: Iterable[Any], *, demo: bool, zone: str = "Asia/Shanghai"
) -> Iterator[str]:
    """The same file line by line, for rows that are too many to be held at once."""

    def line(cells: Iterable[object]) -> str:
        out = io.StringIO(newline="")
        csv.writer(out).writerow(cells)
        return out.getvalue()

    yield "\ufeff"
    if demo:
        yield line([DEMO_MARK])
    yield line(column.title for column in columns)
    for row in rows:
        yield line(csv_cell(plain(column.value(row), zone)) for column in columns)


KEPT_IN_MEMORY = 8 << 20


def kept_whole(lines: Iterable[str]) -> IO[bytes]:
    """A file that is whole before anything of it is sent, and gone when it is closed; a small one stays in memory."""
    out = tempfile.SpooledTemporaryFile(max_size=KEPT_IN_MEMORY)  # noqa: SIM115 - closed by the answer that sends it
    for line in lines:
        out.write(line.encode())
    out.seek(0)
    return out


def plain(value: object, zone: str) -> str | int | float:
    """A value as a cell holds it."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, int | float):
        return value
    return str(value)


def csv_cell(value: str | int | float) -> str | int | float:
    """The cell, disarmed when a spreadsheet program would run it."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA_STARTS) else value


def _xlsx_cell(sheet: Any, value: str | int | float, as_text: bool = False) -> Cell | int | float:
    if not isinstance(value, str):
        return value
    shown = value.replace("\r\n", "\n").replace("\r", "\n")  # a cell's line ends are LF
    cell = WriteOnlyCell(sheet, value=ILLEGAL_CHARACTERS_RE.sub("", shown)[:32767])
    cell.data_type = "s"  # openpyxl would make a formula of a text that begins with "="
    if as_text:
        cell.number_format = AS_TEXT
    return cell


def _sheet_title(title: str) -> str:
    return "".join(" " if sign in "[]:*?/\\" else sign for sign in title)[:31] or "表"
