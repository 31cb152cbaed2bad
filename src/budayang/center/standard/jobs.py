"""What makes conformity follow the facts: news marks an area, a due loop computes it within seconds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from budayang.center.areas import queries as areas
from budayang.center.platform.actors import Actor
from budayang.center.platform.deliveries import Consumer, Due
from budayang.center.platform.models import Transition
from budayang.center.standard import actions, project_telling, training_telling, trial_actions, writing_actions
from budayang.center.standard.given_actions import mark_from
from budayang.center.standard.models import Assessment
from budayang.center.standard.news import NEWS_OF
from budayang.center.standard.queries import current_edition, day_of, month_bounds, month_of

JOB = Actor.job("standard.jobs")
# A clock that began in a month may end in the next, and not every end is news: the month before is computed daily.
EARLIER_STALE = timedelta(days=1)
# Usable time grows without any news: without facts an area is computed again this often.
STALE = timedelta(hours=6)
FORGET_S = 600.0


def handle_news(news: Sequence[Transition], now: datetime) -> None:
    """Mark the areas and months that the news bears on: the month of the fact, the running one, and that of the thing
    it tells of ("bears_on"): an order is judged in the month in which it was opened, a rating in that in which it was
    given. What counts for long ("bears_since": an answer of a round, a training) marks every month that was computed
    from its day on.
    """
    marks = {(one.place_path, month_of(moment)) for one in news for moment in (one.occurred_at, now, *_bears_on(one))}
    for place_path, month in sorted(marks):
        if month <= month_of(now):  # a round that is due next month is judged then
            actions.mark_dirty(place_path, month, now)
    for place_path, since in sorted(_bears_since(news).items()):
        mark_from(place_path, day_of(since), now)


def _bears_on(one: Transition) -> list[datetime]:
    return [datetime.fromisoformat(moment) for moment in one.payload.get("bears_on", ())]


def _bears_since(news: Sequence[Transition]) -> dict[str, datetime]:
    """Place path → the earliest moment since which its months may say something else."""
    found: dict[str, datetime] = {}
    for one in news:
        if since := one.payload.get("bears_since"):
            moment = datetime.fromisoformat(since)
            found[one.place_path] = min(moment, found.get(one.place_path, moment))
    return found


def keep_fresh(now: datetime) -> int:
    """Mark areas whose running month, or the one before, was not computed for a while, so that the page is never old
    without saying so.
    """
    if current_edition() is None:
        return 0
    month = month_of(now)
    # A month that is over is computed after its end, for its last hours, and daily until the next one is over too.
    earlier = Assessment.objects.filter(month=(month - timedelta(days=1)).replace(day=1), dirty_at__isnull=True)
    start, _end = month_bounds(month)
    closed = earlier.filter(computed_at__lt=max(start, now - EARLIER_STALE)).update(dirty_at=now)
    fresh = set(
        Assessment.objects.filter(month=month, computed_at__gt=now - STALE).values_list("place_id", flat=True)
    ) | set(Assessment.objects.filter(month=month, dirty_at__isnull=False).values_list("place_id", flat=True))
    late = [pk for pk in areas.visible_to(JOB).values_list("place_id", flat=True) if pk not in fresh]
    return actions.mark_places(late, month, now) + closed


# All of evaluation: what is public and what is judged there changes in more ways than a list holds.
LISTENS: tuple[str, ...] = tuple(
    dict.fromkeys(("evaluation.", *(kind for kinds in NEWS_OF.values() for kind in kinds)))
)
CONSUMERS: tuple[Consumer, ...] = (Consumer("standard.news", LISTENS, handle_news),)
DUES: tuple[Due, ...] = (
    Due("standard.recompute", 1.0, actions.recompute),
    Due("standard.keep_fresh", 60.0, keep_fresh),
    Due("standard.milestones", FORGET_S, project_telling.tell_late),
    Due("standard.spread_events", FORGET_S, training_telling.tell_late),
    Due("standard.written_files", FORGET_S, writing_actions.forget),
)
LONG_WORK = (trial_actions.run,)
"""Long work that nothing due names. The worker runs only what it has imported, and it imports this module."""
