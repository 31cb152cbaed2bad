"""The little of HTTP that the door needs: read a bounded body, answer JSON."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from budayang.wire import messages as wire

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

BODY_TIMEOUT_S: Final = 30
MAX_BRACKETS: Final = 50_000  # bounds the work on a body that nobody has proved to be honest


class Refuse(Exception):
    """Answer the whole request with a status and an error word."""

    def __init__(self, status: int, error: str, detail: str = "") -> None:
        super().__init__(error)
        self.status, self.error, self.detail = status, error, detail


class Gone(Exception):
    """The client hung up."""


async def read_body(scope: Scope, receive: Receive, limit: int = wire.MAX_BODY) -> bytes:
    """The whole body, at most `limit` bytes and 30 s; raises Refuse 413 or 408, or Gone."""
    for name, value in scope["headers"]:
        if name == b"content-length" and (not value.isdigit() or int(value) > limit):
            raise Refuse(413, wire.TOO_LARGE, f"at most {limit} bytes")
    message = await receive()  # nearly always the whole body is here already
    if message["type"] == "http.request" and not message.get("more_body"):
        return _bounded(message.get("body", b""), limit)
    parts: list[bytes] = []
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            while True:
                if message["type"] != "http.request":
                    raise Gone
                parts.append(message.get("body", b""))
                _bounded(b"".join(parts), limit)
                if not message.get("more_body"):
                    return b"".join(parts)
                message = await receive()
    except TimeoutError as error:
        raise Refuse(408, wire.MALFORMED, "body did not arrive") from error


def _bounded(body: bytes, limit: int) -> bytes:
    if len(body) > limit:
        raise Refuse(413, wire.TOO_LARGE, f"at most {limit} bytes")
    return body


async def answer(send: Send, status: int, body: bytes, *, retry_after_s: int = 0) -> None:
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
    ]
    if retry_after_s:
        headers.append((b"retry-after", b"%d" % retry_after_s))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


_TOKEN: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{},]', re.DOTALL)


def split_envelopes(body: bytes) -> list[bytes]:
    """The elements of "syncs" of a body whose nesting is too deep for the decoder, as raw bytes.

    One hostile envelope in a relay's body must not break the others, so its depth is measured without recursion.
    Raises Refuse 400 when the body is not of that shape.
    """
    if body.count(b"[") + body.count(b"{") > MAX_BRACKETS:
        raise Refuse(400, wire.MALFORMED, "nested too deep")
    opening = re.match(rb'\s*\{\s*(?:"v"\s*:\s*1\s*,\s*)?"syncs"\s*:\s*\[', body)
    if opening is None:
        raise Refuse(400, wire.MALFORMED, "nested too deep")
    parts: list[bytes] = []
    depth, start = 0, opening.end()
    for token in _TOKEN.finditer(body, opening.end()):
        mark = token.group()
        if mark in (b"[", b"{"):
            depth += 1
        elif mark in (b"]", b"}"):
            depth -= 1
            if depth < 0:
                parts.append(body[start : token.start()])
                return parts
        elif mark == b"," and depth == 0:
            parts.append(body[start : token.start()])
            start = token.end()
    raise Refuse(400, wire.MALFORMED, "cut off")
