"""Writes of the standard room: adopt an edition, and compute what the facts say about its clauses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import islice
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from budayang.center.areas import queries as areas
from budayang.center.platform.actions import Refused, emit, record, set_parameter
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.models import Parameter, Place, Work
from budayang.center.platform.queries import place_chain, top_path
from budayang.center.platform.works import Progress, long_work, request_work
from budayang.center.standard import assessing, queries
from budayang.center.standard.edition_actions import load_reference_edition, require_keeper
from budayang.center.standard.edition_writing import REFERENCE_CODE
from budayang.center.standard.given_queries import given_at
from budayang.center.standard.models import Assessment, ClauseVerdict, Edition, InForce
from budayang.center.standard.score_queries import rows_of, summed

__all__ = [
    "REFERENCE_CODE",
    "adopt_edition",
    "adopt_reference_edition",
    "ask_assessment",
    "assess_many",
    "load_reference_edition",
    "mark_dirty",
    "mark_places",
    "recompute",
]

JOB = Actor.job("standard.assess")
WORK_NAME = "standard.assess"
AT_ONCE = 25
"""Areas whose given evidence is read together, and whose answers are written together."""


@transaction.atomic
def adopt_edition(actor: Actor, edition: Edition, now: datetime) -> Edition:
    """Put an edition in force. There is one in force for the whole center, so it is the supervisors' at the top of the
    tree; its values become platform parameters of the topmost place.

    A value that a place below has set for itself stays; adopting the same edition again changes nothing, so that what
    people have changed since is not undone. Where the text stands is another fact and stays as it is. Months that are
    over keep their edition.
    """
    place = Place.objects.get(path=top_path())
    require_keeper(actor)
    edition.refresh_from_db(from_queryset=Edition.objects.select_for_update())
    if edition.state == "abolished":
        raise Refused(_("这个版本已废止，不能采用。"))
    kept = set(Parameter.objects.filter(place=place, edition=edition.code).values_list("name", flat=True))
    for one in edition.values.all():
        if one.name not in kept:
            set_parameter(actor, one.name, place, one.value, valid_from=now, edition=edition.code, clause=one.clause)
    if edition.adoption != "adopted":
        Edition.objects.filter(adoption="adopted").update(adoption="withdrawn")
        Edition.objects.filter(pk=edition.pk).update(adoption="adopted", adopted_at=now)
        InForce.objects.create(edition=edition, at=now, by=actor.name)
        edition.refresh_from_db()
        record(actor, "standard.adopt_edition", subject=f"edition:{edition.code}", place_path=place.path, at=now)
        mark_dirty(place.path, queries.month_of(now), now)
    return edition


def adopt_reference_edition(actor: Actor, *, now: datetime) -> Edition:
    """Load the reference edition and put it in force; done again it changes nothing."""
    return adopt_edition(actor, load_reference_edition(actor, now), now)


def mark_dirty(place_path: str, month: date, now: datetime) -> int:
    """Note that the areas at, below or around a path are to be computed again for a month; returns how many."""
    # News of a region (a department's system) bears on every area below it.
    bears = Q(place__path__startswith=place_path) | Q(place__path__in=place_chain(place_path))
    return mark_places(areas.visible_to(JOB).filter(bears).values_list("place_id", flat=True), month, now)


def mark_places(places: Iterable[int], month: date, now: datetime) -> int:
    """The same of areas by the keys of their places; one statement however many there are."""
    marks = [Assessment(place_id=pk, month=month.replace(day=1), dirty_at=now) for pk in places]
    Assessment.objects.bulk_create(
        marks, update_conflicts=True, unique_fields=("place", "month"), update_fields=("dirty_at",), batch_size=500
    )
    return len(marks)


def assess_many(places: Sequence[Place], month: date, now: datetime) -> list[ClauseVerdict]:
    """Compute every connected clause for areas and a month from the rows as they are; replaces what was there. What is
    read once for all of them is read once.

    A month is judged by the edition and the values in force at its end (or now); one that has not begun is refused.
    """
    edition = queries.edition_of(month)
    if edition is None or not places:
        return []
    return [one for made in assessed(places, month, now, assessing.Plan(edition)) for one in made]


def assessed(
    places: Sequence[Place], month: date, now: datetime, plan: assessing.Plan
) -> Iterator[list[ClauseVerdict]]:
    """The verdicts of each area in turn, written before the next one is read. All reading comes before the writing: a
    transaction that holds the database is short.
    """
    given = given_at(places, plan.standing)
    found = {one.place_id: one for one in areas.visible_to(JOB).filter(place__in=places).select_related("place")}
    batches: dict[str, assessing.Batch] = {}
    for place in places:
        start, end = queries.month_bounds(month, place.zone)
        if start > now:
            raise Refused(_("这个月还没有开始，不能评。"))
        area = found.get(place.pk)
        if area is None:
            continue
        if place.zone not in batches:
            same = [one for one in found.values() if one.place.zone == place.zone]
            batches[place.zone] = assessing.Batch(same, start, end, now)
        facts = assessing.gather(area, batches[place.zone], plan, given[place.pk])
        made = assessing.judge(plan, facts, place, (start, end))
        with transaction.atomic():
            assessing.keep(made)
            Assessment.objects.update_or_create(
                place=place,
                month=month.replace(day=1),
                defaults={
                    "computed_at": now,
                    "edition": plan.edition,
                    "month_end": facts.month_end.rows if facts.month_end is not None else None,
                    **summed(rows_of((one.clause for one in made), made)),
                },
            )
            emit(
                "standard.assessed",
                subject=f"place:{place.code}",
                place_path=place.path,
                payload={"place": place.code, "month": f"{month:%Y-%m}"},
                occurred_at=now,
                now=now,
            )
        yield made


def recompute(now: datetime, limit: int = AT_ONCE) -> int:
    """Compute what is marked, oldest mark first. A fact that comes while we compute leaves its mark standing. Marks are
    made by the platform's clock: where the month begins later, the mark waits for it.
    """
    rows = Assessment.objects.filter(dirty_at__isnull=False).select_related("place").order_by("dirty_at", "pk")
    begun = (row for row in rows.iterator() if queries.month_bounds(row.month, row.place.zone)[0] <= now)
    marked = list(islice(begun, limit))
    for month in dict.fromkeys(row.month for row in marked):
        assess_many([row.place for row in marked if row.month == month], month, now)
    return sum(Assessment.objects.filter(pk=row.pk, dirty_at=row.dirty_at).update(dirty_at=None) for row in marked)


def ask_assessment(actor: Actor, place: Place, month: date, now: datetime) -> Work:
    """Compute an area, or everything below a region, as long work with progress."""
    actor.require(Role.SUPERVISOR, Role.AREA_KEEPER, Role.INSPECTOR, place_path=place.path)
    title = _("重新计算 %(place)s %(month)s 的条款符合性") % {"place": place.name, "month": f"{month:%Y-%m}"}
    return request_work(
        actor,
        WORK_NAME,
        title,
        {"place": place.path, "month": month.isoformat()},
        now=now,
        place=place,
    )


@long_work(WORK_NAME)
def _assess_all(progress: Progress, arguments: dict[str, Any]) -> dict[str, int]:
    """Each area below the place, one step each, as of the moment in which it is computed: what came while the work
    waited counts, and a verdict that news brought meanwhile is not replaced by an older one.
    """
    month = date.fromisoformat(arguments["month"])
    found = list(areas.visible_to(JOB).filter(place__path__startswith=arguments["place"]).select_related("place"))
    progress.begin(len(found))
    edition = queries.edition_of(month)
    if edition is None:
        return {"areas": 0}
    plan = assessing.Plan(edition)
    places = [area.place for area in found]
    for first in range(0, len(places), AT_ONCE):
        for _made in assessed(places[first : first + AT_ONCE], month, timezone.now(), plan):
            progress.step()
    return {"areas": len(found)}
