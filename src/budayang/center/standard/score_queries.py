"""Scores of areas: from the verdicts of a month by the rules, and as they stand summed in the assessments."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

from budayang.center.standard.models import Assessment, Clause, ClauseVerdict, Edition
from budayang.rules.standard.answers import Answer
from budayang.rules.standard.scoring import Row, Score, by_chapter, score, split


@dataclass(frozen=True, slots=True)
class AreaScore:
    """The score of the clauses that count, by chapter, and of those that are listed apart."""

    counted: Score
    chapters: list[tuple[int, Score]]
    apart: Score
    apart_rows: list[Row]


def rows_of(clauses: Iterable[Clause], verdicts: Iterable[ClauseVerdict]) -> list[Row]:
    """Clauses that are connected, with their answers; one without a verdict has no evidence yet."""
    by_clause = {one.clause_id: one for one in verdicts}
    found = []
    for clause in clauses:
        verdict = by_clause.get(clause.pk)
        if not clause.parts and verdict is None:
            continue
        found.append(
            Row(
                code=clause.code,
                chapter=clause.chapter,
                weight=clause.weight,
                grade=clause.grade,
                template=clause.template,
                answer=Answer(verdict.answer) if verdict is not None else Answer.NO_EVIDENCE,
                in_transition=verdict is not None and verdict.transition_until is not None,
            )
        )
    return found


def score_of(rows: Sequence[Row]) -> AreaScore:
    """The score of an area and month."""
    counted, apart = split(rows)
    return AreaScore(score(counted), by_chapter(counted), score(apart), apart)


def summed(rows: Sequence[Row]) -> dict[str, Any]:
    """What the assessment keeps of it."""
    found = score_of(rows)
    answers = [one.answer for one in rows]
    return {
        "score": found.counted.value,
        "floor": found.counted.floor,
        "ceiling": found.counted.ceiling,
        "coverage": found.counted.coverage,
        "chapters": {str(number): one.value for number, one in found.chapters},
        **{one.value: answers.count(one) for one in Answer},
    }


SUMMED = ("score", "floor", "ceiling", "coverage", "met", "not_met", "not_applicable", "no_evidence", "computed_at")


def with_scores(areas: QuerySet[Any], month: date, edition: Edition | None) -> QuerySet[Any]:
    """Areas with what their assessment of a month by its edition says, each as `of_<name>`; null where there is none.
    A score by one edition is not shown under the name of another.
    """
    rows = Assessment.objects.filter(place=OuterRef("place"), month=month.replace(day=1), edition=edition)
    found: QuerySet[Any] = areas.annotate(
        **{f"of_{name}": Subquery(rows.values(name)[:1]) for name in (*SUMMED, "chapters")}
    )
    return found
