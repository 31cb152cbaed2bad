"""Work orders: the state machine as one table. The clocks over its events are in :mod:`budayang.rules.order_clocks`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

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
    "merged": "已合并",
}
ORDER_STATES: tuple[str, ...] = tuple(STATE_NAMES)
FINAL_STATES: tuple[str, ...] = ("closed", "cancelled", "merged")
OPEN_STATES: frozenset[str] = frozenset(STATE_NAMES) - frozenset(FINAL_STATES)
FIRST_STATE = "reported"

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
    "merged": "并入",
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
    # who waits for a part may still hand the order on, or see that it is the same as another
    ("accepted_paused", "transferred"): "reported",
    ("on_site_paused", "transferred"): "reported",
    ("accepted_paused", "cancelled"): "cancelled",
    ("on_site_paused", "cancelled"): "cancelled",
    ("reported", "merged"): "merged",
    ("accepted", "merged"): "merged",
    ("accepted_paused", "merged"): "merged",
    ("on_site", "merged"): "merged",
    ("on_site_paused", "merged"): "merged",
    ("repaired", "merged"): "merged",
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
    """``kind`` is a key of EVENT_NAMES; the first event of an order is ``reported``. ``holder``: who has the order
    from here on, when the event changes it. ``told_at``: when the center learnt of it, None: at once.
    """

    kind: str
    at: datetime
    reason: str = ""
    holder: str = ""
    told_at: datetime | None = None


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
