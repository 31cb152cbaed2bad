"""Reads of opinions: the public rounds that are open, one opinion by its number, and the rows of the summary table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from budayang.center.platform.actors import Actor
from budayang.center.platform.limits import count_within, counted
from budayang.center.platform.printed import Heading, Printed
from budayang.center.platform.sealing import lookup_hash
from budayang.center.services.promise_numbers import read_number
from budayang.center.standard.models import Consultation, Opinion, Project
from budayang.center.standard.project_queries import (
    decided_tally,
    opinions_of,
    projects_visible_to,
    rounds_of,
    unit_names,
)
from budayang.center.standard.text_queries import ClauseText, clause_texts
from budayang.center.standard.writing_standard import MARK
from budayang.rules.standard.opinions import (
    COLUMN_CLAUSE,
    COLUMN_DECISION,
    COLUMN_NOTE,
    COLUMN_NUMBER,
    COLUMN_REASON,
    COLUMN_TEXT,
    COLUMN_UNIT,
    COLUMN_WISH,
    DECISION_NAMES,
    IN_TABLE,
    TABLE_TITLES,
)

MISSES, MISSES_WITHIN = 20, timedelta(hours=1)
PUBLIC_UNIT = "公众"
EXCEL_COLUMNS = (
    COLUMN_NUMBER, COLUMN_CLAUSE, COLUMN_TEXT, COLUMN_WISH, COLUMN_UNIT, COLUMN_DECISION, COLUMN_REASON, COLUMN_NOTE,
)  # fmt: skip


class TooManyLooks(Exception):
    """This address has tried too many wrong numbers; it has to wait."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the summary table: its place in it, and the opinion."""

    at: int
    opinion: Opinion


def opinions_visible_to(actor: Actor) -> QuerySet[Opinion]:
    """Opinions on the projects that the actor sees."""
    return Opinion.objects.filter(project__in=projects_visible_to(actor)).select_related("project")


def open_rounds(today: date) -> QuerySet[Consultation]:
    """Rounds whose page takes opinions today."""
    rows = Consultation.objects.filter(
        opens_on__lte=today, closes_on__gte=today, ended_on=None, project__stage="consulting"
    )
    return rows.select_related("project", "project__edition", "project__place").order_by("closes_on", "pk")


def find_round(code: str, today: date) -> Consultation | None:
    """The open round of a project, None when nothing is asked for now."""
    return open_rounds(today).filter(project__code=code).first()


def ended_early(code: str, today: date) -> Consultation | None:
    """The newest round of a project, when it was ended before a last day that is still ahead."""
    last = Consultation.objects.filter(project__code=code).order_by("number").last()
    return last if last is not None and last.ended_on is not None and last.closes_on >= today else None


def find_opinion(number: str, client: str, now: datetime) -> Opinion | None:
    """An opinion by the number that its sender holds. Raises TooManyLooks after many wrong numbers."""
    key = f"opinion:{lookup_hash('standard.opinion_client', client)}"
    if counted(key, now) >= MISSES:
        raise TooManyLooks
    known = read_number(number)
    found = Opinion.objects.select_related("project").filter(number=known).first() if known else None
    if found is None:
        count_within(key, MISSES_WITHIN, now)
    return found


def table_rows(project: Project, kind: str) -> Iterator[Row]:
    """The rows of a summary table: by clause number as numbers, then by time."""
    rows = opinions_of(project).filter(kind=kind, state__in=IN_TABLE)
    for at, one in enumerate(sorted(rows, key=_place), start=1):
        yield Row(at, one)


def _place(row: Opinion) -> tuple[list[tuple[int, int, str]], float, int]:
    parts = row.clause_number.replace("附录", "").split(".")
    shape = [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts]
    return shape if row.clause_number else [(2, 0, "")], row.made_at.timestamp(), row.pk


@dataclass(frozen=True, slots=True)
class About:
    """The clause that an opinion is about. `moved_to`: where it stands in the present text, when that is elsewhere;
    `gone`: the present text has it no more, and `clause` is as it was.
    """

    clause: ClauseText
    moved_to: str = ""
    gone: bool = False


