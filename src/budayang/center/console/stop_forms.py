"""The form of a planned stop: what, when, how often; in a person's words, turned into times and a rule."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from budayang.center.areas.models import PlannedStop
from budayang.center.areas.occurrences import rule_of
from budayang.center.areas.recurrence import (
    DAYS,
    WEEKDAYS,
    BadRecurrence,
    Recurrence,
    clock_of,
    closing,
    first_on_or_after,
    parse,
)
from budayang.center.console.forms import DateField
from budayang.center.platform.wording import words

ONCE = "once"


def _weekdays() -> list[tuple[str, str]]:
    return [(day, words(name)) for day, name in zip(DAYS, WEEKDAYS, strict=True)]


REPEATS = [
    (ONCE, _("不重复")),
    ("daily", _("每天")),
    ("weekly", _("每周")),
    ("monthly_date", _("每月同一日")),
    ("monthly_last", _("每月最后一天")),
    ("monthly_day", _("每月第几个星期几（按开始日期）")),
    ("monthly_week", _("每月最后一个星期几（按开始日期）")),
]
LAST_WEEK = 5  # the fifth of a weekday is meant as the month's last: not every month has a fifth


class ClockField(forms.TimeField):
    """A time of day, with the browser's own picker."""

    widget = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")


class StopTimesForm(forms.Form):
    """When and how often. After `is_valid()`: `starts_at`, `ends_at` (aware) and `rrule` of the first occurrence."""

    on = DateField(label=_("开始日期"))
    opens = ClockField(label=_("开始时刻"))
    closes = ClockField(label=_("结束时刻"), help_text=_("不晚于开始时刻就是到次日；到当天半夜写 00:00。"))
    ends_on = DateField(label=_("结束日期"), required=False, help_text=_("连续停几天时填写，例如停到周一。"))
    repeat = forms.ChoiceField(label=_("重复"), choices=REPEATS, initial=ONCE)
    interval = forms.IntegerField(
        label=_("每隔"), min_value=1, max_value=99, required=False, help_text=_("1 是每天、每周、每月；2 是隔一次。")
    )
    weekdays = forms.MultipleChoiceField(
        label=_("每周的哪几天"),
        choices=_weekdays,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("只在选“每周”时有用；不选就是开始日期的那一天。"),
    )
    until = DateField(label=_("重复到哪天"), required=False, help_text=_("含当天；不填就一直重复，随时可以结束。"))
    reason = forms.CharField(label=_("原因"), max_length=120, help_text=_("市民会看到，例如：更换打印机。"))

    def __init__(self, *args: Any, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone
        self.starts_at = self.ends_at = datetime.min.replace(tzinfo=ZoneInfo(zone))
        self.rrule = ""

    def clean(self) -> dict[str, Any]:
        found = self.cleaned_data
        if {"on", "opens", "closes", "repeat"} - found.keys():
            return found
        on, opens, closes = found["on"], found["opens"], found["closes"]
        days = 1 if closes <= opens else 0
        if found.get("ends_on"):
            days = (found["ends_on"] - on).days
            if days < 0 or (days == 0 and closes <= opens):
                self.add_error("ends_on", gettext("结束要晚于开始。"))
                return found
        if found["repeat"] != ONCE:
            try:
                on = self._repeat(found, on, opens)
            except BadRecurrence as error:
                self.add_error("repeat", str(error))
                return found
        zone = ZoneInfo(self.zone)
        self.starts_at = datetime.combine(on, opens, zone)
        self.ends_at = datetime.combine(on + timedelta(days=days), closes, zone)
        return found

    def _repeat(self, found: dict[str, Any], on: date, opens: time) -> date:
        """Set the rule; returns its first day, on or after the one that was typed."""
        rule = parse(_rule_text(found, on))
        first = first_on_or_after(rule, datetime.combine(on, opens), self.zone)
        if first is None:
            raise BadRecurrence(gettext("截止日期在第一次之前，请改晚一些。"))
        self.rrule = rule.text()
        return first


def _rule_text(found: dict[str, Any], on: date) -> str:
    repeat = found["repeat"]
    parts = [f"FREQ={repeat.partition('_')[0].upper()}", f"INTERVAL={found.get('interval') or 1}"]
    if repeat == "weekly":
        parts.append("BYDAY=" + ",".join(found.get("weekdays") or [DAYS[on.weekday()]]))
    elif repeat == "monthly_date":
        parts.append(f"BYMONTHDAY={on.day}")
    elif repeat == "monthly_last":
        parts.append("BYMONTHDAY=-1")
    elif repeat == "monthly_week":
        parts.append(f"BYDAY=-1{DAYS[on.weekday()]}")
    elif repeat == "monthly_day":
        week = (on.day - 1) // 7 + 1
        parts.append(f"BYDAY={-1 if week >= LAST_WEEK else week}{DAYS[on.weekday()]}")
    if found.get("until"):
        parts.append(f"UNTIL={found['until']:%Y%m%d}")
    return ";".join(parts)


class StopPlanForm(StopTimesForm):
    """What stops, when and how often."""

    target = forms.ChoiceField(label=_("停什么"))
    kind = forms.ChoiceField(label=_("类别"), choices=PlannedStop.Kind.choices, initial=PlannedStop.Kind.MAINTENANCE)
    field_order = [
        "target",
        "kind",
        "reason",
        "on",
        "opens",
        "closes",
        "ends_on",
        "repeat",
        "interval",
        "weekdays",
        "until",
    ]

    def __init__(self, *args: Any, targets: Sequence[tuple[str, Sequence[tuple[str, str]]]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["target"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = list(targets)


def suggestion(local: datetime) -> dict[str, Any]:
    """Tonight at two for two hours: something sensible to correct instead of an empty form."""
    return {"on": local.date() + timedelta(days=1), "opens": time(2), "closes": time(4), "interval": 1}


def typed(stop: PlannedStop, now: datetime) -> dict[str, Any]:
    """What a person would have typed to get this stop, for changing it."""
    zone = stop.place.zone
    first, (days, closes) = clock_of(stop.starts_at, zone), closing(stop.starts_at, stop.ends_at, zone)
    found: dict[str, Any] = {
        "on": first.date(),
        "opens": first.time(),
        "closes": closes,
        "reason": stop.reason,
        "interval": 1,
    }
    if days > 1 or (days == 1 and closes > first.time()):
        found["ends_on"] = first.date() + timedelta(days=days)
    return found | (_typed_rule(rule_of(stop.rrule)) if stop.rrule else {})


def _typed_rule(rule: Recurrence) -> dict[str, Any]:
    found: dict[str, Any] = {"interval": rule.interval}
    if rule.freq == "MONTHLY":
        found["repeat"] = "monthly_last" if -1 in rule.by_month_day else "monthly_date"
        if rule.by_day:
            found["repeat"] = "monthly_week" if rule.by_day[0][0] < 0 else "monthly_day"
    else:
        found["repeat"] = rule.freq.lower()
        found["weekdays"] = [DAYS[day] for _number, day in rule.by_day]
    until = rule.until
    found["until"] = until.date() if isinstance(until, datetime) else until
    return found
