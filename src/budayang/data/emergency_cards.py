"""The emergency cards (应急卡) that ship. Numbers are those of the whole country: 110 police, 119 fire, 120 ambulance,
12345 government hotline, 95598 power supply, 96110 against fraud; steps and limits are defaults of ours (grade D).
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import StringIO

from budayang.rules.emergencies import Step, read_steps


@dataclass(frozen=True)
class EmergencyCard:
    """``starts_from``: kinds of incidents that suggest it. ``severity``: of the incident that it opens."""

    code: str
    name: str
    severity: str
    starts_from: tuple[str, ...]
    basis: str
    steps: tuple[Step, ...]


def _rows(name: str) -> list[dict[str, str]]:
    text = files("budayang.data").joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(StringIO(text, newline="")))


@cache
def emergency_cards() -> tuple[EmergencyCard, ...]:
    """Every card with its steps, in the order of the file."""
    steps = _rows("emergency_steps.csv")
    return tuple(
        EmergencyCard(
            row["card"],
            row["name"],
            row["severity"],
            tuple(row["starts_from"].split()),
            row["basis"],
            tuple(read_steps(one for one in steps if one["card"] == row["card"])),
        )
        for row in _rows("emergency_cards.csv")
    )
