"""The facts of one month of one place, as the monthly report reads them: counts and short lists, no person in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from budayang.rules.calendars import DayKind, day_kind
from budayang.rules.evaluation import Counts
from budayang.rules.hours import Tally
from budayang.rules.placement import Suggestion
from budayang.rules.scorecards import Fact

WORKED = frozenset({DayKind.WORKDAY, DayKind.MAKEUP})
DONE = frozenset({"done", "handed_in", "in_process", "correction"})
"""States of a matter that was finished, or that the department took in."""


@dataclass(frozen=True, slots=True)
class Named:
    """Something with a code and a name: an area, an item, a body. ``kind``: audience of an item, kind of a body."""

    code: str
    name: str
    kind: str = ""
    group: str = ""


def outside_office(local: datetime, kind: DayKind, opens_s: float, closes_s: float) -> bool:
    """Whether a moment of the place's clock is outside office hours: any rest day or holiday, and on a worked day
    before the opening or from the closing on.
    """
    if kind not in WORKED:
        return True
    second = local.hour * 3600 + local.minute * 60 + local.second
    return not opens_s <= second < closes_s


@dataclass(slots=True)
class MatterTally:
    """Matters counted as they pass by: thousands of thousands need not be held. Rows are [all, done, outside hours].

    ``by_day``: kind of day and whether it was within office hours.
    """

    table: Mapping[date, DayKind]
    opens_s: float
    closes_s: float
    total: int = 0
    done: int = 0
    outside: int = 0
    holiday: int = 0
    by_item: dict[int, list[int]] = field(default_factory=dict)
    by_hour: dict[int, list[int]] = field(default_factory=dict)
    by_area: dict[int, list[int]] = field(default_factory=dict)
    by_day: Counter[tuple[DayKind, bool]] = field(default_factory=Counter)
    _kinds: dict[date, DayKind] = field(default_factory=dict)

    def add(self, area: int, item: int, local: datetime, done: bool) -> None:
        """Count one matter that was taken in at a moment of the place's clock, and whether it was done."""
        on = local.date()
        kind = self._kinds.get(on)
        if kind is None:
            kind = self._kinds[on] = day_kind(on, self.table)
        outside = outside_office(local, kind, self.opens_s, self.closes_s)
        self.total += 1
        self.done += done
        self.outside += outside
        self.holiday += kind is DayKind.HOLIDAY
        self.by_day[kind, outside] += 1
        for rows, key in ((self.by_item, item), (self.by_hour, local.hour), (self.by_area, area)):
            row = rows.setdefault(key, [0, 0, 0])
            row[0] += 1
            row[1] += done
            row[2] += outside


@dataclass(frozen=True, slots=True)
class HoursFact:
    """Promised time of an area's terminals divided, and of how many closed terminal-days."""

    tally: Tally
    days: int


@dataclass(frozen=True, slots=True)
class FaultFact:
    """Faults of one cause that began in the month. ``minutes``: of those that ended; ``open``: the others."""

    code: str
    title: str
    bucket: str
    minutes: tuple[float, ...]
    open: int


@dataclass(frozen=True, slots=True)
class MeasuredFact:
    """A measured test of the help button. ``seconds`` None: nobody answered."""

    area: int
    seconds: float | None
    passed: bool


@dataclass(frozen=True, slots=True)
class HelpFact:
    """A call for help of somebody at a machine; presses of measured tests are none. ``seconds``: until somebody
    answered, None: nobody did. ``by``: who. ``verdict``: of rules.help_calls, as of the report's moment.
    """

    area: int
    kind: str
    seconds: float | None
    by: str
    verdict: str


@dataclass(frozen=True, slots=True)
class UsedFact:
    """One consumable: ``used`` by meters (None: nothing counts it), ``counted`` and ``machines``: how many machines
    of those that have it are counted; fills; ``issued`` from stock; ``price`` in yuan, None: not told.
    """

    code: str
    name: str
    unit: str
    used: float | None
    counted: int
    machines: int
    fills: int
    issued: int
    price: float | None


