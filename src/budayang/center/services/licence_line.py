"""Asks a source of e-licences (电子证照) for what it holds of the person who stands at a terminal and agreed to it.

The contract is docs/mechanisms/e-licences.md: `POST {url}/v1/licences`. Nothing of question or answer is stored or
logged: the facts go, sealed, to the journey's own memory, where the person sees them and where they come from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx
import msgspec
import structlog
from django.db import transaction

from budayang.center.platform.actions import record
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.sealing import CannotOpen, open_field, seal_field
from budayang.center.services import doors
from budayang.center.services.hearing import note_answer
from budayang.center.services.lines.addresses import BadAddress, check_address
from budayang.center.services.models import LicenceSource

log = structlog.get_logger(__name__)

TABLE = "services_licencesource"
ASK_S = 4.0  # shorter than a terminal waits
MOST_FACTS = 40
MOST_LICENCES = 12


class SourceSilent(Exception):
    """A source said nothing that can be used. The message holds no answer."""


class Licence(msgspec.Struct, frozen=True, kw_only=True):
    """One e-licence. `facts`: the words that forms fill in (`x-prefill`)."""

    kind: str
    title: str
    issuer: str
    issued_on: str = ""
    valid_until: str = ""
    facts: dict[str, str] = {}


class LicenceAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a source answers."""

    licences: list[Licence] = []


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked: who, which kinds, for which item, and what the person agreed to."""

    name: str
    id_number: str
    kinds: tuple[str, ...]
    item: str
    consent_version: str
    consent_at: str


@dataclass(frozen=True, slots=True)
class Place:
    """An active source and its opened key."""

    pk: int
    name: str
    url: str
    key: str


@transaction.atomic
def set_source(actor: Actor, code: str, *, name: str, url: str, key: str, active: bool = True) -> LicenceSource:
    """Write down where e-licences are asked. An empty `key` keeps the one that is there, for the same address only.

    Raises:
        Refused: what is wrong with code, address or key. Forbidden.
    """
    actor.require(Role.SYSTEM_ADMIN)
    known = LicenceSource.objects.select_for_update().filter(code=code).first()
    facts: dict[str, Any] = doors.checked(code, name=name, url=url, key=key, known_url=known.url if known else None)
    facts["active"] = active
    if key:
        facts["key_sealed"] = seal_field(TABLE, code, "key", key)
    row, _made = LicenceSource.objects.update_or_create(code=code, defaults=facts)
    details = {"url": row.url, "active": active, "key": "new" if key else "kept"}
    record(actor, "services.set_licence_source", subject=f"licences:{code}", details=details)
    return row


def sources() -> list[Place]:
    """Each active source."""
    found = []
    for row in LicenceSource.objects.filter(active=True).order_by("code"):
        try:
            key = open_field(TABLE, row.code, "key", bytes(row.key_sealed)) if row.key_sealed else ""
        except CannotOpen:
            log.error("key of the e-licence source does not open", source=row.code)
            continue
        found.append(Place(row.pk, row.name, row.url, key))
    return found


def note_heard(heard: Mapping[int, str], now: datetime) -> None:
    """Write which sources answered; of a silent one the reason."""
    for pk, why in heard.items():
        note_answer(LicenceSource, pk, why, now)


@dataclass(slots=True)
class Found:
    """Every licence of the wanted kinds that is known, each with its source's name; `heard`: source → why it was
    silent, "" when it answered.
    """

    licences: list[dict[str, Any]] = field(default_factory=list)
    heard: dict[int, str] = field(default_factory=dict)

    @property
    def silent(self) -> bool:
        """No source said anything that can be used."""
        return all(self.heard.values())


async def ask(client: httpx.AsyncClient, places: Sequence[Place], asked: Asked) -> Found:
    """Ask each source, one after the other."""
    found = Found()
    for place in places:
        try:
            licences = await _ask_one(client, place.url, place.key, asked)
        except SourceSilent as silent:
            log.warning("e-licence source gave no answer", source=place.name, why=str(silent))
            found.heard[place.pk] = str(silent) or "silent"
            continue
        found.heard[place.pk] = ""
        found.licences += [{**msgspec.to_builtins(one), "source": place.name} for one in licences]
    return found


async def _ask_one(client: httpx.AsyncClient, url: str, key: str, asked: Asked) -> list[Licence]:
    body = {
        "person": {"name": asked.name, "id_number": asked.id_number},
        "kinds": list(asked.kinds),
        "purpose": asked.item,
        "consent": {"version": asked.consent_version, "at": asked.consent_at},
    }
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    try:
        response = await client.post(f"{check_address(url)}/v1/licences", json=body, headers=headers, timeout=ASK_S)
    except (httpx.HTTPError, BadAddress) as error:
        raise SourceSilent(type(error).__name__) from None
    if response.status_code != 200:
        raise SourceSilent(f"HTTP {response.status_code}")
    try:
        answer = msgspec.json.decode(response.content, type=LicenceAnswer)
    except msgspec.DecodeError:
        raise SourceSilent("the answer is not of the contract") from None
    # Only what was asked for, whatever the source sends.
    mine = [one for one in answer.licences if one.kind in asked.kinds][:MOST_LICENCES]
    return [msgspec.structs.replace(one, facts=dict(list(one.facts.items())[:MOST_FACTS])) for one in mine]


def record_asked(actor: Actor, place_path: str, asked: Asked, outcome: str, now: datetime) -> None:
    """The audit line of one question: which kinds for which item, with which consent; never who."""
    with transaction.atomic():
        record(
            actor,
            "services.ask_licences",
            subject=f"item:{asked.item}",
            place_path=place_path,
            details={"kinds": list(asked.kinds), "consent": asked.consent_version, "outcome": outcome},
            at=now,
        )
