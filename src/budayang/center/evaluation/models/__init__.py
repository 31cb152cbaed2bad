"""Rows of the evaluation room. A rating holds a case number and codes, nothing about the person."""

from __future__ import annotations

from budayang.center.evaluation.models.ratings import NEGATIVE_STATES, Invitation, NegativeCase, Rating, Visit

__all__ = ["NEGATIVE_STATES", "Invitation", "NegativeCase", "Rating", "Visit"]
