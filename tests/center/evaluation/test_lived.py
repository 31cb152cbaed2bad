"""What the person lived through: what overlapped the visit, at the machine, in its area, at the department."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.core.cache import cache
from tests.center.evaluation.the_rater import bad, finished_case
from tests.center.hall import SYSTEM, Hall, number

from budayang.center.evaluation import actions
from budayang.center.evaluation.lived import Lived, lived_through, span_of
from budayang.center.evaluation.models import Rating, Visit
from budayang.center.maintenance import report_actions, report_following
from budayang.center.maintenance.judging import judge_department
from budayang.center.maintenance.report_actions import Said
from budayang.center.platform.actors import Actor
from budayang.center.services.models import ConnectorCall, Department

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def visit(hall: Hall, start: datetime, end: datetime) -> None:
    seconds = round((end - start).total_seconds())
    Visit.objects.create(
        terminal=hall.terminal, place_path=hall.area.place.path, end="rated", seconds=seconds, cleared=True, at=end
    )


def titles(found: Lived) -> list[str]:
    return [one.title for one in found.incidents]


def test_the_span_is_the_visit_in_which_it_was_given(hall: Hall, now: datetime) -> None:
    rating = bad(hall, 1, now).rating
    assert span_of(rating, now) == (now - 30 * MINUTE, now, False)
    visit(hall, now + 5 * MINUTE, now + 9 * MINUTE)  # the next person's
    assert span_of(rating, now)[2] is False
    visit(hall, now - 7 * MINUTE, now + MINUTE)
    assert span_of(rating, now) == (now - 7 * MINUTE, now + MINUTE, True)


def test_one_given_from_home_is_joined_to_the_time_of_its_matter(hall: Hall, now: datetime) -> None:
    finished_case(hall.terminal, 1, now - 20 * HOUR)
    actions.record_rating(
        SYSTEM,
        number=number(1),
        level="unsatisfied",
        reasons=["no_paper"],
        terminal_code="KBS-01",
        at=now,
        now=now,
        channel="qr",
    )
    start, end, by_visit = span_of(Rating.objects.get(), now)
    assert (start, end, by_visit) == (now - 20 * HOUR - 30 * MINUTE, now - 20 * HOUR, False)


def test_a_fault_that_began_before_and_lasts_is_lived(hall: Hall, now: datetime) -> None:
    hall.tell(hall.terminal, "printer", "paper.upper", "out", now - 3 * HOUR, now - 3 * HOUR)
    rating = bad(hall, 1, now).rating
    assert titles(lived_through(hall.actor("lin"), rating, now)) == ["打印机缺纸"]
    hall.tell(hall.terminal, "printer", "paper.upper", "full", now - 2 * HOUR, now - 2 * HOUR)
    assert titles(lived_through(hall.actor("lin"), rating, now)) == [], "it was over an hour and a half before"


def test_nobody_answered_the_call_for_help(hall: Hall, now: datetime) -> None:
    cache.clear()
    spot = report_following.find_spot("terminal", "KBS-01")
    assert spot is not None
    report_actions.take_report(spot, Said("help"), client="192.0.2.1", now=now - 10 * MINUTE)
    found = lived_through(hall.actor("lin"), bad(hall, 1, now).rating, now)
    assert found.help_unanswered
    assert len(found.incidents) == 1
    assert not lived_through(hall.actor("lin"), bad(hall, 2, now - 2 * HOUR).rating, now).help_unanswered


@pytest.mark.parametrize(
    ("ms", "result", "said"),
    [(12_000, "answered", [(12.0, False)]), (800, "answered", []), (3000, "timeout", [(3.0, True)])],
)
def test_a_slow_department(hall: Hall, now: datetime, ms: int, result: str, said: list[tuple[float, bool]]) -> None:
    finished_case(hall.terminal, 1, now - MINUTE)
    department = Department.objects.get(code="RS")
    ConnectorCall.objects.create(
        department=department, kind="matter", number=number(1), at=now - 2 * MINUTE, ms=ms, result=result
    )
    found = lived_through(hall.actor("lin"), bad(hall, 1, now).rating, now)
    assert [(one.seconds, one.failed) for one in found.calls] == said
    assert found.nothing is not bool(said)


def test_a_department_that_was_down_is_lived_and_hidden_from_who_may_not_see_it(hall: Hall, now: datetime) -> None:
    finished_case(hall.terminal, 1, now - MINUTE)
    Department.objects.filter(code="RS").update(organization=hall.bodies["RS"])
    judge_department("RS", "down", hall.city.path, now - HOUR, now - HOUR)
    rating = bad(hall, 1, now).rating
    assert titles(lived_through(Actor.job("test"), rating, now)) != []
    keeper = lived_through(hall.actor("lin"), rating, now)
    owner = lived_through(hall.actor("ren"), rating, now)
    assert len(owner.incidents) == 1, "its own system"
    assert (len(keeper.incidents), keeper.hidden) == (0, 1), "of the city, not of his area: he learns that there is one"
