"""What metrics that can only speak of now said when a month was over: kept with the assessment, so that who keeps the
area today, what is drawn today or how much lies in stock today says nothing of a month that was.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date
from typing import Any

from budayang.center.standard.measuring import Evidence
from budayang.center.standard.models import Assessment
from budayang.rules.standard.answers import Answer, ClauseAnswer

Said = tuple[ClauseAnswer, list[Evidence]]


class MonthEnd:
    """The answers of one area and month that is over, by metric. `rows` is what `Assessment.month_end` holds."""

    def __init__(self, rows: dict[str, Any]) -> None:
        self.rows = rows

    def say(self, metric: str, basis: str, make: Callable[[], Said]) -> Said:
        """What was said first after the month's end; computed when nothing was. `basis`: what of the month itself the
        answer was made of (looks, orders): where that came late, the answer is made anew.
        """
        row = self.rows.get(metric)
        if row is None or row["basis"] != basis:
            row = self.rows[metric] = _plain(*make(), basis)
        return _read(row)


def month_ends(place_ids: Collection[int], month: date) -> dict[int, MonthEnd]:
    """Place id → what was kept there; empty where the month was not computed since its end."""
    kept = Assessment.objects.filter(place__in=place_ids, month=month.replace(day=1), month_end__isnull=False)
    rows: dict[int, Any] = dict(kept.values_list("place_id", "month_end"))
    return {pk: MonthEnd(dict(rows.get(pk, {}))) for pk in place_ids}


def _plain(answer: ClauseAnswer, shown: list[Evidence], basis: str) -> dict[str, Any]:
    return {
        "answer": answer.answer.value,
        "number": answer.number,
        "threshold": answer.threshold,
        "unit": answer.unit,
        "sample": answer.sample,
        "why": answer.why,
        "evidence": shown,
        "basis": basis,
    }


def _read(row: dict[str, Any]) -> Said:
    found = ClauseAnswer(Answer(row["answer"]), row["number"], row["threshold"], row["unit"], row["sample"], row["why"])
    return found, row["evidence"]
