"""Escalation (升级通知) as a list of steps: whom to tell, how long to wait for somebody to confirm, when to stop.

The list that is in force when a fault begins is copied onto its notice: a policy that is changed at noon does not move
what began in the morning.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from budayang.rules.incident_kinds import Severity

NOBODY_S = 15 * 60
"""A round that found nobody at all is tried again after this: the next shift may have somebody."""
MOST_ROUNDS = 10
MOST_STEPS = 20


class StepKind(StrEnum):
    WAIT = "wait"
    TELL_ON_DUTY = "tell_on_duty"
    TELL_NEXT = "tell_next"
    TELL_TABLE = "tell_table"
    TELL_ROLE = "tell_role"
    TELL_PERSON = "tell_person"
    TELL_GROUP = "tell_group"
    ONLY_BETWEEN = "only_between"
    REPEAT = "repeat"


STEP_NAMES: dict[StepKind, str] = {
    StepKind.WAIT: "等待确认",
    StepKind.TELL_ON_DUTY: "通知当班人员",
    StepKind.TELL_NEXT: "通知值班表上的下一位",
    StepKind.TELL_TABLE: "通知故障种类表上的人",
    StepKind.TELL_ROLE: "通知某个角色",
    StepKind.TELL_PERSON: "通知某个人",
    StepKind.TELL_GROUP: "通知群渠道",
    StepKind.ONLY_BETWEEN: "只在时段内继续",
    StepKind.REPEAT: "从头重复",
}


class Otherwise(StrEnum):
    """What happens outside the hours: wait until they begin, leave out the step that follows, or end."""

    HOLD = "hold"
    SKIP = "skip"
    STOP = "stop"


OTHERWISE_NAMES: dict[Otherwise, str] = {
    Otherwise.HOLD: "等到时段开始再继续",
    Otherwise.SKIP: "跳过紧接着的一步",
    Otherwise.STOP: "到此为止",
}
BODY_NAMES: dict[str, str] = {
    "responsible": "责任单位",
    "manager": "综合管理单位",
    "owner": "设备归属单位",
    "vendor": "运维商",
}
TELLING = frozenset(
    {
        StepKind.TELL_ON_DUTY,
        StepKind.TELL_NEXT,
        StepKind.TELL_TABLE,
        StepKind.TELL_ROLE,
        StepKind.TELL_PERSON,
        StepKind.TELL_GROUP,
    }
)


@dataclass(frozen=True)
class Step:
    """One step. Read per kind: ``wait_s``; ``body`` (on duty, next); ``role``; ``staff``; ``channel`` (0: every group
    of the place); ``opens``, ``closes``, ``otherwise``; ``times`` (repeat).
    """

    kind: StepKind
    wait_s: int = 0
    body: str = ""
    role: str = ""
    staff: int = 0
    channel: int = 0
    opens: time | None = None
    closes: time | None = None
    otherwise: Otherwise = Otherwise.HOLD
    times: int = 0

    def as_dict(self) -> dict[str, Any]:
        """As JSON holds it; what the kind does not read is left out."""
        found: dict[str, Any] = {"kind": self.kind.value}
        for name in ("wait_s", "body", "role", "staff", "channel", "times"):
            if getattr(self, name):
                found[name] = getattr(self, name)
        if self.kind is StepKind.ONLY_BETWEEN and self.opens is not None and self.closes is not None:
            found |= {
                "opens": f"{self.opens:%H:%M}",
                "closes": f"{self.closes:%H:%M}",
                "otherwise": self.otherwise.value,
            }
        return found


def read_step(raw: Mapping[str, Any]) -> Step:
    """The step that ``as_dict`` wrote. Raises ValueError for an unknown kind."""
    return Step(
        kind=StepKind(raw["kind"]),
        wait_s=int(raw.get("wait_s", 0)),
        body=str(raw.get("body", "")),
        role=str(raw.get("role", "")),
        staff=int(raw.get("staff", 0)),
        channel=int(raw.get("channel", 0)),
        opens=time.fromisoformat(raw["opens"]) if raw.get("opens") else None,
        closes=time.fromisoformat(raw["closes"]) if raw.get("closes") else None,
        otherwise=Otherwise(raw.get("otherwise", Otherwise.HOLD)),
        times=int(raw.get("times", 0)),
    )


@dataclass(frozen=True)
class Cursor:
    """How far an escalation is. ``tried``, ``told``: whether somebody was to be told, and was, since the last wait;
    ``reached``: whether anybody was told in this round.
    """

    step: int = 0
    rounds: int = 0
    tried: bool = False
    told: bool = False
    reached: bool = False

    def after_telling(self, told: bool) -> Cursor:
        """The cursor after a step that told somebody, or found nobody."""
        return replace(self, tried=True, told=self.told or told, reached=self.reached or told)


@dataclass(frozen=True)
class Move:
    """What to do now: carry out ``tell``, or sleep until ``until``, or nothing more (both None)."""

    cursor: Cursor
    tell: Step | None = None
    until: datetime | None = None

    @property
    def ended(self) -> bool:
        return self.tell is None and self.until is None


@lru_cache(maxsize=32)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def inside(opens: time, closes: time, clock: time) -> bool:
    """Whether a time of day lies in a window; one that does not close after it opens goes over midnight."""
    return opens <= clock < closes if opens < closes else clock >= opens or clock < closes


def next_at(clock: time, now: datetime, zone: str) -> datetime:
    """The next moment after ``now`` at which the clocks of the zone show ``clock``."""
    local = now.astimezone(_zone(zone))
    day = local.date() if local.time() < clock else local.date() + timedelta(days=1)
    return datetime.combine(day, clock, tzinfo=_zone(zone)).astimezone(now.tzinfo)


def next_move(steps: Sequence[Step], at: Cursor, now: datetime, *, zone: str) -> Move:
    """What the escalation does next. Called again after each telling (with the cursor that says whether somebody was
    found) and when a wait is over.

    A wait after steps that found nobody is left out: nobody could confirm.
    """
    while at.step < len(steps):
        step = steps[at.step]
        on = replace(at, step=at.step + 1)
        if step.kind in TELLING:
            return Move(on, tell=step)
        if step.kind is StepKind.WAIT:
            if at.tried and not at.told:
                at = replace(on, tried=False)
                continue
            return Move(replace(on, tried=False, told=False), until=now + timedelta(seconds=step.wait_s))
        if step.kind is StepKind.ONLY_BETWEEN:
            opens, closes = step.opens or time(0), step.closes or time(0)
            if inside(opens, closes, now.astimezone(_zone(zone)).time()):
                at = on
            elif step.otherwise is Otherwise.SKIP:
                at = replace(at, step=at.step + 2)
            elif step.otherwise is Otherwise.STOP:
                return Move(replace(at, step=len(steps)))
            else:
                return Move(at, until=next_at(opens, now, zone))
            continue
        if at.rounds >= step.times:
            at = on
            continue
        again = Cursor(rounds=at.rounds + 1)
        if not at.reached:
            return Move(again, until=now + timedelta(seconds=NOBODY_S))
        at = again
    return Move(at)


def problems(steps: Sequence[Step]) -> list[str]:
    """What is wrong with a list of steps, in Chinese; empty when it may be used."""
    found: list[str] = []
    if not any(one.kind in TELLING for one in steps):
        found.append("至少要有一步通知到人")
    if len(steps) > MOST_STEPS:
        found.append(f"步骤不能多于 {MOST_STEPS} 步")
    for number, step in enumerate(steps, 1):
        if step.kind is StepKind.WAIT and not 60 <= step.wait_s <= 7 * 86400:
            found.append(f"第 {number} 步：等待须在 1 分钟到 7 天之间")
        if step.kind is StepKind.ONLY_BETWEEN and (
            step.opens is None or step.closes is None or step.opens == step.closes
        ):
            found.append(f"第 {number} 步：请写明时段的开始和结束")
        if step.kind is StepKind.TELL_ROLE and not step.role:
            found.append(f"第 {number} 步：请选择角色")
        if step.kind is StepKind.TELL_PERSON and not step.staff:
            found.append(f"第 {number} 步：请选择人")
        if step.kind in (StepKind.TELL_ON_DUTY, StepKind.TELL_NEXT) and step.body not in BODY_NAMES:
            found.append(f"第 {number} 步：请选择单位")
        if step.kind is StepKind.REPEAT:
            found += _repeat_problems(steps, number)
    return found


def _repeat_problems(steps: Sequence[Step], number: int) -> list[str]:
    found = []
    if number != len(steps):
        found.append("“从头重复”只能放在最后一步")
    if not 1 <= steps[number - 1].times <= MOST_ROUNDS:
        found.append(f"重复须在 1 到 {MOST_ROUNDS} 次之间")
    if not any(one.kind is StepKind.WAIT for one in steps):
        found.append("重复之前至少要有一步等待，否则会一直不停地发")
    return found


def span_words(seconds: float) -> str:
    """``15 分钟``, ``2 小时``, ``1 小时 30 分钟``, ``2 天``."""
    minutes = round(seconds / 60)
    days, minutes = divmod(minutes, 1440)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{days} 天" if days else "", f"{hours} 小时" if hours else "", f"{minutes} 分钟" if minutes else ""]
    return " ".join(part for part in parts if part) or "0 分钟"


def step_words(step: Step, names: Mapping[str, str]) -> str:
    """One step: ``通知责任单位的当班人员``. ``names``: "role:…", "staff:…", "channel:…" → what people call it."""
    body = BODY_NAMES.get(step.body, "")
    match step.kind:
        case StepKind.TELL_ON_DUTY:
            return f"通知{body}的当班人员"
        case StepKind.TELL_NEXT:
            return f"通知{body}值班表上的下一位"
        case StepKind.TELL_TABLE:
            return "通知故障种类表上的人"
        case StepKind.TELL_ROLE:
            return f"通知{names.get(f'role:{step.role}', step.role)}"
        case StepKind.TELL_PERSON:
            return f"通知{names.get(f'staff:{step.staff}', '指定的人')}"
        case StepKind.TELL_GROUP:
            return f"发到{names.get(f'channel:{step.channel}', '这里的群')}" if step.channel else "发到这里的各个群"
        case StepKind.WAIT:
            return f"等 {span_words(step.wait_s)}"
        case StepKind.ONLY_BETWEEN:
            return f"只在 {step.opens:%H:%M}—{step.closes:%H:%M} 继续，其余时间{OTHERWISE_NAMES[step.otherwise]}"
        case StepKind.REPEAT:
            return f"仍无人确认，从头再来，最多 {step.times} 次"


def describe(steps: Sequence[Step], names: Mapping[str, str]) -> str:
    """The whole list as one sentence: ``先通知责任单位的当班人员；15 分钟无人确认，再通知自助区管理员；…。``"""
    parts: list[str] = []
    told = fresh = False
    waited = ""
    for step in steps:
        words = step_words(step, names)
        if step.kind is StepKind.WAIT:
            waited, fresh = span_words(step.wait_s), True
            continue
        if step.kind in TELLING:
            word = "先" if not parts and not waited else ("再" if fresh else "同时")
            pause = (f"{waited}无人确认，" if told else f"等 {waited}，") if waited else ""
            parts.append(f"{pause}{word if told or not waited else ''}{words}")
            told, fresh = True, False
        elif step.kind is StepKind.REPEAT:
            parts.append(f"{waited}{words}")
        else:
            parts += [f"等 {waited}", words] if waited else [words]
            fresh = True
        waited = ""
    if waited:
        parts.append(f"等 {waited}")
    return "；".join(parts) + "。" if parts else "没有步骤。"


_DUTY = Step(StepKind.TELL_ON_DUTY, body="responsible")
_NEXT = Step(StepKind.TELL_NEXT, body="responsible")
_GROUP = Step(StepKind.TELL_GROUP)
_TABLE = Step(StepKind.TELL_TABLE)
_KEEPER = Step(StepKind.TELL_ROLE, role="area_keeper")
_SUPERVISOR = Step(StepKind.TELL_ROLE, role="supervisor")
_DAYTIME = Step(StepKind.ONLY_BETWEEN, opens=time(7), closes=time(22), otherwise=Otherwise.HOLD)


def _wait(minutes: int) -> Step:
    return Step(StepKind.WAIT, wait_s=minutes * 60)


def _again(times: int) -> Step:
    return Step(StepKind.REPEAT, times=times)


SHIPPED: dict[Severity, tuple[Step, ...]] = {
    Severity.GENERAL: (_DUTY, _GROUP, _wait(30), _DAYTIME, _TABLE, _wait(120), _NEXT, _again(1)),
    Severity.SERIOUS: (_DUTY, _KEEPER, _GROUP, _wait(15), _TABLE, _NEXT, _wait(30), _SUPERVISOR, _wait(30), _again(2)),
    Severity.URGENT: (_DUTY, _TABLE, _KEEPER, _GROUP, _wait(5), _NEXT, _wait(10), _SUPERVISOR, _wait(15), _again(3)),
}
"""What holds where nobody wrote a policy: a new city is told from its first hour on."""
