"""Playing a plan against a real center: every machine speaks by its plan, every step is done at its moment.

The diary notes when things really happened, because a driver on a busy machine is a little late: the truth counts from
the moment at which a center could know, not from the moment in the plan.
"""

from __future__ import annotations

import asyncio
import random
import time
from base64 import b64decode
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from budayang.sandbox.faults.plans import Plan
from budayang.sandbox.faults.table import Act, Step
from budayang.sandbox.fleet.door import Door
from budayang.sandbox.fleet.machine import Machine, Tally
from budayang.sandbox.simulated_terminal import Refused, SimulatedTerminal

AT_ONCE = 12  # machines that agree their session at the same time
DAYS_AGO_S = 4 * 86400.0
READY_S = 180.0
JOIN_WAITS_S = (1.0, 2.0, 4.0, 8.0)

Switch = Callable[[str, bool], Awaitable[None]]
"""(department, down) -> done: how a department's system is switched off and on."""


class NotReady(RuntimeError):
    """The fleet did not come to rest before the play began."""


@dataclass(slots=True)
class Play:
    """A plan on its fleet. `keys`: what `budayang fleet seed` wrote. After `run`: diary, tally, when it began."""

    plan: Plan
    center_url: str
    keys: Mapping[str, Any]
    switch: Switch | None = None
    diary: dict[tuple[int, str, str], float] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)
    began_at: float = 0.0
    late_s: float = 0.0
    machines: dict[str, Machine] = field(default_factory=dict)
    _living: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _doing: set[asyncio.Task[None]] = field(default_factory=set)

    async def agree(self) -> None:
        """Let every machine agree its session, some at a time.

        Raises:
            NotReady: when the center cannot be asked.
        """
        door = Door(self.center_url)
        for area in self.plan.fleet.areas:
            for spec in area.terminals:
                private = Ed25519PrivateKey.from_private_bytes(b64decode(self.keys["private"][spec.code]))
                terminal = SimulatedTerminal(self.center_url, private=private, post=door.post)
                terminal.adopt(spec.code, area.code, self.keys["audit_key"], self.keys["seal_key"], self.keys["zone"])
                self.machines[spec.code] = Machine(terminal, spec, area, self.plan.timing.plan_s, self.tally)
        gate = asyncio.Semaphore(AT_ONCE)

        async def agree(machine: Machine) -> None:
            async with gate:
                await _patiently(machine.terminal.agree)

        await asyncio.gather(*(agree(one) for one in self.machines.values()))

    async def gather(self) -> None:
        """Let every machine speak, spread over the plan; returns when all are known to be well.

        Raises:
            NotReady: when some did not come to rest.
        """
        plan_s = self.plan.timing.plan_s
        late = self.plan.late_joiners()
        dice = random.Random(self.plan.seed)
        for code, machine in self.machines.items():
            if code in late:
                machine.begin(0.0, DAYS_AGO_S)
            else:
                machine.begin(dice.uniform(0, plan_s))
                machine.terminal.started("boot", stopped="unknown", boot_age_s=60)
                self._live(code)
        await self._rest([one for code, one in self.machines.items() if code not in late], plan_s + READY_S)

    async def _rest(self, machines: Sequence[Machine], within_s: float) -> None:
        try:
            async with asyncio.timeout(within_s):
                await asyncio.gather(*(one.spoken.wait() for one in machines))
        except TimeoutError as error:
            missing = [one.spec.code for one in machines if not one.spoken.is_set()]
            raise NotReady(f"{len(missing)} machines did not reach the center, {missing[0]} among them") from error

    async def run(self, began_at: float) -> None:
        """From `began_at` (since 1970) for the length of the plan's timing; then all machines stop."""
        self.began_at = began_at
        zero = time.monotonic() + began_at - time.time()
        try:
            for number, step in self.plan.steps():
                await _until(zero + step.at_s)
                self.late_s = max(self.late_s, time.monotonic() - zero - step.at_s)
                self.do(number, step)
            await _until(zero + self.plan.timing.length_s)
        finally:
            await self.stop()

    async def stop(self) -> None:
        """End every task; nothing is sent any more."""
        for task in (*self._living.values(), *self._doing):
            task.cancel()
        await asyncio.gather(*self._living.values(), *self._doing, return_exceptions=True)

    def _live(self, code: str) -> None:
        self._living[code] = asyncio.create_task(self.machines[code].live())

    # Steps -----------------------------------------------------------------------------------------------------------

    def do(self, number: int, step: Step) -> None:
        """Begin one step; what takes time goes on beside the others."""
        task = asyncio.create_task(self._carry_out(number, step))
        self._doing.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._doing.discard(task)
        if not task.cancelled():
            task.result()

    async def _carry_out(self, number: int, step: Step) -> None:
        key = (number, step.mark, step.terminal)
        if step.act is Act.DEPARTMENT:
            if self.switch is not None:
                await self.switch(str(step.args["code"]), bool(step.args["down"]))
                self.diary[key] = time.time()
            return
        machine = self.machines[step.terminal]
        await _ACTS[step.act](self, machine, step)
        if not step.mark:
            return
        if step.act in (Act.CUT, Act.STOP, Act.UNPLUG):
            self.diary[key] = machine.last_word_at + machine.plan_s
        else:
            machine.when_it_can_tell(lambda moment: self.diary.update({key: moment}))

    async def _state(self, machine: Machine, step: Step) -> None:
        given = {name: str(value) for name, value in step.args.items()}
        machine.terminal.set_state(
            given["subject"], given["prop"], given["state"], raw=given["raw"], kind=given["kind"]
        )
        machine.nudge()

    async def _cut(self, machine: Machine, _step: Step) -> None:
        machine.up = False
        # A word that is under way may still arrive: the cut is over when nothing is under way any more.
        await machine.alone(lambda: None)

    async def _unplug(self, machine: Machine, _step: Step) -> None:
        machine.linked = False
        await machine.alone(lambda: None)

    async def _stop(self, machine: Machine, step: Step) -> None:
        machine.terminal.stopping(str(step.args["by"]))
        await machine.speak()
        await self._cut(machine, step)

    async def _start(self, machine: Machine, step: Step) -> None:
        away_s = time.time() - machine.last_word_at
        if step.args:
            machine.terminal.started(
                str(step.args["cause"]),
                stopped=str(step.args["stopped"]),
                by=str(step.args["by"]),
                boot_age_s=min(5.0, away_s) if step.args["cause"] == "boot" else away_s + 86400,
                stop_age_s=away_s,
            )
        await machine.join()
        machine.up = True
        machine.able()
        machine.nudge()

    async def _plug(self, machine: Machine, step: Step) -> None:
        away_s = time.time() - machine.last_word_at
        if away_s > self.plan.timing.silence_s:
            machine.terminal.reconnected(away_s, str(step.args["reason"]))
        machine.linked = True
        machine.able()
        machine.nudge()

    async def _old(self, machine: Machine, step: Step) -> None:
        events = step.args["events"]
        assert isinstance(events, list)
        for age_s, subject, prop, state in events:
            machine.terminal.set_state(subject, prop, state, age_s=age_s)

    async def _lose_answer(self, machine: Machine, _step: Step) -> None:
        machine.lose_next_answer = True

    async def _replay(self, machine: Machine, _step: Step) -> None:
        await machine.replay()

    async def _gap(self, machine: Machine, _step: Step) -> None:
        await machine.alone(lambda: machine.terminal.skip_events(3))
        machine.terminal.count("receiptPrinter", "receipts", 1)
        machine.nudge()

    async def _new_disk(self, machine: Machine, _step: Step) -> None:
        await machine.new_disk()
        machine.nudge()

    async def _drift(self, machine: Machine, step: Step) -> None:
        machine.terminal.clock_offset_ms = int(str(step.args["ms"]))

    async def _press(self, machine: Machine, step: Step) -> None:
        machine.terminal.add_event("help", {"kind": str(step.args["kind"]), "step": "attract", "item": ""})
        machine.nudge()

    async def _join(self, machine: Machine, step: Step) -> None:
        self._live(machine.spec.code)
        machine.nudge()


