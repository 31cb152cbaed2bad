"""Reads of 投诉、表扬、建议: lists start at `complaints_visible_to(actor)`; what the public may know goes by number."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from budayang.center.evaluation.models import Complaint, ComplaintStep
from budayang.center.platform.actors import Actor
from budayang.center.platform.limits import count_within, counted
from budayang.center.platform.queries import scope_q
from budayang.center.platform.sealing import lookup_hash
from budayang.center.services.promise_numbers import read_number

MISSES, MISSES_WITHIN = 20, timedelta(hours=1)
# What the person reads of the trail.
TOLD = frozenset({"made", "accept", "investigate", "handle", "answer", "file", "decline", "withdraw"})


class TooManyLooks(Exception):
    """This address has tried too many wrong numbers; it has to wait."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What the person who holds the number may know: nobody's name, and nothing of what was written."""

    row: Complaint
    steps: tuple[tuple[datetime, str], ...]


def complaints_visible_to(actor: Actor) -> QuerySet[Complaint]:
    """In the actor's places; an owner unit sees what is about its own machines."""
    rows = Complaint.objects.filter(scope_q(actor, "place_path", ("owner_id",)))
    return rows.defer("words_sealed", "phone_sealed").select_related("area", "owner")


def steps_of(row: Complaint) -> list[ComplaintStep]:
    """Its steps, oldest first."""
    return list(ComplaintStep.objects.filter(complaint=row).order_by("at", "pk"))


def moments_of(keys: Collection[int]) -> list[tuple[int, str, datetime]]:
    """(complaint, event, when) of the steps of many, oldest first."""
    rows = ComplaintStep.objects.filter(complaint_id__in=list(keys)).order_by("at", "pk") if keys else ()
    return [(one.complaint_id, one.event, one.at) for one in rows]


def same_words(actor: Actor, row: Complaint) -> QuerySet[Complaint]:
    """Others with exactly the same words (blanks apart): somebody may have handed it in many times."""
    return complaints_visible_to(actor).filter(words_mark=row.words_mark).exclude(pk=row.pk).order_by("-made_at")[:50]


def find_progress(text: str, client: str, now: datetime) -> Progress | None:
    """How it stands, by its number; None when there is none. Only misses count against the client.

    Raises:
        TooManyLooks: too many wrong numbers from one address within the hour.
    """
    key = f"complaint-miss:{lookup_hash('evaluation.complaint_client', client)}"
    if counted(key, now) >= MISSES:
        raise TooManyLooks
    number = read_number(text)
    rows = Complaint.objects.select_related("area").defer("words_sealed", "phone_sealed")
    row = rows.filter(number=number).first() if number else None
    if row is None:
        count_within(key, MISSES_WITHIN, now)
        return None
    return Progress(row, tuple((one.at, one.event) for one in steps_of(row) if one.event in TOLD))
