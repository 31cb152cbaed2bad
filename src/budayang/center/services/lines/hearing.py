"""What one act at a department is, and what its reply is, read as strictly as the contract has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import structlog

from budayang.center.services.lines.answers import (
    UNKNOWN_CASE,
    Answer,
    Binding,
    Standing,
    Whose,
    Withdrawal,
    WrongPerson,
    read_answer,
    read_json,
    read_standing,
)
from budayang.center.services.lines.calls import Reply
from budayang.rules.connectors import CallClass

log = structlog.get_logger(__name__)

UNKNOWN_CARD = "unknown_card"


@dataclass(frozen=True, slots=True)
class Act:
    """One act at a department: what it is, of which case, under which key."""

    kind: str
    path: str
    number: str
    key: str
    body: bytes
    item: str = ""
    whose: Whose | None = None


Said = Answer | Standing | Withdrawal | dict[str, Any]


@dataclass(frozen=True, slots=True)
class Heard:
    """How one call went; `said` is the reply as read, None where nothing of it may be used."""

    how: CallClass
    reply: Reply | None = None
    said: Said | None = None


# What leaves no doubt: the department took nothing. Anything else after a sent act may have been an act.
NOTHING_TAKEN = frozenset(
    {
        CallClass.NO_CONNECTION,
        CallClass.NOT_CALLED,
        CallClass.CLOSED,
        CallClass.REFUSED,
        CallClass.KEY_REFUSED,
    }
)


def hear(reply: Reply, act: Act, *, must_name: bool) -> Heard:
    """What a reply is, its body read as strictly as the contract has it."""
    if reply.status == 200:
        try:
            return Heard(
                CallClass.ANSWERED, reply, _said(reply.content, act, Binding(act.number, act.whose, must_name))
            )
        except WrongPerson:
            log.error("department answered with another person's record", case=act.number, kind=act.kind)
            return Heard(CallClass.WRONG_PERSON, reply)
        except ValueError as error:
            log.error("department's answer cannot be read", case=act.number, error=str(error))
            return Heard(CallClass.UNREADABLE, reply)
    if act.kind == "standing" and reply.status == 404 and _error_of(reply) == UNKNOWN_CASE:
        return Heard(CallClass.ANSWERED, reply, Standing(UNKNOWN_CASE))
    if act.kind == "withdraw" and reply.status == 409 and _error_of(reply) == "too_late":
        return Heard(CallClass.ANSWERED, reply, Withdrawal.TOO_LATE)
    if act.kind == "withdraw" and reply.status in (404, 405):
        return Heard(CallClass.REFUSED, reply, Withdrawal.NOT_OFFERED)
    if act.kind == "identify" and reply.status == 404 and _error_of(reply) == UNKNOWN_CARD:
        return Heard(CallClass.ANSWERED, reply, {"error": UNKNOWN_CARD})
    return Heard(_REFUSALS.get(reply.status, _refusal(reply.status)), reply)


def _said(content: bytes, act: Act, bound: Binding) -> Said:
    if act.kind == "standing":
        return read_standing(content, bound)
    if act.kind == "withdraw":
        if read_json(content).get("withdrawn") is not True:
            raise ValueError("withdrawn is not true")
        return Withdrawal.WITHDRAWN
    if act.kind in ("matter", "correct", "paid"):
        return read_answer(content, bound)
    return read_json(content)


_REFUSALS = {
    401: CallClass.KEY_REFUSED,
    403: CallClass.KEY_REFUSED,
    409: CallClass.CONFLICT,
    503: CallClass.CLOSED,
}


def _refusal(status: int) -> CallClass:
    return CallClass.REFUSED if 400 <= status < 500 else CallClass.ERROR


def _error_of(reply: Reply) -> str:
    try:
        return str(read_json(reply.content).get("error") or "")
    except ValueError:
        return ""
