"""Whom a step of an escalation means: people and group channels, out of rosters, roles and the incident's bodies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from budayang.center.maintenance import assigning, duty_queries
from budayang.center.maintenance.models import Incident, NoticeChannel
from budayang.center.platform import queries as platform
from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Organization, Staff
from budayang.center.platform.roles import BODY_ROLES, Role
from budayang.rules.escalation import Step, StepKind
from budayang.rules.maintenance import get_cause
from budayang.rules.notices import GROUP_CHANNELS

JOB = Actor.job("maintenance.notices")


@dataclass(frozen=True, slots=True)
class Receiver:
    """A person or a group channel. `on_duty`: told because of a roster, hence awake."""

    staff: Staff | None = None
    channel: NoticeChannel | None = None
    on_duty: bool = False

    @property
    def name(self) -> str:
        """What people call the receiver."""
        return self.staff.name if self.staff else (self.channel.name if self.channel else "")


def bodies_of(incident: Incident) -> dict[str, int | None]:
    """ "responsible", "manager", "owner", "vendor" → organization of an incident."""
    manager = incident.area.manager_id if incident.area else None
    return {
        "responsible": incident.policy.get("responsible_id") or incident.owner_id or manager,
        "manager": manager,
        "owner": incident.owner_id,
        "vendor": incident.vendor_id,
    }


def receivers(step: Step, incident: Incident, told: Iterable[int], now: datetime) -> list[Receiver]:
    """Everybody whom a step means, each once; `told`: staff who were told of this incident before (for "next")."""
    match step.kind:
        case StepKind.TELL_ON_DUTY:
            return _on_duty(bodies_of(incident).get(step.body), incident, now)
        case StepKind.TELL_NEXT:
            body = bodies_of(incident).get(step.body)
            person = duty_queries.next_to_tell(body, incident.place_path, now, told) if body else None
            return [Receiver(person, on_duty=True)] if person else []
        case StepKind.TELL_TABLE:
            found = [one for word in get_cause(incident.kind).tells for one in _of_the_table(word, incident)]
            return _people(found)
        case StepKind.TELL_ROLE:
            return _people(_with_role(Role(step.role), incident))
        case StepKind.TELL_PERSON:
            return _people(_staff().filter(pk=step.staff))
        case StepKind.TELL_GROUP:
            groups = group_channels(incident.place_path)
            return [Receiver(channel=one) for one in groups if not step.channel or one.pk == step.channel]
        case _:
            return []


def group_channels(place_path: str) -> list[NoticeChannel]:
    """The active group channels of a place and of those above it."""
    rows = NoticeChannel.objects.filter(
        place__path__in=platform.place_chain(place_path), is_active=True, kind__in=GROUP_CHANNELS
    )
    return list(rows.order_by("pk"))


def _on_duty(organization_id: int | None, incident: Incident, now: datetime) -> list[Receiver]:
    """Who is on duty; a body that keeps no roster at all here is told through the person who would get its order."""
    if organization_id is None:
        return []
    found = duty_queries.on_duty(organization_id, incident.place_path, now)
    if found:
        return [Receiver(one, on_duty=True) for one in found]
    if duty_queries.has_roster(organization_id, incident.place_path):
        return []
    assignee = assigning.find_assignee(organization_id, incident.area_id, incident.place_path)
    return _people(_staff().filter(pk=assignee or 0))


def _of_the_table(word: str, incident: Incident) -> Iterable[Staff]:
    """The people behind a word of the column `tells` of the table of causes."""
    bodies = bodies_of(incident)
    match word:
        case "keeper":
            keeper = incident.area.keeper_id if incident.area else None
            named = list(_staff().filter(pk=keeper or 0))
            return named or _with_role(Role.AREA_KEEPER, incident)
        case "manager":
            return _staff().filter(organization_id=bodies["manager"] or 0, **_reach(incident))
        case "center":
            return _with_role(Role.SYSTEM_ADMIN, incident)
        case "guard":
            # Cleaners are of the same body: who is called at night is who has the role, where anybody has it.
            if guards := list(_with_role(Role.GUARD, incident)):
                return guards
            return _staff().filter(organization__kind=Organization.Kind.PROPERTY.value, **_reach(incident))
        case _:
            body = bodies["owner" if word == "department" else word]
            return _staff().filter(
                grants__role__in=[role.value for role in BODY_ROLES],
                grants__organization_id=body or 0,
                **_reach(incident),
            )


def _with_role(role: Role, incident: Incident) -> QuerySet[Staff]:
    """People with a role whose scope covers the place; of bodies' people those of the incident's bodies."""
    rows = _staff().filter(grants__role=role.value, **_reach(incident))
    if role in BODY_ROLES:
        rows = rows.filter(grants__organization_id__in=[one for one in bodies_of(incident).values() if one])
    return rows


def _reach(incident: Incident) -> dict[str, list[str]]:
    return {"grants__place__path__in": platform.place_chain(incident.place_path)}


def _staff() -> QuerySet[Staff]:
    return platform.staff_visible_to(JOB).filter(is_active=True).order_by("pk")


def _people(rows: Iterable[Staff]) -> list[Receiver]:
    return [Receiver(one) for one in {person.pk: person for person in rows}.values()]
