"""Rows of the standard room: editions, their clauses, and what the other rooms' rows say about each clause."""

from __future__ import annotations

from budayang.center.standard.models.editions import EDITION_STATES, Clause, Edition
from budayang.center.standard.models.verdicts import ANSWERS, Assessment, ClauseVerdict

__all__ = ["ANSWERS", "EDITION_STATES", "Assessment", "Clause", "ClauseVerdict", "Edition"]
