"""What the rows say of every clause of an edition for one area and month: each part by its kind of evidence, exemptions
first, and written by two statements however many clauses there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from budayang.center.maintenance.clause_queries import Said, answers_of
from budayang.center.platform.models import Place
from budayang.center.platform.queries import parameters, top_path
from budayang.center.standard import given_queries, queries
from budayang.center.standard.edition_queries import parts_of
from budayang.center.standard.given_queries import GivenHere, Standing
from budayang.center.standard.measuring import (
    EVIDENCE_ROWS,
    VALUES,
    Evidence,
    Gathering,
    Measured,
    Together,
    evidence,
    measure_area,
)
from budayang.center.standard.models import Clause, ClauseException, ClauseVerdict, Edition
from budayang.center.standard.month_ends import MonthEnd, month_ends
from budayang.center.standard.sign_measuring import basis_of_signs, measure_signs
from budayang.rules.standard import CHECK_BY_CLAUSE, CLAUSE_CHECKS, OF_NOW, SIGNS_CLAUSES
from budayang.rules.standard.answers import Answer, ClauseAnswer, Comparison
from budayang.rules.standard.judging import Asked, PartAnswer, combine, judge_given, judge_rounds
from budayang.rules.standard.parts import Kind, Part

MONTH_D = 31
"""A round question that looks back a month looks at the month that is judged."""
EXCEPTION = "exception"


@dataclass(slots=True)
class Facts:
    """Everything that the parts of one area and month are answered from."""

    seen: Gathering
    measured: Measured
    signs: Mapping[str, tuple[ClauseAnswer, list[Evidence]]]
    thresholds: Mapping[str, float]
    rounds: Mapping[tuple[str, int | None], Said]
    given: GivenHere
    month_end: MonthEnd | None
    """None while the month runs."""


class Plan:
    """An edition's clauses with their parts, read once for however many areas are judged by it."""

    def __init__(self, edition: Edition) -> None:
        self.edition = edition
        self.standing = Standing(edition)
        self.clauses: list[Clause] = list(queries.clauses(edition))
        self.parts: dict[int, tuple[Part, ...]] = {one.pk: parts_of(one) for one in self.clauses}
        every = [part for parts in self.parts.values() for part in parts]
        self.asked: set[tuple[str, int | None]] = {
            (code, part.days) for part in every if part.kind is Kind.ROUND for code in part.questions
        }
        self.reads_signs = any(part.metric in SIGNS_CLAUSES for part in every if part.kind is Kind.FUNCTION)


class Batch:
    """Areas of one period that are judged together: what can be read at once for all of them."""

    def __init__(self, areas: Sequence[Any], start: datetime, end: datetime, now: datetime) -> None:
        self.start, self.end, self.now, self.until = start, end, now, min(end, now)
        self.together = Together([one.pk for one in areas], start, self.until)
        names = [*(one.parameter for one in CLAUSE_CHECKS if one.parameter), *VALUES]
        held = parameters(names, [(one.place.path, "") for one in areas], self.until)
        self.thresholds = {
            path: {name: float(found[name].value) for name in names} for (path, _subject), found in held.items()
        }
        top = top_path()
        self.own = {
            path: frozenset(name for name, one in found.items() if one.row is not None and one.row.place.path != top)
            for (path, _subject), found in held.items()
        }
        """Values that an area, or a place between it and the center's topmost, has set for itself."""
        month = start.astimezone(ZoneInfo(self.together.zone)).date()
        self.month_ends = month_ends([one.place_id for one in areas], month) if end <= now else {}
        self._said: dict[int, dict[int, dict[tuple[str, int | None], Said]]] = {}

    def said(self, plan: Plan) -> dict[int, dict[tuple[str, int | None], Said]]:
        """Area → answers to the questions of a plan, each as far back as its part says; a query for each length."""
        if id(plan) not in self._said:
            self._said[id(plan)] = self._asked(plan.asked)
        return self._said[id(plan)]

    def _asked(self, asked: Iterable[tuple[str, int | None]]) -> dict[int, dict[tuple[str, int | None], Said]]:
        by_days: dict[int | None, list[str]] = {}
        for code, days in asked:
            by_days.setdefault(days, []).append(code)
        found: dict[int, dict[tuple[str, int | None], Said]] = {}
        for days, codes in by_days.items():
            since = self.start if days is None or days <= MONTH_D else self.until - timedelta(days=days)
            answers = answers_of(list(self.together.paths), dict.fromkeys(codes, since), self.until)
            for area_id, said in answers.items():
                found.setdefault(area_id, {}).update({(code, days): one for code, one in said.items()})
        return found


def gather(area: Any, batch: Batch, plan: Plan, given: GivenHere) -> Facts:
    """Read what the parts need; one area of a batch."""
    values = batch.thresholds[area.place.path]
    seen = Gathering(area, batch.start, batch.until, batch.now, batch.together, values)
    signs = measure_signs(seen) if plan.reads_signs else []
    measured = measure_area(seen)
    month_end = batch.month_ends.get(area.place_id)
    if plan.reads_signs and month_end is not None:
        measured.basis |= basis_of_signs(seen)
    return Facts(
        seen=seen,
        measured=measured,
        signs={code: (answer, rows) for code, answer, rows in signs},
        thresholds=values,
        rounds=batch.said(plan).get(area.pk, {}),
        given=given,
        month_end=month_end,
    )


