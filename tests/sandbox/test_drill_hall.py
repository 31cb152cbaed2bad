"""The drill hall: scenarios are done to its own machines, each one ends, and what is asked wrongly is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from budayang.rules.drills import MACHINES, SCENARIOS
from budayang.sandbox.drill_hall import DrillHall, scenario_steps
from budayang.sandbox.faults.table import Act, Timing
from budayang.sandbox.fleet.layout import FleetArea, FleetTerminal

NOWHERE = "http://127.0.0.1:9"
HALL = {"area": "DRILL", "audit_key": "a", "seal_key": "s", "zone": "Asia/Shanghai", "plan_s": 5}
AREA = FleetArea(
    "DRILL", "DRILL", True, tuple(FleetTerminal(f"DRILL-{n:02d}", "DRILL", n, "") for n in range(1, MACHINES + 1))
)
BAD = {("entrance", "locked"), ("x-env.smoke", "on"), ("cabinet", "tampered"), ("supply", "powering")}


@pytest.mark.parametrize("code", [one.code for one in SCENARIOS])
def test_every_scenario_begins_at_once_ends_and_touches_nobody_else(code: str) -> None:
    steps = scenario_steps(code, AREA, Timing(5, 0, 0), 60)
    assert steps[0].at_s == 0
    assert {one.terminal for one in steps} <= {one.code for one in AREA.terminals}
    begins, ends = [one for one in steps if one.at_s < 60], [one for one in steps if one.at_s >= 60]
    assert begins
    assert ends
    down = {one.terminal for one in begins if one.act in (Act.CUT, Act.UNPLUG)}
    assert down == {one.terminal for one in ends if one.act in (Act.START, Act.PLUG)}, "whoever was cut comes back"
    broken = {
        (one.terminal, one.args["subject"], one.args["prop"])
        for one in begins
        if one.act is Act.STATE and (one.args["prop"], one.args["state"]) in BAD
    }
    mended = {
        (one.terminal, one.args["subject"], one.args["prop"])
        for one in ends
        if one.act is Act.STATE and (one.args["prop"], one.args["state"]) not in BAD
    }
    assert broken <= mended, "whatever was broken is mended"


def play(folder: Path, center: str, story: Callable[[httpx.AsyncClient], Awaitable[None]]) -> None:
    async def run() -> None:
        hall = DrillHall(folder, center)
        hall.start()
        app = httpx.ASGITransport(app=Starlette(routes=hall.routes()))
        async with httpx.AsyncClient(transport=app, base_url="http://127.0.0.1") as client:
            try:
                await story(client)
            finally:
                await hall.stop()

    asyncio.run(run())


def test_keys_are_made_once_and_stay_over_a_restart(tmp_path: Path) -> None:
    told: list[list[dict[str, str]]] = []

    async def story(client: httpx.AsyncClient) -> None:
        for _twice in range(2):
            answer = await client.post("/control/hall", json=HALL)
            assert answer.status_code == 200
            told.append(answer.json()["machines"])
        other = await client.post("/control/hall", json=HALL | {"area": "KBS"})
        assert other.status_code == 409, "a hall that is there is nobody else's"

    async def again(client: httpx.AsyncClient) -> None:
        told.append((await client.get("/control/hall")).json()["machines"])

    play(tmp_path, NOWHERE, story)
    play(tmp_path, NOWHERE, again)
    assert told[0] == told[1] == told[2]
    assert len({one["public_key"] for one in told[0]}) == MACHINES
    assert (tmp_path / "drill-hall.json").stat().st_mode & 0o077 == 0


def test_what_cannot_be_played_is_refused(tmp_path: Path) -> None:
    async def story(client: httpx.AsyncClient) -> None:
        order = {"play": "1", "scenario": "fire", "hold_s": 60}
        assert (await client.post("/control/hall/play", json=order)).status_code == 409, "no hall"
        await client.post("/control/hall", json=HALL)
        assert (await client.post("/control/hall/play", json=order)).status_code == 409, "nobody has spoken yet"
        assert (await client.post("/control/hall/play", json=order | {"scenario": "war"})).status_code == 400
        assert (await client.post("/control/hall/play", json=order | {"hold_s": 0})).status_code == 400
        assert (await client.post("/control/hall/play", content=b"{}")).status_code == 415
        assert (await client.post("/control/hall/stop", json={"play": "1"})).json()["playing"] is None

    async def without(client: httpx.AsyncClient) -> None:
        assert (await client.post("/control/hall", json=HALL)).status_code == 409

    play(tmp_path, NOWHERE, story)
    play(tmp_path / "other", "", without)
