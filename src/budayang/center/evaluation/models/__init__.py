"""Rows of the evaluation room. A rating holds a case number and codes, nothing about the person."""

from __future__ import annotations

from budayang.center.evaluation.models.negative_cases import NEGATIVE_STATES, NegativeCase, NegativeStep
from budayang.center.evaluation.models.ratings import Invitation, Rating, RatingFlag, Visit

__all__ = ["NEGATIVE_STATES", "Invitation", "NegativeCase", "NegativeStep", "Rating", "RatingFlag", "Visit"]
