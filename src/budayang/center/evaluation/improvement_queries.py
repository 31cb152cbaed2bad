"""Reads of improvement items: of a place for its people, and a body's own for the body's people."""

from __future__ import annotations

from datetime import date

from django.db.models import Q, QuerySet

from budayang.center.evaluation.models import Improvement, ImprovementEvent
from budayang.center.platform.actors import Actor
from budayang.center.platform.queries import scope_q
from budayang.rules.improvements import ACTIVE


def improvements_visible_to(actor: Actor) -> QuerySet[Improvement]:
    """Items of the actor's places; bodies' people see those that are theirs to put right."""
    rows = Improvement.objects.filter(scope_q(actor, "place_path", ("owner_id",)))
    return rows.select_related("place", "owner", "report")


def overdue(rows: QuerySet[Improvement], today: date) -> QuerySet[Improvement]:
    """Those whose day is over and that are not closed."""
    return rows.filter(Q(state__in=ACTIVE), due_on__lt=today)


def events_of(row: Improvement) -> list[ImprovementEvent]:
    """What was done, oldest first, without the photographs."""
    return list(row.events.defer("photo_sealed"))


def with_photo(row: Improvement) -> set[int]:
    """Events whose photograph is still kept."""
    return set(row.events.filter(photo_sealed__isnull=False).values_list("pk", flat=True))
