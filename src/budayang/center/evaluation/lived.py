"""What the person lived through: what stood at that terminal, in its area and at its department around a rating."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from budayang.center.evaluation.models import Rating, Visit
from budayang.center.maintenance import queries as maintenance
from budayang.center.platform.actors import Actor
from budayang.center.platform.queries import parameter
from budayang.center.services.case_queries import calls_of
from budayang.center.services.queries import find_case
from budayang.rules.connectors import CallClass

UNANSWERED_HELP = frozenset({"help"})
"""The chip of reports (rules/reports) that says that nobody answered the call for help."""

FAILED = frozenset({CallClass.ERROR, CallClass.UNREADABLE, CallClass.TIMEOUT, CallClass.CUT, CallClass.NO_CONNECTION})


@dataclass(frozen=True, slots=True)
class SlowCall:
    """One call to the department that was slow or failed: no word of what was said."""

    department: str
    at: datetime
    seconds: float
    failed: bool


@dataclass(frozen=True, slots=True)
class Lived:
    """What stood from `start` to `end`. `by_visit`: the span is a recorded visit, else so many minutes before the
    rating. `incidents`: rows of the maintenance room that the reader may see; `hidden`: how many he may not.
    `help_unanswered`: one of them says that nobody answered a call for help.
    """

    start: datetime
    end: datetime
    by_visit: bool
    incidents: Sequence[Any]
    hidden: int
    calls: Sequence[SlowCall]
    help_unanswered: bool

    @property
    def nothing(self) -> bool:
        return not self.incidents and not self.hidden and not self.calls


def span_of(rating: Rating, now: datetime) -> tuple[datetime, datetime, bool]:
    """The visit in which the rating was given; else some time before it. For one given afterwards, the case's own."""
    moment = rating.at
    if rating.channel != "terminal":
        case = find_case(rating.case_number)
        moment = (case.finished_at or case.accepted_at) if case is not None else rating.at
    before = timedelta(seconds=float(parameter("lived_before_s", rating.place_path, now)))
    visits = Visit.objects.filter(terminal_id=rating.terminal_id, at__gte=moment, at__lt=moment + before)
    for visit in visits.order_by("at")[:5]:
        start = visit.at - timedelta(seconds=visit.seconds)
        if start <= moment:
            return start, visit.at, True
    return moment - before, moment, False


def lived_through(actor: Actor, rating: Rating, now: datetime) -> Lived:
    """Incidents that overlap the span, of the terminal, its area, and the department of what was done; slow calls."""
    start, end, by_visit = span_of(rating, now)
    case = find_case(rating.case_number)
    found = maintenance.incidents_during(rating.terminal.area_id, rating.terminal_id, start, end)
    if case is not None:
        found += maintenance.department_incidents_during(case.item.department.code, start, end)
    seen = maintenance.visible_incident_ids(actor, [one.pk for one in found])
    slow = timedelta(seconds=float(parameter("slow_call_s", rating.place_path, now)))
    calls = []
    for call in calls_of(case) if case is not None else []:
        failed = call.result in FAILED
        if failed or call.ms >= slow.total_seconds() * 1000:
            calls.append(SlowCall(case.item.department.name if case else "", call.at, call.ms / 1000, failed))
    return Lived(
        start,
        end,
        by_visit,
        [one for one in found if one.pk in seen],
        len(found) - len(seen),
        calls,
        any(one.component in UNANSWERED_HELP for one in found),
    )
