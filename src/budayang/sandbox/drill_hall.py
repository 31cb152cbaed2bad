"""The drill hall: an area whose machines exist only here, on which the scenario of a drill is played. /control/hall

A center of a demonstration asks for it (maintenance.drill_halls): it gets the machines' public keys, and from then on
they live as long as the sandbox does. A scenario is done to these machines and to nothing else: the sandbox has no key
of any other. Faults are those of `sandbox.faults`; what a center makes of them is the center's own doing.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from budayang.rules.drills import HOLD_S, MACHINES, SCENARIO_BY_CODE
from budayang.sandbox.faults.plans import KIND_BY_CODE, Plan
from budayang.sandbox.faults.table import Act, Fault, Scene, Step, Timing
from budayang.sandbox.fleet.door import Door
from budayang.sandbox.fleet.layout import Fleet, FleetArea, FleetTerminal
from budayang.sandbox.fleet.machine import Machine, Tally
from budayang.sandbox.fleet.play import Play
from budayang.sandbox.simulated_terminal import SimulatedTerminal
from budayang.wire.mac import from_text, public_text, to_text

log = structlog.get_logger(__name__)
CONNECTIONS = 4


class _Hall(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the center says of the area and of itself. plan_s: seconds between two words of a machine."""

    area: str
    audit_key: str
    seal_key: str
    zone: str
    plan_s: float


class _PlayOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    play: str
    scenario: str
    hold_s: float = HOLD_S[1]


class _StopOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    play: str


class Busy(RuntimeError):
    """Something is being played, or there is no hall yet."""


