"""What a journey asks beside its case (`wire.journeys`): sheets, a phone's link, e-licences, a joint matter's standing.

`cases_app` proves the caller and hands the request over; everything here is idempotent.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import msgspec
from django.conf import settings

from budayang.center.platform.actors import Actor
from budayang.center.platform.sealing import center_keys
from budayang.center.services import (
    booking,
    correction_actions,
    identifying,
    joint_queries,
    licence_line,
    material_actions,
)
from budayang.center.services.case_accepting import CaseRefused, identity_hash
from budayang.center.services.receipts import newest_witness
from budayang.center.services.sending import DepartmentLine
from budayang.center.services.threads import in_thread
from budayang.wire import journeys, mac
from budayang.wire.messages import CaseAnswer, CaseWait
from budayang.wire.sealing import (
    CannotOpen,
    identity_info,
    licence_info,
    open_sealed,
    open_text,
    result_info,
    seal_text,
    sheet_info,
)

K = TypeVar("K", bound=msgspec.Struct)
LOOK_S = 0.5
SMALL_BODY = 64 * 1024


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Who agreed to the question for e-licences."""

    name: str = ""
    id_number: str
    id_kind: str


@dataclass(frozen=True, slots=True)
class Door:
    """What the requests need of the application: the caller, the line to departments and the clock."""

    code: str
    terminal_id: int
    place_path: str
    line: DepartmentLine
    clock: Callable[[], datetime]

    @property
    def actor(self) -> Actor:
        return Actor.terminal(self.code, self.place_path)


def is_mine(rest: str) -> bool:
    """Whether a path below /wire/v1/cases/ is answered here."""
    plain = (journeys.LICENCES, journeys.SLOTS, journeys.CORRECTION)
    return rest in plain or rest.startswith((journeys.SHEETS, journeys.UPLOADS, journeys.JOINT))


def body_limit(rest: str) -> int:
    """Bytes of a request's body."""
    return journeys.MAX_SHEET_BODY if rest.startswith(journeys.SHEETS) else SMALL_BODY


async def answer(door: Door, rest: str, raw: bytes) -> tuple[int, bytes]:
    """Answer one request. Raises CaseRefused."""
    if rest == journeys.LICENCES:
        return await _licences(door, raw)
    if rest == journeys.SLOTS:
        asked = _decode(raw, journeys.SlotsAsk)
        return 200, msgspec.json.encode(await booking.free_slots(door.line, door.terminal_id, asked.item))
    if rest == journeys.CORRECTION:
        return await _correction(door, raw)
    head, _slash, tail = rest.partition("/")
    if head + "/" == journeys.SHEETS:
        return await _sheet(door, tail, raw)
    if head + "/" == journeys.UPLOADS:
        return await _upload(door, tail, raw)
    number, _slash, verb = tail.partition("/")
    if verb == "wait":
        return await _wait_joint(door, number, raw)
    raise CaseRefused("unknown_case")


async def _sheet(door: Door, tail: str, raw: bytes) -> tuple[int, bytes]:
    number, _slash, position = tail.partition("/")
    if not position.isdecimal() or len(position) > 3:
        raise CaseRefused("malformed")
    try:
        plain = open_sealed(center_keys().seal_private, raw, sheet_info(number, int(position)))
        head, content = journeys.unpack_sheet(plain)
    except (CannotOpen, msgspec.DecodeError) as error:
        raise CaseRefused("malformed") from error
    kept = await in_thread(
        material_actions.store_sheet,
        door.actor,
        door.terminal_id,
        number,
        int(position),
        material_actions.SheetHead(head.kind, head.name, head.media),
        content,
        door.clock(),
    )
    return 200, msgspec.json.encode(journeys.SheetKept(sha256=kept.sha256))


async def _upload(door: Door, tail: str, raw: bytes) -> tuple[int, bytes]:
    if tail == "open":
        asked = _decode(raw, journeys.UploadOpen)
        _check_key(asked.reply_key)
        kinds = [msgspec.to_builtins(one) for one in asked.kinds]
        now = door.clock()
        link, token = await in_thread(
            material_actions.open_link,
            door.actor, door.terminal_id, door.place_path, asked.reply_key, asked.item_name, kinds, now,
        )  # fmt: skip
        url = f"{settings.BUDAYANG.public_url}/m/{token}/"
        valid_s = round((link.expires_at - now).total_seconds())
        return 200, msgspec.json.encode(journeys.UploadOpened(name=link.name, url=url, valid_s=valid_s))
    name, _slash, verb = tail.partition("/")
    if verb == "close":
        closing = _decode(raw, journeys.UploadClose)
        await in_thread(material_actions.close_link, door.terminal_id, name, closing.reply_key, door.clock())
        return 200, msgspec.json.encode(journeys.Empty())
    if verb == "next":
        return await _next_upload(door, name, _decode(raw, journeys.UploadNext))
    raise CaseRefused("unknown_upload")


