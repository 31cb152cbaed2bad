"""白跑率 by area and month. Reads start at the areas that the actor sees."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, QuerySet

from budayang.center.areas import queries as areas
from budayang.center.platform.actors import Actor
from budayang.center.services.models import Trip
from budayang.rules.calendars import DEFAULT_ZONE
from budayang.rules.trips import Rate, add, rate


@dataclass(frozen=True, slots=True)
class AreaRate:
    """One area in one month."""

    area: Any
    month: date
    rate: Rate


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason of wasted trips and how many of them."""

    result: str
    step: str
    why: str
    item_code: str
    trips: int


def month_span(month: date, zone: str = DEFAULT_ZONE) -> tuple[datetime, datetime]:
    """The month as a half-open span in the city's zone."""
    place = ZoneInfo(zone)
    first = month.replace(day=1)
    following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return datetime.combine(first, time(0), place), datetime.combine(following, time(0), place)


def trips_visible_to(actor: Actor) -> QuerySet[Trip]:
    """Trips to the areas that the actor sees."""
    rows = Trip.objects.filter(area_id__in=areas.visible_to(actor).values("pk"))
    return rows.select_related("area", "terminal").defer("client")


def rates(actor: Actor, months: Iterable[date]) -> list[AreaRate]:
    """Area by area and month by month; areas without a trip are there with a rate of none."""
    visible = list(areas.visible_to(actor).order_by("code"))
    found = []
    for month in months:
        start, end = month_span(month)
        counts: dict[int, dict[str, int]] = {}
        rows = Trip.objects.filter(at__gte=start, at__lt=end, area_id__in=[one.pk for one in visible])
        for area_id, result, n in rows.values_list("area_id", "result").annotate(n=Count("pk")).order_by():
            counts.setdefault(area_id, {})[result] = n
        found += [AreaRate(one, month, rate(counts.get(one.pk, {}))) for one in visible]
    return found


def together(rows: Iterable[AreaRate]) -> Rate:
    return add(one.rate for one in rows)


def causes(actor: Actor, month: date, limit: int = 20) -> list[Cause]:
    """What wasted the month's trips, the most frequent first."""
    start, end = month_span(month)
    visible = areas.visible_to(actor).values("pk")
    rows = Trip.objects.filter(at__gte=start, at__lt=end, area_id__in=visible).exclude(result="finished")
    counted = rows.values_list("result", "step", "why", "item_code").annotate(n=Count("pk")).order_by("-n", "result")
    return [Cause(*row) for row in counted[:limit]]
