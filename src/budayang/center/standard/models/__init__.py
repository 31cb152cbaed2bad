"""Rows of the standard room: editions, their clauses, what people give as evidence, what the other rooms' rows say
about each clause, and the standard as a project with its opinions and documents.
"""

from __future__ import annotations

from budayang.center.standard.models.editions import (
    EDITION_STATES,
    AnnexRow,
    Chapter,
    Clause,
    Edition,
    EditionEvent,
    EditionValue,
    InForce,
    Reference,
    Term,
)
from budayang.center.standard.models.given import ClauseException, GivenDocument, GivenNumbers
from budayang.center.standard.models.opinions import Consultation, Opinion
from budayang.center.standard.models.project import (
    FieldFinding,
    Milestone,
    Project,
    ProjectMeeting,
    ProjectMember,
    ProjectStep,
    ProjectUnit,
)
from budayang.center.standard.models.proposals import EditionProposal, ProposalFault
from budayang.center.standard.models.training import (
    Adoption,
    Question,
    SpreadArea,
    SpreadEvent,
    SpreadMaterial,
    TestSitting,
)
from budayang.center.standard.models.trials import Trial
from budayang.center.standard.models.verdicts import ANSWERS, Assessment, ClauseVerdict
from budayang.center.standard.models.writing import ClauseWording, WrittenFile

__all__ = [
    "ANSWERS",
    "EDITION_STATES",
    "Adoption",
    "AnnexRow",
    "Assessment",
    "Chapter",
    "Clause",
    "ClauseException",
    "ClauseVerdict",
    "ClauseWording",
    "Consultation",
    "Edition",
    "EditionEvent",
    "EditionProposal",
    "EditionValue",
    "FieldFinding",
    "GivenDocument",
    "GivenNumbers",
    "InForce",
    "Milestone",
    "Opinion",
    "Project",
    "ProjectMeeting",
    "ProjectMember",
    "ProjectStep",
    "ProjectUnit",
    "ProposalFault",
    "Question",
    "Reference",
    "SpreadArea",
    "SpreadEvent",
    "SpreadMaterial",
    "Term",
    "TestSitting",
    "Trial",
    "WrittenFile",
]
