"""Reads of the notices (停用告示): what stands now, for everybody; what was told when, for staff."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from budayang.center.maintenance.models import FaultNotice, RoundAnswer, RoundPhoto
from budayang.center.platform.actors import Actor
from budayang.center.platform.queries import scope_q
from budayang.rules.causes import GRAVITY, Severity
from budayang.rules.fault_notices import STOPPED, read_lines
from budayang.rules.rounds import NO, YES

QUESTION = "fault_notice"
"""The question of the daily round whether a machine with a fault has its notice (BS-05)."""
BODIES = ("incident__owner_id", "incident__vendor_id")


@dataclass(frozen=True, slots=True)
class Shown:
    """A notice in Chinese. `kind`: of its cause. `title`: whether something stands still. `subject`: the machines, ""
    for the whole area. `lines`: (label, text).
    """

    kind: str
    title: str
    subject: str
    sentence: str
    lines: tuple[tuple[str, str], ...]

    @property
    def stops(self) -> bool:
        """Whether something cannot be done meanwhile."""
        return self.title == STOPPED


def standing(area_id: int) -> list[Shown]:
    """What people are told in an area now, gravest first."""
    rows = FaultNotice.objects.filter(area_id=area_id, withdrawn_at__isnull=True).select_related("incident")
    ordered = sorted(rows, key=lambda row: (GRAVITY[Severity(row.incident.severity)], row.incident.opened_at, row.pk))
    return [shown(row) for row in ordered]


def shown(row: FaultNotice) -> Shown:
    """The words of a notice as they are kept."""
    return Shown(
        row.incident.kind,
        str(row.text["title"]),
        str(row.text["subject"]),
        str(row.text["sentence"]),
        tuple(read_lines(row.text["lines"])),
    )


def notices_visible_to(actor: Actor) -> QuerySet[FaultNotice]:
    """Notices in the actor's places; bodies' people see those of their own machines."""
    rows = FaultNotice.objects.filter(scope_q(actor, "incident__place_path", BODIES))
    return rows.select_related("incident__terminal", "area__place")


def seconds_until_told(area_ids: Collection[int], start: datetime, until: datetime) -> dict[int, list[float]]:
    """Area → how long it took until people were told, of each fault in [start, until) that they were told of; one
    query.
    """
    rows = FaultNotice.objects.filter(
        area_id__in=list(area_ids), incident__opened_at__gte=start, incident__opened_at__lt=until
    )
    found: dict[int, list[float]] = {}
    for area_id, shown_at, opened_at in rows.values_list("area_id", "shown_at", "incident__opened_at"):
        found.setdefault(area_id, []).append((shown_at - opened_at).total_seconds())
    return found


@dataclass(frozen=True, slots=True)
class Look:
    """What a round saw of a notice that was to hang at its machine. `photos`: keys of the photographs of the answer."""

    answer: RoundAnswer
    hangs: bool
    photos: tuple[int, ...]


def looks_at(row: FaultNotice, now: datetime) -> list[Look]:
    """What rounds said of the machine while the platform told its fault, oldest first, beside their photographs."""
    if row.incident.terminal is None:
        return []
    answers = _looks().filter(stop=row.incident.terminal.code, round__area_id=row.area_id)
    answers = answers.filter(answered_at__gte=row.shown_at, answered_at__lte=row.withdrawn_at or now)
    found = list(answers.order_by("answered_at", "pk"))
    photos: dict[int, list[int]] = {}
    kept = RoundPhoto.objects.filter(
        round__in=[one.round_id for one in found], stop=row.incident.terminal.code, question=QUESTION
    )
    for pk, round_id in kept.order_by("pk").values_list("pk", "round_id"):
        photos.setdefault(round_id, []).append(pk)
    return [Look(one, one.value == YES, tuple(photos.get(one.round_id, ()))) for one in found]


def counts_on_site(area_id: int, start: datetime, until: datetime) -> tuple[int, int]:
    """Of the looks at machines whose fault the platform told at that moment, in [start, until): (a notice hung there,
    none did). Looks at machines without a fault say nothing of notices.
    """
    answers = _looks().filter(round__area_id=area_id, answered_at__gte=start, answered_at__lt=until)
    told = FaultNotice.objects.filter(area_id=area_id, shown_at__lt=until, incident__terminal__isnull=False)
    told = told.filter(Q(withdrawn_at__isnull=True) | Q(withdrawn_at__gte=start))
    spans: dict[str, list[tuple[datetime, datetime | None]]] = {}
    for code, shown_at, withdrawn_at in told.values_list("incident__terminal__code", "shown_at", "withdrawn_at"):
        spans.setdefault(code, []).append((shown_at, withdrawn_at))
    hangs = [
        value == YES
        for stop, at, value in answers.values_list("stop", "answered_at", "value")
        if any(since <= at and (until_at is None or at < until_at) for since, until_at in spans.get(stop, ()))
    ]
    return sum(hangs), len(hangs) - sum(hangs)


def _looks() -> QuerySet[RoundAnswer]:
    """Answers that count, of people who stood there."""
    rows = RoundAnswer.objects.filter(question=QUESTION, state="current", source="person", value__in=(YES, NO))
    return rows.select_related("round__plan")
