"""The hand in the box: put a card on a reader, take paper out of a printer, switch a department off. /control/…

For people a small page, for stories and tests JSON. Only this machine may call it, and only with a JSON body: a foreign
web page in the same browser can send neither the Host nor that content type without being asked first.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from importlib import resources
from typing import Any, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from budayang.sandbox.citizens import citizens, find_citizen
from budayang.sandbox.clock import Clock
from budayang.sandbox.departments.desks import OFFICES
from budayang.sandbox.departments.door import Departments
from budayang.sandbox.departments.site import DepartmentSite
from budayang.sandbox.devices.facecamera import FaceCamera, Sight
from budayang.sandbox.devices.idreader import Fault, IdReader, Sam
from budayang.sandbox.devices.pagewindow import PageWindow
from budayang.sandbox.devices.payerscanner import PayerScanner
from budayang.sandbox.devices.printer import Printer
from budayang.sandbox.devices.watched import Page, Power, WatchedMachine

_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_FILES = {
    "": ("index.html", "text/html"),
    "page.js": ("page.js", "text/javascript"),
    "page.css": ("page.css", "text/css"),
}


class _PrinterOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    paper: int | None = None
    toner: float | None = None
    jam: bool | None = None
    cover_open: bool | None = None
    page_s: float | None = None
    keep: bool | None = None  # whether the papers that come out can be looked at


class _ReaderOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`card`: a citizen's key or name, or null to lift the card; left out, the card stays."""

    card: str | msgspec.UnsetType | None = msgspec.UNSET
    sam: Sam | None = None
    fault: Fault | None = None
    times: int = 1


class _ScannerOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`show`: the code that a payer's phone holds before the window."""

    show: str


class _FaceOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`who` stands before the camera: a citizen's key or name; null for the holder of the card that lies there."""

    who: str | msgspec.UnsetType | None = msgspec.UNSET
    sight: Sight | None = None
    engine_down: bool | None = None


class _WindowOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`why`: what the machine lacks for department pages, "" when nothing; `close`: the window is closed by itself."""

    why: str | None = None
    close: bool = False


class _VisitOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A touch on the department's page that is open: a path, and the form that is posted there."""

    path: str
    form: dict[str, str] | None = None


class _MachineOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    power: Power | None = None
    page: Page | None = None


class _DepartmentOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    down: bool | None = None
    delay_s: float | None = None
    lose_answers: int | None = None
    always_open: bool | None = None
    closed: bool | None = None
    forget_keys: bool | None = None
    flaky: float | None = None
    fail: int | None = None
    cut: int | None = None
    hang: int | None = None
    malformed: int | None = None
    not_json: int | None = None
    wrong_person: int | None = None
    swap: int | None = None


class _ClockOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    at: datetime | None = None
    factor: float | None = None


T = TypeVar("T")
Order = Callable[[str, bytes], Awaitable[None] | None]


