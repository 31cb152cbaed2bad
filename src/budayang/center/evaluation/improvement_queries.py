"""Reads of improvement items: of a place for its people, and a body's own for the body's people."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from budayang.center.areas import queries as areas
from budayang.center.evaluation.models import Improvement, ImprovementEvent
from budayang.center.platform import queries as platform
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Organization
from budayang.center.platform.queries import scope_q
from budayang.center.terminals import queries as terminals
from budayang.rules.improvements import ACTIVE

JOB = Actor.job("evaluation.improvements")
YEAR = timedelta(days=366)


def improvements_visible_to(actor: Actor) -> QuerySet[Improvement]:
    """Items of the actor's places; bodies' people see those that are theirs to put right."""
    rows = Improvement.objects.filter(scope_q(actor, "place_path", ("owner_id",)))
    return rows.select_related("place", "owner", "report")


def bodies_for(actor: Actor) -> QuerySet[Organization]:
    """Bodies that may be given something to put right in the actor's places: those that the actor sees, and those that
    manage an area there or own or look after a machine, wherever they themselves belong.
    """
    machines = terminals.visible_to(actor).exclude(state="retired").values_list("owner_id", "vendor_id")
    ids = {one for pair in machines for one in pair}
    ids |= set(areas.visible_to(actor).values_list("manager_id", flat=True))
    seen = platform.organizations_visible_to(actor).values("pk")
    return platform.organizations_visible_to(JOB).filter(Q(pk__in=ids - {None}) | Q(pk__in=seen)).order_by("name")


def overdue(rows: QuerySet[Improvement], today: date) -> QuerySet[Improvement]:
    """Those whose day is over and that are not closed."""
    return rows.filter(Q(state__in=ACTIVE), due_on__lt=today)


def closing_of(rows: QuerySet[Improvement], until: datetime) -> dict[str, list[tuple[int, bool]]]:
    """Path of a place → (item, in time), the latest first, of its items of the year up to `until` (按期关闭): each
    counts from the moment it was closed or its day was missed, whichever came first. What was cancelled before its
    day ended does not count.
    """
    told = rows.annotate(judged_at=Coalesce("overdue_at", "closed_at")).filter(
        Q(state="closed") | Q(overdue_at__isnull=False), judged_at__gt=until - YEAR, judged_at__lte=until
    )
    found: dict[str, list[tuple[int, bool]]] = {}
    for path, pk, missed in told.order_by("-judged_at", "-pk").values_list("place_path", "pk", "overdue_at"):
        found.setdefault(path, []).append((pk, missed is None))
    return found


def events_of(row: Improvement) -> list[ImprovementEvent]:
    """What was done, oldest first, without the photographs."""
    return list(row.events.defer("photo_sealed"))


def with_photo(row: Improvement) -> set[int]:
    """Events whose photograph is still kept."""
    return set(row.events.filter(photo_sealed__isnull=False).values_list("pk", flat=True))
