"""The pages a person sees: GET draws, never changes. Every change is a POST that the journey answers.

One count is kept by drawing: that somebody opened an item which cannot be begun now (白跑率).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import structlog
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from budayang.rules.services import Truth
from budayang.terminal.screens import words
from budayang.terminal.screens.door import Terminal
from budayang.terminal.screens.fields import field_views
from budayang.terminal.screens.language import _, speak
from budayang.terminal.screens.render import STATIC, html

log = structlog.get_logger(__name__)

_BROWSING = frozenset({"attract", "choose"})
_HOME_ALLOWED = frozenset({"consent", "identity", "resume", "fill", "confirm", "outcome", "progress"}) | {
    "agent",
    "licences",
    "sheets",
    "correct",
    "check",
}
# Where 返回 leads in the states that know a step back; elsewhere the button stands, but rests.
_BACK = {
    "consent": "/journey/decline",
    "identity": "/journey/decline",
    "resume": "/journey/home",
    "fill": "/journey/page_back",
    "agent": "/journey/decline",
    "check": "/journey/decline",
    "licences": "/journey/licences_no",
    "sheets": "/journey/sheets_back",
    "confirm": "/journey/back",
    "progress": "/journey/home",
    "correct": "/journey/home",
}
# Keys of a view that only some states give; the others read as absent.
_OWN_KEYS = (
    *("consent", "identity", "papers", "fields", "values", "errors", "rows", "masks", "has_form", "truth", "submit"),
    *("printing", "take", "result", "outcome", "rating", "clear", "item", "person", "help", "error", "pay", "progress"),
    *("step", "sources", "answers", "agent", "given", "parts", "acting", "licences", "sheets", "slots"),
    *("correct", "launch", "faults", "check", "by_face", "at_window"),
)
# A printing that has no act yet (the moment between two states) is drawn as one that is about to start.
_NO_ACT: dict[str, Any] = {
    **dict.fromkeys(("number", "text", "trouble", "safe", "since"), ""),
    "phase": "entitled",
    "documents": 0,
    "done": 0,
    "can_retry": False,
    "can_leave": False,
}
_SEARCH_MOST = 20
_QUERY_LONGEST = 40
_DEPARTMENTS_ON_HOME = 7


def _terminal(request: Request) -> Terminal:
    return cast(Terminal, request.app.state.terminal)


def _view(request: Request) -> dict[str, Any]:
    view = dict(_terminal(request).view())
    for key in _OWN_KEYS:
        view.setdefault(key, None)
    speak(str(view.get("lang", "zh")))
    return view


def _ways(view: Mapping[str, Any], *, back: str | None = None) -> dict[str, str | None]:
    """Where 返回, 首页 and 退出 lead from here; None where they cannot lead anywhere now."""
    state = str(view["state"])
    if state in _BROWSING:
        return {"back": back, "home": "/", "exit": "/journey/exit" if state == "choose" else None}
    return {
        "back": _BACK.get(state),
        "home": "/journey/home" if state in _HOME_ALLOWED else None,
        "exit": None if state == "clear" else "/journey/exit",
    }


def _draw(template: str, view: Mapping[str, Any], *, back: str | None = None, **context: Any) -> HTMLResponse:
    return html(template, view, {"ways": _ways(view, back=back), **context})


def _closed(view: Mapping[str, Any]) -> bool:
    """Whether nothing can begin: out of service, or not ready yet. A journey under way is still led to its end."""
    return view["state"] in _BROWSING and view["service"]["level"] in {"suspended", "preparing"}


async def index(request: Request) -> Response:
    """The current state of the journey; while choosing, the home page, or with ?q= the search."""
    view = _view(request)
    state = str(view["state"])
    if _closed(view):
        return _draw("out.html", view)
    if state in _BROWSING:
        catalogue = _terminal(request).catalogue
        home = catalogue.home()
        if "q" in request.query_params:
            query = request.query_params["q"].strip()[:_QUERY_LONGEST]
            return _draw("search.html", view, back="/", home=home, **_answer(_terminal(request), query))
        return _draw("home.html", view, home=home, departments=home["departments"][:_DEPARTMENTS_ON_HOME])
    return _draw(f"{state}.html", view, **_extras(view))


def _extras(view: Mapping[str, Any]) -> dict[str, Any]:
    extras: dict[str, Any] = {}
    if view["state"] == "fill":
        extras["fields"] = field_views(view["fields"] or [])
    if view["state"] == "print":
        extras["printing"] = view["printing"] or _NO_ACT
    if view["state"] in {"print", "outcome"}:
        extras["alternatives"] = (view["item"] or {}).get("alternatives") or []
    return extras


async def found(request: Request) -> Response:
    """The list under the search box, as a fragment, while somebody types."""
    view = _view(request)
    if view["state"] not in _BROWSING:
        return Response(status_code=409)
    catalogue = _terminal(request).catalogue
    query = request.query_params.get("q", "").strip()[:_QUERY_LONGEST]
    return _draw("found.html", view, home=catalogue.home(), **_answer(_terminal(request), query))


def _answer(terminal: Any, query: str) -> dict[str, Any]:
    answer = terminal.catalogue.answer(query, _SEARCH_MOST) if query else {"items": []}
    if query:
        terminal.asked(query, answer)
    return {"query": query, "answer": answer, "items": answer["items"]}


def _away(view: Mapping[str, Any]) -> Response | None:
    """Browse pages exist only while choosing: in the middle of a journey they lead back to its step."""
    if view["state"] not in _BROWSING or _closed(view):
        return RedirectResponse("/", status_code=303)
    return None


async def departments(request: Request) -> Response:
    view = _view(request)
    return _away(view) or _draw(
        "departments.html", view, back="/", departments=_terminal(request).catalogue.home()["departments"]
    )


async def department(request: Request) -> Response:
    view = _view(request)
    listed = _terminal(request).catalogue.department(request.path_params["code"])
    return _away(view) or _list(view, listed, over=_("按部门找"), back="/departments/")


async def event(request: Request) -> Response:
    view = _view(request)
    listed = _terminal(request).catalogue.event(request.path_params["code"])
    return _away(view) or _list(view, listed, over=_("按事情找"), back="/")


def _list(view: Mapping[str, Any], listed: Mapping[str, Any] | None, *, over: str, back: str) -> Response:
    if listed is None:
        return RedirectResponse("/", status_code=303)
    items = listed["items"]
    usable = sum(1 for item in items if item["can_start"])
    context = {"heading": listed["name"], "over": over, "items": items, "usable": usable}
    return _draw("list.html", view, back=back, joint=listed.get("joint") or [], **context)


async def faults(request: Request) -> Response:
    """停用告示: everything that does not work here, this machine's first."""
    view = _view(request)
    if view["state"] not in _BROWSING or not (view["faults"] or {}).get("rows"):
        return RedirectResponse("/", status_code=303)
    return _draw("faults.html", view, back="/")


