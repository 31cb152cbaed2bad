"""Work orders: the state machine as one table, and the three clocks as one pure function over the events."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from budayang.rules.intervals import Interval, intersect, maybe, subtract, total_s, union
from budayang.rules.parameters import STEPS, deadline_name

STATE_NAMES: dict[str, str] = {
    "reported": "待受理",
    "accepted": "已受理",
    "accepted_paused": "暂停计时（未到场）",
    "on_site": "已到场",
    "on_site_paused": "暂停计时（已到场）",
    "repaired": "待验收",
    "verified": "验收通过",
    "closed": "已关闭",
    "cancelled": "已撤销",
}
ORDER_STATES: tuple[str, ...] = tuple(STATE_NAMES)
OPEN_STATES: frozenset[str] = frozenset(STATE_NAMES) - {"closed", "cancelled"}
FIRST_STATE = "reported"
_LONG_AGO = datetime(1, 1, 2, tzinfo=UTC)

EVENT_NAMES: dict[str, str] = {
    "reported": "报修",
    "accepted": "受理",
    "arrived": "到场",
    "repaired": "修复",
    "verified": "验收通过",
    "rejected": "验收不通过",
    "closed": "关闭",
    "paused": "暂停计时",
    "resumed": "恢复计时",
    "reopened": "重新打开",
    "transferred": "转派",
    "cancelled": "撤销",
}

PAUSE_REASONS: dict[str, str] = {
    "no_access": "场所不让进入",
    "spare_part": "等待备件（合同允许）",
    "owner_decision": "等待归属单位决定",
    "power_or_network": "供电或网络未恢复",
    "weather": "极端天气道路不通",
}

TRANSITIONS: dict[tuple[str, str], str] = {
    ("reported", "accepted"): "accepted",
    # what recovers before anybody came is still verified by somebody: it never closes itself
    ("reported", "repaired"): "repaired",
    ("reported", "transferred"): "reported",
    ("reported", "cancelled"): "cancelled",
    ("accepted", "arrived"): "on_site",
    ("accepted", "repaired"): "repaired",
    ("accepted", "paused"): "accepted_paused",
    ("accepted", "transferred"): "reported",
    ("accepted", "cancelled"): "cancelled",
    ("accepted_paused", "resumed"): "accepted",
    ("on_site", "repaired"): "repaired",
    ("on_site", "paused"): "on_site_paused",
    ("on_site", "transferred"): "reported",
    ("on_site", "cancelled"): "cancelled",
    ("on_site_paused", "resumed"): "on_site",
    ("repaired", "verified"): "verified",
    ("repaired", "rejected"): "on_site",
    ("verified", "closed"): "closed",
    ("verified", "reopened"): "reported",
    ("closed", "reopened"): "reported",
}


class IllegalTransition(ValueError):
    """The event does not fit the order's state; the message is for people."""


def next_state(state: str, event: str) -> str:
    """Raises IllegalTransition."""
    found = TRANSITIONS.get((state, event))
    if found is None:
        raise IllegalTransition(f"工单现在是“{STATE_NAMES.get(state, state)}”，不能“{EVENT_NAMES.get(event, event)}”")
    return found


def allowed_events(state: str) -> tuple[str, ...]:
    return tuple(event for (before, event) in TRANSITIONS if before == state)


@dataclass(frozen=True)
class OrderEvent:
    """``kind`` is a key of EVENT_NAMES; the first event of an order is ``reported``."""

    kind: str
    at: datetime
    reason: str = ""


def state_after(events: Sequence[OrderEvent]) -> str:
    """The state that the events lead to. Raises IllegalTransition."""
    state = ""
    for event in events:
        if not state:
            if event.kind != "reported":
                raise IllegalTransition("工单的第一个事件必须是报修")
            state = FIRST_STATE
        else:
            state = next_state(state, event.kind)
    return state


def time_in_states(events: Sequence[OrderEvent], now: datetime) -> dict[str, float]:
    """Seconds spent in each state until ``now``; the sum is the whole life of the order."""
    past = [e for e in events if e.at <= now]
    spent: dict[str, float] = {}
    for i, event in enumerate(past):
        end = past[i + 1].at if i + 1 < len(past) else now
        state = state_after(past[: i + 1])
        spent[state] = spent.get(state, 0.0) + (end - event.at).total_seconds()
    return spent


@dataclass(frozen=True)
class ClockPolicy:
    """Limits in seconds, copied onto the order when it opens.

    ``stopping_reasons``: pauses that stop the clocks; any other pause is only a note. ``repair_from``: reported |
    accepted, where the repair clock
    starts: the source of WH-17 does not say.
    """

    respond_s: float
    arrive_s: float
    repair_s: float
    stopping_reasons: frozenset[str] = frozenset(PAUSE_REASONS)
    repair_from: str = "reported"


def policy_for(severity: str, value: Callable[[str], float]) -> ClockPolicy:
    """The policy of a severity, from the parameters in force: ``value(name)``."""
    respond, arrive, repair = (value(deadline_name(step, severity)) for step in STEPS)
    return ClockPolicy(respond, arrive, repair)


