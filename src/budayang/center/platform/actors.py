"""Who acts: a person, a terminal, a job or the public; and what that actor may do where."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from budayang.center.platform.roles import BODY_ROLES, Role

__all__ = ["Actor", "Forbidden", "Grant", "Role"]


class Forbidden(Exception):
    """The actor has no role that allows this here. The message is for logs; pages answer 403."""


@dataclass(frozen=True, slots=True)
class Grant:
    """One role within a place's path and, for bodies' own people, one organization."""

    role: Role
    place_path: str
    organization_id: int | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """Someone or something that reads and writes. Actions take it as their first argument."""

    kind: Literal["staff", "terminal", "job", "public"]
    name: str
    grants: tuple[Grant, ...] = ()
    staff_id: int | None = None
    label: str = ""

    @classmethod
    def job(cls, name: str) -> Actor:
        """A part of the center itself; may do everything, and says its name in the audit."""
        return cls("job", name)

    @classmethod
    def system(cls) -> Actor:
        """Set-up and seed from the command line."""
        return cls("job", "system")

    @classmethod
    def public(cls) -> Actor:
        """Anybody without sign-in."""
        return cls("public", "public")

    @classmethod
    def terminal(cls, code: str, place_path: str) -> Actor:
        """A terminal that proved its credential."""
        return cls("terminal", code, (Grant(Role.AREA_KEEPER, place_path),))

    @property
    def sees_all(self) -> bool:
        return self.kind == "job"

    @property
    def roles(self) -> frozenset[Role]:
        return frozenset(grant.role for grant in self.grants) if self.kind == "staff" else frozenset()

    def may(
        self, *roles: Role, place_path: str | None = None, organizations: Iterable[int | None] | None = None
    ) -> bool:
        """Whether a grant of one of `roles` covers the place and, for bodies' people, one of the `organizations`.

        Without `place_path` the question is "somewhere?". A body's grant without `organizations` given is refused when
        a place is named: a caller that forgets the organization must not widen the scope.
        """
        if self.sees_all:
            return True
        if self.kind != "staff":
            return False
        for grant in self.grants:
            if grant.role not in roles:
                continue
            if place_path is None:
                return True
            if not place_path.startswith(grant.place_path):
                continue
            if grant.role not in BODY_ROLES:
                return True
            if (
                organizations is not None
                and grant.organization_id is not None
                and grant.organization_id in organizations
            ):
                return True
        return False

    def require(
        self, *roles: Role, place_path: str | None = None, organizations: Iterable[int | None] | None = None
    ) -> None:
        """Raise `Forbidden` unless `may(...)`."""
        if not self.may(*roles, place_path=place_path, organizations=organizations):
            raise Forbidden(f"{self.kind} {self.name} needs one of {', '.join(roles)} at {place_path or 'any place'}")
