"""Departments' hours in words, for pages."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _


def weekly_words(weekly: list[list[Any]]) -> list[str]:
    """Weekly windows in words: days with the same windows are joined ("周一至周五 08:30–17:30")."""
    names = [_("周一"), _("周二"), _("周三"), _("周四"), _("周五"), _("周六"), _("周日")]
    by_day = ["、".join(f"{opens}–{closes}" for day, opens, closes in weekly if day == number) for number in range(7)]
    if len(set(by_day)) == 1 and by_day[0]:
        whole = by_day[0] == "00:00–24:00"
        return [_("每天24小时") if whole else _("每天 %(hours)s") % {"hours": by_day[0]}]
    found: list[str] = []
    start = 0
    for number in range(1, 8):
        if number < 7 and by_day[number] == by_day[start]:
            continue
        days = names[start] if start == number - 1 else _("%(a)s至%(b)s") % {"a": names[start], "b": names[number - 1]}
        found.append(f"{days} {by_day[start] or _('不开放')}")
        start = number
    return found


def hours_words(weekly: list[list[Any]]) -> str:
    """The same in one line; no window at all is said so."""
    return "；".join(weekly_words(weekly)) if weekly else _("没有开放时段")
