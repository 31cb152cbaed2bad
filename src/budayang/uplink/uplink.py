"""The line to the center: sync, with what happened, held up to 25 s so that news comes down at once.

One loop. While a sync is held and something happens here, the held request is dropped and what happened is sent;
nothing is lost by that: an event stays in the outbox until it is acknowledged, and a message of the center comes again.
One body carries the syncs of all who speak on the line (a relay's machines beside itself), each judged by itself: what
concerns a machine stops only that machine, what concerns the first speaker, the program itself, stops the line.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import httpx
import structlog

from budayang.uplink.clock import Clock, milliseconds
from budayang.uplink.errors import CenterRefused, CenterUnreachable
from budayang.uplink.identity import Identity, Session, read_answer
from budayang.uplink.outbox import EventOutbox, MessageRow
from budayang.uplink.speaker import BLOCKED_S, Speaker, Spoken, States
from budayang.wire import messages as wire

log = structlog.get_logger(__name__)

ANSWER_S = 10.0
SETTLE_S = 0.3  # a held sync has reached the center by then: its counter comes before the next one's
BACK_OFF_S = (1.0, 15.0)
SLOW_S = 3.0
OFFLINE_AFTER = 2
PRUNE_EVERY_S = 3600.0
ROOM_BYTES = 400_000  # a body that is longer takes no further sync: who is not in it speaks in the next one


class Level(StrEnum):
    """The line's state as people are told it."""

    OK = "ok"
    SLOW = "slow"
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True)
class Line:
    """How the line is and since when; `blocked` is the center's error word while it does not let this program work."""

    level: Level
    since: datetime
    blocked: str = ""


