"""Reads of the ground floor, and the scope that every room's `visible_to(actor)` starts with."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypedDict
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from budayang.center.platform.actors import Actor, Grant
from budayang.center.platform.models import (
    AuditHead,
    AuditLine,
    Organization,
    Parameter,
    Place,
    RoleGrant,
    Staff,
    Transition,
    Work,
)
from budayang.center.platform.roles import BODY_ROLES, OPERATING_ROLES, Role
from budayang.rules.calendars import DEFAULT_ZONE
from budayang.rules.parameters import PARAMETERS
from budayang.rules.profiles import DEFAULTS as PROFILE_DEFAULTS

NOTHING = Q(pk__in=[])
# Not Q(): Django reads "Q() | x" as x, so an empty filter that means "everything" would turn into "nothing" in an OR.
EVERYTHING = ~NOTHING
_DEFAULTS: dict[str, Any] = {
    **PROFILE_DEFAULTS,
    **{parameter.name: parameter.default for parameter in PARAMETERS},
}


class Head(TypedDict):
    """The newest signed head of the audit chain, as it goes to terminals and onto receipts."""

    seq: int
    hash: str
    signature: str
    at: str


def scope_q(
    actor: Actor,
    place: str = "place__path",
    organizations: Sequence[str] = (),
    *,
    roles: frozenset[Role] = OPERATING_ROLES,
) -> Q:
    """The rows that an actor may see, as a filter.

    Args:
        place: lookup of the row's place path, "area__place__path"; "" for rows that belong to no place.
        organizations: lookups of the organizations whose own people may see the row; without any, bodies' people see
            none of these rows.
        roles: the roles that may see such rows at all.
    """
    if actor.sees_all:
        return EVERYTHING
    if actor.kind != "staff":
        return NOTHING
    allowed = NOTHING
    for grant in actor.grants:
        if grant.role not in roles:
            continue
        here = Q(**{f"{place}__startswith": grant.place_path}) if place else EVERYTHING
        if grant.role in BODY_ROLES:
            own = NOTHING
            for lookup in organizations:
                own |= Q(**{lookup: grant.organization_id})
            here &= own
        allowed |= here
    return allowed


def actor_of(staff: Staff) -> Actor:
    """The actor that a signed-in person is, with grants as they are now."""
    grants = tuple(
        Grant(Role(row.role), row.place.path, row.organization_id)
        for row in RoleGrant.objects.filter(staff=staff).select_related("place").order_by("role", "place__path")
    )
    return Actor("staff", staff.username, grants, staff.pk, staff.name)


def get_place(code: str) -> Place:
    """Raises Place.DoesNotExist."""
    return Place.objects.get(code=code)


def find_place_by_path(path: str) -> Place | None:
    return Place.objects.filter(path=path).first()


def zone_of(place_path: str) -> str:
    """The zone of a place; of the whole ("/") the one that holds where nobody wrote another."""
    place = find_place_by_path(place_path)
    return place.zone if place else DEFAULT_ZONE


def local_day(place_path: str, now: datetime) -> date:
    """The day on the calendar of a place: what happens there at 02:00 is no longer yesterday's."""
    return now.astimezone(ZoneInfo(zone_of(place_path))).date()


def places_visible_to(actor: Actor) -> QuerySet[Place]:
    """Regions and areas inside the actor's scope; bodies' people see the places of their grants too."""
    if actor.sees_all:
        return Place.objects.all()
    allowed = NOTHING
    for grant in actor.grants if actor.kind == "staff" else ():
        allowed |= Q(path__startswith=grant.place_path)
    return Place.objects.filter(allowed)


def organizations_visible_to(actor: Actor) -> QuerySet[Organization]:
    """Operating staff read the directory of bodies in their places; bodies' people only their own."""
    every_role = frozenset(Role) - {Role.AUDIT_ADMIN}
    return Organization.objects.filter(scope_q(actor, "place__path", ("pk",), roles=every_role) | _own_bodies(actor))


def _own_bodies(actor: Actor) -> Q:
    return Q(pk__in=[grant.organization_id for grant in actor.grants if grant.organization_id is not None])


def staff_visible_to(actor: Actor) -> QuerySet[Staff]:
    """Administrators of system and security see everybody; operating staff those with a role in their places."""
    if actor.sees_all or actor.may(Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN):
        return Staff.objects.all()
    reach = RoleGrant.objects.filter(scope_q(actor, "place__path", ("organization_id",)))
    return Staff.objects.filter(Q(pk__in=reach.values("staff")) | Q(pk=actor.staff_id)).distinct()


def names_of(usernames: Iterable[str]) -> dict[str, str]:
    """How people are called whose user names stand in a record; who is no person is left out."""
    return dict(Staff.objects.filter(username__in=set(usernames)).values_list("username", "name"))


def grants_of(staff_id: int) -> QuerySet[RoleGrant]:
    return RoleGrant.objects.filter(staff_id=staff_id).select_related("place", "organization").order_by("role")


def audit_visible_to(actor: Actor) -> QuerySet[AuditLine]:
    """The audit administrator reads all lines; supervisors and inspectors those of their places."""
    if actor.sees_all or actor.may(Role.AUDIT_ADMIN):
        return AuditLine.objects.all()
    return AuditLine.objects.filter(scope_q(actor, "place_path", roles=frozenset({Role.SUPERVISOR, Role.INSPECTOR})))


