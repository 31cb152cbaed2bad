"""What the evaluation room's rows say of the clauses of a standard, of many areas and one period at once: a number of
queries that does not grow with the areas.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Coalesce

from budayang.center.evaluation.complaint_actions import limits_of
from budayang.center.evaluation.improvement_queries import closing_of
from budayang.center.evaluation.models import (
    Complaint,
    ComplaintStep,
    Improvement,
    MonthlyReport,
    NegativeCase,
    NegativeStep,
    Rating,
    RatingFlag,
    RefusedRating,
    SupervisionEvent,
    SupervisionVisit,
    SurveyArea,
    SurveySheet,
)
from budayang.rules.evaluation import INDICATORS, NEGATIVE_LEVELS
from budayang.rules.evaluation.complaints import FINAL_STATES, STEPS
from budayang.rules.evaluation.negative import APPEALED, NOT_THE_PERSONS, PHONE_GONE, kept
from budayang.rules.evaluation.supervision import FROM_ABOVE, SURPRISE
from budayang.rules.evaluation.surveys import by_group

QUARTER, HALF_YEAR, YEAR = timedelta(days=92), timedelta(days=183), timedelta(days=366)
DECIDED = ("uphold", "refuse", "set_aside")
AFTER_FIX = ("called_back", "closed")
BEGUN = Coalesce("case__restored_at", "case__opened_at")
CODES = frozenset(one.code for one in INDICATORS)


@dataclass(slots=True)
class Known:
    """Things that are judged, each with whether it is as it should be: (reference, good)."""

    rows: list[tuple[str, bool]] = field(default_factory=list)

    @property
    def good(self) -> int:
        return sum(ok for _ref, ok in self.rows)


@dataclass(slots=True)
class EvaluationSeen:
    """One area. References: case numbers of ratings, keys of complaints, reports, surveys.

    ``rated``: ratings that count, newest first, ``levels`` of them; ``ratings_all`` counts those set aside too.
    ``refused``: ratings that came on none of the five levels, newest first: (case number, terminal, the word).
    """

    ratings_all: int = 0
    rated: list[str] = field(default_factory=list)
    levels: Counter[str] = field(default_factory=Counter)
    refused: list[tuple[str, str, str]] = field(default_factory=list)
    negative_reasoned: int = 0
    forced: list[str] = field(default_factory=list)
    unjudged: list[str] = field(default_factory=list)
    negatives: Known = field(default_factory=Known)
    """Negative ratings that count and are handled as cases; good: with a reason."""
    verified: Known = field(default_factory=Known)
    fixed: Known = field(default_factory=Known)
    called: Known = field(default_factory=Known)
    appeals: Known = field(default_factory=Known)
    rerated: Known = field(default_factory=Known)
    complaints: Known = field(default_factory=Known)
    reports: dict[int, int] = field(default_factory=dict)
    """Published monthly report → how many of the six public indicators it holds."""
    surveys: dict[str, int] = field(default_factory=dict)
    """Survey of the half-year → its sheets that count."""
    surveys_enough: int = 0
    visits: list[tuple[str, str, int, int]] = field(default_factory=list)
    """Visits from above that were handed in in the quarter, newest first: (number, kind, answers well, all that count).
    """
    visits_missed: list[str] = field(default_factory=list)
    """Those that were planned openly and that nobody handed in."""
    sheets_asked_for: int = 0
    """Sheets that count of surveys with a sample to reach: there is none where nothing was handled before."""
    access_good: int = 0
    access_answers: int = 0
    improvements: Known = field(default_factory=Known)
    """Improvement items of the year that were closed or should have been; good: closed in time."""


def evaluations_of(
    paths: Mapping[int, str], start: datetime, until: datetime, month: date, now: datetime
) -> dict[int, EvaluationSeen]:
    """Area → what is known of it in [start, until); `paths`: the areas asked for. `month`: whose report counts."""
    found = {pk: EvaluationSeen() for pk in paths}
    by_path = {path: found[pk] for pk, path in paths.items()}
    _ratings(by_path, start, until)
    _negatives(by_path, start, until, now)
    _appeals(by_path, start, until, now)
    _complaints(found, start, until, now)
    _reports(by_path, month)
    _surveys(found, until)
    for path, rows in closing_of(Improvement.objects.filter(place_path__in=list(by_path)), until).items():
        by_path[path].improvements.rows += [(str(pk), ok) for pk, ok in rows]
    _visits(found, until)
    return found


def _ratings(seen: Mapping[str, EvaluationSeen], start: datetime, until: datetime) -> None:
    """PJ-02, 04, 06, 15: the levels of what counts, and which ratings a person found not to be people's own (代评,
    强迫, 刷评), or has still to look at. What was removed for another reason is neither.
    """
    flags = RatingFlag.objects.filter(rating=OuterRef("pk"))
    rows = Rating.objects.filter(place_path__in=list(seen), at__gte=start, at__lt=until).order_by("-at")
    rows = rows.annotate(waiting=Exists(flags.filter(state="open")))
    for path, number, level, reasons, aside, why, waiting in rows.values_list(
        "place_path", "case_number", "level", "reasons", "set_aside_at", "set_aside_for", "waiting"
    ):
        one = seen[path]
        one.ratings_all += 1
        if why in NOT_THE_PERSONS:
            one.forced.append(number)
        elif waiting and aside is None:
            one.unjudged.append(number)
        if aside is None:
            one.levels[level] += 1
            one.rated.append(number)
            one.negative_reasoned += level in NEGATIVE_LEVELS and bool(reasons)
    refused = RefusedRating.objects.filter(place_path__in=list(seen), at__gte=start, at__lt=until).order_by("-at")
    for path, number, terminal, level in refused.values_list("place_path", "case_number", "terminal__code", "level"):
        seen[path].refused.append((number, terminal, level))


def _negatives(seen: Mapping[str, EvaluationSeen], start: datetime, until: datetime, now: datetime) -> None:
    """PJ-03, 06: ratings that count, as cases; PJ-07, 08: their clocks, once kept or broken; PJ-09: who left a number
    was called, or rated again; PJ-11: what was put right could be rated again.
    """
    rows = NegativeCase.objects.filter(
        rating__place_path__in=list(seen),
        rating__at__gte=start,
        rating__at__lt=until,
        rating__set_aside_at__isnull=True,
    )
    steps = _steps_of(rows)
    for case in rows.select_related("rating").order_by("rating__at"):
        one, number = seen[case.rating.place_path], case.rating.case_number
        one.negatives.rows.append((number, bool(case.rating.reasons)))
        _clocks(one, case, steps.get(case.pk, {}), now)
        called = case.called_at is not None and case.call_outcome != PHONE_GONE
        reached = called or case.rerated_at is not None
        if case.left_phone and (reached or (case.call_due_at is not None and case.call_due_at < now)):
            one.called.rows.append((number, reached))
        if case.fixed_at is not None and case.state in AFTER_FIX:
            one.rerated.rows.append((number, case.rerate_until is not None))


def _steps_of(cases: QuerySet[NegativeCase]) -> dict[int, dict[str, list[tuple[datetime, datetime | None]]]]:
    """Case → contact and fix → when each was done and until when it was due, since the case (last) began."""
    rows = NegativeStep.objects.filter(case__in=cases, event__in=("contact", "fix"), at__gte=BEGUN)
    found: dict[int, dict[str, list[tuple[datetime, datetime | None]]]] = {}
    for pk, event, at, due_at in rows.order_by("pk").values_list("case_id", "event", "at", "due_at"):
        found.setdefault(pk, {}).setdefault(event, []).append((at, due_at))
    return found


def _clocks(
    one: EvaluationSeen,
    case: NegativeCase,
    steps: Mapping[str, list[tuple[datetime, datetime | None]]],
    now: datetime,
) -> None:
    """Contact and fix in time. While an appeal runs nothing is said: its clocks stand still, and it may not count."""
    if case.state in APPEALED:
        return
    number = case.rating.case_number
    for known, event, owing, due_at in (
        (one.verified, "contact", ("open",), case.verify_due_at),
        (one.fixed, "fix", ("open", "verified"), case.close_due_at),
    ):
        ok = kept(steps.get(event, ()), due_at if case.state in owing else None, now)
        if ok is not None:
            known.rows.append((number, ok))


def _appeals(seen: Mapping[str, EvaluationSeen], start: datetime, until: datetime, now: datetime) -> None:
    """PJ-10: an appeal was decided by somebody with words, and before its time was over. Read from the trail: a case
    that was removed and counts again has no appeal of its own any more.
    """
    asked = NegativeStep.objects.filter(
        event="appeal", at__gte=start, at__lt=until, case__rating__place_path__in=list(seen)
    )
    rows = list(
        NegativeStep.objects.filter(case__in=asked.values("case"), event__in=("appeal", *DECIDED))
        .select_related("case__rating")
        .order_by("case_id", "pk")
    )
    for row, after in zip(rows, [*rows, None][1:], strict=True):
        if row.event != "appeal" or not start <= row.at < until:
            continue
        decided = after if after is not None and after.case_id == row.case_id and after.event in DECIDED else None
        due_at = row.case.decide_due_at
        if decided is not None or (due_at is not None and due_at < now):
            good = decided is not None and bool(decided.by and (decided.note or decided.outcome))
            seen[row.case.rating.place_path].appeals.rows.append((row.case.rating.case_number, good))


def _complaints(seen: Mapping[int, EvaluationSeen], start: datetime, until: datetime, now: datetime) -> None:
    """PJ-17: a complaint of which all five steps are written down, once it is filed or its time is over."""
    rows = list(
        Complaint.objects.filter(area_id__in=list(seen), kind="complaint", made_at__gte=start, made_at__lt=until)
        .only("pk", "area_id", "state", "limits")
        .order_by("made_at")
    )
    steps: dict[int, set[str]] = {}
    told = ComplaintStep.objects.filter(complaint__in=[one.pk for one in rows], event__in=STEPS)
    for pk, event in told.values_list("complaint_id", "event") if rows else ():
        steps.setdefault(pk, set()).add(event)
    for row in rows:
        over = row.state not in FINAL_STATES and limits_of(row).file < now
        if row.state == "filed" or over:
            whole = row.state == "filed" and steps.get(row.pk, set()) >= set(STEPS)
            seen[row.area_id].complaints.rows.append((str(row.pk), whole))


def _reports(seen: Mapping[str, EvaluationSeen], month: date) -> None:
    """PJ-12: published reports of the month of the area or a place above, and which indicators each holds."""
    rows = MonthlyReport.objects.filter(month=month, state="published").order_by("pk")
    for pk, place_path, content in rows.values_list("pk", "place_path", "content"):
        below = [one for path, one in seen.items() if path.startswith(place_path)]
        if below:
            held = _indicators_in(content)
            for one in below:
                one.reports[pk] = held


def _indicators_in(content: Any) -> int:
    """Of a report's content as it was frozen."""
    return len(CODES & {figure["code"] for section in content["sections"] for figure in section["figures"]})


