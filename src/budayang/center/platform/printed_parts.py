"""Reports of several parts as Word and Excel: headings, paragraphs and tables one after the other.

Word is A4 upright with page numbers; Excel has a sheet a table, with numbers that can be added up. Text is text.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from docx import Document
from docx.document import Document as Paper
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.shared import Mm, Pt, RGBColor
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill

from budayang.center.platform.exports import DEMO_MARK
from budayang.center.platform.printed import (
    A4,
    BOX,
    FONT,
    TWIPS_MM,
    Heading,
    chinese,
    clean,
    letter,
    page_field,
    say,
    table_row,
    text_cell,
)

Value = str | int | float | None
WIDTH_MM = 210 - 2 * 18
FORMATS: dict[str, str] = {"share": "0.0%", "hours": "0.0", "minutes": "0.0", "seconds": "0.0", "yuan": "0.00"}
"""Number formats of a sheet by the kind of a column; other numbers as they are."""
_WRAP = Alignment(wrap_text=True, vertical="top")
_HEAD = PatternFill("solid", fgColor="E8EDF3")
_BRAND = RGBColor(0x0F, 0x4C, 0x81)


@dataclass(frozen=True, slots=True)
class PartTable:
    """`kinds`: what each column holds (a key of FORMATS, or text). `rows`: raw values; None is a dash, never 0.

    `sheet`: the name of its Excel sheet. `empty`: what stands there without rows. `row_kinds`: where the rows are of
    different kinds, those of each row.
    """

    title: str
    sheet: str
    headings: tuple[Heading, ...]
    kinds: tuple[str, ...]
    rows: Sequence[tuple[Value, ...]]
    note: str = ""
    empty: str = ""
    row_kinds: Sequence[tuple[str, ...]] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """A chapter: its heading, paragraphs, tables."""

    title: str
    paragraphs: tuple[str, ...]
    tables: tuple[PartTable, ...]


@dataclass(frozen=True, slots=True)
class Printing:
    """The whole: `lines` stand under the title. `show` turns a value of a kind into words (for Word only)."""

    title: str
    lines: tuple[str, ...]
    parts: tuple[Part, ...]
    show: Callable[[str, Value], str]
    demo: bool = True


def word_report(page: Printing) -> bytes:
    """A DOCX with real headings, so that a word processor makes its contents from them."""
    paper = Document()
    chinese(paper)
    style = paper.styles["Normal"]
    style.font.name, style.font.size = FONT, Pt(10)
    style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), FONT)
    for name, size in (("Heading 1", 14), ("Heading 2", 11)):
        head = paper.styles[name]
        head.font.name, head.font.size, head.font.bold = FONT, Pt(size), True
        head.font.color.rgb = _BRAND
        head.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), "黑体")
    paper.core_properties.title, paper.core_properties.author = clean(page.title), "不打烊 Budayang"
    _set_page(paper, page)
    say(paper.add_paragraph(), page.title, size=20, bold=True, middle=True)
    for line in page.lines:
        say(paper.add_paragraph(), line, size=9, middle=True)
    for part in page.parts:
        paper.add_heading(clean(part.title), level=1)
        for text in part.paragraphs:
            say(paper.add_paragraph(), text, size=9.5)
        for table in part.tables:
            paper.add_heading(clean(table.title), level=2)
            if table.rows:
                paper.element.body.insert(-1, _table(table, page.show))
            else:
                say(paper.add_paragraph(), table.empty)
            if table.note:
                say(paper.add_paragraph(), table.note, size=8)
    out = io.BytesIO()
    paper.save(out)
    return out.getvalue()


def _set_page(paper: Paper, page: Printing) -> None:
    section = paper.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(18)
    section.top_margin, section.bottom_margin = Mm(20), Mm(18)
    if page.demo:
        head = section.header.paragraphs[0]
        say(head, DEMO_MARK, size=11, bold=True, middle=True, colour=RGBColor(0x6B, 0x44, 0))
    foot = section.footer.paragraphs[0]
    say(foot, f"{page.title}　第 ", size=8, middle=True)
    page_field(foot, "PAGE")
    say(foot, " 页 共 ", size=8, middle=True)
    page_field(foot, "NUMPAGES")
    say(foot, " 页" + (f"　{DEMO_MARK}" if page.demo else ""), size=8, middle=True)


def _table(table: PartTable, show: Callable[[str, Value], str]) -> BaseOxmlElement:
    share = sum(one.width for one in table.headings)
    widths = [round(WIDTH_MM * TWIPS_MM * one.width / share) for one in table.headings]
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    head = table_row([one.title for one in table.headings], widths, table.headings, head=True)
    rows = "".join(
        table_row([show(kind, value) for kind, value in zip(table.kinds, row, strict=True)], widths, table.headings)
        for row in table.rows
    )
    return parse_xml(
        f'<w:tbl {nsdecls("w")}><w:tblPr><w:tblW w:w="{sum(widths)}" w:type="dxa"/><w:tblLayout w:type="fixed"/>'
        f"</w:tblPr><w:tblGrid>{grid}</w:tblGrid>{head}{rows}</w:tbl>"
    )


def excel_report(page: Printing) -> bytes:
    """An XLSX: a sheet a table, each with the title above it, its head frozen, its note below."""
    book = Workbook(write_only=True)
    names: set[str] = set()
    for part in page.parts:
        for table in part.tables:
            _sheet(book, page, part, table, names)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _sheet(book: Workbook, page: Printing, part: Part, table: PartTable, names: set[str]) -> None:
    plain = "".join(" " if sign in "[]:*?/\\" else sign for sign in table.sheet)[:28] or "表"
    name = plain if plain not in names else f"{plain} {len(names)}"
    names.add(name)
    sheet = book.create_sheet(name)
    for number, heading in enumerate(table.headings):
        sheet.column_dimensions[letter(number)].width = max(9, heading.width * 1.4)
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.oddFooter.center.text = "第 &P 页 共 &N 页" + (f"　{DEMO_MARK}" if page.demo else "")
    above: list[tuple[str, Font]] = [(DEMO_MARK, Font(bold=True))] if page.demo else []
    above += [(page.title, Font(bold=True, size=14)), (f"{part.title} · {table.title}", Font(bold=True, size=12))]
    head_at = len(above) + 1
    sheet.print_title_rows, sheet.freeze_panes = f"{head_at}:{head_at}", f"A{head_at + 1}"
    for text, font in above:
        sheet.append([text_cell(sheet, text, font)])
    heads = [text_cell(sheet, one.title, Font(bold=True), BOX) for one in table.headings]
    for cell in heads:
        cell.fill = _HEAD
    sheet.append(heads)
    for number, row in enumerate(table.rows):
        kinds = table.row_kinds[number] if table.row_kinds else table.kinds
        sheet.append([_cell(sheet, kind, value) for kind, value in zip(kinds, row, strict=True)])
    if not table.rows:
        sheet.append([text_cell(sheet, table.empty, Font())])
    if table.note:
        sheet.append([text_cell(sheet, table.note, Font(size=9))])


def _cell(sheet: Any, kind: str, value: Value) -> Any:
    """A number stays one; what is not known is a dash."""
    cell = text_cell(sheet, "—" if value is None or value == "" else str(value), Font(size=10), BOX)
    cell.alignment = _WRAP
    if isinstance(value, int | float):
        cell.value, cell.data_type = value, "n"
        if kind in FORMATS:
            cell.number_format = FORMATS[kind]
    return cell
