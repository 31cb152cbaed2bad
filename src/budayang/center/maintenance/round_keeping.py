"""What rounds keep of people: photographs, sealed, and where a phone was; both are gone when their time is over."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from budayang.center.maintenance.models import RoundPhoto, RoundPresence
from budayang.center.platform.resealing import SealedColumn
from budayang.center.platform.retention import Rule

Rows = QuerySet[Any]
KEPT_D = 400
"""WH-12: records of rounds are kept for a year at least; a month more, so that a year's review still finds them."""

SEALED: tuple[SealedColumn, ...] = (
    SealedColumn("maintenance.RoundPhoto", "content_sealed", "maintenance_round_photo", "client_id", "content"),
)


def _held() -> Rows:
    return RoundPhoto.objects.filter(content_sealed__isnull=False)


def _due(rows: Rows, now: datetime) -> Rows:
    return rows.filter(received_at__lte=now - timedelta(days=KEPT_D))


def _erase(rows: Rows) -> int:
    return RoundPhoto.objects.filter(pk__in=list(rows.values_list("pk", flat=True))).update(content_sealed=None)


def _positions() -> Rows:
    return RoundPresence.objects.filter(latitude__isnull=False)


def _forget(rows: Rows) -> int:
    found = RoundPresence.objects.filter(pk__in=list(rows.values_list("pk", flat=True)))
    return found.update(latitude=None, longitude=None, accuracy_m=None)


RETENTION: tuple[Rule, ...] = (
    Rule(
        "maintenance.round_photos",
        _("巡查照片（可能拍到人）"),
        _("400 天：巡查记录至少存一年；随后删除照片，答案和留痕还在"),
        _held,
        "received_at",
        _due,
        _erase,
    ),
    Rule(
        "maintenance.round_positions",
        _("巡查时手机的位置（只在扫部门专机的固定码时）"),
        _("400 天：与照片同期；随后抹去位置，到场记录还在"),
        _positions,
        "received_at",
        _due,
        _forget,
    ),
)
