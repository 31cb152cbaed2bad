"""Reads of rounds. Lists start at `plans_visible_to`, `rounds_visible_to` and `editions_visible_to`."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.db.models import Q, QuerySet

from budayang.center.maintenance.models import (
    CheckListEdition,
    Incident,
    Round,
    RoundAnswer,
    RoundPhoto,
    RoundPlan,
    RoundPresence,
    RoundTrace,
)
from budayang.center.platform.actors import Actor, Role
from budayang.center.platform.models import RoleGrant, Staff
from budayang.center.platform.queries import place_chain, places_visible_to, scope_q
from budayang.center.platform.sealing import CannotOpen, open_field
from budayang.center.terminals import queries as terminals
from budayang.rules.round_lists import About, Photo, Question, read_question
from budayang.rules.rounds import NOT_HERE, Plan, Rhythm
from budayang.rules.terminals import Level, kind_of, meaning

JOB = Actor.job("maintenance.rounds")
PHOTO_TABLE, PHOTO_COLUMN = "maintenance_round_photo", "content"
WELL = frozenset({Level.OK, Level.BUSY})
DOERS = (Role.SUPERVISOR, Role.AREA_KEEPER, Role.OWNER_UNIT, Role.VENDOR_ENGINEER, Role.INSPECTOR)
FIELD_TASKS: dict[Role, str] = {Role.GUARD: "guard", Role.CLEANER: "cleaner"}
"""Whose tasks are all that these roles see: the word of `RoundPlan.who`."""
WALKERS = (*DOERS, *FIELD_TASKS)


def plans_visible_to(actor: Actor) -> QuerySet[RoundPlan]:
    """Plans of the actor's places; bodies' people see their own body's, guards and cleaners their own tasks."""
    mine = scope_q(actor, "area__place__path", ("organization_id",)) | field_q(actor, "", "area__place__path")
    return RoundPlan.objects.filter(mine).select_related("area__place", "organization", "person")


def rounds_visible_to(actor: Actor) -> QuerySet[Round]:
    """Rounds of the actor's places; bodies' people see their own body's, guards and cleaners their own tasks."""
    mine = scope_q(actor, "place_path", ("plan__organization_id",)) | field_q(actor, "plan__", "place_path")
    return Round.objects.filter(mine).select_related("plan__person", "plan__organization", "area__place", "edition")


def field_q(actor: Actor, plan: str, place: str) -> Q:
    """The tasks of guards and cleaners, as a filter: planned for their role where they have it; those that name a
    person or a body only for that person or the people of that body.

    Args:
        plan: prefix of the lookups of the plan, "plan__"; "" for plans themselves.
        place: lookup of the place's path.
    """
    found = Q(pk__in=())
    own_body = Staff.objects.filter(pk=actor.staff_id or 0, organization__isnull=False).values("organization_id")
    meant = Q(**{f"{plan}person__isnull": True}) | Q(**{f"{plan}person_id": actor.staff_id or 0})
    meant &= Q(**{f"{plan}organization__isnull": True}) | Q(**{f"{plan}organization_id__in": own_body})
    for role, who in FIELD_TASKS.items():
        if role in actor.roles:
            found |= scope_q(actor, place, roles=frozenset({role})) & Q(**{f"{plan}who": who}) & meant
    return found


def places_with(role: Role) -> list[str]:
    """The paths of the places where somebody active has the role."""
    rows = RoleGrant.objects.filter(role=role.value, staff__is_active=True).order_by("place__path")
    return list(rows.values_list("place__path", flat=True).distinct())


def get_round(actor: Actor, round_id: int) -> Round:
    """Raises Round.DoesNotExist, also outside the actor's scope."""
    return rounds_visible_to(actor).get(pk=round_id)


def editions_visible_to(actor: Actor) -> QuerySet[CheckListEdition]:
    """Editions that count in the actor's places: those of the places themselves and of all above them."""
    paths = {one for path in places_visible_to(actor).values_list("path", flat=True) for one in place_chain(path)}
    rows = CheckListEdition.objects.select_related("place")
    return rows if actor.sees_all else rows.filter(place__path__in=paths)


def edition_in_force(code: str, place_path: str, on: date) -> CheckListEdition | None:
    """The edition of a list that counts at a place on a day: of the nearest place upwards, the latest."""
    rows = CheckListEdition.objects.filter(list_code=code, place__path__in=place_chain(place_path), valid_from__lte=on)
    return rows.select_related("place").order_by("-place__path", "-valid_from").first()


