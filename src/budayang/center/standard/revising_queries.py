"""Evidence for revision: what the areas' verdicts say about each clause, over months that are over.

A clause is found again by its code, whatever edition the areas were judged by: the draft of a revision has no verdicts
of its own. What the clause asked then is told where it was another sentence.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any, NamedTuple

from django.core.cache import cache
from django.core.exceptions import EmptyResultSet
from django.db.models import Count, Max, QuerySet

from budayang.center.platform.actors import Actor
from budayang.center.standard.edition_queries import parts_of
from budayang.center.standard.models import Assessment, Clause, ClauseVerdict, Edition, Project
from budayang.center.standard.queries import asked_text, current_edition, month_bounds, month_of, verdicts_visible_to
from budayang.center.standard.text_queries import ClauseText, clause_texts
from budayang.rules.standard.answers import show
from budayang.rules.standard.revising import Asks, Reading, Spread, speaks_of, spread

EVIDENCE_MONTHS = 3
CLAUSES_AT_ONCE = 10
"""So many clauses are read together: memory holds their readings and no others."""
AREAS_AT_ONCE = 50
KEPT_S = 3600


@dataclass(frozen=True, slots=True)
class Summed:
    """What the readings of a clause come to. `judged_by`: keys of the editions that asked."""

    unit: str
    thresholds: tuple[str, ...]
    judged_by: tuple[int, ...]
    spread: Spread


@dataclass(frozen=True, slots=True)
class ClauseEvidence:
    """A clause with what the areas say. `thresholds`: what was asked, "≥ 98%", several where places or months differ;
    `judged_by`: codes of the editions that asked; `asked_then`: edition code → its requirement, where it was another.
    """

    code: str
    number: str
    text: str
    criterion: str
    grade: str
    unit: str
    thresholds: tuple[str, ...]
    judged_by: tuple[str, ...]
    asked_then: Mapping[str, str]
    spread: Spread

    def said(self, value: float | None) -> str:
        """A number of the spread as people read it, "" when there is none."""
        return "" if value is None else show(value, self.unit)


class Found(NamedTuple):
    """A verdict as plain values: only what the spread is made of."""

    clause: int
    path: str
    start: datetime
    answer: str
    number: float | None
    threshold: float | None
    comparison: str
    unit: str


_COLUMNS = ("clause_id", "place_path", "period_start", "answer", "number", "threshold", "comparison", "unit")


@dataclass(frozen=True, slots=True)
class Predecessor:
    """A clause of some edition under the code of one that is looked at. `in_force`: its edition is or was."""

    edition_id: int
    edition_code: str
    asks: Asks
    in_force: bool


def months_before(month: date, count: int) -> date:
    """The first day of the month that lies `count` months before."""
    at = month.year * 12 + month.month - 1 - count
    return date(at // 12, at % 12 + 1, 1)


def months_over(now: datetime, count: int) -> tuple[date, date]:
    """First and last of the `count` months before the one that runs: the first days of a month are no month."""
    last = months_before(month_of(now), 1)
    return months_before(last, count - 1), last


def evidence(
    actor: Actor, edition: Edition, first: date, last: date, *, project: Project | None = None,
    codes: Collection[str] | None = None, tick: Callable[[], None] = lambda: None,
) -> dict[str, ClauseEvidence]:  # fmt: skip
    """Clause code → evidence, over the months from `first` to `last`, both included, in the areas the actor reads.

    Args:
        project: whose wording of the clauses is shown.
        codes: the clauses that are wanted; None: all of the edition.
        tick: called after the reading of some clauses, while no query is open: a work renews its lease there.
    """
    texts = [one for one in clause_texts(edition, project) if codes is None or one.code in codes]
    groups = _speaking(edition, [one.code for one in texts])
    rows = _of_months(actor, first, last)
    key = _key(rows, groups, first, last)
    summed = {code: _read(one) for code, one in (cache.get(key) or {}).items()}
    if not summed:
        summed = _sums(rows, groups, tick)
        cache.set(key, {code: asdict(one) for code, one in summed.items()}, KEPT_S)
    return {one.code: _of(one, summed[one.code], groups[one.code]) for one in texts}


def _speaking(edition: Edition, codes: Sequence[str]) -> dict[str, dict[int, Predecessor]]:
    """Code → the clauses whose verdicts are evidence on this edition's clause, by key. A code that stands for another
    requirement in another edition is not among them.
    """
    current = current_edition()
    every: dict[str, dict[int, Predecessor]] = {code: {} for code in codes}
    for row in Clause.objects.filter(code__in=codes).select_related("edition").order_by("edition_id"):
        in_force = row.edition.adoption != "loaded" or row.edition == current
        asks = Asks(row.requirement, parts_of(row))
        every[row.code][row.pk] = Predecessor(row.edition_id, row.edition.code, asks, in_force)
    return {code: _same_matter(edition, group) for code, group in every.items()}


def _same_matter(edition: Edition, group: Mapping[int, Predecessor]) -> dict[int, Predecessor]:
    asked = next((one.asks for one in group.values() if one.edition_id == edition.pk), None)
    return {pk: one for pk, one in group.items() if asked is not None and speaks_of(asked, one.asks)}


def _of_months(actor: Actor, first: date, last: date) -> QuerySet[ClauseVerdict]:
    start, _end = month_bounds(first)
    _start, end = month_bounds(last)
    return verdicts_visible_to(actor).filter(period_start__gte=start, period_start__lt=end)


def _key(
    rows: QuerySet[ClauseVerdict], groups: Mapping[str, Mapping[int, Predecessor]], first: date, last: date
) -> str:
    """Under which the sums are kept, while no area's month is computed anew: reading a city takes seconds."""
    months = Assessment.objects.filter(month__gte=first, month__lte=last)
    fresh = months.aggregate(Max("computed_at"), Count("pk"))
    try:
        readable = str(rows.query)
    except EmptyResultSet:  # who reads no area reads nothing, for everybody alike
        readable = ""
    asked = [(code, sorted(group)) for code, group in groups.items()]
    return f"evidence:{hashlib.sha256(repr((readable, asked, sorted(fresh.items()))).encode()).hexdigest()}"


