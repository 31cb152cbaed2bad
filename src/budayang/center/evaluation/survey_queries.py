"""Reads of surveys: which are open, and what was answered, by area and question, with the certainty of each share."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import QuerySet, Sum

from budayang.center.evaluation.models import Survey, SurveyArea, SurveySheet
from budayang.center.platform.actors import Actor
from budayang.center.platform.queries import scope_q
from budayang.rules.evaluation.surveys import Share, by_group, by_question


@dataclass(frozen=True, slots=True)
class AreaResult:
    """One area, or (area None) the whole. `beyond`: sheets that came beyond the limit and are not counted."""

    area: Any
    population: int
    needed: int
    reached: int
    beyond: int
    groups: Mapping[str, Share]
    questions: Mapping[str, Share]

    @property
    def enough(self) -> bool:
        return self.needed > 0 and self.reached >= self.needed


def surveys_visible_to(actor: Actor) -> QuerySet[Survey]:
    """Surveys of the actor's places, with how many answers they need."""
    return Survey.objects.filter(scope_q(actor, "place_path")).annotate(needed=Sum("areas__needed"))


def open_surveys(today: date) -> QuerySet[Survey]:
    """Those that anybody may answer today."""
    return Survey.objects.filter(opens_on__lte=today, closes_on__gte=today).order_by("opens_on", "code")


def find_survey(code: str) -> Survey | None:
    return Survey.objects.filter(code=code).first()


def areas_of(survey: Survey) -> QuerySet[SurveyArea]:
    """The plan's areas by name."""
    return SurveyArea.objects.filter(survey=survey).select_related("area__place").order_by("area__name")


def results_of(survey: Survey) -> tuple[AreaResult, list[AreaResult], list[tuple[str, int]]]:
    """(the whole, each area, wishes with their counts, the most wanted first)."""
    sheets: dict[int, list[dict[str, str]]] = defaultdict(list)
    beyond: Counter[int] = Counter()
    wishes: Counter[str] = Counter()
    rows = SurveySheet.objects.filter(survey=survey).order_by("pk")
    for area_id, answers, wanted, over in rows.values_list("area_id", "answers", "wishes", "beyond"):
        if over:
            beyond[area_id] += 1
            continue
        sheets[area_id].append(answers)
        wishes.update(wanted)
    parts = [
        _result(plan.area, plan.population, plan.needed, sheets[plan.area_id], beyond[plan.area_id])
        for plan in areas_of(survey)
    ]
    everything = [one for part in sheets.values() for one in part]
    whole = _result(
        None, sum(one.population for one in parts), sum(one.needed for one in parts), everything, beyond.total()
    )
    return whole, parts, wishes.most_common()


def _result(area: Any, population: int, needed: int, sheets: list[dict[str, str]], beyond: int) -> AreaResult:
    return AreaResult(area, population, needed, len(sheets), beyond, by_group(sheets), by_question(sheets))
