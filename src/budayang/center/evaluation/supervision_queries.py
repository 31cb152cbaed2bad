"""Reads of supervision visits. Lists start at `..._visible_to(actor)`, which hides unannounced ones from the area's
people until they are done.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Avg, Count, F, Q, QuerySet
from django.db.models.functions import Coalesce

from budayang.center.evaluation.models import (
    SupervisionAnswer,
    SupervisionEvent,
    SupervisionFinding,
    SupervisionPhoto,
    SupervisionVisit,
)
from budayang.center.maintenance import round_queries
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.queries import scope_q
from budayang.center.platform.roles import BODY_ROLES
from budayang.center.platform.sealing import CannotOpen, lookup_hash, open_field
from budayang.center.terminals import queries as terminals
from budayang.rules.evaluation.supervision import KIND_NAMES, SURPRISE
from budayang.rules.monthly_facts import VisitFact
from budayang.rules.round_lists import About, Question

NAME_TABLE, PHOTO_TABLE = "supervision_visitor", "supervision_photo"
ABOVE = (Role.SUPERVISOR, Role.INSPECTOR)
HIDDEN = Q(kind=SURPRISE) & ~Q(state="done")
OVERDUE = Q(state="open")


def hash_of(token: str) -> str:
    """What the database keeps of a link."""
    return lookup_hash("evaluation.supervision_link", token[:64])


def visits_visible_to(actor: Actor) -> QuerySet[SupervisionVisit]:
    """Visits in the actor's places, and those that the actor is to make. Bodies' people see visits with a finding of
    theirs. Unannounced ones, until done: supervisors and inspectors of a place above the area, who do not keep it.
    """
    rows = SupervisionVisit.objects.select_related("area__place", "edition", "visitor").defer("name_sealed")
    if actor.sees_all:
        return rows
    own = Q(pk__in=_of_bodies(actor).values("visit_id"))
    above = Q(pk__in=())
    for grant in actor.grants if actor.kind == "staff" else ():
        if grant.role in ABOVE:
            above |= Q(place_path__startswith=grant.place_path) & ~Q(place_path=grant.place_path)
    if actor.staff_id is not None:
        above &= ~Q(area__keeper_id=actor.staff_id) | Q(area__keeper__isnull=True)
        above |= Q(visitor_id=actor.staff_id)
        own |= Q(visitor_id=actor.staff_id)
    return rows.filter((~HIDDEN & (scope_q(actor, "place_path") | own)) | (HIDDEN & above))


def _of_bodies(actor: Actor) -> QuerySet[SupervisionFinding]:
    """Findings of the bodies that the actor is of."""
    mine = Q(pk__in=())
    for grant in actor.grants:
        if grant.role in BODY_ROLES and grant.organization_id is not None:
            mine |= Q(owner_id=grant.organization_id, place_path__startswith=grant.place_path)
    return SupervisionFinding.objects.filter(mine)


def findings_visible_to(actor: Actor) -> QuerySet[SupervisionFinding]:
    """Findings (all of visits that are done) in the actor's places; bodies' people see their own."""
    rows = SupervisionFinding.objects.filter(scope_q(actor, "place_path", ("owner_id",)))
    return rows.select_related("visit__area__place", "owner", "terminal", "improvement", "order")


def overdue(rows: QuerySet[SupervisionFinding], now: datetime) -> QuerySet[SupervisionFinding]:
    """Those whose reply is late."""
    return rows.filter(OVERDUE, due_at__lte=now)


def find_by_link(token: str, now: datetime) -> SupervisionVisit | None:
    """The visit that a link opens; None when there is none, or the link has ended."""
    rows = SupervisionVisit.objects.select_related("area__place", "edition", "visitor").defer("name_sealed")
    return rows.filter(link_hash=hash_of(token), link_ends_at__gt=now).first() if token else None


def questions_of(row: SupervisionVisit) -> tuple[Question, ...]:
    """What the sheet asks: the list's questions about the area as a whole."""
    return tuple(one for one in round_queries.questions_of(row.edition) if one.about is About.AREA)


