"""A department's page reaches the department and nothing else: not our loopback, not the net, not what others left."""

from __future__ import annotations

import asyncio
import json
import os
import pwd
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import pytest

from budayang.terminal.department_page import inside, launching
from budayang.terminal.department_page.gate import Gate, hosts_of, is_ours, may_dial
from budayang.terminal.department_page.helper import Helper
from budayang.terminal.department_page.launching import DepartmentPage, browser_command

USER = "nobody"


def _can_make_namespaces() -> bool:
    made = ["unshare", "--net", "--mount", "--pid", "--ipc", "--fork", "--kill-child", "--mount-proc", "true"]
    return (
        os.geteuid() == 0 and shutil.which("unshare") is not None and subprocess.run(made, check=False).returncode == 0
    )


ROOT = pytest.mark.skipif(not _can_make_namespaces(), reason="namespaces need root and unshare")


# the way to the gate


def test_a_slow_way_to_the_gate_is_waited_for() -> None:
    listens, tells = os.pipe()
    slow = threading.Timer(0.3, inside.say_so, [tells])
    slow.start()
    inside.wait_for_carrier(listens)
    slow.join()


def test_a_way_to_the_gate_that_ended_is_not_waited_for() -> None:
    listens, tells = os.pipe()
    os.close(tells)
    with pytest.raises(OSError, match="did not open"):
        inside.wait_for_carrier(listens)


# the gate


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "127.9.9.9", "::1", "0.0.0.0", "::", "169.254.169.254", "fe80::1", "224.0.0.1", "::ffff:127.0.0.1"],
)
def test_what_is_never_dialled(address: str) -> None:
    assert not may_dial(address)


def test_addresses_of_this_machine_are_known_without_asking_anybody() -> None:
    assert is_ours("127.0.0.1")
    assert not is_ours("192.0.2.7")
    assert may_dial("192.0.2.7")
    assert may_dial("10.1.2.3")


def test_a_page_asks_for_its_hosts_and_their_subdomains_only() -> None:
    gate = Gate(hosts_of("https://Fw.Example/apply", ["cdn.example"]))
    for host, port, allowed in (
        ("fw.example", 443, True),
        ("static.fw.example.", 443, True),
        ("cdn.example", 80, True),
        ("fw.example", 22, False),
        ("badfw.example", 443, False),
        ("example", 443, False),
        ("127.0.0.1", 443, False),
    ):
        assert gate.allows(host, port) is allowed, host
    for wrong in ("ftp://x", "https://", "https://u:p@host/"):
        with pytest.raises(ValueError, match="address"):
            hosts_of(wrong)


