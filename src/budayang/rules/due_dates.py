"""What has to be renewed by a day (extinguishers, tests, certificates): told ahead, once more when the day is over."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo


class Stage(StrEnum):
    """Where a thing stands before its day."""

    FINE = "fine"
    SOON = "soon"
    OVER = "over"


STAGE_NAMES: dict[Stage, str] = {Stage.FINE: "未到期", Stage.SOON: "快到期", Stage.OVER: "已过期"}
THING_NAMES: dict[str, str] = {
    "extinguisher": "灭火器",
    "fire_test": "消防设施检测",
    "electric_test": "电气检测",
    "certificate": "证照、合格证",
    "battery": "电池",
    "drill": "演练、培训",
    "help_test": "求助按钮测试",
    "exit_test": "断电开门测试",
    "warranty": "质保期",
    "life": "使用年限",
}
OF_ASSETS = frozenset({"warranty", "life"})
"""Days that follow from the register of assets and are written down there only."""
ENDS_QUIETLY = frozenset({"warranty"})
"""What is not wrong when its day is over: it is told ahead, and the order ends with the day."""


def stage(due_on: date, today: date, warn_d: float) -> Stage:
    """The day itself is not over yet."""
    if today > due_on:
        return Stage.OVER
    return Stage.SOON if (due_on - today).days <= warn_d else Stage.FINE


def next_look(due_on: date, today: date, warn_d: float, zone: str) -> datetime | None:
    """When the stage changes next: the midnight that begins the warning, then the one after the day; None when over."""
    begins = {Stage.FINE: due_on - timedelta(days=warn_d), Stage.SOON: due_on + timedelta(days=1)}
    on = begins.get(stage(due_on, today, warn_d))
    return datetime.combine(on, time(0), ZoneInfo(zone)).astimezone(UTC) if on is not None else None
