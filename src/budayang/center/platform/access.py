"""Who may call which address: every view says it with `@allow`, and what says nothing is refused.

`tests/test_the_house.py` walks all URLs and proves the whole matrix of roles.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _

from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor, Forbidden
from budayang.center.platform.models import Staff
from budayang.center.platform.queries import actor_of
from budayang.center.platform.roles import FIELD_ROLES, Role

PUBLIC = "public"
TOKEN = "token"
"""Addresses of other machines: their own door looks at the key, and a signed-in browser is nobody there."""
SIGNED_IN = frozenset(Role)
ANY_STAFF = SIGNED_IN - FIELD_ROLES - {Role.WINDOW_CLERK}
"""Whoever works in the house. A window clerk needs the queue of the window and nothing else, guards and cleaners their
own tasks.
"""
# Sign-in pages and static files belong to libraries, whose views cannot carry our mark.
LIBRARY_ADDRESSES = ("account_", "mfa_", "set_language")

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


class StaffRequest(HttpRequest):
    """A request that passed `AccessMiddleware`."""

    actor: Actor


def allow(*who: Role | str | frozenset[Role]) -> Callable[[View], View]:
    """Mark a view with the roles that may call it, `ANY_STAFF`, `SIGNED_IN`, `PUBLIC` or `TOKEN`."""
    names: set[str] = set()
    for entry in who:
        names |= {role.value for role in entry} if isinstance(entry, frozenset) else {str(entry)}

    def mark(view: View) -> View:
        view.allowed = frozenset(names)  # type: ignore[attr-defined]
        return view

    return mark


def allowed_of(view: Callable[..., Any]) -> frozenset[str] | None:
    """The mark of a view, or None when it has none."""
    marked: frozenset[str] | None = getattr(view, "allowed", None)
    return marked


class AccessMiddleware:
    """Sets `request.actor`, refuses unmarked views, and turns `Forbidden` into a 403 page that says what to do."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        user = request.user
        request.actor = actor_of(user) if isinstance(user, Staff) else Actor.public()  # type: ignore[attr-defined]
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        """Answer before the view when the caller may not call it."""
        name = (request.resolver_match.url_name or "") if request.resolver_match else ""
        allowed = allowed_of(view)
        if allowed is None:
            return None if name.startswith(LIBRARY_ADDRESSES) else forbidden_page(request)
        if allowed & {PUBLIC, TOKEN}:
            return None
        actor: Actor = request.actor  # type: ignore[attr-defined]
        if actor.kind != "staff":
            return redirect_to_login(request.get_full_path())
        return None if {role.value for role in actor.roles} & allowed else forbidden_page(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponseBase | None:
        """`Forbidden` and `Refused` are answers for people, not failures of the program."""
        if isinstance(error, Forbidden):
            return forbidden_page(request)
        if isinstance(error, Refused):
            return render(request, "platform/error.html", {"title": _("没有办成"), "message": str(error)}, status=409)
        return None


def forbidden_page(request: HttpRequest) -> HttpResponse:
    """403 with the repair."""
    message = _("您的角色不能打开这个页面。需要的话，请安全管理员为您授权。")
    return render(request, "platform/error.html", {"title": _("没有权限"), "message": message}, status=403)


def page_context(request: HttpRequest) -> dict[str, Any]:
    """What each template may use: the actor, and whether this is demonstration data."""
    return {"actor": getattr(request, "actor", Actor.public()), "demo": settings.BUDAYANG.demo}
