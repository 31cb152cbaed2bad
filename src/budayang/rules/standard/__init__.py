"""How clauses are judged: metrics from the rooms' numbers, chapter 6 by plans, plates and looks, and what people
give.
"""

from __future__ import annotations

from budayang.rules.standard.answers import Answer, ClauseAnswer, ClauseCheck, Comparison, Numbers
from budayang.rules.standard.checks import CHECK_BY_CLAUSE, CLAUSE_CHECKS, get_check
from budayang.rules.standard.signs import SIGN_METRIC, SIGNS_CLAUSES

METRICS: dict[str, str] = {
    **{check.key: check.metric for check in CLAUSE_CHECKS},
    **dict.fromkeys(SIGNS_CLAUSES, SIGN_METRIC),
}
"""Every metric that the platform's own facts answer, and what its number is."""
OF_NOW: frozenset[str] = frozenset((*(check.key for check in CLAUSE_CHECKS if check.of_now), *SIGNS_CLAUSES))
"""Metrics that can only speak of now: for a month that is over, what they said when it ended stands. Chapter 6 reads
the plan and the plates as they are.
"""

__all__ = [
    "CHECK_BY_CLAUSE",
    "CLAUSE_CHECKS",
    "METRICS",
    "OF_NOW",
    "SIGNS_CLAUSES",
    "Answer",
    "ClauseAnswer",
    "ClauseCheck",
    "Comparison",
    "Numbers",
    "get_check",
]