@dataclass(frozen=True)
class Clock:
    """``due_at`` None: the clock stands still, or the calendar given does not reach so far. ``used_s``: counted
    seconds until met or now.
    """

    due_at: datetime | None
    met_at: datetime | None
    overdue: bool
    used_s: float
    limit_s: float
    running: bool


@dataclass(frozen=True)
class Clocks:
    respond: Clock
    arrive: Clock
    repair: Clock


def _stopped(events: Sequence[OrderEvent], policy: ClockPolicy, until: datetime) -> list[Interval]:
    """Time that no clock counts: pauses with a stopping reason, and time in which the order waited for its acceptance
    in vain (the ball was not in the repairer's court). ``until`` ends a pause that has no end yet.
    """
    out: list[Interval] = []
    paused_at: datetime | None = None
    repaired_at: datetime | None = None
    for event in events:
        if event.kind == "paused" and event.reason in policy.stopping_reasons:
            paused_at = event.at
        elif event.kind == "resumed" and paused_at is not None:
            out += maybe(paused_at, event.at)
            paused_at = None
        elif event.kind == "repaired":
            repaired_at = event.at
        elif event.kind in ("rejected", "reopened") and repaired_at is not None:
            out += maybe(repaired_at, event.at)
            repaired_at = None
    if paused_at is not None:
        out += maybe(paused_at, until)
    return union(out)


def _due(running: Sequence[Interval], limit_s: float) -> datetime | None:
    """The moment at which ``limit_s`` of running time is used up."""
    left = limit_s
    for x in running:
        if x.seconds >= left:
            return x.start + timedelta(seconds=left)
        left -= x.seconds
    return None


def _clock(
    start: datetime | None,
    met_at: datetime | None,
    limit_s: float,
    *,
    stopped: Sequence[Interval],
    windows: Sequence[Interval] | None,
    now: datetime,
    standing: bool,
    ended_at: datetime | None,
) -> Clock:
    if start is None:
        return Clock(None, met_at, False, 0.0, limit_s, False)
    if met_at is not None:
        # what stopped after the clock was met no longer moves its due time
        stopped, standing = [x for x in stopped if x.start < met_at], False
    # day and night when no calendar is given; so far ahead that the due time lies within, whatever was paused
    far = max(start, now) + timedelta(seconds=limit_s + total_s(stopped) + 1)
    open_time = [Interval(start, far)] if windows is None else subtract(windows, [Interval(_LONG_AGO, start)])
    counted = subtract(open_time, stopped)
    until = min(t for t in (met_at, ended_at, now) if t is not None)
    used = total_s(intersect(counted, maybe(start, until)))
    due = _due(counted, limit_s)
    if standing and due is not None and due > now:
        due = None
    return Clock(due, met_at, used > limit_s, used, limit_s, met_at is None and not standing)


def order_clocks(
    events: Sequence[OrderEvent],
    policy: ClockPolicy,
    calendar_windows: Sequence[Interval] | None,
    now: datetime,
) -> Clocks:
    """Respond, arrive and repair as of ``now``; later events are not yet known and ignored.

    ``calendar_windows``: time in which clocks run (the area's or the contract's calendar); None: day and night.
    A transfer starts no clock anew, as the citizen waits all the same. Repair is met by the last ``repaired`` that
    was not rejected or reopened; an order repaired without a visit needs no arrival. Exactly at the limit is in time.
    """
    past = sorted((e for e in events if e.at <= now), key=lambda e: e.at)
    first: dict[str, datetime] = {}
    repaired_at: datetime | None = None
    cancelled_at: datetime | None = None
    standing = False
    for event in past:
        first.setdefault(event.kind, event.at)
        match event.kind:
            case "repaired":
                repaired_at = event.at
            case "rejected" | "reopened":
                repaired_at = None
            case "cancelled":
                cancelled_at = event.at
            case "paused":
                standing = event.reason in policy.stopping_reasons
            case "resumed":
                standing = False
            case _:
                pass
    reported = first.get("reported")
    respond_met = min((first[k] for k in ("accepted", "arrived", "repaired") if k in first), default=None)
    arrive_met = min((first[k] for k in ("arrived", "repaired") if k in first), default=None)
    stopped = _stopped(past, policy, now + timedelta(days=3650))
    still = standing or cancelled_at is not None
    repair_start = reported if policy.repair_from == "reported" else respond_met

    def clock(start: datetime | None, met: datetime | None, limit_s: float) -> Clock:
        return _clock(
            start,
            met,
            limit_s,
            stopped=stopped,
            windows=calendar_windows,
            now=now,
            standing=still,
            ended_at=cancelled_at,
        )

    return Clocks(
        clock(reported, respond_met, policy.respond_s),
        clock(reported, arrive_met, policy.arrive_s),
        clock(repair_start, repaired_at, policy.repair_s),
    )
