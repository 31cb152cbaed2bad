"""Emergency cards (应急卡): who does what within how long, read from rows; which step is late now.

A card is for people in a hurry: a step is one sentence, with the telephone number that it needs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

WHO_NAMES: dict[str, str] = {
    "anyone": "最先到场的人",
    "keeper": "自助区管理员",
    "guard": "安保",
    "manager": "综合管理单位",
    "owner": "设备归属单位",
    "vendor": "运维商",
}
RUN_STATE_NAMES: dict[str, str] = {
    "planned": "已计划",
    "running": "处置中",
    "ended": "已结束，待复盘",
    "reviewed": "已复盘",
    "called_off": "已取消",
}
RUN_STATES: tuple[str, ...] = tuple(RUN_STATE_NAMES)
TRANSITIONS: dict[tuple[str, str], str] = {
    ("planned", "start"): "running",
    ("planned", "call_off"): "called_off",
    ("running", "end"): "ended",
    ("ended", "review"): "reviewed",
}
WHATS: dict[str, str] = {
    "started": "启动",
    "done": "做完",
    "skipped": "不适用",
    "late": "超时",
    "note": "说明",
    "finding": "问题",
    "ended": "结束",
    "reviewed": "复盘",
}
MOST_STEPS, LONGEST, LONGEST_S = 20, 120, 7 * 86400
PHONE = re.compile(r"(?:[0-9][0-9 -]{1,19})?")


@dataclass(frozen=True)
class Step:
    """``within_s``: from the start of the card; 0: no limit. ``phone``: a number to call, or ""."""

    who: str
    text: str
    phone: str = ""
    within_s: int = 0

    def plain(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class StepNow:
    """How a step stands. ``done`` is also true of one that was marked as not applicable."""

    number: int
    step: Step
    done: bool
    skipped: bool
    at: datetime | None
    due_at: datetime | None
    late: bool


def read_steps(rows: Iterable[Mapping[str, object]]) -> list[Step]:
    """Steps from rows. Raises ValueError with the repair, in Chinese."""
    found = []
    for number, row in enumerate(rows, start=1):
        text, who = str(row.get("text", "")).strip(), str(row.get("who", "")).strip()
        if who not in WHO_NAMES:
            raise ValueError(f"第 {number} 步：请写明由谁做")
        if not 0 < len(text) <= LONGEST:
            raise ValueError(f"第 {number} 步：请用一句话写明做什么，最多 {LONGEST} 字")
        within = str(row.get("within_s", "") or "0")
        if not within.isdecimal() or int(within) > LONGEST_S:
            raise ValueError(f"第 {number} 步：时限须是 0 到 {LONGEST_S} 秒")
        phone = str(row.get("phone", "") or "").strip()
        if not PHONE.fullmatch(phone):
            # It becomes a button that is pressed in a hurry: whatever else stands there would call nobody.
            raise ValueError(f"第 {number} 步：电话只能用数字、空格和短横，最多 20 位，没有电话就空着或写 -")
        found.append(Step(who, text, phone, int(within)))
    if not 0 < len(found) <= MOST_STEPS:
        raise ValueError(f"一张应急卡须有 1 到 {MOST_STEPS} 步")
    return found


def stored_steps(rows: Iterable[Mapping[str, Any]]) -> list[Step]:
    """Steps as they were stored by :meth:`Step.plain`. They were checked when they were written: a card that a later
    rule would refuse must be at hand at night all the same.
    """
    return [Step(**row) for row in rows]


def standing(
    steps: Sequence[Step], started_at: datetime, events: Iterable[tuple[str, int | None, datetime]], now: datetime
) -> list[StepNow]:
    """How each step stands. ``events``: (what, step, at). Exactly at the limit is in time; a step that was done late
    stays late.
    """
    marks = {step: (what, at) for what, step, at in events if what in ("done", "skipped") and step is not None}
    found = []
    for number, step in enumerate(steps):
        what, at = marks.get(number, ("", None))
        due_at = started_at + timedelta(seconds=step.within_s) if step.within_s else None
        late = due_at is not None and what != "skipped" and (at or now) > due_at
        found.append(StepNow(number, step, bool(what), what == "skipped", at, due_at, late))
    return found


def next_late_at(rows: Iterable[StepNow], now: datetime) -> datetime | None:
    """When the next open step becomes late; None when no open step with a limit lies ahead."""
    ahead = [one.due_at for one in rows if not one.done and one.due_at is not None and one.due_at >= now]
    return min(ahead) + timedelta(seconds=1) if ahead else None
