"""A department's own web pages (市场监管: 企业名称自主申报): on a port of their own, with a session of their own.

We know nothing of what is done there, as with a real one; the books of the site are the department's, and the control
page tells counts only. Nothing else answers on this port.
"""

from __future__ import annotations

import html
import secrets
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

COOKIE = "sandbox-department"
NAMES = "/names/"
LONGEST = 40
_CSP = "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; form-action 'self'; base-uri 'none'"
_STYLE = (
    "body{font:28px/1.6 sans-serif;margin:0;background:#f4f6f9;color:#1d2733}"
    "header{background:#7a1f1f;color:#fff;padding:24px 36px}main{padding:36px;max-width:900px}"
    "label{display:block;margin:24px 0 8px}input{font:inherit;width:100%;padding:16px;box-sizing:border-box}"
    "button,a.btn{font:inherit;display:inline-block;min-height:96px;padding:16px 40px;margin:32px 16px 0 0}"
    "h1{font-size:40px;margin:0}small{color:#f2dede}"
)


@dataclass
class Declared:
    """One name that somebody declared, in whose session. The person's own words; synthetic here."""

    session: str
    name: str
    receipt: str


@dataclass
class DepartmentSite:
    """The pages and their books."""

    sessions: dict[str, str] = field(default_factory=dict)  # session → its state: begun, declared, ended
    declared: list[Declared] = field(default_factory=list)

    def shown(self) -> dict[str, int]:
        """What the control page tells: counts only."""
        states = list(self.sessions.values())
        return {"sessions": len(states), "ended": states.count("ended"), "declared": len(self.declared)}

    def app(self) -> Starlette:
        """The site; it answers to this machine's names only."""
        routes = [
            Route(NAMES, self._form, methods=["GET"]),
            Route(f"{NAMES}declare", self._declare, methods=["POST"]),
            Route(f"{NAMES}bye", self._bye, methods=["GET"]),
            Route(f"{NAMES}close.js", self._close, methods=["GET"]),
        ]
        hosts = ["127.0.0.1", "localhost", "names.sandbox.example"]
        return Starlette(routes=routes, middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=hosts)])

    def _session(self, request: Request) -> str:
        held = request.cookies.get(COOKIE, "")
        if self.sessions.get(held) in ("begun", "declared"):
            return held
        made = secrets.token_hex(8)
        self.sessions[made] = "begun"
        return made

    async def _form(self, request: Request) -> Response:
        session = self._session(request)
        mine = [one for one in self.declared if one.session == session]
        rows = "".join(f"<p>{html.escape(one.name)}：可以使用，保留号 <b>{one.receipt}</b></p>" for one in mine)
        form = (
            f'<form method="post" action="{NAMES}declare"><label for="name">拟用名称</label>'
            f'<input id="name" name="name" maxlength="{LONGEST}" required><button>申报</button>'
            f'<a class="btn" href="{NAMES}bye">退出登录并关闭</a></form>'
        )
        return _page("企业名称自主申报", rows + form, session)

    async def _declare(self, request: Request) -> Response:
        session = self._session(request)
        async with request.form(max_files=0, max_fields=10) as posted:
            name = str(posted.get("name", "")).strip()[:LONGEST]
        if name:
            receipt = f"MC{len(self.declared) + 1:06d}"
            self.declared.append(Declared(session, name, receipt))
            self.sessions[session] = "declared"
        response = RedirectResponse(NAMES, status_code=303)
        response.set_cookie(COOKIE, session, httponly=True, samesite="strict")
        return response

    async def _bye(self, request: Request) -> Response:
        held = request.cookies.get(COOKIE, "")
        if held in self.sessions:
            self.sessions[held] = "ended"
        response = _page("已退出", f'<p>窗口就要关闭。</p><script src="{NAMES}close.js"></script>', "")
        response.delete_cookie(COOKIE)
        return response

    async def _close(self, request: Request) -> Response:
        return Response("window.close();", media_type="text/javascript")


def _page(title: str, body: str, session: str) -> HTMLResponse:
    text = (
        f'<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style>'
        f"<header><h1>{title}</h1><small>市场监督管理局网上办事（演示数据）</small></header><main>{body}</main></html>"
    )
    response = HTMLResponse(text, headers={"Content-Security-Policy": _CSP, "Cache-Control": "no-store"})
    if session:
        response.set_cookie(COOKIE, session, httponly=True, samesite="strict")
    return response
