"""A survey from its plan to its shares: samples by area, nobody counted twice an hour, intervals with each figure."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.cache import cache
from tests.center.evaluation.the_rater import finished_case
from tests.center.hall import PASSWORD, SYSTEM, Hall

from budayang.center.evaluation import survey_actions as actions
from budayang.center.evaluation import survey_jobs
from budayang.center.evaluation import survey_queries as queries
from budayang.center.evaluation.models import Survey, SurveyArea
from budayang.center.maintenance.models import NoticeLine
from budayang.center.platform import actions as platform
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor, Forbidden, Role
from budayang.rules.scorecards import wilson

DAY = timedelta(days=1)
TODAY = date(2026, 11, 24)


@pytest.fixture
def survey(hall: Hall, now: datetime, zhu: Actor) -> Survey:
    cache.clear()
    for counter in range(1, 13):
        finished_case(hall.terminal, counter, now - counter * DAY)
    finished_case(hall.terminal, 20, now - 300 * DAY)
    return actions.open_survey(
        zhu, place_path=hall.city.path, title="下半年", opens_on=TODAY, closes_on=TODAY + 20 * DAY, now=now
    )


def fill(survey: Survey, hall: Hall, now: datetime, n: int, level: str, **more: str) -> None:
    for one in range(n):
        client = f"192.0.2.{one}-{level}"
        actions.take_sheet(survey, hall.area, {"way": level, **more}, ["items"], client=client, now=now)


def test_the_plan_is_by_area_and_by_the_matters_of_the_half_year(hall: Hall, survey: Survey) -> None:
    plan = {one.area.code: (one.population, one.needed) for one in SurveyArea.objects.select_related("area")}
    assert plan == {"KBS": (12, 11), "HJ": (0, 0)}, "the one of 300 days ago is not of this half-year"


def test_shares_with_samples_and_intervals(hall: Hall, survey: Survey, now: datetime) -> None:
    fill(survey, hall, now, 9, "satisfied")
    fill(survey, hall, now, 2, "unsatisfied", clean="satisfied")
    whole, parts, wishes = queries.results_of(survey)
    kbs = next(one for one in parts if one.area.code == "KBS")
    assert (kbs.reached, kbs.needed, kbs.enough) == (11, 11, True)
    service = kbs.groups["service"]
    assert (service.good, service.total, service.low, service.high) == (9, 11, *wilson(9, 11))
    assert (kbs.groups["environment"].value, kbs.groups["access"].value) == (1.0, None)
    assert (whole.reached, wishes) == (11, [("items", 11)])
    assert not next(one for one in parts if one.area.code == "HJ").enough


def test_one_address_counts_three_times_an_hour_and_the_rest_is_shown(
    hall: Hall, survey: Survey, now: datetime
) -> None:
    for _n in range(5):
        actions.take_sheet(survey, hall.area, {"way": "very_satisfied"}, [], client="192.0.2.1", now=now)
    whole, _parts, _wishes = queries.results_of(survey)
    assert (whole.reached, whole.beyond) == (3, 2)


@pytest.mark.parametrize("days", [-1, 21])
def test_outside_its_days_nothing_is_taken(hall: Hall, survey: Survey, now: datetime, days: int) -> None:
    with pytest.raises(Refused, match="现在不收"):
        actions.take_sheet(survey, hall.area, {"way": "satisfied"}, [], client="x", now=now + days * DAY)


def test_an_empty_sheet_is_refused_in_words(hall: Hall, survey: Survey, now: datetime) -> None:
    with pytest.raises(Refused, match="请至少回答一项"):
        actions.take_sheet(survey, hall.area, {}, ["items"], client="x", now=now)


def test_what_cannot_be_opened_says_the_repair(hall: Hall, survey: Survey, now: datetime, zhu: Actor) -> None:
    def open_one(**more: object) -> None:
        given: dict[str, object] = {
            "place_path": hall.city.path, "title": "x", "opens_on": TODAY, "closes_on": TODAY + DAY, **more,
        }  # fmt: skip
        actions.open_survey(zhu, now=now, **given)  # type: ignore[arg-type]

    with pytest.raises(Refused, match="已经有一份"):
        open_one()
    with pytest.raises(Refused, match="不能早于"):
        open_one(closes_on=TODAY - DAY)
    with pytest.raises(Refused, match="最长半年"):
        open_one(closes_on=TODAY + 300 * DAY)
    with pytest.raises(Refused, match="标题"):
        open_one(title=" ")
    for name in ("ren", "ning", "mo"):
        with pytest.raises(Forbidden):
            actions.open_survey(
                hall.actor(name), place_path=hall.city.path, title="x", opens_on=TODAY, closes_on=TODAY, now=now
            )


def reminded() -> list[tuple[str, str]]:
    """Who was told of which place, in order."""
    rows = NoticeLine.objects.filter(topic__startswith="survey:").order_by("pk")
    return [(line.staff.username if line.staff else "", line.place_path) for line in rows]


def test_from_the_middle_of_a_half_year_supervisors_are_told_once_that_a_survey_is_owed(
    hall: Hall, now: datetime, zhu: Actor
) -> None:
    middle = datetime(2026, 9, 29, 16, tzinfo=UTC)  # midnight of 30 September in Ordos
    assert survey_jobs.remind(middle - timedelta(minutes=1)) == 0
    assert not reminded()
    regions = {area.place.parent.path for area in (hall.area, hall.far_area) if area.place.parent is not None}
    assert survey_jobs.remind(middle) == len(regions)
    assert set(reminded()) == {("zhu", path) for path in regions}
    assert NoticeLine.objects.first().facts["note"].startswith("1 个自助区没有问卷")  # type: ignore[union-attr]
    assert survey_jobs.remind(middle + DAY) == 0
    assert len(reminded()) == len(regions)
    assert survey_jobs.remind(datetime(2027, 5, 1, tzinfo=UTC)) == len(regions), "the next half-year is another duty"


def test_who_has_a_survey_owes_none(hall: Hall, survey: Survey, now: datetime) -> None:
    assert survey_jobs.remind(now) == 0
    SurveyArea.objects.filter(area=hall.far_area).delete()
    assert survey_jobs.remind(now) == 1
    region = hall.far_area.place.parent
    assert region is not None
    assert reminded() == [("zhu", region.path)]


def test_where_nobody_answers_for_the_place_it_waits_for_somebody(hall: Hall, now: datetime) -> None:
    assert survey_jobs.remind(now) == 0
    person = platform.add_staff(SYSTEM, username="late", name="测试后来", password=PASSWORD)
    platform.grant_role(SYSTEM, person, Role.SUPERVISOR, hall.city, now=now)
    assert survey_jobs.remind(now) > 0
    assert {who for who, _path in reminded()} == {"late"}
