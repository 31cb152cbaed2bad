"""The clocks of a work order: respond, arrive and repair as one pure function over its events, the limits in force and
two calendars, with the account of every minute.

A clock is read off its account: spans without gap from its start to the moment when it was met (or now), each counted
or not, and why. What is used is the sum of the counted spans, due is where they reach the limit.
docs/mechanisms/order-clocks.md explains the rules with examples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from budayang.rules.intervals import Interval, maybe, subtract
from budayang.rules.orders import PAUSE_REASONS, OrderEvent
from budayang.rules.parameters import STEPS, deadline_name

MET_BY: dict[str, tuple[str, ...]] = {
    "respond": ("accepted", "arrived", "repaired"),
    # an order repaired without a visit needs no arrival
    "arrive": ("arrived", "repaired"),
}
_LONG_AGO = datetime(1, 1, 2, tzinfo=UTC)


@dataclass(frozen=True)
class ClockPolicy:
    """Limits in seconds, copied onto the order when it opens.

    ``stopping_reasons``: pauses that stop the clocks; any other pause is only a note. ``repair_from``: reported |
    accepted, where the repair clock starts: the source of WH-17 does not say. ``contract_steps``: the steps whose clock
    runs in the contract's hours only; all others run in the area's (WH-21: day and night).
    """

    respond_s: float
    arrive_s: float
    repair_s: float
    stopping_reasons: frozenset[str] = frozenset(PAUSE_REASONS)
    repair_from: str = "reported"
    contract_steps: frozenset[str] = frozenset()

    def limit_s(self, step: str) -> float:
        return {"respond": self.respond_s, "arrive": self.arrive_s, "repair": self.repair_s}[step]


def policy_for(severity: str, value: Callable[[str], float]) -> ClockPolicy:
    """The policy of a severity, from the parameters in force: ``value(name)``."""
    respond, arrive, repair = (value(deadline_name(step, severity)) for step in STEPS)
    return ClockPolicy(respond, arrive, repair)


@dataclass(frozen=True)
class Change:
    """From ``at`` on another policy is in force: the severity was raised, or a contract came into force."""

    at: datetime
    policy: ClockPolicy


@dataclass(frozen=True)
class Calendars:
    """Time in which clocks run: the area's hours and the contract's (its holidays and make-up days worked in).

    None is day and night. A list ends where its maker looked no further: beyond it nothing is said of a due time.
    """

    area: Sequence[Interval] | None = None
    contract: Sequence[Interval] | None = None

    def of(self, step: str, policy: ClockPolicy) -> Sequence[Interval] | None:
        return self.contract if step in policy.contract_steps else self.area


DAY_AND_NIGHT = Calendars()


class Why(StrEnum):
    """Why a span of an order's life counts or does not."""

    COUNTED = "counted"
    PAUSED = "paused"
    ACCEPTANCE = "acceptance"
    OUTSIDE = "outside"


@dataclass(frozen=True)
class Span:
    """``[start, end)`` of one clock. ``reason``: of a pause. ``holder``: who had the order. ``over``: after the due
    moment.
    """

    start: datetime
    end: datetime
    why: Why
    reason: str = ""
    holder: str = ""
    over: bool = False

    @property
    def seconds(self) -> float:
        return (self.end - self.start).total_seconds()


@dataclass(frozen=True)
class Clock:
    """``due_at`` None: the clock stands still, or the calendar given does not reach so far. ``used_s``: counted
    seconds until met or now. ``limit_s``: the limit in force at that moment. ``by_change``: it is overdue only because
    the limit was shortened below what had been used. ``spans``: every minute of it.
    """

    due_at: datetime | None
    met_at: datetime | None
    overdue: bool
    used_s: float
    limit_s: float
    running: bool
    by_change: bool = False
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True)
class Clocks:
    respond: Clock
    arrive: Clock
    repair: Clock


def known_at(events: Sequence[OrderEvent], now: datetime) -> list[OrderEvent]:
    """What had happened and was known at ``now``, in the order in which it happened. A phone without a network tells
    late: its events stand where they happened as soon as they are told.
    """
    return sorted((e for e in events if e.at <= now and (e.told_at or e.at) <= now), key=lambda e: e.at)


def order_clocks(
    events: Sequence[OrderEvent],
    policy: ClockPolicy,
    calendars: Calendars,
    now: datetime,
    changes: Sequence[Change] = (),
) -> Clocks:
    """Respond, arrive and repair as of ``now``.

    A transfer starts no clock anew, as the citizen waits all the same. Repair is met by the last ``repaired`` that was
    not rejected or reopened. Exactly at the limit is in time. What was late stays late, whatever is paused or relaxed
    afterwards; a shorter limit counts from its own moment on, never before.
    """
    past = known_at(events, now)
    in_force = [Change(_LONG_AGO, policy), *sorted((c for c in changes if c.at <= now), key=lambda c: c.at)]
    return Clocks(*(_clock(step, past, in_force, calendars, now) for step in STEPS))


def _clock(
    step: str, past: Sequence[OrderEvent], in_force: Sequence[Change], calendars: Calendars, now: datetime
) -> Clock:
    start, met_at = _ends(step, past, in_force[0].policy)
    if start is None:
        return Clock(None, met_at, False, 0.0, in_force[-1].policy.limit_s(step), False)
    ended_at = next((e.at for e in past if e.kind in ("cancelled", "merged")), None)
    until = max(start, min(t for t in (met_at, ended_at, now) if t is not None))
    in_force = [change for change in in_force if change.at <= until]  # what is settled knows no later limit
    spans, standing = _account(step, past, in_force, calendars, Interval(start, until) if start < until else None)
    limit_s = _policy_at(in_force, until).limit_s(step)
    used_s = sum(span.seconds for span in spans if span.why is Why.COUNTED)
    still = met_at is None and (standing or ended_at is not None)
    ahead = () if still else tuple(_ahead(calendars.of(step, in_force[-1].policy), until, limit_s))
    due_at, by_change = _due(step, [*spans, *ahead], in_force)
    return Clock(
        due_at,
        met_at,
        _is_over(spans, due_at) or (by_change and due_at is not None and due_at < until),
        used_s,
        limit_s,
        met_at is None and not still,
        by_change,
        tuple(_mark_over(spans, due_at)),
    )


