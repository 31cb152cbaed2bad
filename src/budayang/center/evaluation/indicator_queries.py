"""The six public indicators by month, for a whole place and for each of its areas or owner units.

Counts are of the house's own rows; the definitions are rules.evaluation.INDICATORS. Nothing is typed in.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from django.db.models import Count

from budayang.center.areas import queries as areas
from budayang.center.evaluation.models import Invitation, NegativeCase, Rating
from budayang.center.platform import queries as platform
from budayang.center.platform.actors import Actor
from budayang.center.services.queries import finished_counts
from budayang.rules.calendars import DEFAULT_ZONE
from budayang.rules.evaluation import NEGATIVE_LEVELS, Counts, Ratio, measure_all
from budayang.rules.evaluation.negative import CONFIRMED, last_word

JOB = Actor.job("evaluation.indicators")
By = Literal["area", "owner"]
MONTHS = 24


@dataclass(frozen=True, slots=True)
class Row:
    """One line: an area, an owner unit, or (code "") the whole."""

    code: str
    name: str
    counts: Counts
    ratios: Mapping[str, Ratio]


def months_back(now_on: date, count: int = MONTHS) -> list[date]:
    """The first days of this month and of those before it, newest first."""
    index = now_on.year * 12 + now_on.month - 1
    return [date(one // 12, one % 12 + 1, 1) for one in range(index, index - count, -1)]


def month_span(first: date) -> tuple[datetime, datetime]:
    """[start, end) of the month that begins on `first`, in the city's zone."""
    zone = ZoneInfo(DEFAULT_ZONE)
    after = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return tuple(datetime(one.year, one.month, 1, tzinfo=zone) for one in (first, after))  # type: ignore[return-value]


def month_rows(first: date, place_path: str, by: By, owner_ids: set[int] | None = None) -> list[Row]:
    """The whole first, then each area or owner unit that has a case, a rating or an invitation in the month.

    Args:
        first: the first day of the month. owner_ids: only these owner units' machines; None: all.
    """
    start, end = month_span(first)
    parts = _counts(start, end, place_path, by)
    if owner_ids is not None:
        parts = {key: one for key, one in parts.items() if key in owner_ids}
    names = _names(by, parts)
    rows = [Row(*names.get(key, (str(key), str(key))), one, measure_all(one)) for key, one in parts.items()]
    whole = total(list(parts.values()))
    return [Row("", "", whole, measure_all(whole)), *sorted(rows, key=lambda one: one.code)]


def counts_at(start: datetime, end: datetime, place_path: str, as_of: datetime) -> Counts:
    """The whole of a place in [start, end) as it stood at a moment: later ratings, replies and calls are left out."""
    return total(list(_counts(start, end, place_path, "area", as_of).values()))


def total(parts: list[Counts]) -> Counts:
    """The sum: rates of a whole are of its counts, never means of its parts' rates."""
    rated: Counter[str] = Counter()
    active: Counter[str] = Counter()
    for one in parts:
        rated.update(one.rated)
        active.update(one.active)
    return Counts(
        done=sum(one.done for one in parts),
        done_rated=sum(one.done_rated or 0 for one in parts),
        asked=sum(one.asked for one in parts),
        rated=dict(rated),
        active=dict(active),
        negative_replied=sum(one.negative_replied for one in parts),
        visited=sum(one.visited for one in parts),
        visited_fixed=sum(one.visited_fixed for one in parts),
        visited_fixed_satisfied=sum(one.visited_fixed_satisfied for one in parts),
    )


def _counts(
    start: datetime, end: datetime, place_path: str, by: By, as_of: datetime | None = None
) -> dict[int, Counts]:
    key = {"area": "terminal__area_id", "owner": "owner_id"}[by]
    counted = Rating.objects.filter(set_aside_at__isnull=True)
    if as_of is not None:
        counted = counted.filter(at__lte=as_of)
    aside = Rating.objects.filter(set_aside_at__isnull=False).values("case_number")
    here = counted.filter(at__gte=start, at__lt=end, place_path__startswith=place_path)
    done = finished_counts(start, end, place_path, by=by, without=aside)
    done_rated = finished_counts(start, end, place_path, by=by, among=counted.values("case_number"))
    shown = Invitation.objects.filter(place_path__startswith=place_path, channel="terminal").values("case_number")
    asked = finished_counts(start, end, place_path, by=by, among=shown, without=aside)
    rated: dict[int, Counter[str]] = defaultdict(Counter)
    active: dict[int, Counter[str]] = defaultdict(Counter)
    for found, level, channel, n in here.order_by().values_list(key, "level", "channel").annotate(n=Count("pk")):
        rated[found][level] += n
        if channel != "terminal":
            active[found][level] += n
    replied, visited, fixed, satisfied = _negatives(start, end, place_path, by, as_of)
    keys = {*done, *asked, *rated}
    return {
        one: Counts(
            done=done.get(one, 0),
            done_rated=done_rated.get(one, 0),
            asked=asked.get(one, 0),
            rated=dict(rated[one]),
            active=dict(active[one]),
            negative_replied=replied[one],
            visited=visited[one],
            visited_fixed=fixed[one],
            visited_fixed_satisfied=satisfied[one],
        )
        for one in keys
    }


def _negatives(
    start: datetime, end: datetime, place_path: str, by: By, as_of: datetime | None
) -> tuple[Counter[int], ...]:
    """(replied, visited, confirmed as put right, satisfied with it) of the month's negative ratings."""
    key = {"area": "rating__terminal__area_id", "owner": "rating__owner_id"}[by]
    rows = NegativeCase.objects.filter(
        rating__at__gte=start, rating__at__lt=end, place_path__startswith=place_path,
        rating__set_aside_at__isnull=True, rating__level__in=NEGATIVE_LEVELS,
    )  # fmt: skip
    replied, visited, fixed, satisfied = Counter[int](), Counter[int](), Counter[int](), Counter[int]()
    columns = (key, "replied_at", "call_outcome", "called_at", "rerated_level", "rerated_at")
    for found, replied_at, call_outcome, called_at, level, rerated_at in rows.values_list(*columns):
        if as_of is not None:
            replied_at, called_at, rerated_at = (
                at if at is not None and at <= as_of else None for at in (replied_at, called_at, rerated_at)
            )
            call_outcome = call_outcome if called_at is not None else ""
        replied[found] += replied_at is not None
        said = last_word(call_outcome, called_at, level, rerated_at)
        visited[found] += bool(said)
        fixed[found] += said in CONFIRMED
        satisfied[found] += said == "fixed_satisfied"
    return replied, visited, fixed, satisfied


def _names(by: By, parts: Mapping[int, Counts]) -> dict[int, tuple[str, str]]:
    """(code, name) by id."""
    rows = areas.visible_to(JOB) if by == "area" else platform.organizations_visible_to(JOB)
    return {pk: (code, name) for pk, code, name in rows.filter(pk__in=list(parts)).values_list("pk", "code", "name")}
