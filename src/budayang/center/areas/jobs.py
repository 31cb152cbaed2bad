"""What the areas do by themselves: tell when a planned stop begins and ends. Promised hours are computed when asked."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from budayang.center.areas import stop_actions
from budayang.center.areas.models import PlannedStop
from budayang.center.platform.deliveries import Consumer, Due

STOPS_S = 1.0
AT_ONCE = 500


def tell_stops(now: datetime) -> int:
    """Tell of every occurrence that began or ended by `now`, oldest first; returns how many changes were told.

    After a time without worker each change is told still, with the moment at which it happened.
    """
    told = 0
    due = PlannedStop.objects.filter(next_change_at__isnull=False, next_change_at__lte=now)
    for stop in due.order_by("next_change_at")[:AT_ONCE]:
        with transaction.atomic():
            told += stop_actions.tell_change(stop, now)
    return told


CONSUMERS: tuple[Consumer, ...] = ()
DUES: tuple[Due, ...] = (Due("areas.stops", STOPS_S, tell_stops),)