def machines_of(row: SupervisionVisit) -> list[Any]:
    """The terminals of the area, of one of which an answer may be."""
    return list(terminals.in_service().filter(area_id=row.area_id).order_by("code"))


def answers_of(row: SupervisionVisit) -> dict[str, SupervisionAnswer]:
    return {one.question: one for one in row.answers.select_related("terminal")}


def photos_of(row: SupervisionVisit) -> dict[str, list[SupervisionPhoto]]:
    """Photographs by question, without their content; `kept` says whether it is still there."""
    found: dict[str, list[SupervisionPhoto]] = {}
    for one in row.photos.defer("content_sealed").order_by("at", "pk"):
        found.setdefault(one.question, []).append(one)
    return found


def kept_photos(row: SupervisionVisit) -> set[int]:
    """Photographs whose content is still kept."""
    return set(row.photos.filter(content_sealed__isnull=False).values_list("pk", flat=True))


def read_photo(photo: SupervisionPhoto) -> bytes | None:
    """The photograph as JPEG; None when its time is over, or its key is not here."""
    if photo.content_sealed is None:
        return None
    try:
        return base64.b64decode(open_field(PHOTO_TABLE, photo.ref, "content", bytes(photo.content_sealed)))
    except CannotOpen:
        return None


def events_of(row: SupervisionVisit) -> list[SupervisionEvent]:
    """What was done, oldest first."""
    return list(row.events.select_related("finding").order_by("at", "pk"))


def sums(place_path: str, start: datetime, end: datetime, now: datetime) -> list[VisitFact]:
    """Visits of a place and everything below it that were handed in in [start, end), by kind, and what became of their
    findings by `now`. Missed ones are left out: of a hidden one the sum would tell the area.
    """
    done = done_within(place_path, start, end)
    judged = done.annotate(n=F("well") + F("failed")).filter(n__gt=0)
    means = dict(judged.values_list("kind").annotate(s=Avg(100.0 * F("well") / F("n"))).order_by())
    findings = SupervisionFinding.objects.filter(visit__in=done).exclude(state="dismissed")
    late = _late(now)
    counted = {
        kind: (n, in_time, late)
        for kind, n, in_time, late in findings.values_list("visit__kind")
        .annotate(n=Count("pk"), in_time=Count("pk", Q(replied_at__lte=now) & ~late), late=Count("pk", late))
        .order_by()
    }
    by_kind = dict(done.values_list("kind").annotate(n=Count("pk")).order_by())
    return [
        VisitFact(kind, by_kind.get(kind, 0), means.get(kind), *counted.get(kind, (0, 0, 0))) for kind in KIND_NAMES
    ]


def done_within(place_path: str, start: datetime, end: datetime) -> QuerySet[SupervisionVisit]:
    """Visits of a place and everything below it that were handed in in [start, end)."""
    rows = SupervisionVisit.objects.select_related("area").defer("name_sealed")
    return rows.filter(place_path__startswith=place_path, state="done", handed_at__gte=start, handed_at__lt=end)


def _late(now: datetime) -> Q:
    """Findings of which some clock was broken by then, the one of now or one before a return or another body."""
    answered = Q(replied_at__isnull=False) & Q(replied_at__lte=now)
    return (
        (Q(overdue_at__isnull=False) & Q(overdue_at__lte=now))
        | (answered & Q(replied_at__gt=F("due_at")))
        | (Q(due_at__lte=now) & (Q(replied_at__isnull=True) | Q(replied_at__gt=now)))
    )


def with_counts(rows: QuerySet[SupervisionVisit], now: datetime) -> QuerySet[SupervisionVisit]:
    """Each visit with `found` (findings) and `late` (those whose reply is late)."""
    late = Count("findings", Q(findings__state="open", findings__due_at__lte=now), distinct=True)
    return rows.annotate(found=Coalesce(Count("findings", distinct=True), 0), late=late)


def of_questions(rows: Iterable[SupervisionFinding]) -> dict[str, SupervisionFinding]:
    """Findings by question."""
    return {one.question: one for one in rows}
