"""One process serves everything in the embedded default: a dispatcher in front of ingest, cases, live pages and Django.

Django runs as WSGI in threads: under ASGI each of its middlewares would hop to a thread and back (measured: 3 to 9
times slower). The terminals' doors are bare ASGI applications in front of it.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Sequence
from importlib import import_module
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "budayang.center.config.settings")

import django

django.setup()

from a2wsgi import WSGIMiddleware  # noqa: E402  # Django must be set up first
from django.conf import settings  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402

from budayang.center.config.forwarded import caller_of  # noqa: E402
from budayang.center.config.table import Network  # noqa: E402
from budayang.center.ingest.app import IngestApplication  # noqa: E402
from budayang.center.live.app import LiveApplication  # noqa: E402
from budayang.center.platform import heap  # noqa: E402
from budayang.center.services.cases_app import CasesApplication  # noqa: E402
from budayang.center.terminals.files_app import FilesApplication  # noqa: E402
from budayang.wire.commands import FILE_PATH, PACKAGE_PATH  # noqa: E402

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Dispatcher:
    """Sends a request to the part that owns its path; longer prefixes first.

    A part may have `startup()` (before the first request) and `shutdown()` (after the last one). Every part sees as its
    client who called, not the proxy in front (`forwarded`).
    """

    def __init__(
        self, routes: tuple[tuple[str, Any], ...], otherwise: Any, trusted: Sequence[Network] | None = None
    ) -> None:
        self._routes, self._otherwise = routes, otherwise
        self._trusted = settings.BUDAYANG.trusted_proxies if trusted is None else trusted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        if scope["type"] != "http":
            return
        if self._trusted and scope.get("client"):
            scope = {**scope, "client": caller_of(scope["client"], scope["headers"], self._trusted)}
        path = scope["path"]
        for prefix, part in self._routes:
            if path.startswith(prefix):
                await part(scope, receive, send)
                return
        await self._otherwise(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                try:
                    for _prefix, part in self._routes:
                        if hasattr(part, "startup"):
                            await part.startup()
                    heap.settle()
                except Exception as error:
                    await send({"type": "lifespan.startup.failed", "message": str(error)})
                    raise
                await send({"type": "lifespan.startup.complete"})
            else:
                for _prefix, part in self._routes:
                    if hasattr(part, "shutdown"):
                        await part.shutdown()
                await send({"type": "lifespan.shutdown.complete"})
                return


def _parts() -> tuple[tuple[str, Any], ...]:
    files = FilesApplication()
    return (
        ("/wire/v1/cases/", CasesApplication()),
        (FILE_PATH, files),
        (PACKAGE_PATH, files),
        ("/wire/v1/", IngestApplication()),
        ("/live/", LiveApplication()),
    )


def web() -> Dispatcher:
    """Everything in one process."""
    return Dispatcher(_parts(), WSGIMiddleware(_wsgi(), workers=8))


def _wsgi() -> Any:
    """Django's own application; its type and a2wsgi's say the same of a WSGI server in different words.

    The pages' modules are loaded now, not while the first person waits.
    """
    application = get_wsgi_application()
    import_module(settings.ROOT_URLCONF)
    return application


def ingest() -> Dispatcher:
    """The terminals' doors alone, for a process of their own."""
    return Dispatcher(_parts()[:-1], _nothing_here)


async def _nothing_here(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 404, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"not here"})
