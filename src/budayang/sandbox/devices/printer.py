"""A laser printer with one tray: paper that runs out, toner that fades, jams, and a queue (RFC 8011 states).

The model knows nothing of HTTP; `printer_door.py` speaks IPP for it. What is printed is counted and forgotten.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import IntEnum

import structlog

log = structlog.get_logger(__name__)

PAPER_LOW = 25
TONER_LOW = 10
MAX_SHEETS = 250
_KEPT_JOBS = 100


class PrinterState(IntEnum):
    IDLE = 3
    PROCESSING = 4
    STOPPED = 5


class JobState(IntEnum):
    PENDING = 3
    PROCESSING = 5
    STOPPED = 6
    CANCELED = 7
    ABORTED = 8
    COMPLETED = 9


ENDED = frozenset({JobState.CANCELED, JobState.ABORTED, JobState.COMPLETED})


@dataclass
class Job:
    """One job. Times are seconds of the printer's up time. `document` is dropped when the job ends."""

    number: int
    name: str
    user: str
    pages: int
    copies: int
    octets: int
    created_s: int
    document: bytes = b""
    state: JobState = JobState.PENDING
    reason: str = "none"
    printed: int = 0
    started_s: int | None = None
    ended_s: int | None = None


@dataclass
class Printer:
    """One printer. paper: sheets in the tray; toner: percent; page_s: seconds a page takes."""

    name: str
    paper: int = 200
    toner: float = 80.0
    jam: bool = False
    cover_open: bool = False
    page_s: float = 0.6
    toner_per_page: float = 0.02
    sheets_printed: int = 0
    keep_documents: bool = False
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    jobs: dict[int, Job] = field(default_factory=dict)
    kept: list[bytes] = field(default_factory=list)
    _active: Job | None = None
    _next_number: int = 1
    _booted: float = field(default_factory=time.monotonic)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    # What a person does to it.

    def set(
        self,
        *,
        paper: int | None = None,
        toner: float | None = None,
        jam: bool | None = None,
        cover_open: bool | None = None,
    ) -> None:
        """Fill, empty, jam, clear. Raises ValueError for paper outside 0..250 or toner outside 0..100."""
        if paper is not None and not 0 <= paper <= MAX_SHEETS:
            raise ValueError(f"the tray holds 0 to {MAX_SHEETS} sheets")
        if toner is not None and not 0 <= toner <= 100:
            raise ValueError("toner is 0 to 100 percent")
        self.paper = self.paper if paper is None else paper
        self.toner = self.toner if toner is None else float(toner)
        self.jam = self.jam if jam is None else jam
        self.cover_open = self.cover_open if cover_open is None else cover_open
        self._changed.set()

    # What it says about itself.

    def up_s(self) -> int:
        return max(1, int(time.monotonic() - self._booted) + 1)

    def blockers(self) -> list[str]:
        """Stems of the reasons for which it cannot print now."""
        checks = (
            ("media-jam", self.jam),
            ("cover-open", self.cover_open),
            ("media-empty", self.paper == 0),
            ("toner-empty", self.toner <= 0),
        )
        return [stem for stem, wrong in checks if wrong]

    def state(self) -> PrinterState:
        if self._active is None:
            return PrinterState.IDLE
        return PrinterState.STOPPED if self.blockers() else PrinterState.PROCESSING

    def reasons(self) -> list[str]:
        """printer-state-reasons. The stem is the fact; the suffix says how much it hinders at this moment.

        -report while nothing is to be printed, -warning while a job runs nevertheless, -error while a job waits for it
        (RFC 8011 section 5.4.12). Clients have to compare stems.
        """
        state = self.state()
        stems = self.blockers()
        if state is PrinterState.STOPPED and self.paper == 0:
            stems.append("media-needed")
        suffix = {PrinterState.IDLE: "-report", PrinterState.PROCESSING: "-warning"}.get(state, "-error")
        found = [stem + suffix for stem in stems]
        gentle = "-report" if state is PrinterState.IDLE else "-warning"
        if 0 < self.paper <= PAPER_LOW:
            found.append("media-low" + gentle)
        if 0 < self.toner <= TONER_LOW:
            found.append("toner-low" + gentle)
        return found or ["none"]

    def queued(self) -> int:
        return sum(job.state not in ENDED for job in self.jobs.values())

    # Jobs.

    def submit(self, *, name: str, user: str, document: bytes, pages: int, copies: int) -> Job:
        """Queue a job; with 0 pages it is aborted at once as unreadable."""
        job = Job(self._next_number, name, user, pages, copies, len(document), self.up_s(), document)
        self._next_number += 1
        self.jobs[job.number] = job
        for number in [n for n, old in self.jobs.items() if old.state in ENDED][: max(0, len(self.jobs) - _KEPT_JOBS)]:
            del self.jobs[number]
        if pages == 0:
            self._end(job, JobState.ABORTED, "document-format-error")
        self._changed.set()
        return job

    def cancel(self, job: Job) -> bool:
        """True when the job was still to be printed."""
        if job.state in ENDED:
            return False
        self._end(job, JobState.CANCELED, "job-canceled-by-user")
        self._changed.set()
        return True

    async def work(self) -> None:
        """Print what is queued, for ever. Cancel the task to switch the printer off."""
        while True:
            job = next((job for job in self.jobs.values() if job.state is JobState.PENDING), None)
            if job is None:
                await self._wait()
                continue
            self._active = job
            job.started_s = self.up_s()
            try:
                await self._print(job)
            finally:
                self._active = None
            log.info("simulated_printer_job_ended", printer=self.name, job=job.number, state=job.state.name.lower())

    async def _print(self, job: Job) -> None:
        while job.state not in ENDED and job.printed < job.pages * job.copies:
            if self.blockers():
                job.state, job.reason = JobState.STOPPED, "printer-stopped"
                await self._wait()
                continue
            job.state, job.reason = JobState.PROCESSING, "job-printing"
            await self.sleep(self.page_s)
            # Somebody may have opened the cover or cancelled the job while the page was on its way.
            if job.state in ENDED or self.blockers():
                continue
            self.paper -= 1
            self.toner = max(0.0, self.toner - self.toner_per_page)
            self.sheets_printed += 1
            job.printed += 1
        if job.state not in ENDED:
            self._end(job, JobState.COMPLETED, "job-completed-successfully")

    async def _wait(self) -> None:
        await self._changed.wait()
        self._changed.clear()

    def _end(self, job: Job, state: JobState, reason: str) -> None:
        if self.keep_documents and state is JobState.COMPLETED:
            self.kept.append(job.document)
        # The paper is a person's and goes. The job's name stays, as in real printers: it is a case number, by which a
        # terminal that was killed finds out whether its job was printed.
        job.document = b""
        job.state, job.reason, job.ended_s = state, reason, self.up_s()
