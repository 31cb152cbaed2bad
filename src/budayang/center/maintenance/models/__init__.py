"""Rows of the maintenance room, one file a subject."""

from __future__ import annotations

from budayang.center.maintenance.models.assets import (
    Asset,
    AssetAcceptance,
    AssetEvent,
    AssetFile,
    AssetOrder,
    AssetStay,
)
from budayang.center.maintenance.models.books import DutyEntry, LostThing, Training, VideoViewing
from budayang.center.maintenance.models.citizens import CITIZEN_STATES, CitizenMessage
from budayang.center.maintenance.models.contracts import Contract, ContractTier
from budayang.center.maintenance.models.doors import DoorEvent
from budayang.center.maintenance.models.drills import DrillHall, DrillPlay
from budayang.center.maintenance.models.due_things import DueThing
from budayang.center.maintenance.models.duty import DutyChange, DutyMember, DutyShift, DutySwap
from budayang.center.maintenance.models.duty_leave import DutyFeed, DutyLeave
from budayang.center.maintenance.models.emergencies import Emergency, EmergencyEdition, EmergencyEvent
from budayang.center.maintenance.models.fault_notices import FaultNotice, NoticeBoard
from budayang.center.maintenance.models.help_calls import HelpCall
from budayang.center.maintenance.models.hours import (
    BUCKET_COLUMNS,
    FIGURES,
    LOST_COLUMNS,
    Divided,
    HoursClosing,
    HoursCorrection,
    HoursDay,
    HoursDirty,
    HoursHour,
    HoursItemMonth,
    HoursItemsDue,
    HoursLatest,
    HoursMonth,
    HoursPattern,
)
from budayang.center.maintenance.models.incidents import INCIDENT_STATES, AreaWatch, Hush, Incident, LastWords
from budayang.center.maintenance.models.ledgers import (
    LedgerArchive,
    LedgerArchiveBook,
    LedgerArchiveFile,
    LedgerFile,
)
from budayang.center.maintenance.models.notices import (
    EscalationPolicy,
    EscalationStep,
    Notice,
    NoticeAddress,
    NoticeChannel,
    NoticeDelivery,
    NoticeEvent,
    NoticeLine,
    NoticeMessage,
    NoticePreference,
)
from budayang.center.maintenance.models.order_work import PHOTO_MOMENTS, Handover, OrderPart, OrderPhoto
from budayang.center.maintenance.models.orders import FINAL_ORDER_STATES, WorkOrder, WorkOrderEvent
from budayang.center.maintenance.models.reports import REPORT_STATES, Report, ReportEvent, ReportPhoto
from budayang.center.maintenance.models.rounds import (
    ANSWER_STATES,
    CheckListEdition,
    Round,
    RoundAnswer,
    RoundPhoto,
    RoundPlan,
    RoundPresence,
    RoundTrace,
)
from budayang.center.maintenance.models.runouts import RunOutWatch
from budayang.center.maintenance.models.safety import Camera, CameraCheck, KeyHolding, SafetyTest

__all__ = [
    "ANSWER_STATES",
    "BUCKET_COLUMNS",
    "CITIZEN_STATES",
    "FIGURES",
    "FINAL_ORDER_STATES",
    "INCIDENT_STATES",
    "LOST_COLUMNS",
    "PHOTO_MOMENTS",
    "REPORT_STATES",
    "AreaWatch",
    "Asset",
    "AssetAcceptance",
    "AssetEvent",
    "AssetFile",
    "AssetOrder",
    "AssetStay",
    "Camera",
    "CameraCheck",
    "CheckListEdition",
    "CitizenMessage",
    "Contract",
    "ContractTier",
    "Divided",
    "DoorEvent",
    "DrillHall",
    "DrillPlay",
    "DueThing",
    "DutyChange",
    "DutyEntry",
    "DutyFeed",
    "DutyLeave",
    "DutyMember",
    "DutyShift",
    "DutySwap",
    "Emergency",
    "EmergencyEdition",
    "EmergencyEvent",
    "EscalationPolicy",
    "EscalationStep",
    "FaultNotice",
    "Handover",
    "HelpCall",
    "HoursClosing",
    "HoursCorrection",
    "HoursDay",
    "HoursDirty",
    "HoursHour",
    "HoursItemMonth",
    "HoursItemsDue",
    "HoursLatest",
    "HoursMonth",
    "HoursPattern",
    "Hush",
    "Incident",
    "KeyHolding",
    "LastWords",
    "LedgerArchive",
    "LedgerArchiveBook",
    "LedgerArchiveFile",
    "LedgerFile",
    "LostThing",
    "Notice",
    "NoticeAddress",
    "NoticeBoard",
    "NoticeChannel",
    "NoticeDelivery",
    "NoticeEvent",
    "NoticeLine",
    "NoticeMessage",
    "NoticePreference",
    "OrderPart",
    "OrderPhoto",
    "Report",
    "ReportEvent",
    "ReportPhoto",
    "Round",
    "RoundAnswer",
    "RoundPhoto",
    "RoundPlan",
    "RoundPresence",
    "RoundTrace",
    "RunOutWatch",
    "SafetyTest",
    "Training",
    "VideoViewing",
    "WorkOrder",
    "WorkOrderEvent",
]
