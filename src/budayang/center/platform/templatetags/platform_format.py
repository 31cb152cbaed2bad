"""How pages write times, spans and shares: as Chinese readers expect, in the viewer's language, in the area's zone."""

from __future__ import annotations

from datetime import date, datetime

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from budayang.center.platform import wording

register = template.Library()
register.filter("words", wording.words)


def _chinese() -> bool:
    return (get_language() or "zh").startswith("zh")


@register.filter
def moment(value: datetime | None) -> str:
    """11月23日 02:14 (with the year when it is not this one)."""
    if value is None:
        return "—"
    local = timezone.localtime(value)
    year = local.year != timezone.localtime().year
    if _chinese():
        return f"{f'{local.year}年' if year else ''}{local.month}月{local.day}日 {local:%H:%M}"
    return f"{local:%b} {local.day}{f', {local.year}' if year else ''} {local:%H:%M}"


@register.filter
def day(value: date | None) -> str:
    """2026年11月23日."""
    if value is None:
        return "—"
    return f"{value.year}年{value.month}月{value.day}日" if _chinese() else date_format(value, "N j, Y")


def day_and_clock(local: datetime) -> str:
    """2026年11月23日 02:14, of a moment that is in its place's zone already."""
    return f"{day(local)} {local:%H:%M}"


@register.filter
def clock(value: datetime | None) -> str:
    """02:14."""
    return "—" if value is None else timezone.localtime(value).strftime("%H:%M")


@register.filter
def duration(seconds: float | None) -> str:
    """1小时5分; under a minute in seconds."""
    if seconds is None:
        return "—"
    whole = int(seconds)
    if whole < 60:
        return _("%(n)d秒") % {"n": whole}
    minutes, hours, days = whole // 60 % 60, whole // 3600 % 24, whole // 86400
    parts = []
    if days:
        parts.append(_("%(n)d天") % {"n": days})
    if hours:
        parts.append(_("%(n)d小时") % {"n": hours})
    if minutes and not days:
        parts.append(_("%(n)d分") % {"n": minutes})
    return "".join(parts) if _chinese() else " ".join(parts)


@register.filter
def percent(value: float | None) -> str:
    """98.3 %."""
    return "—" if value is None else f"{value * 100:.1f} %"
