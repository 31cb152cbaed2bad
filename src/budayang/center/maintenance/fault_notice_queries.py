"""Reads of the notices (停用告示): what stands now, for everybody; what was told when, for staff."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from budayang.center.maintenance.models import FaultNotice
from budayang.center.platform.actors import Actor
from budayang.center.platform.queries import scope_q
from budayang.rules.causes import GRAVITY, Severity
from budayang.rules.fault_notices import STOPPED, read_lines

BODIES = ("incident__owner_id", "incident__vendor_id")


@dataclass(frozen=True, slots=True)
class Shown:
    """A notice in Chinese. `kind`: of its cause. `title`: whether something stands still. `subject`: the machines, ""
    for the whole area. `lines`: (label, text).
    """

    kind: str
    title: str
    subject: str
    sentence: str
    lines: tuple[tuple[str, str], ...]

    @property
    def stops(self) -> bool:
        """Whether something cannot be done meanwhile."""
        return self.title == STOPPED


def standing(area_id: int) -> list[Shown]:
    """What people are told in an area now, gravest first."""
    rows = FaultNotice.objects.filter(area_id=area_id, withdrawn_at__isnull=True).select_related("incident")
    ordered = sorted(rows, key=lambda row: (GRAVITY[Severity(row.incident.severity)], row.incident.opened_at, row.pk))
    return [shown(row) for row in ordered]


def shown(row: FaultNotice) -> Shown:
    """The words of a notice as they are kept."""
    return Shown(
        row.incident.kind,
        str(row.text["title"]),
        str(row.text["subject"]),
        str(row.text["sentence"]),
        tuple(read_lines(row.text["lines"])),
    )


def notices_visible_to(actor: Actor) -> QuerySet[FaultNotice]:
    """Notices in the actor's places; bodies' people see those of their own machines."""
    rows = FaultNotice.objects.filter(scope_q(actor, "incident__place_path", BODIES))
    return rows.select_related("incident__terminal", "area__place")


def seconds_until_told(area_ids: Collection[int], start: datetime, until: datetime) -> dict[int, list[float]]:
    """Area → how long it took until people were told, of each fault in [start, until) that they were told of; one
    query.
    """
    rows = FaultNotice.objects.filter(
        area_id__in=list(area_ids), incident__opened_at__gte=start, incident__opened_at__lt=until
    )
    found: dict[int, list[float]] = {}
    for area_id, shown_at, opened_at in rows.values_list("area_id", "shown_at", "incident__opened_at"):
        found.setdefault(area_id, []).append((shown_at - opened_at).total_seconds())
    return found
