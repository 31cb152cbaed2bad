"""The rows of a month in a place, of each kind of which the monthly report tells: figures are counted from them, and a
line of the report opens the same ones again (`monthly_opened`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from budayang.center.areas import queries as areas
from budayang.center.evaluation import complaint_queries, supervision_queries
from budayang.center.evaluation import queries as ratings
from budayang.center.evaluation.models import Rating
from budayang.center.maintenance import help_calls as help_desk
from budayang.center.maintenance import hours_queries, round_queries, safety_queries
from budayang.center.maintenance import queries as maintenance
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Place
from budayang.center.platform.queries import parameters
from budayang.center.services import queries as services
from budayang.center.services import trip_queries
from budayang.center.terminals import supply_queries
from budayang.rules import monthly as rules
from budayang.rules.evaluation import RATEABLE
from budayang.rules.monthly_facts import DONE

JOB = Actor.job("evaluation.monthly")


@dataclass(frozen=True, slots=True)
class Month:
    """A month of a place, up to `until` (the moment of the report, or the month's end): [start, end)."""

    place: Place
    first: date
    until: datetime

    @property
    def last(self) -> date:
        """The last day that is told of."""
        ended = rules.last_day(self.first)
        today = (self.until - timedelta(microseconds=1)).astimezone(ZoneInfo(self.place.zone)).date()
        return min(ended, today)

    @property
    def start(self) -> datetime:
        return datetime.combine(self.first, time(0), ZoneInfo(self.place.zone))

    @property
    def end(self) -> datetime:
        return min(self.ends, self.until)

    @property
    def ends(self) -> datetime:
        """When the month is over."""
        return datetime.combine(rules.next_month(self.first), time(0), ZoneInfo(self.place.zone))

    @property
    def before(self) -> Month:
        return Month(self.place, rules.month_before(self.first), self.until)

    def within(self, field: str) -> Q:
        """Rows whose moment lies in the month."""
        return Q(**{f"{field}__gte": self.start, f"{field}__lt": self.end})

    def below(self, field: str = "place_path") -> Q:
        """Rows of the place and of everything below it."""
        return Q(**{f"{field}__startswith": self.place.path})


def trips(month: Month) -> QuerySet[Any]:
    return trip_queries.trips_visible_to(JOB).filter(month.within("at"), month.below())


def cases(month: Month) -> QuerySet[Any]:
    return services.cases_visible_to(JOB).filter(month.within("accepted_at"), month.below())


def done(month: Month) -> Q:
    """Of these what was done, or what the department took in, by the report's moment."""
    return Q(state__in=DONE) & (Q(finished_at__isnull=True) | Q(finished_at__lte=month.until))


def hours(month: Month) -> QuerySet[Any]:
    return hours_queries.days_visible_to(JOB).filter(month.below(), on__range=(month.first, month.last))


def incidents(month: Month) -> QuerySet[Any]:
    """Causes only: what hangs below another fault is that fault's."""
    return maintenance.incidents_visible_to(JOB).filter(month.within("opened_at"), month.below(), cause__isnull=True)


def help_calls(month: Month) -> QuerySet[Any]:
    """Calls of people; a press of a measured test is none."""
    rows = help_desk.calls_visible_to(JOB).filter(test__isnull=True)
    return rows.filter(month.within("pressed_at"), month.below("area__place__path"))


def help_tests(month: Month) -> QuerySet[Any]:
    """Tests of the button that ended in the month."""
    rows = safety_queries.tests_visible_to(JOB).filter(kind="help")
    return rows.filter(month.within("ended_at"), month.below("area__place__path"))


def supplies(month: Month) -> QuerySet[Any]:
    return supply_queries.supplies_visible_to(JOB).filter(month.below("terminal__area__place__path"))


def orders(month: Month) -> QuerySet[Any]:
    rows = maintenance.orders_visible_to(JOB).filter(month.within("opened_at"), month.below())
    return rows.exclude(state__in=("cancelled", "merged"))


def rounds(month: Month) -> QuerySet[Any]:
    """Rounds that fell due, without those that were called off."""
    found = round_queries.rounds_visible_to(JOB).filter(month.within("opens_at"), month.below())
    return found.exclude(state="cancelled")


def visits(month: Month) -> QuerySet[Any]:
    """Supervision visits that were handed in in the month."""
    return supervision_queries.done_within(month.place.path, month.start, month.end)


def rated(month: Month) -> QuerySet[Any]:
    return ratings.ratings_visible_to(JOB).filter(month.within("at"), month.below())


def invited(month: Month) -> QuerySet[Any]:
    return ratings.invitations_visible_to(JOB).filter(month.within("shown_at"), month.below())


def complaints(month: Month) -> QuerySet[Any]:
    return complaint_queries.complaints_visible_to(JOB).filter(month.within("made_at"), month.below())


def finished(month: Month) -> QuerySet[Any]:
    """Matters that were done or handed in during the month, whenever they began; without those set aside."""
    rows = services.cases_visible_to(JOB).filter(month.within("finished_at"), month.below())
    aside = Rating.objects.filter(set_aside_at__isnull=False).values("case_number")
    return rows.filter(state__in=RATEABLE).exclude(number__in=aside)


def path_of(month: Month, area_code: str) -> str:
    """The path of an area of the place; a path that nothing has for a code that is not known there."""
    found = areas.visible_to(JOB).filter(month.below("place__path"), code=area_code)
    return found.values_list("place__path", flat=True).first() or "?"


def office_hours(month: Month) -> tuple[float, float]:
    """(opening, closing) in seconds of the day, as in force at the month's end."""
    names = ("office_opens_s", "office_closes_s")
    found = parameters(names, [(month.place.path, "")], month.end)[month.place.path, ""]
    return float(found[names[0]].value), float(found[names[1]].value)
