"""Printing as a tracked act: entitled → sent → confirmed by the device → taken. A reprint right survives jam,
leaving and restart.

The papers themselves are in memory only. What is kept is the case number, the state and the printer's job ids. After a
restart the printer is asked what became of its jobs, and the person gets the papers again from the center.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

import structlog

from budayang.terminal.devices.printer.jobs import ENDED, Job, JobState
from budayang.terminal.devices.printer.states import trouble
from budayang.terminal.devices.table import States
from budayang.terminal.errors import DeviceError
from budayang.terminal.outbox import ActRow, Outbox
from budayang.uplink.clock import Clock

log = structlog.get_logger(__name__)

FOLLOW_S = 0.5
RECOVER_S = 10.0
MISPRINTS = 2


class PaperState(StrEnum):
    """Where a paper stands."""

    ENTITLED = "entitled"
    SENT = "sent"
    CONFIRMED = "confirmed"
    TAKEN = "taken"
    FAILED = "failed"


class PaperEvent(StrEnum):
    """What happens to a paper."""

    SEND = "send"
    OUT = "out"
    FAIL = "fail"
    TAKE = "take"


P, V = PaperState, PaperEvent
PAPER_TRANSITIONS: dict[tuple[PaperState, PaperEvent], PaperState] = {
    (P.ENTITLED, V.SEND): P.SENT,
    (P.SENT, V.OUT): P.CONFIRMED,
    (P.SENT, V.FAIL): P.FAILED,
    (P.FAILED, V.SEND): P.SENT,
    (P.FAILED, V.OUT): P.CONFIRMED,  # a page that was given up came out after all
    (P.CONFIRMED, V.TAKE): P.TAKEN,
    (P.CONFIRMED, V.FAIL): P.FAILED,  # the person says that it is not whole
    (P.CONFIRMED, V.SEND): P.SENT,  # printed, never taken, and the person is back for it
}


class Phase(StrEnum):
    """What the person is told while printing."""

    ENTITLED = "entitled"
    SENDING = "sending"
    SENT = "sent"
    TROUBLE = "trouble"


class Printer(Protocol):
    """What printing needs of a printer's driver."""

    async def print_pdf(self, name: str, document: bytes) -> Job: ...
    async def job(self, job_id: int) -> Job | None: ...
    async def find_job(self, name: str) -> Job | None: ...
    async def cancel(self, job_id: int) -> None: ...


@dataclass(slots=True)
class Act:
    """One paper under way: `documents` in the order in which they come out, `done` how many are out already."""

    number: str
    documents: tuple[bytes, ...]
    phase: Phase = Phase.ENTITLED
    trouble: str = ""
    failed: bool = False
    done: int = 0
    since: datetime | None = None

    def __repr__(self) -> str:
        return f"Act({self.number})"


class _Failed(Exception):
    """The attempt is over without all pages."""


