"""The terminal's line to the center: sync, with what happened, held up to 25 s so that news comes down at once.

One loop. While a sync is held and something happens here, the held request is dropped and what happened is sent;
nothing is
lost by that: an event stays in the outbox until it is acknowledged, and a message of the center comes again.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import httpx
import msgspec
import structlog

from budayang.terminal.clock import Clock, milliseconds
from budayang.terminal.errors import CenterRefused, CenterUnreachable
from budayang.terminal.identity import Identity, Session, read_answer
from budayang.terminal.outbox import MessageRow, Outbox
from budayang.terminal.peripherals import Peripherals
from budayang.wire import messages as wire
from budayang.wire.mac import sync_mac

log = structlog.get_logger(__name__)

ANSWER_S = 10.0
SETTLE_S = 0.3  # a held sync has reached the center by then: its counter comes before the next one's
BACK_OFF_S = (1.0, 15.0)
SLOW_S = 3.0
OFFLINE_AFTER = 2
BLOCKED_S = 60.0
PRUNE_EVERY_S = 3600.0


class Level(StrEnum):
    """The line's state as people are told it."""

    OK = "ok"
    SLOW = "slow"
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True)
class Line:
    """How the line is and since when; `blocked` is the center's error word while it does not let this terminal work."""

    level: Level
    since: datetime
    blocked: str = ""


