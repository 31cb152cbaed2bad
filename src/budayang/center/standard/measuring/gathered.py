"""What the measuring modules share: the area and period, rows that several chapters read, numbers and evidence."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from math import ceil, floor
from typing import Any, TypedDict
from zoneinfo import ZoneInfo

from budayang.center.areas import queries as areas
from budayang.center.evaluation import queries as evaluation
from budayang.center.evaluation.clause_queries import EvaluationSeen, evaluations_of
from budayang.center.maintenance import clause_order_queries as order_clauses
from budayang.center.maintenance import clause_queries as round_clauses
from budayang.center.maintenance import hours_queries as hours
from budayang.center.maintenance import queries as maintenance
from budayang.center.maintenance.fault_notice_queries import counts_on_site, seconds_until_told
from budayang.center.maintenance.round_signs import HALF_YEAR, answers_about_signs
from budayang.center.platform import queries as platform
from budayang.center.platform.actors import Actor
from budayang.center.platform.queries import parameter
from budayang.center.services import queries as services
from budayang.center.services.use_queries import Use, days_used, shares_of
from budayang.center.terminals import queries as terminals
from budayang.rules.calendars import DEFAULT_ZONE
from budayang.rules.hours import Attributed
from budayang.rules.signs.audits import SignSeen

JOB = Actor.job("standard.measuring")
EVIDENCE_ROWS = 8
DAY_S = 86400
MOMENT = timedelta(microseconds=1)
CHECKED, TESTED = "machine_on", "test_print"
"""Questions that show that the devices were looked at (YJ-04), and that one was tried (YJ-05)."""
VALUES = ("office_opens_s", "office_closes_s", "sign_fault_notice_s")
"""Parameters that measuring itself reads, beside the thresholds of the checks."""


class Evidence(TypedDict):
    """A row that a number was made of: its kind, its reference, what it says, and its page (empty: none)."""

    kind: str
    ref: str
    text: str
    url: str


@dataclass(slots=True)
class Measured:
    """Numbers by the names of rules.standard, and evidence by metric. `basis`: of a metric that speaks of now, what it
    read of the period itself; late news of that makes a kept answer anew (standard.month_ends).
    """

    numbers: dict[str, float] = field(default_factory=dict)
    evidence: dict[str, list[Evidence]] = field(default_factory=dict)
    basis: dict[str, str] = field(default_factory=dict)

    def show(self, clause: str, rows: Iterable[Evidence]) -> None:
        """Keep the first rows as evidence of a metric."""
        kept = self.evidence.setdefault(clause, [])
        kept.extend(list(rows)[: EVIDENCE_ROWS - len(kept)])


def digest(rows: object) -> str:
    """A short mark of plain values: the same for the same values."""
    return hashlib.sha256(repr(rows).encode()).hexdigest()[:16]


def evidence(kind: str, ref: str, text: str, url: str = "") -> Evidence:
    """One row of evidence."""
    return Evidence(kind=kind, ref=ref, text=text, url=url)


def up(number: float) -> float:
    """To one decimal, upwards: rounding never turns a limit that was broken into one that was kept."""
    return ceil(number * 10) / 10


def down(number: float) -> float:
    """To one decimal, downwards, for numbers that have to reach something."""
    return floor(number * 10) / 10


def worked_in(machine: Any, until: datetime) -> bool:
    """Whether a machine that stood in a period was enrolled before its end: only then it promised anything."""
    return machine.enrolled_at is not None and machine.enrolled_at < until


class Together:
    """What is read at once for several areas (of one time zone) and one period: their machines, how their time divides,
    what troubles them, what people said, how much is used. Dividing time is the dearest of all, and costs hardly more
    for twenty areas than for one.
    """

    def __init__(self, area_ids: Collection[int], start: datetime, until: datetime) -> None:
        self.start, self.until = start, until
        here = areas.visible_to(JOB).filter(pk__in=list(area_ids)).values_list("pk", "place__path", "place__zone")
        self.paths = {pk: path for pk, path, _zone in here}
        self.zone = next((zone for _pk, _path, zone in here), DEFAULT_ZONE)
        self.machines: dict[int, list[Any]] = {}
        for row in terminals.stood_in(area_ids, start, until).order_by("code"):
            self.machines.setdefault(row.area_id, []).append(row)
        ids = [one.pk for found in self.machines.values() for one in found if worked_in(one, until)]
        self.divided: dict[int, list[Attributed]] = (
            maintenance.attributed_many(ids, start, until) if ids and start < until else {}
        )
        self._evaluations: dict[int, EvaluationSeen] | None = None
        self.trouble: Mapping[int, set[int]] = maintenance.terminals_in_trouble(ids, until) if ids else {}

    def evaluations(self, now: datetime) -> dict[int, EvaluationSeen]:
        """What the evaluation room's rows say of these areas; read when it is first asked for."""
        if self._evaluations is None:
            month = self.start.astimezone(ZoneInfo(self.zone)).date().replace(day=1)
            self._evaluations = evaluations_of(self.paths, self.start, self.until, month, now)
        return self._evaluations

    @cached_property
    def finished(self) -> dict[str, list[tuple[str, datetime]]]:
        """By place path, the matters done or handed in in the period: (number, when), oldest first."""
        return services.finished_at_places(list(self.paths.values()), self.start, self.until)

    @cached_property
    def asked(self) -> set[str]:
        """Which of these were followed by the rating page at the terminal itself."""
        return evaluation.invited_numbers([number for rows in self.finished.values() for number, _at in rows])

    @cached_property
    def scored(self) -> dict[int, set[int]]:
        """Area → owner units of which the period has closed days."""
        first, last = (at.astimezone(ZoneInfo(self.zone)).date() for at in (self.start, self.until - MOMENT))
        days = hours.days_visible_to(JOB).filter(area_id__in=list(self.paths), on__range=(first, last))
        found: dict[int, set[int]] = {}
        for area_id, owner_id in days.order_by().values_list("area_id", "owner_id").distinct():
            found.setdefault(area_id, set()).add(owner_id)
        return found

    @cached_property
    def rounds(self) -> dict[int, round_clauses.RoundsOfArea]:
        """Rounds that fell due in the period."""
        return round_clauses.rounds_of(list(self.paths), self.start, self.until, (CHECKED, TESTED))

    @cached_property
    def told_s(self) -> dict[int, list[float]]:
        """Seconds until people were told of a fault."""
        return seconds_until_told(list(self.paths), self.start, self.until)

    @cached_property
    def signs_seen(self) -> tuple[dict[int, list[SignSeen]], dict[int, list[SignSeen]]]:
        """What rounds said of signs, by area: in the period, and in the half-year up to its end."""
        both = []
        for since in (self.start, self.until - HALF_YEAR):
            found: dict[int, list[SignSeen]] = {}
            for one in answers_about_signs(list(self.paths), since, self.until):
                found.setdefault(one.area_id, []).append(one)
            both.append(found)
        return both[0], both[1]

    @cached_property
    def audit(self) -> tuple[int, datetime | None, datetime | None]:
        """How far the audit chain reaches: one chain for all areas."""
        return platform.audit_extent()

    @cached_property
    def uses(self) -> dict[int, Use]:
        """On how many days the areas' machines were used."""
        every = [one for found in self.machines.values() for one in found]
        return days_used(every, self.start, self.until, self.zone)

    @cached_property
    def shares(self) -> dict[int, tuple[int, int]]:
        """What the areas take off the windows, where the windows' numbers are known."""
        first, last = (at.astimezone(ZoneInfo(self.zone)).date() for at in (self.start, self.until - MOMENT))
        return shares_of(self.paths, first, last)

    def otherwise(self, divided: Mapping[int, list[Attributed]], trouble: Mapping[int, set[int]]) -> Together:
        """The same machines with their time divided otherwise, and other trouble at the end: a trial."""
        other = copy(self)
        other.divided, other.trouble = dict(divided), trouble
        return other


