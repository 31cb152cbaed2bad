"""What the evaluation room keeps of people: sealed columns, and how long it stays."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from budayang.center.evaluation.models import NegativeCase
from budayang.center.evaluation.negative_actions import TABLE, erase
from budayang.center.platform.resealing import SealedColumn
from budayang.center.platform.retention import Rule

Rows = QuerySet[Any]

SEALED: tuple[SealedColumn, ...] = (
    SealedColumn("evaluation.NegativeCase", "phone_sealed", TABLE, "rating__case_number", "phone"),
)


def _held() -> Rows:
    return NegativeCase.objects.filter(phone_sealed__isnull=False)


def _due(rows: Rows, now: datetime) -> Rows:
    return rows.filter(erase_at__lte=now)


def _erase(rows: Rows) -> int:
    return erase(list(rows.values_list("pk", flat=True)))


RETENTION: tuple[Rule, ...] = (
    Rule(
        "evaluation.negative",
        _("差评时自愿留下的手机号"),
        _("差评办结后 7 天，最长 60 天（参数表）。手机号只用来回访"),
        _held,
        "opened_at",
        _due,
        _erase,
    ),
)
