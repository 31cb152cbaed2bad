"""The hall for the tests of this room."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from tests.center.hall import PASSWORD, SYSTEM, Hall, build

from budayang.center.platform import actions as platform
from budayang.center.platform.actors import Actor, Role


@pytest.fixture
def hall(db: None, now: datetime) -> Hall:
    return build(now)


@pytest.fixture
def zhu(hall: Hall, now: datetime) -> Actor:
    """The supervisor."""
    person = platform.add_staff(SYSTEM, username="zhu", name="测试主管", password=PASSWORD)
    platform.grant_role(SYSTEM, person, Role.SUPERVISOR, hall.city, now=now - timedelta(days=1))
    hall.staff["zhu"] = person
    return hall.actor("zhu")
