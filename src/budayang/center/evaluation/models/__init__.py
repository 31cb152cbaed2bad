"""Rows of the evaluation room. A rating holds a case number and codes, nothing about the person."""

from __future__ import annotations

from budayang.center.evaluation.models.digests import ChainDigest
from budayang.center.evaluation.models.improvements import Improvement, ImprovementEvent
from budayang.center.evaluation.models.monthly import MONTHLY_STATES, MonthlyCorrection, MonthlyPlan, MonthlyReport
from budayang.center.evaluation.models.ratings import NEGATIVE_STATES, Invitation, NegativeCase, Rating, Visit

__all__ = [
    "MONTHLY_STATES",
    "NEGATIVE_STATES",
    "ChainDigest",
    "Improvement",
    "ImprovementEvent",
    "Invitation",
    "MonthlyCorrection",
    "MonthlyPlan",
    "MonthlyReport",
    "NegativeCase",
    "Rating",
    "Visit",
]
