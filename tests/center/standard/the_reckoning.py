"""What the clauses have to answer for a known quarter, by plain loops over what happened: nothing of the product is
used but the edition's own rows (which clause is of which chapter and grade).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil
from typing import Any

from tests.center.standard.the_truth import BAD, DAY, GIVEN, HOUR, ZONE, Fault, Given, Machine, Quarter, workdays_after

Told = tuple[str, float | None, int]
NOTHING: Told = ("no_evidence", None, 0)
TEXTS = ("BS-20", "BS-21", "BS-23")
"""No second language is asked for here: these do not apply."""


def share(good: int, whole: int, bound: float = 1.0) -> Told:
    return ("met" if good >= bound * whole else "not_met", good / whole, whole) if whole else NOTHING


def at_most(number: float, bound: float, sample: int) -> Told:
    return ("met" if number <= bound else "not_met", number, sample) if sample else NOTHING


@dataclass(frozen=True)
class Month:
    """A month of one area as it is judged at `now`."""

    area: str
    start: datetime
    end: datetime
    now: datetime

    def holds(self, at: datetime) -> bool:
        return self.start <= at < self.end


def reckon(quarter: Quarter, month: Month) -> dict[str, Told]:
    """Clause → (answer, number, sample) of every clause that has an answer; all others have no evidence."""
    found: dict[str, Told] = dict.fromkeys(TEXTS, ("not_applicable", None, 0))
    machines = {
        code: one
        for code, one in quarter.machines.items()
        if one.area == month.area and one.since < month.end and (one.until is None or one.until > month.start)
    }
    faults = [one for one in quarter.faults if one.code in machines and one.noticed <= month.now]
    if machines:
        found |= hours(month, machines, faults)
        found |= bodies(quarter, month, machines)
    else:
        found["JB-03"] = share(0, 2)  # neither a managing unit nor a keeper, and nobody else to have
    if month.area == "KBS":
        found |= papers(month)
    found |= repairs(month, faults)
    found |= voices(month, [one for one in quarter.ratings if quarter.machines[one.code].area == month.area])
    found["PJ-02"] = on_five_levels(quarter, month)
    found["PJ-21"] = looked_at(quarter, month)
    return {code: told for code, told in found.items() if told != NOTHING}


def hours(month: Month, machines: Mapping[str, Machine], faults: list[Fault]) -> dict[str, Told]:
    """YJ-07, 08, 09, JB-01: seconds, machine by machine."""
    promised = lost = dark = 0.0
    sample = standing = good = 0
    for code, machine in machines.items():
        first, last = max(month.start, machine.since), min(month.end, machine.until or month.end)
        promised += (last - first).total_seconds()
        sample += 1
        mine = [one for one in faults if one.code == code]
        for one in mine:
            seconds = max((min(last, one.end) - max(first, one.start)).total_seconds(), 0.0)
            lost += seconds
            dark += seconds if one.silent else 0.0
        if machine.until is None or machine.until >= month.end:
            standing += 1
            good += not any(one.start <= month.end < one.end for one in mine)
    usable = promised - lost
    return {
        "YJ-07": share_of_seconds(usable, promised, sample),
        "YJ-08": share(good, standing, 0.95),
        "YJ-09": at_most((lost - dark) / promised, 0.05, sample),
        "JB-01": at_most(ceil(dark * 10) / 10, 0, sample),
    }


def last_day(month: Month) -> date:
    return (month.end - timedelta(microseconds=1)).astimezone(ZONE).date()


def papers(month: Month) -> dict[str, Told]:
    """What was given and holds on the last day of the month."""
    day = last_day(month)
    found: dict[str, Told] = {}
    for one in GIVEN:
        if one.on > day or (one.until is not None and one.until < day) or one.clause == "JB-33":
            continue
        if one.what == "exemption":
            found[one.clause] = ("not_applicable", None, 0)
        elif one.what == "document":
            found[one.clause] = ("met", None, 1)
        elif one.what == "number":
            least = {"YJ-19": 1500, "YJ-20": 1200}[one.clause]
            found[one.clause] = ("met" if one.number >= least else "not_met", one.number, 1)
    return found


def in_transition(month: Month) -> set[str]:
    """Clauses that cost nothing yet."""
    day = last_day(month)
    plans = [one for one in GIVEN if one.what == "transition" and month.area == "KBS"]
    return {one.clause for one in plans if one.on <= day and (one.until is None or day <= one.until)}


def share_of_seconds(usable: float, promised: float, sample: int) -> Told:
    return "met" if usable / promised >= 0.98 else "not_met", usable / promised, sample


def bodies(quarter: Quarter, month: Month, machines: Mapping[str, Machine]) -> dict[str, Told]:
    """JB-03, YJ-01, YJ-02, PJ-20, PJ-23: people, files, scores of owner units, days of use."""
    owners = {one.owner for one in machines.values()}
    first, last = (at.astimezone(ZONE).date() for at in (month.start, month.end - timedelta(microseconds=1)))
    scored = {quarter.machines[code].owner for code, on in quarter.closed if code in machines and first <= on <= last}
    days = 0
    for machine in machines.values():
        if machine.since.astimezone(ZONE).date() < first:
            begins = first
        else:
            begins = machine.since.astimezone(ZONE).date() + DAY
        ends = last + DAY
        if machine.until is not None:
            ends = min(ends, machine.until.astimezone(ZONE).date())
        days += max((ends - begins).days, 0)
    # The far area has neither a managing unit nor a keeper; each owner unit has somebody.
    posts = share(2 + len(owners), 2 + len(owners)) if month.area == "KBS" else share(len(owners), 2 + len(owners))
    return {
        "JB-03": posts,
        "YJ-01": share(0, len(machines)),
        "YJ-02": share(0, len(machines)),
        "PJ-20": share(len(scored & owners), len(owners)),
        "PJ-23": ("not_met", 0.0, days),
    }


def repairs(month: Month, faults: list[Fault]) -> dict[str, Told]:
    """WH-14 … WH-26, PJ-24: alarms, and the orders of what broke. Whoever repaired it had answered and come by then."""
    mine = [one for one in faults if month.holds(one.start) and not one.over]
    slowest = max((alarm(one) for one in mine), default=0.0)
    answered = [one for one in mine if (one.accepted or one.end) - one.noticed <= HOUR / 2]
    taken = [(one, one.end - one.noticed) for one in mine]
    # Paper that is out is a general fault, a silent machine a serious one.
    arrived = [one for one, time in taken if time <= (2 if one.silent else 4) * HOUR]
    repaired = [one for one, time in taken if time <= (4 if one.silent else 8) * HOUR]
    # Nobody proves what came back by itself: its order is open still, and is judged once its time to repair was over.
    proven = [one for one in mine if not one.silent]
    loops = [one for one in mine if not one.silent or one not in repaired]
    off = [one for one in mine if not office(one.noticed)]
    mean = sum(time.total_seconds() for _one, time in taken) / len(taken) if taken else 0.0
    found = {
        "WH-14": at_most(slowest, 300, len(mine)),
        "WH-15": share(len(answered), len(mine)),
        "WH-16": share(len(arrived), len(mine)),
        "WH-17": share(len(repaired), len(mine)),
        "WH-18": at_most(mean, 7200, len(mine)),
        "WH-21": share(len([one for one in off if one in answered]), len(off)),
        "WH-22": share(len(proven), len(loops)),
        "WH-26": share(len(mine), len(mine)),
    }
    # Three parts: the core was never unseen, orders, and a register that nobody wrote. One that is not met decides.
    if mine and len(answered) < 0.95 * len(mine):
        found["PJ-24"] = "not_met", len(answered) / len(mine), len(mine)
    return found


def alarm(one: Fault) -> float:
    """Seconds from the fact to the notice; of silence from the last word: 30 s of plan and 30 s of grace before."""
    return (one.noticed - one.start).total_seconds() + (60 if one.silent else 0)


def office(at: datetime) -> bool:
    """Between half past eight and half past five of a working day."""
    when = at.astimezone(ZONE)
    return when.weekday() < 5 and 8 * 60 + 30 <= when.hour * 60 + when.minute < 17 * 60 + 30


def counts(one: Given, now: datetime) -> bool:
    """Whether a rating is in the figures as of a moment."""
    if one.learned is None or one.learned > now:
        return False
    if one.appeal is not None and one.appeal[2] and one.appeal[1] is not None and one.appeal[1] <= now:
        return False
    if one.aside is None or one.aside[0] > now:
        return True
    return one.restored is not None and one.restored <= now


def voices(month: Month, ratings: list[Given]) -> dict[str, Told]:
    """PJ-03, 04, 06, 07, 08, 10, 11, 15."""
    now = month.now
    given = [one for one in ratings if month.holds(one.at) and one.learned is not None and one.learned <= now]
    kept = [one for one in given if counts(one, now)]
    bad = [one for one in kept if one.level in BAD]
    forced = [one for one in given if not counts(one, now) and one.aside is not None and one.aside[1] == "staff"]
    verified = [ok for ok in (contacted(one, now) for one in bad) if ok is not None]
    fixed = [ok for ok in (mended(one, now) for one in bad) if ok is not None]
    appeals = [one for one in ratings if one.appeal is not None and month.holds(one.appeal[0])]
    decided = [one.appeal[1] is not None for one in appeals if one.appeal is not None and appeal_is_over(one, now)]
    return {
        "PJ-03": share(len(bad), len(bad)),
        "PJ-04": at_most(len(forced), 0, len(given)),
        "PJ-06": share(len([one for one in bad if one.reasons]), len(bad)),
        "PJ-07": share(sum(verified), len(verified)),
        "PJ-08": share(sum(fixed), len(fixed)),
        "PJ-10": share(sum(decided), len(decided)),
        "PJ-15": share(len(kept) - len(bad), len(kept), 0.95),
    }


def on_five_levels(quarter: Quarter, month: Month) -> Told:
    """PJ-02: of the ratings that came, and count, those on the five levels."""
    here = [one for one in quarter.ratings if quarter.machines[one.code].area == month.area and month.holds(one.at)]
    kept = [one for one in here if counts(one, month.now)]
    others = [one for one in quarter.foreign if quarter.machines[one.code].area == month.area and month.holds(one.at)]
    return share(len(kept), len(kept) + len(others))


def looked_at(quarter: Quarter, month: Month) -> Told:
    """PJ-21: visits handed in within the 92 days up to the end; one that was missed within them is asked for, too."""

    def within(at: datetime | None) -> bool:
        return at is not None and month.end - 92 * DAY <= at < month.end

    here = [one for one in quarter.looked if one.area == month.area]
    came = sum(within(one.handed) for one in here)
    due = came + sum(within(one.missed) for one in here)
    return ("met" if came else "not_met", came, due) if due else NOTHING


def indicators(month: Month, ratings: list[Given]) -> dict[str, tuple[int, int]]:
    """Public indicators that ratings alone decide: how many of how many. Nobody rated from home, nobody was called."""
    kept = [one for one in ratings if month.holds(one.at) and counts(one, month.now)]
    bad = [one for one in kept if one.level in BAD]
    replied = [one for one in bad if one.fix is not None and begun(one, month.now) <= one.fix <= month.now]
    return {
        "good_rate": (len(kept) - len(bad), len(kept)),
        "active_good_rate": (0, 0),
        "negative_reply_rate": (len(replied), len(bad)),
    }


def appeal_is_over(one: Given, now: datetime) -> bool:
    assert one.appeal is not None
    return one.appeal[1] is not None or workdays_after(one.appeal[0], 5) < now


def begun(one: Given, now: datetime) -> datetime:
    """When the case (last) began: its clocks count from there."""
    assert one.learned is not None
    return one.restored if one.restored is not None and one.restored <= now else one.learned


def appealed(one: Given) -> bool:
    return one.appeal is not None and one.appeal[1] is None


def pause(one: Given) -> timedelta:
    """What a refused appeal gives back."""
    if one.appeal is None or one.appeal[1] is None or one.appeal[2]:
        return timedelta(0)
    return one.appeal[1] - one.appeal[0]


def contacted(one: Given, now: datetime) -> bool | None:
    """Whether the person was contacted in time; None: it may still be done, or an appeal runs."""
    if appealed(one):
        return None
    start = begun(one, now)
    due = workdays_after(start, 1) + pause(one)
    if one.contact is not None and start <= one.contact <= now:
        return one.contact <= due
    return False if due <= now else None


def mended(one: Given, now: datetime) -> bool | None:
    """Whether it was put right in time, and again in time when it was sent back."""
    if appealed(one):
        return None
    start = begun(one, now)
    due = workdays_after(start, 5) + pause(one)
    for step, sent in ((one.fix, one.back), (one.fix_again, None)):
        if step is None or not start <= step <= now:
            return False if due <= now else None
        if step > due:
            return False
        if sent is None or sent > now:
            return True
        due = workdays_after(sent, 5)
    return True


# The score ------------------------------------------------------------------------------------------------------------


def score(rows: list[dict[str, Any]], answers: Mapping[str, str], waiting: set[str]) -> dict[str, Any]:
    """What the assessment of an area has to keep. `rows`: code, chapter, grade, template of each clause. `waiting`:
    those that cost nothing yet.
    """
    free = {code for code in waiting if answers[code] == "not_met"}
    sure = [one for one in rows if set(one["grade"]) <= set("AB/(类推)") and not one["template"]]
    sure = [one for one in sure if one["code"] not in free]

    def parts(chosen: list[dict[str, Any]]) -> tuple[int, int, int]:
        said = [answers[one["code"]] for one in chosen]
        return said.count("met"), said.count("not_met"), said.count("no_evidence")

    met, broken, unknown = parts(sure)
    whole, chapters = met + broken + unknown, {}
    for number in sorted({one["chapter"] for one in rows}):
        good, bad, _none = parts([one for one in sure if one["chapter"] == number])
        chapters[str(number)] = 100 * good / (good + bad) if good + bad else None
    every = list(answers.values())
    return {
        "score": 100 * met / (met + broken) if met + broken else None,
        "floor": 100 * met / whole,
        "ceiling": 100 * (met + unknown) / whole,
        "coverage": (met + broken) / whole,
        "chapters": chapters,
        **{word: every.count(word) for word in ("met", "not_met", "not_applicable", "no_evidence")},
    }
