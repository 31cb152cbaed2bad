"""What the ground floor keeps of people, and how long: counts by the keyed hash of a network address."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from budayang.center.platform.models import WindowCount
from budayang.center.platform.retention import Rule

Rows = QuerySet[Any]


def _over(rows: Rows, now: datetime) -> Rows:
    return rows.filter(ends_at__lte=now)


def _delete(rows: Rows) -> int:
    return int(rows.delete()[0])


RETENTION: tuple[Rule, ...] = (
    Rule(
        "platform.window_counts",
        _("同一网络地址提交、查询的次数（网络地址只留密钥散列）"),
        _("从第一次起 1 小时，用来限制过多的提交和猜测"),
        lambda: WindowCount.objects.all(),
        "ends_at",
        _over,
        _delete,
    ),
)
