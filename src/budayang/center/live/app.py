"""`/live/`: one stream a browser that says only "topic changed"; what changed is fetched through Django, in scope.

Server-sent events (WHATWG HTML, section 9.2). One poller a process reads the news of the last seconds; a late commit is
still seen because it looks at a window of time and remembers what it has told, not at the highest id.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterable
from datetime import timedelta
from http.cookies import SimpleCookie
from importlib import import_module
from typing import Any

import structlog
from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.db import close_old_connections
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from budayang.center.platform.models import Staff
from budayang.center.platform.queries import news_since

log = structlog.get_logger(__name__)

POLL_S = 1.0
WINDOW_S = 15
CHECK_S = 60
KEEPALIVE_S = 20
PUBLIC_MOST = 500
"""Public streams of one process at a time; the page of one that is refused is as complete, only not by itself."""

Receive = Callable[[], Any]
Send = Callable[[dict[str, Any]], Any]


def topics_of(kinds: Iterable[str]) -> set[str]:
    """ "terminals.status" tells the topic "terminals"."""
    return {kind.split(".", 1)[0] for kind in kinds}


def _signed_in(cookie_header: str) -> bool:
    """Whether the session behind these cookies is still that of active staff."""
    close_old_connections()
    try:
        cookie = SimpleCookie(cookie_header).get(settings.SESSION_COOKIE_NAME)
        if cookie is None:
            return False
        session = import_module(settings.SESSION_ENGINE).SessionStore(cookie.value)
        person = Staff.objects.filter(pk=session.get(SESSION_KEY) or 0, is_active=True).first()
        return person is not None and constant_time_compare(
            session.get(HASH_SESSION_KEY, ""), person.get_session_auth_hash()
        )
    finally:
        close_old_connections()


def _read_news(since_s: float) -> list[tuple[int, str]]:
    close_old_connections()
    try:
        return news_since(timezone.now() - timedelta(seconds=since_s))
    finally:
        close_old_connections()


class LiveApplication:
    """ASGI application of `/live/`. `public` streams need no sign-in and hear only what the public page shows."""

    PUBLIC_TOPICS = frozenset({"services", "terminals"})

    def __init__(self) -> None:
        self._listeners: set[asyncio.Queue[set[str]]] = set()
        self._told: deque[int] = deque(maxlen=20_000)
        self._poller: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()
        self._public_streams = 0

    async def shutdown(self) -> None:
        """End every stream, so that a stop of the program does not wait for browsers."""
        self._closing.set()
        if self._poller:
            self._poller.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._poller

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        public = scope["path"].endswith("/public")
        cookies = dict(scope["headers"]).get(b"cookie", b"").decode("latin-1")
        if not public and not await sync_to_async(_signed_in, thread_sensitive=False)(cookies):
            await _refuse(send, 403, b"sign in first")
            return
        if public and self._public_streams >= PUBLIC_MOST:
            await _refuse(send, 503, b"too many streams")
            return
        self._public_streams += public
        try:
            await self._serve(receive, send, cookies, public)
        finally:
            self._public_streams -= public

    async def _serve(self, receive: Receive, send: Send, cookies: str, public: bool) -> None:
        if self._poller is None or self._poller.done():
            self._poller = asyncio.create_task(self._poll())
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [
                    (b"content-type", b"text/event-stream"),
                    (b"cache-control", b"no-store"),
                    (b"x-accel-buffering", b"no"),
                ],
            }
        )
        queue: asyncio.Queue[set[str]] = asyncio.Queue(maxsize=100)
        self._listeners.add(queue)
        try:
            await self._stream(queue, receive, send, cookies, public)
        finally:
            self._listeners.discard(queue)

    async def _stream(
        self, queue: asyncio.Queue[set[str]], receive: Receive, send: Send, cookies: str, public: bool
    ) -> None:
        gone = asyncio.create_task(_until_gone(receive))
        closing = asyncio.create_task(self._closing.wait())
        checked = asyncio.get_running_loop().time()
        try:
            await send({"type": "http.response.body", "body": b": open\n\n", "more_body": True})
            while not gone.done() and not closing.done():
                item = asyncio.create_task(queue.get())
                await asyncio.wait({item, gone, closing}, timeout=KEEPALIVE_S, return_when=asyncio.FIRST_COMPLETED)
                topics = item.result() if item.done() else set()
                item.cancel()
                if public:
                    topics &= self.PUBLIC_TOPICS
                body = "".join(f"event: topic\ndata: {topic}\n\n" for topic in sorted(topics)) or ": still here\n\n"
                await send({"type": "http.response.body", "body": body.encode(), "more_body": True})
                now = asyncio.get_running_loop().time()
                if not public and now - checked > CHECK_S:
                    checked = now
                    if not await sync_to_async(_signed_in, thread_sensitive=False)(cookies):
                        break
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            gone.cancel()
            closing.cancel()

    async def _poll(self) -> None:
        """Tell what is new, again and again. A database that is away for a while is asked again, back to when it was
        last heard.
        """
        time = asyncio.get_running_loop().time
        heard_at: float | None = None
        while True:
            asked_at = time()
            try:
                if heard_at is None:  # what is there when this begins is on the pages already
                    self._told.extend(number for number, _kind in await self._news(WINDOW_S))
                elif self._listeners:
                    news = await self._news(WINDOW_S + asked_at - heard_at)
                    self._tell(topics_of(kind for _number, kind in news))
                    self._told.extend(number for number, _kind in news)
                heard_at = asked_at
            except Exception:
                log.exception("live.poll_failed")
                heard_at = asked_at if heard_at is None else heard_at
            await asyncio.sleep(POLL_S)

    async def _news(self, since_s: float) -> list[tuple[int, str]]:
        told = set(self._told)
        found = await sync_to_async(_read_news, thread_sensitive=False)(since_s)
        return [(number, kind) for number, kind in found if number not in told]

    def _tell(self, topics: set[str]) -> None:
        for queue in list(self._listeners) if topics else ():
            if not queue.full():  # a browser that does not read misses a hint, never a fact
                queue.put_nowait(topics)


async def _refuse(send: Send, status: int, words: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": words})


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
