"""What stands around a month without a month before to compare it with: what nobody used, what the numbers suggest, and
what will stop.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from budayang.center.areas import queries as areas
from budayang.center.areas.queries import StopFact as StopAt
from budayang.center.evaluation import monthly_rows as rows
from budayang.center.evaluation import placement_queries
from budayang.center.evaluation.monthly_gather import Ground, Tick
from budayang.center.evaluation.monthly_rows import JOB, Month
from budayang.center.evaluation.placement_gather import gather
from budayang.center.platform import queries as platform
from budayang.center.services import calendar_queries
from budayang.center.services import queries as services
from budayang.center.terminals import queries as terminals
from budayang.rules.monthly import next_month
from budayang.rules.monthly_facts import Around, IdleFact, PlacedFact, Placement, StopFact

AREAS_A_TICK = 20
STOP_NOUNS = {"maintenance": "设备维护", "site": "场所安排", "department": "部门系统停办"}


def around(month: Month, known: Ground, tick: Tick) -> Around:
    """As of now: offerings and machines have no history."""
    machines = list(terminals.in_service().filter(month.below("area__place__path")).order_by("code"))
    own = [one for one in machines if one.kind == "own" and one.enrolled_at and one.enrolled_at < month.start]
    busy = {*_terminals(rows.trips(month).exclude(terminal=None)), *_terminals(rows.cases(month))}
    offered: dict[int, set[int]] = {}
    pairs = services.offerings_on(terminals.in_service().filter(month.below("area__place__path"), kind="own"))
    for item, terminal in pairs.filter(driven=True).order_by().values_list("item_id", "terminal_id"):
        offered.setdefault(item, set()).add(terminal)
    done = set(rows.cases(month).order_by().values_list("item_id", flat=True).distinct())
    return Around(
        machines=len(own),
        unseen_machines=sum(one.kind == "watched" for one in machines),
        idle_machines=[IdleFact(one.code, one.name, one.area.name) for one in own if one.pk not in busy],
        offered_items=len(offered),
        idle_items=_idle_items(offered, done, known),
        placement=_placement(month, known, tick),
        stops=_stops(month),
        estimated_calendar=month.first.year not in calendar_queries.announced_years(),
    )


def _terminals(found: QuerySet[Any]) -> set[int]:
    return set(found.order_by().values_list("terminal_id", flat=True).distinct())


def _placement(month: Month, known: Ground, tick: Tick) -> Placement:
    """What the placement page's own computing says of the days that end with the month, by the thresholds of its end;
    what a person made of it stands there too, as of now.
    """
    here = areas.visible_to(JOB).filter(month.below("place__path")).select_related("place").order_by("code")
    states = placement_queries.states_of(known.areas)
    found: list[PlacedFact] = []
    limits: dict[str, list[tuple[str, float]]] = {}
    for seen in gather(here, month.end):
        for number, (pk, area) in enumerate(seen.areas.items()):
            if number % AREAS_A_TICK == 0:
                tick()
            for one in seen.suggestions(pk):
                state = states.get((pk, one.kind, one.key), "")
                found.append(PlacedFact(known.areas[pk], one, seen.title(one), state))
            for name, value in seen.values[pk].items():
                limits.setdefault(name, []).append((area.name, value))
    return Placement(sorted(found, key=lambda one: one.area.code), limits)


def _idle_items(offered: dict[int, set[int]], done: set[int], known: Ground) -> list[IdleFact]:
    idle = sorted((known.items[pk].code, pk) for pk in offered if pk not in done and pk in known.items)
    return [IdleFact(code, known.items[pk].name, known.items[pk].group, len(offered[pk])) for code, pk in idle]


def _stops(month: Month) -> list[StopFact]:
    """Announced by the report's moment, for the month after: one line a stop, with its occurrences in that month."""
    start, end = month.ends, Month(month.place, next_month(month.first), month.until).ends
    here = areas.visible_to(JOB).filter(month.below("place__path")).values_list("pk", flat=True)
    times: dict[int, dict[datetime, StopAt]] = {}
    for reaching in areas.stops_over(here, start, end).values():
        for one in reaching:
            if one.announced_at <= month.until:
                times.setdefault(one.id, {})[one.start] = one
    every = [one for found in times.values() for one in found.values()]
    names = dict(
        platform.places_visible_to(JOB).filter(path__in={one.place_path for one in every}).values_list("path", "name")
    )
    codes = dict(terminals.in_service().filter(pk__in={one.terminal_id for one in every}).values_list("pk", "code"))
    zone = ZoneInfo(month.place.zone)
    told = []
    for pk, found in times.items():
        one = found[min(found)]
        hours = sum((min(x.end, end) - max(x.start, start)).total_seconds() for x in found.values()) / 3600
        first = max(one.start, start).astimezone(zone)
        what = f"{STOP_NOUNS.get(one.kind, one.kind)} {_what(one, codes)}".strip()
        told.append(
            StopFact(pk, f"{first:%m-%d %H:%M}", what, names.get(one.place_path, ""), one.reason, len(found), hours)
        )
    return sorted(told, key=lambda one: (one.first, one.ref))


def _what(stop: StopAt, codes: dict[int, str]) -> str:
    """The machine, the department, or the whole place; a part of machines by its kind."""
    if stop.terminal_id:
        return f"{codes.get(stop.terminal_id, '')} {stop.subject}".strip()
    if stop.department:
        return services.department_name(stop.department)
    return stop.component or "全部"
