"""Tables that people print and sign: the same page as Word and as Excel, with a head, signature boxes and page numbers.

The PDF of the same page is made by `budayang.papers`. Text is text: nothing typed becomes a formula, a field or markup.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from docx import Document
from docx.document import Document as Paper
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.shared import Mm, Pt, RGBColor
from docx.text.paragraph import Paragraph
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell
from openpyxl.styles import Alignment, Border, Font, Side

from budayang.center.platform.exports import DEMO_MARK

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FONT = "宋体"
A4 = 9  # the paper size in SpreadsheetML
WIDTH_MM = 297 - 2 * 14
TWIPS_MM = 56.693
_BORDERS = "".join(
    f'<w:{side} w:val="single" w:sz="4" w:color="808080"/>' for side in ("top", "left", "bottom", "right")
)
_SMALL, _PLAIN, _BOLD = Font(size=9), Font(), Font(bold=True)
_THIN = Side(style="thin", color="808080")
BOX, _WRAP = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN), Alignment(wrap_text=True, vertical="top")
_MARGINS = '<w:tcMar><w:left w:w="40" w:type="dxa"/><w:right w:w="40" w:type="dxa"/></w:tcMar>'


@dataclass(frozen=True, slots=True)
class Heading:
    """A column: its head, its share of the width, whether it holds numbers."""

    title: str
    width: int
    number: bool = False


@dataclass(frozen=True, slots=True)
class Printed:
    """A page of a table. `lines` stand under the title, `figures` and `note` under the table, then boxes for `signers`.

    `rows` are as many texts as there are headings; a line break in a text is a line break on paper.
    """

    title: str
    lines: tuple[str, ...]
    headings: tuple[Heading, ...]
    rows: Sequence[tuple[str, ...]]
    figures: tuple[tuple[str, str], ...] = ()
    note: str = ""
    signers: tuple[str, ...] = ()
    demo: bool = True


def clean(text: str) -> str:
    """Without the characters that XML cannot hold."""
    return ILLEGAL_CHARACTERS_RE.sub("", text)


def chinese(paper: Any) -> None:
    """Say that a DOCX is in Chinese as it is written here: without it a word processor may take the fonts' Japanese or
    Taiwanese forms, where a comma stands in the middle of its square.
    """
    for lang in paper.styles.element.iter(qn("w:lang")):
        lang.set(qn("w:eastAsia"), "zh-CN")


def word_file(page: Printed) -> bytes:
    """A DOCX: A4 across, the head of the table on each page, 第 n 页 共 m 页 at the foot, 演示数据 at the head."""
    paper = Document()
    chinese(paper)
    style = paper.styles["Normal"]
    style.font.name, style.font.size = FONT, Pt(9)
    style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), FONT)
    paper.core_properties.title, paper.core_properties.author = clean(page.title), "不打烊 Budayang"
    _set_page(paper, page)
    say(paper.add_paragraph(), page.title, size=18, bold=True, middle=True)
    for line in page.lines:
        say(paper.add_paragraph(), line, size=9)
    paper.element.body.insert(-1, word_table(page.headings, page.rows))
    if not page.rows:
        say(paper.add_paragraph(), "本期没有记录。")
    if page.figures:
        say(paper.add_paragraph(), "合计：" + "；".join(f"{label} {value}" for label, value in page.figures), bold=True)
    if page.note:
        say(paper.add_paragraph(), page.note, size=8)
    if page.signers:
        paper.element.body.insert(-1, _boxes(page.signers))
    out = io.BytesIO()
    paper.save(out)
    return out.getvalue()


def _set_page(paper: Paper, page: Printed) -> None:
    section = paper.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Mm(297), Mm(210)
    section.left_margin = section.right_margin = Mm(14)
    section.top_margin, section.bottom_margin = Mm(16), Mm(14)
    if page.demo:
        say(section.header.paragraphs[0], DEMO_MARK, size=11, bold=True, middle=True, colour=RGBColor(0x6B, 0x44, 0))
    foot = section.footer.paragraphs[0]
    say(foot, f"{page.title}　第 ", size=8, middle=True)
    page_field(foot, "PAGE")
    say(foot, " 页 共 ", size=8, middle=True)
    page_field(foot, "NUMPAGES")
    say(foot, " 页" + (f"　{DEMO_MARK}" if page.demo else ""), size=8, middle=True)


def say(
    paragraph: Paragraph, text: str, *, size: float = 9, bold: bool = False, middle: bool = False,
    colour: RGBColor | None = None,
) -> None:  # fmt: skip
    """Add a run of text."""
    run = paragraph.add_run(clean(text))
    run.bold, run.font.size = bold, Pt(size)
    if colour is not None:
        run.font.color.rgb = colour
    if middle:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    paragraph.paragraph_format.space_after = Pt(3)


def page_field(paragraph: Paragraph, what: str) -> None:
    """A field that the word processor fills in: PAGE or NUMPAGES."""
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), what)
    run = parse_xml(f'<w:r {nsdecls("w")}><w:rPr><w:sz w:val="16"/></w:rPr><w:t>1</w:t></w:r>')
    field.append(run)
    paragraph._p.append(field)


def word_table(
    headings: Sequence[Heading], rows: Sequence[Sequence[str]], *, width_mm: float = WIDTH_MM, size: float = 7.5
) -> BaseOxmlElement:
    """A table as one piece of XML: python-docx's own cells take a second for every thousand of them."""
    share = sum(one.width for one in headings)
    widths = [round(width_mm * TWIPS_MM * one.width / share) for one in headings]
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    head = table_row([one.title for one in headings], widths, headings, size, head=True)
    body = "".join(table_row(row, widths, headings, size) for row in rows)
    return parse_xml(
        f'<w:tbl {nsdecls("w")}><w:tblPr><w:tblW w:w="{sum(widths)}" w:type="dxa"/><w:tblLayout w:type="fixed"/>'
        f"</w:tblPr><w:tblGrid>{grid}</w:tblGrid>{head}{body}</w:tbl>"
    )


