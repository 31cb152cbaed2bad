"""A trial as long work: progress by area and month, cancelled in the middle, taken up again after its worker died."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from tests.center.hall import Hall
from tests.center.standard.the_trial import LATER, MONTHS, live

from budayang.center.platform import works
from budayang.center.platform.models import Work
from budayang.center.platform.works import run_work
from budayang.center.standard import trial_actions, trial_making, trial_queries
from budayang.center.standard.models import Trial
from budayang.rules.standard.trials import Chosen

pytestmark = pytest.mark.django_db
REPAIR = Chosen("repair", {"hours": 1.0})


@pytest.fixture(scope="module")
def lived(django_db_setup: None, django_db_blocker: Any) -> Iterable[Hall]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield live()[0]
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def _after_the_quarter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial_actions, "timezone", SimpleNamespace(now=lambda: LATER))


def ask(hall: Hall) -> Trial:
    """Three months of one area: three steps."""
    return trial_actions.ask_trial(
        hall.actor("lin"), hall.area.place, title="修得快", months=(MONTHS[0], MONTHS[-1]), measures=[REPAIR],
        edition=None, once=0, monthly=0, note="", now=LATER,
    )  # fmt: skip


def work_of(row: Trial) -> Work:
    work = Trial.objects.select_related("work").get(pk=row.pk).work
    assert work is not None
    return work


def run(row: Trial) -> None:
    """As the queue calls it."""
    run_work.func(work_of(row).pk)


class Stopped(BaseException):
    """What ends a process: nothing catches it."""


def at_month(monkeypatch: pytest.MonkeyPatch, number: int, act: Any) -> None:
    """Do something where the replay of so many months has begun."""
    plainly, seen = trial_making.replay_areas, []

    def replay_areas(*given: Any) -> Any:
        seen.append(1)
        if len(seen) == number:
            act()
        return plainly(*given)

    monkeypatch.setattr(trial_actions, "replay_areas", replay_areas)


def test_cancelled_in_the_middle_it_stops_and_the_earlier_result_stays(
    lived: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = ask(lived)
    run(row)
    earlier = trial_queries.told(Trial.objects.get(pk=row.pk)).result
    assert earlier is not None
    assert (work_of(row).total, work_of(row).done) == (3, 3)
    again = trial_actions.run_again(lived.actor("lin"), row, now=LATER)
    at_month(monkeypatch, 2, lambda: trial_actions.cancel_trial(lived.actor("lin"), again, now=LATER))
    run(again)
    work = work_of(row)
    assert work.state == Work.State.CANCELLED
    assert work.done == 1, "one month was done, the second was begun"
    assert trial_queries.told(Trial.objects.get(pk=row.pk)).result == earlier


def test_after_its_worker_died_another_takes_it_up(lived: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    row = ask(lived)

    def die() -> None:
        raise Stopped

    with monkeypatch.context() as patch:
        at_month(patch, 3, die)
        with pytest.raises(Stopped):
            run(row)
    work = work_of(row)
    assert (work.state, work.done) == (Work.State.RUNNING, 2)
    assert work.lease_until is not None
    assert Trial.objects.get(pk=row.pk).result is None
    assert works.reap(work.lease_until - timedelta(seconds=1)) == 0, "its lease still runs"
    assert works.reap(timezone.now() + timedelta(seconds=works.LEASE_S + 5)) == 1
    run(row)
    work = work_of(row)
    assert (work.state, work.attempts, work.total, work.done) == (Work.State.DONE, 2, 3, 3)
    result = trial_queries.told(Trial.objects.get(pk=row.pk)).result
    assert result is not None
    other = ask(lived)
    run(other)
    assert trial_queries.told(Trial.objects.get(pk=other.pk)).result == result, "nothing is counted twice"


def test_a_second_worker_that_comes_too_late_does_nothing(lived: Hall) -> None:
    row = ask(lived)
    run(row)
    Trial.objects.filter(pk=row.pk).update(result=None, made_at=None)
    run(row)
    assert Trial.objects.get(pk=row.pk).result is None
    assert work_of(row).attempts == 1
