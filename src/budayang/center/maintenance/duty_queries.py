"""Reads of the duty roster: who is on duty, when nobody is, whom to call next. Contract for the other rooms' pages:
`duty_windows` and `on_duty`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from budayang.center.areas import queries as areas
from budayang.center.maintenance.models import DutyChange, DutyLeave, DutyShift, DutySwap
from budayang.center.platform import queries as platform
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Organization, Place, Staff
from budayang.center.platform.queries import place_chain, scope_q
from budayang.center.services.queries import calendar_days
from budayang.rules import duty as rules
from budayang.rules.calendars import DEFAULT_ZONE
from budayang.rules.duty import Change, Days, Duty, Post, Shift, Turn
from budayang.rules.duty_time import Absence, present
from budayang.rules.intervals import Interval, clip

JOB = Actor.job("maintenance.duty")
MOMENT = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Roster:
    """A body's roster of a place for a stretch of time. `people`: staff by id."""

    shifts: tuple[Shift, ...]
    duties: tuple[Duty, ...]
    gaps: tuple[Interval, ...]
    clashes: tuple[tuple[Duty, Duty], ...]
    people: dict[int, Staff]
    names: dict[int, str]
    zone: str


def shifts_visible_to(actor: Actor) -> QuerySet[DutyShift]:
    """Shifts in the actor's places; bodies' people see those of their own body."""
    mine = scope_q(actor, "place__path", ("organization_id",))
    return DutyShift.objects.filter(mine).select_related("organization", "place").prefetch_related("members__staff")


def changes_visible_to(actor: Actor) -> QuerySet[DutyChange]:
    mine = scope_q(actor, "place__path", ("organization_id",))
    return DutyChange.objects.filter(mine).select_related("organization", "place", "staff", "shift", "swap")


def swaps_visible_to(actor: Actor) -> QuerySet[DutySwap]:
    """Swaps of the rosters that the actor sees, and the actor's own."""
    mine = scope_q(actor, "shift__place__path", ("shift__organization_id",))
    own = Q(asker_id=actor.staff_id) | Q(answerer_id=actor.staff_id) if actor.staff_id else Q(pk__in=[])
    rows = DutySwap.objects.filter(mine | own)
    return rows.select_related("shift__organization", "shift__place", "return_shift", "asker", "answerer")


def rosters_visible_to(actor: Actor) -> list[tuple[Organization, Place]]:
    """(body, place) of each roster that the actor may see, in the order of places."""
    rows = shifts_visible_to(actor).order_by("place__path", "organization__code").prefetch_related(None)
    found: dict[tuple[int, int], tuple[Organization, Place]] = {}
    for row in rows:
        found.setdefault((row.organization_id, row.place_id), (row.organization, row.place))
    return list(found.values())


def shift_of(row: DutyShift) -> Shift:
    """The shift as the rules read it. Raises ValueError for a row without people, which no action writes."""
    return Shift(
        key=row.pk,
        days=Days(row.days),
        weekdays=frozenset(day for day, flag in enumerate(row.weekdays) if flag == "1"),
        opens=row.opens,
        closes=row.closes,
        people=tuple(one.staff_id for one in row.members.all()),
        turn=Turn(row.turn),
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        post=Post(row.post),
    )


def change_of(row: DutyChange) -> Change:
    """The change as the rules read it."""
    within = Interval(row.starts_at, row.ends_at) if row.starts_at and row.ends_at else None
    return Change(into=row.staff_id, shift=row.shift_id, on=row.on, within=within, post=Post(row.post))


def read_roster(
    organization_id: int, place_path: str, start: datetime, end: datetime, *, below: bool = False
) -> tuple[list[Shift], list[Duty], str]:
    """(shifts, duties, zone) of a body for a place: what is planned for the place itself or for one above it.

    `below` takes in, besides, what is planned for the places under it, for a page of a whole region. Who is away with
    leave has no duty in that time.
    """
    shifts, duties, zone = _planned(organization_id, place_path, start, end, below=below)
    away = absences({one.person for one in duties}, start, end) if duties else []
    return shifts, [one for one in present(duties, away) if clip([one.interval], Interval(start, end))], zone


def planned_duties(organization_id: int, place_path: str, start: datetime, end: datetime) -> list[Duty]:
    """The duties as they would be if nobody were away with leave."""
    return _planned(organization_id, place_path, start, end, below=False)[1]


def _planned(
    organization_id: int, place_path: str, start: datetime, end: datetime, *, below: bool
) -> tuple[list[Shift], list[Duty], str]:
    where = Q(place__path__in=place_chain(place_path))
    if below:
        where |= Q(place__path__startswith=place_path)
    alive = Q(ends_on__isnull=True) | Q(ends_on__gte=(start - timedelta(days=2)).date())
    rows = list(
        DutyShift.objects.filter(where & alive, organization_id=organization_id)
        .select_related("place")
        .prefetch_related("members")
    )
    extra = DutyChange.objects.filter(where, organization_id=organization_id, withdrawn_at__isnull=True)
    zone = rows[0].place.zone if rows else DEFAULT_ZONE
    shifts = [shift_of(row) for row in rows]
    if not rows and not extra.exists():
        return [], [], zone
    nearby = Q(on__gte=(start - timedelta(days=2)).date(), on__lte=(end + timedelta(days=1)).date())
    changes = [change_of(row) for row in extra.filter(nearby | Q(ends_at__gt=start, starts_at__lt=end))]
    return shifts, rules.expand(shifts, changes, Interval(start, end), zone=zone, table=calendar_days()), zone


