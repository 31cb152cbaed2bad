"""The whole box in one process, over real sockets of loopback."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from pyipp import IPP

from budayang.sandbox.app import DEMO_KEYS, PortTaken, Sandbox, SandboxSettings

RUN = """
import pathlib, sys
from budayang.sandbox.app import run

folder = pathlib.Path(sys.argv[1])
ready = lambda box: print(box.port, flush=True)
sys.exit(run(port=0, data_dir=folder, reader_ports=(0,), printer_ports=(0,), on_ready=ready))
"""


def settings(folder: Path, **more: Any) -> SandboxSettings:
    return SandboxSettings(port=0, data_dir=folder, reader_ports=(0, 0), printer_ports=(0, 0), page_s=0.01, **more)


def live(folder: Path, story: Callable[[Sandbox, httpx.AsyncClient], Awaitable[None]]) -> None:
    async def run() -> None:
        sandbox = Sandbox(settings(folder))
        await sandbox.start()
        try:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{sandbox.port}", trust_env=False) as client:
                await story(sandbox, client)
        finally:
            await sandbox.stop()

    asyncio.run(run())


def test_a_card_is_put_down_and_read_over_the_line(tmp_path: Path) -> None:
    async def story(sandbox: Sandbox, client: httpx.AsyncClient) -> None:
        state = (await client.post("/control/readers/2", json={"card": "甲"})).json()
        assert [state["readers"][n]["card"] for n in ("1", "2")] == [None, "甲"]
        incoming, outgoing = await asyncio.open_connection("127.0.0.1", sandbox.reader_ports[1])
        outgoing.write(bytes.fromhex("AAAAAA96690003200122"))
        assert (await asyncio.wait_for(incoming.readexactly(15), 3))[9] == 0x9F
        state = (await client.post("/control/readers/2", json={"card": None})).json()
        assert state["readers"]["2"]["card"] is None
        outgoing.write(bytes.fromhex("AAAAAA96690003200122"))
        assert (await asyncio.wait_for(incoming.readexactly(11), 3))[9] == 0x80
        outgoing.close()
        await outgoing.wait_closed()

    live(tmp_path, story)


def test_an_order_without_a_card_leaves_the_card(tmp_path: Path) -> None:
    async def story(_sandbox: Sandbox, client: httpx.AsyncClient) -> None:
        await client.post("/control/readers/1", json={"card": "测试乙"})
        state = (await client.post("/control/readers/1", json={"fault": "bad_checksum", "times": 2})).json()
        assert state["readers"]["1"]["card"] == "乙"
        assert state["readers"]["1"]["faults"] == {"bad_checksum": 2}
        state = (await client.post("/control/readers/1", json={"sam": "selftest"})).json()
        assert state["readers"]["1"]["sam"] == "selftest"

    live(tmp_path, story)


def test_paper_is_taken_out_and_the_printer_says_so(tmp_path: Path) -> None:
    async def story(sandbox: Sandbox, client: httpx.AsyncClient) -> None:
        state = (await client.post("/control/printers/1", json={"paper": 0})).json()
        assert state["printers"]["1"]["reasons"] == ["media-empty-report"]
        async with IPP("127.0.0.1", port=sandbox.printer_ports[0]) as one:
            assert (await one.printer()).state.reasons == "media-empty-report"
        async with IPP("127.0.0.1", port=sandbox.printer_ports[1]) as two:
            assert (await two.printer()).state.reasons is None

    live(tmp_path, story)


def test_a_department_is_switched_off(tmp_path: Path) -> None:
    async def story(_sandbox: Sandbox, client: httpx.AsyncClient) -> None:
        headers = {"Authorization": f"Bearer {DEMO_KEYS['RS']}"}
        assert (await client.get("/dept/RS/v1/health", headers=headers)).status_code == 200
        state = (await client.post("/control/departments/RS", json={"down": True})).json()
        assert state["departments"]["RS"]["down"] is True
        assert (await client.get("/dept/RS/v1/health", headers=headers)).status_code == 503

    live(tmp_path, story)


def test_the_clock_is_set(tmp_path: Path) -> None:
    async def story(_sandbox: Sandbox, client: httpx.AsyncClient) -> None:
        state = (await client.post("/control/clock", json={"at": "2026-01-07T02:00:00+08:00", "factor": 60})).json()
        assert state["clock"]["now"].startswith("2026-01-06T18:0")
        assert state["clock"]["factor"] == 60

    live(tmp_path, story)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("printers/3", {}, 404),
        ("printers/x", {}, 404),
        ("printers/1", {"paper": 9999}, 400),
        ("printers/1", {"papr": 1}, 400),
        ("printers/1", {"page_s": -1}, 400),
        ("readers/1", {"card": "没有这个人"}, 400),
        ("readers/1", {"fault": "explode"}, 400),
        ("departments/XX", {}, 404),
        ("departments/RS", {"delay_s": 1e9}, 400),
        ("clock", {"at": "2026-01-07T02:00:00"}, 400),
        ("clock", {"factor": 0}, 400),
    ],
)
def test_wrong_orders_are_refused_and_change_nothing(
    tmp_path: Path, path: str, body: dict[str, Any], status: int
) -> None:
    async def story(_sandbox: Sandbox, client: httpx.AsyncClient) -> None:
        before = (await client.get("/control/state")).json()
        answer = await client.post(f"/control/{path}", json=body)
        assert answer.status_code == status
        assert answer.json()["error"]
        after = (await client.get("/control/state")).json()
        assert {**after, "clock": 0} == {**before, "clock": 0}

    live(tmp_path, story)


def test_a_foreign_page_cannot_give_orders(tmp_path: Path) -> None:
    async def story(sandbox: Sandbox, client: httpx.AsyncClient) -> None:
        as_form = await client.post(
            "/control/printers/1", content='{"paper":0}', headers={"Content-Type": "text/plain"}
        )
        assert as_form.status_code == 415
        rebound = await client.get("/control/state", headers={"Host": "evil.example"})
        assert rebound.status_code == 400
        printer = await client.post(
            f"http://127.0.0.1:{sandbox.printer_ports[0]}/ipp/print", content=b"", headers={"Host": "evil.example"}
        )
        assert printer.status_code == 400

    live(tmp_path, story)


def test_the_page_for_people_is_there_and_carries_no_inline_script(tmp_path: Path) -> None:
    async def story(_sandbox: Sandbox, client: httpx.AsyncClient) -> None:
        page = await client.get("/control/")
        assert page.status_code == 200
        assert "演示数据" in page.text
        assert "script-src 'self'" in page.headers["content-security-policy"]
        assert "<script>" not in page.text
        for file in ("page.js", "page.css"):
            assert (await client.get(f"/control/{file}")).status_code == 200
        assert (await client.get("/control/../app.py")).status_code == 404
        people = (await client.get("/control/citizens")).json()["citizens"]
        assert people[0]["name"] == "测试甲"

    live(tmp_path, story)


def test_a_taken_port_is_named_and_nothing_stays_open(tmp_path: Path) -> None:
    async def run(taken: int, free: int) -> None:
        with pytest.raises(PortTaken, match=str(taken)):
            await Sandbox(SandboxSettings(free, tmp_path, (taken,), ())).start()

    with socket.create_server(("127.0.0.1", 0)) as holder:
        with socket.create_server(("127.0.0.1", 0)) as other:
            free = other.getsockname()[1]
        asyncio.run(run(holder.getsockname()[1], free))
        socket.create_server(("127.0.0.1", free)).close()


@pytest.mark.processes
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_process_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-W", "error", "-c", RUN, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = 0
        while not port:
            line = process.stdout.readline()
            assert line, process.communicate()[1]
            port = int(line) if line.strip().isdecimal() else 0
        assert httpx.get(f"http://127.0.0.1:{port}/control/state", trust_env=False).status_code == 200
        os.kill(process.pid, number)
        _out, err = process.communicate(timeout=10)
    assert (process.returncode, "Traceback" in err) == (0, False), err
