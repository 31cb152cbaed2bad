"""Rows of the evaluation room. A rating holds a case number and codes, nothing about the person."""

from __future__ import annotations

from budayang.center.evaluation.models.complaints import Complaint, ComplaintStep
from budayang.center.evaluation.models.digests import ChainDigest
from budayang.center.evaluation.models.improvements import Improvement, ImprovementEvent
from budayang.center.evaluation.models.monthly import MONTHLY_STATES, MonthlyCorrection, MonthlyPlan, MonthlyReport
from budayang.center.evaluation.models.negative_cases import NEGATIVE_STATES, NegativeCase, NegativeStep
from budayang.center.evaluation.models.placement import PlacementStanding, PlacementSuggestion
from budayang.center.evaluation.models.ratings import Invitation, Rating, RatingFlag, RefusedRating, Visit
from budayang.center.evaluation.models.supervision import (
    SupervisionAnswer,
    SupervisionEvent,
    SupervisionFinding,
    SupervisionPhoto,
    SupervisionVisit,
)
from budayang.center.evaluation.models.surveys import Survey, SurveyArea, SurveyReminder, SurveySheet

__all__ = [
    "MONTHLY_STATES",
    "NEGATIVE_STATES",
    "ChainDigest",
    "Complaint",
    "ComplaintStep",
    "Improvement",
    "ImprovementEvent",
    "Invitation",
    "MonthlyCorrection",
    "MonthlyPlan",
    "MonthlyReport",
    "NegativeCase",
    "NegativeStep",
    "PlacementStanding",
    "PlacementSuggestion",
    "Rating",
    "RatingFlag",
    "RefusedRating",
    "SupervisionAnswer",
    "SupervisionEvent",
    "SupervisionFinding",
    "SupervisionPhoto",
    "SupervisionVisit",
    "Survey",
    "SurveyArea",
    "SurveyReminder",
    "SurveySheet",
    "Visit",
]
