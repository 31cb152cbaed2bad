"""The one place that reads files from people: type by content, limits, images re-encoded, tables by rows."""

from __future__ import annotations

import csv
import io
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from openpyxl import load_workbook
from openpyxl.xml import DEFUSEDXML
from PIL import Image, UnidentifiedImageError

from budayang.center.platform.pdf_looking import CannotLook, runs_by_itself
from budayang.forms.pictures import NotAPicture, shrink

MAX_BYTES = 5 * 1024 * 1024
MAX_ROWS = 20_000
MAX_COLUMNS, MAX_SHEETS = 200, 40
MAX_UNPACKED = 100 * 1024 * 1024
MAX_PIXELS = 40_000_000
PHOTO_BYTES = 20 * 1024 * 1024  # as a phone makes them; what is kept is written anew and far smaller

assert DEFUSEDXML, "openpyxl must read XML with defusedxml: entity bombs (CWE-776)"


class BadUpload(Exception):
    """A file that cannot be taken. The message is for people and names the repair."""


class TableRefused(Exception):
    """The table has errors and nothing was loaded. `errors` are (line, message for people)."""

    def __init__(self, errors: Sequence[tuple[int, str]]) -> None:
        super().__init__(f"{len(errors)} errors")
        self.errors = list(errors)


@dataclass(frozen=True, slots=True)
class UploadedRow:
    """One row of a table: its line as the person sees it, and its cells as stripped text."""

    line: int
    cells: dict[str, str]


@dataclass(slots=True)
class UploadedTable:
    """A table as uploaded. Nothing is loaded while `errors` is not empty."""

    rows: list[UploadedRow] = field(default_factory=list)
    errors: list[tuple[int, str]] = field(default_factory=list)


def read_lines(content: bytes) -> list[list[str]]:
    """The rows of a CSV (UTF-8 or GB 18030) or XLSX file as stripped text, the first being row 1 of the spreadsheet.

    Raises:
        BadUpload: when the file is no table, or too large.
    """
    if len(content) > MAX_BYTES:
        raise BadUpload(_("文件超过 5 MB，请分成几份上传。"))
    return _xlsx_lines(content) if content[:4] == b"PK\x03\x04" else _csv_lines(content)


def read_table(content: bytes, columns: Sequence[str], *, optional: Sequence[str] = ()) -> UploadedTable:
    """Read a CSV (UTF-8 or GB 18030) or XLSX file whose head names at least `columns`, in any order.

    Raises:
        BadUpload: when the file is no such table.
    """
    lines = read_lines(content)
    head_at = next((number for number, cells in enumerate(lines) if set(columns) <= set(cells)), None)
    if head_at is None:
        raise BadUpload(_("没有找到表头。第一行须有这些列：%(columns)s。") % {"columns": "、".join(columns)})
    head = lines[head_at]
    table = UploadedTable()
    for number, cells in enumerate(lines[head_at + 1 :], start=head_at + 2):
        if not any(cells):
            continue
        named = dict(zip(head, cells, strict=False))
        table.rows.append(UploadedRow(number, {name: named.get(name, "") for name in (*columns, *optional)}))
    if not table.rows:
        raise BadUpload(_("表头下面没有数据行。"))
    return table


def read_book(content: bytes) -> dict[str, list[list[str]]]:
    """Every sheet of an XLSX file by its title, each as rows of stripped text, the first being row 1.

    Raises:
        BadUpload: when the file is no workbook, or too large.
    """
    if len(content) > MAX_BYTES:
        raise BadUpload(_("文件超过 5 MB，请分成几份上传。"))
    if content[:4] != b"PK\x03\x04":
        raise BadUpload(_("这不是 XLSX 文件，请用表格软件另存为 XLSX。"))
    return dict(_sheets(content))


def read_image(content: bytes) -> bytes:
    """The picture of an uploaded file, decoded and written anew as PNG: nothing else that hid in the file stays.

    Raises:
        BadUpload: when it is no JPEG, PNG or WebP picture, or too large.
    """
    if len(content) > MAX_BYTES:
        raise BadUpload(_("图片超过 5 MB，请缩小后再上传。"))
    try:
        with Image.open(io.BytesIO(content), formats=("JPEG", "PNG", "WEBP")) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise BadUpload(_("图片超过 4000 万像素，请缩小后再上传。"))
            out = io.BytesIO()
            shown = picture.convert("RGB")
            if picture.has_transparency_data:
                # What is clear in a drawing is paper: left alone it would turn black.
                clear = picture.convert("RGBA")
                shown.paste("white", (0, 0, *shown.size))
                shown.paste(clear, mask=clear.getchannel("A"))
            shown.save(out, "PNG")
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise BadUpload(_("这不是能打开的 JPEG、PNG 或 WebP 图片。")) from error
    return out.getvalue()


