"""The standard as a document, from the clauses, terms and references of an edition, in the order of GB/T 1.1—2020:
cover, contents, foreword, scope, normative references, terms, requirements, annexes, bibliography.

The reference edition (参照版) says on each page that it is not the text of a published standard, and bears no number.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.conf import settings

from budayang.center.platform.printed import Heading as Column
from budayang.center.standard.models import Edition, Project
from budayang.center.standard.project_queries import drafters, unit_names
from budayang.center.standard.text_queries import ClauseText, Reference, clause_texts, references, terms
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
from budayang.rules.standard.stages import PUBLISHED, STAGE_WORDS
from budayang.rules.standard.wording import Draft, Piece

MARK = "参照版，不是已发布标准的文本"
REFERENCE_LINES = (
    "由多种法规、制度和资料整理而成，供起草和对照使用。",
    "没有标准号，未经批准发布，不作执法、验收或考核的依据。",
)
SUBJECT = "政务服务24小时自助服务区"
ENGLISH = "Operating requirements for 24-hour self-service areas of government services"
PATENT = "在提交反馈意见时，请将您知道的相关专利连同支持性文件一并附上。"
REFERENCES_SAY = (
    "下列文件中的内容通过文中的规范性引用而构成本文件必不可少的条款。其中，注日期的引用文件，仅该日期对应的版本适用于"
    "本文件；不注日期的引用文件，其最新版本（包括所有的修改单）适用于本文件。"
)
ANNEX_A, ANNEX_B = "附录A", "附录B"
TABLE_A, TABLE_B = "表A.1", "表B.1"
METHODS = (Column("条款", 7), Column("代码", 8), Column("判定准则", 26), Column("检查方法", 26), Column("频次", 12))
BASES = (Column("条款", 7), Column("代码", 8), Column("依据", 54), Column("等级", 8))


def write_standard(edition: Edition, project: Project | None = None) -> Written:
    """The document of an edition; a project adds its units, people, stage and number."""
    texts, cited = clause_texts(edition), references(edition)
    return Written(
        title=edition.title,
        cover=_cover(edition, project),
        front=tuple(_foreword(edition, project)),
        blocks=(
            *_opening(edition, texts, cited),
            *_chapters(texts),
            *_annexes(edition, texts),
            *_bibliography(cited),
        ),
        demo=settings.BUDAYANG.demo,
    )


def as_draft(edition: Edition) -> Draft:
    """The same document for the wording check."""
    texts, cited = clause_texts(edition), references(edition)
    pieces = [Piece("scope", "1", one.text) for one in _scope(texts)]
    pieces += [
        Piece("foreword", "前言", block.text) for block in _foreword(edition, None) if isinstance(block, Paragraph)
    ]
    for at, term in enumerate(terms(edition), start=1):
        pieces.append(Piece("term", f"3.{at}", term.definition))
    for one in texts:
        pieces.append(Piece("clause", one.number, one.text, one.code, one.criterion))
        if one.note:
            pieces.append(Piece("note", one.number, one.note, one.code))
    numbers = {"1", "2", "3", ANNEX_A, ANNEX_B, TABLE_A, TABLE_B, *(piece.number for piece in pieces)}
    numbers |= {str(one.chapter) for one in texts}
    return Draft(tuple(pieces), tuple(one.code for one in cited if not one.is_law), frozenset(numbers))


def _cover(edition: Edition, project: Project | None) -> Cover:
    stage = STAGE_WORDS.get(project.stage, "") if project else ""
    if edition.is_reference:
        return Cover(
            kind="参照版",
            number="无标准号",
            title=edition.title.replace("（参照版）", ""),
            english=ENGLISH,
            stage=stage,
            mark=MARK,
            lines=REFERENCE_LINES,
            codes="",
            dates=("未发布", "未实施"),
            issuer="",
        )
    place = project.place.name if project else ""
    return Cover(
        kind=f"{place}地方标准",
        number=(project.number if project else "") or "标准号由批准部门给出",
        title=edition.title,
        english="",
        stage=stage,
        mark="" if project and project.stage in PUBLISHED else "草案，不是已发布标准的文本",
        lines=(),
        codes="ICS、CCS 分类号在报批时填写",
        dates=(
            _day(project.published_on if project else None, "发布"),
            _day(project.effective_on if project else None, "实施"),
        ),
        issuer="批准部门　发布",
        patent=PATENT if project and project.stage in {"consulting", "review"} else "",
    )


def _day(day: date | None, word: str) -> str:
    return f"{day.isoformat()}{word}" if day else f"日期待定　{word}"


def _foreword(edition: Edition, project: Project | None) -> list[Block]:
    found: list[Block] = [Heading("前言", kind="front")]
    found.append(
        Paragraph("本文件按照GB/T 1.1—2020《标准化工作导则　第1部分：标准化文件的结构和起草规则》的规定起草。")
    )
    if edition.is_reference:
        found.append(Paragraph(f"本文件是{MARK}，{REFERENCE_LINES[0]}{REFERENCE_LINES[1]}"))
        found.append(
            Paragraph(
                "每一条的依据和依据等级见附录B：A为直接读到的法律法规或官方制度，B为二手资料，C凭一般知识、未核实，D为工程默认值。"
            )
        )
    else:
        found.append(Paragraph("请注意本文件的某些内容可能涉及专利。本文件的发布机构不承担识别专利的责任。"))
    if project is None:
        return found
    for role, sentence in (("proposes", "本文件由{}提出。"), ("manages", "本文件由{}归口。")):
        if names := unit_names(project, role):
            found.append(Paragraph(sentence.format("、".join(names))))
    if names := unit_names(project, "drafts"):
        found.append(Paragraph(f"本文件起草单位：{'、'.join(names)}。"))
    if people := drafters(project):
        found.append(Paragraph(f"本文件主要起草人：{'、'.join(people)}。"))
    return found


def _scope(texts: Sequence[ClauseText]) -> list[Paragraph]:
    titles = list(dict.fromkeys(one.chapter_title for one in texts))
    return [
        Paragraph(f"本文件规定了{SUBJECT}的{'、'.join(titles)}。"),
        Paragraph(f"本文件适用于{SUBJECT}的建设、运行、维护和评价。"),
    ]


def _opening(edition: Edition, texts: Sequence[ClauseText], cited: Sequence[Reference]) -> list[Block]:
    found: list[Block] = [Heading("范围", "1"), *_scope(texts), Heading("规范性引用文件", "2")]
    standards = [one for one in cited if not one.is_law]
    if standards:
        found.append(Paragraph(REFERENCES_SAY))
        found += [Paragraph(f"{one.code}　{one.title}") for one in standards]
    else:
        found.append(Paragraph("本文件没有规范性引用文件。"))
    found.append(Heading("术语和定义", "3"))
    defined = terms(edition)
    found.append(Paragraph("下列术语和定义适用于本文件。" if defined else "本文件没有需要界定的术语和定义。"))
    for at, term in enumerate(defined, start=1):
        found.append(TermEntry(f"3.{at}", term.zh, term.en, term.definition, term.source))
    return found


def _chapters(texts: Sequence[ClauseText]) -> list[Block]:
    found: list[Block] = []
    chapter = 0
    for one in texts:
        if one.chapter != chapter:
            chapter = one.chapter
            found.append(Heading(one.chapter_title, str(chapter)))
        found.append(Item(one.number, one.text))
        if one.note:
            found.append(Note(one.note))
    return found


def _annexes(edition: Edition, texts: Sequence[ClauseText]) -> list[Block]:
    method = tuple((one.number, one.code, one.criterion, one.verification, one.frequency) for one in texts)
    found: list[Block] = [
        Heading("条款的判定准则和检查方法", ANNEX_A, kind="annex", nature="资料性"),
        Paragraph(f"各条款的判定准则、检查方法和频次见{TABLE_A}。"),
        TableBlock(f"{TABLE_A}　判定准则和检查方法", METHODS, method),
    ]
    basis = tuple((one.number, one.code, one.basis, one.grade) for one in texts)
    grades = "A为直接读到的法律法规或官方制度，B为二手资料，C凭一般知识、未核实，D为工程默认值。"
    found += [
        Heading("条款的依据", ANNEX_B, kind="annex", nature="资料性"),
        Paragraph(f"各条款的依据和依据等级见{TABLE_B}。{grades}"),
        TableBlock(f"{TABLE_B}　条款的依据", BASES, basis),
    ]
    return found


def _bibliography(cited: Sequence[Reference]) -> list[Block]:
    laws = [one for one in cited if one.is_law]
    if not laws:
        return []
    rows = [Paragraph(f"［{at}］{one.code}{one.title}", flat=True) for at, one in enumerate(laws, start=1)]
    return [Heading("参考文献", kind="back"), *rows]