class Gathering:
    """An area (with its place) and a period [start, until); what several chapters read is read once. `together`: what
    was read with other areas. `otherwise`: what a trial changes for the orders.
    """

    def __init__(
        self,
        area: Any,
        start: datetime,
        until: datetime,
        now: datetime,
        together: Together | None = None,
        values: Mapping[str, float] | None = None,
        otherwise: order_clauses.Otherwise | None = None,
    ) -> None:
        self.area, self.start, self.until, self.now = area, start, until, now
        self.together = together or Together([area.pk], start, until)
        self._values, self._otherwise = values or {}, otherwise
        self.path: str = area.place.path
        self.zone: str = area.place.zone

    def value(self, name: str) -> float:
        """A parameter in force at the end of the period."""
        held = self._values.get(name)
        return float(parameter(name, self.path, self.until)) if held is None else held

    @property
    def on(self) -> date:
        """The last day of the period on the place's clock: a month that is over is judged by its own last day."""
        return (self.until - timedelta(microseconds=1)).astimezone(ZoneInfo(self.zone)).date()

    @property
    def machines(self) -> list[Any]:
        """The terminals that stood in the area in the period, whatever became of them since."""
        return self.together.machines.get(self.area.pk, [])

    @property
    def rounds(self) -> round_clauses.RoundsOfArea:
        """Rounds that fell due in the period."""
        return self.together.rounds.get(self.area.pk) or round_clauses.RoundsOfArea()

    @property
    def told(self) -> tuple[int, int]:
        """Faults that people were told of: (in time, late)."""
        within_s = self.value("sign_fault_notice_s")
        late = [one > within_s for one in self.together.told_s.get(self.area.pk, ())]
        return len(late) - sum(late), sum(late)

    @cached_property
    def told_on_site(self) -> tuple[int, int]:
        """Notices of faults that rounds looked for at the place: (that hang, that are missing)."""
        return counts_on_site(self.area.pk, self.start, self.until)

    @cached_property
    def orders(self) -> list[order_clauses.OrderSeen]:
        """Orders that were opened in the period."""
        office = (self.value("office_opens_s"), self.value("office_closes_s"))
        return order_clauses.orders_seen(
            self.path, self.start, self.until, self.now, office, self.zone, self._otherwise
        )

    @cached_property
    def incidents(self) -> order_clauses.IncidentsSeen:
        """Causes that opened in the period."""
        return order_clauses.incidents_seen(self.path, self.start, self.until, self.now)