@dataclass(frozen=True, slots=True)
class UploadedSheet:
    """A sheet of somebody's materials: a JPEG written anew, or a PDF as it came."""

    media: str
    content: bytes


def read_sheet(content: bytes, *, most: int = MAX_BYTES) -> UploadedSheet:
    """A photograph or a PDF. Of a photograph nothing stays but what is seen: it is decoded, turned upright and written
    anew, so that no place, no name of a phone and no preview hides in it. A PDF with something in it that runs or
    opens by itself is not taken.

    Raises:
        BadUpload: it is neither, or too large.
    """
    if len(content) > PHOTO_BYTES:
        raise BadUpload(_("这个文件超过 20 MB，请缩小后再上传。"))
    if content[:5] == b"%PDF-":
        if len(content) > most:
            raise BadUpload(_("这个 PDF 超过 %(mb)d MB，请缩小或分成几份。") % {"mb": max(1, most // 1_000_000)})
        return _pdf(content)
    try:
        with Image.open(io.BytesIO(content), formats=("JPEG", "PNG", "WEBP")) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise BadUpload(_("图片超过 4000 万像素，请缩小后再上传。"))
        return UploadedSheet("image/jpeg", shrink(content))
    except (NotAPicture, UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise BadUpload(_("这不是能打开的照片或 PDF。请拍照上传，或传 PDF。")) from error


def _pdf(content: bytes) -> UploadedSheet:
    try:
        runs = runs_by_itself(content)
    except CannotLook as error:
        raise BadUpload(
            _("看不清这个 PDF 里有没有会自动运行的内容，不能收。请另存为不加密的普通 PDF，或改用照片。")
        ) from error
    if runs:
        raise BadUpload(_("这个 PDF 里有会自动运行的内容，不能收。请另存为普通 PDF，或改用照片。"))
    return UploadedSheet("application/pdf", content)


def _csv_lines(content: bytes) -> list[list[str]]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise BadUpload(_("文件的文字编码认不出来，请另存为 UTF-8 的 CSV 或 XLSX。"))
    if "\x00" in text:
        raise BadUpload(_("这不是表格文件，请上传 CSV 或 XLSX。"))
    lines: list[list[str]] = []
    try:
        for cells in csv.reader(io.StringIO(text)):
            if len(lines) >= MAX_ROWS:
                raise BadUpload(_("超过 %(rows)d 行，请分成几份上传。") % {"rows": MAX_ROWS})
            lines.append([cell.strip() for cell in cells])
    except csv.Error as error:
        told = _("这个 CSV 从第 %(n)d 行起读不懂，多半是引号没有成对；请检查，或另存为 XLSX。") % {"n": len(lines) + 1}
        raise BadUpload(told) from error
    return lines


def _xlsx_lines(content: bytes) -> list[list[str]]:
    for _title, lines in _sheets(content):
        return lines
    raise BadUpload(_("这个 XLSX 文件打不开，请用表格软件重新另存一次。"))


def _sheets(content: bytes) -> Iterator[tuple[str, list[list[str]]]]:
    """(title, rows) of each sheet. A workbook is read while it is gone through: what is broken shows only then."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(entry.file_size for entry in packed.infolist()) > MAX_UNPACKED:
                raise BadUpload(_("文件解开后超过 100 MB，请分成几份上传。"))
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        if len(book.worksheets) > MAX_SHEETS:
            raise BadUpload(_("工作表超过 %(n)d 张，请分成几份上传。") % {"n": MAX_SHEETS})
        for sheet in book.worksheets:
            yield sheet.title, _sheet_lines(sheet)
        book.close()
    except (zipfile.BadZipFile, zlib.error, KeyError, ValueError, OSError, SyntaxError) as error:
        raise BadUpload(_("这个 XLSX 文件打不开，请用表格软件重新另存一次。")) from error


def _sheet_lines(sheet: Any) -> list[list[str]]:
    """Rows of one width: that of the widest. How large a sheet says that it is may be a lie, and is not asked."""
    sheet.reset_dimensions()
    lines: list[list[str]] = []
    for row in sheet.iter_rows(max_col=MAX_COLUMNS + 1, values_only=True):
        if len(lines) >= MAX_ROWS:
            raise BadUpload(_("超过 %(rows)d 行，请分成几份上传。") % {"rows": MAX_ROWS})
        cells = ["" if cell is None else str(cell).strip() for cell in row]
        while cells and not cells[-1]:
            cells.pop()
        if len(cells) > MAX_COLUMNS:
            raise BadUpload(_("超过 %(n)d 列，请删去多余的列再上传。") % {"n": MAX_COLUMNS})
        lines.append(cells)
    while lines and not lines[-1]:
        lines.pop()
    width = max(map(len, lines), default=0)
    return [cells + [""] * (width - len(cells)) for cells in lines]
