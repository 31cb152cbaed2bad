"""Reads about one case: its steps, what was tried, what may be done; and its progress for whoever holds number and
code.

Progress shows no name and no identity number: the item, the department, the steps with their moments, limits, what is
missing, money. Guessing is limited as for verification, and counted together with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.db.models import Prefetch, QuerySet

from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.queries import scope_q
from budayang.center.platform.roles import OPERATING_ROLES
from budayang.center.platform.sealing import lookup_hash
from budayang.center.platform.wording import words
from budayang.center.services import codes, corrections
from budayang.center.services.booking import appointment_of, time_words
from budayang.center.services.case_accepting import code_hash
from budayang.center.services.case_withdrawing import may_withdraw
from budayang.center.services.connector_queries import capability
from budayang.center.services.errands import unclear_errand
from budayang.center.services.models import (
    Case,
    CaseAttempt,
    CaseCorrection,
    ConnectorCall,
    Payment,
    Reconciliation,
    ReconciliationLine,
    VerificationAttempt,
    WindowTask,
)
from budayang.center.services.payments.provider_queries import serving_q
from budayang.center.services.states import CASE_WORDS, PAPER_WORDS, PAYMENT_WORDS, CaseState, PaperState, PaymentState
from budayang.center.services.verification import MISSES_ALLOWED, WINDOW, TooManyAttempts
from budayang.rules.cases import LAW_NOTES, STEP_NAMES


@dataclass(frozen=True, slots=True)
class StepSeen:
    """A step in words; `by`: platform, department, person, staff."""

    step: str
    word: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class PaymentSeen:
    """A payment and where its money is, in words. One that was closed unpaid is shown while it is the newest."""

    number: str
    fen: int
    word: str


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a case stands, for whoever holds its number and code. No personal datum."""

    number: str
    official_number: str
    item: str
    item_code: str
    department: str
    area: str
    state: str
    word: str
    law: str
    message: str
    steps: tuple[StepSeen, ...]
    accepted_at: datetime | None
    statutory_on: date | None
    promised_on: date | None
    legal_workdays: int | None
    missing: tuple[str, ...]
    missing_until: date | None
    payments: tuple[PaymentSeen, ...]
    paper: str
    may_withdraw: bool
    demo: bool
    appointment: str = ""
    appointment_place: str = ""
    may_correct: bool = False


def steps_of(case: Case) -> tuple[StepSeen, ...]:
    """The steps in their order, in the reader's language."""
    return tuple(StepSeen(row.step, words(STEP_NAMES[row.step]), row.at, row.by) for row in case.steps.all())


def find_progress(number_text: str, code_text: str, client: str, now: datetime) -> tuple[Case, Progress] | None:
    """The case with this number and this code; None when the two do not belong together.

    Args:
        client: the caller's network address or terminal; kept as a keyed hash.

    Raises:
        TooManyAttempts: ten misses in ten minutes, verification counted in.
    """
    who = lookup_hash("services.verify_client", client)
    recent = VerificationAttempt.objects.filter(client=who, at__gt=now - WINDOW, found=False)
    if recent.count() >= MISSES_ALLOWED:
        raise TooManyAttempts
    case = _case_of(number_text, code_text)
    VerificationAttempt.objects.create(client=who, at=now, found=case is not None)
    return (case, progress_of(case, now)) if case is not None else None


def _case_of(number_text: str, code_text: str) -> Case | None:
    code = codes.read_code(code_text)
    if code is None:
        return None
    rows = Case.objects.select_related("item__department", "terminal__area__place", "paper")
    case = rows.defer("request_sealed", "result_sealed").filter(code_hash=code_hash(code)).first()
    if case is None:
        return None
    # The screens' keyboard has no hyphen: letters and digits are what is compared.
    typed = plain_number(number_text)
    known = [plain_number(one) for one in (case.number, case.official_number) if one]
    return case if typed in known else None


def plain_number(text: str) -> str:
    """Letters and digits of a number as typed, in capitals."""
    return "".join(one for one in text.upper() if one.isalnum())


