"""Computing a trial: the rows of each month as they were, and as they would have been, through the same rules.

Hours and orders are replayed by maintenance, clauses are judged by the very check that judges them every night,
refusals are the trips that terminals told of. Nothing is written here.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from budayang.center.maintenance import replay_queries
from budayang.center.maintenance.clause_order_queries import OrderSeen, Otherwise
from budayang.center.maintenance.replay_queries import Replayed
from budayang.center.services import promise_queries, trip_queries
from budayang.center.services.promise_queries import Offered
from budayang.center.standard import assessing, queries
from budayang.center.standard.given_queries import GivenHere, given_at
from budayang.center.standard.measuring import Gathering, Measured
from budayang.center.standard.measuring.gathered import JOB, worked_in
from budayang.center.standard.measuring.hardware import measure_time
from budayang.center.standard.measuring.upkeep import measure_orders
from budayang.center.standard.models import ClauseVerdict, Edition
from budayang.center.standard.trial_supplies import supplies_of
from budayang.rules.hours import Attributed, Piece, Tally, by_slots, micros, moment, spans_of, tally
from budayang.rules.intervals import Interval
from budayang.rules.standard.trial_clauses import ORDER_LIMITS, why_left
from budayang.rules.standard.trial_measures import department_hours, mending, replay
from budayang.rules.standard.trial_orders import Fate, fates, still_troubled
from budayang.rules.standard.trial_results import AreaResult, ClauseChange, Hours, Orders, Refusals, expected_more
from budayang.rules.standard.trials import HOUR, Chosen, Ground, Troubles, longer_windows

Tick = Callable[[int], None]
"""Told how many areas were done since the last time."""

TOGETHER_WITH = frozenset({"refused", "unfinished"})


@dataclass(frozen=True, slots=True)
class Question:
    """What is tried: measures, and a draft edition against the one in force (None: measures only)."""

    chosen: Sequence[Chosen]
    in_force: Edition | None
    draft: Edition | None


class Judges:
    """The clauses that are compared, read once for all months: those that a measure can move, all with a draft.
    `values`: of the draft; `limits`: those of orders that it changes. `replayed`, `left`: as Result tells them.
    """

    def __init__(self, question: Question) -> None:
        self.before = assessing.Plan(question.in_force) if question.in_force else None
        self.after = assessing.Plan(question.draft) if question.draft else self.before
        self.values: dict[str, float] = {}
        self.limits: dict[str, float] = {}
        self.replayed: list[str] = []
        self.left: dict[str, list[str]] = {}
        if question.draft is not None:
            self.values = _values(question.draft)
            known = _values(question.in_force) if question.in_force else {}
            self.limits = {
                name: value for name, value in self.values.items() if name in ORDER_LIMITS and value != known.get(name)
            }
        if self.after is not None and question.chosen:
            self._sort_out(self.after)
        if self.before is None or self.after is None:
            return
        if question.draft is None:
            moved = set(self.replayed)
            self.before.clauses = [one for one in self.before.clauses if one.code in moved]
            self.before.asked, self.before.reads_signs = set(), False
        else:
            self.before.asked |= self.after.asked
            self.before.reads_signs |= self.after.reads_signs

    def _sort_out(self, plan: assessing.Plan) -> None:
        for one in plan.clauses:
            reason = why_left(plan.parts[one.pk])
            if reason:
                self.left.setdefault(reason, []).append(one.code)
            else:
                self.replayed.append(one.code)

    @property
    def plans(self) -> list[assessing.Plan]:
        """The one before and the one after, where they differ; none when nothing is compared."""
        found = [one for one in (self.before, self.after) if one is not None]
        return found[:1] if self.before is self.after else found


def _values(edition: Edition) -> dict[str, float]:
    return {one.name: float(one.value) for one in edition.values.all()}


@dataclass(frozen=True, slots=True)
class Would:
    """What the measures make of the areas of a batch: their machines' time, and their faults by area."""

    divided: Mapping[int, list[Attributed]]
    fates: Mapping[int, Mapping[int, Fate]]


