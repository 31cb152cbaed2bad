"""What suggestions of placement are made of: an area's machines, matters, journeys and searches of a span of days."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Q

from budayang.center.areas import queries as areas
from budayang.center.evaluation.models import Visit
from budayang.center.platform.actors import Actor
from budayang.center.platform.queries import parameters
from budayang.center.services import queries as services
from budayang.center.services import search_queries, trip_queries
from budayang.center.services.places import distance_km, point_of
from budayang.center.terminals import queries as terminals
from budayang.rules import placement as rules
from budayang.rules.placement import KIND_NAMES, THRESHOLDS, Machine, Stay, Suggestion

JOB = Actor.job("evaluation.placement")
NAMES = ("placement_days", *rules.NAMES)


@dataclass(frozen=True, slots=True)
class Span:
    """Whole days of a place, from `first` to `last`."""

    first: date
    last: date
    zone: str

    @property
    def start(self) -> datetime:
        return datetime.combine(self.first, time(0), ZoneInfo(self.zone))

    @property
    def end(self) -> datetime:
        return datetime.combine(self.last + timedelta(days=1), time(0), ZoneInfo(self.zone))

    def within(self, field: str) -> Q:
        return Q(**{f"{field}__gte": self.start, f"{field}__lt": self.end})


def span_of(area: Any, days: int, now: datetime) -> Span:
    """The last so many whole days of the area's clock: today is not over."""
    last = now.astimezone(ZoneInfo(area.place.zone)).date() - timedelta(days=1)
    return Span(last - timedelta(days=days - 1), last, area.place.zone)


class Gathered:
    """The facts of one area; what is asked for is read once."""

    def __init__(self, area: Any, now: datetime) -> None:
        self.area = area
        found = parameters(NAMES, [(area.place.path, "")], now)[area.place.path, ""]
        self.values: dict[str, float] = {name: float(found[name].value) for name in NAMES}
        self.span = span_of(area, int(self.values["placement_days"]), now)

    @cached_property
    def near_areas(self) -> set[int]:
        """This area and those beside it, as the crow flies."""
        here = point_of(self.area.latitude, self.area.longitude)
        found = {self.area.pk}
        for pk, latitude, longitude in areas.visible_to(JOB).values_list("pk", "latitude", "longitude"):
            away = distance_km(here, point_of(latitude, longitude))
            if away is not None and away * 1000 <= self.values["placement_near_m"]:
                found.add(pk)
        return found

    @cached_property
    def machines(self) -> dict[str, Machine]:
        """Own machines here and beside, by code."""
        rows = list(
            terminals.in_service().filter(area_id__in=self.near_areas, kind="own", enrolled_at__isnull=False)
        )  # fmt: skip
        ids = {one.pk: one.code for one in rows}
        inside = self.span.within("at")
        trips = dict(
            trip_queries.trips_visible_to(JOB).filter(inside, terminal_id__in=ids).order_by()
            .values_list("terminal_id").annotate(n=Count("pk"))
        )  # fmt: skip
        done: dict[int, dict[str, int]] = {}
        cases = services.cases_visible_to(JOB).filter(self.span.within("accepted_at"), terminal_id__in=ids).order_by()
        for terminal, item, n in cases.values_list("terminal_id", "item__code").annotate(n=Count("pk")):
            done.setdefault(terminal, {})[item] = n
        offers: dict[int, set[str]] = {}
        pairs = services.offerings_on(terminals.in_service().filter(pk__in=ids)).filter(driven=True).order_by()
        for terminal, item in pairs.values_list("terminal_id", "item__code"):
            offers.setdefault(terminal, set()).add(item)
        return {
            one.code: Machine(
                one.code, self._days(one.enrolled_at), trips.get(one.pk, 0), frozenset(offers.get(one.pk, ())),
                done.get(one.pk, {}), frozenset(code for code in ids.values() if code != one.code),
            )
            for one in rows
        }  # fmt: skip

    def _days(self, since: datetime | None) -> int:
        """Whole days of the span on which a machine was there."""
        if since is None:
            return 0
        first = max(self.span.first, since.astimezone(ZoneInfo(self.span.zone)).date() + timedelta(days=1))
        return max(0, (self.span.last - first).days + 1)

    @cached_property
    def here(self) -> list[Machine]:
        """The machines of this area itself."""
        codes = set(
            terminals.in_service().filter(area_id=self.area.pk).values_list("code", flat=True)
        )  # fmt: skip
        return [one for code, one in sorted(self.machines.items()) if code in codes]

    @cached_property
    def stays(self) -> list[Stay]:
        """Journeys at this area's machines that began in the span."""
        # A journey of more than an hour does not exist: the idle limit ends it.
        rows = Visit.objects.filter(
            terminal__area_id=self.area.pk, at__gte=self.span.start, at__lt=self.span.end + timedelta(hours=1)
        )
        found = [
            Stay(code, at - timedelta(seconds=seconds), at)
            for code, at, seconds in rows.values_list("terminal__code", "at", "seconds")
        ]
        return [one for one in found if self.span.start <= one.start < self.span.end]

    @cached_property
    def searches(self) -> dict[str, int]:
        return search_queries.items_asked(self.area.pk, self.span.first, self.span.last)

    @cached_property
    def offered(self) -> set[str]:
        """What any machine of the area offers, watched ones too."""
        rows = services.offerings_on(terminals.in_service().filter(area_id=self.area.pk)).order_by()
        return set(rows.values_list("item__code", flat=True).distinct())

    def suggestions(self) -> list[Suggestion]:
        """Everything that the numbers suggest."""
        v, least = self.values, int(self.values["placement_searches"])
        first, last = self.span.first, self.span.last
        words = search_queries.words_asked(self.area.pk, first, last, int(v["search_words_k"]))
        least_days = int(v["placement_least_days"])
        return [
            *rules.idle(self.here, few_a_day=v["few_trips_day"], least_days=least_days),
            *rules.overlaps(
                self.here, self.machines, cases=int(v["placement_overlap_cases"]),
                items=int(v["placement_overlap_items"]), least_days=least_days,
            ),
            *rules.queues(
                self.stays, self.span.zone, gap_s=v["placement_gap_s"], starts=int(v["placement_queue_starts"]),
                share=v["placement_queue_share"],
            ),
            *rules.missing(self.searches, self.offered, least=least),
            *rules.unfound(words, total=search_queries.all_asked(self.area.pk, first, last), least=least),
        ]  # fmt: skip

    def thresholds(self, kind: str) -> dict[str, float]:
        """What a kind was held against."""
        return {name: self.values[name] for name in THRESHOLDS[kind]}


def counted(found: list[Suggestion]) -> Mapping[str, int]:
    """How many of each kind."""
    every = Counter(one.kind for one in found)
    return {kind: every[kind] for kind in KIND_NAMES}
