"""Real Chromium in real namespaces: a department's page shows, reaches the department alone, and leaves nothing."""

from __future__ import annotations

import asyncio
import os
import pwd
import socket
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from test_department_page import ROOT, USER

from budayang.terminal.department_page.gate import Gate
from budayang.terminal.department_page.helper import Helper
from budayang.terminal.department_page.launching import DepartmentPage
from budayang.terminal.department_page.watching import InputWatch
from budayang.terminal.devices.departmentpage.driver import DepartmentPageWindow

pytestmark = [pytest.mark.browser, pytest.mark.processes]

PAGE = """<!doctype html><html lang="zh"><meta charset="utf-8"><title>部门的网页</title><h1>在这里办理</h1><script>
const bar = async (url) => {
  try { await fetch(url, {mode: "no-cors"}); return "reached"; } catch { return "barred"; }
};
const drawn = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done("drawn"))));
(async () => {
  const found = {drawn: await drawn(), shown: document.visibilityState, title: document.title,
    height: document.querySelector("h1").getBoundingClientRect().height,
    before: localStorage.getItem("seen") || "nothing"};
  localStorage.setItem("seen", "somebody");
  document.cookie = "who=somebody; max-age=9999";
  for (const [name, url] of Object.entries(TARGETS)) found[name] = await bar(url);
  found.own = await bar("/welcome");
  await fetch("/report?" + new URLSearchParams(found));
})();
</script>"""


class Ours:
    """A server of this machine that a page must never reach; it counts who came."""

    def __init__(self) -> None:
        self.came = 0
        self.port = 0

    async def start(self) -> asyncio.Server:
        async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.came += 1
            writer.close()

        server = await asyncio.start_server(serve, "0.0.0.0", 0)
        self.port = server.sockets[0].getsockname()[1]
        return server


class Department:
    """The department's web server; its page tells it what it could reach."""

    def __init__(self, targets: dict[str, str]) -> None:
        self.targets, self.reports = targets, asyncio.Queue[dict[str, str]]()
        self.port = 0

    async def start(self) -> asyncio.Server:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            head = await reader.readuntil(b"\r\n\r\n")
            path = head.split(b" ", 2)[1].decode()
            body = b"welcome"
            if path == "/":
                body = PAGE.replace("TARGETS", repr(self.targets)).encode()
            elif path.startswith("/report"):
                found = parse_qs(urlsplit(path).query)
                self.reports.put_nowait({name: values[0] for name, values in found.items()})
            kind = b"text/html; charset=utf-8" if path == "/" else b"text/plain"
            length = str(len(body)).encode()
            writer.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: " + kind + b"\r\nContent-Length: " + length
                + b"\r\nConnection: close\r\n\r\n" + body
            )  # fmt: skip
            await writer.drain()
        writer.close()

    def gate(self, hosts: Collection[str], ports: Collection[int]) -> Gate:
        async def resolve(host: str, _port: int) -> list[str]:
            return {"dept.example": ["192.0.2.7"], "rebound.dept.example": ["127.0.0.1"]}.get(host, [])

        async def dial(_address: str, _port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
            return await asyncio.open_connection("127.0.0.1", self.port)

        return Gate(hosts, ports, resolve=resolve, dial=dial)


def own_address() -> str:
    """An address of this machine beside loopback, else loopback again."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


def browsers_of(user: str) -> list[str]:
    """Command lines of the user's browser processes that are alive."""
    uid, found = pwd.getpwnam(user).pw_uid, []
    for one in Path("/proc").iterdir():
        if not one.name.isdigit():
            continue
        try:
            if one.stat().st_uid == uid and b"chrom" in (words := (one / "cmdline").read_bytes()):
                found.append(words[:80].decode(errors="replace"))
        except OSError:
            continue
    return found


@ROOT
def test_the_page_shows_and_reaches_its_department_alone(
    tmp_path: Path, chromium: str, chromium_flags: tuple[str, ...]
) -> None:
    async def scene() -> list[dict[str, str]]:
        terminal, sandbox = Ours(), Ours()
        servers = [await terminal.start(), await sandbox.start()]
        targets = {
            "terminal": f"http://127.0.0.1:{terminal.port}/",
            "sandbox": f"http://127.0.0.1:{sandbox.port}/",
            "localhost": f"http://localhost:{terminal.port}/",
            "everywhere": f"http://0.0.0.0:{terminal.port}/",
            "lan": f"http://{own_address()}:{terminal.port}/",
            "rebound": "http://rebound.dept.example/",
            "elsewhere": "http://elsewhere.example/",
        }
        department = Department(targets)
        servers.append(await department.start())
        page = DepartmentPage(USER, department.gate, (chromium, "--headless=new", *chromium_flags))
        helper = Helper(page, os.geteuid(), InputWatch(list))
        path = tmp_path / "page.sock"
        await helper.listen(path)
        window = DepartmentPageWindow(path)
        assert (await window.poll())["device"].state == "online"
        found = []
        for _time in range(2):
            await window.open("http://dept.example/", [], seconds=120, width=1080, height=1920)
            found.append(await asyncio.wait_for(department.reports.get(), 100))
            assert (await window.state()).open
            assert browsers_of(USER)
            folder: Any = page._folder
            assert folder is not None
            assert folder.exists()
            await window.shut()
            assert not folder.exists()
            for _look in range(200):
                if not browsers_of(USER):
                    break
                await asyncio.sleep(0.05)
            assert browsers_of(USER) == []
        assert (terminal.came, sandbox.came) == (0, 0), "nobody came to this machine's own servers"
        await helper.close()
        for server in servers:
            server.close()
        return found

    for report in asyncio.run(scene()):
        assert (report["drawn"], report["shown"], report["title"]) == ("drawn", "visible", "部门的网页")
        assert float(report["height"]) > 0
        assert report["own"] == "reached"
        barred = {name for name, said in report.items() if said == "barred"}
        assert barred == {"terminal", "sandbox", "localhost", "everywhere", "lan", "rebound", "elsewhere"}
        assert report["before"] == "nothing", "what one person left, the next does not find"
