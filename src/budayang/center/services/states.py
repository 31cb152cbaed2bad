"""The state machines of the services room, each one table: a case (办件), its paper, an errand (交办) about a case
to the department, a payment (缴费) and a task of the window (转窗口).
"""

from __future__ import annotations

from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy


class CaseState(StrEnum):
    """Where a case stands. `review` (待核): nobody can tell from here what the department did; a person finds out.

    Taken in is not accepted: `accepted` is what the platform took in, `handed_in` what the department took in (收件);
    only `in_process` is the department's acceptance (受理) by law.
    """

    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    WORKING = "working"
    DUE = "due"
    PAID = "paid"
    HANDED_IN = "handed_in"
    IN_PROCESS = "in_process"
    CORRECTION = "correction"
    WINDOW = "window"
    DONE = "done"
    FAILED = "failed"
    REVIEW = "review"
    WITHDRAWN = "withdrawn"


class PaperState(StrEnum):
    """Where a paper stands. Entitled once per case; printing again after a jam is the same entitlement."""

    ENTITLED = "entitled"
    SENT = "sent"
    CONFIRMED = "confirmed"
    TAKEN = "taken"
    FAILED = "failed"


class ErrandState(StrEnum):
    """Where a message about a case to its department stands: that it is paid, corrected, withdrawn."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    REFUSED = "refused"
    UNCLEAR = "unclear"
    CANCELLED = "cancelled"


class PaymentState(StrEnum):
    """Where a payment stands. `late`: money came after the order had been closed, so it goes back."""

    CREATED = "created"
    OPEN = "open"
    CLOSED = "closed"
    PAID = "paid"
    SETTLED = "settled"
    REFUND_DUE = "refund_due"
    REFUNDING = "refunding"
    REFUNDED = "refunded"
    REFUND_REFUSED = "refund_refused"


class WindowState(StrEnum):
    """Where a matter that was sent to the window stands."""

    WAITING = "waiting"
    TAKEN = "taken"
    FINISHED = "finished"
    RETURNED = "returned"


C, P, R, M, W = CaseState, PaperState, ErrandState, PaymentState, WindowState

CASE_TRANSITIONS: dict[tuple[CaseState, str], CaseState] = {
    (C.ACCEPTED, "take"): C.WORKING,
    # A process that was killed in the middle leaves a lease that runs out; the next one asks with the same key.
    (C.WORKING, "take"): C.WORKING,
    (C.WORKING, "done"): C.DONE,
    (C.WORKING, "handed_in"): C.HANDED_IN,
    (C.WORKING, "due"): C.DUE,
    (C.WORKING, "refused"): C.FAILED,
    # The department said plainly, each time, that it took nothing (closed, no connection).
    (C.WORKING, "not_reached"): C.FAILED,
    # … and the item may be kept by the platform until the department opens (夜间存件).
    (C.WORKING, "deferred"): C.DEFERRED,
    (C.WORKING, "unclear"): C.REVIEW,
    (C.DEFERRED, "opened"): C.ACCEPTED,
    (C.DEFERRED, "lapsed"): C.FAILED,
    (C.DUE, "paid"): C.PAID,
    (C.DUE, "lapsed"): C.FAILED,
    # The department was told of the payment.
    (C.PAID, "done"): C.DONE,
    (C.PAID, "handed_in"): C.HANDED_IN,
    (C.PAID, "refused"): C.FAILED,
    (C.PAID, "unclear"): C.REVIEW,
    # A person gave the money back, and the department was not reached with the payment.
    (C.PAID, "reversed"): C.FAILED,
    (C.CORRECTION, "corrected"): C.HANDED_IN,
    # It did not say whether it has what was missing.
    (C.CORRECTION, "unclear"): C.REVIEW,
    (C.REVIEW, "ask_again"): C.ACCEPTED,
    # The payment stands: what is asked again is the message of it, not the matter.
    (C.REVIEW, "tell_again"): C.PAID,
    # So with what was missing.
    (C.REVIEW, "correct_again"): C.CORRECTION,
    # A person asked the department by telephone.
    (C.REVIEW, "done"): C.DONE,
    (C.REVIEW, "handed_in"): C.HANDED_IN,
    (C.REVIEW, "refused"): C.FAILED,
    # Person and card are compared at the window (人证核对): nothing has left the platform.
    (C.ACCEPTED, "to_window"): C.WINDOW,
    (C.FAILED, "to_window"): C.WINDOW,
    (C.CORRECTION, "to_window"): C.WINDOW,
    (C.WINDOW, "done"): C.DONE,
    (C.WINDOW, "returned"): C.FAILED,
}
# What the department says when it is asked how the matter stands; it may have gone several steps since the last word.
for _state in (C.HANDED_IN, C.IN_PROCESS, C.CORRECTION):
    CASE_TRANSITIONS |= {
        (_state, "accepted"): C.IN_PROCESS,
        (_state, "correction"): C.CORRECTION,
        (_state, "due"): C.DUE,
        (_state, "done"): C.DONE,
        (_state, "refused"): C.FAILED,
        # It says now that it never had what it had taken in.
        (_state, "denied"): C.REVIEW,
    }
# Nothing has left the platform, or the department said that it lets the matter go.
for _state in (C.ACCEPTED, C.DEFERRED, C.DUE, C.HANDED_IN, C.IN_PROCESS, C.CORRECTION):
    CASE_TRANSITIONS[_state, "withdrawn"] = C.WITHDRAWN
# A booked time is done when it is booked, and may still be taken back (取消预约) before its hour.
CASE_TRANSITIONS[C.DONE, "withdrawn"] = C.WITHDRAWN

# The terminal has nothing more to wait for. The rest of the way is the department's.
FINAL_CASE_STATES = frozenset(
    {
        C.DONE, C.HANDED_IN, C.FAILED, C.REVIEW, C.WITHDRAWN,
        C.DEFERRED, C.IN_PROCESS, C.CORRECTION, C.WINDOW,
    }
)  # fmt: skip
# Nothing more happens by itself.
ENDED_CASE_STATES = frozenset({C.DONE, C.FAILED, C.WITHDRAWN})
AT_DEPARTMENT = frozenset({C.HANDED_IN, C.IN_PROCESS, C.CORRECTION})
# What could be done at the terminal is done.
DONE_STATES = (C.DONE, C.HANDED_IN, C.IN_PROCESS, C.CORRECTION)

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

ERRAND_TRANSITIONS: dict[tuple[ErrandState, str], ErrandState] = {
    (R.WAITING, "take"): R.RUNNING,
    (R.RUNNING, "take"): R.RUNNING,  # after a killed process; the same key
    (R.RUNNING, "done"): R.DONE,
    (R.RUNNING, "refused"): R.REFUSED,
    (R.RUNNING, "unclear"): R.UNCLEAR,
    (R.RUNNING, "not_reached"): R.WAITING,
    (R.WAITING, "cancel"): R.CANCELLED,
    (R.UNCLEAR, "again"): R.WAITING,
    (R.UNCLEAR, "cancel"): R.CANCELLED,
}

PAYMENT_TRANSITIONS: dict[tuple[PaymentState, str], PaymentState] = {
    (M.CREATED, "placed"): M.OPEN,
    (M.CREATED, "paid"): M.PAID,
    (M.CREATED, "closed"): M.CLOSED,
    (M.OPEN, "paid"): M.PAID,
    (M.OPEN, "closed"): M.CLOSED,
    # Money for an order that the provider had called closed: nothing is done for it any more, it goes back.
    (M.CLOSED, "paid"): M.REFUND_DUE,
    (M.PAID, "settled"): M.SETTLED,
    (M.PAID, "refund"): M.REFUND_DUE,
    (M.SETTLED, "refund"): M.REFUND_DUE,
    (M.REFUND_DUE, "refund_asked"): M.REFUNDING,
    (M.REFUNDING, "refunded"): M.REFUNDED,
    (M.REFUNDING, "refund_refused"): M.REFUND_REFUSED,
    (M.REFUND_REFUSED, "refund"): M.REFUND_DUE,
    (M.REFUND_REFUSED, "returned"): M.REFUNDED,
}
# Of these a bill has one. Money that came late and goes back stands beside the payment that took its place.
STANDING_PAYMENT_STATES = frozenset({M.CREATED, M.OPEN, M.PAID, M.SETTLED})
# While one of these holds a bill's money, or may yet, no further payment of that bill is begun.
HOLDING_PAYMENT_STATES = frozenset(M) - {M.CLOSED, M.REFUNDED}
MONEY_WITH_US = frozenset({M.PAID, M.SETTLED, M.REFUND_DUE, M.REFUNDING, M.REFUND_REFUSED})
MOVING_PAYMENT_STATES = frozenset({M.CREATED, M.OPEN, M.REFUND_DUE, M.REFUNDING})

WINDOW_TRANSITIONS: dict[tuple[WindowState, str], WindowState] = {
    (W.WAITING, "take"): W.TAKEN,
    (W.TAKEN, "release"): W.WAITING,
    (W.TAKEN, "finish"): W.FINISHED,
    (W.TAKEN, "return"): W.RETURNED,
}

CASE_WORDS: dict[CaseState, Promise | str] = {
    C.ACCEPTED: gettext_lazy("平台已收件"),
    C.DEFERRED: gettext_lazy("夜间存件"),
    C.WORKING: gettext_lazy("办理中"),
    C.DUE: gettext_lazy("待缴费"),
    C.PAID: gettext_lazy("已缴费，办理中"),
    C.HANDED_IN: gettext_lazy("部门已收件"),
    C.IN_PROCESS: gettext_lazy("部门已受理"),
    C.CORRECTION: gettext_lazy("待补正"),
    C.WINDOW: gettext_lazy("已转窗口"),
    C.DONE: gettext_lazy("已办结"),
    C.FAILED: gettext_lazy("未办成"),
    C.REVIEW: gettext_lazy("待核"),
    C.WITHDRAWN: gettext_lazy("已撤回"),
}

PAPER_WORDS: dict[PaperState, Promise | str] = {
    P.ENTITLED: gettext_lazy("可打印"),
    P.SENT: gettext_lazy("已送打印机"),
    P.CONFIRMED: gettext_lazy("已打印"),
    P.TAKEN: gettext_lazy("已取走"),
    P.FAILED: gettext_lazy("打印未成"),
}

PAYMENT_WORDS: dict[PaymentState, Promise | str] = {
    M.CREATED: gettext_lazy("正在下单"),
    M.OPEN: gettext_lazy("待付款"),
    M.CLOSED: gettext_lazy("已关闭，没有收款"),
    M.PAID: gettext_lazy("已收款，等部门出结果"),
    M.SETTLED: gettext_lazy("已收款，部门已办"),
    M.REFUND_DUE: gettext_lazy("待退款"),
    M.REFUNDING: gettext_lazy("退款中"),
    M.REFUNDED: gettext_lazy("已退款"),
    M.REFUND_REFUSED: gettext_lazy("退款没有成功"),
}

WINDOW_WORDS: dict[WindowState, Promise | str] = {
    W.WAITING: gettext_lazy("等窗口接手"),
    W.TAKEN: gettext_lazy("窗口办理中"),
    W.FINISHED: gettext_lazy("窗口已办结"),
    W.RETURNED: gettext_lazy("窗口已退回"),
}
