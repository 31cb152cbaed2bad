"""Who may write what in the catalogue: the city's supervisors all of it, a department's own people what is theirs."""

from __future__ import annotations

from budayang.center.platform import queries as platform
from budayang.center.platform.actors import Actor, Role
from budayang.center.services.models import Department


def require_catalogue(actor: Actor) -> None:
    """The catalogue is one for the whole center: supervisors at the top of the tree. Raises Forbidden."""
    actor.require(Role.SUPERVISOR, place_path=platform.top_path())


def may_catalogue(actor: Actor) -> bool:
    """Whether `require_catalogue` lets the actor pass."""
    return actor.may(Role.SUPERVISOR, place_path=platform.top_path())


def may_confirm(actor: Actor, department: Department) -> bool:
    """Hours and fields belong to the department: its own people, or the supervisor on a paper of the department's."""
    own = department.organization_id is not None and any(
        grant.role == Role.OWNER_UNIT and grant.organization_id == department.organization_id for grant in actor.grants
    )
    return own or actor.may(Role.SUPERVISOR)


def require_department(actor: Actor, department: Department) -> None:
    """Raises Forbidden."""
    if not may_confirm(actor, department):
        actor.require(Role.SUPERVISOR)
