"""Areas: promise by versions, exceptions, stops, scope, audit."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from tests.center.areas.the_city import SYSTEM, City

from budayang.center.areas import actions, queries
from budayang.center.areas.hours_text import all_day, parse_hours
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor, Forbidden
from budayang.center.platform.models import AuditLine, Transition
from budayang.rules.calendars import WeeklyWindow
from budayang.rules.intervals import Interval, total_s

DAY = timedelta(days=1)


def local(day: int, hour: int = 0, minute: int = 0) -> datetime:
    """A moment of November 2026 in Ordos, in UTC."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC) - timedelta(hours=8)


def promise(city: City, text: str, day: int) -> None:
    actions.set_promised_hours(SYSTEM, city.area, parse_hours(text), valid_from=date(2026, 11, day), now=local(1))


def test_nothing_is_promised_before_the_first_version(city: City) -> None:
    promise(city, "全天", 10)
    assert queries.promised_windows(city.area.pk, local(8), local(12)) == [Interval(local(10), local(12))]
    assert queries.promised_windows(city.area.pk, local(1), local(9)) == []


def test_each_day_follows_the_version_in_force(city: City) -> None:
    promise(city, "全天", 1)
    promise(city, "每天 08:00-20:00", 16)
    assert queries.promised_windows(city.area.pk, local(15), local(17)) == [
        Interval(local(15), local(16)),
        Interval(local(16, 8), local(16, 20)),
    ]


def test_an_overnight_window_stays_whole_when_the_version_changes(city: City) -> None:
    promise(city, "每天 20:00-次日06:00", 1)
    promise(city, "每天 09:00-10:00", 16)
    assert queries.promised_windows(city.area.pk, local(15, 12), local(17)) == [
        Interval(local(15, 20), local(16, 6)),
        Interval(local(16, 9), local(16, 10)),
    ]


@pytest.mark.parametrize("cut", [3, 9, 16, 30])
def test_saying_the_same_again_changes_nothing(city: City, cut: int) -> None:
    text = "周一至周五 18:30-次日09:15；周六 全天"
    promise(city, text, 1)
    before = queries.promised_windows(city.area.pk, local(2), local(29, 5))
    promise(city, text, cut)
    assert queries.promised_windows(city.area.pk, local(2), local(29, 5)) == before


def test_an_exception_closes_or_opens_its_day(city: City) -> None:
    promise(city, "全天", 1)
    actions.add_exception(SYSTEM, city.area, on=date(2026, 11, 20), closed=True, reason="消防演练", now=local(1))
    actions.add_exception(
        SYSTEM,
        city.area,
        on=date(2026, 11, 21),
        closed=False,
        opens=time(9),
        closes=time(12),
        reason="盘点",
        now=local(1),
    )
    found = queries.promised_windows(city.area.pk, local(19), local(23))
    assert found == [
        Interval(local(19), local(20)),
        Interval(local(21, 9), local(21, 12)),
        Interval(local(22), local(23)),
    ]


def test_promise_now_tells_until_when(city: City) -> None:
    promise(city, "每天 08:00-20:00", 1)
    assert queries.promise_now(city.area.pk, local(10, 9)) == queries.PromiseNow(True, local(10, 20))
    assert queries.promise_now(city.area.pk, local(10, 21)) == queries.PromiseNow(False, local(11, 8))
    promise(city, "全天", 12)
    assert queries.promise_now(city.area.pk, local(13)) == queries.PromiseNow(True, None)


def test_a_whole_week_of_all_day_is_a_whole_week(city: City) -> None:
    promise(city, "全天", 1)
    assert total_s(queries.promised_windows(city.area.pk, local(2), local(9))) == 7 * 86400


def test_windows_that_overlap_are_refused(city: City, now: datetime) -> None:
    windows = [WeeklyWindow(0, time(8), time(12)), WeeklyWindow(0, time(11), time(13))]
    with pytest.raises(Refused):
        actions.set_promised_hours(SYSTEM, city.area, windows, valid_from=date(2026, 11, 24), now=now)
    assert not queries.list_hours(city.area.pk).exists()


def test_a_stranger_changes_nothing(city: City, now: datetime) -> None:
    ou, later = city.stranger(), now + DAY
    for attempt in (
        lambda: actions.update_area(ou, city.area, address="x"),
        lambda: actions.set_promised_hours(ou, city.area, all_day(), valid_from=now.date(), now=now),
        lambda: actions.add_exception(ou, city.area, on=now.date(), closed=True, reason="x", now=now),
        lambda: actions.set_facility(ou, city.area, kind="door", name="x"),
        lambda: actions.plan_stop(ou, place=city.area.place, starts_at=now, ends_at=later, reason="x", now=now),
        lambda: actions.create_area(city.keeper(), code="NEW", name="x", parent=city.banner),
    ):
        with pytest.raises(Forbidden):
            attempt()
    assert not AuditLine.objects.filter(actor="ou").exists()


def test_who_sees_areas(city: City) -> None:
    def seen(actor: Actor) -> list[str]:
        return [area.code for area in queries.visible_to(actor)]

    assert seen(city.keeper()) == seen(city.supervisor()) == seen(city.owner_unit()) == ["KBS"]
    assert seen(city.stranger()) == seen(city.administrator()) == seen(Actor.public()) == []
    with pytest.raises(queries.Area.DoesNotExist):
        queries.get_area(city.stranger(), "KBS")


