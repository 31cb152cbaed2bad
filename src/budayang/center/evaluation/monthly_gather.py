"""From rows to the facts of a month (rules/monthly_facts): a number of queries that does not depend on the rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import Count

from budayang.center.areas import queries as areas
from budayang.center.evaluation import complaint_queries, supervision_queries
from budayang.center.evaluation import monthly_rows as rows
from budayang.center.evaluation import queries as ratings
from budayang.center.evaluation.indicator_queries import counts_at
from budayang.center.evaluation.monthly_rows import JOB, Month
from budayang.center.maintenance import emergency_queries, hours_queries, scorecard_queries
from budayang.center.maintenance.scorecard_queries import Period
from budayang.center.platform import queries as platform
from budayang.center.platform.actions import Refused
from budayang.center.services import queries as services
from budayang.center.terminals import month_queries
from budayang.rules import monthly_facts as facts
from budayang.rules.causes import get_cause
from budayang.rules.consumables import CONSUMABLES
from budayang.rules.evaluation.complaints import step_verdicts
from budayang.rules.help_calls import waited
from budayang.rules.intervals import Interval, intersect, total_s
from budayang.rules.monthly import last_day
from budayang.rules.monthly_facts import MatterTally, MonthFacts, Named
from budayang.rules.scorecards import Fact

Tick = Callable[[], None]
CHUNK = 20_000
STEPS = 8
"""How often `gather` calls its tick, at the least."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What both months share: names of areas, items and bodies, by key."""

    areas: Mapping[int, Named]
    paths: Mapping[str, int]
    items: Mapping[int, Named]
    bodies: Mapping[int, Named]


def ground(month: Month) -> Ground:
    """The areas of a place, the catalogue and the bodies as they are called now."""
    found = list(areas.visible_to(JOB).filter(place__path__startswith=month.place.path).order_by("code"))
    bodies = platform.organizations_visible_to(JOB).order_by("code")
    return Ground(
        {one.pk: Named(one.code, one.name) for one in found},
        {one.place.path: one.pk for one in found},
        {pk: Named(code, name, kind, group) for pk, code, name, kind, group in services.item_facts()},
        {one.pk: Named(one.code, one.name, one.kind) for one in bodies},
    )


def gather(month: Month, known: Ground, tick: Tick) -> MonthFacts:
    """Everything of the month as it stands; what came after `month.until` is left out where rows tell when it was.

    `tick` is called between the parts, `STEPS` times and more: long work renews its lease and hears of a cancel.
    """
    trips = _trips(month)
    tick()
    matters = _matters(month, known, tick)
    tick()
    open_hours, stop_hours = _open_hours(month, known)
    tick()
    hours, closed_days = _hours(month)
    tick()
    faults = _faults(month)
    tick()
    used = _used(month)
    tick()
    cards = _cards(month)
    tick()
    rounds = _rounds(month)
    tick()
    return MonthFacts(
        first=month.first, last=month.last, areas=known.areas, items=known.items, bodies=known.bodies, trips=trips,
        matters=matters, open_hours=open_hours, stop_hours=stop_hours, hours=hours, closed_days=closed_days,
        month_days=last_day(month.first).day, faults=faults, help_calls=_calls(month), tests=_tests(month), used=used,
        orders=_orders(month), cards=cards, rounds=rounds, ratings=_ratings(month),
        visits=supervision_queries.sums(month.place.path, month.start, month.end, month.until),
        indicators=counts_at(month.start, month.end, month.place.path, month.until),
        complaints=_complaints(month), drills=_drills(month),
    )  # fmt: skip


def _trips(month: Month) -> dict[tuple[int, str, str, str], int]:
    counted = rows.trips(month).order_by().values_list("area_id", "result", "step", "why").annotate(n=Count("pk"))
    return {(area, result, step, why): n for area, result, step, why, n in counted}


def _matters(month: Month, known: Ground, tick: Tick) -> MatterTally:
    """Matters one by one, never held: the calendar and the place's clock are ours, not the database's."""
    opens_s, closes_s = rows.office_hours(month)
    tally = MatterTally(services.calendar_days(), opens_s, closes_s)
    zone = ZoneInfo(month.place.zone)
    found = rows.cases(month).order_by().annotate(is_done=rows.done(month))
    told = found.values_list("place_path", "item_id", "accepted_at", "is_done")
    for number, (path, item, at, is_done) in enumerate(told.iterator(chunk_size=CHUNK), start=1):
        tally.add(known.paths.get(path, 0), item, at.astimezone(zone), bool(is_done))
        if number % CHUNK == 0:
            tick()
    return tally


