"""The check lists of rounds that ship: what is asked, how often, and by which clause of the reference edition."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import time
from functools import cache
from importlib.resources import files
from io import StringIO

from budayang.rules.round_lists import Question, read_question
from budayang.rules.rounds import Rhythm


@dataclass(frozen=True)
class CheckList:
    """``who`` walks it by default (rules.rounds.WHO_NAMES), ``windows`` are those that a plan starts from; ``day`` and
    ``first_month`` as in rules.rounds.Plan. ``basis``: clause and source, in words.
    """

    code: str
    name: str
    who: str
    rhythm: Rhythm
    windows: tuple[tuple[time, time], ...]
    day: int
    first_month: int
    basis: str
    questions: tuple[Question, ...]


def _rows(name: str) -> list[dict[str, str]]:
    text = files("budayang.data").joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(StringIO(text, newline="")))


def read_windows(text: str) -> tuple[tuple[time, time], ...]:
    """``"22:00-23:30 02:00-03:30"`` as pairs of times of day. Raises ValueError."""
    pairs = [one.partition("-") for one in text.split()]
    return tuple((time.fromisoformat(a), time.fromisoformat(b)) for a, _dash, b in pairs)


@cache
def check_lists() -> tuple[CheckList, ...]:
    """Every list, with its questions in the order of the file."""
    questions = [(row["lists"].split(), read_question(row)) for row in _rows("check_questions.csv")]
    return tuple(
        CheckList(
            row["list"],
            row["name"],
            row["who"],
            Rhythm(row["rhythm"]),
            read_windows(row["windows"]),
            int(row["day"]),
            int(row["first_month"]),
            row["basis"],
            tuple(question for lists, question in questions if row["list"] in lists),
        )
        for row in _rows("check_lists.csv")
    )
