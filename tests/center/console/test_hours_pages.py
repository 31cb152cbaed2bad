"""Pages of hours: within the reader's scope, every figure opens what it is made of, definitions beside it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from io import BytesIO
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from openpyxl import load_workbook
from tests.center.console.the_desk import Desk, build
from tests.center.hall import SYSTEM

from budayang.center.areas import actions as areas
from budayang.center.areas.hours_text import all_day
from budayang.center.maintenance import hours_items, hours_jobs, hours_recent
from budayang.center.maintenance.hours_queries import area_hours
from budayang.center.maintenance.models import HoursDay, Incident
from budayang.center.platform.actors import Actor
from budayang.center.terminals.models import Terminal

PLACE = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def now() -> datetime:
    """Noon today: pages read the clock."""
    return timezone.now().astimezone(PLACE).replace(hour=12, minute=0, second=0, microsecond=0)


@pytest.fixture
def weeks(db: None, now: datetime) -> Desk:
    return five_weeks(build(now), now)


def five_weeks(desk: Desk, now: datetime) -> Desk:
    """Five weeks in which KBS-01 is switched off each night, closed day by day."""
    hall = desk.hall
    first = (now - timedelta(days=35)).replace(hour=0, minute=0, second=0, microsecond=0)
    Terminal.objects.update(enrolled_at=first)
    areas.set_promised_hours(SYSTEM, hall.area, all_day(), valid_from=first.date(), now=first)
    for n in range(34):
        off = first + timedelta(days=n, hours=22, minutes=30)
        Incident.objects.create(
            kind="terminal_silent", subject=f"x:{n}", title="自助终端失去联系", place_path=hall.area.place.path,
            area=hall.area, terminal=hall.terminal, severity="serious", owner=hall.terminal.owner,
            bucket="switched_off" if n % 3 else "undetermined", state="closed", opened_at=off, noticed_at=off,
            closed_at=off + timedelta(hours=10),
        )  # fmt: skip
    while hours_jobs.close_and_correct(now):
        pass
    return desk


def month(now: datetime) -> str:
    return f"{HoursDay.objects.order_by('-on').values_list('on', flat=True)[0]:%Y-%m}"


@pytest.mark.parametrize("by", ["", "owners/", "terminals/", "months/", "items/"])
def test_each_way_of_adding_up_opens(weeks: Desk, by: str) -> None:
    page = weeks.client("zhu").get(f"/console/hours/{by}")
    assert page.status_code == 200
    text = page.content.decode()
    assert "口径" in text
    assert "应计时间" in text


def test_figures_of_the_list_are_the_sum_of_the_days(weeks: Desk, now: datetime) -> None:
    page = weeks.client("zhu").get(f"/console/hours/terminals/?period={month(now)}").content.decode()
    rows = HoursDay.objects.filter(terminal__code="KBS-01", on__startswith=month(now))
    promised = sum(one.promised_us for one in rows) / 3_600_000_000
    assert f"{promised:,.1f}" in page
    assert "疑似每日人工关机/开机（现场证据" in page


def test_a_row_opens_the_rows_it_is_made_of(weeks: Desk, now: datetime) -> None:
    client = weeks.client("zhu")
    text = client.get("/console/hours/").content.decode()
    assert "/console/hours/terminals/?" in text
    assert "area=KBS" in text
    terminal = client.get(f"/console/hours/terminals/KBS-01/?month={month(now)}").content.decode()
    assert "疑似每日人工关机/开机" in terminal
    assert "平均每天承诺 24.0 小时，可用 14." in terminal
    on = date.fromisoformat(f"{month(now)}-01") if now.day > 2 else (now - timedelta(days=3)).date()
    day = client.get(f"/console/hours/terminals/KBS-01/{on.isoformat()}/").content.decode()
    assert "22:30:00" in day
    assert "/console/incidents/" in day
    assert "已结算（第 1 版" in day


def test_today_is_computed_live_and_says_so(weeks: Desk, now: datetime) -> None:
    text = weeks.client("zhu").get(f"/console/hours/terminals/KBS-01/{now.date().isoformat()}/").content.decode()
    assert "还没有结算" in text


def test_an_owner_unit_sees_its_own_machines_only(weeks: Desk, now: datetime) -> None:
    mine = weeks.client("shui").get("/console/hours/terminals/").content.decode()
    assert "KBS-02" in mine
    assert "KBS-01" not in mine
    assert weeks.client("shui").get("/console/hours/terminals/KBS-01/").status_code == 404
    assert weeks.client("ou").get("/console/hours/terminals/KBS-01/").status_code == 404
    assert weeks.client("sec").get("/console/hours/").status_code == 403


def test_the_file_has_every_bucket_and_the_definitions(weeks: Desk, now: datetime) -> None:
    answer = weeks.client("zhu").get("/console/hours/?export=xlsx")
    book = load_workbook(BytesIO(answer.content))
    heads = [cell.value for row in list(book.worksheets[0].rows)[:2] for cell in row]
    assert {"承诺（小时）", "被人关机（小时）", "监测中断（小时）", "未能判定（小时）"} <= set(heads)
    assert book.sheetnames[1] == "口径"
    assert [row[0].value for row in book.worksheets[1].rows][:2] == ["承诺时间", "可用时间"]


def test_a_bad_address_is_not_found(weeks: Desk) -> None:
    client = weeks.client("zhu")
    assert client.get("/console/hours/terminals/KBS-01/2026-13-01/").status_code == 404
    assert client.get("/console/hours/terminals/NONE/").status_code == 404
    assert client.get("/console/hours/terminals/KBS-01/2001-01-01/").status_code in (200, 404)
    assert client.get("/console/hours/?period=nonsense&area=none").status_code == 200


def test_the_overview_reads_hours_of_areas_with_three_queries(
    weeks: Desk, now: datetime, django_assert_num_queries: object
) -> None:
    hours_recent.compute_recent(now)
    with django_assert_num_queries(3):  # type: ignore[operator]  # pytest-django's fixture is a factory
        found = area_hours(Actor.system(), now)
    assert found.areas == 1
    assert len(found.rows[0].hours) == 24
    assert found.rows[0].total.promised == sum(one.promised for one in found.rows[0].hours)
    assert area_hours(weeks.actor("ou"), now).rows == ()


def test_items_are_computed_for_the_closed_days(weeks: Desk, now: datetime) -> None:
    assert hours_items.compute_due_items(now + timedelta(hours=1)) > 0
    assert weeks.client("zhu").get("/console/hours/items/").status_code == 200


def test_before_the_first_closed_day_there_is_no_period_to_choose(desk: Desk, now: datetime) -> None:
    page = desk.client("zhu").get("/console/hours/").content.decode()
    assert "还没有结算过的日子" in page
    assert 'name="period"' not in page, "a choice of nothing"
