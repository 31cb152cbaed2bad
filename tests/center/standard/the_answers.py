"""What the rounds of a known quarter say of the clauses: plain loops over the lists of `the_rounds`; of the product
only the edition's own table is read (which clause asks which questions, how far back, how many good answers it wants).
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache

from tests.center.standard.the_reckoning import NOTHING, Month, Told, share
from tests.center.standard.the_rounds import Planned, Said, Walk
from tests.center.standard.the_truth import DAY, ZONE

from budayang import data

HANDED_OVER = ("WH-01", "WH-02", "WH-03", "WH-04", "YJ-06")
LISTS_OF = {"WH-01": ("cleaning",), "WH-02": ("daily",), "WH-03": ("night", "guard"),
            "WH-04": ("monthly_fire", "daily_fire"), "YJ-06": ("before_work", "after_work")}  # fmt: skip


@dataclass(frozen=True)
class Question:
    """What a clause asks of rounds. `days`: how far back; a month or less is the month that is judged."""

    codes: tuple[str, ...]
    days: int
    least: float


@cache
def asked_by_clause() -> dict[str, Question]:
    with data.table_path("clause_checks.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] == "round"]
    return {
        row["clause"]: Question(tuple(row["questions"].split()), int(row["days"]), float(row["least"])) for row in rows
    }


def known_said(plans: Sequence[Planned], now: datetime) -> list[tuple[Walk, Said]]:
    """Answers that hold: those that came, and that nobody gave anew."""
    return [
        (walk, one)
        for plan in plans
        for walk in plan.walks
        for one in walk.said
        if one.told <= now and not one.replaced
    ]


def question_told(month: Month, plans: Sequence[Planned], clause: str) -> Told:
    """A clause's part that rounds answer: the worst of its questions, of so many answers."""
    asks = asked_by_clause()[clause]
    since = month.start if asks.days <= 31 else min(month.end, month.now) - timedelta(days=asks.days)
    every = [one for _walk, one in known_said(plans, month.now) if since <= one.at < month.end and one.value != "na"]
    shares, total = [], 0
    for code in asks.codes:
        mine = [one for one in every if one.code == code]
        if not mine:
            return NOTHING
        shares.append(sum(not one.bad for one in mine) / len(mine))
        total += len(mine)
    worst = min(shares)
    return "met" if worst >= asks.least else "not_met", worst, total


def fell_due(month: Month, plans: Sequence[Planned], lists: Sequence[str] = ()) -> list[Walk]:
    """Rounds that began in the month and that somebody was to walk."""
    mine = [one for plan in plans for one in plan.walks if not lists or plan.of.code in lists]
    return [one for one in mine if month.holds(one.opens) and one.fate != "cancelled" and one.over <= month.now]


def reckon_rounds(month: Month, plans: Sequence[Planned]) -> dict[str, Told]:
    """WH-01 … 04, 24, YJ-04 … 06, and every clause that only rounds answer."""
    found: dict[str, Told] = {}
    for clause, lists in LISTS_OF.items():
        due = fell_due(month, plans, lists)
        found[clause] = share(sum(handed(one, month.now) and one.in_time for one in due), len(due))
    given = [one for one in fell_due(month, plans) if handed(one, month.now)]
    found["WH-24"] = share(sum(one.in_time and not one.stained for one in given), len(given))
    found |= {"YJ-04": days_told(month, plans, "machine_on"), "YJ-05": days_told(month, plans, "test_print")}
    for clause in asked_by_clause():
        found[clause] = question_told(month, plans, clause)
    return found


def handed(one: Walk, now: datetime) -> bool:
    return one.told is not None and one.told <= now


def days_told(month: Month, plans: Sequence[Planned], code: str) -> Told:
    """Whole days since daily rounds were planned, and those on whose rounds a machine was looked at or tried."""
    begins = min((plan.first for plan in plans if plan.of.code == "daily"), default=None)
    if begins is None:
        return NOTHING
    days = [one for one in whole_days(month) if one >= begins]
    done = {
        walk.on
        for walk, one in known_said(plans, month.now)
        if one.code == code and one.value != "na" and month.holds(walk.opens) and handed(walk, month.now)
        and walk.fate != "cancelled"
    }  # fmt: skip
    return share(len([one for one in days if one in done]), len(days))


def whole_days(month: Month) -> list[date]:
    """Days of the month that are over on the clocks of Ordos."""
    day, found = month.start.astimezone(ZONE).date(), []
    while day < month.end.astimezone(ZONE).date():
        found.append(day)
        day += DAY
    return found