class Uplink:
    """Runs the line. `software` is the program's version as told to the center.

    The identity, outbox and states given here are those of the program itself, the first speaker; `join` adds others.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        identity: Identity,
        outbox: EventOutbox,
        states: States,
        clock: Clock,
        *,
        wait_s: int = 25,
        heartbeat_s: float = 10.0,
        software: str = "",
    ) -> None:
        self.line = Line(Level.OFFLINE, clock.now())
        self.clock_off_s: float | None = None
        """By how much this machine's clock was ahead of the center's at the last answer; None before the first."""
        self.on_messages: Callable[[list[MessageRow]], None] = lambda rows: None
        self.on_line: Callable[[], None] = lambda: None
        self.on_failure: Callable[[CenterUnreachable], None] = lambda error: None
        self.after_sync: Callable[[], Awaitable[object]] | None = None
        self._client = client
        self._clock = clock
        self._wait_s = wait_s
        self._heartbeat_s = heartbeat_s
        self._first = Speaker(identity, outbox, states, clock, software=software)
        self._first.on_messages = lambda rows: self.on_messages(rows)
        self._speakers = [self._first]
        self._wake = asyncio.Event()
        self._failures = 0
        self._pruned_at = clock.monotonic() - PRUNE_EVERY_S

    def wake(self) -> None:
        """Something was written to an outbox: send it now."""
        self._wake.set()

    def join(self, speaker: Speaker) -> None:
        """From the next body on, this terminal speaks on the line too."""
        self._speakers.append(speaker)
        self.wake()

    def leave(self, speaker: Speaker) -> None:
        """This terminal speaks here no longer."""
        self._speakers = [one for one in self._speakers if one is not speaker]

    async def run(self) -> None:
        """Keep the line for ever."""
        await asyncio.sleep(random.uniform(0, 0.5))  # programs that start together spread themselves
        while True:
            try:
                pause = await self.step()
            except CenterUnreachable as error:
                self.on_failure(error)
                pause = self._failed(str(error))
            except CenterRefused as error:
                self._set_line(Level.OK, blocked=error.code)
                log.warning("uplink.refused", error=error.code)
                pause = BLOCKED_S
            if self.line.level is Level.OFFLINE or self.line.blocked:
                await asyncio.sleep(pause)  # what happens meanwhile waits: the center is asked no oftener for it
            elif pause > 0:
                await self._nap(pause)

    async def step(self) -> float:
        """One body and what follows from its answers; give the seconds to wait before the next one.

        Raises:
            CenterUnreachable, CenterRefused.
        """
        self._wake.clear()
        awake = await self._awake()
        busy = any(speaker.restless() for speaker, _session in awake)
        hold = 0 if busy or self.line.level is not Level.OK else self._wait_s
        spoken: list[tuple[Speaker, Spoken]] = []
        size = 0
        for speaker, session in awake[: wire.MAX_SYNCS]:
            if size > ROOM_BYTES:
                break
            spoken.append((speaker, speaker.speak(session, hold)))
            size += len(spoken[-1][1].envelope)
        started = self._clock.monotonic()
        answers = await self._exchange(wire.sync_body([one.envelope for _speaker, one in spoken]), hold)
        if answers is None:
            return 0.0
        took = self._clock.monotonic() - started
        self._failures = 0
        pauses = [self._take(speaker, one, answers) for speaker, one in spoken]
        answer = answers[self._first.code]
        if answer.clock_ms:
            self.clock_off_s = (milliseconds(self._clock.now()) - answer.clock_ms) / 1000
        if answer.ok or answer.error == wire.GAP:
            self._set_line(Level.SLOW if not hold and took > SLOW_S else Level.OK)
            self._prune()
            if self.after_sync is not None:
                await self.after_sync()
        elif self._first.blocked:
            self._set_line(Level.OK, blocked=self._first.blocked)
        if pauses[0] is not None:
            return pauses[0]
        more = len(spoken) < len(awake) or any(one.outgoing for one in answers.values())
        if more or 0.0 in pauses or any(speaker.restless() for speaker, _one in spoken if not speaker.blocked):
            return 0.0
        held = hold and took >= 1.0
        return 0.0 if held or not hold else min(answer.next_in_s, self._heartbeat_s)

    async def _awake(self) -> list[tuple[Speaker, Session]]:
        """Who speaks in the next body, each with its session: the program itself, then the others in turn."""
        now = self._clock.monotonic()
        awake = [(self._first, await self._first.identity.session())]
        for speaker in self._speakers[1:]:
            if speaker.rests_until > now:
                continue
            try:
                awake.append((speaker, await speaker.identity.session()))
            except CenterRefused as refused:
                log.warning("uplink.machine_refused", terminal=speaker.code, error=refused.code)
                speaker.blocked, speaker.rests_until = refused.code, now + BLOCKED_S
        return awake

    def _take(self, speaker: Speaker, spoken: Spoken, answers: dict[str, wire.Answer]) -> float | None:
        answer = answers.get(speaker.code)
        if answer is None:
            raise CenterUnreachable("the answer is not for this terminal")
        pause = speaker.take(answer, spoken)
        if speaker is not self._first:
            if speaker in self._speakers:  # it may have left while the request was under way
                # Whose turn it was goes behind those who found no room.
                self._speakers.remove(speaker)
                self._speakers.append(speaker)
            if pause:
                speaker.rests_until = self._clock.monotonic() + pause
        return pause

    async def _exchange(self, body: bytes, hold: int) -> dict[str, wire.Answer] | None:
        """Post; None when a held request was dropped for something that happened here."""
        if not hold:
            return await self._post(body, hold)
        post, woken = asyncio.ensure_future(self._post(body, hold)), asyncio.ensure_future(self._woken())
        try:
            await asyncio.wait({post, woken}, return_when=asyncio.FIRST_COMPLETED)
            return post.result() if post.done() else None
        finally:
            post.cancel()
            woken.cancel()
            await asyncio.gather(post, woken, return_exceptions=True)

    async def _woken(self) -> None:
        await asyncio.sleep(SETTLE_S)
        await self._wake.wait()

    async def _post(self, body: bytes, hold: int) -> dict[str, wire.Answer]:
        try:
            response = await self._client.post(
                "/wire/v1/sync", content=body, headers={"Content-Type": "application/json"}, timeout=hold + ANSWER_S
            )
        except httpx.HTTPError as error:
            raise CenterUnreachable(type(error).__name__) from error
        return {answer.terminal: answer for answer in read_answer(response, wire.AnswerBody).answers}

    def _failed(self, why: str) -> float:
        self._failures += 1
        log.info("uplink.unreachable", why=why, failures=self._failures)
        if self._failures >= OFFLINE_AFTER:
            self._set_line(Level.OFFLINE, blocked=self.line.blocked)
        elif self.line.level is Level.OK:
            self._set_line(Level.SLOW, blocked=self.line.blocked)
        return self._back_off()

    def _back_off(self) -> float:
        first, most = BACK_OFF_S
        steps = min(max(self._failures - 1, 0), 8)
        return random.uniform(0.5, 1.0) * min(most, first * float(1 << steps))

    async def _nap(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return

    def _set_line(self, level: Level, *, blocked: str = "") -> None:
        if (level, blocked) != (self.line.level, self.line.blocked):
            log.info("uplink.line", level=level, blocked=blocked)
            self.line = Line(level, self._clock.now(), blocked)
            self.on_line()

    def _prune(self) -> None:
        if self._clock.monotonic() - self._pruned_at >= PRUNE_EVERY_S:
            self._pruned_at = self._clock.monotonic()
            for speaker in self._speakers:
                speaker.outbox.prune()
