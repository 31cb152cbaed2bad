"""Personal data go when their time is over, and what was deleted, held and overdue is written down."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from budayang.center.platform import retention
from budayang.center.platform.models import RetentionRun
from budayang.center.platform.retention import GRACE, Rule
from budayang.center.services.keeping import RETENTION
from budayang.center.services.models import VerificationAttempt

pytestmark = pytest.mark.django_db

MONTH = timedelta(days=30)
ATTEMPTS = next(rule for rule in RETENTION if rule.name == "services.attempts")


def _attempt(at: datetime) -> VerificationAttempt:
    return VerificationAttempt.objects.create(client="x", at=at, found=False)


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> Rule:
    """Only the rule of attempts, so that a test counts its own rows."""
    monkeypatch.setattr(retention._wiring, "rules", (ATTEMPTS,))
    return ATTEMPTS


def test_what_is_due_goes_and_the_run_says_how_much(only: Rule, now: datetime) -> None:
    _attempt(now - MONTH - timedelta(seconds=1))
    kept = _attempt(now - MONTH)
    assert retention.erase_due(now) == 1
    assert list(VerificationAttempt.objects.all()) == [kept]
    run = RetentionRun.objects.get()
    assert (run.rule, run.erased, run.held, run.overdue) == ("services.attempts", 1, 1, 0)


def test_a_day_without_anything_to_delete_is_written_down_once(only: Rule, now: datetime) -> None:
    for minutes in range(0, 120, 10):
        retention.erase_due(now + timedelta(minutes=minutes))
    assert RetentionRun.objects.count() == 1
    retention.erase_due(now + timedelta(days=1, minutes=1))
    assert RetentionRun.objects.count() == 2


def test_a_deletion_that_does_nothing_is_found_out(only: Rule, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page asks the rows, not the deletion: a rule whose deletion lies shows its rows as overdue."""
    broken = Rule(only.name, only.what, only.keeps, only.held, only.since, only.due, lambda rows: 5)
    monkeypatch.setattr(retention._wiring, "rules", (broken,))
    old = _attempt(now - MONTH - GRACE - timedelta(seconds=1))
    retention.erase_due(now)
    (found,) = retention.standing(now)
    assert (found.held, found.oldest_at, found.overdue) == (1, old.at, 1)
    assert found.last_erased is not None
    assert found.last_erased.overdue == 1


def test_what_became_due_a_moment_ago_is_not_overdue_yet(only: Rule, now: datetime) -> None:
    _attempt(now - MONTH - timedelta(seconds=5))
    (found,) = retention.standing(now)
    assert (found.held, found.overdue, found.last_run) == (1, 0, None)


def test_each_rule_of_the_house_can_be_asked(now: datetime) -> None:
    retention.erase_due(now)
    assert {one.rule.name for one in retention.standing(now)} == {rule.name for rule in retention.rules()}
    assert RetentionRun.objects.count() == len(retention.rules())
