"""Exports cannot run in a spreadsheet; uploads are judged by content; sealed fields open in their own place only."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from openpyxl import Workbook, load_workbook
from PIL import Image

from budayang.center.platform.exports import Column, csv_file, workbook
from budayang.center.platform.sealing import CannotOpen, lookup_hash, open_field, seal_field
from budayang.center.platform.uploads import BadUpload, read_image, read_table


@dataclass
class Row:
    name: str
    count: int
    at: datetime


ROWS = [
    Row("=HYPERLINK(1)", 3, datetime(2026, 11, 23, 18, 14, tzinfo=UTC)),
    Row("康巴什", -1, datetime(2026, 1, 1, tzinfo=UTC)),
]
COLUMNS = (
    Column("名称", lambda row: row.name),
    Column("数量", lambda row: row.count),
    Column("时间", lambda row: row.at),
)


def test_a_workbook_keeps_text_as_text_and_says_that_it_is_a_demonstration() -> None:
    sheet = load_workbook(io.BytesIO(workbook("清单/一", COLUMNS, ROWS, demo=True))).worksheets[0]
    cells = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert cells[0][0] == "演示数据"
    assert cells[2] == ["=HYPERLINK(1)", 3, "2026-11-24 02:14:00"]
    assert sheet["A3"].data_type == "s"


def test_a_csv_file_disarms_formulas_but_not_numbers() -> None:
    text = csv_file(COLUMNS, ROWS, demo=False).decode("utf-8-sig").splitlines()
    assert text[0] == "名称,数量,时间"
    assert text[1].startswith("'=HYPERLINK(1),3,")
    assert ",-1," in text[2]


def test_a_table_is_read_with_its_lines_from_csv_and_xlsx() -> None:
    content = "演示数据\n代码,名称,多余\n150603,康巴什区,x\n\n150625,杭锦旗,\n"
    book = Workbook()
    for line in content.splitlines():
        book.active.append(line.split(","))  # type: ignore[union-attr]
    out = io.BytesIO()
    book.save(out)
    for upload in (content.encode("utf-8-sig"), content.encode("gb18030"), out.getvalue()):
        table = read_table(upload, ["名称", "代码"], optional=["电话"])
        assert [(row.line, row.cells["代码"]) for row in table.rows] == [(3, "150603"), (5, "150625")]
        assert table.rows[0].cells["电话"] == ""


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"a,b\n1,2\n", "没有找到表头"),
        ("代码,名称\n".encode(), "没有数据行"),
        (b"\x00\x01\x02\x03", "不是表格"),
        (b"PK\x03\x04 not a zip", "打不开"),
        (b"x" * (5 * 1024 * 1024 + 1), "5 MB"),
    ],
)
def test_what_is_no_table_is_refused_with_the_repair(content: bytes, words: str) -> None:
    with pytest.raises(BadUpload, match=words):
        read_table(content, ["代码", "名称"])


def meddled(part: str, change: Callable[[bytes], bytes]) -> bytes:
    """A workbook of two rows, one of its parts changed."""
    book, out = Workbook(), io.BytesIO()
    for row in (["代码", "名称"], ["150603", "康巴什区"]):
        book.active.append(row)  # type: ignore[union-attr]
    book.save(out)
    changed = io.BytesIO()
    with zipfile.ZipFile(out) as source, zipfile.ZipFile(changed, "w") as target:
        for entry in source.infolist():
            content = source.read(entry)
            target.writestr(entry.filename, change(content) if entry.filename == part else content)
    return changed.getvalue()


BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaa">]>'
LAUGHS = (
    '<!DOCTYPE x [<!ENTITY l0 "ha">' + "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10)) + "]>"
).encode()
"""A thousand million words of one, if anybody expanded them."""
SHEET = "xl/worksheets/sheet1.xml"


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("xl/workbook.xml", lambda content: LAUGHS + content.replace(b'name="Sheet"', b'name="&l9;"')),
        (SHEET, lambda content: BOMB + content),
        (SHEET, lambda content: content[:-30]),
        (SHEET, lambda _content: b""),
    ],
)
def test_a_bomb_and_a_broken_sheet_are_refused(part: str, change: Callable[[bytes], bytes]) -> None:
    with pytest.raises(BadUpload):
        read_table(meddled(part, change), ["代码", "名称"])


def test_how_large_a_sheet_says_that_it_is_costs_nothing() -> None:
    """Some hundred bytes that claim 20,000 × 16,384 cells: what is read is what is there."""

    def claim(content: bytes) -> bytes:
        assert b'ref="A1:B2"' in content
        return (
            content.replace(b'ref="A1:B2"', b'ref="A1:XFD19999"')
            .replace(b'<row r="2"', b'<row r="19998"')
            .replace(b'"A2"', b'"A19998"')
            .replace(b'"B2"', b'"B19998"')
        )

    tracemalloc.start()
    table = read_table(meddled(SHEET, claim), ["代码", "名称"])
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [(row.line, row.cells["名称"]) for row in table.rows] == [(19998, "康巴什区")]
    assert most < 40_000_000


def test_too_many_columns_are_named() -> None:
    book, out = Workbook(), io.BytesIO()
    book.active.append(["代码", "名称", *(str(n) for n in range(200))])  # type: ignore[union-attr]
    book.save(out)
    with pytest.raises(BadUpload, match="200 列"):
        read_table(out.getvalue(), ["代码", "名称"])


def test_a_quotation_mark_that_is_never_closed_is_named() -> None:
    with pytest.raises(BadUpload, match="第 2 行"):
        read_table(('代码,名称\n1,"' + "x" * 200_000).encode(), ["代码", "名称"])


def test_a_picture_is_written_anew_without_what_hid_in_it() -> None:
    out = io.BytesIO()
    picture = Image.new("RGB", (8, 8), "red")
    exif = Image.Exif()
    exif[0x010E] = "hidden"
    picture.save(out, "JPEG", exif=exif)
    clean = read_image(out.getvalue() + b"<script>")
    assert clean.startswith(b"\x89PNG")
    assert b"hidden" not in clean
    assert b"script" not in clean
    with pytest.raises(BadUpload):
        read_image(b"<svg onload='x'/>")


def test_a_sealed_field_opens_in_its_own_row_and_column_only() -> None:
    sealed = seal_field("case", "K-1", "name", "测试甲")
    assert "测试甲".encode() not in sealed
    assert sealed != seal_field("case", "K-1", "name", "测试甲")
    assert open_field("case", "K-1", "name", sealed) == "测试甲"
    for place in (("case", "K-2", "name"), ("case", "K-1", "phone"), ("paper", "K-1", "name")):
        with pytest.raises(CannotOpen):
            open_field(*place, sealed)
    with pytest.raises(CannotOpen):
        open_field("case", "K-1", "name", sealed[:-1] + bytes([sealed[-1] ^ 1]))


def test_look_up_hashes_are_equal_for_equal_texts_of_one_kind() -> None:
    assert lookup_hash("id", "1") == lookup_hash("id", "1") != lookup_hash("phone", "1")