def _read(plain: Mapping[str, Any]) -> Summed:
    return Summed(**{**plain, "spread": Spread(**plain["spread"])})


def _sums(
    rows: QuerySet[ClauseVerdict], groups: Mapping[str, Mapping[int, Predecessor]], tick: Callable[[], None]
) -> dict[str, Summed]:
    found: dict[str, Summed] = {}
    codes = list(groups)
    for at in range(0, len(codes), CLAUSES_AT_ONCE):
        found |= _sums_of(rows, {code: groups[code] for code in codes[at : at + CLAUSES_AT_ONCE]})
        tick()
    return found


def _sums_of(rows: QuerySet[ClauseVerdict], groups: Mapping[str, Mapping[int, Predecessor]]) -> dict[str, Summed]:
    """One query for some clauses. Where a month was judged by two editions, the later judgement counts."""
    code_of = {pk: code for code, group in groups.items() for pk in group}
    read = (
        rows.select_related(None)
        .filter(clause__in=code_of)
        .order_by("place_path", "period_start", "computed_at", "pk")
        .values_list(*_COLUMNS)
    )
    found: dict[str, dict[tuple[str, datetime], Found]] = {code: {} for code in groups}
    for values in read.iterator(chunk_size=5000):
        one = Found(*values)
        found[code_of[one.clause]][one.path, one.start] = one
    return {code: _sum(list(found[code].values()), groups[code]) for code in groups}


def _sum(rows: Sequence[Found], group: Mapping[int, Predecessor]) -> Summed:
    return Summed(
        unit=next((one.unit for one in rows if one.unit), ""),
        thresholds=tuple(
            dict.fromkeys(
                asked_text(one.threshold, one.comparison, one.unit) for one in rows if one.threshold is not None
            )
        ),
        judged_by=tuple(sorted({group[one.clause].edition_id for one in rows})),
        spread=spread([Reading(one.path, one.answer, one.number, one.threshold, one.comparison) for one in rows]),
    )


def _of(text: ClauseText, summed: Summed, group: Mapping[int, Predecessor]) -> ClauseEvidence:
    asked = {one.edition_code: one.asks.requirement for one in group.values() if one.edition_id in summed.judged_by}
    is_new = not asked and not any(one.in_force for one in group.values())
    return ClauseEvidence(
        code=text.code,
        number=text.number,
        text=text.text,
        criterion=text.criterion,
        grade=text.grade,
        unit=summed.unit,
        thresholds=summed.thresholds,
        judged_by=tuple(asked),
        asked_then={code: said for code, said in asked.items() if said != text.requirement},
        spread=replace(summed.spread, advice="new") if is_new else summed.spread,
    )


@dataclass(frozen=True, slots=True)
class AreaMonths:
    """Areas with their verdicts on a clause, month by month: `areas` of the `total` that have one."""

    areas: list[list[ClauseVerdict]]
    total: int


def readings_of(actor: Actor, edition: Edition, code: str, first: date, last: date, *, skip: int = 0) -> AreaMonths:
    """The verdicts behind a clause's evidence: AREAS_AT_ONCE areas after `skip`, by their place."""
    group = _speaking(edition, [code])[code]
    rows = _of_months(actor, first, last).filter(clause__in=group)
    places = list(rows.order_by("place_path").values_list("place_id", flat=True).distinct())
    shown = rows.filter(place__in=places[skip : skip + AREAS_AT_ONCE]).defer("evidence", "parts")
    by_place: dict[int, dict[datetime, ClauseVerdict]] = {}
    for row in shown.order_by("place_path", "period_start", "computed_at", "pk"):
        by_place.setdefault(row.place_id, {})[row.period_start] = row
    return AreaMonths([list(months.values()) for months in by_place.values()], len(places))