def _open_hours(month: Month, known: Ground) -> tuple[dict[int, float], dict[int, float]]:
    """Hours that each area's wall promised, and of these in a planned stop of the whole area; areas that promised
    nothing are missing.
    """
    if month.start >= month.end:
        return {}, {}
    promised = areas.promised_by_area(known.areas, month.start, month.end)
    stops = areas.stops_over(known.areas, month.start, month.end)
    wall: dict[int, float] = {}
    stopped: dict[int, float] = {}
    for pk, windows in promised.items():
        if not windows:
            continue
        whole = [
            Interval(one.start, one.end)
            for one in stops[pk]
            if one.terminal_id is None and not one.department and not one.part_only and one.start < month.end
        ]
        wall[pk] = total_s(windows) / 3600
        stopped[pk] = total_s(intersect(windows, whole)) / 3600
    return wall, stopped


def _hours(month: Month) -> tuple[dict[int, facts.HoursFact], int]:
    """By area, and of how many days something is settled."""
    found = rows.hours(month)
    days = dict(found.order_by().values_list("area_id").annotate(n=Count("pk")))
    by_area = {
        row["area_id"]: facts.HoursFact(hours_queries.tally_of(row), days[row["area_id"]])
        for row in hours_queries.summed(found.order_by(), "area_id")
    }
    return by_area, found.order_by().values("on").distinct().count()


def _faults(month: Month) -> list[facts.FaultFact]:
    """By cause and bucket; one that recovered after the report's moment was still open then."""
    minutes: dict[tuple[str, str], list[float]] = {}
    still: Counter[tuple[str, str]] = Counter()
    for kind, bucket, since, until in (
        rows.incidents(month).order_by().values_list("kind", "bucket", "opened_at", "closed_at")
    ):
        ended = minutes.setdefault((kind, bucket), [])
        if until is None or until > month.until:
            still[kind, bucket] += 1
        else:
            ended.append((until - since).total_seconds() / 60)
    return [
        facts.FaultFact(kind, get_cause(kind).title, bucket, tuple(sorted(spans)), still[kind, bucket])
        for (kind, bucket), spans in sorted(minutes.items())
    ]


def _calls(month: Month) -> list[facts.HelpFact]:
    """As of the report's moment: what was answered later was not answered then."""
    told = []
    columns = ("area_id", "kind", "pressed_at", "answered_at", "answered_by", "limit_s", "late", "ended_at")
    for area, kind, pressed_at, answered_at, by, limit_s, late, ended_at in (
        rows.help_calls(month).order_by("pk").values_list(*columns)
    ):
        if answered_at is not None and answered_at > month.until:
            answered_at, by = None, ""
        found = waited(pressed_at, answered_at, limit_s=limit_s, late=late, now=month.until, ended_at=ended_at)
        told.append(facts.HelpFact(area, kind, found.seconds if answered_at else None, by, found.verdict))
    return told


def _tests(month: Month) -> list[facts.MeasuredFact]:
    found = rows.help_tests(month).order_by("pk").values_list("area_id", "seconds", "passed")
    return [facts.MeasuredFact(area, seconds, bool(passed)) for area, seconds, passed in found]


def _used(month: Month) -> list[facts.UsedFact]:
    """Consumables of the machines that are here now. A machine that is counted only since the month's end counts as
    one that nobody counts: what it used then is not known.
    """
    found: dict[str, list[tuple[int, bool]]] = {}
    for pk, code, since in rows.supplies(month).order_by().values_list("pk", "consumable", "counted_since"):
        found.setdefault(code, []).append((pk, since is not None and since < month.end))
    names = [f"supply_price_{one.code}" for one in CONSUMABLES]
    prices = platform.parameters(names, [(month.place.path, "")], month.end)[month.place.path, ""]
    taken = month_queries.issued(month.place.path, month.start, month.end)
    every = [pk for pairs in found.values() for pk, _counted in pairs]
    units = month_queries.units_used(every, month.start, month.end)
    fills = month_queries.fills_made(every, month.start, month.end)
    told = []
    for one in CONSUMABLES:
        pairs = found.get(one.code, [])
        counted = [pk for pk, is_counted in pairs if is_counted]
        if not pairs and not taken.get(one.code):
            continue
        used = sum(units.get(pk, 0.0) for pk in counted) if counted else None
        filled = sum(fills.get(pk, 0) for pk, _counted in pairs)
        price = float(prices[f"supply_price_{one.code}"].value) or None
        told.append(
            facts.UsedFact(
                one.code, one.name, one.unit, used, len(counted), len(pairs), filled, taken.get(one.code, 0), price
            )
        )
    return told


