"""Taken back at once is only what certainly has not left us."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from tests.center.services.the_bank import Hall, open_hall, promise

from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor
from budayang.center.services.case_reviewing import ask_again
from budayang.center.services.case_withdrawing import may_withdraw, withdraw

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system()


@pytest.fixture
def hall(judged: datetime, jia: Any) -> Iterator[Hall]:
    with open_hall(jia, judged) as found:
        yield found


def test_what_may_have_reached_the_department_is_not_taken_back_at_once(hall: Hall) -> None:
    """Its answer was lost, a keeper has it asked again, and in that moment the person wants it back."""
    promise("ZZ001", honours_key=False)
    hall.office.honours_of["ZZ001"] = False
    hall.office.faults.plan = ["lost"]
    number = hall.accept()
    before = hall.case(number)
    assert may_withdraw(before, hall.clock.now)
    hall.carry()
    assert (hall.case(number).state, hall.office.effects[number]) == ("review", 1)
    ask_again(SYSTEM, number, hall.clock.now)
    assert hall.case(number).state == "accepted"
    assert not may_withdraw(hall.case(number), hall.clock.now)
    for seen in (hall.case(number), before):  # also for a page that was opened before it was sent
        with pytest.raises(Refused):
            withdraw(SYSTEM, seen, hall.clock.now)
    assert hall.case(number).state == "accepted"


def test_what_never_left_is_taken_back(hall: Hall) -> None:
    number = hall.accept()
    withdraw(SYSTEM, hall.case(number), hall.clock.now)
    hall.carry()
    assert (hall.case(number).state, hall.office.effects) == ("withdrawn", {})
