"""What keeps the hours true: days are closed at night, what is learnt later marks exactly the days it bears on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Max
from django.utils.dateparse import parse_datetime

from budayang.center.areas import queries as areas
from budayang.center.maintenance import hours_actions, hours_items, hours_recent
from budayang.center.maintenance.models import HoursClosing, HoursDay, HoursMonth, Incident
from budayang.center.platform.actors import Actor
from budayang.center.platform.deliveries import Consumer, Due
from budayang.center.platform.models import Transition
from budayang.center.platform.queries import parameters
from budayang.center.services.promise_queries import areas_offering, following_workdays
from budayang.center.services.queries import departments
from budayang.center.terminals import queries as terminals
from budayang.center.terminals.history_queries import promised_after
from budayang.center.terminals.news import codes_of
from budayang.rules.hours import moment

JOB = Actor.job("maintenance.hours")
KINDS = (
    "terminals.status",
    "terminals.reported",
    "terminals.corrected",
    "terminals.heard",
    "terminals.silent",
    "maintenance.incident_",
    "areas.hours_changed",
    "areas.stop_",
    "services.hours_changed",
    "services.calendar_changed",
)
LATE = "迟到的状态数据"
INCIDENT = "故障的时间或归因有变化"
HOURS = "承诺时间有变化"
STOP = "计划停用有变化"
GAP = "监测中断后来才知道"
DAYS_S = 5.0
ITEMS_S = 20.0
RECENT_S = 60.0
GAPS_S = 60.0
# A gap is committed a little after its own end; a day computed in between did not see it.
GAP_MARGIN = timedelta(minutes=5)
GAP_BACK = timedelta(days=7)
AT_ONCE = 20
Spans = dict[int, tuple[datetime, datetime]]


def hear(news: Sequence[Transition], now: datetime) -> None:
    """Mark the closed days that each piece of news bears on. News of today marks nothing: today is not closed."""
    newest = HoursClosing.objects.aggregate(newest=Max("next_on"))["newest"]
    if newest is None:
        return
    # Beyond this no zone of the world has a closed day: nearly all news stops here.
    horizon = datetime(newest.year, newest.month, newest.day, 12, tzinfo=UTC)
    spans: Spans = {}
    _hear_terminals([one for one in news if one.kind.startswith("terminals.")], horizon, spans, now)
    if spans:
        hours_actions.mark_days(spans, now, reason=LATE)
    numbers = [one for one in news if one.kind.startswith("maintenance.incident_")]
    if numbers:
        _hear_incidents(numbers, horizon, now)
    for one in news:
        if one.kind == "areas.hours_changed":
            _hear_hours(one, now)
        elif one.kind.startswith("areas.stop_"):
            _hear_stop(one, horizon, now)
        elif one.kind.startswith("services."):
            _hear_departments(one, now)


def _widen(spans: Spans, terminal_id: int, start: datetime, end: datetime) -> None:
    if start < end:
        first, last = spans.get(terminal_id, (start, end))
        spans[terminal_id] = (min(first, start), max(last, end))


def _hear_terminals(news: Iterable[Transition], horizon: datetime, spans: Spans, now: datetime) -> None:
    late: dict[str, list[tuple[datetime, datetime]]] = {}
    for one in news:
        start, end = one.occurred_at, now
        if one.kind == "terminals.corrected":
            start, end = (moment(int(one.payload[name]) * 1000) for name in ("from_ms", "to_ms"))
        if start < horizon:
            for code in codes_of(one):
                late.setdefault(code, []).append((start, end))
    if late:
        for pk, code in terminals.visible_to(JOB).filter(code__in=list(late)).values_list("pk", "code"):
            for start, end in late[code]:
                _widen(spans, pk, start, end)


def _hear_incidents(news: Sequence[Transition], horizon: datetime, now: datetime) -> None:
    """What an incident's opening or settling changes lies from its opening on; its closing frees what lies after."""
    closed = {one.payload.get("incident") for one in news if one.kind == "maintenance.incident_closed"}
    other = {one.payload.get("incident") for one in news if one.kind != "maintenance.incident_closed"}
    spans: Spans = {}
    owners = None
    for row in Incident.objects.filter(pk__in=[pk for pk in closed | other if isinstance(pk, int)]):
        start = row.opened_at if row.pk in other or row.closed_at is None else row.closed_at
        end = now if row.pk in closed or row.closed_at is None else row.closed_at
        if start >= horizon:
            continue
        if row.terminal_id is not None:
            _widen(spans, row.terminal_id, start, end)
            continue
        machines = promised_after(start)
        if row.department:
            if owners is None:
                owners = dict(departments().values_list("code", "organization_id"))
            machines = machines.filter(owner_id=owners.get(row.department) or 0)
            _mark_items(start, now)
        else:
            machines = machines.filter(area_id=row.area_id or 0)
        for pk in machines.values_list("pk", flat=True):
            _widen(spans, pk, start, end)
    if spans:
        hours_actions.mark_days(spans, now, reason=INCIDENT)