class Printing:
    """All printing of this terminal. `ask` polls the printer's states now; `on_change` tells the screens."""

    def __init__(
        self, printer: Printer | None, outbox: Outbox, clock: Clock, ask: Callable[[], Awaitable[States]]
    ) -> None:
        self.on_change: Callable[[], None] = lambda: None
        self.wake: Callable[[], None] = lambda: None
        self.printed: Callable[[int], None] = lambda sheets: None
        self._printer = printer
        self._outbox = outbox
        self._clock = clock
        self._ask = ask
        self._running: set[str] = set()

    def entitle(self, number: str, documents: tuple[bytes, ...]) -> Act:
        """Begin, or take up again, the printing of a case's papers. The right is given once; asking again changes
        nothing.
        """
        if self._outbox.find_act(number) is None:
            row = ActRow(number, P.ENTITLED, 0, documents=len(documents))
            self._write(row, {"number": number, "state": P.ENTITLED})
        return Act(number, documents, since=self._clock.now())

    async def run(self, act: Act) -> bool:
        """Print what is not out yet; True when the device confirmed all of it. Trouble is told by the act's phase."""
        self._running.add(act.number)
        try:
            return await self._attempt(act)
        except _Failed as failed:
            self._move(act.number, V.FAIL, str(failed))
            act.failed = True
            self._show(act, Phase.TROUBLE, str(failed))
            return False
        finally:
            self._running.discard(act.number)

    async def _attempt(self, act: Act) -> bool:
        act.failed = False
        if self._printer is None:
            raise _Failed("offline")
        row = self._row(act.number)
        # Written before the first byte goes to the printer: after a kill the printer is asked, nobody guesses.
        sent = self._next(row, V.SEND)
        row = replace(row, state=sent, attempt=row.attempt + 1, jobs=(), documents=len(act.documents) - act.done)
        self._write(row, {"number": act.number, "state": sent, "job": str(row.attempt)})
        self._show(act, Phase.SENDING)
        for document in act.documents[act.done :]:
            name = job_name(act.number, row.attempt, len(row.jobs) + 1)
            try:
                job = await self._printer.print_pdf(name, document)
            except DeviceError as error:
                log.warning("printing.not_taken", number=act.number, reason=error.reason, detail=error.detail)
                raise _Failed("offline" if error.reason == "offline" else "other") from error
            row = replace(row, jobs=(*row.jobs, job.id))
            self._write(row, None)
            await self._follow(act, job.id)
            act.done += 1
            self.on_change()
        self._move(act.number, V.OUT)
        return True

    async def _follow(self, act: Act, job_id: int) -> None:
        assert self._printer is not None
        unknown = 0
        while True:
            try:
                job = await self._printer.job(job_id)
            except DeviceError:
                self._show(act, Phase.TROUBLE, "offline")
            else:
                unknown = unknown + 1 if job is None else 0
                if unknown >= 3:
                    raise _Failed("other")
                if job is not None and job.state is JobState.COMPLETED:
                    self.printed(job.sheets)
                    return
                why = trouble(await self._ask())
                if job is not None and job.state in ENDED:
                    raise _Failed(why or "other")
                stopped = job is not None and job.state in {JobState.STOPPED, JobState.HELD}
                self._show(act, Phase.TROUBLE if why or stopped else Phase.SENT, why or ("other" if stopped else ""))
            await asyncio.sleep(FOLLOW_S)

    async def settle(self, number: str, reason: str) -> bool:
        """Nobody stands before this act any more: stop what still would come out and write how it ended.

        False when the printer cannot be asked now; then it is asked again later.
        """
        row = self._outbox.find_act(number)
        if row is None or row.state != P.SENT or number in self._running or self._printer is None:
            return True
        completed = 0
        try:
            jobs = list(row.jobs)
            if len(jobs) < row.documents:
                # Killed between the printer's yes and our note of its number: the job's name tells.
                lost = await self._printer.find_job(job_name(number, row.attempt, len(jobs) + 1))
                jobs += [lost.id] if lost is not None else []
            for job_id in jobs:
                job = await self._printer.job(job_id)
                if job is not None and job.state not in ENDED:
                    await self._printer.cancel(job_id)
                    job = await self._printer.job(job_id)
                completed += job is not None and job.state is JobState.COMPLETED
        except DeviceError:
            return False
        done = bool(row.documents) and completed == row.documents
        self._move(number, V.OUT if done else V.FAIL, "" if done else reason)
        return True

    async def recover(self) -> None:
        """Settle, for ever, what a restart or a left journey has left under way."""
        while True:
            for row in self._outbox.acts_in(P.SENT):
                if row.number not in self._running:
                    await self.settle(row.number, "unknown_after_restart")
            await asyncio.sleep(RECOVER_S)

    def taken(self, number: str) -> None:
        """The person has the paper in hand."""
        self._move(number, V.TAKE)

    def misprints_left(self, number: str) -> int:
        """How often the person may still say that the paper is not whole."""
        row = self._outbox.find_act(number)
        return MISPRINTS - row.misprints if row is not None else 0

    def misprint(self, act: Act) -> bool:
        """The person says that the paper is not whole: the right to print is given back, twice at most."""
        row = self._row(act.number)
        if row.misprints >= MISPRINTS or row.state != P.CONFIRMED:
            return False
        failed = replace(row, state=self._next(row, V.FAIL), misprints=row.misprints + 1)
        self._write(failed, {"number": act.number, "state": failed.state, "reason": "not_whole"})
        act.done, act.phase, act.trouble = 0, Phase.ENTITLED, ""
        return True

    def may_print(self, number: str) -> bool:
        """Whether the paper is not taken yet, as far as this terminal knows."""
        row = self._outbox.find_act(number)
        return row is None or (P(row.state), V.SEND) in PAPER_TRANSITIONS

    def _row(self, number: str) -> ActRow:
        row = self._outbox.find_act(number)
        if row is None:
            raise KeyError(number)
        return row

    def _next(self, row: ActRow, event: PaperEvent) -> PaperState:
        found = PAPER_TRANSITIONS.get((P(row.state), event))
        if found is None:
            raise _Failed("other")
        return found

    def _move(self, number: str, event: PaperEvent, reason: str = "") -> None:
        row = self._row(number)
        state = PAPER_TRANSITIONS.get((P(row.state), event))
        if state is None:
            log.warning("printing.does_not_fit", number=number, state=row.state, what=event)
            return
        body: dict[str, Any] = {"number": number, "state": state}
        self._write(replace(row, state=state), body | ({"reason": reason} if reason else {}))

    def _write(self, row: ActRow, event: dict[str, Any] | None) -> None:
        self._outbox.save_act(row, event)
        if event is not None:
            log.info("printing.act", number=row.number, state=row.state, attempt=row.attempt)
            self.wake()

    def _show(self, act: Act, phase: Phase, why: str = "") -> None:
        if (phase, why) != (act.phase, act.trouble):
            act.phase, act.trouble, act.since = phase, why, self._clock.now()
            self.on_change()


def job_name(number: str, attempt: int, document: int) -> str:
    """The name under which the printer knows a job: found again after a kill, and nobody's name."""
    return f"{number}/{attempt}/{document}"
