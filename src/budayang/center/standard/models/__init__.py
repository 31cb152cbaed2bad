"""Rows of the standard room: editions, their clauses, what the other rooms' rows say about each clause, and the
standard as a project with its opinions and documents.
"""

from __future__ import annotations

from budayang.center.standard.models.editions import EDITION_STATES, Clause, Edition
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
from budayang.center.standard.models.training import (
    Adoption,
    Question,
    SpreadArea,
    SpreadEvent,
    SpreadMaterial,
    TestSitting,
)
from budayang.center.standard.models.verdicts import ANSWERS, Assessment, ClauseVerdict
from budayang.center.standard.models.writing import ClauseWording, WrittenFile

__all__ = [
    "ANSWERS",
    "EDITION_STATES",
    "Adoption",
    "Assessment",
    "Clause",
    "ClauseVerdict",
    "ClauseWording",
    "Consultation",
    "Edition",
    "FieldFinding",
    "Milestone",
    "Opinion",
    "Project",
    "ProjectMeeting",
    "ProjectMember",
    "ProjectStep",
    "ProjectUnit",
    "Question",
    "SpreadArea",
    "SpreadEvent",
    "SpreadMaterial",
    "TestSitting",
    "WrittenFile",
]
