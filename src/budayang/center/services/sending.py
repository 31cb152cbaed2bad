"""Calls to departments' systems: only to the connector's address, one key per act, never a guess about the outcome.

The contract is docs/mechanisms/department-contract.md. Asking again is safe where the department honours the key, or
where it can be asked whether it has the case; where it can do neither, an attempt that may have arrived is never
repeated, and the case goes to a person (待核). `lines` carries a call; before it the journal says whether calls go out,
and after it learns what the call proved.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

import httpx
import structlog
from django.utils import timezone

from budayang.center.services.connector_calls import DatabaseJournal, Journal, Made
from budayang.center.services.connector_queries import Capability
from budayang.center.services.lines import over_http
from budayang.center.services.lines.addresses import BadAddress, check_address
from budayang.center.services.lines.answers import (
    UNKNOWN_CASE,
    Answer,
    Booked,
    Correction,
    Standing,
    Step,
    Whose,
    Withdrawal,
    read_answer,
    read_standing,
    same_masks,
    same_person,
)
from budayang.center.services.lines.calls import Call, NoAnswer, NotSent
from budayang.center.services.lines.hearing import NOTHING_TAKEN, UNKNOWN_CARD, Act, Heard, hear
from budayang.center.services.lines.plugins import Connections
from budayang.rules.connectors import CallClass

__all__ = [
    "UNKNOWN_CARD",
    "UNKNOWN_CASE",
    "Answer",
    "BadAddress",
    "Booked",
    "Correction",
    "DepartmentLine",
    "Patience",
    "Standing",
    "Step",
    "Whose",
    "Withdrawal",
    "check_address",
    "make_client",
    "read_answer",
    "read_standing",
    "same_masks",
    "same_person",
]

log = structlog.get_logger(__name__)
StillOurs = Callable[[bool], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long and how often a department is asked about one case. Seconds.

    `timeout_s` is one attempt, shorter than a case's lease; `deadline_s` all of them. `settle_s`: within it a
    department has to know what reached it, so that "never heard of it" is true when it is asked after that.
    """

    timeout_s: float = 10.0
    pauses_s: tuple[float, ...] = (0.5, 1.0, 2.0, 4.0)
    longest_retry_after_s: float = 5.0
    at_once: int = 4
    deadline_s: float = 60.0
    settle_s: float = 5.0


@dataclass(slots=True)
class _Tried:
    """What one attempt proved. `unclear`: the department may have acted on it."""

    answer: Answer | None = None
    unclear: bool = False
    stop: bool = False
    pause_s: float | None = None
    closed_s: float = 0.0


@dataclass(frozen=True, slots=True)
class _Door:
    """A department's door: its code, its address and our key."""

    department: str
    url: str
    key: str = field(repr=False)


def make_client(patience: Patience) -> httpx.AsyncClient:
    """The client of a line."""
    return over_http.make_client(patience.timeout_s)


