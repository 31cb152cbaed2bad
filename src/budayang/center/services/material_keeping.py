"""What materials, agents and joint matters keep of people: sealed columns, and how long each kind of data stays."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from budayang.center.platform.queries import parameter
from budayang.center.platform.resealing import SealedColumn
from budayang.center.platform.retention import Rule
from budayang.center.services.models import CaseAgent, Sheet, UploadedSheet, UploadLink

AGENT_DAYS = 730

Rows = QuerySet[Any]

SEALED: tuple[SealedColumn, ...] = (
    SealedColumn("services.Sheet", "content_sealed", "services_sheet", "key", "content"),
    SealedColumn("services.CaseAgent", "identity_sealed", "services_caseagent", "case__number", "identity"),
    SealedColumn("services.CaseAgent", "signature_sealed", "services_caseagent", "case__number", "signature"),
    SealedColumn("services.JointCase", "code_sealed", "services_jointcase", "number", "code"),
    SealedColumn("services.LicenceSource", "key_sealed", "services_licencesource", "code", "key"),
)


def _due_sheets(rows: Rows, now: datetime) -> Rows:
    return rows.filter(received_at__lt=now - timedelta(days=int(parameter("material_wait_d", "", now))))


def _over(rows: Rows, now: datetime) -> Rows:
    return rows.filter(link__expires_at__lt=now)


def _delete_links(rows: Rows) -> int:
    count = rows.count()  # what hangs on them is not counted
    rows.delete()
    return count


def _due_agents(rows: Rows, now: datetime) -> Rows:
    return rows.filter(at__lt=now - timedelta(days=AGENT_DAYS))


RETENTION: tuple[Rule, ...] = (
    Rule(
        "services.sheets_waiting",
        _("先传到、办件还没有到的材料"),
        _("办件一到就并入申请、这里删除；办件没有来的，2 天"),
        lambda: Sheet.objects.filter(content_sealed__isnull=False),
        "received_at",
        _due_sheets,
        lambda rows: rows.update(content_sealed=None),
    ),
    Rule(
        "services.uploads",
        _("手机上传、终端还没有取走的照片（只有那台终端的那次办理能打开）"),
        _("取走即删；二维码失效后删除"),
        lambda: UploadedSheet.objects.filter(sealed__isnull=False),
        "at",
        _over,
        lambda rows: rows.update(sealed=None),
    ),
    Rule(
        "services.upload_links",
        _("手机上传的一次性链接（不含个人信息）"),
        _("失效后删除"),
        lambda: UploadLink.objects.all(),
        "expires_at",
        lambda rows, now: rows.filter(expires_at__lt=now - timedelta(hours=1)),
        _delete_links,
    ),
    Rule(
        "services.agents",
        _("代办人身份和本人的委托签名"),
        _("2 年，发生争议时证明是本人委托"),
        lambda: CaseAgent.objects.filter(identity_sealed__isnull=False),
        "at",
        _due_agents,
        lambda rows: rows.update(identity_sealed=None, signature_sealed=None),
    ),
)
