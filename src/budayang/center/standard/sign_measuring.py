"""Chapter 6 of one area and period: what the plan, the plates, the rounds and the notices answer, clause by clause."""

from __future__ import annotations

from typing import Any

from budayang.center.maintenance.fault_notice_queries import counts_on_site
from budayang.center.signage.clause_queries import clauses_of
from budayang.center.standard.measuring import EVIDENCE_ROWS, Evidence, Gathering, evidence
from budayang.rules.signs.conformity import ClauseOnPlan
from budayang.rules.signs.conformity import Evidence as OnSite
from budayang.rules.standard.answers import ClauseAnswer

ALL = 1.0
"""What the share of things that are right has to reach: each of them is asked for."""


def measure_signs(seen: Gathering) -> list[tuple[str, ClauseAnswer, list[Evidence]]]:
    """(clause, answer, evidence) of BS-01 to BS-24."""
    area, (told, late) = seen.area, seen.told
    month, half_year = seen.together.signs_seen
    hangs, lacks = counts_on_site(area.pk, seen.start, seen.until)
    notices = OnSite(told + hangs, late + lacks, "故障告示的记录")
    found = clauses_of(
        area,
        month=month.get(area.pk, []),
        half_year=half_year.get(area.pk, []),
        notices=notices if notices.good + notices.bad else None,
        now=seen.now,
    )
    return [(one.clause, _answer(one), _rows(area, one)) for one in found]


def _answer(one: ClauseOnPlan) -> ClauseAnswer:
    share = one.right / one.judged if one.judged else None
    return ClauseAnswer(one.answer, share, ALL, "ratio", one.judged, one.why)


def _rows(area: Any, one: ClauseOnPlan) -> list[Evidence]:
    page = f"/console/sign-plans/{area.code}/"
    return [evidence("sign", f"sign:{row.element}", row.words, page) for row in one.findings[:EVIDENCE_ROWS]]
