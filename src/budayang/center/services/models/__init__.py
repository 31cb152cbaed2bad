"""Rows of the services room, one module a subject."""

from __future__ import annotations

from budayang.center.services.models.agents import CaseAgent
from budayang.center.services.models.appointments import Appointment
from budayang.center.services.models.case_trail import CaseAttempt, CaseCorrection, CaseStep, Errand
from budayang.center.services.models.cases import Case, CaseGrant, OfficialSeries, Paper, VerificationAttempt
from budayang.center.services.models.catalogue import Department, Item, Offering
from budayang.center.services.models.connectors import CONNECTOR_STATES, Connector, ConnectorCall, ConnectorItem
from budayang.center.services.models.editions import (
    CHANGES,
    EDITION_STATES,
    CatalogueEdition,
    CatalogueHead,
    EditionChange,
    EditionFault,
    ItemVersion,
)
from budayang.center.services.models.hours import DAY_KINDS, YEAR_STANDINGS, CalendarDay, CalendarYear, DepartmentHours
from budayang.center.services.models.joint import PART_KINDS, JointCase, JointPart
from budayang.center.services.models.licences import LicenceSource
from budayang.center.services.models.materials import Sheet, UploadedSheet, UploadLink
from budayang.center.services.models.payments import (
    Payment,
    PaymentEvent,
    PaymentProvider,
    Reconciliation,
    ReconciliationLine,
)
from budayang.center.services.models.person_checks import PersonCheck
from budayang.center.services.models.privacy import PrivacyNotice
from budayang.center.services.models.probes import Probe, ProbeStanding
from budayang.center.services.models.promises import Promise
from budayang.center.services.models.publishing import Published
from budayang.center.services.models.searches import SearchCount, SearchWord
from budayang.center.services.models.staff_checks import StaffCheck
from budayang.center.services.models.trips import Trip
from budayang.center.services.models.windows import WindowFigure, WindowTask

__all__ = [
    "CHANGES",
    "CONNECTOR_STATES",
    "DAY_KINDS",
    "EDITION_STATES",
    "PART_KINDS",
    "YEAR_STANDINGS",
    "Appointment",
    "CalendarDay",
    "CalendarYear",
    "Case",
    "CaseAgent",
    "CaseAttempt",
    "CaseCorrection",
    "CaseGrant",
    "CaseStep",
    "CatalogueEdition",
    "CatalogueHead",
    "Connector",
    "ConnectorCall",
    "ConnectorItem",
    "Department",
    "DepartmentHours",
    "EditionChange",
    "EditionFault",
    "Errand",
    "Item",
    "ItemVersion",
    "JointCase",
    "JointPart",
    "LicenceSource",
    "Offering",
    "OfficialSeries",
    "Paper",
    "Payment",
    "PaymentEvent",
    "PaymentProvider",
    "PersonCheck",
    "PrivacyNotice",
    "Probe",
    "ProbeStanding",
    "Promise",
    "Published",
    "Reconciliation",
    "ReconciliationLine",
    "SearchCount",
    "SearchWord",
    "Sheet",
    "StaffCheck",
    "Trip",
    "UploadLink",
    "UploadedSheet",
    "VerificationAttempt",
    "WindowFigure",
    "WindowTask",
]
