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
TO_THE_SECOND_S = 600


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
    """30 秒, 1 分钟 30 秒, 1 小时 5 分钟, 2 天 3 小时: the words of rules.escalation.span_words. To the second up to
    ten minutes, to the minute up to a day; what is less is cut off.
    """
    if seconds is None:
        return "—"
    whole = int(seconds)
    fine = 1 if whole < TO_THE_SECOND_S else 60 if whole < 86400 else 3600
    whole -= whole % fine
    days, hours, minutes, left = whole // 86400, whole // 3600 % 24, whole // 60 % 60, whole % 60
    parts = []
    if days:
        parts.append(_("%(n)s 天") % {"n": days})
    if hours:
        parts.append(_("%(n)s 小时") % {"n": hours})
    if minutes:
        parts.append(_("%(n)s 分钟") % {"n": minutes})
    if left or not parts:
        parts.append(_("%(n)s 秒") % {"n": left})
    return " ".join(parts)


@register.filter
def percent(value: float | None) -> str:
    """98.3 %."""
    return "—" if value is None else f"{value * 100:.1f} %"
