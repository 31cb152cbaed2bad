"""What supervision visits keep of people: who came from outside, and photographs; both sealed, both with an end."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from budayang.center.evaluation.models import SupervisionPhoto, SupervisionVisit
from budayang.center.evaluation.supervision_queries import NAME_TABLE, PHOTO_TABLE
from budayang.center.platform.resealing import SealedColumn
from budayang.center.platform.retention import Rule

Rows = QuerySet[Any]
PHOTOS_D, NAMES_D = 730, 365
"""Photographs: two yearly reviews. Names: until the year's visits are summed up."""

SEALED: tuple[SealedColumn, ...] = (
    SealedColumn("evaluation.SupervisionVisit", "name_sealed", NAME_TABLE, "number", "name"),
    SealedColumn("evaluation.SupervisionPhoto", "content_sealed", PHOTO_TABLE, "ref", "content"),
)


def _names() -> Rows:
    return SupervisionVisit.objects.filter(name_sealed__isnull=False)


def _names_due(rows: Rows, now: datetime) -> Rows:
    return rows.filter(made_at__lte=now - timedelta(days=NAMES_D))


def _erase_names(rows: Rows) -> int:
    ids = list(rows.values_list("pk", flat=True))
    return SupervisionVisit.objects.filter(pk__in=ids).update(name_sealed=None)


def _photos() -> Rows:
    return SupervisionPhoto.objects.filter(content_sealed__isnull=False)


def _photos_due(rows: Rows, now: datetime) -> Rows:
    return rows.filter(at__lte=now - timedelta(days=PHOTOS_D))


def _erase_photos(rows: Rows) -> int:
    ids = list(rows.values_list("pk", flat=True))
    return SupervisionPhoto.objects.filter(pk__in=ids).update(content_sealed=None)


RETENTION: tuple[Rule, ...] = (
    Rule(
        "evaluation.supervision_names",
        _("监督检查来人的姓名"),
        _("安排后 365 天；身份（如“市人大代表”）和检查结果还在"),
        _names,
        "made_at",
        _names_due,
        _erase_names,
    ),
    Rule(
        "evaluation.supervision_photos",
        _("监督检查的照片"),
        _("交上后 730 天；随后删除照片，照片的校验值还在"),
        _photos,
        "at",
        _photos_due,
        _erase_photos,
    ),
)
