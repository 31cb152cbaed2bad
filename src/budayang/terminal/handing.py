"""Bytes beside the line: files of a command up, packages of software down. Under the session's MAC, as live cases."""

from __future__ import annotations

import hashlib
from pathlib import Path

import httpx
import msgspec

from budayang.uplink.clock import Clock, milliseconds
from budayang.uplink.errors import CenterRefused, CenterUnreachable
from budayang.uplink.identity import Identity, Session, read_answer
from budayang.wire.commands import FILE_PATH, PACKAGE_PATH
from budayang.wire.mac import case_mac

ANSWER_S = 60.0
SESSION_ERRORS = frozenset({"bad_mac", "no_session"})


class Taken(msgspec.Struct, frozen=True):
    """The center's answer to a file: an empty object."""


class TooLarge(Exception):
    """More bytes came than the manifest says."""


class Handing:
    """The two requests. Each is tried once more with a new session when the center does not know the present one."""

    def __init__(self, client: httpx.AsyncClient, identity: Identity, clock: Clock) -> None:
        self._client = client
        self._identity = identity
        self._clock = clock

    async def hand_up(self, number: int, content: bytes) -> None:
        """Give the center what a command brought. Raises CenterUnreachable, CenterRefused."""
        path = f"{FILE_PATH}{number}"
        for last in (False, True):
            session = await self._identity.session()
            try:
                headers = self._headers(session, path, content)
                response = await self._client.post(path, content=content, headers=headers, timeout=ANSWER_S)
                read_answer(response, Taken)
                return
            except httpx.HTTPError as error:
                raise CenterUnreachable(type(error).__name__) from error
            except CenterRefused as refused:
                if last or refused.code not in SESSION_ERRORS:
                    raise
                self._identity.forget_session(session.key)

    async def fetch_package(self, sha256: str, size: int, target: Path) -> str:
        """Write the package's bytes to `target`; gives their SHA-256.

        Raises:
            CenterUnreachable, CenterRefused, TooLarge.
        """
        path, body = f"{PACKAGE_PATH}{sha256}", b"{}"
        session = await self._identity.session()
        digest, got = hashlib.sha256(), 0
        try:
            headers = self._headers(session, path, body)
            async with self._client.stream("POST", path, content=body, headers=headers, timeout=ANSWER_S) as response:
                if response.status_code != 200:
                    await response.aread()
                    read_answer(response, Taken)
                    raise CenterUnreachable(f"HTTP {response.status_code}")
                with target.open("wb") as file:
                    async for chunk in response.aiter_bytes():
                        got += len(chunk)
                        if got > size:
                            raise TooLarge(sha256)
                        digest.update(chunk)
                        file.write(chunk)
        except httpx.HTTPError as error:
            raise CenterUnreachable(type(error).__name__) from error
        return digest.hexdigest()

    def _headers(self, session: Session, path: str, body: bytes) -> dict[str, str]:
        time_ms = milliseconds(self._clock.now())
        return {
            "Content-Type": "application/octet-stream",
            "Budayang-Terminal": self._identity.enrolled.terminal,
            "Budayang-Time": str(time_ms),
            "Budayang-Mac": case_mac(session.key, "POST", path, time_ms, body),
        }
