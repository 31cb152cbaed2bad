"""Is this paper ours? Answers whoever holds the paper's code: masked fields and the document's hash, nothing more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from budayang.center.platform.queries import find_head
from budayang.center.platform.sealing import lookup_hash
from budayang.center.platform.wording import words
from budayang.center.services import codes
from budayang.center.services.case_actions import code_hash
from budayang.center.services.models import Case, VerificationAttempt
from budayang.center.services.states import CASE_WORDS, FINAL_CASE_STATES, CaseState
from budayang.rules.cases import LAW_NOTES

# The states in which something was printed that somebody may want to check.
ON_PAPER = FINAL_CASE_STATES - {CaseState.REVIEW}
NOT_VALID = frozenset({CaseState.FAILED, CaseState.WITHDRAWN})
WINDOW = timedelta(minutes=10)
MISSES_ALLOWED = 10
SHORTEST_HASH = 16
HEX = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class Verified:
    """What the verification page shows. `document_sha256` is empty for a case without a paper of its own.

    `prints`: how often it was sent to a printer. `valid`: the matter still stands as the paper says; one that was taken
    back, or did not come about, does not. `issuer_url`: where the issuer itself verifies its paper; empty where it has
    nothing of its own.
    """

    number: str
    item: str
    department: str
    area: str
    outcome: str
    at: datetime
    name: str
    id_number: str
    document_sha256: str
    demo: bool
    official_number: str = ""
    issuer_name: str = ""
    issuer_url: str = ""
    prints: int = 0
    law: str = ""
    valid: bool = True


class TooManyAttempts(Exception):
    """This client has guessed too often; it has to wait."""


def verify(code_text: str, client: str, now: datetime) -> Verified | None:
    """Look a verification code up; None when we never gave it out. Only misses count against the client.

    Args:
        client: the caller's network address; kept as a keyed hash for some days.

    Raises:
        TooManyAttempts: ten misses in ten minutes.
    """
    who = lookup_hash("services.verify_client", client)
    recent = VerificationAttempt.objects.filter(client=who, at__gt=now - WINDOW, found=False)
    if recent.count() >= MISSES_ALLOWED:
        raise TooManyAttempts
    code = codes.read_code(code_text)
    case = None
    if code is not None:
        finished = Case.objects.filter(state__in=[state.value for state in ON_PAPER])
        rows = finished.select_related("item__department", "terminal__area", "paper")
        case = rows.defer("request_sealed", "result_sealed").filter(code_hash=code_hash(code)).first()
    VerificationAttempt.objects.create(client=who, at=now, found=case is not None)
    return _shown(case) if case is not None else None


def _shown(case: Case) -> Verified:
    paper = getattr(case, "paper", None)
    return Verified(
        number=case.number,
        item=case.item.name,
        department=case.item.department.name,
        area=case.terminal.area.name,
        outcome=str(CASE_WORDS[CaseState(case.state)]),
        at=case.finished_at or case.accepted_at,
        name=str(case.masked.get("name", "")),
        id_number=str(case.masked.get("id_number", "")),
        document_sha256=paper.document_sha256 if paper is not None else "",
        demo=settings.BUDAYANG.demo or case.item.is_demo,
        official_number=case.official_number,
        issuer_name=case.issuer_name or case.item.department.name,
        issuer_url=case.issuer_url,
        prints=paper.prints if paper is not None else 0,
        law=words(LAW_NOTES[case.state]),
        valid=CaseState(case.state) not in NOT_VALID,
    )


@dataclass(frozen=True, slots=True)
class Witnessed:
    """What our chain says to a head that a receipt holds. `answer`: same | different | unknown | unreadable.

    "same" says that the chain still bears this hash at this number; recomputing the lines before it is `audit verify`.
    """

    answer: str
    seq: int = 0


def check_witness(seq_text: str, hash_text: str) -> Witnessed:
    """Compare the head printed on a receipt (its number, and at least 16 hex digits of its hash) with our chain."""
    seq, printed = seq_text.strip(), "".join(hash_text.split()).lower()
    if not seq.isdecimal() or len(seq) > 18 or len(printed) < SHORTEST_HASH or not HEX.issuperset(printed):
        return Witnessed("unreadable")
    ours = find_head(int(seq))
    if ours is None:
        return Witnessed("unknown", int(seq))
    return Witnessed("same" if ours["hash"].startswith(printed) else "different", int(seq))


def read_mark(mark: str) -> Witnessed | None:
    """The same from a receipt's QR code, "3041-9f86d081884c7d65…"; None when there is no mark."""
    if not mark:
        return None
    seq, _dash, printed = mark.partition("-")
    return check_witness(seq, printed)