class Department:
    """A web server on loopback that stands for one at 192.0.2.7; `names` is the DNS as the page meets it."""

    def __init__(self) -> None:
        self.names = {"dept.example": ["192.0.2.7"], "rebound.dept.example": ["127.0.0.1"], "gone.dept.example": []}
        self.dialled: list[str] = []
        self.port = 0

    async def start(self) -> asyncio.Server:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\nConnection: close\r\n\r\nwelcome")
            await writer.drain()
            writer.close()
            await writer.wait_closed()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        return server

    def gate(self, hosts: Collection[str] = ("dept.example",), ports: Collection[int] = (80,)) -> Gate:
        async def resolve(host: str, _port: int) -> list[str]:
            return self.names[host]

        async def dial(address: str, _port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
            self.dialled.append(address)
            return await asyncio.open_connection("127.0.0.1", self.port)

        return Gate(hosts, ports, resolve=resolve, dial=dial)


async def ask(path: Path, host: str, port: int = 80, command: int = 1) -> tuple[int, bytes]:
    """A SOCKS5 client: the answer's code and what the page then reads."""
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(b"\x05\x01\x00")
    assert await reader.readexactly(2) == b"\x05\x00"
    name = host.encode()
    writer.write(bytes([5, command, 0, 3, len(name)]) + name + port.to_bytes(2, "big"))
    answer = await reader.readexactly(10)
    body = b""
    if answer[1] == 0:
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        body = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer[1], body


def test_the_gate_dials_what_it_judged_and_refuses_the_rest(tmp_path: Path) -> None:
    async def go() -> None:
        department = Department()
        server, gate = await department.start(), department.gate()
        await gate.listen(tmp_path / "gate.sock")
        code, body = await ask(tmp_path / "gate.sock", "dept.example")
        assert (code, body[-7:], department.dialled) == (0, b"welcome", ["192.0.2.7"])
        for host, port, command in (
            ("elsewhere.example", 80, 1),
            ("dept.example", 25, 1),
            ("localhost", 80, 1),
            ("rebound.dept.example", 80, 1),
            ("gone.dept.example", 80, 1),
            ("dept.example", 80, 3),
        ):
            assert (await ask(tmp_path / "gate.sock", host, port, command))[0] != 0, host
        assert department.dialled == ["192.0.2.7"]
        assert gate.refused == 6
        reader, writer = await asyncio.open_unix_connection(tmp_path / "gate.sock")
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        await reader.read(2)
        writer.close()
        await writer.wait_closed()
        await gate.close()
        server.close()

    asyncio.run(go())


def test_the_browser_sends_everything_through_the_gate() -> None:
    words = browser_command("https://dept.example/apply", launching.Frame())
    assert "--proxy-server=socks5://127.0.0.1:1080" in words
    assert "--proxy-bypass-list=<-loopback>" in words
    assert words[-1] == "--app=https://dept.example/apply"


# the page in its namespaces


def probe(tmp_path: Path, script: str) -> list[str]:
    """A "browser" that is a shell script; it writes what it found to a file that its user may write."""
    found = tmp_path / "found"
    found.touch()
    found.chmod(0o666)
    tmp_path.chmod(0o755)
    for parent in tmp_path.parents:
        if parent.stat().st_uid == os.geteuid() and str(parent).startswith("/tmp/"):
            parent.chmod(parent.stat().st_mode | 0o011)
    return ["/bin/bash", "-c", script.replace("FOUND", str(found)), "page"]


@ROOT
@pytest.mark.processes
def test_a_page_is_alone_in_its_world(tmp_path: Path) -> None:
    """It runs as its user, reaches our loopback in no way, keeps nothing, and reaches the department by the gate."""
    script = (
        "id -un > FOUND; touch $HOME/kept; echo $HOME >> FOUND; "
        "(exec 3<>/dev/tcp/127.0.0.1/PORT) 2>/dev/null && echo reached >> FOUND || echo barred >> FOUND; "
        "(exec 3<>/dev/tcp/0.0.0.0/PORT) 2>/dev/null && echo reached >> FOUND || echo barred >> FOUND; "
        "curl -sS -m 5 --socks5-hostname 127.0.0.1:1080 http://dept.example/ >> FOUND 2>&1; echo >> FOUND; "
        "curl -sS -m 5 --socks5-hostname 127.0.0.1:1080 http://127.0.0.1:PORT/ >/dev/null 2>&1 "
        "&& echo reached >> FOUND || echo barred >> FOUND; "
        "ls /proc | grep -c '^[0-9]' >> FOUND"
    )

    async def go() -> str:
        department = Department()
        server = await department.start()
        with socket.create_server(("127.0.0.1", 0)) as ours:
            port = ours.getsockname()[1]
            page = DepartmentPage(USER, department.gate, probe(tmp_path, script.replace("PORT", str(port))))
            await page.open("http://dept.example/", seconds=30)
            folder = page._folder
            assert folder is not None
            await asyncio.wait_for(page.wait(), 30)
            await page.close()
            assert not folder.exists()
        server.close()
        return (tmp_path / "found").read_text()

    found = asyncio.run(go())
    assert len(found.splitlines()) == 7, found
    user, home, first, second, welcome, third, processes = found.splitlines()
    assert user == USER
    assert (first, second, third) == ("barred", "barred", "barred")
    assert welcome == "welcome"
    assert int(processes) < 12
    assert not Path(home).exists()


@ROOT
@pytest.mark.processes
def test_closing_a_page_ends_all_its_processes_and_its_time_ends_it_too(tmp_path: Path) -> None:
    script = "sleep 300 & sleep 301 & wait"

    async def go(finish: Callable[[DepartmentPage], Any], seconds: float) -> None:
        page = DepartmentPage(USER, Department().gate, probe(tmp_path, script))
        await page.open("http://dept.example/", seconds=seconds)
        process = page._process
        assert process is not None
        for _ in range(500):
            if _sleeping() >= 2:
                break
            await asyncio.sleep(0.05)
        assert _sleeping() >= 2
        await finish(page)
        for _ in range(500):
            if _sleeping() == 0:
                break
            await asyncio.sleep(0.05)
        assert _sleeping() == 0
        assert not page.is_open

    asyncio.run(go(lambda page: page.close(), 60))
    asyncio.run(go(lambda page: page.wait(), 2))


def _sleeping() -> int:
    """Processes of the page's script that are alive."""
    count = 0
    for one in Path("/proc").iterdir():
        if one.name.isdigit():
            try:
                count += (one / "cmdline").read_bytes().split(b"\0")[:2] in ([b"sleep", b"300"], [b"sleep", b"301"])
            except OSError:
                continue
    return count


@ROOT
def test_a_page_never_runs_as_root_nor_for_ever() -> None:
    async def go() -> None:
        with pytest.raises(ValueError, match="never runs as root"):
            await DepartmentPage("root").open("https://dept.example/")
        with pytest.raises(ValueError, match="at most"):
            await DepartmentPage(USER).open("https://dept.example/", seconds=10**6)
        with pytest.raises(KeyError):
            await DepartmentPage("no-such-user").open("https://dept.example/")

    asyncio.run(go())


# the helper


class Still:
    """A page that only notes what it was told."""

    def __init__(self) -> None:
        self.is_open, self.left_s = False, 60.0
        self.told: list[tuple[str, list[str], float]] = []

    async def open(self, url: str, *, hosts: list[str], seconds: float) -> None:
        hosts_of(url)
        self.told.append((url, hosts, seconds))
        self.is_open = True

    async def close(self) -> None:
        self.is_open = False


def test_the_helper_opens_and_closes_for_its_caller(tmp_path: Path) -> None:
    async def go() -> list[dict[str, Any]]:
        page = Still()
        helper = Helper(page, os.geteuid())  # type: ignore[arg-type]
        await helper.listen(tmp_path / "helper.sock")
        reader, writer = await asyncio.open_unix_connection(tmp_path / "helper.sock")
        answers = []
        for asked in (
            {},
            {"open": "https://dept.example/", "hosts": ["cdn.example"], "seconds": 60},
            {"close": True},
            {"open": "javascript:1"},
            [],
        ):
            writer.write(json.dumps(asked).encode() + b"\n")
            answers.append(json.loads(await reader.readline()))
        writer.close()
        await helper.close()
        assert page.told == [("https://dept.example/", ["cdn.example"], 60.0)]
        return answers

    answers = asyncio.run(go())
    assert [one["open"] for one in answers] == [False, True, False, False, False]
    assert "error" in answers[3]
    assert "error" in answers[4]


@ROOT
def test_the_helper_answers_nobody_else(tmp_path: Path) -> None:
    """The kernel says who calls."""

    async def go() -> bytes:
        helper = Helper(Still(), 12345)  # type: ignore[arg-type]
        path = tmp_path / "helper.sock"
        await helper.listen(path)
        for one in (tmp_path, *tmp_path.parents):
            if str(one).startswith("/tmp/"):
                one.chmod(one.stat().st_mode | 0o011)
        path.chmod(0o666)
        account = pwd.getpwnam(USER)
        caller = await asyncio.create_subprocess_exec(
            "curl", "-sS", "-m", "3", "--unix-socket", str(path), "http://x/",
            user=account.pw_uid, group=account.pw_gid, extra_groups=[],
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        said, _error = await caller.communicate()
        await helper.close()
        return said

    assert asyncio.run(go()) == b""
