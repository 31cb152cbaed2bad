"""The kiosk's door: only the browser that was started on this machine, by its launcher, may speak to the terminal.

Host and Origin are checked (a page of another origin, or a rebound name, gets nothing), and a cookie whose secret
is made at
each browser start and kept in memory: a department's page that runs beside us cannot guess it, an old browser's is
void.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Awaitable, Callable
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "budayang_kiosk"
OPEN_PATHS = ("/healthz", "/start", "/static/")
# Not "cache": nothing but static files is ever cached, and Chromium takes seconds to empty it.
CLEAR_SITE = '"storage"'
SAFE_METHODS = frozenset({"GET", "HEAD"})
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # With "no-referrer" a browser sends "Origin: null" with a form: nobody could tell ours from another's.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}

Refusal = Callable[[Request, str, int], Awaitable[Response]]


class Kiosk:
    """The launcher's key and the secret of the browser that runs now."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._secret = ""

    def begin(self, key: str) -> str | None:
        """A new browser's secret for the launcher's key, which voids the one before; None for a wrong key."""
        if not hmac.compare_digest(key.encode(), self._key.encode()):
            return None
        self._secret = secrets.token_urlsafe(32)
        return self._secret

    def knows(self, secret: str) -> bool:
        """Whether it is the secret of the browser that runs now."""
        return bool(self._secret) and hmac.compare_digest(secret.encode(), self._secret.encode())


class Guard:
    """ASGI middleware around everything. `refuse` draws the page that a person sees when the browser is not let in."""

    def __init__(
        self, app: ASGIApp, *, kiosk: Kiosk, hosts: frozenset[str], refuse: Refusal, clearing: Callable[[], bool]
    ) -> None:
        self._app = app
        self._kiosk = kiosk
        self._hosts = hosts
        self._origins = frozenset(f"http://{host}" for host in hosts)
        self._refuse = refuse
        self._clearing = clearing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        headers = Headers(scope=scope)
        problem = self._problem(scope, headers)
        if problem is None:
            static = scope["path"].startswith("/static/")
            await self._app(scope, receive, _with_headers(send, static=static, clearing=self._clearing))
            return
        word, status = problem
        request = Request(scope, receive)
        if word != "no_cookie" or "application/json" in headers.get("accept", ""):
            response: Response = JSONResponse({"ok": False, "error": word}, status_code=status)
        else:
            response = await self._refuse(request, word, status)
        await response(scope, receive, _with_headers(send, static=False, clearing=lambda: False))

    def _problem(self, scope: Scope, headers: Headers) -> tuple[str, int] | None:
        if headers.get("host", "") not in self._hosts:
            return "wrong_host", 421
        origin = headers.get("origin")
        unsafe = scope["method"] not in SAFE_METHODS
        if (origin is not None or unsafe) and origin not in self._origins:
            return "wrong_origin", 403
        if headers.get("sec-fetch-site", "same-origin") == "cross-site":
            return "wrong_origin", 403
        path = scope["path"]
        if any(path == one or (one.endswith("/") and path.startswith(one)) for one in OPEN_PATHS):
            return None
        return None if self._kiosk.knows(_cookie(headers)) else ("no_cookie", 403)


def begin(kiosk: Kiosk, key: str) -> Response | None:
    """The answer to the launcher: the cookie and the way to the first page; None for a wrong key."""
    secret = kiosk.begin(key)
    if secret is None:
        return None
    response = RedirectResponse("/", status_code=303)
    response.set_cookie(COOKIE, secret, httponly=True, samesite="strict", path="/")
    # What an earlier browser left in this profile is no business of the new one.
    response.headers["Clear-Site-Data"] = CLEAR_SITE
    return response


def _cookie(headers: Headers) -> str:
    try:
        morsel = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return morsel.value if morsel is not None else ""


def _with_headers(send: Send, *, static: bool, clearing: Callable[[], bool]) -> Send:
    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
            if not static:
                headers["Cache-Control"] = "no-store"
                if clearing():
                    headers["Clear-Site-Data"] = CLEAR_SITE
        await send(message)

    return wrapped
