"""Template tags of the console's frame."""

from __future__ import annotations

from typing import Any

from django import template
from django.conf import settings
from django.http import HttpRequest
from django.urls import resolve, reverse
from django.utils.translation import gettext as _

from budayang import data
from budayang.center.console import nav
from budayang.center.console.reader import may_open as opens
from budayang.center.console.reader import reader
from budayang.center.platform import queries
from budayang.center.platform.actors import Grant, Role

register = template.Library()


@register.simple_tag(takes_context=True)
def navigation(context: dict[str, Any]) -> list[nav.ShownChapter]:
    """The chapters that the reader of this page may open; none on error pages, which have no request."""
    request = context.get("request")
    return nav.chapters(request) if isinstance(request, HttpRequest) and hasattr(request, "actor") else []


@register.simple_tag(takes_context=True)
def may_open(context: dict[str, Any], name: str) -> bool:
    """Whether the reader of this page may open the address of this name."""
    request = context.get("request")
    if not isinstance(request, HttpRequest) or not hasattr(request, "actor"):
        return False
    return opens(resolve(reverse(name)).func, reader(request))


@register.simple_tag
def demonstration_cast() -> dict[str, Any]:
    """The demonstration's logins with their shared password; the sign-in page asks only while `demo` is on."""
    if not settings.BUDAYANG.demo:
        return {}
    cast = data.demo()
    places = {row.code: row.name for row in data.regions()} | {area.place: area.name for area in cast.areas}
    people = [
        {
            "username": one.username,
            "name": one.name,
            "role": Role(one.role).label,
            "place": places.get(one.place, one.place),
        }
        for one in cast.staff
    ]
    return {"password": cast.password, "people": people}


@register.simple_tag(takes_context=True)
def my_roles(context: dict[str, Any]) -> str:
    """The reader's roles in words."""
    return "、".join(sorted({str(grant.role.label) for grant in _grants(context)})) or _("没有角色")


@register.simple_tag(takes_context=True)
def my_scope(context: dict[str, Any]) -> str:
    """The places that the reader's pages are about; the outermost only."""
    paths = sorted({grant.place_path for grant in _grants(context)}, key=len)
    outer = [path for number, path in enumerate(paths) if not any(path.startswith(one) for one in paths[:number])]
    found = [queries.find_place_by_path(path) for path in outer[:3]]
    names = "、".join(place.name for place in found if place)
    return _("%(names)s等 %(count)d 处") % {"names": names, "count": len(outer)} if len(outer) > 3 else names


def _grants(context: dict[str, Any]) -> tuple[Grant, ...]:
    request = context.get("request")
    return reader(request).grants if isinstance(request, HttpRequest) and hasattr(request, "actor") else ()


@register.filter
def get(mapping: dict[str, Any], key: str) -> Any:
    """A value of a mapping by a key that is itself a variable; the key when it is not there."""
    return mapping.get(key, key)