def progress_of(case: Case, now: datetime) -> Progress:
    """The case as its person may see it."""
    state = CaseState(case.state)
    correction = CaseCorrection.objects.filter(case=case).first()
    missing = correction is not None and state in (CaseState.CORRECTION, CaseState.WINDOW)
    window = WindowTask.objects.filter(case=case).first() if state is CaseState.WINDOW else None
    items = tuple(window.missing if window else correction.items if correction and missing else ())
    paper = getattr(case, "paper", None)
    booked = appointment_of(case)
    zone = case.terminal.area.place.zone
    return Progress(
        number=case.number,
        official_number=case.official_number,
        item=case.item.name,
        item_code=case.item.code,
        department=case.item.department.name,
        area=case.terminal.area.name,
        state=state.value,
        word=str(CASE_WORDS[state]),
        law=words(LAW_NOTES[state.value]),
        message=case.message,
        steps=steps_of(case),
        accepted_at=case.department_accepted_at,
        statutory_on=case.statutory_on,
        promised_on=case.promised_on,
        legal_workdays=case.item.legal_workdays,
        missing=items,
        missing_until=correction.until if correction and missing else None,
        payments=_payments_of(case),
        paper=str(PAPER_WORDS[PaperState(paper.state)]) if paper else "",
        may_withdraw=may_withdraw(case, now),
        demo=settings.BUDAYANG.demo or case.item.is_demo,
        appointment=time_words(booked.start_at, booked.end_at, zone) if booked else "",
        appointment_place=booked.place if booked else "",
        may_correct=corrections.may_correct(case, correction, now),
    )


def _payments_of(case: Case) -> tuple[PaymentSeen, ...]:
    rows = list(Payment.objects.filter(case=case).order_by("created_at", "pk"))
    return tuple(
        PaymentSeen(row.number, row.amount_fen, str(PAYMENT_WORDS[PaymentState(row.state)]))
        for row in rows
        if row.paid_at is not None or row is rows[-1]
    )


def tries_of(case: Case) -> list[CaseAttempt]:
    """Every attempt at the department, oldest first."""
    return list(CaseAttempt.objects.filter(case=case).order_by("began_at", "pk"))


def may_be_asked_again(case: Case) -> bool:
    """Whether asking the department once more about a case under review can do no harm and tell something: it honours
    the key, or says when asked whether it has the matter. Of what was missing it cannot be asked.
    """
    promised = capability(case.item.code)
    return promised.honours_key or (promised.can_be_asked and unclear_errand(case, "correct") is None)


def calls_of(case: Case) -> list[ConnectorCall]:
    """What the log of calls has of this case, oldest first."""
    return list(ConnectorCall.objects.filter(number=case.number).order_by("at", "pk")[:60])


def payments_visible_to(actor: Actor) -> QuerySet[Payment]:
    """Payments of the actor's places; an owner unit sees those made at its own machines."""
    rows = Payment.objects.select_related("case__item__department", "case__terminal__area", "provider")
    rows = rows.defer("payer_code_sealed", "case__request_sealed", "case__result_sealed", "case__masked")
    return rows.filter(scope_q(actor, place="place_path", organizations=("case__terminal__owner_id",)))


def days_visible_to(actor: Actor) -> QuerySet[Reconciliation]:
    """Reconciled days of the providers that serve the actor's places."""
    lines = ReconciliationLine.objects.select_related("payment__case").order_by("verdict", "number")
    rows = Reconciliation.objects.select_related("provider").prefetch_related(Prefetch("lines", queryset=lines))
    return rows.filter(serving_q(actor, "provider__place_path"))


def tasks_visible_to(actor: Actor) -> QuerySet[WindowTask]:
    """Matters at windows: of the actor's places, a window clerk's too; a department's own people see those of their
    department.
    """
    rows = WindowTask.objects.select_related("case__item", "case__terminal__area", "department")
    rows = rows.defer("case__request_sealed", "case__result_sealed", "case__masked")
    roles = OPERATING_ROLES | {Role.WINDOW_CLERK}
    return rows.filter(scope_q(actor, "place_path", ("department__organization_id",), roles=roles))
