"""When a department's line is cut off for a while, and what a call proved of it. Pure; `now` is an argument.

The circuit breaker (Nygard, *Release It!*, 2nd ed. 2018): closed, open after failures in a row, half open while one
call tries, then closed or open again for longer. `held` is our own: an answer about the wrong person opens the line
at once, and only a person closes it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

ITEM_KINDS = ("query_print", "apply", "pay", "book", "collect", "launch", "guide")
CALL_KINDS = ("matter", "standing", "paid", "correct", "withdraw", "identify", "slots")


class CallClass(StrEnum):
    """How one call went. `closed`: 503 with Retry-After, the department's own word that it did nothing."""

    ANSWERED = "answered"
    CLOSED = "closed"
    REFUSED = "refused"
    KEY_REFUSED = "key_refused"
    CONFLICT = "conflict"
    ERROR = "error"
    UNREADABLE = "unreadable"
    WRONG_PERSON = "wrong_person"
    TIMEOUT = "timeout"
    CUT = "cut"
    NO_CONNECTION = "no_connection"
    NOT_CALLED = "not_called"


CALL_CLASSES = tuple(one.value for one in CallClass)
_OF_THE_LINE = frozenset({CallClass.KEY_REFUSED, CallClass.NO_CONNECTION})
_BAD = frozenset(
    {
        CallClass.KEY_REFUSED,
        CallClass.ERROR,
        CallClass.UNREADABLE,
        CallClass.TIMEOUT,
        CallClass.CUT,
        CallClass.NO_CONNECTION,
    }
)


class CircuitState(StrEnum):
    """Whether calls go out: closed they do, open they do not, half open one does, held none until a person looked."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"
    HELD = "held"


CIRCUIT_NAMES: dict[CircuitState, str] = {
    CircuitState.CLOSED: "照常调用",
    CircuitState.OPEN: "暂停调用",
    CircuitState.HALF_OPEN: "正在试一次",
    CircuitState.HELD: "等人查清",
}
ITEM_KIND_NAMES: dict[str, str] = {
    "query_print": "查询打印",
    "apply": "申报",
    "pay": "缴费",
    "book": "预约",
    "collect": "领取",
    "launch": "打开部门网页",
    "guide": "只作指引",
}
CALL_KIND_NAMES: dict[str, str] = {
    "matter": "办件",
    "standing": "查进展",
    "paid": "告知缴费",
    "correct": "补正",
    "withdraw": "撤回",
    "identify": "认卡",
    "slots": "查可约时间",
}
CALL_CLASS_NAMES: dict[CallClass, str] = {
    CallClass.ANSWERED: "有答复",
    CallClass.CLOSED: "部门关闭",
    CallClass.REFUSED: "拒收",
    CallClass.KEY_REFUSED: "密钥不对",
    CallClass.CONFLICT: "编号冲突",
    CallClass.ERROR: "系统出错",
    CallClass.UNREADABLE: "答复不合约定",
    CallClass.WRONG_PERSON: "答复是别人的",
    CallClass.TIMEOUT: "超时",
    CallClass.CUT: "中途断线",
    CallClass.NO_CONNECTION: "连不上",
    CallClass.NOT_CALLED: "没有调用",
}


@dataclass(frozen=True, slots=True)
class CircuitPolicy:
    """After how many failures in a row a line opens, for how long at first, at most, and how long a trial may last."""

    failures: int = 5
    open_s: float = 30.0
    longest_s: float = 600.0
    trial_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Circuit:
    """`opened`: how often in a row it opened (each time for twice as long). `until`: end of the pause or of the trial.

    `last`: the case of the last failure. One person's record may be what a department stumbles over again and again;
    that must not cut off everybody else.
    """

    state: CircuitState = CircuitState.CLOSED
    failures: int = 0
    opened: int = 0
    until: datetime | None = None
    why: str = ""
    last: str = ""


@dataclass(frozen=True, slots=True)
class Permit:
    """Whether a call may go out, and the circuit as it is once the call was let through."""

    allowed: bool
    circuit: Circuit


def may_call(circuit: Circuit, policy: CircuitPolicy, now: datetime) -> Permit:
    """May a call go out now? After the pause one call is let through as the trial; others wait for what it proves.

    A trial whose end nobody wrote down (its process was killed) is given up after `trial_s`.
    """
    if circuit.state is CircuitState.CLOSED:
        return Permit(True, circuit)
    if circuit.state is CircuitState.HELD or (circuit.until is not None and now < circuit.until):
        return Permit(False, circuit)
    trial = replace(circuit, state=CircuitState.HALF_OPEN, until=now + timedelta(seconds=policy.trial_s))
    return Permit(True, trial)


def after_call(circuit: Circuit, how: CallClass, number: str, policy: CircuitPolicy, now: datetime) -> Circuit:
    """The circuit after a call about a case. What proves nothing about the line (refusals, closed by its hours) ends a
    trial well: the department was there and spoke by the contract.

    A question without a case (`number` empty: whose card, which slots) may be a trial and end it, but does not open a
    closed line: nobody's matter hangs on it, and the health check asks often enough.
    """
    if circuit.state is CircuitState.HELD or how is CallClass.NOT_CALLED:
        return circuit
    if how is CallClass.WRONG_PERSON:
        return Circuit(CircuitState.HELD, circuit.failures + 1, circuit.opened + 1, None, how.value, number)
    if how not in _BAD:
        ended = how is CallClass.ANSWERED or circuit.state is not CircuitState.CLOSED
        return Circuit() if ended else circuit
    if circuit.state is CircuitState.OPEN:
        return circuit  # a call that set out before the line opened
    if circuit.state is CircuitState.CLOSED and not number:
        return circuit
    again = number == circuit.last and how not in _OF_THE_LINE
    failures = circuit.failures + (0 if again else 1)
    if circuit.state is CircuitState.CLOSED and failures < policy.failures:
        return replace(circuit, failures=failures, last=number)
    pause_s = min(policy.open_s * 2 ** min(circuit.opened, 20), policy.longest_s)
    until = now + timedelta(seconds=pause_s)
    return Circuit(CircuitState.OPEN, failures, circuit.opened + 1, until, how.value, number)


def line_is_up(health_ok: bool, circuit: Circuit, now: datetime) -> bool:
    """Whether items of the department may be called doable: it answers its health check and its line is not open.

    Once the pause is over a good health check is enough: somebody has to come for the trial to happen at all.
    """
    if circuit.state is CircuitState.HELD:
        return False
    paused = circuit.state is CircuitState.OPEN and circuit.until is not None and now < circuit.until
    return health_ok and not paused
