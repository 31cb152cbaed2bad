"""Improvement items whose day was missed: noted once by the place's clock, told, and counted (按期闭环) whatever comes
later.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from tests.center.console.the_desk import Desk, build

from budayang.center.evaluation import improvement_actions as actions
from budayang.center.evaluation import improvement_queries as queries
from budayang.center.evaluation.models import Improvement
from budayang.center.maintenance.models import NoticeLine
from budayang.center.platform.actions import Refused
from budayang.center.platform.deliveries import deliver
from budayang.center.standard import actions as standard
from budayang.center.standard import jobs
from budayang.center.standard.models import Assessment, ClauseVerdict

DUE = date(2026, 11, 20)
MADE = datetime(2026, 11, 2, 4, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 20, 16, tzinfo=UTC)
"""The end of the day in Kangbashi."""
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
def desk(db: None) -> Desk:
    return build(MADE - 30 * DAY)


def propose(desk: Desk, due: date = DUE) -> Improvement:
    return actions.propose(
        desk.actor("zhu"), desk.hall.area.place, title="夜间缺纸", problem="每周五夜里缺纸", plan="周五下午补纸",
        owner=desk.hall.bodies["RS"], due_on=due, now=MADE,
    )  # fmt: skip


def closes(desk: Desk, item: Improvement, at: datetime) -> None:
    actions.move(desk.actor("ren"), item, "prove", note="补了", now=at)
    actions.move(desk.actor("ning"), item, "accept", note="看过", now=at)


def told(late: bool) -> set[str]:
    lines = NoticeLine.objects.filter(kind="improve", topic__contains=":late:" if late else ":made:")
    return set(lines.values_list("staff__username", flat=True))


def in_time(now: datetime) -> list[bool]:
    return [ok for found in queries.closing_of(Improvement.objects.all(), now).values() for _pk, ok in found]


def test_a_missed_day_is_noted_once_and_told(desk: Desk) -> None:
    item = propose(desk)
    assert "ren" in told(late=False)
    assert "zhu" not in told(late=False)
    assert actions.watch(MIDNIGHT - MINUTE) == 0
    assert actions.watch(MIDNIGHT) == 1
    assert actions.watch(MIDNIGHT + DAY) == 0
    item.refresh_from_db()
    assert item.overdue_at == MIDNIGHT
    assert {"ren", "zhu"} <= told(late=True)
    assert list(item.events.values_list("what", flat=True)) == ["made", "overdue"]


def test_another_day_and_a_late_closing_do_not_mend_it(desk: Desk) -> None:
    item = propose(desk)
    actions.watch(MIDNIGHT)
    with pytest.raises(Refused, match="已经过去"):
        actions.change(desk.actor("zhu"), item, plan="换纸盒", due_on=DUE - DAY, now=MIDNIGHT)
    actions.change(desk.actor("zhu"), item, plan="换纸盒", due_on=DUE + 30 * DAY, now=MIDNIGHT)
    closes(desk, item, MIDNIGHT + 5 * DAY)
    assert in_time(MIDNIGHT + 9 * DAY) == [False]


@pytest.mark.parametrize(("after", "good"), [(-MINUTE, True), (MINUTE, False)])
def test_nobody_has_to_watch_for_a_late_closing_to_be_late(desk: Desk, after: timedelta, good: bool) -> None:
    closes(desk, propose(desk), MIDNIGHT + after)
    assert actions.watch(MIDNIGHT + DAY) == 0
    assert in_time(MIDNIGHT + DAY) == [good]


def test_what_was_cancelled_in_time_or_lies_more_than_a_year_back_does_not_count(desk: Desk) -> None:
    item = propose(desk)
    actions.move(desk.actor("zhu"), item, "cancel", note="撤了", now=MADE + DAY)
    assert in_time(MIDNIGHT) == []
    propose(desk)
    actions.watch(MIDNIGHT)
    assert in_time(MIDNIGHT - MINUTE) == []
    assert in_time(MIDNIGHT + 365 * DAY) == [False]
    assert in_time(MIDNIGHT + 367 * DAY) == []


@pytest.mark.parametrize(("late", "said"), [(1, "met"), (2, "not_met")])
def test_the_clause_asks_for_nine_of_ten(desk: Desk, late: int, said: str) -> None:
    items = [propose(desk) for _n in range(10)]
    for item in items[late:]:
        closes(desk, item, MADE + DAY)
    actions.watch(MIDNIGHT)
    for item in items[:late]:
        closes(desk, item, MIDNIGHT + MINUTE)
    place = desk.hall.area.place
    standard.assess_many([place], date(2026, 11, 1), MIDNIGHT + DAY)
    row = ClauseVerdict.objects.get(place=place, clause__code="PJ-25")
    assert row.parts[0]["answer"] == said
    assert f"{100 - 10 * late}%" in row.parts[0]["why"]
    assert "样本10" in row.parts[0]["why"]
    assert "到期没有闭环" in row.evidence[0]["text"], "what is wrong is shown first"


def test_an_item_marks_the_month_of_its_place(desk: Desk) -> None:
    standard.assess_many([desk.hall.area.place], date(2026, 11, 1), MADE)
    Assessment.objects.update(dirty_at=None)
    propose(desk)
    while deliver(jobs.CONSUMERS[0], MADE):
        pass
    assert Assessment.objects.filter(place=desk.hall.area.place, dirty_at__isnull=False).exists()
