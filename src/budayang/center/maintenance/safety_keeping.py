"""What the list of keys keeps of people: the holder's name, sealed, and gone some time after the key came back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from budayang.center.maintenance.models import KeyHolding
from budayang.center.maintenance.safety_actions import KEY_TABLE
from budayang.center.platform.resealing import SealedColumn
from budayang.center.platform.retention import Rule

Rows = QuerySet[Any]
KEPT_D = 400
"""As long as the rounds of that time: a year's review still finds who had the key."""

SEALED: tuple[SealedColumn, ...] = (
    SealedColumn("maintenance.KeyHolding", "holder_sealed", KEY_TABLE, "number", "holder"),
)


def _held() -> Rows:
    return KeyHolding.objects.filter(holder_sealed__isnull=False)


def _due(rows: Rows, now: datetime) -> Rows:
    return rows.filter(returned_at__lte=now - timedelta(days=KEPT_D))


def _erase(rows: Rows) -> int:
    return KeyHolding.objects.filter(pk__in=list(rows.values_list("pk", flat=True))).update(holder_sealed=None)


RETENTION: tuple[Rule, ...] = (
    Rule(
        "maintenance.key_holders",
        _("钥匙、门禁卡保管人的姓名"),
        _("归还后 400 天；随后删除姓名，哪一把、哪个单位、起止时间还在"),
        _held,
        "given_at",
        _due,
        _erase,
    ),
)
