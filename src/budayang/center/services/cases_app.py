"""/wire/v1/cases/: live work from terminals. Store first, answer 202, ask the department; the terminal waits.

A bare ASGI application beside Django. Every request is under the terminal's session key (HMAC over method, path, time
and the raw body). Personal data come sealed to the center (HPKE) and go back sealed to the journey's own key.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import httpx
import msgspec
import structlog
from django.utils import timezone

from budayang.center.platform.actors import Actor
from budayang.center.platform.sealing import center_keys
from budayang.center.services import case_actions, case_requests, handing_in, identifying, journey_requests
from budayang.center.services.carrying import Carrier
from budayang.center.services.case_actions import CaseRefused
from budayang.center.services.case_requests import Look
from budayang.center.services.codes import mask_name
from budayang.center.services.door_words import refuse
from budayang.center.services.sending import DepartmentLine, Patience, make_client
from budayang.center.services.states import FINAL_CASE_STATES, CaseState
from budayang.center.services.threads import in_thread
from budayang.center.terminals import queries as terminals
from budayang.wire import mac
from budayang.wire.messages import MAX_WAIT_S, CaseAnswer, CasePrivate, CaseSubmit, CaseWait
from budayang.wire.paying import PayAsk, ProgressAsk
from budayang.wire.sealing import (
    CannotOpen,
    case_info,
    identity_info,
    open_text,
    pay_info,
    person_info,
    result_info,
    seal_text,
)

log = structlog.get_logger(__name__)

K = TypeVar("K", bound=msgspec.Struct)
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

PREFIX = "/wire/v1/cases/"
LOOK_S = 0.5  # how often a held wait looks whether another process finished the case
TAKE_UP_S = 1.0
VERBS = {"pay": case_requests.pay, "stop": case_requests.stop, "window": case_requests.window}
UNDER_WAY = "under_way"  # stands where a pending case's paper state stands, while it has no paper yet


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """POST pending: `sealed` is base64 HPKE of Identity, `reply_key` the new journey's."""

    sealed: str
    reply_key: str


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Who stands at the terminal: as read from the card, or (`id_kind` card_code) the code typed from a card."""

    id_number: str = ""
    id_kind: str = ""


class Refused(Exception):
    """The request is answered with this error."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Caller:
    """A terminal that proved its session key with this request."""

    code: str
    terminal_id: int
    place_path: str


