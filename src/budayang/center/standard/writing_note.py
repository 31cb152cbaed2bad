"""The explanatory note (编制说明), written from the project's rows in its usual sections.

What nobody has written yet is said to be missing, in the document and by `missing_parts`; nothing is filled in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date

from django.conf import settings

from budayang.center.platform.printed import Heading as Column
from budayang.center.standard.models import FieldFinding, Project
from budayang.center.standard.opinion_queries import decision_text, summary_line
from budayang.center.standard.project_queries import drafters, opinions_of, rounds_of, unit_names
from budayang.center.standard.text_queries import clause_texts, references
from budayang.center.standard.writing_blocks import Block, Heading, Paragraph, TableBlock, Written
from budayang.center.standard.writing_standard import MARK
from budayang.rules.standard.drafting import (
    FINDING_NAMES,
    MEETING_NAMES,
    NEEDED_TEXTS,
    TEXT_NAMES,
    UNIT_ROLE_NAMES,
    is_mandatory,
)
from budayang.rules.standard.opinions import IN_TABLE
from budayang.rules.standard.stages import EVENT_NAMES

EMPTY = "（尚未填写）"
NUMBERS = "一二三四五六七八"
GRADES = ("A", "B", "C", "D")


def write_note(project: Project, *, today: date) -> Written:
    """The note as a document."""
    sections = (
        ("任务来源", _source(project)),
        ("制定标准的目的和意义", _purpose(project)),
        ("编制过程", _process(project)),
        ("编制原则和依据", _principles(project)),
        ("主要条款的说明", _clauses(project)),
        ("与国家相关强制性标准有无矛盾和冲突", _conflicts(project)),
        ("重大意见分歧的处理依据和结果", _dissent(project)),
        ("其他应说明事项", _others(project)),
    )
    blocks: list[Block] = []
    for number, (title, rows) in zip(NUMBERS, sections, strict=True):
        blocks += [Heading(f"{number}、{title}"), *rows]
    lines = [f"{today.isoformat()} 按平台当时的记录编写"]
    if project.edition.is_reference:
        lines.insert(0, f"文本为{MARK}")
    return Written(
        title=f"《{project.title}》编制说明", blocks=tuple(blocks), lines=tuple(lines), demo=settings.BUDAYANG.demo
    )


def missing_parts(project: Project) -> list[str]:
    """What the note still lacks, in words."""
    found = [TEXT_NAMES[name] for name in NEEDED_TEXTS if not getattr(project, name).strip()]
    found += [word for role, word in UNIT_ROLE_NAMES.items() if not project.units.filter(role=role).exists()]
    for word, rows in (("起草组成员", project.members), ("会议", project.meetings), ("调研", project.findings)):
        if not rows.exists():
            found.append(word)
    return found


def _text(text: str) -> Paragraph:
    return Paragraph(text.strip() or EMPTY)


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _source(project: Project) -> list[Block]:
    found: list[Block] = [_text(project.source)]
    said = f"本项目于{_day(project.applied_on)}申请立项"
    if project.planned_on:
        said += f"，{_day(project.planned_on)}由{project.plan_paper}下达计划"
    found.append(Paragraph(f"{said}，标准性质为推荐性地方标准。"))
    for role, word in UNIT_ROLE_NAMES.items():
        found.append(Paragraph(f"{word}：{'、'.join(unit_names(project, role)) or EMPTY}。"))
    found.append(Paragraph(f"主要起草人员：{'、'.join(drafters(project)) or EMPTY}。"))
    return found


def _purpose(project: Project) -> list[Block]:
    return [
        Heading("（一）目的", level=2), _text(project.purpose), Heading("（二）意义", level=2),
        _text(project.significance),
    ]  # fmt: skip


def _process(project: Project) -> list[Block]:
    found: list[Block] = [Heading("（一）起草组和分工", level=2)]
    members = [
        (
            one.staff.name,
            one.part,
            f"{one.since_on.isoformat()} 至 {one.until_on.isoformat() if one.until_on else '今'}",
        )
        for one in project.members.select_related("staff")
    ]
    found.append(_table(("姓名", 12), ("分工", 46), ("起止", 24), rows=members))
    found.append(Heading("（二）会议", level=2))
    meetings = [
        (one.held_on.isoformat(), MEETING_NAMES[one.kind], str(one.present), one.subject, one.outcome)
        for one in project.meetings.all()
    ]
    found.append(_table(("日期", 12), ("会议", 14), ("人数", 7), ("议题", 24), ("结论", 32), rows=meetings))
    found += [Heading("（三）调研", level=2), *_research(project)]
    found += [Heading("（四）征求意见和审查", level=2), *_opinions(project)]
    found.append(Heading("（五）各阶段", level=2))
    steps = [
        (one.on.isoformat(), EVENT_NAMES[one.event], one.paper or "—", one.note or "—") for one in project.steps.all()
    ]
    found.append(_table(("日期", 12), ("事项", 26), ("文件和文号", 26), ("说明", 26), rows=steps))
    return found


def _research(project: Project) -> list[Block]:
    rows = list(project.findings.select_related("place"))
    if not rows:
        return [Paragraph(EMPTY)]
    places = list(dict.fromkeys(one.place.name for one in rows))
    problems = sum(one.kind == "problem" for one in rows)
    said = f"先后到{'、'.join(places)}调研，共记录存在的问题{problems}项、下一步需求{len(rows) - problems}项。"
    numbers = {one.code: one.number for one in clause_texts(project.edition, project)}
    cells = [
        (
            one.found_on.isoformat(),
            one.place.name,
            FINDING_NAMES[one.kind],
            one.text,
            numbers.get(one.clause_code, "—"),
            fact_word(one),
        )
        for one in rows
    ]
    return [
        Paragraph(said),
        _table(("日期", 11), ("自助区", 15), ("类别", 10), ("内容", 36), ("对应条款", 8), ("平台记录", 14), rows=cells),
    ]


def fact_word(finding: FieldFinding) -> str:
    """The fact in words: "工单 WX-…"."""
    word = {"incident": "故障", "order": "工单", "area": "自助区"}.get(finding.fact_kind, "")
    return f"{word} {finding.fact_ref}" if word else "—"


def _opinions(project: Project) -> list[Block]:
    found: list[Block] = []
    for one in rounds_of(project):
        said = f"第{one.number}轮公开征求意见：{_day(one.opens_on)}至{_day(one.closes_on)}"
        if one.ended_on is not None:
            said += f"（{_day(one.ended_on)}提前结束）"
        found.append(Paragraph(f"{said}，另向{one.asked_units}个单位书面征求意见。"))
    if not found:
        found.append(Paragraph("还没有公开征求意见。"))
    found.append(Paragraph(f"征求意见：{summary_line(project, 'consultation')}"))
    found.append(Paragraph(f"审查意见：{summary_line(project, 'review')}"))
    return found


def _principles(project: Project) -> list[Block]:
    listed = references(project.edition)
    found: list[Block] = [
        Heading("（一）编制原则", level=2),
        _text(project.principles),
        Paragraph("文本的结构和表述按照GB/T 1.1—2020《标准化工作导则　第1部分：标准化文件的结构和起草规则》的规定。"),
        Heading("（二）编制依据", level=2),
    ]
    found.append(Paragraph("所依据的法律、文件："))
    found += [Paragraph(f"——{one.code}{one.title}") for one in listed if one.is_law]
    found.append(Paragraph("所依据的标准："))
    found += [Paragraph(f"——{one.code}　{one.title}") for one in listed if not one.is_law]
    return found


def _clauses(project: Project) -> list[Block]:
    found: list[Block] = [_text(project.main_clauses)]
    chapters: dict[tuple[int, str], Counter[str]] = {}
    for one in clause_texts(project.edition, project):
        counts = chapters.setdefault((one.chapter, one.chapter_title), Counter())
        counts["all"] += 1
        counts.update(grade for grade in GRADES if grade in one.grade)
    rows = [
        (f"第{number}章　{title}", str(counts["all"]), *(str(counts[grade]) for grade in GRADES))
        for (number, title), counts in chapters.items()
    ]
    found.append(
        Paragraph(
            "各章条款数和依据等级如下，一条有两种等级的各计一次：A为直接读到的法律法规或官方制度，B为二手资料，"
            "C凭一般知识、未核实，D为工程默认值。"
        )
    )
    found.append(_table(("章", 30), ("条款", 10), ("A", 8), ("B", 8), ("C", 8), ("D", 8), rows=rows))
    return found


def _conflicts(project: Project) -> list[Block]:
    found: list[Block] = [_text(project.conflicts)]
    mandatory = [one for one in references(project.edition) if is_mandatory(one.code)]
    if mandatory:
        found.append(Paragraph(f"引用的强制性标准：{'、'.join(f'{one.code}《{one.title}》' for one in mandatory)}。"))
    return found


def _dissent(project: Project) -> list[Block]:
    rows = opinions_of(project).filter(major=True, state__in=IN_TABLE)
    cells = [(one.clause_number or "全文", one.text, one.unit or "公众", decision_text(one)) for one in rows]
    if not cells:
        return [Paragraph(project.dissent.strip() or "没有记录到重大意见分歧。")]
    table = _table(("条款", 10), ("意见", 36), ("提出单位", 16), ("处理依据和结果", 36), rows=cells)
    return [*([Paragraph(project.dissent.strip())] if project.dissent.strip() else []), table]


def _others(project: Project) -> list[Block]:
    return [Paragraph(project.others.strip() or "无其他应说明事项。")]


def _table(*columns: tuple[str, int], rows: Sequence[tuple[str, ...]]) -> Block:
    if not rows:
        return Paragraph(EMPTY)
    return TableBlock("", tuple(Column(title, width) for title, width in columns), tuple(rows))
