"""Rows of the terminals room, one file a subject."""

from __future__ import annotations

from budayang.center.terminals.models.commands import (
    Command,
    CommandFile,
    CommandRun,
    Package,
    Rollout,
    RolloutMember,
)
from budayang.center.terminals.models.machines import (
    Credential,
    EnrolmentCode,
    Inbox,
    IngestLease,
    IngestNotice,
    MonitoringGap,
    Outgoing,
    Peripheral,
    Session,
    StatusInterval,
    Terminal,
)
from budayang.center.terminals.models.summary import GRAVITY, TerminalNow
from budayang.center.terminals.models.supplies import (
    SheetEvent,
    Stock,
    StockMovement,
    StockSheet,
    SupplyCount,
    SupplyFill,
    SupplyLevel,
    SupplyMeter,
)
from budayang.center.terminals.models.watching import (
    RelaySpan,
    WatchCost,
    WatchFound,
    WatchNow,
    WatchProfile,
    WatchSeen,
    WatchSource,
)

__all__ = [
    "GRAVITY",
    "Command",
    "CommandFile",
    "CommandRun",
    "Credential",
    "EnrolmentCode",
    "Inbox",
    "IngestLease",
    "IngestNotice",
    "MonitoringGap",
    "Outgoing",
    "Package",
    "Peripheral",
    "RelaySpan",
    "Rollout",
    "RolloutMember",
    "Session",
    "SheetEvent",
    "StatusInterval",
    "Stock",
    "StockMovement",
    "StockSheet",
    "SupplyCount",
    "SupplyFill",
    "SupplyLevel",
    "SupplyMeter",
    "Terminal",
    "TerminalNow",
    "WatchCost",
    "WatchFound",
    "WatchNow",
    "WatchProfile",
    "WatchSeen",
    "WatchSource",
]