class CasesApplication:
    """The ASGI callable. `startup()` takes up cases that a killed process left; without it the first request does."""

    def __init__(
        self,
        line: DepartmentLine | None = None,
        *,
        clock: Callable[[], datetime] = timezone.now,
        patience: Patience | None = None,
        money: httpx.AsyncClient | None = None,
    ) -> None:
        self._given_line = line
        self._clock = clock
        self._patience = patience or Patience()
        self._given_money = money
        self._carrier: Carrier | None = None
        self._line: DepartmentLine | None = None
        self._loop_task: asyncio.Task[None] | None = None
        self._waiting: dict[str, asyncio.Event] = {}

    # --- life ---------------------------------------------------------------------------------------------------

    async def startup(self) -> None:
        """Make the client and begin to take up what waits."""
        if self._carrier is not None:
            return
        self._line = self._given_line or DepartmentLine(make_client(self._patience), self._patience)
        money = self._given_money or make_client(self._patience)
        self._carrier = Carrier(self._line, money, moved=self._finished, clock=self._clock)
        self._loop_task = asyncio.create_task(self._take_up_for_ever(), name="cases")

    async def shutdown(self) -> None:
        """Stop taking up; calls under way are resumed by the next process after their lease."""
        if self._loop_task is not None:
            self._loop_task.cancel()
            await asyncio.gather(self._loop_task, return_exceptions=True)
        if self._carrier is not None:
            await self._carrier.close()
            if self._given_money is None:
                await self._carrier.money.aclose()
        if self._line is not None and self._given_line is None:
            await self._line.client.aclose()
        self._carrier = self._line = self._loop_task = None

    async def _take_up_for_ever(self) -> None:
        while True:
            try:
                if self._carrier is not None:
                    await self._carrier.take_up()
            except Exception:
                log.exception("taking up cases failed, will try again")
            await asyncio.sleep(TAKE_UP_S)

    def _finished(self, number: str) -> None:
        event = self._waiting.pop(number, None)
        if event is not None:
            event.set()

    # --- ASGI ---------------------------------------------------------------------------------------------------

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        if scope["type"] != "http":
            return
        await self.startup()
        try:
            status, body = await self._handle(scope, receive)
        except (Refused, CaseRefused) as refusal:
            fields = handing_in.refused_fields(refusal) if isinstance(refusal, CaseRefused) else {}
            status, body = refuse(refusal.code, fields)
        except Exception:
            log.exception("case request failed")
            status, body = refuse("try_again")
        headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await self.startup()
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await self.shutdown()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _handle(self, scope: Scope, receive: Receive) -> tuple[int, bytes]:
        if scope["method"] != "POST":
            raise Refused("method_not_allowed")
        path: str = scope["path"]
        rest = path.partition(PREFIX)[2]
        raw = await _body(receive, journey_requests.body_limit(rest))
        caller = await self._authenticate(scope, path, raw)
        if rest == "":
            return await self._submit(caller, raw)
        if rest == "pending":
            return await self._pending(caller, raw)
        if rest in ("progress", "progress/withdraw"):
            return await self._progress(caller, rest, raw)
        if journey_requests.is_mine(rest):
            return await journey_requests.answer(self._door(caller), rest, raw)
        number, _slash, verb = rest.partition("/")
        if verb == "wait":
            return await self._wait(caller, number, raw)
        if verb in VERBS:
            return await self._verb(caller, number, verb, raw)
        raise Refused("unknown_case")

    async def _authenticate(self, scope: Scope, path: str, raw: bytes) -> Caller:
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        code = headers.get(b"budayang-terminal", "")
        time_text = headers.get(b"budayang-time", "")
        given = headers.get(b"budayang-mac", "")
        if not code or not time_text.isdecimal() or len(time_text) > 16:
            raise Refused("bad_mac")
        now = self._clock()
        found = await in_thread(_session_of, code, now)
        if found is None:
            raise Refused("no_session")
        key, caller = found
        now_ms = int(now.timestamp() * 1000)
        if abs(now_ms - int(time_text)) > mac.CASE_CLOCK_TOLERANCE_MS:
            raise Refused("clock_off")
        if not mac.check_case_mac(key, scope["method"], path, int(time_text), raw, given, now_ms=now_ms):
            raise Refused("bad_mac")
        return caller

    # --- the three requests -------------------------------------------------------------------------------------

    async def _submit(self, caller: Caller, raw: bytes) -> tuple[int, bytes]:
        submit = _decode(raw, CaseSubmit)
        _check_reply_key(submit.reply_key)
        person = _open(submit.sealed, case_info(submit.number), CasePrivate)
        _check_number(person.id_number)
        if person.id_kind == identifying.CARD_CODE:
            known = await in_thread(
                handing_in.find_repeated, submit.number, caller.terminal_id, submit.item, submit.reply_key
            )
            if known is not None:  # asking the issuer again could only call a stored case not submitted
                return 202, msgspec.json.encode(CaseAnswer(number=known.number, state=known.state))
            person = await self._with_holder(caller, person)
        if person.agent is not None and person.agent.id_kind == identifying.CARD_CODE:
            person = msgspec.structs.replace(person, agent=await self._with_holder(caller, person.agent))
        kept = await in_thread(
            handing_in.hand_in,
            Actor.terminal(caller.code, caller.place_path),
            caller.terminal_id,
            caller.place_path,
            submit,
            person,
            self._clock(),
        )
        for number, state in kept.cases:
            if CaseState(state) not in FINAL_CASE_STATES and self._carrier is not None:
                self._carrier.cases.start(number)
        return 202, msgspec.json.encode(CaseAnswer(number=kept.number, state=kept.state))

    async def _wait(self, caller: Caller, number: str, raw: bytes) -> tuple[int, bytes]:
        wait = _decode(raw, CaseWait)
        _check_reply_key(wait.reply_key)
        end = asyncio.get_running_loop().time() + min(wait.wait_s, MAX_WAIT_S)
        while True:
            look = await in_thread(case_requests.look, number, caller.terminal_id, wait.reply_key, self._clock())
            left = end - asyncio.get_running_loop().time()
            if look.worth_telling(wait.seen) or left <= 0:
                self._waiting.pop(number, None)
                return 200, _told(look, wait.reply_key)
            await self._pause(number, min(left, LOOK_S))

    async def _verb(self, caller: Caller, number: str, verb: str, raw: bytes) -> tuple[int, bytes]:
        """Pay, stop or window: done in the database, carried out by whoever carries; the terminal goes on waiting."""
        ask = _decode(raw, PayAsk)
        _check_reply_key(ask.reply_key)
        actor, now = Actor.terminal(caller.code, caller.place_path), self._clock()
        case = await in_thread(VERBS[verb], actor, number, caller.terminal_id, ask, now)
        if self._carrier is not None and verb != "window":
            await self._carrier.payments.take_up()
        return 202, msgspec.json.encode(CaseAnswer(number=case.number, state=case.state, message=case.message))

    async def _progress(self, caller: Caller, what: str, raw: bytes) -> tuple[int, bytes]:
        """Number and code typed from a receipt: where the case stands, or to take it back."""
        ask = _decode(raw, ProgressAsk)
        if what == "progress":
            found = await in_thread(case_requests.progress, caller.code, ask, self._clock())
        else:
            actor = Actor.terminal(caller.code, caller.place_path)
            found = await in_thread(case_requests.withdraw_by_code, actor, ask, self._clock())
        return 200, msgspec.json.encode(found)

    async def _pause(self, number: str, seconds: float) -> None:
        event = self._waiting.setdefault(number, asyncio.Event())
        try:
            await asyncio.wait_for(event.wait(), seconds)
        except TimeoutError:
            return

    async def _pending(self, caller: Caller, raw: bytes) -> tuple[int, bytes]:
        pending = _decode(raw, Pending)
        _check_reply_key(pending.reply_key)
        identity = _open(pending.sealed, identity_info(caller.code), Identity)
        _check_number(identity.id_number)
        shown: dict[str, str] = {}
        if identity.id_kind == identifying.CARD_CODE:
            holder = await self._holder_of(caller, identity.id_number)
            identity = Identity(id_number=holder.id_number, id_kind=identifying.HOLDER_KIND)
            plain = msgspec.json.encode({"name": mask_name(holder.name)})
            shown["person"] = seal_text(mac.from_text(pending.reply_key, 32), plain, person_info(caller.code))
        owner = case_actions.identity_hash(identity.id_kind, identity.id_number)
        cases = await in_thread(_pending_of, caller.terminal_id, owner, pending.reply_key, self._clock())
        return 200, msgspec.json.encode({"cases": cases, **shown})

    async def _with_holder(self, caller: Caller, typed: K) -> K:
        """A person or an agent who gave a card's code, as the holder that its issuer names."""
        holder = await self._holder_of(caller, typed.id_number)  # type: ignore[attr-defined]  # both have one
        changes = {"name": holder.name, "id_number": holder.id_number, "id_kind": identifying.HOLDER_KIND}
        return msgspec.structs.replace(typed, **changes)

    def _door(self, caller: Caller) -> journey_requests.Door:
        if self._line is None:
            raise Refused("try_again")
        return journey_requests.Door(caller.code, caller.terminal_id, caller.place_path, self._line, self._clock)

    async def _holder_of(self, caller: Caller, typed: str) -> identifying.Holder:
        if self._line is None:
            raise Refused("try_again")
        return await identifying.find_holder(self._line, caller.code, typed, self._clock())


