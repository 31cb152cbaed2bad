"""Absence and compensatory time through their actions; whoever is away is not called at 2 a.m."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from tests.center.hall import SYSTEM, Hall

from budayang.center.maintenance import duty_actions, leave_actions, leave_queries
from budayang.center.maintenance import duty_queries as duty
from budayang.center.maintenance.models import DutyLeave, DutyShift
from budayang.center.platform.actions import Refused, set_parameter
from budayang.center.platform.actors import Forbidden
from budayang.center.platform.models import AuditLine
from budayang.rules.duty import Days
from budayang.rules.duty_time import LeaveKind
from budayang.rules.intervals import Interval

HOUR = timedelta(hours=1)
BEGAN = date(2026, 11, 21)  # a Saturday; `now` is Tuesday 02:14, in Monday's shift of 林


@pytest.fixture
def nights(hall: Hall, now: datetime) -> DutyShift:
    return duty_actions.add_shift(
        SYSTEM, organization=hall.bodies["ZW1"], place=hall.area.place, name="夜班", days=Days.EVERY, opens=time(20),
        closes=time(8), people=[hall.staff["lin"], hall.staff["mo"]], starts_on=BEGAN, now=now,
    )  # fmt: skip


def ask(
    hall: Hall, who: str, start: datetime, hours: float, now: datetime, kind: LeaveKind = LeaveKind.LEAVE
) -> DutyLeave:
    return leave_actions.ask_leave(
        hall.actor(who), organization=hall.bodies["ZW1"], place=hall.area.place, kind=kind, starts_at=start,
        ends_at=start + timedelta(hours=hours), now=now,
    )  # fmt: skip


def here(hall: Hall, at: datetime) -> list[str]:
    return [one.username for one in duty.on_duty(hall.bodies["ZW1"].pk, hall.area.place.path, at)]


def test_whoever_is_away_is_not_called_and_the_gap_shows(hall: Hall, nights: DutyShift, now: datetime) -> None:
    body, path = hall.bodies["ZW1"].pk, hall.area.place.path
    soon = now + HOUR
    row = ask(hall, "lin", now, 3, now)
    assert here(hall, soon) == ["lin"], "asked is not granted"
    leave_actions.decide_leave(SYSTEM, row, grant=True, now=now)
    assert here(hall, soon) == []
    assert here(hall, now + 4 * HOUR) == ["lin"], "the rest of the shift is his"
    assert duty.next_to_tell(body, path, soon, []) is None, "nor is he the next in turn"
    roster = duty.roster(hall.bodies["ZW1"], hall.area.place, now, now + 5 * HOUR)
    assert roster.gaps == (Interval(now, now + 3 * HOUR),)
    assert [one.person for one in leave_queries.touched(row)] == [hall.staff["lin"].pk]
    assert AuditLine.objects.filter(action="maintenance.duty_leave_granted").count() == 1


def test_a_stand_in_closes_the_gap_of_an_absence(hall: Hall, nights: DutyShift, now: datetime) -> None:
    leave_actions.decide_leave(SYSTEM, ask(hall, "lin", now, 8, now), grant=True, now=now)
    monday = BEGAN + timedelta(days=2)
    when = Interval(now - timedelta(hours=6, minutes=14), now + timedelta(hours=5, minutes=46))
    ranked = leave_queries.who_could(nights, when, now)
    assert [(one.username, found.against) for one, found in ranked] == [("mo", ()), ("lin", ("away",))]
    duty_actions.stand_in(hall.actor("lin"), nights, monday, hall.staff["mo"], reason="请假", now=now)
    assert here(hall, now + HOUR) == ["mo"]


def test_compensatory_time_is_earned_taken_and_never_twice(hall: Hall, nights: DutyShift, now: datetime) -> None:
    """莫 stood on Sunday night (four hours of Sunday, six of the night): 7 hours; 林 on Saturday night: 4 + 8."""
    place, mo = hall.area.place, hall.staff["mo"].pk
    assert leave_queries.balance_of(hall.staff["lin"].pk, place, now).left == 60 * (4 + 8)
    assert leave_queries.balance_of(mo, place, now).left == 60 * 4 + 60 * 3
    later = now + timedelta(days=2)
    first = ask(hall, "mo", later, 5, now, LeaveKind.COMP)
    second = ask(hall, "mo", later + 48 * HOUR, 5, now, LeaveKind.COMP)
    assert (first.minutes, second.minutes) == (300, 300), "asked does not use it up"
    leave_actions.decide_leave(hall.actor("lin"), first, grant=True, now=now)
    assert leave_queries.balance_of(mo, place, now).left == 120
    with pytest.raises(Refused, match="补休不够"):
        leave_actions.decide_leave(hall.actor("lin"), second, grant=True, now=now)
    with pytest.raises(Refused, match="还有 2 小时"):
        ask(hall, "mo", later + 96 * HOUR, 5, now, LeaveKind.COMP)
    leave_actions.withdraw_leave(hall.actor("mo"), first, now=now)
    leave_actions.decide_leave(hall.actor("lin"), second, grant=True, now=now)
    set_parameter(SYSTEM, name="duty_comp_night", place=place, value=0, valid_from=now)
    assert leave_queries.balance_of(mo, place, now + HOUR).earned == 240, "the policy of the place counts"


def test_what_is_refused(hall: Hall, nights: DutyShift, now: datetime) -> None:
    with pytest.raises(Refused, match="不在这份值班表"):
        ask(hall, "ning", now, 1, now)
    with pytest.raises(Refused, match="过去"):
        ask(hall, "mo", now - 2 * HOUR, 1, now)
    with pytest.raises(Refused, match="晚于"):
        ask(hall, "mo", now, 0, now)
    row = ask(hall, "mo", now + HOUR, 2, now)
    with pytest.raises(Refused, match="已经有一个"):
        ask(hall, "mo", now + 2 * HOUR, 2, now)
    own = ask(hall, "lin", now + HOUR, 2, now)
    with pytest.raises(Refused, match="自己的"):
        leave_actions.decide_leave(hall.actor("lin"), own, grant=True, now=now)
    for name in ("ou", "ren"):
        with pytest.raises(Forbidden):
            leave_actions.decide_leave(hall.actor(name), row, grant=True, now=now)
    leave_actions.decide_leave(hall.actor("lin"), row, grant=True, now=now)
    with pytest.raises(Refused, match="不能再改"):
        leave_actions.decide_leave(hall.actor("lin"), row, grant=False, now=now)
    with pytest.raises(Refused, match="本人"):
        leave_actions.withdraw_leave(hall.actor("lin"), row, now=now)
    with pytest.raises(Refused, match="已经开始"):
        leave_actions.withdraw_leave(hall.actor("mo"), row, now=now + 2 * HOUR)
    assert not leave_queries.leaves_visible_to(hall.actor("ou")).exists()
    assert set(leave_queries.leaves_visible_to(hall.actor("mo"))) == {row}


def test_a_swap_is_who_is_called_from_that_moment(hall: Hall, nights: DutyShift, now: datetime) -> None:
    """A agreed and approved swap of the running night: the next call goes to the other."""
    set_parameter(SYSTEM, name="duty_swap_approval", place=hall.area.place, value=0, valid_from=now)
    monday = BEGAN + timedelta(days=2)
    swap = duty_actions.ask_swap(hall.actor("lin"), nights, monday, hall.staff["mo"], now=now)
    assert here(hall, now) == ["lin"]
    duty_actions.answer_swap(hall.actor("mo"), swap, accept=True, now=now)
    assert here(hall, now) == ["mo"]
