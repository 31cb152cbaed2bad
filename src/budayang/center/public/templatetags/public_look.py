"""Small words and choices of the public pages' templates."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django import template
from django.utils import timezone
from django.utils.translation import gettext as _

register = template.Library()
NIGHT_FROM, NIGHT_TO = 19, 6


@register.simple_tag
def theme() -> str:
    """night from 19:00 to 06:00 in Ordos, else day: the page turns with the hour, as the terminals do."""
    hour = timezone.now().astimezone(ZoneInfo("Asia/Shanghai")).hour
    return "night" if hour >= NIGHT_FROM or hour < NIGHT_TO else "day"


@register.filter
def kilometres(value: float | None) -> str:
    """直线 3.4 公里; empty when the distance is not known."""
    if value is None:
        return ""
    return _("直线 %(km)s 公里") % {"km": f"{value:.1f}" if value < 10 else f"{value:.0f}"}
