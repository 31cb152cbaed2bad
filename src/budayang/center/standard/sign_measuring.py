"""Chapter 6 of one area and period: what the plan, the plates, the rounds and the notices answer, clause by clause."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from budayang.center.maintenance.fault_notice_queries import counts_in_time, counts_on_site
from budayang.center.maintenance.round_signs import HALF_YEAR, answers_about_signs
from budayang.center.platform.queries import parameter
from budayang.center.signage.clause_queries import clauses_of
from budayang.center.standard.measuring import EVIDENCE_ROWS, Evidence, evidence
from budayang.rules.signs.conformity import ClauseOnPlan
from budayang.rules.signs.conformity import Evidence as OnSite
from budayang.rules.standard.answers import ClauseAnswer

ALL = 1.0
"""What the share of things that are right has to reach: each of them is asked for."""


def measure_signs(
    area: Any, start: datetime, until: datetime, now: datetime
) -> list[tuple[str, ClauseAnswer, list[Evidence]]]:
    """(clause, answer, evidence) of BS-01 to BS-24. `area`: an areas.Area with its place."""
    within_s = float(parameter("sign_fault_notice_s", area.place.path, until))
    told, late = counts_in_time(area.pk, start, until, within_s)
    hangs, lacks = counts_on_site(area.pk, start, until)
    notices = OnSite(told + hangs, late + lacks, "故障告示的记录")
    found = clauses_of(
        area,
        month=answers_about_signs([area.pk], start, until),
        half_year=answers_about_signs([area.pk], until - HALF_YEAR, until),
        notices=notices if notices.good + notices.bad else None,
        now=now,
    )
    return [(one.clause, _answer(one), _rows(area, one)) for one in found]


def _answer(one: ClauseOnPlan) -> ClauseAnswer:
    share = one.right / one.judged if one.judged else None
    return ClauseAnswer(one.answer, share, ALL, "ratio", one.judged, one.why)


def _rows(area: Any, one: ClauseOnPlan) -> list[Evidence]:
    page = f"/console/sign-plans/{area.code}/"
    return [evidence("sign", f"sign:{row.element}", row.words, page) for row in one.findings[:EVIDENCE_ROWS]]
