"""The demonstration's area with faults planted in it, for the tests of judging signs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from budayang.data.demo_plan import demo_facts, demo_plan
from budayang.data.sign_kinds import sign_kinds
from budayang.rules.parameters import get_parameter
from budayang.rules.signs.drawing import Drawing, Thing
from budayang.rules.signs.facts import NUMBERS, AreaFacts
from budayang.rules.signs.findings import Finding
from budayang.rules.signs.judging import judge
from budayang.rules.signs.kinds import Mounting

DAY = date(2026, 11, 26)
VALUES = {name: float(get_parameter(name).default) for name in NUMBERS}
KINDS = sign_kinds()
FACTS = demo_facts(DAY)


def found_in(drawing: Drawing, facts: AreaFacts = FACTS, **numbers: float) -> list[Finding]:
    """Judged with the shipped catalogue and the default numbers, some of them changed."""
    return judge(drawing, facts, KINDS, {**VALUES, **numbers})


def told(drawing: Drawing, facts: AreaFacts = FACTS) -> set[tuple[str, str, str, str]]:
    """Fault, clause, element and severity of every finding."""
    return {(one.fault, one.clause, one.element, one.severity) for one in found_in(drawing, facts)}


def with_sign(drawing: Drawing, which: str, **changes: object) -> Drawing:
    """One sign changed."""
    changed = tuple(replace(one, **changes) if one.id == which else one for one in drawing.signs)  # type: ignore[arg-type]  # names are given by tests
    assert changed != drawing.signs
    return replace(drawing, signs=changed)


def with_door(drawing: Drawing, which: str, clear_mm: int | None) -> Drawing:
    """One door with another measured width."""
    return replace(
        drawing, doors=tuple(replace(one, clear_mm=clear_mm) if one.id == which else one for one in drawing.doors)
    )


def with_measured(drawing: Drawing, key: str, value: int | None) -> Drawing:
    """One measured value changed, or taken away."""
    kept = {name: one for name, one in drawing.measured.items() if name != key}
    return replace(drawing, measured=kept if value is None else {**kept, key: value})


def _missing(plan: Drawing) -> Drawing:
    return replace(plan, signs=tuple(one for one in plan.signs if one.id != "s-escape-plan"))


def _hidden(plan: Drawing) -> Drawing:
    pillar = Thing("o-pillar", "obstacle", "", (13_500, 9600), 600, 600, 2600)
    return replace(plan, things=(*plan.things, pillar))


def _small(plan: Drawing) -> Drawing:
    return with_sign(plan, "s-no-locking", width_mm=110, height_mm=110)


def _low(plan: Drawing) -> Drawing:
    return with_sign(plan, "s-exit", bottom_mm=1800)


def _disordered(plan: Drawing) -> Drawing:
    """The board with the prohibition before the warning: the two change places."""
    return with_sign(with_sign(plan, "s-slip", at=(0, 10300)), "s-no-smoking", at=(0, 10600))


def _moving(plan: Drawing) -> Drawing:
    return with_sign(plan, "s-no-stacking", mounting=Mounting.MOVING)


def _turned(plan: Drawing) -> Drawing:
    return with_sign(plan, "s-complaint", facing=240)


def _unknown(plan: Drawing) -> Drawing:
    strange = replace(next(one for one in plan.signs if one.id == "s-box"), id="s-strange", kind="no_drones")
    return replace(plan, signs=(*plan.signs, strange))


def _orphan(plan: Drawing) -> Drawing:
    number = replace(
        next(one for one in plan.signs if one.id == "s-02-board"), id="s-99", kind="terminal_number", about="t-99"
    )
    return replace(plan, signs=(*plan.signs, number))


def _old(plan: Drawing) -> Drawing:
    return with_sign(plan, "s-escape-way", edition="2008")


def _narrow(plan: Drawing) -> Drawing:
    return with_measured(plan, "path.1.clear_mm", 1150)


def _no_turn(plan: Drawing) -> Drawing:
    return with_measured(plan, "turn.1.clear_mm", 1490)


PLANTED: dict[str, tuple[Callable[[Drawing], Drawing], tuple[str, str, str, str]]] = {
    "missing": (_missing, ("missing", "BS-18", "", "fault")),
    "hidden": (_hidden, ("hidden", "BS-15", "s-escape", "fault")),
    "small": (_small, ("small", "BS-17", "s-no-locking", "fault")),
    "low": (_low, ("low", "BS-14", "s-exit", "fault")),
    "disordered": (_disordered, ("order", "BS-13", "s-slip", "fault")),
    "moving": (_moving, ("moving", "BS-15", "s-no-stacking", "fault")),
    "turned": (_turned, ("angle", "BS-15", "s-complaint", "fault")),
    "unknown": (_unknown, ("unknown_kind", "BS-12", "s-strange", "fault")),
    "orphan": (_orphan, ("gone", "BS-03", "s-99", "fault")),
    "old": (_old, ("edition", "BS-11", "s-escape-way", "fault")),
    "narrow": (_narrow, ("path", "YJ-20", "path.1", "fault")),
    "no_turn": (_no_turn, ("turn", "YJ-19", "turn.1", "fault")),
}
"""Twelve faults: how each is planted, and the one finding that has to come of it."""


def planted(*names: str) -> Drawing:
    """The area with these faults."""
    plan = demo_plan()
    for name in names:
        plan = PLANTED[name][0](plan)
    return plan
