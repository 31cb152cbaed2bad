"""Drills on the sandbox (沙盒演练): which scenario rehearses which card, what must follow within how long, what did.

The sandbox makes the fault at machines that only exist there; everything after it is the platform's and the people's
own doing. What was planned is laid beside what happened; nothing that did not happen is called done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

MACHINES = 4
"""Machines of the drill hall: enough that most of them falling silent is a fault of the area."""
HOLD_S = (60, 300, 3600)
"""How long the fault stands when nobody ends the drill before: least, usual, most."""
SHOWN_S = 5
"""A notice to the public stands, or is gone, within this time of the news of it."""
TOLD_S = 30
"""From the news of a fault to the first person who was told: the lines of one receiver are bundled for some seconds."""
CALM_S = 90
"""A state that a machine told to be well again must hold for up to a minute before the fault ends."""
NOTICED_S = 5
"""What a machine says itself is known within this time."""


@dataclass(frozen=True)
class Scenario:
    """What the sandbox can play. ``card``: the emergency card that it rehearses; ``kinds``: the incidents of which one
    must be found; ``silent``: its machines fall silent, so that nobody can know before plan and grace have passed;
    ``presses``: somebody also presses the help button.
    """

    code: str
    card: str
    title: str
    kinds: tuple[str, ...]
    silent: bool = False
    presses: bool = False


SCENARIOS: tuple[Scenario, ...] = (
    Scenario("power_cut", "power_cut", "全区停电：电池先报，随后机器相继关闭",
             ("area_power", "area_silent", "power_ending"), silent=True),
    Scenario("network_cut", "network_cut", "全区断网：机器开着，都连不上平台",
             ("area_network", "area_silent"), silent=True),
    Scenario("fire", "fire", "烟雾报警", ("site_smoke",)),
    Scenario("trapped", "trapped", "门锁住了，里面的人按了紧急求助", ("door_locked",), presses=True),
    Scenario("damage", "damage", "机柜门被强行打开", ("cabinet_forced",)),
)  # fmt: skip
SCENARIO_BY_CODE: dict[str, Scenario] = {one.code: one for one in SCENARIOS}


@dataclass(frozen=True)
class Awaited:
    """Something that must follow. ``within_s`` counts from ``after``: "" the moment at which the fault began, "end" the
    one at which the sandbox ended it, else the code of another line.
    """

    code: str
    text: str
    within_s: int
    after: str = ""

    def plain(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Happened:
    """When it was, and who or what it was."""

    at: datetime
    by: str = ""


@dataclass(frozen=True)
class Compared:
    """One line of planned beside happened. ``seconds``: from its own beginning. ``verdict``: in_time, late, waiting
    (its time is not over, or what it follows has not happened yet) or missed.
    """

    awaited: Awaited
    happened: Happened | None
    seconds: float | None
    verdict: str


VERDICT_NAMES: dict[str, str] = {
    "in_time": "按时",
    "late": "超时",
    "waiting": "还没有",
    "missed": "没有发生",
}


LINE_TEXTS: dict[str, str] = {
    "found": "平台发现故障",
    "told": "通知发给值班的人",
    "acknowledged": "有人确认",
    "shown": "对外告示挂出",
    "pressed": "求助呼叫到达平台",
    "answered": "有人应答求助",
    "recovered": "故障排除后平台自己认定恢复",
    "withdrawn": "告示自己撤下",
}


def awaited(scenario: Scenario, *, plan_s: float, grace_s: float, respond_s: float, help_s: float) -> list[Awaited]:
    """What must follow the scenario, by the place's own limits. One second more than plan and grace: the budget of the
    judgement itself.
    """
    found_s = int(plan_s + grace_s) + 1 if scenario.silent else NOTICED_S
    # A machine that lost its line or its power speaks again within its own plan, after it has come up.
    recovered_s = int(plan_s) + 30 if scenario.silent else CALM_S
    rows = [
        ("found", found_s, ""),
        ("told", TOLD_S, "found"),
        ("acknowledged", int(respond_s), "told"),
        ("shown", SHOWN_S, "found"),
        *([("pressed", NOTICED_S, ""), ("answered", int(help_s), "pressed")] if scenario.presses else []),
        ("recovered", recovered_s, "end"),
        ("withdrawn", SHOWN_S, "recovered"),
    ]
    return [Awaited(code, LINE_TEXTS[code], within_s, after) for code, within_s, after in rows]


def stored(rows: Sequence[Mapping[str, Any]]) -> list[Awaited]:
    """Lines as they were stored by :meth:`Awaited.plain`."""
    return [Awaited(**row) for row in rows]


def compare(
    lines: Sequence[Awaited],
    happened: Mapping[str, Happened],
    *,
    began_at: datetime,
    ends_at: datetime,
    over_at: datetime | None,
    now: datetime,
) -> list[Compared]:
    """Planned beside happened. ``ends_at``: when the sandbox ends the fault; ``over_at``: when the drill was ended by a
    person, None while it runs: what has not happened by then was missed, however much time it still had.
    """
    found = []
    for one in lines:
        known = {"": began_at, "end": ends_at}
        since = known.get(one.after) or (happened[one.after].at if one.after in happened else None)
        what = happened.get(one.code)
        if what is not None:
            # What is told of a moment before the fault began is not its consequence: at least nothing is negative.
            seconds = max(0.0, (what.at - (since or began_at)).total_seconds())
            found.append(Compared(one, what, seconds, "in_time" if seconds <= one.within_s else "late"))
            continue
        if over_at is not None:
            verdict = "missed"
        elif since is not None and now > since + timedelta(seconds=one.within_s):
            verdict = "late"
        else:
            verdict = "waiting"
        found.append(Compared(one, None, None, verdict))
    return found
