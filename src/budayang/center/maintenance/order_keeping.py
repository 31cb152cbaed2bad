"""How long the photos of orders stay: somebody may be seen on them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from budayang.center.maintenance.models import FINAL_ORDER_STATES, OrderPhoto
from budayang.center.platform.resealing import SealedColumn
from budayang.center.platform.retention import Rule

PHOTO_DAYS = 730

Rows = QuerySet[Any]

SEALED: tuple[SealedColumn, ...] = (
    SealedColumn("maintenance.OrderPhoto", "content_sealed", "order_photo", "ref", "content"),
)


def _photos() -> Rows:
    return OrderPhoto.objects.filter(content_sealed__isnull=False)


def _photos_due(rows: Rows, now: datetime) -> Rows:
    """Photos of orders that ended long enough ago; those of an open order stay."""
    return rows.filter(order__state__in=FINAL_ORDER_STATES, order__closed_at__lte=now - timedelta(days=PHOTO_DAYS))


def _erase_photos(rows: Rows) -> int:
    return rows.update(content_sealed=None)


RETENTION: tuple[Rule, ...] = (
    Rule(
        name="order_photos",
        what=_("工单的照片（可能拍到人）"),
        keeps=_("工单结束后两年，供核对维修质量；工单和它的经过一直保留"),
        held=_photos,
        since="added_at",
        due=_photos_due,
        erase=_erase_photos,
    ),
)
