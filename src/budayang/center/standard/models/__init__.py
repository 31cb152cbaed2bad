"""Rows of the standard room: editions, their clauses, what people give as evidence, and what the other rooms' rows say
about each clause."""

from __future__ import annotations

from budayang.center.standard.models.editions import (
    EDITION_STATES,
    AnnexRow,
    Chapter,
    Clause,
    Edition,
    EditionEvent,
    EditionValue,
    Reference,
    Term,
)
from budayang.center.standard.models.given import ClauseException, GivenDocument, GivenNumbers
from budayang.center.standard.models.proposals import EditionProposal, ProposalFault
from budayang.center.standard.models.verdicts import ANSWERS, Assessment, ClauseVerdict

__all__ = [
    "ANSWERS",
    "EDITION_STATES",
    "AnnexRow",
    "Assessment",
    "Chapter",
    "Clause",
    "ClauseException",
    "ClauseVerdict",
    "Edition",
    "EditionEvent",
    "EditionProposal",
    "EditionValue",
    "GivenDocument",
    "GivenNumbers",
    "ProposalFault",
    "Reference",
    "Term",
]