def _mark_items(start: datetime, now: datetime) -> None:
    """A department's items are lost everywhere, whoever owns the terminal."""
    area_ids = list(HoursClosing.objects.values_list("area_id", flat=True))
    for month in {start.date().replace(day=1), now.date().replace(day=1)}:
        hours_actions.mark_items(area_ids, month, now)


def _hear_hours(one: Transition, now: datetime) -> None:
    """A version counts from its day on; of an exception only the area is told, so every closed day is looked at."""
    area = areas.visible_to(JOB).filter(code=str(one.payload.get("area", ""))).first()
    if area is None:
        return
    fresh = [row.valid_from for row in areas.list_hours(area.pk) if row.set_at == one.occurred_at]
    start = hours_actions.bounds(min(fresh), area.place.zone)[0] if fresh else datetime(1970, 1, 2, tzinfo=UTC)
    ids = hours_actions.area_terminals(area.place.path, start)
    if start < now:
        hours_actions.mark_days(dict.fromkeys(ids, (start, now)), now, reason=HOURS)


def _hear_stop(one: Transition, horizon: datetime, now: datetime) -> None:
    start, end = (parse_datetime(str(one.payload.get(name) or "")) for name in ("starts_at", "ends_at"))
    if start is None or start >= horizon:
        return
    ids = hours_actions.area_terminals(one.place_path, start)
    hours_actions.mark_days(dict.fromkeys(ids, (start, min(end or now, now))), now, reason=STOP)


def _hear_departments(one: Transition, now: datetime) -> None:
    """Hours of departments have no history: what they say now speaks for every closed day as far back as days are
    computed again; a day of the calendar speaks for its months. Only items are counted by them, no terminal as a whole.
    """
    codes = {str(one.payload["department"])} if "department" in one.payload else following_workdays()
    named = [date.fromisoformat(str(text)) for text in one.payload.get("months", ())]
    here = HoursClosing.objects.filter(area__in=areas_offering(codes)).values_list("area_id", "area__place__path")
    paths = dict(here)
    policy = parameters(["hours_back_d"], {(path, "") for path in paths.values()}, now)
    # Only months of which something was counted: an area that came this month has no summer to count again.
    counted = HoursMonth.objects.filter(area__in=paths).values_list("area_id", "month").order_by().distinct()
    marks: dict[date, set[int]] = {}
    for area_id, month in counted:
        back = timedelta(days=policy[paths[area_id], ""]["hours_back_d"].value)
        if month >= (now - back).date().replace(day=1) and (month in named or not named):
            marks.setdefault(month, set()).add(area_id)
    for month, area_ids in marks.items():
        hours_actions.mark_items(area_ids, month, now)


def close_and_correct(now: datetime) -> int:
    """Close the days that are due and compute again the days that are marked, oldest first, a bounded number a turn."""
    done = hours_actions.begin_closing(now)
    for _turn in range(AT_ONCE):
        moved = hours_actions.close_days(now)
        done += moved
        if not moved:
            break
    for _turn in range(AT_ONCE):
        moved = hours_actions.correct_days(now)
        done += moved
        if not moved:
            break
    return done


def mark_gaps(now: datetime) -> int:
    """A time in which ingest was away is written when it is over: mark the days that were closed without it."""
    gaps = [gap for gap in terminals.monitoring_gaps(now - GAP_BACK, now) if gap[1] + GAP_MARGIN <= now]
    if not gaps:
        return 0
    marked = 0
    for zone in areas.visible_to(JOB).values_list("place__zone", flat=True).distinct().order_by():
        for since, until in gaps:
            first, last = (at.astimezone(ZoneInfo(zone)).date() for at in (since, until))
            blind = HoursDay.objects.filter(
                area__place__zone=zone, on__range=(first, last), computed_at__lt=until + GAP_MARGIN
            )
            ids = list(blind.values_list("terminal_id", flat=True).distinct().order_by())
            if ids:
                marked += hours_actions.mark_days(dict.fromkeys(ids, (since, until)), now, reason=GAP)
    return marked


CONSUMERS: tuple[Consumer, ...] = (Consumer("maintenance.hours", KINDS, hear, at_once=200),)
DUES: tuple[Due, ...] = (
    Due("maintenance.hours", DAYS_S, close_and_correct),
    Due("maintenance.hours_items", ITEMS_S, hours_items.compute_due_items),
    Due("maintenance.hours_recent", RECENT_S, hours_recent.compute_recent),
    Due("maintenance.hours_gaps", GAPS_S, mark_gaps),
)
