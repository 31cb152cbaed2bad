"""Writes of the maintenance room: the door of its modules about incidents and orders."""

from __future__ import annotations

from budayang.center.maintenance.incident_actions import (
    NewIncident,
    close_incident,
    close_many,
    hang_below,
    hang_many,
    open_incident,
    open_many,
)
from budayang.center.maintenance.manual_orders import open_for_rating
from budayang.center.maintenance.order_actions import (
    ACCEPTERS,
    DOERS,
    NOTE_LENGTH,
    accept_order,
    active_order,
    arrive,
    ask_test_print,
    call_back,
    close_order,
    open_order,
    pause,
    record_test_print,
    reject,
    repair,
    resume,
    step,
)
from budayang.center.maintenance.order_endings import CALLERS_OFF, call_off, merge, reopen, verify
from budayang.center.maintenance.order_transfers import renew_limits, transfer

__all__ = [
    "ACCEPTERS",
    "CALLERS_OFF",
    "DOERS",
    "NOTE_LENGTH",
    "NewIncident",
    "accept_order",
    "active_order",
    "arrive",
    "ask_test_print",
    "call_back",
    "call_off",
    "close_incident",
    "close_many",
    "close_order",
    "hang_below",
    "hang_many",
    "merge",
    "open_for_rating",
    "open_incident",
    "open_many",
    "open_order",
    "pause",
    "record_test_print",
    "reject",
    "renew_limits",
    "reopen",
    "repair",
    "resume",
    "step",
    "transfer",
    "verify",
]
