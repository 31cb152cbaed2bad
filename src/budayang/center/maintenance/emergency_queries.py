"""Reads of emergency cards (应急卡) and of what was done by them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from budayang.center.maintenance.models import Emergency, EmergencyEdition, EmergencyEvent, Incident
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Place
from budayang.center.platform.queries import place_chain, scope_q
from budayang.data.emergency_cards import emergency_cards
from budayang.rules.emergencies import Step, StepNow, standing, stored_steps


@dataclass(frozen=True, slots=True)
class Card:
    """A card as it is in force at a place. `own`: an edition of a place; else the one that ships."""

    code: str
    name: str
    severity: str
    starts_from: tuple[str, ...]
    basis: str
    steps: tuple[Step, ...]
    own: bool = False
    valid_from: date | None = None


def cards_at(place_path: str, on: date) -> list[Card]:
    """The cards in force: of each the newest edition of the nearest place upwards, else the one that ships. A card
    must be at hand although nobody adopted any.
    """
    found = {one.code: Card(one.code, one.name, one.severity, one.starts_from, one.basis, one.steps)
             for one in emergency_cards()}  # fmt: skip
    rows = EmergencyEdition.objects.filter(place__path__in=place_chain(place_path), valid_from__lte=on)
    for row in rows.select_related("place").order_by("place__path", "valid_from"):
        found[row.code] = Card(
            row.code, row.name, row.severity, tuple(row.starts_from), row.basis, tuple(stored_steps(row.steps)), True,
            row.valid_from,
        )  # fmt: skip
    return list(found.values())


def card_at(code: str, place_path: str, on: date) -> Card | None:
    """One card in force."""
    return next((one for one in cards_at(place_path, on) if one.code == code), None)


def pending_edition(code: str, place: Place, today: date) -> EmergencyEdition | None:
    """The place's own edition of a card that was written and has not begun yet."""
    rows = EmergencyEdition.objects.filter(place=place, code=code, valid_from__gt=today)
    return rows.order_by("valid_from").first()


def emergencies_visible_to(actor: Actor) -> QuerySet[Emergency]:
    """Runs and drills in the actor's places."""
    rows = Emergency.objects.filter(scope_q(actor, "area__place__path"))
    return rows.select_related("area__place", "incident", "cause")


def events_of(run: Emergency) -> list[EmergencyEvent]:
    """What was done, oldest first."""
    return list(run.events.order_by("at", "pk"))


def steps_now(run: Emergency, now: datetime, events: Sequence[EmergencyEvent] | None = None) -> list[StepNow]:
    """How each step stands; of a run that is over, as it stood at its end."""
    if run.started_at is None:
        return []
    told = events_of(run) if events is None else events
    moment = run.ended_at or now
    return standing(stored_steps(run.steps), run.started_at, [(one.what, one.step, one.at) for one in told], moment)


def suggested(actor: Actor, now: datetime) -> list[tuple[Incident, Card]]:
    """Open causes for which a card is meant and none was started from them, newest first; each card as it is in force
    on the place's own day.
    """
    kinds = {kind for one in emergency_cards() for kind in one.starts_from}
    used = Emergency.objects.filter(cause__isnull=False).values("cause_id")
    rows = Incident.objects.filter(scope_q(actor, "place_path"), state="open", cause__isnull=True, kind__in=kinds)
    rows = rows.filter(area__isnull=False).exclude(pk__in=used).select_related("area__place", "terminal")
    found = []
    for row in rows.order_by("-opened_at")[:10]:
        assert row.area is not None
        today = now.astimezone(ZoneInfo(row.area.place.zone)).date()
        card = next((one for one in cards_at(row.place_path, today) if row.kind in one.starts_from), None)
        if card is not None:
            found.append((row, card))
    return found
