"""Reads of the evaluation room. Counts are of the moment of the rating, not of its arrival."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from budayang.center.evaluation.models import Invitation, NegativeCase, NegativeStep, Rating, RatingFlag, Visit
from budayang.center.platform.actors import Actor
from budayang.center.platform.queries import parameter, scope_q
from budayang.center.platform.wording import words
from budayang.rules.evaluation import LEVELS, RATEABLE, reason_names
from budayang.rules.evaluation.negative import FINAL_STATES

NEGATIVE = tuple(level.code for level in LEVELS if level.negative)
SATISFIED = tuple(level.code for level in LEVELS if not level.negative)
NOT_STEPS = ("opened", "order", "phone", "warned", "overdue")
"""Events of a negative-rating case that owe nothing to a clock."""
NAMED_AT_ONCE = 5000
"""Numbers that one query names: a statement's variables are limited."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Ratings and invitations of a place and a period, [start, end). What was set aside (剔除) is in `set_aside` only.

    `invited` counts cases after which the rating page was shown, `rated_asked` those of them that were rated by now
    (also later than the period), `rated` all ratings. `levels` has all five levels, zero included.
    `negative_reasoned`: negative ratings that carry a reason. `negative_late`: negative-rating cases of this period of
    which a step was, or is, past its clock.
    """

    invited: int
    rated: int
    levels: dict[str, int]
    negative: int
    negative_reasoned: int
    negative_open: int
    negative_closed: int
    negative_late: int
    set_aside: int = 0
    rated_asked: int = 0

    @property
    def satisfied_rate(self) -> float | None:
        """Share of the first three levels among all ratings, 0..1; None without ratings."""
        return sum(self.levels[code] for code in SATISFIED) / self.rated if self.rated else None

    @property
    def rated_rate(self) -> float | None:
        """Share of invitations that were answered, 0..1; None without invitations."""
        return self.rated_asked / self.invited if self.invited else None


def ratings_visible_to(actor: Actor) -> QuerySet[Rating]:
    """Ratings in the actor's places; bodies' people see those of cases on their own machines."""
    return Rating.objects.filter(scope_q(actor, "place_path", ("owner_id", "terminal__vendor_id"))).select_related(
        "terminal__area", "owner", "negative_case"
    )


def negative_cases_visible_to(actor: Actor) -> QuerySet[NegativeCase]:
    """Negative-rating cases in the actor's places; an owner unit sees its own."""
    return NegativeCase.objects.filter(scope_q(actor, "place_path", ("owner_id",))).select_related(
        "rating__terminal__area", "owner", "order"
    )


def open_negatives(actor: Actor, now: datetime) -> tuple[int, int]:
    """(not at an end, of these late) of the negative ratings that the actor sees, in one query."""
    rows = NegativeCase.objects.filter(scope_q(actor, "place_path", ("owner_id",))).exclude(state__in=FINAL_STATES)
    found = rows.aggregate(n=Count("pk"), late=Count("pk", Q(due_at__lte=now)))
    return found["n"], found["late"]


def invitations_visible_to(actor: Actor) -> QuerySet[Invitation]:
    """Invitations in the actor's places; bodies' people see those of their own machines."""
    return Invitation.objects.filter(scope_q(actor, "place_path", ("terminal__owner_id", "terminal__vendor_id")))


def flags_visible_to(actor: Actor) -> QuerySet[RatingFlag]:
    """What looks wrong with ratings in the actor's places; an owner unit sees it of its own machines."""
    rows = RatingFlag.objects.filter(scope_q(actor, "place_path", ("rating__owner_id",)))
    return rows.select_related("rating__terminal__area", "rating__owner", "rating__negative_case")


def other_flags(flag: RatingFlag) -> QuerySet[RatingFlag]:
    """The other flags of the same rating."""
    return RatingFlag.objects.filter(rating_id=flag.rating_id).exclude(pk=flag.pk).order_by("found_at")


def around(rating: Rating, span: timedelta = timedelta(hours=1)) -> QuerySet[Rating]:
    """The other ratings of its terminal around it, by time."""
    rows = Rating.objects.filter(terminal_id=rating.terminal_id, at__gte=rating.at - span, at__lte=rating.at + span)
    return rows.exclude(pk=rating.pk).order_by("at")[:40]


