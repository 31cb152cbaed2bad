"""Hours of departments and the calendar have no history: when they change, the closed months of items are counted
again, where the items are offered and nowhere else.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from tests.center.hall import SYSTEM, Hall

from budayang.center.maintenance import hours_items, hours_jobs
from budayang.center.maintenance.models import HoursItemMonth, HoursItemsDue
from budayang.center.platform.models import Transition
from budayang.center.services import actions as services
from budayang.center.services import calendar_actions
from budayang.center.services.models import Department, DepartmentHours, Item, Offering
from budayang.center.terminals.models import Terminal

PLACE = ZoneInfo("Asia/Shanghai")
NIGHT = datetime(2026, 11, 25, 0, 20, tzinfo=PLACE)
HOUR_US = 3_600_000_000
WEEKDAYS = [[number, "09:00", "17:00"] for number in range(5)]
LATER = timedelta(minutes=11)


@pytest.fixture
def counted(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> Hall:
    """Three days closed (Sunday 22nd to Tuesday 24th), an item of RS with confirmed hours on a terminal of the hall."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: NIGHT)
    Terminal.objects.update(enrolled_at=datetime(2026, 11, 22, tzinfo=PLACE))
    department = Department.objects.create(code="RS", name="人社", organization=hall.bodies["RS"])
    item = Item.objects.create(code="ZZ900", name="测试事项", department=department, driven=True)
    Offering.objects.create(item=item, terminal=hall.terminal, driven=True, needs=[])
    row = services.set_department_hours(SYSTEM, "RS", weekly=WEEKDAYS, follows_workdays=True, source="测试")
    services.confirm_hours(SYSTEM, row.pk, confirmed_by="测试", now=NIGHT)
    hours_jobs.close_and_correct(NIGHT)
    hours_items.compute_due_items(NIGHT + LATER)
    Transition.objects.all().delete()
    return hall


def promised_hours() -> float:
    return HoursItemMonth.objects.get(month=date(2026, 11, 1)).promised_us / HOUR_US


def take_news(now: datetime) -> None:
    hours_jobs.hear(list(Transition.objects.filter(kind__startswith="services.").order_by("pk")), now)
    hours_items.compute_due_items(now + LATER)


def test_changed_hours_are_counted_again_where_the_item_is_offered(counted: Hall) -> None:
    assert promised_hours() == 16
    longer = [[number, "09:00", "18:00"] for number in range(5)]
    row = services.set_department_hours(SYSTEM, "RS", weekly=longer, follows_workdays=True, source="测试")
    hours_jobs.hear(list(Transition.objects.all()), NIGHT)
    assert set(HoursItemsDue.objects.values_list("area_id", flat=True)) == {counted.area.pk}
    take_news(NIGHT)
    assert promised_hours() == 0, "changed hours are unconfirmed, and promise nothing"
    services.confirm_hours(SYSTEM, row.pk, confirmed_by="测试", now=NIGHT)
    take_news(NIGHT)
    assert promised_hours() == 18


def test_nothing_is_told_twice_of_hours_that_did_not_change(counted: Hall) -> None:
    services.set_department_hours(SYSTEM, "RS", weekly=WEEKDAYS, follows_workdays=True, source="测试")
    services.confirm_hours(SYSTEM, DepartmentHours.objects.get().pk, confirmed_by="再次确认", now=NIGHT)
    assert not Transition.objects.filter(kind="services.hours_changed").exists()


def test_a_changed_day_marks_its_month_for_those_who_follow_workdays(counted: Hall) -> None:
    assert calendar_actions.set_day(SYSTEM, date(2026, 11, 23), "holiday", "那达慕", source="旗政府通知", now=NIGHT)
    hours_jobs.hear(list(Transition.objects.all()), NIGHT)
    assert list(HoursItemsDue.objects.values_list("month", flat=True)) == [date(2026, 11, 1)]
    take_news(NIGHT)
    assert promised_hours() == 8
    calendar_actions.replace_year(SYSTEM, 2026, [], source="通知", announced_on=None, now=NIGHT)
    take_news(NIGHT)
    assert promised_hours() == 16


def test_a_day_of_another_month_and_a_department_without_workdays_mark_nothing(counted: Hall) -> None:
    calendar_actions.set_day(SYSTEM, date(2027, 5, 3), "holiday", "五一", source="通知", now=NIGHT)
    hours_jobs.hear(list(Transition.objects.all()), NIGHT)
    assert not HoursItemsDue.objects.exists()
    DepartmentHours.objects.update(follows_workdays=False)
    calendar_actions.set_day(SYSTEM, date(2026, 11, 23), "holiday", "那达慕", source="旗政府通知", now=NIGHT)
    hours_jobs.hear(list(Transition.objects.all()), NIGHT)
    assert not HoursItemsDue.objects.exists()


def test_the_last_day_of_a_month_marks_the_next_month_too(counted: Hall) -> None:
    """A window that begins on the last of October may end in November. Of October nothing was counted here."""
    calendar_actions.set_day(SYSTEM, date(2026, 10, 31), "holiday", "测试", source="通知", now=NIGHT)
    hours_jobs.hear(list(Transition.objects.all()), NIGHT)
    assert list(HoursItemsDue.objects.values_list("month", flat=True)) == [date(2026, 11, 1)]
