"""The terminal put together: its parts, its own routes, its life from start to stop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any, cast
from urllib.parse import urlsplit

import httpx
import psutil
import structlog
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from budayang.forms.pictures import Limits
from budayang.terminal import views
from budayang.terminal.attendant import Attendant, Reader
from budayang.terminal.cases import LiveCases
from budayang.terminal.catalogue import Catalogue
from budayang.terminal.checking import Camera as FaceCamera
from budayang.terminal.counting import Counting
from budayang.terminal.devices.table import Device, build
from budayang.terminal.guard import Guard, Kiosk, begin
from budayang.terminal.health import health
from budayang.terminal.journey import State
from budayang.terminal.launching import Window
from budayang.terminal.life import Machine
from budayang.terminal.orders import Orders
from budayang.terminal.outbox import Outbox
from budayang.terminal.paying import Scanner
from budayang.terminal.peripherals import Peripherals
from budayang.terminal.printing import Printer, Printing
from budayang.terminal.screens import pages
from budayang.terminal.screens.language import _, speak
from budayang.terminal.screens.render import HEADERS, html
from budayang.terminal.settings import Settings, kiosk_key
from budayang.terminal.sheets import Camera, find
from budayang.terminal.standing import Standing
from budayang.terminal.touches import Form, Touches
from budayang.uplink.clock import Clock, SystemClock
from budayang.uplink.errors import CenterRefused, CenterUnreachable
from budayang.uplink.identity import Identity
from budayang.uplink.outbox import MessageRow
from budayang.uplink.uplink import Level, Uplink
from budayang.wire.presence import make_presence

log = structlog.get_logger(__name__)

SOFTWARE = f"budayang {version('budayang')}"
ENROL_AGAIN_S = 5.0
ENROL_REFUSED_S = 60.0
LIVE_MOST_S = 25.0
CONNECT_S = 5.0


class Terminal:
    """All parts of one terminal. The screens reach everything through it."""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock,
        transport: httpx.AsyncBaseTransport | None = None,
        devices: Mapping[str, Device] | None = None,
        machine: Machine | None = None,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.client = httpx.AsyncClient(
            base_url=settings.center_url, transport=transport, timeout=httpx.Timeout(10.0, connect=CONNECT_S)
        )
        self.outbox = Outbox(settings.data_dir / "outbox.sqlite3", clock)
        self.identity = Identity(settings.data_dir, self.client, clock, self.outbox)
        self.standing = Standing(
            clock,
            told_before="application" in (self.outbox.recall("states") or {}).get(Standing.subject, {}),
            shut=lambda: self.uplink.line.blocked,
            held=lambda: (self.suspension() or {}).get("text", ""),
            ready=lambda: self.identity.enrolment is not None and bool(len(self.catalogue)),
            clock_off=lambda: self.uplink.clock_off_s,
        )
        found = build(settings, clock) if devices is None else devices
        self.peripherals = Peripherals({**found, Standing.kind: self.standing}, self.outbox)
        reader = cast("Reader | None", self.peripherals.devices.get("idReader"))
        printer = cast("Printer | None", self.peripherals.devices.get("printer"))
        self.catalogue = Catalogue(clock, self.peripherals, reader=reader is not None)
        self.live = LiveCases(self.client, self.identity, self.outbox, clock)
        self.printing = Printing(printer, self.outbox, clock, self.ask_printer)
        self.counting = Counting(printer, self.outbox)
        self.attendant = Attendant(
            clock=clock,
            outbox=self.outbox,
            catalogue=self.catalogue,
            identity=self.identity,
            live=self.live,
            printing=self.printing,
            reader=reader,
            card_code=settings.card_code,
            suspended=self.suspended,
        )
        self.attendant.sheets.camera = cast("Camera | None", self.peripherals.devices.get("documentCamera"))
        self.attendant.paying.scanner = cast("Scanner | None", self.peripherals.devices.get("payment"))
        self.attendant.checking.camera = cast("FaceCamera | None", self.peripherals.devices.get("camera"))
        self.attendant.checking.camera_well = lambda: self.peripherals.reading("camera", "device").state == "online"
        self.attendant.launching.window = cast("Window | None", self.peripherals.devices.get("departmentPage"))
        self.touches = Touches(self.attendant)
        self.uplink = Uplink(
            self.client,
            self.identity,
            self.outbox,
            self.peripherals,
            clock,
            wait_s=settings.wait_s,
            heartbeat_s=settings.heartbeat_s,
            software=SOFTWARE,
        )
        self._reached = asyncio.Event()
        self.orders = Orders(self, printer, machine=machine)
        self.commands = self.orders.commands
        self._connect_parts()
        self.catalogue.load(self.outbox)
        self._set_limits()

    def _set_limits(self) -> None:
        """How sharp a picture of materials has to be here, as the center has it."""
        given = self.catalogue.picture_limits
        usual = Limits()
        self.attendant.sheets.limits = Limits(
            ink=given.get("ink", usual.ink),
            sharp=given.get("sharp", usual.sharp),
            side=int(given.get("side", usual.side)),
        )

    def _connect_parts(self) -> None:
        self.catalogue.line = lambda: self.uplink.line
        self.catalogue.suspended = self.suspended
        self.peripherals.on_change = self._devices_changed
        self.printing.wake = self.uplink.wake
        self.printing.printed = self.orders.service.printed = self.counting.printed
        self.attendant.wake = self.attendant.checking.wake = self.uplink.wake
        self.attendant.online = lambda: self.uplink.line.level is not Level.OFFLINE
        profile = self.orders.profile
        self.attendant.idle_s = lambda: (profile["idle_warn_s"], profile["idle_clear_s"])
        self.uplink.on_messages = self._take_messages
        self.uplink.on_line = self.judge_again
        self.uplink.on_failure = self.orders.life.unheard
        self.uplink.after_sync = self._synced

    # What the screens ask

    def view(self) -> dict[str, Any]:
        """The dict of the present state."""
        return views.build_view(self)

    @property
    def code(self) -> str:
        """The terminal's code: the center's word, before enrolment the setting's."""
        return self.identity.enrolment.terminal if self.identity.enrolment else self.settings.code

    def presence(self, page: str = "/console/rounds/here/") -> str:
        """Where the changing code of this minute leads a phone; "" before enrolment, when nobody knows the key."""
        if self.identity.enrolment is None:
            return ""
        shown = urlsplit(str(self.catalogue.place.get("report_url") or self.settings.center_url))
        code = make_presence(self.identity.sign, self.code, self.clock.now())
        return f"{shown.scheme}://{shown.netloc}{page}?c={code}"

    @property
    def demo(self) -> bool:
        """Whether everything here is demonstration data."""
        return self.identity.enrolment is not None and self.identity.enrolment.demo

    def suspension(self) -> dict[str, Any] | None:
        """The suspension that the center commanded, None when there is none."""
        return self.commands.suspension()

    def suspended(self) -> bool:
        """Whether no new journey may begin."""
        held = self.commands.busy() or self.suspension() is not None
        return held or bool(self.uplink.line.blocked) or self.identity.enrolment is None

    async def ask_printer(self) -> Any:
        """The printer's states, asked now."""
        return await self.peripherals.refresh("printer")

    def looked_in_vain(self, item: str, reason: str) -> None:
        """Somebody opened an item that cannot be begun now."""
        self.attendant.stay.refuse(item, reason, self.clock.monotonic())

    def asked(self, query: str, answer: Mapping[str, Any]) -> None:
        """Somebody looked for something; what nobody may do is not told."""
        if not answer["reason"]:
            self.attendant.stay.search(query, answer["first"], self.clock.monotonic())

    # News between the parts

    def judge_again(self) -> None:
        self.catalogue.touch()
        self._draw_again()

    def _draw_again(self) -> None:
        # A journey under way is not drawn anew for news that do not concern it: the person may be typing.
        if self.attendant.state in {State.ATTRACT, State.CHOOSE}:
            self.attendant.changed()

    def _devices_changed(self) -> None:
        self.judge_again()
        self.uplink.wake()

    def _take_messages(self, rows: list[MessageRow]) -> None:
        kinds = {row.kind for row in rows}
        for row in rows:
            if row.kind == "help":
                self.attendant.answered(str(row.body.get("call", "")))
            if row.kind == "keys":
                self.identity.change_keys(
                    seal_key=str(row.body.get("seal_key", "")), audit_key=str(row.body.get("audit_key", ""))
                )
        if kinds & {"catalogue", "availability", "notice", "notices"}:
            self.catalogue.load(self.outbox)
            self._set_limits()
            self._draw_again()
        for row in rows:
            if row.kind == "person_check":
                self.attendant.take_check(row.body)
        self.orders.take(rows)

    async def _synced(self) -> None:
        self.orders.life.heard()
        self.orders.life.note_supply()
        log.debug("uplink.synced", waiting=self.outbox.waiting())
        self._reached.set()

    async def _send_stored(self) -> None:
        """Send what waits whenever the center was reached, beside the line: sheets take their time on a slow one, and
        the next sync must not wait for them.
        """
        while True:
            await self._reached.wait()
            self._reached.clear()
            try:
                await self.live.send_stored(busy=self.attendant.busy_number())
            except CenterUnreachable as error:
                log.info("case.not_sent", why=str(error))

    # Life

    async def run(self) -> None:
        """Everything that runs beside the screens, until cancelled."""
        async with asyncio.TaskGroup() as group:
            for name, work in (
                ("devices", self.peripherals.run),
                ("journey", self.attendant.run),
                ("uplink", self._uplink),
                ("cases", self._send_stored),
                ("printing", self.printing.recover),
                ("counting", self.counting.run),
                *self.orders.parts(),
            ):
                group.create_task(self._for_ever(name, work), name=name)

    async def _for_ever(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """A part that fails is logged and begun again; the others do not notice."""
        while True:
            try:
                await work()
            except Exception:
                log.exception("terminal.part_failed", part=name)
                self.standing.part_failed(name)
            await asyncio.sleep(1.0)

    async def _uplink(self) -> None:
        while self.identity.enrolment is None:
            await asyncio.sleep(await self._enrol())
        await self.uplink.run()

    async def _enrol(self) -> float:
        """Try to enrol; give the seconds until the next try."""
        if not self.settings.enrolment_code:
            log.error("terminal.not_enrolled", repair="give BUDAYANG_TERMINAL_ENROLMENT_CODE a one-time code")
            return ENROL_REFUSED_S
        try:
            await self.identity.enrol(self.settings.enrolment_code, self._hardware())
        except CenterUnreachable as error:
            log.info("terminal.enrolment_waits", why=str(error))
            return ENROL_AGAIN_S
        except CenterRefused as refused:
            log.error("terminal.enrolment_refused", error=refused.code)
            return ENROL_REFUSED_S
        self.judge_again()
        return 0.0

    def _hardware(self) -> dict[str, Any]:
        memory = psutil.virtual_memory().total
        return {
            "software": SOFTWARE,
            "devices": sorted(set(self.peripherals.devices) - {Standing.kind}),
            "processors": psutil.cpu_count() or 0,
            "memory_mb": memory // 2**20,
            "booted_at": datetime.fromtimestamp(psutil.boot_time(), UTC).isoformat(timespec="seconds"),
        }

    async def close(self) -> None:
        """Let go of devices, connections and the store."""
        await self.attendant.close()
        await self.peripherals.close()
        await self.client.aclose()
        self.outbox.close()


def create_app(
    settings: Settings,
    *,
    clock: Clock | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
    devices: Mapping[str, Device] | None = None,
    machine: Machine | None = None,
) -> Starlette:
    """The terminal's application. `transport` leads to the center, `devices` stand for the configured ones (tests)."""
    terminal = Terminal(settings, clock=clock or SystemClock(), transport=transport, devices=devices, machine=machine)
    kiosk = Kiosk(kiosk_key(settings))
    hosts = frozenset(f"{name}:{settings.port}" for name in {settings.host, "127.0.0.1", "localhost"})

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        terminal.orders.start()
        running = asyncio.create_task(terminal.run(), name="terminal")
        try:
            yield
        finally:
            await terminal.counting.last_word()
            await terminal.orders.say_goodbye()
            running.cancel()
            await asyncio.wait({running}, timeout=2.0)
            await terminal.close()

    app = Starlette(
        routes=[
            Route("/healthz", _healthz),
            Route("/start", _start),
            Route("/journey/{event}", _journey, methods=["POST"]),
            Route("/api/live", _live),
            Route("/api/activity", _activity, methods=["POST"]),
            Route("/api/person", _person),
            Route("/api/sheet/{name}", _sheet),
            Route("/api/search", _search),
            *pages.routes(),
        ],
        middleware=[
            Middleware(
                Guard,
                kiosk=kiosk,
                hosts=hosts,
                refuse=_refuse,
                clearing=lambda: terminal.attendant.state is State.CLEAR,
            )
        ],
        exception_handlers={500: _broken},
        lifespan=lifespan,
    )
    app.state.terminal = terminal
    app.state.kiosk = kiosk
    return app


def _terminal(request: Request) -> Terminal:
    return cast(Terminal, request.app.state.terminal)


async def _healthz(request: Request) -> Response:
    """For the launcher, the watchdog and the monitor: no word of any person."""
    return JSONResponse(health(_terminal(request)))


async def _start(request: Request) -> Response:
    """The browser's first request: the launcher's key for a cookie."""
    response = begin(request.app.state.kiosk, request.query_params.get("k", ""))
    if response is not None:
        return response
    return await _refuse(request, "wrong_key", 403)


async def _refuse(request: Request, word: str, status: int) -> Response:
    """A page without the journey: whoever is not let in sees nothing of it."""
    log.warning("kiosk.refused", word=word, path=request.url.path)
    words = {
        "title": _("这个页面只能在自助终端上打开"),
        "text": _("浏览器没有由自助终端启动，或已经换了新的浏览器。"),
        "safe": _("没有任何办件受到影响，请重新启动浏览器。"),
    }
    return html("plain.html", {"lang": "zh"}, words, status=status)


async def _broken(request: Request, error: Exception) -> Response:
    log.error("screens.failed", path=request.url.path, kind=type(error).__name__)
    title, text = _("屏幕出了一点问题"), _("这一页没有画出来")
    return pages.error_page(request, title, text, _("已经提交的不会丢，也不会重复办理，请点首页再试"), 500)


async def _journey(request: Request) -> Response:
    """One touch: applied, then back to the page of the state."""
    terminal = _terminal(request)
    speak(terminal.attendant.prefs.lang)
    async with request.form(max_files=0, max_fields=200) as posted_form:
        fields = [(key, value) for key, value in posted_form.multi_items() if isinstance(value, str)]
    posted = terminal.touches.apply(request.path_params["event"], Form(fields))
    attendant = terminal.attendant
    if "application/json" in request.headers.get("accept", ""):
        body: dict[str, Any] = {"ok": posted.ok, "state": attendant.state.value, "page": attendant.page}
        body["ends_in_s"] = attendant.idle()["ends_in_s"]
        if not posted.ok:
            body["error"] = posted.error
        response: Response = JSONResponse(body, status_code=200 if posted.ok else 409)
    else:
        response = RedirectResponse("/", status_code=303)
    return response


async def _live(request: Request) -> Response:
    """Held until something changes: at most 25 s, and never past the program's end."""
    terminal = _terminal(request)
    terminal.standing.page_asked()
    try:
        seen, wait = int(request.query_params.get("page", "0")), float(request.query_params.get("wait", "0"))
    except ValueError:
        return JSONResponse({"error": "page and wait are numbers"}, status_code=400)
    if seen == terminal.attendant.page and wait > 0:
        await terminal.attendant.wait_change(min(wait, LIVE_MOST_S))
    speak(terminal.attendant.prefs.lang)
    return JSONResponse(views.live(terminal))


async def _activity(request: Request) -> Response:
    """A touch or a key that changes nothing else."""
    terminal = _terminal(request)
    terminal.attendant.touch()
    return JSONResponse({"ends_in_s": terminal.attendant.idle()["ends_in_s"]})


async def _person(request: Request) -> Response:
    """The person's data in clear while the finger is down; nothing of it is kept by the page."""
    person = _terminal(request).attendant.journey.person
    if person is None:
        return JSONResponse({"error": "nobody"}, status_code=404)
    return JSONResponse(person.clear())


async def _sheet(request: Request) -> Response:
    """A small picture of a sheet, for the page that shows it; nothing of it is kept by the browser."""
    sheet = find(_terminal(request).attendant.journey, request.path_params["name"])
    if sheet is None or not sheet.thumb:
        return JSONResponse({"error": "nobody"}, status_code=404)
    return Response(sheet.thumb, media_type="image/jpeg", headers=HEADERS)


async def _search(request: Request) -> Response:
    """Items for what is typed."""
    query = request.query_params.get("q", "")[:40]
    limit = request.query_params.get("limit", "20")
    most = min(int(limit), 50) if limit.isdecimal() else 20
    return JSONResponse({"query": query, **_terminal(request).catalogue.answer(query, most)})
