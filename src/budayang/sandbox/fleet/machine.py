"""One machine of the fleet: a simulated terminal with a life: its program runs or not, its line is whole or not.

It keeps the plan that the center tells it, speaks at once when something happened, waits a little after a failure,
and does with each answer what a real program does.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from budayang.sandbox.fleet.layout import FleetArea, FleetTerminal, states_when_well
from budayang.sandbox.simulated_terminal import Refused, SimulatedTerminal
from budayang.wire import messages as wire

RETRY_S = (1.0, 3.0)
COUNTS_S = 300.0


@dataclass(slots=True)
class Tally:
    """What the whole fleet did. `waits_s`: seconds from a sync to its answer."""

    syncs: int = 0
    failed: int = 0
    errors: dict[str, int] = field(default_factory=dict)
    waits_s: list[float] = field(default_factory=list)

    def percentile_ms(self, share: float) -> float:
        waits = sorted(self.waits_s)
        return round(waits[min(len(waits) - 1, int(len(waits) * share))] * 1000, 1) if waits else 0.0


class Machine:
    """Runs as one task, `live`. `up`: the program runs; `linked`: the line is whole; `last_word_at`: since 1970."""

    def __init__(
        self, terminal: SimulatedTerminal, spec: FleetTerminal, area: FleetArea, plan_s: float, tally: Tally
    ) -> None:
        self.terminal, self.spec, self.area, self.plan_s, self.tally = terminal, spec, area, plan_s, tally
        self.up, self.linked, self.suspended = True, True, False
        self.last_word_at = 0.0
        self.spoken = asyncio.Event()
        self.lose_next_answer = False
        self._next_at = 0.0
        self._wake = asyncio.Event()
        self._busy = asyncio.Lock()
        self._marks: list[Callable[[float], None]] = []
        self._dice = random.Random(spec.code)
        self._pages = self._dice.randrange(100, 20_000)
        self._count_at = 0.0

    def begin(self, after_s: float, age_s: float = 0.0) -> None:
        """Everything is well, since `age_s` ago; the first word comes `after_s` from now."""
        for subject, kind, prop, state in states_when_well(self.area, self.spec):
            self.terminal.set_state(subject, prop, state, kind=kind, age_s=age_s)
        now = time.monotonic()
        self._next_at, self._count_at = now + after_s, now + self._dice.uniform(0, COUNTS_S)

    async def live(self) -> None:
        """For ever; to be cancelled."""
        while True:
            await self._pause()
            if self.up and self.linked:
                await self.speak()

    async def _pause(self) -> None:
        wait_s = self._next_at - time.monotonic()
        if wait_s > 0 or not (self.up and self.linked):
            try:
                async with asyncio.timeout(wait_s if self.up and self.linked else None):
                    await self._wake.wait()
            except TimeoutError:
                pass
        self._wake.clear()

    def nudge(self) -> None:
        """Something happened: the next word is due now."""
        self._next_at = 0.0
        self._wake.set()

    def when_it_can_tell(self, mark: Callable[[float], None]) -> None:
        """Calls `mark` with the moment from which the machine can send: now, or when it is up and linked again."""
        if self.up and self.linked:
            mark(time.time())
        else:
            self._marks.append(mark)

    def able(self) -> None:
        """It may have become able to speak: note the moments that waited for it."""
        if self.up and self.linked:
            for mark in self._marks:
                mark(time.time())
            self._marks.clear()

    async def speak(self) -> None:
        """One sync, and another one as long as there is something to say."""
        async with self._busy:
            for _again in range(6):
                if not await self._sync():
                    return

    async def alone(self, act: Callable[[], object]) -> None:
        """Something that must not happen while a sync is under way."""
        async with self._busy:
            act()

    async def replay(self) -> None:
        """The last body once more."""
        async with self._busy:
            await self._attempt(self.terminal.replay)

    async def join(self) -> None:
        """Agree a session; until it succeeds nothing is sent."""
        async with self._busy:
            await self._agree()

    async def new_disk(self) -> None:
        """A new outbox. Nothing is sent before the center said which counters are used: one used twice is a clone."""
        async with self._busy:
            self.terminal.lose_outbox()
            while not await self._agree():
                await asyncio.sleep(RETRY_S[0])

    async def _sync(self) -> bool:
        """Returns whether the next one must follow at once."""
        now = time.monotonic()
        if now >= self._count_at:
            self._pages += self._dice.randrange(1, 30)
            self.terminal.count("printer", "pages", self._pages)
            self._count_at = now + COUNTS_S
        if self.lose_next_answer and self.terminal.unacknowledged():
            self.lose_next_answer = False
            await self._lost()
            return False
        answer = await self._attempt(self.terminal.sync)
        if answer is None:
            self._next_at = time.monotonic() + self._dice.uniform(*RETRY_S)
            return False
        return await self._obey(answer)

    async def _lost(self) -> None:
        try:
            await self.terminal.sync_unanswered()
            self.last_word_at = time.time()
        except (OSError, Refused):
            self.tally.failed += 1
        self._next_at = time.monotonic() + self._dice.uniform(*RETRY_S)

    async def _attempt(self, send: Callable[[], Awaitable[wire.Answer]]) -> wire.Answer | None:
        began = time.perf_counter()
        try:
            answer = await send()
        except (OSError, Refused) as error:
            self.tally.failed += 1
            name = error.error if isinstance(error, Refused) else type(error).__name__
            self.tally.errors[name] = self.tally.errors.get(name, 0) + 1
            return None
        self.tally.syncs += 1
        self.tally.waits_s.append(time.perf_counter() - began)
        self.last_word_at = time.time()
        return answer

    async def _obey(self, answer: wire.Answer) -> bool:
        self._next_at = time.monotonic() + min(answer.next_in_s, self.plan_s)
        if answer.ok:
            self.spoken.set()
            self._answer_commands()
            return answer.want_state or self.terminal.unacknowledged() > 0
        error = answer.error or ""
        self.tally.errors[error] = self.tally.errors.get(error, 0) + 1
        if error == wire.GAP:
            # The numbers before it are gone for good: say so, as a program does whose outbox was pruned.
            self.terminal.forget_unacknowledged()
            return True
        if error in (wire.NO_SESSION, wire.BAD_MAC):
            # The answer to an agreement may have been lost: the center has another key than we.
            return await self._agree()
        self.suspended = error == wire.SUSPENDED
        return False

    async def _agree(self) -> bool:
        try:
            await self.terminal.agree()
        except (OSError, Refused):
            self._next_at = time.monotonic() + self._dice.uniform(*RETRY_S)
            return False
        return True

    def _answer_commands(self) -> None:
        """A command is carried out at once, as far as a machine without devices can; anything else is only kept."""
        for message in self.terminal.received:
            if message.kind == "command":
                done = {"id": message.content().get("id", message.id), "state": "done", "reason": "", "result": {}}
                self.terminal.add_event("command.state", done)
        self.terminal.received.clear()
