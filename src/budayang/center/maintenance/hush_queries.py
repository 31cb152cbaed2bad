"""Which planned stop kept which fault from opening: the page of the stop and the page of the fault ask."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Q

from budayang.center.maintenance.models import Hush, Incident
from budayang.center.maintenance.queries import incidents_visible_to
from budayang.center.platform.actors import Actor
from budayang.center.platform.queries import scope_q

HUSH_ORGANIZATIONS = ("terminal__owner_id", "terminal__vendor_id")
MOST = 200


@dataclass(frozen=True, slots=True)
class Hushed:
    """A cause that stood under a stop during [since_at, until_at), and the incident it became after it, if it did."""

    stop_id: int
    subject: str
    kind: str
    title: str
    since_at: datetime
    until_at: datetime | None
    incident_id: int | None


def hushed_by(actor: Actor, stop_ids: Iterable[int]) -> list[Hushed]:
    """What the stops hushed, newest first, of what the actor may see. Two queries."""
    mine = scope_q(actor, "area__place__path", HUSH_ORGANIZATIONS)
    rows = list(Hush.objects.filter(mine, stop_id__in=list(stop_ids)).order_by("-since_at", "-pk")[:MOST])
    incidents = list(
        incidents_visible_to(actor).filter(subject__in={row.subject for row in rows}).order_by("opened_at")
    )
    return [
        Hushed(row.stop_id, row.subject, row.kind, row.title, row.since_at, row.until_at, _became(row, incidents))
        for row in rows
    ]


def _became(row: Hush, incidents: Sequence[Incident]) -> int | None:
    """The incident of the same cause that stood on when the stop was over: it opens with the moment of the fact."""
    if row.until_at is None:
        return None
    same = (one for one in incidents if (one.subject, one.kind) == (row.subject, row.kind))
    return next(
        (
            one.pk
            for one in same
            if one.opened_at <= row.until_at and (one.closed_at is None or one.closed_at >= row.until_at)
        ),
        None,
    )


def stops_before(incident: Incident) -> list[int]:
    """Stops that hushed the same cause while or right before the incident stood, newest first."""
    rows = Hush.objects.filter(subject=incident.subject, kind=incident.kind, since_at__lte=incident.noticed_at)
    rows = rows.filter(Q(until_at__isnull=True) | Q(until_at__gte=incident.opened_at, until_at__gt=F("since_at")))
    return list(dict.fromkeys(rows.order_by("-since_at").values_list("stop_id", flat=True)[:10]))
