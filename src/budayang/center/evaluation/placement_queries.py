"""Reads of placement suggestions, and the rows that one was made of, as they stand now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, QuerySet
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from budayang.center.evaluation.models import PlacementStanding, PlacementSuggestion
from budayang.center.evaluation.placement_gather import JOB, Span, days_there, stays_of
from budayang.center.platform.actors import Actor
from budayang.center.platform.queries import scope_q
from budayang.center.services import queries as services
from budayang.center.services import search_queries, trip_queries
from budayang.center.terminals import queries as terminals
from budayang.rules.placement import back_to_back

MOST_ROWS = 500


@dataclass(frozen=True, slots=True)
class Behind:
    """The rows behind a suggestion: heads and cells, and how many there are in all. `refs`: "kind:key" of what each row
    is about; "" for none.
    """

    heads: Sequence[str]
    rows: Sequence[Sequence[object]]
    total: int
    refs: Sequence[str]


def suggestions_visible_to(actor: Actor) -> QuerySet[PlacementSuggestion]:
    """Suggestions of the actor's places; bodies' people see none: they are the area's to judge."""
    rows = PlacementSuggestion.objects.filter(scope_q(actor, "place_path"))
    return rows.select_related("area__place", "improvement")


def last_computed(area_ids: Sequence[int]) -> dict[int, Any]:
    """Area → when it was computed last."""
    rows = PlacementStanding.objects.filter(area_id__in=area_ids, computed_at__isnull=False)
    return dict(rows.values_list("area_id", "computed_at"))


def states_of(area_ids: Collection[int]) -> dict[tuple[int, str, str], str]:
    """(area, kind, key) → how a suggestion stands now."""
    rows = PlacementSuggestion.objects.filter(area_id__in=list(area_ids))
    return {(area, kind, key): state for area, kind, key, state in rows.values_list("area_id", "kind", "key", "state")}


def behind(row: PlacementSuggestion) -> Behind:
    """What the suggestion was made of, over its own days."""
    span = Span(row.first_on, row.last_on, row.area.place.zone)
    return rows_behind(row.kind, row.key, row.area_id, span, row.thresholds)


def rows_behind(kind: str, key: str, area_id: int, span: Span, thresholds: Mapping[str, float]) -> Behind:
    """What a suggestion of an area is made of."""
    match kind:
        case "idle":
            return _trips(key, span)
        case "overlap":
            one, _bar, other = key.partition("|")
            return _shared(one, other, int(thresholds["placement_overlap_cases"]), span)
        case "queue":
            return _starts(area_id, int(key), thresholds["placement_gap_s"], span)
        case "missing":
            found = search_queries.days_of(area_id, span.first, span.last, item_code=key)
        case _:
            found = search_queries.days_of(area_id, span.first, span.last, text=key)
    ref = f"item:{key}" if kind == "missing" else ""
    return _made((_("日期"), _("找了几次")), [(on.isoformat(), n) for on, n in found], [ref] * len(found))


def _made(heads: Sequence[str], rows: Sequence[Sequence[object]], refs: Sequence[str]) -> Behind:
    return Behind(heads, rows[:MOST_ROWS], len(rows), refs[:MOST_ROWS])


def _trips(code: str, span: Span) -> Behind:
    """Trips and matters of a machine on each whole day that it was there; days without any are rows of zero. The day on
    which it came is there when somebody used it then.
    """
    zone = ZoneInfo(span.zone)
    since = terminals.in_service().filter(code=code).values_list("enrolled_at", flat=True).first()
    trips = trip_queries.trips_visible_to(JOB).filter(span.within("at"), terminal__code=code)
    cases = services.cases_visible_to(JOB).filter(span.within("accepted_at"), terminal__code=code)
    came = Counter(at.astimezone(zone).date() for at in trips.values_list("at", flat=True))
    done = Counter(at.astimezone(zone).date() for at in cases.values_list("accepted_at", flat=True))
    days = [span.last - timedelta(days=n) for n in range(days_there(since, span))]
    days += sorted((on for on in came if on not in days), reverse=True)
    told = [(on.isoformat(), came[on], done[on]) for on in days]
    return _made((_("日期"), _("来了几趟"), _("办了几件")), told, [f"terminal:{code}"] * len(days))


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
    rows, refs = [], []
    for item in sorted(offered[one] & offered[other]):
        here, there = done.get((one, item), 0), done.get((other, item), 0)
        if here + there <= most:
            rows.append((names[item], here, there))
            refs.append(f"item:{item}")
    return _made((_("事项"), one, other), rows, refs)


def _starts(area_id: int, hour: int, gap_s: float, span: Span) -> Behind:
    """Journeys that began in the hour back to back, the latest first."""
    zone, inside = ZoneInfo(span.zone), stays_of(area_id, span)
    close = [one for one, follows in back_to_back(inside, gap_s) if follows and one.start.astimezone(zone).hour == hour]
    close.sort(key=lambda stay: stay.start, reverse=True)
    rows = [
        (one.terminal, f"{localtime(one.start, zone):%Y-%m-%d %H:%M:%S}", round((one.end - one.start).total_seconds()))
        for one in close
    ]
    return _made((_("终端"), _("开始"), _("办了几秒")), rows, [f"terminal:{one.terminal}" for one in close])
