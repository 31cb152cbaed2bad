"""The two state machines of the services room, each one table: a case (办件) and its paper (证明、凭证)."""

from __future__ import annotations

from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy


class CaseState(StrEnum):
    """Where a case stands. `review` (待核): nobody can tell from here what the department did; a person finds out."""

    ACCEPTED = "accepted"
    WORKING = "working"
    DONE = "done"
    HANDED_IN = "handed_in"
    FAILED = "failed"
    REVIEW = "review"


class PaperState(StrEnum):
    """Where a paper stands. Entitled once per case; printing again after a jam is the same entitlement."""

    ENTITLED = "entitled"
    SENT = "sent"
    CONFIRMED = "confirmed"
    TAKEN = "taken"
    FAILED = "failed"


C, P = CaseState, PaperState
FINAL_CASE_STATES = frozenset({C.DONE, C.HANDED_IN, C.FAILED, C.REVIEW})

CASE_TRANSITIONS: dict[tuple[CaseState, str], CaseState] = {
    (C.ACCEPTED, "take"): C.WORKING,
    # A process that was killed in the middle leaves a lease that runs out; the next one asks with the same key.
    (C.WORKING, "take"): C.WORKING,
    (C.WORKING, "done"): C.DONE,
    (C.WORKING, "handed_in"): C.HANDED_IN,
    (C.WORKING, "refused"): C.FAILED,
    # The department said plainly, each time, that it took nothing (closed, no connection).
    (C.WORKING, "not_reached"): C.FAILED,
    (C.WORKING, "unclear"): C.REVIEW,
    (C.REVIEW, "ask_again"): C.ACCEPTED,
}

PAPER_TRANSITIONS: dict[tuple[PaperState, str], PaperState] = {
    (P.ENTITLED, "sent"): P.SENT,
    (P.ENTITLED, "failed"): P.FAILED,
    (P.ENTITLED, "confirmed"): P.CONFIRMED,
    (P.SENT, "sent"): P.SENT,
    (P.SENT, "confirmed"): P.CONFIRMED,
    (P.SENT, "failed"): P.FAILED,
    (P.SENT, "taken"): P.TAKEN,
    (P.FAILED, "sent"): P.SENT,
    # The device may find out late that a page which it had given up did come out.
    (P.FAILED, "confirmed"): P.CONFIRMED,
    (P.CONFIRMED, "taken"): P.TAKEN,
    # It came out, but not whole; or nobody took it, and its person came back for it.
    (P.CONFIRMED, "failed"): P.FAILED,
    (P.CONFIRMED, "sent"): P.SENT,
}

CASE_WORDS: dict[CaseState, Promise | str] = {
    C.ACCEPTED: gettext_lazy("已受理"),
    C.WORKING: gettext_lazy("办理中"),
    C.DONE: gettext_lazy("已办结"),
    C.HANDED_IN: gettext_lazy("已提交部门"),
    C.FAILED: gettext_lazy("未办成"),
    C.REVIEW: gettext_lazy("待核"),
}

PAPER_WORDS: dict[PaperState, Promise | str] = {
    P.ENTITLED: gettext_lazy("可打印"),
    P.SENT: gettext_lazy("已送打印机"),
    P.CONFIRMED: gettext_lazy("已打印"),
    P.TAKEN: gettext_lazy("已取走"),
    P.FAILED: gettext_lazy("打印未成"),
}
