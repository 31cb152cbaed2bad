"""The terminal as a real process beside real sockets: killed with -9 at three points, ended by SIGTERM, weighed."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from terminal_stage import AVAILABILITY, CATALOGUE, Center

from budayang.sandbox.devices.cardtext import text_block
from budayang.sandbox.devices.idreader import Card, IdReader
from budayang.sandbox.devices.lines import TcpLine
from budayang.sandbox.devices.printer import Printer
from budayang.sandbox.devices.printer_door import PrinterDoor

pytestmark = pytest.mark.processes
KEY = "k" * 32
FORM = {"insurance": "all", "months": "12", "purpose": "loan"}
CARD = Card(
    text_block(
        {
            "name": "测试甲",
            "sex": "1",
            "birth": "19900307",
            "id_number": "999999199003070012",
            "valid_until": "20400101",
        }
    )
)


@dataclass
class Hall:
    """A center, a reader and a printer on loopback, and a terminal's process among them."""

    folder: Path
    center: Center
    reader: IdReader
    printer: Printer
    environment: dict[str, str]
    port: int
    process: subprocess.Popen[bytes] | None = None
    cookies: httpx.Cookies = field(default_factory=httpx.Cookies)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def begin(self) -> None:
        log = (self.folder / "log").open("ab")
        command = [sys.executable, "-m", "budayang.terminal.main"]
        self.process = subprocess.Popen(command, env=self.environment, stderr=log, stdout=log)
        log.close()
        await self.until(self._ready, 30)
        async with self.browser() as browser:
            self.cookies.extract_cookies(await browser.get("/start", params={"k": KEY}))

    async def _ready(self) -> bool:
        try:
            async with self.browser() as browser:
                health = (await browser.get("/healthz")).json()
        except httpx.HTTPError:
            return False
        return bool(health["line"] == "ok" and health["catalogue"])

    async def _doable(self) -> bool:
        async with self.browser() as browser:
            items = (await browser.get("/api/search", params={"q": "参保证明"})).json()["items"]
        return bool(items[0]["can_start"])

    async def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        await asyncio.to_thread(self.process.wait)

    def browser(self) -> httpx.AsyncClient:
        headers = {"Origin": self.origin, "Accept": "application/json"}
        return httpx.AsyncClient(base_url=self.origin, cookies=self.cookies, headers=headers, timeout=30)

    async def post(self, event: str, form: dict[str, str] | None = None) -> None:
        async with self.browser() as browser:
            answer = (await browser.post(f"/journey/{event}", data=form or {})).json()
        assert answer["ok"], answer

    async def state(self) -> str:
        async with self.browser() as browser:
            return str((await browser.get("/api/live")).json()["state"])

    async def until(self, true: Callable[[], Awaitable[object]], seconds: float = 15) -> None:
        end = time.monotonic() + seconds
        while not await true():
            assert time.monotonic() < end, (self.folder / "log").read_text()[-3000:]
            await asyncio.sleep(0.05)

    async def reach(self, state: str) -> None:
        async def there() -> bool:
            return await self.state() == state

        await self.until(there)

    async def identify(self) -> None:
        self.reader.remove()
        await self.until(self._doable)
        await self.post("choose", {"item": "ZZ001"})
        await self.post("agree")
        await asyncio.sleep(1.0)
        self.reader.insert(CARD)

    async def fill_and_submit(self) -> None:
        await self.reach("fill")
        await self.post("filled", FORM)
        await self.post("submit")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


@asynccontextmanager
async def served(app: Starlette) -> AsyncIterator[int]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, ws="none", timeout_graceful_shutdown=1))
    serving = asyncio.create_task(server.serve([listener]))
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield int(listener.getsockname()[1])
    finally:
        server.should_exit = True
        await serving