def absences(people: Iterable[int], start: datetime, end: datetime) -> list[Absence]:
    """When these people are away with leave, as far as it touches a shift of [start, end)."""
    rows = DutyLeave.objects.filter(staff_id__in=list(people), state="granted")
    rows = rows.filter(starts_at__lt=end + timedelta(days=2), ends_at__gt=start - timedelta(days=2))
    return [
        Absence(staff, Interval(since, until))
        for staff, since, until in rows.values_list("staff_id", "starts_at", "ends_at")
    ]


def duty_windows(organization_id: int, place_path: str, start: datetime, end: datetime) -> list[Interval]:
    """When somebody of the body is on duty for the place, within [start, end); [] without a roster."""
    _shifts, duties, _zone = read_roster(organization_id, place_path, start, end)
    return clip(rules.covered(duties), Interval(start, end))


def on_duty(organization_id: int, place_path: str, at: datetime) -> list[Staff]:
    """Who of the body is on duty for the place at a moment, 值班员 first; 备班 is left out; [] without a roster."""
    _shifts, duties, _zone = read_roster(organization_id, place_path, at, at + MOMENT)
    wanted = [one.person for one in rules.on_duty(duties, at) if one.post in rules.ON_DUTY]
    return _people(wanted)


def next_to_tell(organization_id: int, place_path: str, at: datetime, told: Iterable[int]) -> Staff | None:
    """The next person of the roster who was not told yet, or None."""
    shifts, duties, _zone = read_roster(organization_id, place_path, at, at + MOMENT)
    away = absences({person for one in shifts for person in one.people}, at, at + MOMENT)
    known = {*told, *(one.person for one in away if one.within.contains(at))}
    while (person := rules.next_in_line(shifts, duties, at, known)) is not None:
        found = _people([person])
        if found:
            return found[0]
        known.add(person)  # an account that was switched off
    return None


def _people(ids: Sequence[int]) -> list[Staff]:
    """Active staff in the order of `ids`, each once."""
    rows = {one.pk: one for one in platform.staff_visible_to(JOB).filter(pk__in=ids, is_active=True)}
    return [rows[pk] for pk in dict.fromkeys(ids) if pk in rows]


def roster(organization: Organization, place: Place, start: datetime, end: datetime) -> Roster:
    """The roster page's stretch of time: duties, gaps against the hours that the place promises, and clashes.

    An area wants somebody during its promised hours; a region, whose areas differ, around the clock.
    """
    shifts, duties, _zone = read_roster(organization.pk, place.path, start, end)
    within = Interval(start, end)
    area = areas.visible_to(JOB).filter(place=place).first()
    wanted = areas.promised_windows(area.pk, start, end) if area else [within]
    ids = {one.person for one in duties} | {one.planned for one in duties} | {p for s in shifts for p in s.people}
    return Roster(
        shifts=tuple(shifts),
        duties=tuple(duties),
        gaps=tuple(rules.gaps(duties, wanted, within)) if shifts or duties else (),
        clashes=tuple(rules.clashes(duties)),
        people={one.pk: one for one in platform.staff_visible_to(JOB).filter(pk__in=ids)},
        names=dict(DutyShift.objects.filter(pk__in=[one.key for one in shifts]).values_list("pk", "name")),
        zone=place.zone,
    )


def my_duties(staff_id: int, start: datetime, end: datetime) -> list[tuple[Duty, DutyShift | None]]:
    """The duties of one person in every roster, in order of time, each with its shift (None: an extra duty)."""
    mine = Q(members__staff_id=staff_id)
    standing_in = DutyChange.objects.filter(staff_id=staff_id, withdrawn_at__isnull=True)
    pairs = set(DutyShift.objects.filter(mine).values_list("organization_id", "place__path"))
    pairs |= set(standing_in.values_list("organization_id", "place__path"))
    rows = {one.pk: one for one in DutyShift.objects.filter(organization_id__in=[pair[0] for pair in pairs])}
    found: dict[tuple[int, datetime, datetime], Duty] = {}
    for organization_id, path in pairs:
        _shifts, duties, _zone = read_roster(organization_id, path, start, end)
        for one in duties:
            if one.person == staff_id:
                found[one.shift, one.start, one.end] = one
    return [(one, rows.get(one.shift)) for one in sorted(found.values())]


def has_roster(organization_id: int, place_path: str) -> bool:
    """Whether the body keeps a roster for the place at all, also one in which nobody is on duty now."""
    return DutyShift.objects.filter(organization_id=organization_id, place__path__in=place_chain(place_path)).exists()
