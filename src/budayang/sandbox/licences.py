"""A source of e-licences (电子证照库) for synthetic citizens: `POST /licences/v1/licences` (e-licences.md).

It answers for a person whose name and number fit each other, only with a consent, and only the kinds that were asked.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from typing import Annotated

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from budayang.sandbox.citizens import Citizen, citizens, find_citizen

KEY = "demo-key-licences"
MAX_BODY = 16 * 1024
_Short = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class Person(msgspec.Struct, frozen=True):
    name: _Short
    id_number: _Short


class Consent(msgspec.Struct, frozen=True):
    version: _Short
    at: _Short


class Asked(msgspec.Struct, frozen=True):
    """One question of the center."""

    person: Person
    kinds: Annotated[list[_Short], msgspec.Meta(min_length=1, max_length=12)]
    purpose: _Short
    consent: Consent


class Licence(msgspec.Struct, frozen=True):
    kind: str
    title: str
    issuer: str
    issued_on: str
    facts: dict[str, str]
    valid_until: str = ""


@dataclass
class Licences:
    """The source. `down`: it answers 503. `asked`: how often, by kind."""

    down: bool = False
    asked: dict[str, int] = field(default_factory=dict)

    def routes(self) -> list[Route]:
        return [Route("/licences/v1/licences", self._licences, methods=["POST"])]

    async def _licences(self, request: Request) -> Response:
        if not hmac.compare_digest(request.headers.get("authorization", "").encode(), f"Bearer {KEY}".encode()):
            return JSONResponse({"error": "unauthorized"}, 401)
        if self.down:
            return JSONResponse({"error": "down"}, 503, {"Retry-After": "30"})
        body = await request.body()
        if len(body) > MAX_BODY:
            return JSONResponse({"error": "too_large"}, 413)
        try:
            asked = msgspec.json.decode(body, type=Asked)
        except msgspec.DecodeError as error:
            return JSONResponse({"error": "malformed", "detail": str(error)}, 400)
        for kind in asked.kinds:
            self.asked[kind] = self.asked.get(kind, 0) + 1
        citizen = find_citizen(asked.person.id_number)
        known = licences_of(citizen) if citizen is not None and citizen.name == asked.person.name else []
        found = [one for one in known if one.kind in asked.kinds]
        return Response(msgspec.json.encode({"licences": found}), media_type="application/json")


def licences_of(citizen: Citizen) -> list[Licence]:
    """What the invented register holds of a citizen; all of it follows from the citizen's own record."""
    found = []
    if citizen.records.RS is not None and citizen.records.RS.get("unit"):
        facts = {"employer": str(citizen.records.RS["unit"])}
        found.append(Licence("insurance", "社会保险参保凭证", "市人社局（演示）", "2026-01-05", facts))
    spouse = _spouse(citizen)
    if spouse is not None:
        facts = {"spouse_name": spouse.name, "spouse_id_number": spouse.id_number}
        found.append(Licence("marriage", "结婚证", "市民政局（演示）", "2018-05-20", facts))
        child = {"birth_date": "2026-03-16", "number": "Z150000001"}
        found.append(Licence("birth", "出生医学证明", "市卫健委（演示）", "2026-03-20", child))
    if citizen.records.YB is not None:
        facts = {"certificate": f"演示（2020）演示市不动产权第{citizen.id_number[-4:-1]}号"}
        found.append(Licence("realestate", "不动产权证", "市自然资源局（演示）", "2020-08-11", facts))
    return found


def _spouse(citizen: Citizen) -> Citizen | None:
    """The first citizen is married to the second."""
    pair = citizens()[:2]
    return pair[1 - pair.index(citizen)] if citizen in pair else None
