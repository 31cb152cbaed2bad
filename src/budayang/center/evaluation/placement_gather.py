"""What suggestions of placement are made of: machines, matters, journeys and searches of areas in a span of days."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, QuerySet

from budayang.center.areas import queries as areas
from budayang.center.evaluation.models import Visit
from budayang.center.platform.actors import Actor
from budayang.center.platform.queries import parameters
from budayang.center.services import queries as services
from budayang.center.services import search_queries, trip_queries
from budayang.center.services.places import distance_km, point_of
from budayang.center.terminals import queries as terminals
from budayang.rules import placement as rules
from budayang.rules.placement import THRESHOLDS, Machine, Stay, Suggestion

JOB = Actor.job("evaluation.placement")
NAMES = ("placement_days", *rules.NAMES)
CHUNK = 20_000


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


def days_there(since: datetime | None, span: Span) -> int:
    """Whole days of the span, up to its end, on which a machine was there."""
    if since is None:
        return 0
    first = max(span.first, since.astimezone(ZoneInfo(span.zone)).date() + timedelta(days=1))
    return max(0, (span.last - first).days + 1)


def stays_of(area_id: int, span: Span) -> list[Stay]:
    """Journeys at an area's machines that began in the span."""
    # A journey of more than an hour does not exist: the idle limit ends it.
    rows = Visit.objects.filter(
        terminal__area_id=area_id, at__gte=span.start, at__lt=span.end + timedelta(hours=1)
    ).values_list("terminal__code", "at", "seconds")
    found = (Stay(code, at - timedelta(seconds=seconds), at) for code, at, seconds in rows.iterator(chunk_size=CHUNK))
    return [one for one in found if span.start <= one.start < span.end]


