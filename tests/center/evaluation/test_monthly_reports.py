"""A monthly report's life: asked for, made as long work, published and frozen, sent, corrected beside, planned."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from tests.center.evaluation.the_month import BORN, MADE, live
from tests.center.hall import SYSTEM, Hall, build

from budayang.center.evaluation import monthly_actions as actions
from budayang.center.evaluation import monthly_queries as queries
from budayang.center.evaluation.models import MonthlyPlan, MonthlyReport
from budayang.center.maintenance.models import HoursClosing, HoursDay, Incident, NoticeLine, WorkOrder
from budayang.center.maintenance.notice_messages import bundle, text_of
from budayang.center.platform import actions as platform
from budayang.center.platform import works
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor, Forbidden, Role
from budayang.center.platform.models import AuditLine, Place, Work
from budayang.center.platform.queries import actor_of
from budayang.center.services.models import Case, Trip

pytestmark = pytest.mark.django_db
OCTOBER = date(2026, 10, 1)


@pytest.fixture
def hall(db: None, monkeypatch: pytest.MonkeyPatch) -> Hall:
    monkeypatch.setattr(timezone, "now", lambda: MADE)
    return live(build(BORN), matters=60)


@pytest.fixture
def zhu(hall: Hall) -> Actor:
    """A supervisor of the city."""
    person = platform.add_staff(SYSTEM, username="zhu", name="测试主管", password="night-shift-2026")
    platform.grant_role(SYSTEM, person, Role.SUPERVISOR, hall.city, now=BORN)
    return actor_of(person)


def made(actor: Actor, place: Place, month: date = OCTOBER) -> MonthlyReport:
    row = actions.ask(actor, place, month, now=MADE)
    assert row.work is not None
    works.run_work.call(row.work.pk)
    return MonthlyReport.objects.select_related("place", "work").get(pk=row.pk)


def test_it_is_made_as_long_work_with_progress(hall: Hall, zhu: Actor) -> None:
    row = actions.ask(zhu, hall.area.place, OCTOBER, now=MADE)
    assert row.state == "making"
    assert actions.ask(zhu, hall.area.place, OCTOBER, now=MADE).work_id == row.work_id, "not made twice at once"
    works.run_work.call(row.work_id)
    row.refresh_from_db()
    work = Work.objects.get(pk=row.work_id)
    assert (row.state, work.state) == ("draft", "done")
    assert work.done == work.total > 10
    text = json.dumps(row.content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert hashlib.sha256(text.encode()).hexdigest() == row.sha256, "anybody can compute the hash again"


def test_a_cancelled_or_failed_one_is_tried_again(hall: Hall, zhu: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    row = actions.ask(zhu, hall.area.place, OCTOBER, now=MADE)
    actions.cancel(zhu, row, now=MADE)
    works.run_work.call(row.work_id)
    row.refresh_from_db()
    assert row.content is None
    with pytest.raises(Refused, match="不在制作"):
        actions.cancel(zhu, MonthlyReport.objects.get(pk=row.pk), now=MADE)
    with monkeypatch.context() as broken:
        broken.setattr(actions, "compute", lambda *_: 1 / 0)
        again = actions.ask(zhu, hall.area.place, OCTOBER, now=MADE)
        works.run_work.call(again.work_id)
    assert Work.objects.get(pk=again.work_id).state == "failed"
    assert made(zhu, hall.area.place).state == "draft"


def test_published_it_is_frozen_and_later_rows_stand_beside_it(hall: Hall, zhu: Actor) -> None:
    row = made(zhu, hall.area.place)
    before = row.sha256
    with pytest.raises(Refused, match="看过再发布"):
        actions.publish(zhu, row, sha256="0" * 64, now=MADE)
    actions.publish(zhu, row, sha256=before, now=MADE + timedelta(hours=1))
    with pytest.raises(Refused, match="不再改动"):
        actions.ask(zhu, hall.area.place, OCTOBER, now=MADE)

    def checked() -> list[str]:
        works.run_work.call(actions.ask_check(zhu, row, now=MADE).work_id)
        row.refresh_from_db()
        assert row.sha256 == before
        assert queries.is_whole(row)
        found = queries.corrections_of(row)
        return [f"{one.title}|{one.column}|{one.before}|{one.after}" for one in found[0][1]] if found else []

    assert checked() == [], "nothing came late: nothing to correct"
    trips = Trip.objects.filter(
        area=hall.area, at__range=(datetime(2026, 9, 30, 16, tzinfo=UTC), datetime(2026, 10, 31, 15, 59, tzinfo=UTC))
    ).count()
    Trip.objects.create(
        source="terminal", area=hall.area, terminal=hall.terminal, place_path=hall.area.place.path, result="finished",
        at=datetime(2026, 10, 20, tzinfo=UTC),
    )  # fmt: skip
    late = checked()
    assert f"各自助区的白跑率|全部趟数|{trips}|{trips + 1}" in late
    assert any(line.startswith("白跑率||") for line in late)
    assert not any("各事项" in line for line in late), "only what the late row bears on"
    again = checked()
    assert again == late
    assert row.corrections.count() == 1, "the same finding is not written again"


def test_what_merely_goes_on_is_no_correction(hall: Hall, zhu: Actor) -> None:
    row = made(zhu, hall.area.place)
    actions.publish(zhu, row, sha256=row.sha256, now=MADE)
    from_then = MADE + timedelta(days=2)

    Incident.objects.filter(state="open").update(state="closed", closed_at=from_then)
    WorkOrder.objects.filter(closed_at__isnull=True).update(closed_at=from_then)
    works.run_work.call(actions.ask_check(zhu, row, now=from_then).work_id)
    assert queries.corrections_of(row) == []


def test_who_may(hall: Hall, zhu: Actor) -> None:
    row = made(zhu, hall.area.place)
    lin, ren, ou = hall.actor("lin"), hall.actor("ren"), hall.actor("ou")
    assert list(queries.reports_visible_to(lin)) == [row]
    assert not queries.reports_visible_to(ren), "a report tells of others' machines too"
    assert not queries.reports_visible_to(ou)
    with pytest.raises(Forbidden):
        actions.publish(lin, row, sha256=row.sha256, now=MADE)
    with pytest.raises(Forbidden):
        actions.ask(lin, hall.city, OCTOBER, now=MADE)
    with pytest.raises(Forbidden):
        actions.ask(ren, hall.area.place, OCTOBER, now=MADE)


def test_a_month_that_runs_is_a_draft_only(hall: Hall, zhu: Actor) -> None:
    row = made(zhu, hall.area.place, date(2026, 11, 1))
    with pytest.raises(Refused, match="还没有过完"):
        actions.publish(zhu, row, sha256=row.sha256, now=MADE)
    after = datetime(2026, 12, 2, tzinfo=UTC)
    with pytest.raises(Refused, match="重新制作"):
        actions.publish(zhu, row, sha256=row.sha256, now=after)
    with pytest.raises(Refused, match="还没有开始"):
        actions.ask(zhu, hall.area.place, date(2026, 12, 1), now=MADE)


def test_it_is_not_frozen_before_the_months_hours_are_settled(hall: Hall, zhu: Actor) -> None:
    row = made(zhu, hall.area.place)
    waiting = HoursClosing.objects.create(area=hall.area, next_on=date(2026, 10, 31), due_at=MADE)
    with pytest.raises(Refused, match="结算"):
        actions.publish(zhu, row, sha256=row.sha256, now=MADE)
    HoursClosing.objects.filter(pk=waiting.pk).update(next_on=date(2026, 11, 1))
    last = HoursDay.objects.filter(area=hall.area, on=date(2026, 10, 31))
    assert last.update(computed_at=MADE + timedelta(minutes=1)) > 0
    with pytest.raises(Refused, match="结算"):
        actions.publish(zhu, row, sha256=row.sha256, now=MADE + timedelta(hours=1))
    last.update(computed_at=MADE - timedelta(minutes=1))
    assert actions.publish(zhu, row, sha256=row.sha256, now=MADE + timedelta(hours=1)).state == "published"


def test_a_draft_that_somebody_made_within_the_month_is_made_anew_by_plan(
    hall: Hall, zhu: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    actions.plan(zhu, hall.city, now=datetime(2026, 10, 10, tzinfo=UTC))
    half = datetime(2026, 10, 15, tzinfo=UTC)
    monkeypatch.setattr(timezone, "now", lambda: half)
    early = actions.ask(zhu, hall.area.place, OCTOBER, now=half)
    assert early.work is not None
    works.run_work.call(early.work.pk)
    monkeypatch.setattr(timezone, "now", lambda: MADE)
    assert actions.run_plans(MADE) == Place.objects.filter(path__startswith=hall.city.path).count()
    again = MonthlyReport.objects.get(pk=early.pk)
    assert again.asked_at == MADE
    assert again.work_id != early.work.pk
    assert actions.run_plans(MADE) == 0


def test_readers_are_told_by_the_notice_channels(hall: Hall, zhu: Actor) -> None:
    row = made(zhu, hall.area.place)
    actions.publish(zhu, row, sha256=row.sha256, now=MADE)
    lines = NoticeLine.objects.filter(kind="monthly")
    told = {line.staff.username for line in lines if line.staff}
    assert told == {"lin", "ning"}, "keeper and inspector; not who published, not bodies' people, not another place"
    line = lines.filter(staff=hall.staff["lin"]).get()
    assert line.facts["title"] == "2026-10 月报已发布"

    bundle(MADE + timedelta(minutes=5))
    line.refresh_from_db()
    assert line.message is not None
    words = text_of(line.message)
    assert "【月报】康巴什区自助区 2026-10 月报已发布" in words.title
    assert "开始" not in words.body


def test_a_plan_makes_the_reports_of_a_place_and_all_below(hall: Hall, zhu: Actor) -> None:
    row = actions.plan(zhu, hall.city, now=datetime(2026, 10, 20, tzinfo=UTC))
    assert row.due_at == datetime(2026, 11, 3, 22, tzinfo=UTC), "the fourth, 06:00 by the wall's clock"
    with pytest.raises(Refused, match="已经安排"):
        actions.plan(zhu, hall.area.place, now=MADE)
    assert actions.run_plans(datetime(2026, 11, 3, 21, tzinfo=UTC)) == 0
    places = Place.objects.filter(path__startswith=hall.city.path).count()
    assert actions.run_plans(MADE) == places
    assert actions.run_plans(MADE) == 0
    assert {one.month for one in MonthlyReport.objects.all()} == {OCTOBER}
    plan = MonthlyPlan.objects.get()
    assert plan.due_at == row.due_at, "while they are on the way"
    work_off()
    assert actions.run_plans(MADE) == 0
    plan.refresh_from_db()
    assert plan.due_at == datetime(2026, 12, 3, 22, tzinfo=UTC)
    line = NoticeLine.objects.get(kind="monthly", staff_id=zhu.staff_id)
    assert line.facts["title"] == "2026-10 月报等待发布"
    assert line.facts["note"] == f"{places} 份草稿已做好，看过以后发布。"
    actions.unplan(zhu, plan, now=MADE)
    assert not MonthlyPlan.objects.exists()


def work_off() -> None:
    """What the worker does with what was asked for."""
    for one in Work.objects.filter(state="waiting", name=actions.MAKE):
        works.run_work.call(one.pk)


def test_months_that_an_outage_skipped_are_made_one_after_the_other(
    hall: Hall, zhu: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = actions.plan(zhu, hall.city, now=datetime(2026, 10, 20, tzinfo=UTC))
    back = datetime(2026, 12, 10, tzinfo=UTC)
    monkeypatch.setattr(timezone, "now", lambda: back)
    for _turn in range(4):
        actions.run_plans(back)
        work_off()
    row.refresh_from_db()
    assert set(MonthlyReport.objects.values_list("month", flat=True)) == {OCTOBER, date(2026, 11, 1)}
    assert row.due_at == datetime(2027, 1, 3, 22, tzinfo=UTC)


def test_what_failed_by_plan_is_made_again_each_day_for_a_week(
    hall: Hall, zhu: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = actions.plan(zhu, hall.area.place, now=datetime(2026, 10, 20, tzinfo=UTC))
    due, day = row.due_at, timedelta(days=1)
    with monkeypatch.context() as broken:
        broken.setattr(actions, "compute", lambda *_: 1 / 0)
        asked = []
        for at in [due + n * day / 2 for n in range(17)]:
            broken.setattr(timezone, "now", lambda at=at: at)
            asked.append(actions.run_plans(at))
            work_off()
    assert asked == [1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 0]
    row.refresh_from_db()
    assert row.due_at == datetime(2026, 12, 3, 22, tzinfo=UTC), "the next month does not wait for it"
    note = NoticeLine.objects.get(kind="monthly", staff_id=zhu.staff_id).facts["note"]
    assert note.startswith("0 份草稿已做好，看过以后发布。1 份没有做成，请在月报页重新制作")


def test_a_plan_of_many_places_goes_on_until_none_is_left(
    hall: Hall, zhu: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "PLACES_AT_ONCE", 2)
    actions.plan(zhu, hall.city, now=datetime(2026, 10, 20, tzinfo=UTC))
    places = Place.objects.filter(path__startswith=hall.city.path).count()
    turns = [actions.run_plans(MADE) for _turn in range(places)]
    assert sum(turns) == places
    assert max(turns) == 2


def test_published_reports_are_checked_each_day_until_late_data_ends(hall: Hall, zhu: Actor) -> None:
    row = made(zhu, hall.area.place)
    actions.publish(zhu, row, sha256=row.sha256, now=MADE)
    assert actions.run_checks(MADE) == 0
    assert actions.run_checks(MADE + timedelta(days=1)) == 1
    row.refresh_from_db()
    assert row.work is not None
    assert row.work.name == actions.CHECK
    assert row.check_at == MADE + timedelta(days=2)
    assert actions.run_checks(MADE + timedelta(days=101)) == 1
    row.refresh_from_db()
    assert row.check_at is None


def test_the_database_refuses_a_published_report_without_content(hall: Hall) -> None:
    place = hall.area.place
    with pytest.raises(IntegrityError), transaction.atomic():
        MonthlyReport.objects.create(
            place=place, place_path=place.path, month=OCTOBER, state="published", asked_at=MADE, published_at=MADE
        )


def test_acts_stand_in_the_audit_without_contents(hall: Hall, zhu: Actor) -> None:
    row = made(zhu, hall.area.place)
    actions.publish(zhu, row, sha256=row.sha256, now=MADE)
    lines = AuditLine.objects.filter(action__startswith="evaluation.monthly_").order_by("pk")
    assert [line.action for line in lines] == [
        "evaluation.monthly_asked", "evaluation.monthly_made", "evaluation.monthly_published",
    ]  # fmt: skip
    assert lines[2].details == {"sha256": row.sha256}
    assert Case.objects.exists()