def replay_areas(
    areas: Sequence[Any], month: date, now: datetime, question: Question, judges: Judges, tick: Tick
) -> tuple[dict[int, AreaResult], int]:
    """The areas (of one time zone) in one month, by key, and how many answers were compared. `tick(1)` after each, and
    `tick(0)` wherever something took its time: long work keeps its lease by it.
    """

    changes: dict[int, Mapping[int, Fate]] = {}
    mended = mending(question.chosen)

    def changed(area: int, rows: Troubles) -> Troubles:
        tick(0)
        would = replay(rows, question.chosen, ground)
        left = would if len(mended) == len(question.chosen) else replay(rows, mended, ground)
        changes[area] = fates(rows, left, micros(now))
        return would

    start, end = queries.month_bounds(month, areas[0].place.zone)
    until = min(end, now)
    batch = assessing.Batch(areas, start, end, now)
    tick(0)
    zone = areas[0].place.zone
    ids = [one.pk for rows in batch.together.machines.values() for one in rows if worked_in(one, until)]
    ground = Ground(micros(start), micros(until), zone, supplies_of(ids, start, until, question.chosen))
    tick(0)
    hours = replay_queries.replayed(ids, start, until, changed)
    would = Would(hours.divided(), changes)
    tick(0)
    given = [given_at([one.place for one in areas], plan.standing) for plan in judges.plans]
    found: dict[int, AreaResult] = {}
    judged = 0
    for area in areas:
        mine = [one.pk for one in batch.together.machines.get(area.pk, ()) if one.pk in hours.before.machines]
        result = _hours_of(area, mine, hours)
        items = Items(mine, hours, question.chosen, ground)
        items.add_to(result)
        tick(0)
        _refusals(result, area, mine, items, hours, (start, until))
        if judges.before is not None and judges.after is not None:
            plans = judges.before, judges.after
            both = given[0][area.place_id], given[-1][area.place_id]
            judged += _clauses(result, area, batch, judges, plans, both, would, (start, end), month)
        found[area.pk] = result
        tick(1)
    return found, judged


def _hours_of(area: Any, terminal_ids: Sequence[int], hours: Replayed) -> AreaResult:
    before, after = Hours(), Hours()
    for one in terminal_ids:
        was, would = hours.pieces(one)
        before.add(tally(was))
        after.add(tally(would))
    return AreaResult(area.code, area.name, len(terminal_ids), before, after, Hours(), Hours(), Refusals(), [])


# Items and people -----------------------------------------------------------------------------------------------------


class Items:
    """The items that are offered on some terminals, each with its promised time divided before and after. Items that
    need the same are divided once.
    """

    def __init__(self, terminal_ids: Sequence[int], hours: Replayed, chosen: Sequence[Chosen], ground: Ground) -> None:
        self.pieces: dict[tuple[int, str], tuple[list[Piece], list[Piece]]] = {}
        self._known: dict[object, tuple[list[Piece], list[Piece]]] = {}
        self._hours, self._chosen, self._ground = hours, chosen, ground
        start, end = moment(ground.start), moment(ground.end)
        for rows in promise_queries.offered(list(terminal_ids), start, end).values():
            for one in rows:
                self.pieces[one.terminal_id, one.item_code] = self._divided(one)

    def _divided(self, one: Offered) -> tuple[list[Piece], list[Piece]]:
        alike = (one.terminal_id, one.department, one.needs, one.windows, one.hands_in, one.live)
        if alike not in self._known:
            before = replay_queries.item_pieces(self._hours.before, one)
            self._known[alike] = before, replay_queries.item_pieces(self._hours.after, self._longer(one))
        return self._known[alike]

    def _longer(self, one: Offered) -> Offered:
        if one.windows is None:
            return one
        windows = one.windows
        for values in department_hours(self._chosen, one.department):
            spans = longer_windows(spans_of(windows), values, self._ground)
            windows = tuple(Interval(moment(start), moment(end)) for start, end in spans)
        return replace(one, windows=windows)

    def add_to(self, result: AreaResult) -> None:
        """Sum the hours of all items."""
        for before, after in self.pieces.values():
            result.items_before.add(tally(before))
            result.items_after.add(tally(after))

    def could(self, terminal_id: int, item: str, at: int) -> tuple[bool, bool]:
        """Whether the item could be done at a moment, before and after."""
        before, after = self.pieces.get((terminal_id, item), ([], []))
        return _usable(before, at), _usable(after, at)


def _usable(pieces: Sequence[Piece], at: int) -> bool:
    place = bisect_right(pieces, at, key=lambda one: one[0]) - 1
    return place >= 0 and at < pieces[place][1] and pieces[place][2] is None


def _refusals(
    result: AreaResult,
    area: Any,
    terminal_ids: Sequence[int],
    items: Items,
    hours: Replayed,
    period: tuple[datetime, datetime],
) -> None:
    start, until = period
    rows = trip_queries.trips_visible_to(JOB).filter(
        area_id=area.pk, at__gte=start, at__lt=until, terminal__isnull=False
    )
    found, zone = result.refusals, ZoneInfo(area.place.zone)
    done = [0] * 24
    for terminal_id, item, outcome, at in rows.order_by().values_list("terminal_id", "item_code", "result", "at"):
        if outcome == "finished":
            done[at.astimezone(zone).hour] += 1
        if outcome not in TOGETHER_WITH:
            continue
        was, would = items.could(terminal_id, item, micros(at))
        if outcome == "refused":
            found.refused += 1
            found.explained += not was
            found.avoided += not was and would
        else:
            found.wasted += 1
            found.wasted_explained += not was
            found.wasted_avoided += not was and would
    usable, won = _by_hour(terminal_ids, hours, zone)
    found.more = expected_more(done, usable, won)


