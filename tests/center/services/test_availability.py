"""What can be done where: verdicts follow the facts, news goes up once, the nearest place that works is named."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.center.services_cast import ALL_WEEK, SYSTEM, beat, set_state

from budayang.center.areas import actions as areas
from budayang.center.areas.models import Area
from budayang.center.platform.models import Transition
from budayang.center.services import actions, connector_jobs, jobs, judging, queries
from budayang.center.services.models import Connector, DepartmentHours, Offering
from budayang.center.terminals.models import Terminal
from budayang.rules.services import Truth


class News:
    """A transition as consumers read it."""

    def __init__(self, kind: str, **payload: Any) -> None:
        self.kind, self.payload = kind, payload


def truths(terminal: Terminal) -> dict[str, str]:
    return dict(Offering.objects.filter(terminal=terminal).values_list("item__code", "truth"))


def test_at_night_each_item_has_its_own_truth(judged: datetime, jia: Terminal) -> None:
    assert truths(jia) == {
        "ZZ001": "doable",
        "ZZ031": "doable",
        "ZZ054": "stopped",  # 税务 is open from 07:00 to 23:00, and it is 02:14
        "ZZ037": "unconfirmed",
        "ZZ130": "unconfirmed",
    }
    until = Offering.objects.get(terminal=jia, item__code="ZZ054").until_at
    assert until is not None
    assert until.isoformat() == "2026-11-23T23:00:00+00:00"  # 07:00 in Ordos


def test_stored_and_fresh_verdicts_agree(judged: datetime, jia: Terminal) -> None:
    fresh = {code: verdict.truth.value for code, verdict in queries.verdicts(jia.pk, judged).items()}
    assert fresh == truths(jia)


def test_out_of_paper_stops_what_prints_and_says_so_once(judged: datetime, jia: Terminal, yi: Terminal) -> None:
    set_state(jia, "printer", "paper.upper", "out", judged)
    Transition.objects.all().delete()
    news = [News("terminals.status", terminal="KBS-01", before="full", state="out")]
    jobs.hear_terminals(news, judged)
    jobs.hear_terminals(news, judged)  # delivered twice: the same facts tell nothing new
    told = list(Transition.objects.filter(kind="services.verdict").values_list("payload", flat=True))
    assert {one["item"] for one in told if one["before"] == "doable"} == {"ZZ001", "ZZ031"}
    assert len([one for one in told if one["item"] == "ZZ001"]) == 1
    best = queries.where("ZZ001", judged)[0]
    assert (best.terminal.code, best.verdict.truth) == ("YJHL-01", Truth.DOABLE)
    stopped = queries.where("ZZ001", judged)[1]
    assert "缺纸" in stopped.verdict.text
    other = queries.alternatives("ZZ001", jia.pk, judged)
    assert [(one.terminal, one.distance_km) for one in other] == [("YJHL-01", pytest.approx(4.8, abs=0.5))]
    assert "YJHL自助区现在能办" in other[0].text


def test_a_machine_that_has_no_catalogue_yet_is_not_called_usable(
    judged: datetime, jia: Terminal, yi: Terminal
) -> None:
    """Freshly enrolled: its devices are well, and it does not know yet what it offers."""
    news = [News("terminals.status", terminal="KBS-01")]
    set_state(jia, "terminal", "catalogue", "waiting", judged - timedelta(minutes=1))
    jobs.hear_terminals(news, judged)
    assert {one.reason for one in Offering.objects.filter(terminal=jia)} == {"terminal_preparing"}
    assert [(one.terminal.code, one.verdict.truth) for one in queries.where("ZZ001", judged)] == [
        ("YJHL-01", Truth.DOABLE),
        ("KBS-01", Truth.STOPPED),
    ]
    assert [one.terminal for one in queries.alternatives("ZZ001", yi.pk, judged)] == []
    set_state(jia, "terminal", "catalogue", "here", judged)
    jobs.hear_terminals(news, judged)
    assert truths(jia)["ZZ001"] == "doable"


def test_a_silent_machine_without_a_catalogue_is_called_silent(judged: datetime, jia: Terminal) -> None:
    set_state(jia, "terminal", "catalogue", "waiting", judged)
    Terminal.objects.filter(pk=jia.pk).update(silent_since=judged)
    jobs.hear_terminals([News("terminals.silent", terminal="KBS-01")], judged)
    assert Offering.objects.get(terminal=jia, item__code="ZZ001").reason == "terminal_silent"


def test_a_department_down_stops_its_items_everywhere(judged: datetime, jia: Terminal, yi: Terminal) -> None:
    assert not actions.note_connector("RS", ok=False, why="HTTP 503", now=judged)
    assert actions.note_connector("RS", ok=False, why="HTTP 503", now=judged)
    told = Transition.objects.get(kind="services.connector", payload__state="down")
    assert told.place_path == "/150600/"
    jobs.hear_connectors([News("services.connector", department="RS")], judged)
    jobs.judge_due(judged)
    assert {truths(jia)["ZZ001"], truths(yi)["ZZ001"]} == {"stopped"}
    assert truths(jia)["ZZ031"] == "doable"
    assert actions.note_connector("RS", ok=True, why="", now=judged)
    jobs.hear_connectors([News("services.connector", department="RS")], judged)
    jobs.judge_due(judged)
    assert truths(jia)["ZZ001"] == "doable"


def test_time_alone_changes_a_verdict(judged: datetime, jia: Terminal) -> None:
    morning = judged + timedelta(hours=5)  # 07:14
    beat(morning)
    assert jobs.judge_due(judged + timedelta(seconds=1)) == 0
    assert jobs.judge_due(morning) > 0
    assert truths(jia)["ZZ054"] == "doable"


def test_a_silent_terminal_can_do_nothing(judged: datetime, jia: Terminal) -> None:
    Terminal.objects.filter(pk=jia.pk).update(silent_since=judged)
    jobs.hear_terminals([News("terminals.silent", terminal="KBS-01")], judged)
    assert set(truths(jia).values()) == {"stopped"}


def test_a_planned_stop_of_the_department_is_in_the_verdict(judged: datetime, jia: Terminal, city: Any) -> None:
    areas.plan_stop(
        SYSTEM, place=city, starts_at=judged - timedelta(hours=1), ends_at=judged + timedelta(hours=1), reason="升级",
        now=judged, department="YB",
    )  # fmt: skip
    verdicts = queries.verdicts(jia.pk, judged)
    assert verdicts["ZZ031"].truth is Truth.STOPPED
    assert verdicts["ZZ031"].until == judged + timedelta(hours=1)
    assert verdicts["ZZ001"].truth is Truth.DOABLE


def test_a_hall_that_is_not_open_offers_nothing(judged: datetime, jia: Terminal) -> None:
    area = Area.objects.get(code="KBS")
    weekly = areas_hours("08:30", "18:00")
    areas.set_promised_hours(SYSTEM, area, weekly, valid_from=(judged - timedelta(days=30)).date(), now=judged)
    found = queries.verdicts(jia.pk, judged)["ZZ001"]
    assert found.truth is Truth.STOPPED
    assert judging.SITE_CLOSED in found.text


def areas_hours(opens: str, closes: str) -> Any:
    return [judging.weekly_window(day, opens, closes) for day in range(7)]


def test_changed_hours_are_unconfirmed_again(judged: datetime, jia: Terminal) -> None:
    actions.set_department_hours(SYSTEM, "RS", item_code="ZZ001", weekly=ALL_WEEK, source="测试")
    assert DepartmentHours.objects.get(item__code="ZZ001").confirmed_at is not None  # nothing changed
    actions.set_department_hours(SYSTEM, "RS", item_code="ZZ001", weekly=ALL_WEEK[:5], source="测试")
    assert DepartmentHours.objects.get(item__code="ZZ001").confirmed_at is None
    jobs.judge_due(judged)
    assert truths(jia)["ZZ001"] == "unconfirmed"


def test_a_department_says_itself_what_holds_after_hours(judged: datetime, jia: Terminal) -> None:
    office = {"weekly": [[0, "08:30", "17:30"]], "follows_workdays": True, "after_hours": "夜间可提交、工作日审核"}
    body = {"items": {"ZZ037": office, "ZZ001": office, "NO": office}, "confirmed_by": "医保局信息科"}
    assert connector_jobs._take_hours("YB", body, judged) == 1  # ZZ001 is another department's, NO nobody's
    jobs.judge_due(judged)
    assert truths(jia)["ZZ037"] == "submittable"
    assert truths(jia)["ZZ001"] == "doable"


def test_hours_without_a_name_stay_unconfirmed(judged: datetime, jia: Terminal) -> None:
    connector_jobs._take_hours("SF", {"items": {"ZZ130": {"weekly": ALL_WEEK}}}, judged)
    assert DepartmentHours.objects.get(item__code="ZZ130").confirmed_at is None


def test_a_verdict_that_nobody_renewed_is_marked(judged: datetime, jia: Terminal) -> None:
    late = judged + timedelta(seconds=queries.STALE_S + 1)
    assert all(place.stale for place in queries.where("ZZ001", late))
    assert queries.alternatives("ZZ001", jia.pk, late) == []


def test_two_workers_tell_a_change_once(judged: datetime, jia: Terminal) -> None:
    set_state(jia, "printer", "paper.upper", "out", judged)
    mine = judging.active_offerings(terminal_id=jia.pk, item__code="ZZ001")
    rival = judging.active_offerings(terminal_id=jia.pk, item__code="ZZ001")
    assert judging.refresh(mine, judged) == 1
    assert judging.refresh(rival, judged) == 0  # read before the first one wrote


def test_one_failure_is_not_yet_down(judged: datetime) -> None:
    actions.note_connector("RS", ok=False, why="ReadTimeout", now=judged)
    assert Connector.objects.get(department__code="RS").state == "ok"


def test_the_best_truth_of_an_area_counts(
    judged: datetime, jia: Terminal, yi: Terminal, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(1):
        counts = queries.truth_counts()
    assert counts[jia.area_id] == {"doable": 2, "stopped": 1, "unconfirmed": 2}
    other = {"doable": "stopped", "stopped": "doable", "unconfirmed": "machine"}
    # A second machine of the area can what the first cannot, and the other way round: each item counts at its best.
    for row in list(Offering.objects.filter(terminal=jia)):
        Offering.objects.update_or_create(
            terminal=yi, item=row.item, defaults={"active": True, "truth": other[row.truth]}
        )
    Terminal.objects.filter(pk=yi.pk).update(area=jia.area)
    assert queries.truth_counts(jia.area_id) == {jia.area_id: {"doable": 3, "unconfirmed": 2}}


def test_working_days_skip_weekends_and_holidays(city: Any, now: datetime) -> None:
    actions.import_calendar(SYSTEM, [(now.date() + timedelta(days=2), "holiday", "测试节")], source="测试")
    # 02:14 on Tuesday 24 November in Ordos; the 25th is a holiday, so two working days end with Friday the 27th
    assert queries.working_days_after(now, 2).isoformat() == "2026-11-28T00:00:00+08:00"
