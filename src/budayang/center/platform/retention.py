"""How long personal data are kept, by outcome, and the proof that they go.

Each room names what it holds (`RETENTION` in its `keeping` module); config hands the list over. The loop deletes what
is due and writes down what it did; a page shows for each rule what is held, how old the oldest is and whether anything
stayed longer than it may. "Overdue" is counted by the rule's own question, never by the deletion's word.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Min, QuerySet
from django.utils.functional import Promise

from budayang.center.platform.models import RetentionRun

log = structlog.get_logger(__name__)

LOOK_S = 600.0
"""Pause between two looks. What is due is gone at the latest after this, and overdue after `GRACE`."""
GRACE = timedelta(seconds=3 * LOOK_S)
A_DAY = timedelta(days=1)
RUNS_KEPT = timedelta(days=400)

Rows = QuerySet[Any]


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of personal data with one outcome.

    Args:
        what: what is held, in words.
        keeps: how long and why, in words.
        held: the rows that hold it now.
        since: column of the moment from which its time counts.
        due: of the held rows, those that must be gone at a moment.
        erase: deletes the data (not always the row) of rows that are due, and returns how many.
    """

    name: str
    what: Promise | str
    keeps: Promise | str
    held: Callable[[], Rows]
    since: str
    due: Callable[[Rows, datetime], Rows]
    erase: Callable[[Rows], int]


@dataclass(frozen=True, slots=True)
class Standing:
    """What a rule holds now: `overdue` rows should have been gone for longer than `GRACE`."""

    rule: Rule
    held: int
    oldest_at: datetime | None
    overdue: int
    last_run: RetentionRun | None
    last_erased: RetentionRun | None


@dataclass(slots=True)
class _Wiring:
    rules: tuple[Rule, ...] = ()


_wiring = _Wiring()


def install(rules: Sequence[Rule]) -> None:
    """Called once by config, the only place that knows every room."""
    names = [rule.name for rule in rules]
    assert len(names) == len(set(names)), "a rule's name stands in its runs"
    _wiring.rules = tuple(rules)


def rules() -> tuple[Rule, ...]:
    return _wiring.rules


def erase_due(now: datetime) -> int:
    """Delete what is due by each rule; returns how many rows lost their data."""
    return sum(_run(rule, now) for rule in rules())


def _run(rule: Rule, now: datetime) -> int:
    with transaction.atomic():
        erased = rule.erase(rule.due(rule.held(), now))
        if erased or not RetentionRun.objects.filter(rule=rule.name, at__gt=now - A_DAY).exists():
            held, overdue = rule.held().count(), rule.due(rule.held(), now - GRACE).count()
            RetentionRun.objects.create(rule=rule.name, at=now, erased=erased, held=held, overdue=overdue)
            RetentionRun.objects.filter(rule=rule.name, at__lt=now - RUNS_KEPT).delete()
    if erased:
        log.info("personal data deleted", rule=rule.name, rows=erased)
    return erased


def standing(now: datetime) -> list[Standing]:
    """Every rule with what it holds now and when it last looked and last deleted."""
    found = []
    for rule in rules():
        runs = RetentionRun.objects.filter(rule=rule.name).order_by("-at")
        held = rule.held()
        found.append(
            Standing(
                rule,
                held.count(),
                held.aggregate(oldest=Min(rule.since))["oldest"],
                rule.due(rule.held(), now - GRACE).count(),
                runs.first(),
                runs.filter(erased__gt=0).first(),
            )
        )
    return found