@dataclass(frozen=True, slots=True)
class RoundFact:
    """Rounds of one plan's name that fell due in the month, by state, and what they found wrong."""

    name: str
    who: str
    states: Mapping[str, int]
    failed: int


@dataclass(frozen=True, slots=True)
class VisitFact:
    """Supervision visits of one kind that were handed in: their mean score (0 to 100; None without one), findings that
    were not dismissed, those replied to in time, and late ones, also without a reply.
    """

    kind: str
    done: int
    score: float | None
    findings: int
    in_time: int
    late: int


@dataclass(frozen=True, slots=True)
class RatingFact:
    """``rated_asked``: of those who were ``invited`` in the month, the ones who rated, also later than it."""

    invited: int
    rated_asked: int
    rated: int
    levels: Mapping[str, int]
    negative_open: int
    negative_closed: int
    negative_late: int


@dataclass(frozen=True, slots=True)
class ComplaintFact:
    """One voice (投诉、表扬、建议). ``steps``: step → in time, late, or None: it has time, or it ended otherwise.
    ``answered_h``: hours until the answer, None: not answered. ``standing``: filed, declined, withdrawn or open.
    """

    area: int
    kind: str
    steps: Mapping[str, bool | None]
    answered_h: float | None
    standing: str


@dataclass(frozen=True, slots=True)
class IdleFact:
    """A machine or an item that nobody used in the month. ``group``: where it stands, or whose it is."""

    code: str
    name: str
    group: str
    where: int = 0


@dataclass(frozen=True, slots=True)
class PlacedFact:
    """A suggestion of placement: of which area, what it is called, and its state (rules.placement.STATE_NAMES; "" while
    the placement page does not have it).
    """

    area: Named
    found: Suggestion
    title: str
    state: str


@dataclass(frozen=True, slots=True)
class Placement:
    """What the numbers of the areas suggest. ``limits``: parameter → (area, value that it was held against)."""

    suggestions: Sequence[PlacedFact]
    limits: Mapping[str, Sequence[tuple[str, float]]]


@dataclass(frozen=True, slots=True)
class DrillFact:
    """A drill or a real run of a card."""

    ref: int
    name: str
    area: str
    drill: bool
    state: str
    on: str
    minutes: float | None


@dataclass(frozen=True, slots=True)
class StopFact:
    """A planned stop that touches the month after. ``occurrences``: how often, ``hours``: together."""

    ref: int
    first: str
    what: str
    where: str
    reason: str
    occurrences: int
    hours: float


@dataclass(frozen=True, slots=True)
class MonthFacts:
    """Everything of one month. ``cards`` None: there are too many orders to compute their clocks in one report.

    ``open_hours`` and ``stop_hours``: by area, hours promised on the wall and, of these, in a planned stop of the whole
    area. ``closed_days``: of ``month_days`` days how many are settled.
    """

    first: date
    last: date
    areas: Mapping[int, Named]
    items: Mapping[int, Named]
    bodies: Mapping[int, Named]
    trips: Mapping[tuple[int, str, str, str], int]
    matters: MatterTally
    open_hours: Mapping[int, float]
    stop_hours: Mapping[int, float]
    hours: Mapping[int, HoursFact]
    closed_days: int
    month_days: int
    faults: Sequence[FaultFact]
    help_calls: Sequence[HelpFact]
    tests: Sequence[MeasuredFact]
    used: Sequence[UsedFact]
    orders: Mapping[int, tuple[int, int]]
    cards: Sequence[Fact] | None
    rounds: Sequence[RoundFact]
    visits: Sequence[VisitFact]
    ratings: RatingFact
    indicators: Counts
    complaints: Sequence[ComplaintFact]
    drills: Sequence[DrillFact]


@dataclass(frozen=True, slots=True)
class Around:
    """What is not compared with the month before: what nobody used, what the numbers suggest, and what will stop."""

    machines: int
    unseen_machines: int
    idle_machines: Sequence[IdleFact]
    offered_items: int
    idle_items: Sequence[IdleFact]
    placement: Placement
    stops: Sequence[StopFact]
    estimated_calendar: bool
