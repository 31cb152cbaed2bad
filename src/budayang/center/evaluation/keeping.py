"""What the evaluation room keeps of people: sealed columns, and how long it stays."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from budayang.center.evaluation import complaint_actions as complaints
from budayang.center.evaluation.models import Complaint, NegativeCase
from budayang.center.evaluation.negative_actions import TABLE, erase
from budayang.center.platform.resealing import SealedColumn
from budayang.center.platform.retention import Rule

Rows = QuerySet[Any]

SEALED: tuple[SealedColumn, ...] = (
    SealedColumn("evaluation.NegativeCase", "phone_sealed", TABLE, "rating__case_number", "phone"),
    SealedColumn("evaluation.Complaint", "words_sealed", complaints.TABLE, "number", "words"),
    SealedColumn("evaluation.Complaint", "phone_sealed", complaints.TABLE, "number", "phone"),
)


def _held() -> Rows:
    return NegativeCase.objects.filter(phone_sealed__isnull=False)


def _due(rows: Rows, now: datetime) -> Rows:
    return rows.filter(erase_at__lte=now)


def _erase(rows: Rows) -> int:
    return erase(list(rows.values_list("pk", flat=True)))


def _held_complaints() -> Rows:
    return Complaint.objects.filter(Q(phone_sealed__isnull=False) | Q(words_sealed__isnull=False))


def _erase_complaints(rows: Rows) -> int:
    return complaints.erase(list(rows.values_list("pk", flat=True)))


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
    Rule(
        "evaluation.complaints",
        _("投诉、表扬、建议的原文和手机号"),
        _("结束后 30 天，最长 180 天（参数表）；撤回时立即删除。手机号只用来反馈"),
        _held_complaints,
        "made_at",
        _due,
        _erase_complaints,
    ),
)
