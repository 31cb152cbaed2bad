"""What areas promised: windows of one area, and of many with a fixed number of queries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from budayang.center.areas.models import Area, HoursException, PromisedHours
from budayang.rules.calendars import DayException, WeeklyWindow, open_windows
from budayang.rules.intervals import Interval, clip, union

DAY = timedelta(days=1)
Version = tuple[date, tuple[WeeklyWindow, ...]]
"""From which day on, and the weekly windows."""


def promised_windows(area_id: int, start: datetime, end: datetime) -> list[Interval]:
    """The promised opening times of an area within [start, end), by the version in force on each day.

    A window belongs to the day on which it opens: one that runs past midnight into a new version's first day stays
    whole, because each version is asked for its own days only (the days around them are closed by an exception).
    Raises Area.DoesNotExist.
    """
    found = promised_by_area([area_id], start, end)
    if area_id not in found:
        raise Area.DoesNotExist
    return list(found[area_id])


def promised_by_area(area_ids: Iterable[int], start: datetime, end: datetime) -> dict[int, tuple[Interval, ...]]:
    """The same of many areas with four queries. Areas with the same promise share one answer, counted once."""
    zones = dict(Area.objects.filter(id__in=list(area_ids)).values_list("id", "place__zone"))
    earliest, latest = (at.astimezone(ZoneInfo("UTC")).date() for at in (start - 2 * DAY, end + 2 * DAY))
    versions: dict[int, list[Version]] = {}
    rows = PromisedHours.objects.filter(area_id__in=list(zones), valid_from__lte=latest)
    for row in rows.order_by("valid_from").prefetch_related("windows"):
        versions.setdefault(row.area_id, []).append((row.valid_from, weekly(row)))
    exceptions: dict[int, list[DayException]] = {}
    for one in HoursException.objects.filter(area_id__in=list(zones), on__range=(earliest, latest)).order_by("on"):
        exceptions.setdefault(one.area_id, []).append(_day_exception(one))
    known: dict[tuple[str, tuple[Version, ...], tuple[DayException, ...]], tuple[Interval, ...]] = {}
    found: dict[int, tuple[Interval, ...]] = {}
    for area_id, zone in zones.items():
        promise = (zone, tuple(versions.get(area_id, ())), tuple(exceptions.get(area_id, ())))
        if promise not in known:
            known[promise] = _windows(*promise, start, end)
        found[area_id] = known[promise]
    return found


def _windows(
    zone: str, versions: Sequence[Version], exceptions: Sequence[DayException], start: datetime, end: datetime
) -> tuple[Interval, ...]:
    place = ZoneInfo(zone)
    first, last = start.astimezone(place).date() - DAY, end.astimezone(place).date()
    found: list[Interval] = []
    for number, (valid_from, windows) in enumerate(versions):
        day = max(valid_from, first)
        after = versions[number + 1][0] if number + 1 < len(versions) else last + DAY
        after = min(after, last + DAY)
        if day < after:
            found += _version_windows(windows, exceptions, day, after, zone)
    return tuple(clip(union(found), Interval(start, end)))


def _version_windows(
    windows: tuple[WeeklyWindow, ...], exceptions: Sequence[DayException], day: date, after: date, zone: str
) -> list[Interval]:
    """Windows that open on the days [day, after) of one version, up to a day beyond the last of them."""
    around = {day - DAY, after, after + DAY}
    own = [one for one in exceptions if one.on not in around]
    closed = [DayException(on=on, closed=True) for on in sorted(around)]
    tz = ZoneInfo(zone)
    return open_windows(
        windows,
        [*own, *closed],
        datetime.combine(day, time(), tz),
        datetime.combine(after + DAY, time(), tz),
        zone=zone,
    )


def _day_exception(row: HoursException) -> DayException:
    windows = () if row.closed or row.opens is None or row.closes is None else ((row.opens, row.closes),)
    return DayException(on=row.on, closed=row.closed, windows=windows, reason=row.reason)


def weekly(version: PromisedHours) -> tuple[WeeklyWindow, ...]:
    """The windows of a version as the rules read them."""
    return tuple(WeeklyWindow(row.weekday, row.opens, row.closes, row.closes_next_day) for row in version.windows.all())
