"""What a case's person gets: the result for the terminal, with the receipt and its true word of where the matter
stands.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime

import msgspec
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from budayang.center.platform.sealing import CannotOpen, open_field, seal_field
from budayang.center.platform.templatetags.platform_format import day
from budayang.center.platform.wording import words
from budayang.center.services.case_accepting import TABLE, require_grant, verify_url
from budayang.center.services.models import Case
from budayang.center.services.rating_addresses import rating_address
from budayang.center.services.receipts import CaseOutcome, Witness, receipt_pdf
from budayang.center.services.states import AT_DEPARTMENT, CASE_WORDS, CaseState, PaymentState
from budayang.rules.cases import LAW_NOTES, yuan
from budayang.wire.messages import CaseResult

WITH_RESULT = frozenset(
    {
        CaseState.DONE,
        CaseState.HANDED_IN,
        CaseState.DEFERRED,
        CaseState.IN_PROCESS,
        CaseState.CORRECTION,
        CaseState.WITHDRAWN,
        CaseState.WINDOW,
    }
)
# What may be rated afterwards: done, or handed in.
RATED = frozenset({CaseState.DONE, CaseState.HANDED_IN})
UNTOUCHED = frozenset({CaseState.DEFERRED})
_BACK = {
    PaymentState.REFUND_DUE: gettext_lazy("正在退款"),
    PaymentState.REFUNDING: gettext_lazy("正在退款"),
    PaymentState.REFUND_REFUSED: gettext_lazy("退款没有成功，工作人员会处理"),
    PaymentState.REFUNDED: gettext_lazy("已退款"),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """What a result is made of beside the case itself."""

    state: CaseState
    message: str
    rows: tuple[tuple[str, str], ...] = ()
    paper_pdf: bytes | None = None
    extra: tuple[tuple[str, str], ...] = ()
    title: str = ""


def code_of(case: Case) -> str:
    """The verification code of the case; "" when it does not open any more."""
    try:
        return open_field(TABLE, case.number, "code", bytes(case.code_sealed or b""))
    except CannotOpen:
        return ""


def language(case: Case) -> str:
    """The language of the person's papers."""
    return case.lang if case.lang in {"en", "zh-hans"} else "zh-hans"


def seal_result(case: Case, shown: Shown, head: Witness | None, now: datetime) -> bytes | None:
    """The result as the terminal gets it (CaseResult JSON), sealed for its row. None for a state that has none."""
    if shown.state not in WITH_RESULT:
        return None
    with override(language(case)):
        result = _result_of(case, shown, head, now)
    return seal_field(TABLE, case.number, "result", result.decode())


def _result_of(case: Case, shown: Shown, head: Witness | None, now: datetime) -> bytes:
    code = code_of(case)
    outcome = CaseOutcome(
        number=case.number,
        official_number=case.official_number,
        item=case.item.name,
        department=case.item.department.name,
        area=case.terminal.area.name,
        terminal=case.terminal.code,
        zone=case.terminal.area.place.zone,
        outcome=str(CASE_WORDS[shown.state]),
        message=shown.message,
        law=words(LAW_NOTES[shown.state.value]),
        extra=(*(_dates(case) if shown.state in AT_DEPARTMENT | UNTOUCHED else ()), *_payments(case), *shown.extra),
        code=code,
        verify_url=verify_url(code),
        progress_url=f"{settings.BUDAYANG.public_url}/progress/",
        demo=settings.BUDAYANG.demo or case.item.is_demo,
        title=shown.title or _title(shown.state),
        rate_url=rating_address("qr", case.number) if shown.state in RATED else "",
    )
    return msgspec.json.encode(
        CaseResult(
            message=shown.message,
            rows=list(shown.rows),
            paper_pdf=base64.b64encode(shown.paper_pdf).decode() if shown.paper_pdf else None,
            receipt_pdf=base64.b64encode(receipt_pdf(outcome, head, now)).decode(),
            receipt_code=code,
            verify_url=outcome.verify_url,
            head=head.as_dict() if head else {},
        )
    )


def _title(state: CaseState) -> str:
    """What stands at the head of the sheet; empty for the ordinary receipt."""
    if state is CaseState.WINDOW:
        return _("转窗口办理单")
    return _("夜间存件回执") if state is CaseState.DEFERRED else ""


def _dates(case: Case) -> list[tuple[str, str]]:
    """Limits as the receipt shows them; nothing is computed before the department accepted."""
    found = []
    if case.statutory_on:
        found.append((_("法定期限"), _("%(day)s前办结（自受理起算）") % {"day": day(case.statutory_on)}))
    elif case.item.legal_workdays:
        limit = _("受理后 %(n)d 个工作日；还没有受理，没有起算") % {"n": case.item.legal_workdays}
        found.append((_("法定期限"), limit))
    if case.promised_on:
        found.append((_("部门承诺"), _("%(day)s前答复") % {"day": day(case.promised_on)}))
    return found


def _payments(case: Case) -> list[tuple[str, str]]:
    found = []
    for payment in case.payments.filter(paid_at__isnull=False).order_by("paid_at"):
        back = _BACK.get(PaymentState(payment.state))
        text = _("%(yuan)s 元") % {"yuan": yuan(payment.amount_fen)}
        found.append((_("缴费"), f"{text}（{back}）" if back else text))
        found.append((_("缴费单号"), payment.number))
    return found


def open_result(case: Case, terminal_id: int, reply_key: str, now: datetime) -> bytes | None:
    """The result's JSON for a journey that was granted it; None when there is none (any more).

    Raises:
        CaseRefused: unknown_reply_key.
    """
    require_grant(case, terminal_id, reply_key, now)
    if not case.result_sealed:
        return None
    return open_field(TABLE, case.number, "result", bytes(case.result_sealed)).encode()
