"""Reads of publicity and training, questions, tests and the adoption register; coverage by area."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from django.db.models import F, Q, QuerySet

from budayang.center.areas import queries as areas
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import RoleGrant
from budayang.center.platform.queries import scope_q
from budayang.center.platform.roles import Role
from budayang.center.standard.models import Adoption, Edition, Question, SpreadArea, SpreadEvent, TestSitting
from budayang.center.standard.queries import READERS, current_edition
from budayang.rules.standard.spreading import WITH_PEOPLE, event_state


@dataclass(frozen=True, slots=True)
class Coverage:
    """What reached one area. `present` adds the people of its events up (somebody who came twice counts twice);
    `keepers` are its named keepers with an account, `passed` those of them who passed the test.
    """

    code: str
    name: str
    events: int
    present: int
    last_on: date | None
    keepers: int
    passed: int
    adoption: Adoption | None


def events_visible_to(actor: Actor) -> QuerySet[SpreadEvent]:
    """Events of the places that the actor reads, and those that are meant for areas there."""
    mine = scope_q(actor, "place_path", roles=READERS) | scope_q(actor, "areas__place__path", roles=READERS)
    keys = SpreadEvent.objects.filter(mine).values("pk")
    return SpreadEvent.objects.filter(pk__in=keys).select_related("place", "edition")


def editions_to_spread(today: date) -> QuerySet[Edition]:
    """Texts that are made known: the one in force here, and those that were published and have yet to take effect."""
    current = current_edition()
    coming = Q(state="published", is_reference=False) & (Q(in_force_on=None) | Q(in_force_on__gt=today))
    return Edition.objects.filter(coming | Q(pk=current.pk if current else None)).order_by("-loaded_at")


def unspread(actor: Actor, today: date) -> list[Edition]:
    """Coming standards for which the actor sees no event before the day on which they take effect, planned or held."""
    seen = events_visible_to(actor).filter(cancelled_for="", planned_on__lt=F("edition__in_force_on"))
    coming = editions_to_spread(today).filter(in_force_on__gt=today)
    return list(coming.exclude(pk__in=seen.values("edition_id")))


def state_of(row: SpreadEvent, today: date) -> str:
    """How an event stands: a key of EVENT_STATES."""
    return event_state(row.planned_on, row.held_on, bool(row.cancelled_for), today)


def questions(edition: Edition) -> QuerySet[Question]:
    """The questions that are asked now."""
    return Question.objects.filter(edition=edition, withdrawn_at__isnull=True)


def sittings_of(actor: Actor, edition: Edition) -> QuerySet[TestSitting]:
    """The tests that this person took, the newest first."""
    if actor.staff_id is None:
        return TestSitting.objects.none()
    return TestSitting.objects.filter(staff_id=actor.staff_id, edition=edition).order_by("-begun_at", "-pk")


def adoptions_visible_to(actor: Actor) -> QuerySet[Adoption]:
    """The register of the places that the actor reads."""
    return Adoption.objects.filter(scope_q(actor, "place_path", roles=READERS)).select_related("place", "edition")


def adoption_at(rows: list[Adoption], place_path: str, today: date) -> Adoption | None:
    """What counts at a place on a day: of the nearest place upwards the newest that has begun."""
    found = [one for one in rows if place_path.startswith(one.place_path) and one.since_on <= today]
    return max(found, key=lambda one: (len(one.place_path), one.since_on, one.pk), default=None)


def coverage(actor: Actor, edition: Edition, today: date) -> list[Coverage]:
    """Each area that the actor reads, with what reached it."""
    seen = [one for one in areas.visible_to(actor).select_related("place") if _reads(actor, one.place.path)]
    held: dict[int, list[SpreadEvent]] = defaultdict(list)
    rows = SpreadArea.objects.filter(event__edition=edition, event__held_on__isnull=False, event__cancelled_for="")
    for link in rows.select_related("event"):
        if link.event.kind in WITH_PEOPLE:
            held[link.place_id].append(link.event)
    passed = set(TestSitting.objects.filter(edition=edition, passed=True).values_list("staff_id", flat=True))
    grants = list(
        RoleGrant.objects.filter(role=Role.AREA_KEEPER, staff__is_active=True).values_list("staff_id", "place__path")
    )
    register = list(Adoption.objects.filter(edition=edition).select_related("place"))
    found = []
    for area in seen:
        events = held[area.place_id]
        keepers = {staff for staff, path in grants if area.place.path.startswith(path)}
        found.append(
            Coverage(
                code=area.code,
                name=area.name,
                events=len(events),
                present=sum(one.present or 0 for one in events),
                last_on=max((one.held_on for one in events if one.held_on), default=None),
                keepers=len(keepers),
                passed=len(keepers & passed),
                adoption=adoption_at(register, area.place.path, today),
            )
        )
    return found


def _reads(actor: Actor, path: str) -> bool:
    return actor.may(*READERS, place_path=path)
