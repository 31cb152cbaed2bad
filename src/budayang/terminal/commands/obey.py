"""Obeys the center: checks each command's signature, waits for the people here, announces, carries out once, tells.

One loop, one act at a time. What is not disruptive is not held up by what waits for a journey to end. Each is
carried out at most once over kills: its beginning is durable before it begins, and what was begun and not ended is
begun again only when that does nothing twice that people notice.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
import structlog

from budayang.rules.commands import BY_NAME, CommandKind
from budayang.terminal.commands.acts import Acts, Outcome
from budayang.terminal.outbox import Outbox
from budayang.uplink.clock import Clock, milliseconds
from budayang.uplink.outbox import MessageRow
from budayang.wire.commands import Command, check_command

log = structlog.get_logger(__name__)

LOOK_S = 0.25
REDRAW_S = 5
KEPT_MS = 2 * 24 * 3600 * 1000  # beyond a command's term: longer than any clock of a kiosk is off
RUNNING, DONE = "command_running", "commands_done"
PENDING = "restart_pending"  # a command whose end the next start of the program tells: restart, update


@dataclass(frozen=True, slots=True)
class Announcement:
    """What the screen says beforehand. `seconds` are those left, in steps that a page can follow."""

    text: str
    reason: str
    seconds: int


class Commands:
    """Carries out what the outbox holds.

    `idle` says whether nobody is at it, `key` gives the center's public key and `code` this terminal's code; `changed`
    tells the screens, `wake` the line.
    """

    def __init__(
        self,
        outbox: Outbox,
        clock: Clock,
        acts: Acts,
        *,
        idle: Callable[[], bool],
        changed: Callable[[], None],
        wake: Callable[[], None],
        key: Callable[[], str],
        code: Callable[[], str],
    ) -> None:
        self._outbox = outbox
        self._clock = clock
        self._acts = acts
        self._idle = idle
        self._changed = changed
        self._wake = wake
        self._key = key
        self._code = code
        self._news = asyncio.Event()
        self._announced: tuple[int, float] | None = None  # the command and when its time is over
        self._drawn = 0
        self.announcement: Announcement | None = None
        self.holding = ""  # what is being done while no journey may begin

    def news(self) -> None:
        """A command came."""
        self._news.set()

    def busy(self) -> bool:
        """Whether a disruptive command is being carried out: no journey begins meanwhile."""
        return bool(self.holding)

    def suspension(self) -> dict[str, Any] | None:
        """Why no journey may begin by the center's word: {text, since}; None when one may."""
        found: dict[str, Any] | None = self._outbox.recall("suspension")
        if self.holding and found is None:
            found = {"text": self.holding, "since": ""}
        return found

    async def run(self) -> None:
        """Carry out what is there and what comes, for ever, one after another."""
        self._pick_up()
        while True:
            self._news.clear()
            if await self.look():
                continue
            try:
                # While something waits for people or for its time, the clock is looked at; else only news wake us.
                async with asyncio.timeout(LOOK_S if self._outbox.open_commands() else None):
                    await self._news.wait()
            except TimeoutError:
                continue

    async def look(self) -> bool:
        """Look once at what is open: settle what cannot be, carry out one that can; True when something was done."""
        waiting: list[tuple[MessageRow, Command, CommandKind]] = []
        pending = self._pending()
        for row in self._outbox.open_commands():
            if pending is not None and row.body.get("id") == pending:
                continue
            command = self._read(row)
            if command is None:
                return True
            if command.name == "cancel":
                self._cancel(row, command)
                return True
            if milliseconds(self._clock.now()) < command.not_before_ms:
                continue
            kind = BY_NAME[command.name]
            if not kind.waits or command.emergency:
                await self._carry_out(row, command, kind)
                return True
            waiting.append((row, command, kind))
        return await self._wait_for_people(waiting)

    # Before it begins

    def _read(self, row: MessageRow) -> Command | None:
        """The command when it may be obeyed; else it is settled with the reason, and None."""
        try:
            command = msgspec.convert(row.body, Command)
        except msgspec.ValidationError:
            log.error("command.unreadable", id=row.id)
            self._outbox.finish_command(row.key)
            return None
        if str(command.id) in self._done():
            # Sent again after a restore of the center, or replayed: it was told how it went when it ended.
            log.warning("command.already_done", number=command.id)
            self._outbox.finish_command(row.key)
            return None
        now_ms = milliseconds(self._clock.now())
        reason = check_command(self._key(), command, terminal=self._code(), now_ms=now_ms)
        if not reason and command.name not in self._acts and command.name != "cancel":
            reason = "unknown"
        if reason:
            log.warning("command.refused", name=command.name, number=command.id, reason=reason)
            self._refuse(row, command, reason, now_ms)
            return None
        return command

    def _refuse(self, row: MessageRow, command: Command, reason: str, now_ms: int) -> None:
        """Done with, without having been done. Only a number that the center really gave is remembered as spent: else
        who changes a command on its way could spend the numbers of others.
        """
        body = {"id": command.id, "state": "failed", "reason": reason, "result": {"clock_ms": now_ms}}
        mine, signed = command.terminal == self._code(), reason != "bad_signature"
        facts = self._as_done(command.id, command) if mine and signed else {}
        self._outbox.finish_command(row.key, [("command.state", body)] if mine else [], facts)
        self._wake()

    def _cancel(self, row: MessageRow, command: Command) -> None:
        """Another command is not to be begun any more. One that has begun or ended says itself what became of it."""
        wanted = int(command.arguments.get("id") or 0)
        running = (self._outbox.recall(RUNNING) or {}).get("id")
        for other in self._outbox.open_commands():
            if other.body.get("id") == wanted and other.body.get("name") != "cancel" and wanted != running:
                log.info("command.cancelled", number=wanted)
                self._outbox.finish_command(
                    other.key,
                    [("command.state", {"id": wanted, "state": "cancelled"})],
                    self._as_done(wanted, command),
                )
        self._outbox.finish_command(row.key, (), self._as_done(command.id, command))
        self._wake()

    async def _wait_for_people(self, waiting: list[tuple[MessageRow, Command, CommandKind]]) -> bool:
        """Announce the oldest that waits while nobody is here; when its time is over, carry it out."""
        if not waiting or not self._idle():
            self._say(None)
            return False
        row, command, kind = waiting[0]
        now = self._clock.monotonic()
        if self._announced is None or self._announced[0] != command.id:
            self._announced = (command.id, now + kind.announce_s)
            log.info("command.announced", name=command.name, number=command.id, seconds=kind.announce_s)
        left = self._announced[1] - now
        if left > 0:
            self._say(Announcement(kind.announcement, command.reason, math.ceil(left / REDRAW_S) * REDRAW_S))
            return False
        self._say(None)
        await self._carry_out(row, command, kind)
        return True

    def _say(self, announcement: Announcement | None) -> None:
        if announcement is None:
            self._announced = None
        if announcement != self.announcement:
            self.announcement = announcement
            self._changed()

    # Doing it

    async def _carry_out(self, row: MessageRow, command: Command, kind: CommandKind) -> None:
        log.info("command.begun", name=command.name, number=command.id, emergency=command.emergency)
        self._outbox.note(
            [("command.state", {"id": command.id, "state": "running"})],
            {RUNNING: {"id": command.id, "key": row.key, "name": command.name}},
        )
        self._wake()
        self.holding = kind.announcement if kind.waits else ""
        if self.holding:
            self._changed()
        try:
            outcome = await self._acts[command.name](command)
        except Exception:
            log.exception("command.failed", name=command.name, number=command.id)
            outcome = Outcome("tool_failed")
        if outcome.later:
            return  # the program is about to end; the screen keeps saying why
        self.holding = ""
        self._end(row, command, outcome)
        self._changed()

    def _end(self, row: MessageRow, command: Command, outcome: Outcome) -> None:
        state = "failed" if outcome.reason else "done"
        body = {"id": command.id, "state": state, "reason": outcome.reason, "result": outcome.result}
        facts = {**self._as_done(command.id, command), RUNNING: None, **outcome.facts}
        self._outbox.finish_command(row.key, [("command.state", body)], facts)
        log.info("command.ended", name=command.name, number=command.id, state=state, reason=outcome.reason)
        self._wake()

    def _pick_up(self) -> None:
        """What a kill left begun: begun again by the loop, or ended here because doing it twice would be worse."""
        running = self._outbox.recall(RUNNING)
        if not running or running["id"] == self._pending():
            return
        kind = BY_NAME.get(str(running.get("name")))
        if kind is not None and kind.again:
            self._outbox.remember(RUNNING, None)
            return
        log.warning("command.interrupted", number=running["id"], name=running.get("name"))
        body = {"id": running["id"], "state": "failed", "reason": "interrupted"}
        kept = self._done() | {str(running["id"]): milliseconds(self._clock.now()) + KEPT_MS}
        self._outbox.finish_command(str(running["key"]), [("command.state", body)], {RUNNING: None, DONE: kept})

    def _pending(self) -> int | None:
        found = self._outbox.recall(PENDING)
        return int(found["id"]) if found else None

    # What was done already

    def _done(self) -> dict[str, int]:
        found: dict[str, int] = self._outbox.recall(DONE) or {}
        return found

    def _as_done(self, number: int, command: Command) -> dict[str, object]:
        """The memory with this number added, without those whose term is long over."""
        now_ms = milliseconds(self._clock.now())
        kept = {one: until for one, until in self._done().items() if until > now_ms}
        return {DONE: kept | {str(number): max(command.expires_ms, now_ms) + KEPT_MS}}