class Gathered:
    """The facts of some areas over the same days. What is asked for is read once, for all of them together; journeys
    area by area, because there are very many.
    """

    def __init__(self, members: Sequence[Any], span: Span, values: Mapping[int, Mapping[str, float]]) -> None:
        self.areas: dict[int, Any] = {one.pk: one for one in members}
        self.span = span
        self.values = values

    @cached_property
    def near_areas(self) -> dict[int, set[int]]:
        """Area → itself and those beside it, as the crow flies."""
        every = list(areas.visible_to(JOB).values_list("pk", "latitude", "longitude"))
        found = {pk: {pk} for pk in self.areas}
        for pk, one in self.areas.items():
            here, reach = point_of(one.latitude, one.longitude), self.values[pk]["placement_near_m"] / 1000
            if here is None:
                continue
            for other, latitude, longitude in every:
                # A degree of latitude is 111 km: most areas are out of reach without any trigonometry.
                if latitude is None or abs(latitude - here[0]) * 111 > reach + 1:
                    continue
                away = distance_km(here, point_of(latitude, longitude))
                if away is not None and away <= reach:
                    found[pk].add(other)
        return found

    @cached_property
    def _own(self) -> QuerySet[Any]:
        """Own machines here and beside; read once."""
        near = {other for found in self.near_areas.values() for other in found}
        return terminals.in_service().filter(area_id__in=near, kind="own", enrolled_at__isnull=False).order_by("code")

    @cached_property
    def _codes(self) -> dict[int, list[str]]:
        """Area → its own machines."""
        found: dict[int, list[str]] = {}
        for one in self._own:
            found.setdefault(one.area_id, []).append(one.code)
        return found

    @cached_property
    def machines(self) -> dict[str, Machine]:
        """Own machines here and beside, by code; `near` is left open: it depends on where one stands."""
        ids = self._own.order_by().values("pk")
        came = trip_queries.trips_visible_to(JOB).filter(self.span.within("at"), terminal_id__in=ids).order_by()
        trips = dict(came.values_list("terminal_id").annotate(n=Count("pk")))
        codes = {pk: code for pk, code, _name, _audience, _department in services.item_facts()}
        done: dict[int, dict[str, int]] = {}
        cases = services.cases_visible_to(JOB).filter(self.span.within("accepted_at"), terminal_id__in=ids).order_by()
        for terminal, item, n in cases.values_list("terminal_id", "item_id").annotate(n=Count("pk")):
            done.setdefault(terminal, {})[codes[item]] = n
        offers: dict[int, set[str]] = {}
        pairs = services.offerings_on(terminals.in_service().filter(pk__in=ids)).filter(driven=True).order_by()
        for terminal, item in pairs.values_list("terminal_id", "item_id"):
            offers.setdefault(terminal, set()).add(codes[item])
        return {
            one.code: Machine(
                one.code, days_there(one.enrolled_at, self.span), trips.get(one.pk, 0),
                frozenset(offers.get(one.pk, ())), done.get(one.pk, {}),
            )
            for one in self._own
        }  # fmt: skip

    def here(self, area_id: int) -> list[Machine]:
        """The machines of an area itself, each with the codes of those beside it."""
        beside = frozenset(code for area in self.near_areas[area_id] for code in self._codes.get(area, ()))
        return [replace(self.machines[code], near=beside - {code}) for code in self._codes.get(area_id, ())]

    @cached_property
    def searches(self) -> dict[int, dict[str, int]]:
        """Area → item → how often it was looked for."""
        return search_queries.items_asked(self.areas, self.span.first, self.span.last)

    @cached_property
    def words(self) -> dict[int, dict[str, int]]:
        """Area → words that mean no item → how often they were asked."""
        least = {pk: int(values["search_words_k"]) for pk, values in self.values.items()}
        return search_queries.words_asked(least, self.span.first, self.span.last)

    @cached_property
    def asked(self) -> dict[int, int]:
        """Area → all searches."""
        return search_queries.all_asked(self.areas, self.span.first, self.span.last)

    @cached_property
    def offered(self) -> dict[int, set[str]]:
        """Area → what any machine of it offers, watched ones too."""
        found: dict[int, set[str]] = {pk: set() for pk in self.areas}
        rows = services.offerings_on(terminals.in_service().filter(area_id__in=list(self.areas))).order_by()
        for area, item in rows.values_list("terminal__area_id", "item__code").distinct():
            found[area].add(item)
        return found

    def suggestions(self, area_id: int) -> list[Suggestion]:
        """Everything that the numbers of an area suggest."""
        v, every = self.values[area_id], self.machines
        least, least_days = int(v["placement_searches"]), int(v["placement_least_days"])
        here = self.here(area_id)
        return [
            *rules.idle(here, few_a_day=v["few_trips_day"], least_days=least_days),
            *rules.overlaps(
                here, every, cases=int(v["placement_overlap_cases"]), items=int(v["placement_overlap_items"]),
                least_days=least_days,
            ),
            *rules.queues(
                stays_of(area_id, self.span), self.span.zone, gap_s=v["placement_gap_s"],
                starts=int(v["placement_queue_starts"]), share=v["placement_queue_share"],
            ),
            *rules.missing(self.searches[area_id], self.offered[area_id], least=least),
            *self.unfound(area_id),
        ]  # fmt: skip

    def unfound(self, area_id: int) -> list[Suggestion]:
        """Of these the words that mean no item."""
        least = int(self.values[area_id]["placement_searches"])
        return rules.unfound(self.words[area_id], total=self.asked[area_id], least=least)

    def thresholds(self, area_id: int, kind: str) -> dict[str, float]:
        """What a kind was held against."""
        return {name: self.values[area_id][name] for name in THRESHOLDS[kind]}

    @cached_property
    def _names(self) -> tuple[dict[str, str], dict[str, str]]:
        """Of machines and of items, by code."""
        return {one.code: one.name for one in self._own}, dict(services.items().values_list("code", "name"))

    def title(self, one: Suggestion) -> str:
        """What a suggestion is called, with the names of machines and items of now."""
        machines, items = self._names
        if one.kind in ("overlap", "idle"):
            return " / ".join(machines.get(code) or code for code in one.key.split("|"))
        if one.kind == "queue":
            return f"{one.key}:00–{int(one.key) + 1:02d}:00"
        return items.get(one.key, one.key) if one.kind == "missing" else one.key


def gather(members: Iterable[Any], now: datetime) -> list[Gathered]:
    """The facts of some areas, together those that look at the same days: mostly all of them."""
    rows = list(members)
    found = parameters(NAMES, [(one.place.path, "") for one in rows], now)
    spans: dict[Span, list[Any]] = {}
    values: dict[int, dict[str, float]] = {}
    for one in rows:
        values[one.pk] = {name: float(found[one.place.path, ""][name].value) for name in NAMES}
        spans.setdefault(span_of(one, int(values[one.pk]["placement_days"]), now), []).append(one)
    return [Gathered(together, span, {one.pk: values[one.pk] for one in together}) for span, together in spans.items()]
