"""Flags from the house's own rows: after their time, once, with neighbours, and never a change of a figure."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from tests.center.evaluation.the_rater import counted, rate
from tests.center.hall import Hall, number

from budayang.center.evaluation import actions
from budayang.center.evaluation import integrity_actions as integrity
from budayang.center.evaluation.models import Rating, RatingFlag, Visit
from budayang.center.maintenance import actions as maintenance
from budayang.center.maintenance.models import WorkOrder
from budayang.center.platform.actions import Refused
from budayang.center.platform.actors import Actor, Forbidden
from budayang.center.platform.models import AuditLine

HOUR, MINUTE, DAY = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)
JOB = Actor.job("test")


def visit(hall: Hall, end: datetime, seconds: int = 300) -> None:
    Visit.objects.create(
        terminal=hall.terminal, place_path=hall.area.place.path, end="rated", seconds=seconds, cleared=True, at=end
    )


def kinds() -> set[tuple[str, str]]:
    return set(RatingFlag.objects.values_list("rating__case_number", "kind"))


def test_a_rating_is_looked_at_an_hour_later_at_the_full_one_and_once(hall: Hall, now: datetime) -> None:
    rate(hall, 1, "satisfied", now)  # at 18:14 UTC
    assert integrity.look(now + HOUR + 45 * MINUTE) == 0
    assert integrity.look(now + HOUR + 46 * MINUTE) == 1, "with the others of its hour, at the full one"
    assert integrity.look(now + 3 * HOUR) == 0
    assert kinds() == {(number(1), "no_journey")}, "neither a case nor a visit"


def test_a_visit_behind_it_is_a_journey(hall: Hall, now: datetime) -> None:
    rate(hall, 1, "satisfied", now)
    visit(hall, now + MINUTE)
    integrity.look(now + 2 * HOUR)
    assert kinds() == set()


def test_a_visit_of_another_hour_is_not(hall: Hall, now: datetime) -> None:
    rate(hall, 1, "satisfied", now)
    visit(hall, now - HOUR)
    integrity.look(now + 2 * HOUR)
    assert kinds() == {(number(1), "no_journey")}


def test_one_given_from_home_needs_no_visit(hall: Hall, now: datetime) -> None:
    rate(hall, 1, "satisfied", now, channel="qr")
    integrity.look(now + 2 * HOUR)
    assert kinds() == set()


def test_faster_than_a_person_from_page_to_answer(hall: Hall, now: datetime) -> None:
    for counter, ms in ((1, 200), (2, 3000)):
        at = now + counter * 20 * MINUTE
        shown_at = at - timedelta(milliseconds=ms)
        actions.record_invitation(JOB, number=number(counter), terminal_code="KBS-01", shown_at=shown_at, now=shown_at)
        rate(hall, counter, "very_satisfied", at)
        visit(hall, at + MINUTE)
    integrity.look(now + 3 * HOUR)
    assert kinds() == {(number(1), "too_fast")}
    assert RatingFlag.objects.get().why == "评价页出现 0.2 秒就提交了"


def test_best_ratings_while_the_engineer_is_there(hall: Hall, now: datetime) -> None:
    hall.tell(hall.terminal, "printer", "paper.upper", "out", now - HOUR, now - HOUR)
    order, mo = WorkOrder.objects.get(), hall.actor("mo")
    maintenance.accept_order(mo, order, now=now)
    maintenance.arrive(mo, order, now=now)
    for counter in (1, 2, 3):
        at = now + counter * 10 * MINUTE
        rate(hall, counter, "very_satisfied", at)
        visit(hall, at + MINUTE)
    maintenance.repair(mo, order, note="已补纸", now=now + 40 * MINUTE)
    rate(hall, 4, "very_satisfied", now + 50 * MINUTE)
    visit(hall, now + 51 * MINUTE)
    integrity.look(now + 3 * HOUR)
    assert kinds() == {(number(n), "staff") for n in (1, 2, 3)}, "the fourth came after the repair"


def test_a_late_rating_flags_its_neighbours_too_and_a_judged_flag_is_not_raised_again(
    hall: Hall, now: datetime, zhu: Actor
) -> None:
    for counter in range(1, 6):
        rate(hall, counter, "satisfied", now + counter * MINUTE)
        visit(hall, now + counter * MINUTE)
    integrity.look(now + 2 * HOUR)
    assert kinds() == set(), "five are no burst"
    rate(hall, 6, "satisfied", now + 6 * MINUTE, now=now + DAY)
    visit(hall, now + 6 * MINUTE)
    integrity.look(now + DAY + 2 * HOUR)
    assert kinds() == {(number(n), "burst") for n in range(1, 7)}
    flag = RatingFlag.objects.get(rating__case_number=number(1))
    integrity.judge_genuine(zhu, flag, note="办事高峰", now=now + DAY + HOUR)
    Rating.objects.update(look_at=now)
    integrity.look(now + 2 * DAY)
    flag.refresh_from_db()
    assert (RatingFlag.objects.count(), flag.state) == (6, "genuine")


def test_a_flag_changes_no_figure_until_a_person_sets_it_aside(hall: Hall, now: datetime, zhu: Actor) -> None:
    rate(hall, 1, "very_satisfied", now)
    integrity.look(now + 2 * HOUR)
    assert counted(now - DAY, now + DAY, "/", now).rated == 1
    flag = RatingFlag.objects.get()
    for name in ("ren", "lin", "mo"):
        with pytest.raises(Forbidden):
            integrity.judge_genuine(hall.actor(name), flag, note="x", now=now)
    with pytest.raises(Refused, match="怎样判断"):
        integrity.judge_genuine(zhu, flag, note=" ", now=now)
    integrity.judge_set_aside(zhu, flag, reason="machine", note="程序误发", now=now + 2 * HOUR)
    counts = counted(now - DAY, now + DAY, "/", now)
    assert (counts.rated, counts.set_aside) == (0, 1)
    with pytest.raises(Refused, match="别人"):
        integrity.judge_genuine(zhu, flag, note="x", now=now)
    assert set(AuditLine.objects.filter(action__startswith="evaluation.").values_list("action", flat=True)) >= {
        "evaluation.flagged", "evaluation.flag_set_aside", "evaluation.set_aside",
    }  # fmt: skip


def test_each_rating_is_flagged_in_its_own_time_and_not_with_an_older_one(hall: Hall, now: datetime) -> None:
    """The one of a moment ago has no visit yet, which says nothing: its journey is still told."""
    rate(hall, 1, "satisfied", now)
    later = now + timedelta(minutes=100)
    rate(hall, 2, "satisfied", later)
    integrity.look(later + 8 * MINUTE)
    assert kinds() == {(number(1), "no_journey")}
    visit(hall, later + MINUTE)
    integrity.look(later + 3 * HOUR)
    assert kinds() == {(number(1), "no_journey")}
    assert not Rating.objects.filter(look_at__isnull=False).exists()
