"""A department's own machine in the box: its page and its plug over real sockets, switched off and on by hand."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx

from budayang.relay.sources.http.source import Http
from budayang.relay.sources.plug.source import HttpPlug
from budayang.relay.sources.table import Plan
from budayang.rules.watch_settings import check
from budayang.sandbox.app import Sandbox, SandboxSettings
from budayang.uplink.clock import SystemClock


def live(folder: Path, story: Callable[[Sandbox, httpx.AsyncClient], Awaitable[None]]) -> None:
    async def run() -> None:
        settings = SandboxSettings(port=0, data_dir=folder, reader_ports=(), printer_ports=(), machine_ports=(0, 0))
        sandbox = Sandbox(settings)
        await sandbox.start()
        try:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{sandbox.port}", trust_env=False) as client:
                await story(sandbox, client)
        finally:
            await sandbox.stop()

    asyncio.run(run())


def sources(sandbox: Sandbox, number: int) -> tuple[HttpPlug, Http]:
    """What a relay would look with."""
    plug = {"url": f"http://127.0.0.1:{sandbox.port}/plugs/{number}/rpc/Switch.GetStatus?id=0", "path": "apower"}
    page = {"url": f"http://127.0.0.1:{sandbox.machine_ports[number - 1]}/", "text": "自助办理"}
    return (
        HttpPlug(Plan("X", "power-1", "plug", check("plug", plug), 10, 60, {})),
        Http(Plan("X", "reach-2", "http", check("http", page), 10, 60, {}), SystemClock()),
    )


def test_a_machine_is_switched_off_and_on_and_its_sources_see_it(tmp_path: Path) -> None:
    async def story(sandbox: Sandbox, client: httpx.AsyncClient) -> None:
        plug, page = sources(sandbox, 1)
        other_plug, other_page = sources(sandbox, 2)

        async def seen() -> list[str]:
            return [(await one.check())[0].state for one in (plug, page)]

        steps = (
            ({}, ["drawing", "ok"]),
            ({"page": "error"}, ["drawing", "error"]),
            ({"page": "down"}, ["drawing", "down"]),
            ({"power": "off", "page": "ok"}, ["off", "down"]),
            ({"power": "standby"}, ["standby", "down"]),
            ({"power": "on"}, ["drawing", "ok"]),
        )
        for order, wanted in steps:
            answer = await client.post("/control/machines/1", json=order)
            assert answer.status_code == 200
            assert await seen() == wanted, order
            assert answer.json()["machines"]["2"]["power"] == "on"
        assert [(await other_plug.check())[0].state, (await other_page.check())[0].state] == ["drawing", "ok"]
        for one in (plug, page, other_plug, other_page):
            await one.close()

    live(tmp_path, story)


def test_a_machine_that_is_off_has_no_open_port(tmp_path: Path) -> None:
    async def story(sandbox: Sandbox, client: httpx.AsyncClient) -> None:
        incoming, outgoing = await asyncio.open_connection("127.0.0.1", sandbox.machine_ports[0])
        await client.post("/control/machines/1", json={"power": "off"})
        assert await incoming.read() == b"", "who was connected is cut off"
        outgoing.close()
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", sandbox.machine_ports[0])) != 0

    live(tmp_path, story)


def test_orders_that_cannot_be(tmp_path: Path) -> None:
    async def story(_sandbox: Sandbox, client: httpx.AsyncClient) -> None:
        assert (await client.post("/control/machines/3", json={"power": "off"})).status_code == 404
        assert (await client.post("/control/machines/1", json={"power": "burning"})).status_code == 400
        assert (await client.post("/control/machines/1", content=b"{}")).status_code == 415
        assert (await client.get("/plugs/3/rpc/Switch.GetStatus?id=0")).status_code == 404
        assert (await client.get("/control/state")).json()["machines"]["1"]["power"] == "on"

    live(tmp_path, story)
