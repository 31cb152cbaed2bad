"""The duty roster through its actions: planning, standing in, swapping, who may, and what other rooms read."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from tests.center.hall import SYSTEM, Hall

from budayang.center.maintenance import duty_actions as actions
from budayang.center.maintenance import duty_queries as queries
from budayang.center.maintenance.models import DutyShift, DutySwap
from budayang.center.platform import actions as platform
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Forbidden
from budayang.center.platform.models import AuditLine, Organization, Place, Transition
from budayang.rules.duty import Days, Post, Turn
from budayang.rules.intervals import Interval

MONDAY = date(2026, 11, 23)


@pytest.fixture
def keepers(hall: Hall, now: datetime) -> DutyShift:
    """The managing unit's night shift at the area: 林 and 莫 in turn."""
    return add(hall, now)


def add(hall: Hall, now: datetime, **kwargs: object) -> DutyShift:
    fields: dict[str, object] = {
        "organization": hall.bodies["ZW1"],
        "place": hall.area.place,
        "name": "夜班",
        "days": Days.EVERY,
        "opens": time(20),
        "closes": time(8),
        "people": [hall.staff["lin"], hall.staff["mo"]],
        "starts_on": MONDAY,
        "now": now,
    }
    return actions.add_shift(SYSTEM, **(fields | kwargs))  # type: ignore[arg-type]  # one place for the defaults


def local(day: int, hour: int) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=UTC) - timedelta(hours=8)


def test_who_is_on_duty_now_and_when_somebody_is(hall: Hall, keepers: DutyShift, now: datetime) -> None:
    body, path = hall.bodies["ZW1"].pk, hall.area.place.path
    assert [one.username for one in queries.on_duty(body, path, now)] == ["lin"], "02:14 belongs to Monday's shift"
    assert [one.username for one in queries.on_duty(body, path, local(25, 1))] == ["mo"]
    assert queries.on_duty(body, path, local(24, 12)) == []
    assert queries.duty_windows(body, path, local(23, 0), local(25, 0)) == [
        Interval(local(23, 20), local(24, 8)),
        Interval(local(24, 20), local(25, 0)),
    ]


def test_without_a_roster_nobody_is_on_duty(hall: Hall, now: datetime) -> None:
    assert queries.on_duty(hall.bodies["RS"].pk, hall.area.place.path, now) == []
    assert queries.duty_windows(hall.bodies["RS"].pk, hall.area.place.path, now, now + timedelta(days=7)) == []


def test_a_roster_of_the_city_holds_in_its_areas_and_not_the_other_way_round(hall: Hall, now: datetime) -> None:
    add(hall, now, place=hall.city, organization=hall.bodies["VN1"], people=[hall.staff["mo"]])
    assert [one.username for one in queries.on_duty(hall.bodies["VN1"].pk, hall.area.place.path, now)] == ["mo"]
    assert [one.username for one in queries.on_duty(hall.bodies["VN1"].pk, hall.far_area.place.path, now)] == ["mo"]
    add(hall, now, people=[hall.staff["ning"]])
    assert queries.on_duty(hall.bodies["ZW1"].pk, hall.city.path, now) == []


def test_who_left_is_not_called(hall: Hall, keepers: DutyShift, now: datetime) -> None:
    body, path = hall.bodies["ZW1"].pk, hall.area.place.path
    platform.set_staff_active(SYSTEM, hall.staff["lin"], False)
    assert queries.on_duty(body, path, now) == []
    found = queries.next_to_tell(body, path, now, [])
    assert found is not None
    assert found.username == "mo", "the next in turn instead"
    assert queries.next_to_tell(body, path, now, [found.pk]) is None


