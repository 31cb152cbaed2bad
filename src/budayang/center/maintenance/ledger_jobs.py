"""What wakes the ledgers: printing and archiving as long work, and contents that nobody needs any more."""

from __future__ import annotations

from budayang.center.maintenance.ledger_actions import PRINT, forget
from budayang.center.maintenance.ledger_archiving import ARCHIVE
from budayang.center.platform.deliveries import Due

FORGET_S = 600.0
LONG_WORK = (PRINT, ARCHIVE)
DUES: tuple[Due, ...] = (Due("maintenance.ledger_files", FORGET_S, forget),)
