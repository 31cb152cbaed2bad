"""Commands that end this program: restart it, or the machine. How it went is told by the start that follows.

Nothing of the wire becomes a command line: the program ends with an exit code after which its supervisor starts it
again, the machine restarts by the one command of the settings.
"""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Callable
from typing import Any

import structlog

from budayang.terminal.commands.acts import Acts, Outcome
from budayang.terminal.commands.obey import DONE, PENDING, RUNNING
from budayang.terminal.life import BOOT_JITTER_MS, Life
from budayang.terminal.outbox import Outbox
from budayang.uplink.clock import Clock, milliseconds
from budayang.wire.commands import Command

log = structlog.get_logger(__name__)

AGAIN = 75  # EX_TEMPFAIL of sysexits.h: the supervisor starts the program again at once
TOOL_S = 30.0
DOWN_WITHIN_S = 600.0  # the system ends us long before; else it did not do what it was told
GRACE_S = 3.0  # so that "running" reaches the center before the line ends


class Restarting:
    """`end` asks the program to end with an exit code."""

    def __init__(self, outbox: Outbox, clock: Clock, life: Life, *, reboot: str, end: Callable[[int], None]) -> None:
        self._outbox = outbox
        self._clock = clock
        self._life = life
        self._reboot = shlex.split(reboot)
        self._end = end

    def acts(self) -> Acts:
        """The commands that are carried out here."""
        return {"restart_application": self._application, "restart_machine": self._machine}

    async def _application(self, command: Command) -> Outcome:
        self._mark(command, "application")
        await asyncio.sleep(GRACE_S)
        self._life.intent = "command"
        self._end(AGAIN)
        return Outcome(later=True)

    async def _machine(self, command: Command) -> Outcome:
        if not self._reboot:
            return Outcome("not_available")
        self._mark(command, "machine")
        await asyncio.sleep(GRACE_S)
        self._life.intent = "command"
        try:
            process = await asyncio.create_subprocess_exec(*self._reboot)
            async with asyncio.timeout(TOOL_S):
                code = await process.wait()
        except (OSError, TimeoutError) as error:
            log.error("restart.tool_failed", error=type(error).__name__)
            code = -1
        if code:
            self._life.intent = ""
            return Outcome("tool_failed", {"code": code}, {PENDING: None})
        await asyncio.sleep(DOWN_WITHIN_S)
        self._life.intent = ""
        return Outcome("machine_did_not_restart", facts={PENDING: None})

    def _mark(self, command: Command, what: str) -> None:
        """Durable before it is done: whatever happens now, it is not begun again."""
        at_ms = milliseconds(self._clock.now())
        self._outbox.remember(
            PENDING, {"id": command.id, "what": what, "at_ms": at_ms, "boot_at_ms": self._life.boot_at_ms}
        )

    def settle(self, started: dict[str, Any]) -> None:
        """After a start: tell how the restart went that ended the run before. Call it before commands are looked at."""
        pending, running = self._outbox.recall(PENDING), self._outbox.recall(RUNNING)
        if not pending or not running or running["id"] != pending["id"] or pending["what"] == "update":
            return
        again = abs(started["boot_at_ms"] - pending["boot_at_ms"]) > BOOT_JITTER_MS
        reason = "" if pending["what"] == "application" or again else "machine_did_not_restart"
        body = {
            "id": pending["id"],
            "state": "failed" if reason else "done",
            "reason": reason,
            "result": {"stopped": started["stopped"], "cause": started["cause"]},
        }
        kept = (self._outbox.recall(DONE) or {}) | {str(pending["id"]): pending["at_ms"] + 7 * 24 * 3600 * 1000}
        self._outbox.finish_command(
            str(running["key"]), [("command.state", body)], {PENDING: None, RUNNING: None, DONE: kept}
        )
        log.info("command.ended", number=pending["id"], state=body["state"], reason=reason)