def test_a_stand_in_a_gap_and_an_extra_duty(hall: Hall, keepers: DutyShift, now: datetime) -> None:
    body, path = hall.bodies["ZW1"].pk, hall.area.place.path
    actions.stand_in(hall.actor("lin"), keepers, MONDAY, hall.staff["ning"], reason="请假", now=now)
    assert [one.username for one in queries.on_duty(body, path, now)] == ["ning"]
    change = actions.stand_in(hall.actor("lin"), keepers, MONDAY, None, reason="无人可替", now=now)
    roster = queries.roster(hall.bodies["ZW1"], hall.area.place, local(23, 20), local(24, 8))
    assert roster.gaps == (Interval(local(23, 20), local(24, 8)),)
    extra = actions.add_extra(
        hall.actor("lin"),
        organization=hall.bodies["ZW1"],
        place=hall.area.place,
        person=hall.staff["mo"],
        starts_at=local(23, 20),
        ends_at=local(24, 2),
        reason="补空档",
        now=now,
    )
    roster = queries.roster(hall.bodies["ZW1"], hall.area.place, local(23, 20), local(24, 8))
    assert roster.gaps == (Interval(local(24, 2), local(24, 8)),)
    actions.withdraw_change(hall.actor("lin"), change, now=now)
    assert [one.username for one in queries.on_duty(body, path, now)] == ["ning"], "the change before it holds again"
    actions.withdraw_change(hall.actor("lin"), extra, now=now)
    with pytest.raises(Refused):
        actions.withdraw_change(hall.actor("lin"), extra, now=now)
    assert AuditLine.objects.filter(action="maintenance.duty_stand_in").count() == 2
    assert Transition.objects.filter(kind="maintenance.duty_changed").exists()


def test_what_is_not_a_shift_of_that_day_is_refused(hall: Hall, keepers: DutyShift, now: datetime) -> None:
    with pytest.raises(Refused, match="没有"):
        actions.stand_in(SYSTEM, keepers, MONDAY - timedelta(days=1), hall.staff["ning"], reason="请假", now=now)
    with pytest.raises(Refused, match="原因"):
        actions.stand_in(SYSTEM, keepers, MONDAY, hall.staff["ning"], reason=" ", now=now)


def test_a_shift_that_ends_stays_known(hall: Hall, keepers: DutyShift, now: datetime) -> None:
    body, path = hall.bodies["ZW1"].pk, hall.area.place.path
    actions.end_shift(hall.actor("lin"), keepers, on=MONDAY, now=now)
    assert queries.on_duty(body, path, local(25, 1)) == []
    assert [one.username for one in queries.on_duty(body, path, now)] == ["lin"]


def test_nobody_stands_twice_where_the_policy_forbids_it(hall: Hall, keepers: DutyShift, now: datetime) -> None:
    with pytest.raises(Refused, match="周二 07:00—12:00"):
        add(hall, now, name="早班", opens=time(7), closes=time(12), people=[hall.staff["lin"]])
    assert DutyShift.objects.count() == 1, "what is refused leaves nothing behind"
    add(hall, now, name="早班", opens=time(8), closes=time(12), people=[hall.staff["lin"]])
    platform.set_parameter(SYSTEM, "duty_no_overlap", hall.city, 0, valid_from=now)
    add(hall, now, name="值守", opens=time(7), closes=time(9), people=[hall.staff["lin"]])
    roster = queries.roster(hall.bodies["ZW1"], hall.area.place, local(24, 0), local(24, 12))
    assert len(roster.clashes) == 2, "allowed, and shown"


def test_who_may_plan(hall: Hall, keepers: DutyShift, now: datetime) -> None:
    for name in ("ou", "ning", "ren", "mo"):
        with pytest.raises(Forbidden):
            actions.end_shift(hall.actor(name), keepers, on=MONDAY, now=now)
    own = {"organization": hall.bodies["RS"], "people": [hall.staff["ren"]]}
    shift = actions.add_shift(
        hall.actor("ren"),
        place=hall.area.place,
        name="本单位",
        days=Days.WORKDAYS,
        opens=time(9),
        closes=time(17),
        starts_on=MONDAY,
        now=now,
        **own,  # type: ignore[arg-type]
    )
    assert shift in queries.shifts_visible_to(hall.actor("ren"))
    assert shift not in queries.shifts_visible_to(hall.actor("shui"))
    assert keepers not in queries.shifts_visible_to(hall.actor("ou"))
    seen = {(body.code, place.code) for body, place in queries.rosters_visible_to(hall.actor("lin"))}
    assert seen == {("ZW1", hall.area.place.code), ("RS", hall.area.place.code)}


