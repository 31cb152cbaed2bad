"""Writes of the standard room: load and adopt an edition, and compute what the facts say about its clauses."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from budayang.center.areas import queries as areas
from budayang.center.platform.actions import Refused, emit, record, set_parameter
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.models import Parameter, Place, Work
from budayang.center.platform.queries import parameter
from budayang.center.platform.works import Progress, long_work, request_work
from budayang.center.standard import queries
from budayang.center.standard.measuring import measure
from budayang.center.standard.models import Assessment, Clause, ClauseVerdict, Edition
from budayang.center.standard.sign_measuring import measure_signs
from budayang.data import requirements
from budayang.rules.parameters import PARAMETERS
from budayang.rules.standard import CLAUSE_CHECKS, ClauseAnswer, ClauseCheck
from budayang.rules.standard.answers import Comparison

REFERENCE_CODE = "REF-2026"
REFERENCE_TITLE = "政务服务24小时自助服务区运行要求（参照版）"
JOB = Actor.job("standard.assess")
WORK_NAME = "standard.assess"
CLAUSE_TEXTS = (
    "chapter", "chapter_title", "requirement", "criterion", "verification", "frequency", "basis", "grade",
)  # fmt: skip


@transaction.atomic
def load_reference_edition(actor: Actor, now: datetime) -> Edition:
    """Load the shipped reference edition (参照版) with all its clauses, or bring the loaded one up to date.

    It is gathered from many rules and is not the text of any published standard; the real text replaces it later.
    """
    actor.require(Role.SUPERVISOR, Role.SYSTEM_ADMIN)
    edition, created = Edition.objects.get_or_create(
        code=REFERENCE_CODE, defaults={"title": REFERENCE_TITLE, "is_reference": True, "loaded_at": now}
    )
    rows = [
        Clause(edition=edition, code=row.code, position=position, **{name: getattr(row, name) for name in CLAUSE_TEXTS})
        for position, row in enumerate(requirements(), start=1)
    ]
    told = ("position", *CLAUSE_TEXTS)
    Clause.objects.bulk_create(rows, update_conflicts=True, unique_fields=("edition", "code"), update_fields=told)
    if created:
        details = {"clauses": edition.clauses.count()}
        record(actor, "standard.load_edition", subject=f"edition:{edition.code}", details=details, at=now)
    return edition


@transaction.atomic
def adopt_edition(actor: Actor, edition: Edition, place: Place, now: datetime) -> Edition:
    """Put an edition in force for everything at and below `place`: its values become platform parameters.

    A value that a place below has set for itself stays; adopting the same edition again changes nothing, so that what
    people have changed since is not undone.
    """
    actor.require(Role.SUPERVISOR, place_path=place.path)
    kept = set(Parameter.objects.filter(place=place, edition=edition.code).values_list("name", flat=True))
    for one in PARAMETERS:
        if one.clause and one.name not in kept:
            set_parameter(actor, one.name, place, one.default, valid_from=now, edition=edition.code, clause=one.clause)
    if edition.state != "adopted":
        Edition.objects.filter(state="adopted").update(state="withdrawn")
        Edition.objects.filter(pk=edition.pk).update(state="adopted", adopted_at=now)
        edition.refresh_from_db()
        record(actor, "standard.adopt_edition", subject=f"edition:{edition.code}", place_path=place.path, at=now)
        mark_dirty(place.path, queries.month_of(now), now)
    return edition


def adopt_reference_edition(actor: Actor, place: Place, *, now: datetime) -> Edition:
    """Load the reference edition and put it in force at `place`; done again it changes nothing."""
    return adopt_edition(actor, load_reference_edition(actor, now), place, now)


def mark_dirty(place_path: str, month: date, now: datetime) -> int:
    """Note that the areas at, below or around a path are to be computed again for a month; returns how many."""
    found = 0
    for area in areas.visible_to(JOB).select_related("place"):
        path = area.place.path
        # News of a region (a department's system) bears on every area below it.
        if not (path.startswith(place_path) or place_path.startswith(path)):
            continue
        Assessment.objects.update_or_create(place=area.place, month=month.replace(day=1), defaults={"dirty_at": now})
        found += 1
    return found


@transaction.atomic
def assess(place: Place, month: date, now: datetime) -> list[ClauseVerdict]:
    """Compute every connected clause for one area and month from the rows as they are; replaces what was there.

    A month is judged by the values in force at its end (or now). Months that have not begun are refused.
    """
    start, end = queries.month_bounds(month, place.zone)
    if start > now:
        raise Refused(_("这个月还没有开始，不能评。"))
    edition = queries.current_edition()
    area = areas.visible_to(JOB).filter(place=place).first()
    if edition is None or area is None:
        return []
    measured = measure(area.pk, start, end, now)
    rules = {clause.code: clause for clause in queries.clauses(edition)}
    made = []
    for check in CLAUSE_CHECKS:
        clause = rules.get(check.clause_code)
        if clause is None:
            continue
        answer = check.judge_with(measured.numbers, _threshold(check, place.path, min(end, now)))
        rows = measured.evidence.get(clause.code, [])
        made.append(_keep(clause, place, (start, end), check.comparison, answer, rows, now))
    for code, answer, rows in measure_signs(area, start, min(end, now), now):
        if code in rules:
            made.append(_keep(rules[code], place, (start, end), Comparison.AT_LEAST, answer, rows, now))
    Assessment.objects.update_or_create(place=place, month=month.replace(day=1), defaults={"computed_at": now})
    emit(
        "standard.assessed",
        subject=f"place:{place.code}",
        place_path=place.path,
        payload={"place": place.code, "month": f"{month:%Y-%m}"},
        occurred_at=now,
        now=now,
    )
    return made


def _threshold(check: ClauseCheck, place_path: str, at: datetime) -> float:
    return float(parameter(check.parameter, place_path, at)) if check.parameter else check.threshold


def _keep(
    clause: Clause,
    place: Place,
    period: tuple[datetime, datetime],
    comparison: Comparison,
    answer: ClauseAnswer,
    rows: list[Any],
    now: datetime,
) -> ClauseVerdict:
    verdict, _created = ClauseVerdict.objects.update_or_create(
        clause=clause,
        place=place,
        period_start=period[0],
        defaults={
            "place_path": place.path,
            "period_end": period[1],
            "answer": answer.answer.value,
            "number": answer.number,
            "threshold": answer.threshold,
            "comparison": comparison.value,
            "unit": answer.unit,
            "sample": answer.sample,
            "why": answer.why,
            "evidence": rows,
            "computed_at": now,
        },
    )
    return verdict


def recompute(now: datetime, limit: int = 20) -> int:
    """Compute what is marked, oldest mark first. A fact that comes while we compute leaves its mark standing."""
    done = 0
    for row in Assessment.objects.filter(dirty_at__isnull=False).select_related("place").order_by("dirty_at")[:limit]:
        assess(row.place, row.month, now)
        done += Assessment.objects.filter(pk=row.pk, dirty_at=row.dirty_at).update(dirty_at=None)
    return done


def ask_assessment(actor: Actor, place: Place, month: date, now: datetime) -> Work:
    """Compute an area, or everything below a region, as long work with progress."""
    actor.require(Role.SUPERVISOR, Role.AREA_KEEPER, Role.INSPECTOR, place_path=place.path)
    title = _("重新计算 %(place)s %(month)s 的条款符合性") % {"place": place.name, "month": f"{month:%Y-%m}"}
    return request_work(
        actor,
        WORK_NAME,
        title,
        {"place": place.path, "month": month.isoformat(), "at": now.isoformat()},
        now=now,
        place=place,
    )


@long_work(WORK_NAME)
def _assess_all(progress: Progress, arguments: dict[str, Any]) -> dict[str, int]:
    """Each area below the place, one step each; started again after a crash it computes the same rows anew."""
    month, now = date.fromisoformat(arguments["month"]), datetime.fromisoformat(arguments["at"])
    found = list(areas.visible_to(JOB).filter(place__path__startswith=arguments["place"]).select_related("place"))
    progress.begin(len(found))
    for area in found:
        assess(area.place, month, now)
        progress.step()
    return {"areas": len(found)}
