"""The summary table back from Excel: new opinions, and decisions on those that are known by their number.

A table that was exported and not touched changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from budayang.center.platform.actions import record
from budayang.center.platform.actors import Actor
from budayang.center.platform.uploads import TableRefused, UploadedRow, UploadedTable, read_table
from budayang.center.platform.wording import words
from budayang.center.services.promise_numbers import read_number
from budayang.center.standard import opinion_actions as actions
from budayang.center.standard.models import Opinion, Project
from budayang.center.standard.opinion_actions import Said
from budayang.center.standard.opinion_texts import Numbered, numbered
from budayang.center.standard.project_queries import opinions_of
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
    NEEDED,
    OPTIONAL,
    WHOLE,
    decision_problem,
    kept_text,
    read_clause,
    read_decision,
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What one row would do: write a new opinion, or decide one that is there (`opinion`)."""

    line: int
    said: Said
    decision: str
    reason: str
    note: str
    opinion: Opinion | None


@dataclass(slots=True)
class OpinionCheck:
    """What an import would do: rows to be written, rows that stand already, (line, message) of what is wrong."""

    new: list[Plan] = field(default_factory=list)
    known: list[Plan] = field(default_factory=list)
    errors: list[tuple[int, str]] = field(default_factory=list)


def read(content: bytes) -> UploadedTable:
    """Read the file. Raises BadUpload."""
    return read_table(content, NEEDED, optional=OPTIONAL)


def checker(project: Project, kind: str) -> Callable[[Actor, UploadedTable], OpinionCheck]:
    """The check of one project's table."""

    def check(actor: Actor, table: UploadedTable) -> OpinionCheck:
        here = {one.number: one for one in opinions_of(project).filter(kind=kind)}
        text, found, seen = numbered(project.edition), OpinionCheck(), set()
        for row in table.rows:
            plan = _plan(row, here, text, is_csv=table.is_csv)
            if isinstance(plan, str):
                found.errors.append((row.line, plan))
                continue
            if plan.opinion is not None and plan.opinion.pk in seen and row.cells[COLUMN_NUMBER]:
                found.errors.append((row.line, _("这个编号在表里出现了两次，请删去一行。")))
                continue
            if plan.opinion is not None:
                seen.add(plan.opinion.pk)
            (found.known if plan.opinion is not None and _same(plan) else found.new).append(plan)
        return found

    return check


def _plan(row: UploadedRow, here: dict[str, Opinion], text: Numbered, *, is_csv: bool) -> Plan | str:
    """What the row would do, or why it cannot, in words."""
    cells = {column: kept_text(cell) for column, cell in row.cells.items()}
    said = Said(text=cells[COLUMN_TEXT], clause=cells[COLUMN_CLAUSE], wish=cells[COLUMN_WISH], unit=cells[COLUMN_UNIT])
    if why := actions.said_problem(said) or _changed_number(row, text, is_csv=is_csv):
        return why
    decision = read_decision(cells[COLUMN_DECISION])
    if decision is None:
        return _("处理意见“%(word)s”不认识，请写：采纳、部分采纳、未采纳，没有处理的空着。") % {
            "word": cells[COLUMN_DECISION]
        }
    if decision and (why := decision_problem(decision, cells[COLUMN_REASON])):
        return words(why)
    if not cells[COLUMN_NUMBER]:
        clause = read_clause(said.clause, text.numbers)
        if clause is None:
            return actions.clause_problem(said.clause)
        said = replace(said, clause=clause)
        return Plan(row.line, said, decision, cells[COLUMN_REASON], cells[COLUMN_NOTE], _equal(said, here.values()))
    if why := _number_problem(cells, decision, here):
        return why
    opinion = here[read_number(cells[COLUMN_NUMBER]) or ""]
    return Plan(row.line, said, decision, cells[COLUMN_REASON], cells[COLUMN_NOTE], opinion)


def _changed_number(row: UploadedRow, text: Numbered, *, is_csv: bool) -> str:
    """Says that a spreadsheet program may have made 4.1 of 4.10, "" when it cannot have."""
    cell = row.cells[COLUMN_CLAUSE]
    if COLUMN_CLAUSE in row.numbers:
        told = _("“%(column)s”里的 %(cell)s 是数字，表格软件会把 4.10 变成 4.1。请把这一列设为文本，再写一次编号。")
        return told % {"column": words(COLUMN_CLAUSE), "cell": cell}
    if is_csv and not row.cells[COLUMN_NUMBER] and text.is_ambiguous(cell):
        told = _("CSV 里的 %(cell)s 可能原来是 %(cell)s0：表格软件会去掉后面的 0。请用这里的空表（XLSX）填写。")
        return told % {"cell": cell}
    return ""