def judge(plan: Plan, facts: Facts, place: Place, period: tuple[datetime, datetime]) -> list[ClauseVerdict]:
    """A verdict, not saved yet, on each clause that is connected."""
    made = []
    for clause in plan.clauses:
        parts = plan.parts[clause.pk]
        if parts:
            made.append(_verdict(clause, parts, facts, place, period))
    return made


def _verdict(
    clause: Clause, parts: Sequence[Part], facts: Facts, place: Place, period: tuple[datetime, datetime]
) -> ClauseVerdict:
    on = facts.seen.on
    exceptions = facts.given.exceptions.get(clause.code, ())
    exempt = next((one for one in exceptions if one.kind == "exemption" and holds(one, on)), None)
    transition = next((one for one in exceptions if one.kind == "transition" and holds(one, on)), None)
    verdict = ClauseVerdict(
        clause=clause,
        place=place,
        place_path=place.path,
        period_start=period[0],
        period_end=period[1],
        computed_at=facts.seen.now,
        transition_until=transition.until_on if transition else None,
    )
    if exempt is not None:
        verdict.answer, verdict.source, verdict.sample = Answer.NOT_APPLICABLE.value, EXCEPTION, 0
        verdict.why = _exempt_words(exempt)
        verdict.evidence = [evidence("exception", f"exception:{exempt.pk}", exempt.reason)]
        return verdict
    answers = [(part, *_part(clause, part, facts)) for part in parts]
    judged = [PartAnswer(part, answer) for part, answer, _rows in answers]
    found, deciding = combine(judged)
    verdict.answer, verdict.number, verdict.threshold = found.answer.value, found.number, found.threshold
    verdict.unit, verdict.sample, verdict.why = found.unit, found.sample, found.why[:1000]
    verdict.comparison = _comparison(deciding.part).value if found.threshold is not None else ""
    verdict.source, verdict.by_hand = deciding.part.kind.value, deciding.by_hand
    if len(judged) > 1:
        verdict.parts = [
            {"kind": one.part.kind.value, "answer": one.answer.answer.value, "why": one.answer.why} for one in judged
        ]
    rows = [row for part, _answer, shown in answers if part is deciding.part for row in shown]
    rows += [row for part, _answer, shown in answers if part is not deciding.part for row in shown]
    verdict.evidence = rows[:EVIDENCE_ROWS]
    return verdict


def holds(one: ClauseException, on: date) -> bool:
    """Whether an exception is in force on a day."""
    ends = [day for day in (one.until_on, one.ended_on) if day is not None]
    return one.from_on <= on and all(on <= day for day in ends)


def _exempt_words(one: ClauseException) -> str:
    until = one.until_on.isoformat() if one.until_on else _("另行通知")
    told = {"reason": one.reason, "first": one.from_on.isoformat(), "until": until, "by": one.by}
    return _("不适用：%(reason)s（%(first)s至%(until)s，%(by)s登记）") % told


def _part(clause: Clause, part: Part, facts: Facts) -> tuple[ClauseAnswer, list[Evidence]]:
    if part.kind is Kind.FUNCTION:
        return _function(part, facts)
    if part.kind is Kind.ROUND:
        said = {code: facts.rounds[code, part.days] for code in part.questions if (code, part.days) in facts.rounds}
        asked = {code: Asked(one.good, one.all, one.not_here) for code, one in said.items()}
        seen_rounds = dict.fromkeys(one.round_id for one in said.values() if one.round_id is not None)
        words = _("巡查记录 %(n)d")
        rows = [evidence("round", f"round:{pk}", words % {"n": pk}, f"/console/rounds/{pk}/") for pk in seen_rounds]
        return judge_rounds(part, asked), rows
    given = facts.given.of(clause.code, part.kind)
    rows = [given_queries.evidence_of(one) for one in given]
    return judge_given(part, [given_queries.plain(one) for one in given], facts.seen.on), rows


def _function(part: Part, facts: Facts) -> tuple[ClauseAnswer, list[Evidence]]:
    if facts.month_end is None or part.metric not in OF_NOW:
        return _measured(part, facts)
    basis = facts.measured.basis.get(part.metric, "")
    return facts.month_end.say(part.metric, basis, lambda: _measured(part, facts))


def _measured(part: Part, facts: Facts) -> tuple[ClauseAnswer, list[Evidence]]:
    if part.metric in facts.signs:
        return facts.signs[part.metric]
    check = CHECK_BY_CLAUSE.get(part.metric)
    if check is None:  # an edition of another version of the program
        why = _("平台没有“%(metric)s”这个指标") % {"metric": part.metric}
        return ClauseAnswer(Answer.NO_EVIDENCE, None, None, "", 0, why), []
    threshold = facts.thresholds[check.parameter] if check.parameter else check.threshold
    return check.judge_with(facts.measured.numbers, threshold), facts.measured.evidence.get(part.metric, [])


def _comparison(part: Part) -> Comparison:
    if part.kind is Kind.FUNCTION and part.metric in CHECK_BY_CLAUSE:
        return CHECK_BY_CLAUSE[part.metric].comparison
    if part.fields and part.fields[0].low is None:
        return Comparison.AT_MOST
    return Comparison.AT_LEAST


_KEY = ("clause", "place", "period_start")
_TOLD = tuple(one.name for one in ClauseVerdict._meta.concrete_fields if one.name not in (*_KEY, "id"))


def keep(made: Sequence[ClauseVerdict]) -> None:
    """Replace what stood for these areas, clauses and months."""
    ClauseVerdict.objects.bulk_create(
        made, update_conflicts=True, unique_fields=_KEY, update_fields=_TOLD, batch_size=500
    )
