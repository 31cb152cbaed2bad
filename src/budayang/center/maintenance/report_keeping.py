"""What reports (报修) keep of people: sealed columns, and how long it stays."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from budayang.center.maintenance.models import Report
from budayang.center.maintenance.report_actions import erase
from budayang.center.platform.resealing import SealedColumn
from budayang.center.platform.retention import Rule

Rows = QuerySet[Any]

SEALED: tuple[SealedColumn, ...] = (
    SealedColumn("maintenance.Report", "phone_sealed", "maintenance_report", "number", "phone"),
    SealedColumn("maintenance.Report", "note_sealed", "maintenance_report", "number", "note"),
    SealedColumn("maintenance.ReportPhoto", "sealed", "maintenance_report_photo", "report__number", "photo"),
)


def _held() -> Rows:
    kept = Q(phone_sealed__isnull=False) | Q(note_sealed__isnull=False) | Q(photo__isnull=False)
    return Report.objects.filter(kept)


def _due(rows: Rows, now: datetime) -> Rows:
    return rows.filter(erase_at__lte=now)


def _erase(rows: Rows) -> int:
    return erase(list(rows.values_list("pk", flat=True)))


RETENTION: tuple[Rule, ...] = (
    Rule(
        "maintenance.reports",
        _("报修留下的手机号、说明和照片"),
        _("报修结束后 7 天，最长 60 天（参数表）；撤回时立即删除。手机号只用来答复"),
        _held,
        "made_at",
        _due,
        _erase,
    ),
)
