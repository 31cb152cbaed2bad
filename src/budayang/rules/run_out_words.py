"""The sentences of a forecast, and the hours that stand in for a roster."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from budayang.rules.intervals import Interval, clip, union
from budayang.rules.run_outs import WHY_TEXTS, Forecast, Unattended

WEEKDAYS = "一二三四五六日"
SOON = timedelta(days=7)


def moment_words(at: datetime, zone: str, now: datetime) -> str:
    """ "周六 03:00" within a week, "12月3日 周四 03:00" beyond it."""
    local, today = at.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone)).date()
    clock = f"{local:%H:%M}"
    days = (local.date() - today).days
    if days in (0, 1):
        return f"{('今天', '明天')[days]} {clock}"
    day = f"周{WEEKDAYS[local.weekday()]}"
    return f"{day} {clock}" if 0 < days < SOON.days else f"{local.month}月{local.day}日 {day} {clock}"


def foretold_words(at: datetime, zone: str, now: datetime) -> str:
    """A foretold moment, as exact as it can be meant: the hour within a week, the day beyond it."""
    text = moment_words((at + timedelta(minutes=30)).replace(minute=0, second=0, microsecond=0), zone, now)
    return text.rpartition(" ")[0] if text.count(" ") > 1 else text


def forecast_words(found: Forecast, zone: str, now: datetime) -> str:
    """ "预计周六 03:00 前后（周五 22:00—周六 11:00）", or why nothing is foretold."""
    if not found.known or found.p10 is None:
        return WHY_TEXTS[found.why]
    early = foretold_words(found.p10, zone, now)
    late = foretold_words(found.p90, zone, now) if found.p90 else "60天以后"
    if found.p50 is None:
        return f"最早{early}，多半在60天以后"
    day, space, clock = late.rpartition(" ")
    if space and ":" in clock and early.startswith(f"{day} "):
        late = clock
    span = f"（{early}—{late}）" if early != late else ""
    return f"预计{foretold_words(found.p50, zone, now)} 前后{span}"


def explain(name: str, found: Forecast, gap: Unattended, zone: str, *, rostered: bool, now: datetime) -> str:
    """Why there is an order: when it runs out, and when nobody is there."""
    runs = f"{name}{forecast_words(found, zone, now)}用完"
    if gap.back_at is None:
        when = f"{moment_words(gap.leaves_at, zone, now)}以后" if gap.leaves_at else "现在和以后"
        nobody = f"{when}没有排人值班"
    elif gap.leaves_at is None:
        nobody = f"现在无人值守，到{moment_words(gap.back_at, zone, now)}才有人"
    else:
        leaves, back = moment_words(gap.leaves_at, zone, now), moment_words(gap.back_at, zone, now)
        nobody = f"{leaves}以后无人值守，到{back}才有人"
    basis = "" if rostered else "（没有值班表，按工作日办公时间算）"
    return f"{runs}；{nobody}{basis}。请在有人时补足。"


def office_hours(
    start: datetime, end: datetime, zone: str, *, opens_s: float, closes_s: float, worked: Callable[[date], bool]
) -> list[Interval]:
    """The hours of workdays within [start, end). ``opens_s`` and ``closes_s``: seconds after midnight by the clock."""
    place = ZoneInfo(zone)
    found: list[Interval] = []
    day = start.astimezone(place).date()
    while day <= end.astimezone(place).date():
        if worked(day) and opens_s < closes_s:
            midnight = datetime.combine(day, time(0), place)
            # Wall-clock arithmetic: 08:30 stays 08:30 on a day on which clocks are changed.
            found.append(Interval(midnight + timedelta(seconds=opens_s), midnight + timedelta(seconds=closes_s)))
        day += timedelta(days=1)
    window = Interval(start, end)
    return clip(union(found), window)