def work_visible_to(actor: Actor) -> QuerySet[Work]:
    """Long work that the actor asked for, or that belongs to a place that the actor supervises."""
    supervised = scope_q(actor, "place__path", roles=frozenset({Role.SUPERVISOR}))
    return Work.objects.filter(supervised | Q(requested_by=actor.name)) if not actor.sees_all else Work.objects.all()


def latest_head() -> Head | None:
    """The newest signed audit head, or None while nothing has been sealed."""
    head = AuditHead.objects.order_by("-seq").first()
    return Head(seq=head.seq, hash=head.hash, signature=head.signature, at=head.at.isoformat()) if head else None


class ChainLine(TypedDict):
    """What our chain holds at one number, for checking a head that somebody kept."""

    seq: int
    hash: str
    at: datetime


def find_head(seq: int) -> ChainLine | None:
    """The line of our chain with this number, or None."""
    line = AuditLine.objects.filter(seq=seq).first()
    return ChainLine(seq=seq, hash=line.hash, at=line.at) if line else None


def audit_extent() -> tuple[int, datetime | None, datetime | None]:
    """(sealed lines, moment of the first, moment of the last): the figures behind log retention."""
    first = AuditLine.objects.filter(seq__isnull=False).order_by("seq").first()
    last = AuditLine.objects.filter(seq__isnull=False).order_by("-seq").first()
    return (last.seq if last and last.seq else 0, first.at if first else None, last.at if last else None)


def parameter(name: str, place_path: str, at: datetime) -> Any:
    """The value in force for a place at a moment: nearest place upwards, then the latest; else the default.

    Raises:
        KeyError: when `name` is not in `rules.parameters.PARAMETERS` or `rules.profiles.PROFILE`.
    """
    return parameters([name], [(place_path, "")], at)[place_path, ""][name].value


@dataclass(frozen=True, slots=True)
class InForce:
    """A value and where it comes from; without a row it is the default of the table."""

    value: Any
    row: Parameter | None = None


def parameters(
    names: Sequence[str], holders: Collection[tuple[str, str]], at: datetime
) -> dict[tuple[str, str], dict[str, InForce]]:
    """Many values for many holders in one query. A holder is (place path, subject); "" is the place itself.

    Raises:
        KeyError: for a name that no table knows.
    """
    defaults = {name: _DEFAULTS[name] for name in names}
    rows = _rows_above(names, holders, at)
    nearest: dict[tuple[str, str, str], Parameter] = {}
    for row in rows:  # oldest first: the latest of each place and subject stays
        nearest[row.name, row.place.path, row.subject] = row
    found: dict[tuple[str, str], dict[str, InForce]] = {}
    for path, subject in holders:
        chain = [(one, "") for one in place_chain(path)] + ([(path, subject)] if subject else [])
        mine: dict[str, InForce] = {}
        for name, default in defaults.items():
            set_here = (nearest.get((name, *step)) for step in reversed(chain))
            best = next((row for row in set_here if row is not None and not row.withdrawn), None)
            mine[name] = InForce(default) if best is None else InForce(best.value, best)
        found[path, subject] = mine
    return found


def _rows_above(names: Sequence[str], holders: Collection[tuple[str, str]], at: datetime) -> QuerySet[Parameter]:
    """Rows that may count for the holders. With many of them all rows of the names are read: they are few."""
    rows = Parameter.objects.filter(name__in=names, valid_from__lte=at).select_related("place")
    if len(holders) <= 20:
        chain = {one for path, _subject in holders for one in place_chain(path)}
        subjects = {"", *(subject for _path, subject in holders)}
        rows = rows.filter(place__path__in=chain, subject__in=subjects)
    return rows.order_by("valid_from", "id")


def place_chain(path: str) -> list[str]:
    """Every path from the top down to `path`: "/a/b/" -> ["/a/", "/a/b/"]."""
    parts = [part for part in path.split("/") if part]
    return ["/" + "/".join(parts[: count + 1]) + "/" for count in range(len(parts))]


def top_path() -> str:
    """The path of the center's topmost place, "" while there is none: where somebody must have a right to use it on
    what is one for the whole center.
    """
    return Place.objects.order_by("path").values_list("path", flat=True).first() or ""


def news_since(moment: datetime) -> list[tuple[int, str]]:
    """(id, kind) of transitions recorded since a moment, for live pages."""
    return list(Transition.objects.filter(recorded_at__gte=moment).values_list("id", "kind"))


def head_before(moment: datetime) -> Head | None:
    """The newest head that was signed before a moment: the end of the chain as it stood then."""
    head = AuditHead.objects.filter(at__lt=moment).order_by("-seq").first()
    return Head(seq=head.seq, hash=head.hash, signature=head.signature, at=head.at.isoformat()) if head else None


def hashes_at(seqs: Collection[int]) -> dict[int, str]:
    """What our chain holds at these numbers now; numbers that it does not have are missing."""
    found = AuditLine.objects.filter(seq__in=list(seqs)).values_list("seq", "hash")
    return {seq: hash_ for seq, hash_ in found if seq is not None}