async def _next_upload(door: Door, name: str, asked: journeys.UploadNext) -> tuple[int, bytes]:
    end = asyncio.get_running_loop().time() + asked.wait_s
    before: str | None = None
    while True:
        link, sheet = await in_thread(
            material_actions.next_upload, door.terminal_id, name, asked.reply_key, asked.have, door.clock()
        )
        over = link.closed_at is not None or link.expires_at <= door.clock()
        state = "over" if over else "held" if link.holder_hash else "waiting"
        before = before or state
        if sheet is not None or state != before or over or asyncio.get_running_loop().time() >= end:
            break
        await asyncio.sleep(LOOK_S)
    found = journeys.UploadedOne(state=state)
    if sheet is not None:
        found = journeys.UploadedOne(
            state=state, position=sheet.position, kind=sheet.kind, media=sheet.media, problems=list(sheet.problems),
            sealed=base64.b64encode(bytes(sheet.sealed)).decode(),
        )  # fmt: skip
    return 200, msgspec.json.encode(found)


async def _licences(door: Door, raw: bytes) -> tuple[int, bytes]:
    asked = _decode(raw, journeys.LicenceAsk)
    _check_key(asked.reply_key)
    try:
        plain = open_text(center_keys().seal_private, asked.sealed, licence_info(door.code))
        person = msgspec.json.decode(plain, type=Person)
    except (CannotOpen, msgspec.DecodeError) as error:
        raise CaseRefused("malformed") from error
    if person.id_kind == identifying.CARD_CODE:
        holder = await identifying.find_holder(door.line, door.code, person.id_number, door.clock())
        person = Person(name=holder.name, id_number=holder.id_number, id_kind=identifying.HOLDER_KIND)
    question = licence_line.Asked(
        name=person.name, id_number=person.id_number, kinds=tuple(asked.kinds), item=asked.item,
        consent_version=asked.consent.version[:40], consent_at=asked.consent.at[:40],
    )  # fmt: skip
    places = await in_thread(licence_line.sources)
    found = await licence_line.ask(door.line.client, places, question)
    outcome = "silent" if found.silent else "answered"
    await in_thread(licence_line.record_asked, door.actor, door.place_path, question, outcome, door.clock())
    await in_thread(licence_line.note_heard, found.heard, door.clock())
    if found.silent:
        raise CaseRefused("licences_unavailable")
    told = msgspec.json.encode({"licences": found.licences})
    sealed = seal_text(mac.from_text(asked.reply_key, 32), told, licence_info(door.code))
    return 200, msgspec.json.encode(journeys.LicenceGot(sealed=sealed))


async def _correction(door: Door, raw: bytes) -> tuple[int, bytes]:
    asked = _decode(raw, journeys.CorrectionAsk)
    _check_key(asked.reply_key)
    try:
        plain = open_text(center_keys().seal_private, asked.sealed, identity_info(door.code))
        person = msgspec.json.decode(plain, type=Person)
    except (CannotOpen, msgspec.DecodeError) as error:
        raise CaseRefused("malformed") from error
    if not person.id_number.strip():
        raise CaseRefused("unknown_person")
    kind, number = person.id_kind, person.id_number
    if kind == identifying.CARD_CODE:
        holder = await identifying.find_holder(door.line, door.code, number, door.clock())
        kind, number = identifying.HOLDER_KIND, holder.id_number
    owner = identity_hash(kind, number)
    told = await in_thread(
        correction_actions.open_correction,
        door.actor, door.terminal_id, asked.number, asked.code, owner, asked.reply_key, door.clock(),
    )  # fmt: skip
    return 200, msgspec.json.encode(told)


async def _wait_joint(door: Door, number: str, raw: bytes) -> tuple[int, bytes]:
    wait = _decode(raw, CaseWait)
    _check_key(wait.reply_key)
    end = asyncio.get_running_loop().time() + wait.wait_s
    head = await in_thread(newest_witness)
    while True:
        found, result = await in_thread(
            joint_queries.look, number, door.terminal_id, wait.reply_key, head, door.clock()
        )
        if found.verdict.settled or asyncio.get_running_loop().time() >= end:
            break
        await asyncio.sleep(LOOK_S)
    sealed = seal_text(mac.from_text(wait.reply_key, 32), result, result_info(number)) if result else None
    return 200, msgspec.json.encode(
        CaseAnswer(number=number, state=joint_queries.outcome_word(found), message=found.verdict.text, result=sealed)
    )


def _decode(raw: bytes, kind: type[K]) -> K:
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CaseRefused("malformed") from error


def _check_key(text: str) -> None:
    try:
        mac.from_text(text, 32)
    except mac.BadKey as error:
        raise CaseRefused("malformed") from error