def _equal(said: Said, here: Iterable[Opinion]) -> Opinion | None:
    """The opinion of the table that says just this: a file that is brought twice is not written twice."""
    listed = (one for one in here if one.state not in {"held", "set_aside"})
    return next((one for one in listed if _told(one) == said), None)


def _told(one: Opinion) -> Said:
    """What an opinion says, as it would be kept today."""
    return actions.as_kept(Said(one.text, one.clause_number, one.wish, one.unit))


def _number_problem(cells: Mapping[str, str], decision: str, here: Mapping[str, Opinion]) -> str:
    """Why a row with a number cannot be taken, "" when it can. What others said is not changed by the table."""
    opinion = here.get(read_number(cells[COLUMN_NUMBER]) or "")
    if opinion is None:
        return _("编号“%(number)s”不在这个项目里；新的意见请把编号空着。") % {"number": cells[COLUMN_NUMBER]}
    kept = _told(opinion)
    clause = "" if cells[COLUMN_CLAUSE] == WHOLE else cells[COLUMN_CLAUSE]
    for column, cell, value in (
        (COLUMN_CLAUSE, clause, kept.clause), (COLUMN_TEXT, cells[COLUMN_TEXT], kept.text),
        (COLUMN_WISH, cells[COLUMN_WISH], kept.wish), (COLUMN_UNIT, cells[COLUMN_UNIT], kept.unit),
    ):  # fmt: skip
        if cell and cell != value:
            told = {"number": opinion.number, "column": words(column)}
            return _("编号“%(number)s”的“%(column)s”被改动了；意见照原文保留，请改回来。") % told
    if opinion.decision and not decision:
        return _("编号“%(number)s”已经处理过，处理意见不能空。") % {"number": opinion.number}
    if opinion.state in {"held", "set_aside"} and decision:
        return _("编号“%(number)s”没有列入意见汇总处理表，请先在页面上列入。") % {"number": opinion.number}
    if not decision and (cells[COLUMN_REASON] or cells[COLUMN_NOTE] != kept_text(opinion.note)):
        return _("编号“%(number)s”写了理由或备注，却没有处理意见，请写上处理意见。") % {"number": opinion.number}
    return ""


def _same(plan: Plan) -> bool:
    """Whether the row says what stands already."""
    one = plan.opinion
    assert one is not None
    if not plan.decision:
        return True
    return (one.decision, kept_text(one.reason), kept_text(one.note)) == (plan.decision, plan.reason, plan.note)


def loader(project: Project, kind: str) -> Callable[[Actor, UploadedTable, str], tuple[int, int]]:
    """The load of one project's table, all or nothing."""

    @transaction.atomic
    def load(actor: Actor, table: UploadedTable, file_name: str) -> tuple[int, int]:
        return _load(actor, project, kind, table)

    return load


def _load(actor: Actor, project: Project, kind: str, table: UploadedTable) -> tuple[int, int]:
    check = checker(project, kind)(actor, table)
    if check.errors:
        raise TableRefused(check.errors)
    now, text = timezone.now(), numbered(project.edition)
    for plan in check.new:
        row = plan.opinion or actions.add_opinion(actor, project, kind, plan.said, now, source="excel", text=text)
        if plan.decision:
            actions.decide(actor, row, plan.decision, plan.reason, now, note=plan.note, major=row.major)
    record(
        actor, "standard.import_opinions", subject=f"project:{project.code}", place_path=project.place_path,
        details={"written": len(check.new), "known": len(check.known)}, at=now,
    )  # fmt: skip
    return len(check.new), len(check.known)


def example() -> tuple[str, ...]:
    """An example row under NEEDED and OPTIONAL."""
    cells = {
        COLUMN_NUMBER: "", COLUMN_CLAUSE: "4.9", COLUMN_TEXT: "夜间断电后多久能发现，建议写明。",
        COLUMN_WISH: "改为“5 min 内”。", COLUMN_UNIT: "示例单位", COLUMN_DECISION: "部分采纳",
        COLUMN_REASON: "与 7.14 的时限统一。", COLUMN_NOTE: "",
    }  # fmt: skip
    return tuple(cells[name] for name in (*NEEDED, *OPTIONAL))


def show(plan: Plan) -> tuple[str, ...]:
    """The cells of a plan on the preview page."""
    what = _("更新处理意见") if plan.opinion is not None else _("新意见")
    return (what, plan.said.clause, plan.said.text[:60], plan.said.unit, DECISION_NAMES.get(plan.decision, ""))