@asynccontextmanager
async def hall(folder: Path) -> AsyncIterator[Hall]:
    center, reader, printer = Center(), IdReader(), Printer("A4", page_s=0.05)
    center.send("catalogue", CATALOGUE)
    center.send("availability", AVAILABILITY)

    async def door(request: Request) -> Response:
        body = await request.body()
        answer = await center.handle(httpx.Request("POST", str(request.url), content=body, headers=request.headers.raw))
        return Response(answer.content, answer.status_code, media_type="application/json")

    line = TcpLine(reader, socket.create_server(("127.0.0.1", 0)))
    await line.start()
    routes = [Route("/{path:path}", door, methods=["POST"])]
    port = free_port()
    async with (
        served(Starlette(routes=routes)) as at,
        served(PrinterDoor(printer, uri="ipp://x/ipp/print").app()) as ipp,
    ):
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("BUDAYANG_")},
            "BUDAYANG_TERMINAL_DATA_DIR": str(folder / "data"),
            "BUDAYANG_TERMINAL_CENTER_URL": f"http://127.0.0.1:{at}",
            "BUDAYANG_TERMINAL_PORT": str(port),
            "BUDAYANG_TERMINAL_READER_URL": f"tcp://127.0.0.1:{line.port}",
            "BUDAYANG_TERMINAL_PRINTER_URL": f"ipp://127.0.0.1:{ipp}/ipp/print",
            "BUDAYANG_TERMINAL_ENROLMENT_CODE": "GOOD-CODE",
            "BUDAYANG_TERMINAL_KIOSK_KEY": KEY,
            "BUDAYANG_TERMINAL_WAIT_S": "0",
            "BUDAYANG_TERMINAL_HEARTBEAT_S": "0.2",
        }
        found = Hall(folder, center, reader, printer, environment, port)
        try:
            await found.begin()
            yield found
        finally:
            if found.process is not None and found.process.poll() is None:
                found.process.send_signal(signal.SIGTERM)
                await asyncio.to_thread(found.process.wait)
            await line.stop()


def play(folder: Path, work: Callable[[Hall], Awaitable[None]]) -> None:
    async def scene() -> None:
        async with hall(folder) as found:
            await work(found)

    asyncio.run(scene())


def test_killed_while_the_case_is_on_its_way(tmp_path: Path) -> None:
    async def work(h: Hall) -> None:
        await h.identify()
        await h.reach("fill")
        h.center.down = True
        await h.post("filled", FORM)
        await h.post("submit")
        await asyncio.sleep(0.5)
        await h.kill()
        h.center.down = False
        await h.begin()

        async def there() -> bool:
            return len(h.center.cases) == 1

        await h.until(there)
        ((_, private),) = h.center.cases.values()
        assert private["id_number"] == "999999199003070012"
        await asyncio.sleep(1.0)
        assert len(h.center.cases) == 1

    play(tmp_path, work)


def test_killed_while_it_prints(tmp_path: Path) -> None:
    async def work(h: Hall) -> None:
        h.printer.set(paper=0)
        await h.identify()
        await h.fill_and_submit()

        async def waiting() -> bool:
            return bool(h.printer.jobs)

        await h.until(waiting)
        await h.kill()
        await h.begin()

        async def settled() -> bool:
            return any(body["state"] == "failed" for body in h.center.bodies("case.paper"))

        await h.until(settled, 25)
        h.printer.set(paper=50)
        await asyncio.sleep(0.5)
        assert h.printer.sheets_printed == 0, "nothing may come out before a stranger"
        (number,) = h.center.cases
        h.center.papers = [{"number": number, "item": "ZZ001", "item_name": "x", "at": "", "paper_state": "failed"}]
        await h.identify()
        await h.reach("resume")
        await h.post("reprint", {"number": number})
        await h.reach("take")
        await h.post("taken")
        states = [body["state"] for body in h.center.bodies("case.paper")]
        assert states[:3] == ["entitled", "sent", "failed"]
        assert states.count("entitled") == 1, "entitled once"
        assert h.printer.sheets_printed == 2
        assert len(h.center.cases) == 1

    play(tmp_path, work)


def test_killed_right_after_the_rating(tmp_path: Path) -> None:
    async def work(h: Hall) -> None:
        await h.identify()
        await h.fill_and_submit()
        await h.reach("take")
        await h.post("taken")
        h.center.down = True
        await h.post("rated", {"level": "satisfied"})
        await h.kill()
        h.center.down = False
        await h.begin()

        async def told() -> bool:
            return bool(h.center.bodies("rating"))

        await h.until(told)
        await asyncio.sleep(1.0)
        assert len(h.center.bodies("rating")) == 1
        assert [b["state"] for b in h.center.bodies("case.paper")] == ["entitled", "sent", "confirmed", "taken"]

    play(tmp_path, work)


def test_it_ends_at_once_with_held_requests_and_is_light(tmp_path: Path) -> None:
    async def work(h: Hall) -> None:
        assert h.process is not None
        async with h.browser() as browser:
            page = (await browser.get("/api/live")).json()["page"]
            held = asyncio.ensure_future(browser.get("/api/live", params={"page": page, "wait": 20}))
            await asyncio.sleep(1.0)
            assert psutil.Process(h.process.pid).memory_info().rss < 110e6
            began = time.monotonic()
            h.process.send_signal(signal.SIGTERM)
            assert (await held).status_code == 200
            assert await asyncio.to_thread(h.process.wait, 10) == 0
            assert time.monotonic() - began < 3.0
        log = (tmp_path / "log").read_text()
        assert "Traceback" not in log
        assert "测试甲" not in log

    play(tmp_path, work)
