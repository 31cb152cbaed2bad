"""Reads of placement suggestions, and the rows that one was made of, as they stand now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, QuerySet
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from budayang.center.evaluation.models import PlacementStanding, PlacementSuggestion, Visit
from budayang.center.evaluation.placement_gather import JOB, Span
from budayang.center.platform.actors import Actor
from budayang.center.platform.queries import scope_q
from budayang.center.services import queries as services
from budayang.center.services import search_queries, trip_queries
from budayang.center.terminals import queries as terminals
from budayang.rules.placement import Stay, back_to_back

MOST_ROWS = 500


@dataclass(frozen=True, slots=True)
class Behind:
    """The rows behind a suggestion: heads and cells, and how many there are in all."""

    heads: Sequence[str]
    rows: Sequence[Sequence[object]]
    total: int


def suggestions_visible_to(actor: Actor) -> QuerySet[PlacementSuggestion]:
    """Suggestions of the actor's places; bodies' people see none: they are the area's to judge."""
    rows = PlacementSuggestion.objects.filter(scope_q(actor, "place_path"))
    return rows.select_related("area__place", "improvement")


def last_computed(area_ids: Sequence[int]) -> dict[int, Any]:
    """Area → when it was computed last."""
    rows = PlacementStanding.objects.filter(area_id__in=area_ids, computed_at__isnull=False)
    return dict(rows.values_list("area_id", "computed_at"))


def behind(row: PlacementSuggestion) -> Behind:
    """What the suggestion was made of, over its own days."""
    span = Span(row.first_on, row.last_on, row.area.place.zone)
    match row.kind:
        case "idle":
            return _trips(row.key, span)
        case "overlap":
            one, _bar, other = row.key.partition("|")
            return _shared(one, other, int(row.thresholds["placement_overlap_cases"]), span)
        case "queue":
            return _starts(row, span)
        case "missing":
            found = search_queries.days_of(row.area_id, row.first_on, row.last_on, item_code=row.key)
        case _:
            found = search_queries.days_of(row.area_id, row.first_on, row.last_on, text=row.key)
    return _made((_("日期"), _("找了几次")), [(on.isoformat(), n) for on, n in found])


def _made(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> Behind:
    return Behind(heads, rows[:MOST_ROWS], len(rows))


def _trips(code: str, span: Span) -> Behind:
    """Trips and matters of a machine day by day; days without any are rows of zero."""
    zone = ZoneInfo(span.zone)
    trips = trip_queries.trips_visible_to(JOB).filter(span.within("at"), terminal__code=code)
    cases = services.cases_visible_to(JOB).filter(span.within("accepted_at"), terminal__code=code)
    came = Counter(at.astimezone(zone).date() for at in trips.values_list("at", flat=True))
    done = Counter(at.astimezone(zone).date() for at in cases.values_list("accepted_at", flat=True))
    days = [span.last - timedelta(days=n) for n in range((span.last - span.first).days + 1)]
    return _made((_("日期"), _("来了几趟"), _("办了几件")), [(on.isoformat(), came[on], done[on]) for on in days])


def _shared(one: str, other: str, most: int, span: Span) -> Behind:
    """Items that both offer and that both together did at most so often of."""
    offered: dict[str, set[str]] = {one: set(), other: set()}
    names: dict[str, str] = {}
    pairs = services.offerings_on(terminals.in_service().filter(code__in=(one, other))).filter(driven=True).order_by()
    for terminal, item, name in pairs.values_list("terminal__code", "item__code", "item__name"):
        offered[terminal].add(item)
        names[item] = name
    cases = (
        services.cases_visible_to(JOB).filter(span.within("accepted_at"), terminal__code__in=(one, other)).order_by()
    )
    done = {
        (terminal, item): n
        for terminal, item, n in cases.values_list("terminal__code", "item__code").annotate(n=Count("pk"))
    }
    rows = []
    for item in sorted(offered[one] & offered[other]):
        here, there = done.get((one, item), 0), done.get((other, item), 0)
        if here + there <= most:
            rows.append((names[item], here, there))
    return _made((_("事项"), one, other), rows)


def _starts(row: PlacementSuggestion, span: Span) -> Behind:
    """Journeys that began in the hour back to back, the latest first."""
    found = Visit.objects.filter(
        terminal__area_id=row.area_id, at__gte=span.start, at__lt=span.end + timedelta(hours=1)
    ).values_list("terminal__code", "at", "seconds")
    stays = [Stay(code, at - timedelta(seconds=seconds), at) for code, at, seconds in found]
    inside = [one for one in stays if span.start <= one.start < span.end]
    zone, hour = ZoneInfo(span.zone), int(row.key)
    close = [
        one
        for one, follows in back_to_back(inside, row.thresholds["placement_gap_s"])
        if follows and one.start.astimezone(zone).hour == hour
    ]
    rows = [
        (one.terminal, f"{localtime(one.start, zone):%Y-%m-%d %H:%M:%S}", round((one.end - one.start).total_seconds()))
        for one in sorted(close, key=lambda stay: stay.start, reverse=True)
    ]
    return _made((_("终端"), _("开始"), _("办了几秒")), rows)
