"""What this room keeps sealed, and how long: documents that show that a clause is met may name people."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from budayang.center.platform.resealing import SealedColumn
from budayang.center.platform.retention import Rule
from budayang.center.standard.given_queries import DOCUMENT_TABLE
from budayang.center.standard.models import GivenDocument

DOCUMENT_D = 3 * 365
"""JB-15 and JB-21 keep contracts and records for three years; counted from when the document ended or was withdrawn."""
Rows = QuerySet[Any]

SEALED: tuple[SealedColumn, ...] = (
    SealedColumn("standard.GivenDocument", "content_sealed", DOCUMENT_TABLE, "ref", "content"),
)


def _held() -> Rows:
    return GivenDocument.objects.filter(content_sealed__isnull=False)


def _due(rows: Rows, now: datetime) -> Rows:
    moment = now - timedelta(days=DOCUMENT_D)
    return rows.filter(Q(withdrawn_at__lte=moment) | Q(until_on__lte=moment.date()))


def _erase(rows: Rows) -> int:
    keys = list(rows.values_list("pk", flat=True))
    return GivenDocument.objects.filter(pk__in=keys).update(content_sealed=None)


RETENTION: tuple[Rule, ...] = (
    Rule(
        name="clause_documents",
        what=_("条款证明文件的内容"),
        keeps=_("文件到期或撤回后 3 年；登记和摘要保留"),
        held=_held,
        since="at",
        due=_due,
        erase=_erase,
    ),
)
