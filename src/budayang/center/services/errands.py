"""交办: what a department must be told about a case, once: that it is paid, corrected, withdrawn.

An errand is written in the transaction that causes it, and tried under its own key until the department's answer is
known. What cannot be known goes to a person with the case (待核).
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q

from budayang.center.platform.sealing import CannotOpen, open_field, seal_field
from budayang.center.services.models import Case, CaseAttempt, Errand
from budayang.center.services.states import ERRAND_TRANSITIONS, ErrandState

TABLE = "services_errand"
LEASE_S = 30
PAUSES_S = (5, 15, 60, 300, 900)


@dataclass(frozen=True, slots=True)
class ErrandTaken:
    """An errand that this process may now carry. `unclear`: an earlier attempt may have reached the department.
    `masked`: what is left of the case's person, to tell whose record an answer is from.
    """

    pk: int
    key: str
    kind: str
    worker: str
    number: str
    item: str
    department: str
    body: dict[str, Any]
    unclear: bool
    masked: dict[str, str]


def make_errand(case: Case, kind: str, key: str, body: Mapping[str, Any], now: datetime) -> Errand:
    """Write an errand; the same key again is the same errand."""
    sealed = seal_field(TABLE, key, "body", json.dumps(dict(body), ensure_ascii=False, sort_keys=True))
    try:
        with transaction.atomic():
            return Errand.objects.create(case=case, kind=kind, key=key, body_sealed=sealed, made_at=now, due_at=now)
    except IntegrityError:
        return Errand.objects.get(key=key)


def make_paid_errand(case: Case, payment: str, bill: str, amount_fen: int, paid_at: datetime, now: datetime) -> Errand:
    """The department is to hear that a bill was paid."""
    body = {"payment": payment, "bill": bill, "amount_fen": amount_fen, "paid_at": paid_at.isoformat()}
    return make_errand(case, "paid", payment, body, now)


def correction_body(taken: ErrandTaken) -> bytes:
    """What was missing, as the contract's body of POST correct: the same bytes at each repetition."""
    return json.dumps(taken.body, ensure_ascii=False, sort_keys=True).encode()


def due_errands(now: datetime, limit: int = 50) -> list[int]:
    """Errands to be tried now, and those that a killed process left."""
    idle = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    rows = Errand.objects.filter(idle, state__in=(ErrandState.WAITING, ErrandState.RUNNING), due_at__lte=now)
    return list(rows.order_by("due_at").values_list("pk", flat=True)[:limit])


def take_errand(pk: int, now: datetime) -> ErrandTaken | None:
    """Claim an errand, or None when somebody else has it or it is settled."""
    before = Errand.objects.filter(pk=pk).values_list("state", flat=True).first()
    if before is None or (ErrandState(before), "take") not in ERRAND_TRANSITIONS:
        return None
    worker = secrets.token_hex(8)
    idle = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    claimed = Errand.objects.filter(idle, pk=pk, state=before).update(
        state=ErrandState.RUNNING, worker=worker, lease_until=now + timedelta(seconds=LEASE_S)
    )
    if claimed != 1:
        return None
    row = Errand.objects.select_related("case__item__department").get(pk=pk)
    try:
        body = json.loads(open_field(TABLE, row.key, "body", bytes(row.body_sealed)))
    except CannotOpen:
        body = {}
    case = row.case
    # Not whether it was running: one that only waited its turn at the department has sent nothing.
    tries = CaseAttempt.objects.filter(case_id=row.case_id, kind=row.kind, proved__in=("", "unclear"))
    unclear = tries.exists()
    item, department = case.item.code, case.item.department.code
    return ErrandTaken(pk, row.key, row.kind, worker, case.number, item, department, body, unclear, case.masked)


@transaction.atomic
def renew_errand(taken: ErrandTaken, now: datetime, *, unclear: bool = False) -> bool:
    """Before each attempt: hold the errand longer, write what the one before it proved, and write the new attempt.

    `unclear`: an earlier attempt may have arrived. False when a rival took the errand over.
    """
    held = Errand.objects.filter(pk=taken.pk, worker=taken.worker, state=ErrandState.RUNNING).update(
        lease_until=now + timedelta(seconds=LEASE_S), tries=F("tries") + 1
    )
    if held:
        case_id = Errand.objects.values_list("case_id", flat=True).get(pk=taken.pk)
        end_attempts(case_id, taken.kind, "unclear" if unclear else "took_nothing", now)
        CaseAttempt.objects.create(case_id=case_id, kind=taken.kind, began_at=now)
    return bool(held)


def settle_errand(taken: ErrandTaken, event: str, now: datetime) -> bool:
    """Move a running errand in the caller's transaction: done, refused, unclear, or not_reached (tried again later)."""
    state = ERRAND_TRANSITIONS[ErrandState.RUNNING, event]
    again = state is ErrandState.WAITING
    tries = Errand.objects.values_list("tries", flat=True).get(pk=taken.pk)
    pause = PAUSES_S[min(tries // 5, len(PAUSES_S) - 1)]
    moved = Errand.objects.filter(pk=taken.pk, worker=taken.worker, state=ErrandState.RUNNING).update(
        state=state,
        worker="",
        lease_until=None,
        due_at=now + timedelta(seconds=pause) if again else None,
        settled_at=None if again else now,
    )
    if moved:
        proved = {"unclear": "unclear", "not_reached": "took_nothing"}.get(event, "answered")
        case_id = Errand.objects.values_list("case_id", flat=True).get(pk=taken.pk)
        end_attempts(case_id, taken.kind, proved, now)
    return bool(moved)


def end_attempts(case_id: int, kind: str, proved: str, now: datetime) -> None:
    """Write what the attempt that has no end yet proved."""
    running = CaseAttempt.objects.filter(case_id=case_id, kind=kind, ended_at__isnull=True)
    running.update(proved=proved, ended_at=now)


def unclear_errand(case: Case, kind: str) -> Errand | None:
    """The errand of which nobody can tell whether the department has it."""
    return Errand.objects.filter(case=case, kind=kind, state=ErrandState.UNCLEAR).first()


def errand_again(case: Case, kind: str, now: datetime) -> bool:
    """Try an errand once more whose answer was unclear: the same key."""
    rows = Errand.objects.filter(case=case, kind=kind, state=ErrandState.UNCLEAR)
    return bool(rows.update(state=ErrandState.WAITING, due_at=now, settled_at=None, lease_until=None))


def cancel_errand(errand: Errand, now: datetime) -> bool:
    """Take an errand back that nobody is carrying now."""
    rows = Errand.objects.filter(pk=errand.pk, state__in=(ErrandState.WAITING, ErrandState.UNCLEAR))
    return bool(rows.update(state=ErrandState.CANCELLED, due_at=None, settled_at=now))