def edition_before(edition: CheckListEdition) -> CheckListEdition | None:
    """The edition that it followed at its own place."""
    rows = CheckListEdition.objects.filter(
        list_code=edition.list_code, place=edition.place, valid_from__lt=edition.valid_from
    )
    return rows.order_by("-valid_from").first()


def questions_of(edition: CheckListEdition) -> tuple[Question, ...]:
    """The questions in order."""
    return tuple(read_question(one) for one in edition.questions)


def questions_in(row: Round) -> tuple[Question, ...]:
    """The questions of a round in order: its edition's, and those about signs in place of their patterns."""
    own = [one for one in questions_of(row.edition) if one.about is not About.SIGN]
    return (*own, *(read_question(one) for one in row.signs))


def plan_of(row: RoundPlan) -> Plan:
    """The plan as the rules read it."""
    return Plan(
        rhythm=Rhythm(row.rhythm),
        windows=tuple((time.fromisoformat(a), time.fromisoformat(b)) for a, b in row.windows),
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        weekdays=frozenset(day for day, flag in enumerate(row.weekdays) if flag == "1"),
        day=row.day,
        first_month=row.first_month,
        zone=row.area.place.zone,
    )


def may_walk(actor: Actor, row: Round) -> bool:
    """Whether the actor may answer for this round."""
    if actor.may(*DOERS, place_path=row.place_path, organizations=(row.plan.organization_id,)):
        return True
    return Round.objects.filter(field_q(actor, "plan__", "place_path"), pk=row.pk).exists()


def stops_of(plan: RoundPlan) -> list[str]:
    """The terminals of a plan's area in its order; those that the plan does not name follow by code. Of a body's own
    plan only the machines that it owns or looks after.
    """
    rows = terminals.in_service().filter(area_id=plan.area_id)
    if plan.organization_id is not None and plan.who in ("owner", "vendor"):
        column = "owner_id" if plan.who == "owner" else "vendor_id"
        rows = rows.filter(**{column: plan.organization_id})
    codes = list(rows.order_by("code").values_list("code", flat=True))
    named = [code for code in plan.stops if code in codes]
    return named + [code for code in codes if code not in named]


@dataclass(slots=True)
class Asked:
    """One question at one stop, with what was said of it so far."""

    question: Question
    current: RoundAnswer | None = None
    conflicts: list[RoundAnswer] = field(default_factory=list)
    photos: list[RoundPhoto] = field(default_factory=list)

    @property
    def answered(self) -> bool:
        return self.current is not None

    @property
    def wants_photo(self) -> bool:
        """A photograph belongs to the answer and is not there."""
        if self.photos or self.current is None or self.current.value == NOT_HERE:
            return False
        return self.question.photo is Photo.ALWAYS or (self.question.photo is Photo.ON_FAULT and self.current.failed)


@dataclass(slots=True)
class Stop:
    """One stop of a round. `code` is "" for the place itself; `name` and `kind` of a terminal are empty there."""

    code: str
    name: str
    kind: str
    asked: list[Asked]
    presences: list[RoundPresence]

    @property
    def left(self) -> int:
        """Questions without an answer."""
        return sum(not one.answered for one in self.asked)

    @property
    def failed(self) -> int:
        return sum(bool(one.current and one.current.failed) for one in self.asked)

    @property
    def proved(self) -> bool:
        return any(one.verdict in ("proved", "said") for one in self.presences)


def sheet(row: Round) -> list[Stop]:
    """The round by stops, the place first: four queries, whatever it holds."""
    answers: dict[tuple[str, str], list[RoundAnswer]] = {}
    for one in row.answers.filter(state__in=("current", "conflict")).select_related("incident").order_by("pk"):
        answers.setdefault((one.stop, one.question), []).append(one)
    photos: dict[tuple[str, str], list[RoundPhoto]] = {}
    for photo in row.photos.defer("content_sealed").order_by("pk"):
        photos.setdefault((photo.stop, photo.question), []).append(photo)
    seen: dict[str, list[RoundPresence]] = {}
    for presence in row.presences.order_by("pk"):
        seen.setdefault(presence.stop, []).append(presence)
    return lay_out(questions_in(row), row.stops, answers, photos, seen)


