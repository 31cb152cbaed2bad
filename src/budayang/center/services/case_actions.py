"""The door to the writes of cases and papers; each subject has a module of its own.

accepting: a case begins · working: claims and attempts · moving: the one way along the table · finishing: what the
department said · progress: what it says when asked · papers: printing and interruptions · reviewing: 待核 ·
withdrawing.
"""

from __future__ import annotations

from budayang.center.services.case_accepting import (
    GRANT_S,
    PENDING_DAYS,
    CaseRefused,
    accept_case,
    code_hash,
    find_repeated,
    grant_pending,
    grant_reply,
    identity_hash,
    require_grant,
    verify_url,
)
from budayang.center.services.case_finishing import complete_case, entitle_paper
from budayang.center.services.case_papers import look_at_papers, make_good, record_paper
from budayang.center.services.case_progress import take_polls, take_standing
from budayang.center.services.case_results import open_result
from budayang.center.services.case_reviewing import ask_again, settle_review
from budayang.center.services.case_withdrawing import may_withdraw, withdraw
from budayang.center.services.case_working import LEASE_S, Taken, renew_lease, take_case, waiting_numbers
from budayang.center.services.sending import Answer
from budayang.wire.messages import CasePrivate

__all__ = [
    "GRANT_S",
    "LEASE_S",
    "PENDING_DAYS",
    "Answer",
    "CasePrivate",
    "CaseRefused",
    "Taken",
    "accept_case",
    "ask_again",
    "code_hash",
    "complete_case",
    "entitle_paper",
    "find_repeated",
    "grant_pending",
    "grant_reply",
    "identity_hash",
    "look_at_papers",
    "make_good",
    "may_withdraw",
    "open_result",
    "record_paper",
    "renew_lease",
    "require_grant",
    "settle_review",
    "take_case",
    "take_polls",
    "take_standing",
    "verify_url",
    "waiting_numbers",
    "withdraw",
]