def swap(hall: Hall, shift: DutyShift, now: datetime, **kwargs: object) -> DutySwap:
    """林 asks 莫 to take Monday's night."""
    return actions.ask_swap(hall.actor("lin"), shift, MONDAY, hall.staff["mo"], now=now, **kwargs)  # type: ignore[arg-type]


def test_a_swap_needs_both_and_the_keeper(hall: Hall, keepers: DutyShift, now: datetime) -> None:
    asked = swap(hall, keepers, now, return_shift=keepers, return_on=date(2026, 11, 24))
    with pytest.raises(Refused, match="等答复"):
        swap(hall, keepers, now)
    with pytest.raises(Refused, match="被问的人"):
        actions.answer_swap(hall.actor("lin"), asked, accept=True, now=now)
    actions.answer_swap(hall.actor("mo"), asked, accept=True, now=now)
    body, path = hall.bodies["ZW1"].pk, hall.area.place.path
    assert [one.username for one in queries.on_duty(body, path, now)] == ["lin"], "not before it is approved"
    with pytest.raises(Refused, match="自己的换班"):
        actions.approve_swap(hall.actor("lin"), asked, approve=True, now=now)
    actions.approve_swap(SYSTEM, asked, approve=True, now=now)
    assert [one.username for one in queries.on_duty(body, path, now)] == ["mo"]
    assert [one.username for one in queries.on_duty(body, path, local(25, 1))] == ["lin"]
    assert asked.state == "done"
    with pytest.raises(Refused, match="不能再改"):
        actions.withdraw_swap(hall.actor("lin"), asked, now=now)


def test_a_swap_without_a_keeper_where_the_policy_says_so(hall: Hall, keepers: DutyShift, now: datetime) -> None:
    platform.set_parameter(SYSTEM, "duty_swap_approval", hall.city, 0, valid_from=now)
    asked = swap(hall, keepers, now)
    actions.answer_swap(hall.actor("mo"), asked, accept=True, now=now)
    assert asked.state == "done"
    assert [one.username for one in queries.on_duty(hall.bodies["ZW1"].pk, hall.area.place.path, now)] == ["mo"]


def test_only_the_own_shift_is_swapped_and_no_clash_comes_of_it(hall: Hall, keepers: DutyShift, now: datetime) -> None:
    with pytest.raises(Refused, match="不是您"):
        actions.ask_swap(hall.actor("mo"), keepers, MONDAY, hall.staff["lin"], now=now)
    with pytest.raises(Refused, match="重新选"):
        swap(hall, keepers, now, return_shift=keepers, return_on=MONDAY)
    add(
        hall,
        now,
        name="备班",
        people=[hall.staff["mo"]],
        days=Days.WEEKDAYS,
        weekdays=frozenset({0}),
        ends_on=MONDAY,
        opens=time(21),
        closes=time(23),
        post=Post.BACKUP,
        turn=Turn.WEEK,
    )
    asked = swap(hall, keepers, now)
    actions.answer_swap(hall.actor("mo"), asked, accept=True, now=now)
    with pytest.raises(Refused, match="两个班"):
        actions.approve_swap(SYSTEM, asked, approve=True, now=now)
    asked.refresh_from_db()
    assert asked.state == "accepted", "refused as a whole"


def test_my_duties_are_found_in_every_roster(hall: Hall, keepers: DutyShift, now: datetime) -> None:
    found = queries.my_duties(hall.staff["mo"].pk, local(23, 0), local(27, 0))
    assert [(duty.on.day, shift and shift.name) for duty, shift in found] == [(24, "夜班"), (26, "夜班")]


def test_a_roster_costs_the_same_for_a_week_and_a_month(
    hall: Hall, keepers: DutyShift, now: datetime, django_assert_num_queries: object
) -> None:
    body: Organization = hall.bodies["ZW1"]
    place: Place = hall.area.place
    for days in (7, 31):
        with django_assert_num_queries(5):  # type: ignore[operator]  # pytest-django's fixture
            queries.duty_windows(body.pk, place.path, now, now + timedelta(days=days))
