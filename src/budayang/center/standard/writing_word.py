"""Documents as Word, laid out as GB/T 1.1—2020 asks for: cover, contents, foreword, then chapters from page 1.

Text is text: nothing typed becomes a field or markup. The pages of the contents list are fields that point at the
headings: only whoever opens the file knows its pages.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

from docx import Document
from docx.document import Document as Paper
from docx.enum.section import WD_SECTION
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT, WD_TAB_LEADER
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.section import Section
from docx.shared import Mm, Pt, RGBColor
from docx.text.paragraph import Paragraph as Line

from budayang.center.platform.exports import DEMO_MARK
from budayang.center.platform.printed import chinese, clean, word_table
from budayang.center.standard.writing_blocks import (
    Block,
    Cover,
    Heading,
    Item,
    Note,
    Paragraph,
    TableBlock,
    TermEntry,
    Written,
)

SONG, HEI, LATIN = "宋体", "黑体", "Times New Roman"
BODY, SMALL, CHAPTER, TITLE = 10.5, 9, 10.5, 16
TEXT_MM = 165
_AMBER = RGBColor(0x6B, 0x44, 0)


def word_document(written: Written) -> bytes:
    """The DOCX. Raises nothing: whatever the texts hold is set as text."""
    paper = Document()
    chinese(paper)
    _styles(paper)
    paper.core_properties.title, paper.core_properties.author = clean(written.title), "不打烊 Budayang"
    _page(paper.sections[0])
    if written.cover is not None:
        _cover(paper, written.cover)
        front = paper.add_section(WD_SECTION.NEW_PAGE)
        _numbers(front, "upperRoman")
        _contents(paper, written.contents)
        for block in written.front:
            _add(paper, block)
        body = paper.add_section(WD_SECTION.NEW_PAGE)
        _numbers(body, "decimal")
        _say(paper.add_paragraph(), written.cover.title, TITLE, font=HEI, middle=True, after=18)
    else:
        _numbers(paper.sections[0], "decimal")
        _say(paper.add_paragraph(), written.title, 18, font=HEI, middle=True, after=6)
        for text in written.lines:
            _say(paper.add_paragraph(), text, SMALL, middle=True, after=4)
    for block in written.blocks:
        _add(paper, block)
    if written.cover is not None:
        _end(paper)
    _bands(paper, written)
    out = io.BytesIO()
    paper.save(out)
    return out.getvalue()


def _styles(paper: Paper) -> None:
    normal = paper.styles["Normal"]
    normal.font.name, normal.font.size = LATIN, Pt(BODY)
    normal.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), SONG)
    for level in (1, 2):
        style = paper.styles[f"Heading {level}"]
        style.font.name, style.font.size, style.font.bold = LATIN, Pt(CHAPTER), False
        style.font.color.rgb = RGBColor(0, 0, 0)
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{theme}"), None)
        fonts.set(qn("w:eastAsia"), HEI)


def _page(section: Section) -> None:
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin, section.right_margin = Mm(25), Mm(20)
    section.top_margin, section.bottom_margin = Mm(25), Mm(20)


def _numbers(section: Section, form: str) -> None:
    """Pages of this section count from 1, as Roman or Arabic numbers."""
    kind = OxmlElement("w:pgNumType")
    kind.set(qn("w:fmt"), form)
    kind.set(qn("w:start"), "1")
    section._sectPr.append(kind)


def _say(
    line: Line, text: str, size: float, *, font: str = "", middle: bool = False, after: float = 0, before: float = 0,
    colour: RGBColor | None = None, right: bool = False,
) -> None:  # fmt: skip
    run = line.add_run(clean(text))
    run.font.size = Pt(size)
    if font:
        run._r.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)
    if colour is not None:
        run.font.color.rgb = colour
    if middle:
        line.alignment = WD_ALIGN_PARAGRAPH.CENTER
    if right:
        line.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    line.paragraph_format.space_after, line.paragraph_format.space_before = Pt(after), Pt(before)


def _cover(paper: Paper, cover: Cover) -> None:
    if cover.codes:
        _say(paper.add_paragraph(), cover.codes, BODY, font=HEI, after=6)
    if cover.mark:
        _say(paper.add_paragraph(), cover.mark, 14, font=HEI, after=4, colour=_AMBER)
    for text in cover.lines:
        _say(paper.add_paragraph(), text, BODY, after=2)
    _say(paper.add_paragraph(), "　".join(cover.kind), 26, font=HEI, middle=True, before=48, after=10)
    _say(paper.add_paragraph(), cover.number, 14, font=HEI, right=True, after=4)
    _rule(paper)
    _say(paper.add_paragraph(), cover.title, 26, font=HEI, middle=True, before=90, after=14)
    if cover.english:
        _say(paper.add_paragraph(), cover.english, 14, middle=True, after=14)
    if cover.stage:
        _say(paper.add_paragraph(), f"（{cover.stage}）", 15, font=HEI, middle=True, after=10)
    if cover.patent:
        _say(paper.add_paragraph(), cover.patent, BODY, middle=True, before=30)
    dates = paper.add_paragraph()
    dates.paragraph_format.tab_stops.add_tab_stop(Mm(TEXT_MM), WD_TAB_ALIGNMENT.RIGHT)
    _say(dates, "\t".join(cover.dates), 14, font=HEI, before=210 if cover.patent else 270, after=4)
    _rule(paper)
    if cover.issuer:
        _say(paper.add_paragraph(), cover.issuer, 16, font=HEI, middle=True, before=6)


def _rule(paper: Paper) -> None:
    """A line across the page."""
    line = paper.add_paragraph()
    line.paragraph_format.space_after = Pt(0)
    border = f'<w:pBdr {nsdecls("w")}><w:top w:val="single" w:sz="8" w:space="1" w:color="000000"/></w:pBdr>'
    line._p.get_or_add_pPr().append(parse_xml(border))


def _bookmark(heading: Heading) -> str:
    # Named by what stands in it: the same text gives the same file.
    return f"_C{abs(sum(ord(one) * (at + 7) for at, one in enumerate(heading.number + heading.text)))}"


def heading_text(heading: Heading) -> str:
    """The heading as the contents list shows it: "4　基本要求", "附录A（资料性）　…"."""
    nature = f"（{heading.nature}）" if heading.nature else ""
    return f"{heading.number}{nature}　{heading.text}" if heading.number else heading.text


def _contents(paper: Paper, headings: Sequence[Heading]) -> None:
    _say(paper.add_paragraph(), "目　　次", TITLE, font=HEI, middle=True, after=18)
    lines = [paper.add_paragraph() for _heading in headings]
    for line, heading in zip(lines, headings, strict=True):
        line.paragraph_format.tab_stops.add_tab_stop(Mm(TEXT_MM), WD_TAB_ALIGNMENT.RIGHT, WD_TAB_LEADER.DOTS)
        line.paragraph_format.space_after = Pt(2)
        _say(line, f"{heading_text(heading)}\t", BODY, after=2)
        _field(line, "begin", dirty=True)
        _instruction(line, f" PAGEREF {_bookmark(heading)} \\h ")
        _field(line, "separate")
        line.add_run("1").font.size = Pt(BODY)
        _field(line, "end")


def _field(line: Line, kind: str, *, dirty: bool = False) -> None:
    mark = OxmlElement("w:fldChar")
    mark.set(qn("w:fldCharType"), kind)
    if dirty:
        mark.set(qn("w:dirty"), "true")
    line.add_run()._r.append(mark)


def _instruction(line: Line, text: str) -> None:
    said = OxmlElement("w:instrText")
    said.set(qn("xml:space"), "preserve")
    said.text = text
    line.add_run()._r.append(said)


def _add(paper: Paper, block: Block) -> None:
    if isinstance(block, Heading):
        _heading(paper, block)
    elif isinstance(block, Paragraph):
        for part in block.text.split("\n"):
            line = paper.add_paragraph()
            _say(line, part, BODY, after=3)
            if not block.flat:
                line.paragraph_format.first_line_indent = Pt(2 * BODY)
    elif isinstance(block, Item):
        line = paper.add_paragraph()
        _say(line, f"{block.number}　", BODY, font=HEI)
        _say(line, block.text, BODY, after=3)
    elif isinstance(block, Note):
        line = paper.add_paragraph()
        line.paragraph_format.left_indent, line.paragraph_format.first_line_indent = Pt(4 * SMALL), Pt(-2 * SMALL)
        _say(line, "注：", SMALL, font=HEI)
        _say(line, block.text, SMALL, after=3)
    elif isinstance(block, TermEntry):
        _term(paper, block)
    else:
        _table(paper, block)


def _heading(paper: Paper, block: Heading) -> None:
    front = block.kind in {"front", "back", "annex"}
    line = paper.add_paragraph(style=f"Heading {min(block.level, 2)}")
    if block.kind in {"annex", "front", "back"}:
        line.paragraph_format.page_break_before = True
    text = block.text
    if block.kind == "annex":
        text = f"{block.number}\n（{block.nature}）\n{block.text}"
    elif block.kind == "front" and len(text) == 2:
        text = "　　".join(text)
    elif block.number:
        text = f"{block.number}　{block.text}"
    _say(
        line, text, TITLE if block.kind in {"front", "back"} else CHAPTER, font=HEI, middle=front,
        before=0 if front else 10, after=12 if front else 8,
    )  # fmt: skip
    if block.level == 1:
        name = _bookmark(block)
        start, end = OxmlElement("w:bookmarkStart"), OxmlElement("w:bookmarkEnd")
        for mark in (start, end):
            mark.set(qn("w:id"), name[2:])
        start.set(qn("w:name"), name)
        line._p.insert(1, start)
        line._p.append(end)


def _term(paper: Paper, block: TermEntry) -> None:
    _say(paper.add_paragraph(), block.number, BODY, font=HEI, before=4)
    line = paper.add_paragraph()
    line.paragraph_format.first_line_indent = Pt(2 * BODY)
    _say(line, f"{block.zh}　", BODY, font=HEI)
    _say(line, block.en, BODY)
    line.runs[-1].bold = True
    for text in (block.definition, f"［来源：{block.source}］" if block.source else ""):
        if text:
            line = paper.add_paragraph()
            line.paragraph_format.first_line_indent = Pt(2 * BODY)
            _say(line, text, BODY, after=2)


def _table(paper: Paper, block: TableBlock) -> None:
    if block.title:
        line = paper.add_paragraph()
        line.paragraph_format.keep_with_next = True
        _say(line, block.title, BODY, font=HEI, middle=True, before=6, after=4)
    paper.element.body.insert(-1, word_table(block.columns, block.rows, width_mm=TEXT_MM, size=SMALL))
    paper.add_paragraph().paragraph_format.space_after = Pt(4)


def _end(paper: Paper) -> None:
    """终结线: a line of a quarter of the text's width, in the middle."""
    line = paper.add_paragraph()
    line.paragraph_format.left_indent = line.paragraph_format.right_indent = Mm(TEXT_MM * 3 / 8)
    line.paragraph_format.space_before = Pt(18)
    border = f'<w:pBdr {nsdecls("w")}><w:top w:val="single" w:sz="8" w:space="1" w:color="000000"/></w:pBdr>'
    line._p.get_or_add_pPr().append(parse_xml(border))


def _bands(paper: Paper, written: Written) -> None:
    """What each page says: its standing, 演示数据, and its number. The cover bears no number."""
    said = "　".join(one for one in (written.mark, DEMO_MARK if written.demo else "") if one)
    for at, section in enumerate(paper.sections):
        section.header.is_linked_to_previous = section.footer.is_linked_to_previous = False
        if said:
            _say(section.header.paragraphs[0], said, SMALL, font=HEI, right=True, colour=_AMBER)
        if at == 0 and written.cover is not None:
            continue
        foot = section.footer.paragraphs[0]
        foot.alignment = WD_ALIGN_PARAGRAPH.CENTER
        _field(foot, "begin")
        _instruction(foot, " PAGE ")
        _field(foot, "separate")
        foot.add_run("1").font.size = Pt(SMALL)
        _field(foot, "end")
