"""Reads of the evaluation room. Counts are of the moment of the rating, not of its arrival."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Q, QuerySet

from budayang.center.evaluation.models import Invitation, NegativeCase, Rating, Visit
from budayang.center.platform.actors import Actor
from budayang.center.platform.queries import scope_q
from budayang.rules.evaluation import LEVELS

NEGATIVE = tuple(level.code for level in LEVELS if level.negative)
SATISFIED = tuple(level.code for level in LEVELS if not level.negative)


@dataclass(frozen=True, slots=True)
class Counts:
    """Ratings and invitations of a place and a period, [start, end).

    `invited` counts cases after which the rating page was shown, `rated` those that were rated. `levels` has all five
    levels, zero included. `negative_reasoned`: negative ratings that carry a reason. `verified_late`, `closed_late`:
    negative-rating cases of this period past their clock.
    """

    invited: int
    rated: int
    levels: dict[str, int]
    negative: int
    negative_reasoned: int
    negative_open: int
    negative_closed: int
    negative_late: int

    @property
    def satisfied_rate(self) -> float | None:
        """Share of the first three levels among all ratings, 0..1; None without ratings."""
        return sum(self.levels[code] for code in SATISFIED) / self.rated if self.rated else None

    @property
    def rated_rate(self) -> float | None:
        """Share of invitations that were answered, 0..1; None without invitations."""
        return self.rated / self.invited if self.invited else None


def ratings_visible_to(actor: Actor) -> QuerySet[Rating]:
    """Ratings in the actor's places; bodies' people see those of cases on their own machines."""
    return Rating.objects.filter(scope_q(actor, "place_path", ("owner_id", "terminal__vendor_id"))).select_related(
        "terminal__area", "owner", "negative_case"
    )


def negative_cases_visible_to(actor: Actor) -> QuerySet[NegativeCase]:
    """Negative-rating cases in the actor's places; an owner unit sees its own."""
    return NegativeCase.objects.filter(scope_q(actor, "place_path", ("owner_id",))).select_related(
        "rating__terminal__area", "owner"
    )


def invitations_visible_to(actor: Actor) -> QuerySet[Invitation]:
    """Invitations in the actor's places; bodies' people see those of their own machines."""
    return Invitation.objects.filter(scope_q(actor, "place_path", ("terminal__owner_id", "terminal__vendor_id")))


def counts(start: datetime, end: datetime, place_path: str, now: datetime) -> Counts:
    """Everything that was rated under a place in a period."""
    here = Q(place_path__startswith=place_path)
    return count(
        Rating.objects.filter(here, at__gte=start, at__lt=end),
        Invitation.objects.filter(here, shown_at__gte=start, shown_at__lt=end),
        now,
    )


def count(ratings: QuerySet[Rating], invitations: QuerySet[Invitation], now: datetime) -> Counts:
    """The figures of any chosen ratings and invitations."""
    found = dict(ratings.order_by().values_list("level").annotate(n=Count("id")))
    levels = {level.code: found.get(level.code, 0) for level in LEVELS}
    negative = ratings.filter(level__in=NEGATIVE)
    cases = NegativeCase.objects.filter(rating__in=negative)
    late = (
        Q(state="open", verify_due_at__lt=now)
        | Q(closed_at__isnull=True, close_due_at__lt=now)
        | Q(closed_at__gt=F("close_due_at"))
        | Q(verified_at__gt=F("verify_due_at"))
    )
    return Counts(
        invited=invitations.count(),
        rated=ratings.count(),
        levels=levels,
        negative=sum(levels[code] for code in NEGATIVE),
        negative_reasoned=negative.exclude(reasons=[]).count(),
        negative_open=cases.exclude(state="closed").count(),
        negative_closed=cases.filter(state="closed").count(),
        negative_late=cases.filter(late).count(),
    )


def idle_visits(start: datetime, end: datetime, place_path: str) -> tuple[int, int]:
    """(visits that ended because nobody touched anything, those of them that were cleared) of a place and period."""
    rows = Visit.objects.filter(place_path__startswith=place_path, at__gte=start, at__lt=end, end="idle")
    return rows.count(), rows.filter(cleared=True).count()


def rated_cases(start: datetime, end: datetime, place_path: str, limit: int = 5) -> list[str]:
    """Case numbers of the newest ratings under a place in a period, for evidence."""
    rows = Rating.objects.filter(place_path__startswith=place_path, at__gte=start, at__lt=end).order_by("-at")
    return list(rows.values_list("case_number", flat=True)[:limit])


def invited_numbers(numbers: list[str]) -> set[str]:
    """Which of these cases were followed by the rating page."""
    return set(Invitation.objects.filter(case_number__in=numbers).values_list("case_number", flat=True))
