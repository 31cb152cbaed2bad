"""Collects the facts and asks the shared rule (`rules.services.judge_item`) what can be done where, right now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from budayang.center.areas import queries as areas
from budayang.center.areas.queries import StopFact
from budayang.center.platform.actions import emit
from budayang.center.services import marks
from budayang.center.services.models import CalendarDay, Connector, DepartmentHours, Item, Offering
from budayang.center.terminals import queries as terminals
from budayang.rules.calendars import DayException, DayKind, WeeklyWindow, open_windows, parse_clock, weekly_window
from budayang.rules.intervals import Interval, subtract
from budayang.rules.services import Hours, ItemNeeds, StopWindow, Verdict, judge_item

AHEAD = timedelta(days=8)
# A verdict is looked at again after this long even when nothing is known to change: a lost word must not last.
AGAIN = timedelta(minutes=10)
SITE_CLOSED = "自助区此时不开放"


@dataclass(slots=True)
class Facts:
    """Everything that judging reads, loaded at once for many terminals. Times from a day back to eight days ahead."""

    now: datetime
    hours: dict[tuple[int, int | None], DepartmentHours] = field(default_factory=dict)
    connectors: dict[int, str] = field(default_factory=dict)
    table: dict[date, DayKind] = field(default_factory=dict)
    stops: list[StopFact] = field(default_factory=list)
    site_stops: dict[int, list[StopWindow]] = field(default_factory=dict)
    states: Mapping[int, Mapping[tuple[str, str], terminals.StateNow]] = field(default_factory=dict)
    liveness: Mapping[int, str] = field(default_factory=dict)
    windows: dict[int, tuple[Interval, ...]] = field(default_factory=dict)

    @classmethod
    def load(cls, offerings: Sequence[Offering], now: datetime) -> Facts:
        machines = {row.terminal_id: row.terminal for row in offerings}
        facts = cls(now=now)
        facts.hours = {(row.department_id, row.item_id): row for row in DepartmentHours.objects.all()}
        facts.connectors = dict(Connector.objects.values_list("department_id", "state"))
        facts.table = calendar_table()
        facts.stops = areas.planned_stops(now - timedelta(days=1), now + AHEAD)
        facts.states = terminals.current_states(list(machines))
        facts.liveness = terminals.liveness_of(list(machines.values()), now)
        for area_id in {machine.area_id for machine in machines.values()}:
            facts.site_stops[area_id] = site_stops(area_id, now)
        return facts

    def hours_of(self, item: Item) -> DepartmentHours | None:
        """The hours of the item itself, else those of its department as a whole."""
        return self.hours.get((item.department_id, item.pk)) or self.hours.get((item.department_id, None))

    def windows_of(self, row: DepartmentHours) -> tuple[Interval, ...]:
        if row.pk not in self.windows:
            self.windows[row.pk] = hours_windows(row, self.table, self.now - timedelta(days=1), self.now + AHEAD)
        return self.windows[row.pk]

    def stops_of(self, offering: Offering) -> list[StopWindow]:
        """The planned stops that cover this item on this terminal, and the times at which its area is not open."""
        path = offering.terminal.area.place.path
        found = list(self.site_stops.get(offering.terminal.area_id, ()))
        for stop in self.stops:
            mine = stop.terminal_id == offering.terminal_id
            here = path.startswith(stop.place_path) and stop.terminal_id is None
            if mine or (here and stop.department in ("", offering.item.department.code)):
                found.append(StopWindow(stop.start, stop.end, stop.reason))
        return found


def calendar_table() -> dict[date, DayKind]:
    return {on: DayKind(kind) for on, kind in CalendarDay.objects.values_list("on", "kind")}


def weekly_of(row: DepartmentHours) -> list[WeeklyWindow]:
    return [weekly_window(int(weekday), str(opens), str(closes)) for weekday, opens, closes in row.weekly]


def exceptions_of(row: DepartmentHours) -> list[DayException]:
    found = []
    for one in row.exceptions:
        windows = tuple((parse_clock(opens)[0], parse_clock(closes)[0]) for opens, closes in one.get("windows", []))
        found.append(
            DayException(date.fromisoformat(one["on"]), bool(one.get("closed")), windows, one.get("reason", ""))
        )
    return found


def hours_windows(
    row: DepartmentHours, table: Mapping[date, DayKind], start: datetime, end: datetime
) -> tuple[Interval, ...]:
    """The times within [start, end) at which the department's system takes the item."""
    found = open_windows(
        weekly_of(row),
        exceptions_of(row),
        start,
        end,
        zone=row.zone,
        table=table,
        follows_workdays=row.follows_workdays,
    )
    return tuple(found)