def test_every_write_leaves_a_line_without_phones(city: City, now: datetime) -> None:
    actions.update_area(city.keeper(), city.area, keeper_phone="0477-0000000", address="测试路 1 号")
    line = AuditLine.objects.get(action="areas.update_area")
    assert (line.actor, line.subject, line.details) == ("lin", "area:KBS", {"changed": ["keeper_phone", "address"]})
    actions.update_area(city.keeper(), city.area, address="测试路 1 号")
    assert AuditLine.objects.filter(action="areas.update_area").count() == 1, "nothing changed, nothing told"


def test_an_area_lies_in_a_region_only(city: City) -> None:
    with pytest.raises(Refused):
        actions.create_area(SYSTEM, code="IN", name="x", parent=city.area.place)
    with pytest.raises(Refused):
        actions.create_area(SYSTEM, code="KBS", name="x", parent=city.banner)


def test_renaming_an_area_renames_its_place(city: City) -> None:
    actions.update_area(SYSTEM, city.area, name="新名字")
    city.area.place.refresh_from_db()
    assert city.area.place.name == "新名字"
    assert city.area.place.path == "/150600/150603/A-KBS/"


def test_stops_are_found_by_what_they_touch(city: City, now: datetime) -> None:
    def plan(**what: object) -> int:
        facts = {
            "place": city.area.place,
            "starts_at": now + DAY,
            "ends_at": now + 2 * DAY,
            "reason": "测试",
            "now": now,
        }
        return actions.plan_stop(SYSTEM, **{**facts, **what}).pk  # type: ignore[arg-type]

    whole, machine = plan(), plan(terminal_id=7)
    department, elsewhere = plan(place=city.city, department="SW"), plan(place=city.far)

    def found(**what: object) -> set[int]:
        return {stop.id for stop in queries.planned_stops(now, now + 3 * DAY, **what)}  # type: ignore[arg-type]

    assert found() == {whole, machine, department, elsewhere}
    assert found(area_id=city.area.pk) == {whole}
    assert found(area_id=city.area.pk, terminal_id=7) == {whole, machine}
    assert found(terminal_id=8) == set()
    assert found(department="SW") == {department}
    assert found(area_id=city.area.pk, department="SW") == {whole, department}
    assert queries.planned_stops(now, now + DAY) == [], "half-open: a stop that begins at the end is not in it"


def test_a_department_announces_its_own_stop_only(city: City, now: datetime) -> None:
    facts = {"place": city.city, "starts_at": now + DAY, "ends_at": now + 2 * DAY, "reason": "升级", "now": now}
    actions.plan_stop(city.owner_unit(), department="RS", **facts)  # type: ignore[arg-type]
    with pytest.raises(Forbidden):
        actions.plan_stop(city.owner_unit(), department="SW", **facts)  # type: ignore[arg-type]
    with pytest.raises(Forbidden):
        actions.plan_stop(city.owner_unit(), **facts)  # type: ignore[arg-type]


def test_a_stop_of_the_past_excuses_nothing(city: City, now: datetime) -> None:
    with pytest.raises(Refused):
        actions.plan_stop(
            SYSTEM, place=city.area.place, starts_at=now - 2 * DAY, ends_at=now - DAY, reason="事后", now=now
        )


def test_calling_a_running_stop_off_keeps_what_passed(city: City, now: datetime) -> None:
    hour = timedelta(hours=1)
    stop = actions.plan_stop(
        SYSTEM, place=city.area.place, starts_at=now - hour, ends_at=now + hour, reason="换打印机", now=now - hour
    )
    actions.cancel_stop(SYSTEM, stop, now=now)
    assert [(fact.start, fact.end) for fact in queries.planned_stops(now - DAY, now + DAY)] == [(now - hour, now)]
    with pytest.raises(Refused):
        actions.cancel_stop(SYSTEM, stop, now=now)
    kinds = list(Transition.objects.order_by("id").values_list("kind", flat=True))
    assert kinds == ["areas.stop_planned", "areas.stop_cancelled"]


def test_a_past_exception_stays(city: City, now: datetime) -> None:
    on = now.date() - DAY
    actions.add_exception(SYSTEM, city.area, on=on, closed=True, reason="停电", now=now - 2 * DAY)
    with pytest.raises(Refused):
        actions.remove_exception(SYSTEM, city.area, on, now=now)


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Europe/Berlin"])
def test_what_was_promised_of_a_past_day_stays(city: City, zone: str) -> None:
    """At half past midnight in the area UTC still has the day before: the area's day counts."""
    city.area.place.zone = zone
    city.area.place.save(update_fields=["zone"])
    keeper, today = city.keeper(), date(2026, 11, 20)
    now, past = datetime(2026, 11, 20, 0, 30, tzinfo=ZoneInfo(zone)).astimezone(UTC), today - DAY
    actions.add_exception(keeper, city.area, on=past, closed=True, reason="停电", now=now - DAY)
    before = queries.promised_windows(city.area.pk, now - 9 * DAY, now)
    for attempt in (
        lambda: actions.set_promised_hours(keeper, city.area, all_day(), valid_from=past, now=now),
        lambda: actions.add_exception(
            keeper, city.area, on=past, closed=False, opens=time(9), closes=time(12), reason="改", now=now
        ),
        lambda: actions.add_exception(keeper, city.area, on=past - DAY, closed=True, reason="补", now=now),
        lambda: actions.remove_exception(keeper, city.area, past, now=now),
    ):
        with pytest.raises(Refused):
            attempt()
    assert queries.promised_windows(city.area.pk, now - 9 * DAY, now) == before
    actions.set_promised_hours(keeper, city.area, all_day(), valid_from=today, now=now)
    actions.add_exception(keeper, city.area, on=today, closed=True, reason="停电", now=now)
    actions.remove_exception(keeper, city.area, today, now=now)