def count(ratings: QuerySet[Rating], invitations: QuerySet[Invitation], now: datetime) -> Counts:
    """The figures of any chosen ratings and invitations."""
    counted = ratings.filter(set_aside_at__isnull=True)
    found = dict(counted.order_by().values_list("level").annotate(n=Count("id")))
    levels = {level.code: found.get(level.code, 0) for level in LEVELS}
    negative = counted.filter(level__in=NEGATIVE)
    cases = NegativeCase.objects.filter(rating__in=negative)
    return Counts(
        invited=invitations.order_by().values("case_number").distinct().count(),
        rated=sum(levels.values()),
        levels=levels,
        negative=sum(levels[code] for code in NEGATIVE),
        negative_reasoned=negative.exclude(reasons=[]).count(),
        negative_open=cases.exclude(state__in=FINAL_STATES).count(),
        negative_closed=cases.filter(state="closed").count(),
        negative_late=cases.filter(late_q(now)).count(),
        set_aside=ratings.filter(set_aside_at__isnull=False).count(),
        rated_asked=_answered(invitations, now),
    )


def _answered(invitations: QuerySet[Invitation], now: datetime) -> int:
    """How many of the cases that were asked about had a rating that counts by then."""
    asked = invitations.order_by().values("case_number")
    return Rating.objects.filter(case_number__in=asked, set_aside_at__isnull=True, at__lte=now).count()


def late_q(now: datetime) -> Q:
    """Cases of which a step since they (last) began came after its clock, or is owed and past it."""
    begun = Coalesce(OuterRef("restored_at"), OuterRef("opened_at"))
    broken = NegativeStep.objects.filter(case=OuterRef("pk"), at__gte=begun, due_at__isnull=False, at__gt=F("due_at"))
    return Q(Exists(broken.exclude(event__in=NOT_STEPS))) | Q(due_at__lte=now)


def steps_of(case: NegativeCase) -> list[NegativeStep]:
    """What happened to a negative-rating case, oldest first."""
    return list(NegativeStep.objects.filter(case=case).order_by("at", "pk"))


def find_rating(number: str) -> Rating | None:
    """The rating of a case, with its negative-rating case."""
    return Rating.objects.select_related("negative_case", "terminal__area").filter(case_number=number).first()


def reasons_of(rating: Rating) -> str:
    """The reasons of a rating in the words that the person read, in the reader's language."""
    return words("、").join(words(one) for one in reason_names(rating.reasons, rating.texts))


def may_still_rate(case: Any, now: datetime) -> bool:
    """Whether a case (a row of the services room) is done or handed in, whatever its department did since, and still
    within the days for rating.
    """
    if case.state not in RATEABLE or case.finished_at is None:
        return False
    return bool(case.finished_at <= now < case.finished_at + timedelta(days=rating_days(case, now)))


def rating_days(case: Any, now: datetime) -> int:
    """Within how many days a finished case may be rated afterwards (PJ-06)."""
    return int(parameter("rating_days_d", case.place_path, now))


def idle_visits(start: datetime, end: datetime, place_path: str) -> tuple[int, int]:
    """(visits that ended because nobody touched anything, those of them that were cleared) of a place and period."""
    rows = Visit.objects.filter(place_path__startswith=place_path, at__gte=start, at__lt=end, end="idle")
    return rows.count(), rows.filter(cleared=True).count()


def asked_numbers(numbers: Sequence[str]) -> set[str]:
    """Which of these few cases have their rating behind them: a terminal asked for it, or it was given, also from
    home. Nobody is asked twice about one matter (一事一评).
    """
    asked = Invitation.objects.filter(case_number__in=numbers, channel="terminal").values_list("case_number")
    rated = Rating.objects.filter(case_number__in=numbers).values_list("case_number")
    return {number for (number,) in asked.union(rated)}


def invited_numbers(numbers: list[str]) -> set[str]:
    """Which of these cases were followed by the rating page at the terminal itself (PJ-01)."""
    found: set[str] = set()
    for first in range(0, len(numbers), NAMED_AT_ONCE):
        some = numbers[first : first + NAMED_AT_ONCE]
        rows = Invitation.objects.filter(case_number__in=some, channel="terminal")
        found.update(rows.values_list("case_number", flat=True))
    return found
