"""What `/healthz` says: how the program stands, for the launcher, the watchdog and the monitor; no word of anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from budayang.terminal.app import Terminal


def health(terminal: Terminal) -> dict[str, Any]:
    """The line, the catalogue, what waits to be sent, the newest audit head; where pages of departments are to be
    opened, whether they can be and why not.
    """
    line = terminal.uplink.line
    page = terminal.peripherals.states_of("departmentPage").get("device")
    return {
        "status": "ok",
        "terminal": terminal.code,
        "enrolled": terminal.identity.enrolment is not None,
        "line": line.level.value,
        "blocked": line.blocked,
        "catalogue": len(terminal.catalogue),
        "waiting_events": terminal.outbox.waiting(),
        "waiting_cases": len(terminal.outbox.unsent_cases()),
        "audit_head": terminal.outbox.recall("head"),
        "department_page": {"state": page.state, "why": page.raw} if page is not None else None,
    }
