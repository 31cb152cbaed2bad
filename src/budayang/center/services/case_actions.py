"""Writes of cases and papers. One matter, one paper: every step is a counted UPDATE along the tables in `states`.

Rivals here are: the terminal that sends the same number twice, two processes that take up the same case after a crash,
and a process that was killed and comes back. Whoever's UPDATE counts one row has it; the other sees zero and stops.
"""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _
from django.utils.translation import override

from budayang.center.platform.actions import Refused, emit, record
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.sealing import CannotOpen, lookup_hash, open_field, seal_field
from budayang.center.services import codes
from budayang.center.services.models import Case, CaseGrant, Offering, Paper
from budayang.center.services.receipts import CaseOutcome, Witness, receipt_pdf
from budayang.center.services.sending import Answer
from budayang.center.services.states import (
    CASE_TRANSITIONS,
    CASE_WORDS,
    PAPER_TRANSITIONS,
    CaseState,
    PaperState,
)
from budayang.wire.messages import CasePrivate, CaseResult
from budayang.wire.numbers import BadNumber, parse_number

TABLE = "services_case"
LEASE_S = 30
GRANT_S = 15 * 60
PENDING_DAYS = 7
RESULT_KEPT_H = 72


class CaseRefused(Exception):
    """A case that is not taken. `code` is the wire's word for it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Taken:
    """A case that this process may now work on, with the opened body for the department."""

    number: str
    worker: str
    department: str
    body: bytes
    unclear: bool


def identity_hash(id_kind: str, id_number: str) -> str:
    """Finds a person's cases again without the person's number."""
    return lookup_hash("services.identity", f"{id_kind.strip()}:{id_number.strip().upper()}")


def code_hash(code: str) -> str:
    return lookup_hash("services.code", code)


def verify_url(code: str) -> str:
    return f"{settings.BUDAYANG.public_url}/verify/{code}"


def accept_case(
    actor: Actor,
    *,
    number: str,
    terminal_id: int,
    item_code: str,
    person: CasePrivate,
    reply_key: str,
    consent: tuple[str, str],
    lang: str,
    now: datetime,
) -> Case:
    """Store a case before anything else happens with it; the same number again is the same case.

    Raises:
        CaseRefused: bad_number, unknown_item, number_in_use (the same number for another person or item).
    """
    if actor.kind != "terminal":
        raise CaseRefused("not_a_terminal")
    try:
        if parse_number(number).terminal != actor.name.replace("-", "").upper():
            raise CaseRefused("bad_number")
    except BadNumber as error:
        raise CaseRefused("bad_number") from error
    owner = identity_hash(person.id_kind, person.id_number)
    known = Case.objects.select_related("item").filter(number=number).first()
    if known is None:
        try:
            known = _store(actor, number, terminal_id, item_code, person, owner, consent, lang, now)
        except IntegrityError:
            # The same request ran beside us and committed first: its case is the case.
            known = Case.objects.select_related("item").get(number=number)
    if known.identity_hash != owner or known.item.code != item_code or known.terminal_id != terminal_id:
        raise CaseRefused("number_in_use")
    grant_reply(known, terminal_id, reply_key, now)
    return known


@transaction.atomic
def _store(
    actor: Actor,
    number: str,
    terminal_id: int,
    item_code: str,
    person: CasePrivate,
    owner: str,
    consent: tuple[str, str],
    lang: str,
    now: datetime,
) -> Case:
    offering = (
        Offering.objects.select_related("item", "terminal__area__place")
        .filter(terminal_id=terminal_id, item__code=item_code, active=True)
        .first()
    )
    if offering is None:
        raise CaseRefused("unknown_item")
    code = codes.make_code()
    body = {
        "case": number,
        "item": item_code,
        "person": {"name": person.name, "id_number": person.id_number},
        "form": person.form,
        "paper": {"code": code, "verify_url": verify_url(code)},
    }
    place_path: str = offering.terminal.area.place.path
    case = Case.objects.create(
        number=number,
        terminal_id=terminal_id,
        item=offering.item,
        place_path=place_path,
        identity_hash=owner,
        code_hash=code_hash(code),
        masked={"name": codes.mask_name(person.name), "id_number": codes.mask_id_number(person.id_number)},
        request_sealed=seal_field(TABLE, number, "request", json.dumps(body, ensure_ascii=False, sort_keys=True)),
        consent_version=consent[0][:40],
        consent_at=consent[1][:40],
        lang=lang[:16],
        accepted_at=now,
    )
    record(
        actor,
        "services.accept_case",
        subject=f"case:{number}",
        place_path=place_path,
        details={"item": item_code, "consent": consent[0][:40]},
        at=now,
    )
    return case


def grant_reply(case: Case, terminal_id: int, reply_key: str, now: datetime) -> None:
    """Let a journey's key receive the case's result for a while."""
    CaseGrant.objects.update_or_create(
        case=case,
        terminal_id=terminal_id,
        reply_key=reply_key,
        defaults={"expires_at": now + timedelta(seconds=GRANT_S)},
    )


def find_repeated(number: str, terminal_id: int, item_code: str, reply_key: str) -> Case | None:
    """The case that this very journey has handed in already: its word came again because our answer was lost."""
    grants = CaseGrant.objects.filter(terminal_id=terminal_id, reply_key=reply_key).select_related("case")
    grant = grants.filter(case__number=number, case__terminal_id=terminal_id, case__item__code=item_code).first()
    return grant.case if grant is not None else None


def grant_pending(terminal_id: int, owner: str, reply_key: str, now: datetime) -> list[Case]:
    """The cases of this identity that are under way, or whose paper was not taken yet, each opened to the journey that
    proved the identity. Who does not see that a case is under way would hand the same matter in again.
    """
    under_way = Q(state__in=(CaseState.ACCEPTED, CaseState.WORKING))
    waiting = Q(paper__isnull=False, result_sealed__isnull=False) & ~Q(paper__state=PaperState.TAKEN)
    cases = list(
        Case.objects.filter(identity_hash=owner, accepted_at__gte=now - timedelta(days=PENDING_DAYS))
        .filter(under_way | waiting)
        .select_related("item", "paper")
        .order_by("-accepted_at")[:20]
    )
    for case in cases:
        grant_reply(case, terminal_id, reply_key, now)
    return cases


def waiting_numbers(now: datetime, *, accepted_before: datetime | None = None, limit: int = 50) -> list[str]:
    """Cases that nobody works on: accepted, or left by a process whose lease ran out.

    `accepted_before`: leave younger ones to the process that accepted them.
    """
    idle = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    rows = Case.objects.filter(idle, state__in=(CaseState.ACCEPTED, CaseState.WORKING))
    if accepted_before is not None:
        rows = rows.filter(accepted_at__lte=accepted_before)
    return list(rows.order_by("accepted_at").values_list("number", flat=True)[:limit])


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
        # Taken over from a process that was killed: whether its call arrived is not known here.
        **({"unclear": True} if before == CaseState.WORKING else {}),
    )
    if claimed != 1:
        return None
    case = Case.objects.select_related("item__department").get(number=number)
    try:
        body = open_field(TABLE, number, "request", bytes(case.request_sealed or b"")).encode()
    except CannotOpen:
        body = b""
    return Taken(number, worker, case.item.department.code, body, case.unclear)


def renew_lease(number: str, worker: str, *, unclear: bool, now: datetime) -> bool:
    """Before each attempt: hold the case longer and remember that an earlier attempt may have arrived."""
    return bool(
        Case.objects.filter(number=number, worker=worker, state=CaseState.WORKING).update(
            lease_until=now + timedelta(seconds=LEASE_S),
            attempts=F("attempts") + 1,
            **({"unclear": True} if unclear else {}),
        )
    )


def complete_case(number: str, worker: str, answer: Answer, *, head: Witness | None, now: datetime) -> Case | None:
    """Finish a working case with what the department said, entitle its paper, and tell upwards: one transaction.

    Returns None when the case is no longer this worker's (its lease ran out and a rival finished it).
    """
    case = Case.objects.select_related("item__department", "terminal__area__place").get(number=number)
    if case.state != CaseState.WORKING or case.worker != worker:
        return None
    state = CASE_TRANSITIONS[CaseState.WORKING, answer.event]
    with override(case.lang if case.lang in {"en", "zh-hans"} else "zh-hans"):
        message = answer.message or _message_of(state, answer.event)
        result = (
            _result_of(case, state, message, answer, head, now)
            if state in (CaseState.DONE, CaseState.HANDED_IN)
            else None
        )
    sealed = seal_field(TABLE, number, "result", result.decode()) if result else None
    with transaction.atomic():
        finished = Case.objects.filter(number=number, worker=worker, state=CaseState.WORKING).update(
            state=state,
            message=message[:300],
            department_ref=answer.department_ref,
            result_sealed=sealed,
            # Only a case that may be asked again (待核) keeps what it would ask.
            **({} if state == CaseState.REVIEW else {"request_sealed": None, "unclear": False}),
            finished_at=now,
            lease_until=None,
            worker="",
        )
        if finished != 1:
            return None
        if state == CaseState.DONE and answer.paper_pdf is not None:
            entitle_paper(case, answer.paper_pdf, now)
        _tell(case, state, now)
    case.refresh_from_db()
    return case


def entitle_paper(case: Case, document: bytes, now: datetime) -> Paper:
    """The right to one paper. The unique case makes a second one impossible."""
    digest = codes.document_digest(document)
    return Paper.objects.create(case=case, document_sha256=digest, entitled_at=now, changed_at=now)


def _tell(case: Case, state: CaseState, now: datetime) -> None:
    payload = {"number": case.number, "item": case.item.code, "terminal": case.terminal.code, "state": state.value}
    subject = f"case:{case.number}"
    kinds = {CaseState.DONE: "case_done", CaseState.HANDED_IN: "case_done", CaseState.REVIEW: "case_review"}
    if state in kinds:
        kind = f"services.{kinds[state]}"
        emit(kind, subject=subject, place_path=case.place_path, payload=payload, occurred_at=now, now=now)
    record(
        Actor.job("services.cases"),
        "services.complete_case",
        subject=subject,
        place_path=case.place_path,
        details={"state": state.value, "item": case.item.code},
        at=now,
    )


def _message_of(state: CaseState, event: str) -> str:
    if event == "not_reached":
        return _("部门系统现在没有响应，这件事没有办成，也没有提交。请稍后再来，或到别的自助区办理。")
    if state == CaseState.REVIEW:
        return _("部门系统没有说清结果。工作人员会核实这件办件，不会重复办理，也不会重复收费。")
    return str(CASE_WORDS[state])


def _result_of(
    case: Case, state: CaseState, message: str, answer: Answer, head: Witness | None, now: datetime
) -> bytes:
    """The result as the terminal gets it (CaseResult JSON), receipt included."""
    body = json.loads(open_field(TABLE, case.number, "request", bytes(case.request_sealed or b"")))
    code: str = body["paper"]["code"]
    outcome = CaseOutcome(
        number=case.number,
        item=case.item.name,
        department=case.item.department.name,
        area=case.terminal.area.name,
        terminal=case.terminal.code,
        zone=case.terminal.area.place.zone,
        outcome=str(CASE_WORDS[state]),
        message=message,
        code=code,
        verify_url=verify_url(code),
        demo=settings.BUDAYANG.demo or case.item.is_demo,
    )
    return msgspec.json.encode(
        CaseResult(
            message=message,
            rows=list(answer.rows),
            paper_pdf=base64.b64encode(answer.paper_pdf).decode() if answer.paper_pdf else None,
            receipt_pdf=base64.b64encode(receipt_pdf(outcome, head, now)).decode(),
            receipt_code=code,
            verify_url=outcome.verify_url,
            head=head.as_dict() if head else {},
        )
    )


@transaction.atomic
def ask_again(actor: Actor, number: str, now: datetime) -> Case:
    """Put a case under review (待核) back to work: the department is asked once more under the same key."""
    case = Case.objects.select_for_update().get(number=number)
    actor.require(Role.SUPERVISOR, Role.AREA_KEEPER, place_path=case.place_path)
    state = CASE_TRANSITIONS.get((CaseState(case.state), "ask_again"))
    if state is None:
        raise Refused(_("只有待核的办件可以再次核实。"))
    Case.objects.filter(pk=case.pk, state=case.state).update(
        state=state, lease_until=None, finished_at=None, unclear=True
    )
    record(actor, "services.ask_again", subject=f"case:{number}", place_path=case.place_path, at=now)
    case.refresh_from_db()
    return case


@transaction.atomic
def record_paper(
    actor: Actor, number: str, event: str, *, reason: str = "", now: datetime, terminal_code: str | None = None
) -> Paper | None:
    """Note what a terminal says of a paper (sent, confirmed, taken, failed). A repeated or late word changes nothing.

    Returns None for a number without paper. The words of another terminal count too: a reprint may happen elsewhere.
    """
    paper = Paper.objects.select_related("case").filter(case__number=number).first()
    if paper is None:
        return None
    state = PAPER_TRANSITIONS.get((PaperState(paper.state), event))
    if state is None:
        return paper
    moved = Paper.objects.filter(pk=paper.pk, state=paper.state).update(
        state=state,
        reason=reason[:80],
        changed_at=now,
        **({"prints": F("prints") + 1} if event == "sent" else {}),
    )
    if moved and state == PaperState.TAKEN:
        # Taken: the person has it. What could print it again is not kept a minute longer.
        Case.objects.filter(pk=paper.case_id).update(result_sealed=None)
    if moved:
        record(
            actor,
            "services.record_paper",
            subject=f"case:{number}",
            place_path=paper.case.place_path,
            details={"state": state.value, "terminal": terminal_code or ""},
            at=now,
        )
    paper.refresh_from_db()
    return paper


def forget_results(now: datetime) -> int:
    """Retention: results that nobody fetched, expired grants and old verification attempts go."""
    old, untaken = now - timedelta(hours=RESULT_KEPT_H), now - timedelta(days=PENDING_DAYS)
    wanted = Q(paper__state__in=[PaperState.ENTITLED, PaperState.SENT, PaperState.FAILED], finished_at__gte=untaken)
    gone = Case.objects.filter(result_sealed__isnull=False, finished_at__lt=old).exclude(wanted)
    count = gone.update(result_sealed=None)
    return count + CaseGrant.objects.filter(expires_at__lt=now).delete()[0]


def open_result(case: Case, terminal_id: int, reply_key: str, now: datetime) -> bytes | None:
    """The result's JSON for a journey that was granted it; None when there is none (any more).

    Raises:
        CaseRefused: unknown_reply_key.
    """
    granted = CaseGrant.objects.filter(case=case, terminal_id=terminal_id, reply_key=reply_key, expires_at__gt=now)
    if not granted.exists():
        raise CaseRefused("unknown_reply_key")
    if not case.result_sealed:
        return None
    return open_field(TABLE, case.number, "result", bytes(case.result_sealed)).encode()