def _ends(step: str, past: Sequence[OrderEvent], policy: ClockPolicy) -> tuple[datetime | None, datetime | None]:
    """Where a clock starts, and where it was met."""
    first: dict[str, datetime] = {}
    repaired_at: datetime | None = None
    for event in past:
        first.setdefault(event.kind, event.at)
        if event.kind == "repaired":
            repaired_at = event.at
        elif event.kind in ("rejected", "reopened"):
            repaired_at = None
    if step != "repair":
        return first.get("reported"), min((first[kind] for kind in MET_BY[step] if kind in first), default=None)
    if policy.repair_from == "reported":
        return first.get("reported"), repaired_at
    return min((first[kind] for kind in MET_BY["respond"] if kind in first), default=None), repaired_at


def _policy_at(in_force: Sequence[Change], at: datetime) -> ClockPolicy:
    return next(change.policy for change in reversed(in_force) if change.at <= at)


def _account(
    step: str, past: Sequence[OrderEvent], in_force: Sequence[Change], calendars: Calendars, life: Interval | None
) -> tuple[list[Span], bool]:
    """The spans of a clock's life, and whether it stands still at its end."""
    why, reason, holder, since = Why.COUNTED, "", "", _LONG_AGO
    spans: list[Span] = []

    def close(until: datetime) -> None:
        if life is None or max(since, life.start) >= min(until, life.end):
            return
        found = Span(max(since, life.start), min(until, life.end), why, reason, holder)
        if spans and replace(spans[-1], start=found.start, end=found.end) == found:
            spans[-1] = replace(spans[-1], end=found.end)
        else:
            spans.append(found)

    for event in past:
        close(event.at)
        since, holder = event.at, event.holder or holder
        if event.kind == "paused" and event.reason in _policy_at(in_force, event.at).stopping_reasons:
            why, reason = Why.PAUSED, event.reason
        elif event.kind == "repaired":
            # The ball is no longer in the repairer's court: what waits for its acceptance in vain is not his time.
            why, reason = Why.ACCEPTANCE, ""
        elif event.kind in ("resumed", "rejected", "reopened") or (event.kind == "transferred" and why is Why.PAUSED):
            why, reason = Why.COUNTED, ""
    if life is not None:
        close(life.end)
    hours = [(change, calendars.of(step, change.policy)) for change in in_force]
    return [part for span in spans for part in _within_hours(span, hours)], why is not Why.COUNTED


def _within_hours(span: Span, hours: Sequence[tuple[Change, Sequence[Interval] | None]]) -> Iterator[Span]:
    """A counted span cut at the edges of the calendar that was in force; what lies outside does not count."""
    if span.why is not Why.COUNTED:
        yield span
        return
    for place, (change, windows) in enumerate(hours):
        until = hours[place + 1][0].at if place + 1 < len(hours) else span.end
        for piece in maybe(max(span.start, change.at), min(span.end, until)):
            outside = [] if windows is None else subtract([piece], windows)
            inside = subtract([piece], outside)
            marked = [(one, Why.COUNTED) for one in inside] + [(one, Why.OUTSIDE) for one in outside]
            for one, why in sorted(marked, key=lambda pair: pair[0].start):
                yield replace(span, start=one.start, end=one.end, why=why)


def _ahead(windows: Sequence[Interval] | None, start: datetime, limit_s: float) -> Iterator[Span]:
    """Time that will count from ``start`` on if nothing more happens, far enough for any limit."""
    if windows is None:
        yield Span(start, start + timedelta(seconds=limit_s + 1), Why.COUNTED)
        return
    for window in subtract(windows, [Interval(_LONG_AGO, start)]):
        yield Span(window.start, window.end, Why.COUNTED)


def _due(step: str, spans: Sequence[Span], in_force: Sequence[Change]) -> tuple[datetime | None, bool]:
    """The first moment at which no more time is left, and whether only a shortened limit made it so."""
    used = 0.0
    for span in spans:
        if span.why is not Why.COUNTED:
            continue
        start = span.start
        for change, after in zip(in_force, [*in_force[1:], None], strict=True):
            end = span.end if after is None else min(span.end, after.at)
            if start >= end or (after is not None and after.at <= start):
                continue
            limit, seconds = change.policy.limit_s(step), (end - start).total_seconds()
            if used > limit:
                return start, True
            if used + seconds > limit or (used + seconds == limit and (after is None or after.at != end)):
                return start + timedelta(seconds=limit - used), False
            used, start = used + seconds, end
    return None, False


def _is_over(spans: Sequence[Span], due_at: datetime | None) -> bool:
    return due_at is not None and any(span.why is Why.COUNTED and span.end > due_at for span in spans)


def _mark_over(spans: Sequence[Span], due_at: datetime | None) -> Iterator[Span]:
    """The same spans, cut at the due moment."""
    for span in spans:
        if due_at is None or span.end <= due_at:
            yield span
        elif span.start >= due_at:
            yield replace(span, over=True)
        else:
            yield replace(span, end=due_at)
            yield replace(span, start=due_at, over=True)
