"""The departments' HTTP doors, /dept/<code>/v1/…"""

from __future__ import annotations

import asyncio
import hmac
import json
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from weakref import WeakValueDictionary

import msgspec
import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from budayang.sandbox.citizens import citizens, find_citizen, find_holder
from budayang.sandbox.clock import Clock
from budayang.sandbox.departments import answering, flows, slots
from budayang.sandbox.departments.counter import Desk, Office, Visit, refused
from budayang.sandbox.departments.desks import OFFICES, decide, find_person
from budayang.sandbox.departments.faults import Slip, Switches
from budayang.sandbox.departments.ledger import Answered, Ledger, Record
from budayang.sandbox.departments.matters import (
    MAX_BODY,
    MAX_CARD_BODY,
    Correcting,
    Matter,
    Outcome,
    Paid,
    Withdrawing,
    fingerprint,
    read_card,
    read_matter,
)

log = structlog.get_logger(__name__)

__all__ = ["Departments", "Switches"]

_DOWN_RETRY_S = 30
T = TypeVar("T")


class Refusal(Exception):
    """An answer that is not 200."""

    def __init__(self, status: int, error: str, detail: str, *, retry_after_s: int | None = None) -> None:
        super().__init__(error)
        self.answer = _problem(status, error, detail, retry_after_s=retry_after_s)


