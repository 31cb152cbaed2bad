"""Evidence for revision: what the areas' verdicts say about each clause, over some months."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from budayang.center.platform.actors import Actor
from budayang.center.standard.models import Clause, ClauseVerdict, Edition
from budayang.center.standard.queries import month_bounds, threshold_text, verdicts_visible_to
from budayang.center.standard.text_queries import ClauseText, clause_texts
from budayang.rules.standard.answers import show
from budayang.rules.standard.revising import Reading, Spread, spread

EVIDENCE_MONTHS = 3


@dataclass(frozen=True, slots=True)
class ClauseEvidence:
    """A clause with what the areas say. `thresholds`: what was asked, "≥ 98%", several where places differ."""

    code: str
    number: str
    text: str
    criterion: str
    grade: str
    unit: str
    thresholds: tuple[str, ...]
    spread: Spread

    def said(self, value: float | None) -> str:
        """A number of the spread as people read it, "" when there is none."""
        return "" if value is None else show(value, self.unit)


def months_before(month: date, count: int) -> date:
    """The first day of the month that lies `count` months before."""
    at = month.year * 12 + month.month - 1 - count
    return date(at // 12, at % 12 + 1, 1)


def evidence(actor: Actor, edition: Edition, first: date, last: date) -> dict[str, ClauseEvidence]:
    """Clause code → evidence, over the months from `first` to `last`, both included, in the areas the actor reads."""
    start, _end = month_bounds(first)
    _start, end = month_bounds(last)
    rows = (
        verdicts_visible_to(actor)
        .filter(clause__edition=edition, period_start__gte=start, period_start__lt=end)
        .defer("evidence", "why")
        .order_by("place_path", "period_start")
    )
    by_clause: dict[str, list[ClauseVerdict]] = {}
    for row in rows.iterator(chunk_size=2000):
        by_clause.setdefault(row.clause.code, []).append(row)
    return {one.code: _of(one, by_clause.get(one.code, [])) for one in clause_texts(edition)}


def _of(text: ClauseText, rows: Sequence[ClauseVerdict]) -> ClauseEvidence:
    readings = [Reading(one.place_path, one.answer, one.number, one.threshold, one.comparison) for one in rows]
    return ClauseEvidence(
        code=text.code,
        number=text.number,
        text=text.text,
        criterion=text.criterion,
        grade=text.grade,
        unit=next((one.unit for one in rows if one.unit), ""),
        thresholds=tuple(dict.fromkeys(threshold_text(one) for one in rows if one.threshold is not None)),
        spread=spread(readings),
    )


def readings_of(actor: Actor, clause: Clause, first: date, last: date) -> Iterable[ClauseVerdict]:
    """The verdicts behind a clause's evidence, area by area, month by month."""
    start, _end = month_bounds(first)
    _start, end = month_bounds(last)
    rows = verdicts_visible_to(actor).filter(clause=clause, period_start__gte=start, period_start__lt=end)
    return rows.order_by("place_path", "period_start")