def _session_of(code: str, now: datetime) -> tuple[bytes, Caller] | None:
    key = terminals.session_key(code, now)
    terminal = terminals.in_service().filter(code=code).first()
    if key is None or terminal is None:
        return None
    return key, Caller(code, terminal.pk, terminal.area.place.path)


def _told(look: Look, reply_key: str) -> bytes:
    """What a waiting journey gets; what is the person's is sealed to it."""
    number, to = look.case.number, mac.from_text(reply_key, 32)
    pay = seal_text(to, msgspec.json.encode(look.pay), pay_info(number)) if look.pay else None
    return msgspec.json.encode(
        CaseAnswer(
            number=number,
            state=look.case.state,
            message=look.case.message,
            result=seal_text(to, look.result, result_info(number)) if look.result else None,
            pay=pay,
            mark=look.mark,
            paid=look.paid,
            asked=look.asked,
        )
    )


def _under_way(state: str) -> str:
    """What stands where a paper's state stands, for a case that has no paper yet."""
    return "due" if state == CaseState.DUE else UNDER_WAY


def _pending_of(terminal_id: int, owner: str, reply_key: str, now: datetime) -> list[dict[str, str]]:
    return [
        {
            "number": case.number,
            "item": case.item.code,
            "item_name": case.item.name,
            "at": case.accepted_at.isoformat(),
            "paper_state": case.paper.state if hasattr(case, "paper") else _under_way(case.state),
        }
        for case in case_actions.grant_pending(terminal_id, owner, reply_key, now)
    ]


async def _body(receive: Receive, limit: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refused("malformed")
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > limit:
            raise Refused("too_large")
        if not message.get("more_body"):
            return b"".join(parts)


def _decode(raw: bytes, kind: type[K]) -> K:
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refused("malformed") from error


def _open(sealed: str, info: bytes, kind: type[K]) -> K:
    """Open what a terminal sealed to the center's key; the plaintext never reaches a log."""
    try:
        plain = open_text(center_keys().seal_private, sealed, info)
    except CannotOpen as error:
        raise Refused("malformed") from error
    return _decode(plain, kind)


def _check_number(id_number: str) -> None:
    """An empty number cannot own a case."""
    if not id_number.strip():
        raise Refused("unknown_person")


def _check_reply_key(text: str) -> None:
    try:
        mac.from_text(text, 32)
    except mac.BadKey as error:
        raise Refused("malformed") from error