Handler = Callable[[Request, Office], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Act:
    """What is to be done once. `number`: the matter on which it counts as an act; empty for what counts as none."""

    key: str
    told: msgspec.Struct
    carry_out: Callable[[], Outcome]
    number: str = ""
    by_key: bool = False


@dataclass
class Departments:
    """All department systems. keys: bearer key by department code."""

    ledger: Ledger
    clock: Clock
    keys: dict[str, str]
    site: str = ""  # where the departments' own pages are served; empty: nowhere, and no item of theirs is declared
    switches: dict[str, Switches] = field(default_factory=lambda: {code: Switches() for code in OFFICES})
    # Of two at once with one key the second waits for what the first did.
    _locks: WeakValueDictionary[tuple[str, str], asyncio.Lock] = field(default_factory=WeakValueDictionary)

    def routes(self) -> list[Route]:
        table: tuple[tuple[str, str, Handler], ...] = (
            ("matters", "POST", self._hand_in),
            ("matters/{case}", "GET", self._standing),
            ("matters/{case}/paid", "POST", self._paid),
            ("matters/{case}/correct", "POST", self._correct),
            ("matters/{case}/withdraw", "POST", self._withdraw),
            ("identify", "POST", self._identify),
            ("items", "GET", self._items),
            ("slots", "GET", self._slots),
            ("health", "GET", self._health),
            ("hours", "GET", self._hours),
        )
        return [Route(f"/dept/{{code}}/v1/{path}", self._door(one), methods=[method]) for path, method, one in table]

    def _door(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            try:
                return await handler(request, await self._enter(request))
            except Refusal as refusal:
                return refusal.answer

        return endpoint

    async def _enter(self, request: Request) -> Office:
        office = OFFICES.get(request.path_params["code"])
        if office is None:
            raise Refusal(404, "unknown_department", "no such department")
        given = request.headers.get("authorization", "").encode()
        if not hmac.compare_digest(given, f"Bearer {self.keys[office.code]}".encode()):
            raise Refusal(401, "unauthorized", "Authorization: Bearer <connector key>")
        switches = self.switches[office.code]
        if switches.delay_s > 0:
            await asyncio.sleep(switches.delay_s)
        if switches.down:
            raise Refusal(503, "down", "the department's system is down", retry_after_s=_DOWN_RETRY_S)
        if switches.stumbles():
            raise Refusal(500, "stumbled", "nothing was done")
        return office

    # reads

    async def _health(self, _request: Request, office: Office) -> Response:
        return JSONResponse({"status": "ok", "items": [desk.item for desk in office.desks]})

    async def _hours(self, _request: Request, office: Office) -> Response:
        items = {desk.item: {**desk.hours.as_contract(), "after_hours": desk.after_hours} for desk in office.desks}
        return JSONResponse({"items": items, "confirmed_by": f"{office.name}信息科"})

    async def _items(self, _request: Request, office: Office) -> Response:
        return JSONResponse(
            {
                "contract": "1",
                "items": {
                    desk.item: {
                        "kind": desk.kind,
                        "honours_key": desk.honours_key,
                        "can_be_asked": desk.can_be_asked,
                        "can_withdraw": desk.can_withdraw,
                        "names_person": True,
                        "person_check": desk.person_check,
                        "test_identity": _identity(desk.tried_by),
                        "launch_url": f"{self.site}{desk.page}" if desk.page else None,
                    }
                    for desk in office.desks
                    if self.site or not desk.page
                },
            }
        )

    async def _slots(self, request: Request, office: Office) -> Response:
        desk = office.find(request.query_params.get("item", ""))
        if desk is None or desk.kind != "book":
            raise Refusal(404, "unknown_item", "this department lets nobody book the item")
        return JSONResponse(
            {
                "slots": [
                    {
                        "id": name,
                        "start": start.isoformat(),
                        "end": end.isoformat(),
                        "left": slots.SEATS - self.ledger.booked(office.code, name),
                        "place": desk.place,
                    }
                    for name, start, end in slots.slots(self.clock.now())
                ]
            }
        )

    async def _standing(self, request: Request, office: Office) -> Response:
        desk, record = await self._find(office, request.path_params["case"], asked=True)
        progress = await asyncio.to_thread(self._progress, office, desk, record)
        if progress is None:
            return JSONResponse({"state": "working", "at": record.received_at, "outcome": None, "steps": []})
        return JSONResponse(progress.as_contract())

    async def _identify(self, request: Request, office: Office) -> Response:
        if not office.issues_cards:
            raise Refusal(404, "no_cards", "this department issues no cards")
        asked = await _read(request, read_card, most=MAX_CARD_BODY)
        holder = find_holder(asked.card_code)
        log.info("department_identified", department=office.code, found=holder is not None)
        if holder is None:
            raise Refusal(404, "unknown_card", "no card bears this code")
        return JSONResponse({"name": holder.name, "id_number": holder.id_number})

    # acts

    async def _hand_in(self, request: Request, office: Office) -> Response:
        key = request.headers.get("idempotency-key", "")
        matter = await _read(request, read_matter)
        if not key or key != matter.case:
            raise Refusal(400, "bad_key", "Idempotency-Key must be the case number")
        desk = office.find(matter.item)
        if desk is None:
            raise Refusal(404, "unknown_item", "this department does not offer the item")
        now, switches = self.clock.now(), self.switches[office.code]

        def act() -> Outcome:
            self.ledger.receive(office.code, matter.case, desk.item, msgspec.json.encode(matter), now.isoformat())
            return self._decide(office, desk, matter, now)

        if not await asyncio.to_thread(self._answered, office, desk, key):
            opens_at = now if switches.always_open else desk.accepts.opens_at(now)
            if switches.closed or opens_at != now:
                wait_s = math.ceil((opens_at - now).total_seconds()) if opens_at and opens_at > now else 86_400
                raise Refusal(503, "closed", "the department's system is closed now", retry_after_s=wait_s)
        acted = "" if matter.test else matter.case
        return await self._act(request, office, desk, Act(key, matter, act, acted))

    async def _paid(self, request: Request, office: Office) -> Response:
        number = request.path_params["case"]
        told = await _read(request, lambda body: msgspec.json.decode(body, type=Paid))
        if request.headers.get("idempotency-key", "") != told.payment:
            raise Refusal(400, "bad_key", "Idempotency-Key must be the number of the payment")
        desk, record = await self._find(office, number)

        def act() -> Outcome:
            return self._take_money(office, desk, record, told)

        acted = "" if read_matter(record.body).test else number
        key = f"{number}:paid:{told.payment}"
        return await self._act(request, office, desk, Act(key, told, act, acted, by_key=True))

    async def _correct(self, request: Request, office: Office) -> Response:
        number = request.path_params["case"]
        told = await _read(request, lambda body: msgspec.json.decode(body, type=Correcting))
        if request.headers.get("idempotency-key", "") != f"{number}-C":
            raise Refusal(400, "bad_key", "Idempotency-Key must be the case number with -C")
        desk, record = await self._find(office, number)

        def act() -> Outcome:
            progress = self._progress(office, desk, record)
            if progress is None or progress.state != "correction":
                return refused("现在没有要补正的材料")
            now = self.clock.now()
            self.ledger.mark(office.code, number, "corrected_at", now.isoformat(), msgspec.json.encode(told))
            message = "补正材料已收到，工作日审核。"
            return Outcome("handed_in", message, department_ref=self._first(office, number).department_ref)

        return await self._act(request, office, desk, Act(f"{number}:correct", told, act, by_key=True))

    async def _withdraw(self, request: Request, office: Office) -> Response:
        number = request.path_params["case"]
        await _read(request, lambda body: msgspec.json.decode(body, type=Withdrawing))
        if request.headers.get("idempotency-key", "") != f"{number}-W":
            raise Refusal(400, "bad_key", "Idempotency-Key must be the case number with -W")
        desk, record = await self._find(office, number)
        if not desk.can_withdraw:
            raise Refusal(404, "no_withdrawal", "this item cannot be withdrawn")
        if record.withdrawn_at is None:
            progress = await asyncio.to_thread(self._progress, office, desk, record)
            now = self.clock.now()
            slot = _slot_of(record) if desk.kind == "book" else ""
            if progress is None or not flows.may_withdraw(progress, now, slot):
                raise Refusal(409, "too_late", "it is done and cannot be withdrawn")
            await asyncio.to_thread(self.ledger.mark, office.code, number, "withdrawn_at", now.isoformat())
            await asyncio.to_thread(self.ledger.unbook, office.code, number)
        return JSONResponse({"withdrawn": True})

    # what the acts are made of

    def _decide(self, office: Office, desk: Desk, matter: Matter, now: datetime) -> Outcome:
        """The first answer to a matter."""
        if desk.kind == "book" and find_person(matter) is not None:
            slot = matter.form.get("slot")
            if slot not in [name for name, _start, _end in slots.slots(now)]:
                return refused("这个时间不能预约，请另选一个时间")
            if not matter.test and not self.ledger.book(office.code, str(slot), matter.case, slots.SEATS):
                return refused("这个时间已经约满，请另选一个时间")
        instead = None
        if self.switches[office.code].take(Slip.WRONG_PERSON):
            instead = next(one for one in citizens() if one.id_number != matter.person.id_number)
        outcome = decide(office, desk, matter, now, instead=instead)
        if outcome.outcome == "handed_in" and desk.plan is not None and outcome.expected_on is None:
            outcome = msgspec.structs.replace(outcome, expected_on=flows.expected(desk.plan, now))
        if desk.kind == "book" and outcome.outcome == "refused":
            self.ledger.unbook(office.code, matter.case)
        elif desk.kind == "book":
            booked = slots.appointment(str(matter.form["slot"]), desk.place)
            outcome = msgspec.structs.replace(outcome, appointment=booked)
        return msgspec.structs.replace(outcome, message=f"拨测：{outcome.message}") if matter.test else outcome

    def _take_money(self, office: Office, desk: Desk, record: Record, told: Paid) -> Outcome:
        first = self._first(office, record.number)
        if first.due is None or desk.paid is None:
            return refused("这件事没有要缴的费用，请退款")
        if (told.bill, told.amount_fen) != (first.due.bill, first.due.amount_fen):
            return refused("账单或金额不符，请退款")
        matter = read_matter(record.body)
        citizen, now = find_person(matter), self.clock.now()
        if citizen is None or record.withdrawn_at:
            return refused("这件事已经撤回，请退款")
        if not self.ledger.take_money(office.code, record.number, told.payment, now.isoformat()):
            return refused("这张账单已经缴过，请退款")
        outcome = desk.paid(Visit(matter, citizen, office, now))
        self.ledger.keep(office.code, f"{record.number}:money", "", msgspec.json.encode(outcome), now.isoformat())
        return outcome

    async def _act(self, request: Request, office: Office, desk: Desk, act: Act) -> Response:
        """Act once per key (or again, at a desk that does not honour it) and answer as the switches let it."""
        switches = self.switches[office.code]
        if switches.take(Slip.FAIL):
            raise Refusal(500, "failed", "nothing was done")
        mark = fingerprint(act.told)
        honours = self._honours(office, desk, by_key=act.by_key)
        async with self._locks.setdefault((office.code, act.key), asyncio.Lock()):
            answered = await asyncio.to_thread(self._answered, office, desk, act.key, by_key=act.by_key)
            if answered is None:
                outcome = await asyncio.to_thread(act.carry_out)
                keep = self.ledger.keep if honours else self.ledger.replace
                said, at = msgspec.json.encode(outcome), self.clock.now().isoformat()
                acted = act.number if outcome.outcome != "refused" else ""
                answered = await asyncio.to_thread(keep, office.code, act.key, mark, said, at, acted=acted)
                log.info("department_answered", department=office.code, case=act.key)
        if answered.fingerprint != mark:
            raise Refusal(409, "key_used", "the key was used with another body")
        return await answering.answer(answered.answer, switches, request)

    def _honours(self, office: Office, desk: Desk, *, by_key: bool) -> bool:
        return by_key or (desk.honours_key and not self.switches[office.code].forget_keys)

    def _answered(self, office: Office, desk: Desk, key: str, *, by_key: bool = False) -> Answered | None:
        return self.ledger.find(office.code, key) if self._honours(office, desk, by_key=by_key) else None

    async def _find(self, office: Office, number: str, *, asked: bool = False) -> tuple[Desk, Record]:
        """The desk and record of a matter.

        Raises:
            Refusal: 404, unknown_case only where the desk can be asked.
        """
        record = await asyncio.to_thread(self.ledger.record, office.code, number)
        desk = office.find(record.item) if record is not None else None
        if asked and desk is not None and not desk.can_be_asked:
            raise Refusal(404, "not_served", "this desk cannot be asked")
        if record is None or desk is None:
            blind = asked and not any(one.can_be_asked for one in office.desks)
            raise Refusal(404, "not_served" if blind else "unknown_case", "this department never took it")
        return desk, record

    def _first(self, office: Office, number: str) -> Outcome:
        answered = self.ledger.find(office.code, number)
        assert answered is not None
        return msgspec.json.decode(answered.answer, type=Outcome)

    def _progress(self, office: Office, desk: Desk, record: Record) -> flows.Progress | None:
        """How it stands; None while it was received and is not answered yet."""
        answered = self.ledger.find(office.code, record.number)
        if answered is None:
            return None
        money = self.ledger.find(office.code, f"{record.number}:money")
        paid = msgspec.json.decode(money.answer, type=Outcome) if money else None
        first = msgspec.json.decode(answered.answer, type=Outcome)
        before = self.ledger.find(office.code, f"{record.number}:decided")
        decided = msgspec.json.decode(before.answer, type=Outcome) if before else None
        progress = flows.stand(office, desk, record, flows.Said(first, paid, decided), self.clock.now())
        if progress.outcome is not None and progress.outcome not in (first, paid, decided):
            made = msgspec.json.encode(progress.outcome)
            self.ledger.keep(office.code, f"{record.number}:decided", "", made, progress.at.isoformat())
        return progress


def _identity(key: str) -> dict[str, str]:
    citizen = find_citizen(key)
    assert citizen is not None
    return {"name": citizen.name, "id_number": citizen.id_number}


def _slot_of(record: Record) -> str:
    form: dict[str, Any] = json.loads(record.body)["form"]
    return str(form.get("slot", ""))


async def _read(request: Request, read: Callable[[bytes], T], *, most: int = MAX_BODY) -> T:
    """The body as the contract has it.

    Raises:
        Refusal: 400 and 413; the detail names the field and the type, never the value.
    """
    if request.headers.get("content-type", "application/json").split(";")[0].strip().lower() != "application/json":
        raise Refusal(400, "malformed", "send application/json")
    body = bytearray()
    try:
        async for piece in request.stream():
            body += piece
            if len(body) > most:
                raise Refusal(413, "too_large", f"at most {most} bytes")
        return read(bytes(body))
    except msgspec.DecodeError as error:
        raise Refusal(400, "malformed", str(error)) from None
    except ClientDisconnect:
        raise Refusal(400, "cut", "the caller hung up") from None  # nobody reads it


def _problem(status: int, error: str, detail: str, *, retry_after_s: int | None = None) -> JSONResponse:
    headers = {"Retry-After": str(retry_after_s)} if retry_after_s is not None else None
    return JSONResponse({"error": error, "detail": detail}, status, headers)