def _cards(month: Month) -> list[Fact] | None:
    """Rows of the bodies' scorecards as of the report's moment; None when there are too many orders to compute."""
    try:
        found = scorecard_queries.order_facts_of(JOB, Period(month.first, month.last), month.place.path, month.until)
    except Refused:
        return None
    return [one for one in found if one.at <= month.until]


def _orders(month: Month) -> dict[int, tuple[int, int]]:
    """Body → (orders of the month, of these not closed)."""
    found: dict[int, tuple[int, int]] = {}
    for body, closed_at in rows.orders(month).order_by().values_list("organization_id", "closed_at"):
        every, still = found.get(body, (0, 0))
        found[body] = (every + 1, still + (closed_at is None or closed_at > month.until))
    return found


def _rounds(month: Month) -> list[facts.RoundFact]:
    """By name of the plan and who walks it. What was handed in after the report's moment was open or missed then."""
    states: dict[tuple[str, str], Counter[str]] = {}
    failed: Counter[tuple[str, str]] = Counter()
    columns = ("plan__name", "plan__who", "state", "closes_at", "finished_at", "failed")
    for name, who, state, closes_at, finished_at, wrong in rows.rounds(month).order_by().values_list(*columns):
        key = (name, who)
        states.setdefault(key, Counter())[_state_then(month.until, state, closes_at, finished_at)] += 1
        failed[key] += wrong
    return [facts.RoundFact(name, who, dict(found), failed[name, who]) for (name, who), found in sorted(states.items())]


def _state_then(then: datetime, state: str, closes_at: datetime, finished_at: datetime | None) -> str:
    if finished_at is not None and finished_at > then:
        return "missed" if closes_at <= then else "open"
    return "open" if state == "missed" and closes_at > then else state


def _ratings(month: Month) -> facts.RatingFact:
    found = ratings.count(rows.rated(month), rows.invited(month), month.until)
    return facts.RatingFact(
        found.invited, found.rated_asked, found.rated, found.levels,
        found.negative_open, found.negative_closed, found.negative_late,
    )  # fmt: skip


def _complaints(month: Month) -> list[facts.ComplaintFact]:
    """Each with its steps as they stood at the report's moment."""
    found = list(rows.complaints(month).order_by("pk"))
    taken: dict[int, dict[str, datetime]] = {}
    for pk, event, at in complaint_queries.moments_of([one.pk for one in found]):
        if at <= month.until:
            taken.setdefault(pk, {}).setdefault(event, at)
    told = []
    for row in found:
        events = taken.get(row.pk, {})
        limits = {step: datetime.fromisoformat(at) for step, at in row.limits.items()}
        answer = events.get("answer")
        hours = (answer - row.made_at).total_seconds() / 3600 if answer is not None else None
        steps, standing = step_verdicts(row.kind, events, limits, month.until)
        told.append(facts.ComplaintFact(row.area_id, row.kind, steps, hours, standing))
    return told


def _drills(month: Month) -> list[facts.DrillFact]:
    """Drills that were planned for the month or begun in it, and cards that were started in earnest."""
    found = emergency_queries.emergencies_visible_to(JOB).filter(month.below("area__place__path"))
    told = []
    zone = ZoneInfo(month.place.zone)
    planned = found.filter(planned_on__range=(month.first, month.last), started_at__isnull=True)
    for run in sorted([*found.filter(month.within("started_at")), *planned], key=lambda one: one.pk):
        on = run.started_at.astimezone(zone).date() if run.started_at else run.planned_on
        minutes = (run.ended_at - run.started_at).total_seconds() / 60 if run.started_at and run.ended_at else None
        told.append(
            facts.DrillFact(
                run.pk, run.name, run.area.name, run.drill, run.state, on.isoformat() if on else "", minutes
            )
        )
    return told
