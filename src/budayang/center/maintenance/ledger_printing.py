"""Printing a ledger: from a book and a scope to PDF, Word and Excel. A long one is several volumes (册)."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from zoneinfo import ZoneInfo

from budayang.center.maintenance.ledger_books import Book
from budayang.center.maintenance.ledger_rows_devices import Row, Scope
from budayang.center.platform.printed import DOCX, XLSX, Heading, Printed, excel_file, word_file
from budayang.papers import NO_GLYPH, drawable, render
from budayang.rules.ledgers import FORM_NAMES

VOLUME_ROWS = 2000
"""Rows of one PDF or Word file: about 130 pages, which is set in seconds and opens everywhere. Excel takes ten times as
many."""
EXCEL_ROWS = 20_000
MEDIA = {"pdf": "application/pdf", "docx": DOCX, "xlsx": XLSX, "zip": "application/zip"}
ZIP_MOMENT = (1980, 1, 1, 0, 0, 0)

assert set(FORM_NAMES) <= set(MEDIA), "each form has its type"


@dataclass(frozen=True, slots=True)
class Filled:
    """A book with the rows of a scope, as they stood at a moment."""

    book: Book
    scope: Scope
    rows: tuple[Row, ...]
    at: datetime
    demo: bool

    @property
    def name(self) -> str:
        """Name of a file without its ending."""
        return f"{self.book.title}_{self.scope.place.name}_{self.scope.first_on:%Y%m%d}-{self.scope.last_on:%Y%m%d}"

    @property
    def period(self) -> str:
        first, last = self.scope.first_on, self.scope.last_on
        return f"{first.year}年{first.month}月{first.day}日至{last.year}年{last.month}月{last.day}日"

    @property
    def made(self) -> str:
        local = self.at.astimezone(ZoneInfo(self.scope.place.zone))
        return f"{local:%Y-%m-%d %H:%M} 由平台按当时的记录打印，共 {len(self.rows)} 行"


def fill(book: Book, scope: Scope, *, at: datetime, demo: bool, tick: Callable[[], None] | None = None) -> Filled:
    """Read the rows. `tick` is called after every five hundred: long work renews its lease and hears of a cancel."""
    rows: list[Row] = []
    for row in book.rows(scope):
        rows.append(row)
        if tick is not None and len(rows) % 500 == 0:
            tick()
    return Filled(book, scope, tuple(rows), at, demo)


def begin(book: Book, scope: Scope, most: int, *, at: datetime, demo: bool) -> tuple[Filled, bool]:
    """The first rows, `most` of them, and whether these are all: a page never reads a year of a city."""
    rows = tuple(islice(book.rows(scope), most + 1))
    return Filled(book, scope, rows[:most], at, demo), len(rows) <= most


def volumes(rows: Sequence[Row], most: int) -> list[Sequence[Row]]:
    """The rows in volumes; an empty book is one volume."""
    return [rows[start : start + most] for start in range(0, len(rows), most)] or [rows]


def print_forms(filled: Filled, form: str) -> Iterator[tuple[str, bytes]]:
    """The files of one form, one volume after the other: (name, content). Raises KeyError for an unknown form."""
    make: Callable[[Filled, Sequence[Row], str, bool], bytes] = {"pdf": _pdf, "docx": _word, "xlsx": _excel}[form]
    parts = volumes(filled.rows, EXCEL_ROWS if form == "xlsx" else VOLUME_ROWS)
    for number, rows in enumerate(parts, start=1):
        volume = f"第{number}册，共{len(parts)}册" if len(parts) > 1 else ""
        suffix = f"_{number:02d}" if len(parts) > 1 else ""
        yield f"{filled.name}{suffix}.{form}", make(filled, rows, volume, number == len(parts))


def volume_count(filled: Filled, form: str) -> int:
    """How many files a form takes."""
    return len(volumes(filled.rows, EXCEL_ROWS if form == "xlsx" else VOLUME_ROWS))


def bundle(filled: Filled, files: Sequence[tuple[str, bytes]], form: str) -> tuple[str, str, bytes]:
    """(name, media, content) for taking away: the file itself, or a ZIP of the volumes."""
    if len(files) == 1:
        return files[0][0], MEDIA[form], files[0][1]
    return f"{filled.name}_{form}.zip", MEDIA["zip"], zip_of(files)


def zip_of(files: Sequence[tuple[str, bytes]]) -> bytes:
    """A ZIP that is the same bytes whenever it is made of the same files: stored, not packed, without times."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as packed:
        for name, content in files:
            entry = zipfile.ZipInfo(name, ZIP_MOMENT)
            entry.external_attr = 0o644 << 16
            packed.writestr(entry, content)
    return out.getvalue()


def _figures(filled: Filled, last: bool) -> tuple[tuple[str, str], ...]:
    """Figures are of the whole book and stand at its end."""
    return filled.book.figures(filled.rows) if last else ()


def _pdf(filled: Filled, rows: Sequence[Row], volume: str, last: bool) -> bytes:
    book = filled.book
    data = {
        "title": book.title,
        "place": filled.scope.place.name,
        "period": filled.period,
        "basis": book.basis,
        "made": filled.made,
        "columns": [one.title for one in book.columns],
        "widths": [one.width for one in book.columns],
        "numbers": [at for at, one in enumerate(book.columns) if one.number],
        "rows": [list(row) for row in rows],
        "figures": [list(one) for one in _figures(filled, last)],
        "note": book.note,
        "signers": list(book.signers) if last else [],
        "demo": filled.demo,
    }
    if volume:
        data["volume"] = volume
    mended, lacking = drawable(data)
    if lacking:
        mended["note"] = f"{mended['note']}“{NO_GLYPH}”表示字库没有的字，原字见 Word 或 Excel。"
    return render("ledger", mended, at=filled.at)


def _printed(filled: Filled, rows: Sequence[Row], volume: str, last: bool) -> Printed:
    book = filled.book
    lines = (f"地点：{filled.scope.place.name}　　期间：{filled.period}", f"依据：{book.basis}", filled.made)
    return Printed(
        title=book.title,
        lines=(*lines, volume) if volume else lines,
        headings=tuple(Heading(one.title, one.width, one.number) for one in book.columns),
        rows=rows,
        figures=_figures(filled, last),
        note=book.note,
        signers=book.signers if last else (),
        demo=filled.demo,
    )


def _word(filled: Filled, rows: Sequence[Row], volume: str, last: bool) -> bytes:
    return word_file(_printed(filled, rows, volume, last))


def _excel(filled: Filled, rows: Sequence[Row], volume: str, last: bool) -> bytes:
    return excel_file(_printed(filled, rows, volume, last))
