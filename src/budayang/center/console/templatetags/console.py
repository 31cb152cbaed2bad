"""Template tags of the console's frame."""

from __future__ import annotations

from typing import Any

from django import template
from django.conf import settings
from django.http import HttpRequest

from budayang import data
from budayang.center.console import nav
from budayang.center.platform.actors import Role

register = template.Library()


@register.simple_tag(takes_context=True)
def navigation(context: dict[str, Any]) -> list[nav.ShownChapter]:
    """The chapters that the reader of this page may open; none on error pages, which have no request."""
    request = context.get("request")
    return nav.chapters(request) if isinstance(request, HttpRequest) and hasattr(request, "actor") else []


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