def _visits(seen: Mapping[int, EvaluationSeen], until: datetime) -> None:
    """PJ-21: visits from above in the quarter that ends with the period. Of a missed one that was to be unannounced
    nothing is said: the area's own people read this.
    """
    rows = SupervisionVisit.objects.filter(
        area_id__in=list(seen), kind__in=FROM_ABOVE, state="done", handed_at__gte=until - QUARTER, handed_at__lt=until
    ).order_by("-handed_at")
    for area, number, kind, well, failed in rows.values_list("area_id", "number", "kind", "well", "failed"):
        seen[area].visits.append((number, kind, well, well + failed))
    missed = SupervisionEvent.objects.filter(
        what="missed", at__gte=until - QUARTER, at__lt=until, visit__area__in=list(seen), visit__kind__in=FROM_ABOVE
    ).exclude(visit__kind=SURPRISE)
    for area, number in missed.order_by("-at").values_list("visit__area_id", "visit__number"):
        seen[area].visits_missed.append(number)


def _surveys(seen: Mapping[int, EvaluationSeen], until: datetime) -> None:
    """PJ-14, 16, 22: surveys of the last half-year, and what people with disabilities said within a year."""
    since = (until - HALF_YEAR).date()
    plans = SurveyArea.objects.filter(
        area_id__in=list(seen), survey__opens_on__lt=until.date() + timedelta(days=1), survey__closes_on__gte=since
    )
    needed = {(area, code): n for area, code, n in plans.values_list("area_id", "survey__code", "needed")}
    for area, code in needed:
        seen[area].surveys[code] = 0
    sheets = SurveySheet.objects.filter(area_id__in=list(seen), beyond=False, at__gte=until - YEAR, at__lt=until)
    answers: dict[tuple[int, str], list[dict[str, str]]] = {}
    within_year: dict[int, list[dict[str, str]]] = {}
    for area, code, at, given in sheets.values_list("area_id", "survey__code", "at", "answers"):
        within_year.setdefault(area, []).append(given)
        if at >= until - HALF_YEAR and (area, code) in needed:
            answers.setdefault((area, code), []).append(given)
    for (area, code), rows in answers.items():
        one = seen[area]
        one.surveys[code] = len(rows)
        if not needed[area, code]:
            continue
        one.sheets_asked_for += len(rows)
        groups = by_group(rows)
        both = groups["service"].total and groups["environment"].total
        one.surveys_enough += bool(both and len(rows) >= needed[area, code])
    for area, rows in within_year.items():
        access = by_group(rows)["access"]
        seen[area].access_good, seen[area].access_answers = access.good, access.total
