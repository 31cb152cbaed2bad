"""Planned stops of a whole scope around a moment, for the overview: a fixed number of queries."""

from __future__ import annotations

from datetime import datetime

from budayang.center.areas.models import PlannedStop
from budayang.center.areas.occurrences import occurrences_within
from budayang.center.areas.queries import stops_visible_to
from budayang.center.platform.actors import Actor
from budayang.rules.intervals import Interval

READ = 60
"""Rows looked at: of more stops in a day the overview shows the first and says that there are more."""


def stops_around(actor: Actor, now: datetime, until: datetime) -> list[tuple[PlannedStop, Interval]]:
    """Stops that run at `now` or begin before `until`, each with that occurrence, by start. Two queries.

    By the column that the due loop `areas.stops` keeps: at most a second behind.
    """
    rows = stops_visible_to(actor).filter(next_change_at__isnull=False, starts_at__lt=until)
    rows = rows.filter(next_change_at__lt=until) | rows.filter(running_since_at__isnull=False)
    found = []
    for row in rows.order_by("next_change_at", "pk").prefetch_related("exceptions")[:READ]:
        windows = occurrences_within(row, now, until)
        if windows:
            found.append((row, windows[0]))
    return sorted(found, key=lambda pair: (pair[1].start, pair[0].pk))