def table_row(
    cells: Sequence[str], widths: Sequence[int], headings: Sequence[Heading], size: float = 7.5, *, head: bool = False
) -> str:
    """A row as XML; the head is repeated on each page."""
    made = "".join(
        _cell(text, width, size, bold=head, right=heading.number, shade=head)
        for text, width, heading in zip(cells, widths, headings, strict=True)
    )
    return f"<w:tr><w:trPr><w:cantSplit/>{'<w:tblHeader/>' if head else ''}</w:trPr>{made}</w:tr>"


def _cell(
    text: str, width: int, size: float = 7.5, *, bold: bool = False, right: bool = False, shade: bool = False
) -> str:
    lines = '</w:t><w:br/><w:t xml:space="preserve">'.join(escape(line) for line in clean(text).split("\n"))
    shading = '<w:shd w:val="clear" w:color="auto" w:fill="E8EDF3"/>' if shade else ""
    weight, side = "<w:b/>" if bold else "", "right" if right else "left"
    return (
        f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/><w:tcBorders>{_BORDERS}</w:tcBorders>{shading}{_MARGINS}'
        f'</w:tcPr><w:p><w:pPr><w:spacing w:after="0"/><w:jc w:val="{side}"/></w:pPr>'
        f'<w:r><w:rPr>{weight}<w:sz w:val="{round(2 * size)}"/></w:rPr>'
        f'<w:t xml:space="preserve">{lines}</w:t></w:r></w:p></w:tc>'
    )


def _boxes(signers: Sequence[str]) -> BaseOxmlElement:
    width = round(WIDTH_MM * TWIPS_MM / len(signers))
    cells = "".join(_cell(f"{one}（签字）：\n\n　　　　　　　年　　月　　日", width) for one in signers)
    grid = f'<w:gridCol w:w="{width}"/>' * len(signers)
    return parse_xml(
        f'<w:tbl {nsdecls("w")}><w:tblPr><w:tblW w:w="{width * len(signers)}" w:type="dxa"/>'
        f'<w:tblLayout w:type="fixed"/></w:tblPr><w:tblGrid>{grid}</w:tblGrid>'
        f"<w:tr><w:trPr><w:cantSplit/></w:trPr>{cells}</w:tr></w:tbl>"
    )


def excel_file(page: Printed) -> bytes:
    """An XLSX that prints as the same page: across, as wide as the sheet, head rows repeated, pages numbered."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("".join(" " if sign in "[]:*?/\\" else sign for sign in page.title)[:31] or "表")
    share = sum(one.width for one in page.headings)
    for number, heading in enumerate(page.headings):
        sheet.column_dimensions[letter(number)].width = max(6, 150 * heading.width / share)
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.oddFooter.center.text = "第 &P 页 共 &N 页" + (f"　{DEMO_MARK}" if page.demo else "")
    if page.demo:
        sheet.oddHeader.center.text = DEMO_MARK
    above: list[tuple[str, Font]] = [(DEMO_MARK, _BOLD)] if page.demo else []
    above += [(page.title, Font(bold=True, size=16)), *((line, _SMALL) for line in page.lines)]
    head_at = len(above) + 1
    sheet.print_title_rows = f"{head_at}:{head_at}"
    sheet.freeze_panes = f"A{head_at + 1}"
    for text, font in above:
        sheet.append([text_cell(sheet, text, font)])
    sheet.append([text_cell(sheet, one.title, _BOLD, BOX) for one in page.headings])
    for row in page.rows:
        sheet.append([_value(sheet, cell, one) for cell, one in zip(row, page.headings, strict=True)])
    if not page.rows:
        sheet.append([text_cell(sheet, "本期没有记录。", _PLAIN)])
    for label, value in page.figures:
        sheet.append([text_cell(sheet, f"{label}：{value}", _BOLD)])
    if page.note:
        sheet.append([text_cell(sheet, page.note, Font(size=8))])
    for signer in page.signers:
        sheet.append([])
        sheet.append([text_cell(sheet, f"{signer}（签字）：　　　　　　　　年　　月　　日", _PLAIN)])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def letter(number: int) -> str:
    """A column's letter, from 0 on."""
    return chr(ord("A") + number)  # no page has more than 26 columns


def text_cell(sheet: Any, text: str, font: Font, border: Border | None = None) -> Cell:
    """A cell that holds text and never a formula."""
    cell = WriteOnlyCell(sheet, value=clean(text)[:32767])
    cell.data_type = "s"  # openpyxl would make a formula of a text that begins with "="
    cell.font = font
    if border is not None:
        cell.border, cell.alignment = border, _WRAP
    return cell


def _value(sheet: Any, text: str, heading: Heading) -> Cell:
    """A number where the column holds numbers, so that it can be added up; else text."""
    cell = text_cell(sheet, text, _SMALL, BOX)
    if heading.number and text:
        try:
            cell.value, cell.data_type = float(text) if "." in text else int(text), "n"
        except ValueError:
            return cell
    return cell
