"""Who works on a case: claims with a lease, and each attempt at the department written before it begins."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q

from budayang.center.platform.sealing import CannotOpen, open_field
from budayang.center.services.case_accepting import TABLE
from budayang.center.services.errands import end_attempts
from budayang.center.services.models import Case, CaseAttempt
from budayang.center.services.states import CASE_TRANSITIONS, CaseState

LEASE_S = 30


@dataclass(frozen=True, slots=True)
class Taken:
    """A case that this process may now work on, with the opened body for the department."""

    number: str
    worker: str
    department: str
    body: bytes
    unclear: bool
    item: str = ""


def waiting_numbers(now: datetime, *, accepted_before: datetime | None = None, limit: int = 50) -> list[str]:
    """Cases that nobody works on: accepted, or left by a process whose lease ran out.

    `accepted_before`: leave younger ones to the process that accepted them.
    """
    idle = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    rows = Case.objects.filter(idle, state__in=(CaseState.ACCEPTED, CaseState.WORKING))
    if accepted_before is not None:
        rows = rows.filter(accepted_at__lte=accepted_before)
    return list(rows.order_by("accepted_at").values_list("number", flat=True)[:limit])


@transaction.atomic
def take_case(number: str, now: datetime) -> Taken | None:
    """Claim a case for this process, or None when somebody else has it or it is finished."""
    before = Case.objects.filter(number=number).values_list("state", flat=True).first()
    if before is None or (CaseState(before), "take") not in CASE_TRANSITIONS:
        return None
    worker = secrets.token_hex(8)
    idle = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    claimed = Case.objects.filter(idle, number=number, state=before).update(
        state=CASE_TRANSITIONS[CaseState(before), "take"],
        worker=worker,
        lease_until=now + timedelta(seconds=LEASE_S),
    )
    if claimed != 1:
        return None
    if before == CaseState.WORKING and has_open_attempt(number):
        # Taken over from a process that was killed in its call: whether that arrived is not known here. One that only
        # waited its turn at the department (longer than its lease, or killed in it) sent nothing, and never will.
        Case.objects.filter(number=number).update(unclear=True)
    case = Case.objects.select_related("item__department").get(number=number)
    try:
        body = open_field(TABLE, number, "request", bytes(case.request_sealed or b"")).encode()
    except CannotOpen:
        body = b""
    return Taken(number, worker, case.item.department.code, body, case.unclear, case.item.code)


def has_open_attempt(number: str) -> bool:
    """Whether an attempt to hand the case in has no end, or one that left it open."""
    return CaseAttempt.objects.filter(case__number=number, kind="send", proved__in=("", "unclear")).exists()


@transaction.atomic
def renew_lease(number: str, worker: str, *, unclear: bool, now: datetime, kind: str = "send") -> bool:
    """Before each attempt: hold the case longer, remember that an earlier attempt may have arrived, write the attempt.

    False when a rival took the case over. What an attempt proved is written by the next one, or with the answer.
    """
    held = Case.objects.filter(number=number, worker=worker, state=CaseState.WORKING).update(
        lease_until=now + timedelta(seconds=LEASE_S),
        attempts=F("attempts") + 1,
        **({"unclear": True} if unclear else {}),
    )
    if not held:
        return False
    case_id = Case.objects.values_list("pk", flat=True).get(number=number)
    end_attempts(case_id, kind, "unclear" if unclear else "took_nothing", now)
    CaseAttempt.objects.create(case_id=case_id, kind=kind, began_at=now)
    return True
