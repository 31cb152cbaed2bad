"""Chapter 6 of one area and period: what the plan, the plates, the rounds and the notices answer, clause by clause."""

from __future__ import annotations

from typing import Any

from budayang.center.signage.clause_queries import HALF_YEARLY, clauses_of
from budayang.center.standard.measuring import EVIDENCE_ROWS, Evidence, Gathering, digest, evidence
from budayang.rules.signs.conformity import ON_SITE, ClauseOnPlan
from budayang.rules.signs.conformity import Evidence as OnSite
from budayang.rules.standard.answers import ClauseAnswer

SEEN_LANGUAGES = ("BS-20", "BS-23")
"""Clauses of languages for which it counts what somebody saw on the signs."""
ALL = 1.0
"""What the share of things that are right has to reach: each of them is asked for."""


def measure_signs(seen: Gathering) -> list[tuple[str, ClauseAnswer, list[Evidence]]]:
    """(clause, answer, evidence) of BS-01 to BS-24."""
    area, (told, late) = seen.area, seen.told
    month, half_year = seen.together.signs_seen
    hangs, lacks = seen.told_on_site
    notices = OnSite(told + hangs, late + lacks, "故障告示的记录")
    found = clauses_of(
        area,
        month=month.get(area.pk, []),
        half_year=half_year.get(area.pk, []),
        notices=notices if notices.good + notices.bad else None,
        now=seen.now,
    )
    return [(one.clause, _answer(one), _rows(area, one)) for one in found]


def basis_of_signs(seen: Gathering) -> dict[str, str]:
    """Clause → a mark of what people saw and told in the period; the plan and the plates are of now."""
    month, half_year = seen.together.signs_seen
    looks = digest(month.get(seen.area.pk, []))
    return {
        **dict.fromkeys((*ON_SITE, *SEEN_LANGUAGES), looks),
        HALF_YEARLY: digest(half_year.get(seen.area.pk, [])),
        "BS-05": digest((seen.told, seen.told_on_site)),
    }


def _answer(one: ClauseOnPlan) -> ClauseAnswer:
    share = one.right / one.judged if one.judged else None
    return ClauseAnswer(one.answer, share, ALL, "ratio", one.judged, one.why)


def _rows(area: Any, one: ClauseOnPlan) -> list[Evidence]:
    page = f"/console/sign-plans/{area.code}/"
    return [evidence("sign", f"sign:{row.element}", row.words, page) for row in one.findings[:EVIDENCE_ROWS]]
