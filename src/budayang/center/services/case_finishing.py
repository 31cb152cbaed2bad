"""What the department said, stored: outcome, paper, payment and news in one transaction with the move of the case."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from budayang.center.platform.actors import Actor
from budayang.center.services import codes, deferring
from budayang.center.services.booking import keep_appointment, rows_of
from budayang.center.services.case_moving import move
from budayang.center.services.case_results import Shown, language, seal_result
from budayang.center.services.case_telling import JOB
from budayang.center.services.errands import end_attempts
from budayang.center.services.models import Case, Paper
from budayang.center.services.payments.actions import begin_payment
from budayang.center.services.receipts import Witness
from budayang.center.services.sending import Answer
from budayang.center.services.states import CASE_TRANSITIONS, CASE_WORDS, CaseState

POLL_FIRST = timedelta(minutes=1)
DUE_KEPT = timedelta(hours=24)
STEP_OF = {
    CaseState.DONE: "done",
    CaseState.FAILED: "refused",
    CaseState.HANDED_IN: "received",
    CaseState.REVIEW: "unclear",
    CaseState.DEFERRED: "deferred",
    CaseState.DUE: "due",
}


def get_case(number: str) -> Case:
    return Case.objects.select_related("item__department", "terminal__area__place").get(number=number)


def complete_case(number: str, worker: str, answer: Answer, *, head: Witness | None, now: datetime) -> Case | None:
    """Finish a working case with what the department said, entitle its paper, and tell upwards: one transaction.

    Returns None when the case is no longer this worker's (its lease ran out and a rival finished it).
    """
    case = get_case(number)
    if case.state != CaseState.WORKING or case.worker != worker:
        return None
    event = answer.event
    until = deferring.opens_at(case, answer, now) if event == "not_reached" else None
    if until is not None:
        event = "deferred"
    return settle(JOB, case, event, answer, head=head, now=now, worker=worker, wake_at=until)


def settle(
    actor: Actor,
    case: Case,
    event: str,
    answer: Answer,
    *,
    head: Witness | None,
    now: datetime,
    worker: str | None = None,
    wake_at: datetime | None = None,
    action: str = "services.complete_case",
) -> Case | None:
    """Move a case by what the department said, wherever it was said. None when it does not fit, or a rival was
    first.
    """
    state = CASE_TRANSITIONS.get((CaseState(case.state), event))
    if state is None:
        return None
    with override(language(case)):
        message = (answer.message or _message_of(state, answer.event))[:300]
    case.promised_on = answer.expected_on or case.promised_on
    with override(language(case)):
        booked = rows_of(answer.booked, case.terminal.area.place.zone)
    sealed = seal_result(case, Shown(state, message, answer.rows, answer.paper_pdf, booked), head, now)
    with transaction.atomic():
        step = "not_reached" if answer.event == "not_reached" and state is CaseState.FAILED else STEP_OF.get(state, "")
        by = "platform" if state in (CaseState.REVIEW, CaseState.DEFERRED) or step == "not_reached" else "department"
        moved = move(
            actor,
            case,
            event,
            now=now,
            step=step,
            by=by,
            action=action,
            worker=worker,
            message=message,
            result_sealed=sealed,
            lease_until=None,
            **{"wake_at": wake_at, **_columns(case, state, answer, now)},
        )
        if not moved:
            return None
        Case.objects.filter(pk=case.pk).update(worker="")
        keep_appointment(case, answer.booked)
        if worker is not None:
            _end_attempts(case, answer, now)
        if state is CaseState.DONE and answer.paper_pdf is not None:
            entitle_paper(case, answer.paper_pdf, now)
        if state is CaseState.DUE:
            begin_payment(JOB, case, now=now)
    case.refresh_from_db()
    return case


def _columns(case: Case, state: CaseState, answer: Answer, now: datetime) -> dict[str, Any]:
    """The columns that go with a state, beside those of every move."""
    found: dict[str, Any] = {}
    if answer.department_ref:
        found["department_ref"] = answer.department_ref
    if answer.issuer_name:
        found |= {"issuer_name": answer.issuer_name, "issuer_url": answer.issuer_url}
    if answer.expected_on:
        found["promised_on"] = answer.expected_on
    if state is CaseState.DEFERRED:
        return found | {"unclear": False}
    if state is CaseState.DUE:
        found |= {"bill": answer.due_bill, "amount_fen": answer.due_amount_fen, "bill_title": answer.due_title}
        return found | {"request_sealed": None, "unclear": False, "wake_at": now + DUE_KEPT}
    if state is CaseState.HANDED_IN:
        found |= {"department_received_at": case.department_received_at or now, "wake_at": now + POLL_FIRST}
    if state is not CaseState.REVIEW:  # only a case that may be asked again keeps what it would ask
        found |= {"request_sealed": None, "unclear": False}
    return found | {"finished_at": now}


def _end_attempts(case: Case, answer: Answer, now: datetime) -> None:
    proved = {"unclear": "unclear", "not_reached": "took_nothing"}.get(answer.event, "answered")
    end_attempts(case.pk, "send", proved, now)


def entitle_paper(case: Case, document: bytes, now: datetime) -> Paper:
    """The right to one paper. The unique case makes a second one impossible."""
    digest = codes.document_digest(document)
    paid = case.payments.filter(paid_at__isnull=False).exists()
    look_at = now + deferring.make_good_wait(case.place_path, now) if paid else None
    return Paper.objects.create(case=case, document_sha256=digest, entitled_at=now, changed_at=now, look_at=look_at)


def _message_of(state: CaseState, event: str) -> str:
    if state is CaseState.DEFERRED:
        return _("部门现在不办公，什么都还没有交给部门。平台替您保管，部门开门后自动送交，不用再来。")
    if event == "not_reached":
        return _("部门系统现在没有响应，这件事没有办成，也没有提交。请稍后再来，或到别的自助区办理。")
    if state is CaseState.REVIEW:
        return _("部门系统没有说清结果。工作人员会核实这件办件，不会重复办理，也不会重复收费。")
    if state is CaseState.DUE:
        return _("缴费以后部门才继续办理。")
    return str(CASE_WORDS[state])
