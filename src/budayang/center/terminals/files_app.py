"""/wire/v1/files/ and /wire/v1/packages/: what commands bring up, and the packages that terminals fetch.

A bare ASGI application beside Django. Every request is a POST under the terminal's session key, as live cases are: HMAC
over method, path, time and the raw body. A package is no secret, but it is not for everybody to load the center with.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import structlog
from asgiref.sync import sync_to_async
from django.db import close_old_connections
from django.utils import timezone

from budayang.center.terminals import command_files, queries
from budayang.center.terminals.models import Package
from budayang.wire import mac
from budayang.wire.commands import FILE_PATH, MAX_FILE, PACKAGE_PATH
from budayang.wire.messages import Refusal

log = structlog.get_logger(__name__)

T = TypeVar("T")
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

CHUNK = 256 * 1024
STATUS_OF = {
    "bad_mac": 401, "no_session": 401, "clock_off": 401, "unknown_command": 404, "unknown_package": 404,
    "unknown_path": 404, "method_not_allowed": 405, "too_large": 413, "malformed": 400, "try_again": 503,
}  # fmt: skip


class Refused(Exception):
    """The request is answered with this error."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


class FilesApplication:
    """The ASGI callable; it keeps nothing between requests."""

    def __init__(self, *, clock: Callable[[], datetime] = timezone.now) -> None:
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        try:
            found = await self._handle(scope, receive)
        except (Refused, command_files.CannotTake) as refusal:
            await _answer(send, STATUS_OF.get(refusal.error, 400), msgspec.json.encode(Refusal(error=refusal.error)))
        except Exception:
            log.exception("a file request failed")
            await _answer(send, 503, msgspec.json.encode(Refusal(error="try_again")))
        else:
            if found is None:
                await _answer(send, 200, b"{}")
            else:
                await _stream(send, found)

    async def _handle(self, scope: Scope, receive: Receive) -> Path | None:
        """The package to send, or None when a file was taken."""
        if scope["method"] != "POST":
            raise Refused("method_not_allowed")
        path: str = scope["path"]
        raw = await _body(receive)
        code, now = await self._authenticate(scope, path, raw)
        if path.startswith(FILE_PATH):
            number = path[len(FILE_PATH) :]
            if not number.isdecimal() or len(number) > 16:
                raise Refused("unknown_command")
            await _in_thread(lambda: command_files.take_file(code, int(number), raw, now))
            return None
        if path.startswith(PACKAGE_PATH):
            sha256 = path[len(PACKAGE_PATH) :]
            known = await _in_thread(lambda: Package.objects.filter(sha256=sha256).first())
            if known is None:
                raise Refused("unknown_package")
            package = command_files.package_path(known.sha256)
            if not package.exists():
                log.error("files.package_missing", version=known.version, repair="budayang release add it again")
                raise Refused("try_again")
            return package
        raise Refused("unknown_path")

    async def _authenticate(self, scope: Scope, path: str, raw: bytes) -> tuple[str, datetime]:
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        code, given = headers.get(b"budayang-terminal", ""), headers.get(b"budayang-mac", "")
        time_text = headers.get(b"budayang-time", "")
        if not code or not time_text.isdecimal() or len(time_text) > 16:
            raise Refused("bad_mac")
        now = self._clock()
        key = await _in_thread(lambda: queries.session_key(code, now))
        if key is None:
            raise Refused("no_session")
        now_ms = int(now.timestamp() * 1000)
        if abs(now_ms - int(time_text)) > mac.CASE_CLOCK_TOLERANCE_MS:
            raise Refused("clock_off")
        if not mac.check_case_mac(key, "POST", path, int(time_text), raw, given, now_ms=now_ms):
            raise Refused("bad_mac")
        return code, now


async def _in_thread(work: Callable[[], T]) -> T:
    """ORM work in a thread, with connections that are alive."""

    def run() -> T:
        close_old_connections()
        try:
            return work()
        finally:
            close_old_connections()

    return await sync_to_async(run, thread_sensitive=False)()


async def _body(receive: Receive) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refused("malformed")
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > MAX_FILE:
            raise Refused("too_large")
        if not message.get("more_body"):
            return b"".join(parts)


async def _answer(send: Send, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _stream(send: Send, path: Path) -> None:
    size = path.stat().st_size
    headers = [(b"content-type", b"application/gzip"), (b"content-length", str(size).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    with path.open("rb") as file:
        while chunk := await _in_thread(lambda: file.read(CHUNK)):
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b""})
