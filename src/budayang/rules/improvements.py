"""Improvement items (改进事项), the plan-do-check-act of a place: where one stands and whether it is late."""

from __future__ import annotations

from datetime import date

STATE_NAMES: dict[str, str] = {
    "open": "整改中",
    "proved": "待检查",
    "closed": "已闭环",
    "cancelled": "已取消",
}
TRANSITIONS: dict[tuple[str, str], str] = {
    ("open", "prove"): "proved",
    ("open", "cancel"): "cancelled",
    ("proved", "accept"): "closed",
    ("proved", "reject"): "open",
}
EVENT_NAMES: dict[str, str] = {
    "made": "提出",
    "changed": "改了计划或期限",
    "overdue": "到期没有闭环",
    "prove": "提交证明",
    "accept": "检查通过",
    "reject": "检查没通过，退回",
    "cancel": "取消",
}
ACTIVE = frozenset({"open", "proved"})


def is_overdue(state: str, due_on: date, today: date) -> bool:
    """An item that is not checked and closed is late from the day after its date on, also while its proof waits."""
    return state in ACTIVE and today > due_on


def late_days(state: str, due_on: date, today: date) -> int:
    """Days beyond the date; 0 in time."""
    return (today - due_on).days if is_overdue(state, due_on, today) else 0