@dataclass
class Box:
    """Everything that can be handled. Readers, printers and departments' own machines are numbered from 1, in the order
    of their ports.
    """

    clock: Clock
    departments: Departments
    readers: list[IdReader]
    printers: list[Printer]
    machines: list[WatchedMachine] = field(default_factory=list)
    scanners: list[PayerScanner] = field(default_factory=list)
    faces: list[FaceCamera] = field(default_factory=list)
    windows: list[PageWindow] = field(default_factory=list)
    site: DepartmentSite = field(default_factory=DepartmentSite)

    def state(self) -> dict[str, Any]:
        """What there is, as /control/state tells it."""
        return {
            "demo": True,
            "notice": "演示数据",
            "clock": {"now": self.clock.now().isoformat(), "factor": self.clock.factor},
            "printers": {str(number): _printer_state(one) for number, one in enumerate(self.printers, 1)},
            "readers": {str(number): _reader_state(one) for number, one in enumerate(self.readers, 1)},
            "machines": {str(number): _machine_state(one) for number, one in enumerate(self.machines, 1)},
            "scanners": {str(number): {"scanned": one.scanned} for number, one in enumerate(self.scanners, 1)},
            "faces": {str(number): one.shown() for number, one in enumerate(self.faces, 1)},
            "windows": {str(number): one.shown() for number, one in enumerate(self.windows, 1)},
            "site": self.site.shown(),
            "departments": {
                code: {
                    "name": office.name,
                    **self.departments.switches[code].shown(),
                    "answered": self.departments.ledger.count(code),
                }
                for code, office in OFFICES.items()
            },
        }

    def routes(self) -> list[Route]:
        return [
            Route("/control/state", self._state, methods=["GET"]),
            Route("/control/citizens", self._citizens, methods=["GET"]),
            Route("/control/printers/{which}", self._ordered(self._printer), methods=["POST"]),
            Route("/control/printers/{which}/paper", self._paper, methods=["GET"]),
            Route("/control/readers/{which}", self._ordered(self._reader), methods=["POST"]),
            Route("/control/scanners/{which}", self._ordered(self._scanner), methods=["POST"]),
            Route("/control/windows/{which}", self._ordered(self._window), methods=["POST"]),
            Route("/control/windows/{which}/visit", self._visit, methods=["POST"]),
            Route("/control/faces/{which}", self._ordered(self._face), methods=["POST"]),
            Route("/control/machines/{which}", self._ordered(self._machine), methods=["POST"]),
            Route("/plugs/{which}/rpc/Switch.GetStatus", self._plug, methods=["GET"]),
            Route("/control/departments/{which}", self._ordered(self._department), methods=["POST"]),
            Route("/control/departments/{which}/matters", self._matters, methods=["GET"]),
            Route("/control/clock", self._ordered(self._set_clock), methods=["POST"]),
            Route("/control/{file:path}", self._file, methods=["GET"]),
        ]

    async def _state(self, _request: Request) -> Response:
        return JSONResponse(self.state())

    async def _citizens(self, _request: Request) -> Response:
        shown = ("key", "name", "id_number", "card_code", "sex", "birth", "note")
        return JSONResponse(
            {"notice": "演示数据", "citizens": [{name: getattr(one, name) for name in shown} for one in citizens()]}
        )

    async def _matters(self, request: Request) -> Response:
        """What a department has of each matter, and how often it acted on it: whether something was done twice."""
        code = request.path_params["which"]
        if code not in OFFICES:
            return _problem(404, f"no department {code}")
        shown = ("number", "item", "received_at", "acts", "payments", "paid_at", "corrected_at", "withdrawn_at")
        records = self.departments.ledger.records(code)
        return JSONResponse({"matters": [{name: getattr(one, name) for name in shown} for one in records]})

    async def _file(self, request: Request) -> Response:
        found = _FILES.get(request.path_params["file"])
        if found is None:
            return _problem(404, "there is no such page")
        body = (resources.files("budayang.sandbox") / "page" / found[0]).read_bytes()
        return Response(
            body, media_type=found[1], headers={"Content-Security-Policy": _CSP, "Cache-Control": "no-store"}
        )

    async def _paper(self, request: Request) -> Response:
        """The last paper that came out of a printer that was told to keep them."""
        try:
            kept = _numbered(self.printers, request.path_params["which"], "printer").kept
        except LookupError as error:
            return _problem(404, str(error))
        return Response(kept[-1], media_type="application/pdf") if kept else _problem(404, "no paper was kept")

    async def _plug(self, request: Request) -> Response:
        try:
            return JSONResponse(_numbered(self.machines, request.path_params["which"], "plug").plug())
        except LookupError as error:
            return _problem(404, str(error))

    def _ordered(
        self, carry_out: Callable[[str, bytes], Awaitable[None] | None]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            if request.headers.get("content-type", "").split(";")[0] != "application/json":
                return _problem(415, "send application/json")
            try:
                done = carry_out(request.path_params.get("which", ""), await request.body())
                if done is not None:
                    await done
            except (LookupError, ValueError, msgspec.MsgspecError) as error:
                return _problem(
                    404 if isinstance(error, LookupError) else 400, str(error.args[0] if error.args else error)
                )
            return JSONResponse(self.state())

        return endpoint

    def _printer(self, which: str, body: bytes) -> None:
        printer, order = _numbered(self.printers, which, "printer"), msgspec.json.decode(body, type=_PrinterOrder)
        if order.page_s is not None and not 0 <= order.page_s <= 60:
            raise ValueError("a page takes 0 to 60 seconds")
        printer.set(paper=order.paper, toner=order.toner, jam=order.jam, cover_open=order.cover_open)
        printer.page_s = printer.page_s if order.page_s is None else order.page_s
        if order.keep is not None:
            printer.keep_documents = order.keep
            if not order.keep:
                printer.kept.clear()

    def _reader(self, which: str, body: bytes) -> None:
        reader, order = _numbered(self.readers, which, "reader"), msgspec.json.decode(body, type=_ReaderOrder)
        if isinstance(order.card, str):
            citizen = find_citizen(order.card)
            if citizen is None:
                raise ValueError("no citizen of that name; GET /control/citizens lists them")
            reader.insert(citizen.card())
        elif order.card is None:
            reader.remove()
        reader.sam = order.sam or reader.sam
        if order.fault is not None:
            reader.inject(order.fault, order.times)

    async def _scanner(self, which: str, body: bytes) -> None:
        scanner, order = _numbered(self.scanners, which, "scanner"), msgspec.json.decode(body, type=_ScannerOrder)
        await scanner.show(order.show)

    async def _window(self, which: str, body: bytes) -> None:
        window, order = _numbered(self.windows, which, "page window"), msgspec.json.decode(body, type=_WindowOrder)
        window.why = window.why if order.why is None else order.why[:200]
        if order.close:
            await window.shut()

    async def _visit(self, request: Request) -> Response:
        """What the page shows after a touch."""
        if request.headers.get("content-type", "").split(";")[0] != "application/json":
            return _problem(415, "send application/json")
        try:
            window = _numbered(self.windows, request.path_params["which"], "page window")
            order = msgspec.json.decode(await request.body(), type=_VisitOrder)
            status, text = await window.visit(order.path, order.form)
        except (LookupError, ValueError, msgspec.MsgspecError) as error:
            return _problem(409 if isinstance(error, LookupError) else 400, str(error.args[0] if error.args else error))
        return JSONResponse({"status": status, "text": text})

    def _face(self, which: str, body: bytes) -> None:
        camera, order = _numbered(self.faces, which, "face camera"), msgspec.json.decode(body, type=_FaceOrder)
        if isinstance(order.who, str):
            citizen = find_citizen(order.who)
            if citizen is None:
                raise ValueError("no citizen of that name; GET /control/citizens lists them")
            camera.who = citizen.id_number
        elif order.who is None:
            camera.who = None
        camera.sight = order.sight or camera.sight
        camera.engine_down = camera.engine_down if order.engine_down is None else order.engine_down

    async def _machine(self, which: str, body: bytes) -> None:
        machine, order = _numbered(self.machines, which, "machine"), msgspec.json.decode(body, type=_MachineOrder)
        await machine.set(power=order.power, page=order.page)

    def _department(self, which: str, body: bytes) -> None:
        if which not in OFFICES:
            raise LookupError(f"no department {which}; there are {', '.join(OFFICES)}")
        order = msgspec.json.decode(body, type=_DepartmentOrder)
        if order.delay_s is not None and not 0 <= order.delay_s <= 300:
            raise ValueError("a delay is 0 to 300 seconds")
        if order.flaky is not None and not 0 <= order.flaky <= 1:
            raise ValueError("flaky is a share from 0 to 1")
        for name, value in msgspec.structs.asdict(order).items():
            if value is not None:
                setattr(self.departments.switches[which], name, value)

    def _set_clock(self, _which: str, body: bytes) -> None:
        order = msgspec.json.decode(body, type=_ClockOrder)
        self.clock.set(at=order.at, factor=order.factor)


def _numbered(things: list[T], which: str, name: str) -> T:
    number = int(which) if which.isdecimal() else 0
    if not 1 <= number <= len(things):
        raise LookupError(f"no {name} {which}; there are {len(things)}")
    return things[number - 1]


def _printer_state(printer: Printer) -> dict[str, Any]:
    return {
        "name": printer.name,
        "paper": printer.paper,
        "toner": round(printer.toner, 1),
        "jam": printer.jam,
        "cover_open": printer.cover_open,
        "state": printer.state().name.lower(),
        "reasons": printer.reasons(),
        "queued": printer.queued(),
        "sheets_printed": printer.sheets_printed,
    }


def _reader_state(reader: IdReader) -> dict[str, Any]:
    holder = next(
        (one.key for one in citizens() if reader.card is not None and one.card().text == reader.card.text), None
    )
    return {"card": holder, "sam": str(reader.sam), "reads": reader.reads, "faults": reader.faults()}


def _machine_state(machine: WatchedMachine) -> dict[str, Any]:
    return {
        "power": machine.power.value,
        "page": machine.page.value,
        "watts": machine.plug()["apower"],
        "port": machine.port,
        "asked": machine.asked,
    }


def _problem(status: int, detail: str) -> JSONResponse:
    return JSONResponse({"error": detail}, status)
