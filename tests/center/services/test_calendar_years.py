"""Calendars by year: announced or estimated, imported whole or not at all, a day mended, read back as exported."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from tests.center.services_cast import beat

from budayang.center.platform import exports
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor, Forbidden
from budayang.center.platform.uploads import BadUpload
from budayang.center.services import actions, calendar_actions, calendar_queries, jobs, queries
from budayang.center.services.models import CalendarDay, CalendarYear, Offering
from budayang.center.terminals.models import Terminal
from budayang.rules.services import ESTIMATED

SYSTEM = Actor.system()
ORDOS = ZoneInfo("Asia/Shanghai")
HEAD = "日期,类别,名称,来源\n"
GOOD = HEAD + "\n".join(
    [
        "2027-01-01,法定节假日,元旦,通知",
        "2027/2/6,法定节假日,春节,",
        "2027年2月14日,调休上班,春节调休上班,",
        *[f"2027-10-{day:02},放假,国庆节," for day in range(1, 8)],
    ]
)


def check(text: str, year: int = 2027) -> calendar_actions.YearCheck:
    return calendar_actions.check_year(year, calendar_actions.read_year(text.encode()))


def test_a_year_that_nobody_announced_is_estimated_never_an_error(db: None, now: datetime) -> None:
    facts = calendar_queries.year_facts(2031)
    assert (facts.announced, facts.days) == (False, 0)
    assert "推算" in calendar_queries.year_words(facts)
    months = [len(month) for month in calendar_queries.year_sheet(2028)]
    assert months == [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    assert calendar_queries.estimated_from(now).astimezone(ORDOS).date() == date(2026, 1, 1)
    actions.import_calendar(SYSTEM, [(date(2026, 10, 1), "holiday", "国庆节")], source="通知")
    assert calendar_queries.estimated_from(now).astimezone(ORDOS) == datetime(2027, 1, 1, tzinfo=ORDOS)
    assert calendar_queries.known_years(now) == [2026, 2027]


def test_import_says_what_changes_and_makes_the_year_exactly_that(db: None, now: datetime) -> None:
    CalendarDay.objects.create(on=date(2027, 5, 1), kind="holiday", name="劳动节", source="旧")
    CalendarDay.objects.create(on=date(2027, 1, 1), kind="holiday", name="旧名", source="旧")
    found = check(GOOD)
    assert found.errors == []
    assert len(found.rows) == 10
    assert [row[0] for row in found.changed] == [date(2027, 1, 1)]
    assert found.removed == [date(2027, 5, 1)]
    assert found.warnings  # nine holidays are few
    assert CalendarDay.objects.count() == 2  # nothing was loaded by looking
    calendar_actions.replace_year(
        SYSTEM, 2027, found.rows, source="国办发明电〔2026〕×号", announced_on=date(2026, 11, 4), now=now
    )
    assert set(CalendarDay.objects.values_list("on", flat=True)) == {row[0] for row in found.rows}
    facts = calendar_queries.year_facts(2027)
    assert (facts.announced, facts.announced_on, facts.days) == (True, date(2026, 11, 4), 10)
    assert "国办发明电" in calendar_queries.year_words(facts)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("2027-13-01,放假,,", "应写成"),
        ("下周一,放假,,", "应写成"),
        ("2026-10-01,放假,,", "不在 2027 年"),
        ("2027-10-02,休假,,", "只能是"),
        ("2027-10-11,调休上班,,", "是工作日，不能是调休上班"),
        ("2027-10-01,放假,,", "第 2 行已经有了"),
    ],
)
def test_each_fault_is_named_with_its_line(db: None, row: str, says: str) -> None:
    found = check(HEAD + "2027-10-01,放假,国庆节,\n" + row)
    assert [line for line, _message in found.errors] == [3]
    assert says in found.errors[0][1]


def test_a_file_that_is_no_table_is_refused(db: None) -> None:
    with pytest.raises(BadUpload, match="日期"):
        check("a,b\n1,2")


def test_what_is_exported_reads_back_without_a_difference(db: None, now: datetime) -> None:
    calendar_actions.replace_year(SYSTEM, 2027, check(GOOD).rows, source="通知", announced_on=None, now=now)
    rows = calendar_queries.year_rows(2027)
    columns = calendar_queries.EXPORT_COLUMNS
    for content in (exports.csv_file(columns, rows, demo=True), exports.workbook("历", columns, rows, demo=True)):
        again = calendar_actions.check_year(2027, calendar_actions.read_year(content))
        assert (again.errors, again.added, again.changed, again.removed) == ([], [], [], [])
        assert len(again.rows) == len(rows)


def test_one_day_is_mended_and_taken_out_again(db: None, now: datetime) -> None:
    on = date(2027, 8, 2)
    with pytest.raises(Refused, match="依据"):
        calendar_actions.set_day(SYSTEM, on, "holiday", "那达慕", source=" ", now=now)
    with pytest.raises(Refused, match="调休上班"):
        calendar_actions.set_day(SYSTEM, on, "makeup", "", source="市政府", now=now)
    calendar_actions.set_day(SYSTEM, on, "holiday", "那达慕", source="市政府", now=now)
    assert queries.calendar_days()[on] == "holiday"
    assert not calendar_queries.year_facts(2027).announced  # one day announces no year
    calendar_actions.set_day(SYSTEM, on, "", "", source="", now=now)
    assert on not in queries.calendar_days()


def test_who_may(db: None, now: datetime) -> None:
    nobody = Actor("staff", "ou")
    with pytest.raises(Forbidden):
        calendar_actions.set_day(nobody, date(2027, 1, 1), "holiday", "", source="x", now=now)
    with pytest.raises(Forbidden):
        calendar_actions.replace_year(nobody, 2027, [], source="x", announced_on=None, now=now)
    with pytest.raises(Refused, match="来源"):
        calendar_actions.replace_year(SYSTEM, 2027, [], source=" ", announced_on=None, now=now)
    with pytest.raises(Refused, match="年份"):
        calendar_actions.replace_year(SYSTEM, 1987, [], source="x", announced_on=None, now=now)


def test_a_holiday_closes_the_office_at_midnight_and_the_page_says_when_it_is_reckoned(
    judged: datetime, jia: Terminal
) -> None:
    """New Year's night: 2027 was not announced, so the morning of the first is reckoned, and said to be."""
    row = actions.set_department_hours(
        SYSTEM,
        "YB",
        item_code="ZZ031",
        weekly=[[day, "08:30", "17:30"] for day in range(5)],
        follows_workdays=True,
        source="测试",
    )
    actions.confirm_hours(SYSTEM, row.pk, confirmed_by="医保局", now=judged)
    CalendarYear.objects.create(year=2026, standing="announced", source="通知", changed_at=judged)
    eve = datetime(2026, 12, 31, 18, 0, tzinfo=ORDOS)
    offering = Offering.objects.get(item__code="ZZ031", terminal=jia)

    def at(moment: datetime) -> Offering:
        beat(moment)
        Offering.objects.update(judge_at=None)
        jobs.judge_due(moment)
        offering.refresh_from_db()
        return offering

    found = at(eve)
    assert found.until_at == datetime(2027, 1, 1, 8, 30, tzinfo=ORDOS)
    assert found.notes == [ESTIMATED]
    calendar_actions.set_day(SYSTEM, date(2027, 1, 1), "holiday", "元旦", source="通知", now=eve)
    assert at(eve).until_at == datetime(2027, 1, 4, 8, 30, tzinfo=ORDOS)
    CalendarYear.objects.create(year=2027, standing="announced", source="通知", changed_at=judged)
    assert at(eve + timedelta(minutes=1)).notes == []
