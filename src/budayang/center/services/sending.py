"""Calls to departments' systems: only to the connector's address, one key per case, never a guess about the outcome.

The contract is docs/mechanisms/department-contract.md: `POST {url}/v1/matters` with `Idempotency-Key`. A department
answers the same key with the same answer, so asking again is safe; what stays unclear goes to a person (待核).
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import ipaddress
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx
import structlog

log = structlog.get_logger(__name__)

MAX_ANSWER = 8 * 1024 * 1024
OUTCOMES = frozenset({"done", "handed_in", "refused"})


class BadAddress(ValueError):
    """A connector's address that must not be called; the message names the repair."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long and how often a department is asked about one case. Seconds."""

    timeout_s: float = 10.0
    pauses_s: tuple[float, ...] = (0.5, 1.0, 2.0, 4.0)
    longest_retry_after_s: float = 5.0
    at_once: int = 4


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known after asking. `event` is one of states.CASE_TRANSITIONS' events for a working case."""

    event: str
    message: str = ""
    rows: tuple[tuple[str, str], ...] = ()
    paper_pdf: bytes | None = None
    department_ref: str = ""


@dataclass(slots=True)
class _Tried:
    """What one attempt proved."""

    answer: Answer | None = None
    unclear: bool = False
    stop: bool = False
    pause_s: float | None = None


def check_address(url: str) -> str:
    """The connector's base address, without a slash at its end.

    HTTPS anywhere; plain HTTP on loopback only; link-local and unspecified addresses (cloud metadata) never.

    Raises:
        BadAddress
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme not in {"http", "https"} or not host or parts.query or parts.fragment or parts.username:
        raise BadAddress("a connector's address is https://host/path without a query or a password")
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        loopback = host == "localhost"
    else:
        loopback = address.is_loopback
        if address.is_link_local or address.is_unspecified or address.is_multicast:
            raise BadAddress("link-local, unspecified and multicast addresses are never called")
    if parts.scheme == "http" and not loopback:
        raise BadAddress("plain http is for loopback only: write https://")
    return url.rstrip("/")


def make_client(patience: Patience) -> httpx.AsyncClient:
    """A client that follows no redirect and reads no proxy from the environment."""
    return httpx.AsyncClient(timeout=patience.timeout_s, follow_redirects=False, trust_env=False)


@dataclass(slots=True)
class DepartmentLine:
    """Asks departments, with a limit of simultaneous calls per department."""

    client: httpx.AsyncClient
    patience: Patience = field(default_factory=Patience)
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
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
        still_ours: Callable[[bool], Awaitable[bool]],
    ) -> Answer | None:
        """Ask until the answer is clear or patience ends.

        Args:
            unclear: an earlier attempt (of a process that is gone) may have reached the department.
            still_ours: renews the lease before each attempt and stores that an attempt may have got through;
                False means that a rival took the case over, and this call ends with None.
        """
        limit = self._limits.setdefault(department, asyncio.Semaphore(self.patience.at_once))
        async with limit:
            for pause_s in (*self.patience.pauses_s, None):
                if not await still_ours(unclear):
                    return None
                tried = await self._try(url, key, number, body)
                unclear = unclear or tried.unclear
                if tried.answer is not None:
                    return tried.answer
                if tried.stop or pause_s is None:
                    break
                await self.sleep(tried.pause_s if tried.pause_s is not None else pause_s)
        return Answer("unclear") if unclear else Answer("not_reached")

    async def _try(self, url: str, key: str, number: str, body: bytes) -> _Tried:
        headers = {"Idempotency-Key": number, "Content-Type": "application/json"}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        try:
            response = await self.client.post(f"{check_address(url)}/v1/matters", content=body, headers=headers)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
            return _Tried()  # nothing left this machine
        except httpx.HTTPError as error:
            log.warning("department gave no answer", case=number, error=type(error).__name__)
            return _Tried(unclear=True)
        return self._read(response, number)

    def _read(self, response: httpx.Response, number: str) -> _Tried:
        status = response.status_code
        if status == 200:
            try:
                return _Tried(answer=read_answer(response.content))
            except ValueError as error:
                log.error("department's answer cannot be read", case=number, error=str(error))
                return _Tried(unclear=True)
        log.warning("department refused the call", case=number, status=status)
        if status == 503:
            wait = response.headers.get("retry-after", "")
            wait_s = float(wait) if wait.isdecimal() else None
            return _Tried(stop=wait_s is not None and wait_s > self.patience.longest_retry_after_s, pause_s=wait_s)
        if status == 409:  # our number with another body: somebody has to look
            return _Tried(unclear=True, stop=True)
        if 400 <= status < 500:  # it says that it took nothing
            return _Tried(stop=True)
        return _Tried(unclear=True)


def read_answer(content: bytes) -> Answer:
    """A department's 200 answer.

    Raises:
        ValueError: the answer breaks the contract; the message holds none of it.
    """
    if len(content) > MAX_ANSWER:
        raise ValueError("answer too large")
    try:
        body: Any = httpx.Response(200, content=content).json()
    except ValueError as error:
        raise ValueError("not JSON") from error
    if not isinstance(body, dict) or body.get("outcome") not in OUTCOMES:
        raise ValueError("no known outcome")
    rows = body.get("rows") or []
    if not isinstance(rows, list) or not all(isinstance(row, list) and len(row) == 2 for row in rows):
        raise ValueError("rows are not pairs")
    paper: bytes | None = None
    if body.get("paper_pdf"):
        try:
            paper = base64.b64decode(str(body["paper_pdf"]), validate=True)
        except (binascii.Error, ValueError) as error:
            raise ValueError("paper_pdf is not base64") from error
        if not paper.startswith(b"%PDF-"):
            raise ValueError("paper_pdf is not a PDF")
    return Answer(
        event=str(body["outcome"]),
        message=str(body.get("message") or "")[:300],
        rows=tuple((str(label)[:80], str(value)[:300]) for label, value in rows[:60]),
        paper_pdf=paper,
        department_ref=str(body.get("department_ref") or "")[:80],
    )
