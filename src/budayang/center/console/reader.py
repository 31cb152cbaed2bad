"""Who reads a page, for the console's own modules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.http import HttpRequest

from budayang.center.platform.access import PUBLIC, allowed_of
from budayang.center.platform.actors import Actor


def reader(request: HttpRequest) -> Actor:
    """The signed-in actor that the access middleware put on the request."""
    return cast(Actor, request.actor)  # type: ignore[attr-defined]  # set by AccessMiddleware on every request


def may_open(view: Callable[..., Any], actor: Actor) -> bool:
    """Whether a view's declaration (`@allow`) admits the actor; an undeclared view admits nobody."""
    allowed = allowed_of(view) or frozenset()
    return PUBLIC in allowed or bool({role.value for role in actor.roles} & allowed)
