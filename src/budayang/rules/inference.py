"""Which silences of an area are one fault, and which kind of fault it is. Every number is a row of :data:`NUMBERS`.

A terminal's last word and its plan bound the moment at which it broke off: after the last word, before the next one was
due. Silences whose bounds overlap may have one cause; when most of those that were heard until then are among them, the
area is taken to have it. One terminal alone, and any silence in an area with fewer than ``least`` terminals that run
our program, stays the fault of that terminal until evidence joins it to others (rules/evidence).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from budayang.rules.evidence import Line


@dataclass(frozen=True)
class Number:
    """``unit``: count, ratio, s. ``text`` says what it is for, in Chinese: the incident's page shows it."""

    name: str
    value: float
    unit: str
    text: str


NUMBERS: tuple[Number, ...] = (
    Number("least", 3, "count", "至少几台同时失联才合并为一个区域故障"),
    Number("share", 0.5, "ratio", "失联的要超过此前还有联系的多大比例"),
    Number("slack_s", 5, "s", "判断是否同时中断时，给计时误差留的余量"),
    Number("goes_on_share", 0.3, "ratio", "仍失联的低于多大比例，区域故障就算恢复"),
    Number("hold_margin_s", 10, "s", "派单前，在计划联系间隔之外再等多久，看别的终端是否也失联"),
    Number("free_hold_s", 180, "s", "区域恢复后，还没回来的终端等多久才单独派单"),
    Number("boot_together_s", 300, "s", "几台终端在多久之内先后开机算同时来电"),
    Number("told_least", 2, "count", "至少几台终端说明了原因，才为区域定责"),
    Number("told_share", 0.3, "ratio", "失联的终端里至少多大比例说明了原因，才为区域定责"),
    Number("agree_share", 0.6, "ratio", "说明原因的终端里，要有多大比例说法一致"),
    Number("department_least", 3, "count", "至少几台终端都连不上，才算部门系统的故障"),
    Number("department_share", 0.5, "ratio", "连不上的要超过用该部门系统的终端的多大比例"),
)
NUMBER: dict[str, float] = {one.name: one.value for one in NUMBERS}


@dataclass(frozen=True, slots=True)
class Silent:
    """A terminal that says nothing: ``silent_at`` is its last word plus plan and grace."""

    terminal: str
    silent_at: datetime
    plan_s: float
    grace_s: float

    @property
    def last_word_at(self) -> datetime:
        return self.silent_at - timedelta(seconds=self.plan_s + self.grace_s)

    @property
    def missed_at(self) -> datetime:
        """When its next word was due: it broke off before that."""
        return self.last_word_at + timedelta(seconds=self.plan_s)


@dataclass(frozen=True, slots=True)
class AreaFacts:
    """``silent``: terminals that may be judged (own, in use, under no stop). ``heard``: the others of these.

    ``battery_since``: since when a UPS of the area has said that it runs on battery. ``gateway_at``: the last answer of
    something in the area that is no terminal of ours (a relay, the router).
    """

    silent: Sequence[Silent]
    heard: Collection[str]
    battery_since: datetime | None = None
    gateway_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Joined:
    """One fault of the area. ``code``: its row in the table of causes; ``since``: the first of its silences."""

    code: str
    since: datetime
    members: tuple[str, ...]
    lines: tuple[Line, ...]


def can_join(count: int) -> bool:
    """Whether an area with so many terminals of our own can have an inferred fault at all."""
    return count >= NUMBER["least"]


def hold_s(plans_s: Sequence[float]) -> float:
    """How long a silence's order waits for those of its neighbours: terminals that broke off together fall silent
    within the longest plan of each other.
    """
    return max(plans_s, default=0.0) + NUMBER["hold_margin_s"] if can_join(len(plans_s)) else 0.0


def join(facts: AreaFacts) -> Joined | None:
    """The fault of the area that explains most of its silences, or None: they are faults of single terminals."""
    group, before = _largest_group(facts.silent)
    total = len(group) + len(facts.heard) + len(facts.silent) - len(group) - before
    if len(group) < NUMBER["least"] or len(group) <= total * NUMBER["share"]:
        return None
    since = min(one.silent_at for one in group)
    broke_by = max(one.missed_at for one in group) + timedelta(seconds=NUMBER["slack_s"])
    rule = Line(
        since,
        "rule",
        "joined",
        f"此前有联系的{total}台终端中，{len(group)}台先后失联，中断时刻可以重合（规则：至少{NUMBER['least']:g}台，"
        f"且超过{NUMBER['share']:.0%}）",
    )
    lines = [rule]
    code = "area_silent"
    if facts.battery_since is not None and facts.battery_since <= broke_by:
        code = "area_power"
        lines.append(Line(facts.battery_since, "ups", "battery", "失联之前，不间断电源已改由电池供电：判为停电"))
    elif facts.gateway_at is not None and facts.gateway_at > since:
        code = "area_network"
        lines.append(Line(facts.gateway_at, "gateway", "gateway", "失联之后，区内网关仍有应答：有电，判为网络"))
    lines += _ruled_out(facts, code, since)
    return Joined(code, since, tuple(sorted(one.terminal for one in group)), tuple(lines))


def _ruled_out(facts: AreaFacts, code: str, since: datetime) -> list[Line]:
    out: list[Line] = []
    if facts.heard:
        out.append(Line(since, "rule", "heard", f"还有{len(facts.heard)}台终端有联系：不是整个自助区停电"))
    if facts.battery_since is None and code != "area_power":
        out.append(Line(since, "rule", "no_battery", "失联之前没有不间断电源报告停电"))
    if code == "area_silent":
        out.append(Line(since, "rule", "open", "没有证据说明是停电还是断网：暂不归给任何人，等终端恢复后的证据"))
    return out


def _largest_group(silent: Sequence[Silent]) -> tuple[list[Silent], int]:
    """The most silences that can have broken off at one moment, and how many had broken off before it.

    A sweep over the bounds: n log n for an area with n silences.
    """
    slack = timedelta(seconds=NUMBER["slack_s"])
    steps = sorted([(one.last_word_at - slack, 0) for one in silent] + [(one.missed_at + slack, 1) for one in silent])
    best, best_at, open_now = 0, None, 0
    for at, ends in steps:
        open_now += -1 if ends else 1
        if open_now > best:
            best, best_at = open_now, at
    if best_at is None:
        return [], 0
    group = [one for one in silent if one.last_word_at - slack <= best_at <= one.missed_at + slack]
    return group, sum(one.missed_at + slack < best_at for one in silent)


def goes_on(silent: int, total: int) -> bool:
    """Whether a fault of an area that was inferred still stands, with so many of its terminals silent."""
    return silent > 1 and silent >= math.ceil(total * NUMBER["goes_on_share"])


def department_is_down(down: int, total: int) -> bool:
    """Whether a department's system fails for all (its own fault) or for single terminals (theirs), by what the
    terminals say that use it.
    """
    return down >= NUMBER["department_least"] and down > total * NUMBER["department_share"]