@dataclass(slots=True)
class DepartmentLine:
    """Asks departments, with a limit of simultaneous calls per department."""

    client: httpx.AsyncClient
    patience: Patience = field(default_factory=Patience)
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    journal: Journal = field(default_factory=DatabaseJournal)
    clock: Callable[[], datetime] = timezone.now
    connections: Connections | None = None
    _limits: dict[str, asyncio.Semaphore] = field(default_factory=dict)

    async def ask(
        self,
        department: str,
        url: str,
        key: str,
        *,
        number: str,
        body: bytes,
        unclear: bool,
        still_ours: StillOurs,
    ) -> Answer | None:
        """Hand a matter in and ask until the answer is clear or patience ends.

        Args:
            body: the contract's body of POST /v1/matters, the same bytes at each repetition.
            unclear: an earlier attempt (of a process that is gone) may have reached the department.
            still_ours: renews the lease before each attempt and stores that an attempt may have got through;
                False means that a rival took the case over, and this call ends with None.
        """
        said = json.loads(body)
        person: dict[str, str] = said["person"]
        whose = same_person(person["name"], person["id_number"])
        act = Act("matter", "/v1/matters", number, number, body, str(said["item"]), whose)
        return await self._carry(act, _Door(department, url, key), unclear=unclear, still_ours=still_ours)

    async def correct(
        self,
        department: str,
        url: str,
        key: str,
        *,
        number: str,
        item: str,
        body: bytes,
        whose: Whose | None,
        unclear: bool,
        still_ours: StillOurs,
    ) -> Answer | None:
        """Hand in what was missing (补正). `body` is {"materials": [...], "form": {...}}; the key is "<number>-C"."""
        act = Act("correct", _case_path(number, "correct"), number, f"{number}-C", body, item, whose)
        return await self._carry(act, _Door(department, url, key), unclear=unclear, still_ours=still_ours)

    async def paid(
        self,
        department: str,
        url: str,
        key: str,
        *,
        number: str,
        item: str,
        payment: str,
        bill: str,
        amount_fen: int,
        paid_at: datetime,
        whose: Whose | None,
        unclear: bool,
        still_ours: StillOurs,
    ) -> Answer | None:
        """Tell that a bill of the case was paid: done with its paper, or refused, which means a refund. The key is the
        payment's number; contract 1 has this key honoured by every department that lets people pay.
        """
        told = {"payment": payment, "bill": bill, "amount_fen": amount_fen, "paid_at": paid_at.isoformat()}
        body = json.dumps(told, sort_keys=True).encode()
        act = Act("paid", _case_path(number, "paid"), number, payment, body, item, whose)
        return await self._carry(act, _Door(department, url, key), unclear=unclear, still_ours=still_ours)

    async def asked(
        self, department: str, url: str, key: str, *, number: str, item: str = "", whose: Whose | None = None
    ) -> Standing | None:
        """How a matter stands at the department; None when that is not known. A read is not repeated.

        A standing whose outcome is about another person, or does not name it as the item promised, is not known either.
        """
        promised, door = await self.journal.capability(item), _Door(department, url, key)
        async with self._limit(department):
            return await self._standing(door, number, item, whose, must_name=promised.names_person)

    async def withdraw(
        self, department: str, url: str, key: str, *, number: str, item: str = "", reason: str
    ) -> Withdrawal:
        """Take a matter back. The key is "<number>-W", which the contract has honoured: withdrawing twice is once."""
        body = json.dumps({"reason": reason}, ensure_ascii=False).encode()
        act = Act("withdraw", _case_path(number, "withdraw"), number, f"{number}-W", body, item)
        door, unclear = _Door(department, url, key), False
        async with self._limit(department):
            for pause_s in (*self.patience.pauses_s, None):
                heard = await self._send(door, act)
                if isinstance(heard.said, Withdrawal):
                    return heard.said
                unclear = unclear or heard.how not in NOTHING_TAKEN
                if pause_s is None:
                    break
                await self.sleep(pause_s)
        return Withdrawal.UNCLEAR if unclear else Withdrawal.NOT_REACHED

    async def read(
        self, department: str, url: str, key: str, *, kind: str, path: str, body: bytes | None = None
    ) -> dict[str, Any] | None:
        """A plain question (slots, identify) that changes nothing: the object, or None when it is not known.

        For identify {"error": "unknown_card"} is an answer too: no card bears the code.
        """
        async with self._limit(department):
            act = Act(kind, path, "", "", body or b"")
            heard = await self._send(_Door(department, url, key), act, read=body is None)
        return heard.said if isinstance(heard.said, dict) else None

    def _limit(self, department: str) -> asyncio.Semaphore:
        return self._limits.setdefault(department, asyncio.Semaphore(self.patience.at_once))

    async def _carry(self, act: Act, door: _Door, *, unclear: bool, still_ours: StillOurs) -> Answer | None:
        """Attempts until the answer is clear. A repetition after an unclear one is earned by the key, or by asking."""
        promised = await self.journal.capability(act.item)
        by_key = promised.honours_key or act.kind == "paid"
        loop = asyncio.get_running_loop()
        deadline, closed_s = loop.time() + self.patience.deadline_s, 0.0
        async with self._limit(door.department):
            for pause_s in (*self.patience.pauses_s, None):
                if not await still_ours(unclear):
                    return None
                tried = _Tried()
                if unclear and not by_key:
                    tried = await self._look(act, door, promised)
                    unclear = tried.unclear
                if tried.answer is None and not (unclear and not by_key):
                    tried = await self._try(act, door, promised)
                    unclear = unclear or tried.unclear
                if tried.answer is not None:
                    return tried.answer
                closed_s = tried.closed_s or closed_s
                if tried.stop or pause_s is None or loop.time() > deadline:
                    break
                await self.sleep(tried.pause_s if tried.pause_s is not None else pause_s)
        return Answer("unclear") if unclear else Answer("not_reached", retry_after_s=int(closed_s))

    async def _look(self, act: Act, door: _Door, promised: Capability) -> _Tried:
        """Before repeating what does not honour the key: does the department have it? Only its plain no allows it."""
        if not promised.can_be_asked or act.kind != "matter":
            return _Tried(unclear=True, stop=True)
        await self.sleep(self.patience.settle_s)
        standing = await self._standing(door, act.number, act.item, act.whose, must_name=promised.names_person)
        if standing is None or standing.state == "working":
            return _Tried(unclear=True)
        if standing.state == UNKNOWN_CASE:
            return _Tried(unclear=False)
        answer = _answer_of(standing)
        return _Tried(answer=answer, unclear=answer is None, stop=answer is None)

    async def _try(self, act: Act, door: _Door, promised: Capability) -> _Tried:
        heard = await self._send(door, act, must_name=promised.names_person)
        how = heard.how
        if isinstance(heard.said, Answer):
            return _Tried(answer=heard.said)
        if how is CallClass.WRONG_PERSON:
            return _Tried(unclear=True, stop=True)
        if how is CallClass.CLOSED and heard.reply is not None:
            wait_s = heard.reply.retry_after_s
            too_long = wait_s is not None and wait_s > self.patience.longest_retry_after_s
            return _Tried(stop=too_long, pause_s=wait_s, closed_s=wait_s or 0.0)
        if how is CallClass.CONFLICT:  # our number with another body: somebody has to look
            return _Tried(unclear=True, stop=True)
        if how in (CallClass.REFUSED, CallClass.KEY_REFUSED):  # it says that it took nothing
            return _Tried(stop=True)
        return _Tried(unclear=how not in NOTHING_TAKEN)

    async def _standing(
        self, door: _Door, number: str, item: str, whose: Whose | None, *, must_name: bool = False
    ) -> Standing | None:
        act = Act("standing", _case_path(number), number, "", b"", item, whose)
        heard = await self._send(door, act, read=True, must_name=must_name)
        return heard.said if isinstance(heard.said, Standing) else None

    async def _send(self, door: _Door, act: Act, *, read: bool = False, must_name: bool = False) -> Heard:
        """One call with its row in the journal."""
        if not await self.journal.begin(door.department, self.clock()):
            await self._note(door, act, Heard(CallClass.NOT_CALLED), 0.0)
            return Heard(CallClass.NOT_CALLED)
        loop = asyncio.get_running_loop()
        body, began = None if read else act.body, loop.time()
        call = Call(act.kind, door.url, act.path, door.key, act.number, act.key, body, self.patience.timeout_s)
        try:
            heard = hear(await self._lines().send(call), act, must_name=must_name)
        except NotSent:
            heard = Heard(CallClass.NO_CONNECTION)
        except NoAnswer as error:
            heard = Heard(CallClass.TIMEOUT if error.timeout else CallClass.CUT)
        if heard.how is not CallClass.ANSWERED:
            log.warning("department gave no good answer", case=act.number, kind=act.kind, result=heard.how.value)
        await self._note(door, act, heard, loop.time() - began)
        return heard

    def _lines(self) -> Connections:
        if self.connections is None:
            self.connections = Connections(self.client)
        return self.connections

    async def _note(self, door: _Door, act: Act, heard: Heard, seconds: float) -> None:
        status = heard.reply.status if heard.reply is not None else None
        made = Made(door.department, act.kind, act.item, act.number, heard.how, status, round(seconds * 1000))
        await self.journal.end(made, self.clock())


def _answer_of(standing: Standing) -> Answer | None:
    """A standing as the answer that was lost; None where its essential part (a paper, a bill) was not told."""
    if standing.outcome is not None:
        return standing.outcome
    if standing.state in ("handed_in", "accepted", "correction"):
        return Answer("handed_in")
    return Answer("refused") if standing.state in ("refused", "withdrawn") else None


def _case_path(number: str, what: str = "") -> str:
    return f"/v1/matters/{quote(number, safe='')}" + (f"/{what}" if what else "")