class DrillHall:
    """`start` lets a hall of before live on; `stop` ends every machine. `center_url`: plain HTTP on loopback; "" where
    nobody named a center: then there is no hall.
    """

    def __init__(self, data_dir: Path, center_url: str) -> None:
        self._file, self._center_url = data_dir / "drill-hall.json", center_url
        self._hall: _Hall | None = None
        self._private: dict[str, str] = {}
        self._play: Play | None = None
        self._lives: list[asyncio.Task[None]] = []
        self._task: asyncio.Task[None] | None = None
        self._now = {"play": "", "scenario": "", "began_at": ""}
        self._end = asyncio.Event()

    def routes(self) -> list[Route]:
        return [
            Route("/control/hall", self._shown, methods=["GET"]),
            Route("/control/hall", self._ordered(self._open), methods=["POST"]),
            Route("/control/hall/play", self._ordered(self._begin), methods=["POST"]),
            Route("/control/hall/stop", self._ordered(self._stop), methods=["POST"]),
        ]

    def start(self) -> None:
        """A hall that was there before the sandbox was stopped lives on with the same keys."""
        if self._center_url and self._file.exists():
            kept = json.loads(self._file.read_text())
            self._private = kept["private"]
            self._live(msgspec.convert(kept["hall"], type=_Hall))

    async def stop(self) -> None:
        tasks = [*self._lives, *([self._task] if self._task else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._play is not None:
            await self._play.stop()

    def state(self) -> dict[str, Any]:
        """What there is: which area, how many machines have spoken, what is being played."""
        machines = self._play.machines.values() if self._play else ()
        return {
            "area": self._hall.area if self._hall else "",
            "machines": [{"code": code, "public_key": _public(key)} for code, key in sorted(self._private.items())],
            "speaking": sum(one.spoken.is_set() for one in machines),
            "playing": dict(self._now) if self._busy() else None,
        }

    async def _shown(self, _request: Request) -> Response:
        return JSONResponse(self.state())

    def _ordered(self, carry_out: Callable[[bytes], None]) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> Response:
            if request.headers.get("content-type", "").split(";")[0] != "application/json":
                return JSONResponse({"error": "send application/json"}, 415)
            try:
                carry_out(await request.body())
            except Busy as error:
                return JSONResponse({"error": str(error)}, 409)
            except (LookupError, ValueError, msgspec.MsgspecError) as error:
                return JSONResponse({"error": str(error)}, 400)
            return JSONResponse(self.state())

        return endpoint

    def _open(self, body: bytes) -> None:
        """Make the machines' keys, or give those of the same hall once more: asked twice nothing is made twice."""
        order = msgspec.json.decode(body, type=_Hall)
        if not self._center_url:
            raise Busy("this sandbox was started without --center: it knows no center to speak to")
        if self._hall is not None:
            if (self._hall.area, self._hall.audit_key) != (order.area, order.audit_key):
                raise Busy(f"there is a hall already: {self._hall.area}")
            return
        self._private = {
            f"{order.area}-{number:02d}": to_text(Ed25519PrivateKey.generate().private_bytes_raw())
            for number in range(1, MACHINES + 1)
        }
        kept = {"hall": msgspec.to_builtins(order), "private": self._private}
        with os.fdopen(os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(kept, file)
        self._live(order)

    def _live(self, hall: _Hall) -> None:
        specs = tuple(FleetTerminal(code, hall.area, n, "") for n, code in enumerate(sorted(self._private), 1))
        area = FleetArea(hall.area, hall.area, True, specs)
        door, tally = Door(self._center_url, CONNECTIONS), Tally()
        plan = Plan("drill", Fleet((area,)), Timing(hall.plan_s, 0.0, 0.0), 1, ())
        self._play, self._hall = Play(plan, self._center_url, {}), hall
        for spec in specs:
            private = Ed25519PrivateKey.from_private_bytes(_bytes(self._private[spec.code]))
            terminal = SimulatedTerminal(self._center_url, private=private, post=door.post)
            terminal.adopt(spec.code, hall.area, hall.audit_key, hall.seal_key, hall.zone)
            machine = Machine(terminal, spec, area, hall.plan_s, tally)
            self._play.machines[spec.code] = machine
            self._lives.append(asyncio.create_task(_life(machine)))

    def _busy(self) -> bool:
        return self._task is not None and not self._task.done()

    def _begin(self, body: bytes) -> None:
        order = msgspec.json.decode(body, type=_PlayOrder)
        if order.scenario not in SCENARIO_BY_CODE:
            raise LookupError(f"no scenario {order.scenario}; there are {', '.join(SCENARIO_BY_CODE)}")
        if not 0 < order.hold_s <= HOLD_S[2]:
            raise ValueError(f"a fault stands 1 to {HOLD_S[2]} seconds")
        if self._play is None or self._hall is None:
            raise Busy("there is no drill hall yet")
        if self._busy():
            raise Busy(f"{self._now['scenario']} is being played")
        if not all(one.spoken.is_set() for one in self._play.machines.values()):
            raise Busy("not all machines of the hall have spoken to the center yet")
        began_at = datetime.now(UTC).isoformat()
        self._now = {"play": order.play, "scenario": order.scenario, "began_at": began_at}
        self._end = asyncio.Event()
        self._task = asyncio.create_task(self._perform(order))

    def _stop(self, body: bytes) -> None:
        """End the fault now. Of a play that is over, or of another one, nothing is done."""
        if msgspec.json.decode(body, type=_StopOrder).play == self._now["play"]:
            self._end.set()

    async def _perform(self, order: _PlayOrder) -> None:
        assert self._play is not None
        steps = scenario_steps(order.scenario, self._play.plan.fleet.areas[0], self._play.plan.timing, order.hold_s)
        began = time.monotonic()
        for step in steps:
            if step.at_s < order.hold_s:
                await self._wait(began + step.at_s - time.monotonic())
                if not self._end.is_set():
                    self._play.do(1, step)
        await self._wait(began + order.hold_s - time.monotonic())
        ended = time.monotonic()
        for step in steps:
            if step.at_s >= order.hold_s:
                await asyncio.sleep(max(0.0, ended + step.at_s - order.hold_s - time.monotonic()))
                self._play.do(1, step)
        log.info("drill_played", scenario=order.scenario)

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                await self._end.wait()
        except TimeoutError:
            pass


async def _life(machine: Machine) -> None:
    """All is well, then one word after another; the center may take a while to know the keys."""
    machine.begin(0.0)
    machine.terminal.set_state("environment", "x-env.smoke", "off", kind="environment")
    machine.terminal.started("boot", stopped="unknown", boot_age_s=60)
    await machine.join()
    machine.nudge()
    await machine.live()


def scenario_steps(code: str, area: FleetArea, timing: Timing, hold_s: float) -> list[Step]:
    """The steps of a scenario in the order of time; those from `hold_s` on end it."""
    machines = tuple(one.code for one in area.terminals)
    first, last = machines[0], machines[-1]

    def kind(name: str, *codes: str) -> list[Step]:
        scene = Scene(Fault(1, name, area.code, codes, 0.0, hold_s), Fleet((area,)), timing, 1)
        return KIND_BY_CODE[name].steps(scene)

    match code:
        case "power_cut":
            steps = kind("area_power_battery", *machines)
        case "network_cut":
            steps = kind("area_network", *machines)
        case "fire":
            steps = [_smoke(first, 0.0, "on"), _smoke(first, hold_s, "off")]
        case "trapped":
            steps = [*kind("door_locked", *machines), Step(0.0, Act.PRESS, first, {"kind": "sos"})]
        case _:
            steps = kind("cabinet_forced", last)
    return sorted(steps, key=lambda one: one.at_s)


def _smoke(terminal: str, at_s: float, state: str) -> Step:
    args = {"subject": "environment", "kind": "environment", "prop": "x-env.smoke", "state": state, "raw": ""}
    return Step(at_s, Act.STATE, terminal, args)


def _bytes(text: str) -> bytes:
    return from_text(text, 32)


def _public(private: str) -> str:
    return public_text(Ed25519PrivateKey.from_private_bytes(_bytes(private)))
