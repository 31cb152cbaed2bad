"""What improvement items keep of people: photographs of what was put right, sealed, and gone two years later."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from budayang.center.evaluation.improvement_actions import PHOTO_TABLE
from budayang.center.evaluation.models import ImprovementEvent
from budayang.center.platform.resealing import SealedColumn
from budayang.center.platform.retention import Rule

Rows = QuerySet[Any]
KEPT_D = 730
"""Two yearly reviews."""

SEALED: tuple[SealedColumn, ...] = (
    SealedColumn("evaluation.ImprovementEvent", "photo_sealed", PHOTO_TABLE, "ref", "photo"),
)


def _held() -> Rows:
    return ImprovementEvent.objects.filter(photo_sealed__isnull=False)


def _due(rows: Rows, now: datetime) -> Rows:
    return rows.filter(at__lte=now - timedelta(days=KEPT_D))


def _erase(rows: Rows) -> int:
    return ImprovementEvent.objects.filter(pk__in=list(rows.values_list("pk", flat=True))).update(photo_sealed=None)


RETENTION: tuple[Rule, ...] = (
    Rule(
        "evaluation.improvement_photos",
        _("改进事项的证明照片"),
        _("提交后 730 天；随后删除照片，谁在何时提交、照片的校验值还在"),
        _held,
        "at",
        _due,
        _erase,
    ),
)
