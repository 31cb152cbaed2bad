"""How calls for help end that nobody answered, and the alarms of calls: for the calls themselves, tests and drills."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q, QuerySet

from budayang.center.maintenance.incident_actions import close_incident
from budayang.center.maintenance.models import HelpCall, Incident
from budayang.center.platform.actors import Actor

JOB = Actor.job("maintenance.help_calls")
PRESSED, UNANSWERED = "help_pressed", "help_unanswered"
WAITS = Q(answered_at__isnull=True, ended_at__isnull=True, late=False)
"""A call that waits for an answer; the index of the one open call of a kind has the same condition."""


def subject_of(call: HelpCall) -> str:
    return f"help_call:{call.pk}"


def close_alarms(calls: Iterable[HelpCall], now: datetime) -> None:
    """What was opened for these calls is over."""
    subjects = [subject_of(call) for call in calls]
    for one in Incident.objects.filter(subject__in=subjects, kind__in=(PRESSED, UNANSWERED), state="open"):
        close_incident(JOB, one, closed_at=now, now=now)


def end_rehearsed(rows: QuerySet[HelpCall], now: datetime, *, answered_by: str = "") -> None:
    """The test or drill that these calls belong to is over: nobody waits there, so the next press is another call.
    `answered_by`: who ended the test and says that it was answered.
    """
    ending = list(rows.filter(WAITS))
    how = {"answered_at": now, "answered_by": answered_by} if answered_by else {"ended_at": now}
    HelpCall.objects.filter(WAITS, pk__in=[call.pk for call in ending]).update(due_at=None, **how)
    close_alarms(ending, now)