def lay_out(
    questions: Sequence[Question],
    stops: Sequence[str],
    answers: Mapping[tuple[str, str], Sequence[RoundAnswer]],
    photos: Mapping[tuple[str, str], list[RoundPhoto]],
    seen: Mapping[str, list[RoundPresence]],
) -> list[Stop]:
    """Questions by stops, the place first, with what is known of each by (stop, question); one query."""
    machines = {one.code: one for one in terminals.visible_to(JOB).filter(code__in=stops)}
    found = []
    for code in ("", *stops):
        about = About.TERMINAL if code else About.AREA
        asked = [
            Asked(
                one,
                next((answer for answer in answers.get((code, one.code), []) if answer.state == "current"), None),
                [answer for answer in answers.get((code, one.code), []) if answer.state == "conflict"],
                photos.get((code, one.code), []),
            )
            for one in questions
            if one.about is about
        ]
        if asked and (not code or code in machines):
            machine = machines.get(code)
            name, kind = (machine.name, machine.kind) if machine else ("", "")
            found.append(Stop(code, name, kind, asked, seen.get(code, [])))
    return found


def known_answers(row: Round, now: datetime) -> dict[tuple[str, str], tuple[str, str]]:
    """What telemetry can answer now: (stop, question) → (value, why). What it cannot know is not there.

    "link": the terminal is heard. A kind of component: all of that kind are well, or one stops.
    """
    machines = {one.pk: one for one in terminals.visible_to(JOB).filter(code__in=row.stops)}
    alive, states = terminals.liveness_of(machines.values(), now), terminals.current_states(machines)
    found: dict[tuple[str, str], tuple[str, str]] = {}
    for question in questions_in(row):
        if not question.known or question.about is not About.TERMINAL:
            continue
        for pk, machine in machines.items():
            # What a terminal said before it fell silent is not what is the case now.
            if alive[pk] != "online":
                continue
            if question.known == "link":
                found[machine.code, question.code] = ("yes", question.known)
                continue
            levels = {
                meaning(kind, prop, one.state).level
                for (subject, prop), one in states[pk].items()
                if (kind := one.kind or kind_of(subject)) == question.known
            }
            if levels and levels <= WELL:
                found[machine.code, question.code] = ("yes", question.known)
            elif Level.FAULT in levels:
                found[machine.code, question.code] = ("no", question.known)
    return found


def read_photo(photo: RoundPhoto) -> bytes | None:
    """The photograph as JPEG; None when its time is over, or its key is not here."""
    if photo.content_sealed is None:
        return None
    try:
        return b64decode(open_field(PHOTO_TABLE, photo.client_id, PHOTO_COLUMN, bytes(photo.content_sealed)))
    except CannotOpen:
        return None


def traces_of(row: Round) -> list[RoundTrace]:
    """Everything that left a trace, oldest first."""
    return list(row.traces.order_by("at", "pk"))


def replaced_answers(row: Round) -> list[RoundAnswer]:
    """Answers that no longer count, oldest first."""
    return list(row.answers.exclude(state__in=("current", "conflict")).order_by("pk"))


def open_rounds_of(actor: Actor, now: datetime) -> list[Round]:
    """The rounds that the actor can walk now, the one that ends first at the head."""
    rows = rounds_visible_to(actor).filter(state="open", opens_at__lte=now).order_by("closes_at", "pk")[:200]
    return [one for one in rows if may_walk(actor, one)]


def rounds_waiting(actor: Actor, now: datetime, limit: int) -> tuple[list[Round], int]:
    """(rounds that are due and not handed over, and those of the last day that were missed; how many more)."""
    due = Q(state="open", opens_at__lte=now) | Q(state="missed", closes_at__gt=now - timedelta(days=1))
    rows = rounds_visible_to(actor).filter(due)
    return list(rows.order_by("closes_at", "pk")[:limit]), max(0, rows.count() - limit)


def round_of(incident: Incident) -> int | None:
    """The round that an incident comes from; of several that found it the last."""
    what, _colon, rest = incident.subject.partition(":")
    if what == "round_missed":
        return int(rest)
    return RoundAnswer.objects.filter(incident=incident).order_by("-pk").values_list("round_id", flat=True).first()


def names_of_lists(editions: Sequence[CheckListEdition]) -> dict[str, str]:
    """The latest name of each list."""
    return {one.list_code: one.name for one in sorted(editions, key=lambda one: one.valid_from)}
