"""One process with the whole sandbox: departments and control on one port, each device on its own. Loopback only."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.middleware.trustedhost import TrustedHostMiddleware

from budayang.sandbox.citizens import citizens
from budayang.sandbox.clock import Clock
from budayang.sandbox.control import Box
from budayang.sandbox.departments.desks import OFFICES
from budayang.sandbox.departments.door import Departments
from budayang.sandbox.departments.ledger import Ledger
from budayang.sandbox.devices import meters
from budayang.sandbox.devices.documentcamera import DocumentCamera, sample_paper
from budayang.sandbox.devices.facecamera import FaceCamera
from budayang.sandbox.devices.idreader import IdReader
from budayang.sandbox.devices.lines import TcpLine
from budayang.sandbox.devices.pagewindow import PageWindow
from budayang.sandbox.devices.payerscanner import PayerScanner
from budayang.sandbox.devices.printer import Printer
from budayang.sandbox.devices.printer_door import PATH, PrinterDoor
from budayang.sandbox.devices.watched import WatchedMachine
from budayang.sandbox.drill_hall import DrillHall
from budayang.sandbox.licences import Licences
from budayang.sandbox.money.door import Money
from budayang.sandbox.money.ledger import MoneyLedger
from budayang.sandbox.notice_board import NoticeBoard

log = structlog.get_logger(__name__)

HOST = "127.0.0.1"
DEMO_KEYS = {code: f"demo-key-{code}" for code in OFFICES}


@dataclass(frozen=True)
class SandboxSettings:
    """Ports of 0 are chosen by the system. keys: bearer keys of the department connectors. center_url: the center to
    which the machines of a drill hall speak, plain HTTP on loopback; "": none.
    """

    port: int = 8810
    data_dir: Path = Path("var/sandbox")
    reader_ports: tuple[int, ...] = (8831, 8832, 8833)
    printer_ports: tuple[int, ...] = (8841, 8842, 8843)
    machine_ports: tuple[int, ...] = ()
    scanner_ports: tuple[int, ...] = ()
    site_port: int | None = None
    keys: dict[str, str] = field(default_factory=lambda: dict(DEMO_KEYS))
    time_factor: float = 1.0
    page_s: float = 0.6
    center_url: str = ""


class PortTaken(RuntimeError):
    """A port is in use; the message names it and the repair."""


class _Server(uvicorn.Server):
    # Signals belong to the process, not to each of its servers.
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Sandbox:
    """The running box. `await start()`, then `port`, `reader_ports`, `printer_ports`, `machine_ports` and `box`; `await
    stop()`.
    """

    def __init__(self, settings: SandboxSettings) -> None:
        self._settings = settings
        self.port = 0
        self.reader_ports: list[int] = []
        self.printer_ports: list[int] = []
        self.machine_ports: list[int] = []
        self.scanner_ports: list[int] = []
        self.site_port = 0
        self._lines: list[TcpLine] = []
        self._servers: list[tuple[_Server, asyncio.Task[None]]] = []
        self._ledger = Ledger(settings.data_dir / "departments.sqlite3")
        clock = Clock(factor=settings.time_factor)
        self.notices = NoticeBoard()
        self.licences = Licences()
        paper = sample_paper("演示材料 DEMO")
        self.cameras = [
            DocumentCamera(root=f"/camera/{number}/eSCL", paper=paper)
            for number, _port in enumerate(settings.reader_ports, 1)
        ]
        self.money = Money(MoneyLedger(settings.data_dir / "money.sqlite3"))
        self.box = Box(
            clock,
            Departments(self._ledger, clock, settings.keys),
            [IdReader() for _ in settings.reader_ports],
            [Printer(f"sandbox-{n}", page_s=settings.page_s) for n, _ in enumerate(settings.printer_ports, 1)],
        )
        self.box.faces = [
            FaceCamera(f"/face/{number}", self._holder(number)) for number, _port in enumerate(settings.reader_ports, 1)
        ]
        self.hall = DrillHall(settings.data_dir, settings.center_url)
        meters.recall(settings.data_dir, self.box.printers)

    def _holder(self, number: int) -> Callable[[], str | None]:
        """Whose card was laid on a reader last: that person stands before the camera beside it."""

        def holder() -> str | None:
            card = self.box.readers[number - 1].last
            lying = (one for one in citizens() if card is not None and one.card().text == card.text)
            return next((one.id_number for one in lying), None)

        return holder

    async def start(self) -> None:
        """Listen on everything. Raises PortTaken and leaves nothing open."""
        settings = self._settings
        listeners: list[socket.socket] = []
        try:
            for port in (
                settings.port, *settings.reader_ports, *settings.printer_ports, *settings.scanner_ports,
                *(() if settings.site_port is None else (settings.site_port,)), *settings.machine_ports,
            ):  # fmt: skip
                listeners.append(_listen(port))
        except PortTaken:
            for listener in listeners:
                listener.close()
            raise
        front, *devices = listeners
        self.port = _port(front)
        # The board before the box: the box's own last route takes every other address below /control/.
        self.money.base = f"http://{HOST}:{self.port}"
        money = self.money.routes()
        cameras = [route for camera in self.cameras for route in camera.routes()]
        cameras += [route for camera in self.box.faces for route in camera.routes()]
        money += [*self.licences.routes(), *cameras]
        hall = self.hall.routes()
        routes = [*self.box.departments.routes(), *self.notices.routes(), *money, *hall, *self.box.routes()]
        await self._serve(Starlette(routes=routes), front)
        for reader in self.box.readers:
            line = TcpLine(reader, devices.pop(0))
            await line.start()
            self._lines.append(line)
            self.reader_ports.append(line.port)
        for printer in self.box.printers:
            listener = devices.pop(0)
            self.printer_ports.append(_port(listener))
            door = PrinterDoor(printer, uri=f"ipp://{HOST}:{_port(listener)}{PATH}")
            await self._serve(door.app(), listener)
        for _port_wanted in settings.scanner_ports:
            scanner = PayerScanner(devices.pop(0))
            await scanner.start()
            self.box.scanners.append(scanner)
            self.scanner_ports.append(scanner.port)
        if settings.site_port is not None:
            await self._serve_site(devices.pop(0))
        for listener in devices:
            machine = WatchedMachine(listener)
            await machine.start()
            self.box.machines.append(machine)
            self.machine_ports.append(machine.port)
        self.hall.start()
        log.info(
            "sandbox_ready", port=self.port, readers=self.reader_ports, printers=self.printer_ports,
            machines=self.machine_ports,
        )  # fmt: skip

    async def _serve_site(self, listener: socket.socket) -> None:
        """The departments' own pages, and the windows in which terminals open them."""
        self.site_port = _port(listener)
        self.box.departments.site = f"http://{HOST}:{self.site_port}"
        await self._serve(self.box.site.app(), listener)
        for number, _port_wanted in enumerate(self._settings.reader_ports, 1):
            window = PageWindow()
            await window.listen(window_path(self._settings.data_dir, number))
            self.box.windows.append(window)

    async def stop(self) -> None:
        for window in self.box.windows:
            await window.stop()
        for server, _task in self._servers:
            server.should_exit = True
        await asyncio.gather(*(task for _server, task in self._servers))
        for line in self._lines:
            await line.stop()
        for scanner in self.box.scanners:
            await scanner.stop()
        for machine in self.box.machines:
            await machine.stop()
        await self.hall.stop()
        meters.keep(self._settings.data_dir, self.box.printers)
        self._ledger.close()
        self.money.ledger.close()

    async def _serve(self, app: Starlette, listener: socket.socket) -> None:
        guarded = TrustedHostMiddleware(app, allowed_hosts=[HOST, "localhost"])
        config = uvicorn.Config(guarded, log_config=None, access_log=False, ws="none", timeout_graceful_shutdown=2)
        server = _Server(config)
        task = asyncio.create_task(server.serve([listener]))
        while not server.started:
            if task.done():
                await task
                raise RuntimeError("a server of the sandbox ended at its start")
            await asyncio.sleep(0.005)
        self._servers.append((server, task))


