"""Collects the facts and asks the shared rule (`rules.services.judge_item`) what can be done where, right now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from budayang.center.areas import queries as areas
from budayang.center.areas.queries import StopFact
from budayang.center.platform.actions import emit_many
from budayang.center.platform.models import Transition
from budayang.center.services import marks
from budayang.center.services.calendar_queries import estimated_from
from budayang.center.services.models import CalendarDay, Connector, DepartmentHours, Item, Offering, ProbeStanding
from budayang.center.terminals import queries as terminals
from budayang.center.terminals.supply_queries import tells_of
from budayang.rules.areas import covers
from budayang.rules.calendars import DayException, DayKind, WeeklyWindow, open_windows, parse_clock, weekly_window
from budayang.rules.intervals import Interval, subtract
from budayang.rules.services import PROBE_FAILED_S, Hours, ItemNeeds, StopWindow, Verdict, judge_item
from budayang.rules.terminals import kind_of

AHEAD = timedelta(days=8)
# A verdict is looked at again after this long even when nothing is known to change: a lost word must not last.
AGAIN = timedelta(minutes=10)
SITE_CLOSED = "自助区此时不开放"
CUT = ("open", "half_open", "held")


@dataclass(frozen=True, slots=True)
class ProbeFacts:
    """What the newest tries say of an item at a terminal: when the last one passed, or why it failed."""

    passed_at: datetime | None = None
    failed: str = ""


@dataclass(slots=True)
class Facts:
    """Everything that judging reads, loaded at once for many terminals. Times from a day back to eight days ahead.

    `now`: the moment that is judged. `load(…, at=…)` judges a later one by hours, stops and calendar as they will be
    then, and by machines and lines as they are now: nobody knows what breaks until then.
    """

    now: datetime
    hours: dict[tuple[int, int | None], DepartmentHours] = field(default_factory=dict)
    connectors: dict[int, str] = field(default_factory=dict)
    table: dict[date, DayKind] = field(default_factory=dict)
    stops: dict[int, list[StopFact]] = field(default_factory=dict)
    site_stops: dict[int, list[StopWindow]] = field(default_factory=dict)
    states: Mapping[int, Mapping[tuple[str, str], terminals.StateNow]] = field(default_factory=dict)
    liveness: Mapping[int, str] = field(default_factory=dict)
    windows: dict[int, tuple[Interval, ...]] = field(default_factory=dict)
    probes: dict[tuple[int, int | None], ProbeStanding] = field(default_factory=dict)
    supplies: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    estimated_from: datetime | None = None

    @classmethod
    def load(cls, offerings: Sequence[Offering], now: datetime, *, at: datetime | None = None) -> Facts:
        machines = {row.terminal_id: row.terminal for row in offerings}
        moment = at or now
        facts = cls(now=moment)
        facts.hours = {(row.department_id, row.item_id): row for row in DepartmentHours.objects.all()}
        facts.connectors = lines_now()
        facts.table = calendar_table()
        facts.estimated_from = estimated_from(moment)
        facts.probes = probes_of(offerings, now)
        area_ids = {machine.area_id for machine in machines.values()}
        facts.stops = areas.stops_over(area_ids, moment - timedelta(days=1), moment + AHEAD)
        facts.states = terminals.current_states(list(machines))
        facts.supplies = tells_of(list(machines))
        facts.liveness = terminals.liveness_of(list(machines.values()), now)
        for area_id in area_ids:
            facts.site_stops[area_id] = site_stops(area_id, moment)
        return facts

    def probe_of(self, offering: Offering) -> ProbeFacts:
        """Of the item everywhere and of the item at this terminal, the newer word of each counts."""
        found = [self.probes.get((offering.item_id, one)) for one in (None, offering.terminal_id)]
        rows = [row for row in found if row is not None]
        passed = [row.passed_at for row in rows if row.passed_at is not None]
        failed = [row.text or row.failed_step for row in rows if row.failed_at is not None]
        return ProbeFacts(max(passed, default=None), failed[0] if failed else "")

    def hours_of(self, item: Item) -> DepartmentHours | None:
        """The hours of the item itself, else those of its department as a whole."""
        return self.hours.get((item.department_id, item.pk)) or self.hours.get((item.department_id, None))

    def windows_of(self, row: DepartmentHours) -> tuple[Interval, ...]:
        if row.pk not in self.windows:
            self.windows[row.pk] = hours_windows(row, self.table, self.now - timedelta(days=1), self.now + AHEAD)
        return self.windows[row.pk]

    def stops_of(self, offering: Offering) -> list[StopWindow]:
        """The planned stops that cover this item on this terminal, and the times at which its area is not open."""
        found = list(self.site_stops.get(offering.terminal.area_id, ()))
        kinds = {subject: state.kind for (subject, _prop), state in self.states.get(offering.terminal_id, {}).items()}
        for stop in self.stops.get(offering.terminal.area_id, ()):
            if stops_item(stop, offering, kinds):
                found.append(StopWindow(stop.start, stop.end, stop.reason))
        return found


def stops_item(stop: StopFact, offering: Offering, kinds: Mapping[str, str]) -> bool:
    """Whether a stop that reaches the area takes this item from this terminal.

    A stop of a component does when the item needs every component that it covers: a terminal with a second printer
    goes on. `kinds`: the terminal's components and their kinds, as it reported them.
    """
    if stop.department:
        return stop.department == offering.item.department.code
    if not stop.part_only:
        return covers(stop, terminal_id=offering.terminal_id)
    if stop.terminal_id not in (None, offering.terminal_id):
        return False
    needed = offering.needs if offering.needs is not None else offering.item.needs
    kind = stop.component or kinds.get(stop.subject, kind_of(stop.subject))
    mine = [subject for subject, known in kinds.items() if known == kind]
    all_covered = all(covers(stop, terminal_id=offering.terminal_id, subject=one, component=kind) for one in mine)
    return kind in needed and all_covered


def lines_now() -> dict[int, str]:
    """Department id -> how its line is: ok, down, cut (nothing is sent for a while) or unknown."""
    rows = Connector.objects.values_list("department_id", "state", "circuit")
    return {pk: "cut" if state == "down" and circuit in CUT else state for pk, state, circuit in rows}


def hours_rows(department_id: int) -> list[DepartmentHours]:
    return list(DepartmentHours.objects.filter(department_id=department_id))


def probes_of(offerings: Iterable[Offering], now: datetime) -> dict[tuple[int, int | None], ProbeStanding]:
    """What tries prove of these items. A failure that nobody looked at again for long says nothing any more."""
    rows = ProbeStanding.objects.filter(item_id__in={row.item_id for row in offerings})
    stale = now - timedelta(seconds=PROBE_FAILED_S)
    found = {}
    for row in rows:
        if row.failed_at is not None and row.failed_at < stale:
            row.failed_at = None
        found[row.item_id, row.terminal_id] = row
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
    # From a whole day on: an edge that moved with the moment would be news at each look.
    start = (now - timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    span = Interval(start, now + AHEAD)
    promised = areas.promised_windows(area_id, span.start, span.end)
    if not promised:
        return []
    gaps = subtract([span], promised)
    return [StopWindow(gap.start, gap.end if gap.end < span.end else None, SITE_CLOSED) for gap in gaps]


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
    states = facts.states.get(offering.terminal_id, {})
    return judge_item(
        needs_of(offering, row),
        hours_now(offering, row, facts),
        stops=facts.stops_of(offering),
        connector=facts.connectors.get(offering.item.department_id, "unknown"),
        states={key: now_state.state for key, now_state in states.items()},
        terminal=_terminal_word(facts.liveness.get(offering.terminal_id, "unknown"), states),
        now=facts.now,
        kinds={subject: now_state.kind for (subject, _prop), now_state in states.items()},
        supplies=facts.supplies.get(offering.terminal_id),
    )


def _terminal_word(liveness: str, states: Mapping[tuple[str, str], terminals.StateNow]) -> str:
    """How the terminal itself is. One that is heard and has no catalogue yet (freshly enrolled) can begin nothing."""
    told = states.get(("terminal", "catalogue"))
    return "preparing" if liveness == "online" and told is not None and told.state == "waiting" else liveness


def hours_now(offering: Offering, row: DepartmentHours | None, facts: Facts) -> Hours:
    """The hours of an item here, with what tries prove and from when on the calendar is estimated."""
    probe = facts.probe_of(offering)
    if row is None:
        return Hours(confirmed=False, probe_passed_at=probe.passed_at, probe_failed=probe.failed)
    passed = max((at for at in (row.probe_passed_at, probe.passed_at) if at is not None), default=None)
    estimated = facts.estimated_from if row.follows_workdays else None
    return Hours(row.confirmed_at is not None, facts.windows_of(row), passed, probe.failed, estimated)


def active_offerings(**filters: Any) -> list[Offering]:
    rows = Offering.objects.filter(active=True, **filters)
    return list(rows.select_related("item__department", "terminal__area__place").order_by("terminal_id", "item__code"))


def refresh(offerings: Sequence[Offering], now: datetime) -> int:
    """Judge again, store, and tell upwards what changed its truth; returns how many truths changed."""
    if not offerings:
        return 0
    facts = Facts.load(offerings, now)
    # All is read and judged before the transaction begins: on SQLite everybody else waits while it runs.
    judged = [
        (offering, verdict := judge(offering, facts), _changes(offering, verdict, facts)) for offering in offerings
    ]
    with transaction.atomic():
        held = _hold(offerings)
        # The rival is another worker that judges the same news: only one of them moves `truth` away from `before`.
        mine = [one for one in judged if held.get(one[0].pk) == one[0].truth]
        _write(mine)
        changed = [(offering, verdict) for offering, verdict, _ in mine if offering.truth != verdict.truth]
        emit_many([_news(offering, verdict, now) for offering, verdict in changed if offering.truth])
        if changed:
            # Elsewhere the nearest place that works may be another one now.
            moved = {offering.item_id for offering, _verdict in changed}
            others = Offering.objects.filter(active=True, item_id__in=moved).values_list("terminal_id", flat=True)
            marks.mark(marks.AVAILABILITY, now, others.distinct())
    return len(changed)


def _hold(offerings: Sequence[Offering]) -> dict[int, str]:
    """Lock the rows, always in the same order; the truth that each has now."""
    rows = Offering.objects.select_for_update().filter(pk__in=[one.pk for one in offerings]).order_by("pk")
    return dict(rows.values_list("pk", "truth"))


def _changes(offering: Offering, verdict: Verdict, facts: Facts) -> dict[str, Any]:
    """The columns that the verdict moves."""
    changes: dict[str, Any] = {"judged_at": facts.now, "judge_at": _judge_at(offering, verdict, facts)}
    told = offering.truth != verdict.truth
    said = (verdict.reason[:64], verdict.text[:200], verdict.until, tuple(verdict.notes))
    if told or (offering.reason, offering.text, offering.until_at, tuple(offering.notes)) != said:
        changes |= dict(zip(("reason", "text", "until_at", "notes"), said, strict=True))
    if told:
        changes |= {"truth": verdict.truth.value, "since_at": facts.now}
    return changes


def _write(judged: Iterable[tuple[Offering, Verdict, dict[str, Any]]]) -> None:
    """One UPDATE for all that change alike: after news of an area or of a department they nearly all do."""
    alike: dict[tuple[tuple[str, Any], ...], list[int]] = {}
    for offering, _verdict, changes in judged:
        alike.setdefault(tuple(changes.items()), []).append(offering.pk)
    for columns, ids in alike.items():
        values = {name: list(value) if name == "notes" else value for name, value in columns}
        Offering.objects.filter(pk__in=ids).update(**values)


def _news(offering: Offering, verdict: Verdict, now: datetime) -> Transition:
    return Transition(
        kind="services.verdict",
        subject=f"terminal:{offering.terminal.code}",
        place_path=offering.terminal.area.place.path,
        payload={
            "terminal": offering.terminal.code,
            "item": offering.item.code,
            "before": offering.truth,
            "truth": verdict.truth.value,
            "reason": verdict.reason,
        },
        occurred_at=now,
        recorded_at=now,
    )


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
