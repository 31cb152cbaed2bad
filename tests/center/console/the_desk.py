"""The hall of the other rooms' tests, a supervisor and the three administrators, and browsers signed in as anybody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.test import Client
from tests.center import hall as halls
from tests.center.hall import PASSWORD, SYSTEM, Hall

from budayang.center.platform import actions as platform
from budayang.center.platform.actors import Actor, Role

MORE = (("zhu", Role.SUPERVISOR), ("sec", Role.SECURITY_ADMIN), ("aud", Role.AUDIT_ADMIN))


@dataclass(slots=True)
class Desk:
    """The hall, and who sits at the desk."""

    hall: Hall

    def client(self, name: str) -> Client:
        """A browser in which `name` is signed in; "" for nobody."""
        client = Client()
        if name:
            client.force_login(self.hall.staff[name], backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    def actor(self, name: str) -> Actor:
        return self.hall.actor(name)


def build(now: datetime) -> Desk:
    """Make the hall and add those whom the other rooms' tests do not need."""
    hall = halls.build(now)
    for username, role in MORE:
        person = platform.add_staff(SYSTEM, username=username, name=f"测试{username}", password=PASSWORD)
        platform.grant_role(SYSTEM, person, role, hall.city, now=now - timedelta(days=1))
        hall.staff[username] = person
    return Desk(hall)