_ACTS: Mapping[Act, Callable[[Play, Machine, Step], Awaitable[None]]] = {
    Act.STATE: Play._state,
    Act.CUT: Play._cut,
    Act.STOP: Play._stop,
    Act.START: Play._start,
    Act.UNPLUG: Play._unplug,
    Act.PLUG: Play._plug,
    Act.OLD: Play._old,
    Act.LOSE_ANSWER: Play._lose_answer,
    Act.REPLAY: Play._replay,
    Act.GAP: Play._gap,
    Act.NEW_DISK: Play._new_disk,
    Act.DRIFT: Play._drift,
    Act.JOIN: Play._join,
    Act.PRESS: Play._press,
}


async def _patiently(ask: Callable[[], Awaitable[object]]) -> None:
    """Ask again while the center says that it cannot now; to agree a session twice harms nothing."""
    for wait_s in JOIN_WAITS_S:
        try:
            await ask()
        except (OSError, Refused) as error:
            if isinstance(error, Refused) and error.status < 500:
                raise NotReady(f"a machine is refused: {error.error}") from error
            await asyncio.sleep(wait_s)
        else:
            return
    raise NotReady("the center does not answer")


async def _until(moment: float) -> None:
    """Sleep until this monotonic moment."""
    await asyncio.sleep(max(0.0, moment - time.monotonic()))
