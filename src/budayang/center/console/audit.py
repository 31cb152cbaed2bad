"""The audit pages: who did what, where, and whether the chain still stands. No page can change a line."""

from __future__ import annotations

import json
from datetime import timedelta

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_POST

from budayang.center.console.audit_words import action_word
from budayang.center.console.listing import Column, Filter, State, listing
from budayang.center.console.reader import reader
from budayang.center.platform import audit, queries
from budayang.center.platform.access import allow
from budayang.center.platform.actions import record
from budayang.center.platform.actors import Role
from budayang.center.platform.models import AuditLine
from budayang.center.platform.sealing import center_keys

READERS = frozenset({Role.AUDIT_ADMIN, Role.SUPERVISOR, Role.INSPECTOR})
ROOMS = (
    ("platform", gettext_noop("平台")),
    ("areas", gettext_noop("自助区")),
    ("terminals", gettext_noop("终端")),
    ("services", gettext_noop("事项")),
    ("signage", gettext_noop("标志")),
    ("maintenance", gettext_noop("维护")),
    ("evaluation", gettext_noop("评价")),
    ("standard", gettext_noop("标准")),
    ("console", gettext_noop("页面")),
)
KINDS = {
    "staff": gettext_noop("人员"),
    "terminal": gettext_noop("终端"),
    "job": gettext_noop("平台自动"),
    "public": gettext_noop("未登录"),
}


def _rooms() -> list[tuple[str, str]]:
    return [(room, _(word)) for room, word in ROOMS]


def _kinds() -> list[tuple[str, str]]:
    return [(kind, _(word)) for kind, word in KINDS.items()]


def _who(line: AuditLine) -> str:
    word = KINDS.get(line.actor_kind)
    return f"{_(word) if word else line.actor_kind} {line.actor}"


def _chain_state(line: AuditLine) -> State:
    return State("ok", _("已入链")) if line.seq is not None else State("hand", _("等待入链"))


def _details(line: AuditLine) -> str:
    return json.dumps(line.details, ensure_ascii=False, sort_keys=True)[:200] if line.details else ""


@allow(READERS)
def audit_list(request: HttpRequest) -> HttpResponse:
    """Lines of the audit that the reader may see, newest first, under the chain's newest signed head."""
    actor, now = reader(request), timezone.now()
    above = {
        "head": queries.latest_head(),
        "extent": queries.audit_extent(),
        "may_verify": actor.may(Role.AUDIT_ADMIN),
    }
    return listing(
        request,
        title=_("审计记录"),
        note=_(
            "每个写操作一条，与操作同时落库；每秒按 SM3 串成链，链头由库外的密钥签名，并随同步发给终端、印在回执上。"
        ),
        columns=(
            Column("seq", _("链序号"), lambda line: line.seq, sort="seq", kind="number"),
            Column("at", _("时间"), lambda line: line.at, sort="at", kind="moment"),
            Column("kind", _("谁"), _who, sort="actor"),
            Column("action", _("做了什么"), lambda line: action_word(line.action), sort="action"),
            Column("subject", _("对什么"), lambda line: line.subject, sort="subject"),
            Column("details", _("细节"), _details),
            Column("chain", _("审计链"), _chain_state, kind="state"),
        ),
        queryset=queries.audit_visible_to(actor),
        filters=(
            Filter("room", _("模块"), _rooms, lambda lines, room: lines.filter(action__startswith=f"{room}.")),
            Filter("who", _("操作者"), _kinds, lambda lines, kind: lines.filter(actor_kind=kind)),
            Filter(
                "days",
                _("时间"),
                lambda: [("1", _("过去 24 小时")), ("7", _("过去 7 天")), ("30", _("过去 30 天"))],
                lambda lines, days: lines.filter(at__gte=now - timedelta(days=int(days))),
            ),
        ),
        search=("actor", "action", "subject"),
        default_sort="-at",
        row_url=None,
        empty=_("在您的范围里还没有审计记录。"),
        export_name=_("审计记录"),
        template="console/audit.html",
        extra=above,
    )


@allow(Role.AUDIT_ADMIN)
@require_POST
def audit_verify(request: HttpRequest) -> HttpResponse:
    """Walk the whole chain now, with a witness head from a receipt or terminal when one is given."""
    witness, error = _witness(request)
    count, findings = audit.verify(center_keys().audit_private.public_key(), [witness] if witness else [])
    with transaction.atomic():
        record(
            reader(request),
            "console.verify_audit",
            subject="audit:chain",
            details={"lines": count, "findings": len(findings), "witness": bool(witness)},
        )
    context = {"count": count, "findings": findings[:100], "witness": witness, "error": error, "now": timezone.now()}
    return render(request, "console/audit_verify.html", context)


def _witness(request: HttpRequest) -> tuple[audit.Witness | None, str]:
    seq, hash_ = request.POST.get("seq", "").strip(), request.POST.get("hash", "").strip().lower()
    if not seq and not hash_:
        return None, ""
    if not seq.isdigit() or len(hash_) != 64 or set(hash_) - set("0123456789abcdef"):
        return None, _("见证链头没有用上：序号是数字，摘要是 64 位十六进制。")
    return audit.Witness(int(seq), hash_), ""


urlpatterns = [
    path("audit/", audit_list, name="audit"),
    path("audit/verify/", audit_verify, name="audit_verify"),
]
