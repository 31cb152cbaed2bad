"""Who a terminal is to the center: an Ed25519 key made at enrolment, and a session key agreed anew each day.

The private key never leaves the data directory; the session key lives in memory only. The screens see neither.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx
import msgspec
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from budayang.uplink.clock import Clock, milliseconds
from budayang.uplink.errors import CenterRefused, CenterUnreachable, NotEnrolled
from budayang.uplink.outbox import EventOutbox
from budayang.wire.mac import (
    BadKey,
    agree,
    check_signature,
    public_text,
    session_answer_message,
    session_request_message,
    sign,
)
from budayang.wire.messages import Enrol, Enrolled, Refusal, SessionAnswer, SessionRequest

log = structlog.get_logger(__name__)
T = TypeVar("T")

KEY_FILE = "terminal.key"
ENROLMENT_FILE = "enrolment.json"
RENEW_BEFORE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Session:
    """A session key of 32 bytes and when it ends."""

    key: bytes
    expires_at: datetime


class Identity:
    """The terminal's credential and its session. `client` has the center's address as its base."""

    def __init__(self, data_dir: Path, client: httpx.AsyncClient, clock: Clock, outbox: EventOutbox) -> None:
        self._dir = data_dir
        self._client = client
        self._clock = clock
        self._outbox = outbox
        self._session: Session | None = None
        self._agreeing = asyncio.Lock()
        self.enrolment = self._load()

    @property
    def enrolled(self) -> Enrolled:
        """What the center said at enrolment.

        Raises:
            NotEnrolled: there was none yet.
        """
        if self.enrolment is None:
            raise NotEnrolled("no enrolment: this machine needs a one-time code from the center")
        return self.enrolment

    def change_keys(self, *, seal_key: str = "", audit_key: str = "") -> None:
        """The center has new keys (message "keys")."""
        self.enrolment = msgspec.structs.replace(
            self.enrolled, seal_key=seal_key or self.enrolled.seal_key, audit_key=audit_key or self.enrolled.audit_key
        )
        self._save(self.enrolment)

    @property
    def public_key(self) -> str:
        """The public half of this terminal's key, base64; made when there is none yet."""
        return public_text(self._key())

    def sign(self, message: bytes) -> str:
        """The key's signature, base64."""
        return sign(self._key(), message)

    def adopt(self, enrolment: Enrolled) -> None:
        """Take a place in the house without a code: the center learned the key from the relay that holds it."""
        if enrolment != self.enrolment:
            self._save(enrolment)
            self.enrolment = enrolment
        self._outbox.see_center_epoch(enrolment.center_epoch)

    async def enrol(self, code: str, hardware: dict[str, Any]) -> Enrolled:
        """Use the one-time code. The key is on disk before the code is spent: a kill between the two loses no terminal.

        Raises:
            CenterUnreachable, CenterRefused: unknown_code, code_used, …
        """
        key = self._key()
        body = Enrol(code=code, public_key=public_text(key), proof=sign(key, code.encode()), hardware=hardware)
        answer = await post(self._client, "/wire/v1/enrol", body, Enrolled)
        self._save(answer)
        self.enrolment = answer
        self._outbox.see_center_epoch(answer.center_epoch)
        log.info("identity.enrolled", terminal=answer.terminal, demo=answer.demo)
        return answer

    async def session(self) -> Session:
        """The session in force, agreed anew an hour before it ends.

        Raises:
            NotEnrolled, CenterUnreachable, CenterRefused: unknown_terminal, revoked, bad_signature, …
        """
        async with self._agreeing:  # the uplink and a live case may both find none
            if self._session is None or self._session.expires_at - RENEW_BEFORE <= self._clock.now():
                self._session = await self._agree()
            return self._session

    def forget_session(self, key: bytes) -> None:
        """The center does not know this session key any more; another that was agreed meanwhile stays."""
        if self._session is not None and self._session.key == key:
            self._session = None

    async def _agree(self) -> Session:
        enrolled = self.enrolled
        ephemeral, at_ms = X25519PrivateKey.generate(), milliseconds(self._clock.now())
        own = public_text(ephemeral)
        message = session_request_message(enrolled.terminal, own, at_ms)
        request = SessionRequest(
            terminal=enrolled.terminal, ephemeral=own, at_ms=at_ms, signature=sign(self._key(), message)
        )
        answer = await post(self._client, "/wire/v1/session", request, SessionAnswer)
        signed = session_answer_message(
            enrolled.terminal, own, answer.ephemeral, answer.expires_at, answer.counter_floor
        )
        if not check_signature(enrolled.audit_key, signed, answer.center_signature):
            raise CenterUnreachable("session answer is not signed by the center that enrolled this terminal")
        try:
            key = agree(ephemeral, answer.ephemeral, enrolled.terminal)
            expires_at = datetime.fromisoformat(answer.expires_at)
        except (BadKey, ValueError) as error:
            raise CenterUnreachable("session answer cannot be used") from error
        self._outbox.raise_counter(answer.counter_floor)
        log.info("identity.session_agreed", expires_at=answer.expires_at)
        return Session(key, expires_at)

    def _key(self) -> Ed25519PrivateKey:
        path = self._dir / KEY_FILE
        try:
            return Ed25519PrivateKey.from_private_bytes(path.read_bytes())
        except FileNotFoundError:
            key = Ed25519PrivateKey.generate()
            _write_private(path, key.private_bytes_raw())
            return key

    def _load(self) -> Enrolled | None:
        try:
            return msgspec.json.decode((self._dir / ENROLMENT_FILE).read_bytes(), type=Enrolled)
        except FileNotFoundError:
            return None

    def _save(self, enrolment: Enrolled) -> None:
        _write_private(self._dir / ENROLMENT_FILE, msgspec.json.encode(enrolment))


async def post(client: httpx.AsyncClient, path: str, body: msgspec.Struct, answer: type[T]) -> T:
    """POST a struct, decode the answer.

    Raises:
        CenterUnreachable: no connection, time-out, 5xx, or an answer that is not the wire's.
        CenterRefused: 4xx with the wire's error word.
    """
    try:
        response = await client.post(
            path, content=msgspec.json.encode(body), headers={"Content-Type": "application/json"}
        )
    except httpx.HTTPError as error:
        raise CenterUnreachable(type(error).__name__) from error
    return read_answer(response, answer)


def read_answer(response: httpx.Response, answer: type[T]) -> T:
    """The struct of a good answer; raises as `post` does."""
    if response.status_code >= 500:
        raise CenterUnreachable(f"HTTP {response.status_code}")
    try:
        if response.status_code >= 400:
            refusal = msgspec.json.decode(response.content, type=Refusal)
            raise CenterRefused(refusal.error, response.status_code, _told(refusal))
        return msgspec.json.decode(response.content, type=answer)
    except msgspec.DecodeError as error:
        raise CenterUnreachable(f"HTTP {response.status_code}, not an answer of the wire") from error


def _told(refusal: Refusal) -> str:
    """What the center says to the person: its sentence, and of a form the fields with their repairs."""
    return "；".join([refusal.message, *refusal.fields.values()][:4]) if refusal.fields else ""


def _write_private(path: Path, data: bytes) -> None:
    """Write 0600, whole or not at all, durable on return."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_suffix(path.suffix + ".part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(handle, data)
        os.fsync(handle)
    finally:
        os.close(handle)
    os.replace(part, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
