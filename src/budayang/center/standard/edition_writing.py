"""Plain editions become rows: whole, in one transaction. The reference edition that ships is made here too."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from budayang.center.standard.models import (
    AnnexRow,
    Chapter,
    Clause,
    Edition,
    EditionValue,
    Reference,
    Term,
)
from budayang.data import requirements
from budayang.data.check_lists import CheckList, check_lists
from budayang.data.standard_text import TEMPLATE_CLAUSES, clause_checks, references, terms
from budayang.rules.parameters import PARAMETERS, SEVERITIES, STEPS, deadline_name, get_parameter
from budayang.rules.round_lists import Question
from budayang.rules.rounds import RHYTHM_NAMES
from budayang.rules.standard import edition_text as texts
from budayang.rules.standard.editions import REFERENCE

REFERENCE_CODE = "REF-2026"
REFERENCE_TITLE = "政务服务24小时自助服务区运行要求（参照版）"
REFERENCE_SOURCE = "由多种法规和制度整理，见各条的依据；不是任何已发布标准的条文"
CHAPTER_THREE = texts.Chapter(3, "术语和定义")
SEVERITY_NAMES = {"general": "一般故障", "serious": "严重故障", "urgent": "紧急故障"}
STEP_NAMES = {"respond": "响应", "arrive": "到场", "repair": "修复"}


def reference_text() -> texts.EditionText:
    """The reference edition (参照版) as it ships: gathered from many rules, not the text of any published standard."""
    rows = requirements()
    chapters = {row.chapter: row.chapter_title for row in rows}
    checks = clause_checks()
    return texts.EditionText(
        about=texts.About(REFERENCE_CODE, REFERENCE_TITLE, True, REFERENCE, "", REFERENCE_SOURCE),
        chapters=(CHAPTER_THREE, *(texts.Chapter(number, title) for number, title in sorted(chapters.items()))),
        terms=terms(),
        references=references(),
        clauses=tuple(
            texts.Requirement(
                code=row.code,
                chapter=row.chapter,
                requirement=row.requirement,
                criterion=row.criterion,
                verification=row.verification,
                frequency=row.frequency,
                basis=row.basis,
                grade=row.grade,
                template=row.code in TEMPLATE_CLAUSES,
                weight=1.0,
                parts=checks[row.code],
            )
            for row in rows
        ),
        annexes=(*_check_list_rows(), *_limit_rows()),
        values=tuple(texts.Value(one.name, float(one.default), one.clause) for one in PARAMETERS if one.clause),
    )


def _check_list_rows() -> list[texts.AnnexRow]:
    """Annex A: the check lists, a table each."""
    return [
        _question_row(f"A.{number}", one, question)
        for number, one in enumerate(check_lists(), start=1)
        for question in one.questions
    ]


def _question_row(table: str, one: CheckList, question: Question) -> texts.AnnexRow:
    bounds = [f"{bound:g}" if bound is not None else "" for bound in (question.low, question.high)]
    asked = f"{bounds[0]}—{bounds[1]} {question.unit}".strip() if any(bounds) else ""
    return texts.AnnexRow(
        "A", "检查表", table, one.name, question.text, asked, RHYTHM_NAMES[one.rhythm], question.clause
    )


def _limit_rows() -> list[texts.AnnexRow]:
    """Annex B: the limits of repair by severity."""
    rows = []
    for severity in SEVERITIES:
        for step in STEPS:
            limit = get_parameter(deadline_name(step, severity))
            item = f"{SEVERITY_NAMES[severity]}：{STEP_NAMES[step]}"
            hours = f"{limit.default / 3600:g} 小时以内"
            rows.append(texts.AnnexRow("B", "时限", "B.1", "报修时限", item, hours, "逐单", limit.clause))
    return rows


def write_text(edition: Edition, text: texts.EditionText, now: datetime) -> None:
    """Make the edition's rows what the text says. The caller holds the transaction and has saved the edition.

    Clauses are updated in place, for verdicts point to them; one that the text has no more stays only while a verdict
    does.
    """
    titles = {one.number: one.title for one in text.chapters}
    _anew(Chapter, edition, (Chapter(edition=edition, number=one.number, title=one.title) for one in text.chapters))
    _anew(Term, edition, (Term(edition=edition, position=n, **_plain(one)) for n, one in enumerate(text.terms, 1)))
    _anew(
        Reference,
        edition,
        (Reference(edition=edition, position=n, **_plain(one)) for n, one in enumerate(text.references, 1)),
    )
    _anew(
        AnnexRow,
        edition,
        (AnnexRow(edition=edition, position=n, **_plain(one)) for n, one in enumerate(text.annexes, 1)),
    )
    _anew(
        EditionValue,
        edition,
        (EditionValue(edition=edition, position=n, **_plain(one)) for n, one in enumerate(text.values, 1)),
    )
    rows = [
        Clause(
            edition=edition,
            position=position,
            chapter_title=titles[one.chapter],
            parts=[part.plain() for part in one.parts],
            **{name: value for name, value in _plain(one).items() if name != "parts"},
        )
        for position, one in enumerate(text.clauses, start=1)
    ]
    told = [one.name for one in Clause._meta.fields if one.name not in ("id", "edition", "code")]
    Clause.objects.bulk_create(rows, update_conflicts=True, unique_fields=("edition", "code"), update_fields=told)


def _plain(row: Any) -> dict[str, Any]:
    found = {name: getattr(row, name) for name in row.__dataclass_fields__}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in found.items()}


def _anew(model: type[Any], edition: Edition, rows: Iterable[Any]) -> None:
    """Nothing points to these rows: they are written anew."""
    model.objects.filter(edition=edition).delete()
    model.objects.bulk_create(list(rows))
