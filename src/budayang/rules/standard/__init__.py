"""Clauses of the reference edition that facts can judge."""

from __future__ import annotations

from budayang.rules.standard.answers import Answer, ClauseAnswer, ClauseCheck, Comparison, Numbers
from budayang.rules.standard.checks import CHECK_BY_CLAUSE, CLAUSE_CHECKS, get_check

__all__ = [
    "CHECK_BY_CLAUSE",
    "CLAUSE_CHECKS",
    "Answer",
    "ClauseAnswer",
    "ClauseCheck",
    "Comparison",
    "Numbers",
    "get_check",
]
