"""The plan of the demonstration's area: about 200 square metres, 20 terminals, 60 signs, all in order. Invented.

It starts the demonstration's plans and is what the tests of judging plant their faults in.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from budayang.rules.signs.drawing import Drawing, read
from budayang.rules.signs.facts import AreaFacts, TerminalFact


@cache
def _kept() -> dict[str, Any]:
    kept: dict[str, Any] = json.loads(files("budayang.data").joinpath("plans", "demo.json").read_text("utf-8"))
    return kept


def demo_drawing(codes: Sequence[str] | None = None) -> dict[str, Any]:
    """The drawing as JSON, ready for `rules.signs.drawing.read`. With ``codes`` its first terminals carry those codes
    and the others are left out with their signs; the first one is low. Raises ValueError for more codes than the plan
    has places.
    """
    drawing: dict[str, Any] = json.loads(json.dumps(_kept()["drawing"]))
    if codes is None:
        return drawing
    terminals = [one for one in drawing["things"] if one["kind"] == "terminal"]
    if len(codes) > len(terminals):
        raise ValueError(f"the plan has places for {len(terminals)} terminals")
    for one, code in zip(terminals, codes, strict=False):
        one["code"] = code
    gone = {one["id"] for one in terminals[len(codes) :]}
    drawing["things"] = [one for one in drawing["things"] if one["id"] not in gone]
    drawing["signs"] = [one for one in drawing["signs"] if one.get("about") not in gone]
    return drawing


def demo_plan() -> Drawing:
    """The drawing of the whole area."""
    return read(demo_drawing())


def demo_facts(on: date, codes: Sequence[str] | None = None) -> AreaFacts:
    """What is true of that area on a day: its facilities, and its terminals as drawn or with ``codes``."""
    kept = _kept()["area"]
    drawn = read(demo_drawing(codes)).things
    return AreaFacts(
        on=on,
        facilities=frozenset(kept["facilities"]),
        terminals=tuple(TerminalFact(one.code, one.low) for one in drawn if one.kind == "terminal"),
        present=frozenset(kept["present"]),
    )