class Uplink:
    """Runs the line. `software` is the program's version as told to the center."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        identity: Identity,
        outbox: Outbox,
        peripherals: Peripherals,
        clock: Clock,
        *,
        wait_s: int = 25,
        heartbeat_s: float = 10.0,
        software: str = "",
    ) -> None:
        self.line = Line(Level.OFFLINE, clock.now())
        self.on_messages: Callable[[list[MessageRow]], None] = lambda rows: None
        self.on_line: Callable[[], None] = lambda: None
        self.after_sync: Callable[[], Awaitable[object]] | None = None
        self._client = client
        self._identity = identity
        self._outbox = outbox
        self._peripherals = peripherals
        self._clock = clock
        self._wait_s = wait_s
        self._heartbeat_s = heartbeat_s
        self._software = software
        self._wake = asyncio.Event()
        self._state_wanted = False
        self._failures = 0
        self._batch = wire.MAX_EVENTS
        self._pruned_at = clock.monotonic() - PRUNE_EVERY_S

    def wake(self) -> None:
        """Something was written to the outbox: send it now."""
        self._wake.set()

    async def run(self) -> None:
        """Keep the line for ever."""
        await asyncio.sleep(random.uniform(0, 0.5))  # terminals that start together spread themselves
        while True:
            try:
                pause = await self.step()
            except CenterUnreachable as error:
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
        """One sync and what follows from its answer; give the seconds to wait before the next one.

        Raises:
            CenterUnreachable, CenterRefused.
        """
        self._wake.clear()
        session = await self._identity.session()
        events = self._outbox.unsent(self._batch)
        hold = 0 if events or self._state_wanted or self.line.level is not Level.OK else self._wait_s
        body = self._body(session, events, hold)
        started = self._clock.monotonic()
        answer = await self._exchange(body, hold)
        if answer is None:
            return 0.0
        took = self._clock.monotonic() - started
        self._failures = 0
        pause = self._take(answer, session, events)
        if answer.ok or answer.error == wire.GAP:
            self._set_line(Level.SLOW if not hold and took > SLOW_S else Level.OK)
            self._prune()
            if self.after_sync is not None:
                await self.after_sync()
        if pause is not None:
            return pause
        if self._outbox.waiting() or self._state_wanted or answer.outgoing:
            return 0.0
        held = hold and took >= 1.0
        return 0.0 if held or not hold else min(answer.next_in_s, self._heartbeat_s)

    async def _exchange(self, body: bytes, hold: int) -> wire.Answer | None:
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

    async def _post(self, body: bytes, hold: int) -> wire.Answer:
        try:
            response = await self._client.post(
                "/wire/v1/sync", content=body, headers={"Content-Type": "application/json"}, timeout=hold + ANSWER_S
            )
        except httpx.HTTPError as error:
            raise CenterUnreachable(type(error).__name__) from error
        answers = read_answer(response, wire.AnswerBody).answers
        mine = [answer for answer in answers if answer.terminal == self._identity.enrolled.terminal]
        if len(mine) != 1:
            raise CenterUnreachable("the answer is not for this terminal")
        return mine[0]

    def _body(self, session: Session, events: list[wire.Event], hold: int) -> bytes:
        sync = wire.Sync(
            center_epoch=self._outbox.center_epoch,
            first_seq=events[0].seq if events else self._outbox.next_seq,
            events=events,
            state_hash=self._peripherals.hash(),
            clock_ms=milliseconds(self._clock.now()),
            software=self._software,
            wait_s=hold,
            state=self._peripherals.whole() if self._state_wanted else None,
            kinds=self._peripherals.kinds() if self._state_wanted else None,
            lost_seq=self._outbox.lost_seq,
        )
        raw = msgspec.json.encode(sync)
        terminal, epoch, counter = self._identity.enrolled.terminal, self._outbox.epoch, self._outbox.next_counter()
        mac = sync_mac(session.key, epoch, counter, raw)
        return wire.sync_body([wire.seal_sync(terminal=terminal, epoch=epoch, counter=counter, mac=mac, raw=raw)])

    def _take(self, answer: wire.Answer, session: Session, events: list[wire.Event]) -> float | None:
        """Apply the answer; give the pause that it demands, None for the usual one."""
        if not answer.ok:
            return self._take_error(answer, session, events)
        self._state_wanted = answer.want_state
        self._batch = wire.MAX_EVENTS
        self._outbox.see_center_epoch(answer.center_epoch)
        if events:
            self._outbox.acknowledge(answer.acked_seq)
        if answer.audit_head is not None:
            self._outbox.keep_head(msgspec.to_builtins(answer.audit_head))
        if answer.outgoing:
            self._take_messages(answer.outgoing)
        return None

    def _take_error(self, answer: wire.Answer, session: Session, events: list[wire.Event]) -> float:
        error = answer.error or "unknown"
        log.warning("uplink.error", error=error, acked_seq=answer.acked_seq)
        if error == wire.GAP:
            self._outbox.rewind(answer.acked_seq, answer.center_epoch)
            return 0.0
        if error in {wire.BAD_MAC, wire.NO_SESSION, wire.COUNTER_REUSED}:
            # A new agreement brings a key that both know and a counter above all that the center has seen.
            self._identity.forget_session(session.key)
            self._failures += 1
            return 0.0 if self._failures == 1 else self._back_off()
        if error in {wire.MALFORMED, wire.TOO_LARGE} and events:
            if len(events) > 1:
                self._batch = max(1, len(events) // 2)
                return 0.0
            log.error("uplink.event_dropped", seq=events[0].seq, kind=events[0].kind, error=error)
            self._outbox.drop(events[0].seq)
            return 0.0
        self._set_line(Level.OK, blocked=error)
        return min(max(answer.next_in_s, 1.0), BLOCKED_S)

    def _take_messages(self, outgoing: list[wire.OutgoingMessage]) -> None:
        rows: list[MessageRow] = []
        for message in outgoing:
            try:
                content = message.content()
            except msgspec.DecodeError:
                log.error("uplink.message_unreadable", id=message.id, kind=message.kind)
                content = {}
            key = str(message.id) if message.kind == "command" else str(content.get("id", ""))
            rows.append(
                MessageRow(message.kind, key if message.kind in {"command", "notice"} else "", message.id, content)
            )
        self._outbox.take_messages(rows)
        self.on_messages(rows)

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
            self._outbox.prune()