def _by_hour(terminal_ids: Sequence[int], hours: Replayed, zone: ZoneInfo) -> tuple[list[int], list[int]]:
    """(usable, won) microseconds of all these terminals by hour of the day. Zones of whole hours."""
    usable, won = [0] * 24, [0] * 24
    first, last = micros(hours.before.start), micros(hours.before.end)
    edges = [*range(first, last, HOUR), last]
    local = [moment(one).astimezone(zone).hour for one in edges]
    for one in terminal_ids:
        was, would = hours.pieces(one)
        if tally(was).usable == tally(would).usable:
            slots: list[tuple[Tally, Tally]] = [(row, row) for row in by_slots(was, edges)]
        else:
            slots = list(zip(by_slots(was, edges), by_slots(would, edges), strict=True))
        for place, (before, after) in enumerate(slots):
            usable[local[place]] += before.usable
            won[local[place]] += after.usable - before.usable
    return usable, won


# Clauses --------------------------------------------------------------------------------------------------------------


def _clauses(
    result: AreaResult, area: Any, batch: assessing.Batch, judges: Judges, plans: tuple[assessing.Plan, assessing.Plan],
    given: tuple[GivenHere, GivenHere], would: Would, period: tuple[datetime, datetime], month: date,
) -> int:  # fmt: skip
    """Add the clauses whose answer or number differs, and the orders; how many clauses were compared.

    given: what counts before and after.
    """
    in_force, compared = plans
    facts = assessing.gather(area, batch, in_force, given[0])
    was = {one.clause.code: one for one in assessing.judge(in_force, facts, area.place, period)}
    # Adopted, the draft would change nothing where a place has set a value for itself.
    own = batch.own[area.place.path]
    values, limits = (
        {name: value for name, value in told.items() if name not in own} for told in (judges.values, judges.limits)
    )
    after = _otherwise(area, batch, facts, would, limits)
    measured = Measured(numbers=dict(facts.measured.numbers), basis=facts.measured.basis)
    measure_time(after, measured)
    measure_orders(after, measured)
    result.orders.plus(_orders(facts.seen.orders, after.orders))
    changed = replace(facts, measured=measured, thresholds={**facts.thresholds, **values}, given=given[1])
    then = {one.clause.code: one for one in assessing.judge(compared, changed, area.place, period)}
    codes = [*was, *(code for code in then if code not in was)]
    changes = [_change(f"{month:%Y-%m}", code, was.get(code), then.get(code)) for code in codes]
    result.clauses += [one for one in changes if one is not None]
    return len(codes)


def _otherwise(
    area: Any, batch: assessing.Batch, facts: assessing.Facts, would: Would, limits: Mapping[str, float]
) -> Gathering:
    """The area's rows as the measures and the draft would have them."""
    seen, mine = facts.seen, would.fates.get(area.pk, {})
    trouble = still_troubled(batch.together.trouble, mine, micros(seen.until))
    after = Gathering(
        area, seen.start, seen.until, seen.now, batch.together.otherwise(would.divided, trouble), facts.thresholds,
        Otherwise(mine, limits),
    )  # fmt: skip
    if not mine and not limits:
        after.orders = seen.orders  # nothing changes for them: they are not read again
    return after


def _orders(was: Sequence[OrderSeen], would: Sequence[OrderSeen]) -> Orders:
    left = {one.number: one for one in would}
    both = [(one.repair_s, left[one.number].repair_s) for one in was if one.number in left]
    done = [one.repair_s for one in was if one.repair_s is not None]
    then = [one.repair_s for one in would if one.repair_s is not None]
    return Orders(
        seen=len(was),
        gone=len(was) - len(both),
        sooner=sum(now is not None and (before is None or now < before) for before, now in both),
        repaired=len(done),
        used_s=sum(done),
        repaired_after=len(then),
        used_after_s=sum(then),
    )


def _change(month: str, code: str, was: ClauseVerdict | None, would: ClauseVerdict | None) -> ClauseChange | None:
    (before, number, threshold, sample), (after, number_after, threshold_after, left) = _told(was), _told(would)
    if (before, number, threshold) == (after, number_after, threshold_after):
        return None
    known = would or was
    unit = known.unit if known is not None else ""
    return ClauseChange(
        month, code, before, after, number, number_after, threshold, threshold_after, unit, sample, left
    )


def _told(one: ClauseVerdict | None) -> tuple[str, float | None, float | None, int]:
    return ("", None, None, 0) if one is None else (one.answer, one.number, one.threshold, one.sample)
