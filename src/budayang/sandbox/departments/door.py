"""The departments' HTTP doors, /dept/<code>/v1/…, and the switches that make them fail."""

from __future__ import annotations

import asyncio
import hmac
import math
from dataclasses import dataclass, field

import msgspec
import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from budayang.sandbox.citizens import find_holder
from budayang.sandbox.clock import Clock
from budayang.sandbox.departments.desks import OFFICES, Desk, Office, decide
from budayang.sandbox.departments.ledger import Ledger
from budayang.sandbox.departments.matters import MAX_BODY, Matter, fingerprint, read_card, read_matter

log = structlog.get_logger(__name__)

_DOWN_RETRY_S = 30


@dataclass
class Switches:
    """What is wrong with one department. lose_answers: so many next matters are done but never answered."""

    down: bool = False
    delay_s: float = 0.0
    lose_answers: int = 0
    always_open: bool = False


@dataclass
class Departments:
    """All department systems. keys: bearer key by department code."""

    ledger: Ledger
    clock: Clock
    keys: dict[str, str]
    switches: dict[str, Switches] = field(default_factory=lambda: {code: Switches() for code in OFFICES})

    def routes(self) -> list[Route]:
        return [
            Route("/dept/{code}/v1/matters", self._matters, methods=["POST"]),
            Route("/dept/{code}/v1/identify", self._identify, methods=["POST"]),
            Route("/dept/{code}/v1/health", self._health, methods=["GET"]),
            Route("/dept/{code}/v1/hours", self._hours, methods=["GET"]),
        ]

    async def _health(self, request: Request) -> Response:
        office, refusal = await self._enter(request)
        if office is None:
            return refusal
        return JSONResponse({"status": "ok", "items": [desk.item for desk in office.desks]})

    async def _hours(self, request: Request) -> Response:
        office, refusal = await self._enter(request)
        if office is None:
            return refusal
        items = {desk.item: {**desk.hours.as_contract(), "after_hours": desk.after_hours} for desk in office.desks}
        return JSONResponse({"items": items, "confirmed_by": f"{office.name}信息科"})

    async def _matters(self, request: Request) -> Response:
        office, refusal = await self._enter(request)
        if office is None:
            return refusal
        key = request.headers.get("idempotency-key", "")
        try:
            matter = read_matter(await _body(request))
        except msgspec.DecodeError as error:
            # The message names the field and the type, never the value.
            return _problem(400, "malformed", str(error))
        except OverflowError:
            return _problem(413, "too_large", f"at most {MAX_BODY} bytes")
        except ClientDisconnect:
            return _problem(400, "cut", "the caller hung up")  # nobody reads it
        if not key or key != matter.case:
            return _problem(400, "bad_key", "Idempotency-Key must be the case number")
        desk = office.find(matter.item)
        if desk is None:
            return _problem(404, "unknown_item", "this department does not offer the item")
        return await self._attend(office, desk, matter)

    async def _identify(self, request: Request) -> Response:
        office, refusal = await self._enter(request)
        if office is None:
            return refusal
        if not office.issues_cards:
            return _problem(404, "no_cards", "this department issues no cards")
        try:
            asked = read_card(await _body(request))
        except msgspec.DecodeError as error:
            return _problem(400, "malformed", str(error))
        except OverflowError:
            return _problem(413, "too_large", f"at most {MAX_BODY} bytes")
        holder = find_holder(asked.card_code)
        log.info("department_identified", department=office.code, found=holder is not None)
        if holder is None:
            return _problem(404, "unknown_card", "no card bears this code")
        return JSONResponse({"name": holder.name, "id_number": holder.id_number})

    async def _attend(self, office: Office, desk: Desk, matter: Matter) -> Response:
        mark, now, switches = fingerprint(matter), self.clock.now(), self.switches[office.code]
        answered = await asyncio.to_thread(self.ledger.find, office.code, matter.case)
        if answered is None:
            opens_at = now if switches.always_open else desk.accepts.opens_at(now)
            if opens_at != now:
                wait_s = math.ceil((opens_at - now).total_seconds()) if opens_at else 86_400
                return _problem(503, "closed", "the department's system is closed now", retry_after_s=wait_s)
            outcome = await asyncio.to_thread(decide, office, desk, matter, now)
            # Two at once may both come here; the ledger keeps the first answer and both get it.
            answered = await asyncio.to_thread(
                self.ledger.keep, office.code, matter.case, mark, msgspec.json.encode(outcome), now.isoformat()
            )
            log.info("department_answered", department=office.code, case=matter.case, outcome=outcome.outcome)
        if answered.fingerprint != mark:
            return _problem(409, "key_used", "the key was used with another body")
        if switches.lose_answers > 0:
            switches.lose_answers -= 1
            return _problem(504, "lost", "the answer was lost on its way")
        return Response(answered.answer, media_type="application/json")

    async def _enter(self, request: Request) -> tuple[Office | None, Response]:
        office = OFFICES.get(request.path_params["code"])
        if office is None:
            return None, _problem(404, "unknown_department", "no such department")
        given = request.headers.get("authorization", "").encode()
        if not hmac.compare_digest(given, f"Bearer {self.keys[office.code]}".encode()):
            return None, _problem(401, "unauthorized", "Authorization: Bearer <connector key>")
        switches = self.switches[office.code]
        if switches.delay_s > 0:
            await asyncio.sleep(switches.delay_s)
        if switches.down:
            return None, _problem(503, "down", "the department's system is down", retry_after_s=_DOWN_RETRY_S)
        return office, Response()


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_BODY:
            raise OverflowError
    return bytes(body)


def _problem(status: int, error: str, detail: str, *, retry_after_s: int | None = None) -> JSONResponse:
    headers = {"Retry-After": str(retry_after_s)} if retry_after_s is not None else None
    return JSONResponse({"error": error, "detail": detail}, status, headers)
