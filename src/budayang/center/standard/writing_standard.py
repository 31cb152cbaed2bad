"""The standard as a document, from the clauses, terms and references of an edition, in the order of GB/T 1.1—2020:
cover, contents, foreword, scope, normative references, terms, requirements, annexes, bibliography.

The reference edition (参照版) says on each page that it is not the text of a published standard, and bears no number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.conf import settings

from budayang.center.standard.models import Edition, Project
from budayang.center.standard.project_queries import drafters, project_of, unit_names
from budayang.center.standard.text_queries import (
    AnnexLine,
    ClauseText,
    Reference,
    annexes,
    clause_texts,
    references,
    terms,
)
from budayang.center.standard.writing_annexes import GRADES, edition_annexes, house_annexes, house_letters
from budayang.center.standard.writing_blocks import Block, Cover, Heading, Item, Note, Paragraph, TermEntry, Written
from budayang.rules.standard.editions import PUBLISHED
from budayang.rules.standard.stages import PUBLISHED as PUBLISHED_STAGES
from budayang.rules.standard.stages import STAGE_WORDS, STATE_WORDS

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


@dataclass(frozen=True, slots=True)
class Body:
    """The document's parts as blocks, with the rows that they were made of."""

    front: tuple[Block, ...]
    blocks: tuple[Block, ...]
    texts: tuple[ClauseText, ...]
    cited: tuple[Reference, ...]
    lines: tuple[AnnexLine, ...]


def write_standard(edition: Edition, project: Project | None = None) -> Written:
    """The document of an edition; with a project it is that project's text at its stage, in the project's wording.

    The text in force is written without a project: its units and people are those of the project that made it.
    """
    body = body_of(edition, project)
    return Written(
        title=edition.title,
        cover=_cover(edition, project),
        front=body.front,
        blocks=body.blocks,
        demo=settings.BUDAYANG.demo,
    )


def body_of(edition: Edition, project: Project | None) -> Body:
    """Everything behind the cover, read once for the document and for the wording check."""
    texts, cited, lines = clause_texts(edition, project), references(edition), annexes(edition)
    return Body(
        front=tuple(_foreword(edition, project or project_of(edition), lines)),
        blocks=(
            *_opening(edition, texts, cited),
            *_chapters(texts),
            *edition_annexes(lines, texts),
            *house_annexes(lines, texts),
            *_bibliography(cited),
        ),
        texts=tuple(texts),
        cited=cited,
        lines=lines,
    )


def _cover(edition: Edition, project: Project | None) -> Cover:
    maker = project or project_of(edition)
    if edition.is_reference:
        return Cover(
            kind="参照版",
            number="无标准号",
            title=edition.title.replace("（参照版）", ""),
            english=ENGLISH,
            stage=STAGE_WORDS.get(project.stage, "") if project else "",
            mark=MARK,
            lines=REFERENCE_LINES,
            codes="",
            dates=("未发布", "未实施"),
            issuer="",
        )
    numbered = bool(edition.number) and not _is_draft(edition, project)
    return Cover(
        kind=f"{maker.place.name if maker else ''}地方标准",
        number=edition.number if numbered else "标准号由批准部门给出",
        title=edition.title,
        english="",
        stage="" if numbered else STAGE_WORDS.get(project.stage, "") if project else STATE_WORDS.get(edition.state, ""),
        mark=_mark(edition, project),
        lines=(),
        codes="" if numbered else "ICS、CCS 分类号在报批时填写",
        dates=(_day(edition.published_on, "发布", numbered), _day(edition.in_force_on, "实施", numbered)),
        issuer="批准部门　发布",
        patent=PATENT if maker and not numbered and maker.stage in {"consulting", "review"} else "",
    )


def _is_draft(edition: Edition, project: Project | None) -> bool:
    """Whether the text is a draft. A revision that still stands on the text in force is one too, without its number."""
    if project is not None and project.stage not in PUBLISHED_STAGES | {"abolished"}:
        return True
    return edition.state not in PUBLISHED | {"abolished"}


def _mark(edition: Edition, project: Project | None) -> str:
    """What each page says of the document's standing. A text that ended as a draft never was a standard."""
    if _is_draft(edition, project) or not edition.number:
        return "草案，不是已发布标准的文本"
    return "本标准已废止" if edition.state == "abolished" else ""


def _day(day: date | None, word: str, published: bool) -> str:
    """A day of the cover. A draft has none, whatever the edition before it had."""
    if not published:
        return f"日期待定　{word}"
    return f"{day.isoformat()}{word}" if day else f"{word}日期未录入"


def _foreword(edition: Edition, project: Project | None, lines: Sequence[AnnexLine]) -> list[Block]:
    found: list[Block] = [Heading("前言", kind="front")]
    found.append(
        Paragraph("本文件按照GB/T 1.1—2020《标准化工作导则　第1部分：标准化文件的结构和起草规则》的规定起草。")
    )
    if edition.is_reference:
        found.append(Paragraph(f"本文件是{MARK}，{REFERENCE_LINES[0]}{REFERENCE_LINES[1]}"))
        found.append(Paragraph(f"每一条的依据和依据等级见附录{house_letters(lines)[1]}：{GRADES}"))
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


def _bibliography(cited: Sequence[Reference]) -> list[Block]:
    laws = [one for one in cited if one.is_law]
    if not laws:
        return []
    rows = [Paragraph(f"［{at}］{one.code}{one.title}", flat=True) for at, one in enumerate(laws, start=1)]
    return [Heading("参考文献", kind="back"), *rows]