async def report(request: Request) -> Response:
    """报修: the code with which a person's own phone says what is wrong with this machine, also without our network."""
    view = _view(request)
    if view["state"] not in _BROWSING or not view["terminal"].get("report_url"):
        return RedirectResponse("/", status_code=303)
    return _draw("report.html", view, back="/")


async def here(request: Request) -> Response:
    """巡查码: the changing code by which who walks a round proves to stand here; drawn anew within its minute."""
    view, address = _view(request), _terminal(request).presence()
    if view["state"] not in _BROWSING or not address:
        return RedirectResponse("/", status_code=303)
    return _draw("here.html", view, back="/", address=address)


async def item(request: Request) -> Response:
    view = _view(request)
    away = _away(view)
    if away is not None:
        return away
    chosen = _terminal(request).catalogue.item(request.path_params["code"])
    if chosen is None:
        return error_page(
            request, _("没有找到这个事项"), _("它可能刚刚从目录里撤下。"), _("没有提交任何内容。"), status=404
        )
    if chosen.get("joint"):
        return _draw("joint.html", view, back="/", item=chosen)
    chosen.setdefault("unverified", False)
    if not chosen["can_start"] and chosen["truth"] != Truth.MACHINE:
        _terminal(request).looked_in_vain(chosen["code"], chosen["reason"])
    return _draw("item.html", view, back="/", item=chosen, guide=words.guide(chosen), steps=words.steps(chosen))


def error_page(request: Request, title: str, text: str, safe: str, status: int = 500) -> Response:
    """What happened, what is safe, what to do now. Never raises: the last page that can still be shown."""
    try:
        view = _view(request)
        return html(
            "error.html", view, {"ways": _ways(view), "title": title, "text": text, "safe": safe}, status=status
        )
    except Exception as problem:
        log.error("screens.error_page_failed", kind=type(problem).__name__)
        return html("plain.html", {"lang": "zh"}, {"title": title, "text": text, "safe": safe}, status=status)


def routes() -> list[BaseRoute]:
    """Routes of the screens; the application adds them after its own."""
    return [
        Route("/", index),
        Route("/found", found),
        Route("/departments/", departments),
        Route("/departments/{code}", department),
        Route("/events/{code}", event),
        Route("/items/{code}", item),
        Route("/faults", faults),
        Route("/report", report),
        Route("/here", here),
        Mount("/static", StaticFiles(directory=STATIC), name="static"),
    ]
