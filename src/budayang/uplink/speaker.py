"""One terminal that speaks on the line: it makes its envelope and takes its answer. A relay has several on one line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import msgspec
import structlog

from budayang.uplink.clock import Clock, milliseconds
from budayang.uplink.identity import Identity, Session
from budayang.uplink.outbox import EventOutbox, MessageRow
from budayang.wire import messages as wire
from budayang.wire.mac import sync_mac

log = structlog.get_logger(__name__)

BLOCKED_S = 60.0
SYNC_BYTES = 600_000  # of one sync: a body with others beside it stays under wire.MAX_BODY
AGREE_AGAIN_S = (0.0, 1.0, 5.0, 15.0, BLOCKED_S)


class States(Protocol):
    """What is the case now, as it was told to the center."""

    def hash(self) -> str:
        """`rules.terminals.state_hash` of all that was told."""

    def whole(self) -> wire.State:
        """Everything that was told, as the wire's whole state."""

    def kinds(self) -> dict[str, str]:
        """subject → kind."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """One envelope that was made: its bytes, the key that signed it, the events in it."""

    envelope: bytes
    session: Session
    events: list[wire.Event]


class Speaker:
    """One terminal on the line.

    `blocked` is the center's error word while it does not let this terminal work; until `rests_until` (monotonic
    seconds) it says nothing, so that the others on the line can be held.
    """

    def __init__(
        self, identity: Identity, outbox: EventOutbox, states: States, clock: Clock, *, software: str = ""
    ) -> None:
        self.identity = identity
        self.outbox = outbox
        self.on_messages: Callable[[list[MessageRow]], None] = lambda rows: None
        self.blocked = ""
        self.rests_until = 0.0
        self.state_wanted = False
        self._states = states
        self._clock = clock
        self._software = software
        self._batch = wire.MAX_EVENTS
        self._agreements = 0  # in a row that brought no good answer

    @property
    def code(self) -> str:
        return self.identity.enrolled.terminal

    def restless(self) -> bool:
        """Whether there is something that must not wait behind a held request."""
        return self.state_wanted or bool(self.outbox.waiting())

    def speak(self, session: Session, hold: int) -> Spoken:
        """Make the next envelope; it takes a new counter, durable before it is used."""
        events = self.outbox.unsent(self._batch)
        raw = self._raw(events, hold)
        while len(raw) > SYNC_BYTES and len(events) > 1:
            events = events[: len(events) // 2]
            raw = self._raw(events, hold)
        terminal, epoch, counter = self.code, self.outbox.epoch, self.outbox.next_counter()
        mac = sync_mac(session.key, epoch, counter, raw)
        envelope = wire.seal_sync(terminal=terminal, epoch=epoch, counter=counter, mac=mac, raw=raw)
        return Spoken(envelope, session, events)

    def _raw(self, events: list[wire.Event], hold: int) -> bytes:
        return msgspec.json.encode(
            wire.Sync(
                center_epoch=self.outbox.center_epoch,
                first_seq=events[0].seq if events else self.outbox.next_seq,
                events=events,
                state_hash=self._states.hash(),
                clock_ms=milliseconds(self._clock.now()),
                software=self._software,
                wait_s=hold,
                state=self._states.whole() if self.state_wanted else None,
                kinds=self._states.kinds() if self.state_wanted else None,
                lost_seq=self.outbox.lost_seq,
            )
        )

    def take(self, answer: wire.Answer, spoken: Spoken) -> float | None:
        """Apply the answer; give the pause that it demands of this terminal, None for the usual one."""
        if not answer.ok:
            return self._take_error(answer, spoken)
        self.blocked, self._agreements = "", 0
        self.state_wanted = answer.want_state
        self._batch = wire.MAX_EVENTS
        self.outbox.see_center_epoch(answer.center_epoch)
        if spoken.events:
            self.outbox.acknowledge(answer.acked_seq)
        if answer.audit_head is not None:
            self.outbox.keep_head(msgspec.to_builtins(answer.audit_head))
        if answer.outgoing:
            self._take_messages(answer.outgoing)
        return None

    def _take_error(self, answer: wire.Answer, spoken: Spoken) -> float:
        error, events = answer.error or "unknown", spoken.events
        log.warning("uplink.error", terminal=answer.terminal, error=error, acked_seq=answer.acked_seq)
        if error == wire.GAP:
            self.blocked = ""
            self.outbox.rewind(answer.acked_seq, answer.center_epoch)
            return 0.0
        if error in {wire.BAD_MAC, wire.NO_SESSION, wire.COUNTER_REUSED}:
            # A new agreement brings a key that both know and a counter above all that the center has seen.
            self.identity.forget_session(spoken.session.key)
            self._agreements += 1
            return AGREE_AGAIN_S[min(self._agreements, len(AGREE_AGAIN_S)) - 1]
        if error in {wire.MALFORMED, wire.TOO_LARGE} and events:
            if len(events) > 1:
                self._batch = max(1, len(events) // 2)
                return 0.0
            log.error("uplink.event_dropped", seq=events[0].seq, kind=events[0].kind, error=error)
            self.outbox.drop(events[0].seq)
            return 0.0
        self.blocked = error
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
        self.outbox.take_messages(rows)
        self.on_messages(rows)
