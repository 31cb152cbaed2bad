"""How figures of the monthly report are computed: shares, medians and counts, and what each of them reads of the facts.

The table of figures is :mod:`budayang.rules.monthly_figures`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from budayang.rules.evaluation.indicators import Indicator
from budayang.rules.hours import Tally
from budayang.rules.monthly_facts import ComplaintFact, MonthFacts
from budayang.rules.scorecards import Fact, median_ranks, wilson
from budayang.rules.trips import WASTED

HOUR_US = 3_600_000_000


@dataclass(frozen=True, slots=True)
class Measure:
    """What a figure comes to. ``hits`` of ``sample`` for shares; ``why``: why there is no value."""

    value: float | None
    sample: int
    low: float | None = None
    high: float | None = None
    hits: int | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class FigureKind:
    """``of``: what the sample is made of. ``opens``: the rows behind it. ``public``: told to everybody."""

    code: str
    section: str
    title: str
    definition: str
    unit: str
    of: str
    compute: Callable[[MonthFacts], Measure]
    opens: str
    public: bool = True


def share(hits: int, total: int) -> Measure:
    """A share with its Wilson interval; without rows none, and why."""
    if not total:
        return Measure(None, 0, why=NOTHING)
    return Measure(hits / total, total, *wilson(hits, total), hits=hits)


def middle(values: Iterable[float]) -> Measure:
    """A median with the interval by order statistics."""
    found = sorted(values)
    if not found:
        return Measure(None, 0, why=NOTHING)
    ranks = median_ranks(len(found))
    low, high = (found[ranks[0] - 1], found[ranks[1] - 1]) if ranks else (None, None)
    return Measure(median(found), len(found), low, high)


def count(number: int) -> Measure:
    return Measure(number, number)


NOTHING = "本月没有可以计算的记录。"
NOT_SETTLED = "本月还没有结算的日子。"


def wasted(facts: MonthFacts) -> tuple[int, int]:
    """(wasted trips, all trips)."""
    return sum(n for key, n in facts.trips.items() if key[1] in WASTED), sum(facts.trips.values())


def hours_of(facts: MonthFacts) -> tuple[Tally, int]:
    """All areas' hours together, and of how many terminal-days."""
    whole, days = Tally(), 0
    for one in facts.hours.values():
        whole.add(one.tally)
        days += one.days
    return whole, days


def available(facts: MonthFacts) -> Measure:
    whole, days = hours_of(facts)
    return Measure(whole.usable / whole.counted, days) if whole.counted else Measure(None, days, why=NOT_SETTLED)


def promised(facts: MonthFacts) -> Measure:
    whole, days = hours_of(facts)
    return Measure(whole.promised / HOUR_US, days) if days else Measure(None, 0, why=NOT_SETTLED)


def usable(facts: MonthFacts) -> Measure:
    whole, days = hours_of(facts)
    return Measure(whole.usable / HOUR_US, days) if days else Measure(None, 0, why=NOT_SETTLED)


def faults(facts: MonthFacts) -> Measure:
    return count(sum(len(one.minutes) + one.open for one in facts.faults))


def cost(facts: MonthFacts) -> Measure:
    """Together only when every consumable that was used has a price: a sum that leaves some out would look cheap."""
    spent = [one for one in facts.used if one.used]
    if not spent:
        return Measure(None, 0, why=NOTHING)
    if any(one.price is None for one in spent):
        return Measure(None, len(spent), why="有的耗材没有填单价，算不出总数。")
    return Measure(sum((one.used or 0) * (one.price or 0) for one in spent), len(spent))


def on_time_rounds(facts: MonthFacts) -> Measure:
    states: dict[str, int] = {}
    for one in facts.rounds:
        for state, n in one.states.items():
            states[state] = states.get(state, 0) + n
    settled = sum(n for state, n in states.items() if state in ("done", "done_late", "missed"))
    return share(states.get("done", 0), settled)


def of_card(facts: Sequence[Fact] | None, code: str) -> Measure:
    """A clock of orders, all bodies together. None: too many orders to compute."""
    if facts is None:
        return Measure(None, 0, why=TOO_MANY)
    mine = [one for one in facts if one.figure == code]
    if code == "repair_time":
        return middle(one.value for one in mine)
    return share(sum(one.ok for one in mine), len(mine))


def rated(facts: MonthFacts) -> Measure:
    """Of the matters that were asked about in the month those that were rated, also later; so it is a share."""
    return share(facts.ratings.rated_asked, facts.ratings.invited)


JUDGED_CALLS = frozenset({"answered", "answered_late", "overdue", "unanswered"})
"""Verdicts of calls that count: one that waits may still be answered in time, one that came late called nobody."""


def help_in_time(facts: MonthFacts) -> Measure:
    judged = [one for one in facts.help_calls if one.verdict in JUDGED_CALLS]
    return share(sum(one.verdict == "answered" for one in judged), len(judged))


def help_seconds(facts: MonthFacts) -> Measure:
    return middle(one.seconds for one in facts.help_calls if one.seconds is not None)


def complaints_of(facts: MonthFacts, kind: str) -> list[ComplaintFact]:
    """Voices of a kind."""
    return [one for one in facts.complaints if one.kind == kind]


def answered_in_time(facts: MonthFacts) -> Measure:
    judged = [one.steps.get("answer") for one in complaints_of(facts, "complaint")]
    known = [one for one in judged if one is not None]
    return share(sum(known), len(known))


INDICATOR_ROWS: dict[str, str] = {
    "good_rate": "ratings?",
    "active_good_rate": "ratings?active=1",
    "unrated_rate": "finished?unrated=1",
    "negative_reply_rate": "ratings?negative=all",
    "visit_fix_rate": "ratings?negative=all",
    "visit_satisfied_rate": "ratings?negative=all",
}
"""Public indicator → the rows behind it."""


def indicator_figure(one: Indicator) -> FigureKind:
    """One of the six public indicators (PJ-12), by the definition that stands beside it everywhere."""

    def compute(facts: MonthFacts) -> Measure:
        found = one.measure(facts.indicators)
        return share(found.numerator, found.denominator)

    return FigureKind(one.code, "ratings", one.name, one.definition, "share", "件", compute, INDICATOR_ROWS[one.code])


TOO_MANY = "工单太多，一份月报算不过来；请看下级地区的月报。"
