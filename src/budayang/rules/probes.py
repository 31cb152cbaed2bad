"""End-to-end tries (拨测) of an item: their steps in order, what they come to, and when the next one is due.

A try of "the chosen machine" means: the machine is heard, it obeys and its devices answered just now, the rule lets the
item be started there, and the department did a matter for its own test identity through the center.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any


class ProbeState(StrEnum):
    """``partial``: nothing failed, but not everything could be tried (no test identity of the department)."""

    WAITING = "waiting"
    RUNNING = "running"
    PASSED = "passed"
    PARTIAL = "partial"
    FAILED = "failed"
    DROPPED = "dropped"


STATES: tuple[str, ...] = tuple(one.value for one in ProbeState)
STATE_NAMES: dict[ProbeState, str] = {
    ProbeState.WAITING: "等待拨测",
    ProbeState.RUNNING: "正在拨测",
    ProbeState.PASSED: "通过",
    ProbeState.PARTIAL: "部分通过",
    ProbeState.FAILED: "没有通过",
    ProbeState.DROPPED: "没有拨测",
}
OPEN_STATES = (ProbeState.WAITING, ProbeState.RUNNING)

TRANSITIONS: dict[tuple[ProbeState, str], ProbeState] = {
    (ProbeState.WAITING, "begin"): ProbeState.RUNNING,
    (ProbeState.WAITING, "drop"): ProbeState.DROPPED,
}
for _event, _after in (
    ("pass", ProbeState.PASSED),
    ("part", ProbeState.PARTIAL),
    ("fail", ProbeState.FAILED),
    ("drop", ProbeState.DROPPED),
):
    TRANSITIONS[ProbeState.RUNNING, _event] = _after


ASKED_BY: tuple[str, ...] = ("schedule", "hand", "promise")
ASKED_NAMES: dict[str, str] = {"schedule": "按计划", "hand": "人工", "promise": "出门前保障"}


@dataclass(frozen=True)
class Step:
    """``code`` is kept in rows, ``name`` is what people read, ``machine``: of the machine, not of the department."""

    code: str
    name: str
    machine: bool


STEPS: tuple[Step, ...] = (
    Step("alive", "终端在线", True),
    Step("obeys", "终端应答自检", True),
    Step("devices", "设备自检", True),
    Step("rule", "此刻能开始办理", True),
    Step("identity", "部门的测试身份", False),
    Step("department", "部门用测试身份办一遍", False),
)
BY_CODE: dict[str, Step] = {one.code: one for one in STEPS}


MACHINE_REASONS = frozenset({"device_missing", "device_fault", "device_unknown", "supply_out"})
"""Why the rule refuses, where that is the machine's own fault. A planned stop, closed hours, a department that does not
answer and a machine that is suspended are not.
"""


def next_state(state: str, event: str) -> str | None:
    """The state after the event; None when it does not fit: a rival was first."""
    found = TRANSITIONS.get((ProbeState(state), event))
    return found.value if found else None


@dataclass(frozen=True)
class Result:
    """What the steps come to: ``event`` is one of ``pass``, ``part``, ``fail``."""

    event: str
    step: str = ""
    text: str = ""


def judge_steps(steps: Sequence[Mapping[str, Any]]) -> Result:
    """The first step that failed speaks. A step with ``ok`` None could not be tried: then it is no pass."""
    for one in steps:
        if one.get("ok") is False:
            return Result("fail", str(one.get("step", "")), str(one.get("text", "")))
    skipped = next((one for one in steps if one.get("ok") is None), None)
    if skipped is not None or not any(one.get("step") == "department" for one in steps):
        return Result("part", "", str(skipped.get("text", "")) if skipped else "")
    return Result("pass")


def next_at(now: datetime, *, failed: bool, every_s: float, again_s: float) -> datetime:
    """When the next try by plan is due: soon after a failure, so that one bad moment does not stand for long."""
    return now + timedelta(seconds=again_s if failed else every_s)


def device_faults(
    needs: Iterable[str], kinds: Mapping[str, str], levels: Mapping[str, str], texts: Mapping[str, str]
) -> list[str]:
    """What of the needed devices failed its self-test. ``kinds``: subject → kind; ``levels``: subject → ok or another
    word; ``texts``: subject → what a person reads. A needed kind that did not answer at all failed.
    """
    found = []
    for need in sorted(needs):
        mine = [subject for subject, kind in kinds.items() if kind == need]
        if not mine:
            found.append(need)
        elif all(levels.get(subject) != "ok" for subject in mine):
            found.append(texts.get(mine[0], need))
    return found