def site_stops(area_id: int, now: datetime) -> list[StopWindow]:
    """When the area itself is not open, as stops. An area for which nobody promised hours is not called closed."""
    span = Interval(now - timedelta(days=1), now + AHEAD)
    promised = areas.promised_windows(area_id, span.start, span.end)
    if not promised:
        return []
    return [StopWindow(gap.start, gap.end, SITE_CLOSED) for gap in subtract([span], promised)]


def needs_of(offering: Offering, hours: DepartmentHours | None) -> ItemNeeds:
    """What the item needs here. A department that confirmed its hours also says what holds outside them."""
    item = offering.item
    said = hours.after_hours if hours is not None and hours.confirmed_at is not None else ""
    return ItemNeeds(
        item_code=item.code,
        needs=frozenset(offering.needs if offering.needs is not None else item.needs),
        after_hours=said or item.after_hours,
        needs_live=item.live != "否",
        driven=offering.driven,
    )


def judge(offering: Offering, facts: Facts) -> Verdict:
    """The verdict of one offering by the rule that the terminal uses too."""
    row = facts.hours_of(offering.item)
    hours = Hours(confirmed=False)
    if row is not None:
        hours = Hours(row.confirmed_at is not None, facts.windows_of(row), row.probe_passed_at)
    states = facts.states.get(offering.terminal_id, {})
    return judge_item(
        needs_of(offering, row),
        hours,
        stops=facts.stops_of(offering),
        connector=facts.connectors.get(offering.item.department_id, "unknown"),
        states={key: now_state.state for key, now_state in states.items()},
        terminal=facts.liveness.get(offering.terminal_id, "unknown"),
        now=facts.now,
        kinds={subject: now_state.kind for (subject, _prop), now_state in states.items()},
    )


def active_offerings(**filters: Any) -> list[Offering]:
    rows = Offering.objects.filter(active=True, **filters)
    return list(rows.select_related("item__department", "terminal__area__place").order_by("terminal_id", "item__code"))


def refresh(offerings: Sequence[Offering], now: datetime) -> int:
    """Judge again, store, and tell upwards what changed its truth; returns how many truths changed."""
    if not offerings:
        return 0
    facts = Facts.load(offerings, now)
    changed = 0
    moved: set[int] = set()
    with transaction.atomic():
        for offering in offerings:
            told = _store(offering, judge(offering, facts), facts)
            changed += told
            if told:
                moved.add(offering.item_id)
        if moved:
            # Elsewhere the nearest place that works may be another one now.
            others = Offering.objects.filter(active=True, item_id__in=moved).values_list("terminal_id", flat=True)
            marks.mark(marks.AVAILABILITY, now, others.distinct())
    return changed


def _store(offering: Offering, verdict: Verdict, facts: Facts) -> bool:
    now, before = facts.now, offering.truth
    changes: dict[str, Any] = {"judged_at": now, "judge_at": _judge_at(offering, verdict, facts)}
    told = before != verdict.truth
    if told or (offering.reason, offering.text, offering.until_at) != (verdict.reason, verdict.text, verdict.until):
        changes |= {"reason": verdict.reason[:64], "text": verdict.text[:200], "until_at": verdict.until}
    if told:
        changes |= {"truth": verdict.truth.value, "since_at": now}
    # The rival is another worker that judges the same news: only one of them moves `truth` away from `before`.
    moved = Offering.objects.filter(pk=offering.pk, truth=before).update(**changes)
    if not (told and moved):
        return False
    if before:
        emit(
            "services.verdict",
            subject=f"terminal:{offering.terminal.code}",
            place_path=offering.terminal.area.place.path,
            payload={
                "terminal": offering.terminal.code,
                "item": offering.item.code,
                "before": before,
                "truth": verdict.truth.value,
                "reason": verdict.reason,
            },
            occurred_at=now,
            now=now,
        )
    return True


def _judge_at(offering: Offering, verdict: Verdict, facts: Facts) -> datetime:
    """The next moment at which time alone may change the verdict."""
    edges: list[datetime] = [verdict.until] if verdict.until else []
    for stop in facts.stops_of(offering):
        edges += [edge for edge in (stop.start_at, stop.end_at) if edge is not None]
    row = facts.hours_of(offering.item)
    if row is not None:
        edges += [edge for window in facts.windows_of(row) for edge in (window.start, window.end)]
    later: Iterable[datetime] = (edge for edge in edges if edge > facts.now)
    return min([*later, facts.now + AGAIN])
