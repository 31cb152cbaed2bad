"""The center's half of `budayang terminal status CODE`: what the center knows of one terminal. Needs Django."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from budayang.center.platform.actors import Actor
from budayang.center.terminals import queries
from budayang.cli.messages import Stop
from budayang.rules.terminals import Health, StateMeaning, kind_of, meaning
from budayang.rules.xfs import Now, Reported

STALE = {
    "silent": "the terminal is silent since {since}; these are the states that it reported last",
    "suspended": "the terminal is suspended; these are the states that it reported last",
    "unknown": "the terminal is not heard; these are the states that it reported last",
}


@dataclass(frozen=True, slots=True)
class Known:
    """The three facts of a terminal and each of its components."""

    code: str
    link: StateMeaning
    silent_since: datetime | None
    application: StateMeaning
    health: Health
    components: tuple[Reported, ...]


def read(code: str) -> Known:
    """What the center knows of a terminal.

    Raises:
        Stop: when there is no such terminal.
    """
    now = timezone.now()
    terminal = queries.find_terminal(Actor.system(), code)
    if terminal is None:
        raise Stop(
            f"没有终端 {code}。请在管理页面的“自助终端”里查看编号。",
            f"There is no terminal {code}. See the console's list.",
        )
    facts = queries.three_facts_of([terminal.pk], now)[terminal.pk]
    why = STALE.get(facts.liveness, "").format(since=terminal.silent_since and terminal.silent_since.isoformat())
    return Known(
        terminal.code,
        meaning("terminal", "liveness", facts.liveness),
        terminal.silent_since,
        facts.application,
        facts.health,
        tuple(_components(terminal.pk, terminal.code, why)),
    )


def _components(terminal_id: int, code: str, stale: str) -> list[Reported]:
    states: dict[str, dict[str, Now]] = {}
    kinds: dict[str, str] = {}
    for (subject, prop), now in queries.current_states([terminal_id])[terminal_id].items():
        states.setdefault(subject, {})[prop] = Now(now.state, now.raw, now.since)
        kinds[subject] = now.kind or kind_of(subject)
    gone = {}
    for row in queries.peripherals(terminal_id):
        kinds[row.subject], gone[row.subject] = row.kind, row.gone_since
    return [
        Reported(code, subject, kinds[subject], states.get(subject, {}), stale, gone.get(subject))
        for subject in sorted(kinds)
    ]