def about(opinion: Opinion) -> About | None:
    """The clause beside which an opinion is read: by its code, so that another clause with the same number in a later
    text is not taken for it. None for the whole text, and for what is no clause.
    """
    now = clause_texts(opinion.project.edition, opinion.project)
    if not opinion.clause_code:  # written before codes were kept, or about a chapter or an annex
        same = opinion.edition_id in {None, opinion.project.edition_id}
        found = next((one for one in now if one.number == opinion.clause_number), None) if same else None
        return About(found) if found else None
    found = next((one for one in now if one.code == opinion.clause_code), None)
    if found is not None:
        return About(found, moved_to=found.number if found.number != opinion.clause_number else "")
    before = clause_texts(opinion.edition, opinion.project) if opinion.edition else []
    then = next((one for one in before if one.code == opinion.clause_code), None)
    return About(then, gone=True) if then else None


def decision_text(row: Opinion) -> str:
    """处理意见 as the table says it: "部分采纳。理由：…"."""
    if not row.decision:
        return "待处理"
    word = DECISION_NAMES[row.decision]
    return f"{word}。{row.reason}" if row.reason else f"{word}。"


def summary_line(project: Project, kind: str) -> str:
    """How many opinions, and how they were handled, in words."""
    counts = decided_tally(project, kind)
    parts = [f"{DECISION_NAMES[code]} {counts.get(code, 0)} 条" for code in DECISION_NAMES]
    if counts.get(""):
        parts.append(f"待处理 {counts['']} 条")
    return f"共 {sum(counts.values())} 条意见：{'，'.join(parts)}。"


def printed_table(project: Project, kind: str, *, today: date, demo: bool) -> Printed:
    """The summary table in the usual columns, for Word and PDF."""
    rows = tuple(
        (
            str(row.at),
            row.opinion.clause_number or "全文",
            row.opinion.text + (f"\n建议：{row.opinion.wish}" if row.opinion.wish else ""),
            row.opinion.unit or PUBLIC_UNIT,
            decision_text(row.opinion),
            row.opinion.note,
        )
        for row in table_rows(project, kind)
    )
    units = len({row[3] for row in rows if row[3] != PUBLIC_UNIT})
    lines = [f"标准项目名称：{project.title}", f"承办单位：{'、'.join(unit_names(project, 'drafts')) or '未填写'}"]
    if project.edition.is_reference:
        lines.append(f"文本为{MARK}")
    if kind == "consultation":
        asked = sum(rounds_of(project).values_list("asked_units", flat=True))
        lines.append(f"发送征求意见稿的单位 {asked} 个；提出意见的单位 {units} 个。填表日期：{today.isoformat()}")
    else:
        lines.append(f"填表日期：{today.isoformat()}")
    return Printed(
        title=f"地方标准{table_title(project, kind)}",
        lines=tuple(lines),
        headings=(
            Heading("序号", 5, True),
            Heading(COLUMN_CLAUSE, 9),
            Heading(COLUMN_TEXT, 34),
            Heading(COLUMN_UNIT, 13),
            Heading(COLUMN_DECISION, 26),
            Heading(COLUMN_NOTE, 9),
        ),
        rows=rows,
        figures=(("意见", str(len(rows))),),
        note=summary_line(project, kind),
        demo=demo,
    )


def table_title(project: Project, kind: str) -> str:
    """The table's title; that of a reference edition says so."""
    return TABLE_TITLES[kind] + ("（参照版）" if project.edition.is_reference else "")


def excel_cells(row: Opinion) -> tuple[str, ...]:
    """The cells of one opinion under EXCEL_COLUMNS; what is read back is what was written."""
    return (
        row.number, row.clause_number, row.text, row.wish, row.unit, DECISION_NAMES.get(row.decision, ""), row.reason,
        row.note,
    )  # fmt: skip


def state_line(row: Opinion) -> str:
    """How an opinion stands, for who sent it."""
    if row.state == "decided":
        return _("已处理：%(decision)s") % {"decision": _(DECISION_NAMES[row.decision])}
    if row.state == "set_aside":
        return _("没有列入意见汇总处理表")
    return _("已收到，起草组正在处理")
