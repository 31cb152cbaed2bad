"""Reads of trials (试算)."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from budayang.center.platform.actors import Actor
from budayang.center.platform.models import Work
from budayang.center.platform.queries import scope_q
from budayang.center.standard.models import Edition, Trial
from budayang.center.standard.queries import READERS
from budayang.rules.standard.trial_results import Cost, Result, cost_of, read
from budayang.rules.standard.trials import Chosen

ON_THE_WAY = (Work.State.WAITING, Work.State.RUNNING)


def trials_visible_to(actor: Actor) -> QuerySet[Trial]:
    """Trials of the actor's places, without their results."""
    rows = Trial.objects.filter(scope_q(actor, "place_path", roles=READERS))
    return rows.select_related("place", "work", "edition", "in_force").defer("result")


def chosen_of(row: Trial) -> list[Chosen]:
    """The measures of a trial."""
    return [Chosen(one["code"], one["values"]) for one in row.measures]


def editions_to_try() -> QuerySet[Edition]:
    """Editions that may be held against the one in force: drafts and others that are loaded and not abolished."""
    return Edition.objects.exclude(adoption="adopted").exclude(state="abolished").order_by("-loaded_at")


@dataclass(frozen=True, slots=True)
class Told:
    """A trial with what it came to and costs; `result` None: not made yet, or of an older form."""

    row: Trial
    result: Result | None
    cost: Cost | None


def told(row: Trial) -> Told:
    """Read the result of a trial."""
    result = read(row.result) if row.result else None
    if result is None:
        return Told(row, None, None)
    won = result.after.usable - result.before.usable
    cost = cost_of(row.once, row.monthly, len(result.months), result.refusals.all_avoided, won)
    return Told(row, result, cost)
