"""Template tags of the console's frame."""

from __future__ import annotations

from typing import Any

from django import template
from django.http import HttpRequest

from budayang.center.console import nav

register = template.Library()


@register.simple_tag(takes_context=True)
def navigation(context: dict[str, Any]) -> list[nav.ShownChapter]:
    """The chapters that the reader of this page may open; none on error pages, which have no request."""
    request = context.get("request")
    return nav.chapters(request) if isinstance(request, HttpRequest) and hasattr(request, "actor") else []
