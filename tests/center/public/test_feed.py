"""The calendar of a person, read by a parser of its own (RFC 5545 sections 3.1 and 3.3), not by the library that
wrote it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from tests.center.console.the_desk import Desk, build
from tests.center.hall import SYSTEM

from budayang.center.maintenance import duty_actions, feed_actions, leave_actions
from budayang.center.maintenance import round_plan_actions as planning
from budayang.center.maintenance.models import DutyFeed, DutyShift, WorkOrder
from budayang.center.maintenance.order_transfers import transfer
from budayang.center.platform import actions as platform
from budayang.rules.duty import Days
from budayang.rules.duty_time import LeaveKind
from budayang.rules.feeds import AHEAD
from budayang.rules.rounds import Plan, Rhythm

pytestmark = pytest.mark.django_db
Event = dict[str, str]


def parse(content: bytes) -> list[Event]:
    """Events of a calendar: lines are unfolded, text is unescaped, every rule that a reader relies on is checked."""
    assert content.endswith(b"\r\n")
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert all(len(line) <= 75 for line in content.split(b"\r\n")), "folded at 75 octets"
    lines = content.replace(b"\r\n ", b"").replace(b"\r\n\t", b"").decode().split("\r\n")[:-1]
    assert lines[0] == "BEGIN:VCALENDAR"
    assert lines[-1] == "END:VCALENDAR"
    assert "VERSION:2.0" in lines
    events: list[Event] = []
    inside: Event | None = None
    for line in lines:
        name, _colon, value = line.partition(":")
        name = name.partition(";")[0]
        if line == "BEGIN:VEVENT":
            assert inside is None
            inside = {}
        elif line == "END:VEVENT":
            assert inside is not None
            events.append(inside)
            inside = None
        elif inside is not None:
            assert name not in inside, f"{name} twice"
            for escaped, plain in (("\\,", ","), ("\\;", ";"), ("\\n", "\n"), ("\\\\", "\\")):
                value = value.replace(escaped, plain)
            inside[name] = value
    for one in events:
        assert {"UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "STATUS"} <= set(one)
        assert moment(one["DTSTART"]) < moment(one["DTEND"])
    assert len({one["UID"] for one in events}) == len(events)
    return events


def moment(text: str) -> datetime:
    """Only UTC is written: no reader needs a table of zones."""
    return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


@pytest.fixture
def desk(db: None) -> Desk:
    cache.clear()
    return build(timezone.now())


@pytest.fixture
def today() -> date:
    return timezone.localdate(timezone.now())


@pytest.fixture
def nights(desk: Desk, today: date) -> DutyShift:
    """林 and 莫 in turn from today on."""
    hall = desk.hall
    return duty_actions.add_shift(
        SYSTEM, organization=hall.bodies["ZW1"], place=hall.area.place, name="夜班, 一号; 楼", days=Days.EVERY,
        opens=time(20), closes=time(8), people=[hall.staff["lin"], hall.staff["mo"]], starts_on=today,
        now=timezone.now(),
    )  # fmt: skip


def read(desk: Desk, who: str) -> list[Event]:
    _row, key = feed_actions.make_feed(desk.actor(who), name="手机", now=timezone.now())
    answer = Client().get(f"/cal/{key}.ics")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert "noindex" in answer["X-Robots-Tag"]
    assert answer["Cache-Control"] == "private, no-store"
    return parse(answer.content)


def standing(events: list[Event], kind: str) -> dict[str, Event]:
    return {one["UID"]: one for one in events if one["UID"].startswith(kind) and one["STATUS"] == "CONFIRMED"}


def test_shifts_are_there_in_utc_with_names_that_stay(desk: Desk, nights: DutyShift, today: date) -> None:
    events = read(desk, "lin")
    mine = standing(events, "shift")
    first = mine[f"shift-{nights.pk}-{today:%Y%m%d}@budayang"]
    assert moment(first["DTSTART"]) == datetime.combine(today, time(12), tzinfo=UTC), "20:00 in the hall"
    assert first["SUMMARY"] == "演示数据 值班：夜班, 一号; 楼（值班员）"
    assert f"shift-{nights.pk}-{today + timedelta(days=1):%Y%m%d}@budayang" not in mine, "that one is 莫's"
    assert 40 <= len(mine) <= 47, "every other night of a quarter"
    assert "测试乙" not in str(events)
    assert [one["UID"] for one in read(desk, "lin")] == [one["UID"] for one in events]


def test_what_was_swapped_or_cut_by_leave_is_cancelled_and_comes_to_the_other(
    desk: Desk, nights: DutyShift, today: date
) -> None:
    now = timezone.now()
    later = today + timedelta(days=2)
    key, own = f"shift-{nights.pk}-{later:%Y%m%d}@budayang", today + timedelta(days=4)
    change = duty_actions.stand_in(SYSTEM, nights, later, desk.hall.staff["mo"], reason="测试己 请假", now=now)
    events = {one["UID"]: one for one in read(desk, "lin")}
    assert events[key]["STATUS"] == "CANCELLED"
    assert key in standing(read(desk, "mo"), "shift")
    assert "测试己" not in str(events)
    duty_actions.withdraw_change(SYSTEM, change, now=now)
    assert key in standing(read(desk, "lin"), "shift")
    assert {one["UID"]: one["STATUS"] for one in read(desk, "mo")}[key] == "CANCELLED", "taken over and given back"
    start = datetime.combine(own, time(0), tzinfo=UTC)
    leave = leave_actions.ask_leave(
        desk.actor("lin"), organization=desk.hall.bodies["ZW1"], place=desk.hall.area.place, kind=LeaveKind.LEAVE,
        starts_at=start, ends_at=start + timedelta(days=2), now=now,
    )  # fmt: skip
    leave_actions.decide_leave(SYSTEM, leave, grant=True, now=now)
    found = {one["UID"]: one["STATUS"] for one in read(desk, "lin")}
    assert found[f"shift-{nights.pk}-{own:%Y%m%d}@budayang"] == "CANCELLED"


def test_rounds_and_visits_of_own_orders(desk: Desk, today: date) -> None:
    now, hall = timezone.now(), desk.hall
    planning.adopt_check_lists(SYSTEM, hall.city, now=now, today=today)
    planning.set_plan(
        SYSTEM, None, area=hall.area, code="daily", who="keeper", person=hall.staff["lin"], now=now,
        plan=Plan(Rhythm.DAILY, ((time(9), time(11)),), today + timedelta(days=1)),
    )  # fmt: skip
    rounds = standing(read(desk, "lin"), "round")
    last = timezone.localtime(now + AHEAD)
    reached = (last.date() - today).days  # one a day from tomorrow on, the last day's only if it begins before the end
    assert len(rounds) == (reached if last.time() > time(9) else reached - 1)
    assert {moment(one["DTSTART"]).hour for one in rounds.values()} == {1}, "09:00 in the hall"
    assert not standing(read(desk, "mo"), "round")
    hall.tell(hall.terminal, "printer", "paper.upper", "out", now, now)
    order = WorkOrder.objects.get()
    transfer(SYSTEM, order, organization_id=hall.bodies["VN1"].pk, staff_id=hall.staff["mo"].pk, reason="备件", now=now)
    (visit,) = standing(read(desk, "mo"), "order").values()
    assert visit["LOCATION"] == "康巴什区自助区 KBS-01 号终端"
    assert moment(visit["DTEND"]) > now
    assert not standing(read(desk, "lin"), "order")


def test_an_address_is_a_secret_that_can_be_ended(desk: Desk) -> None:
    row, key = feed_actions.make_feed(desk.actor("lin"), name="手机", now=timezone.now())
    assert len(key) >= 43, "256 random bits"
    assert key not in str(DutyFeed.objects.values().get()), "kept as a keyed hash"
    assert Client().get(f"/cal/{key[:-1]}x.ics").status_code == 404
    with pytest.raises(DutyFeed.DoesNotExist):
        feed_actions.revoke_feed(desk.actor("mo"), row.pk, now=timezone.now())
    assert [Client().get(f"/cal/{key}.ics").status_code for _n in range(61)] == [200] * 60 + [429]
    assert Client().get(f"/cal/{key}.ics")["Retry-After"] == "900"
    feed_actions.revoke_feed(desk.actor("lin"), row.pk, now=timezone.now())
    assert Client().get(f"/cal/{key}.ics").status_code == 410


def test_who_left_takes_the_calendar_along(desk: Desk) -> None:
    _row, key = feed_actions.make_feed(desk.actor("lin"), name="手机", now=timezone.now())
    platform.set_staff_active(SYSTEM, desk.hall.staff["lin"], False)
    assert Client().get(f"/cal/{key}.ics").status_code == 404