def window_path(data_dir: Path, number: int) -> Path:
    """The socket of the window for department pages beside a reader."""
    return data_dir / f"window-{number}.sock"


def run(
    *,
    port: int = 8810,
    data_dir: Path = Path("var/sandbox"),
    reader_ports: tuple[int, ...] = (8831, 8832, 8833),
    printer_ports: tuple[int, ...] = (8841, 8842, 8843),
    machine_ports: tuple[int, ...] = (),
    scanner_ports: tuple[int, ...] = (),
    site_port: int | None = None,
    time_factor: float = 1.0,
    center_url: str = "",
    on_ready: Callable[[Sandbox], None] | None = None,
) -> int:
    """Serve until SIGINT or SIGTERM. Returns the exit code: 0, or 1 when a port is taken (the repair is on stderr)."""
    settings = SandboxSettings(
        port, data_dir, reader_ports, printer_ports, machine_ports, scanner_ports, site_port, time_factor=time_factor,
        center_url=center_url,
    )  # fmt: skip
    try:
        asyncio.run(_run(settings, on_ready))
    except PortTaken as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


async def _run(settings: SandboxSettings, on_ready: Callable[[Sandbox], None] | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    sandbox = Sandbox(settings)
    await sandbox.start()
    try:
        if on_ready is not None:
            on_ready(sandbox)
        await stop.wait()
    finally:
        await sandbox.stop()


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server((HOST, port))
    except OSError as error:
        raise PortTaken(
            f"端口 {port} 已被占用，沙盒没有启动。请停止占用它的程序，或换一个端口。 / "
            f"Port {port} is taken ({error.strerror}): end the program that uses it or choose another port."
        ) from None


def _port(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])
