"""The relay's own listener for two things: a machine's scheduler says that the machine runs, and an access controller
tells of its door.

`GET` or `POST /beat/<terminal>`, `POST /door/<terminal>` with one line of JSON (rules/doors), each with
`Authorization: Bearer <token>`. The answer is 204 or an error without a word about which part was wrong. Whoever fails
ten times in ten minutes is not heard for the rest of them. A body is read of nobody but the token's owner.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import socket
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Any, Protocol

import structlog
import uvicorn

from budayang.relay.machine import Machine
from budayang.relay.settings import Settings
from budayang.rules.doors import read_door_line
from budayang.uplink.clock import Clock

log = structlog.get_logger(__name__)

MOST_FAILURES, WINDOW_S = 10, 600.0
LEAST_PAUSE_S = 5.0
MOST_ADDRESSES = 1000
MOST_LINE = 2**20  # bytes of a door's line: many controllers send a picture along, which is dropped with the rest
BODY_S = 5.0  # a line that comes more slowly would hold one of the listener's places
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Beats:
    """The listener as an ASGI application. `machine_of` finds a machine by its code."""

    def __init__(self, machine_of: Callable[[str], Machine | None], clock: Clock) -> None:
        self._machine_of = machine_of
        self._clock = clock
        self._failed: dict[str, deque[float]] = {}
        self._heard: dict[str, float] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        method, path, headers = str(scope["method"]), str(scope["path"]), dict(scope["headers"])
        address = str((scope.get("client") or ("?",))[0])
        if path.startswith("/door/"):
            status = await self._hear_door(method, path, headers, address, receive)
        else:
            status = self.answer(method, path, headers, address)
        told = [(b"content-length", b"0"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": status, "headers": told})
        await send({"type": "http.response.body", "body": b""})

    def answer(self, method: str, path: str, headers: dict[bytes, bytes], address: str) -> int:
        """The status for one call."""
        if method not in ("GET", "POST") or not path.startswith("/beat/"):
            return 404
        if self._barred(address):
            return 429
        code, token = path.removeprefix("/beat/"), headers.get(b"authorization", b"").removeprefix(b"Bearer ")
        subject = self._subject(code, token)
        if subject is None:
            self._count(address)
            log.warning("relay.beat_refused", address=address)
            return 403
        now = self._clock.monotonic()
        if now - self._heard.get(code, -LEAST_PAUSE_S) < LEAST_PAUSE_S:
            return 429
        self._heard[code] = now
        machine = self._machine_of(code)
        if machine is not None:
            machine.beat(subject)
        return 204

    async def _hear_door(
        self, method: str, path: str, headers: dict[bytes, bytes], address: str, receive: Receive
    ) -> int:
        """The status for one line of an access controller. Several in a second are usual: a door opens and closes."""
        if method != "POST":
            return 404
        if self._barred(address):
            return 429
        code, token = path.removeprefix("/door/"), headers.get(b"authorization", b"").removeprefix(b"Bearer ")
        machine = self._machine_of(code)
        subject = _owner(token, machine.doors()) if machine is not None else None
        if machine is None or subject is None:
            self._count(address)
            log.warning("relay.door_refused", address=address)
            return 403
        try:
            async with asyncio.timeout(BODY_S):
                body = await _body(receive)
        except TimeoutError:
            return 408
        if len(body) > MOST_LINE:
            return 413
        try:
            line = json.loads(body)
            said = read_door_line(line if isinstance(line, dict) else {})
        except (ValueError, RecursionError):
            return 400
        if subject not in machine.doors():
            return 403  # the profile changed while the line came
        machine.tell_door(subject, said)
        return 204

    def _subject(self, code: str, token: bytes) -> str | None:
        """The heartbeat source that this token belongs to."""
        machine = self._machine_of(code)
        return _owner(token, machine.heartbeats()) if machine is not None else None

    def _barred(self, address: str) -> bool:
        failed = self._failed.get(address)
        if failed is None:
            return False
        while failed and failed[0] <= self._clock.monotonic() - WINDOW_S:
            failed.popleft()
        if not failed:
            del self._failed[address]
        return len(failed) >= MOST_FAILURES

    def _count(self, address: str) -> None:
        if len(self._failed) >= MOST_ADDRESSES:
            for one in list(self._failed):
                self._barred(one)  # forgets it when it is quiet
        self._failed.setdefault(address, deque(maxlen=MOST_FAILURES)).append(self._clock.monotonic())


class _Keyed(Protocol):
    """A source that is called with a token."""

    @property
    def token_hash(self) -> str: ...


def _owner(token: bytes, sources: Mapping[str, _Keyed]) -> str | None:
    """The source that this token belongs to; all are compared, each in constant time."""
    digest, found = hashlib.sha256(token).hexdigest(), None
    for subject, source in sources.items():
        if hmac.compare_digest(source.token_hash or "-", digest):
            found = subject
    return found


async def _body(receive: Receive) -> bytes:
    """The body, as far as a line may be long and a little more."""
    found = bytearray()
    while len(found) <= MOST_LINE:
        message = await receive()
        found += message.get("body", b"")
        if message["type"] != "http.request" or not message.get("more_body"):
            break
    return bytes(found)


class _Server(uvicorn.Server):
    """Leaves the signals to the relay, which ends all its parts."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(settings: Settings, beats: Beats) -> None:
    """Listen for ever; does nothing when no address is set."""
    if not settings.beat_host:
        return
    listener = socket.create_server((settings.beat_host, settings.beat_port))
    config = uvicorn.Config(
        beats, log_config=None, access_log=False, server_header=False, ws="none", lifespan="off", limit_concurrency=64,
        timeout_keep_alive=2, h11_max_incomplete_event_size=8192,
    )  # fmt: skip
    server = _Server(config)
    try:
        await server.serve(sockets=[listener])
    finally:
        listener.close()
