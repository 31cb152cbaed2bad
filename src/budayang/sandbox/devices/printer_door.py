"""IPP over HTTP (RFC 8010, RFC 8011) for a simulated printer: `/ipp/print`."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from budayang.sandbox.devices.ipp import (
    Attributes,
    BadMessage,
    Message,
    Operation,
    Status,
    Tag,
    decode,
    encode,
    enums,
    integers,
    keywords,
    only,
    value,
)
from budayang.sandbox.devices.pdfpages import count_pages
from budayang.sandbox.devices.printer import ENDED, MAX_SHEETS, Job, JobState, Printer

PATH = "/ipp/print"
_MAX_REQUEST = 32 * 1024 * 1024
_MAX_COPIES = 99
_FORMATS = ("application/pdf", "application/octet-stream")
_TEMPLATE_NAMES = (
    "copies-default", "copies-supported", "media-col-default", "media-default", "media-ready", "media-supported",
    "sides-default", "sides-supported",
)  # fmt: skip
_A4: Attributes = {
    "media-size": value(Tag.BEGIN_COLLECTION, {"x-dimension": integers(21000), "y-dimension": integers(29700)}),
}


class _Refusal(Exception):
    def __init__(self, status: Status, message: str) -> None:
        super().__init__(message)
        self.status = status


class PrinterDoor:
    """Answers IPP requests for one printer; `app()` is its ASGI application and runs the printer too."""

    def __init__(self, printer: Printer, *, uri: str) -> None:
        self.printer = printer
        self._uri = uri
        self._uuid = uuid.uuid5(uuid.NAMESPACE_URL, uri).urn
        self._operations: dict[int, Callable[[Message], list[tuple[int, Attributes]]]] = {
            Operation.PRINT_JOB: self._print_job,
            Operation.VALIDATE_JOB: self._validate_job,
            Operation.CANCEL_JOB: self._cancel_job,
            Operation.GET_JOB_ATTRIBUTES: self._get_job_attributes,
            Operation.GET_JOBS: self._get_jobs,
            Operation.GET_PRINTER_ATTRIBUTES: self._get_printer_attributes,
        }

    def app(self) -> Starlette:
        @asynccontextmanager
        async def lifespan(_app: Starlette) -> AsyncIterator[None]:
            working = asyncio.create_task(self.printer.work())
            yield
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)

        return Starlette(routes=[Route(PATH, self._post, methods=["POST"])], lifespan=lifespan)

    async def _post(self, request: Request) -> Response:
        if request.headers.get("content-type", "").split(";")[0] != "application/ipp":
            return Response("IPP only", 415)
        body = bytearray()
        async for piece in request.stream():
            body += piece
            if len(body) > _MAX_REQUEST:
                return Response("request too large", 413)
        try:
            message = decode(bytes(body))
        except BadMessage:
            return Response("not an IPP message", 400)
        return Response(encode(self.answer(message)), media_type="application/ipp")

    def answer(self, message: Message) -> Message:
        """The IPP answer; every error is an IPP status, never an exception."""
        head: Attributes = {
            "attributes-charset": value(Tag.CHARSET, "utf-8"),
            "attributes-natural-language": value(Tag.LANGUAGE, "en"),
        }
        groups: list[tuple[int, Attributes]] = []
        status = Status.OK
        try:
            self._check(message)
            groups = self._operations[message.code](message)
        except _Refusal as refusal:
            status = refusal.status
            head["status-message"] = value(Tag.TEXT, str(refusal))
        version = message.version if message.version in ((1, 1), (2, 0)) else (2, 0)
        return Message(version, status, message.request_id, [(Tag.OPERATION, head), *groups])

    def _check(self, message: Message) -> None:
        if message.version[0] not in (1, 2):
            raise _Refusal(Status.VERSION_NOT_SUPPORTED, "IPP 1.1 and 2.0 are spoken here")
        if message.code not in self._operations:
            raise _Refusal(Status.OPERATION_NOT_SUPPORTED, "operation not supported")
        first = next(iter(message.groups), (0, {}))
        names = list(first[1])
        if first[0] != Tag.OPERATION or names[:2] != ["attributes-charset", "attributes-natural-language"]:
            raise _Refusal(Status.BAD_REQUEST, "attributes-charset and attributes-natural-language come first")
        if message.request_id == 0:
            raise _Refusal(Status.BAD_REQUEST, "request-id must not be 0")
        if _text(first[1], "attributes-charset").lower() not in ("utf-8", "us-ascii"):
            raise _Refusal(Status.CHARSET_NOT_SUPPORTED, "only utf-8")
        if "printer-uri" not in names and "job-uri" not in names:
            raise _Refusal(Status.BAD_REQUEST, "printer-uri is missing")
        target = _text(first[1], "printer-uri")
        if target and not target.split("?")[0].rstrip("/").endswith(PATH):
            raise _Refusal(Status.NOT_FOUND, "no printer at this uri")

    # Operations, RFC 8011 section 4.2 and 4.3.

    def _validate_job(self, message: Message) -> list[tuple[int, Attributes]]:
        operation = message.group(Tag.OPERATION)
        if _text(operation, "document-format", _FORMATS[0]) not in _FORMATS:
            raise _Refusal(Status.FORMAT_NOT_SUPPORTED, "only PDF")
        if _text(operation, "compression", "none") != "none":
            raise _Refusal(Status.COMPRESSION_NOT_SUPPORTED, "no compression")
        if not 1 <= _number(message.group(Tag.JOB), "copies", 1) <= _MAX_COPIES:
            raise _Refusal(Status.ATTRIBUTES_NOT_SUPPORTED, f"copies must be 1 to {_MAX_COPIES}")
        return []

    def _print_job(self, message: Message) -> list[tuple[int, Attributes]]:
        self._validate_job(message)
        if not message.data:
            raise _Refusal(Status.BAD_REQUEST, "no document")
        operation = message.group(Tag.OPERATION)
        job = self.printer.submit(
            name=_text(operation, "job-name", "untitled"),
            user=_text(operation, "requesting-user-name", "anonymous"),
            document=message.data,
            pages=count_pages(message.data),
            copies=_number(message.group(Tag.JOB), "copies", 1),
        )
        shown = ("job-id", "job-uri", "job-state", "job-state-reasons")
        return [(Tag.JOB, only(self._job_attributes(job), shown, {}))]

    def _cancel_job(self, message: Message) -> list[tuple[int, Attributes]]:
        if not self.printer.cancel(self._job(message)):
            raise _Refusal(Status.NOT_POSSIBLE, "the job has ended")
        return []

    def _get_job_attributes(self, message: Message) -> list[tuple[int, Attributes]]:
        job = self._job(message)
        return [(Tag.JOB, only(self._job_attributes(job), _requested(message, ("all",)), {}))]

    def _get_jobs(self, message: Message) -> list[tuple[int, Attributes]]:
        operation = message.group(Tag.OPERATION)
        which = _text(operation, "which-jobs", "not-completed")
        if which not in ("completed", "not-completed", "all"):
            raise _Refusal(Status.ATTRIBUTES_NOT_SUPPORTED, "which-jobs: completed, not-completed or all")
        jobs = [
            job
            for job in self.printer.jobs.values()
            if which == "all" or (job.state in ENDED) == (which == "completed")
        ]
        if which == "completed":
            jobs.reverse()
        limit = _number(operation, "limit", len(jobs))
        wanted = _requested(message, ("job-id", "job-uri"))
        return [(Tag.JOB, only(self._job_attributes(job), wanted, {})) for job in jobs[: max(0, limit)]]

    def _get_printer_attributes(self, message: Message) -> list[tuple[int, Attributes]]:
        groups = {
            "job-template": _TEMPLATE_NAMES,
            "printer-description": tuple(name for name in self._printer_attributes() if name not in _TEMPLATE_NAMES),
        }
        return [(Tag.PRINTER, only(self._printer_attributes(), _requested(message, ("all",)), groups))]

    # Attributes, RFC 8011 section 5.3 and 5.4, PWG 5100.13 for tray and supplies.

    def _job(self, message: Message) -> Job:
        operation = message.group(Tag.OPERATION)
        number = _number(operation, "job-id", 0)
        if not number:
            tail = _text(operation, "job-uri").rpartition("/")[2]
            number = int(tail) if tail.isdecimal() else 0
        job = self.printer.jobs.get(number)
        if job is None:
            raise _Refusal(Status.NOT_FOUND, "no such job")
        return job

    def _job_attributes(self, job: Job) -> Attributes:
        def seconds(moment: int | None) -> Any:
            return integers(moment) if moment is not None else value(Tag.NO_VALUE, None)

        return {
            "job-id": integers(job.number),
            "job-uri": value(Tag.URI, f"{self._uri}/{job.number}"),
            "job-printer-uri": value(Tag.URI, self._uri),
            "job-name": value(Tag.NAME, job.name),
            "job-originating-user-name": value(Tag.NAME, job.user),
            "job-state": enums(job.state),
            "job-state-reasons": keywords(*self._job_reasons(job)),
            "job-impressions": integers(job.pages * job.copies),
            "job-impressions-completed": integers(job.printed),
            "job-media-sheets-completed": integers(job.printed),
            "job-k-octets": integers(-(-job.octets // 1024)),
            "copies": integers(job.copies),
            "job-printer-up-time": integers(self.printer.up_s()),
            "time-at-creation": integers(job.created_s),
            "time-at-processing": seconds(job.started_s),
            "time-at-completed": seconds(job.ended_s),
            "attributes-charset": value(Tag.CHARSET, "utf-8"),
            "attributes-natural-language": value(Tag.LANGUAGE, "en"),
        }

    def _job_reasons(self, job: Job) -> list[str]:
        waits_for_media = job.state is JobState.STOPPED and self.printer.paper == 0
        return [job.reason, "resources-are-not-ready"] if waits_for_media else [job.reason]

    def _printer_attributes(self) -> Attributes:
        printer = self.printer
        return {
            "printer-uri-supported": value(Tag.URI, self._uri),
            "uri-authentication-supported": keywords("none"),
            "uri-security-supported": keywords("none"),
            "printer-name": value(Tag.NAME, printer.name),
            "printer-info": value(Tag.TEXT, f"{printer.name} (simulated)"),
            "printer-location": value(Tag.TEXT, "sandbox"),
            "printer-make-and-model": value(Tag.TEXT, "Budayang Sandbox A4"),
            "printer-device-id": value(Tag.TEXT, "MFG:Budayang;MDL:Sandbox A4;CMD:PDF;SN:demo"),
            "printer-uuid": value(Tag.URI, self._uuid),
            "printer-more-info": value(Tag.URI, self._uri.replace("ipp:", "http:")),
            "printer-state": enums(printer.state()),
            "printer-state-reasons": keywords(*printer.reasons()),
            "printer-state-message": value(Tag.TEXT, ""),
            "printer-is-accepting-jobs": value(Tag.BOOLEAN, True),
            "printer-up-time": integers(printer.up_s()),
            "printer-current-time": value(Tag.DATE, _date(datetime.now(UTC))),
            "queued-job-count": integers(printer.queued()),
            "ipp-versions-supported": keywords("1.1", "2.0"),
            "operations-supported": enums(*sorted(self._operations)),
            "charset-configured": value(Tag.CHARSET, "utf-8"),
            "charset-supported": value(Tag.CHARSET, "utf-8", "us-ascii"),
            "natural-language-configured": value(Tag.LANGUAGE, "en"),
            "generated-natural-language-supported": value(Tag.LANGUAGE, "en"),
            "document-format-default": value(Tag.MIME, _FORMATS[0]),
            "document-format-supported": value(Tag.MIME, *_FORMATS),
            "pdl-override-supported": keywords("not-attempted"),
            "compression-supported": keywords("none"),
            "multiple-document-jobs-supported": value(Tag.BOOLEAN, False),
            "color-supported": value(Tag.BOOLEAN, False),
            "copies-default": integers(1),
            "copies-supported": value(Tag.RANGE, (1, _MAX_COPIES)),
            "media-col-default": value(Tag.BEGIN_COLLECTION, _A4),
            "media-default": keywords("iso_a4_210x297mm"),
            "media-ready": keywords("iso_a4_210x297mm"),
            "media-supported": keywords("iso_a4_210x297mm"),
            "sides-default": keywords("one-sided"),
            "sides-supported": keywords("one-sided"),
            "printer-input-tray": value(Tag.OCTETS, self._tray()),
            "printer-supply": value(Tag.OCTETS, self._supply()),
            "printer-supply-description": value(Tag.TEXT, "Black Toner"),
            "printer-impressions-completed": integers(printer.sheets_printed),
            "printer-media-sheets-completed": integers(printer.sheets_printed),
        }

    def _tray(self) -> bytes:
        return (
            "type=sheetFeedAutoRemovableTray;mediafeed=29700;mediaxfeed=21000;"
            f"maxcapacity={MAX_SHEETS};level={self.printer.paper};status=0;name=main;"
        ).encode()

    def _supply(self) -> bytes:
        return (
            "index=1;class=supplyThatIsConsumed;type=toner;unit=percent;"
            f"maxcapacity=100;level={round(self.printer.toner)};colorantname=black;"
        ).encode()


def _text(attributes: Attributes, name: str, default: str = "") -> str:
    found = attributes.get(name)
    return found.values[0] if found and isinstance(found.values[0], str) else default


def _number(attributes: Attributes, name: str, default: int) -> int:
    found = attributes.get(name)
    return found.values[0] if found and isinstance(found.values[0], int) else default


def _requested(message: Message, default: tuple[str, ...]) -> tuple[str, ...]:
    found = message.group(Tag.OPERATION).get("requested-attributes")
    return tuple(str(one) for one in found.values) if found else default


def _date(moment: datetime) -> bytes:
    """DateAndTime of RFC 2579, 11 octets, UTC."""
    fields = (moment.month, moment.day, moment.hour, moment.minute, moment.second, moment.microsecond // 100_000)
    return moment.year.to_bytes(2, "big") + bytes(fields) + b"+\0\0"
