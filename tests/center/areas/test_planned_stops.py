"""Planned stops: occurrences, what may be changed when, news once an occurrence, who may."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.center.areas.the_city import SYSTEM, City

from budayang.center.areas import actions, jobs, queries, stop_actions
from budayang.center.areas.models import PlannedStop
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor, Forbidden, Grant, Role
from budayang.center.platform.models import AuditLine, Transition
from budayang.rules.areas import covers

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def local(day: int, hour: int = 0, minute: int = 0, *, month: int = 11) -> datetime:
    """A moment of 2026 in Ordos, in UTC. 23 November is a Monday."""
    return datetime(2026, month, day, hour, minute, tzinfo=UTC) - 8 * HOUR


NOW = local(23, 12)


def plan(city: City, start: datetime, end: datetime, rrule: str = "", **what: Any) -> PlannedStop:
    facts: dict[str, Any] = {"place": city.area.place, "reason": "网络维护", "now": NOW, "rrule": rrule}
    return stop_actions.plan_stop(SYSTEM, starts_at=start, ends_at=end, **{**facts, **what})


def windows(start: datetime, end: datetime, **what: Any) -> list[tuple[datetime, datetime]]:
    return [(one.start, one.end) for one in queries.planned_stops(start, end, **what)]


def test_a_series_comes_as_its_occurrences(city: City) -> None:
    stop = plan(city, local(25, 2), local(25, 4), "FREQ=WEEKLY")
    assert stop.rrule == "FREQ=WEEKLY;BYDAY=WE"
    found = queries.planned_stops(NOW, NOW + 10 * DAY, area_id=city.area.pk)
    assert [(one.id, one.start, one.end) for one in found] == [
        (stop.pk, local(25, 2), local(25, 4)),
        (stop.pk, local(2, 2, month=12), local(2, 4, month=12)),
    ]
    assert found[0].occurrence == local(25, 2)
    assert found[0].series
    assert windows(local(25, 4), local(2, 2, month=12)) == [], "half-open at both ends"
    assert windows(local(25, 3), local(25, 3, 1)) == [(local(25, 2), local(25, 4))]


def test_an_overnight_window_belongs_to_the_day_on_which_it_starts(city: City) -> None:
    plan(city, local(27, 22), local(28, 6), "FREQ=WEEKLY;BYDAY=FR;UNTIL=20261204")
    assert windows(local(28, 0), local(28, 1)) == [(local(27, 22), local(28, 6))]
    assert windows(local(28, 6), local(30) + 30 * DAY) == [(local(4, 22, month=12), local(5, 6, month=12))]


def test_a_window_to_midnight_ends_with_its_day(city: City) -> None:
    plan(city, local(24, 22), local(25, 0), "FREQ=DAILY;COUNT=2")
    assert windows(NOW, NOW + 9 * DAY) == [(local(24, 22), local(25)), (local(25, 22), local(26))]


def test_days_that_touch_are_no_overlap_and_days_that_overlap_are_refused(city: City) -> None:
    plan(city, local(24), local(25), "FREQ=DAILY")
    with pytest.raises(Refused, match="前一次还没结束"):
        plan(city, local(24, 8), local(25, 9), "FREQ=DAILY")
    with pytest.raises(Refused, match="7 天"):
        plan(city, local(24), local(24) + 8 * DAY, "FREQ=MONTHLY")


def test_the_clock_on_the_wall_repeats_where_the_clock_is_moved(city: City) -> None:
    """Berlin goes to winter time on 25 October 2026 at 03:00 and to summer time on 28 March 2027 at 02:00."""
    city.area.place.zone = "Europe/Berlin"
    city.area.place.save(update_fields=["zone"])
    start = datetime(2026, 10, 24, 22, 30, tzinfo=UTC)  # 25 October, 00:30 there, for four hours of the wall clock
    plan(city, start, datetime(2026, 10, 25, 3, 30, tzinfo=UTC), "FREQ=DAILY;COUNT=2", now=start - DAY)
    found = queries.planned_stops(start, start + 3 * DAY)
    assert [(one.end - one.start) / HOUR for one in found] == [5.0, 4.0]
    assert found[1].start - found[0].start == 25 * HOUR


def test_a_series_starts_on_a_day_of_its_rule(city: City) -> None:
    with pytest.raises(Refused, match=r"11月25日（周三）"):
        plan(city, local(24, 2), local(24, 4), "FREQ=WEEKLY;BYDAY=WE")
    with pytest.raises(Refused, match="按天、周、月"):
        plan(city, local(24, 2), local(24, 4), "FREQ=HOURLY")
    assert not PlannedStop.objects.exists()


def test_one_date_is_left_out_and_the_past_cannot_be(city: City) -> None:
    stop = plan(city, local(24, 2), local(24, 4), "FREQ=DAILY;COUNT=4")
    stop_actions.skip_occurrence(city.keeper(), stop, local(25, 2), now=NOW)
    assert windows(NOW, NOW + 9 * DAY) == [(local(day, 2), local(day, 4)) for day in (24, 26, 27)]
    for at, says in ((local(25, 2), "已经跳过"), (local(25, 3), "没有停用"), (NOW, "已经开始")):
        with pytest.raises(Refused, match=says):
            stop_actions.skip_occurrence(SYSTEM, stop, at, now=NOW)
    with pytest.raises(Refused, match="已经开始"):
        stop_actions.skip_occurrence(SYSTEM, stop, local(24, 2), now=local(24, 3))
    line = AuditLine.objects.get(action="areas.stop_changed")
    assert (line.actor, line.details["what"], line.details["starts_at"]) == ("lin", "skipped", local(25, 2).isoformat())


def test_ending_one_early_keeps_what_passed_and_what_comes(city: City) -> None:
    stop = plan(city, local(24, 2), local(24, 4), "FREQ=DAILY;COUNT=2")
    with pytest.raises(Refused, match="没有在停"):
        stop_actions.end_now(SYSTEM, stop, now=NOW)
    stop_actions.end_now(SYSTEM, stop, now=local(24, 3))
    assert windows(NOW, NOW + 9 * DAY) == [(local(24, 2), local(24, 3)), (local(25, 2), local(25, 4))]


def test_a_series_ends_early_and_its_past_stays(city: City) -> None:
    stop = plan(city, local(24, 2), local(24, 4), "FREQ=DAILY")
    assert stop.last_ends_at is None
    stop_actions.end_series(SYSTEM, stop, from_at=local(26, 12), now=local(25, 12))
    stop.refresh_from_db()
    assert stop.last_ends_at == local(26, 4)
    assert windows(NOW, NOW + 20 * DAY) == [(local(day, 2), local(day, 4)) for day in (24, 25, 26)]
    with pytest.raises(Refused, match="更早"):
        stop_actions.end_series(SYSTEM, stop, from_at=local(28), now=local(25, 12))


def test_calling_a_series_off_while_it_runs_ends_it_at_that_moment(city: City) -> None:
    stop = plan(city, local(24, 2), local(24, 4), "FREQ=DAILY")
    stop_actions.cancel_stop(SYSTEM, stop, now=local(25, 3))
    assert windows(NOW, NOW + 20 * DAY) == [(local(24, 2), local(24, 4)), (local(25, 2), local(25, 3))]
    with pytest.raises(Refused, match="已经结束或已经取消"):
        stop_actions.cancel_stop(SYSTEM, stop, now=local(25, 3))


def test_a_change_holds_from_now_on(city: City) -> None:
    stop = plan(city, local(24, 2), local(24, 4), "FREQ=DAILY")
    after = stop_actions.change_stop(
        SYSTEM, stop, starts_at=local(26, 3), ends_at=local(26, 5), rrule="FREQ=WEEKLY", reason="换设备", now=local(25)
    )
    assert (after.replaces_id, after.announced_at) == (stop.pk, local(25))
    assert windows(NOW, local(1, month=12)) == [(local(24, 2), local(24, 4)), (local(26, 3), local(26, 5))]
    running = plan(city, local(26, 12), local(26, 14))
    longer = stop_actions.change_stop(
        SYSTEM, running, starts_at=local(26, 12), ends_at=local(26, 16), reason="没修好", now=local(26, 13)
    )
    assert windows(local(26, 12), local(26, 20)) == [(local(26, 12), local(26, 13)), (local(26, 13), local(26, 16))]
    assert longer.announced_at == longer.starts_at, "the longer time was not announced before"


def test_a_late_notice_excuses_nothing_before_it(city: City) -> None:
    plan(city, local(20, 2), local(20, 4), "FREQ=DAILY")
    assert windows(local(20), local(25)) == [(local(24, 2), local(24, 4))], "what was over was never planned"


def test_each_beginning_and_end_is_told_once(city: City) -> None:
    stop = plan(city, local(24, 2), local(24, 4), "FREQ=DAILY", department="RS")

    def told() -> list[tuple[str, datetime]]:
        rows = Transition.objects.filter(kind__in=("areas.stop_began", "areas.stop_ended")).order_by("id")
        return [(row.kind.removeprefix("areas.stop_"), row.occurred_at) for row in rows]

    assert jobs.tell_stops(local(24, 1)) == 0
    assert jobs.tell_stops(local(24, 2)) == 1
    assert jobs.tell_stops(local(24, 2)) == 0
    news = Transition.objects.get(kind="areas.stop_began")
    assert news.payload["ends_at"] == local(24, 4).isoformat()
    assert (news.payload["department"], news.place_path) == ("RS", city.area.place.path)
    assert jobs.tell_stops(local(24, 4)) == 1
    while jobs.tell_stops(local(26, 3)):  # a worker that was away for two days
        pass
    assert (
        told() == [(what, local(day, hour)) for day in (24, 25, 26) for what, hour in (("began", 2), ("ended", 4))][:-1]
    )
    stop_actions.cancel_stop(SYSTEM, stop, now=local(26, 3, 30))
    assert jobs.tell_stops(local(26, 3, 30)) == 1
    assert told()[-1] == ("ended", local(26, 3, 30))
    stop.refresh_from_db()
    assert (stop.next_change_at, stop.running_since_at) == (None, None)


def test_a_skipped_or_cancelled_occurrence_is_not_told(city: City) -> None:
    stop = plan(city, local(24, 2), local(24, 4), "FREQ=DAILY;COUNT=2")
    once = plan(city, local(24, 2), local(24, 4))
    stop_actions.skip_occurrence(SYSTEM, stop, local(24, 2), now=NOW)
    stop_actions.cancel_stop(SYSTEM, once, now=NOW)
    assert jobs.tell_stops(local(25, 1)) == 0
    assert jobs.tell_stops(local(25, 2)) == 1


def test_an_end_before_the_worker_saw_the_beginning_tells_both(city: City) -> None:
    stop = plan(city, local(24, 2), local(24, 4))
    stop_actions.end_now(SYSTEM, stop, now=local(24, 3))
    assert jobs.tell_stops(local(24, 3)) == 1
    assert jobs.tell_stops(local(24, 3)) == 1
    kinds = Transition.objects.order_by("-id").values_list("kind", "occurred_at")[:2]
    assert list(kinds) == [("areas.stop_ended", local(24, 3)), ("areas.stop_began", local(24, 2))]


def test_a_second_worker_with_the_same_due_row_tells_nothing(city: City) -> None:
    stop = plan(city, local(24, 2), local(24, 4))
    read = PlannedStop.objects.get(pk=stop.pk)
    assert stop_actions.tell_change(stop, local(24, 2)) is True
    assert stop_actions.tell_change(read, local(24, 2)) is False
    assert Transition.objects.filter(kind="areas.stop_began").count() == 1


def test_parts_are_found_with_their_terminal_only(city: City) -> None:
    subject = plan(city, local(24), local(25), terminal_id=7, subject="printer-2")
    kind = plan(city, local(24), local(25), component="printer")
    whole = plan(city, local(24), local(25))

    def ids(**what: Any) -> set[int]:
        return {one.id for one in queries.planned_stops(NOW, NOW + 3 * DAY, **what)}

    assert ids() == ids(area_id=city.area.pk) == {whole.pk}
    assert ids(area_id=city.area.pk, terminal_id=7) == {whole.pk, kind.pk, subject.pk}
    assert ids(area_id=city.area.pk, terminal_id=8) == {whole.pk, kind.pk}
    over = queries.stops_over([city.area.pk], NOW, NOW + 3 * DAY)[city.area.pk]
    assert {one.id for one in over} == {whole.pk, kind.pk, subject.pk}
    covering = {one.id for one in over if covers(one, terminal_id=7, subject="printer-1", component="printer")}
    assert covering == {whole.pk, kind.pk}
    with pytest.raises(Refused, match="先选它所在的终端"):
        plan(city, local(24), local(25), subject="printer-2")


def test_all_areas_are_read_in_three_queries(city: City, django_assert_num_queries: Any) -> None:
    ids = [city.area.pk]
    for number in range(3):
        area = actions.create_area(SYSTEM, code=f"Q{number}", name=f"测试{number}", parent=city.banner)
        ids.append(area.pk)
        stop = plan(city, local(24), local(24, 1), "FREQ=DAILY", place=area.place)
        stop_actions.skip_occurrence(SYSTEM, stop, local(25), now=NOW)
    plan(city, local(26), local(26, 1), place=city.banner)
    plan(city, local(26), local(26, 1), place=city.far)
    with django_assert_num_queries(3):
        found = queries.stops_over(ids, NOW, NOW + 4 * DAY)
    assert [len(found[one]) for one in ids] == [1, 4, 4, 4]
    with django_assert_num_queries(0):
        assert queries.stops_over([], NOW, NOW + 4 * DAY) == {}


def test_who_may_plan_and_call_off(city: City) -> None:
    owner = city.owner_unit()
    other = Actor("staff", "shui", (Grant(Role.OWNER_UNIT, city.city.path, city.owner.pk + 999),), 9)
    mine: dict[str, Any] = {"terminal_id": 7, "owner": city.owner}
    facts: dict[str, Any] = {
        "place": city.area.place,
        "starts_at": local(24),
        "ends_at": local(25),
        "reason": "检修",
        "now": NOW,
    }
    stop = stop_actions.plan_stop(owner, **facts, **mine)
    part = stop_actions.plan_stop(owner, **facts, **mine, subject="printer")
    for actor, what in ((owner, {}), (owner, {"component": "printer"}), (other, mine), (city.stranger(), mine)):
        with pytest.raises(Forbidden):
            stop_actions.plan_stop(actor, **facts, **what)
    with pytest.raises(Forbidden):
        stop_actions.cancel_stop(other, stop, now=NOW)
    assert [stop_actions.may_change(one, stop) for one in (owner, city.keeper(), other, city.stranger())] == [
        True, True, False, False,
    ]  # fmt: skip
    stop_actions.cancel_stop(owner, part, now=NOW)
    stop_actions.cancel_stop(city.keeper(), stop, now=NOW)
    for act in (stop_actions.end_now, stop_actions.cancel_stop):
        with pytest.raises(Forbidden):
            act(city.stranger(), stop, now=NOW)
    with pytest.raises(Forbidden):
        stop_actions.end_series(city.stranger(), stop, from_at=NOW, now=NOW)
    with pytest.raises(Forbidden):
        stop_actions.skip_occurrence(city.stranger(), stop, local(24), now=NOW)
    with pytest.raises(Forbidden):
        stop_actions.change_stop(city.stranger(), stop, starts_at=local(24), ends_at=local(25), reason="x", now=NOW)
