"""Computing a monthly report: the facts of two months and what stands around, handed to the pure rules."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

from django.conf import settings

from budayang.center.evaluation.monthly_around import around
from budayang.center.evaluation.monthly_gather import STEPS, gather, ground
from budayang.center.evaluation.monthly_rows import Month
from budayang.center.platform.models import Place
from budayang.rules.monthly import Report
from budayang.rules.monthly_facts import Named
from budayang.rules.monthly_making import make
from budayang.rules.trip_words import trip_words

ALL_STEPS = 2 * STEPS + 3
"""Steps of one report, for its progress; a place with very many matters takes some more."""


def compute(place: Place, first: date, until: datetime, tick: Callable[[], None]) -> Report:
    """The report of a month as of a moment: for one that was published its own moment, so that what merely went on
    since then is no correction.
    """
    month = Month(place, first, until)
    known = ground(month)
    now = gather(month, known, tick)
    before = gather(month.before, known, tick)
    standing = around(month, known, tick)
    tick()
    named = Named(place.code, place.name, place.kind)
    made_at = until.astimezone(UTC).isoformat()
    report = make(named, now, before, standing, trip_words, made_at=made_at, demo=settings.BUDAYANG.demo)
    tick()
    return report
