"""The A4 printer over IPP by pyipp: states by Get-Printer-Attributes, jobs by Print-Job and Get-Job-Attributes.

The printer itself is asked, never a queue beside it: a CUPS queue tells the reasons of its last job.
"""

from __future__ import annotations

from typing import Any

import aiohttp
import structlog
from pyipp import IPP, IPPConnectionError, IPPError
from pyipp.enums import IppOperation

from budayang.terminal.devices.printer import states
from budayang.terminal.devices.printer.jobs import Job, JobState
from budayang.terminal.devices.table import States
from budayang.terminal.errors import DeviceError
from budayang.terminal.settings import Settings
from budayang.uplink.clock import Clock

log = structlog.get_logger(__name__)

ATTRIBUTES = ["printer-state", "printer-state-reasons", "printer-make-and-model"]
JOB_SHEETS = ("job-media-sheets-completed", "job-impressions-completed")
JOB_ATTRIBUTES = ["job-id", "job-name", "job-state", "job-state-reasons", *JOB_SHEETS]
METERS = ("printer-media-sheets-completed", "printer-impressions-completed")  # PWG 5100.22, lifetime totals
REQUEST_S = 8


class IppPrinter:
    """One printer."""

    kind = "printer"

    def __init__(self, url: str, *, subject: str = "printer") -> None:
        self.subject = subject
        self.poll_s = 2.0
        self.model = ""
        self._url = url
        self._ipp = IPP(url, request_timeout=REQUEST_S)

    async def poll(self) -> States:
        """All properties; a printer that does not answer is offline and its paper unknown."""
        try:
            answer = await self._execute(IppOperation.GET_PRINTER_ATTRIBUTES, {"requested-attributes": ATTRIBUTES})
        except DeviceError as error:
            return states.absent(error.reason)
        printer: dict[str, Any] = next(iter(answer.get("printers") or []), {})
        self.model = str(printer.get("printer-make-and-model", ""))
        return states.translate(
            int(printer.get("printer-state", states.STOPPED)), _words(printer.get("printer-state-reasons"))
        )

    async def meter(self) -> int | None:
        """Sheets in the printer's life, by its own meter; None when it has none.

        Raises:
            DeviceError: it cannot be asked now.
        """
        answer = await self._execute(IppOperation.GET_PRINTER_ATTRIBUTES, {"requested-attributes": [*METERS]})
        printer: dict[str, Any] = next(iter(answer.get("printers") or []), {})
        return _first_count(printer, METERS)

    async def print_pdf(self, name: str, document: bytes) -> Job:
        """Send one PDF as a job. `name` is the case number's, never a person's.

        Raises:
            DeviceError: offline (nothing was taken, as far as can be known) or refused.
        """
        answer = await self._execute(
            IppOperation.PRINT_JOB,
            {"requesting-user-name": "budayang", "job-name": name, "document-format": "application/pdf"},
            job={"copies": 1, "sides": "one-sided"},
            data=document,
        )
        return _job(next(iter(answer.get("jobs") or []), {}), name)

    async def job(self, job_id: int) -> Job | None:
        """How the job stands; None when the printer does not know it (any more)."""
        try:
            answer = await self._execute(
                IppOperation.GET_JOB_ATTRIBUTES, {"job-id": job_id, "requested-attributes": JOB_ATTRIBUTES}
            )
        except DeviceError as error:
            if error.reason == "refused":
                return None
            raise
        found = next(iter(answer.get("jobs") or []), None)
        return _job(found, "") if found else None

    async def find_job(self, name: str) -> Job | None:
        """The newest job of that name, ended or not; None when there is none, or the printer keeps no list."""
        for which in ("not-completed", "completed"):
            try:
                answer = await self._execute(
                    IppOperation.GET_JOBS, {"which-jobs": which, "requested-attributes": JOB_ATTRIBUTES}
                )
            except DeviceError as error:
                if error.reason == "refused":
                    continue
                raise
            jobs = [_job(row, "") for row in answer.get("jobs") or [] if row.get("job-name") == name]
            if jobs:
                return max(jobs, key=lambda job: job.id)
        return None

    async def cancel(self, job_id: int) -> None:
        """Ask the printer to drop the job; one that has ended already stays as it ended."""
        try:
            await self._execute(IppOperation.CANCEL_JOB, {"job-id": job_id})
        except DeviceError as error:
            log.info("printer.cancel_failed", job=job_id, reason=error.reason)

    async def close(self) -> None:
        """Close the HTTP session."""
        await self._ipp.close()

    async def _execute(
        self,
        operation: IppOperation,
        attributes: dict[str, Any],
        *,
        job: dict[str, Any] | None = None,
        data: bytes = b"",
    ) -> dict[str, Any]:
        message: dict[str, Any] = {"operation-attributes-tag": attributes}
        if job:
            message["job-attributes-tag"] = job
        if data:
            message["data"] = data
        try:
            answer: dict[str, Any] = await self._ipp.execute(operation, message)
        except (IPPConnectionError, aiohttp.ClientError, OSError) as error:
            raise DeviceError("offline", type(error.__cause__ or error).__name__) from error
        except IPPError as error:
            raise DeviceError("refused", str(error)) from error
        return answer


def _words(value: object) -> tuple[str, ...]:
    """A 1setOf with one member comes back as the member itself; "none" says that there is none."""
    if value is None:
        return ()
    items = value if isinstance(value, (list, tuple)) else (value,)
    return tuple(str(item) for item in items if str(item) != "none")


def _job(row: dict[str, Any], name: str) -> Job:
    if "job-id" not in row:
        raise DeviceError("refused", "no job-id")
    return Job(
        id=int(row["job-id"]),
        name=str(row.get("job-name", name)),
        state=JobState(int(row.get("job-state", JobState.PENDING))),
        reasons=_words(row.get("job-state-reasons")),
        sheets=_first_count(row, JOB_SHEETS) or 0,
    )


def _first_count(row: dict[str, Any], names: tuple[str, ...]) -> int | None:
    """The first of these attributes that is a count; IPP's "no-value" is none."""
    return next((row[name] for name in names if isinstance(row.get(name), int) and row[name] >= 0), None)


def build(settings: Settings, clock: Clock) -> IppPrinter:
    """The printer of the settings."""
    del clock
    return IppPrinter(settings.printer_url)
