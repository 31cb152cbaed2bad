"""Reads of the catalogue's editions and of what an item was. The catalogue is public; proposals are for its keepers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from budayang.center.platform.models import Work
from budayang.center.services.models import (
    CatalogueEdition,
    CatalogueHead,
    DepartmentHours,
    EditionChange,
    EditionFault,
    Item,
    ItemVersion,
)


def revision() -> int:
    """The catalogue's revision: moved on by each write."""
    return CatalogueHead.objects.filter(pk=1).values_list("revision", flat=True).first() or 0


def editions() -> QuerySet[CatalogueEdition]:
    """All editions and proposals, without their tables."""
    return CatalogueEdition.objects.defer("rows")


def edition_in_force() -> CatalogueEdition | None:
    """The edition that was adopted last."""
    return editions().filter(state="adopted").order_by("-number").first()


def changes_of(edition: CatalogueEdition) -> QuerySet[EditionChange]:
    return EditionChange.objects.filter(edition=edition)


def faults_of(edition: CatalogueEdition) -> QuerySet[EditionFault]:
    return EditionFault.objects.filter(edition=edition)


def work_of(edition: CatalogueEdition) -> Work | None:
    """The long work that last concerned a proposal."""
    return Work.objects.filter(pk=edition.work_id).first() if edition.work_id is not None else None


def versions_of(item_code: str) -> QuerySet[ItemVersion]:
    """What an item was, newest first."""
    rows = ItemVersion.objects.filter(item__code=item_code).select_related("edition")
    return rows.defer("edition__rows").order_by("-since_at", "-pk")


def item_at(item_code: str, at: datetime) -> ItemVersion | None:
    """What an item was at a moment, for instance when a case was made; None before it was first imported."""
    return versions_of(item_code).filter(_at(at)).first()


def rows_at(at: datetime) -> list[dict[str, Any]]:
    """The whole catalogue at a moment as rows of the table, by code."""
    found = ItemVersion.objects.filter(_at(at), gone=False).order_by("item__code")
    return list(found.values_list("values", flat=True))


def hours_confirmed() -> Callable[[Item], bool]:
    """Whether a department confirmed when it takes an item: the item's own hours, else those of the whole department.
    Reads all hours once.
    """
    rows = DepartmentHours.objects.values_list("department_id", "item_id", "confirmed_at")
    known: dict[tuple[int, int | None], bool] = {(dept, item): at is not None for dept, item, at in rows}
    return lambda item: known.get((item.department_id, item.pk), known.get((item.department_id, None), False))


def _at(at: datetime) -> Q:
    return Q(since_at__lte=at) & (Q(until_at__isnull=True) | Q(until_at__gt=at))
